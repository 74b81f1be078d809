-- Schedules: work that is done again and again in somebody's name. Rows are claimed with a lease as requests are; a
-- run is one transaction that ends by forge.finish_schedule, so what it wrote and that it ran become true together.

-- What a kind does, and what its payload must be. A kind is a branch in each of these two functions.
create or replace function forge.run_kind(kind text, payload jsonb) returns jsonb
language plpgsql
as $$
begin
    case kind
        when 'embed' then
            return (select pg_catalog.to_jsonb(w) operator(pg_catalog.-) 'output'
                    from forge.write_embedding(payload operator(pg_catalog.->>) 'model', payload operator(pg_catalog.-) '{model,source}'::text[],
                        payload operator(pg_catalog.->>) 'source') w);
        when 'materialize' then
            return forge.materialize_scheduled(payload operator(pg_catalog.->>) 'view');
    end case;
end
$$;
comment on function forge.run_kind is 'what a schedule of a kind does, as its owner: forge.run_claimed calls it; returns what forge.schedules.result keeps; internal';

create or replace function forge.resolved_schedule(asked forge.schedules) returns forge.schedules
language plpgsql
as $$
declare
    place record;
    source text;
    found record;
begin
    case asked.kind
        when 'embed' then
            asked.model := (select r.model from forge.resolve_model(asked.payload operator(pg_catalog.->>) 'model') r);
            if asked.model is null then
                raise exception using errcode = 'FG004', message = 'the payload names no model', hint = '{"model": "survey", "table": "public.vectors", "id_column": "id"}';
            end if;
            source := forge.model_source(asked.payload operator(pg_catalog.->>) 'model', asked.payload operator(pg_catalog.->>) 'source');
            select s.* into found from forge.source_columns(source) s;
            select e.* into place from forge.embedding_place(asked.payload operator(pg_catalog.-) '{model,source}'::text[], null, found.columns) e;
            perform forge.raise_problems(pg_catalog.format('the schedule of kind "%s"', asked.kind),
                case when found.problem is null then place.problems else array[found.problem] end);
            asked.payload := place.embed_into operator(pg_catalog.||)
                pg_catalog.jsonb_build_object('model', asked.payload operator(pg_catalog.->) 'model', 'source', source);
            asked.name := coalesce(asked.name, forge.embedding_name(asked.payload));
        when 'materialize' then
            raise exception using errcode = 'FG004', message = 'a feature view has its schedule itself',
                hint = 'select forge.alter_feature_view(name, ''{"schedule": "10 minutes"}'')';
        else
            raise exception using errcode = 'FG004', message = pg_catalog.format('there is no kind "%s" of schedules', asked.kind), hint = 'kinds: embed';
    end case;
    return asked;
end
$$;
comment on function forge.resolved_schedule is 'a schedule with its payload checked and filled in as its caller''s; internal';

create or replace function forge.embedding_name(payload jsonb) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select format('embed:%s:%s.%I', payload ->> 'model', payload ->> 'table', payload ->> 'column') $$;
comment on function forge.embedding_name is 'the name of a schedule that embeds; internal';

create or replace function forge.check_schedule() returns trigger
language plpgsql
as $$
begin
    if new.training_request is not null and (tg_op operator(pg_catalog.=) 'INSERT' or current_user operator(pg_catalog.=) 'forge_admin') then
        return new;  -- forge.schedule_embedding: checked with its request
    elsif new.kind operator(pg_catalog.=) 'materialize' and current_user operator(pg_catalog.=) 'forge_admin' then
        return new;  -- forge.keep_schedule
    end if;
    if new.owner is distinct from pg_catalog.quote_ident(current_user)::pg_catalog.regrole and tg_op operator(pg_catalog.=) 'INSERT' then
        raise exception using errcode = 'FG022', message = 'owner is set by Forge', hint = 'leave it out';
    end if;
    return forge.resolved_schedule(new);
end
$$;
comment on function forge.check_schedule is 'trigger of forge.schedules: resolves what a client schedules, or refuses it';

create or replace trigger check_schedule before insert or update of kind, payload on forge.schedules
    for each row execute function forge.check_schedule();

create or replace function forge.notify_schedule() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_notify('forge_requests', '');
    return null;
end
$$;
comment on function forge.notify_schedule is 'trigger of forge.schedules: wakes the workers for one that is due';

create or replace trigger schedules_notify after insert or update on forge.schedules
    for each row when (new.next_run_at <= clock_timestamp() and not new.paused and new.lease_token is null) execute function forge.notify_schedule();

