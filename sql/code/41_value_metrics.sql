-- Metrics of predicted values over a query of forge.scored_rows, as scikit-learn defines them.

-- No SET: it is written out where it is called.
create or replace function forge.square(x double precision) returns double precision
language sql immutable parallel safe
as $$ select case when pg_catalog.abs(x) < 1e-154 then 0 when pg_catalog.abs(x) > 1e154 then 'Infinity' else x * x end $$;
comment on function forge.square is
    'the square of a number: 0 or Infinity where a double precision cannot hold it, which the operator refuses; internal';

create or replace function forge.value_metrics(query text, quantile double precision, radius double precision) returns table (metric text, value double precision)
language plpgsql stable
as $$
begin
    -- The deviances, of positive values, go by the logarithms where these are too far apart to be divided.
    return query execute pg_catalog.format($sql$
        with scored as (
            select q.truth as y, q.score as p, pg_catalog.abs(q.truth - q.score) as error,
                case when q.truth > 0 and q.score > 0 then pg_catalog.ln(q.truth) - pg_catalog.ln(q.score) end as apart
            from (%s) q where q.score is not null),
        center as (
            select pg_catalog.sum(s.y) / pg_catalog.count(*) as mean, pg_catalog.sum(s.y - s.p) / pg_catalog.count(*) as bias from scored s),
        sums as (
            select pg_catalog.count(*) as n, pg_catalog.sum(forge.square(s.error)) as squared, pg_catalog.sum(s.error) as absolute,
                pg_catalog.count(*) filter (where s.error <= %3$L::pg_catalog.float8) as inside,
                pg_catalog.percentile_cont(0.5) within group (order by s.error) as middle,
                pg_catalog.sum(s.error / greatest(pg_catalog.abs(s.y), 2.220446049250313e-16)) as relative,
                pg_catalog.sum(forge.square(s.y - c.mean)) as total,
                pg_catalog.sum(forge.square(s.y - s.p - c.bias)) as unexplained,
                pg_catalog.sum(s.error * case when s.y >= s.p then %2$L::pg_catalog.float8 else 1 - %2$L::pg_catalog.float8 end) as pinball,
                pg_catalog.sum(2 * (case when s.apart is null or s.y < 1e-290 then 0
                    else s.y * case when s.apart between -700 and 700 then pg_catalog.ln(s.y / s.p) else s.apart end end - s.y + s.p)) as poisson,
                pg_catalog.sum(2 * case when s.apart is null then 0 when s.apart < -700 then -s.apart - 1 when s.apart > 700 then 'Infinity'
                    else pg_catalog.ln(s.p / s.y) + s.y / s.p - 1 end) as gamma,
                pg_catalog.min(s.y) as smallest, pg_catalog.min(s.p) as smallest_predicted
            from scored s, center c)
        select m.metric, case when pg_catalog.abs(m.value) < 'Infinity' then m.value end
        from sums, lateral (values
            ('rmse', pg_catalog.sqrt(squared / nullif(n, 0))), ('mae', absolute / nullif(n, 0)), ('median_absolute_error', middle),
            ('mape', relative / nullif(n, 0)), ('r2', case when n > 1 and total > 0 then 1 - squared / total end),
            ('explained_variance', case when n > 1 and total > 0 then 1 - unexplained / total end), ('pinball', pinball / nullif(n, 0)),
            ('mean_poisson_deviance', case when smallest >= 0 and smallest_predicted > 0 then poisson / n end),
            ('mean_gamma_deviance', case when smallest > 0 and smallest_predicted > 0 then gamma / n end),
            ('coverage_90', case when %3$L::pg_catalog.float8 < 'Infinity' then inside::pg_catalog.float8 / nullif(n, 0) end),
            ('rows', n)) m(metric, value)
        where m.metric <> 'coverage_90' or %3$L::pg_catalog.float8 is not null
        $sql$, query, quantile, radius);
end
$$;
comment on function forge.value_metrics is
    'metrics of a regression over a query of forge.scored_rows, and rows; the pinball loss is of the quantile given; coverage_90 if there is a radius of 90 % intervals. NULL: not defined, or beyond what a double precision holds; internal';
