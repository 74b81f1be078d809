-- The public objects of schema forge, one a line: the signatures of its routines but for those of the worker and those whose
-- comments end in "; internal"; the columns that an analyst or a trainer may read.
with simplified as (
    -- Defaults as one writes them: NULL::text is null.
    select p.*, regexp_replace(regexp_replace(pg_get_function_arguments(p.oid), '::[a-z_ ]+(\[\])?', '', 'g'), '\mIN ', '', 'g') as arguments
    from pg_catalog.pg_proc p
    where p.pronamespace = 'forge'::regnamespace
)
select format('forge.%s(%s)%s', p.proname,
    replace(replace(replace(arguments, '(quote_ident((CURRENT_USER)))', 'current_user'), 'NULL', 'null'), 'DEFAULT', 'default'),
    ' → ' || pg_get_function_result(p.oid))
from simplified p
where p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype, 'language_handler'::regtype)
    and coalesce(obj_description(p.oid, 'pg_proc'), '') not like '%; internal'
    and not has_function_privilege('forge_worker', p.oid, 'execute')
union all
select format('forge.%s.%s', c.relname, a.attname)
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'forge'::regnamespace and c.relkind in ('r', 'v', 'm', 'p')
    and (has_column_privilege('forge_analyst', c.oid, a.attnum, 'select')
        or has_column_privilege('forge_trainer', c.oid, a.attnum, 'select'));
