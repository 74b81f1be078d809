-- summary and correlation: pandas gives the same numbers.
\set SHOW_CONTEXT never
create schema lake;
create table lake.samples (
    a int, b double precision, "C d" numeric(8, 2), flag boolean, day date, wait interval, kind text, mood regress.mood, doc jsonb, nothing int);
insert into lake.samples values
    (1, 1.5, 10.25, true, '2000-01-02', '1 hour', 'x', 'sad', '{}', null),
    (2, 2.5, 20.50, false, '2000-01-03', '2 hours', 'y', 'happy', '[]', null),
    (3, 'NaN', -5.75, null, '2000-01-05', null, 'x', null, null, null),
    (4, 'Infinity', 8, true, 'infinity', '3 hours', 'x', 'sad', '{}', null),
    (10, -7, 100, true, '1999-12-31', '5 hours', null, 'sad', '1', null),
    (null, 3.25, 0, false, null, '1 day', 'z', null, '2', null);
grant usage on schema lake to ann;
grant select on lake.samples to ann;
set role ann;
set search_path = lake;
\x on
select feature, type, rows, nulls, distinct_values, minimum, maximum, round(mean::numeric, 9) as mean, round(sd::numeric, 9) as sd,
    round(skewness::numeric, 9) as skewness, q05, q25, median, q75, q95, non_finite, most_common, most_common_count
from forge.summary('samples');
\x off
select feature, round(mean::numeric, 6) as mean, nulls from forge.summary('select a * 2 as twice from samples where a < 4');
select * from forge.summary('select a from samples where false');
-- Numbers whose squares, or cubes, no double precision holds.
select feature, round(skewness::numeric, 6) as skewness, sd is null as beyond
from forge.summary('select i * i * 1e-110::float8 as tiny, i * 1e-200::float8 as vanishing, (i - 2) * 1e200::float8 as huge, 1 as one, i * i as plain from generate_series(1, 9) i');
select feature, other, round(correlation::numeric, 9) as correlation, rows from forge.correlation('samples');
select count(*) as pairs, count(correlation) as defined from forge.correlation(
    'select ' || (select string_agg(format('(i * %s) %% 17 as c%s', n, n), ', ') from generate_series(1, 60) n) || ' from generate_series(1, 50) i');
select * from forge.correlation('select kind, a from samples');
select regress.error($$select * from forge.summary('nowhere')$$);
select regress.error($$select * from forge.correlation('select 1; select 2')$$);
set search_path = public;
select regress.error($$select * from forge.summary('samples')$$) ~ '^FG005' as refused;
reset role;
revoke select on lake.samples from ann;
set role ann;
select regress.error($$select * from forge.summary('lake.samples')$$);
