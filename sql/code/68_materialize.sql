-- Materialization: the same SQL that looks history up (63_historical_query.sql), asked for the keys of which something has changed,
-- as of one instant, and written in one transaction.

create or replace function forge.this_server() returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select format('%s/%s', (select c.system_identifier from pg_control_system() c), (select d.oid from pg_database d where d.datname = current_database())) $$;
comment on function forge.this_server is 'in what transaction ids mean something; internal';

create or replace function forge.keys_where(view forge.feature_views, condition text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select format('select distinct %s from %s f where %s',
            (select string_agg(case when k.name = any (view.join_keys) then format('f.%I', k.name) else 'true as forge_key' end, ', ' order by k.place) from forge.online_keys(view) k),
            forge.from_item(view.source),
            concat_ws(' and ', format('(%s)', condition), (select string_agg(format('f.%I is not null', k), ' and ') from unnest(view.join_keys) k))));
end
$$;
comment on function forge.keys_where is 'the keys of the rows f of a view for which a condition holds; internal';

create or replace function forge.time_between(column_name text, type text, opening text, low timestamptz, high timestamptz) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format('f.%1$I %2$s %3$s and f.%1$I <= %4$s', column_name, opening,
        forge.comparable_instant(type, forge.time_literal(low)), forge.comparable_instant(type, forge.time_literal(high)))
    where column_name is not null
$$;
comment on function forge.time_between is 'the condition that a time of a row f lies between two instants; null where there is no such column; internal';

-- Windows end later at a later instant: what was in them has left, and nobody has written anything.
create or replace function forge.keys_between(view forge.feature_views, low timestamptz, high timestamptz, relation regclass) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select concat(forge.keys_where(view, forge.time_between(view.event_timestamp, view.columns ->> view.event_timestamp, '>=', coalesce(low, '-infinity'), high)),
        (select format(' union select %s from %s where forge_time < %s', string_agg(quote_ident(k.name), ', ' order by k.place), relation, forge.time_literal(high))
         from forge.online_keys(view) k having view.aggregations is not null and relation is not null))
$$;
comment on function forge.keys_between is 'keys with rows from one instant to another; of windows also those that are online; internal';

-- A transaction that was running when the snapshot was taken has subtransactions that the snapshot does not know: whatever is as
-- young as the oldest running one is looked at again. Of other sources the time of recording says what is new, which is when
-- the transaction began: an hour is how long it may have lasted.
create or replace function forge.changed_keys(view forge.feature_views, since forge.materializations, at timestamptz) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with times as (
        select view.columns ->> view.event_timestamp as event, view.columns ->> view.created_timestamp as created
    )
    select forge.keys_where(view, concat_ws(' or ',
        case when forge.is_table(view) then format('age(f.xmin) <= age(%L::xid)', pg_snapshot_xmin(since.snapshot)::xid)
            else forge.time_between(view.created_timestamp, created, '>', since.to_time - interval '1 hour', at) end,
        forge.time_between(view.event_timestamp, event, '>', since.to_time, at),
        case when view.leak_check then forge.time_between(view.created_timestamp, created, '>', since.to_time, at) end,
        (select string_agg(distinct forge.time_between(view.event_timestamp, event, '>', since.to_time - w, at - w), ' or ')
         from jsonb_array_elements(view.aggregations) a, lateral make_interval(secs => forge.seconds((a ->> 'time_window')::interval)::float8) w)))
    from times
$$;
comment on function forge.changed_keys is 'keys whose values may be others at an instant than those of an earlier run; internal';

create or replace function forge.is_table(view forge.feature_views) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select exists (select from pg_class c where c.oid = forge.relation_of(view.source) and c.relkind in ('r', 'p')) $$;
comment on function forge.is_table is 'whether the source of a view is a table, whose rows say by which transaction they were written; internal';

create or replace function forge.last_materialization(view forge.feature_views) returns forge.materializations
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select m from forge.materializations m
    where m.view = last_materialization.view.name and m.version = last_materialization.view.version and m.snapshot is not null and m.published
        and m.server = forge.this_server() and pg_snapshot_xmax(pg_current_snapshot())::text::numeric - pg_snapshot_xmin(m.snapshot)::text::numeric between 0 and 2000000000
        and m.source_id is not distinct from forge.relation_of(last_materialization.view.source)
        and (forge.is_table(last_materialization.view) or last_materialization.view.created_timestamp is not null)
    order by m.id desc limit 1
$$;
comment on function forge.last_materialization is
    'the run that the next one goes on from; null: it looks at all rows, as there is none, or none whose snapshot still tells transactions apart; internal';

