-- forge.read_blocks: what comes out, and what is refused.
set role forge_admin;
insert into forge.algorithms (name, tasks, form, description, default_for)
values ('ridge', '{regression}', 'linear', 'for the tests', '{regression}') on conflict do nothing;
insert into forge.workers (worker_id, host, boot_id, pid, pid_started_at, pid_ns, version, capacity)
values ('11111111-1111-1111-1111-111111111111', 'h', 'b', 1, 'x', 'x', 'v', '{}');
reset role;

-- Asks as tom, claims as the worker; the psql variables id and token are the request's.
create function ask(source text, target text, id_column text default null, exclude text[] default null, algorithm text default 'ridge') returns bigint
language plpgsql as $$
declare
    request bigint;
begin
    insert into forge.training_requests (model, source, target, algorithm, id_column, exclude)
    values ('m' || txid_current(), source, target, algorithm, id_column, exclude) returning id into request;
    return request;
end $$;
create view claimed as
select id, lease_token as token from forge.claim('11111111-1111-1111-1111-111111111111', interval '1 hour', 64, 1000000000000, '{ridge,random_forest}');
set client_min_messages = warning;
grant create on schema public to tom;
set role tom;

create table small (id int, age int, plan text, joined date, y float8);
insert into small values (2, null, 'pro', '2000-01-02', 2.5), (1, 40, 'free', null, 'NaN'), (3, 50, 'pro', 'infinity', -0.0), (null, 60, null, '2000-01-01', 4);
select ask('small', 'y', 'id') as id \gset
reset role;
select id, token from claimed \gset
begin isolation level repeatable read read only;
select row_number() over () as block, case when left(encode(b, 'escape'), 4) = 'FGH1' then convert_from(b, 'utf8') end as header from
    (select forge.read_blocks(:id, :'token') as b) blocks;
-- magic, rows, columns, 0; then 8 bytes each: 4 keys, 4 ages, then 2 new levels of 7 bytes, their ends, the bytes, the codes …
select substring(b from i * 8 + 1 for 8) as eight_bytes
from (select b from (select forge.read_blocks(:id, :'token') as b) blocks offset 1) one, generate_series(0, octet_length(b) / 8 - 1) i;
commit;

-- many rows: blocks of 128 kB, levels numbered on from block to block
set role tom;
create table many as select i, i % 1000 as x, 'level ' || i / 10000 as l, i::float8 as y from generate_series(1, 40000) i;
select ask('many', 'y', null, '{i}') as id \gset
reset role;
select id, token from claimed \gset
begin isolation level repeatable read read only;
select octet_length(b), get_byte(b, 4) + 256 * get_byte(b, 5) as rows, get_byte(b, 8) as columns
from (select forge.read_blocks(:id, :'token') as b) blocks where get_byte(b, 2) = ascii('B');
-- stopped before the end, and read twice at once
select octet_length(forge.read_blocks(:id, :'token')) limit 2;
select octet_length(forge.read_blocks(:id, :'token')), octet_length(forge.read_blocks(:id, :'token'));
declare blocks cursor for select octet_length(forge.read_blocks(:id, :'token'));
fetch 2 from blocks;
fetch 1 from blocks;
close blocks;
select count(*) from (select forge.read_blocks(null, :'token')) x;
-- not in FROM, which would write all blocks to disk first
select regress.error(format('select * from forge.read_blocks(%s, %L)', :id, :'token'));
commit;

-- a key depends on no order of rows or columns: the first block's keys of a table and of its mirror image
set role tom;
create table few as select i as x, 'l' || i % 3 as l, i / 7.0::float8 as y from generate_series(1, 5) i;
create table mirrored as select y, l, x from few order by x desc;
select ask('few', 'y') as few \gset
select ask('mirrored', 'y') as mirrored \gset
reset role;
create temp table both_claims (id bigint, token uuid);
do $$ begin for turn in 1..2 loop insert into both_claims select * from claimed; end loop; end $$;
begin isolation level repeatable read read only;
select count(*) as keys, count(distinct key) as distinct_keys, min(seen) as seen_in from (
    select key, count(distinct id) as seen from (
        select c.id, substring(c.b from 17 + 8 * i for 8) as key
        from (select id, forge.read_blocks(id, token) as b from both_claims) c, generate_series(0, 4) i where get_byte(c.b, 2) = ascii('B')) k
    group by key) keys;
