-- Scores hardly compress, and trying costs more than writing them.

alter table forge.held_out_scores alter truth set storage external, alter scores set storage external;
alter table forge.staged_scores alter truth set storage external, alter scores set storage external;