-- What a request's config asked for: scheduled when its version is registered, in the same transaction.
create or replace function forge.schedule_embedding(r forge.training_requests) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    asked constant jsonb := r.embed_into || jsonb_build_object('model', r.model, 'source', r.source);
begin
    if asked is null then
        return;
    end if;
    insert into forge.schedules (name, kind, payload, every, model, training_request, owner, search_path, time_zone, next_run_at)
    values (forge.embedding_name(asked), 'embed', asked - 'every', make_interval(secs => (asked ->> 'every')::double precision),
        r.model, r.id, r.requested_by, r.search_path, r.time_zone, clock_timestamp())
    on conflict on constraint names_are_unique_for_an_owner do update
    set payload = excluded.payload, every = excluded.every, training_request = excluded.training_request, search_path = excluded.search_path,
        time_zone = excluded.time_zone, next_run_at = excluded.next_run_at, finished_at = null, failures = 0,
        error_code = null, error_message = null, error_detail = null, error_hint = null;
end
$$;
comment on function forge.schedule_embedding is 'schedules, in the requester''s name, what config.embed_into asked for; called by forge.complete; internal';

create or replace function forge.follow_alias() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    update forge.schedules s set next_run_at = clock_timestamp() where s.kind = 'embed' and s.model = new.model;
    return null;
end
$$;
comment on function forge.follow_alias is 'trigger of forge.model_aliases: a new champion embeds all rows anew';

create or replace trigger embeddings_follow after insert on forge.model_aliases
    for each row execute function forge.follow_alias();
comment on trigger embeddings_follow on forge.model_aliases is 'a new champion embeds all rows anew';

-- The client's side: functions that run as their caller, over rows that row security lets through.

create or replace function forge.schedule(kind text, payload jsonb, every interval default null, name text default null) returns text
language plpgsql
as $$
#variable_conflict use_column
declare
    made text;
begin
    if every operator(pg_catalog.<) interval '1 second' then
        raise exception using errcode = 'FG004', message = pg_catalog.format('every is %s', schedule.every), hint = 'at least 1 second; NULL: it runs when something asks for it';
    end if;
    insert into forge.schedules (kind, payload, every, name) values (schedule.kind, schedule.payload, schedule.every, schedule.name)
    on conflict on constraint names_are_unique_for_an_owner do update
    set payload = excluded.payload, every = excluded.every, search_path = excluded.search_path, time_zone = excluded.time_zone,
        next_run_at = excluded.next_run_at, paused = false
    returning schedules.name into made;
    return made;
end
$$;
comment on function forge.schedule is
    'has the daemons do something again and again with the caller''s rights, first at once; kind embed: payload {"model", "source", "table", "id_column", "column", "index", "metric"} as config.embed_into, source being that of the model''s version by default; a schedule of the caller''s with the same name (default: by what it does) is replaced; returns the name. Errors as forge.embed''s';

create or replace function forge.find_schedule(name text) returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    chosen bigint;
begin
    select s.id into chosen from forge.schedules s where s.name = find_schedule.name
    order by s.owner = quote_ident(current_user)::regrole desc, s.id limit 1;
    if chosen is null then
        raise exception using errcode = 'FG026', message = format('there is no schedule %s', coalesce(quote_literal(name), 'null')),
            hint = 'select name from forge.schedule_status lists those that you may see';
    end if;
    return chosen;
end
$$;
comment on function forge.find_schedule is 'the caller''s schedule of a name, else another''s that the caller may change; FG026; internal';

create or replace function forge.pause_schedule(name text) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$ update forge.schedules s set paused = true where s.id = forge.find_schedule(pause_schedule.name) $$;
comment on function forge.pause_schedule is 'a schedule is not run until forge.resume_schedule; a run that has begun ends; FG026: no such schedule';

create or replace function forge.resume_schedule(name text) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$ update forge.schedules s set paused = false, next_run_at = clock_timestamp() where s.id = forge.find_schedule(resume_schedule.name) $$;
comment on function forge.resume_schedule is 'ends a pause, and runs the schedule at once; FG026: no such schedule';

