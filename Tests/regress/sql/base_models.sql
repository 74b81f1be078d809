-- Fine-tuning: what a request may continue, who may, and where a version comes from.
\set ECHO none
\ir ../fixtures/training.sql
update forge.algorithms set parameters = parameters || '{
    "base_model": {"type": "text", "default": null, "bases": ["test_trees"], "description": "what to continue"},
    "booster": {"type": "text", "default": "hist", "choices": ["hist", "exact"], "fixed_by_base": true, "description": "how"}}'
where name = 'test_trees';
insert into forge.algorithms (name, tasks, form, description, parameters) values
    ('test_ridge', '{classification}', 'linear', 'for tests', '{
        "alpha": {"type": "number", "default": 1, "minimum": 0, "description": "penalty"},
        "base_model": {"type": "text", "default": null, "bases": ["test_ridge"], "description": "what to start from"}}'),
    ('test_line', '{classification}', 'linear', 'for tests', '{}');
-- What a request with a base model is told, as "requester".
create function regress.tuned(params jsonb, more text default '', "select" text default 'age, plan, churned') returns text
language plpgsql
as $$
declare
    detail text;
begin
    execute format('select forge.train(''tuned'', source => %L, target => ''churned'', algorithm => ''test_trees'', params => %L%s)',
        'select ' || "select" || ' from customers', params, more);
    return 'accepted';
exception when others then
    get stacked diagnostics detail = pg_exception_detail;
    return sqlstate || ': ' || sqlerrm || case when detail ~ '^1\. ' then E'\n' || detail else '' end;
end
$$;
\set ECHO all
select regress.train('tom', 'trees', 'churn', extra => '{"algorithm": "test_trees", "params": {"booster": "exact", "max_depth": 3}, "split": {"method": "random", "seed": 1}}');
select regress.train('tom', 'line', 'churn', extra => '{"algorithm": "test_line"}');

-- It must exist, be of a fitting algorithm, and whoever continues it must be allowed to predict with it.
set role tom;
select regress.tuned('{"base_model": "trees"}');
select regress.tuned('{"base_model": "trees/1"}');
select regress.tuned('{"base_model": "trees@champion", "booster": "exact"}');
select regress.tuned('{"base_model": "tree"}');
select regress.tuned('{"base_model": "trees/2"}');
select regress.tuned('{"base_model": "trees@challenger"}');
select regress.tuned('{"base_model": 7}');
select regress.tuned('{"base_model": null}');
select regress.tuned('{"base_model": "line"}');
set role uma;
select regress.tuned('{"base_model": "trees"}');
set role tom;
select forge.grant_model('trees', 'uma', 'predict');
set role uma;
select regress.tuned('{"base_model": "trees"}', ', run_at => ''infinity''');
select regress.tuned('{"base_model": "trees"}');
set role tom;

-- Every difference of shape at once.
select regress.tuned('{"base_model": "trees", "booster": "hist", "positive_class": "no"}', ', preprocess => ''{"age": {"impute": "mean"}}''',
    'age::text as age, id, notes::text as notes, churned');
select regress.tuned('{"base_model": "trees"}', '', 'age::numeric as age, plan::varchar as plan, churned');
-- Without a penalty nothing pulls; what has none says which have one.
select regress.error($$select forge.train('m', 'customers', 'churned', features => '{age,plan}', algorithm => 'test_line', params => '{"base_model": "line"}')$$);
select regress.error($$select forge.train('m', 'customers', 'churned', features => '{age,plan}', algorithm => 'test_ridge', params => '{"base_model": "line", "alpha": 0}')$$);
-- Tried, it says the same.
select section, item, value from forge.check_request('m', 'customers', 'churned', features => '{age}', algorithm => 'test_trees', params => '{"base_model": "trees"}')
where section = 'problem';

-- A column that the base's request named and the base does not read may come again.
reset role;
update forge.model_versions set schema = schema - 1 where model = 'trees';
set role tom;
select regress.tuned('{"base_model": "trees"}');

-- The job fixes what the name means; rights are looked at again.
reset role;
delete from forge.training_requests where status = 'queued';
create temporary table fixed (id bigint, token uuid);
grant all on fixed to public;
set role tom;
select forge.train('tuned', 'select age, plan, churned from customers', 'churned', algorithm => 'test_trees', params => '{"base_model": "trees"}') > 0 as asked;
set role worker;
select forge.worker_hello('00000000-0000-0000-0000-000000000001', 'host', 'boot', 1, '1', '1', 'test', '{"cpu": 4, "memory": 8000000000}') is not null as hello;
insert into fixed select id, lease_token from forge.claim('00000000-0000-0000-0000-000000000001', '1 minute', 4, 8000000000, null);
select (forge.job(id, token) -> 'base') - 'manifest' as base from fixed;
reset role;
select regress.train('tom', 'trees', 'churn', 'always', '{"algorithm": "test_trees"}');
set role worker;
select (forge.job(id, token) -> 'base') - 'manifest' as base from fixed;
select sum(octet_length(b)) from fixed, forge.base_artifact(id, token) b;
reset role;
select sum(octet_length(a.bytes)) from forge.model_artifacts a where a.model = 'trees' and a.version = 1;
select base_version from forge.training_requests where id = (select id from fixed);
set role tom;
select forge.retire('trees', 1);
set role worker;
select split_part(regress.error(format('select forge.job(%L, %L)', id, token)), ' | ', 1) as error from fixed;
set role forge_admin;
update forge.training_requests set base_version = null where id = (select id from fixed);
reset role;
revoke execute on all functions in schema forge_models from tom;
set role worker;
select regress.error(format('select forge.job(%L, %L)', id, token)) from fixed;
select forge.fail(id, token, 'FG021', 'over', null, null, true, false) from fixed;
reset role;

-- Lineage: by name and checksum, as far as one may see.
select regress.train('tom', 'first', 'churn');
select regress.train('tom', 'second', 'churn', extra => jsonb_build_object('base', jsonb_build_object('model', 'first', 'version', 1,
    'artifact_sha256', (select encode(artifact_sha256, 'hex') from forge.model_versions where model = 'first'))));
select regress.train('tom', 'third', 'churn', extra => jsonb_build_object('base', jsonb_build_object('model', 'second', 'version', 1,
    'artifact_sha256', (select encode(artifact_sha256, 'hex') from forge.model_versions where model = 'second'))));
select model, version, base_model, base_version from forge.model_versions where base_model is not null order by model;
set role tom;
select generation, model, version, algorithm, rows, created_by, created_at <= now() as is_past from forge.lineage('third');
select generation, model from forge.lineage('first/1');
select regress.error($$select forge.lineage('fourth')$$);
select forge.grant_model('third', 'ann', 'predict');
set role ann;
select generation, model, version, algorithm from forge.lineage('third');
-- Another model of the name is not the base, and a version that would be its own ancestor ends there.
set role tom;
select forge.drop_model('first');
reset role;
select regress.train('tom', 'first', 'iris');
set role tom;
select generation, model, version, algorithm from forge.lineage('third');
reset role;
update forge.model_versions set base_model = 'third', base_version = 1,
    manifest = jsonb_set(manifest, '{base}', jsonb_build_object('artifact_sha256', encode(artifact_sha256, 'hex'))) where model = 'third';
select generation, model from forge.lineage('third');
