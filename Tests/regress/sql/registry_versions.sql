-- From a finished training to a version, a champion and functions; who may change them.
\set ECHO none
\ir ../fixtures/training.sql
\set ECHO all
\set SHOW_CONTEXT never

-- The first version makes the model, its functions and the champion; the owner is who asked.
select regress.train('tom', 'leavers', 'churn');
select name, task, target, target_type, owner, keep from forge.models where name = 'leavers';
select version, algorithm, labels, positive, outputs, metrics, metrics_part, rows, promotion_reason, created_by, training_request is not null as by_request
from forge.model_versions where model = 'leavers';
select p.oid::regprocedure::text collate "C" as function, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.proparallel, p.proisstrict, p.proowner::regrole,
    p.proacl, obj_description(p.oid)
from pg_proc p where p.prosrc = 'leavers' and p.pronamespace = 'forge_models'::regnamespace order by 1;
select metric, part, value from forge.model_metrics where model = 'leavers';
select alias, version, changed_by, reason from forge.model_aliases where model = 'leavers';
select a.chunk, octet_length(a.bytes) > 0 as bytes from forge.model_artifacts a where model = 'leavers' order by 1;
select count(*) as staged from forge.staged_chunks;
select status, model_version from forge.training_requests where model = 'leavers';
select forge_models.leavers(50, 'pro') = forge.predict('churn', '{"age": 50, "plan": "pro"}'::jsonb) as same_bits;

-- Rights: strangers see nothing; a grant lets them predict and read; a grant to train lets them train; neither lets them rule.
set role uma;
select count(*) from forge.models;
select regress.error($$select forge_models.leavers(50, 'pro')$$);
select regress.error($$select forge.predict('leavers', '{"age": 50, "plan": "pro"}'::jsonb)$$) like 'FG022%' as refused;
select regress.error($$select forge.promote('leavers', 1)$$);
select regress.error($$select forge.describe('leavers')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features) values ('leavers', 'customers', 'churned', '{age}')$$);
select regress.error($$insert into forge.audit_log (action, model, details) values ('register', 'leavers', '{}')$$);
select regress.error($$insert into forge.audit_log (action, model, actor) values ('drop', 'leavers', 'tom')$$);
select regress.error($$update forge.model_aliases set version = 1$$);
set role tom;
select forge.grant_model('leavers', 'ann');
select forge.grant_model('leavers', 'uma', 'train');
select regress.error($$select forge.grant_model('leavers', 'nobody')$$);
select regress.error($$select forge.grant_model('leavers', 'ann', 'own')$$);
set role ann;
select round(forge_models.leavers(50, 'pro')::numeric, 6);
select model, version from forge.model_versions;
select metric, value from forge.model_metrics;
select count(*) as artifacts from forge.model_artifacts;
select grantee::text collate "C", privilege from forge.model_grants;
set role uma;
select forge_models.leavers(50, 'pro') > 0 as predicts;
select regress.error($$select forge.promote('leavers', 1)$$);
select regress.error($$select forge.drop_model('leavers')$$);
reset role;
select regress.train('uma', 'leavers', 'churn', 'never');
select regress.error($$select regress.train('uma', 'leavers', 'churn', 'always')$$);
select version, promotion_reason, created_by from forge.model_versions where model = 'leavers' order by 1;

-- Promotion of a new version: by comparison with the champion of the moment.
select regress.train('tom', 'leavers', 'churn');
select regress.train('tom', 'leavers', 'churn', 'if_better', '{"comparison": {"champion": 1, "metric": "roc_auc", "champion_value": 0.7, "challenger_value": 0.7, "rows": 40, "better": false, "reason": null}}');
select regress.train('tom', 'leavers', 'churn', 'if_better', '{"comparison": {"champion": 1, "metric": "roc_auc", "champion_value": null, "challenger_value": null, "rows": 0, "better": false, "reason": "no row is new to both"}}');
select regress.train('tom', 'leavers', 'churn', 'if_better', '{"comparison": {"champion": 1, "metric": "roc_auc", "champion_value": 0.70000000000000007, "challenger_value": 0.81234567890123456, "rows": 40, "better": true, "reason": null}}');
select regress.train('tom', 'leavers', 'churn', 'if_better', '{"comparison": {"champion": 1, "metric": "roc_auc", "champion_value": 0.7, "challenger_value": 0.9, "rows": 40, "better": true, "reason": null}}');
select regress.train('tom', 'leavers', 'churn', 'always');
select version, promotion_reason from forge.model_versions where model = 'leavers' and version > 2 order by 1;
select alias, version, valid_to is null as present from forge.model_aliases where model = 'leavers' order by id;

