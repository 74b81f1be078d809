-- Limits of a request: time, memory, capacity, a cancel while it runs. And what is large.
create function slow(g int) returns int language plpgsql volatile as $$begin perform pg_sleep(0.01); return g; end$$;
select bad.ask('time limit while reading', $$source => 'select slow(g) as x, g * 2.0 as y from generate_series(1, 100000) g', target => 'y', config => '{"scheduling": {"timeout": 1, "max_retries": 0}}'$$);
select bad.ask('time limit while fitting', $$source => 'select g as x, g % 7 as z, g * 2.0 as y from generate_series(1, 100000) g', target => 'y', algorithm => 'gradient_boosting',
    params => '{"n_estimators": 10000, "max_depth": 12}', config => '{"scheduling": {"timeout": 2, "max_retries": 0}}'$$);
select bad.ask('memory limit', $$source => 'select ' || (select string_agg(format('random() as x%s', i), ', ') from generate_series(1, 40) i) || ', g * 2.0 as y from generate_series(1, 300000) g', target => 'y',
    algorithm => 'linear_regression', config => '{"resources": {"limits": {"memory": "64M"}}}'$$);
call bad.wait();
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' => '
select name, regexp_replace(outcome, 'used [0-9.]+M', 'used …M') from bad.outcomes;
select name, extract(epoch from r.finished_at - r.started_at) between 0.9 and 5 as in_time from bad.cases c join forge.training_requests r on r.id = c.request where name like 'time limit%';

-- a cancel while it runs, in a source that sleeps, and while fitting: within a second
select bad.ask('cancelled while the source sleeps', $$source => 'select g as x, g * 2.0 as y from generate_series(1, 1000) g, lateral (select pg_sleep(30) offset 0) s', target => 'y'$$);
select bad.ask('cancelled while fitting', $$source => 'select g as x, g % 7 as z, g * 2.0 as y from generate_series(1, 100000) g', target => 'y', algorithm => 'gradient_boosting',
    params => '{"n_estimators": 10000, "max_depth": 12}'$$);
create procedure until_running(wanted text, phases text) language plpgsql as $$
begin
    while not exists (select from bad.cases c join forge.training_requests r on r.id = c.request where c.name = wanted and r.status = 'running' and r.phase ~ phases) loop
        commit;
        perform pg_sleep(0.02);
    end loop;
end $$;
call until_running('cancelled while the source sleeps', 'read');
call until_running('cancelled while fitting', 'fit');
select forge.cancel(request) from bad.cases where name like 'cancelled%' order by place;
call bad.wait();
select name, outcome, extract(epoch from r.finished_at - r.cancel_requested_at) < 1 as within_a_second
from bad.outcomes join bad.cases c using (name) join forge.training_requests r on r.id = c.request where name like 'cancelled%' order by c.place;

-- more than any worker has: it waits, and says so; and can be cancelled
select bad.ask('a thousand cpus', $$source => 'select g as x, g * 2.0 as y from generate_series(1, 100) g', target => 'y', config => '{"resources": {"requests": {"cpu": "1000"}}}'$$);
select bad.ask('a petabyte', $$source => 'select g as x, g * 2.0 as y from generate_series(1, 100) g', target => 'y', config => '{"resources": {"requests": {"memory": "1000T"}}}'$$);
select c.name, t.status, regexp_replace(t.waiting_for, '\d[\d.]* (GB|MB|TB)|has \d+', '…', 'g') from bad.cases c join forge.training_status t on t.id = c.request where c.name like 'a %' order by c.place;
select value ~ 'asks for 1000' from forge.check_request('m', 'select 1 as x, 2.0 as y', 'y', config => '{"resources": {"requests": {"cpu": "1000"}}}') where section = 'worker';
select forge.cancel(request) from bad.cases where name like 'a %' order by place;

-- wide: Postgres's own limit, and one more
create function wide(columns int) returns text language sql as $$
    select format('select %s, (g %% 13)::float8 as y from generate_series(1, 300) g', string_agg(format('(g * %s %% 97)::float4 as x%s', i, i), ', ')) from generate_series(1, columns) i $$;
create function wide_table(columns int) returns void language plpgsql as $$
begin
    execute format('create table wide (%s, y float8)', (select string_agg(format('x%s float4', i), ', ') from generate_series(1, columns) i));
    execute format('insert into wide %s', wide(columns));
end $$;
select wide_table(1599);
select bad.ask('1,599 features of a table, ' || a, format($$source => 'wide', target => 'y', algorithm => %L, params => %L$$, a, p))
from (values ('ridge', '{}'), ('gradient_boosting', '{"n_estimators": 5}')) v(a, p);
select bad.ask('1,599 features of a query', format($$source => %L, target => 'y', algorithm => 'linear_regression'$$, wide(1599)));
select bad.ask('1,600 features of a query', format($$source => %L, target => 'y'$$, wide(1600)));
select bad.ask('2,000 entries', format($$source => %L, target => 'y'$$, wide(2000)));
select bad.ask('two joined tables', $$source => 'select a.*, b.* from wide a join wide b using (y)', target => 'y'$$);
select bad.ask('a long value', $$source => 'select repeat(''x'', 9000000) as x, g * 2.0 as y from generate_series(1, 3) g', target => 'y'$$);
select bad.ask('long levels', $$source => 'select repeat(chr(65 + g % 3), 1000000) as x, (g % 3) * 2.0 + g % 2 as y from generate_series(1, 30) g', target => 'y', algorithm => 'ridge'$$);
select bad.ask('60,000 levels', $$source => 'select ''level '' || g % 60000 as x, g % 60000 + 0.5 * (g % 2) as y from generate_series(1, 120000) g', target => 'y', algorithm => 'gradient_boosting', params => '{"n_estimators": 2}'$$);
call bad.wait();
select name, outcome from bad.outcomes where name ~ '^1,|^2,|two|long|levels';
select forge.predict(r.model, w) is not null as of_a_row from wide w, bad.cases c join forge.training_requests r on r.id = c.request where c.name = '1,599 features of a table, ridge' limit 1;
