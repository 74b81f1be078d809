-- The one place where the SQL of features is made: for each entity row and view the row of the view that held at the entity
-- row's time. Everything in it is qualified, so that it means the same under any search_path, and it runs with the rights
-- of who runs it. An entity row is `e`: its columns, forge_row (1 … n) and forge_time; a row of a view is `f`. What is called for
-- every push is PL/pgSQL, which keeps plans that SQL functions make again.

create or replace function forge.time_literal(at timestamptz) returns text
language sql immutable
set search_path = pg_catalog, pg_temp set datestyle = 'ISO, YMD' set timezone = 'UTC'
as $$ select format('%L::pg_catalog.timestamptz', at) where at is not null $$;
comment on function forge.time_literal is 'an instant as SQL that means the same in every session; null for null; internal';

create or replace function forge.instant_of(type text, expression text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select case type when 'timestamp with time zone' then expression when 'date' then format('(%s::pg_catalog.timestamp at time zone ''UTC'')', expression)
        else format('(%s at time zone ''UTC'')', expression) end
$$;
comment on function forge.instant_of is 'a time of a type as timestamptz, UTC where it has no zone; internal';

-- The instant is turned round, not the column, which may be indexed.
create or replace function forge.comparable_instant(type text, instant text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select case type when 'timestamp with time zone' then instant else format('(%s at time zone ''UTC'')', instant) end $$;
comment on function forge.comparable_instant is 'an instant to compare with a column of times of a type; internal';

-- No SET search_path, so that it is inlined. An xid counts modulo 2^32; of subtransactions that ran when the snapshot was taken
-- it cannot tell that they had not committed.
create or replace function forge.was_visible(writer xid, snapshot pg_snapshot, own xid8) returns boolean
language sql stable parallel safe
as $$
    select x.low operator(pg_catalog.<) 3 or pg_catalog.pg_visible_in_snapshot(x.whole, snapshot) or x.whole operator(pg_catalog.=) own
    from (
        select c.low, (c.low + (c.horizon operator(pg_catalog.>>) 32 operator(pg_catalog.<<) 32)
            + case when c.low - (c.horizon operator(pg_catalog.&) 4294967295) > 2147483648 then -4294967296
                when c.low - (c.horizon operator(pg_catalog.&) 4294967295) < -2147483648 then 4294967296 else 0 end)::pg_catalog.text::pg_catalog.xid8 as whole
        from (select writer::pg_catalog.text::pg_catalog.int8 as low,
            pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text::pg_catalog.int8 as horizon) c
    ) x
$$;
comment on function forge.was_visible is 'whether what a transaction wrote was visible in a snapshot, or is of the transaction that took it; internal';

-- horizon: how far back rows count, and whether one exactly so old does. seen: only rows of tables that were visible then,
-- as forge.was_visible takes it.
create or replace function forge.candidates(
    view forge.feature_views, as_of timestamptz, leak_check boolean, horizon interval, closed boolean, seen text default null) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select concat_ws(' and ',
            (select string_agg(format('f.%1$I operator(pg_catalog.=) e.%1$I', k), ' and ' order by place) from unnest(view.join_keys) with ordinality u(k, place)),
            format('f.%I operator(pg_catalog.<=) %s', view.event_timestamp, forge.comparable_instant(event.type, 'e.forge_time')),
            case when horizon is not null then format('f.%I operator(pg_catalog.%s) %s', view.event_timestamp, case when closed then '>=' else '>' end,
                forge.comparable_instant(event.type, format('(e.forge_time operator(pg_catalog.-) %L::pg_catalog.interval)', forge.seconds(horizon) || ' seconds'))) end,
            case when leak_check then format('f.%I operator(pg_catalog.<=) %s', view.created_timestamp, forge.comparable_instant(created.type, 'e.forge_time')) end,
            case when as_of is not null then format('f.%I operator(pg_catalog.<=) %s', view.created_timestamp,
                forge.comparable_instant(created.type, forge.time_literal(as_of))) end,
            (select format('forge.was_visible(f.xmin, %s)', seen)
             from pg_class c where seen is not null and c.oid = forge.relation_of(view.source) and c.relkind in ('r', 'p')))
        from (select view.columns ->> view.event_timestamp as type) event, (select view.columns ->> view.created_timestamp as type) created);
end
$$;
comment on function forge.candidates is 'which rows f of a view are known to an entity row e at its time; internal';

create or replace function forge.latest_first(view forge.feature_views) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select string_agg(format(case when forge.is_ordered(view.columns ->> c) then 'f.%I desc' else 'f.%I::pg_catalog.text desc' end, c), ', ' order by place)
        from unnest(array_remove(array[view.event_timestamp, view.created_timestamp], null) || view.tie_columns) with ordinality u(c, place));
