-- Models of groups in one version: read by forge.group_metrics and forge.group_coefficients.

create table forge.model_groups (
    model text not null,
    version int not null,
    place int not null,
    group_values jsonb not null,
    train_rows bigint not null,
    test_rows bigint not null,
    own_model boolean not null,
    reason text,
    metrics jsonb not null,
    coefficients double precision[],
    primary key (model, version, place),
    constraint groups_belong_to_versions foreign key (model, version) references forge.model_versions on delete cascade,
    constraint groups_are_of_columns check (jsonb_typeof(group_values) = 'object'),
    constraint groups_without_models_say_why check (own_model = (reason is null)),
    constraint metrics_are_an_object check (jsonb_typeof(metrics) = 'object')
);
comment on table forge.model_groups is 'the groups of versions trained with group_columns; forge.group_metrics and forge.group_coefficients read them';
comment on column forge.model_groups.model is 'name of the model';
comment on column forge.model_groups.version is 'version that it belongs to';
comment on column forge.model_groups.place is 'order of the groups, from 1: those with models of their own by their values, then the others';
comment on column forge.model_groups.group_values is 'value of each group column: {"shop": 7, "region": null}';
comment on column forge.model_groups.train_rows is 'rows of the group that were trained on';
comment on column forge.model_groups.test_rows is 'rows of the group that were held out';
comment on column forge.model_groups.own_model is 'false: its rows are scored by the model of all rows';
comment on column forge.model_groups.reason is 'why it has no model of its own; null when it has one';
comment on column forge.model_groups.metrics is 'metrics of the version''s predictions of the group''s held-out rows; of its training rows where none are held out';
comment on column forge.model_groups.coefficients is 'of linear models, in the order of manifest.groups.terms; null elements are too large for a number';

comment on column forge.training_requests.group_columns is
    'each of their values has a model of its own; with split.method group, params.statistics cluster or a ranking: rows equal in these belong together; never features';
