-- How a run ends: success, failure, cancel, release, loss. Every one of them goes through forge.end_run.

create or replace function forge.retry_delay(attempt int) returns interval
language sql volatile set search_path = pg_catalog, pg_temp as $$
  select make_interval(secs => least(60, 2 ^ least(attempt - 1, 10)) * (0.5 + random() / 2))
$$;
comment on function forge.retry_delay(int) is 'wait before the next attempt: 1 s, doubling, at most 60 s, less up to half by chance; internal';

create or replace function forge.end_run(
  r forge.training_requests, next_status text, outcome text,
  code text default null, message text default null, detail text default null, hint text default null, version int default null
) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update forge.training_requests t
  set status = next_status,
    lease_token = null, worker_id = null, lease_expires_at = null, deadline_at = null,
    attempt = case when outcome = 'released' then r.attempt - 1 else r.attempt end,
    crashes = case when outcome = 'crashed' then r.crashes + 1 else r.crashes end,
    run_at = case when next_status = 'queued' and outcome <> 'released' then clock_timestamp() + forge.retry_delay(r.attempt) else r.run_at end,
    finished_at = case when next_status = 'queued' then null else clock_timestamp() end,
    progress = case next_status when 'succeeded' then 1 when 'queued' then 0 else t.progress end,
    phase = null,
    error_code = code, error_message = message, error_detail = detail, error_hint = hint,
    model_version = version
  where t.id = r.id;
  update forge.training_attempts a
  set ended_at = clock_timestamp(), outcome = end_run.outcome, error_code = code, error_message = message
  where a.request = r.id and a.ended_at is null;
  delete from forge.staged_chunks s where s.request = r.id;
  delete from forge.staged_scores s where s.request = r.id;
  perform forge.end_search(r, next_status, lost => outcome in ('crashed', 'lost'));
end
$$;
comment on function forge.end_run(forge.training_requests, text, text, text, text, text, text, int) is
  'takes a locked running request out of its lease, and closes its attempt; internal';

