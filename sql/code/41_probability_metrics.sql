-- Metrics of probabilities over a query of forge.scored_rows, as scikit-learn defines them. A label that training did
-- not see has probability 0.

create or replace function forge.pair_probability_metrics(query text, positive text, labels text[]) returns table (metric text, value double precision)
language plpgsql stable
as $$
begin
    -- Rows of one score are one step: ties count half in roc_auc, and are one threshold of pr_auc.
    return query execute pg_catalog.format($sql$
        with steps as (
            select q.score, pg_catalog.count(*) filter (where q.truth = %2$L)::pg_catalog.float8 as positives,
                pg_catalog.count(*) filter (where q.truth is distinct from %2$L)::pg_catalog.float8 as negatives,
                pg_catalog.count(*) filter (where (q.truth = any (%3$L::pg_catalog.text[])) is not true)::pg_catalog.float8 as strangers
            from (%1$s) q where q.score is not null group by q.score),
        ranked as (
            select s.*, coalesce(pg_catalog.sum(s.negatives) over (order by s.score rows between unbounded preceding and 1 preceding), 0) as below,
                pg_catalog.sum(s.positives) over w as hits, pg_catalog.sum(s.positives + s.negatives) over w as predicted,
                greatest(2.220446049250313e-16, least(1 - 2.220446049250313e-16, s.score)) as clipped,
                greatest(2.220446049250313e-16, least(1 - 2.220446049250313e-16, 1 - s.score)) as rest
            from steps s window w as (order by s.score desc)),
        totals as (select pg_catalog.sum(s.positives) as p, pg_catalog.sum(s.negatives) as n from steps s),
        sums as (
            select pg_catalog.sum(r.positives * (r.below + r.negatives / 2)) as won, pg_catalog.sum(r.positives * r.hits / r.predicted) as precisions,
                -pg_catalog.sum(r.positives * pg_catalog.ln(r.clipped) + (r.negatives - r.strangers) * pg_catalog.ln(r.rest)
                    + r.strangers * pg_catalog.ln(2.220446049250313e-16::pg_catalog.float8)) as loss,
                pg_catalog.sum(r.positives * forge.square(1 - r.score) + r.negatives * forge.square(r.score)) as squared
            from ranked r)
        select m.metric, m.value
        from totals t, sums s, lateral (values
            ('roc_auc', s.won / nullif(t.p, 0) / nullif(t.n, 0)), ('pr_auc', s.precisions / nullif(t.p, 0)),
            ('log_loss', s.loss / nullif(t.p + t.n, 0)), ('brier', s.squared / nullif(t.p + t.n, 0))) m(metric, value)
        $sql$, query, positive, labels);
end
$$;
comment on function forge.pair_probability_metrics is
    'roc_auc, pr_auc (average precision), log_loss and brier of two classes over a query of forge.scored_rows; internal';

create or replace function forge.class_probability_metrics(query text, labels text[]) returns table (metric text, value double precision)
language plpgsql stable
as $$
begin
    return query execute pg_catalog.format($sql$
        with scored as (
            select pg_catalog.array_position(%2$L::pg_catalog.text[], q.truth) as truth, q.shares from (%1$s) q where q.shares is not null)
        select m.metric, m.value
        from (
            select -pg_catalog.avg(pg_catalog.ln(greatest(2.220446049250313e-16, least(1 - 2.220446049250313e-16, coalesce(s.shares[s.truth], 0))))) as loss,
                pg_catalog.avg((select pg_catalog.sum(case when place = s.truth then forge.square(1 - share) else forge.square(share) end)
                    from pg_catalog.unnest(s.shares) with ordinality u(share, place))) as brier
            from scored s) t,
            lateral (values ('log_loss', t.loss), ('brier', t.brier)) m(metric, value)
        $sql$, query, labels);
end
$$;
comment on function forge.class_probability_metrics is
    'log_loss, and brier summed over the classes, over a query of forge.scored_rows with shares; internal';

