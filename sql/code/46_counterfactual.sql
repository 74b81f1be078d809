-- The smallest change of a row that changes its prediction (Wachter, Mittelstadt and Russell 2017): distances are
-- measured in each number's median absolute deviation, a changed category counts 1. A beam search over grids of values
-- that occur, then bisection.

create or replace function forge.counterfactual_moves(pinned text, examples jsonb[], features jsonb, mutable text[])
returns table (feature text, type text, kind text, scale double precision, given jsonb, cost double precision)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with columns as (
        select c ->> 'name' as name, c ->> 'type' as type, c ->> 'kind' as kind, features -> (c ->> 'name') as original
        from forge.resolve_model(pinned) r join forge.model_versions v on v.id = r.version_id
        cross join jsonb_array_elements(v.schema) c
        where (mutable is null or c ->> 'name' = any (mutable)) and c ->> 'kind' <> 'vector'),
    values_of as (
        select c.*, (select array_agg(e -> c.name) from unnest(examples) e) as seen from columns c),
    centers as (
        select v.*, (select percentile_cont(0.5) within group (order by forge.json_number(e, v.type)) from unnest(v.seen) e where v.kind = 'number') as center
        from values_of v),
    scales as (
        select c.*, coalesce(
            nullif((select percentile_cont(0.5) within group (order by abs(forge.json_number(e, c.type) - c.center)) from unnest(c.seen) e where c.kind = 'number'), 0),
            nullif((select stddev_pop(forge.json_number(e, c.type)) from unnest(c.seen) e where c.kind = 'number'), 0), 1) as scale
        from centers c)
    select s.name, s.type, s.kind, s.scale, g.given,
        case when s.kind = 'category' then 1
            else coalesce(abs(g.numeric_value - forge.json_number(s.original, s.type)) / s.scale, 1) end
    from scales s cross join lateral forge.feature_grid(s.seen, s.type, s.kind, 20, '{0.01,0.99}') g
    where g.given is distinct from s.original
        and (s.kind = 'category' or g.numeric_value is distinct from forge.json_number(s.original, s.type))
$$;
comment on function forge.counterfactual_moves is
    'what each mutable column may become, and how far that is: |difference| / median absolute deviation of a number, 1 for a category or from NULL; internal';

create or replace function forge.counterfactual(
    model text, features jsonb, desired text default null, mutable text[] default null, source text default null,
    minimum double precision default null, maximum double precision default null, max_changes int default 3)
returns table (feature text, original text, changed text, distance double precision, prediction double precision, label text)
language plpgsql stable
as $$
declare
    beam_width constant int := 20;
    version forge.model_versions;
    task text;
    pinned text;
    names text[];
    moves jsonb;
    beam jsonb;
    best jsonb;
    change record;
    low double precision;
    high double precision;
    middle double precision;
    tried jsonb;
