-- What forge.training_requests accepts, resolves and refuses.
\set ECHO none
\ir ../fixtures/training.sql
\set ECHO all
set role tom;

-- A request is resolved as it is inserted.
insert into forge.training_requests (model, source, target, algorithm, exclude, id_column)
values ('leavers', 'customers', 'churned', 'test_trees', '{notes}', 'id')
returning task, algorithm, target_type, columns, search_path, requested_by, status, cpu_request;
insert into forge.training_requests (model, source, target, algorithm, config)
values ('ages', 'select age, id, null::numeric(8,2) as spare from customers', 'age', 'test_linear',
    '{"resources": {"limits": {"cpu": "500m", "memory": "2Gi"}, "requests": {"cpu": 0.25, "memory": "1G"}}, "scheduling": {"max_retries": 1, "timeout": 60}}')
returning task, columns, cpu_limit, memory_limit, cpu_request, memory_request, max_retries, timeout_seconds;

-- What is wrong is said with its code, and what would be right.
select regress.error($$insert into forge.training_requests (model, source, target, exclude) values ('Leavers', 'customers', 'churned', '{notes}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, exclude) values ('a_label', 'customers', 'churned', '{notes}')$$);
select regress.error($$insert into forge.training_requests (model, source, target) values ('m', 'customers', 'churned')$$);
select regress.error($$insert into forge.training_requests (model, source, target) values ('m', 'customer', 'churned')$$);
select regress.error($$insert into forge.training_requests (model, source, target) values ('m', 'select 1; select 2', 'churned')$$);
select regress.error($$insert into forge.training_requests (model, source, target) values ('m', 'delete from customers', 'churned')$$);
select regress.error($$insert into forge.training_requests (model, source, target) values ('m', '', 'churned')$$);
select regress.error($$insert into forge.training_requests (model, source, target) values ('m', 'forge.workers', 'host')$$);
select regress.error($$insert into forge.training_requests (model, source, target) values ('m', 'select age, age, churned from customers', 'churned')$$);
select regress.error($$insert into forge.training_requests (model, source) values ('m', 'select age, plan from customers')$$);
select regress.error($$insert into forge.training_requests (model, source, target, exclude) values ('m', 'customers', 'churnt', '{notes}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features) values ('m', 'customers', 'churned', '{agee,plan}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, weight_column) values ('m', 'customers', 'churned', '{age}', 'plan')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, weight_column) values ('m', 'customers', 'churned', '{age}', 'age')$$);
select regress.error($$insert into forge.training_requests (model, source, target) values ('m', 'select churned from customers', 'churned')$$);
select regress.error(format('insert into forge.training_requests (model, source, target) values (''m'', %L, ''y'')',
    'select 1 as y, ' || (select string_agg('1 as x' || i, ', ') from generate_series(1, 1600) i)));
select regress.error($$insert into forge.training_requests (model, source, target, features, task) values ('m', 'customers', 'churned', '{age}', 'clustering')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, task) values ('m', 'customers', 'churned', '{age}', 'regression')$$);
select regress.error($$insert into forge.training_requests (model, source, target) values ('m', 'select now() as t, 1 as x', 't')$$);
select regress.error($$insert into forge.training_requests (model, source, target, task) values ('m', 'select now() as t, 1 as x', 't', 'classification')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm) values ('m', 'customers', 'churned', '{age}', 'test_tree')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm) values ('m', 'customers', 'churned', '{age}', 'test_linear')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, promote) values ('m', 'customers', 'churned', '{age}', 'sometimes')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, requested_by) values ('m', 'customers', 'churned', '{age}', 'postgres')$$);
reset role;
select regress.error($$insert into forge.training_requests (model, source, target, features, requested_by) values ('m', 'customers', 'churned', '{age}', 'tom')$$);
set role forge_admin;
select regress.error($$insert into forge.training_requests (model, source, target) values ('m', 'select 1 as x, 2 as y', 'y')$$);
set role tom;

