-- forge.describe_source: names, types and kinds without reading a row.
create domain positive as int check (value > 0);
create table everything (
    a boolean, b smallint, c int, d bigint, e real, f float8, g numeric(10, 2), h date, i timestamp, j timestamptz, k interval, l text,
    m varchar(9), n char(3), o name, p uuid, q regress.mood, r positive, s json, t int[], u bytea, v time, w inet, x point, y regress.mood[]);
select * from forge.describe_source('everything');
select * from forge.describe_source('public.everything') limit 1;
select * from forge.describe_source(' "everything" ') limit 1;
create table "Odd Name" ("Größe" int, "a""b" text);
select * from forge.describe_source('"Odd Name"');
select * from forge.describe_source('select *, 1.5 as extra from "Odd Name" -- a comment');
select * from forge.describe_source('with x as (select 1 as a) select a, ''t'' as b, null as c, now() as d from x order by 1 limit 3;');
select * from forge.describe_source('values (1, ''x''), (2, ''y'')');
select * from forge.describe_source('table everything') limit 1;
select * from forge.describe_source('select a from everything union all select true');
select * from forge.describe_source(null);

-- search_path and the user are the caller's
create schema other;
create table other.here (x int);
select regress.error($$select forge.describe_source('here')$$);
set search_path = other;
select * from forge.describe_source('here');
select * from forge.describe_source('select q from public.everything');
reset search_path;

-- nothing runs
create sequence touched;
create function touch() returns int language sql immutable as $$select 1 / (nextval('touched') - 1)::int$$;
select * from forge.describe_source('select touch() as x from everything');
select is_called from touched;

-- refused: everything but one SELECT that reads
create temp table mine (x int);
create view over_mine as select * from mine;
create view locking as select * from everything for update;
select statement, regress.error(format('select forge.describe_source(%L)', statement))
from unnest(array[
    '', ';', 'select 1 as a; select 2 as b', 'insert into everything default values', 'delete from everything', 'begin', 'drop table everything',
    'copy everything to stdout', 'explain select 1', 'select 1 as a into x', 'create table x as select 1 as a', 'select a from everything for update',
    'select * from (select a from everything for share) s', 'select * from locking', 'with d as (delete from everything returning a) select a from d',
    'with i as (insert into everything default values returning *) select c from i', 'mine', 'select * from mine', 'select * from over_mine',
    'select a from everything where exists (select from mine)', 'select', 'select 1', 'select a, a from everything', 'select 1 as a, 2 as a',
    'selec 1', 'select nothing from everything', 'nowhere', 'no.where', 'a.b.c.d', 'select $1 as x', 'select ''x''::date as d',
    'select * from everything) as s; drop table everything; --', 'select 1 as a /*', 'execute p', 'select a from everything where (a']) statement;

-- rights: relations, columns, schemas, functions, views over what their owner may not read
create table secret (x int, y int);
create view shown as select x from secret;
grant select on shown to tom;
create function hidden() returns int language sql as 'select 1';
revoke execute on function hidden() from public;
create schema closed;
create table closed.inside (x int);
create role owner_of_view;
grant create on schema public to owner_of_view;
set role owner_of_view;
create view broken as select x from secret;
grant select on broken to tom;
reset role;
create role reads_one_column;
grant forge_trainer to reads_one_column;
grant select (x) on secret to reads_one_column;
set role tom;
select * from forge.describe_source('shown');
select source, regress.error(format('select forge.describe_source(%L)', source))
from unnest(array['secret', 'select x from secret', 'select 1 as a from shown where exists (select from secret)', 'broken', 'select hidden() as h', 'closed.inside',
    'with s as (select * from secret) select 1 as a from s', 'select (select count(*) from secret) as n']) source;
set role reads_one_column;
select * from forge.describe_source('select x from secret');
select regress.error($$select forge.describe_source('select x, y from secret')$$);
