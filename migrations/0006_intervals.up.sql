-- Prediction intervals: how far off a version is in rows that were set apart for that.

create table forge.conformal_scores (
    model text not null,
    version int not null,
    scores double precision[] not null,
    primary key (model, version),
    constraint conformal_scores_belong_to_versions foreign key (model, version) references forge.model_versions on delete cascade,
    constraint there_are_scores check (cardinality(scores) > 0)
);
comment on table forge.conformal_scores is
    'how far off versions are in rows that they were neither trained on nor tested with: forge.predict_interval reads them';
comment on column forge.conformal_scores.model is 'name of the model';
comment on column forge.conformal_scores.version is 'version that they are of';
comment on column forge.conformal_scores.scores is 'distance of target and prediction of each row, rising; at most 10,000 rows, chosen by key';

-- Gone, or with another signature now.
drop function if exists
    forge.scoring_query(text, text, text), forge.regression_metrics(text), forge.label_metrics(text), forge.probability_metrics(text, text, text[]);
