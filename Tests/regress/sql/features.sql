-- Historical features: each entity row with what was known at its time, by the rule of docs/feature-store.md.
\set SHOW_CONTEXT never
set timezone = 'UTC';
create schema shop authorization tom;
set role tom;
set search_path = shop, public;
create table visits (user_id bigint, at timestamptz, loaded timestamptz, gone boolean, visits int, plan text, note json);
select forge.create_entity('person', '{user_id}', '{bigint}', 'who visits');
-- One function for all: looks one entity row up, and shows the features alone.
create function look(at timestamptz, features text[], as_of timestamptz default null, key bigint default 1) returns setof jsonb
language sql as $$
    select h - 'entity_row' - 'user_id' - 'event_timestamp'
    from forge.historical_features_json(format('select %L::bigint as user_id, %L::timestamptz as event_timestamp', key, at), features, as_of => as_of) h
$$;

-- An index is asked for, and made on demand.
select forge.create_feature_view('plain', '{person}', 'visits', 'at', '{visits}', ttl => '10 days');
select forge.create_feature_view('checked', '{person}', 'shop.visits', 'at', '{visits}', created_timestamp => 'loaded', create_index => true);
select indexdef from pg_indexes where tablename = 'visits';
select name, version, source, join_keys, features, columns, tie_columns from forge.feature_views order by 1;

insert into visits values (1, '2026-03-10', '2026-03-10', false, 1, 'free', '{}');
-- at the time itself, at the very end of ttl, a microsecond beyond, before
select t, look(t, '{plain}') from unnest('{2026-03-10,2026-03-20,2026-03-20 00:00:00.000001,2026-03-09 23:59:59.999999}'::timestamptz[]) t;
-- a ttl of a microsecond
select forge.alter_feature_view('plain', '{"ttl": "1 microsecond"}');
select t, look(t, '{plain}'), look(t, '{plain/1:visits}') as first_version from unnest('{2026-03-10 00:00:00.000001,2026-03-10 00:00:00.000002}'::timestamptz[]) t;
-- a correction is known from when it was recorded; the later recording wins
insert into visits values (1, '2026-03-10', '2026-03-12', false, 2, 'free', '{}');
select t, look(t, '{checked}') from unnest('{2026-03-11,2026-03-12,2026-03-13}'::timestamptz[]) t;
select look('2026-03-13', '{checked}', as_of => '2026-03-11');
-- rows that no time tells apart: by the primary key, else by all columns in order, the greatest wins
insert into visits values (2, '2026-03-10', '2026-03-10', false, 5, 'a', '{}'), (2, '2026-03-10', '2026-03-10', false, 5, 'b', '{}'),
    (2, '2026-03-10', '2026-03-10', false, 4, 'z', '{}'), (2, '2026-03-10', '2026-03-10', false, 5, 'b', '{}');
select forge.create_feature_view('tied', '{person}', 'visits', 'at', '{visits,plan,note}', created_timestamp => 'loaded', tombstone_column => 'gone');
select look('2026-03-10', '{tied}', key => 2);
create table keyed (user_id bigint, at timestamptz, value text, id int primary key);
insert into keyed values (1, '2026-01-01', 'second', 2), (1, '2026-01-01', 'third', 3), (1, '2026-01-01', 'first', 1);
select forge.create_feature_view('keyed', '{person}', 'keyed', 'at', ttl => '1 day', create_index => true);
select look('2026-01-01', '{keyed:value}');
-- a tombstone wins like any row and says that there is nothing; a NULL is a value
insert into visits values (2, '2026-03-11', '2026-03-11', true, 9, 'b', '{}'), (2, '2026-03-12', '2026-03-12', false, null, 'c', '{}');
select t, look(t, '{tied}', key => 2) from unnest('{2026-03-10 12:00,2026-03-11,2026-03-12}'::timestamptz[]) t;
select forge.create_feature_view('deleted', '{person}', $$select user_id, at, visits, case when gone then at end as deleted_at from visits$$, 'at', '{visits}', tombstone_column => 'deleted_at');
select look('2026-03-11', '{deleted}', key => 2), look('2026-03-10', '{deleted}', key => 2);
-- an event later than now is seen by who asks about later still
insert into visits values (3, '2999-01-01', '2026-03-10', false, 7, 'x', '{}');
select look('2998-01-01', '{checked}', key => 3), look('2999-01-01', '{checked}', key => 3);

