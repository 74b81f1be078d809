-- Edges of feature views: daylight saving, what is still to come, ties, keys that are one as text, and nothing at all.
\set SHOW_CONTEXT never
set timezone = 'UTC';
create schema shop authorization tom;
set role tom;
set search_path = shop, public;
select forge.create_entity('person', '{user_id}', '{bigint}'), forge.create_entity('pair', '{a,b}', '{text,text}');
create function asked(user_id bigint, times timestamptz[]) returns text
language sql as $$ select format('select %s::bigint as user_id, u.t as event_timestamp from unnest(%L::timestamptz[]) u(t)', user_id, times) $$;

-- A day is 24 hours, whatever the clocks of the session do: spring and autumn of New York, and of Lord Howe, where they move by half an hour.
create table stays (user_id bigint, at timestamptz, v int);
create index on stays (user_id, at desc);
insert into stays values (1, '2026-03-08 05:00+00', 1), (2, '2026-11-01 04:00+00', 2), (3, '2026-04-04 13:00+00', 3),
    -- half past one comes twice
    (4, '2026-11-01 05:30+00', 41), (4, '2026-11-01 06:30+00', 42);
select forge.create_feature_view('stay', '{person}', 'stays', 'at', ttl => '1 day');
select forge.create_feature_view('days', '{person}', 'stays', 'at', aggregations => '[{"function": "sum", "column": "v", "time_window": "1 day", "name": "sum_1d"}]');
create function in_zone(zone text, user_id bigint, times timestamptz[]) returns text
language plpgsql as $$
begin
    perform set_config('timezone', zone, true);
    return (select string_agg(format('%s %s', coalesce(h ->> 'v', '-'), coalesce(h ->> 'sum_1d', '-')), ', ' order by (h ->> 'entity_row')::int)
            from forge.historical_features_json(asked(user_id, times), '{stay:v,days:sum_1d}') h);
end
$$;
create view probes as
select 1::bigint as user_id, array['2026-03-09 04:59:59.999999+00', '2026-03-09 05:00+00', '2026-03-09 05:00:00.000001+00']::timestamptz[] as times
union all select 2, array['2026-11-02 03:59:59.999999+00', '2026-11-02 04:00+00', '2026-11-02 04:00:00.000001+00']::timestamptz[]
union all select 3, array['2026-04-05 12:59:59.999999+00', '2026-04-05 13:00+00', '2026-04-05 13:00:00.000001+00']::timestamptz[]
union all select 4, array['2026-11-01 05:29+00', '2026-11-01 05:30+00', '2026-11-01 06:29+00', '2026-11-01 06:30+00']::timestamptz[];
select user_id, string_agg(distinct in_zone(z, user_id, times), ' or ') as the_same_in_all
from probes, unnest('{UTC,America/New_York,Australia/Lord_Howe}'::text[]) z group by 1 order by 1;
-- online, from a session in New York: at the end of the window, and a microsecond before
set timezone = 'America/New_York';
select rows from forge.materialize('days', null, '2026-11-02 03:59:59.999999+00');
select forge_time at time zone 'UTC' as utc, sum_1d from forge_online.days_v1 where user_id = 2;
select rows from forge.materialize('days', null, '2026-11-02 04:00+00');
select forge_time at time zone 'UTC' as utc, sum_1d from forge_online.days_v1 where user_id = 2;
-- what is pushed without a zone is UTC, as is what a column without one says; so is the time of recording that Forge fills in
create table naive (user_id bigint, at timestamp, recorded timestamp, v int);
create index on naive (user_id, at desc);
select forge.create_feature_view('naive', '{person}', 'naive', 'at', '{v}', created_timestamp => 'recorded', ttl => '1 hour');
select forge.create_push_source('naive', 'naive'), forge.create_push_source('stays', 'stay');
select forge.push('naive', '{"user_id": 1, "at": "2026-11-01 01:30", "v": 1}'), forge.push('stays', '[{"user_id": 5, "at": "2026-11-01 01:30", "v": 5}, {"user_id": 6, "at": "2026-11-01 01:30-05", "v": 6}]');
select abs(extract(epoch from (recorded at time zone 'UTC') - clock_timestamp())) < 60 as recorded_in_utc from naive;
select forge_time at time zone 'UTC' as utc, forge_recorded between now() - interval '1 minute' and clock_timestamp() as recorded_now from forge_online.naive_v1;
select user_id, at at time zone 'UTC' as utc from stays where user_id > 4 order by 1;
select h -> 'v' as known_at_once from forge.historical_features_json('select 1::bigint as user_id, clock_timestamp() as event_timestamp', '{naive}') h;
select forge.alter_feature_view('naive', '{"ttl": "36500 days"}');
select h -> 'v' as known_at_once from forge.historical_features_json('select 1::bigint as user_id, clock_timestamp() as event_timestamp', '{naive}') h;
set timezone = 'UTC';

