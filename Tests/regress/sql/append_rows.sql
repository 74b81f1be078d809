-- forge.append_rows: the rows of a SELECT into a table that the same transaction made.
create table long (id int, name text);
alter table long alter name set storage external;
insert into long select i, repeat('x', i) from generate_series(1, 3) i;
insert into long values (4, repeat('y', 10000)), (5, null);

-- many pages, NULLs, values stored apart
begin;
create table copied (id int, name text);
select forge.append_rows('copied', 'select * from long');
select forge.append_rows('copied', 'select i, i::text from generate_series(6, 5000) i');
select forge.append_rows('copied', 'select * from long where false');
commit;
select count(*), sum(id), max(length(name)), count(*) filter (where name is null) as gaps from copied;
select length(name), left(name, 3) from copied where id = 4;
select count(*) from copied where name = id::text;

-- rolled back with what made the table, or with a savepoint inside of it
begin;
create table gone (id int);
savepoint half;
select forge.append_rows('gone', 'select 1');
rollback to half;
select count(*) from gone;
select forge.append_rows('gone', 'select 2');
select id from gone;
rollback;

-- a parallel query
begin;
set local parallel_setup_cost = 0;
set local parallel_tuple_cost = 0;
set local min_parallel_table_scan_size = 0;
create table squares as select id::bigint as id from copied with no data;
select forge.append_rows('squares', 'select id::bigint from copied');
select count(*), sum(id) from squares;
rollback;

-- left to INSERT: nothing is done
select forge.append_rows('copied', 'select 1, null::text') is null as left_alone;
select statement, regress.error(format('create table here (a int, b int); %s; do $do$ begin
    if forge.append_rows(''here'', ''select 1, 2'') is not null then raise exception ''appended''; end if;
    if exists (select from here) then raise exception ''touched''; end if; end $do$; drop table here', statement))
from unnest(array[
    'create index on here (a)', 'alter table here add primary key (a)', 'alter table here add check (a > 0)', 'alter table here alter a set default 1',
    'alter table here alter a set not null', 'alter table here enable row level security',
    'create rule quiet as on insert to here do also nothing']) statement;
create function quiet() returns trigger language plpgsql as $$begin return new; end$$;
select regress.error($$create table here (a int, b int); create trigger quiet before insert on here execute function quiet();
    do $do$ begin if forge.append_rows('here', 'select 1, 2') is not null then raise exception 'appended'; end if; end $do$; drop table here$$);

-- refused
create view seen as select 1 as id;
select regress.error($$create table here (a int); select forge.append_rows('here', 'select 1::bigint')$$);
select regress.error($$create table here (a int); select forge.append_rows('here', 'select 1, 2')$$);
select regress.error($$create table here (a int); select forge.append_rows('here', 'delete from long')$$);
select count(*) from long;
select forge.append_rows('seen', 'select 1') is null as left_alone;
select forge.append_rows(null, 'select 1') is null as nothing;
begin read only;
select forge.append_rows('copied', 'select 1, null::text');
rollback;
create role regress_appender;
grant usage on schema forge to regress_appender;
grant execute on function forge.append_rows(regclass, text) to regress_appender;
begin;
create table not_mine (id int);
set local role regress_appender;
select forge.append_rows('not_mine', 'select 1');
rollback;
begin;
create table mine (id int);
grant insert on mine to regress_appender;
set local role regress_appender;
select forge.append_rows('mine', 'select id from long');
rollback;
drop owned by regress_appender;
drop role regress_appender;
