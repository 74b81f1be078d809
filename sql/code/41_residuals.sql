-- What a regression misses by. Runs as the caller, under the caller's search_path, since it reads a source that the caller
-- names.

create or replace function forge.residuals(model text, source text default null, bins int default 10)
returns table (
    bin int, rows bigint, mean_predicted double precision, mean_actual double precision, mean double precision, sd double precision,
    skewness double precision, minimum double precision, q05 double precision, q25 double precision, median double precision,
    q75 double precision, q95 double precision, maximum double precision)
language plpgsql stable
as $$
declare
    scoring record;
begin
    perform forge.require_bins(bins);
    select q.* into scoring from forge.scored_rows(model, source, 'regression') q;
    -- Rows of one prediction stay together, in the bin of the first of them. The line of all rows is the one without bin.
    return query execute pg_catalog.format($sql$
        with placed as (
            select q.truth, q.score, q.truth - q.score as residual,
                ((pg_catalog.rank() over (order by q.score) - 1) * %2$s / pg_catalog.count(*) over ())::pg_catalog.int4 + 1 as bin
            from (%1$s) q where q.score is not null),
        grouped as (
            select p.bin, pg_catalog.count(*) as n, pg_catalog.avg(p.score) as predicted, pg_catalog.avg(p.truth) as actual,
                pg_catalog.avg(p.residual) as mean, pg_catalog.stddev_samp(p.residual) as sd, pg_catalog.stddev_pop(p.residual) as spread, pg_catalog.min(p.residual) as least, pg_catalog.max(p.residual) as most,
                pg_catalog.percentile_cont(array[0.05, 0.25, 0.5, 0.75, 0.95]::pg_catalog.float8[]) within group (order by p.residual) as q
            from placed p group by grouping sets ((p.bin), ())
            having pg_catalog.count(*) > 0),
        thirds as (
            select z.bin, pg_catalog.avg(case when pg_catalog.abs(z.z) > 1e-100 then z.z * z.z * z.z else 0 end) as third
            from (select g.bin, (p.residual - g.mean) / nullif(g.spread, 0) as z from grouped g join placed p on p.bin = coalesce(g.bin, p.bin)) z
            where z.z is not null group by z.bin)
        select g.bin, g.n, g.predicted, g.actual, g.mean, g.sd,
            case when g.n > 2 then pg_catalog.sqrt(g.n * (g.n - 1)::pg_catalog.float8) / (g.n - 2) * t.third end,
            g.least, g.q[1], g.q[2], g.q[3], g.q[4], g.q[5], g.most
        from grouped g left join thirds t on t.bin is not distinct from g.bin
        order by g.bin nulls first
        $sql$, scoring.query, bins);
end
$$;
comment on function forge.residuals is
    'true value less prediction: moments (sample standard deviation, adjusted skewness) and quantiles, of all rows (bin NULL) and by bins of about equally many rows by rising prediction (equal predictions stay together); over a relation or SELECT with the true target, or over the held-out rows (NULL); regression only; bins from 1 to 1000';