-- What is still to come is not online until it holds, though nobody writes anything then: by its event time, or by when it was recorded.
create table tides (user_id bigint, at timestamptz, recorded timestamptz, level int);
create index on tides (user_id, at desc);
select forge.create_feature_view('tide', '{person}', 'tides', 'at', created_timestamp => 'recorded');
select forge.create_feature_view('waves', '{person}', 'tides', 'at', created_timestamp => 'recorded', aggregations => '[{"function": "count", "time_window": "1 day", "name": "n"}]');
insert into tides values (1, now() - interval '1 hour', now() - interval '1 hour', 1), (2, now() - interval '1 hour', now() - interval '1 hour', 1);
select (forge.materialize_incremental('tide')).rows as tide, (forge.materialize_incremental('waves')).rows as waves;
insert into tides values (1, clock_timestamp() + interval '1 second', now(), 2), (2, now() - interval '1 minute', clock_timestamp() + interval '1 second', 2), (3, now(), now(), 3);
select (forge.materialize_incremental('tide')).rows as tide, (forge.materialize_incremental('waves')).rows > 0 as waves;
select (select jsonb_object_agg(user_id, level) from forge_online.tide_v1) as tide, (select jsonb_object_agg(user_id, n) from forge_online.waves_v1) as waves;
select pg_sleep(greatest(extract(epoch from max(greatest(at, recorded)) - clock_timestamp())::float8, 0)) from tides;
select (forge.materialize_incremental('tide')).rows as tide, (forge.materialize_incremental('waves')).rows as waves;
select (select jsonb_object_agg(user_id, level) from forge_online.tide_v1) as tide, (select jsonb_object_agg(user_id, n) from forge_online.waves_v1) as waves;
-- a push of what is to come is kept, and does not show; materialized in the future, it is as of now
select forge.create_push_source('tides', 'tide');
select forge.push('tides', jsonb_build_object('user_id', 1, 'at', now() + interval '1 day', 'level', 99));
select rows, to_time <= clock_timestamp() as at_most_now from forge.materialize('tide', null, now() + interval '2 days');
select level, (select max(level) from tides) as kept from forge_online.tide_v1 where user_id = 1;
select h -> 'level' as tomorrow from forge.historical_features_json(asked(1, array[now() + interval '25 hours']), '{tide}') h;

-- Of rows that nothing tells apart one is taken, and the same one in whatever order they lie; so online.
create table heap (user_id bigint, at timestamptz, a int, b text);
insert into heap select i % 3, '2026-03-01', i % 5, 'b' || i % 7 from generate_series(1, 400) i;
create table turned as select * from heap order by b, a desc;
select forge.create_feature_view('heap', '{person}', 'heap', 'at'), forge.create_feature_view('turned', '{person}', 'turned', 'at');
select forge.historical_features('select g % 3 as user_id, now() as event_timestamp from generate_series(1, 9) g', 'shop.tied', '{heap:a,heap:b,turned:a,turned:b}', full_feature_names => true);
select count(*), count(*) filter (where (heap__a, heap__b) = (turned__a, turned__b)) as the_same, min(heap__a) as a, min(heap__b) as b from tied;
select (forge.materialize('heap')).rows as heap, (forge.materialize('turned')).rows as turned;
select (select jsonb_agg(to_jsonb(o) order by user_id) from forge_online.heap_v1 o) = (select jsonb_agg(to_jsonb(o) order by user_id) from forge_online.turned_v1 o) as the_same,
    (select count(distinct (a, b)) from forge_online.heap_v1) as winners;
