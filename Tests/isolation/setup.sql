-- Three requests with tokens that a spec can spell: 1 and 2 are queued, 3 runs under the token …03.
set session_replication_role = replica;  -- the triggers of an insert would ask for a table to train on
set role forge_admin;
insert into forge.workers (worker_id, host, boot_id, pid, pid_started_at, pid_ns, version, capacity) values
  ('00000000-0000-0000-0000-00000000000a', 'a', 'boot', 1, '1', 'ns', 'test', '{"cpu": 4, "memory": 8000000000, "jobs": 4}'),
  ('00000000-0000-0000-0000-00000000000b', 'b', 'boot', 1, '1', 'ns', 'test', '{"cpu": 4, "memory": 8000000000, "jobs": 4}');
insert into forge.training_requests (model, task, algorithm, source, target, requested_by, columns, target_type)
select 'line', 'regression', 'linear_regression', 'public.points', 'y', 'postgres'::regrole, '[]', 'double precision'
from generate_series(1, 3);
update forge.training_requests set status = 'running', attempt = 1, lease_token = '00000000-0000-0000-0000-000000000003',
  worker_id = '00000000-0000-0000-0000-00000000000a', lease_expires_at = now() + interval '1 hour', started_at = now()
where id = 3;
insert into forge.training_attempts (request, attempt, lease_token, worker_id)
values (3, 1, '00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-00000000000a');

-- The smallest manifest that registers, with its artifact staged.
insert into forge.staged_chunks values (3, '00000000-0000-0000-0000-000000000003', 0, 'abc');
reset role;
create table public.manifest as select jsonb_build_object('task', 'regression', 'algorithm', 'linear_regression', 'params', '{}'::jsonb,
  'preprocess', '{}'::jsonb, 'split', '{}'::jsonb, 'target', 'y', 'target_type', 'double precision', 'labels', null, 'outputs', 1,
  'columns', '[{"name": "x", "type": "double precision", "kind": "number", "encoding": "number"}]'::jsonb,
  'metrics', '{"rmse": 0.5}'::jsonb, 'metrics_part', 'test', 'rows', '{"train": 8}'::jsonb, 'data_report', '{}'::jsonb,
  'artifact_sha256', encode(sha256('abc'), 'hex'), 'artifact_bytes', 3, 'chunks', 1) as m;
