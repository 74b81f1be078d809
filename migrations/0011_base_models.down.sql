alter table forge.model_versions drop constraint base_is_whole, drop column base_model, drop column base_version;
alter table forge.training_requests drop column base_version;
