-- Metrics of the held-out rows: those that the sidecar stored beside those of the scores that it kept, to 1e-12.
-- Of a ranking the queries are not kept.
select m.model, m.metric, m.value as sidecar, e.value as of_held_out
from forge.model_metrics m join forge.models o on o.name = m.model and o.target is not null left join lateral forge.evaluate(m.model) e on e.metric = m.metric
where m.part = 'test' and m.model not like 'ranking%' and m.metric <> 'rows' and not coalesce(abs(m.value - e.value) <= 1e-12 * greatest(1, abs(m.value)), false);
-- A threshold of its own gives other labels than one half does.
select 'no label is decided otherwise by ' || v.model
from forge.model_versions v where v.model like 'decided%' and (v.manifest ->> 'threshold' is null or not exists (
    select from samples s where (forge.predict(v.model, s) >= 0.5) <> (forge.predict_label(v.model, s) = v.positive)));
