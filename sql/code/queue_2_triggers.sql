-- What may happen to a request, and who is told.

create or replace function forge.check_transition() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  -- The job reads with this role's rights: who could change it could read as anybody.
  if new.requested_by <> old.requested_by then
    raise exception using errcode = 'FG022',
      message = format('request %s is that of %s and cannot be made another role''s', old.id, old.requested_by),
      hint = 'ask for the training again as the other role';
  end if;

  if new.cancel_requested_at is not null and old.cancel_requested_at is null then
    if old.status = 'queued' then
      new.status := 'cancelled';
      new.finished_at := clock_timestamp();
      new.error_code := 'FG021';
      new.error_message := format('cancelled by %I', current_user);
    elsif old.status = 'running' then
      perform pg_notify('forge_cancel', '');
    else
      raise exception using errcode = 'FG026', message = format('request %s has already %s', old.id, old.status);
    end if;
  elsif old.status in ('failed', 'cancelled') and new.status = 'queued' then
    new.attempt := 0;
    new.crashes := 0;
    new.run_at := clock_timestamp();
    new.progress := 0;
    new.phase := null;
    new.finished_at := null;
    new.cancel_requested_at := null;
    new.error_code := null;
    new.error_message := null;
    new.error_detail := null;
    new.error_hint := null;
    perform pg_notify('forge_requests', '');
  elsif current_user <> 'forge_admin' and new is distinct from old then
    -- Requesters hold UPDATE on two columns for the two changes above; the rest is the queue's, which runs as
    -- forge_admin.
    raise exception using errcode = 'FG026',
      message = format('request %s cannot be changed from %s to %s by %I', old.id, old.status, new.status, current_user),
      hint = 'use forge.cancel(id) or forge.retry(id)';
  end if;

  if (old.status, new.status) not in (
    ('queued', 'queued'), ('queued', 'running'), ('queued', 'cancelled'),
    ('running', 'running'), ('running', 'succeeded'), ('running', 'failed'), ('running', 'cancelled'), ('running', 'queued'),
    ('succeeded', 'succeeded'), ('failed', 'failed'), ('cancelled', 'cancelled'),
    ('failed', 'queued'), ('cancelled', 'queued'))
  then
    raise exception using errcode = 'FG026',
      message = format('request %s cannot go from %s to %s', old.id, old.status, new.status);
  end if;
  return new;
end
$$;
comment on function forge.check_transition() is
  'trigger: carries out a cancel or a retry that a requester asks for, refuses every transition that the queue does not know, and keeps requested_by (FG022)';

create or replace trigger training_requests_transition before update on forge.training_requests
  for each row execute function forge.check_transition();

-- Commits that notify wait for one another through the flush of the log, so a notification is sent only where none is
-- on its way: if another request became due within the last second, its own has just woken the workers. They poll as
-- well.
create or replace function forge.notify_requests() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from inserted i where i.run_at <= clock_timestamp())
    and not exists (
      select from forge.training_requests r
      where r.status = 'queued' and r.run_at > clock_timestamp() - interval '1 second' and r.run_at <= clock_timestamp()
        and not exists (select from inserted i where i.id = r.id))
  then
    perform pg_notify('forge_requests', '');
  end if;
  return null;
end
$$;
comment on function forge.notify_requests() is 'trigger: wakes the workers for new requests';

create or replace trigger training_requests_notify after insert on forge.training_requests
  referencing new table as inserted for each statement execute function forge.notify_requests();
