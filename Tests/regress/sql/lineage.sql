-- Who needs what, and what is therefore kept.
\set SHOW_CONTEXT never
set timezone = 'UTC';
\set ECHO none
\i Tests/regress/fixtures/training.sql
\set ECHO all
create schema shop authorization tom;
set role tom;
set search_path = shop, public;
create table visits (user_id bigint, at timestamptz, visits int);
insert into visits select i % 3, timestamptz '2026-01-01' + i * interval '1 hour', i from generate_series(1, 9) i;
create table pairs (user_id bigint, shop text, at timestamptz, amount float8);
insert into pairs select i % 3, 'shop ' || i % 2, timestamptz '2026-01-01' + i * interval '1 hour', i from generate_series(1, 9) i;
select forge.create_entity('person', '{user_id}', '{bigint}'), forge.create_entity('customer', '{user_id,shop}', '{bigint,text}');
select forge.create_feature_view('visited', '{person}', 'visits', 'at', create_index => true);
select forge.create_feature_view('bought', '{customer}', 'select * from pairs', 'at', '{amount}');
select forge.create_feature_service('model', '{visited,bought}');
select forge.alter_feature_view('visited', '{"ttl": "1 day"}');
create table labels as select i % 3 as user_id, 'shop ' || i % 2 as shop, timestamptz '2026-01-03' + i * interval '2 hours' as event_timestamp, i % 2 = 0 as churned from generate_series(1, 12) i;
select forge.create_dataset('march', 'labels', 'march', service => 'model');
select forge.create_dataset('ones', 'select * from labels where user_id = 1', 'ones', '{visited}');

-- Models by hand: one asked for features of the service, one trained on a dataset's table.
reset role;
select regress.train('tom', 'leavers', 'churn');
select regress.train('tom', 'leavers', 'churn', promote => 'never');
select regress.train('tom', 'late', 'churn');
set session_replication_role = replica;
update forge.training_requests r set source_features = 'model/1', source = 'select 1' from forge.model_versions v where v.training_request = r.id and v.model = 'leavers';
update forge.training_requests r set source = 'march', search_path = 'shop' from forge.model_versions v where v.training_request = r.id and v.model = 'late';
reset session_replication_role;
set role tom;

select * from forge.lineage('model', 'leavers/1');
select * from forge.lineage('model', 'late');
select * from forge.lineage('feature view', 'visited');
select * from forge.lineage('feature view', 'visited/2');
select * from forge.lineage('entity', 'customer');
select * from forge.lineage('relation', 'shop.visits') where direction = 'needed by' and object_kind = 'model';
-- One entity's rows, by its key
select * from forge.lineage('entity', 'person', key => '{"user_id": 2}');
select * from forge.lineage('entity', 'person', key => '{"user_id": 1}');
select * from forge.lineage('entity', 'person', key => '{"user_id": 7}');
select * from forge.lineage('entity', 'customer', key => '{"user_id": 1, "shop": "shop 0"}');
-- Who may not read a dataset is not told what it holds.
reset role;
grant usage on schema shop to ann;
set role ann;
select * from forge.lineage('entity', 'person', key => '{"user_id": 7}');
reset role;
set role tom;

-- What a champion needs stays, and it is said why.
\pset format unaligned
\pset tuples_only on
select regress.error($$select forge.drop_feature_service('model')$$);
select regress.error($$select forge.drop_feature_view('visited', 1)$$);
select forge.retire('leavers', 2);
select regress.error($$select forge.drop_feature_service('model')$$);

select regress.error($$select forge.lineage('modle', 'leavers')$$);
select regress.error($$select forge.lineage(null, 'leavers')$$);
select regress.error($$select forge.lineage('model', 'laevers')$$);
select regress.error($$select forge.lineage('feature view', null)$$);
select regress.error($$select forge.lineage('model', 'leavers', key => '{"user_id": 1}')$$);
select regress.error($$select forge.lineage('entity', 'customer', key => '{"user_id": 1}')$$);
select regress.error($$select forge.lineage('entity', 'person', key => '{"user_id": "one"}')$$);
select regress.error($$select forge.lineage('entity', 'person', key => '3')$$);
