-- Reading the registry: what a model is, and what matters to it.

create or replace function forge.describe(model text) returns table (section text, item text, value text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    entry forge.models;
    champion forge.model_aliases;
    shown forge.model_versions;
begin
    select m.* into entry from forge.models m where m.name = regexp_replace(describe.model, '[@/].*$', '');
    if entry.name is null then
        perform forge.resolve_model(describe.model);  -- raises
        return;
    end if;
    select a.* into champion from forge.model_aliases a
    where a.model = entry.name and a.alias = 'champion' and a.valid_to is null;
    select v.* into shown from forge.model_versions v
    where v.model = entry.name and v.version = case
        when describe.model = entry.name then coalesce(champion.version, (select max(l.version) from forge.model_versions l where l.model = entry.name))
        else (forge.resolve_model(describe.model)).version end;

    return query
        select 'model', f.item, f.value
        from (values ('name', entry.name), ('task', entry.task), ('target', entry.target), ('target_type', entry.target_type),
            ('description', entry.description), ('owner', entry.owner::text), ('keep', entry.keep::text),
            ('version', shown.version::text), ('algorithm', shown.algorithm), ('rows', shown.rows::text),
            ('params', shown.params::text), ('split', shown.split::text), ('threshold', shown.manifest ->> 'threshold'),
            ('calibration', shown.manifest ->> 'calibration'), ('intervals',
                (select format('split conformal, by %s rows', cardinality(s.scores)) from forge.conformal_scores s
                 where s.model = shown.model and s.version = shown.version)),
            ('background', (shown.manifest #>> '{background,rows}') || ' training rows are kept in the artifact, for explanations'), ('promotion',
                case when shown.version = champion.version then concat_ws(': ', 'champion', champion.reason) else shown.promotion_reason end)) f(item, value)
        where f.value is not null;
    return query
        select 'column', c.value ->> 'name', concat_ws(', ', c.value ->> 'type', c.value ->> 'encoding',
            (c.value ->> 'levels') || ' levels', 'NULL: ' || (c.value ->> 'null'), 'unseen: ' || (c.value ->> 'unseen'))
        from jsonb_array_elements(shown.schema) with ordinality c(value, place)
        order by c.place;
    return query
        select 'member', format('trial %s', m.value ->> 'trial'),
            format('%s, weight %s, %s', m.value ->> 'algorithm', m.value ->> 'weight', m.value -> 'params')
        from jsonb_array_elements(case when jsonb_typeof(shown.manifest -> 'ensemble') = 'array' then shown.manifest -> 'ensemble' else '[]' end)
            with ordinality m(value, place)
        order by m.place;
    return query
        select 'levels', c.value ->> 'name', concat(c.value ->> 'first_levels',
            ' and ' || nullif((c.value ->> 'levels')::int - jsonb_array_length(c.value -> 'first_levels'), 0) || ' more')
        from jsonb_array_elements(shown.schema) with ordinality c(value, place)
        where c.value ? 'first_levels'
        order by c.place;
    return query
        select 'label', l.label, case when l.label = shown.positive then 'positive class' end
        from unnest(shown.labels) with ordinality l(label, place)
        order by l.place;
    return query
        select 'function', p.oid::regprocedure::text, pg_get_function_result(p.oid)
        from pg_proc p
        where p.pronamespace = 'forge_models'::regnamespace and p.proname in (entry.name, entry.name || '_label')
            and has_function_privilege(p.oid, 'execute')
        order by p.pronargs, p.proname;
    return query
        select 'metric', m.metric || case m.part when 'train' then ' (train)' else '' end, m.value::text
        from forge.model_metrics m
        where m.model = entry.name and m.version = shown.version
        order by m.part, m.metric;
    return query
        select 'cross_validation', c.metric, format('%s ± %s over %s folds', c.mean, c.sd, c.folds)
        from forge.folds_of(shown.manifest) c
        order by c.metric;
    return query
        select 'alias', a.alias, format('version %s since %s', a.version, date_trunc('second', a.valid_from))
        from forge.model_aliases a
        where a.model = entry.name and a.valid_to is null
        order by a.alias;
    return query
        select 'version', v.version::text, concat_ws(', ', v.algorithm, format('%s rows', v.rows), date_trunc('second', v.created_at)::text,
            case when v.retired_at is not null then 'retired' end)
        from forge.model_versions v
        where v.model = entry.name
        order by v.version;
end
$$;
comment on function forge.describe is
    'all about a model (or model@alias, model/version): task, target, owner, columns with types and policies, members of an ensemble with their weights, levels (the first 100 in byte order), labels, functions to call, split, decision threshold, calibration, prediction intervals, metrics, their mean and deviation over folds, aliases, versions';

create or replace function forge.feature_importance(model text, kind text)
returns table (feature text, importance double precision, lower double precision, upper double precision)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    kinds constant text[] := array['gain', 'permutation', 'mean_abs_shap'];
begin
    if kind <> all (kinds) then
        raise exception using errcode = 'FG004', message = format('there is no importance of kind "%s"', kind),
            hint = format('write one of: %s', array_to_string(kinds, ', '));
    end if;
    return query
        select f.feature, f.importance, f.lower, f.upper
        from forge.resolve_model(feature_importance.model) r
        join forge.feature_importances f on f.model = r.model and f.version = r.version and f.kind = feature_importance.kind
        order by f.importance desc, f.feature;
    if not found and kind <> 'gain' then
        raise exception using errcode = 'FG010', message = format('model "%s" has no importances of kind %s', model, kind),
            detail = 'They are measured when a request asks for them, where the held-out rows define the metric.',
            hint = format('train with config {"evaluation": {"importance": ["%s"]}}', kind);
    end if;
end
$$;
comment on function forge.feature_importance(text, text) is
    'how much each source column matters to a model (or model@alias, model/version), most first, with a confidence interval unless kind is gain. '
    'gain: what the model itself says, shares of the whole; permutation: how much worse the metric becomes when the column is shuffled; '
    'mean_abs_shap: mean size of the column''s contribution on the margin. FG004: no such kind; FG010: it was not asked for in training';

create or replace function forge.feature_importance(model text) returns table (feature text, importance double precision)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select f.feature, f.importance from forge.feature_importance(model, 'gain') f
$$;
comment on function forge.feature_importance(text) is
    'how much each source column matters to a model (or model@alias, model/version) by kind gain, most first; shares of the whole';

create or replace function forge.coefficients(model text)
returns table (
    term text, class text, coefficient double precision, std_error double precision, statistic double precision,
    p_value double precision, lower double precision, upper double precision, vif double precision)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select c.term, c.class, c.coefficient, c.std_error, c.statistic, c.p_value, c.lower, c.upper, c.vif
        from forge.resolve_model(coefficients.model) r
        join forge.model_coefficients c on c.model = r.model and c.version = r.version
        order by c.place;
end
$$;
comment on function forge.coefficients is
    'the terms of a linear model (or model@alias, model/version) in the units of the data; standard errors, tests and 95 % confidence intervals if its params.statistics asked for them; no rows for other forms';
