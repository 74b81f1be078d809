-- Metrics of the held-out rows: those that the sidecar stored beside those that SQL computes from the same rows, to 1e-12.
select m.model, m.metric, m.value as sidecar, e.value as in_sql
from forge.model_metrics m join forge.models o on o.name = m.model and o.target is not null
    left join lateral forge.evaluate(m.model, 'select * from samples where part = ''test''') e on e.metric = m.metric
where m.part = 'test' and m.metric <> 'rows' and not coalesce(abs(m.value - e.value) <= 1e-12 * greatest(1, abs(m.value)), false);
select 'only ' || count(*) || ' metrics' from forge.model_metrics m where m.part = 'test' having count(*) < 30;