-- One row for each entity row, in order: duplicates with their labels, NULL keys and times, strangers.
create table labels (user_id int, event_timestamp timestamptz, label text);
insert into labels values (2, '2026-03-12', 'c'), (1, '2026-03-13', 'yes'), (1, '2026-03-13', 'no'), (null, '2026-03-13', 'nobody'), (1, null, 'never'), (99, '2026-03-13', 'stranger'), (1, '2026-03-13', 'yes');
select forge.historical_features('labels', output => 'shop.made', features => '{checked:visits,tied:plan}');
select * from made order by entity_row;
select forge.historical_features('select * from labels order by label desc', output => 'ordered', features => '{checked}');
select entity_row, label, visits from ordered order by 1;
-- The same for a service, with its names in full
select forge.create_feature_service('both', '{checked,tied:plan}');
select forge.historical_features('labels', output => 'full', service => 'both', full_feature_names => true);
select entity_row, checked__visits, tied__plan from "full" order by 1;
-- No time column: now, or as of
select h from forge.historical_features_json('select 1 as user_id', '{checked:visits}') h;
select h from forge.historical_features_json('select 1 as user_id', '{checked:visits}', as_of => '2026-03-11') h;
select h from forge.historical_features_json('select 1 as user_id, date ''2026-03-11'' as born', '{checked:visits}', event_timestamp => 'born') h;

-- Keys of several columns are compared one by one.
create table pairs (a text, b text, at timestamptz, value int);
insert into pairs values ('1', '12', '2026-01-01', 112), ('11', '2', '2026-01-01', 1102);
select forge.create_entity('pair', '{a,b}', '{text,text}');
select forge.create_feature_view('pairs', '{pair}', 'pairs', 'at');
select h - 'event_timestamp' from forge.historical_features_json($$select * from (values ('1', '12', now()), ('11', '2', now()), ('111', '2', now()), ('1', null, now())) v(a, b, event_timestamp)$$, '{pairs}') h;

-- A day is 24 hours in every zone, and times without zone are UTC.
set timezone = 'America/New_York';
create table naive (user_id bigint, at timestamp, day date, value int);
insert into naive values (1, '2026-03-08 00:00', '2026-03-08', 1);
select forge.create_feature_view('naive', '{person}', 'naive', 'at', '{value}', ttl => '1 day');
select forge.create_feature_view('daily', '{person}', 'naive', 'day', '{value}', ttl => '1 day');
select t, look(t, '{naive}') as naive, look(t, '{daily}') as daily
from unnest('{2026-03-07 23:59:59+00,2026-03-08 00:00+00,2026-03-09 00:00+00,2026-03-09 00:00:01+00}'::timestamptz[]) t;
select h -> 'value' as value from forge.historical_features_json($$select 1 as user_id, timestamp '2026-03-09 00:00' as event_timestamp$$, '{naive}') h;
insert into visits values (4, '2026-03-08 05:00+00', '2026-03-08 05:00+00', false, 1, 'a', '{}');
select forge.alter_feature_view('plain', '{"ttl": "1 day"}');
select t at time zone 'UTC' as t, look(t, '{plain}', key => 4) from unnest('{2026-03-09 05:00+00,2026-03-09 05:00:00.000001+00}'::timestamptz[]) t;
set timezone = 'UTC';

-- Times without end.
insert into visits values (5, '-infinity', '-infinity', false, 1, 'a', '{}'), (5, 'infinity', '2026-01-01', false, 2, 'b', '{}');
select t, look(t, '{checked}', key => 5) as checked, look(t, '{plain}', key => 5) as plain from unnest('{-infinity,2026-01-01,infinity}'::timestamptz[]) t;

-- Views of different ttl beside each other, one of nobody in particular, one without rows.
create table rates (at timestamptz, rate float8);
insert into rates values ('2026-03-01', 1.5), ('2026-03-09', 2.5);
select forge.create_feature_view('rates', '{}', 'rates', 'at');
create table nothing (user_id bigint, at timestamptz, value int);
select forge.create_feature_view('nothing', '{person}', 'nothing', 'at', create_index => true);
select h - 'event_timestamp' from forge.historical_features_json($$select * from (values (1, timestamptz '2026-03-05'), (1, '2026-03-11'), (1, '2026-03-25')) v(user_id, event_timestamp)$$, '{plain/1:visits,rates:rate,nothing:value}') h;

