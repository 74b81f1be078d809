-- The registry: models, their versions, artifacts, aliases, metrics, grants, and the log through which all of it changes.
-- Applied as forge_admin, which owns both schemas (sql/superuser.sql).

create type forge.problem as (code text, message text, hint text);
comment on type forge.problem is 'one thing wrong with a request: SQLSTATE of class FG, message, remedy';

create table forge.algorithms (
    name text primary key,
    tasks text[] not null,
    form text not null,
    description text not null,
    parameters jsonb not null default '{}',
    default_for text[] not null default '{}',
    constraint parameters_are_an_object check (jsonb_typeof(parameters) = 'object'),
    constraint defaults_are_tasks check (default_for <@ tasks)
);
comment on table forge.algorithms is 'what can be trained; generated from the registry of algorithms in the source and replaced by every migration';
comment on column forge.algorithms.name is 'the name used in training_requests.algorithm';
comment on column forge.algorithms.tasks is 'tasks that it learns, such as classification';
comment on column forge.algorithms.form is 'form of the fitted model: linear or trees';
comment on column forge.algorithms.description is 'one sentence';
comment on column forge.algorithms.parameters is
    'hyperparameters by name: {"type": integer|number|boolean|text|object, "default", "minimum", "maximum", "exclusive_minimum", "choices", "description"}';
comment on column forge.algorithms.default_for is 'tasks that use it when a request names no algorithm';

create table forge.models (
    name text primary key,
    task text not null,
    target text,
    target_type text,
    description text,
    owner regrole not null,
    keep int,
    created_at timestamptz not null default now(),
    constraint name_is_a_lower_case_identifier check (
        name ~ '^[a-z_][a-z0-9_]*$' and octet_length(name) <= 57 and name !~ '_label$'),
    constraint keep_is_positive check (keep > 0)
);
comment on table forge.models is 'one row for each model; made with its first registered version';
comment on column forge.models.name is 'lower-case identifier of at most 57 bytes, not ending in _label';
comment on column forge.models.task is 'classification or regression; never changes';
comment on column forge.models.target is 'name of the column learned by the latest version';
comment on column forge.models.target_type is 'SQL type of the target, as format_type() writes it; never changes';
comment on column forge.models.description is 'free text, set by forge.describe_as';
comment on column forge.models.owner is 'role whose members train, promote, grant and drop it: the first requester';
comment on column forge.models.keep is 'how many versions keep their artifact; null: all';
comment on column forge.models.created_at is 'when its first version was registered';

