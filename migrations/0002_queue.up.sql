-- The queue: requests, their attempts, the workers that take them, and what a running job leaves behind.
-- States, leases and failure handling: docs/queue.md. Functions, triggers, policies and grants: sql/code/queue*.sql.

create table forge.training_requests (
  id bigint generated always as identity primary key,

  -- what the client asks for
  model text not null,
  task text,
  algorithm text,
  source text not null,
  target text,
  features text[],
  exclude text[],
  id_column text,
  weight_column text,
  time_column text,
  group_columns text[],
  params jsonb not null default '{}',
  preprocess jsonb not null default '{}',
  split jsonb not null default '{}',
  sample jsonb,
  promote text not null default 'if_better',
  config jsonb not null default '{}',
  priority smallint not null default 0,
  run_at timestamptz not null default now(),
  idempotency_key text,

  -- what the insert triggers add
  requested_by regrole not null default quote_ident(current_user)::regrole,
  search_path text not null default current_setting('search_path'),
  time_zone text not null default current_setting('TimeZone'),
  columns jsonb,
  target_type text,
  cpu_request double precision not null default 1,
  memory_request bigint not null default 0,
  cpu_limit double precision,
  memory_limit bigint,
  max_retries int not null default 3,
  timeout_seconds double precision,

  -- what the queue keeps
  status text not null default 'queued',
  attempt int not null default 0,
  crashes int not null default 0,
  lease_token uuid,
  worker_id uuid,
  lease_expires_at timestamptz,
  deadline_at timestamptz,
  progress real not null default 0,
  phase text,
  progress_at timestamptz,
  cancel_requested_at timestamptz,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  error_code text,
  error_message text,
  error_detail text,
  error_hint text,
  model_version int,

  constraint idempotency_key_once_per_requester unique (requested_by, idempotency_key),
  constraint status_is_known check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  constraint promote_is_known check (promote in ('if_better', 'always', 'never')),
  constraint running_has_a_lease check ((status = 'running') = (lease_token is not null)),
  constraint lease_is_whole check (num_nonnulls(lease_token, worker_id, lease_expires_at) in (0, 3)),
  constraint ended_has_an_end check ((status in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
  constraint succeeded_has_a_version check ((status = 'succeeded') = (model_version is not null)),
  constraint failed_has_an_error check (status <> 'failed' or error_code is not null),
  constraint attempts_not_negative check (attempt >= 0 and crashes >= 0 and max_retries >= 0),
  constraint progress_is_a_share check (progress between 0 and 1)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- The claim. Lease columns are not indexed, so that heartbeats stay heap-only updates.
create index training_requests_claim on forge.training_requests (priority, run_at, id) where status = 'queued';
create index training_requests_due on forge.training_requests (run_at) where status = 'queued';
create index training_requests_running on forge.training_requests (id) where status = 'running';
create index training_requests_by_model on forge.training_requests (model, id);
alter table forge.training_requests enable row level security;

comment on table forge.training_requests is
  'Insert a row to have a model trained; the row is the job''s state from then on. At most one model version comes of it, ever.';
comment on column forge.training_requests.model is 'name of the model to train: a lower-case identifier of at most 57 bytes';
comment on column forge.training_requests.task is 'classification, regression …; NULL: inferred from the target''s type';
comment on column forge.training_requests.algorithm is 'a name in forge.algorithms; NULL: the task''s default';
comment on column forge.training_requests.source is 'a relation''s name or one SELECT; read with the requester''s rights';
comment on column forge.training_requests.target is 'column to learn';
comment on column forge.training_requests.features is 'columns to learn from; NULL: every other column';
comment on column forge.training_requests.exclude is 'columns that are no features';
comment on column forge.training_requests.id_column is 'identifies a row: decides which part it belongs to; never a feature';
comment on column forge.training_requests.weight_column is 'weight of a row; never a feature';
comment on column forge.training_requests.time_column is 'orders the rows of a split by time; never a feature';
comment on column forge.training_requests.group_columns is 'rows equal in these stay in one part; never features';
comment on column forge.training_requests.params is 'hyperparameters; names, defaults and ranges: forge.algorithms';
comment on column forge.training_requests.preprocess is 'per column, or for all under "*": impute, scale, encode';
comment on column forge.training_requests.split is 'how rows are held out: {"method", "test", "seed"}';
comment on column forge.training_requests.sample is 'train on some rows only: {"rows": n} or {"fraction": f}';
comment on column forge.training_requests.promote is 'when the new version becomes champion: if_better, always or never';
comment on column forge.training_requests.config is
  '{"resources": {"limits": {"cpu", "memory"}, "requests": {"cpu", "memory"}}, "scheduling": {"max_retries", "timeout"}}';
comment on column forge.training_requests.priority is 'smaller first';
comment on column forge.training_requests.run_at is 'not before; a retry waits by a later run_at';
comment on column forge.training_requests.idempotency_key is 'once per requester: write ON CONFLICT DO NOTHING';
comment on column forge.training_requests.requested_by is 'the role whose rights the job reads with';
comment on column forge.training_requests.search_path is 'the requester''s, applied when the source is read';
comment on column forge.training_requests.time_zone is 'the requester''s, applied when the source is read';
comment on column forge.training_requests.columns is 'the source''s columns as resolved at insert: name, type, kind, role';
comment on column forge.training_requests.target_type is 'the target''s type, as format_type() writes it';
comment on column forge.training_requests.cpu_request is 'claimed only by a worker with so many cpus free; from config, default 1';
comment on column forge.training_requests.memory_request is 'claimed only by a worker with so many bytes free; from config, default 0';
comment on column forge.training_requests.cpu_limit is 'the job''s threads are ceil of this; from config, NULL: all cpus of the worker';
comment on column forge.training_requests.memory_limit is 'bytes; the job is ended beyond it; from config, NULL: 80 % of the worker''s memory';
comment on column forge.training_requests.max_retries is 'attempts are at most one more; from config, default 3';
comment on column forge.training_requests.timeout_seconds is 'the job is ended and failed after so long; from config, NULL: never';
comment on column forge.training_requests.status is 'queued → running → succeeded | failed | cancelled';
comment on column forge.training_requests.attempt is 'attempts begun since the request was made, or since forge.retry';
comment on column forge.training_requests.crashes is 'how often the job''s process was ended by a signal that no one here sent';
comment on column forge.training_requests.progress is 'share of the work done, 0 to 1';
comment on column forge.training_requests.phase is 'what the job is doing: reading, encoding, fitting …';
comment on column forge.training_requests.error_code is 'SQLSTATE of the last error; kept while a retry is waiting';
comment on column forge.training_requests.model_version is 'the version that came of it';

create table forge.training_attempts (
  request bigint not null references forge.training_requests on delete cascade,
  attempt int not null,
  lease_token uuid not null,
  worker_id uuid not null,
  host text,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  outcome text,
  error_code text,
  error_message text,
  primary key (request, attempt),
  constraint outcome_is_known check (outcome in
    ('succeeded', 'failed', 'cancelled', 'retried', 'crashed', 'lost', 'released', 'timed_out')),
  constraint ended_has_an_outcome check ((ended_at is null) = (outcome is null))
);
create unique index training_attempts_one_open on forge.training_attempts (request) where ended_at is null;
alter table forge.training_attempts enable row level security;
comment on table forge.training_attempts is 'Every attempt at a request and how it ended; numbered on through forge.retry.';
comment on column forge.training_attempts.outcome is
  'failed: for good; retried: it failed and will be tried again; crashed: a signal ended the process; lost: the worker vanished; released: the worker shut down';

create table forge.workers (
  worker_id uuid primary key,
  host text not null,
  boot_id text not null,
  pid int not null,
  pid_started_at text not null,
  pid_ns text not null,
  version text not null,
  capacity jsonb not null,
  started_at timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp(),
  draining boolean not null default false
) with (fillfactor = 50);
comment on table forge.workers is 'The sidecars (forged) that are, or were lately, connected to this database.';
comment on column forge.workers.capacity is '{"cpu": cores, "memory": bytes, "jobs": at once}';
comment on column forge.workers.pid_started_at is 'in clock ticks since boot: tells a process from a later one with the same pid';

create table forge.training_log (
  request bigint not null references forge.training_requests on delete cascade,
  attempt int not null,
  at timestamptz not null default clock_timestamp(),
  level text not null,
  message text not null,
  constraint level_is_known check (level in ('debug', 'info', 'warning', 'error'))
);
create index training_log_by_request on forge.training_log (request, at);
alter table forge.training_log enable row level security;
comment on table forge.training_log is 'What jobs had to say, in order of time.';

create table forge.training_metrics (
  request bigint not null references forge.training_requests on delete cascade,
  attempt int not null,
  step int not null,
  name text not null,
  value double precision not null,
  primary key (request, attempt, name, step)
);
alter table forge.training_metrics enable row level security;
comment on table forge.training_metrics is 'Loss curves: the value of a metric after each step (iteration, boosting round, epoch).';

create table forge.staged_chunks (
  request bigint not null references forge.training_requests on delete cascade,
  lease_token uuid not null,
  chunk int not null,
  bytes bytea not null,
  primary key (request, lease_token, chunk),
  constraint chunk_not_negative check (chunk >= 0),
  constraint chunk_is_small check (octet_length(bytes) between 1 and 8388608)
);
alter table forge.staged_chunks alter column bytes set storage external;
comment on table forge.staged_chunks is 'Artifacts on their way in; swept when their lease is no longer live.';

comment on column forge.training_requests.id is 'returned to the client; forge.cancel, forge.retry and forge.wait take it';
comment on column forge.training_requests.lease_token is 'fences the worker that has it: what comes with another token is refused';
comment on column forge.training_requests.worker_id is 'worker that has it';
comment on column forge.training_requests.lease_expires_at is 'until when the worker need not be heard of';
comment on column forge.training_requests.deadline_at is 'when the timeout ends this attempt';
comment on column forge.training_requests.progress_at is 'when progress last moved';
comment on column forge.training_requests.cancel_requested_at is 'when forge.cancel was called';
comment on column forge.training_requests.created_at is 'when it was inserted';
comment on column forge.training_requests.started_at is 'when the present attempt began';
comment on column forge.training_requests.finished_at is 'when it succeeded, failed or was cancelled';
comment on column forge.training_requests.error_message is 'of the last error; error_detail and error_hint go with it';
comment on column forge.training_requests.error_detail is 'facts of the last error';
comment on column forge.training_requests.error_hint is 'what to do about the last error';
comment on column forge.training_attempts.request is 'the request attempted';
comment on column forge.training_attempts.attempt is 'counts from 1, through forge.retry too';
comment on column forge.training_attempts.lease_token is 'of this attempt';
comment on column forge.training_attempts.worker_id is 'worker that tried';
comment on column forge.training_attempts.host is 'where it ran';
comment on column forge.training_attempts.started_at is 'when it was claimed';
comment on column forge.training_attempts.ended_at is 'when it ended; null: it is running';
comment on column forge.training_attempts.error_code is 'SQLSTATE of its error';
comment on column forge.training_attempts.error_message is 'its error';
comment on column forge.training_log.request is 'request that the line is about';
comment on column forge.training_log.attempt is 'attempt that the line is about';
comment on column forge.training_log.at is 'when';
comment on column forge.training_log.level is 'debug, info, warning or error';
comment on column forge.training_log.message is 'one line';
comment on column forge.training_metrics.request is 'request trained for';
comment on column forge.training_metrics.attempt is 'attempt at it';
comment on column forge.training_metrics.step is 'iteration, boosting round or epoch, from 1';
comment on column forge.training_metrics.name is 'name of the metric, such as train_log_loss';
comment on column forge.training_metrics.value is 'its value after the step';
comment on column forge.workers.worker_id is 'made anew by every start of forged';
comment on column forge.workers.host is 'name of the machine';
comment on column forge.workers.boot_id is 'of the machine''s running kernel: processes of an earlier boot are gone';
comment on column forge.workers.pid is 'process of the daemon';
comment on column forge.workers.pid_ns is 'pid namespace that pid is of';
comment on column forge.workers.version is 'version of forged';
comment on column forge.workers.started_at is 'when it said hello';
comment on column forge.workers.last_seen_at is 'when it last beat';
comment on column forge.workers.draining is 'it finishes what it has and takes nothing more';
comment on column forge.staged_chunks.request is 'request that the artifact is for';
comment on column forge.staged_chunks.lease_token is 'lease under which it was staged';
comment on column forge.staged_chunks.chunk is 'place in the file, from 0';
comment on column forge.staged_chunks.bytes is 'at most 8 MiB of the file';
