-- Pushing into feature views, expectations of them, their schedules, and how fresh they are.
\set SHOW_CONTEXT never
set timezone = 'UTC';
create schema shop authorization tom;
set role tom;
set search_path = shop, public;
select forge.create_entity('person', '{user_id}', '{bigint}');
create table plans (user_id bigint, at timestamptz, recorded timestamptz default now(), plan text, price float8, id bigint generated always as identity);
create index on plans (user_id, at desc);
select forge.create_feature_view('plan', '{person}', 'plans', 'at', '{plan,price}', created_timestamp => 'recorded');
select forge.create_feature_view('paid', '{person}', 'plans', 'at', aggregations => '[{"function": "sum", "column": "price", "time_window": "7 days", "name": "paid"}]');
select forge.create_push_source('plans', 'plan'), forge.create_push_source('payments', 'paid');
select forge.push('plans', '[{"user_id": 1, "at": "2026-03-01", "plan": "free", "price": 1}, {"user_id": 1, "at": "2026-03-02", "plan": "basic", "price": 2}]');
create view online as select user_id, forge_time, plan, price from forge_online.plan_v1;
table online;
select user_id, at, plan, price, recorded > now() - interval '1 minute' as recorded_now, id from plans;
-- online only; a late row is kept but does not show; offline only; an event to come; an empty list
select forge.push('plans', '{"user_id": 1, "at": "2026-03-03", "plan": "plus", "price": 3}', 'online');
select forge.push('plans', '{"user_id": 1, "at": "2026-03-02", "plan": "late", "price": 3}');
select forge.push('plans', '[{"user_id": 9, "at": "2999-03-02"}, {"user_id": 9, "at": "infinity"}]', 'online'), forge.push('plans', '[]');
select forge.push('plans', '{"user_id": 2, "at": "2026-03-02", "plan": "off", "price": 3}', 'offline');
table online order by 1;
select count(*) from plans;
-- aggregations are computed anew for the pushed keys, with what others have inserted
select forge.push('payments', jsonb_build_object('user_id', 1, 'at', now(), 'price', 4));
select user_id, paid from forge_online.paid_v1 order by 1;
select rows from forge.materialize_incremental('plan');
-- what does not fit
select regress.error($$select forge.push('payments', '{"user_id": 1}', 'online')$$);
select regress.error($$select forge.push('plans', '[{"user_id": 1, "at": "2026-03-02", "nothing": 1}, 3]', 'nowhere')$$);
-- Expectations: what breaks them is not published where the view says stop
select forge.alter_feature_view('plan', '{"expectations": [{"feature": "price", "min": 0, "max": 10, "max_null_rate": 0.2}, {"feature": "plan", "values": ["free", "basic", "plus", "late", "off"]}, {"max_age": "36500 days"}], "on_breach": "stop", "schedule": "10 minutes"}');
select name, kind, every, status, owner from forge.schedule_status;
select rows, breaches, published from forge.materialize_incremental('plan');
insert into plans values (3, '2026-03-04', default, 'odd', -1), (4, '2026-03-04', default, 'free', 12);
select rows, breaches, published from forge.materialize_incremental('plan');
select user_id, plan, price from online order by 1;
select forge.alter_feature_view('plan', '{"on_breach": "record"}');
select rows, breaches, published from forge.materialize_incremental('plan');
select view, version, feature, keys, null_rate, breaches, last_published, schedule from forge.feature_freshness;
-- drift from a saved dataset
select forge.create_dataset('base', $$select i::bigint % 4 + 1 as user_id, now() as event_timestamp from generate_series(1,100) i$$, 'shop.base', '{plan}');
select forge.alter_feature_view('plan', '{"expectations": [{"feature": "price", "max_drift": 0.5, "dataset": "base"}, {"feature": "plan", "max_drift": 0.5, "dataset": "base"}]}');
select breaches from forge.materialize('plan');
insert into plans select i, '2026-03-05', now(), 'new', 100+i from generate_series(10,40) i;
select breaches from forge.materialize('plan');
select regress.error($$select forge.alter_feature_view('plan', '{"expectations": [{"feature": "price", "min": "x", "max_null_rate": 3, "mid": 1}, {"feature": "no", "max": 1}, {"max_age": "soon"}, {"feature": "plan", "max_drift": 1}], "schedule": "1 ms"}')$$);
-- as a document has it
select action, version, differences from forge.plan_features('{"feature_views": [{"name": "plan", "entities": ["person"], "source": "plans", "event_timestamp": "at",
    "features": ["plan", "price"], "created_timestamp": "recorded", "schedule": "1 hour", "expectations": [{"max_age": "1 hour"}]}]}');