-- The leak check that hides a whole history says so, and can be left.
insert into visits select 6, '2026-01-01', '2026-06-01', false, i, 'a', '{}' from generate_series(1, 3) i;
select look('2026-02-01', '{checked}', key => 6);
select forge.historical_features('select 6 as user_id, g as event_timestamp from generate_series(timestamptz ''2026-01-01'', ''2026-08-01'', ''1 month'') g', output => 'hidden', features => '{checked}');
select count(visits) from hidden;
select forge.alter_feature_view('checked', '{"leak_check": false}');
select look('2026-02-01', '{checked}', key => 6), look('2026-02-01', '{checked/1:visits}', key => 6);

-- Windows: (t - w, t], nothing recorded after t; nothing to count is 0, nothing to add up is NULL.
create table plays (user_id bigint, at timestamptz, loaded timestamptz, hours real, title text);
insert into plays values (1, '2026-01-01 00:00', '2026-01-01 00:00', 0.1, 'a'), (1, '2026-01-01 06:00', '2026-01-01 06:00', 0.2, 'b'),
    (1, '2026-01-01 12:00', '2026-01-03', 0.4, 'a'), (1, '2026-01-02 00:00', '2026-01-02', 0.8, 'a'), (1, '2026-01-02 00:00', '2026-01-02', null, null);
select forge.create_feature_view('played', '{person}', 'plays', 'at', created_timestamp => 'loaded', create_index => true, aggregations => '[
    {"function": "count", "time_window": "1 day"}, {"function": "count", "column": "hours", "time_window": "1 day"}, {"function": "sum", "column": "hours", "time_window": "36 hours"},
    {"function": "avg", "column": "hours", "time_window": "1 day"}, {"function": "min", "column": "hours", "time_window": "1 day"}, {"function": "max", "column": "hours", "time_window": "1 day"},
    {"function": "stddev", "column": "hours", "time_window": "7 days", "name": "spread"}, {"function": "distinct", "column": "title", "time_window": "7 days"},
    {"function": "last", "column": "hours", "time_window": "6 hours"}]');
select features from forge.feature_views where name = 'played';
set extra_float_digits = -3;  -- the order of sums is the server's
\x on
select h - 'event_timestamp' as h from forge.historical_features_json($$select * from (values (1, timestamptz '2026-01-02'), (1, '2026-01-03'), (1, '2026-02-01'), (7, '2026-01-02'), (null, '2026-01-02'), (1, null)) v(user_id, event_timestamp)$$, '{played}') h;
\x off
reset extra_float_digits;

