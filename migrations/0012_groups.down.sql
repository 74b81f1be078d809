drop table forge.model_groups;
comment on column forge.training_requests.group_columns is 'rows equal in these stay in one part; never features';
