-- describe, feature_importance, evaluate, confusion_matrix, roc_curve, predict_table. The metrics are scikit-learn's on the same rows.
\set ECHO none
\ir ../fixtures/training.sql
\set ECHO all
\set SHOW_CONTEXT never
select regress.train('tom', 'leavers', 'churn', 'always', '{"columns": [
    {"name": "age", "type": "integer", "kind": "number", "encoding": "number", "null": "fill"},
    {"name": "plan", "type": "text", "kind": "category", "encoding": "one_hot", "levels": 2, "null": "level", "unseen": "level"}]}');
select regress.train('tom', 'kinds', 'iris', 'always', '{"target": "species"}');
create table flowers as select i as id, i / 10.0::float8 as petal, (array['seto', 'vers', 'virg', 'rosa'])[1 + (i * 7 % 31) / 9] as species from generate_series(1, 60) i;
create table houses as select i as id, i * 10.5 as area, (i % 5)::int as rooms, i * 21.0 + (i % 7) * 100 as price from generate_series(1, 30) i;
create table days as select 'yes'::text as churned, 40 as age, 'pro'::text as plan from generate_series(1, 3);
grant select on flowers, houses, days to tom, ann;
grant all on schema public to tom;
set role tom;

select section, item, value from forge.describe('leavers') where section not in ('version', 'alias');
select section, item, value from forge.describe('leavers/1') where section = 'metric';
reset role;
select regress.train('tom', 'towns', 'churn', 'always', '{"columns": [
    {"name": "plan", "type": "text", "kind": "category", "encoding": "one_hot", "levels": 2, "first_levels": ["free", "pro"], "null": "level", "unseen": "level"},
    {"name": "city", "type": "text", "kind": "category", "encoding": "native", "levels": 9, "first_levels": ["Köln", "a \"b\", c"], "null": "missing", "unseen": "missing"},
    {"name": "old", "type": "text", "kind": "category", "encoding": "native", "levels": 3, "null": "missing", "unseen": "missing"}]}');
set role tom;
select section, item, value from forge.describe('towns') where section in ('column', 'levels');
select forge.drop_model('towns');
select regress.error($$select forge.describe('nothing')$$);
select regress.error($$select forge.describe('leavers/9')$$);
select * from forge.feature_importance('leavers');
select regress.error($$select forge.feature_importance('leavers@nobody')$$);
select regress.error($$select forge.feature_importance('leavers', 'split')$$);
select regress.error($$select forge.feature_importance('leavers', 'permutation')$$);
reset role;
select regress.train('tom', 'measured', 'churn', 'always', '{"feature_importance": [{"feature": "age", "importance": 1},
    {"kind": "permutation", "feature": "plan", "importance": -0.01, "lower": -0.02, "upper": 0.01}, {"kind": "permutation", "feature": "age", "importance": 0.25, "lower": 0.2, "upper": 0.3}],
    "feature_statistics": [{"feature": "plan", "rows": 9, "missing": 1, "quantiles": null, "counts": [5, 3], "means": null, "deviations": null, "levels": ["free", "pro"]}]}');
set role tom;
select * from forge.feature_importance('measured', 'permutation');
select * from forge.feature_importance('measured', 'gain');
-- What the rows look like is for the owner: whoever may predict reads the manifest.
select feature, missing, counts, levels, quantiles from forge.feature_statistics where model = 'measured';
select manifest ? 'feature_statistics' as told from forge.model_versions where model = 'measured';
select forge.drop_model('measured');

-- Coefficients: in the order of the manifest; what was not computed is NULL; none for models without.
reset role;
select regress.train('tom', 'dues', 'churn', 'always', '{"coefficients": [
    {"term": "(intercept)", "coefficient": -1.5, "std_error": 0.5, "statistic": -3, "p_value": 0.0027, "lower": -2.48, "upper": -0.52},
    {"term": "age", "coefficient": 0.25, "std_error": 0.1, "statistic": 2.5, "p_value": 0.0124, "lower": 0.054, "upper": 0.446, "vif": 1.25},
    {"term": "plan=pro", "class": "yes", "coefficient": null}]}');
set role tom;
select * from forge.coefficients('dues');
select count(*) from forge.coefficients('leavers');
select regress.error($$select forge.coefficients('dues@nobody')$$);
set role ann;
select regress.error($$select * from forge.coefficients('dues')$$);
select count(*) from forge.model_coefficients;
set role tom;
select forge.drop_model('dues');
reset role;
select count(*) from forge.model_coefficients;
set role tom;

