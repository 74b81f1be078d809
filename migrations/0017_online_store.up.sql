-- The online store: what holds now of each feature view, in tables of schema forge_online, and what made them.
-- Functions, policies and grants: sql/code/67_online_tables.sql, 68_materialize.sql, 91_feature_grants.sql.

do $schema$
begin
    if to_regnamespace('forge_online') is null then
        raise exception using errcode = 'FG028', message = 'schema forge_online does not exist',
            hint = 'a superuser runs once more: forgectl migrate --print-superuser-sql | psql';
    end if;
end
$schema$;

create table forge.materializations (
    id bigint generated always as identity primary key,
    view text not null,
    version int not null,
    kind text not null,
    from_time timestamptz,
    to_time timestamptz not null,
    snapshot pg_snapshot,
    server text,
    source_id oid,
    rows bigint not null,
    keys bigint not null,
    null_counts jsonb not null,
    breaches jsonb not null default '[]',
    published boolean not null default true,
    actor regrole not null default quote_ident(current_user)::regrole,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    constraint runs_belong_to_versions foreign key (view, version) references forge.feature_views on delete cascade,
    constraint kind_is_known check (kind in ('range', 'incremental')),
    constraint null_counts_are_an_object check (jsonb_typeof(null_counts) = 'object'),
    constraint breaches_are_an_array check (jsonb_typeof(breaches) = 'array')
);
create index materializations_by_view on forge.materializations (view, version, id desc);
alter table forge.materializations enable row level security;
comment on table forge.materializations is 'runs of forge.materialize and forge.materialize_incremental, with what was online after each';
comment on column forge.materializations.id is 'number of the run';
comment on column forge.materializations.view is 'feature view';
comment on column forge.materializations.version is 'its version';
comment on column forge.materializations.kind is 'range: keys with rows between two times; incremental: keys of which something has changed';
comment on column forge.materializations.from_time is 'range: start_ts; incremental: to_time of the run that it went on from; NULL: keys of all rows';
comment on column forge.materializations.to_time is 'the instant whose values were written';
comment on column forge.materializations.snapshot is 'what the next incremental run need not look at again; NULL: it does not go on from this run';
comment on column forge.materializations.server is 'server and database in which the snapshot means something';
comment on column forge.materializations.source_id is 'OID of the source, where it is a table';
comment on column forge.materializations.rows is 'rows that were written';
comment on column forge.materializations.keys is 'rows that were online after it, tombstones aside';
comment on column forge.materializations.null_counts is 'how many of those are NULL in each feature: {feature: count}';
comment on column forge.materializations.breaches is 'expectations that did not hold';
comment on column forge.materializations.published is 'false: a breach has kept what was online before';
comment on column forge.materializations.actor is 'who ran it';
comment on column forge.materializations.started_at is 'when it began';
comment on column forge.materializations.finished_at is 'when all was written';
