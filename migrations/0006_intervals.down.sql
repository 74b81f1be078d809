drop table forge.conformal_scores;
