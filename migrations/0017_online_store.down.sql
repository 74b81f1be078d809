-- The tables are copies; forge_admin may drop them as the schema's owner.
do $tables$
declare
    materialized text;
begin
    for materialized in
        select c.oid::regclass::text from pg_class c where c.relnamespace = to_regnamespace('forge_online') and c.relkind = 'r'
    loop
        execute 'drop table ' || materialized;
    end loop;
end
$tables$;
drop table forge.materializations;
