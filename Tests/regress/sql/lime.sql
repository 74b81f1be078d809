-- forge.explain_lime. The models are made by hand; Tests/regress/oracles/explaining.py holds the weights against Python's package lime, on
-- the same rows and function.
\set SHOW_CONTEXT never
create table people as
select i as id, 20 + (i * 37 % 500) * 0.08 as age, (array['free', 'pro', 'free', null])[1 + i % 4] as plan
from generate_series(1, 500) i;
create table places as
select i as id, 30 + sqrt(i) * 5 as area, case when i % 10 > 0 then i % 4 end as rooms from generate_series(1, 300) i;

-- The statistics that a training keeps, in plain SQL.
create function regress.number_statistics(model text, version int, feature text, source text) returns void
language plpgsql
as $$
begin
    execute format($sql$
        with v as (select s.%2$I::float8 as x from %1$s s),
        q as (select percentile_cont(array(select i / 20.0::float8 from generate_series(0, 20) i)) within group (order by x) as at from v),
        b as (select i, count(x) as n, coalesce(avg(x), 0) as m, coalesce(stddev_pop(x), 0) as d
              from generate_series(1, 20) i cross join q left join v on x <= at[i + 1] and (x > at[i] or i = 1) group by i)
        insert into forge.feature_statistics (model, version, feature, rows, missing, quantiles, counts, means, deviations)
        select %3$L, %4$s, %2$L, (select count(*) from v), (select count(*) from v where x is null), at,
            array_agg(n order by i), array_agg(m order by i), array_agg(d order by i)
        from b, q group by at $sql$, source, feature, model, version);
end
$$;
create function regress.level_statistics(model text, version int, feature text, source text) returns void
language plpgsql
as $$
begin
    execute format($sql$
        insert into forge.feature_statistics (model, version, feature, rows, missing, counts, levels)
        select %3$L, %4$s, %2$L, sum(n), coalesce(sum(n) filter (where l is null), 0),
            coalesce(array_agg(n order by n desc, l) filter (where l is not null), '{}'),
            coalesce(array_agg(l order by n desc, l) filter (where l is not null), '{}')
        from (select s.%2$I::text as l, count(*) as n from %1$s s group by 1) c $sql$, source, feature, model, version);
end
$$;
select regress.error($$select * from forge.explain_lime('churn', '{"age": 30, "plan": "pro"}')$$);
select regress.number_statistics('churn', 1, 'age', 'people'), regress.level_statistics('churn', 1, 'plan', 'people');
select regress.number_statistics('house', 2, 'area', 'places'), regress.number_statistics('house', 2, 'rooms', 'places');
select feature, rows, missing, counts, levels from forge.feature_statistics where feature = 'plan';

-- The mean over seeds of what the package says too (explaining.py), its noise and ours apart.
create view lime_means as
select c.name, e.feature, avg(e.weight) as weight, stddev(e.weight) as deviation, min(e.class) as class, avg(e.score) as score,
    avg(e.local_prediction) as local_prediction, avg(e.intercept) as intercept, count(*)
from (values ('old', '{"age": 52, "plan": "pro"}'), ('young', '{"age": 36.5, "plan": "free"}'), ('none', '{"age": 41.5, "plan": null}')) c(name, features),
    generate_series(1, 40) seed, forge.explain_lime('churn', c.features, 'yes', num_features => 2, seed => seed) e
group by c.name, e.feature;
select name, feature, round(weight::numeric, 2) as weight, class, round(local_prediction::numeric, 2) as local, count
from lime_means order by name, abs(weight) desc;

-- What is said of one row.
select feature, round(weight::numeric, 3) as weight, source_column, class, round(prediction::numeric, 6) as prediction, score between 0 and 1 as score
from forge.explain_lime('churn', '{"age": 52, "plan": "pro"}');
-- Signs are those of the coefficients: a missing rooms adds 2000 to this price, so that having some takes away.
select feature, weight > 0 as adds, class, prediction, abs(local_prediction - intercept - sum(weight) over ()) < 1e-9 as adds_up
from forge.explain_lime('house', '{"area": 110, "rooms": 3}');
select feature, sign(weight) from forge.explain_lime('house', '{"area": 40, "rooms": null}', num_features => 1);
-- The prediction is the model's own; the default label is the predicted one; the other one's weights are its negatives.
select e.prediction = forge.predict('churn', p) as same, e.class = forge.predict_label('churn', p) as predicted
from (select * from people where age > 39 order by id limit 3) p, forge.explain_lime('churn', p, 'yes', num_features => 1) e;
select bool_and(abs(y.weight + n.weight) < 1e-12) as opposite, count(*)
from forge.explain_lime('churn', '{"age": 41, "plan": "pro"}', 'yes') y join forge.explain_lime('churn', '{"age": 41, "plan": "pro"}', label => 'no') n using (feature);
select regress.number_statistics('iris', 1, 'petal', '(select area / 20 as petal from places)');
select feature, class from forge.explain_lime('iris', '{"petal": 6}', num_samples => 10);
select feature, class, weight < 0 as takes_away from forge.explain_lime('iris', '{"petal": 6}', 'seto') group by 1, 2, 3;

