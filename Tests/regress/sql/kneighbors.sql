-- Models of nearest neighbours: the rows near to a row, exactly and by an index that lives as long as the version.
\set SHOW_CONTEXT never
create table flats (id int primary key, side text, area float8, rent float8);
grant select on flats to tom;
set role tom;
-- Requests.
select section, value, hint from forge.check_request('m', 'flats', 'rent', algorithm => 'knn', params => '{"n_neighbors": 0, "weights": "gaussian", "metric": "l2", "index": "ivfflat"}') where section = 'problem';
select section, value, hint from forge.check_request('m', 'flats', 'rent', algorithm => 'knn', group_columns => '{side}') where section = 'problem';
select section, value, hint from forge.check_request('m', 'flats', 'rent', algorithm => 'knn', params => '{"metric": "manhattan", "index": "hnsw"}') where section = 'problem';
select count(*) as refused from forge.check_request('m', 'flats', 'rent', task => 'ranking', algorithm => 'knn') where section = 'problem' and item = 'FG003';
reset role;
-- Exactly: of rows 1 and 6, which are equal, the first is nearer.
select * from forge.kneighbors('near', '{"area": 3, "rooms": 0}');
select * from forge.kneighbors('near', '{"area": null, "rooms": 5}', k => 2, exact => true);
select count(*) from forge.kneighbors('near', '{"area": 0, "rooms": 0}', k => 1000);
select * from forge.kneighbors_predict('near', '{"area": 3, "rooms": 0}');
select forge.predict_proba('near', '{"area": 3, "rooms": 0}'), forge.predict_label('near', '{"area": 3, "rooms": 0}'), forge_models.near(area => 3, rooms => 0);
select * from forge.explain('near', '{"area": 6, "rooms": 8}');
select count(*) from (select * from forge.kneighbors(null, '{}') union all select * from forge.kneighbors('near', null)) n;
select count(*) from forge.kneighbors_predict('near', null);
select * from forge.neighbor_rows('near');
-- Refused.
select regress.error($$select * from forge.kneighbors('near', '{"area": 3, "rooms": 0}', k => 0)$$);
select regress.error($$select * from forge.kneighbors('near', '{"area": 3, "rooms": 0}', exact => false)$$);
select regress.error($$select * from forge.kneighbors('near', '{"area": 3}')$$);
select regress.error($$select * from forge.kneighbors('near', '{"area": "Infinity", "rooms": 0}')$$);
select regress.error($$select * from forge.kneighbors('near', '{"area": 1e39, "rooms": 0}')$$);
select regress.error($$select * from forge.kneighbors('house', '{"area": 3, "rooms": 0}', k => 3)$$);
select regress.error($$select * from forge.recall_check('near')$$);
set role ann;
select regress.error($$select * from forge.kneighbors('near', '{"area": 3, "rooms": 0}')$$);
select regress.error($$select * from forge.exact_neighbors('near', '{"area": 3, "rooms": 0}', 1)$$);
select regress.error($$select * from forge.neighbor_rows('near')$$);
reset role;

