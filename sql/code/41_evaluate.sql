-- Metrics of a model over rows with known targets, as scikit-learn defines them. The public functions run as the
-- caller, under the caller's search_path, since they read a source that the caller names.

create or replace function forge.scoring_query(reference text, source text, for_task text, out query text, out task text, out labels text[], out positive text)
language plpgsql stable
as $$
declare
    found record;
    version forge.model_versions;
    entry forge.models;
    pinned text;
    truth text;
    type_of_truth text;
begin
    select v.* into version from forge.resolve_model(reference) r join forge.model_versions v on v.id = r.version_id;
    select m.* into entry from forge.models m where m.name = version.model;
    if entry.task <> coalesce(for_task, entry.task) then
        raise exception using errcode = 'FG014', message = pg_catalog.format('model "%s" is a %s, not a %s', entry.name, entry.task, for_task),
            hint = 'forge.evaluate works for every task';
    end if;
    select s.* into found from forge.source_columns(source) s;
    if found.problem is not null then
        raise exception using errcode = (found.problem).code, message = (found.problem).message, hint = coalesce((found.problem).hint, '');
    elsif not pg_catalog.jsonb_path_exists(found.columns, '$[*] ? (@.name == $target)', pg_catalog.jsonb_build_object('target', entry.target)) then
        raise exception using errcode = 'FG006', message = pg_catalog.format('the source has no column "%s", the target of model "%s"', entry.target, entry.name),
            hint = 'add the true values under that name';
    end if;
    type_of_truth := (select c ->> 'type' from pg_catalog.jsonb_array_elements(found.columns) c where c ->> 'name' = entry.target);
    task := entry.task; labels := version.labels; positive := version.positive;
    pinned := pg_catalog.format('%s/%s', entry.name, version.version);
    -- A label's text is the value's own; a number's is its shortest form, as the trainer writes it.
    truth := case when task <> 'classification' then 's.%1$I::pg_catalog.float8'
        when type_of_truth ~ '^(smallint|integer|bigint|numeric|real|double precision)' then 's.%1$I::pg_catalog.float8::pg_catalog.text'
        else 's.%1$I::pg_catalog.text' end;
    query := pg_catalog.format(
        'select ' || truth || ' as truth, '
        || case when task <> 'classification' then 'forge.predict(%2$L, s) as score'
            when positive is not null then 'forge.predict(%2$L, s) as score, forge.predict_label(%2$L, s) as label'
            else 'forge.predict_proba(%2$L, s) as shares, forge.predict_label(%2$L, s) as label' end
        || E' from (%3$s\n) s where s.%1$I is not null',
        entry.target, pinned, forge.source_query(source));
end
$$;
comment on function forge.scoring_query is
    'a query that scores a source''s rows with known targets: truth and score (regression), truth, score and label (two classes), or truth, shares and label; internal';

create or replace function forge.require_rows(rows bigint, source text) returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if rows = 0 then
        raise exception using errcode = 'FG010', message = 'the source has no rows with a target and a prediction',
            detail = format('Source: %s', source), hint = 'look at the source with a plain SELECT';
    end if;
end
$$;
comment on function forge.require_rows is 'refuses (FG010) a source without usable rows; internal';

create or replace function forge.regression_metrics(query text) returns table (metric text, value double precision, rows bigint)
language plpgsql stable
as $$
begin
    return query execute pg_catalog.format($sql$
        with scored as (select q.truth, q.score from (%s) q where q.score is not null and q.truth <> 'NaN'),
        center as (select pg_catalog.avg(s.truth) as mean from scored s),
        sums as (
            select pg_catalog.count(*) as n, pg_catalog.sum((s.truth - s.score) * (s.truth - s.score)) as squared,
                pg_catalog.sum(pg_catalog.abs(s.truth - s.score)) as absolute,
                pg_catalog.sum((s.truth - c.mean) * (s.truth - c.mean)) as total
            from scored s, center c)
        select m.metric, m.value, m.n
        from sums, lateral (values
            ('rmse', pg_catalog.sqrt(squared / nullif(n, 0)), n), ('mae', absolute / nullif(n, 0), n),
            ('r2', case when n > 1 and total > 0 then 1 - squared / total end, n)) m(metric, value, n)
        $sql$, query);
