-- partial_dependence, ice, counterfactual. The numbers can be worked out on paper: the models are linear, made by hand.
\set ECHO none
\ir ../fixtures/training.sql
\set ECHO all
\set SHOW_CONTEXT never
select regress.train('tom', 'leavers', 'churn', 'always', '{"columns": [
    {"name": "age", "type": "integer", "kind": "number", "encoding": "number", "null": "fill"},
    {"name": "plan", "type": "text", "kind": "category", "encoding": "one_hot", "levels": 2, "null": "level", "unseen": "level"}]}');
select regress.train('tom', 'dwelling', 'house', 'always', '{"task": "regression", "target": "price", "columns": [
    {"name": "area", "type": "double precision", "kind": "number", "encoding": "number", "null": "fill"},
    {"name": "rooms", "type": "integer", "kind": "number", "encoding": "number", "null": "indicator"}]}');
create table houses as select i as id, i * 10.5 as area, case when i % 5 > 0 then (i % 5)::int end as rooms, i * 21.0 as price from generate_series(1, 300) i;
grant select on houses to tom;
set role tom;

-- A line's slope is the coefficient, whatever the other columns hold.
select value, numeric_value, class, prediction - first_value(prediction) over (order by numeric_value) as rise
from forge.partial_dependence('dwelling', 'rooms', 'houses');
select count(*), min(numeric_value), max(numeric_value), count(distinct round((prediction / numeric_value)::numeric, 2)) > 1 as has_intercept
from forge.partial_dependence('dwelling', 'area', 'houses', grid_resolution => 5);
-- scikit-learn's grid: an even one between the 5th and the 95th percentile.
select array_agg(round(numeric_value::numeric, 6) order by numeric_value)
    = (select array_agg(round((b[1] + (b[2] - b[1]) * i / 4)::numeric, 6) order by i)
       from (select percentile_cont('{0.05,0.95}'::float8[]) within group (order by area::float8) as b from houses) q, generate_series(0, 4) i) as even
from forge.partial_dependence('dwelling', 'area', 'houses', grid_resolution => 5);
-- The mean of the rows' curves is the partial dependence; rows keep their order.
select bool_and(abs(p.prediction - i.mean) < 1e-9) as is_the_mean, count(*)
from forge.partial_dependence('dwelling', 'area', 'houses', max_rows => 50) p
join (select value, avg(prediction) as mean from forge.ice('dwelling', 'area', 'houses', max_rows => 50) group by value) i using (value);
select (select array_agg(prediction) from forge.ice('dwelling', 'area', 'houses'))
    = (select array_agg(prediction) from forge.ice('dwelling', 'area', 'select * from houses order by id desc')) as same_rows_in_any_order;
select value, numeric_value, prediction between 0 and 1 as probability from forge.partial_dependence('leavers', 'plan', 'customers');
select regress.error($$select * from forge.ice('dwelling', 'garden', 'houses')$$);
select regress.error($$select * from forge.ice('dwelling', 'area', 'houses', grid_resolution => 1)$$);
select regress.error($$select * from forge.ice('dwelling', 'area', 'houses', percentiles => '{0.9,0.1}')$$);
select regress.error($$select * from forge.ice('dwelling', 'area', 'houses', max_rows => 0)$$);
select regress.error($$select * from forge.ice('dwelling', 'area', 'select area from houses')$$);
select regress.error($$select * from forge.ice('dwelling', 'area', 'select * from houses where id < 0')$$);
-- Days are spread over all that occur; few rows have the grid of many.
select count(*), min(given), max(given), max(given_after - given) as widest_step
from (select (given #>> '{}')::date as given, lead((given #>> '{}')::date) over (order by place) as given_after
      from forge.feature_grid((select array_agg(to_jsonb(date '2020-01-01' + i)) from generate_series(1, 1500) i), 'date', 'number', 20, '{0.05,0.95}')) g;
select count(distinct i.value) as values, count(*) filter (where p.value is null) as others
from forge.ice('dwelling', 'area', 'houses', max_rows => 1) i left join forge.partial_dependence('dwelling', 'area', 'houses') p using (value);

-- The nearest crossing of a line: (goal - prediction) / coefficient.
select feature, original, changed::float8 - 50 > 0 as larger, abs(prediction - goal) < 1e-6 as just_reaches, distance > 0 as far
from (select forge.predict('dwelling', '{"area": 50, "rooms": 2}'::jsonb) + 60 as goal) g,
    forge.counterfactual('dwelling', '{"area": 50, "rooms": 2}', source => 'houses', minimum => goal, mutable => '{area}');
-- An integer stays one.
select feature, original, changed ~ '^[0-9]+$' as whole, prediction >= goal as reached
from (select forge.predict('dwelling', '{"area": 50, "rooms": 1}'::jsonb) + 10 as goal) g,
    forge.counterfactual('dwelling', '{"area": 50, "rooms": 1}', source => 'houses', minimum => goal, mutable => '{rooms}');
select count(*) as nothing_to_change from forge.counterfactual('dwelling', '{"area": 50, "rooms": 2}', source => 'houses', minimum => 0);
select count(*) > 0 as found, bool_and(c.label <> forge.predict_label('leavers', row.features)) as flips
from (select to_jsonb(c) as features from customers c order by id limit 1) row, forge.counterfactual('leavers', row.features, source => 'customers') c;
select regress.error($$select * from forge.counterfactual('dwelling', '{"area": 50, "rooms": 2}', source => 'houses', minimum => 1e9)$$);
select regress.error($$select * from forge.counterfactual('dwelling', '{"area": 50, "rooms": 2}', source => 'houses')$$);
select regress.error($$select * from forge.counterfactual('dwelling', '{"area": 50, "rooms": 2}', source => 'houses', minimum => 2, maximum => 1)$$);
select regress.error($$select * from forge.counterfactual('leavers', '{"age": 50, "plan": "pro"}', 'maybe', source => 'customers')$$);
select regress.error($$select * from forge.counterfactual('leavers', '{"age": 50, "plan": "pro"}', minimum => 0.5, source => 'customers')$$);
select regress.error($$select * from forge.counterfactual('leavers', '{"age": 50, "plan": "pro"}', mutable => '{height}', source => 'customers')$$);
select regress.error($$select * from forge.counterfactual('leavers', '{"age": 50, "plan": "pro"}', max_changes => 11, source => 'customers')$$);
