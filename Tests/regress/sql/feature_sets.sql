-- Saved datasets, and training requests on features.
\set SHOW_CONTEXT never
set timezone = 'UTC';
create schema shop authorization tom;
set role tom;
set search_path = shop, public;
create table visits (id int primary key, user_id bigint, at timestamptz, loaded timestamptz, visits int);
insert into visits select i, i % 5, timestamptz '2026-01-01' + i * interval '1 hour', timestamptz '2026-01-01' + i * interval '1 hour', i from generate_series(1, 100) i;
create table clicks (user_id int, at timestamptz, page text);
insert into clicks select i % 5, timestamptz '2026-01-01' + i * interval '1 hour', 'page ' || i from generate_series(1, 100) i;
select forge.create_entity('person', '{user_id}', '{bigint}');
select forge.create_feature_view('visited', '{person}', 'visits', 'at', '{visits}', created_timestamp => 'loaded', create_index => true);
select forge.create_feature_view('clicked', '{person}', 'clicks', 'at', create_index => true, aggregations => '[{"function": "last", "column": "page", "time_window": "2 days", "name": "page"}, {"function": "count", "time_window": "1 day", "name": "clicks"}]');
select forge.create_feature_service('model', '{visited,clicked}');
create table labels as select i % 6 as user_id, timestamptz '2026-01-03' + i * interval '2 hours' as event_timestamp, i % 3 = 0 as churned, 'note ' || i as note from generate_series(1, 40) i;

-- A dataset comes again as it was: after late rows, backfills of tables that say when rows were recorded and of those that do not.
begin;
insert into clicks values (1, '2026-01-03', 'of this transaction');
select forge.create_dataset('first', 'labels', 'first_rows', service => 'model', description => 'the first');
commit;
select name, output, service, features, row_count, hidden_rows, length(content_hash) as hash, as_of <= clock_timestamp() as pinned, owner from forge.datasets;
select part, row_count, unchanged from forge.check_dataset('first');
insert into visits values (101, 1, '2026-01-03 01:00', now(), 999), (102, 1, '2026-01-03 01:00', '2026-01-03 01:00', 998);
insert into clicks values (1, '2026-01-03 01:00', 'late');
select part, row_count, unchanged from forge.check_dataset('first');
set datestyle = 'German'; set timezone = 'Asia/Tokyo'; set extra_float_digits = -5;
select part, row_count, unchanged from forge.check_dataset('first');
reset datestyle; set timezone = 'UTC'; reset extra_float_digits;
-- another made now differs by them
select forge.create_dataset('second', 'labels', 'second_rows', service => 'model');
select count(distinct content_hash) from forge.datasets;
select forge.create_dataset('third', 'labels', 'third_rows', features => '{visited,clicked:page,clicked:clicks}');
select count(distinct content_hash) from forge.datasets;
-- a source that changes what it said is found out, and the rows are there
update clicks set page = 'changed' where page = 'of this transaction';
select part, unchanged from forge.check_dataset('first');
update first_rows set churned = not churned where entity_row = 1;
select part, unchanged from forge.check_dataset('first');
drop table first_rows;
select * from forge.check_dataset('first');
-- none at all
select forge.create_dataset('none', 'select * from labels where false', 'none_rows', '{visited}');
select part, row_count, content_hash, unchanged from forge.check_dataset('none');
-- what another transaction wrote meanwhile is not of the dataset, even once it has committed
select x, forge.was_visible(x::text::xid, '100:200:150', '250') from unnest('{2,50,150,199,200,250,251}'::int[]) x;
select regress.error($$select forge.create_dataset('second', 'labels', 'other', '{visited}')$$);
select regress.error($$select forge.create_dataset('Bad', 'labels', 'other', '{visited}')$$);
select regress.error($$select forge.check_dataset('frist')$$);
select regress.error($$select forge.drop_feature_service('model')$$);
select regress.error($$select forge.drop_feature_view('clicked')$$);
select regress.error($$update forge.datasets set content_hash = ''$$);
-- a row that somebody wrote by hand does not become SQL of who checks it
insert into forge.datasets (name, output, entity_source, entity_columns, event_timestamp, features, planned, as_of, seen, query, row_count, hidden_rows, content_hash)
select v.name, v.output, entity_source, entity_columns, event_timestamp, features, planned, as_of, v.seen, query, row_count, hidden_rows, content_hash
from forge.datasets d, lateral (values ('evil_output', '(select 1 / 0) x', d.seen), ('evil_seen', d.output, 'null, null) and 1 / 0 = (1')) v(name, output, seen) where d.name = 'second';
select regress.error($$select * from forge.check_dataset('evil_output')$$) !~ 'division' as harmless;
select part, unchanged from forge.check_dataset('evil_seen');
select forge.drop_dataset('evil_output'), forge.drop_dataset('evil_seen');
select forge.drop_dataset('first'), forge.drop_dataset('none');
select regress.error($$select forge.drop_dataset('first')$$);
reset role;
set role ann;
select regress.error($$select * from forge.check_dataset('second')$$);
reset role;

-- A request: entity rows and a service; the columns are its features and what else the rows have but who and when.
\set ECHO none
\i Tests/regress/fixtures/training.sql
\set ECHO all
set role tom;
set search_path = shop, public;
insert into forge.training_requests (model, source, source_features, target, exclude, algorithm)
values ('churned', 'labels', 'model', 'churned', '{note}', 'test_trees');
select source_features, entity_source, columns, source ~ 'left join lateral' as looked_up from forge.training_requests where model = 'churned';
do $$
declare
    query text := (select source from forge.training_requests where model = 'churned');
    rows bigint;
begin
    -- The same under any path.
    set search_path = pg_temp;
    execute format('select count(*) from (%s) q', query) into rows;
    raise notice '% rows', rows;
end
$$;
set search_path = shop, public;
-- who and when with a role
select forge.train('timed', 'labels', 'churned', algorithm => 'test_trees', exclude => '{note}', split => '{"method": "time"}', time_column => 'event_timestamp', id_column => 'user_id', source_features => 'model/1', idempotency_key => 'once');
select jsonb_path_query_array(columns, '$[*].name') from forge.training_requests where model = 'timed';
select forge.train('timed', 'labels', 'churned', algorithm => 'test_trees', exclude => '{note}', split => '{"method": "time"}', time_column => 'event_timestamp', id_column => 'user_id', source_features => 'model', idempotency_key => 'once') is not null as again;
select regress.error($$select forge.train('timed', 'labels', 'churned', algorithm => 'test_trees', exclude => '{note}', split => '{"method": "time"}', time_column => 'event_timestamp', id_column => 'user_id', idempotency_key => 'once')$$);
select section, item, value from forge.check_request('timed', 'labels', 'churned', algorithm => 'test_trees', source_features => 'model') where section in ('column', 'problem') or item = 'rows';
select regress.error($$select forge.train('bad', 'labels', 'churned', algorithm => 'test_trees', source_features => 'modle')$$);
select regress.error($$select forge.train('bad', 'select note, churned from labels', 'churned', algorithm => 'test_tree', source_features => 'model')$$);
select section, item, value, hint from forge.check_request('bad', 'lables', 'churned', algorithm => 'test_trees', source_features => 'model') where section = 'problem';
select regress.error($$select forge.drop_feature_service('model')$$);
select forge.drop_dataset('second');
select regress.error($$select forge.drop_feature_service('model')$$);
select forge.cancel(id) from forge.training_requests order by id;
select forge.drop_feature_service('model');
