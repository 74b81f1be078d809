-- Online tables: what holds now, by the rule of docs/feature-store.md, whoever writes it and however often.
\set SHOW_CONTEXT never
set timezone = 'UTC';
create schema shop authorization tom;
set role tom;
set search_path = shop, public;
select forge.create_entity('person', '{user_id}', '{bigint}'), forge.create_entity('pair', '{a,b}', '{text,text}');
create table visits (user_id bigint, at timestamptz, loaded timestamptz default now(), gone boolean, visits int, note json);
create index on visits (user_id, at desc);
select forge.create_feature_view('seen', '{person}', 'visits', 'at', '{visits,note}', created_timestamp => 'loaded', tombstone_column => 'gone', ttl => '10 days');
create view runs as select view, version, kind, from_time is not null as goes_on, rows, keys, null_counts from forge.materializations order by id;

-- a source with 0 rows, then rows: NULL keys, tombstones, one to come, one long past its ttl, infinity
select rows, keys, null_counts from forge.materialize('seen');
insert into visits (user_id, at, loaded, gone, visits, note) values (1, '2026-03-01', '2026-03-01', false, 1, '{}'), (1, '2026-03-02', '2026-03-02', false, 2, null),
    (2, '2026-03-01', '2026-03-01', false, 1, '{}'), (2, '2026-03-02', '2026-03-02', true, 9, '{}'), (null, '2026-03-01', '2026-03-01', false, 1, '{}'),
    (3, '2999-01-01', '2026-03-01', false, 7, '{}'), (4, '1999-01-01', '1999-01-01', false, 4, '{}'), (5, 'infinity', '2026-03-01', false, 5, '{}'),
    (6, '-infinity', '2026-03-01', false, 6, '{}');
select rows, keys, null_counts from forge.materialize_incremental('seen');
table forge_online.seen_v1 order by 1;
-- twice is once; an older row changes nothing, a later recording of the same time does
select rows from forge.materialize_incremental('seen');
insert into visits values (1, '2026-03-01 12:00', '2026-03-04', false, 100, null), (4, '1999-01-01', '2026-03-04', false, 44, '{}');
select rows from forge.materialize_incremental('seen');
select user_id, forge_time, forge_recorded, visits from forge_online.seen_v1 where user_id in (1, 4) order by 1;
-- a row updated in place is seen by the transaction that wrote it
update visits set visits = 45 where user_id = 4 and loaded = '2026-03-04';
select rows from forge.materialize_incremental('seen');
select visits from forge_online.seen_v1 where user_id = 4;
-- what the transaction writes after its run, and in a subtransaction, is left for the next
begin;
savepoint s;
select rows from forge.materialize_incremental('seen');
insert into visits values (7, '2026-03-05', '2026-03-05', false, 7, null);
release s;
commit;
select rows from forge.materialize_incremental('seen');
-- of a range of times
insert into visits values (8, '2026-03-05', '2026-03-05', false, 8, null), (9, '2026-03-06', '2026-03-06', false, 9, null);
select rows, from_time, to_time from forge.materialize('seen', '2026-03-06', '2026-03-06');
select user_id from forge_online.seen_v1 where user_id in (8, 9);
select rows from forge.materialize_incremental('seen');
select user_id from forge_online.seen_v1 where user_id in (8, 9) order by 1;
-- an instant in the past takes nothing back
select rows from forge.materialize('seen', null, '2026-03-01 12:00');
select regress.error($$select forge.materialize('seen', '2026-03-02', '2026-03-01')$$);
-- what was recorded since the last run is looked at, though its transaction was known then
insert into visits values (10, '2026-03-05', now() - interval '1 hour', false, 10, null);
select rows from forge.materialize_incremental('seen');
reset role;
delete from forge_online.seen_v1 where user_id = 10;
update forge.materializations set to_time = to_time - interval '2 hours' where view = 'seen';
set role tom;
select rows from forge.materialize_incremental('seen');
select rows from forge.materialize_incremental('seen');
-- with the index, and without it, the same
create table first as table forge_online.seen_v1;
drop index visits_user_id_at_idx;
drop table forge_online.seen_v1;
select rows, keys from forge.materialize_incremental('seen');
select count(*) from (select t::text from forge_online.seen_v1 t except select t::text from first t) x;
select * from runs;

-- Windows: what has left them is gone though nobody wrote anything
create table events (user_id bigint, at timestamptz, amount float8);
insert into events select i % 50, clock_timestamp() - i * interval '1 hour', sin(i) from generate_series(1, 2000) i;
insert into events values (100, clock_timestamp() - interval '1 day 30 minutes', 1), (101, clock_timestamp() - interval '30 minutes', 1);
select forge.create_feature_view('sums', '{person}', 'events', 'at', aggregations =>
    '[{"function": "sum", "column": "amount", "time_window": "30 days", "name": "s"}, {"function": "count", "time_window": "1 day", "name": "n"},
      {"function": "min", "column": "amount", "time_window": "30 days", "name": "least"}, {"function": "stddev", "column": "amount", "time_window": "30 days", "name": "sd"}]');