end
$$;
comment on function forge.latest_first is 'the order in which the rows of a view win: by event, by recording, then by the columns that break ties; internal';

create or replace function forge.from_item(source text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select case when source ~* '^\s*(select|with|values)\s' then format(E'(%s\n)', source) else source end $$;
comment on function forge.from_item is 'a qualified source in a FROM clause; internal';

create or replace function forge.not_tombstone(view forge.feature_views) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select case when view.tombstone_column is null then null
        when view.columns ->> view.tombstone_column = 'boolean' then format('f.%I is not true', view.tombstone_column)
        else format('f.%I is null', view.tombstone_column) end
$$;
comment on function forge.not_tombstone is 'the condition by which a row of a view is no tombstone; null where it has none; internal';

create or replace function forge.row_lookup(view forge.feature_views, names text[], as_of timestamptz, seen text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select format('select %s from (select %s from %s f where %s order by %s limit 1) f%s', picked.outer_list, picked.inner_list,
            forge.from_item(view.source),
            forge.candidates(view, case when view.created_timestamp is not null then as_of end, view.leak_check and view.created_timestamp is not null, view.ttl, true, seen),
            forge.latest_first(view),
            ' where ' || forge.not_tombstone(view))
        from (
            select string_agg(format('f.%I', n), ', ') filter (where n = any (names)) as outer_list,
                string_agg(format('f.%I', n), ', ') as inner_list
            from (select distinct n from unnest(names || array_remove(array[view.tombstone_column], null)) n order by n) u
        ) picked);
end
$$;
comment on function forge.row_lookup is 'the features of the row of a view that holds for an entity row e; no row where there is none or it is a tombstone; internal';

create or replace function forge.aggregate_expression(view forge.feature_views, aggregation jsonb, within text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    -- Sums of float4 would be float4.
    select format(case aggregation ->> 'function'
            when 'count' then case when aggregation ->> 'column' is null then 'pg_catalog.count(*)%2$s' else 'pg_catalog.count(%1$s)%2$s' end
            when 'distinct' then 'pg_catalog.count(distinct %1$s)%2$s'
            when 'last' then '(pg_catalog.array_agg(%1$s order by %3$s)%2$s)[1]'
            when 'stddev' then 'pg_catalog.stddev_samp(%1$s%4$s)%2$s'
            when 'sum' then 'pg_catalog.sum(%1$s%4$s)%2$s'
            when 'avg' then 'pg_catalog.avg(%1$s%4$s)%2$s'
            when 'min' then 'pg_catalog.min(%1$s)%2$s'
            when 'max' then 'pg_catalog.max(%1$s)%2$s' end,
        format('f.%I', coalesce(aggregation ->> 'column', '')), case when within is not null then format(' filter (where %s)', within) else '' end, forge.latest_first(view),
        case when view.columns ->> coalesce(aggregation ->> 'column', '') = 'real' then '::pg_catalog.float8' else '' end)
$$;
comment on function forge.aggregate_expression is 'an aggregation over rows f; internal';

create or replace function forge.window_aggregates(view forge.feature_views, names text[], out expressions text, out longest interval)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select string_agg(format('%s as %I', forge.aggregate_expression(view, a,
            format('f.%I operator(pg_catalog.>) %s', view.event_timestamp, forge.comparable_instant(view.columns ->> view.event_timestamp,
                format('(e.forge_time operator(pg_catalog.-) %L::pg_catalog.interval)', length || ' seconds')))), a ->> 'name'), ', ' order by place),
        max(make_interval(secs => length::float8))
    from jsonb_array_elements(view.aggregations) with ordinality u(a, place), lateral forge.seconds((a ->> 'time_window')::interval) length
    where a ->> 'name' = any (names)
$$;
comment on function forge.window_aggregates is 'the aggregations of a view over rows f in (time - window, time] of an entity row e, and their longest window; internal';

create or replace function forge.window_rows(view forge.feature_views, as_of timestamptz, longest interval, seen text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select concat_ws(' and ', forge.candidates(view, case when view.created_timestamp is not null then as_of end,
        view.leak_check and view.created_timestamp is not null, longest, false, seen), forge.not_tombstone(view))
$$;
comment on function forge.window_rows is 'which rows f an entity row e aggregates; internal';

-- One pass over the longest window; an entity row without a key or a time has no window, and NULLs.
create or replace function forge.window_lookup(view forge.feature_views, names text[], as_of timestamptz, seen text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format('select %s from %s f where %s having %s', w.expressions, forge.from_item(view.source), forge.window_rows(view, as_of, w.longest, seen),
        concat_ws(' and ', 'e.forge_time is not null', (select string_agg(format('e.%I is not null', k), ' and ') from unnest(view.join_keys) k)))
    from forge.window_aggregates(view, names) w
$$;
comment on function forge.window_lookup is 'the aggregations of a view for an entity row e: of rows in (time - window, time]; internal';

create or replace function forge.aggregate_probe(view forge.feature_views) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format('select %s from %s f', string_agg(format('%s as %I', forge.aggregate_expression(view, a, null), a ->> 'name'), ', ' order by place),
        forge.from_item(view.source))
    from jsonb_array_elements(view.aggregations) with ordinality e(a, place)
$$;
comment on function forge.aggregate_probe is 'the aggregations of a view over all rows, to be analysed for their types; internal';

-- Entity rows, numbered as they come, and sorted so that neighbours read the same pages of the index: three times as fast.
-- at: the column that says when; null: all of them now, or as of.
create or replace function forge.entity_rows(qualified text, columns jsonb, at text, as_of timestamptz, sorted_by text[],
    numbered_by text default 'pg_catalog.row_number() over ()') returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select format('select %s as forge_row, %s as forge_time, s.* from %s s%s', numbered_by,
        case when at is null then coalesce(forge.time_literal(as_of), 'pg_catalog.now()')
            else forge.instant_of((select c ->> 'type' from jsonb_array_elements(columns) c where c ->> 'name' = at), format('s.%I', at)) end,
        forge.from_item(qualified),
        (select ' order by ' || string_agg(format('s.%I', k), ', ' order by place) || ', forge_time' from unnest(sorted_by) with ordinality u(k, place)))
$$;
comment on function forge.entity_rows is 'the rows e that features are looked up for; internal';

-- planned: what forge.planned_features gave. entity_columns: those of the entity rows to keep, in order.
create or replace function forge.historical_query(
    entity_rows text, entity_columns text[], planned jsonb, as_of timestamptz, in_order boolean, seen text default null) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select concat('select ', (
            select string_agg(c.item, ', ' order by c.part, c.place) from (
                select 1, 1, 'e.forge_row as entity_row'
                union all select 2, place, format('e.%I', n) from unnest(entity_columns) with ordinality u(n, place)
                union all select 3, i.place, format('%s as %I', i.item, i.output) from forge.feature_items(planned, false) i
            ) c(part, place, item)),
        E'\nfrom (', entity_rows, ') e',
        (select string_agg(format(E'\nleft join lateral (%s) v%s on true', case when (l.view).aggregations is null
                then forge.row_lookup(l.view, l.names, as_of, seen) else forge.window_lookup(l.view, l.names, as_of, seen) end, l.number), '' order by l.number)
         from forge.planned_lookups(planned) l),
        forge.computed_joins(planned, false),
        case when in_order then E'\norder by e.forge_row' end)
$$;
comment on function forge.historical_query is 'the query that gives each entity row its features as of its time; internal';