create table forge.model_versions (
    id bigint generated always as identity,
    model text not null references forge.models on delete cascade,
    version int not null,
    algorithm text not null,
    params jsonb not null,
    preprocess jsonb not null,
    schema jsonb not null,
    split jsonb not null,
    labels text[],
    positive text,
    outputs int not null,
    metrics jsonb not null,
    metrics_part text not null,
    data_report jsonb not null,
    training_request bigint,
    rows bigint not null,
    data_fingerprint text,
    artifact_sha256 bytea not null,
    artifact_bytes bigint not null,
    manifest jsonb not null,
    promotion_reason text,
    created_by regrole not null,
    created_at timestamptz not null default now(),
    retired_at timestamptz,
    primary key (model, version),
    constraint version_ids_are_unique unique (id),
    constraint a_request_registers_one_version unique (training_request),
    constraint versions_count_from_one check (version > 0),
    constraint schema_is_an_array check (jsonb_typeof(schema) = 'array'),
    constraint sha256_has_32_bytes check (octet_length(artifact_sha256) = 32),
    constraint metrics_part_is_test_or_train check (metrics_part in ('test', 'train'))
);
comment on table forge.model_versions is 'one row for each registered version; never changes but for retired_at and promotion_reason';
comment on column forge.model_versions.id is 'identifies the version in the database, for caches';
comment on column forge.model_versions.model is 'name of the model';
comment on column forge.model_versions.version is 'counts from 1 within the model, never reused';
comment on column forge.model_versions.algorithm is 'name of the algorithm';
comment on column forge.model_versions.params is 'hyperparameters as used, defaults included';
comment on column forge.model_versions.preprocess is 'imputing, scaling and encoding as used, by column';
comment on column forge.model_versions.schema is 'the feature columns in order: name, type, kind, encoding, levels, null and unseen policies';
comment on column forge.model_versions.split is 'how rows were held out, seed included';
comment on column forge.model_versions.labels is 'classes in byte order; null for regression';
comment on column forge.model_versions.positive is 'the class whose probability forge.predict gives; null unless binary';
comment on column forge.model_versions.outputs is 'numbers a row is scored to: 1, or one for each of more than two classes';
comment on column forge.model_versions.metrics is 'metrics by name; forge.model_metrics has them as rows';
comment on column forge.model_versions.metrics_part is 'test: computed on held-out rows; train: on the rows trained on';
comment on column forge.model_versions.data_report is 'rows dropped and why, inferred types, policies chosen';
comment on column forge.model_versions.training_request is 'the request that made it; null: imported';
comment on column forge.model_versions.rows is 'rows trained on';
comment on column forge.model_versions.data_fingerprint is 'hash of the training rows, hexadecimal';
comment on column forge.model_versions.artifact_sha256 is 'SHA-256 of the artifact';
comment on column forge.model_versions.artifact_bytes is 'size of the artifact';
comment on column forge.model_versions.manifest is 'all that the trainer reported, environment and comparison with the champion included';
comment on column forge.model_versions.promotion_reason is 'why it became champion when it was registered, or why not';
comment on column forge.model_versions.created_by is 'role that asked for it';
comment on column forge.model_versions.created_at is 'when it was registered';
comment on column forge.model_versions.retired_at is 'when its artifact was deleted; null: it can score';

create table forge.model_artifacts (
    model text not null,
    version int not null,
    chunk int not null,
    bytes bytea not null,
    primary key (model, version, chunk),
    constraint artifacts_belong_to_versions foreign key (model, version) references forge.model_versions on delete cascade,
    constraint chunks_count_from_zero check (chunk >= 0),
    constraint chunks_are_at_most_8_mb check (octet_length(bytes) <= 8388608)
);
-- Artifacts do not compress; stored out of line as they are, a chunk is read without inflating it.
alter table forge.model_artifacts alter column bytes set storage external;
comment on table forge.model_artifacts is 'the versions'' safetensors files, in chunks';
comment on column forge.model_artifacts.model is 'name of the model';
comment on column forge.model_artifacts.version is 'version that the artifact belongs to';
comment on column forge.model_artifacts.chunk is 'place in the file, from 0';
comment on column forge.model_artifacts.bytes is 'at most 8 MiB of the file';

create table forge.model_aliases (
    id bigint generated always as identity primary key,
    model text not null,
    alias text not null,
    version int not null,
    valid_from timestamptz not null default clock_timestamp(),
    valid_to timestamptz,
    changed_by regrole not null default quote_ident(current_user)::regrole,
    reason text,
    previous bigint,
    constraint aliases_name_versions foreign key (model, version) references forge.model_versions on delete cascade,
    constraint alias_is_a_lower_case_identifier check (alias ~ '^[a-z_][a-z0-9_]*$' and octet_length(alias) <= 63),
    constraint aliases_end_after_they_begin check (valid_to >= valid_from)
);
create unique index current_alias_is_unique on forge.model_aliases (model, alias) where valid_to is null;
create index model_aliases_by_version on forge.model_aliases (model, version);
comment on table forge.model_aliases is 'which version an alias such as champion named, and when; the current rows have no valid_to';
comment on column forge.model_aliases.id is 'order of the changes';
comment on column forge.model_aliases.model is 'name of the model';
comment on column forge.model_aliases.alias is 'champion: the version that the bare name means; others are free, such as challenger';
comment on column forge.model_aliases.version is 'version that it names';
comment on column forge.model_aliases.valid_from is 'since when';
comment on column forge.model_aliases.valid_to is 'until when; null: now';
comment on column forge.model_aliases.changed_by is 'role that set it';
comment on column forge.model_aliases.reason is 'why';
comment on column forge.model_aliases.previous is 'id of the row that forge.rollback returns to from here';