create or replace function forge.run_schedule(name text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    update forge.schedules s set next_run_at = clock_timestamp() where s.id = forge.find_schedule(run_schedule.name) and not s.paused;
    if not found then
        raise exception using errcode = 'FG026', message = format('schedule %L is paused', name), hint = format('select forge.resume_schedule(%L)', name);
    end if;
end
$$;
comment on function forge.run_schedule is 'has a daemon run a schedule now; FG026: no such schedule, or it is paused';

create or replace function forge.drop_schedule(name text) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$ delete from forge.schedules s where s.id = forge.find_schedule(drop_schedule.name) $$;
comment on function forge.drop_schedule is 'forgets a schedule; a run that has begun is undone; what earlier runs wrote stays; FG026: no such schedule';

create or replace view forge.schedule_status with (security_invoker = true) as
select s.name, s.kind, s.model,
    case when s.lease_token is not null then 'running' when s.paused then 'paused' when s.next_run_at <= clock_timestamp() then 'due'
        when s.error_code is not null then 'failed' when s.next_run_at is null then 'idle' else 'waiting' end as status,
    s.every, s.next_run_at, s.started_at as last_started_at, s.finished_at as last_finished_at, (s.result ->> 'rows')::bigint as rows, s.result,
    s.failures, s.error_code, s.error_message, s.error_detail, s.error_hint, s.owner, s.payload, s.training_request
from forge.schedules s;
comment on view forge.schedule_status is 'Schedules that you may see: whether they run, are due, wait or failed, when they ran last and will next, what came of it.';

-- The worker's side, fenced by the lease's token as that of requests is.

create or replace function forge.claim_schedule(worker uuid, lease interval) returns table (id bigint, lease_token uuid, name text)
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    with pick as materialized (
        select s.id from forge.schedules s
        where not s.paused and (s.lease_token is null and s.next_run_at <= clock_timestamp() or s.lease_expires_at < clock_timestamp())
            and exists (select from forge.workers w where w.worker_id = worker and not w.draining)
        order by coalesce(s.next_run_at, s.lease_expires_at), s.id limit 1
        for update skip locked)
    update forge.schedules s
    set lease_token = gen_random_uuid(), worker_id = worker, lease_expires_at = clock_timestamp() + lease, started_at = clock_timestamp(),
        next_run_at = null, failures = s.failures + (s.lease_token is not null)::int
    from pick where s.id = pick.id
    returning s.id, s.lease_token, s.name
$$;
comment on function forge.claim_schedule is 'takes the schedule that is due the longest, also one whose worker was lost; no row if there is none';

create or replace function forge.beat_schedule(schedule bigint, lease_token uuid, lease interval) returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    with beat as (
        update forge.schedules s set lease_expires_at = clock_timestamp() + lease
        where s.id = schedule and s.lease_token = beat_schedule.lease_token returning 1)
    select exists (select from beat)
$$;
comment on function forge.beat_schedule is 'extends a lease; false: it is lost';

create or replace function forge.end_schedule(
    schedule bigint, lease_token uuid, due timestamptz, succeeded boolean, result jsonb default null,
    code text default null, message text default null, detail text default null, hint text default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    -- What asked for a run meanwhile, such as a new champion, has set next_run_at.
    update forge.schedules s
    set lease_token = null, lease_expires_at = null, next_run_at = coalesce(s.next_run_at, due),
        finished_at = case when s.next_run_at is null then clock_timestamp() else s.finished_at end,
        result = coalesce(end_schedule.result, s.result), failures = case when succeeded then 0 else s.failures + 1 end,
        error_code = code, error_message = message, error_detail = detail, error_hint = hint
    where s.id = schedule and s.lease_token = end_schedule.lease_token;
    if not found then
        raise exception using errcode = 'FG017', message = format('schedule %s is no longer this worker''s', schedule),
            hint = 'its lease expired, or it was dropped; drop the work';
    end if;
end
$$;
comment on function forge.end_schedule is 'ends the run of a live lease (FG017); internal';

create or replace function forge.finish_schedule(schedule bigint, lease_token uuid, result jsonb) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    select forge.end_schedule(schedule, finish_schedule.lease_token,
        (select greatest(clock_timestamp(), s.started_at + s.every) from forge.schedules s where s.id = schedule and s.every is not null), true, finish_schedule.result)
$$;
comment on function forge.finish_schedule is 'the run''s last statement, in its transaction: it has succeeded with this result; FG017: another has it';

create or replace function forge.fail_schedule(
    schedule bigint, lease_token uuid, code text, message text, detail text, hint text, permanent boolean) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    select forge.end_schedule(schedule, fail_schedule.lease_token,
        (select clock_timestamp() + case when permanent then greatest(s.every, forge.retry_delay(s.failures + 1))
            else forge.retry_delay(s.failures + 1) end from forge.schedules s where s.id = schedule and (s.every is not null or not permanent)),
        false, code => code, message => message, detail => detail, hint => hint)
$$;
comment on function forge.fail_schedule is
    'the run failed: again after a while; if permanent, when it would have run next, and without an interval not by itself';

create or replace function forge.release_schedule(schedule bigint, lease_token uuid) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
    update forge.schedules s set lease_token = null, lease_expires_at = null, next_run_at = clock_timestamp()
    where s.id = schedule and s.lease_token = release_schedule.lease_token
$$;
comment on function forge.release_schedule is 'the worker shuts down: the schedule is due again';
