-- Metrics of a model over rows with known targets. Runs as the caller, under the caller's search_path, since it reads a
-- source that the caller names.

create or replace function forge.evaluate(model text, source text default null) returns table (metric text, value double precision)
language plpgsql stable
as $$
declare
    scoring record;
    counted double precision;
    radius double precision;
begin
    select q.* into scoring from forge.scored_rows(model, source, null) q;
    select i.radius into radius
    from forge.resolve_model(evaluate.model) f
    join forge.conformal_scores c on c.model = f.model and c.version = f.version,
        lateral forge.interval_around(evaluate.model, 0.9) i;
    for metric, value in
        select r.* from forge.value_metrics(scoring.query,
            coalesce((scoring.params ->> 'quantile')::double precision, (scoring.params ->> 'quantile_alpha')::double precision, 0.5), radius) r
        where scoring.task = 'regression'
        union all select r.* from forge.query_metrics(scoring.query) r where scoring.task = 'ranking'
        union all select r.* from forge.label_metrics(scoring.query, scoring.labels, scoring.positive) r where scoring.task = 'classification'
    loop
        if metric = 'rows' then
            counted := value;
            perform forge.require_rows(counted::bigint, source);
        else
            return next;
        end if;
    end loop;
    if scoring.task = 'classification' and scoring.positive is not null then
        return query select r.* from forge.pair_probability_metrics(scoring.query, scoring.positive, scoring.labels) r;
    elsif scoring.task = 'classification' then
        return query select r.* from forge.class_probability_metrics(scoring.query, scoring.labels) r;
        return query select r.* from forge.class_ranking_metrics(scoring.query, scoring.labels) r;
    end if;
    metric := 'rows'; value := counted;
    return next;
end
$$;
comment on function forge.evaluate is
    'metrics of a model, named and defined as in forge.model_metrics, over a relation or SELECT with the true target, or over the rows that the version held out (NULL: forge.held_out_scores); and rows, how many were scored. NULL: not defined on these rows';

create or replace function forge.confusion_matrix(model text, source text default null) returns table (actual text, predicted text, count bigint)
language plpgsql stable
as $$
declare
    scoring record;
begin
    select q.* into scoring from forge.scored_rows(model, source, 'classification') q;
    return query execute pg_catalog.format($sql$
        with pairs as (select q.truth, q.label, pg_catalog.count(*) as n from (%s) q where q.label is not null group by q.truth, q.label),
        labels as (select l from pg_catalog.unnest(%L::pg_catalog.text[]) l union select p.truth from pairs p)
        select a.l, p.l, coalesce(pairs.n, 0)
        from labels a cross join labels p left join pairs on pairs.truth is not distinct from a.l and pairs.label = p.l
        where p.l is not null
        order by a.l collate "C", p.l collate "C"
        $sql$, scoring.query, scoring.labels);
end
$$;
comment on function forge.confusion_matrix is
    'rows by true and predicted label, every pair of labels, over a relation or SELECT with the true target, or over the rows that the version held out (NULL), where a label that training did not see is NULL';