select regress.error($$select forge.schedule('materialize', '{"view": "plan"}')$$);
-- The daemons run it as the view's owner; every version that is online is kept up, and goes with the view
select forge.alter_feature_view('plan', '{"expectations": null, "ttl": "1000 days"}');
insert into plans values (50, '2026-03-05', default, 'new', 1);
reset role;
insert into forge.workers (worker_id, host, boot_id, pid, pid_started_at, pid_ns, version, capacity)
values ('11111111-1111-1111-1111-111111111111', 'h', 'b', 1, 'x', 'x', 'v', '{}');
set role worker;
select id, lease_token as token, name from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '1 hour') \gset
begin;
select forge.run_claimed(:id, :'token') as result \gset
select forge.finish_schedule(:id, :'token', :'result');
commit;
reset role;
select status, rows, (select count(*) from jsonb_object_keys(result -> 'runs')) as versions, error_code from forge.schedule_status;
set role tom;
select (select count(*) from forge_online.plan_v1 where user_id = 50), (select count(*) from forge_online.plan_v2 where user_id = 50), (select distinct actor from forge.materializations);
select forge.alter_feature_view('plan', '{"schedule": null}');
select count(*) from forge.schedules;
select forge.alter_feature_view('paid', '{"schedule": "1 hour"}');
select forge.drop_push_source('payments'), forge.drop_feature_view('paid');
select count(*) from forge.schedules;

-- A run that is killed half-way has written nothing; the next one does it all
create table slow as select user_id, at, price from plans where false;
create view slowly as select user_id, at, price from slow, lateral (select pg_sleep(case when price = 0 then 3600 else 0 end)) s offset 0;
select forge.create_feature_view('slowly', '{person}', 'slowly', 'at');
insert into slow values (1, '2026-03-01', 1);
select rows from forge.materialize_incremental('slowly');
insert into slow values (1, '2026-03-02', 2), (2, '2026-03-02', 0);
set statement_timeout = '200ms';
select forge.materialize_incremental('slowly');
set statement_timeout = 0;
select user_id, price, (select count(*) from forge.materializations where view = 'slowly') as runs from forge_online.slowly_v1;
update slow set price = 3 where price = 0;
select rows from forge.materialize_incremental('slowly');
-- a source to which nobody adds any more
select forge.alter_feature_view('slowly', '{"expectations": [{"max_age": "1 day"}]}');
select breaches from forge.materialize('slowly');

-- Rights: who pushes has those on the tables
select forge.create_push_source('plans_too', 'plan');
reset role;
grant forge_trainer to ann;
grant usage on schema shop to ann;
set role ann;
select regress.error($$select forge.push('plans', '{"user_id": 1, "at": "2026-03-09"}', 'offline')$$), regress.error($$select forge.push('plans', '{"user_id": 1, "at": "2026-03-09"}', 'online')$$);
select regress.error($$select forge.drop_push_source('plans')$$), regress.error($$select forge.push('nowhere', '{}')$$), regress.error($$select forge.create_push_source('plans', 'plan')$$), regress.error($$select forge.create_push_source('other', 'nothing')$$);
reset role;
revoke forge_trainer from ann;
