-- Curves and tables of a classifier's probabilities over rows with known targets: of a relation or SELECT, or (NULL) those
-- that the version held out. They run as the caller, under the caller's search_path.

create or replace function forge.roc_curve(model text, source text default null) returns table (threshold double precision, fpr double precision, tpr double precision)
language plpgsql stable
as $$
declare
    scoring record;
begin
    select q.* into scoring from forge.scored_pair(model, source, 'ROC curve') q;
    -- Only corners: points between neighbours on a straight line are left out, as scikit-learn does.
    return query execute pg_catalog.format($sql$
        with steps as (
            select q.score, pg_catalog.count(*) filter (where q.truth = %2$L) as positives,
                pg_catalog.count(*) filter (where q.truth is distinct from %2$L) as negatives
            from (%1$s) q where q.score is not null group by q.score),
        points as (
            select s.score, s.positives, s.negatives,
                pg_catalog.sum(s.positives) over w as hits, pg_catalog.sum(s.negatives) over w as alarms,
                pg_catalog.lead(s.positives) over w as next_positives, pg_catalog.lead(s.negatives) over w as next_negatives,
                pg_catalog.row_number() over w as place
            from steps s window w as (order by s.score desc)),
        totals as (select pg_catalog.sum(s.positives)::pg_catalog.float8 as p, pg_catalog.sum(s.negatives)::pg_catalog.float8 as n from steps s)
        select 'Infinity'::pg_catalog.float8, 0::pg_catalog.float8, 0::pg_catalog.float8
        union all
        select p.score, p.alarms::pg_catalog.float8 / nullif(t.n, 0), p.hits::pg_catalog.float8 / nullif(t.p, 0)
        from points p, totals t
        where p.place = 1 or p.next_positives is null or p.next_positives <> p.positives or p.next_negatives <> p.negatives
        order by 1 desc
        $sql$, scoring.query, scoring.positive);
end
$$;
comment on function forge.roc_curve is
    'false and true positive rate by threshold on the positive class''s probability, falling from Infinity, over a relation or SELECT with the true target, or over the held-out rows (NULL); two classes only';

create or replace function forge.pr_curve(model text, source text default null)
returns table (threshold double precision, "precision" double precision, recall double precision)
language plpgsql stable
as $$
declare
    scoring record;
begin
    select q.* into scoring from forge.scored_pair(model, source, 'precision-recall curve') q;
    return query execute pg_catalog.format($sql$
        with steps as (
            select q.score, pg_catalog.count(*)::pg_catalog.float8 as n, pg_catalog.count(*) filter (where q.truth = %2$L)::pg_catalog.float8 as positives
            from (%1$s) q where q.score is not null group by q.score),
        points as (
            select s.score, pg_catalog.sum(s.positives) over w as hits, pg_catalog.sum(s.n) over w as predicted
            from steps s window w as (order by s.score desc)),
        totals as (select pg_catalog.sum(s.positives) as p from steps s)
        select 'Infinity'::pg_catalog.float8, 1::pg_catalog.float8, 0::pg_catalog.float8
        union all
        select p.score, p.hits / p.predicted, p.hits / nullif(t.p, 0) from points p, totals t
        order by 1 desc
        $sql$, scoring.query, scoring.positive);
end
$$;
comment on function forge.pr_curve is
    'precision and recall by threshold on the positive class''s probability, falling from Infinity, over a relation or SELECT with the true target, or over the held-out rows (NULL); two classes only';

create or replace function forge.calibration_curve(model text, source text default null, bins int default 10, strategy text default 'uniform')
returns table (class text, bin int, mean_predicted double precision, fraction_positive double precision, count bigint)
language plpgsql stable
as $$
declare
    scoring record;
