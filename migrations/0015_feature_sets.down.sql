drop table forge.datasets;
alter table forge.training_requests drop column source_features, drop column entity_source;
