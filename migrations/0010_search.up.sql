-- Searches of hyperparameters: what a request searches, its trials, and the workers that help with them.
-- States, leases and failure handling: docs/queue.md. Functions, policies and grants: sql/code/queue_7_search.sql.

alter table forge.training_requests add column search jsonb;
comment on column forge.training_requests.search is
    'how hyperparameters are found: {"method", "trials", "metric", "space", …}, with what it left out filled in; NULL: params says all';

-- These take one argument more from now on, and two of a name could not be told apart.
drop function if exists
    forge.train(text, text, text, text, text, text[], text[], text, text, jsonb, jsonb, jsonb, jsonb, text, jsonb, int, timestamptz, text, text, text[]),
    forge.check_request(text, text, text, text, text, text[], text[], text, text, jsonb, jsonb, jsonb, jsonb, text, jsonb, int, timestamptz, text, text, text[]);

create table forge.search_trials (
    request bigint not null references forge.training_requests on delete cascade,
    trial int not null,
    generation int not null,
    arm int not null default 0,
    algorithm text not null,
    params jsonb not null,
    share double precision not null default 1,
    status text not null default 'queued',
    lease_token uuid,
    worker_id uuid,
    attempts int not null default 0,
    crashes int not null default 0,
    started_at timestamptz,
    finished_at timestamptz,
    metric text not null,
    score double precision,
    cost double precision,
    fold_scores double precision[],
    data_fingerprint text,
    error_code text,
    error_message text,
    error_detail text,
    error_hint text,
    primary key (request, trial),
    constraint trials_count_from_one check (trial > 0 and generation > 0 and arm >= 0),
    constraint shares_are_shares check (share > 0 and share <= 1),
    constraint status_is_known check (status in ('queued', 'running', 'succeeded', 'failed', 'pruned')),
    constraint running_has_a_holder check ((status = 'running') = (lease_token is not null)
        and (lease_token is null or worker_id is not null)),
    constraint ended_has_an_end check ((status in ('succeeded', 'failed', 'pruned')) = (finished_at is not null)),
    constraint succeeded_has_a_score check ((status = 'succeeded') = (score is not null) and (score is null) = (cost is null)),
    constraint failed_has_an_error check ((status = 'failed') = (error_code is not null)),
    constraint attempts_not_negative check (attempts >= 0 and crashes >= 0)
);
create index search_trials_waiting on forge.search_trials (request, trial) where status = 'queued';
alter table forge.search_trials enable row level security;
comment on table forge.search_trials is 'Trials of searches: claimed one by one by the workers that take part; forge.trials shows them.';
comment on column forge.search_trials.request is 'request that searches';
comment on column forge.search_trials.trial is 'from 1, in the order in which they were proposed';
comment on column forge.search_trials.generation is 'from 1; what a generation tries depends on those before it alone';
comment on column forge.search_trials.arm is 'place of its algorithm in the space that is searched';
comment on column forge.search_trials.algorithm is 'algorithm tried';
comment on column forge.search_trials.params is 'hyperparameters tried; those not named have their defaults';
comment on column forge.search_trials.share is 'share of the rows that each fold is trained on; below 1 on the lower rungs of halving and hyperband';
comment on column forge.search_trials.status is 'queued → running → succeeded | failed | pruned';
comment on column forge.search_trials.lease_token is 'lease of who runs it: the request''s own, or one of forge.search_helpers';
comment on column forge.search_trials.worker_id is 'worker that runs it, or did last';
comment on column forge.search_trials.attempts is 'how often it was begun';
comment on column forge.search_trials.crashes is 'how often its worker was lost meanwhile; the second time fails it';
comment on column forge.search_trials.started_at is 'when it was last begun';
comment on column forge.search_trials.finished_at is 'when it ended';
comment on column forge.search_trials.metric is 'what trials are compared by';
comment on column forge.search_trials.cost is 'the score, negated where larger is better: the smallest wins';
comment on column forge.search_trials.score is 'mean of the metric over the folds of the training rows';
comment on column forge.search_trials.fold_scores is 'the metric of each fold, as far as it came; null where it is not defined';
comment on column forge.search_trials.data_fingerprint is 'of the rows that it saw, as forge.model_versions has it';
comment on column forge.search_trials.error_code is 'SQLSTATE of its error';
comment on column forge.search_trials.error_message is 'its error; error_detail and error_hint go with it';
comment on column forge.search_trials.error_detail is 'facts of its error';
comment on column forge.search_trials.error_hint is 'what to do about its error';

create table forge.search_helpers (
    request bigint not null references forge.training_requests on delete cascade,
    worker_id uuid not null,
    lease_token uuid,
    lease_expires_at timestamptz,
    failures int not null default 0,
    primary key (request, worker_id),
    constraint leases_are_whole check ((lease_token is null) = (lease_expires_at is null)),
    constraint failures_not_negative check (failures >= 0)
);
create unique index search_helpers_by_lease on forge.search_helpers (request, lease_token);
comment on table forge.search_helpers is 'Workers that run trials of a request which another worker runs.';
comment on column forge.search_helpers.request is 'request helped with';
comment on column forge.search_helpers.worker_id is 'worker that helps, or did';
comment on column forge.search_helpers.lease_token is 'fences the helper, as that of a request does; null: it has left';
comment on column forge.search_helpers.lease_expires_at is 'until when it need not be heard of';
comment on column forge.search_helpers.failures is 'how often it ended in an error; after three it is not asked again';

-- What a trial's models said of the rows that they were not trained on, for ensembles; gone when the request ends.
create table forge.trial_predictions (
    request bigint not null,
    trial int not null,
    predictions bytea not null,
    primary key (request, trial),
    constraint predictions_belong_to_trials foreign key (request, trial) references forge.search_trials on delete cascade
);
alter table forge.trial_predictions alter column predictions set storage external;
comment on table forge.trial_predictions is 'Predictions out of fold of trials, while their request runs.';
comment on column forge.trial_predictions.request is 'request that searches';
comment on column forge.trial_predictions.trial is 'trial that they are of';
comment on column forge.trial_predictions.predictions is 'as the sidecar wrote them';