create table forge.model_metrics (
    model text not null,
    version int not null,
    part text not null,
    metric text not null,
    value double precision not null,
    primary key (model, version, part, metric),
    constraint metrics_belong_to_versions foreign key (model, version) references forge.model_versions on delete cascade,
    constraint part_is_test_or_train check (part in ('test', 'train')),
    constraint metrics_are_finite check (value not in ('NaN', 'Infinity', '-Infinity'))
);
comment on table forge.model_metrics is 'the versions'' metrics as numbers; a metric that is not defined has no row';
comment on column forge.model_metrics.model is 'name of the model';
comment on column forge.model_metrics.version is 'version measured';
comment on column forge.model_metrics.part is 'test: held-out rows; train: the rows trained on';
comment on column forge.model_metrics.metric is 'rmse, mae, r2, roc_auc, log_loss, accuracy, f1 …';
comment on column forge.model_metrics.value is 'finite';

create table forge.feature_importances (
    model text not null,
    version int not null,
    feature text not null,
    importance double precision not null,
    primary key (model, version, feature),
    constraint importances_belong_to_versions foreign key (model, version) references forge.model_versions on delete cascade,
    constraint importances_are_finite check (importance not in ('NaN', 'Infinity', '-Infinity'))
);
comment on table forge.feature_importances is 'how much each source column matters to a version';
comment on column forge.feature_importances.model is 'name of the model';
comment on column forge.feature_importances.version is 'version measured';
comment on column forge.feature_importances.feature is 'source column';
comment on column forge.feature_importances.importance is 'share of the whole; the shares of a version add up to 1 unless all are 0';

create table forge.model_grants (
    model text not null references forge.models on delete cascade,
    grantee regrole not null,
    privilege text not null,
    granted_by regrole not null default quote_ident(current_user)::regrole,
    granted_at timestamptz not null default now(),
    primary key (model, grantee, privilege),
    constraint privilege_is_predict_or_train check (privilege in ('predict', 'train'))
);
comment on table forge.model_grants is
    'rights on models: predict mirrors EXECUTE on the generated functions, so that they can be made again with it; train lives here alone';
comment on column forge.model_grants.model is 'name of the model';
comment on column forge.model_grants.grantee is 'role that has the right';
comment on column forge.model_grants.privilege is 'predict: score, and read versions and metrics; train: that, and request new versions';
comment on column forge.model_grants.granted_by is 'role that gave it';
comment on column forge.model_grants.granted_at is 'when';

create table forge.audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    actor regrole not null default quote_ident(current_user)::regrole,
    action text not null,
    model text not null,
    details jsonb not null default '{}',
    constraint action_is_known check (action in (
        'register', 'promote', 'rollback', 'set_alias', 'drop_alias', 'retire', 'keep', 'describe_as', 'grant', 'revoke', 'drop')),
    constraint details_are_an_object check (jsonb_typeof(details) = 'object')
);
create index audit_log_by_model on forge.audit_log (model, id);
comment on table forge.audit_log is
    'every change of the registry. A row is the command too: inserting it makes a trigger carry the change out, in the name of actor, '
    'whom the column''s default knows for certain; so no change goes unlogged';
comment on column forge.audit_log.id is 'order of the changes';
comment on column forge.audit_log.at is 'when';
comment on column forge.audit_log.actor is 'role that asked for it; not insertable by clients';
comment on column forge.audit_log.action is 'name of the function in schema forge that did it, or register';
comment on column forge.audit_log.model is 'name of the model; kept when the model is dropped';
comment on column forge.audit_log.details is 'arguments and outcome';