-- Hyperparameters: type, range, choices; one error for all of them.
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, params) values ('m', 'customers', 'churned', '{age}', 'test_trees',
    '{"max_dept": 3, "max_depth": 0, "learning_rate": 0, "booster": "approx", "fast": 1, "class_weight": "fair"}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, params) values ('m', 'customers', 'churned', '{age}', 'test_trees',
    '{"max_depth": 2.5, "learning_rate": "x", "booster": 1, "class_weight": [1], "fast": null}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, params) values ('m', 'customers', 'churned', '{age}', 'test_trees', '[]')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, params) values ('m', 'select age, id from customers', 'age', '{id}', 'test_trees',
    '{"class_weight": "balanced"}')$$);
select forge.train('m', 'customers', 'churned', features => '{age}', algorithm => 'test_trees',
    params => '{"max_depth": 30, "learning_rate": 1, "booster": "exact", "fast": false, "class_weight": {"yes": 2}}') is not null as accepted;
select forge.train('m', 'customers', 'churned', features => '{age}', algorithm => 'test_trees', params => '{"class_weight": "balanced"}') is not null as accepted;

-- preprocess, split, sample, config.
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, preprocess) values ('m', 'customers', 'churned', '{age,plan}', 'test_trees',
    '{"agee": {}, "id": {}, "age": {"encode": "native", "impute": "zero", "value": "x", "indicator": 1, "scale": "minmax", "bins": 3}, "plan": {"impute": "median"}, "*": 1}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, preprocess) values ('m', 'customers', 'churned', '{age,plan}', 'test_trees',
    '{"age": {"impute": "constant"}}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, preprocess) values ('m', 'customers', 'churned', '{age}', 'test_trees', '1')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, split) values ('m', 'customers', 'churned', '{age}', 'test_trees',
    '{"method": "stratified", "test": 1, "seed": "x", "shuffle": true}')$$);

-- Intervals of metrics.
select p.message, p.hint from forge.config_problems('{"evaluation": {"bootstrap": 50, "level": "0.9", "seed": 1}}') p;
select count(*) as problems from forge.config_problems('{"evaluation": {"bootstrap": 1000, "level": 0.95}}');
select p.message, p.hint from unnest(array['{"importance": "permutation", "repeats": 5}', '{"importance": []}', '{"importance": ["gain"], "repeats": 0}',
    '{"importance": ["mean_abs_shap"], "repeats": 7}']) e, forge.config_problems(jsonb_build_object('evaluation', e::jsonb)) p;