begin
    if model is null or features is null then
        return;
    end if;
    perform forge.require_target(model);
    select v.* into version from forge.resolve_model(counterfactual.model) r join forge.model_versions v on v.id = r.version_id;
    select m.task into task from forge.models m where m.name = version.model;
    pinned := pg_catalog.format('%s/%s', version.model, version.version);
    names := array(select c ->> 'name' from pg_catalog.jsonb_array_elements(version.schema) c);
    if task = 'classification' then
        if minimum is not null or maximum is not null then
            raise exception using errcode = 'FG004', message = pg_catalog.format('minimum and maximum are for regressions, and model "%s" is a classification', model),
                hint = pg_catalog.format('say which label is desired: %s', pg_catalog.array_to_string(version.labels, ', '));
        end if;
        if desired is null and pg_catalog.cardinality(version.labels) = 2 then
            desired := version.labels[3 - pg_catalog.array_position(version.labels, forge.predict_label(pinned, features))];
        end if;
        if desired is null or desired <> all (version.labels) then
            raise exception using errcode = 'FG004', message = pg_catalog.format('desired must be a label of model "%s", got %s', model, coalesce(pg_catalog.quote_literal(desired), 'null')),
                hint = pg_catalog.format('its labels are %s', pg_catalog.array_to_string(version.labels, ', '));
        end if;
    elsif desired is not null or (minimum is null and maximum is null) or not coalesce(minimum <= maximum, true) then
        raise exception using errcode = 'FG004', message = 'a regression needs minimum, maximum or both, in order: where the prediction shall lie',
            detail = pg_catalog.format('Got desired %s, minimum %s, maximum %s.', coalesce(pg_catalog.quote_literal(desired), 'null'),
                coalesce(minimum::text, 'null'), coalesce(maximum::text, 'null')), hint = 'such as minimum => 100';
    end if;
    if coalesce(max_changes, 0) not between 1 and 10 then
        raise exception using errcode = 'FG004', message = pg_catalog.format('max_changes must be from 1 to 10, got %s', coalesce(max_changes::text, 'null')), hint = 'three is the default';
    elsif not coalesce(mutable <@ names, true) then
        raise exception using errcode = 'FG006', message = pg_catalog.format('mutable names columns that model "%s" does not have', model),
            detail = pg_catalog.format('Its columns: %s.', pg_catalog.array_to_string(names, ', ')), hint = 'name some of them';
    end if;
    if forge.counterfactual_shortfall(pinned, features, desired, minimum, maximum) <= 0 then
        return;  -- it is so already
    end if;

    select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(m)) into moves
    from forge.counterfactual_moves(pinned,
        (select pg_catalog.array_agg(e.features) from forge.model_rows(pinned, forge.model_source(counterfactual.model, counterfactual.source), 1000) e),
        features, mutable) m;
    beam := pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('changes', '{}'::jsonb, 'distance', 0));
    for i in 1 .. max_changes loop
        with tries as (
            select s.state -> 'changes' || pg_catalog.jsonb_build_object(m.feature, m.given) as changes,
                (s.state ->> 'distance')::pg_catalog.float8 + m.cost as distance
            from pg_catalog.jsonb_array_elements(beam) s(state), pg_catalog.jsonb_to_recordset(moves) m(feature text, given jsonb, cost double precision)
            where not s.state -> 'changes' ? m.feature
                and (best is null or (s.state ->> 'distance')::pg_catalog.float8 + m.cost < (best ->> 'distance')::pg_catalog.float8)),
        scored as (
            select t.changes, t.distance, forge.counterfactual_shortfall(pinned, features || t.changes, desired, minimum, maximum) as shortfall from tries t),
        ranked as (
            select s.*, pg_catalog.row_number() over (partition by s.shortfall <= 0 order by case when s.shortfall <= 0 then s.distance else s.shortfall end, s.distance, s.changes) as rank
            from scored s)
        select (select pg_catalog.to_jsonb(r) from ranked r where r.shortfall <= 0 and r.rank = 1),
            pg_catalog.jsonb_agg(pg_catalog.to_jsonb(r) order by r.rank) filter (where r.shortfall > 0 and r.rank <= beam_width)
        into tried, beam
        from ranked r;
        best := coalesce(tried, best);
        exit when beam is null;
    end loop;
    if best is null then
        raise exception using errcode = 'FG010', message = pg_catalog.format('no change of at most %s columns gives the desired prediction', max_changes),
            detail = pg_catalog.format('Columns that may change: %s.', pg_catalog.array_to_string(coalesce(mutable, names), ', ')),
            hint = 'let more columns change, raise max_changes, or ask for less';
    end if;

    -- Each number as near to what it was as the prediction allows.
    for change in
        select c.key as name, c.value as given, m.type
        from pg_catalog.jsonb_each(best -> 'changes') c
        join (select distinct x.feature, x.type, x.kind from pg_catalog.jsonb_to_recordset(moves) x(feature text, type text, kind text)) m on m.feature = c.key
        where m.kind = 'number' and m.type !~ '^(boolean|date|timestamp|interval)' and pg_catalog.jsonb_typeof(features -> c.key) = 'number'
        order by c.key
    loop
        low := (features ->> change.name)::pg_catalog.float8;
        high := (change.given #>> '{}')::pg_catalog.float8;
        for i in 1 .. 40 loop
            middle := (low + high) / 2;
            exit when middle = low or middle = high;
            tried := best -> 'changes' || pg_catalog.jsonb_build_object(change.name, middle);
            if forge.counterfactual_shortfall(pinned, features || tried, desired, minimum, maximum) <= 0 then high := middle; else low := middle; end if;
        end loop;
        if change.type in ('smallint', 'integer', 'bigint') then
            middle := case when high > (features ->> change.name)::pg_catalog.float8 then pg_catalog.ceil(high) else pg_catalog.floor(high) end;
            tried := best -> 'changes' || pg_catalog.jsonb_build_object(change.name, middle);
            high := case when forge.counterfactual_shortfall(pinned, features || tried, desired, minimum, maximum) <= 0 then middle
                else (change.given #>> '{}')::pg_catalog.float8 end;
        end if;
        best := pg_catalog.jsonb_set(best, array['changes', change.name], pg_catalog.to_jsonb(high));
    end loop;
    return query
        select c.key, features ->> c.key, c.value #>> '{}',
            pg_catalog.sum(case when m.kind = 'category' or pg_catalog.jsonb_typeof(features -> c.key) = 'null' then 1
                else pg_catalog.abs(forge.json_number(c.value, m.type) - forge.json_number(features -> c.key, m.type)) / m.scale end) over (),
            case when version.outputs = 1 then forge.predict(pinned, features || (best -> 'changes')) end,
            case when task = 'classification' then forge.predict_label(pinned, features || (best -> 'changes')) end
        from pg_catalog.jsonb_each(best -> 'changes') c
        join (select distinct x.feature, x.type, x.kind, x.scale from pg_catalog.jsonb_to_recordset(moves) x(feature text, type text, kind text, scale double precision)) m
            on m.feature = c.key
        order by c.key collate "C";
end
$$;
comment on function forge.counterfactual is
    'the smallest change of a row found that gives the desired prediction: one row for each changed column, with the whole distance, prediction and label; no row if it is so already. '
    'features: a JSON object of the model''s columns; desired: a label (for two classes by default the other one); minimum, maximum: where a regression''s prediction shall lie; '
    'mutable: the columns that may change (default all), max_changes of them (1 to 10); source: rows whose values are tried, by default those of the training request. '
    'Distance: |difference| / median absolute deviation of a number, 1 for a category (Wachter et al. 2017). FG010: none found';

create or replace function forge.counterfactual_shortfall(pinned text, features jsonb, desired text, minimum double precision, maximum double precision)
returns double precision
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when desired is null then greatest(minimum - p.value, p.value - maximum, 0)
        when forge.predict_label(pinned, features) = desired then 0
        else greatest(1 - coalesce((forge.predict_proba(pinned, features) ->> desired)::float8, 0), 1e-300) end
    from (select case when desired is null then forge.predict(pinned, features) end as value) p
$$;
comment on function forge.counterfactual_shortfall is
    'how far a prediction is from what is desired: 0 when it is there, else the distance to the interval, or 1 - the label''s probability; internal';
