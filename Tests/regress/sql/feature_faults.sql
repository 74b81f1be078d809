-- Faults: materializations that end half-way, sources that are no longer what they were, and pushes that do not fit.
\set SHOW_CONTEXT never
\setenv PGDATABASE :DBNAME
set timezone = 'UTC';
create schema shop authorization tom;
-- What happens to whoever writes key 2 online: the row before it is written by then.
create table public.stumble (how text);
insert into public.stumble values (null);
grant select, update on public.stumble to tom;
create function public.stumble() returns trigger language plpgsql security definer as $$
declare
    way text := (select how from public.stumble);
    before_it jsonb;
begin
    if new.user_id = 2 and way is not null then
        execute format('select to_jsonb(o) - array[''forge_time'', ''forge_recorded'', ''forge_deleted''] from %s o where user_id = 1', tg_relid::regclass) into before_it;
        raise notice 'written: %', before_it;
        if way = 'error' then
            raise exception 'stumbled';
        elsif way = 'cancel' then
            perform pg_cancel_backend(pg_backend_pid());
        else
            perform pg_terminate_backend(pg_backend_pid());
        end if;
        perform pg_sleep(60);
    end if;
    return new;
end
$$;
set role tom;
set search_path = shop, public;
select forge.create_entity('person', '{user_id}', '{bigint}');
create table visits (user_id bigint, at timestamptz, v int);
create index on visits (user_id, at desc);

-- The first run: a function of the source fails for one row, and there is no table
create function brittle(v int) returns int language plpgsql as $$ begin if v = 13 then raise exception 'no %', v; end if; return v; end $$;
create view fragile as select user_id, at, brittle(v) as v from visits;
select forge.create_feature_view('fragile', '{person}', 'fragile', 'at');
insert into visits values (1, '2026-03-01', 1), (2, '2026-03-01', 13), (3, '2026-03-01', 3);
select regress.error($$select forge.materialize_incremental('fragile')$$), regress.error($$select forge.materialize('fragile')$$);
select to_regclass('forge_online.fragile_v1') is null as nothing, (select count(*) from forge.materializations) as runs;
update visits set v = 2 where v = 13;
select rows, from_time is null as from_the_beginning from forge.materialize_incremental('fragile');
update visits set v = 13 where v = 2;
select regress.error($$select forge.materialize_incremental('fragile')$$);
select user_id, v, (select count(*) from forge.materializations) as runs from forge_online.fragile_v1 order by 1;
update visits set v = 2 where v = 13;

-- Later runs: an error, a cancel and an end of the session when half of it is written; each time nothing shows, and the next run does it all
select forge.create_feature_view('seen', '{person}', 'visits', 'at');
select forge.create_feature_view('sums', '{person}', 'visits', 'at', aggregations => '[{"function": "sum", "column": "v", "time_window": "36500 days", "name": "sum"}]');
select (forge.materialize_incremental('seen')).rows as seen, (forge.materialize_incremental('sums')).rows as sums;
create trigger stumble before insert on forge_online.seen_v1 for each row execute function public.stumble();
create trigger stumble before insert on forge_online.sums_v1 for each row execute function public.stumble();
insert into visits select i, '2026-03-02', 10 * i from generate_series(1, 3) i;
create view published as select (select jsonb_object_agg(user_id, v) from forge_online.seen_v1) as seen, (select jsonb_object_agg(user_id, sum) from forge_online.sums_v1) as sums,
    (select count(*) from forge.materializations where view <> 'fragile') as runs;
