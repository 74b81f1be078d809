-- What the catalog must say of everything in schema forge. Each query lists what breaks its rule: no row is right.

-- Everything has a comment. (forge.migrations is the migrator's own.)
select 'function' as kind, p.oid::regprocedure::text as name
from pg_proc p where p.pronamespace = 'forge'::regnamespace and obj_description(p.oid, 'pg_proc') is null
union all
select 'relation', c.oid::regclass::text
from pg_class c where c.relnamespace = 'forge'::regnamespace and c.relkind in ('r', 'v') and c.relname <> 'migrations' and obj_description(c.oid, 'pg_class') is null
union all
select 'type', t.oid::regtype::text
from pg_type t left join pg_class c on c.oid = t.typrelid
where t.typnamespace = 'forge'::regnamespace and (t.typtype <> 'c' or c.relkind = 'c') and t.typelem = 0 and obj_description(t.oid, 'pg_type') is null
union all
select 'column', format('%s.%s', a.attrelid::regclass, a.attname)
from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = 'forge'::regnamespace and c.relkind = 'r' and c.relname <> 'migrations' and a.attnum > 0 and not a.attisdropped
    and col_description(a.attrelid, a.attnum) is null
order by 1, 2;

-- No argument, output or column needs quotes.
select p.oid::regprocedure::text collate "C" as function, n as name
from pg_proc p, unnest(p.proargnames) n
where p.pronamespace = 'forge'::regnamespace and n in (select k.word from pg_get_keywords() k where k.catcode in ('R', 'T'))
order by 1;
select a.attrelid::regclass::text as relation, a.attname
from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = 'forge'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0
    and (a.attname in (select k.word from pg_get_keywords() k where k.catcode in ('R', 'T')) or a.attname <> quote_ident(a.attname) and a.attname !~ '^[a-z_]+$')
order by 1;

-- SECURITY DEFINER functions pin their path; what takes a source from its caller, and what commits, does not.
select p.oid::regprocedure::text collate "C" as unpinned_definer, p.proconfig
from pg_proc p
where p.pronamespace = 'forge'::regnamespace and p.prosecdef and p.proconfig is distinct from array['search_path=pg_catalog, pg_temp']
order by 1;
select p.oid::regprocedure::text collate "C" as pinned_or_definer
from pg_proc p
where p.pronamespace = 'forge'::regnamespace and (p.prosecdef or p.proconfig is not null)
    and (p.proname in ('train', 'check_request', 'check_new_request', 'source_columns', 'predict_table', 'evaluate', 'confusion_matrix', 'roc_curve',
            'summary', 'correlation') or p.prokind = 'p')
order by 1;

-- Nothing is for PUBLIC: functions, tables, schemas, the language.
select p.oid::regprocedure::text as granted_to_public
from pg_proc p where p.pronamespace in ('forge'::regnamespace, 'forge_models'::regnamespace) and has_function_privilege('public', p.oid, 'execute')
union all
select c.oid::regclass::text
from pg_class c, aclexplode(c.relacl) a where c.relnamespace = 'forge'::regnamespace and a.grantee = 0
union all
select n.nspname from pg_namespace n, aclexplode(n.nspacl) a where n.nspname like 'forge%' and a.grantee = 0
union all
select l.lanname from pg_language l where l.lanname = 'forge' and has_language_privilege('public', l.oid, 'usage')
order by 1;

-- Views over tables with row-level security look with the eyes of who asks; the tables that hold models or requests have it.
select c.oid::regclass as view_with_owners_rights
from pg_class c
where c.relnamespace = 'forge'::regnamespace and c.relkind = 'v' and not coalesce(c.reloptions @> array['security_invoker=true'], false);
select c.oid::regclass::text as without_row_security
from pg_class c
where c.relnamespace = 'forge'::regnamespace and c.relkind = 'r' and not c.relrowsecurity
    and c.relname not in ('algorithms', 'workers', 'migrations', 'staged_chunks', 'staged_scores', 'search_helpers', 'trial_predictions')
order by 1;

-- forge_admin owns all of it.
select 'function' as kind, p.oid::regprocedure::text as name, p.proowner::regrole as owner
from pg_proc p where p.pronamespace in ('forge'::regnamespace, 'forge_models'::regnamespace) and p.proowner <> 'forge_admin'::regrole
union all
select 'relation', c.oid::regclass::text, c.relowner::regrole
from pg_class c where c.relnamespace = 'forge'::regnamespace and c.relowner <> 'forge_admin'::regrole
union all
select 'schema', n.nspname, n.nspowner::regrole from pg_namespace n where n.nspname like 'forge%' and n.nspowner <> 'forge_admin'::regrole
order by 1, 2;

-- Constraints are named as claims, not numbered by the server.
select conrelid::regclass::text as relation, conname
from pg_constraint where connamespace = 'forge'::regnamespace and conname ~ '_check[0-9]*$'
order by 1;
