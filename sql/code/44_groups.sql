-- What a version that has a model for each group says of them.

create or replace function forge.group_metrics(model text)
returns table (group_values jsonb, train_rows bigint, test_rows bigint, own_model boolean, reason text, metric text, value double precision)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select g.group_values, g.train_rows, g.test_rows, g.own_model, g.reason, m.key, (m.value #>> '{}')::double precision
        from forge.resolve_model(group_metrics.model) r
        join forge.model_groups g on g.model = r.model and g.version = r.version
        left join jsonb_each(g.metrics) m on true
        order by g.place, m.key collate "C";
end
$$;
comment on function forge.group_metrics is
    'metrics of each group of a model (or model@alias, model/version) trained with group_columns, on its held-out rows: one row for each group and metric, a group without such rows having one with metric null. '
    'reason says why a group has no model of its own. No rows for other models';

create or replace function forge.group_coefficients(model text)
returns table (group_values jsonb, term text, class text, coefficient double precision)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select g.group_values, t.value ->> 'term', t.value ->> 'class', c.coefficient
        from forge.resolve_model(group_coefficients.model) r
        join forge.model_versions v on v.model = r.model and v.version = r.version
        join forge.model_groups g on g.model = r.model and g.version = r.version
        cross join unnest(g.coefficients) with ordinality c(coefficient, place)
        join jsonb_array_elements(v.manifest #> '{groups,terms}') with ordinality t(value, place) on t.place = c.place
        order by g.place, c.place;
end
$$;
comment on function forge.group_coefficients is
    'the terms of each group that has a linear model of its own, in the units of the data, of a model (or model@alias, model/version) trained with group_columns; forge.coefficients has those of the model of all rows';