-- By an index.
\set ECHO none
\ir ../fixtures/training.sql
\set ECHO all
alter table forge.model_versions alter column id restart with 1001;  -- tables are named after it
select regress.train('tom', 'indexed', 'near', 'always', '{"params": {"n_neighbors": 3, "weights": "distance", "metric": "euclidean", "index": "hnsw"}}');
select regress.train('tom', 'indexed', 'near', 'always', '{"params": {"n_neighbors": 3, "weights": "uniform", "metric": "cosine", "index": "hnsw"}}');
select i.model, i.version, i.metric, m.part, m.metric, m.value from forge.neighbor_indexes i join forge.model_metrics m using (model, version) where m.metric = 'recall_at_k' order by 2;
select relation as first_table from forge.neighbor_indexes where version = 1 \gset
table :first_table;
select obj_description(:'first_table'::regclass);
set role tom;
select rank, distance, target, weight from forge.kneighbors('indexed/1', '{"area": 3, "rooms": 1}', exact => false);
select rank, distance, target, weight from forge.kneighbors('indexed/1', '{"area": 3, "rooms": 1}', exact => true);
select label, round(prediction::numeric, 6) as prediction from forge.kneighbors_predict('indexed/1', '{"area": 3, "rooms": 1}', k => 2);
select count(*) from forge.kneighbors('indexed/1', '{"area": 3, "rooms": 1}', k => 6);
select queries, recall, lowest from forge.recall_check('indexed/1');
-- Zeros have no direction: no index by cosine has them, and none is asked for them (the fixture's own metric is Euclid's).
select rank, distance, target from forge.kneighbors('indexed', '{"area": 0, "rooms": 0}');
select rank, round(distance::numeric, 6) as distance, target from forge.kneighbors('indexed', '{"area": 1, "rooms": 0}', k => 4);
-- An imported version has an index of its own, with the same rows.
reset role;
create temp table exported as
select v.manifest, (select string_agg(a.bytes, '' order by a.chunk) from forge.model_artifacts a where a.model = v.model and a.version = v.version) as artifact
from forge.model_versions v where v.model = 'indexed' and v.version = 2;
select forge.import_version('copied', manifest, artifact, importer => 'tom') from exported;
select relation as copied_table from forge.neighbor_indexes where model = 'copied' \gset
select relation as second_table from forge.neighbor_indexes where model = 'indexed' and version = 2 \gset
select count(*) as rows, count(*) filter (where c is distinct from i) as others from :copied_table c full join :second_table i using ("row");
select value from forge.model_metrics where model = 'copied' and metric = 'recall_at_k';
set role tom;
select rank, round(distance::numeric, 6) as distance, target from forge.kneighbors('copied', '{"area": 1, "rooms": 0}', k => 4, exact => false);
select forge.drop_model('copied');
select to_regclass(:'copied_table') is null as gone;
-- Who may predict with a model reads its rows, and nobody else.
set role ann;
select count(*) from :first_table;
select count(*) from forge.neighbor_indexes;
select regress.error($$select * from forge.kneighbors('indexed', '{"area": 3, "rooms": 1}')$$);
set role tom;
select forge.grant_model('indexed', 'ann');
set role ann;
select count(*) from :first_table;
select count(*) from forge.kneighbors('indexed/1', '{"area": 3, "rooms": 1}', exact => false);
delete from :first_table;
set role eve;
select count(*) from :first_table;
-- The table goes with its version.
reset role;
create view nearest as select * from :first_table;
set role tom;
select regress.error($$select forge.retire('indexed', 1)$$);
reset role;
drop view nearest;
set role tom;
select forge.retire('indexed', 1);
select to_regclass(:'first_table') is null as gone, (select count(*) from forge.neighbor_indexes) as others;
select forge.drop_model('indexed');
reset role;
select count(*) from pg_class where relnamespace = 'forge'::regnamespace and relname ~ '^neighbors_\d' and relkind = 'r';
select count(*) from forge.neighbor_indexes;
-- Without pgvector nothing is registered.
drop extension vector cascade;
select regress.error($$select regress.train('tom', 'indexed', 'near', 'always', '{"params": {"n_neighbors": 3, "weights": "distance", "metric": "euclidean", "index": "hnsw"}}')$$);
reset role;
select regress.error($$select forge.import_version('copied', manifest, artifact) from exported$$);
select count(*) from forge.models where name in ('indexed', 'copied');
select * from forge.kneighbors('near', '{"area": 3, "rooms": 0}', k => 1);
insert into forge.algorithms (name, tasks, form, description, parameters) values
    ('knn', '{classification}', 'neighbors', 'for tests', '{"index": {"type": "text", "default": "none", "choices": ["none", "hnsw"], "description": "index"}}');
set role tom;
select regress.error($$select forge.train('m', 'customers', 'churned', algorithm => 'knn', params => '{"index": "hnsw"}')$$);
