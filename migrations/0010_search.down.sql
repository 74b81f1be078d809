drop table forge.trial_predictions;
drop table forge.search_helpers;
drop table forge.search_trials;
alter table forge.training_requests drop column search;
