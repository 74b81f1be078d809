-- How feature views are kept up: a schedule, expectations, and sources into which rows are pushed.
-- Functions, triggers, policies and grants: sql/code/69_expectations.sql, 69_push.sql, 69_upkeep.sql, 91_feature_grants.sql.

alter table forge.feature_views add column schedule interval, add column expectations jsonb, add column on_breach text not null default 'record',
    add constraint on_breach_is_known check (on_breach in ('record', 'stop'));
comment on column forge.feature_views.schedule is 'how often the daemons materialize it, as its owner; null: they do not';
comment on column forge.feature_views.expectations is
    'what must hold of what is online, checked at each materialization: [{"feature", "min", "max", "values", "max_null_rate", "max_drift", "dataset", "max_age"}]';
comment on column forge.feature_views.on_breach is 'record: an expectation that does not hold is written down; stop: besides, what was online before stays';

create table forge.push_sources (
    name text primary key,
    view text not null,
    description text,
    owner regrole not null default quote_ident(current_user)::regrole,
    created_at timestamptz not null default now(),
    constraint name_is_a_lower_case_identifier check (name ~ '^[a-z_][a-z0-9_]*$' and octet_length(name) <= 60)
);
alter table forge.push_sources enable row level security;
comment on table forge.push_sources is 'names under which rows are pushed into feature views';
comment on column forge.push_sources.name is 'lower-case identifier';
comment on column forge.push_sources.view is 'feature view, its newest version';
comment on column forge.push_sources.description is 'free text';
comment on column forge.push_sources.owner is 'role whose members may drop it';
comment on column forge.push_sources.created_at is 'when it was defined';
comment on column forge.schedules.kind is 'what is done: embed (forge.embed), materialize (forge.materialize_incremental)';
comment on column forge.schedules.payload is
    'what it is done with; of embed: {"model", "source", "table", "id_column", "column", "index", "metric"}; of materialize: {"view"}';