create table doubled as table heap;
select forge.create_feature_view('doubled', '{person}', 'doubled', 'at');
insert into doubled table turned;
select h -> 'a' as a, h -> 'b' as b from forge.historical_features_json('select 1 as user_id', '{doubled}') h;

-- Keys that are one as text, in windows, pushed, and with NULLs
create table paired (a text, b text, at timestamptz, v int);
create index on paired (a, b, at desc);
select forge.create_feature_view('pairs', '{pair}', 'paired', 'at'), forge.create_feature_view('pair_sums', '{pair}', 'paired', 'at', aggregations => '[{"function": "sum", "column": "v", "time_window": "36500 days", "name": "sum"}]');
select forge.create_push_source('pairs', 'pairs'), forge.create_push_source('pair_sums', 'pair_sums');
insert into paired values ('1', null, '2026-01-01', 5), (null, '12', '2026-01-01', 6), (null, null, '2026-01-01', 7);
select forge.push('pairs', '[{"a": "1", "b": "12", "at": "2026-01-01", "v": 1}, {"a": "11", "b": "2", "at": "2026-01-01", "v": 2}, {"a": "112", "b": "", "at": "2026-01-01", "v": 3}, {"a": "", "b": "112", "at": "2026-01-01", "v": 4}]');
select forge.push('pair_sums', '{"a": "11", "b": "2", "at": "2026-01-02", "v": 20}');
select o.a, o.b, o.v, s.sum from forge_online.pairs_v1 o join forge_online.pair_sums_v1 s using (a, b) order by o.v;
select rows from forge.materialize_incremental('pairs');
select a, b, v from forge_online.pairs_v1 order by v;
select h - 'entity_row' as h from forge.historical_features_json($$select * from (values ('1', '12'), ('11', '2'), ('112', ''), ('', '112'), ('1', null), (null, null)) k(a, b)$$, '{pairs:v,pair_sums:sum}') h;

-- Nothing: a view without rows in services, in windows and in datasets; no entity rows; no entity; views that say when differently
create table nothing (user_id bigint, at timestamptz, v int);
create table rates (at timestamptz, rate int);
select forge.create_feature_view('nothing', '{person}', 'nothing', 'at', '{v}', ttl => '1 microsecond');
select forge.create_feature_view('none', '{person}', 'nothing', 'at', aggregations => '[{"function": "count", "time_window": "1 day", "name": "n"}, {"function": "sum", "column": "v", "time_window": "1 day", "name": "sum"}]');
select forge.create_feature_view('rate', '{}', 'rates', 'at', ttl => '1 day'), forge.create_feature_view('all_rates', '{}', 'rates', 'at', aggregations => '[{"function": "count", "time_window": "2 days", "name": "rates"}]');
select forge.create_feature_service('all', '{nothing:v,none:n,none:sum,rate:rate,all_rates:rates}');
select h - 'event_timestamp' as h from forge.historical_features_json(asked(1, '{2026-03-01}'), service => 'all') h;
select (forge.materialize('nothing')).rows as nothing, (forge.materialize('none')).rows as none, (forge.materialize('rate')).rows as rate, (forge.materialize('all_rates')).rows as all_rates;
select (forge.materialize_incremental('nothing')).rows as nothing, (forge.materialize_incremental('none')).rows as none, (forge.materialize_incremental('rate')).rows as rate, (forge.materialize_incremental('all_rates')).rows as all_rates;
insert into rates values ('2026-03-01', 1), ('2026-03-02', 2);
select h -> 'rate' as rate, h -> 'rates' as rates from forge.historical_features_json(asked(1, '{2026-02-28,2026-03-01,2026-03-02,2026-03-03,2026-03-03 00:00:00.000001,2026-03-04}'), service => 'all') h;
select rows from forge.materialize('all_rates', null, '2026-03-02 12:00');
select forge_key, rates from forge_online.all_rates_v1;
select forge.historical_features('select 1::bigint as user_id, now() as event_timestamp where false', 'shop.no_rows', service => 'all');
select count(*) from no_rows;
select * from forge.historical_features_json('select 1::bigint as user_id where false', service => 'all');
reset role;