-- What is wrong is said at once.
\pset format unaligned
\pset tuples_only on
select regress.error($$select forge.create_entity('Person', '{a,a}', '{json,text}')$$);
select regress.error($$select forge.create_entity('person', '{a}', '{}')$$);
select regress.error($$select forge.create_feature_view('Bad', '{persn}', 'visits', 'atx', '{visits,visits,nope,gone}', ttl => '0', created_timestamp => 'plan', tombstone_column => 'gone')$$);
select regress.error($$select forge.create_feature_view('bad', '{person}', 'visit', 'at')$$);
select regress.error($$select forge.create_feature_view('bad', '{person}', 'select 1; select 2', 'at')$$);
select regress.error($$select forge.create_feature_view('bad', '{person}', 'select ''x'' as user_id, now() as at, 1 as a', 'at')$$);
select regress.error($$select forge.create_feature_view('bad', '{person}', 'visits', 'at', ttl => '1000 years')$$);
select regress.error($$select forge.create_feature_view('bad', '{person}', 'visits', 'at', ttl => '1 day', aggregations => '[{"function": "mode", "column": "plans", "time_window": "0"}, {"function": "sum", "windw": 1}]')$$);
select regress.error($$select forge.create_feature_view('bad', '{person}', 'visits', 'at', aggregations => '[{"function": "sum", "column": "plan", "time_window": "1 day"}]')$$);
select regress.error($$select forge.create_feature_view('bad', '{person}', 'visits', 'at', aggregations => '{}')$$);
select regress.error($$select forge.create_feature_view('plain', '{person}', 'visits', 'at')$$);
select regress.error($$select forge.create_feature_view('bad', '{person}', 'select user_id, at from visits', 'at')$$);
select regress.error($$select forge.alter_feature_view('plain', '{"tll": "1 day"}')$$);
select regress.error($$select forge.alter_feature_view('plian', '{"ttl": "1 day"}')$$);
select regress.error($$select forge.create_feature_service('bad', '{plain:visit,nope:x,plain/9:visits}')$$);
select regress.error($$select forge.create_feature_service('bad', '{plain:visits,checked:visits}')$$);
select regress.error($$select forge.historical_features('labels', 'other')$$);
select regress.error($$select forge.historical_features('labels', 'other', '{checked}', service => 'both')$$);
select regress.error($$select forge.historical_features('labels', 'made', '{checked}')$$);
select regress.error($$select forge.historical_features('labels', 'a.b.c', '{checked}')$$);
select regress.error($$select forge.historical_features('select label from labels', 'other', '{checked}', event_timestamp => 'label')$$);
select regress.error($$select forge.historical_features('select ''a'' as user_id, 1 as visits, 2 as entity_row', 'other', '{checked,plain}', event_timestamp => 'at')$$);
select regress.error($$select forge.historical_features('labels', 'other', service => 'both/7')$$);
select regress.error($$select forge.historical_features('labels', 'other', service => 'booth')$$);
select to_regclass('shop.other') is null as nothing_left;
-- a view whose source lost a column, or has another type
create table changing (user_id bigint, at timestamptz, a int, b int);
select forge.create_feature_view('changing', '{person}', 'changing', 'at');
alter table changing drop column a, alter b type text;
select regress.error($$select look(now(), '{changing}')$$);
drop table changing;
select regress.error($$select look(now(), '{changing}')$$);
-- used things stay
select regress.error($$select forge.drop_entity('person')$$);
select regress.error($$select forge.drop_feature_view('tied')$$);
select forge.drop_feature_view('changing');
select regress.error($$select forge.drop_feature_view('changing')$$);
select regress.error($$select forge.drop_feature_view('plain', 7)$$);
select regress.error($$select forge.alter_feature_service('both', '{checked,tied:visits}')$$);
select forge.alter_feature_service('both', '{checked,tied:plan}', description => 'both of them');
select name, version, features, description from forge.feature_services order by 1, 2;
select forge.drop_feature_service('both');
select forge.drop_feature_view('tied');
-- nothing changes in place but what is said of it
select regress.error($$update forge.feature_views set ttl = null$$);
select forge.alter_feature_view('plain', '{"description": "visits of a person", "tags": {"team": "a"}}');
select version, description, tags from forge.feature_views where name = 'plain' order by 1;
select regress.error($$insert into forge.feature_views (name, version, source) values ('x', 1, 'visits')$$);
reset role;
-- Definitions are for all to read, and for their owners to change; data is read with the rights of who asks.
set role ann;
select count(*) > 5 as seen from forge.feature_views;
select regress.error($$select * from forge.historical_features_json('select 1 as user_id', '{checked}')$$);
select regress.error($$select forge.create_entity('other', '{a}', '{int}')$$);
reset role;
grant usage on schema shop to ann; grant select on shop.visits to ann;
alter table shop.visits enable row level security;
create policy few on shop.visits for select to ann using (visits < 3);
set role ann;
select h -> 'visits' from forge.historical_features_json('select 6 as user_id', '{checked}') h;
reset role;
create role tim login in role forge_trainer;
set role tim;
select regress.error($$select forge.alter_feature_view('plain', '{"ttl": null}')$$);
select regress.error($$insert into forge.feature_views (name, entities, source, event_timestamp) values ('plain', '{}', 'select now() as at, 1 as a', 'at')$$);
select regress.error($$select forge.drop_feature_view('plain')$$);
select regress.error($$select forge.drop_entity('pair')$$);
delete from forge.feature_views;
select regress.error($$insert into forge.entities (name, join_keys, key_types, owner) values ('x', '{a}', '{int}', 'tom')$$);
reset role;
grant tom to tim;
set role tim;
select forge.drop_feature_view('plain', 3);
reset role;

