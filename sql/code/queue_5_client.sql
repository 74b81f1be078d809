-- The requester's side of a request that exists: cancel, retry, wait, see how it is doing.

create or replace function forge.cancel(request bigint) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  now_is text;
begin
  -- The trigger ends a queued request at once and tells the worker of a running one; row security decides who may.
  update forge.training_requests r set cancel_requested_at = coalesce(r.cancel_requested_at, clock_timestamp())
  where r.id = request and r.status in ('queued', 'running')
  returning r.status into now_is;
  if found then
    return now_is;
  end if;
  select r.status into now_is from forge.training_requests r where r.id = request;
  if not found then
    raise exception using errcode = 'FG026', message = format('there is no request %s', request),
      hint = 'forge.training_status shows the requests that you may see';
  elsif now_is <> 'cancelled' then
    raise exception using errcode = 'FG026', message = format('request %s has already %s', request, now_is);
  end if;
  return now_is;
end
$$;
comment on function forge.cancel(bigint) is
  'cancels a request: at once if it is queued, within a second if it is running; returns its status at the moment';

create or replace function forge.retry(request bigint) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  now_is text;
begin
  update forge.training_requests r set status = 'queued' where r.id = request and r.status in ('failed', 'cancelled');
  if found then
    return;
  end if;
  select r.status into now_is from forge.training_requests r where r.id = request;
  if not found then
    raise exception using errcode = 'FG026', message = format('there is no request %s', request),
      hint = 'forge.training_status shows the requests that you may see';
  end if;
  raise exception using errcode = 'FG026', message = format('request %s is %s; only a failed or cancelled one can be tried again', request, now_is),
    hint = case when now_is = 'succeeded' then 'insert a new request, or call forge.train, to train the model again'
      else 'forge.cancel(id) cancels it' end;
end
$$;
comment on function forge.retry(bigint) is 'queues a failed or cancelled request again, with all its retries';

-- What a request embeds into is part of what was asked for.
create or replace function forge.awaited(request bigint)
returns table (status text, error_code text, error_message text, error_detail text, error_hint text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when t.status <> 'succeeded' or s.id is null then t.status when s.finished_at is null then 'embedding'
      when s.error_code is not null then 'failed' else t.status end,
    coalesce(s.error_code, t.error_code), coalesce(s.error_message, t.error_message), coalesce(s.error_detail, t.error_detail),
    coalesce(s.error_hint, t.error_hint)
  from forge.training_requests t left join forge.schedules s on s.training_request = t.id and not s.paused
  where t.id = awaited.request
$$;
comment on function forge.awaited(bigint) is
  'a request''s status and error as whoever waits for it sees them: embedding until its rows are embedded, failed if they cannot be; internal';

-- Commits between polls, so that no snapshot is held while it waits; hence without SET, and qualified throughout.
create or replace procedure forge.wait(request bigint, timeout interval default null)
language plpgsql as $$
declare
  started constant timestamptz := pg_catalog.clock_timestamp();
  waited double precision;
  r record;
begin
  loop
    select a.* into r from forge.awaited(request) a;
    if not found then
      raise exception using errcode = 'FG026', message = pg_catalog.format('there is no request %s', request),
        hint = 'forge.training_status shows the requests that you may see';
    end if;
    exit when r.status = 'succeeded';
    if r.status in ('failed', 'cancelled') then
      raise exception using errcode = coalesce(r.error_code, 'FG021'), message = coalesce(r.error_message, r.status),
        detail = coalesce(r.error_detail, pg_catalog.format('request %s has %s', request, r.status)), hint = coalesce(r.error_hint, '');
    end if;
    if pg_catalog.clock_timestamp() - started >= timeout then
      raise exception using errcode = 'FG019', message = pg_catalog.format('request %s is still %s after %s', request, r.status, timeout),
        hint = 'it goes on; wait longer, or see forge.training_status';
    end if;
    commit;
    -- A fiftieth of the wait so far, so that what is seen late is a small part of the whole.
    waited := pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - started);
    perform pg_catalog.pg_sleep(least(greatest(waited / 50, 0.005), 0.1, pg_catalog.date_part('epoch', timeout) - waited));
  end loop;
end
$$;
comment on procedure forge.wait(bigint, interval) is
  'returns when the request has succeeded and, with config.embed_into, its rows are embedded; raises its error when it has failed or was cancelled, or FG019 after timeout (NULL: waits on); not inside a transaction';

-- CALL takes no subquery as an argument, so that looking an id up would need a variable.
create or replace procedure forge.wait(model text, timeout interval default null)
language plpgsql as $$
declare
  newest constant bigint := (
    select pg_catalog.max(t.id) from forge.training_requests t where t.model operator(pg_catalog.=) wait.model);
begin
  if newest is null then
    raise exception using errcode = 'FG026', message = pg_catalog.format('there is no request for model "%s"', model),
      hint = 'forge.training_status shows the requests that you may see';
  end if;
  call forge.wait(newest, timeout);
end
$$;
comment on procedure forge.wait(text, interval) is 'waits for the newest request for a model, as forge.wait(bigint, interval) does';

create or replace function forge.live_capacity() returns table (workers int, cpu double precision, memory bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select count(*)::int, max((w.capacity ->> 'cpu')::double precision), max((w.capacity ->> 'memory')::bigint)
  from forge.workers w where w.last_seen_at > clock_timestamp() - interval '1 minute' and not w.draining
$$;
comment on function forge.live_capacity() is 'how many workers were seen in the last minute, and the largest cpu and memory any of them has; internal';

create or replace view forge.training_status with (security_invoker = true) as
  select r.id, r.model, r.task, r.algorithm, r.status, r.progress, r.phase,
    case when r.started_at is not null and r.status <> 'queued' then coalesce(r.finished_at, clock_timestamp()) - r.started_at end as elapsed,
    case when r.status = 'running' and r.progress >= 0.02
      then (clock_timestamp() - r.started_at) * ((1 - r.progress) / r.progress)::double precision end as eta,
    r.attempt, r.max_retries + 1 as max_attempts, r.error_code, r.error_message, r.error_detail, r.error_hint, r.model_version,
    case
      when r.status <> 'queued' then null
      when r.run_at > clock_timestamp() then format('due at %s', date_trunc('second', r.run_at))
      when live.workers = 0 then 'no worker is connected: start forged'
      when r.cpu_request > live.cpu then format('asks for %s cpus, the largest worker has %s', r.cpu_request, live.cpu)
      when r.memory_request > live.memory then
        format('asks for %s of memory, the largest worker has %s', pg_size_pretty(r.memory_request), pg_size_pretty(live.memory))
      else 'waiting for a free worker'
    end as waiting_for,
    r.requested_by, r.priority, r.run_at, r.created_at, r.started_at, r.finished_at,
    r.cancel_requested_at is not null as cancel_requested
  from forge.training_requests r cross join forge.live_capacity() live;
comment on view forge.training_status is 'Requests that you may see: progress, elapsed time and an estimate of what is left, the last error, the version, why one still waits.';
