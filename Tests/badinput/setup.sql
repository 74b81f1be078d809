-- tom asks, and everything he asks for is kept by name, so that a test can say what came of it.
do $$ begin create role tom login; exception when duplicate_object then null; end $$;
set client_min_messages = warning;
grant forge_trainer to tom;
create schema bad;
grant usage, create on schema bad, public to tom;

create table bad.cases (
    place int generated always as identity primary key,
    name text not null unique,
    request bigint,
    refused text  -- at insert
);
grant select, insert on bad.cases to public;

create function bad.said(code text, message text, detail text, hint text) returns text
language sql
as $$ select concat_ws(' | ', code || ' ' || message, nullif(detail, ''), nullif(hint, '')) $$;

-- Asks as the caller by forge.train's named arguments, in SQL text: ask('one row', $$source => 'select 1', target => 'y'$$).
-- Every case trains a model of its own unless the arguments name one.
create function bad.ask(name text, arguments text) returns void
language plpgsql
as $$
declare
    request bigint;
    message text;
    detail text;
    hint text;
begin
    if arguments !~ 'model *=>' then
        arguments := format('model => %L, ', 'm' || (select count(*) from bad.cases)) || arguments;
    end if;
    execute format('select forge.train(%s)', arguments) into request;
    insert into bad.cases (name, request) values (ask.name, request);
exception when others then
    get stacked diagnostics message = message_text, detail = pg_exception_detail, hint = pg_exception_hint;
    insert into bad.cases (name, refused) values (ask.name, bad.said(sqlstate, message, detail, hint));
end
$$;

-- What came of every case, once nothing is queued or running. Whose request it is decides what is seen, hence the definer.
create function bad.came_of(r forge.training_requests) returns text
language sql security definer
as $$
    select case r.status
        when 'succeeded' then 'model'
        else bad.said(r.error_code, r.error_message, r.error_detail, r.error_hint) end
        || case when r.attempt > 1 then format(' (attempt %s)', r.attempt) else '' end
$$;
create view bad.outcomes as
select c.place, c.name, coalesce('refused: ' || c.refused,
    case when r.status in ('queued', 'running') then r.status else r.status || ': ' || bad.came_of(r) end) as outcome
from bad.cases c left join forge.training_requests r on r.id = c.request
order by c.place;
grant select on bad.outcomes to public;

create function bad.busy() returns boolean
language sql security definer
as $$ select exists (select from forge.training_requests where status in ('queued', 'running') and run_at < now() + interval '1 minute') $$;
create procedure bad.wait()
language plpgsql
as $$
begin
    while bad.busy() loop
        commit;
        perform pg_sleep(0.02);
    end loop;
end
$$;

-- A request made for later, so that something can change meanwhile: due now.
create function bad.release() returns void
language sql security definer
as $$
    update forge.training_requests set run_at = clock_timestamp() where status = 'queued';
    select pg_notify('forge_requests', '');
$$;
grant usage, create on schema bad to forge_admin;
alter function bad.release() owner to forge_admin;