-- The same seed gives the same bytes, in any form; another seed other ones.
select a.weight = b.weight as same_json, a.weight = r.weight as same_row, a.weight <> o.weight as other
from forge.explain_lime('house', '{"area": 80, "rooms": 2}', num_features => 1) a
join forge.explain_lime('house', '{"area": 80, "rooms": 2}'::jsonb, num_features => 1) b using (feature)
join (select e.* from (select 80::float8 as area, 2 as rooms) p, forge.explain_lime('house', p, num_features => 1) e) r using (feature)
join forge.explain_lime('house', '{"area": 80, "rooms": 2}', num_features => 1, seed => 7) o using (feature);
-- A level that training did not see, and one that falls beyond its ends.
select feature, weight <> 0 as weighs from forge.explain_lime('churn', '{"age": 41, "plan": "gold"}') order by feature;
select feature from forge.explain_lime('house', '{"area": -5, "rooms": 900}') order by feature;

-- Rules name the column's own values.
insert into forge.feature_statistics (model, version, feature, rows, missing, quantiles, counts, means, deviations, levels)
select 'typed', 1, c ->> 'name', 20, 0, q.at, coalesce(q.counts, '{20}'), q.at[:20], q.zeros, case when q.at is null then '{happy}'::text[] end
from forge.model_versions v, jsonb_array_elements(v.schema) c,
    lateral (select case when c ->> 'kind' = 'number' and c ->> 'type' <> 'boolean' then array(select i * 8640000.0::float8 from generate_series(0, 20) i)
            when c ->> 'kind' = 'number' then array_fill(0.5::float8, '{21}') end as at) a,
    lateral (select a.at, case when a.at is not null then array_fill(1::bigint, '{20}') end as counts, case when a.at is not null then array_fill(0.0::float8, '{20}') end as zeros) q
where v.model = 'typed';
create table typed as select true as c_boolean, 1::smallint as c_smallint, 50000000 as c_integer, 99999999999 as c_bigint, 43200000::real as c_real, null::float8 as c_double_precision,
    50000000.5 as c_numeric, date '2001-09-10' as c_date, timestamp '2002-01-01 12:00' as c_timestamp_without_time_zone, timestamptz '2010-01-01 12:00' as c_timestamp_with_time_zone,
    interval '600 days' as c_interval, repeat('é', 61) as c_text, 'v'::varchar as c_character_varying, 'b'::char(2) as c_character, 'n'::name as c_name,
    'f47ac10b-58cc-4372-a567-0e02b2c3d479'::uuid as c_uuid, 'happy'::regress.mood as "c_regress.mood";
select e.feature from typed t, forge.explain_lime('typed', t, num_features => 100, num_samples => 100) e order by source_column;

-- Who may predict may ask, and sees none of the statistics.
set role ann;
select regress.error($$select * from forge.explain_lime('churn', '{"age": 30, "plan": "pro"}')$$);
reset role;
grant execute on function forge_models.churn(record) to ann;
set role ann;
select count(*) from forge.explain_lime('churn', '{"age": 30, "plan": "pro"}');
select count(*) as hidden from forge.feature_statistics;
reset role;

select count(*) as none from forge.explain_lime('churn', null::jsonb);
select regress.error($$select * from forge.explain_lime('churn', '{"age": 30, "plan": "pro"}', 'maybe')$$);
select regress.error($$select * from forge.explain_lime('house', '{"area": 30, "rooms": 1}', 'yes')$$);
select regress.error($$select * from forge.explain_lime('churn', '{"age": 30, "plan": "pro"}', num_samples => 0)$$);
select regress.error($$select * from forge.explain_lime('churn', '{"age": 30, "plan": "pro"}', num_features => 0, num_samples => 2000000, kernel_width => 'NaN', seed => null)$$);
select regress.error($$select * from forge.explain_lime('churn', '{"age": 30}')$$);
select regress.error($$select * from forge.explain_lime('churn', '{"age": "old", "plan": "pro"}')$$);
select regress.error($$select * from forge.explain_lime('nobody', '{"age": 30, "plan": "pro"}')$$);
select regress.error($$select * from forge.explain_lime('stumps', '{"area": 30, "heating": "gas"}')$$);
begin;
update forge.feature_statistics set quantiles[3] = 'NaN' where model = 'churn' and feature = 'age';
select regress.error($$select * from forge.explain_lime('churn', '{"age": 30, "plan": "pro"}')$$);
rollback;

-- It stops when it is told to.
set statement_timeout = '200ms';
select e.* from typed t, forge.explain_lime('typed', t, num_samples => 1000000) e;