create or replace function forge.class_ranking_metrics(query text, labels text[]) returns table (metric text, value double precision)
language plpgsql stable
as $$
begin
    -- The area of a class against each other one among the rows of both; against all others it is their mean by rows
    -- (Hand and Till 2001).
    return query execute pg_catalog.format($sql$
        with scored as (
            select pg_catalog.array_position(%2$L::pg_catalog.text[], q.truth) as truth, q.shares from (%1$s) q where q.shares is not null),
        sizes as (select s.truth, pg_catalog.count(*)::pg_catalog.float8 as n from scored s group by s.truth),
        defined as (
            select pg_catalog.count(s.truth) = pg_catalog.cardinality(%2$L::pg_catalog.text[]) and pg_catalog.count(*) = pg_catalog.count(s.truth)
                and pg_catalog.count(*) <= 50 as all_there from sizes s),
        steps as materialized (
            select u.place::pg_catalog.int4 as class, s.truth, u.share, pg_catalog.count(*)::pg_catalog.float8 as n
            from defined d cross join scored s cross join pg_catalog.unnest(s.shares) with ordinality u(share, place)
            where d.all_there group by u.place, s.truth, u.share),
        sides as (
            select s.class, s.truth as rival, s.share, 0::pg_catalog.float8 as own, s.n as other from steps s where s.truth <> s.class
            union all
            select s.class, z.truth, s.share, s.n, 0 from steps s join sizes z on z.truth <> s.class where s.truth = s.class),
        duels as (
            select s.class, s.rival, s.share, pg_catalog.sum(s.own) as own, pg_catalog.sum(s.other) as other
            from sides s group by s.class, s.rival, s.share),
        below as (
            select d.*, coalesce(pg_catalog.sum(d.other) over (
                partition by d.class, d.rival order by d.share rows between unbounded preceding and 1 preceding), 0) as below
            from duels d),
        areas as (
            select b.class, b.rival, pg_catalog.sum(b.own * (b.below + b.other / 2)) / pg_catalog.sum(b.own) / pg_catalog.sum(b.other) as area,
                pg_catalog.sum(b.own) as own, pg_catalog.sum(b.other) as other
            from below b group by b.class, b.rival),
        against_rest as (
            select a.class, pg_catalog.max(a.own) as n, pg_catalog.sum(a.area * a.other) / pg_catalog.sum(a.other) as area from areas a group by a.class),
        pairs as (
            select a.own + a.other as n, (a.area + b.area) / 2 as area
            from areas a join areas b on b.class = a.rival and b.rival = a.class where a.class < a.rival),
        heights as (
            select s.class, s.share, pg_catalog.sum(s.n) as n, coalesce(pg_catalog.sum(s.n) filter (where s.truth = s.class), 0) as own
            from steps s group by s.class, s.share),
        precisions as (
            select h.class, h.own, pg_catalog.sum(h.own) over w as hits, pg_catalog.sum(h.n) over w as predicted
            from heights h window w as (partition by h.class order by h.share desc)),
        average_precisions as (
            select p.class, pg_catalog.sum(p.own * p.hits / p.predicted) / pg_catalog.sum(p.own) as area from precisions p group by p.class)
        select 'roc_auc_ovr', pg_catalog.avg(r.area) from against_rest r
        union all select 'roc_auc_ovr_weighted', pg_catalog.sum(r.area * r.n) / pg_catalog.sum(r.n) from against_rest r
        union all select 'roc_auc_ovo', pg_catalog.avg(p.area) from pairs p
        union all select 'roc_auc_ovo_weighted', pg_catalog.sum(p.area * p.n) / pg_catalog.sum(p.n) from pairs p
        union all select 'pr_auc', pg_catalog.avg(a.area) from average_precisions a
        $sql$, query, labels);
end
$$;
comment on function forge.class_ranking_metrics is
    'roc_auc_ovr, roc_auc_ovo, both weighted by rows, and pr_auc over a query of forge.scored_rows with shares; NULL unless these are of at most 50 classes, all there and no other; internal';
