-- How many of the nearest rows an index over vectors finds.

create or replace function forge.vector_index(relation regclass, attribute smallint, opclass text) returns regclass
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select i.indexrelid::regclass
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam join pg_opclass o on o.oid = i.indclass[0]
    where i.indrelid = relation and i.indisvalid and a.amname in ('hnsw', 'ivfflat') and o.opcname = vector_index.opclass
        and (i.indkey[0] = attribute or i.indkey[0] = 0)
    order by i.indkey[0] = attribute desc, i.indexrelid
    limit 1
$$;
comment on function forge.vector_index is 'the HNSW or IVFFlat index over a column of vectors for an operator class, or NULL; internal';

create or replace function forge.timed_distances(query text, iterates boolean, out distances float8[], out milliseconds float8)
language plpgsql
as $$
declare
    -- What is switched off counts as so dear that a server before 18 would compile each query to machine code.
    settings text[] := array['jit', 'enable_seqscan', 'enable_sort'] || case when iterates then array['hnsw.iterative_scan', 'ivfflat.iterative_scan'] else '{}' end;
    before text[] := forge.swap_settings(settings, array['off', 'off', 'off', 'relaxed_order', 'relaxed_order']);
    began constant timestamptz := pg_catalog.clock_timestamp();
begin
    execute pg_catalog.format('select pg_catalog.array_agg(q.distance) from (%s) q', query) into distances;
    milliseconds := 1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - began);
    perform forge.swap_settings(settings, before);
end
$$;
comment on function forge.timed_distances is 'the distances of a query of forge.nearest_query by an index, if one gives them in order, and how long that took; internal';

-- Runs as the caller, under the caller's search_path.
create or replace function forge.recall_check(
    relation regclass, vector_column text, k int default 10, sample int default 100, metric text default 'cosine',
    filter text default null, seed float8 default 0
) returns table (index regclass, queries int, recall float8, lowest float8, index_ms float8, exact_ms float8)
language plpgsql
as $$
declare
    column_of record;
    chosen real[];
    by_index record;
    by_comparing record;
    share float8;
begin
    select c.* into column_of from forge.vector_column(relation, vector_column, metric) c;
    if k is null or k not between 1 and 100000 or sample is null or sample < 1 then
        raise exception using errcode = 'FG004', message = pg_catalog.format('k is %s and sample is %s', coalesce(k::text, 'null'), coalesce(sample::text, 'null')),
            hint = 'k is from 1 to 100000, sample at least 1';
    end if;
    index := forge.vector_index(relation, column_of.attribute, column_of.opclass);
    if index is null then
        raise exception using errcode = 'FG006', message = pg_catalog.format('%s has no index on %I for metric %s', relation, vector_column, metric),
            hint = pg_catalog.format('create index on %s using hnsw (%I %s)', relation, vector_column, column_of.opclass);
    end if;
    queries := 0;
    recall := 0;
    index_ms := 0;
    exact_ms := 0;
    perform pg_catalog.setseed(seed);
    for chosen in
        execute pg_catalog.format(E'select %1$s::real[] from %2$s forge_row where %1$s is not null and (%3$s\n) order by pg_catalog.random() limit $1',
            column_of.value, relation, coalesce(filter, 'true')) using sample
    loop
        select t.* into by_index
        from forge.timed_distances(forge.nearest_query(relation, vector_column, metric, chosen, k, filter, false), column_of.iterates) t;
        select t.* into by_comparing
        from forge.timed_distances(forge.nearest_query(relation, vector_column, metric, chosen, k, filter, true), column_of.iterates) t;
        continue when by_comparing.distances is null;  -- a zero vector under cosine
        -- Among ties any row is right.
        select pg_catalog.count(*)::float8 / pg_catalog.cardinality(by_comparing.distances) into share
        from pg_catalog.unnest(by_index.distances) d where d <= by_comparing.distances[pg_catalog.cardinality(by_comparing.distances)];
        queries := queries + 1;
        recall := recall + share;
        lowest := least(lowest, share);
        index_ms := index_ms + by_index.milliseconds;
        exact_ms := exact_ms + by_comparing.milliseconds;
    end loop;
    recall := recall / nullif(queries, 0);
    index_ms := index_ms / nullif(queries, 0);
    exact_ms := exact_ms / nullif(queries, 0);
    return next;
end
$$;
comment on function forge.recall_check(regclass, text, int, int, text, text, float8) is
    'recall of an HNSW or IVFFlat index: with `sample` rows of the relation as queries, drawn by seed (-1 to 1), the share of the k nearest rows that the index finds – on average, and of the worst query – and the milliseconds of a query by index and by comparing every row. filter as in forge.similar. Errors as there; FG006 also where no index serves the metric';