commit;

-- rows taken as they are stored give the blocks that rows through the executor's projection give ("y * 1" forces it):
-- every type, NULLs, values of varying length before fixed ones, rows older than a column, partitions, by an id, sorted
set role tom;
create type mood as enum ('sad', 'glad');
create domain percent as float4 check (value <= 100);
create table stored (b bool, skipped text, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, d date, ts timestamp,
    tz timestamptz, iv interval, t text, v varchar(20), c char(6), nm name, u uuid, m mood, p percent, y float8);
insert into stored
select i % 2 = 0, repeat('s', i % 150), i, i * 3, i * 10000000000, i / 3.0, i / 7.0, i / 11.0, date '2000-01-01' + i,
    timestamp '2000-01-01' + i * interval '1 hour', timestamptz '2000-01-01 UTC' - i * interval '1 day', i * interval '1 min',
    repeat('t', i % 9) || i % 5, 'v' || i % 3, 'c' || i % 4, 'n' || i % 6, md5((i % 7)::text)::uuid, (array['sad', 'glad'])[1 + i % 2]::mood, i % 50,
    case i when 5 then 'NaN'::float8 when 6 then '-0'::float8 else i end
from generate_series(1, 3000) i;
update stored set i4 = null, t = null where i8 % 30000000000 = 0;
update stored set b = null, y = null where i8 % 70000000000 = 0;
update stored set t = repeat('long', 1000) where i8 = 10000000000;
alter table stored add later int, add last text;
insert into stored (i2, y, later, last) select i, i, i, i from generate_series(1, 100) i;
create table with_default (x int, y float8);
insert into with_default select i, i from generate_series(1, 100) i;
alter table with_default add z int not null default 7;
create table shrunk (x int, gone text, y float8);
insert into shrunk select i, i, i from generate_series(1, 100) i;
alter table shrunk drop gone;
create table parts (x int, l text, y float8) partition by range (x);
create table part_one partition of parts for values from (0) to (50);
create table part_two (y float8, extra text, l text, x int);
alter table part_two drop extra;
alter table parts attach partition part_two for values from (50) to (101);
insert into parts select i, 'l' || i % 3, i from generate_series(1, 100) i;
create table keyed (l text, id int primary key, y float8);
insert into keyed select 'l' || i % 3, i, -i from generate_series(1, 500) i order by i % 17;
analyze keyed;
create function projected(source text) returns text language sql as $$
    select 'select ' || string_agg(case attname when 'y' then 'y * 1 as y' else attname end, ', ' order by attnum) || ' from ' || source
    from pg_attribute where attrelid = source::regclass and attnum > 0 and not attisdropped $$;
create temp table pairs as
select source || coalesce(' by ' || id, '') as what, form, ask(case form when 'stored' then source else projected(source) end, 'y', id) as id
from (values ('stored', null), ('stored', 'i2'), ('stored', 't'), ('stored', 'u'), ('with_default', null), ('shrunk', null), ('parts', null),
    ('parts', 'x'), ('keyed', 'id'), ('keyed', 'l')) sources(source, id), (values ('stored'), ('projected')) forms(form);
reset role;
create temp table pair_claims (id bigint, token uuid);
do $$ begin for turn in 1..20 loop insert into pair_claims select * from claimed; end loop; end $$;
begin isolation level repeatable read read only;
select what, count(*) as forms, count(distinct digest) as contents, min(bytes) as bytes from (
    select p.what, p.form, md5(string_agg(b, ''::bytea order by place)) as digest, sum(octet_length(b)) as bytes
    from (select id, forge.read_blocks(id, token) as b, generate_series(1, 1000) as place from pair_claims) c join pairs p using (id)
    where b is not null group by p.what, p.form) digests
