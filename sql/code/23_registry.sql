-- The registry's public verbs. Each is a row of forge.audit_log (22_changes.sql): who may, what happens and the record
-- of it are there.

create or replace function forge.promote(model text, version int, reason text default null) returns int
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if version is null then
        raise exception using errcode = 'FG002', message = 'a version is needed to promote', hint = 'forge.promote(''churn'', 3)';
    end if;
    insert into forge.audit_log (action, model, details)
    values ('promote', model, jsonb_strip_nulls(jsonb_build_object('version', version, 'reason', reason)));
    return version;
end
$$;
comment on function forge.promote is
    'makes a version the champion, which the bare name means; its typed functions follow (FG024 if a view depends on the old ones); returns the version';

create or replace function forge.rollback(model text, reason text default null) returns int
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    reached int;
begin
    insert into forge.audit_log (action, model, details)
    values ('rollback', model, jsonb_strip_nulls(jsonb_build_object('reason', reason)))
    returning (details ->> 'version')::int into reached;
    return reached;
end
$$;
comment on function forge.rollback is
    'makes the version champion that was so before the present one was promoted, again and again back to the first; returns it';

create or replace function forge.set_alias(model text, alias text, version int, reason text default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if alias is null or alias !~ '^[a-z_][a-z0-9_]*$' or octet_length(alias) > 63 then
        raise exception using errcode = 'FG001', message = format('"%s" is not an alias', alias),
            hint = 'an alias is a lower-case identifier of at most 63 bytes, such as challenger';
    end if;
    insert into forge.audit_log (action, model, details)
    values ('set_alias', model, jsonb_strip_nulls(jsonb_build_object('alias', alias, 'version', version, 'reason', reason)));
end
$$;
comment on function forge.set_alias is 'makes "model@alias" name a version; the alias champion is what forge.promote sets';

create or replace function forge.drop_alias(model text, alias text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into forge.audit_log (action, model, details) values ('drop_alias', model, jsonb_build_object('alias', alias));
end
$$;
comment on function forge.drop_alias is 'ends an alias; a model without champion answers only to "model/version" and other aliases';

create or replace function forge.retire(model text, version int) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into forge.audit_log (action, model, details) values ('retire', model, jsonb_build_object('version', version));
end
$$;
comment on function forge.retire is
    'deletes a version''s artifact for good; its row, metrics and history stay. Refused (FG024) while an alias names it';

create or replace function forge.keep(model text, versions int) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if versions < 1 then
        raise exception using errcode = 'FG004', message = format('a model keeps at least one version, not %s', versions),
            hint = 'null keeps all';
    end if;
    insert into forge.audit_log (action, model, details) values ('keep', model, jsonb_build_object('versions', versions));
end
$$;
comment on function forge.keep is
    'how many of the newest versions keep their artifact, now and after every training; older ones are retired unless an alias names them; null: all';

create or replace function forge.describe_as(model text, description text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into forge.audit_log (action, model, details) values ('describe_as', model, jsonb_build_object('description', description));
end
$$;
comment on function forge.describe_as is 'sets a model''s description';

create or replace function forge.require_role(role text, privilege text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from pg_roles r where r.rolname = require_role.role) then
        raise exception using errcode = 'FG022', message = format('role "%s" does not exist', role), hint = 'create role …';
    elsif privilege is null or privilege not in ('predict', 'train') then
        raise exception using errcode = 'FG022', message = format('"%s" is not a right on models', privilege),
            hint = 'predict: score, and read versions and metrics; train: that, and request new versions';
    end if;
end
$$;
comment on function forge.require_role is 'refuses (FG022) a role or a right that does not exist; internal';

create or replace function forge.grant_model(model text, role text, privilege text default 'predict') returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.require_role(role, privilege);
    insert into forge.audit_log (action, model, details)
    values ('grant', model, jsonb_build_object('role', role, 'privilege', privilege));
end
$$;
comment on function forge.grant_model is
    'lets a role score with a model and read its versions and metrics (predict: EXECUTE on its generated functions), or also train it (train)';

create or replace function forge.revoke_model(model text, role text, privilege text default 'predict') returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.require_role(role, privilege);
    insert into forge.audit_log (action, model, details)
    values ('revoke', model, jsonb_build_object('role', role, 'privilege', privilege));
end
$$;
comment on function forge.revoke_model is 'takes back what forge.grant_model gave: predict (and with it train), or only train';

create or replace function forge.drop_model(model text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into forge.audit_log (action, model) values ('drop', model);
end
$$;
comment on function forge.drop_model is
    'drops a model, its versions and its functions. Refused (FG024) while requests for it are queued or running, or objects depend on its functions';
