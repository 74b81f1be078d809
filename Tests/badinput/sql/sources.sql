-- Sources that are not one SELECT that tom may read: refused at insert, before anything runs. And requests that are wrong otherwise.
\c - postgres
create table public.houses as select g as id, g % 100 as area, 'plan ' || g % 3 as plan, g % 100 * 2.0 + 1 as price from generate_series(1, 300) g;
create table public.secret as select g as x, g as y from generate_series(1, 100) g;
create view public.over_secret as select x, y from public.secret;
create role ann;
grant create on schema public to ann;
set role ann;
create view public.broken_view as select x, y from public.secret;
reset role;
grant select on public.houses, public.broken_view to tom;
\c - tom
create temporary table mine (x int, y int);
create view temporary_view as select * from mine;
prepare p as select 1;
select bad.ask(source, format('source => %L, target => ''y''', source)) from unnest(array[
    '', ' ', ';', '-- nothing', 'select 1 as x, 2 as y; select 3 as x, 4 as y', 'insert into houses default values returning id as x, price as y',
    'update houses set price = 1', 'delete from houses', 'merge into houses using mine on true when matched then do nothing', 'select id as x, price as y into stolen from houses',
    'select id as x, price as y from houses for update', 'select id as x, price as y from houses for key share nowait',
    'with gone as (delete from houses returning *) select id as x, price as y from gone', 'with a as (select 1 as x, 2 as y) select * from a for share',
    'explain select 1 as x, 2 as y', 'copy houses to program ''id''', 'do $x$ begin end $x$', 'call bad.wait()', 'execute p', 'set role postgres', 'begin', 'commit',
    'create table x as select 1 as x, 2 as y', 'declare c cursor for select 1', 'select 1) union (select 2', 'select 1 as x, 2 as y) s; drop table houses; --',
    'select 1 as x, 2 as y /* open', 'select $1 as x, 2 as y', 'selekt 1', 'secret', 'select x, y from secret', 'over_secret', 'broken_view', 'nowhere', 'no.where', 'mine', 'temporary_view',
    'pg_temp.mine', 'pg_authid', 'select rolname as x, rolpassword as y from pg_authid', 'select pg_read_file(''/etc/passwd'') as x, 1 as y',
    'select 1 as x, 2 as x, 3 as y', 'select', 'select 1', 'select array[1] as x, 2 as y', 'select row(1, 2) as x, 3 as y', 'select 1 / 0 as x, 2 as y',
    'select g as x, null as y from generate_series(1, 100) g', 'select * from houses, lateral (select sum(no) as y) s']) source;
-- what is one SELECT trains
select bad.ask(source, format('source => %L, target => ''price'', exclude => array[''id'']', source)) from unnest(array[
    'houses', 'public.houses', 'table houses', 'select * from houses;', E'select * from houses -- all of it', E'select * from houses; -- all of it\n', '((select * from houses))',
    'with recursive h as (select * from houses) select * from h', 'select * from houses union all select * from houses order by id limit 400']) source;
select bad.ask('values', $$source => 'values (1, 2.0), (2, 4.0), (3, 5.0), (4, 9.0), (5, 11.0), (6, 12.0)', target => 'column2'$$);

