-- Metrics of predicted values over a query of forge.scored_rows, as scikit-learn defines them.

create or replace function forge.value_metrics(query text, quantile double precision) returns table (metric text, value double precision)
language plpgsql stable
as $$
begin
    return query execute pg_catalog.format($sql$
        with scored as (
            select q.truth as y, q.score as p, pg_catalog.abs(q.truth - q.score) as error
            from (%s) q where q.score is not null and q.truth <> 'NaN'),
        center as (select pg_catalog.avg(s.y) as mean, pg_catalog.avg(s.y - s.p) as bias from scored s),
        sums as (
            select pg_catalog.count(*) as n, pg_catalog.sum(s.error * s.error) as squared, pg_catalog.sum(s.error) as absolute,
                pg_catalog.percentile_cont(0.5) within group (order by s.error) as middle,
                pg_catalog.sum(s.error / greatest(pg_catalog.abs(s.y), 2.220446049250313e-16)) as relative,
                pg_catalog.sum((s.y - c.mean) * (s.y - c.mean)) as total,
                pg_catalog.sum((s.y - s.p - c.bias) * (s.y - s.p - c.bias)) as unexplained,
                pg_catalog.sum(s.error * case when s.y >= s.p then %2$L::pg_catalog.float8 else 1 - %2$L::pg_catalog.float8 end) as pinball,
                pg_catalog.sum(2 * (case when s.y > 0 and s.p > 0 then s.y * pg_catalog.ln(s.y / s.p) else 0 end - s.y + s.p)) as poisson,
                pg_catalog.sum(case when s.y > 0 and s.p > 0 then 2 * (pg_catalog.ln(s.p / s.y) + s.y / s.p - 1) end) as gamma,
                pg_catalog.min(s.y) as smallest, pg_catalog.min(s.p) as smallest_predicted
            from scored s, center c)
        select m.metric, m.value
        from sums, lateral (values
            ('rmse', pg_catalog.sqrt(squared / nullif(n, 0))), ('mae', absolute / nullif(n, 0)), ('median_absolute_error', middle),
            ('mape', relative / nullif(n, 0)), ('r2', case when n > 1 and total > 0 then 1 - squared / total end),
            ('explained_variance', case when n > 1 and total > 0 then 1 - unexplained / total end), ('pinball', pinball / nullif(n, 0)),
            ('mean_poisson_deviance', case when smallest >= 0 and smallest_predicted > 0 then poisson / n end),
            ('mean_gamma_deviance', case when smallest > 0 and smallest_predicted > 0 then gamma / n end),
            ('rows', n)) m(metric, value)
        $sql$, query, quantile);
end
$$;
comment on function forge.value_metrics is
    'metrics of a regression over a query of forge.scored_rows, and rows; the pinball loss is of the quantile given; internal';
