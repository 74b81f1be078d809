-- The feature store: what a feature is, and where its rows are. Functions, triggers, policies and grants: sql/code/6*.sql.
-- A version never changes; altering a view or a service makes the next one.

-- Its first argument is named otherwise from now on.
drop function if exists forge.combined_problems(text, forge.problem[]);

create table forge.entities (
    name text primary key,
    join_keys text[] not null,
    key_types text[] not null,
    description text,
    tags jsonb not null default '{}',
    owner regrole not null default quote_ident(current_user)::regrole,
    created_at timestamptz not null default now(),
    constraint name_is_a_lower_case_identifier check (name ~ '^[a-z_][a-z0-9_]*$' and octet_length(name) <= 60),
    constraint keys_are_there check (cardinality(join_keys) > 0 and array_position(join_keys, null) is null),
    constraint tags_are_an_object check (jsonb_typeof(tags) = 'object')
);
alter table forge.entities enable row level security;
comment on table forge.entities is 'things that features are about, such as a user: named by one or more join keys';
comment on column forge.entities.name is 'lower-case identifier';
comment on column forge.entities.join_keys is 'columns that identify one of them, in sources of feature views and of entity rows alike';
comment on column forge.entities.key_types is 'type of each join key, as format_type() writes it; integers stand in for each other, and so do text and varchar';
comment on column forge.entities.description is 'free text';
comment on column forge.entities.tags is 'free labels';
comment on column forge.entities.owner is 'role whose members may drop it';
comment on column forge.entities.created_at is 'when it was defined';

create table forge.feature_views (
    name text not null,
    version int not null,
    entities text[] not null,
    join_keys text[] not null,
    source text not null,
    event_timestamp text not null,
    created_timestamp text,
    tombstone_column text,
    ttl interval,
    leak_check boolean not null default true,
    aggregations jsonb,
    features jsonb not null,
    columns jsonb not null,
    tie_columns text[] not null,
    description text,
    tags jsonb not null default '{}',
    owner regrole not null default quote_ident(current_user)::regrole,
    created_at timestamptz not null default now(),
    primary key (name, version),
    constraint name_is_a_lower_case_identifier check (name ~ '^[a-z_][a-z0-9_]*$' and octet_length(name) <= 60),
    constraint versions_count_from_one check (version > 0),
    constraint features_are_an_array check (jsonb_typeof(features) = 'array'),
    constraint columns_are_an_object check (jsonb_typeof(columns) = 'object'),
    constraint tags_are_an_object check (jsonb_typeof(tags) = 'object')
);
alter table forge.feature_views enable row level security;
comment on table forge.feature_views is 'features that come from one source, as they were at any time; a row for each version of a view';
comment on column forge.feature_views.name is 'lower-case identifier';
comment on column forge.feature_views.version is 'counts from 1 within the name; the greatest is meant where none is named';
comment on column forge.feature_views.entities is 'what its features are about; none: they hold for everything';
comment on column forge.feature_views.join_keys is 'join keys of the entities, each once';
comment on column forge.feature_views.source is 'a relation or one SELECT, qualified; read with the rights of who asks for features';
comment on column forge.feature_views.event_timestamp is 'column that says since when a row holds; without time zone it is UTC';
comment on column forge.feature_views.created_timestamp is 'column that says when a row was recorded; null: that is not known';
comment on column forge.feature_views.tombstone_column is
    'boolean column that is true, or column of another type that is not null, in rows that say that there is nothing any more';
comment on column forge.feature_views.ttl is 'how long a row holds, in absolute time: a day is 24 hours, a month 30 days; null: until the next one';
comment on column forge.feature_views.leak_check is 'whether rows recorded after an entity row''s time are invisible to it';
comment on column forge.feature_views.aggregations is
    'features over windows of rows: [{"function", "column", "time_window", "name"}]; null: features are columns of the source';
comment on column forge.feature_views.features is '[{"name", "type"}], in order';
comment on column forge.feature_views.columns is 'types of the source''s columns that the view reads: {column: type}';
comment on column forge.feature_views.tie_columns is
    'columns that decide between rows equal in event_timestamp and created_timestamp, the greatest winning: the primary key, else all columns';
comment on column forge.feature_views.description is 'free text';
comment on column forge.feature_views.tags is 'free labels';
comment on column forge.feature_views.owner is 'role whose members may alter and drop it';
comment on column forge.feature_views.created_at is 'when the version was defined';

create table forge.feature_services (
    name text not null,
    version int not null,
    features text[] not null,
    description text,
    tags jsonb not null default '{}',
    owner regrole not null default quote_ident(current_user)::regrole,
    created_at timestamptz not null default now(),
    primary key (name, version),
    constraint name_is_a_lower_case_identifier check (name ~ '^[a-z_][a-z0-9_]*$' and octet_length(name) <= 60),
    constraint versions_count_from_one check (version > 0),
    constraint features_are_there check (cardinality(features) > 0),
    constraint tags_are_an_object check (jsonb_typeof(tags) = 'object')
);
alter table forge.feature_services enable row level security;
comment on table forge.feature_services is 'named sets of features, what a model asks for; a row for each version';
comment on column forge.feature_services.name is 'lower-case identifier';
comment on column forge.feature_services.version is 'counts from 1 within the name; the greatest is meant where none is named';
comment on column forge.feature_services.features is 'view/version:feature, in order; the versions are those that were the newest when this one was defined';
comment on column forge.feature_services.description is 'free text';
comment on column forge.feature_services.tags is 'free labels';
comment on column forge.feature_services.owner is 'role whose members may alter and drop it';
comment on column forge.feature_services.created_at is 'when the version was defined';