begin
    perform forge.require_bins(bins);
    if strategy is null or strategy not in ('uniform', 'quantile') then
        raise exception using errcode = 'FG004', message = pg_catalog.format('strategy must be uniform or quantile, got %s', coalesce(pg_catalog.quote_literal(strategy), 'null')),
            hint = 'uniform: bins of equal width; quantile: of equally many rows';
    end if;
    select q.* into scoring from forge.scored_rows(model, source, 'classification') q;
    -- A row lies in the bin after as many inner edges as are below its probability; empty bins are left out.
    return query execute pg_catalog.format($sql$
        with scored as (
            select %2$s from (%1$s) q%3$s),
        edges as (
            select s.class, case when %4$L = 'quantile'
                then pg_catalog.percentile_cont(array(select i / %5$s::pg_catalog.float8 from pg_catalog.generate_series(1, %5$s - 1) i)) within group (order by s.score)
                else array(select i * (1 / %5$s::pg_catalog.float8) from pg_catalog.generate_series(1, %5$s - 1) i) end as inner_edges
            from scored s where s.score is not null group by s.class),
        falling as (  -- once for each class
            select e.class, array(select -edge from pg_catalog.unnest(e.inner_edges) edge order by edge desc) as edges from edges e offset 0),
        binned as (
            select s.*, 1 + pg_catalog.cardinality(f.edges) - pg_catalog.width_bucket(-s.score, f.edges) as bin
            from scored s join falling f on f.class = s.class)
        select b.class, b.bin, pg_catalog.avg(b.score), pg_catalog.avg(b.is_positive::pg_catalog.int4)::pg_catalog.float8, pg_catalog.count(*)
        from binned b group by b.class, b.bin order by b.class collate "C", b.bin
        $sql$, scoring.query,
        case when scoring.positive is not null then pg_catalog.format('%1$L::pg_catalog.text as class, q.score, q.truth is not distinct from %1$L as is_positive', scoring.positive)
            else 'l.label as class, u.share as score, q.truth is not distinct from l.label as is_positive' end,
        case when scoring.positive is not null then ' where q.score is not null'
            else pg_catalog.format(' cross join pg_catalog.unnest(q.shares) with ordinality u(share, place)
                join pg_catalog.unnest(%L::pg_catalog.text[]) with ordinality l(label, place) on l.place = u.place', scoring.labels) end,
        strategy, bins);
end
$$;
comment on function forge.calibration_curve is
    'mean predicted probability beside the share of rows that are of the class, by bin of the probability, as scikit-learn''s calibration_curve: of the positive class, or of each of more than two against the rest; over a relation or SELECT with the true target, or over the held-out rows (NULL). strategy: uniform (bins of equal width) or quantile (of equally many rows); bins from 1 to 1000';

create or replace function forge.lift(model text, source text default null, bins int default 10)
returns table (bin int, rows bigint, positives bigint, lift double precision, cumulative_lift double precision, gain double precision)
language plpgsql stable
as $$
declare
    scoring record;
begin
    perform forge.require_bins(bins);
    select q.* into scoring from forge.scored_pair(model, source, 'lift') q;
    -- Rows of one probability stay together, in the bin of the first of them.
    return query execute pg_catalog.format($sql$
        with placed as (
            select q.truth is not distinct from %2$L as is_positive,
                ((pg_catalog.rank() over (order by q.score desc) - 1) * %3$s / pg_catalog.count(*) over ())::pg_catalog.int4 + 1 as bin
            from (%1$s) q where q.score is not null),
        binned as (
            select p.bin, pg_catalog.count(*) as n, pg_catalog.count(*) filter (where p.is_positive) as positives from placed p group by p.bin),
        running as (
            select b.*, pg_catalog.sum(b.positives) over w as hits, pg_catalog.sum(b.n) over w as reached,
                pg_catalog.sum(b.positives) over () as all_positives, pg_catalog.sum(b.n) over () as all_rows
            from binned b window w as (order by b.bin))
        select r.bin, r.n, r.positives,
            r.positives::pg_catalog.float8 / r.n * r.all_rows::pg_catalog.float8 / nullif(r.all_positives, 0)::pg_catalog.float8,
            r.hits::pg_catalog.float8 / r.reached::pg_catalog.float8 * r.all_rows::pg_catalog.float8 / nullif(r.all_positives, 0)::pg_catalog.float8,
            r.hits::pg_catalog.float8 / nullif(r.all_positives, 0)::pg_catalog.float8
        from running r order by r.bin
        $sql$, scoring.query, scoring.positive, bins);
end
$$;
comment on function forge.lift is
    'rows from the likeliest positive to the least, in bins of about equally many (equal probabilities stay together): how many times more positives than among all rows (lift), so far (cumulative_lift), and the share of all positives so far (gain); over a relation or SELECT with the true target, or over the held-out rows (NULL); two classes only; bins from 1 to 1000';
