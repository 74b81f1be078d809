-- group_columns: what a request makes of them, and what a version says of its groups.
\set ECHO none
\ir ../fixtures/training.sql
\set ECHO all
\set SHOW_CONTEXT never
-- What a version says of its groups.
select regress.train('tom', 'grouped', 'churn', 'always', '{"groups": {"columns": ["plan"], "min_rows": 30, "groups": 3, "own_models": 2,
        "terms": [{"term": "(intercept)", "class": null}, {"term": "age", "class": null}]},
    "group_models": [
        {"place": 1, "group_values": {"plan": "free"}, "train_rows": 80, "test_rows": 20, "own_model": true, "reason": null, "metrics": {"roc_auc": 0.75, "log_loss": 0.5}, "coefficients": [1.5, -0.25]},
        {"place": 2, "group_values": {"plan": null}, "train_rows": 40, "test_rows": 0, "own_model": true, "reason": null, "metrics": {}, "coefficients": [2, null]},
        {"place": 3, "group_values": {"plan": "pro"}, "train_rows": 3, "test_rows": 1, "own_model": false, "reason": "fewer than 30 training rows", "metrics": {"log_loss": 0.7}}]}');
set role tom;
select * from forge.group_metrics('grouped');
select * from forge.group_coefficients('grouped/1');
select manifest ? 'group_models' as listed, manifest -> 'groups' ->> 'own_models' as own_models from forge.model_versions where model = 'grouped';
select regress.error($$select * from forge.group_metrics('grouped@nobody')$$);
set role ann;
select regress.error($$select * from forge.group_metrics('grouped')$$);
select count(*) from forge.model_groups;
set role tom;
select forge.drop_model('grouped');
reset role;
select count(*) from forge.model_groups;
select count(*) from forge.group_metrics('house');

create table sales (id bigint, shop text, year int, price float8, sold float8);
grant select on sales to tom;
set role tom;
-- A model for each group, unless they say which rows belong together.
select forge.train('sold', 'sales', 'sold', id_column => 'id', group_columns => '{shop,year}', config => '{"groups": {"min_rows": 5}}') is not null as asked;
select c ->> 'name' as name, c ->> 'role' as role from forge.training_requests r, jsonb_array_elements(r.columns) c where r.model = 'sold';
select forge.train('by_group', 'sales', 'sold', group_columns => '{shop}', split => '{"method": "group"}') is not null as asked;
select r.model, c ->> 'role' as role from forge.training_requests r, jsonb_array_elements(r.columns) c where c ->> 'name' = 'shop' and r.model <> 'sold' order by 1;
-- What is wrong with it.
select regress.error($$select forge.train('m', 'sales', 'sold', config => '{"groups": {"min_rows": 5}}')$$);
select regress.error($$select forge.train('m', 'sales', 'sold', group_columns => '{shop}', split => '{"method": "group"}', config => '{"groups": {"min_rows": 5}}')$$);
select regress.error($$select forge.train('m', 'sales', 'sold', group_columns => '{shop}', config => '{"groups": {"min_rows": 1, "most": 9}}')$$);
select regress.error($$select forge.train('m', 'sales', 'sold', group_columns => '{shop}', config => '{"groups": {"min_rows": "many"}}')$$);
select regress.error($$select forge.train('m', 'sales', 'sold', group_columns => '{shoop,price}', features => '{price}')$$);
select regress.error($$select forge.train('m', 'sales', 'sold', group_columns => '{shop,year,price,id}')$$);
reset role;
select r ->> 'task' as task, r -> 'split' as split, r -> 'params' as params, forge.trains_groups(jsonb_populate_record(null::forge.training_requests, r)) as trains_groups
from jsonb_array_elements('[{"task": "regression", "group_columns": ["shop"], "split": {"method": "time"}, "params": {"statistics": "HC1"}}, {"task": "ranking", "group_columns": ["shop"]},
    {"task": "regression", "group_columns": ["shop"], "params": {"statistics": "cluster"}}, {"task": "regression", "group_columns": []}, {"task": "regression"}]') r;
