-- The grant matrix: every right of every role on every object of Forge, and no other.
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '

-- schemas and the language
select 'schema ' || n.nspname, a.grantee::regrole::text collate "C" as role, string_agg(lower(a.privilege_type), ', ' order by a.privilege_type)
from pg_namespace n, aclexplode(n.nspacl) a
where n.nspname in ('forge', 'forge_models', 'forge_online', 'forge_features') and a.grantee <> n.nspowner
group by 1, 2 order by 1, 2;
select 'language ' || l.lanname, a.grantee::regrole::text collate "C" as role, string_agg(lower(a.privilege_type), ', ' order by a.privilege_type)
from pg_language l, aclexplode(l.lanacl) a
where l.lanname = 'forge' and a.grantee <> l.lanowner
group by 1, 2 order by 1, 2;

-- tables and views; columns where only some are granted
select c.oid::regclass::text collate "C" as relation, a.grantee::regrole::text collate "C" as role, string_agg(lower(a.privilege_type), ', ' order by a.privilege_type)
from pg_class c, aclexplode(c.relacl) a
where c.relnamespace = 'forge'::regnamespace and a.grantee <> c.relowner
group by 1, 2 order by 1, 2;
select t.attrelid::regclass::text collate "C" as relation, a.grantee::regrole::text collate "C" as role, lower(a.privilege_type), string_agg(t.attname, ', ' order by t.attnum)
from pg_attribute t join pg_class c on c.oid = t.attrelid, aclexplode(t.attacl) a
where c.relnamespace = 'forge'::regnamespace
group by 1, 2, 3 order by 1, 2, 3;

-- functions
select p.oid::regprocedure::text collate "C" as function, string_agg(a.grantee::regrole::text, ', ' order by a.grantee::regrole::text collate "C")
from pg_proc p, aclexplode(p.proacl) a
where p.pronamespace = 'forge'::regnamespace and a.grantee <> p.proowner
group by 1 order by 1;

-- functions that forge_admin alone may call
select p.oid::regprocedure::text collate "C" as function from pg_proc p
where p.pronamespace = 'forge'::regnamespace
    and not exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee <> p.proowner)
order by 1;

-- row policies
select tablename, policyname, cmd, roles from pg_policies where schemaname = 'forge' order by 1, 2;

-- default privileges of what forge_admin makes
select d.defaclobjtype, d.defaclacl from pg_default_acl d where d.defaclrole = 'forge_admin'::regrole;

-- Nobody grants on what is not theirs, and no role is a member of another but by its DBA.
select r.rolname, r.rolcanlogin, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls
from pg_roles r where r.rolname like 'forge\_%' order by 1;
select m.roleid::regrole::text, m.member::regrole::text from pg_auth_members m where m.member in (select oid from pg_roles where rolname like 'forge\_%') order by 1, 2;

-- Whose rights a job reads with is fixed: for the requester, forge_admin and its members, and a superuser.
grant forge_admin to ann;
set role forge_admin;
insert into forge.algorithms (name, tasks, form, description, default_for) values ('ridge', '{regression}', 'linear', 'for the tests', '{regression}') on conflict do nothing;
set role tom;
insert into forge.training_requests (model, source, target, algorithm, task) values ('rights', 'select 1.0::float8 as x, 2.0::float8 as y', 'y', 'ridge', 'regression');
select regress.error($$update forge.training_requests set requested_by = 'postgres'::regrole where model = 'rights'$$);
set role forge_admin;
select regress.error($$update forge.training_requests set requested_by = 'postgres'::regrole where model = 'rights'$$);
update forge.training_requests set priority = 1 where model = 'rights';
set role ann;
select regress.error($$update forge.training_requests set requested_by = 'ann'::regrole where model = 'rights'$$);
reset role;
select regress.error($$update forge.training_requests set requested_by = 'postgres'::regrole where model = 'rights'$$);
select requested_by, priority from forge.training_requests where model = 'rights';
revoke forge_admin from ann;
