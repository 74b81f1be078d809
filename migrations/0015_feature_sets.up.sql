-- Training on features, and saved sets of them. Functions, policies and grants: sql/code/65_datasets.sql, 66_training_features.sql.

alter table forge.training_requests add column source_features text, add column entity_source text;
comment on column forge.training_requests.source_features is
    'feature service whose features the rows of source get, as they were at each row''s time; name/version once inserted';
comment on column forge.training_requests.entity_source is 'the source as it was asked for with source_features; source is then the query that looks features up';

-- These take one argument more from now on, and two of a name could not be told apart.
drop function if exists
    forge.train(text, text, text, text, text, text[], text[], text, text, jsonb, jsonb, jsonb, jsonb, text, jsonb, int, timestamptz, text, text, text[], jsonb),
    forge.check_request(text, text, text, text, text, text[], text[], text, text, jsonb, jsonb, jsonb, jsonb, text, jsonb, int, timestamptz, text, text, text[], jsonb),
    forge.candidates(forge.feature_views, timestamptz, boolean, interval, boolean),
    forge.row_lookup(forge.feature_views, text[], timestamptz),
    forge.window_lookup(forge.feature_views, text[], timestamptz),
    forge.historical_query(text, text[], jsonb, timestamptz, boolean),
    forge.entity_rows(text, jsonb, text, timestamptz, text[]);

create table forge.datasets (
    name text primary key,
    output text not null,
    entity_source text not null,
    entity_columns jsonb not null,
    event_timestamp text,
    service text,
    features text[] not null,
    planned jsonb not null,
    as_of timestamptz not null,
    seen text not null,
    query text not null,
    row_count bigint not null,
    hidden_rows bigint not null,
    content_hash text not null,
    description text,
    owner regrole not null default quote_ident(current_user)::regrole,
    created_at timestamptz not null default now(),
    constraint name_is_a_lower_case_identifier check (name ~ '^[a-z_][a-z0-9_]*$' and octet_length(name) <= 60),
    constraint planned_is_an_array check (jsonb_typeof(planned) = 'array')
);
alter table forge.datasets enable row level security;
comment on table forge.datasets is 'saved sets of entity rows with their features, and all it takes to make them again';
comment on column forge.datasets.name is 'lower-case identifier';
comment on column forge.datasets.output is 'table that holds the rows, qualified';
comment on column forge.datasets.entity_source is 'the entity rows, as asked for';
comment on column forge.datasets.entity_columns is 'their columns: [{"name", "type", "kind"}]';
comment on column forge.datasets.event_timestamp is 'their column of times; null: all are of as_of';
comment on column forge.datasets.service is 'name/version of the feature service; null: features were named';
comment on column forge.datasets.features is 'view/version:feature, in order';
comment on column forge.datasets.planned is 'the features with their types and what each is called';
comment on column forge.datasets.as_of is 'nothing recorded later was seen';
comment on column forge.datasets.seen is 'snapshot, and transaction, whose rows of tables were seen';
comment on column forge.datasets.query is 'the query that made the rows';
comment on column forge.datasets.row_count is 'how many there are';
comment on column forge.datasets.hidden_rows is 'entity rows that found nothing in a view because everything was recorded after their time, added up over the views';
comment on column forge.datasets.content_hash is 'SHA-256 of the rows in their order, hexadecimal';
comment on column forge.datasets.description is 'free text';
comment on column forge.datasets.owner is 'role whose members may drop it';
comment on column forge.datasets.created_at is 'when it was made';
