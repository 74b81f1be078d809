-- Metrics of predicted labels over a query of forge.scored_rows, as scikit-learn defines them; 0 / 0 is 0. A label that
-- training did not see is a class of its own, which is never predicted.

create or replace function forge.label_metrics(query text, labels text[], positive text) returns table (metric text, value double precision)
language plpgsql stable
as $$
begin
    -- Per class: rows of it (t), rows predicted as it (p), and rows where both agree.
    return query execute pg_catalog.format($sql$
        with pairs as (
            select q.truth, q.label, pg_catalog.count(*)::pg_catalog.float8 as n from (%1$s) q where q.label is not null group by q.truth, q.label),
        classes as (
            select c.label, pg_catalog.sum(c.t) as t, pg_catalog.sum(c.p) as p, pg_catalog.sum(c.hits) as hits
            from (select p.truth as label, p.n as t, 0 as p, case when p.truth = p.label then p.n else 0 end as hits from pairs p
                union all select p.label, 0, p.n, 0 from pairs p) c
            group by c.label),
        shares as (
            select c.*, coalesce(c.hits / nullif(c.p, 0), 0) as precision, coalesce(c.hits / nullif(c.t, 0), 0) as recall,
                2 * c.hits / (c.t + c.p) as f1
            from classes c),
        totals as (
            select coalesce(pg_catalog.sum(s.t), 0) as n, pg_catalog.sum(s.hits) as hits, pg_catalog.sum(s.t * s.p) as agreement,
                pg_catalog.sum(s.t * s.t) as t2, pg_catalog.sum(s.p * s.p) as p2,
                pg_catalog.avg(s.recall) filter (where s.t > 0) as balanced,
                pg_catalog.avg(s.precision) as precision, pg_catalog.avg(s.recall) as recall, pg_catalog.avg(s.f1) as f1,
                pg_catalog.sum(s.t * s.precision) as precisions, pg_catalog.sum(s.t * s.recall) as recalls, pg_catalog.sum(s.t * s.f1) as f1s
            from shares s),
        averaged as (
            select m.place, m.metric, m.value
            from totals t, lateral (values
                (1, 'accuracy', hits / nullif(n, 0)), (2, 'balanced_accuracy', balanced),
                (3, 'mcc', case when (n * n - p2) * (n * n - t2) > 0 then (hits * n - agreement) / pg_catalog.sqrt((n * n - p2) * (n * n - t2)) else 0 end),
                (4, 'cohen_kappa', (hits * n - agreement) / nullif(n * n - agreement, 0)),
                (8, 'precision_macro', precision), (9, 'precision_micro', hits / nullif(n, 0)), (10, 'precision_weighted', precisions / nullif(n, 0)),
                (11, 'recall_macro', recall), (12, 'recall_micro', hits / nullif(n, 0)), (13, 'recall_weighted', recalls / nullif(n, 0)),
                (14, 'f1_macro', f1), (15, 'f1_micro', hits / nullif(n, 0)), (16, 'f1_weighted', f1s / nullif(n, 0)),
                (100, 'rows', n)) m(place, metric, value)),
        named as (
            select l.label, coalesce(s.precision, 0) as precision, coalesce(s.recall, 0) as recall, coalesce(s.f1, 0) as f1
            from pg_catalog.unnest(%2$L::pg_catalog.text[]) l(label) left join shares s on s.label = l.label)
        select a.metric, a.value
        from (
            select * from averaged
            union all
            select m.place, m.metric, m.value
            from named n, lateral (values (5, 'precision', n.precision), (6, 'recall', n.recall), (7, 'f1', n.f1)) m(place, metric, value)
            where n.label = %3$L
            union all
            select m.place, m.metric || '/' || n.label, m.value
            from named n, lateral (values (20, 'precision', n.precision), (21, 'recall', n.recall), (22, 'f1', n.f1)) m(place, metric, value)
            where pg_catalog.cardinality(%2$L::pg_catalog.text[]) <= 50
        ) a
        order by a.place, a.metric collate "C"
        $sql$, query, labels, positive);
end
$$;
comment on function forge.label_metrics is
    'metrics of predicted labels over a query of forge.scored_rows: over all classes, of the positive one, and of each of up to 50; and rows; internal';