-- Registering may take minutes, of an index for one. The request is locked only once that is done, so that its lease can
-- be extended and a cancel be asked for meanwhile; two calls of one request wait for each other.
create or replace function forge.complete(request bigint, lease_token uuid, manifest jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests;
  version int;
begin
  perform pg_advisory_xact_lock(hashtextextended('forge.complete.' || request, 0));
  select * into r from forge.training_requests t
  where t.id = complete.request and t.status = 'running' and t.lease_token = complete.lease_token;
  if not found then
    -- The COMMIT went through and its answer was lost: this very lease succeeded.
    select t.model_version into version
    from forge.training_requests t join forge.training_attempts a on a.request = t.id
    where t.id = complete.request and t.status = 'succeeded' and a.lease_token = complete.lease_token and a.outcome = 'succeeded';
    if found then
      return version;
    end if;
    perform forge.refuse_lease(complete.request);
  end if;
  if r.cancel_requested_at is null then
    version := forge.register_version(r, manifest);
    perform forge.schedule_embedding(r);
  end if;
  r := forge.leased(request, lease_token);
  if r.cancel_requested_at is null then
    perform forge.end_run(r, 'succeeded', 'succeeded', version => version);
  elsif version is null then
    perform forge.end_run(r, 'cancelled', 'cancelled', 'FG021', 'cancelled before it was registered');
  else
    raise exception using errcode = 'FG021', message = format('request %s was cancelled while its model was registered', request);
  end if;
  return version;
end
$$;
comment on function forge.complete(bigint, uuid, jsonb) is
  'registers the staged artifact as the model''s next version, in one transaction; returns its number, the same one when called again, or NULL if a cancel came first (FG021: while it registered)';

create or replace function forge.fail(
  request bigint, lease_token uuid, code text, message text, detail text, hint text, permanent boolean, crashed boolean
) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests;
  next_status text;
begin
  if forge.leave_search(request, lease_token, lost => crashed or code = 'FG020', failed => true) then
    insert into forge.training_log (request, attempt, level, message)
    select a.request, a.attempt, 'warning', format('a worker that helped with trials failed: %s: %s', code, message)
    from forge.training_attempts a where a.request = fail.request and a.ended_at is null;
    return 'queued';
  end if;
  r := forge.leased(request, lease_token);
  if r.cancel_requested_at is not null then
    next_status := 'cancelled';
    perform forge.end_run(r, 'cancelled', 'cancelled', 'FG021', 'cancelled while it ran');
  else
    next_status := case when permanent or r.attempt > r.max_retries or (crashed and r.crashes >= r.max_retries)
      then 'failed' else 'queued' end;
    perform forge.end_run(r, next_status,
      case when crashed then 'crashed' when code = 'FG019' then 'timed_out' when next_status = 'queued' then 'retried' else 'failed' end,
      code, message, detail, hint);
  end if;
  return next_status;
end
$$;
comment on function forge.fail(bigint, uuid, text, text, text, text, boolean, boolean) is
  'the attempt failed: for good if permanent or its retries are spent, else it is queued again after a while; returns the new status';

create or replace function forge.release(request bigint, lease_token uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests;
begin
  if forge.leave_search(request, lease_token, lost => false, failed => false) then
    return;
  end if;
  r := forge.leased(request, lease_token);
  if r.cancel_requested_at is not null then
    perform forge.end_run(r, 'cancelled', 'cancelled', 'FG021', 'cancelled while it ran');
  else
    perform forge.end_run(r, 'queued', 'released');
    perform pg_notify('forge_requests', '');
  end if;
end
$$;
comment on function forge.release(bigint, uuid) is 'the worker shuts down: the request is queued as before, and the attempt is not counted';

create or replace function forge.confirm_cancel(request bigint, lease_token uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests;
begin
  if forge.leave_search(request, lease_token, lost => false, failed => false) then
    return;
  end if;
  r := forge.leased(request, lease_token);
  if r.cancel_requested_at is null then
    raise exception using errcode = 'FG026', message = format('nobody asked to cancel request %s', request);
  end if;
  perform forge.end_run(r, 'cancelled', 'cancelled', 'FG021', 'cancelled while it ran');
end
$$;
comment on function forge.confirm_cancel(bigint, uuid) is 'the job has been ended because a cancel was asked for';

-- A run whose worker is gone, or that is past its deadline.
create or replace function forge.lose(r forge.training_requests, message text) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  next_status text := 'queued';
begin
  if r.cancel_requested_at is not null then
    next_status := 'cancelled';
    perform forge.end_run(r, next_status, 'cancelled', 'FG021', 'cancelled while it ran');
  elsif r.deadline_at < clock_timestamp() then
    next_status := 'failed';
    perform forge.end_run(r, next_status, 'timed_out', 'FG019', format('the job ran longer than its timeout of %s s', r.timeout_seconds),
      hint => 'raise config.scheduling.timeout, or make the job smaller');
  else
    if r.attempt > r.max_retries then
      next_status := 'failed';
    end if;
    perform forge.end_run(r, next_status, 'lost', 'FG018', message,
      hint => 'look at the worker''s log and host; forge.retry(id) tries again');
  end if;
  return next_status;
end
$$;
comment on function forge.lose(forge.training_requests, text) is 'ends a locked run whose worker is gone or whose time is up; internal';

create or replace function forge.rescue() returns table (id bigint, status text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests;
begin
  -- The predicate is evaluated again on the row as it is once locked: a beat that came meanwhile keeps it.
  for r in
    select * from forge.training_requests t
    where t.status = 'running' and (t.lease_expires_at < clock_timestamp() or t.deadline_at < clock_timestamp())
    order by t.id limit 100 for update skip locked
  loop
    id := r.id;
    status := forge.lose(r, format('worker %s on %s did not renew its lease', r.worker_id,
      coalesce((select w.host from forge.workers w where w.worker_id = r.worker_id), 'an unknown host')));
    return next;
  end loop;
  perform forge.rescue_helpers();
  delete from forge.staged_chunks s
  where not exists (
    select from forge.training_requests t where t.id = s.request and t.status = 'running' and t.lease_token = s.lease_token);
  delete from forge.staged_scores s
  where not exists (
    select from forge.training_requests t where t.id = s.request and t.status = 'running' and t.lease_token = s.lease_token);
end
$$;
comment on function forge.rescue() is
  'ends runs whose lease or deadline has passed, 100 at a time, and sweeps what was staged without a live lease; returns them with their new status';

create or replace function forge.worker_gone(worker uuid, gone uuid[]) returns table (id bigint, status text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r forge.training_requests;
  dead uuid[] := array(
    select g.worker_id from forge.workers w join forge.workers g
      on g.host = w.host and g.boot_id = w.boot_id and g.pid_ns = w.pid_ns and g.worker_id <> w.worker_id
    where w.worker_id = worker and g.worker_id = any (gone));
begin
  for r in
    select * from forge.training_requests t where t.status = 'running' and t.worker_id = any (dead) order by t.id for update
  loop
    id := r.id;
    status := forge.lose(r, format('worker %s ended while it ran the job', r.worker_id));
    return next;
  end loop;
  perform forge.leave_search(h.request, h.lease_token, lost => true, failed => true)
  from forge.search_helpers h where h.worker_id = any (dead) and h.lease_token is not null;
  update forge.schedules s set lease_expires_at = clock_timestamp() where s.worker_id = any (dead) and s.lease_token is not null;
  delete from forge.workers w where w.worker_id = any (dead);
end
$$;
comment on function forge.worker_gone(uuid, uuid[]) is
  'frees the leases of workers of the caller''s own host and boot whose processes it found gone';
