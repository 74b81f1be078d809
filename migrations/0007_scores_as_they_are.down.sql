alter table forge.held_out_scores alter truth set storage extended, alter scores set storage extended;
alter table forge.staged_scores alter truth set storage extended, alter scores set storage extended;