select count(*) as problems from forge.config_problems('{"evaluation": {"importance": ["mean_abs_shap", "permutation"], "repeats": 20}}');
-- A split by time with everything wrong; what the methods need; what they allow.
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, split) values ('m', 'customers', 'churned', '{age}', 'test_trees',
    '{"method": "time", "test": 0.7, "validation": 0.3, "folds": 1, "outer_folds": 30, "gap": "a week"}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, split) values ('m', 'customers', 'churned', '{age}', 'test_trees',
    '{"method": "group", "gap": 3, "outer_folds": 3}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, time_column, split) values ('m', 'customers', 'churned', '{age}', 'test_trees', 'id',
    '{"method": "time", "gap": "7 days"}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, split) values ('m', 'customers', 'churned', '{age}', 'test_trees',
    '{"method": "shuffled"}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, split) values ('m', 'customers', 'churned', '{age}', 'test_trees', '{"method": "column"}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, split) values ('m', 'customers', 'churned', '{age}', 'test_trees',
    '{"method": "column", "column": "id"}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, split) values ('m', 'customers', 'churned', '{age}', 'test_trees', '[]')$$);
select regress.error(format('insert into forge.training_requests (model, source, target, features, algorithm, sample) values (''m'', ''customers'', ''churned'', ''{age}'', ''test_trees'', %L)', s))
from unnest(array['{"rows": 0}', '{"rows": 1.5}', '{"fraction": 0}', '{"fraction": 1.1}', '{"rows": 10, "fraction": 0.5}', '{}', '5', '{"rows": "5"}']) s;
select forge.train('m', 'customers', 'churned', features => '{age}', algorithm => 'test_trees', sample => s::jsonb,
    preprocess => '{"age": {"impute": "constant", "value": 3, "indicator": false, "scale": "standard"}, "*": {"encode": "one_hot"}}',
    split => '{"method": "random", "test": 0.5, "seed": 7}', priority => 3) is not null as accepted
from unnest(array['{"rows": 10}', '{"fraction": 1}', null]) s;
select forge.train('m', 'select age, plan, churned from customers', 'churned', algorithm => 'test_trees', split => '{"method": "column", "column": "plan"}') is not null as accepted;
select columns from forge.training_requests order by id desc limit 1;
select regress.error($$insert into forge.training_requests (model, source, target, features, algorithm, config) values ('m', 'customers', 'churned', '{age}', 'test_trees',
    '{"resources": {"limits": {"cpu": "many", "memory": "2 GB", "gpu": 1}, "requests": 3}, "scheduling": {"timeout": 0, "max_retries": -1}, "x": 1}')$$);

-- All that is wrong with a request comes in one error.
\set VERBOSITY default
\set SHOW_CONTEXT never
insert into forge.training_requests (model, source, target, exclude, algorithm, id_column, split, config)
values ('Leavers', 'customers', 'churnt', '{note}', 'test_tree', 'idd', '{"test": 2}', '{"resources": {"limits": {"cpu": "x"}}}');

-- Idempotency: the same key gives the same request, or an error if it asks for something else.
select forge.train('keyed', 'customers', 'churned', features => '{age}', algorithm => 'test_trees', idempotency_key => 'k') as first \gset
select forge.train('keyed', 'customers', 'churned', features => '{age}', algorithm => 'test_trees', idempotency_key => 'k', priority => 5) = :first as same;
select forge.train('keyed', 'customers', 'churned', features => '{age}', task => 'classification', algorithm => 'test_trees', idempotency_key => 'k') = :first as same;
select regress.error($$select forge.train('keyed', 'customers', 'churned', features => '{age,plan}', algorithm => 'test_trees', params => '{"max_depth": 2}', idempotency_key => 'k')$$) like 'FG023 %differs in features, params%' as refused;
insert into forge.training_requests (model, source, target, features, algorithm, idempotency_key)
values ('keyed', 'customers', 'churned', '{age}', 'test_trees', 'k') on conflict do nothing returning id;
set role uma;
select forge.train('keyed', 'customers', 'churned', features => '{age}', algorithm => 'test_trees', idempotency_key => 'k') <> :first as of_another_role;

-- The dry run makes nothing.
set role tom;
select count(*) as before from forge.training_requests \gset
select * from forge.check_request('leavers', 'customers', 'churned', algorithm => 'test_trees', exclude => '{notes}', id_column => 'id') where item <> 'seconds';
select * from forge.check_request('Leavers', 'select * from customers where false', 'churnt', algorithm => 'test_trees', params => '{"max_depth": 99}') where item <> 'seconds';
select * from forge.check_request('leavers', 'nowhere', 'churned');
reset role;
set role worker;
select forge.worker_hello(gen_random_uuid(), 'small', 'boot', 1, '1', '1', 'test', '{"cpu": 1, "memory": 1000000000}') is not null as hello;
select forge.worker_hello(gen_random_uuid(), 'large', 'boot', 2, '2', '1', 'test', '{"cpu": 8, "memory": 64000000000}') is not null as hello;
set role tom;
select item, value from forge.check_request('leavers', 'customers', 'churned', features => '{age}', algorithm => 'test_trees',
    config => '{"resources": {"requests": {"cpu": "2", "memory": "2G"}}}') where section = 'worker' order by item;
select count(*) = :before as nothing_made from forge.training_requests;

-- A parameter may be an array, whose items have the bounds.
reset role;
select value, forge.parameter_refusal(value, '{"type": "integers", "minimum": 1, "maximum": 9, "max_items": 3, "default": [2]}') as refusal
from (values ('[1, 9]'::jsonb), ('[]'), ('[3.0]'), ('[0]'), ('[1, 10]'), ('[1.5]'), ('["2"]'), ('[[1]]'), ('4'), ('null'), ('[1, 1, 1, 1]')) v(value);

-- The source is analysed under the requester's search_path, with the requester's rights.
reset role;
create schema attic;
create table attic.things (x int, y int);
create table attic.secrets (x int, y int);
grant usage on schema attic to tom;
grant select on attic.things to tom;
set role tom;
set search_path = attic, public;
select forge.train('things', 'things', 'y', algorithm => 'test_linear') is not null as accepted;
select search_path, columns from forge.training_requests where model = 'things';
select regress.error($$select forge.train('secrets', 'secrets', 'y', algorithm => 'test_linear')$$);
set search_path = "$user", public;
select regress.error($$select forge.train('things', 'things', 'y', algorithm => 'test_linear')$$);

-- Who is no trainer cannot ask.
set role ann;
select regress.error($$insert into forge.training_requests (model, source, target) values ('m', 'customers', 'churned')$$);
select regress.error($$select forge.train('m', 'customers', 'churned')$$);

-- Thresholds.
reset role;
select p.message from unnest('{0.3,"\"f1\"","{\"cost_matrix\": {\"false_positive\": 1, \"false_negative\": 5}}",null,0,1,"\"auc\"","[0.5]","{\"cost_matrix\": {\"false_positive\": 1}}","{\"costs\": 1}","{\"cost_matrix\": {\"false_positive\": 1, \"false_negative\": -5}}"}'::jsonb[]) t,
    forge.config_problems(jsonb_build_object('decision', jsonb_build_object('threshold', t))) p;
select p.* from forge.config_problems('{"decision": {"calibration": "beta", "cut": 1}}') p;
select p.* from forge.config_problems('{"decision": {"calibration": "platt"}}') p;

reset role;
-- Hyperparameters that name columns, or need some.
select p.code, p.message, p.hint from forge.params_column_problems(jsonb_populate_record(null::forge.training_requests, '{"columns": [
    {"name": "age", "type": "integer", "kind": "number", "role": "feature"}, {"name": "plan", "type": "text", "kind": "category", "role": "feature"},
    {"name": "churned", "type": "text", "kind": "category", "role": "target"}], "params": {"statistics": "cluster", "monotone_constraints": {"ages": 1, "churned": 0, "plan": 1, "age": 2}}}')) p;
select count(*) as problems from forge.params_column_problems(jsonb_populate_record(null::forge.training_requests, '{"columns": [
    {"name": "age", "type": "integer", "kind": "number", "role": "feature"}], "group_columns": ["plan"], "params": {"statistics": "cluster", "monotone_constraints": {"age": -1}}}')) p;
-- A ranking parts queries, never their rows.
select p.message, p.hint from forge.split_problems(jsonb_populate_record(null::forge.training_requests, '{"task": "ranking", "group_columns": ["q"], "split": {"method": "random"}}')) p;
select count(*) as problems from forge.split_problems(jsonb_populate_record(null::forge.training_requests, '{"task": "ranking", "group_columns": ["q"], "split": {"test": 0.3}}')) p;

-- Which rows explanations compare with.
select p.* from forge.config_problems('{"explain": {"method": "tree", "background": 0, "seed": "x", "samples": 12.5, "rows": 1}}') p;
select p.* from forge.config_problems('{"explain": {"method": "interventional", "background": 50, "seed": -1, "samples": 1000}}') p;
