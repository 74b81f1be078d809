-- Features by key, online and as they were, by function, as JSON and for a model; and features that are computed when they are asked for.
\set SHOW_CONTEXT never
set timezone = 'UTC';
create schema shop authorization tom;
set role tom;
set search_path = shop, public;
select forge.create_entity('person', '{user_id}', '{bigint}'), forge.create_entity('item', '{item}', '{text}');
create table visits (user_id bigint, at timestamptz, gone boolean, visits int, hours float8);
create index on visits (user_id, at desc);
insert into visits values (1, now() - interval '3 days', false, 1, 1.5), (1, now() - interval '2 days', false, 4, null), (2, now() - interval '20 days', false, 7, 2),
    (3, now() - interval '1 day', true, 9, 9);
create table prices (item text, at date, price numeric);
insert into prices values ('a', '2026-01-01', 10), ('b', '2026-01-01', 0);
create table bought (user_id bigint, at timestamptz, n int);
insert into bought values (1, now() - interval '1 hour', 3), (1, now() - interval '2 hours', 4);
select forge.create_feature_view('seen', '{person}', 'visits', 'at', '{visits,hours}', tombstone_column => 'gone', ttl => '10 days'),
    forge.create_feature_view('cost', '{item}', 'prices', 'at'),
    forge.create_feature_view('buys', '{person}', 'bought', 'at', aggregations =>
        '[{"function": "count", "time_window": "1 day", "name": "n"}, {"function": "sum", "column": "n", "time_window": "1 day", "name": "total"}]');

-- a service has functions at once; until everything is online they say what to do
select forge.create_feature_service('person', '{seen,buys}');
select p.oid::regprocedure, pg_get_function_result(p.oid) from pg_proc p where p.pronamespace = 'forge_features'::regnamespace order by p.oid::regprocedure::text collate "C";
select * from forge_features.person(1);
select regress.error($$select forge.get_online_features('person', '{"user_id": 1}')$$);
select rows from forge.materialize_incremental('seen');
select regress.error($$select * from forge_features.person(1)$$);
select rows from forge.materialize_incremental('buys');
-- present, null, beyond ttl, deleted, never seen, no key
create view statuses as select k, f.visits, f.hours, f.n, f.total, f.forge_statuses, f.forge_times[1] = v.at as at
    from unnest('{1,2,3,4,null}'::bigint[]) with ordinality u(k, place) cross join lateral forge_features.person(k) f left join visits v on v.user_id = k and v.at = f.forge_times[1] order by u.place;
