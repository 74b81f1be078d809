-- Serving: features that are computed when they are asked for, and schema forge_features, whose functions read features by key.
-- Functions, triggers, policies and grants: sql/code/62_on_demand_views.sql, 70_online_query.sql to 73_predict_for.sql, 91_feature_grants.sql.

do $schema$
begin
    if to_regnamespace('forge_features') is null then
        raise exception using errcode = 'FG028', message = 'schema forge_features does not exist',
            hint = 'a superuser runs once more: forgectl migrate --print-superuser-sql | psql';
    end if;
end
$schema$;

create table forge.on_demand_feature_views (
    name text not null,
    version int not null,
    sources text[] not null default '{}',
    request_columns jsonb not null default '[]',
    features jsonb not null,
    description text,
    tags jsonb not null default '{}',
    owner regrole not null default quote_ident(current_user)::regrole,
    created_at timestamptz not null default now(),
    primary key (name, version),
    constraint name_is_a_lower_case_identifier check (name ~ '^[a-z_][a-z0-9_]*$' and octet_length(name) <= 60),
    constraint versions_count_from_one check (version > 0),
    constraint request_columns_are_an_array check (jsonb_typeof(request_columns) = 'array'),
    constraint features_are_an_array check (jsonb_typeof(features) = 'array'),
    constraint tags_are_an_object check (jsonb_typeof(tags) = 'object')
);
alter table forge.on_demand_feature_views enable row level security;
comment on table forge.on_demand_feature_views is
    'features that are SQL expressions over other features and over values that come with the request; a row for each version';
comment on column forge.on_demand_feature_views.name is 'lower-case identifier, of no feature view';
comment on column forge.on_demand_feature_views.version is 'counts from 1 within the name; the greatest is meant where none is named';
comment on column forge.on_demand_feature_views.sources is 'features of feature views that the expressions name: view/version:feature, in order';
comment on column forge.on_demand_feature_views.request_columns is 'values that the expressions name and the request brings: [{"name", "type"}], in order';
comment on column forge.on_demand_feature_views.features is '[{"name", "expression", "type"}], in order';
comment on column forge.on_demand_feature_views.description is 'free text';
comment on column forge.on_demand_feature_views.tags is 'free labels';
comment on column forge.on_demand_feature_views.owner is 'role whose members may alter and drop it';
comment on column forge.on_demand_feature_views.created_at is 'when the version was defined';

