-- Metrics of the order within queries over a query of forge.scored_rows, each the mean over the queries.

create or replace function forge.query_metrics(query text) returns table (metric text, value double precision)
language plpgsql stable
as $$
begin
    -- Ties share their gains (Jarvelin and Kekalainen 2002, as scikit-learn); for map@10 they are in the worst order.
    return query execute pg_catalog.format($sql$
        with places as (
            select q.query, q.truth, pg_catalog.avg(q.truth) over (partition by q.query, q.score) as gain,
                pg_catalog.row_number() over (partition by q.query order by q.score desc, q.truth) as place,
                pg_catalog.row_number() over (partition by q.query order by q.truth desc) as ideal
            from (%s) q where q.score is not null),
        relevant as (
            select p.*, pg_catalog.sum((p.truth > 0)::pg_catalog.int4) over (partition by p.query order by p.place)::pg_catalog.float8 as hits from places p),
        gains as (
            select k.depth, r.query,
                pg_catalog.sum(r.gain * pg_catalog.ln(2::pg_catalog.float8) / pg_catalog.ln((r.place + 1)::pg_catalog.float8)) filter (where r.place <= k.depth) as gain,
                pg_catalog.sum(r.truth * pg_catalog.ln(2::pg_catalog.float8) / pg_catalog.ln((r.ideal + 1)::pg_catalog.float8)) filter (where r.ideal <= k.depth) as best
            from relevant r cross join (values (9223372036854775807), (5), (10)) k(depth) group by k.depth, r.query),
        precisions as (
            select pg_catalog.sum(r.hits / r.place) filter (where r.truth > 0 and r.place <= 10) as sum,
                pg_catalog.count(*) filter (where r.truth > 0) as relevant
            from relevant r group by r.query)
        select 'ndcg' || case g.depth when 5 then '@5' when 10 then '@10' else '' end, pg_catalog.avg(case when g.best > 0 then g.gain / g.best else 0 end)
        from gains g group by g.depth
        union all select 'map@10', pg_catalog.avg(coalesce(p.sum, 0) / least(10, p.relevant)) from precisions p where p.relevant > 0
        union all select 'rows', pg_catalog.count(*) from places
        $sql$, query);
end
$$;
comment on function forge.query_metrics is 'ndcg, ndcg@5, ndcg@10, map@10 and rows over a query of forge.scored_rows of a ranking; internal';
