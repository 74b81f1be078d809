-- What a superuser runs once in each database that Forge serves, before `forgectl migrate`; running it again does no
-- harm and brings the extension up to the installed files. Everything else is done by a member of forge_admin.

-- Names, levels and messages travel between server, sidecar and artifacts as UTF-8.
do $encoding$
begin
    if current_setting('server_encoding') <> 'UTF8' then
        raise exception using errcode = 'FG028',
            message = format('database "%s" is encoded in %s, and Forge needs UTF8',
                current_database(), current_setting('server_encoding')),
            hint = 'create database ... encoding ''UTF8'' template template0, and move the data there with pg_dump';
    end if;
end
$encoding$;

-- Roles belong to the whole cluster: another database may have made them already, at this very moment too.
do $roles$
declare
    role_name text;
begin
    foreach role_name in array array['forge_admin', 'forge_worker', 'forge_trainer', 'forge_analyst'] loop
        begin
            execute format('create role %I nologin', role_name);
        exception when duplicate_object or unique_violation then
            null;
        end;
    end loop;
end
$roles$;

comment on role forge_admin is 'owns the schemas forge, forge_models, forge_online and forge_features; its members administer models and requests';
comment on role forge_worker is 'the sidecar forged: may call the worker API and nothing else';
comment on role forge_trainer is 'may request training on what it may read';
comment on role forge_analyst is 'may call forge.predict and its siblings; each model needs its own grant';

create schema if not exists forge authorization forge_admin;
create schema if not exists forge_models authorization forge_admin;
create schema if not exists forge_online authorization forge_admin;
create schema if not exists forge_features authorization forge_admin;
alter schema forge owner to forge_admin;
alter schema forge_models owner to forge_admin;
alter schema forge_online owner to forge_admin;
alter schema forge_features owner to forge_admin;
comment on schema forge is 'Forge: training requests, the model registry and predictions';
comment on schema forge_models is 'the generated functions of the models, named after them; EXECUTE on them is the model''s ACL';
comment on schema forge_online is 'the present values of feature views, a table for each version; they belong to the views'' owners, who grant SELECT on them';
comment on schema forge_features is 'the generated functions of feature services, named after them: features by key';

-- Postgres grants EXECUTE on every new function to PUBLIC; Forge grants nothing to PUBLIC.
alter default privileges for role forge_admin revoke execute on functions from public;

create extension if not exists forge with schema forge;
alter extension forge update;

-- pgvector where the server has it: vectors are searched by it (docs/vectors.md); everything else works without.
do $vector$
begin
    if exists (select from pg_catalog.pg_available_extensions where name = 'vector' and installed_version is null) then
        create extension vector;
    end if;
exception when others then
    raise warning 'pgvector is there but could not be installed: %', sqlerrm;
end
$vector$;

-- Functions in C must be made by a superuser; they belong to forge_admin, which grants them on (sql/code/90_grants.sql)
-- and alone may create functions in the extension's language.
do $extension$
declare
    member regprocedure;
begin
    for member in
        select d.objid
        from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
        where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.classid = 'pg_catalog.pg_proc'::regclass
            and d.deptype = 'e' and e.extname = 'forge'
    loop
        execute format('alter function %s owner to forge_admin', member);
        execute format('revoke all on function %s from public', member);
    end loop;
end
$extension$;
revoke all on language forge from public;
grant usage on language forge to forge_admin;