group by what order by what;
commit;

-- how, when and for whom it is refused
select regress.error(format('select forge.read_blocks(%s, %L)', :id, :'token'));
begin isolation level repeatable read;
select regress.error(format('select forge.read_blocks(%s, %L)', :id, :'token'));
commit;
begin read only;
select regress.error(format('select forge.read_blocks(%s, %L)', :id, :'token'));
commit;
begin isolation level repeatable read read only;
select regress.error(format('select forge.read_blocks(%s, %L)', :id, gen_random_uuid()));
select regress.error(format('select forge.read_blocks(%s, %L)', 424242, :'token'));
commit;

-- changed between request and run
set role tom;
alter table many drop column x, alter column l type varchar;
reset role;
begin isolation level repeatable read read only;
select regress.error(format('select forge.read_blocks(%s, %L)', :id, :'token'));
commit;
alter table many add column x bigint;
begin isolation level repeatable read read only;
select regress.error(format('select forge.read_blocks(%s, %L)', :id, :'token'));
commit;
drop table many;
begin isolation level repeatable read read only;
select regress.error(format('select forge.read_blocks(%s, %L)', :id, :'token'));
commit;

-- a hostile source: each is read as tom, and may only read
create table secret (x int, y float8);
create table log (who text);
grant insert on log to tom;
grant select on secret to tom;
set role tom;
create function climb() returns int language plpgsql as $$begin perform set_config('role', 'postgres', false); return 1; end$$;
create function climb_session() returns int language plpgsql as $$begin set session authorization postgres; return 1; end$$;
create function write() returns int language plpgsql as $$begin insert into log values (current_user); return 1; end$$;
create function writable() returns int language plpgsql as $$begin perform set_config('transaction_read_only', 'off', false); insert into log values ('x'); return 1; end$$;
create function who() returns text language sql as 'select current_user::text';
create function fail() returns int language plpgsql as $$begin raise exception 'no luck'; end$$;
create function peek() returns int language plpgsql as $$begin perform * from secret; return 1; end$$;
create function temporary() returns int language plpgsql as $$begin create temp table t (x int); return 1; end$$;
create view by_climb as select climb() as x, 1.0::float8 as y;
create view by_climb_session as select climb_session() as x, 1.0::float8 as y;
create view by_write as select write() as x, 1.0::float8 as y;
create view by_writable as select writable() as x, 1.0::float8 as y;
create view by_temporary as select temporary() as x, 1.0::float8 as y;
create view by_who as select who() as x, session_user::text as s, 1.0::float8 as y;
create view by_fail as select fail() as x, 1.0::float8 as y;
create view by_division as select 1 / (g - 3) as x, 1.0::float8 as y from generate_series(1, 5) g;
create view by_peek as select peek() as x, 1.0::float8 as y;
create view by_secret as select x, y from secret;
create view by_infinity as select 'Infinity'::float8 as x, 1.0::float8 as y;
create view by_levels as select 'level ' || g as x, 1.0::float8 as y from generate_series(1, 4200000) g;
create view by_size as select repeat('x', 9000000) as x, 1.0::float8 as y;
create view by_classes as select 1.0::float8 as x, 'class ' || g as y from generate_series(1, 70000) g;
create view by_class_size as select 1.0::float8 as x, repeat('y', 9000000) as y;
create temp table asked as select v, ask(v, 'y', algorithm => case when v like 'by_class%' then 'random_forest' else 'ridge' end) from unnest(array['by_climb', 'by_climb_session', 'by_write', 'by_writable', 'by_temporary', 'by_who', 'by_fail',
    'by_division', 'by_peek', 'by_secret', 'by_infinity', 'by_levels', 'by_size', 'by_classes', 'by_class_size']) v;
