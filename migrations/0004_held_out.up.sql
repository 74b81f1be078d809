-- What a version says of the rows that it held out, kept with it; confidence intervals of its metrics.

create table forge.held_out_scores (
    model text not null,
    version int not null,
    chunk int not null,
    truth double precision[] not null,
    scores double precision[] not null,
    primary key (model, version, chunk),
    constraint held_out_scores_belong_to_versions foreign key (model, version) references forge.model_versions on delete cascade,
    constraint chunks_count_from_zero check (chunk >= 0),
    constraint rows_have_equally_many_scores check (cardinality(truth) > 0 and cardinality(scores) % cardinality(truth) = 0)
);
comment on table forge.held_out_scores is
    'scores of the versions'' held-out rows, in chunks, at most 100,000 rows and 4,000,000 scores of a version, chosen by key; for whoever may predict with the model';
comment on column forge.held_out_scores.model is 'name of the model';
comment on column forge.held_out_scores.version is 'version that scored them';
comment on column forge.held_out_scores.chunk is 'counts from 0 within the version';
comment on column forge.held_out_scores.truth is
    'of each row the target''s value, or the place from 0 of its class in model_versions.labels; -1: a class that training did not see';
comment on column forge.held_out_scores.scores is
    'row after row: the value, or a probability for each of model_versions.labels; or the one score of a ranking';

create table forge.staged_scores (
    request bigint not null references forge.training_requests on delete cascade,
    lease_token uuid not null,
    chunk int not null,
    truth double precision[] not null,
    scores double precision[] not null,
    primary key (request, lease_token, chunk),
    constraint chunk_not_negative check (chunk >= 0)
);
comment on table forge.staged_scores is 'held-out scores on their way in; swept when their lease is no longer live';
comment on column forge.staged_scores.request is 'request that they are for';
comment on column forge.staged_scores.lease_token is 'lease under which they were staged';
comment on column forge.staged_scores.chunk is 'counts from 0';
comment on column forge.staged_scores.truth is 'as in forge.held_out_scores';
comment on column forge.staged_scores.scores is 'as in forge.held_out_scores';

alter table forge.model_metrics
    add lower double precision,
    add upper double precision,
    add constraint intervals_have_two_ends check ((lower is null) = (upper is null) and lower <= upper);
comment on column forge.model_metrics.lower is 'lower end of the bootstrap percentile interval; null unless config.evaluation asked for one';
comment on column forge.model_metrics.upper is 'upper end of that interval';

drop function if exists forge.split_problems(jsonb);  -- it looks at the whole request now
