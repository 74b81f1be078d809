-- Definitions as a document: planned, applied, written back.
\set SHOW_CONTEXT never
set timezone = 'UTC';
create schema shop authorization tom;
grant usage, create on schema shop to public;
set role tom;
set search_path = shop, public;
create table plans (user_id bigint, at timestamptz, plan text, price numeric, primary key (user_id, at));
create table watched (user_id bigint, at timestamptz, hours float8);
create table documents (body jsonb);
insert into documents values ($${
    "entities": [{"name": "person", "join_keys": ["user_id"], "key_types": ["int8"], "description": "who watches"}],
    "feature_views": [
        {"name": "plan", "entities": ["person"], "source": "plans", "event_timestamp": "at", "ttl": "90 days", "features": ["plan", "price"]},
        {"name": "watching", "entities": ["person"], "source": "watched", "event_timestamp": "at", "create_index": true,
         "aggregations": [{"function": "sum", "column": "hours", "time_window": "7 days"}], "tags": {"team": "growth"}}],
    "feature_services": [{"name": "churn", "features": ["plan:plan", "watching"]}]}$$);

-- A plan says what would be, and does nothing.
select p.* from documents, forge.plan_features(body) p;
select count(*) from forge.entities;
select a.* from documents, forge.apply_features(body) a;
select indexdef from pg_indexes where tablename = 'watched';
-- Applied again it changes nothing, and neither does what is written back, under any search_path.
select count(*) as changes from documents, forge.apply_features(body);
select forge.export_features();
set search_path = pg_catalog;
select count(*) as changes from forge.apply_features(forge.export_features()::jsonb);
set search_path = shop, public;

