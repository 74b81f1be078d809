-- Searches: trials are claimed like requests, by the request's own worker and by helpers. The leases of docs/queue.md.

-- The request that a lease takes part in: its own worker's, or a helper's.
create or replace function forge.taking_part(request bigint, lease_token uuid) returns forge.training_requests
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests;
begin
  select * into r from forge.training_requests t
  where t.id = taking_part.request and (t.status = 'running' and t.lease_token = taking_part.lease_token
    or exists (select from forge.search_helpers h where h.request = t.id and h.lease_token = taking_part.lease_token));
  if not found then
    perform forge.refuse_lease(taking_part.request);
  end if;
  return r;
end
$$;
comment on function forge.taking_part(bigint, uuid) is 'the request that a live lease is of, or helps with (FG017); internal';

-- The trial that a lease holds goes back to the others. The second time that its holder was lost with it, it is to blame.
create or replace function forge.free_trial(request bigint, lease_token uuid, lost boolean) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update forge.search_trials t
  set lease_token = null, crashes = t.crashes + lost::int,
    status = case when lost and t.crashes > 0 then 'failed' else 'queued' end,
    finished_at = case when lost and t.crashes > 0 then clock_timestamp() end,
    error_code = case when lost and t.crashes > 0 then 'FG018' end,
    error_message = case when lost and t.crashes > 0 then 'its worker was lost twice while it ran' end
  where t.request = free_trial.request and t.lease_token = free_trial.lease_token
$$;
comment on function forge.free_trial(bigint, uuid, boolean) is 'takes a trial from a lease that ends; internal';

-- True if the token was a helper's.
create or replace function forge.leave_search(request bigint, lease_token uuid, lost boolean, failed boolean) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update forge.search_helpers h
  set lease_token = null, lease_expires_at = null, failures = h.failures + failed::int
  where h.request = leave_search.request and h.lease_token = leave_search.lease_token;
  if found then
    perform forge.free_trial(request, lease_token, lost);
    return true;
  end if;
  return false;
end
$$;
comment on function forge.leave_search(bigint, uuid, boolean, boolean) is 'ends a helper''s lease; internal';

-- Called as a run ends. While the request is to be tried again its helpers go on; otherwise they are let go, and hear of it
-- as of a cancel.
create or replace function forge.end_search(r forge.training_requests, next_status text, lost boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  token uuid;
  were_there boolean := false;
begin
  if r.search is null then
    return;
  end if;
  perform forge.free_trial(r.id, r.lease_token, lost);
  if next_status = 'queued' then
    return;
  end if;
  for token in select h.lease_token from forge.search_helpers h where h.request = r.id and h.lease_token is not null for update loop
    perform forge.leave_search(r.id, token, lost => false, failed => false);
    were_there := true;
  end loop;
  delete from forge.trial_predictions p where p.request = r.id;
  if were_there then
    perform pg_notify('forge_cancel', '');
  end if;
end
$$;
comment on function forge.end_search(forge.training_requests, text, boolean) is 'what the end of a run means for its trials and helpers; internal';

create or replace function forge.claim_helper(
  worker uuid, lease interval, free_cpu double precision, free_memory bigint, algorithms text[]
) returns table (
  id bigint, attempt int, lease_token uuid, model text, algorithm text, cpu_request double precision, memory_request bigint,
  cpu_limit double precision, memory_limit bigint, timeout_seconds double precision
)
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with pick as materialized (
    select r.* from forge.training_requests r
    where r.status = 'running' and r.search is not null and r.cancel_requested_at is null and r.worker_id <> worker
      and r.cpu_request <= free_cpu and r.memory_request <= free_memory
      and (algorithms is null or r.algorithm = any (algorithms))
      and exists (select from forge.workers w where w.worker_id = worker and not w.draining)
      and exists (select from forge.search_trials t where t.request = r.id and t.status = 'queued')
      and not exists (select from forge.search_helpers h
        where h.request = r.id and h.worker_id = worker and (h.lease_token is not null or h.failures >= 3))
      and (select count(*) from forge.search_helpers h where h.request = r.id and h.lease_token is not null)
        < coalesce((r.search ->> 'workers')::int, 1000) - 1
    order by r.priority, r.id limit 1
    for no key update skip locked),
  joined as (
    insert into forge.search_helpers as h (request, worker_id, lease_token, lease_expires_at)
    select p.id, worker, gen_random_uuid(), clock_timestamp() + lease from pick p
    on conflict on constraint search_helpers_pkey do update
      set lease_token = excluded.lease_token, lease_expires_at = excluded.lease_expires_at
    returning h.request, h.lease_token)
  select p.id, p.attempt, j.lease_token, p.model, p.algorithm, p.cpu_request, p.memory_request, p.cpu_limit, p.memory_limit,
    null::double precision
  from joined j join pick p on p.id = j.request
$$;
comment on function forge.claim_helper(uuid, interval, double precision, bigint, text[]) is
  'joins a search that another worker runs and that has trials waiting; no row if there is none. The token it gives is good for reading the rows and for trials';

create or replace function forge.propose_trials(request bigint, lease_token uuid, proposals jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests := forge.leased(request, lease_token);
begin
  insert into forge.search_trials (request, trial, generation, arm, algorithm, params, share, metric)
  select r.id, p.trial, p.generation, p.arm, p.algorithm, p.params, p.share, p.metric
  from jsonb_to_recordset(proposals)
    as p(trial int, generation int, arm int, algorithm text, params jsonb, share double precision, metric text)
  on conflict on constraint search_trials_pkey do nothing;
  perform pg_notify('forge_requests', '');  -- others may help
end
$$;
comment on function forge.propose_trials(bigint, uuid, jsonb) is 'adds a generation of trials; those known already stay as they are';

create or replace function forge.trials_of(request bigint, lease_token uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests := forge.taking_part(request, lease_token);
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'trial', t.trial, 'generation', t.generation, 'arm', t.arm, 'params', t.params, 'share', t.share, 'status', t.status,
      'score', t.score, 'fold_scores', t.fold_scores, 'error_code', t.error_code, 'error_message', t.error_message,
      'data_fingerprint', t.data_fingerprint) order by t.trial), '[]')
    from forge.search_trials t where t.request = r.id);