create table before as select * from published;
table before;
update stumble set how = 'error';
select forge.materialize_incremental('seen');
select forge.materialize_incremental('sums');
select forge.materialize('seen');
select published = before as unchanged from published, before;
update stumble set how = 'cancel';
select forge.materialize_incremental('seen');
select forge.materialize('sums');
select published = before as unchanged from published, before;
update stumble set how = 'terminate';
\! "$PSQL" -Xqc "set role tom" -c "select forge.materialize_incremental('seen')" 2>&1 | grep -o 'terminating connection.*'
\! "$PSQL" -Xqc "set role tom" -c "select forge.materialize_incremental('sums')" 2>&1 | grep -o 'terminating connection.*'
select published = before as unchanged from published, before;
-- pushes are whole, too
select forge.create_push_source('visits', 'seen');
update stumble set how = 'error';
select forge.push('visits', '[{"user_id": 1, "at": "2026-03-03", "v": 100}, {"user_id": 2, "at": "2026-03-03", "v": 200}]');
select published = before as unchanged, (select count(*) from visits where v >= 100) as kept from published, before;
update stumble set how = null;
select rows, from_time = (select max(to_time) from forge.materializations m where m.view = r.view and m.id < r.id) as goes_on from forge.materialize_incremental('seen') r;
select rows, from_time = (select max(to_time) from forge.materializations m where m.view = r.view and m.id < r.id) as goes_on from forge.materialize_incremental('sums') r;
table published;

-- A breach that stops keeps what was online: nothing, at the first run; the next run looks at everything again
create table prices (user_id bigint, at timestamptz, price int);
create index on prices (user_id, at desc);
select forge.create_feature_view('price', '{person}', 'prices', 'at');
select forge.alter_feature_view('price', '{"expectations": [{"feature": "price", "min": 0, "max_null_rate": 0}], "on_breach": "stop"}');
insert into prices values (1, '2026-03-01', -1), (2, '2026-03-01', 2);
select rows, breaches, published from forge.materialize_incremental('price');
select to_regclass('forge_online.price_v1') is null as nothing;
select forge.create_push_source('prices', 'price');
-- what is pushed is online all the same
select forge.push('prices', '{"user_id": 3, "at": "2026-03-01", "price": 3}');
select user_id, price from forge_online.price_v1;
delete from prices where price < 0;
select rows, from_time is null as from_the_beginning, published from forge.materialize_incremental('price');
insert into prices values (2, '2026-03-02', null), (4, '2026-03-02', 4);
select rows, breaches, published from forge.materialize_incremental('price');
select rows, published from forge.materialize('price');
select user_id, price from forge_online.price_v1 order by 1;
update prices set price = 22 where price is null;
select rows, breaches, published from forge.materialize_incremental('price');
select user_id, price from forge_online.price_v1 order by 1;

-- Pushes: twice is once online, an older row changes nothing, one bad row keeps all out
select forge.push('prices', '{"user_id": 7, "at": "2026-03-05", "price": 7}'), forge.push('prices', '{"user_id": 7, "at": "2026-03-05", "price": 7}');
select forge.push('prices', '{"user_id": 7, "at": "2026-03-04", "price": 6}'), forge.push('prices', '{"user_id": 7, "at": "2026-03-04", "price": 6}', 'online');
select price, (select count(*) from prices where user_id = 7) as kept from forge_online.price_v1 where user_id = 7;
\pset format unaligned
\pset tuples_only on
select regress.error($$select forge.push('prices', '[{"user_id": 8, "at": "2026-03-05", "price": 8}, {"user_id": null, "at": "2026-03-05"}, {"at": "2026-03-05"}, {"user_id": 8, "prize": 1}]')$$);
select regress.error($$select forge.push('prices', '[{"user_id": 8, "at": "2026-03-05", "price": 8}, {"user_id": "eight", "at": "2026-03-05"}]')$$);
select regress.error($$select forge.push('prices', '{"user_id": 8, "at": "soon", "price": 8}')$$), regress.error($$select forge.push('prices', '{"user_id": 8, "at": "2026-03-05", "price": "dear"}', 'online')$$);
select regress.error($$select forge.push('prices', '{"user_id": 8, "at": "2026-03-05", "price": 99999999999}')$$);
select regress.error($$select forge.push('prices', '7')$$), regress.error($$select forge.push('prices', null)$$), regress.error($$select forge.push('prices', '[[]]')$$), regress.error($$select forge.push(null, '{}')$$);
select count(*) from prices where user_id = 8;
select count(*) from forge_online.price_v1 where user_id = 8;
\pset tuples_only off
\pset format aligned
-- without a right on one of the tables nothing is written into the other
reset role;
create role tess login in role forge_trainer;
grant usage on schema shop, forge_online to tess;
grant select, insert on shop.prices to tess;
set role tess;
select regress.error($$select forge.push('prices', '{"user_id": 8, "at": "2026-03-05", "price": 8}')$$);
reset role;
revoke insert on shop.prices from tess;
grant select, insert, update on forge_online.price_v1 to tess;
set role tess;
select regress.error($$select forge.push('prices', '{"user_id": 8, "at": "2026-03-05", "price": 8}')$$);
select forge.push('prices', '{"user_id": 9, "at": "2026-03-05", "price": 9}', 'online');
reset role;
set role tom;
select (select count(*) from prices where user_id in (8, 9)) as offline, (select count(*) from forge_online.price_v1 where user_id in (8, 9)) as online;