end
$$;
comment on function forge.regression_metrics is 'rmse, mae, r2 over a scoring query; internal';

create or replace function forge.label_metrics(query text) returns table (metric text, value double precision, rows bigint)
language plpgsql stable
as $$
begin
    -- Per class: hits, and rows where it is either true or predicted but not both.
    return query execute pg_catalog.format($sql$
        with pairs as (
            select q.truth, q.label, pg_catalog.count(*) as n from (%s) q where q.label is not null group by q.truth, q.label),
        classes as (
            select c.label,
                coalesce(pg_catalog.sum(p.n) filter (where p.truth = p.label), 0) as hits,
                coalesce(pg_catalog.sum(p.n) filter (where p.truth <> p.label), 0) as misses
            from pairs p, lateral (select p.truth union select p.label) c(label)
            group by c.label),
        totals as (
            select coalesce(pg_catalog.sum(p.n), 0)::pg_catalog.int8 as n,
                coalesce(pg_catalog.sum(p.n) filter (where p.truth = p.label), 0)::pg_catalog.float8 as right
            from pairs p)
        select m.metric, m.value, t.n
        from totals t, lateral (
            select 'accuracy', t.right / nullif(t.n, 0)
            union all
            select 'f1/' || c.label, 2 * c.hits::pg_catalog.float8 / (2 * c.hits + c.misses) from classes c
            union all
            select 'f1_macro', pg_catalog.avg(2 * c.hits::pg_catalog.float8 / (2 * c.hits + c.misses)) from classes c
        ) m(metric, value)
        $sql$, query);
end
$$;
comment on function forge.label_metrics is 'accuracy, f1_macro, and f1/<label> of each class that is there or predicted, over a scoring query; internal';

create or replace function forge.probability_metrics(query text, positive text, labels text[])
returns table (metric text, value double precision)
language plpgsql stable
as $$
begin
    if positive is null then
        return query execute pg_catalog.format($sql$
            select 'log_loss', -pg_catalog.avg(pg_catalog.ln(greatest(2.220446049250313e-16, least(1 - 2.220446049250313e-16,
                coalesce((q.shares ->> q.truth)::pg_catalog.float8, 0)))))
            from (%s) q where q.shares is not null
            $sql$, query);
        return;
    end if;
    return query execute pg_catalog.format($sql$
        with steps as (
            select q.score, pg_catalog.count(*) filter (where q.truth = %2$L) as positives,
                pg_catalog.count(*) filter (where q.truth <> %2$L) as negatives,
                pg_catalog.count(*) filter (where q.truth <> all (%3$L::pg_catalog.text[])) as strangers
            from (%1$s) q where q.score is not null group by q.score),
        ranked as (
            select s.*, coalesce(pg_catalog.sum(s.negatives) over (order by s.score rows between unbounded preceding and 1 preceding), 0) as below,
                greatest(2.220446049250313e-16, least(1 - 2.220446049250313e-16, s.score)) as clipped,
                greatest(2.220446049250313e-16, least(1 - 2.220446049250313e-16, 1 - s.score)) as rest
            from steps s),
        totals as (select pg_catalog.sum(s.positives)::pg_catalog.float8 as p, pg_catalog.sum(s.negatives)::pg_catalog.float8 as n from steps s)
        select 'roc_auc', pg_catalog.sum(r.positives::pg_catalog.float8 * (2 * r.below + r.negatives)::pg_catalog.float8)
            / nullif(2 * pg_catalog.max(t.p) * pg_catalog.max(t.n), 0)
        from ranked r, totals t
        union all
        select 'log_loss', -pg_catalog.sum(r.positives * pg_catalog.ln(r.clipped) + (r.negatives - r.strangers) * pg_catalog.ln(r.rest)
            + r.strangers * pg_catalog.ln(2.220446049250313e-16::pg_catalog.float8)) / nullif(pg_catalog.max(t.p + t.n), 0)
        from ranked r, totals t
        $sql$, query, positive, labels);
