-- Fine-tuning: the version that a request continues, fixed when its job starts, and the one that a version came from.

alter table forge.training_requests add column base_version text;
comment on column forge.training_requests.base_version is
    'model/version that params.base_model meant when the job first started; later attempts keep it';

-- Names, not references: what a version came from stays known when it is gone.
alter table forge.model_versions
    add column base_model text,
    add column base_version int,
    add constraint base_is_whole check (num_nonnulls(base_model, base_version) in (0, 2));
comment on column forge.model_versions.base_model is 'model of the version that it continues (params.base_model); null: trained afresh';
comment on column forge.model_versions.base_version is 'version of base_model that it continues; forge.lineage follows them';