end
$$;
comment on function forge.trials_of(bigint, uuid) is 'all trials of a search, for those who take part';

create or replace function forge.claimed_trial(t forge.search_trials) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object('claim', 'trial', 'trial', t.trial, 'generation', t.generation, 'arm', t.arm, 'params', t.params,
    'share', t.share, 'status', t.status)
$$;
comment on function forge.claimed_trial(forge.search_trials) is 'a trial as forge.claim_trial gives it; internal';

-- A helper is let go where a request waits that would fit into its place.
create or replace function forge.claim_trial(request bigint, lease_token uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests := forge.taking_part(request, lease_token);
  is_helper constant boolean := r.lease_token is distinct from claim_trial.lease_token;
  claimed forge.search_trials;
begin
  if is_helper and (r.status <> 'running' or r.cancel_requested_at is not null or exists (
    select from forge.training_requests q
    where q.status = 'queued' and q.run_at <= clock_timestamp() and q.cancel_requested_at is null
      and q.cpu_request <= r.cpu_request and q.memory_request <= r.memory_request))
  then
    return '{"claim": "over"}';
  end if;
  -- A claim whose answer was lost: a lease runs one trial at a time.
  select * into claimed from forge.search_trials t where t.request = r.id and t.lease_token = claim_trial.lease_token;
  if found then
    return forge.claimed_trial(claimed);
  end if;
  update forge.search_trials t
  set status = 'running', lease_token = claim_trial.lease_token, attempts = t.attempts + 1, started_at = clock_timestamp(),
    worker_id = case when is_helper
      then (select h.worker_id from forge.search_helpers h where h.request = r.id and h.lease_token = claim_trial.lease_token)
      else r.worker_id end
  where t.request = r.id and t.status = 'queued' and t.trial = (
    select s.trial from forge.search_trials s where s.request = r.id and s.status = 'queued'
    order by s.trial limit 1 for update skip locked)
  returning * into claimed;
  if not found then
    return '{"claim": "none"}';
  end if;
  return forge.claimed_trial(claimed);
end
$$;
comment on function forge.claim_trial(bigint, uuid) is
  'takes the next trial: {"claim": "trial", …}, or the one that the lease has not ended yet; "none": all are taken; "over": a helper is to leave';

create or replace function forge.finish_trial(
  request bigint, lease_token uuid, trial int, outcome jsonb, predictions bytea default null
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update forge.search_trials t
  set status = outcome ->> 'status', lease_token = null, finished_at = clock_timestamp(),
    score = (outcome ->> 'score')::double precision, cost = (outcome ->> 'cost')::double precision,
    fold_scores = array(select (f #>> '{}')::double precision
      from jsonb_array_elements(outcome -> 'fold_scores') with ordinality e(f, place) order by e.place),
    data_fingerprint = outcome ->> 'data_fingerprint', error_code = outcome ->> 'error_code',
    error_message = outcome ->> 'error_message', error_detail = outcome ->> 'error_detail', error_hint = outcome ->> 'error_hint'
  where t.request = finish_trial.request and t.trial = finish_trial.trial and t.lease_token = finish_trial.lease_token;
  if not found then
    return false;
  end if;
  if predictions is not null then
    insert into forge.trial_predictions as p (request, trial, predictions)
    values (finish_trial.request, finish_trial.trial, finish_trial.predictions)
    on conflict on constraint trial_predictions_pkey do update set predictions = excluded.predictions;
  end if;
  return true;
end
$$;
comment on function forge.finish_trial(bigint, uuid, int, jsonb, bytea) is
  'how a trial ended: succeeded, pruned or failed; false, and nothing done, if it is not this lease''s';

create or replace function forge.trial_predictions_of(request bigint, lease_token uuid, trial int) returns bytea
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests := forge.taking_part(request, lease_token);
begin
  return (select p.predictions from forge.trial_predictions p where p.request = r.id and p.trial = trial_predictions_of.trial);
end
$$;
comment on function forge.trial_predictions_of(bigint, uuid, int) is 'what a trial''s worker handed in beside its score; null: nothing';

-- Helpers that were not heard of in time.
create or replace function forge.rescue_helpers() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  h forge.search_helpers;
begin
  for h in
    select * from forge.search_helpers s where s.lease_expires_at < clock_timestamp() for update skip locked
  loop
    perform forge.leave_search(h.request, h.lease_token, lost => true, failed => true);
  end loop;
  delete from forge.trial_predictions p
  where not exists (select from forge.training_requests r where r.id = p.request and r.status in ('queued', 'running'));
end
$$;
comment on function forge.rescue_helpers() is
  'ends helpers whose lease has passed, and sweeps predictions of searches that have ended; internal';

create or replace view forge.trials with (security_invoker = true) as
  select t.request, r.model, t.trial, t.generation, t.status, t.algorithm, t.params, t.share, t.metric, t.score, t.fold_scores,
    case when t.status <> 'queued' then coalesce(t.finished_at, clock_timestamp()) - t.started_at end as elapsed,
    t.worker_id, t.attempts, t.error_code, t.error_message, t.error_detail, t.error_hint, t.started_at, t.finished_at
  from forge.search_trials t join forge.training_requests r on r.id = t.request;
comment on view forge.trials is 'Trials of the searches of requests that you may see, also while they run.';
