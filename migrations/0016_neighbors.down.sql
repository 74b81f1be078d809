do $tables$
declare
    indexed regclass;
begin
    for indexed in select i.relation from forge.neighbor_indexes i join pg_catalog.pg_class c on c.oid = i.relation loop
        execute format('drop table %s', indexed);
    end loop;
end
$tables$;

drop table forge.neighbor_indexes;
