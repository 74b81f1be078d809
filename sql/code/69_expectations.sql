-- Expectations of feature views: what must hold of what is online, checked before a materialization is published.

create or replace function forge.is_value_of(type text, value text) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('select %L::%s', value, type);
    return true;
exception when others then
    return false;
end
$$;
comment on function forge.is_value_of is 'whether a text can be read as a value of a type; internal';

create or replace function forge.expectation_problems(view forge.feature_views) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with listed as (
        select case when jsonb_typeof(x) = 'object' then x else '{}' end as x, jsonb_typeof(x) = 'object' as whole
        from jsonb_array_elements(case jsonb_typeof(view.expectations) when 'array' then view.expectations else '[]' end) x
    ), typed as (
        select l.*, f ->> 'type' as type
        from listed l left join lateral jsonb_array_elements(view.features) f on f ->> 'name' = l.x ->> 'feature'
    )
    select p.* from (
        select 'FG004', format('expectations are %s, not a list of objects', left(view.expectations::text, 100)),
            'such as [{"feature": "price", "min": 0, "max_null_rate": 0.1}, {"max_age": "1 day"}]'
        where jsonb_typeof(view.expectations) <> 'array' or exists (select from listed where not whole)
        union all
        select 'FG004', format('an expectation has no entry "%s"', k), 'entries: feature, min, max, values, max_null_rate, max_drift, dataset, max_age'
        from typed t, jsonb_object_keys(t.x) k where k not in ('feature', 'min', 'max', 'values', 'max_null_rate', 'max_drift', 'dataset', 'max_age')
        union all
        select 'FG032', format('feature view "%s" has no feature %s', view.name, coalesce(quote_ident(t.x ->> 'feature'), 'null')),
            'its features are ' || forge.listed(forge.names_of(view.features))
        from typed t where t.type is null and t.x ?| '{feature,min,max,values,max_null_rate,max_drift}'
        union all
        select 'FG004', format('expectation %s of feature "%s" is %s, not %s', k.key, t.x ->> 'feature', k.value, k.wanted), 'mend it, or leave it out'
        from typed t, lateral (
            select e.key, e.value, case
                when e.key in ('min', 'max') and not (forge.is_ordered(t.type) and forge.is_value_of(t.type, e.value #>> '{}')) then 'a value of type ' || t.type
                when e.key = 'values' and jsonb_typeof(e.value) <> 'array' then 'a list of values'
                when e.key = 'max_null_rate' and not (jsonb_typeof(e.value) = 'number' and e.value between '0' and '1') then 'a share from 0 to 1'
                when e.key = 'max_drift' and not (jsonb_typeof(e.value) = 'number' and e.value >= '0') then 'a number of at least 0' end as wanted
            from jsonb_each(t.x) e) k
        where t.type is not null and k.wanted is not null
        union all
        select 'FG004', format('max_age %s is not a length of time', t.x -> 'max_age'), 'such as "1 day"'
        from typed t where t.x ? 'max_age' and coalesce(forge.seconds(forge.interval_of(t.x ->> 'max_age')), 0) <= 0
        union all
        select 'FG032', format('max_drift of feature "%s" needs a dataset that has it', t.x ->> 'feature'),
            'such as "dataset": "march"; datasets: ' || coalesce(nullif(forge.listed(array(select d.name from forge.datasets d order by 1)), ''), 'none')
        from typed t
        where (t.x ? 'max_drift' or t.x ? 'dataset') and not exists (
            select from forge.datasets d where d.name = t.x ->> 'dataset' and t.x ? 'max_drift'
                and d.planned @> jsonb_build_array(jsonb_build_object('view', view.name, 'feature', t.x -> 'feature')))
        union all
        select 'FG004', format('schedule %s is not between a second and a year', view.schedule), 'such as "10 minutes"; null: it is materialized when somebody does'
        where forge.seconds(view.schedule) not between 1 and 31536000
        union all
        select 'FG004', format('on_breach is %s', coalesce(quote_literal(view.on_breach), 'null')), 'record or stop' where coalesce(view.on_breach, '') not in ('record', 'stop')
    ) p
$$;
comment on function forge.expectation_problems is 'what is wrong with how a feature view is to be kept up; internal';

-- Population stability index: Σ (a − e) ln (a / e) over ten bins of equal share in what is expected – of what is no number, over
-- its values – NULL being one of them; shares count as at least 1/10000. Siddiqi, Credit Risk Scorecards, 2006.
create or replace function forge.population_stability(expected text, expected_column text, actual text, actual_column text, numeric_values boolean) returns float8
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    edges float8[];
    stability float8;
    bin text := 'r.%I::text';
begin
    if numeric_values then
        execute format('select array(select distinct edge from unnest(percentile_disc(array[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) within group (order by r.%I::float8)) edge
            where edge is not null order by 1) from %s r', expected_column, expected) into edges;
        bin := format('width_bucket(r.%%I::float8, %L::float8[])::text', edges);
    end if;
    execute format($query$
        with expected as (
            select coalesce(' ' || %1$s, '') as bin, (count(*) / sum(count(*)) over ())::float8 as share from %2$s r group by 1
        ), actual as (
            select coalesce(' ' || %3$s, '') as bin, (count(*) / sum(count(*)) over ())::float8 as share from %4$s r group by 1
        ), shares as (
            select greatest(e.share, 0.0001) as expected, greatest(a.share, 0.0001) as actual from expected e full join actual a using (bin)
        )
        select sum((s.actual - s.expected) * ln(s.actual / s.expected)) from shares s
        where exists (select from expected) and exists (select from actual)
        $query$, format(bin, expected_column), expected, format(bin, actual_column), actual) into stability;
    return stability;
end
$$;
comment on function forge.population_stability is 'how far a column of a relation has drifted from that of another: below 0.1 little, from 0.25 much; internal';

create or replace function forge.online_drift(view forge.feature_views, relation regclass, feature text, dataset text) returns float8
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select forge.population_stability(to_regclass(d.output)::text, p ->> 'output', format('(select * from %s where not forge_deleted)', relation), feature,
        (p ->> 'type')::regtype in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'real'::regtype, 'double precision'::regtype, 'numeric'::regtype))
    from forge.datasets d, jsonb_array_elements(d.planned) p
    where d.name = dataset and p ->> 'view' = view.name and p ->> 'feature' = feature and to_regclass(d.output) is not null
$$;
comment on function forge.online_drift is 'how far an online feature has drifted from that of a saved dataset; null where there is none any more; internal';

create or replace function forge.newest_event(view forge.feature_views, at timestamptz) returns timestamptz
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    newest timestamptz;
begin
    execute format('select max(%s) from %s f where f.%I <= %s', forge.instant_of(view.columns ->> view.event_timestamp, format('f.%I', view.event_timestamp)),
        forge.from_item(view.source), view.event_timestamp, forge.comparable_instant(view.columns ->> view.event_timestamp, forge.time_literal(at))) into newest;
    return newest;
end
$$;
comment on function forge.newest_event is 'when the newest row of a view happened; internal';

create or replace function forge.expectation_breaches(view forge.feature_views, relation regclass, at timestamptz, keys bigint, null_counts jsonb) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    breaches jsonb := '[]';
    expected record;
    found jsonb;
    condition text;
begin
    for expected in
        select x ->> 'feature' as feature, e.key, e.value, f ->> 'type' as type, x ->> 'dataset' as dataset
        from jsonb_array_elements(view.expectations) with ordinality l(x, place) cross join lateral jsonb_each(x) e
        left join lateral jsonb_array_elements(view.features) f on f ->> 'name' = x ->> 'feature'
        where e.key not in ('feature', 'dataset') order by place, e.key
    loop
        found := null;
        condition := case expected.key when 'min' then format('o.%I < %L::%s', expected.feature, expected.value #>> '{}', expected.type)
            when 'max' then format('o.%I > %L::%s', expected.feature, expected.value #>> '{}', expected.type)
            when 'values' then format('o.%I::text <> all (%L)', expected.feature, array(select jsonb_array_elements_text(expected.value))) end;
        case expected.key
            when 'max_null_rate' then
                found := to_jsonb(round((null_counts ->> expected.feature)::numeric / nullif(keys, 0), 6));
                found := case when found > expected.value then jsonb_build_object('null_rate', found) end;
            when 'max_drift' then
                found := to_jsonb(round(forge.online_drift(view, relation, expected.feature, expected.dataset)::numeric, 6));
                found := case when found > expected.value then jsonb_build_object('drift', found) end;
            when 'max_age' then
                found := jsonb_build_object('newest', forge.newest_event(view, at));
                found := case when coalesce((found ->> 'newest')::timestamptz <= at - make_interval(secs => forge.seconds((expected.value #>> '{}')::interval)::float8), true) then found end;
            else
                execute format('select jsonb_build_object(''rows'', count(*)) from %s o where not forge_deleted and %s having count(*) > 0', relation, condition) into found;
        end case;
        breaches := breaches || case when found is null then '[]'
            else jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('feature', expected.feature, expected.key, expected.value)) || jsonb_build_object('found', found)) end;
    end loop;
    return breaches;
end
$$;
comment on function forge.expectation_breaches is 'expectations of a view that do not hold of its online table, each with what was found; internal';