-- A source that has lost or changed a column says so whoever asks, and nothing is written
create view columns_gone as select user_id, at, price from prices;
select forge.create_feature_view('late', '{person}', 'columns_gone', 'at'), forge.create_feature_view('spent', '{person}', 'prices', 'at', aggregations => '[{"function": "max", "column": "price", "time_window": "36500 days", "name": "most"}]');
select forge.create_push_source('spent', 'spent'), forge.create_push_source('late', 'late');
select (forge.materialize('late')).rows as late, (forge.materialize('spent')).rows as spent;
create table online_before as select user_id, price, most from forge_online.price_v1 full join forge_online.spent_v1 using (user_id);
create table kept as select count(*) as runs, (select count(*) from prices) as rows from forge.materializations;
create procedure everybody() language plpgsql as $$
declare
    statement text;
begin
    foreach statement in array array[$s$select forge.materialize_incremental('price')$s$, $s$select forge.materialize('spent')$s$,
        $s$select forge.push('prices', '{"user_id": 1, "at": "2026-03-09", "price": 1}')$s$, $s$select forge.push('prices', '{"user_id": 1, "at": "2026-03-09"}')$s$,
        $s$select forge.push('prices', '{"user_id": 1, "at": "2026-03-09", "price": 1}', 'online')$s$, $s$select forge.push('prices', '{"user_id": 1, "at": "2026-03-09"}', 'offline')$s$,
        $s$select forge.push('spent', '{"user_id": 1, "at": "2026-03-09"}')$s$, $s$select forge.historical_features('select 1 as user_id', 'shop.none', '{spent:most}')$s$,
        $s$select forge.historical_features('select 1 as user_id', 'shop.none', '{price}')$s$] loop
        raise notice '%: %', statement, regress.error(statement);
    end loop;
end
$$;
drop view columns_gone;
select regress.error($$select forge.push('late', '{"user_id": 1, "at": "2026-03-09", "price": 1}')$$), regress.error($$select forge.materialize('late')$$);
alter table prices alter price type numeric;
call everybody();
alter table prices drop column price;
call everybody();
select (select count(*) from (select user_id, price, most from forge_online.price_v1 full join forge_online.spent_v1 using (user_id) except table online_before) d) as changed,
    (select count(*) from forge.materializations) - runs as runs, (select count(*) from prices) - rows as rows, to_regclass('shop.none') as made from kept;
-- brought back, it goes on
alter table prices add column price int;
select forge.push('prices', '{"user_id": 1, "at": "2026-03-09", "price": 1}');
-- of a domain, and of columns that no feature is about, nothing is said
create domain cents as int;
create table tills (id int generated always as identity primary key, user_id bigint, at timestamptz, paid cents, other int);
create index on tills (user_id, at desc);
select forge.create_feature_view('till', '{person}', 'tills', 'at', '{paid}'), forge.create_push_source('tills', 'till');
alter table tills drop column other;
select regress.error($$select forge.push('tills', '{"user_id": 1, "at": "2026-03-09", "paid": 5}')$$);
reset role;