-- What differs makes the next version, and so do services of it; description and tags change in place.
update documents set body = jsonb_set(body, '{feature_views,0,ttl}', '"30 days"');
select p.* from documents, forge.plan_features(body) p;
select count(*) as changes from documents, forge.apply_features(body);
select name, version, features from forge.feature_services order by 2;
update documents set body = jsonb_set(jsonb_set(body, '{entities,0,tags}', '{"pii": true}'), '{feature_views,1}', (body #> '{feature_views,1}') - 'tags');
select a.* from documents, forge.apply_features(body) a;
-- So do columns of a source that have changed under it.
alter table plans alter price type float8;
select a.* from documents, forge.apply_features(body) a;
-- What another says of a version goes on.
select forge.create_feature_service('old', '{plan/1:plan}');
select forge.export_features() -> 'feature_services';
select count(*) as changes from forge.apply_features(forge.export_features()::jsonb);

-- Nothing is dropped unless asked; then what is one's own and not in use.
select action, kind, name from documents, forge.plan_features(body, prune => true);
select count(*) as changes from documents, forge.apply_features(body);
select forge.create_dataset('kept', 'select 1::bigint as user_id', 'kept', '{watching}');
select forge.drop_feature_service('old');
reset role;
do $$
begin
    if not exists (select from pg_roles where rolname = 'uma') then
        create role uma login in role forge_trainer;
    end if;
end
$$;
set role uma;
set search_path = shop, public;
select forge.create_entity('others', '{id}', '{bigint}');
reset role;
set role tom;
set search_path = shop, public;
\pset format unaligned
\pset tuples_only on
select regress.error($$select forge.apply_features('{}', prune => true)$$);
select count(*) from forge.feature_services;
select forge.drop_dataset('kept');
select action, kind, name from forge.apply_features('{}', prune => true);
select name from forge.entities;

-- What is wrong is said at once, and nothing is done.
select regress.error($$select forge.apply_features('[]')$$);
select regress.error($$select forge.apply_features(null)$$);
select regress.error($$select forge.apply_features('{"entitys": [], "entities": {"name": "a"}, "feature_services": [{"features": []}, 1, {"name": "s", "featurs": 1}, {"name": "s"}]}')$$);
select regress.error($$select forge.apply_features('{"entities": [{"name": "good", "join_keys": ["id"], "key_types": ["bigint"]}, {"name": "Bad"}, {"name": "worse", "join_keys": 3}]}')$$);
select regress.error($$select forge.apply_features('{"feature_views": [{"name": "a", "source": "plans", "event_timestamp": "at", "ttl": "long"}, {"name": "b", "source": "plan", "event_timestamp": "at"}, {"name": "c"}]}')$$);
select regress.error($$select forge.apply_features('{"entities": [{"name": "others", "join_keys": ["id"], "key_types": ["int4"]}]}')$$);
select regress.error($$select forge.apply_features('{"entities": [{"name": "others", "join_keys": ["id"], "key_types": ["int8"], "description": "mine"}]}')$$);
select name from forge.entities;

-- On-demand views and push sources are definitions as well; a push source changes in place, by its owner alone.
\pset tuples_only off
create table songs (id bigint, at timestamptz, plays int);
create table later (id bigint, at timestamptz, plays int);
select action, kind, name, version from forge.apply_features('{"entities": [{"name": "song", "join_keys": ["id"], "key_types": ["bigint"]}],
    "feature_views": [{"name": "played", "entities": ["song"], "source": "songs", "event_timestamp": "at"}, {"name": "played_later", "entities": ["song"], "source": "later", "event_timestamp": "at"}],
    "on_demand_feature_views": [{"name": "per_day", "sources": ["played"], "request_columns": [{"name": "days", "type": "int"}], "features": [{"name": "plays_a_day", "expression": "plays / nullif(days, 0)"}]}],
    "feature_services": [{"name": "songs", "features": ["per_day", "played:plays"]}], "push_sources": [{"name": "plays", "view": "played"}]}');
select jsonb_path_query(forge.export_features()::jsonb, '$.on_demand_feature_views[*]'), jsonb_path_query(forge.export_features()::jsonb, '$.push_sources[*]');
select * from forge.apply_features(forge.export_features()::jsonb);
select action, kind, name, version, differences from forge.plan_features('{"on_demand_feature_views": [{"name": "per_day", "sources": ["played"], "features": [{"name": "plays_a_day", "expression": "plays / 7"}]}], "push_sources": [{"name": "plays", "view": "played_later", "description": "other"}]}');
select action, kind, name, version from forge.apply_features('{"on_demand_feature_views": [{"name": "per_day", "sources": ["played"], "features": [{"name": "plays_a_day", "expression": "plays / 7"}]}], "push_sources": [{"name": "plays", "view": "played_later"}]}');
select view from forge.push_sources;
select features from forge.feature_services where name = 'songs';
select direction, steps, object_kind, object, features from forge.lineage('on-demand feature view', 'per_day');
select direction, steps, object_kind, object from forge.lineage('push source', 'plays');
select regress.error($$select forge.lineage('push source', 'nothing')$$), regress.error($$update forge.push_sources set view = 'nothing'$$), regress.error($$update forge.push_sources set owner = 'postgres'$$);
select regress.error($$select forge.apply_features('{"push_sources": [{"name": "plays", "view": "nothing"}, {"name": "x"}], "on_demand_feature_views": [{"name": "per_day", "features": [{"name": "a", "expression": "nothing"}]}]}')$$);
reset role;
set role uma;
update forge.push_sources set view = 'played';
select view from forge.push_sources;
select regress.error($$select forge.apply_features('{"push_sources": [{"name": "plays", "view": "played"}]}')$$), regress.error($$select forge.drop_push_source('plays')$$),
    regress.error($$select forge.alter_on_demand_feature_view('per_day', '{"description": "mine"}')$$), regress.error($$insert into forge.on_demand_feature_views (name, features) values ('per_day', '[{"name": "a", "expression": "1"}]')$$);
-- whoever may not use the schema of the sources reads what there is all the same
reset role;
revoke usage on schema shop from public;
set role uma;
select count(*) > 3 as lineage from forge.lineage('entity', 'song');
select forge.export_features() is not null as exported;
select count(*) from forge.apply_features('{}', prune => true);
reset role;
set role tom;
select action, kind, name from forge.apply_features('{}', prune => true);
