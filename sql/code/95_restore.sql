-- DROP EXTENSION forge CASCADE takes the extension's functions with their grants, the language, and with it the
-- generated functions. No table goes, so all of it can be made again: every migration does, after the extension was
-- created anew.

create or replace function forge.restore_extension_grants() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    routine regprocedure;
    grantees text;
begin
    -- Trainers own models and score with them as analysts do.
    for routine, grantees in
        select p.oid, case when p.proname in ('read_blocks', 'run_claimed') then 'forge_worker' else 'forge_trainer, forge_analyst' end
        from pg_proc p
        where p.pronamespace = 'forge'::regnamespace
            and p.proname in (
                'predict', 'predict_label', 'predict_proba', 'features_for', 'cluster', 'transform', 'explain', 'explain_lime', 'prepared',
                'exact_neighbors', 'neighbor_rows', 'describe_source', 'qualify_source', 'read_blocks', 'run_claimed', 'append_rows')
    loop
        execute format('grant execute on function %s to %s', routine, grantees);
    end loop;
end
$$;
comment on function forge.restore_extension_grants is 'grants the extension''s functions, which belong to forge_admin, to the roles of Forge; internal';

create or replace function forge.note_grants() returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
    with present as (
        select m.name as model, a.grantee::regrole as grantee
        from forge.models m join pg_proc p on p.oid = to_regprocedure(format('forge_models.%I(record)', m.name)),
            lateral aclexplode(p.proacl) a
        where a.privilege_type = 'EXECUTE' and a.grantee not in (0, m.owner, 'forge_admin'::regrole)
    ), revoked as (
        delete from forge.model_grants g
        where to_regprocedure(format('forge_models.%I(record)', g.model)) is not null
            and not exists (select from present p where p.model = g.model and p.grantee = g.grantee)
    )
    insert into forge.model_grants (model, grantee, privilege) select p.model, p.grantee, 'predict' from present p
    on conflict do nothing;
    select forge.note_function_grants(m.name) from forge.models m;
$$;
comment on function forge.note_grants is
    'brings forge.model_grants and forge.function_grants into line with what GRANT and REVOKE did to EXECUTE on the generated functions; internal';

create or replace function forge.restore_extension() returns int
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    lacking record;
    restored int := 0;
begin
    -- Before anything else, as whoever registers or changes a version does: neither can then wait for the other.
    perform from forge.models m order by m.name for update;
    perform forge.restore_extension_grants();
    perform forge.note_grants();
    for lacking in
        select m.name, a.version
        from forge.models m
        left join forge.model_aliases a on a.model = m.name and a.alias = 'champion' and a.valid_to is null
        where not exists (select from forge.model_functions(m.name))
        order by m.name
    loop
        perform forge.create_record_function(lacking.name);
        if lacking.version is not null then
            perform forge.refresh_functions(lacking.name, lacking.version);
        end if;
        restored := restored + 1;
    end loop;
    return restored;
end
$$;
comment on function forge.restore_extension is
    'after CREATE EXTENSION: grants its functions again, and makes the generated functions of models that have none, with the rights kept in forge.model_grants and forge.function_grants; returns for how many models. Done by every forgectl migrate';

select forge.restore_extension();