table statuses;
-- the lookup is inlined: one descent into each online table
explain (costs off) select * from forge_features.person(1);
-- the same as JSON, in Feast's form; entities as list, as columns, as one, or as bare keys
select jsonb_pretty(forge.get_online_features('person', '[{"user_id": 1}, {"user_id": 4}]') #- '{results,1,event_timestamps}' #- '{results,2,event_timestamps}' #- '{results,3,event_timestamps}' #- '{results,4,event_timestamps}');
select forge.get_online_features('person', '{"user_id": [1, 4]}') = forge.get_online_features('person', '[{"user_id": 1}, {"user_id": "4"}]') as same_but_for_the_text,
    forge.get_online_features('person', '{"user_id": [1, 4]}') = forge.get_online_features('person', '[1, 4]') as bare,
    forge.get_online_features('person/1', '{"user_id": 1}') = forge.get_online_features('{seen,buys}'::text[], '{"user_id": [1]}') as ad_hoc;
select forge.get_online_features(features => '{seen:visits,buys:n}', entities => '{"user_id": [2, null]}', full_feature_names => true) -> 'metadata',
    forge.get_online_features('person', '[]'), forge.get_online_features('person', '[1]', true) #> '{metadata,feature_names}';
select ((r ->> 'event_timestamps')::jsonb ->> 0)::timestamptz = (select max(at) from visits where user_id = 1) and (r ->> 'event_timestamps')::jsonb ->> 0 ~ '^....-..-..T..:..:..+Z$' as utc from jsonb_array_elements(forge.get_online_features('person', '[1]') -> 'results') with ordinality x(r, place) where place = 2;
-- what is asked wrongly
select regress.error($$select forge.get_online_features('persn', '[1]')$$), regress.error($$select forge.get_online_features('person/9', '[1]')$$),
    regress.error($$select forge.get_online_features('person', '[{"user": 1}, {}]')$$), regress.error($$select forge.get_online_features('person', '["x"]')$$),
    regress.error($$select forge.get_online_features('person', '7')$$), regress.error($$select forge.get_online_features('person', null)$$),
    regress.error($$select forge.get_online_features('person', '{"user_id": [1], "x": [1, 2]}')$$), regress.error($$select forge.get_online_features('{seen:nothing,nowhere}'::text[], '[1]')$$),
    regress.error($$select forge.get_online_features('{}'::text[], '[1]')$$), regress.error($$select forge.get_online_features('{cost}'::text[], '[{"item": "a"}]')$$), regress.error($$select forge.get_online_features('person', '[[1]]')$$);

-- as they were, which is what training reads
select u.k, f.visits, f.hours, f.n, f.total from unnest('{1,2,3,4,null}'::bigint[]) with ordinality u(k, place), forge_features.person_at(k, now()) f order by u.place;
select visits, n from forge_features.person_at(1, now() - interval '60 hours');
select count(*) from (select u.k, f.visits, f.hours, f.n, f.total from unnest('{1,2,3,4,null}'::bigint[]) u(k), forge_features.person_at(k, now()) f
    except select k, visits, hours, n, total from statuses) x;

-- computed on demand, of features and of what the request brings
select forge.create_on_demand_feature_view('rates', '[{"name": "per_visit", "expression": "hours / nullif(visits, 0)"}, {"name": "share", "expression": "basket / nullif(price, 0)"},
    {"name": "big", "expression": "coalesce(basket, 0) > 100 -- a basket"}]', '{seen:visits,seen:hours,cost}', '[{"name": "basket", "type": "numeric"}]', 'of a basket');
select sources, request_columns, features from forge.on_demand_feature_views;
select forge.create_feature_service('basket', '{rates:share,seen:visits,rates:big}');
select p.oid::regprocedure, pg_get_function_result(p.oid) from pg_proc p where p.pronamespace = 'forge_features'::regnamespace and p.proname ~ '^basket' order by p.oid::regprocedure::text collate "C";
select rows from forge.materialize_incremental('cost');
select share, visits, big, forge_statuses from forge_features.basket(1, 'a', 25);
select share, visits, big from forge_features.basket_at(1, 'a', 25, now());
select jsonb_path_query_array(forge.get_online_features('basket', '{"user_id": [1, 9], "item": ["a", "b"], "basket": 250}'), '$.results[*].values');
select regress.error($$select forge.get_online_features('basket', '{"user_id": 1}')$$), regress.error($$select forge.get_online_features('basket', '{"user_id": 1, "item": "a", "basket": "x"}')$$);
-- at training the same, from columns of the entity rows
select h from forge.historical_features_json($$select 1::bigint as user_id, 'a' as item, 25 as basket$$, service => 'basket') h;
select forge.historical_features($$select 1::bigint as user_id, 'a'::text as item, 25 as basket$$, output => 'shop.made', features => '{rates,seen:visits}');
select per_visit, share, big, visits from made;
select regress.error($$select forge.historical_features_json('select 1::bigint as user_id, date ''2026-01-01'' as basket', service => 'basket')$$);
select forge.create_dataset('saved', $$select 1::bigint as user_id, 'a'::text as item, 25 as basket$$, 'shop.saved', service => 'basket');
select part, unchanged from forge.check_dataset('saved');
-- what no expression may be
create function shop.clock() returns int language plpgsql volatile as 'begin return 1; end';
select regress.error(format($e$select forge.create_on_demand_feature_view('bad', '[{"name": "a", "expression": %s}]', '{seen:visits}', '[{"name": "t", "type": "timestamptz"}]')$e$, to_json(e)))
from unnest('{"(select 1)","count(*)","now()","shop.clock()","visits +","1, 2","1) as a, (2","e.user_id","forge_probe.visits","nothing","extract(hour from t)","generate_series(1, 2)","visits; drop table visits","i.visits",""}'::text[]) e;
select regress.error($$select forge.create_on_demand_feature_view('Bad', '[{"name": "forge_a", "expression": "visits"}, {"name": "b"}, {"name": "b", "expression": "1", "kind": 3}]', '{seen:visits,seen:visits,rates,nothing}', '[{"name": "t", "type": "nonsense"}]')$$);
select regress.error($$select forge.create_on_demand_feature_view('seen', '[]')$$), regress.error($$select forge.create_on_demand_feature_view('rates', '[]')$$), regress.error($$select forge.create_on_demand_feature_view('x', null)$$),
    regress.error($$select forge.create_feature_view('rates', '{person}', 'visits', 'at')$$);
-- versions, and what is in use
select forge.alter_on_demand_feature_view('rates', '{"description": "other"}'), forge.alter_on_demand_feature_view('rates', '{"features": [{"name": "share", "expression": "2 * basket / price"}]}');
select name, version, description, features -> 0 ->> 'expression' from forge.on_demand_feature_views order by 2;
select share from forge_features.basket(1, 'a', 25);
select regress.error($$select forge.drop_on_demand_feature_view('rates', 1)$$), regress.error($$select forge.drop_feature_view('cost')$$), regress.error($$select forge.alter_on_demand_feature_view('rates', '{"ttl": 1}')$$),
    regress.error($$select forge.drop_on_demand_feature_view('rates', 9)$$), regress.error($$select forge.drop_on_demand_feature_view('nothing')$$);
select forge.alter_feature_service('basket', '{rates:share,seen:hours}');
select share, hours from forge_features.basket(1, 'a', 25);
select share, visits from forge_features."basket/1"(1, 'a', 25);
create view reads as select share from forge_features.basket(1, 'a', 25);
select regress.error($$select forge.alter_feature_service('basket', '{rates:share,seen:visits}')$$), regress.error($$select forge.drop_feature_service('basket', 2)$$);
drop view reads;
select forge.drop_feature_service('basket', 2);
select share, visits from forge_features.basket(1, 'a', 25);
select regress.error($$select forge.drop_feature_service('basket')$$);
select forge.drop_dataset('saved');
select forge.drop_feature_service('basket'), forge.drop_on_demand_feature_view('rates');
select count(*) from pg_proc p where p.pronamespace = 'forge_features'::regnamespace and p.proname ~ '^basket';

-- names: a key called like a feature, a service called as another's function, a service without entity, a long one
create table plans (visits int, at date, plan text);
insert into plans values (4, '2026-01-01', 'gold');
select forge.create_entity('plan', '{visits}', '{int}'), forge.create_feature_view('plan', '{plan}', 'plans', 'at'), forge.create_feature_view('weather', '{}', 'select at, plan as sky from plans', 'at');
select forge.create_feature_service('named', '{plan,seen:visits,weather}');
select rows from forge.materialize('plan') union all select rows from forge.materialize('weather');
select pg_get_function_arguments(p.oid) from pg_proc p where p.proname = 'named';
select plan, visits, sky from forge_features.named(1, 4);
select plan, visits, sky from forge_features.named_at(1, 4, now());
select forge.create_feature_service('sky', '{weather}');
select sky, forge_statuses from forge_features.sky();
select jsonb_path_query_array(forge.get_online_features('sky', '{}'), '$.results[*].values');
select regress.error($$select forge.create_feature_service('sky_at', '{weather}')$$);
select forge.create_feature_service('late_at', '{weather}');
select regress.error($$select forge.create_feature_service('late', '{weather}')$$);
select forge.create_feature_service(repeat('s', 60), '{weather}');
select count(*) from (select forge.alter_feature_service(repeat('s', 60), '{weather}') from generate_series(2, 100)) x;
reset role;
select version from forge.feature_services s where name like 'sss%' and not exists (select from forge.service_functions(s.name) f where f.version = s.version);
set role tom;
select forge.drop_feature_service(repeat('s', 60));
select count(*) from pg_proc where pronamespace = 'forge_features'::regnamespace and proname like 'sss%';

-- rights: the tables' own; a table of the same name is nobody's way in; a type that forge_admin may not see
reset role;
set role ann;
select regress.error($$select * from forge_features.person(1)$$), regress.error($$select forge.get_online_features('person', '[1]')$$);
reset role;
set role tom;
grant select on forge_online.seen_v1, forge_online.buys_v1 to ann;
reset role;
set role ann;
select visits, n from forge_features.person(1);
select jsonb_path_query_array(forge.get_online_features('person', '[1]'), '$.results[*].values');
select regress.error($$create function forge_features.person(int) returns int language sql as 'select 1'$$), regress.error($$select forge.refresh_service('person', 1)$$);
reset role;
set role tom;
-- nobody's functions go, or change, but with their service
select forge.drop_service_functions('person', 1), forge.refresh_service('person', 1), forge.drop_service_functions('nothing', 1);
select visits from forge_features."person/1"(1);
select regress.error($$drop table forge_online.seen_v1$$);
drop table forge_online.seen_v1 cascade;
select regress.error($$select forge.get_online_features('person', '[1]')$$);
select rows > 0 as rows from forge.materialize_incremental('seen');
select visits from forge_features.person(1);
reset role;
create schema hidden authorization tom;
set role tom;
create type hidden.mood as enum ('good', 'bad');
create table moods (user_id bigint, at date, mood hidden.mood);
insert into moods values (1, '2026-01-01', 'good');
select forge.create_feature_view('moods', '{person}', 'moods', 'at'), forge.create_feature_service('moods', '{moods}');
select rows from forge.materialize('moods');
select count(*) from pg_proc where pronamespace = 'forge_features'::regnamespace and proname ~ '^moods';
select jsonb_path_query_array(forge.get_online_features('moods', '[1]'), '$.results[*].values');

-- Predictions by key: what the model was trained on, as it is online
reset role;
\set ECHO none
\i Tests/regress/fixtures/training.sql
\set ECHO all
select regress.train('tom', 'stays', 'churn'), regress.train('tom', 'plain', 'churn');
set session_replication_role = replica;
update forge.training_requests r set source_features = 'aged/1', source = 'select 1' from forge.model_versions v where v.training_request = r.id and v.model = 'stays';
reset session_replication_role;
set role tom;
create table people (user_id bigint, at date, age int, plan text);
insert into people values (1, '2026-01-01', 40, 'free'), (2, '2026-01-01', null, 'pro');
select forge.create_feature_view('people', '{person}', 'people', 'at'), forge.create_feature_service('aged', '{people}');
select rows from forge.materialize('people');
select forge.features_for('stays', 1), forge.features_for('stays', '{"user_id": 1, "extra": "x"}'::jsonb), forge.features_for('stays', '9');
select k, forge.predict_for('stays', k) = forge.predict('stays', jsonb_build_object('age', age, 'plan', plan)) as same, forge.predict_label_for('stays', k) = forge.predict_label('stays', jsonb_build_object('age', age, 'plan', plan)) as label,
    forge.predict_proba_for('stays', k) = forge.predict_proba('stays', jsonb_build_object('age', age, 'plan', plan)) as proba
from (values (1::bigint, 40, 'free'), (2, null, 'pro'), (9, null, null)) v(k, age, plan);
select distinct p = forge.predict('stays', '{"age": 40, "plan": "free"}') as same
from (values (forge.predict_for('stays', '1')), (forge.predict_for('stays', '{"user_id": 1}')), (forge.predict_for('stays@champion', '{"user_id": "1"}'::jsonb)), (forge.predict_for('stays/1', 1))) v(p);
select forge.predict_for('stays', null::bigint), forge.predict_for(null, 1), forge.predict_for('stays', 'null'::jsonb);
select regress.error($$select forge.predict_for('plain', 1)$$), regress.error($$select forge.predict_for('nothing', 1)$$), regress.error($$select forge.predict_for('stays', '{"user": 1}')$$),
    regress.error($$select forge.predict_for('stays', 'x')$$), regress.error($$select forge.predict_for('stays', gen_random_uuid()) is null$$) ~ '^FG004 a value of an entity is of another type: invalid input syntax for type bigint';
reset role;
set role ann;
select regress.error($$select forge.predict_for('stays', 1)$$);
reset role;
set role tom;
select forge.grant_model('stays', 'ann');
reset role;
set role ann;
select regress.error($$select forge.predict_for('stays', 1)$$);
reset role;
set role tom;
grant select on forge_online.people_v1 to ann;
reset role;
set role ann;
select forge.predict_for('stays', 1) is not null;