-- the request itself
select bad.ask(arguments, arguments) from unnest(array[
    $$source => 'houses', target => 'prise'$$, $$source => 'houses', target => null$$, $$source => 'houses', target => ''$$, $$source => null, target => 'price'$$,
    $$source => 'houses', target => 'price', algorithm => 'xgboost'$$, $$source => 'houses', target => 'price', algorithm => 'logistic_regression'$$,
    $$source => 'houses', target => 'price', task => 'clustering'$$, $$source => 'houses', target => 'price', task => 'Regression'$$,
    $$source => 'houses', target => 'price', params => '{"max_dept": 3}'$$, $$source => 'houses', target => 'price', params => '{"max_depth": 0, "learning_rate": "fast", "n_estimators": 1e9, "subsample": -1}'$$,
    $$source => 'houses', target => 'price', params => '{"max_depth": 1e400}'$$, $$source => 'houses', target => 'price', params => '"max_depth"'$$,
    $$source => 'houses', target => 'price', params => 'null'$$,
    $$source => 'houses', target => 'plan', params => '{"positive_class": "plan 9"}'$$, $$source => 'houses', target => 'plan', params => '{"class_weight": {"plan 9": 2, "plan 1": -1}}'$$,
    $$source => 'select area, plan = ''plan 1'' as one from houses', target => 'one', params => '{"positive_class": "yes"}'$$,
    $$source => 'select area, plan = ''plan 1'' as one from houses', target => 'one', params => '{"class_weight": {"yes": 2, "true": "x"}}'$$,
    $$source => 'houses', target => 'price', features => array['area', 'area', 'plan']$$, $$source => 'houses', target => 'price', features => array['price']$$,
    $$source => 'houses', target => 'price', features => '{}'$$, $$source => 'houses', target => 'price', features => array['area', null, 'aera']$$,
    $$source => 'houses', target => 'price', exclude => array['id', 'area', 'plan']$$, $$source => 'houses', target => 'price', id_column => 'key', weight_column => 'plan'$$,
    $$source => 'houses', target => 'price', preprocess => '{"aera": {"impute": "median"}, "plan": {"encode": "target"}, "*": {"impute": 3}}'$$,
    $$source => 'houses', target => 'price', preprocess => '{"area": {"impute": "constant", "value": 1e308}}', algorithm => 'gradient_boosting'$$,
    $$source => 'houses', target => 'price', split => '{"test": 1.5}'$$, $$source => 'houses', target => 'price', split => '{"method": "column", "column": "plan"}'$$,
    $$source => 'houses', target => 'price', split => '{"test": 0.999999}'$$, $$source => 'houses', target => 'price', split => '{"seed": 1e300}'$$,
    $$source => 'houses', target => 'price', split => '{"method": 7}'$$, $$source => 'houses', target => 'price', split => '{"method": null, "test": null, "seed": null}'$$,
    $$source => 'houses', target => 'price', sample => '{"rows": 1}'$$, $$source => 'houses', target => 'price', sample => '{"fraction": 1e-12}'$$, $$source => 'houses', target => 'price', sample => '{"rows": 1e30}'$$,
    $$source => 'houses', target => 'price', config => '{"resources": {"limits": {"memory": "lots"}}, "scheduling": {"timeout": "1h"}}'$$,
    $$source => 'houses', target => 'price', config => '[]'$$, $$source => 'houses', target => 'price', config => '{"resources": null, "scheduling": 3}'$$,
    $$source => 'houses', target => 'price', promote => 'maybe'$$, $$source => 'houses', target => 'price', priority => 100000$$, $$source => 'houses', target => 'price', idempotency_key => ''$$,
    $$source => 'houses', target => 'price', run_at => 'infinity'$$,
    $$model => null, source => 'houses', target => 'price'$$, $$model => '', source => 'houses', target => 'price'$$, $$model => 'a b', source => 'houses', target => 'price'$$,
    $$model => 'Churn', source => 'houses', target => 'price'$$, $$model => 'a"; drop table houses; --', source => 'houses', target => 'price'$$, $$model => 'caf' || U&'\00e9', source => 'houses', target => 'price'$$,
    $$model => repeat('x', 58), source => 'houses', target => 'price'$$, $$model => repeat('y', 57), source => 'houses', target => 'price'$$, $$model => 'select', source => 'houses', target => 'price'$$,
    $$model => 'a_label', source => 'houses', target => 'price'$$, $$model => 'm/3', source => 'houses', target => 'price'$$]) arguments;
-- all problems together
select bad.ask('everything', $$model => 'Every Thing', source => 'houses', target => 'prise', algorithm => 'xgboost', features => array['aera'], id_column => 'key', params => '[]',
    preprocess => '{"x": 1}', split => '{"test": 2}', sample => '{}', promote => 'maybe', config => '{"resources": {"limits": {"cpu": 0}}}'$$);
call bad.wait();
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' => '
select name, outcome from bad.outcomes;
