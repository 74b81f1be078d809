-- evaluate, confusion_matrix, the curves, lift and residuals of held-out rows and of a source. The numbers are scikit-learn's on the same
-- rows: Tests/regress/oracles/evaluating.py holds them against it.
\set ECHO none
\ir ../fixtures/training.sql
\set ECHO all
\set SHOW_CONTEXT never
select regress.train('tom', 'leavers', 'churn', 'always', '{"columns": [
    {"name": "age", "type": "integer", "kind": "number", "encoding": "number", "null": "fill"},
    {"name": "plan", "type": "text", "kind": "category", "encoding": "one_hot", "levels": 2, "null": "level", "unseen": "level"}]}');
select regress.train('tom', 'kinds', 'iris', 'always', '{"target": "species"}');
select regress.train('tom', 'none_held_out', 'churn', 'always');
select regress.train('tom', 'dwelling', 'house', 'always', '{"task": "regression", "target": "price", "columns": [
    {"name": "area", "type": "double precision", "kind": "number", "encoding": "number", "null": "fill"},
    {"name": "rooms", "type": "integer", "kind": "number", "encoding": "number", "null": "indicator"}]}');
create table flowers as select i as id, i / 10.0::float8 as petal, (array['seto', 'vers', 'virg'])[1 + (i * 7 % 31) / 11] as species from generate_series(1, 60) i;
create table houses as select i as id, i * 10.5 as area, (i % 5)::int as rooms, i * 21.0 + (i % 7) * 100 as price from generate_series(1, 70) i;
-- What a sidecar keeps of the rows, in two chunks.
with scored as (
    select id, id / 101 as chunk, (churned = 'yes')::int as truth, array[(forge.predict_proba('leavers', c) ->> 'no')::float8, forge.predict('leavers', c)] as scores from customers c)
insert into forge.held_out_scores
select 'leavers', 1, t.chunk, t.truth, s.scores
from (select chunk, array_agg(truth order by id) as truth from scored group by chunk) t
join (select chunk, array_agg(score order by id, place) as scores from scored, unnest(scores) with ordinality u(score, place) group by chunk) s using (chunk);
insert into forge.held_out_scores
select 'kinds', 1, 0, array_agg(array_position('{seto,vers,virg}', species) - 1 order by id),
    (select array_agg((forge.predict_proba('kinds', g) ->> l)::float8 order by g.id, l) from flowers g, unnest('{seto,vers,virg}'::text[]) l)
from flowers;
insert into forge.held_out_scores
select 'dwelling', 1, 0, array_agg(price order by id), array_agg(forge.predict('dwelling', h) order by id) from houses h;
grant select on flowers, houses to tom, ann;
set role tom;

-- The rows held out and a source of the same rows give the same.
select model, count(*) as metrics, count(*) filter (where (h.value - s.value) between -1e-12 and 1e-12 or coalesce(h.value, s.value) is null) as equal
from (values ('leavers', 'customers'), ('kinds', 'flowers'), ('dwelling', 'houses')) m(model, source), forge.evaluate(model) h join lateral forge.evaluate(model, source) s using (metric)
group by model order by model;
select model, metric, round(value::numeric, 12) as value from (values ('leavers'), ('kinds'), ('dwelling')) m(model), forge.evaluate(model);
select * from forge.confusion_matrix('leavers');
select * from forge.confusion_matrix('kinds') except select * from forge.confusion_matrix('kinds', 'flowers');
select count(*), round(sum(fpr + tpr)::numeric, 9) as sum from forge.roc_curve('leavers');
select count(*) from (select * from forge.roc_curve('leavers') except select * from forge.roc_curve('leavers', 'customers')) d;
select round(threshold::numeric, 9) as threshold, round(precision::numeric, 9) as precision, round(recall::numeric, 9) as recall
from forge.pr_curve('leavers', 'select * from customers where id <= 20');

