alter table forge.training_requests drop column embed_into;
drop table forge.schedules;