-- Six digits are read easily, unless they hide which is better.
select forge.metric_text(a, b), forge.metric_text(b, a)
from (values (0.81234567890123456, 0.7), (1234567.5, 1e-7), (0.12345678, 0.12345679), (0.5, 0.5), (null, 0.5)) v(a, b);

-- A model whose first version was not to be promoted gets its champion with the next.
select regress.train('tom', 'shy', 'churn', 'never');
select p.oid::regprocedure::text collate "C" as function from pg_proc p where p.prosrc = 'shy' order by 1;
select regress.error($$select forge.predict('shy', '{"age": 50, "plan": "pro"}'::jsonb)$$) like 'FG002%' as no_champion;
select regress.train('tom', 'shy', 'churn');
select version, promotion_reason from forge.model_versions where model = 'shy' order by 1;

-- promote, rollback, aliases.
set role tom;
select forge.promote('leavers', 1, 'because');
select forge.promote('leavers', 1);
select forge.rollback('leavers');
select forge.rollback('leavers'), forge.rollback('leavers');
select regress.error($$select forge.rollback('leavers')$$);
select regress.error($$select forge.promote('leavers', 99)$$);
select regress.error($$select forge.promote('leavers', null)$$);
select regress.error($$select forge.promote('nothing', 1)$$);
select forge.set_alias('leavers', 'challenger', 4, 'to watch');
select regress.error($$select forge.set_alias('leavers', 'Bad Name', 4)$$);
select forge.predict('leavers@challenger', '{"age": 50, "plan": "pro"}'::jsonb) > 0 as by_alias;
select model, version from forge.resolve_model('leavers@challenger') where version_id is not null and (model, version) = ('leavers', 4);
select regress.error($$select forge.resolve_model('leavers@nobody')$$);
select regress.error($$select forge.resolve_model('leavers/99')$$);
select regress.error($$select forge.resolve_model('leavers/x')$$);
select forge.resolve_model(null);
select alias, version, reason, valid_to is null as present from forge.model_aliases where model = 'leavers' order by id;

-- retire, keep.
select regress.error($$select forge.retire('leavers', 4)$$);
select forge.drop_alias('leavers', 'challenger');
select regress.error($$select forge.drop_alias('leavers', 'challenger')$$);
select forge.retire('leavers', 4);
select regress.error($$select forge.retire('leavers', 4)$$);
select regress.error($$select forge.promote('leavers', 4)$$) like 'FG002 version 4 of model "leavers" was retired%' as refused;
select regress.error($$select forge.resolve_model('leavers/4')$$) like 'FG002 version 4 of model "leavers" was retired%' as refused;
select regress.error($$select forge.predict('leavers/4', '{"age": 50, "plan": "pro"}'::jsonb)$$) ~ '^FG' as refused;
select regress.error($$select forge.keep('leavers', 0)$$);
select forge.keep('leavers', 2);
select version, retired_at is not null as retired, exists (select from forge.model_artifacts a where a.model = v.model and a.version = v.version) as has_artifact
from forge.model_versions v where model = 'leavers' order by 1;
reset role;
select regress.train('tom', 'leavers', 'churn', 'never');
select array_agg(version order by version) filter (where retired_at is null) as kept from forge.model_versions where model = 'leavers';
set role tom;
select forge.keep('leavers', null);

