-- The worker's side while a job is on its way: hello, claim, heartbeat, what the job needs and what it tells.
-- Called by forge_worker, run as forge_admin: the fence is here, not in the worker's discipline.

create or replace function forge.refuse_lease(request bigint) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception using errcode = 'FG017', message = format('request %s is no longer this worker''s', request),
    hint = 'its lease expired, or it was cancelled or finished; drop the work';
end
$$;
comment on function forge.refuse_lease(bigint) is 'raises FG017; internal';

-- The request, locked, if the token is its live lease.
create or replace function forge.leased(request bigint, lease_token uuid) returns forge.training_requests
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  found_request forge.training_requests;
begin
  select * into found_request from forge.training_requests r
  where r.id = leased.request and r.status = 'running' and r.lease_token = leased.lease_token
  for update;
  if not found then
    perform forge.refuse_lease(leased.request);
  end if;
  return found_request;
end
$$;
comment on function forge.leased(bigint, uuid) is 'locks and returns the request of a live lease (FG017); internal';

create or replace function forge.worker_hello(
  worker uuid, host text, boot_id text, pid int, pid_started_at text, pid_ns text, version text, capacity jsonb
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into forge.workers as w (worker_id, host, boot_id, pid, pid_started_at, pid_ns, version, capacity)
  values (worker, host, boot_id, pid, pid_started_at, pid_ns, version, capacity)
  on conflict (worker_id) do update
    set last_seen_at = clock_timestamp(), draining = false, version = excluded.version, capacity = excluded.capacity;
  delete from forge.workers w where w.last_seen_at < clock_timestamp() - interval '7 days'
    and not exists (select from forge.training_requests r where r.status = 'running' and r.worker_id = w.worker_id);
  return jsonb_build_object(
    'schema_version', (select max(m.version) from forge.migrations m),
    'peers', coalesce((
      select jsonb_agg(jsonb_build_object('worker', w.worker_id, 'pid', w.pid, 'pid_started_at', w.pid_started_at))
      from forge.workers w
      where w.host = worker_hello.host and w.boot_id = worker_hello.boot_id and w.pid_ns = worker_hello.pid_ns
        and w.worker_id <> worker), '[]'));
end
$$;
comment on function forge.worker_hello(uuid, text, text, int, text, text, text, jsonb) is
  'registers a worker; returns the schema''s version and the workers known in the same pid namespace of the same boot';

create or replace function forge.worker_draining(worker uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update forge.workers set draining = true, last_seen_at = clock_timestamp() where worker_id = worker
$$;
comment on function forge.worker_draining(uuid) is 'the worker takes nothing more, and finishes or releases what it has';

create or replace function forge.worker_bye(worker uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from forge.workers where worker_id = worker
$$;
comment on function forge.worker_bye(uuid) is 'the worker leaves';

create or replace function forge.claim(
  worker uuid, lease interval, free_cpu double precision, free_memory bigint, algorithms text[]
) returns table (
  id bigint, attempt int, lease_token uuid, model text, algorithm text, cpu_request double precision, memory_request bigint,
  cpu_limit double precision, memory_limit bigint, timeout_seconds double precision
)
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with seen as (
    update forge.workers w set last_seen_at = clock_timestamp()
    where w.worker_id = worker and w.last_seen_at < clock_timestamp() - interval '10 seconds'),
  pick as materialized (
    select r.id from forge.training_requests r
    where r.status = 'queued' and r.run_at <= statement_timestamp() and r.cancel_requested_at is null
      and r.cpu_request <= free_cpu and r.memory_request <= free_memory
      and (algorithms is null or r.algorithm = any (algorithms))
      and exists (select from forge.workers w where w.worker_id = worker and not w.draining)
    order by r.priority, r.run_at, r.id limit 1
    for update skip locked),
  -- status again: the planner may run an unmaterialised pick more than once, and the row may have moved before the lock
  claimed as (
    update forge.training_requests r
    set status = 'running', attempt = r.attempt + 1, lease_token = gen_random_uuid(), worker_id = worker,
      lease_expires_at = clock_timestamp() + lease, started_at = clock_timestamp(), progress = 0, phase = 'starting',
      progress_at = clock_timestamp(), deadline_at = clock_timestamp() + make_interval(secs => r.timeout_seconds)
    from pick where r.id = pick.id and r.status = 'queued'
    returning r.*),
  -- tried again by forge.retry: trials that failed may do better now
  again as (
    update forge.search_trials t
    set status = 'queued', crashes = 0, finished_at = null, error_code = null, error_message = null, error_detail = null, error_hint = null
    from claimed c where t.request = c.id and t.status = 'failed' and c.attempt = 1),
  opened as (
    insert into forge.training_attempts (request, attempt, lease_token, worker_id, host)
    select c.id, 1 + coalesce((select max(a.attempt) from forge.training_attempts a where a.request = c.id), 0), c.lease_token, worker,
      (select w.host from forge.workers w where w.worker_id = worker)
    from claimed c)
  select c.id, c.attempt, c.lease_token, c.model, c.algorithm, c.cpu_request, c.memory_request, c.cpu_limit, c.memory_limit,
    c.timeout_seconds
  from claimed c
$$;
comment on function forge.claim(uuid, interval, double precision, bigint, text[]) is
  'takes the next due request that fits and that the worker''s algorithms (NULL: all) can serve; no row if there is none';

create or replace function forge.heartbeat(request bigint, lease_token uuid, lease interval, progress real)
returns table (cancel_requested_at timestamptz, deadline_at timestamptz)
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with beat as (
    update forge.training_requests r
    set lease_expires_at = clock_timestamp() + heartbeat.lease,
      progress = coalesce(heartbeat.progress, r.progress),
      progress_at = case when heartbeat.progress > r.progress then clock_timestamp() else r.progress_at end
    where r.id = heartbeat.request and r.status = 'running' and r.lease_token = heartbeat.lease_token
    returning r.cancel_requested_at, r.deadline_at, r.worker_id),
  helped as (
    update forge.search_helpers h set lease_expires_at = clock_timestamp() + heartbeat.lease
    from forge.training_requests r
    where h.request = heartbeat.request and h.lease_token = heartbeat.lease_token and r.id = h.request
    returning r.cancel_requested_at, null::timestamptz, h.worker_id),
  beats as (select * from beat union all select * from helped),
  seen as (
    update forge.workers w set last_seen_at = clock_timestamp() from beats
    where w.worker_id = beats.worker_id and w.last_seen_at < clock_timestamp() - interval '10 seconds')
  select beats.cancel_requested_at, beats.deadline_at from beats
$$;
comment on function forge.heartbeat(bigint, uuid, interval, real) is
  'extends a lease; no row: the lease is lost, and whatever the worker still computes for it is void';

create or replace function forge.job(request bigint, lease_token uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests := forge.taking_part(request, lease_token);
begin
  return jsonb_build_object(
    'id', r.id, 'attempt', r.attempt, 'model', r.model, 'task', r.task, 'algorithm', r.algorithm, 'target', r.target,
    'params', r.params, 'preprocess', r.preprocess, 'split',
    case when jsonb_typeof(r.split -> 'gap') = 'string'
      then r.split || jsonb_build_object('gap_seconds', forge.gap_seconds(r.split ->> 'gap')) else r.split end,
    'sample', r.sample, 'evaluation', r.config -> 'evaluation', 'decision', r.config -> 'decision',
    'explain', r.config -> 'explain', 'groups', r.config -> 'groups', 'search', r.search, 'helps', r.lease_token is distinct from job.lease_token, 'columns', r.columns,
    'base', forge.job_base(r), 'target_type', r.target_type, 'requested_by', r.requested_by::text, 'threads', ceil(r.cpu_limit),
    'champion', (
      select jsonb_build_object('version', v.version, 'algorithm', v.algorithm, 'manifest', v.manifest, 'metric', null)
      from forge.model_aliases a join forge.model_versions v on v.model = a.model and v.version = a.version
      where a.model = r.model and a.alias = 'champion' and a.valid_to is null and v.retired_at is null));
end
$$;
comment on function forge.job(bigint, uuid) is 'the request as its job needs it, with the champion that it will be compared with';

create or replace function forge.champion_artifact(request bigint, lease_token uuid) returns setof bytea
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests := forge.leased(request, lease_token);
begin
  return query
    select c.bytes from forge.model_aliases a
    join forge.model_artifacts c on c.model = a.model and c.version = a.version
    where a.model = r.model and a.alias = 'champion' and a.valid_to is null
    order by c.chunk;
end
$$;
comment on function forge.champion_artifact(bigint, uuid) is 'the champion''s artifact in chunks, in order; no row if there is no champion';

-- A lease's attempt. It may have ended: what a job said before its end may arrive after it, and the token shows whose
-- it is.
create or replace function forge.attempt_of(request bigint, lease_token uuid) returns int
language sql stable set search_path = pg_catalog, pg_temp as $$
  select a.attempt from forge.training_attempts a
  where a.request = attempt_of.request and (a.lease_token = attempt_of.lease_token
    or a.ended_at is null and exists (
      select from forge.search_helpers h where h.request = attempt_of.request and h.lease_token = attempt_of.lease_token))
$$;
comment on function forge.attempt_of(bigint, uuid) is 'the number of the attempt that a lease stands, or stood, for, or helps with; internal';

create or replace function forge.report(request bigint, lease_token uuid, progress real, phase text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update forge.training_requests r set progress = report.progress, phase = report.phase, progress_at = clock_timestamp()
  where r.id = report.request and r.status = 'running' and r.lease_token = report.lease_token
$$;
comment on function forge.report(bigint, uuid, real, text) is 'how far the job is; nothing happens once the lease is lost';

create or replace function forge.record_log(request bigint, lease_token uuid, level text, message text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into forge.training_log (request, attempt, level, message)
  select record_log.request, a, record_log.level, record_log.message
  from forge.attempt_of(record_log.request, record_log.lease_token) a where a is not null
$$;
comment on function forge.record_log(bigint, uuid, text, text) is 'a line of the job''s log; nothing happens if the token was never a lease of the request';

create or replace function forge.record_metrics(request bigint, lease_token uuid, step int[], name text[], value double precision[])
returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into forge.training_metrics (request, attempt, step, name, value)
  select distinct on (m.step, m.name) record_metrics.request, a, m.step, m.name, m.value
  from forge.attempt_of(record_metrics.request, record_metrics.lease_token) a,
    unnest(record_metrics.step, record_metrics.name, record_metrics.value) with ordinality as m(step, name, value, place)
  where a is not null
  order by m.step, m.name, m.place desc
  on conflict on constraint training_metrics_pkey do update set value = excluded.value
$$;
comment on function forge.record_metrics(bigint, uuid, int[], text[], double precision[]) is
  'points of the loss curves, three arrays of one length, of a point given twice the last one; nothing happens if the token was never a lease of the request';

create or replace function forge.stage_chunk(request bigint, lease_token uuid, chunk int, bytes bytea) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from forge.training_requests r
    where r.id = stage_chunk.request and r.status = 'running' and r.lease_token = stage_chunk.lease_token)
  then
    perform forge.refuse_lease(request);
  end if;
  -- Again after a COMMIT whose answer was lost: the same bytes.
  insert into forge.staged_chunks as s (request, lease_token, chunk, bytes)
  values (stage_chunk.request, stage_chunk.lease_token, stage_chunk.chunk, stage_chunk.bytes)
  on conflict on constraint staged_chunks_pkey do update set bytes = excluded.bytes;
end
$$;
comment on function forge.stage_chunk(bigint, uuid, int, bytea) is 'a part of the artifact, at most 8 MiB, for forge.complete to attach';

create or replace function forge.stage_held_out_scores(
  request bigint, lease_token uuid, chunk int, truth double precision[], scores double precision[]
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from forge.training_requests r
    where r.id = stage_held_out_scores.request and r.status = 'running' and r.lease_token = stage_held_out_scores.lease_token)
  then
    perform forge.refuse_lease(request);
  end if;
  insert into forge.staged_scores as s (request, lease_token, chunk, truth, scores)
  values (stage_held_out_scores.request, stage_held_out_scores.lease_token, stage_held_out_scores.chunk,
    stage_held_out_scores.truth, stage_held_out_scores.scores)
  on conflict on constraint staged_scores_pkey do update set truth = excluded.truth, scores = excluded.scores;
end
$$;
comment on function forge.stage_held_out_scores(bigint, uuid, int, double precision[], double precision[]) is
  'a part of what the new version says of its held-out rows, as in forge.held_out_scores, for forge.complete to attach';
