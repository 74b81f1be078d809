-- Who may touch the queue. Requesters see and steer their own requests; workers have functions only.

grant select on forge.training_requests, forge.training_attempts, forge.training_log, forge.training_metrics, forge.training_status,
  forge.trials to forge_trainer;
grant select on forge.search_trials to forge_trainer, forge_analyst;
grant insert (model, task, algorithm, source, target, features, exclude, id_column, weight_column, time_column, group_columns, params,
  preprocess, split, sample, search, promote, config, priority, run_at, idempotency_key, source_features) on forge.training_requests to forge_trainer;
-- For forge.cancel and forge.retry, which run with the caller's rights; forge.check_transition allows nothing else.
grant update (status, cancel_requested_at) on forge.training_requests to forge_trainer;
grant execute on function forge.cancel(bigint), forge.retry(bigint), forge.awaited(bigint), forge.live_capacity(), forge.config_problems(jsonb),
  forge.cpu_quantity(text), forge.memory_quantity(text) to forge_trainer;
grant execute on procedure forge.wait(bigint, interval), forge.wait(text, interval) to forge_trainer;

grant select on forge.schedules, forge.schedule_status to forge_trainer, forge_analyst;
grant delete on forge.schedules to forge_trainer;
grant insert (kind, payload, every, name), update (payload, every, search_path, time_zone, next_run_at, paused) on forge.schedules to forge_trainer;
grant execute on function forge.schedule(text, jsonb, interval, text), forge.pause_schedule(text), forge.resume_schedule(text),
  forge.run_schedule(text), forge.drop_schedule(text), forge.find_schedule(text), forge.run_kind(text, jsonb),
  forge.resolved_schedule(forge.schedules), forge.embedding_name(jsonb) to forge_trainer;

grant usage on schema forge to forge_trainer, forge_worker;
grant execute on function
  forge.worker_hello(uuid, text, text, int, text, text, text, jsonb), forge.worker_draining(uuid), forge.worker_bye(uuid),
  forge.worker_gone(uuid, uuid[]), forge.claim(uuid, interval, double precision, bigint, text[]),
  forge.heartbeat(bigint, uuid, interval, real), forge.job(bigint, uuid), forge.champion_artifact(bigint, uuid),
  forge.base_artifact(bigint, uuid),
  forge.report(bigint, uuid, real, text), forge.record_log(bigint, uuid, text, text),
  forge.record_metrics(bigint, uuid, int[], text[], double precision[]), forge.stage_chunk(bigint, uuid, int, bytea),
  forge.stage_held_out_scores(bigint, uuid, int, double precision[], double precision[]),
  forge.complete(bigint, uuid, jsonb), forge.fail(bigint, uuid, text, text, text, text, boolean, boolean),
  forge.release(bigint, uuid), forge.confirm_cancel(bigint, uuid), forge.rescue(),
  forge.claim_helper(uuid, interval, double precision, bigint, text[]), forge.propose_trials(bigint, uuid, jsonb),
  forge.trials_of(bigint, uuid), forge.claim_trial(bigint, uuid), forge.finish_trial(bigint, uuid, int, jsonb, bytea),
  forge.trial_predictions_of(bigint, uuid, int),
  forge.claim_schedule(uuid, interval), forge.beat_schedule(bigint, uuid, interval), forge.finish_schedule(bigint, uuid, jsonb),
  forge.fail_schedule(bigint, uuid, text, text, text, text, boolean), forge.release_schedule(bigint, uuid)
  to forge_worker;

-- A requester is the role itself or any member of it; forge_admin owns the tables and sees everything.
drop policy if exists requesters_see_their_own on forge.training_requests;
create policy requesters_see_their_own on forge.training_requests for select using (pg_has_role(requested_by, 'usage'));
drop policy if exists requesters_ask_for_themselves on forge.training_requests;
create policy requesters_ask_for_themselves on forge.training_requests for insert with check (requested_by = quote_ident(current_user)::regrole);
drop policy if exists requesters_steer_their_own on forge.training_requests;
create policy requesters_steer_their_own on forge.training_requests for update using (pg_has_role(requested_by, 'usage'));

drop policy if exists of_requests_that_you_see on forge.training_attempts;
create policy of_requests_that_you_see on forge.training_attempts for select
  using (exists (select from forge.training_requests r where r.id = request));
drop policy if exists of_requests_that_you_see on forge.training_log;
create policy of_requests_that_you_see on forge.training_log for select
  using (exists (select from forge.training_requests r where r.id = request));
drop policy if exists of_requests_that_you_see on forge.training_metrics;
create policy of_requests_that_you_see on forge.training_metrics for select
  using (exists (select from forge.training_requests r where r.id = request));
drop policy if exists of_requests_that_you_see on forge.search_trials;
create policy of_requests_that_you_see on forge.search_trials for select to forge_trainer
  using (exists (select from forge.training_requests r where r.id = request));
-- Whoever may use a model may see why it was chosen.
drop policy if exists of_models_that_you_see on forge.search_trials;
create policy of_models_that_you_see on forge.search_trials for select to forge_trainer, forge_analyst
  using (exists (select from forge.model_versions v where v.training_request = request));

drop policy if exists owners_run_their_own on forge.schedules;
create policy owners_run_their_own on forge.schedules to forge_trainer
  using (pg_has_role(owner, 'usage')) with check (pg_has_role(owner, 'usage'));