-- Two classes.
select metric, round(value::numeric, 12) as value from forge.evaluate('leavers', 'customers');
select * from forge.confusion_matrix('leavers', 'select * from customers');
select round(threshold::numeric, 9) as threshold, round(fpr::numeric, 9) as fpr, round(tpr::numeric, 9) as tpr from forge.roc_curve('leavers', 'select * from customers where id <= 30');
select metric, value from forge.evaluate('leavers', 'days');  -- one class: no roc_auc
select metric, round(value::numeric, 12) as value from forge.evaluate('leavers', 'select age, plan, case id % 3 when 0 then ''maybe'' else churned end as churned from customers');

-- More than two, and a label that training did not see.
select metric, round(value::numeric, 12) as value from forge.evaluate('kinds', 'flowers');
select * from forge.confusion_matrix('kinds', 'flowers');
select regress.error($$select * from forge.roc_curve('kinds', 'flowers')$$);

-- Regression.
reset role;
select forge.grant_model('house', 'tom');
set role tom;
select metric, round(value::numeric, 9) as value from forge.evaluate('house', 'houses');
select metric, round(value::numeric, 9) as value from forge.evaluate('house/1', 'select * from houses where id = 1');
select regress.error($$select * from forge.confusion_matrix('house', 'houses')$$);
select regress.error($$select * from forge.roc_curve('house', 'houses')$$);

-- What cannot be evaluated.
select regress.error($$select * from forge.evaluate('leavers', 'select age, plan from customers')$$);
select regress.error($$select * from forge.evaluate('leavers', 'select * from customers where false')$$);
select regress.error($$select * from forge.evaluate('leavers', 'nowhere')$$) ~ '^FG005' as refused;
select regress.error($$select * from forge.evaluate('leavers', 'select age, churned from customers')$$) ~ '^FG006' as refused;
select regress.error($$select * from forge.evaluate('nothing', 'customers')$$);

-- Into a table: typed functions for the champion and its own types, else the row form; the numbers are the same.
select forge.predict_table('leavers', 'customers', 'id', 'scores');
select s.id, round(s.prediction::numeric, 6) as prediction, s.label from scores s order by id limit 3;
select count(*) from scores s join customers c using (id)
where s.prediction = forge.predict('leavers', c) and s.label = forge.predict_label('leavers', c);
select forge.predict_table('leavers', 'select 1 as id, 38 as age, ''free''::text as plan', 'id', 'undecided');
select prediction, label, label = forge.predict_label('leavers', '{"age": 38, "plan": "free"}'::jsonb) as as_predict_label from undecided;
select forge.predict_table('leavers/1', 'select id::text as "Key", age::bigint as age, plan from customers', 'Key', 'public."Row Scores"');
select count(*) from scores s join "Row Scores" r on r.id = s.id::text and r.prediction = s.prediction and r.label = s.label;
select forge.predict_table('kinds', 'flowers', 'id', 'kinds_scores');
select * from kinds_scores order by id limit 2;
select forge.predict_table('house', 'houses', 'id', 'house_scores');
select attname, atttypid::regtype from pg_attribute where attrelid = 'house_scores'::regclass and attnum > 0;
select relpersistence, relowner::regrole from pg_class where relname = 'house_scores';
select prediction, label from forge.scoring_calls('leavers', (select jsonb_agg(to_jsonb(d)) from forge.describe_source('customers') d));
select prediction, label from forge.scoring_calls('leavers', (select jsonb_agg(to_jsonb(d)) from forge.describe_source('select age::bigint, plan from customers') d));
-- what an event trigger adds to every new table is heeded
reset role;
create function give_key() returns event_trigger language plpgsql as $$begin alter table keyed_scores add unique (id); end$$;
create event trigger give_keys on ddl_command_end when tag in ('CREATE TABLE AS') execute function give_key();
set role tom;
select forge.predict_table('house', 'houses', 'id', 'keyed_scores');
reset role;
drop event trigger give_keys;
set role tom;
select count(*) from keyed_scores k join house_scores h using (id, prediction);
select regress.error($$select forge.predict_table('leavers', 'customers', 'id', 'scores')$$);
select regress.error($$select forge.predict_table('leavers', 'customers', 'nr', 'more')$$);
select regress.error($$select forge.predict_table('leavers', 'customers', null, 'more')$$);
select regress.error($$select forge.predict_table('leavers', 'customers', 'id', 'two words')$$);
select regress.error($$select forge.predict_table('leavers', 'customers', 'id', null)$$);
select regress.error($$select forge.predict_table('leavers', 'nowhere', 'id', 'more')$$) ~ '^FG005' as refused;
set role ann;
select regress.error($$select forge.predict_table('leavers', 'customers', 'id', 'more')$$) ~ '^FG002' as refused;
