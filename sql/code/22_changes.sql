-- Every change that a client asks of the registry: a function inserts a row into forge.audit_log, and the table's
-- trigger carries it out as forge_admin. The function runs as its caller, so the row's actor, set by the column's
-- default, is the caller for certain – inside SET ROLE and inside somebody's SECURITY DEFINER function too.

create or replace function forge.grant_on_model(model text, grantee regrole, privilege text, actor regrole) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    function regprocedure;
begin
    for function in select * from forge.model_functions(model) loop
        execute format('grant execute on function %s to %s', function, grantee);
    end loop;
    -- For forms that the present champion does not have.
    insert into forge.function_grants (model, form, grantee, grantable)
    select distinct g.model, g.form, grant_on_model.grantee, false from forge.function_grants g
    where g.model = grant_on_model.model
    on conflict do nothing;
    insert into forge.model_grants (model, grantee, privilege, granted_by) values (model, grantee, privilege, actor)
    on conflict do nothing;
end
$$;
comment on function forge.grant_on_model is 'gives EXECUTE on a model''s functions and keeps it in forge.model_grants; internal';

create or replace function forge.revoke_on_model(model text, grantee regrole, privilege text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    function regprocedure;
begin
    if privilege = 'predict' then
        if grantee = (select m.owner from forge.models m where m.name = revoke_on_model.model) then
            raise exception using errcode = 'FG022',
                message = format('role %s owns model "%s": its right to predict cannot be revoked', grantee, model);
        end if;
        for function in select * from forge.model_functions(model) loop
            execute format('revoke execute on function %s from %s', function, grantee);
        end loop;
        delete from forge.function_grants g
        where g.model = revoke_on_model.model and g.grantee = revoke_on_model.grantee;
    end if;
    -- Training includes predicting, so it goes with it.
    delete from forge.model_grants g
    where g.model = revoke_on_model.model and g.grantee = revoke_on_model.grantee
        and revoke_on_model.privilege in (g.privilege, 'predict');
end
$$;
comment on function forge.revoke_on_model is 'takes predict (and with it train) or only train back; internal';

create or replace function forge.erase_model(model text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    function regprocedure;
    pending text := (select string_agg(r.id::text, ', ' order by r.id) from forge.training_requests r
                     where r.model = erase_model.model and r.status in ('queued', 'running'));
begin
    if pending is not null then
        raise exception using errcode = 'FG024', message = format('model "%s" has requests in the queue: %s', model, pending),
            hint = 'wait for them, or cancel them with forge.cancel(id)';
    end if;
    for function in select * from forge.model_functions(model) loop
        execute format('drop function %s', function);
    end loop;
    delete from forge.models m where m.name = erase_model.model;
exception when dependent_objects_still_exist then
    raise exception using errcode = 'FG024', message = format('other objects depend on the functions of model "%s"', model),
        detail = forge.dependents(model), hint = 'drop them first';
end
$$;
comment on function forge.erase_model is 'drops a model with its versions and functions; FG024 if requests wait for it or objects depend on it; internal';

create or replace function forge.apply_change() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    subject text := new.model;
    argument jsonb := new.details;
    chosen int := (argument ->> 'version')::int;
    before forge.model_aliases;
    role regrole;
begin
    if new.action = 'register' then  -- written by forge.register_version; the table's policy keeps clients from it
        return new;
    end if;
    perform from forge.models m where m.name = subject for update;
    perform forge.require_management(subject, new.actor);
    case new.action
        when 'promote' then
            perform forge.point_alias(subject, 'champion', chosen, new.actor, argument ->> 'reason');
        when 'rollback' then
            before := forge.previous_champion(subject);
            if before.id is null then
                raise exception using errcode = 'FG002', message = format('model "%s" has no earlier champion to roll back to', subject),
                    hint = format('select * from forge.describe(%1$L) lists its versions; promote one with forge.promote(%1$L, version)', subject);
            end if;
            perform forge.point_alias(subject, 'champion', before.version, new.actor, argument ->> 'reason', before);
            new.details := argument || jsonb_build_object('version', before.version);
        when 'set_alias' then
            perform forge.point_alias(subject, argument ->> 'alias', chosen, new.actor, argument ->> 'reason');
        when 'drop_alias' then
            update forge.model_aliases a set valid_to = clock_timestamp()
            where a.model = subject and a.alias = argument ->> 'alias' and a.valid_to is null;
            if not found then
                raise exception using errcode = 'FG002', message = format('model "%s" has no alias "%s"', subject, argument ->> 'alias'),
                    hint = format('select * from forge.describe(%L) lists them', subject);
            end if;
        when 'retire' then
            perform forge.retire_version(subject, chosen);
        when 'keep' then
            update forge.models m set keep = (argument ->> 'versions')::int where m.name = subject;
            new.details := argument || jsonb_build_object('retired', forge.apply_retention(subject));
        when 'describe_as' then
            update forge.models m set description = argument ->> 'description' where m.name = subject;
        when 'grant', 'revoke' then
            role := quote_ident(argument ->> 'role')::regrole;
            if new.action = 'grant' then
                perform forge.grant_on_model(subject, role, 'predict', new.actor);
                if argument ->> 'privilege' = 'train' then
                    perform forge.grant_on_model(subject, role, 'train', new.actor);
                end if;
            else
                perform forge.revoke_on_model(subject, role, argument ->> 'privilege');
            end if;
        when 'drop' then
            perform forge.erase_model(subject);
    end case;
    return new;
end
$$;
comment on function forge.apply_change is 'trigger of forge.audit_log: checks the actor''s right and carries the change out';

create or replace trigger changes_are_applied before insert on forge.audit_log
    for each row execute function forge.apply_change();
comment on trigger changes_are_applied on forge.audit_log is 'a row is a command: this carries it out';
