-- Who may do what with a model. These functions ask about the current role unless another is given; under row-level
-- security a role sees enough of forge.models and forge.model_grants to know its own rights.

create or replace function forge.may_predict(model text, role regrole default quote_ident(current_user)::regrole) returns boolean
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(bool_or(has_function_privilege(may_predict.role, p.oid, 'execute')), false)
    from pg_catalog.pg_proc p
    where p.proname = may_predict.model and p.pronamespace = 'forge_models'::regnamespace
        and p.pronargs = 1 and p.proargtypes[0] = 'record'::regtype;
$$;
comment on function forge.may_predict is 'whether a role may score with a model: EXECUTE on forge_models.<model>(record)';

create or replace function forge.may_manage(model text, role regrole default quote_ident(current_user)::regrole) returns boolean
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select from forge.models m
        where m.name = may_manage.model
            and (pg_has_role(may_manage.role, m.owner, 'usage') or pg_has_role(may_manage.role, 'forge_admin', 'usage')));
$$;
comment on function forge.may_manage is 'whether a role may promote, set aliases, grant, retire and drop: the owner, its members and forge_admin';

create or replace function forge.may_train(model text, role regrole default quote_ident(current_user)::regrole) returns boolean
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select forge.may_manage(may_train.model, may_train.role) or exists (
        select from forge.model_grants g
        where g.model = may_train.model and g.privilege = 'train' and pg_has_role(may_train.role, g.grantee, 'usage'));
$$;
comment on function forge.may_train is 'whether a role may request a new version of a model: who manages it, or was granted train';

create or replace function forge.require_management(model text, role regrole) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    owner regrole := (select m.owner from forge.models m where m.name = require_management.model);
begin
    if owner is null then
        raise exception using errcode = 'FG002', message = format('model "%s" does not exist', model),
            hint = 'select name from forge.models lists the models that you may see';
    elsif not forge.may_manage(model, role) then
        raise exception using errcode = 'FG022', message = format('role %s may not change model "%s"', role, model),
            detail = format('The model belongs to %s.', owner),
            hint = format('members of its owner and of forge_admin may: grant %s to %s', owner, role);
    end if;
end
$$;
comment on function forge.require_management is 'refuses (FG002, FG022) a role that may not change the model; internal';
