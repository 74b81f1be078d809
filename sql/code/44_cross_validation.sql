-- What the folds of a version's training said.

create or replace function forge.folds_of(manifest jsonb)
returns table (metric text, mean double precision, sd double precision, folds int, fold_values double precision[])
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select m.key, (m.value ->> 'mean')::double precision, (m.value ->> 'sd')::double precision,
        (manifest #>> '{cross_validation,folds}')::int,
        array(select (e.fold #>> '{}')::double precision
              from jsonb_array_elements(m.value -> 'values') with ordinality e(fold, place) order by e.place)
    from jsonb_each(case when jsonb_typeof(manifest #> '{cross_validation,metrics}') = 'object'
        then manifest #> '{cross_validation,metrics}' else '{}' end) m
$$;
comment on function forge.folds_of is 'what a manifest says of each metric over the folds; internal';

create or replace function forge.cross_validation(model text)
returns table (metric text, mean double precision, sd double precision, folds int, fold_values double precision[])
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select f.*
        from forge.resolve_model(cross_validation.model) r
        join forge.model_versions v on v.model = r.model and v.version = r.version
        cross join forge.folds_of(v.manifest) f
        order by f.metric;
end
$$;
comment on function forge.cross_validation is
    'metrics over the folds of a model''s training (split.folds, or split.outer_folds if it was nested): mean, sample standard deviation, and the value of each fold, NULL where it is not defined; no row without folds';