select keys, null_counts from forge.materialize('sums', null, clock_timestamp() - interval '1 hour');
select n from forge_online.sums_v1 where user_id = 100;
reset role;
update forge.materializations set snapshot = pg_current_snapshot() where view = 'sums';
set role tom;
-- of 100, and 24, an event has left the day, of 20 the month; 101 has a new one
select rows from forge.materialize_incremental('sums');
select user_id, n, s from forge_online.sums_v1 where user_id >= 100 order by 1;
-- as history has it, at the instant of each row
select forge.historical_features('select user_id, forge_time as event_timestamp from forge_online.sums_v1', output => 'shop.history', features => '{sums}');
select count(*), count(*) filter (where (h.n, h.least) is distinct from (o.n, o.least)) as others, max(abs(h.s - o.s)) < 1e-12 as sums, max(abs(h.sd - o.sd)) < 1e-12 as deviations
from history h join forge_online.sums_v1 o using (user_id);

-- Keys that are one as text; no entity; a SELECT that says when it recorded, and one that does not
create table paired (a text, b text, at date, v int);
insert into paired values ('1', '12', '2026-01-01', 1), ('11', '2', '2026-01-01', 2);
select forge.create_feature_view('pairs', '{pair}', 'paired', 'at');
select rows from forge.materialize('pairs');
table forge_online.pairs_v1 order by a;
select forge.create_feature_view('weather', '{}', 'select at, v from paired', 'at');
select rows from forge.materialize_incremental('weather');
table forge_online.weather_v1;
insert into paired values ('1', '12', '2026-01-02', 3);
select rows from forge.materialize_incremental('weather');
select forge.create_feature_view('chosen', '{person}', 'select user_id, at, loaded, visits from visits', 'at', created_timestamp => 'loaded');
select rows > 0 as rows from forge.materialize_incremental('chosen');
insert into visits values (1, '2026-03-07', default, false, 11, null), (2, '2026-03-07', '2026-03-07', false, 12, null);
select rows from forge.materialize_incremental('chosen');
select user_id, visits from forge_online.chosen_v1 where user_id in (1, 2) order by 1;

-- Names, rights, and sources that changed
select regress.error($$select forge.materialize('nothing')$$), regress.error($$select forge.materialize('seen/9')$$), regress.error($$select forge.materialize(null)$$);
reset role;
set role ann;
select regress.error($$select forge.materialize('seen')$$), regress.error($$table forge_online.seen_v1$$), regress.error($$insert into forge.materializations (view, version, kind, to_time, rows, keys, null_counts) values ('seen', 1, 'range', now(), 0, 0, '{}')$$);
select count(*) > 0 as readable from forge.materializations;
reset role;
set role tom;
grant select on forge_online.seen_v1 to ann;
reset role;
set role ann;
select count(*) from forge_online.seen_v1;
reset role;
grant forge_trainer to ann;
set role ann;
create table forge_online.pairs_v2 (a text, b text);
reset role;
set role tom;
select forge.alter_feature_view('pairs', '{"ttl": "1 day"}');
select regress.error($$select forge.materialize('pairs')$$);
select rows from forge.materialize('pairs/1');
reset role;
drop table forge_online.pairs_v2;
revoke forge_trainer from ann;
-- by a member, or a superuser, the table is the owner's
select rows from forge.materialize('pairs');
select relowner::regrole from pg_class where oid = 'forge_online.pairs_v2'::regclass;
set role tom;
alter table paired drop column v;
select regress.error($$select forge.materialize_incremental('pairs')$$);
create table odd (user_id bigint, at timestamptz, forge_time int);
select forge.create_feature_view('odd', '{person}', 'odd', 'at');
select regress.error($$select forge.materialize('odd')$$);
-- a name as long as may be
select forge.create_feature_view(repeat('a', 60), '{person}', 'visits', 'at', '{visits}');
select forge.alter_feature_view(repeat('a', 60), format('{"ttl": "%s days"}', i)::jsonb) from generate_series(1, 9) i offset 8;
select rows > 0 as rows from forge.materialize(repeat('a', 60));
select relname from pg_class where relnamespace = 'forge_online'::regnamespace and relkind = 'r' and relname like 'aaa%';

-- Two writers agree in whatever order they come, and a version takes its table along
select forge.drop_feature_view('seen');
select to_regclass('forge_online.seen_v1') is null as dropped, (select count(*) from forge.materializations where view = 'seen') as runs;
create view depends as table forge_online.sums_v1;
select regress.error($$select forge.drop_feature_view('sums')$$);
drop view depends;
reset role;