end
$$;
comment on function forge.probability_metrics is
    'log_loss, and roc_auc with ties counted half for two classes, over a scoring query; a label that training did not see has probability 0; internal';

create or replace function forge.evaluate(model text, source text) returns table (metric text, value double precision)
language plpgsql stable
as $$
declare
    scoring record;
    counted bigint := 0;
    f1_of_positive double precision := 0;  -- when it is neither there nor predicted
    m record;
begin
    select q.* into scoring from forge.scoring_query(model, source, null) q;
    if scoring.task = 'regression' then
        for m in select r.* from forge.regression_metrics(scoring.query) r loop
            metric := m.metric; value := m.value; counted := m.rows;
            perform forge.require_rows(counted, source);
            return next;
        end loop;
    else
        for m in select l.* from forge.label_metrics(scoring.query) l loop
            counted := m.rows;
            perform forge.require_rows(counted, source);
            if m.metric = 'f1/' || scoring.positive then
                f1_of_positive := m.value;
            elsif m.metric in ('accuracy', 'f1_macro') then
                metric := m.metric; value := m.value;
                return next;
            end if;
        end loop;
        if scoring.positive is not null then
            metric := 'f1'; value := f1_of_positive;
            return next;
        end if;
        return query select p.metric, p.value from forge.probability_metrics(scoring.query, scoring.positive, scoring.labels) p;
    end if;
    metric := 'rows'; value := counted;
    return next;
end
$$;
comment on function forge.evaluate is
    'metrics of a model over a relation or SELECT with the true target: rmse, mae, r2; or accuracy, f1_macro and log_loss, and for two classes f1 and roc_auc; and rows, how many were scored. NULL: not defined on these rows';

create or replace function forge.confusion_matrix(model text, source text) returns table (actual text, predicted text, count bigint)
language plpgsql stable
as $$
declare
    scoring record;
begin
    select q.* into scoring from forge.scoring_query(model, source, 'classification') q;
    return query execute pg_catalog.format($sql$
        with pairs as (select q.truth, q.label, pg_catalog.count(*) as n from (%s) q where q.label is not null group by q.truth, q.label),
        labels as (select l from pg_catalog.unnest(%L::pg_catalog.text[]) l union select p.truth from pairs p)
        select a.l, p.l, coalesce(pairs.n, 0)
        from labels a cross join labels p left join pairs on pairs.truth = a.l and pairs.label = p.l
        order by a.l collate "C", p.l collate "C"
        $sql$, scoring.query, scoring.labels);
end
$$;
comment on function forge.confusion_matrix is
    'rows by true and predicted label, every pair of labels, over a relation or SELECT with the true target';

create or replace function forge.roc_curve(model text, source text) returns table (threshold double precision, fpr double precision, tpr double precision)
language plpgsql stable
as $$
declare
    scoring record;
begin
    select q.* into scoring from forge.scoring_query(model, source, 'classification') q;
    if scoring.positive is null then
        raise exception using errcode = 'FG016', message = pg_catalog.format('model "%s" has %s classes', model, pg_catalog.cardinality(scoring.labels)),
            hint = 'a ROC curve is of two classes; forge.confusion_matrix works for more';
    end if;
    -- Only corners: points between neighbours on a straight line are left out, as scikit-learn does.
    return query execute pg_catalog.format($sql$
        with steps as (
            select q.score, pg_catalog.count(*) filter (where q.truth = %2$L) as positives, pg_catalog.count(*) filter (where q.truth <> %2$L) as negatives
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
    'false and true positive rate by threshold on the positive class''s probability, falling from Infinity, over a relation or SELECT with the true target; two classes only';