create or replace function forge.count_online(view forge.feature_views, relation regclass, out keys bigint, out null_counts jsonb)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    names constant text[] := forge.names_of(view.features);
    counts bigint[];
begin
    execute format('select count(*), array[%s] from %s o where not forge_deleted',
        (select string_agg(format('count(*) filter (where o.%I is null)', n), ', ' order by place) from unnest(names) with ordinality u(n, place)), relation)
    into keys, counts;
    null_counts := (select jsonb_object_agg(n, c) from unnest(names, counts) u(n, c));
end
$$;
comment on function forge.count_online is 'how many rows an online table has, tombstones aside, and in how many each feature is NULL; internal';

create or replace function forge.run_materialization(view forge.feature_views, kind text, low timestamptz, high timestamptz) returns forge.materializations
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    since forge.materializations;
    run forge.materializations;
    relation regclass;
    query text;
begin
    -- One run of a view at a time: the second goes on from the first.
    perform pg_advisory_xact_lock(hashtextextended('forge.materializations.' || view.name || '/' || view.version, 0));
    perform forge.raise_problems(format('feature view "%s"', view.name), array(
        select p::forge.problem from forge.stale_views(jsonb_build_array(jsonb_build_object('view', view.name, 'version', view.version))) p));
    relation := forge.online_table(view);
    run.started_at := clock_timestamp();
    run.to_time := least(coalesce(high, run.started_at), run.started_at);
    run.from_time := low;
    if kind = 'incremental' and relation is not null then
        since := forge.last_materialization(view);
        run.from_time := since.to_time;
    end if;
    if kind = 'incremental' or low is null and high is null then
        run.snapshot := pg_current_snapshot();
    end if;
    query := forge.online_rows(view, case when since.id is null then forge.keys_between(view, low, run.to_time, relation)
        else forge.changed_keys(view, since, run.to_time) end, run.to_time);
    run.published := true;
    begin
        if relation is null then
            relation := forge.create_online_table(view, query);
            execute format('select count(*) from %s', relation) into run.rows;
        else
            run.rows := forge.write_online(view, relation, query);
        end if;
        select c.* into run.keys, run.null_counts from forge.count_online(view, relation) c;
        run.breaches := forge.expectation_breaches(view, relation, run.to_time, run.keys, run.null_counts);
        if run.breaches <> '[]' and view.on_breach = 'stop' then
            raise sqlstate '09000';
        end if;
    exception when sqlstate '09000' then
        run.published := false;
        run.rows := 0;
    end;
    if since.id is null and run.published then
        perform forge.refresh_services(view);
    end if;
    if run.breaches <> '[]' then
        raise warning 'feature view "%": expectations do not hold%', view.name, case when run.published then '' else ', and what was online stays' end
            using detail = run.breaches::text;
    end if;
    insert into forge.materializations as m (view, version, kind, from_time, to_time, snapshot, server, source_id, rows, keys, null_counts, breaches, published,
        started_at, finished_at)
    values (view.name, view.version, kind, run.from_time, run.to_time, run.snapshot, forge.this_server(), forge.relation_of(view.source),
        run.rows, run.keys, run.null_counts, run.breaches, run.published, run.started_at, clock_timestamp())
    returning m.* into run;
    return run;
end
$$;
comment on function forge.run_materialization is 'writes what holds of a view into its online table, and says so in forge.materializations; internal';

create or replace function forge.materialize(view text, start_ts timestamptz default null, end_ts timestamptz default null) returns forge.materializations
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if start_ts > end_ts then
        raise exception using errcode = 'FG004', message = format('start_ts %s is later than end_ts %s', start_ts, end_ts), hint = 'the earlier one comes first';
    end if;
    return forge.run_materialization(forge.view_version(view, changing => true), 'range', start_ts, end_ts);
end
$$;
comment on function forge.materialize is
    'writes what holds at end_ts (now, where it is left out or later) into the online table forge_online.<view>_v<version>, for every key with a row of event time from start_ts (the beginning, if left out) to end_ts; rows that are online and later stay. view: its newest version, or name/version. As the view''s owner, or a member; in one transaction, and returns its row of forge.materializations. FG006, FG007: the source has lost a column; FG022: it is another''s; FG032: there is none';

create or replace function forge.materialize_incremental(view text) returns forge.materializations
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return forge.run_materialization(forge.view_version(view, changing => true), 'incremental', null, null);
end
$$;
comment on function forge.materialize_incremental is
    'brings the online table up to now: for keys with rows that the last such run could not see, late ones among them, and those whose windows have moved on. Of a table it is the transaction that wrote a row that counts; of other sources created_timestamp, an hour back, and without one everything is looked at. Returns its row of forge.materializations; errors as forge.materialize''s';