-- A brute-force oracle: random worlds with many ties, every candidate looked at for every entity row.
create table public.rows_e (k1 int, k2 text, event_timestamp timestamptz);
create table public.rows_f (id int primary key, k1 int, k2 text, at timestamptz, loaded timestamptz, gone boolean, value int);
create function public.oracle(ttl interval, leak_check boolean, as_of timestamptz, w interval) returns table (entity_row bigint, value int, n bigint, total bigint)
language sql stable as $$
    with e as (select row_number() over () as entity_row, * from public.rows_e),
    known as (
        select e.entity_row, f.*, e.event_timestamp
        from e join public.rows_f f on f.k1 = e.k1 and f.k2 = e.k2 and f.at <= e.event_timestamp
        where (not leak_check or f.loaded <= e.event_timestamp) and (oracle.as_of is null or f.loaded <= oracle.as_of)
    )
    select e.entity_row,
        (select case when k.gone then null else k.value end from known k
         where k.entity_row = e.entity_row and (ttl is null or k.at >= k.event_timestamp - ttl) and not exists (
            select from known b where b.entity_row = e.entity_row and (ttl is null or b.at >= b.event_timestamp - ttl) and (b.at, b.loaded, b.id) > (k.at, k.loaded, k.id))),
        case when num_nulls(e.k1, e.k2, e.event_timestamp) = 0 then (select count(*) from known k where k.entity_row = e.entity_row and k.at > k.event_timestamp - w and not k.gone) end,
        (select sum(k.value) from known k where k.entity_row = e.entity_row and k.at > k.event_timestamp - w and not k.gone)
    from e
$$;
create function public.draw(seed int, i int, below int) returns int language sql immutable as $$ select (hashint8extended(i, seed) & 1073741823)::int % below $$;
select forge.create_entity('drawn', '{k1,k2}', '{int,text}');
do $$
declare
    wrong bigint;
    ttl interval;
    leak boolean;
    stamp timestamptz;
begin
    set client_min_messages = warning;
    for seed in 1..40 loop
        truncate rows_e, rows_f;
        insert into rows_e select nullif(draw(seed * 100, i, 4), 3), nullif(draw(seed * 100 + 1, i, 3), 2)::text, timestamptz '2026-03-28' + nullif(draw(seed * 100 + 2, i, 30), 29) * interval '1 hour' from generate_series(1, 60) i;
        insert into rows_f select i, nullif(draw(seed * 100 + 3, i, 4), 3), nullif(draw(seed * 100 + 4, i, 3), 2)::text, timestamptz '2026-03-28' + draw(seed * 100 + 5, i, 30) * interval '1 hour',
            timestamptz '2026-03-28' + draw(seed * 100 + 6, i, 40) * interval '1 hour', draw(seed * 100 + 7, i, 5) = 0, nullif(draw(seed * 100 + 8, i, 9), 8) from generate_series(1, draw(seed, 0, 300)) i;
        ttl := (array[null, '1 hour', '5 hours', '1 day'])[1 + seed % 4];
        leak := seed % 3 > 0;
        stamp := case when seed % 5 = 0 then timestamptz '2026-03-28 20:00' end;
        perform forge.create_feature_view('drawn' || seed, '{drawn}', 'rows_f', 'at', '{value}', ttl => ttl, created_timestamp => 'loaded', tombstone_column => 'gone', leak_check => leak, create_index => seed = 7);
        perform forge.create_feature_view('windows' || seed, '{drawn}', 'select * from rows_f', 'at', created_timestamp => 'loaded', tombstone_column => 'gone', leak_check => leak,
            aggregations => '[{"function": "count", "time_window": "6 hours", "name": "n"}, {"function": "sum", "column": "value", "time_window": "6 hours", "name": "total"}, {"function": "count", "time_window": "1 day", "name": "more"}]');
        perform forge.historical_features('rows_e', 'found', array['drawn' || seed || ':value', 'windows' || seed || ':n', 'windows' || seed || ':total'], as_of => stamp);
        select count(*) into wrong from (
            (select f.entity_row, f.value, f.n, f.total from found f except all select o.* from oracle(ttl, leak, stamp, interval '6 hours') o) union all
            (select o.* from oracle(ttl, leak, stamp, interval '6 hours') o except all select f.entity_row, f.value, f.n, f.total from found f)) d;
        if wrong > 0 or (select count(*) <> 60 from found) then raise warning 'seed % ttl % leak % as_of %: % rows differ', seed, ttl, leak, stamp, wrong; end if;
        drop table found;
    end loop;
end
$$;
