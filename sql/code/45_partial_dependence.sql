-- How predictions move with one feature (Friedman 2001, "Greedy function approximation", section 8.2; Goldstein et al.
-- 2015 for the curves of single rows). The public functions run as the caller, under the caller's search_path, since
-- they read a source.

create or replace function forge.model_source(reference text, given text) returns text
language plpgsql stable
as $$
declare
    stored text;
begin
    if given is not null then
        return given;
    end if;
    -- The caller sees own requests only: those of others are asked for by name.
    select r.source into stored
    from forge.resolve_model(reference) f
    join forge.model_versions v on v.id = f.version_id
    join forge.training_requests r on r.id = v.training_request;
    if stored is null then
        raise exception using errcode = 'FG005', message = pg_catalog.format('which rows to look at model "%s" with is not known', reference),
            detail = 'Its training request is not yours, or is gone.', hint = 'name a source: a relation or one SELECT with the model''s columns';
    end if;
    return stored;
end
$$;
comment on function forge.model_source is 'the source that the caller named, else that of the version''s training request; FG005 if neither is known; internal';

create or replace function forge.require_target(reference text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from forge.resolve_model(reference) r join forge.models m on m.name = r.model where not forge.has_target(m.task)) then
        raise exception using errcode = 'FG014', message = format('model "%s" predicts no target', reference),
            hint = 'forge.explain tells what a column does to a row''s cluster or component';
    end if;
end
$$;
comment on function forge.require_target is 'refuses (FG014) a model of clusters or components; internal';

create or replace function forge.model_rows(reference text, source text, max_rows int) returns table (sample bigint, features jsonb)
language plpgsql stable
as $$
declare
    wanted text;
    missing text;
begin
    if max_rows is null or max_rows < 1 then
        raise exception using errcode = 'FG004', message = pg_catalog.format('max_rows must be at least 1, got %s', coalesce(max_rows::text, 'null')),
            hint = 'a thousand rows show a shape well';
    end if;
    perform forge.require_target(reference);
    select pg_catalog.string_agg(pg_catalog.format('s.%I', c.value ->> 'name'), ', ' order by c.place),
        pg_catalog.string_agg(pg_catalog.quote_ident(c.value ->> 'name'), ', ' order by c.place) filter (
            where not forge.readable_columns(model_rows.source) @> pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('name', c.value ->> 'name')))
    into wanted, missing
    from forge.resolve_model(reference) r
    join forge.model_versions v on v.id = r.version_id
    cross join pg_catalog.jsonb_array_elements(v.schema) with ordinality c(value, place);
    if missing is not null then
        raise exception using errcode = 'FG006', message = pg_catalog.format('the source lacks %s of model "%s"', missing, reference),
            hint = 'name a source with the model''s columns';
    end if;
    -- By a hash of the row: the same rows every time, whatever order they come in.
    return query execute pg_catalog.format($sql$
        select pg_catalog.row_number() over (order by p.place), p.features
        from (select pg_catalog.to_jsonb(s) as features, pg_catalog.hashtextextended(s::pg_catalog.text, 42) as place
              from (select %s from (%s
              ) s) s
              order by 2 limit %s) p
        $sql$, wanted, forge.source_query(source), max_rows);
    if not found then
        raise exception using errcode = 'FG010', message = 'the source has no rows',
            detail = pg_catalog.format('Source: %s', source), hint = 'look at the source with a plain SELECT';
    end if;
end
$$;
comment on function forge.model_rows is
    'up to max_rows rows of a source as JSON objects of the model''s columns, by a hash of the row: fewer are the first of more; FG010 without any; internal';