-- A champion with other columns gets other functions with the same rights; a view on the old ones keeps it from being promoted.
reset role;
grant execute on function forge_models.leavers_label(int, text) to eve;
grant execute on function forge_models.leavers(int, text) to eve with grant option;
grant all on schema public to tom;
select regress.train('tom', 'leavers', 'names', 'always', '{"task": "classification", "target": "churned", "target_type": "text", "labels": ["no", "yes"], "positive": "yes"}');
select p.oid::regprocedure::text collate "C" as function, pg_get_function_arguments(p.oid), p.proacl from pg_proc p where p.prosrc = 'leavers' order by 1;
set role tom;
select forge.promote('leavers', 9);
create view leaving as select c.id, forge_models.leavers(c.age, c.plan) as p from customers c;
select regress.error($$select forge.promote('leavers', 10)$$);
select forge.promote('leavers', 8);  -- the same columns: the functions stay
select regress.error($$select forge.drop_model('leavers')$$);
reset role;
select regress.train('tom', 'leavers', 'names', 'always', '{"task": "classification", "target": "churned", "target_type": "text", "labels": ["no", "yes"], "positive": "yes"}');
select v.promotion_reason, a.version as champion
from forge.model_versions v, forge.model_aliases a
where v.model = 'leavers' and v.version = 11 and a.model = 'leavers' and a.alias = 'champion' and a.valid_to is null;
drop view leaving;

-- A champion without a typed form in between takes nothing from those who may call it: neither what GRANT gave nor what Forge gives and takes meanwhile.
create function typed_grantees(model text) returns text language sql as $$
    select string_agg(distinct a.grantee::regrole::text || case when a.is_grantable then '*' else '' end, ' ' order by a.grantee::regrole::text || case when a.is_grantable then '*' else '' end)
    from forge.generated_forms(model) f, aclexplode(f.acl) a where f.form = 'typed' $$;
select regress.train('tom', 'gap', 'churn', 'always');
select forge.grant_model('gap', 'uma');
grant execute on function forge_models.gap(int, text) to eve with grant option;
select typed_grantees('gap');
select regress.train('tom', 'gap', 'churn', 'always', jsonb_build_object('columns',
    (select jsonb_agg(jsonb_build_object('name', 'x' || i, 'type', 'integer', 'kind', 'number')) from generate_series(1, 101) i)));
select typed_grantees('gap') is null as gone;
select forge.grant_model('gap', 'ann');
select forge.revoke_model('gap', 'uma');
select forge.promote('gap', 1);
select typed_grantees('gap');
select forge.drop_model('gap');

-- More than 100 columns: no typed form, but the row form.
select regress.train('tom', 'broad', 'churn', 'always', jsonb_build_object('columns',
    (select jsonb_agg(jsonb_build_object('name', 'x' || i, 'type', 'integer', 'kind', 'number')) from generate_series(1, 101) i)));
select p.oid::regprocedure::text collate "C" as function from pg_proc p where p.prosrc = 'broad';

-- Nor where forge_admin cannot see or use a column's type, or it is gone.
create schema hidden;
create type hidden.size as enum ('small', 'large');
select regress.train('tom', 'unseen', 'churn', 'always', '{"columns": [{"name": "age", "type": "integer", "kind": "number"}, {"name": "size", "type": "hidden.size", "kind": "category"}]}');
create type barred as enum ('a', 'b');
revoke usage on type barred from public;
select regress.train('tom', 'barred', 'churn', 'always', '{"columns": [{"name": "kind", "type": "public.barred", "kind": "category"}]}');
select regress.train('tom', 'gone', 'churn', 'always', '{"columns": [{"name": "age", "type": "integer", "kind": "number"}, {"name": "size", "type": "hidden.shape", "kind": "category"}]}');
select p.oid::regprocedure::text collate "C" as function from pg_proc p where p.prosrc in ('unseen', 'gone', 'barred') order by 1;

-- More than two classes: a label, no number.
select regress.train('tom', 'kinds', 'iris', 'always', '{"target": "churned"}');
select p.oid::regprocedure::text collate "C" as function, pg_get_function_result(p.oid) from pg_proc p where p.prosrc = 'kinds' order by 1;
select forge_models.kinds_label(4);

