-- Work that is done again and again in somebody's name: rows that the daemons claim as they claim requests.
-- States, leases and failure handling: docs/queue.md. Functions, policies and grants: sql/code/queue_5_schedules.sql.

create table forge.schedules (
    id bigint generated always as identity primary key,
    name text not null,
    kind text not null,
    payload jsonb not null,
    every interval,
    model text references forge.models on delete cascade,
    training_request bigint references forge.training_requests on delete set null,
    owner regrole not null default quote_ident(current_user)::regrole,
    search_path text not null default current_setting('search_path'),
    time_zone text not null default current_setting('TimeZone'),
    paused boolean not null default false,
    next_run_at timestamptz default now(),
    lease_token uuid,
    worker_id uuid,
    lease_expires_at timestamptz,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    result jsonb,
    failures int not null default 0,
    error_code text,
    error_message text,
    error_detail text,
    error_hint text,
    constraint names_are_unique_for_an_owner unique (owner, name),
    constraint names_are_not_empty check (name <> ''),
    constraint payloads_are_objects check (jsonb_typeof(payload) = 'object'),
    constraint intervals_are_at_least_a_second check (every >= interval '1 second'),
    constraint leases_are_whole check ((lease_token is null) = (lease_expires_at is null) and (lease_token is null or worker_id is not null)),
    constraint failures_not_negative check (failures >= 0)
);
create index schedules_by_model on forge.schedules (model);
alter table forge.schedules enable row level security;
comment on table forge.schedules is 'What the daemons do again and again, each in the name of the role that asked for it; forge.schedule_status shows it.';
comment on column forge.schedules.id is 'number of the schedule';
comment on column forge.schedules.name is 'its name, unique among those of its owner';
comment on column forge.schedules.kind is 'what is done: embed (forge.embed)';
comment on column forge.schedules.payload is 'what it is done with; of embed: {"model", "source", "table", "id_column", "column", "index", "metric"}';
comment on column forge.schedules.every is 'from the start of a run to that of the next; NULL: it runs when something asks for it';
comment on column forge.schedules.model is 'model that it serves, and goes with';
comment on column forge.schedules.training_request is 'request whose config asked for it';
comment on column forge.schedules.owner is 'role whose rights it runs with; search_path and time_zone go with it';
comment on column forge.schedules.search_path is 'names are looked up under it';
comment on column forge.schedules.time_zone is 'times are written and read in it';
comment on column forge.schedules.paused is 'true: it is not run';
comment on column forge.schedules.next_run_at is 'when it is due; NULL while it runs, and when nothing asks for it';
comment on column forge.schedules.lease_token is 'fences the worker that runs it: what comes with another token is refused';
comment on column forge.schedules.worker_id is 'worker that runs it, or did last';
comment on column forge.schedules.lease_expires_at is 'until when that worker need not be heard of';
comment on column forge.schedules.created_at is 'when it was made';
comment on column forge.schedules.started_at is 'when the present or last run began';
comment on column forge.schedules.finished_at is 'when the last run ended; NULL: none has since it was made or changed';
comment on column forge.schedules.result is 'what the last run that succeeded said; of embed: {"rows", "inserted", "updated", "removed"}';
comment on column forge.schedules.failures is 'runs that failed since the last that succeeded';
comment on column forge.schedules.error_code is 'SQLSTATE of the last run''s error; NULL: it succeeded';
comment on column forge.schedules.error_message is 'its error; error_detail and error_hint go with it';
comment on column forge.schedules.error_detail is 'facts of its error';
comment on column forge.schedules.error_hint is 'what to do about its error';

alter table forge.training_requests add column embed_into jsonb;
comment on column forge.training_requests.embed_into is
    'where the model''s transform of every row is written, config.embed_into with what it left out filled in; NULL: nowhere';
