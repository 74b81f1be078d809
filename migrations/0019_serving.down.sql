-- The functions of feature services are made from definitions; forge_admin may drop them as the schema's owner.
do $functions$
declare
    made text;
begin
    for made in select p.oid::regprocedure::text from pg_proc p where p.pronamespace = to_regnamespace('forge_features') loop
        execute 'drop function ' || made;
    end loop;
end
$functions$;
drop table forge.on_demand_feature_views;
