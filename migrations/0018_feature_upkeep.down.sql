comment on column forge.schedules.kind is 'what is done: embed (forge.embed)';
comment on column forge.schedules.payload is 'what it is done with; of embed: {"model", "source", "table", "id_column", "column", "index", "metric"}';
delete from forge.schedules where kind = 'materialize';
drop table forge.push_sources;
alter table forge.feature_views drop column schedule, drop column expectations, drop column on_breach;
