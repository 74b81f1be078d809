-- Takes the registry away, with every generated function (they belong to its models).
do $functions$
declare
    generated regprocedure;
begin
    for generated in
        select p.oid::regprocedure
        from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
        where p.pronamespace = 'forge_models'::regnamespace and l.lanname = 'forge'
    loop
        execute format('drop function %s', generated);
    end loop;
end
$functions$;

drop table forge.audit_log;
drop table forge.model_grants;
drop table forge.feature_importances;
drop table forge.model_metrics;
drop table forge.model_aliases;
drop table forge.model_artifacts;
drop table forge.model_versions;
drop table forge.models;
drop table forge.algorithms;
drop type forge.problem;