reset role;
revoke select on secret from tom;
create temp table claims (id bigint, token uuid);
do $$ begin for turn in 1..15 loop insert into claims select * from claimed; end loop; end $$;
begin isolation level repeatable read read only;
select a.v, regress.error(format('select forge.read_blocks(%s, %L)', c.id, c.token))
from asked a join claims c on c.id = a.ask order by c.id;
-- current_user is tom, session_user is not
select position('tom'::bytea in b) > 0 as as_tom, position('postgres'::bytea in b) > 0 as in_a_session_of_postgres
from (select forge.read_blocks(c.id, c.token) as b from claims c join asked a on a.ask = c.id where a.v = 'by_who') blocks where get_byte(b, 2) = ascii('B');
select current_user, current_setting('search_path'), current_setting('role');
commit;
select * from log;

-- search_path and TimeZone are the requester's of then
create schema other;
grant usage, create on schema other to tom;
set role tom;
set search_path = other;
set timezone = 'Asia/Tokyo';
create table other.only_here as select '2000-01-01'::timestamptz as t, 1.0::float8 as y;
select public.ask('select t::text as t, y from only_here', 'y') as id \gset
reset timezone;
reset search_path;
reset role;
select id, token from claimed \gset
begin isolation level repeatable read read only;
select position('2000-01-01 00:00:00+09'::bytea in b) > 0 as in_tokyo
from (select forge.read_blocks(:id, :'token') as b) blocks where get_byte(b, 2) = ascii('B');
show timezone;
commit;

-- a requester who is no trainer any more, and one who is gone
create role fired;
create role gone;
grant forge_trainer to fired, gone;
set role fired;
select ask('select 1.0::float8 as x, 2.0::float8 as y', 'y') as fired \gset
set role gone;
select ask('select 1.0::float8 as x, 2.0::float8 as y', 'y') as gone \gset
reset role;
select id, token from claimed \gset first_
select id, token from claimed \gset second_
revoke forge_trainer from fired;
drop role gone;
begin isolation level repeatable read read only;
select regress.error(format('select forge.read_blocks(%s, %L)', :first_id, :'first_token'));
select regexp_replace(regress.error(format('select forge.read_blocks(%s, %L)', :second_id, :'second_token')), 'OID \d+', 'OID …');
commit;

-- groups come as the hash of their value, an id's hash; times as numbers; neither is in the key or a feature
set role tom;
create table visits as
select i as id, i % 3 as who, case when i % 3 > 0 then 'clinic ' || i % 3 end as place, timestamp '2000-01-01' + i * interval '1 second' as seen, i * 0.5 as x, i::float8 as y
from generate_series(1, 4) i;
insert into forge.training_requests (model, source, target, algorithm, id_column, group_columns, time_column, split)
values ('visits', 'visits', 'y', 'ridge', 'who', '{id,place}', 'seen', '{"method": "group"}') returning id \gset
reset role;
select id, token from claimed \gset
begin isolation level repeatable read read only;
select c ->> 'name' as name, c ->> 'kind' as kind, c ->> 'role' as role
from (select forge.read_blocks(:id, :'token') as b limit 1) header, jsonb_array_elements(convert_from(substring(b from 5), 'utf8')::jsonb -> 'columns') c;
-- keys, then the columns id, place, seen, x, y: 4 words each. who has three values, id four, place two and NULL, which is one group
with words as materialized (
    select (i - 2) / 4 as part, encode(substring(b from i * 8 + 1 for 8), 'hex') as word
    from (select b from (select forge.read_blocks(:id, :'token') as b) blocks offset 1) one, generate_series(2, octet_length(b) / 8 - 1) i)
select array_agg(n order by part) as distinct_words, (select count(distinct a.word) from words a join words b on a.word = b.word and a.part = 0 and b.part = 1) as values_of_both
from (select part, count(distinct word) as n from words group by part) counts;
commit;