create or replace function forge.json_number(value jsonb, type text) returns double precision
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when jsonb_typeof(value) = 'null' then null
        when type = 'boolean' then (value #>> '{}')::boolean::int::float8
        when type ~ '^(date|timestamp)' then case when isfinite((value #>> '{}')::timestamptz) then date_part('epoch', (value #>> '{}')::timestamptz) - 946684800 end
        when type ~ '^interval' then date_part('epoch', (value #>> '{}')::interval)
        else (value #>> '{}')::float8 end
$$;
comment on function forge.json_number is 'a value of a number column, as to_jsonb writes it, as the number that the model sees; internal';

create or replace function forge.feature_grid(examples jsonb[], type text, kind text, grid_resolution int, percentiles double precision[])
returns table (place bigint, numeric_value double precision, given jsonb)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if kind = 'category' then
        return query
            select row_number() over (order by c.v #>> '{}' collate "C"), null::float8, c.v
            from (select e as v, count(*) as n from unnest(examples) e where jsonb_typeof(e) <> 'null' group by e
                  order by n desc, e #>> '{}' collate "C" limit grid_resolution) c;
    elsif (select count(distinct e) from unnest(examples) e where jsonb_typeof(e) <> 'null') <= grid_resolution then
        return query
            select row_number() over (order by c.p), c.p, c.v
            from (select distinct on (forge.json_number(e, type)) forge.json_number(e, type) as p, e as v
                  from unnest(examples) e where jsonb_typeof(e) <> 'null' order by 1) c
            where c.p is not null;
    elsif type ~ '^(date|timestamp|interval)' then
        -- Values that occur, evenly spread over the rows between the percentiles.
        return query
            with seen as (select forge.json_number(e, type) as p, e as v from unnest(examples) e),
            steps as (
                select least(percentiles[1] + (percentiles[2] - percentiles[1]) * i / greatest(grid_resolution - 1, 1), 1) as step
                from generate_series(0, grid_resolution - 1) i),
            chosen as (select percentile_disc(array(select step from steps)) within group (order by s.p) as values from seen s)
            select row_number() over (order by g.p), g.p, g.v
            from (select distinct on (s.p) s.p, s.v from seen s, chosen c where s.p = any (c.values) order by s.p, s.v) g;
    else
        return query
            select (i + 1)::bigint, g.p, to_jsonb(g.p)
            from (select percentile_cont(percentiles) within group (order by forge.json_number(e, type)) as b
                  from unnest(examples) e where forge.json_number(e, type) not in ('NaN', 'Infinity', '-Infinity')) bounds,
                generate_series(0, grid_resolution - 1) i,
                lateral (select b[1] + (b[2] - b[1]) * i / greatest(grid_resolution - 1, 1) as p) g;
    end if;
end
$$;
comment on function forge.feature_grid is
    'values of a feature to predict at: all that occur if they are few, else an even grid between two percentiles (for times: values that occur), or the most frequent levels; internal';

create or replace function forge.ice(
    model text, feature text, source text default null, grid_resolution int default 20, max_rows int default 100,
    percentiles double precision[] default '{0.05,0.95}')
returns table (sample bigint, value text, numeric_value double precision, class text, prediction double precision)
language plpgsql stable
as $$
declare
    grid_rows constant int := 1000;  -- of however many rows the curves are: they shall have one grid
    version forge.model_versions;
    pinned text;
    type text;
    kind text;
begin
    select v.* into version from forge.resolve_model(ice.model) r join forge.model_versions v on v.id = r.version_id;
    pinned := pg_catalog.format('%s/%s', version.model, version.version);
    select c ->> 'type', c ->> 'kind' into type, kind from pg_catalog.jsonb_array_elements(version.schema) c where c ->> 'name' = ice.feature;
    if type is null then
        raise exception using errcode = 'FG006', message = pg_catalog.format('model "%s" has no feature "%s"', ice.model, ice.feature),
            hint = pg_catalog.format('select item from forge.describe(%L) where section = ''column'' lists them', ice.model);
    end if;
    if kind = 'vector' then
        raise exception using errcode = 'FG007', message = pg_catalog.format('feature "%s" is a vector, which has no grid of values', ice.feature),
            hint = 'forge.explain tells what the whole vector adds to a prediction';
    end if;
    if grid_resolution is null or grid_resolution not between 2 and 1000 or pg_catalog.cardinality(percentiles) is distinct from 2
        or not coalesce(0 <= percentiles[1] and percentiles[1] < percentiles[2] and percentiles[2] <= 1, false) then
        raise exception using errcode = 'FG004',
            message = 'grid_resolution must be from 2 to 1000, and percentiles two rising numbers in [0, 1]',
            detail = pg_catalog.format('Got %s and %s.', coalesce(grid_resolution::text, 'null'), coalesce(percentiles::text, 'null')),
            hint = 'leave them out for 20 values between the 5th and the 95th percentile';
    end if;
    return query
        with examples as materialized (
            select e.sample, e.features
            from forge.model_rows(pinned, forge.model_source(ice.model, ice.source), case when max_rows >= 1 then greatest(max_rows, grid_rows) else max_rows end) e),
        grid as materialized (
            select g.* from forge.feature_grid(
                (select pg_catalog.array_agg(e.features -> ice.feature order by e.sample) from examples e where e.sample <= grid_rows), type, kind, grid_resolution, percentiles) g),
        scored as (
            select e.sample, g.place, g.numeric_value, g.given, changed.features
            from examples e cross join grid g,
                lateral (select e.features || pg_catalog.jsonb_build_object(ice.feature, g.given) as features) changed
            where e.sample <= max_rows)
        select s.sample, s.given #>> '{}', s.numeric_value, p.class, p.prediction
        from scored s,
            lateral (
                select null::pg_catalog.text, forge.predict(pinned, s.features) where version.outputs = 1
                union all
                select c.key, c.value::pg_catalog.float8
                from pg_catalog.jsonb_each_text(case when version.outputs > 1 then forge.predict_proba(pinned, s.features) end) c) p(class, prediction)
        order by s.sample, s.place, p.class;
end
$$;
comment on function forge.ice is
    'individual conditional expectation: the prediction of single rows (sample numbers them) as one feature takes each value of a grid and all else stays. '
    'source: a relation or SELECT with the model''s columns, by default that of the training request; max_rows rows of it, chosen by a hash (FG010 if there are none). value is the feature''s, '
    'numeric_value the number that the model sees (times in seconds since 2000-01-01; NULL for categories); grid_resolution values (2 to 1000) between two percentiles, or all that occur if fewer. '
    'prediction is the value, or a probability: of the positive class, or for more than two of each class. FG006: no such feature';

create or replace function forge.partial_dependence(
    model text, feature text, source text default null, grid_resolution int default 20, max_rows int default 1000,
    percentiles double precision[] default '{0.05,0.95}')
returns table (value text, numeric_value double precision, class text, prediction double precision)
language sql stable
as $$
    select i.value, i.numeric_value, i.class, pg_catalog.avg(i.prediction)
    from forge.ice(model, feature, source, grid_resolution, max_rows, percentiles) i
    group by i.value, i.numeric_value, i.class
    order by i.numeric_value, i.value collate "C", i.class
$$;
comment on function forge.partial_dependence is
    'partial dependence: the mean prediction over max_rows rows as one feature takes each value of a grid and all else stays, as scikit-learn''s method brute; '
    'arguments and results as forge.ice, whose mean it is';