select class, bin, round(mean_predicted::numeric, 9) as mean_predicted, round(fraction_positive::numeric, 9) as fraction_positive, count from forge.calibration_curve('leavers', bins => 5);
select class, bin, round(mean_predicted::numeric, 9) as mean_predicted, round(fraction_positive::numeric, 9) as fraction_positive, count
from forge.calibration_curve('leavers', 'customers', 5, 'quantile');
select class, bin, round(mean_predicted::numeric, 9) as mean_predicted, round(fraction_positive::numeric, 9) as fraction_positive, count from forge.calibration_curve('kinds', bins => 2);
select bin, rows, positives, round(lift::numeric, 9) as lift, round(cumulative_lift::numeric, 9) as cumulative_lift, round(gain::numeric, 9) as gain
from forge.lift('leavers', bins => 5);
select bin, rows, round(mean_predicted::numeric, 6) as predicted, round(mean_actual::numeric, 6) as actual, round(mean::numeric, 6) as mean, round(sd::numeric, 6) as sd,
    round(skewness::numeric, 6) as skewness, minimum, round(q25::numeric, 6) as q25, median, round(q95::numeric, 6) as q95, maximum
from forge.residuals('dwelling', bins => 3);

-- Labels that training did not see, and held-out rows of one class.
reset role;
update forge.held_out_scores set truth = array_replace(truth, 0, -1) where model = 'kinds';
update forge.held_out_scores set truth = array_replace(truth, 0, 1) where model = 'leavers';
set role tom;
select metric, round(value::numeric, 9) as value from forge.evaluate('kinds') where metric in ('accuracy', 'balanced_accuracy', 'log_loss', 'roc_auc_ovr', 'recall/seto');
select * from forge.confusion_matrix('kinds');
select metric, value from forge.evaluate('leavers') where metric in ('roc_auc', 'pr_auc', 'cohen_kappa', 'mcc');

-- What cannot be evaluated.
select regress.error($$select * from forge.evaluate('none_held_out')$$);
select regress.error($$select * from forge.roc_curve('kinds')$$);
select regress.error($$select * from forge.pr_curve('kinds')$$);
select regress.error($$select * from forge.lift('kinds')$$);
select regress.error($$select * from forge.lift('leavers', bins => 0)$$);
select regress.error($$select * from forge.calibration_curve('leavers', bins => null)$$);
select regress.error($$select * from forge.calibration_curve('leavers', strategy => 'equal')$$);
select regress.error($$select * from forge.calibration_curve('dwelling')$$);
select regress.error($$select * from forge.residuals('leavers')$$);
-- Who may not predict with a model sees no scores of it.
set role ann;
select regress.error($$select * from forge.evaluate('leavers')$$) ~ '^FG002' as refused;

