-- Says what a bad request left behind; nothing if all is well.
select 'request ' || id || ' is ' || status from forge.training_requests where status in ('queued', 'running');
select 'request ' || request || ' has an open attempt' from forge.training_attempts where ended_at is null;
select 'staged chunks of request ' || request from forge.staged_chunks;
-- A cancel is no error, so it needs no remedy.
select 'error without class FG or hint: ' || o.name || ': ' || o.outcome
from bad.outcomes o left join bad.cases c using (name) left join forge.training_requests r on r.id = c.request
where o.outcome !~ '^succeeded|FG021' and (coalesce(r.error_code, c.refused) !~ '^FG'
    or case when r.id is null then c.refused !~ ' \| ' else coalesce(r.error_hint, '') = '' end);
select 'model ' || name || ' has no version' from forge.models m where not exists (select from forge.model_versions v where v.model = m.name);
select 'version without its request: ' || model || '/' || version from forge.model_versions v
where not exists (select from forge.training_requests r where r.id = v.training_request and r.status = 'succeeded' and r.model_version = v.version);
select 'version without an artifact: ' || model || '/' || version from forge.model_versions v
where not exists (select from forge.model_artifacts a where a.model = v.model and a.version = v.version);
select 'function without a model: ' || p.oid::regprocedure from pg_proc p
where p.pronamespace = 'forge_models'::regnamespace and not exists (select from forge.models m where p.proname in (m.name, m.name || '_label'));

-- and a normal training succeeds
set role tom;
set client_min_messages = warning;
select forge.train('normal', 'select g as x, g % 7 as z, 3 * g + g % 7 + 0.5 as y from generate_series(1, 500) g', 'y', algorithm => 'linear_regression') as id \gset
call forge.wait(:id, '20 seconds');
select 'a normal model predicts ' || p from forge.predict('normal', '{"x": 10, "z": 3}') p where abs(p - 33.5) > 1e-6;
