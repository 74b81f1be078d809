drop table forge.held_out_scores, forge.staged_scores;
alter table forge.model_metrics drop constraint intervals_have_two_ends, drop lower, drop upper;