-- Intervals: the distances of nineteen rows, 1 to 19.
reset role;
select regress.train('tom', 'interval', 'house', 'always', jsonb_build_object('task', 'regression', 'target', 'price', 'conformal_scores',
    (select jsonb_agg(i order by i desc) from generate_series(1, 19) i), 'columns', '[
    {"name": "area", "type": "double precision", "kind": "number", "encoding": "number", "null": "fill"},
    {"name": "rooms", "type": "integer", "kind": "number", "encoding": "number", "null": "indicator"}]'::jsonb));
set role tom;
select scores from forge.conformal_scores;
-- ceil((19 + 1) * level)-th of them.
select level, (p).upper - (p).prediction as above, (p).prediction - (p).lower as below
from (select level, forge.predict_interval('interval', '{"area": 10, "rooms": 2}'::jsonb, level) as p from unnest('{0.01,0.5,0.51,0.9,0.95,0.96}'::float8[]) level) i;
select count(*) as rows, count(*) filter (where i.prediction = forge.predict('interval', h)) as predictions, count(*) filter (where i.upper - i.prediction = 18) as nine_in_ten,
    count(*) filter (where i = (select j from forge.predict_interval('interval', to_jsonb(h)) j) and i = (select j from forge.predict_interval('interval', to_jsonb(h)::text) j)) as of_every_form
from houses h, forge.predict_interval('interval', h) i;
select * from forge.predict_interval(null, '{"area": 10, "rooms": 2}'::jsonb);
select regress.error($$select * from forge.predict_interval('interval', '{"area": 10, "rooms": 2}'::jsonb, 1)$$);
select regress.error($$select * from forge.predict_interval('dwelling', '{"area": 10, "rooms": 2}'::jsonb)$$);
select regress.error($$select * from forge.predict_interval('leavers', '{"age": 10, "plan": "pro"}'::jsonb)$$);
select regress.error($$insert into forge.training_requests (model, source, target, algorithm, config) values ('m', 'houses', 'price', 'test_trees', '{"evaluation": {"intervals": "cv+"}}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, algorithm, config) values ('m', 'customers', 'churned', 'test_trees', '{"evaluation": {"intervals": "split"}}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, algorithm, split, config) values ('m', 'houses', 'price', 'test_trees', '{"method": "none"}', '{"evaluation": {"intervals": "split"}}')$$);
-- Who may only predict sees no single row's truth.
reset role;
set role tom;
select forge.grant_model('dwelling', 'ann');
reset role;
set role ann;
select count(*) from forge.held_out_scores where model = 'dwelling';
select regress.error($$select * from forge.evaluate('dwelling')$$);
select count(*) > 0 as of_rows_that_ann_may_read from forge.evaluate('dwelling', 'houses');

-- Truths of a source that cannot be the model's, and no rows at all.
reset role;
set role tom;
select regress.error($$select * from forge.evaluate('leavers', 'select age, plan, notes, (churned = ''yes'')::int as churned from customers')$$);
select regress.error($$select * from forge.confusion_matrix('kinds', 'select petal, null::text as plan, species || ''.'' as species from flowers')$$);
select regress.error($$select * from forge.evaluate('dwelling', 'select area, rooms, case id when 1 then ''Infinity'' when 2 then ''NaN'' else price end::float8 as price from houses')$$);
select regress.error($$select * from forge.residuals('dwelling', 'select area, rooms, price::text from houses')$$);
select regress.error($$select * from forge.evaluate('dwelling', 'select area, rooms, timestamptz ''2020-01-01'' as price from houses')$$);
select metric, round(value) as value from forge.evaluate('dwelling', 'select area, rooms, price * interval ''1 second'' as price from houses') where metric in ('mae', 'rows');
select curve, regress.error(format('select * from forge.%s(%L, ''select * from customers where id < 0'')', curve, 'leavers')) like 'FG010%' as refused
from unnest('{evaluate,confusion_matrix,roc_curve,pr_curve,calibration_curve,lift}'::text[]) curve;
select regress.error($$select * from forge.residuals('dwelling', 'select * from houses where id < 0')$$);
-- The share of rows inside of their 90 % interval, 18 to both sides.
select abs(e.value - (select avg((abs(price - forge.predict('interval', h)) <= 18)::int) from houses h)) < 1e-12 as as_counted
from forge.evaluate('interval', 'houses') e where e.metric = 'coverage_90';
select count(*) as without_intervals from forge.evaluate('dwelling', 'houses') where metric = 'coverage_90';

-- Numbers whose squares no double precision holds.
select metric, value from forge.evaluate('dwelling', 'select area, rooms, price * 1e-200::float8 as price from houses') where metric in ('r2', 'rows');
select metric, value is null as undefined from forge.evaluate('dwelling', 'select area, rooms, price * 1e200::float8 as price from houses') where metric in ('rmse', 'mae');
select count(*) from forge.residuals('dwelling', 'select area, rooms, forge.predict(''dwelling'', h) + id * 1e-200::float8 as price from houses h', 1);
reset role;
update forge.held_out_scores set truth = '{1,0}', scores = '{1e-200,1,1,1e-200}' where model = 'leavers' and chunk = 0;
update forge.held_out_scores set truth = '{0,2}', scores = '{1,1e-200,1e-300,1e-200,1e-170,1}' where model = 'kinds';
delete from forge.held_out_scores where model = 'leavers' and chunk > 0;
set role tom;
select model, metric, value from (values ('leavers'), ('kinds')) m(model), forge.evaluate(model) where metric in ('accuracy', 'brier', 'rows');

-- Each stored array is read once, not once for each of its elements: that took minutes.
reset role;
insert into forge.held_out_scores
select 'none_held_out', 1, 0, (select array_agg(i % 50) from generate_series(1, 4000) i), (select array_agg(i % 50 / 50.0) from generate_series(0, 199999) i);
set statement_timeout = '20s';
select count(*) as rows, sum(truth) as truths, sum(scores[2]) as seconds, min(cardinality(scores)) as scores from forge.held_out('none_held_out', 1);
reset statement_timeout;
