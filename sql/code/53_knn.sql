-- Nearest neighbours as a model without training: the rows of a relation vote, found by forge.similar.

create or replace function forge.check_knn(relation regclass, target text, metric text, weights text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if weights is null or weights not in ('uniform', 'distance') then
        raise exception using errcode = 'FG004', message = format('unknown weights %s', coalesce(quote_literal(weights), 'null')),
            hint = 'uniform, or distance: each neighbour counts by 1 / distance';
    elsif weights = 'distance' and metric = 'ip' then
        raise exception using errcode = 'FG004', message = 'weights "distance" need distances, and those of metric "ip" are below 0',
            hint = 'use metric cosine or l2';
    elsif not exists (select from pg_attribute a where a.attrelid = relation and a.attname = target and a.attnum > 0 and not a.attisdropped) then
        raise exception using errcode = 'FG006', message = format('%s has no column %s', relation, coalesce(quote_ident(target), 'null')),
            hint = 'name the column that holds what is to be predicted';
    end if;
end
$$;
comment on function forge.check_knn is 'refuses (FG004, FG006) weights that are none and a target that is not there; internal';

-- Runs as the caller, under the caller's search_path. As scikit-learn has it, neighbours at distance 0 count alone when
-- weights are by distance.
create or replace function forge.knn_votes(
    relation regclass, vector_column text, target text, query real[], k int, metric text, weights text, filter text, exact boolean
) returns table (value text, weight float8)
language plpgsql
as $$
begin
    perform forge.check_knn(relation, target, metric, weights);
    return query
        select s.row ->> knn_votes.target, case when weights = 'uniform' then 1.0
            when min(s.distance) over () <= 0 then (s.distance <= 0)::int::float8 else 1 / s.distance end
        from forge.similar(relation, vector_column, query, k, metric,
            pg_catalog.format(E'forge_row.%I is not null and (%s\n)', target, coalesce(filter, 'true')), exact) s;
end
$$;
comment on function forge.knn_votes is 'the targets of the nearest rows with what each counts; internal';

create or replace function forge.knn_classify(
    relation regclass, vector_column text, target text, query real[], k int default 5, metric text default 'cosine',
    weights text default 'uniform', filter text default null, exact boolean default null
) returns table (label text, probability float8, neighbours bigint)
language sql
as $$
    select v.value, pg_catalog.sum(v.weight) / pg_catalog.sum(pg_catalog.sum(v.weight)) over (), pg_catalog.count(*)
    from forge.knn_votes(relation, vector_column, target, query, k, metric, weights, filter, exact) v
    group by v.value order by pg_catalog.sum(v.weight) desc, v.value collate "C"
$$;
comment on function forge.knn_classify is
    'k nearest neighbours, classification: each label among the k rows whose vectors are nearest to a query, its share of their votes and how many have it, likeliest first. weights: uniform, or distance (each counts by 1 / distance; rows at distance 0 alone). Rows without a target do not vote. metric, filter, exact and errors as of forge.similar';

create or replace function forge.knn_regress(
    relation regclass, vector_column text, target text, query real[], k int default 5, metric text default 'cosine',
    weights text default 'uniform', filter text default null, exact boolean default null
) returns float8
language sql
as $$
    select pg_catalog.sum(v.weight * v.value::pg_catalog.float8) / pg_catalog.sum(v.weight)
    from forge.knn_votes(relation, vector_column, target, query, k, metric, weights, filter, exact) v
$$;
comment on function forge.knn_regress is
    'k nearest neighbours, regression: the mean of a number column over the k rows whose vectors are nearest to a query; NULL if there are none. weights, metric, filter, exact and errors as of forge.knn_classify';
