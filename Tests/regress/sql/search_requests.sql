-- training_requests.search: what it leaves out, what is refused, and the trials that workers share.
create table visits (seen date, hours int, plan text, paid float8, stayed boolean);
grant select on visits to tom;
create function problems(target text, algorithm text, search jsonb, params jsonb default '{}', split jsonb default '{}') returns setof text
language sql
as $$
    select value from forge.check_request('m', 'visits', target, algorithm => algorithm, params => params, split => split, search => search)
    where section = 'problem' order by value
$$;
set role tom;
-- What it leaves out.
insert into forge.training_requests (model, source, target, algorithm, search) values
    ('plain', 'visits', 'hours', 'ridge', '{}'), ('given', 'visits', 'stayed', 'gradient_boosting',
     '{"method": "halving", "trials": 12, "space": {"max_depth": {"min": 3}, "learning_rate": {}, "grow_policy": true, "n_estimators": [50, 100]}}'),
    ('grid', 'visits', 'hours', 'lasso', '{"method": "grid", "space": {"alpha": {"min": 0.01, "max": 1, "steps": 3}, "fit_intercept": true}}'),
    ('none', 'visits', 'hours', 'ridge', null);
select model, jsonb_pretty(search) from forge.training_requests order by id;
-- All that is wrong, at once.
select * from problems('hours', 'gradient_boosting', '{"method": "guess", "trials": 0, "metric": "roc_auc", "fold": 3, "prune": "yes", "seed": 1.5,
    "generation": 0, "factor": 1, "workers": 0, "folds": 1, "space": {"depth": {}, "max_depth": {"min": 0, "max": 12}, "subsample": {"min": 0.9, "max": 0.5},
    "reg_alpha": {"min": 0, "max": 1, "log": true}, "reg_lambda": {}, "gamma": {}, "n_estimators": {"min": 10.5, "max": 100}, "grow_policy": {"min": 1, "max": 2},
    "objective": ["squared_error", "poison"], "monotone_constraints": [{}], "min_child_weight": 3, "max_bin": {"min": 2, "max": 9, "step": 2},
    "max_leaves": [], "early_stopping_rounds": [5, 10], "learning_rate": {}}}', '{"learning_rate": 0.1}', '{"outer_folds": 2, "folds": 4}');
select g.search, p from (values
    ('[]'), ('{"space": []}'), ('{"space": {}}'), ('{"method": "grid"}'), ('{"space": {"alpha": {"min": 1, "max": 1}}}'),
    ('{"method": "grid", "space": {"alpha": {"min": 1, "max": 2, "steps": 1000}, "l1_ratio": {"min": 0, "max": 1, "steps": 11}}}'))
    g(search) left join lateral problems('hours', 'elastic_net', g.search::jsonb) p on true;
select * from problems('hours', 'linear_regression', '{}');
select * from problems('hours', 'ridge', '{}', '{"alpha": 2}');
select * from problems(null, 'kmeans', '{}');
select * from problems('hours', 'ridge', '{"folds": 5}', split => '{"folds": 4}');
-- auto searches by itself, what its portfolio says.
insert into forge.training_requests (model, source, target, algorithm) values ('found', 'visits', 'hours', 'auto');
select search from forge.training_requests where model = 'found';
select g.search, p from (values ('{}'), ('{"trials": 3, "metric": "mae"}'), ('{"space": {"max_members": {"min": 1, "max": 3}}}'), ('{"method": "grid"}'), ('{"folds": 1}'))
    g(search) left join lateral problems('hours', 'auto', g.search::jsonb) p on true;
select * from problems('hours', 'auto', null, '{"max_members": 0, "n_estimators": 5}');
-- The same key, the same search: the same request.
select forge.train('again', 'visits', 'hours', algorithm => 'ridge', search => '{"trials": 5}', idempotency_key => 'k')
    = forge.train('again', 'visits', 'hours', algorithm => 'ridge', search => '{"trials": 5}', idempotency_key => 'k') as one_request;
select regress.error($$select forge.train('again', 'visits', 'hours', algorithm => 'ridge', search => '{"trials": 6}', idempotency_key => 'k')$$);
reset role;

-- Two workers and one search.
delete from forge.training_requests where model <> 'plain';
create table leases (holder text primary key, request bigint, token uuid);
grant select, insert on leases to worker, tom;
create function token(of_holder text) returns uuid language sql as $$ select token from leases where holder = of_holder $$;
create function request() returns bigint language sql as $$ select min(request) from leases $$;
set role worker;
select forge.worker_hello(('0000000' || n || '-0000-0000-0000-000000000000')::uuid, 'h', 'b', n, '1', 'ns', 'v', '{"cpu": 4, "memory": 8000000000, "jobs": 4}') ->> 'peers' is not null as hello
from generate_series(1, 3) n;
insert into leases select 'first', id, lease_token from forge.claim('00000001-0000-0000-0000-000000000000', '1 minute', 4, 8000000000, null);
select count(*) as nothing_waits from forge.claim_helper('00000002-0000-0000-0000-000000000000', '1 minute', 4, 8000000000, null);
select forge.propose_trials(request(), token('first'), (select jsonb_agg(jsonb_build_object('trial', n, 'generation', 1, 'arm', 0, 'algorithm', 'ridge',
    'params', jsonb_build_object('alpha', n), 'share', 1, 'metric', 'rmse')) from generate_series(1, 4) n));