-- What does not fit is refused whole.
select regress.error($$select regress.train('tom', 'leavers', 'churn', 'always', '{"artifact_sha256": "00"}')$$);
select regress.error($$select regress.train('tom', 'leavers', 'churn', 'always', jsonb_build_object('artifact_sha256', repeat('00', 32)))$$) ~ '^FG015' as refused;
select regress.error($$select regress.train('tom', 'leavers', 'churn', 'always', '{"artifact_bytes": 7}')$$) ~ '^FG015' as refused;
select regress.error($$select regress.train('tom', 'leavers', 'churn', 'always', '{"chunks": 3}')$$) ~ '^FG015' as refused;
select regress.error($$select regress.train('tom', 'leavers', 'churn', 'always', '{"task": "regression"}')$$);
select regress.error($$select regress.train('tom', 'leavers', 'churn', 'always', '{"target_type": "integer"}')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features, task) values ('house', 'select 1::float8 as price, 2 as x', 'price', '{x}', 'classification')$$);
select regress.error($$insert into forge.training_requests (model, source, target, features) values ('house', 'select 1 as price, 2 as x', 'price', '{x}')$$);
select count(*) as versions from forge.model_versions where model = 'leavers';

-- Export is the artifact and the manifest; import makes a version of them.
select v.manifest as manifest, (select string_agg(a.bytes, '' order by a.chunk) from forge.model_artifacts a where a.model = v.model and a.version = v.version) as artifact
from forge.model_versions v where v.model = 'leavers' and v.version = 9 \gset
select forge.import_version('copied', :'manifest', :'artifact');
select forge.predict('copied', '{"age": 50, "plan": "pro"}'::jsonb) = forge.predict('leavers/9', '{"age": 50, "plan": "pro"}'::jsonb) as same_bits;
select owner from forge.models where name = 'copied';
select regress.error(format('select forge.import_version(%L, %L, %L)', 'Copied', :'manifest', :'artifact'));
select regress.error(format('select forge.import_version(%L, %L, %L)', 'copied', :'manifest'::jsonb || '{"artifact_sha256": "00"}', :'artifact'));
select regress.error(format('select forge.import_version(%L, %L, %L)', 'copied', :'manifest'::jsonb || '{"artifact_bytes": 7}', :'artifact'));
select regress.error(format('select forge.import_version(%L, %L, %L)', 'copied', :'manifest'::jsonb || jsonb_build_object('artifact_sha256', repeat('00', 32)), :'artifact'));
set role tom;
select regress.error(format('select forge.import_version(%L, %L, %L)', 'copied', :'manifest', :'artifact'));
reset role;

-- DROP EXTENSION … CASCADE takes the functions, no table; the next migration makes them again, with their rights.
grant execute on function forge_models.leavers(record) to eve;
select forge.revoke_model('leavers', 'uma', 'train');
set role forge_admin;
select forge.restore_extension();
reset role;
select grantee::text collate "C", privilege from forge.model_grants where model = 'leavers' order by 1, 2;
select regress.error('drop extension forge') like '2BP01%' as refused;
\set QUIET on
set client_min_messages = error;
drop extension forge cascade;
reset client_min_messages;
select count(*) as functions from pg_proc where pronamespace = 'forge_models'::regnamespace;
set client_min_messages = error;
\set ECHO none
\ir ../../../sql/superuser.sql
\set ECHO all
reset client_min_messages;
set role forge_admin;
select forge.restore_extension() > 0 as restored;
reset role;
select p.oid::regprocedure::text collate "C" as function, p.proacl from pg_proc p where p.prosrc = 'leavers' order by 1;
set role ann;
select round(forge.predict('leavers', '{"age": 50, "plan": "pro"}'::jsonb)::numeric, 6);
reset role;

-- Taking rights back, and dropping.
set role tom;
select forge.revoke_model('leavers', 'ann');
select regress.error($$select forge.revoke_model('leavers', 'tom')$$);
set role ann;
select count(*) from forge.models;
select regress.error($$select forge_models.leavers(50, 'pro')$$);
set role tom;
select forge.train('leavers', 'customers', 'churned', features => '{age}', task => 'classification', algorithm => 'test_trees') as waiting \gset
select regress.error($$select forge.drop_model('leavers')$$) like 'FG024 model "leavers" has requests in the queue%' as refused;
select forge.cancel(:waiting);
select forge.describe_as('leavers', 'who will leave');
select description from forge.models where name = 'leavers';
select forge.drop_model('leavers');
select count(*) from forge.models where name = 'leavers';
reset role;
select count(*) from pg_proc where prosrc = 'leavers';
select count(*) from forge.model_artifacts where model = 'leavers';
select regress.error($$select forge.drop_model('leavers')$$);

-- Every change has its row.
select action, actor, details - 'request' as details from forge.audit_log where model = 'leavers' order by id;