select count(*) as own_worker_helps from forge.claim_helper('00000001-0000-0000-0000-000000000000', '1 minute', 4, 8000000000, null);
insert into leases select 'second', id, lease_token from forge.claim_helper('00000002-0000-0000-0000-000000000000', '1 minute', 4, 8000000000, null);
select count(*) as twice from forge.claim_helper('00000002-0000-0000-0000-000000000000', '1 minute', 4, 8000000000, null);
select forge.job(request(), token('second')) -> 'helps' as helps, forge.job(request(), token('first')) -> 'helps' as coordinates;
select holder, forge.claim_trial(request, token) ->> 'trial' as trial from leases order by holder;
-- Again after an answer that was lost: a lease runs one trial at a time.
select holder, forge.claim_trial(request, token) ->> 'trial' as trial from leases order by holder;
-- Whoever has a trial ends it; nobody else does, and nobody twice.
select forge.finish_trial(request(), token('second'), 1, '{"status": "succeeded", "score": 1, "cost": 1, "fold_scores": [1]}') as of_the_other;
select forge.finish_trial(request(), token('second'), 2, '{"status": "succeeded", "score": 3.5, "cost": 3.5, "fold_scores": [3, 4]}', '\x00') as own;
select forge.finish_trial(request(), token('second'), 2, '{"status": "failed", "error_code": "FG025", "error_message": "x"}') as twice;
select forge.trial_predictions_of(request(), token('first'), 2);
-- A helper is lost with a trial: others take it. The second time, it is to blame.
select forge.claim_trial(request(), token('second')) ->> 'trial' as trial;
select forge.fail(request(), token('second'), 'FG018', 'died', null, null, false, true);
select regress.error(format('select forge.claim_trial(%s, %L)', request(), token('second')));
insert into leases select 'third', id, lease_token from forge.claim_helper('00000003-0000-0000-0000-000000000000', '1 second', 4, 8000000000, null);
select forge.claim_trial(request(), token('third')) ->> 'trial' as trial;
reset role;
update forge.search_helpers set lease_expires_at = now() - interval '1 second' where lease_token = token('third');
set role worker;
select count(*) as requests_rescued from forge.rescue();
reset role;
select trial, status, attempts, crashes, score, error_code, error_message from forge.search_trials order by trial;
select level, message from forge.training_log;
-- The coordinator is lost: finished trials stay, its own is free again, and a helper goes on until it looks for the next.
set role worker;
insert into leases select 'fourth', id, lease_token from forge.claim_helper('00000003-0000-0000-0000-000000000000', '1 minute', 4, 8000000000, null);
select forge.claim_trial(request(), token('fourth')) ->> 'trial' as trial;
select forge.fail(request(), token('first'), 'FG018', 'died', null, null, false, true);
select count(*) as beats from forge.heartbeat(request(), token('fourth'), '1 minute', null);
select forge.finish_trial(request(), token('fourth'), 4, '{"status": "pruned", "fold_scores": [9]}') as its_own;
select forge.claim_trial(request(), token('fourth')) as leaves;
reset role;
select trial, status, attempts, crashes, score from forge.search_trials order by trial;
grant select on leases to forge_admin;
set role forge_admin;
update forge.training_requests set run_at = now() where id = request();
set role worker;
select forge.release(request(), token('fourth'));
insert into leases select 'fifth', id, lease_token from forge.claim('00000002-0000-0000-0000-000000000000', '1 minute', 4, 8000000000, null);
insert into leases select 'sixth', id, lease_token from forge.claim_helper('00000001-0000-0000-0000-000000000000', '1 minute', 4, 8000000000, null);
-- A request that would fit into a helper's place comes first.
set role tom;
select forge.train('urgent', 'visits', 'hours', algorithm => 'ridge') > 0 as queued;
set role worker;
select forge.claim_trial(request(), token('sixth')) as leaves;
reset role;
delete from forge.training_requests where model = 'urgent';
set role worker;
select forge.claim_trial(request(), token('sixth')) ->> 'trial' as trial;
-- A cancel reaches helpers by their heartbeat, and the end of the request takes their lease.
set role tom;
select forge.cancel(request());
set role worker;
select cancel_requested_at is not null as cancelled from forge.heartbeat(request(), token('sixth'), '1 minute', null);
select forge.confirm_cancel(request(), token('fifth'));
select count(*) as beats from forge.heartbeat(request(), token('sixth'), '1 minute', null);
reset role;
select trial, status, lease_token from forge.search_trials order by trial;
select count(*) as predictions from forge.trial_predictions;
-- Tried again, failed trials are.
set role tom;
select forge.retry(request());
select trial, status, params, metric, score, fold_scores, error_code from forge.trials order by trial;
set role worker;
select count(*) from forge.claim('00000002-0000-0000-0000-000000000000', '1 minute', 4, 8000000000, null);
set role tom;
select trial, status, error_code from forge.trials order by trial;
reset role;
-- Who may use a model may see why it was chosen.
update forge.search_trials set status = 'failed', finished_at = now(), error_code = 'FG025', error_message = 'diverged' where trial = 1;
update forge.search_trials set started_at = finished_at - interval '2 seconds' where finished_at is not null;
update forge.model_versions set training_request = request(), manifest = '{"search": {"best_trial": 2}}' where model = 'churn' and version = 1;
select forge.grant_model('churn', 'ann');
set role ann;
select * from forge.leaderboard('churn/1');
set role tom;
select regress.error($$select forge.leaderboard('churn/1')$$);
reset role;
update forge.model_versions set training_request = null;
-- Of others' searches nothing is seen.
set role ann;
select count(*) from forge.search_trials;
set role eve;
select regress.error('select from forge.search_trials');
