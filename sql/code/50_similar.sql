-- Similarity search over pgvector. Everything that needs pgvector is named when a function runs, so Forge installs and
-- works without it.

create or replace function forge.require_pgvector(out place text, out iterates boolean)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    select quote_ident(n.nspname), string_to_array(substring(e.extversion from '^[0-9]+\.[0-9]+'), '.')::int[] >= array[0, 8]
    into place, iterates
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'vector';
    if place is null then
        raise exception using errcode = 'FG031', message = format('pgvector is not installed in database "%s"', current_database()),
            hint = case when exists (select from pg_available_extensions where name = 'vector') then 'a superuser runs: create extension vector'
                else 'install pgvector on the server''s host (docs/vectors.md), then a superuser runs: create extension vector' end;
    end if;
end
$$;
comment on function forge.require_pgvector is
    'the schema of pgvector, and whether its index scans go on until enough rows pass the filter (0.8 and later); FG031 without pgvector; internal';

-- How to compare a relation's column of vectors: `value` as pgvector's type, `operator` qualified, `opclass` of its indexes.
create or replace function forge.vector_column(
    relation regclass, name text, metric text, out value text, out type text, out operator text, out opclass text, out attribute smallint,
    out dimensions int, out iterates boolean)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    place text;
    declared text;
    symbol text := case metric when 'l2' then '<->' when 'l1' then '<+>' when 'cosine' then '<=>' when 'ip' then '<#>' end;
begin
    select p.place, p.iterates into place, iterates from forge.require_pgvector() p;
    if symbol is null then
        raise exception using errcode = 'FG004', message = format('unknown metric %s', coalesce(quote_literal(metric), 'null')),
            hint = 'l2 (Euclidean distance), l1 (Manhattan distance), cosine (1 - cosine similarity) or ip (negative inner product)';
    end if;
    select a.attnum, nullif(a.atttypmod, -1), format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null),
        case when e.extname = 'vector' then t.typname::text end
    into attribute, dimensions, declared, type
    from pg_attribute a join pg_type t on t.oid = a.atttypid
        left join pg_depend d on d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
        left join pg_extension e on e.oid = d.refobjid and d.refclassid = 'pg_extension'::regclass
    where a.attrelid = relation and a.attname = vector_column.name and a.attnum > 0 and not a.attisdropped;
    if attribute is null then
        raise exception using errcode = 'FG006', message = format('%s has no column %s', relation, coalesce(quote_ident(name), 'null')),
            hint = 'columns of vectors: ' || coalesce((
                select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
                where a.attrelid = relation and a.attnum > 0 and not a.attisdropped
                    and format_type(a.atttypid, null) ~ '(^|\.)(vector|halfvec)$|^(real|double precision)\[\]$'), 'none');
    elsif type is null and declared in ('real[]', 'double precision[]') then
        type := 'vector';
        value := format('forge_row.%I::%s.vector', name, place);
    elsif type in ('vector', 'halfvec') then
        value := format('forge_row.%I', name);
    else
        raise exception using errcode = 'FG007', message = format('column %I of %s has type %s', name, relation, declared),
            hint = 'vector, halfvec, real[] or double precision[]';
    end if;
    operator := format('operator(%s.%s)', place, symbol);
    opclass := format('%s_%s_ops', type, metric);
    type := format('%s.%s', place, type);
end
$$;
comment on function forge.vector_column is
    'how to compare a column of vectors with a query; FG031 without pgvector, FG004, FG006, FG007 for what cannot be compared; internal';

create or replace function forge.check_query_vector(query real[], metric text, relation regclass, name text, dimensions int) returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    bad record;
begin
    if cardinality(query) <> dimensions or cardinality(query) = 0 then
        raise exception using errcode = 'FG007', message = format('the query has %s dimensions, column %I of %s has %s',
                cardinality(query), name, relation, coalesce(dimensions::text, 'at least 1')),
            hint = 'embed the query with the model that embedded the column';
    end if;
    select place, element into bad from unnest(query) with ordinality q(element, place)
    where element is null or element in ('NaN', 'Infinity', '-Infinity') limit 1;
    if found then
        raise exception using errcode = 'FG012', message = format('element %s of the query is %s', bad.place, coalesce(bad.element::text, 'NULL')),
            hint = 'a query''s elements are finite numbers';
    elsif metric = 'cosine' and not exists (select from unnest(query) element where element <> 0) then
        raise exception using errcode = 'FG012', message = 'the query is the zero vector, which has no direction',
            hint = 'use metric => ''l2'', or another query';
    end if;
end
$$;
comment on function forge.check_query_vector is 'refuses (FG007, FG012) a query of other dimensions, with NULL or non-finite elements, or without a direction; internal';

-- Settings of a scan hold for one statement: set them, run it, put them back.
create or replace function forge.swap_settings(names text[], wanted text[]) returns text[]
language sql
set search_path = pg_catalog, pg_temp
as $$
    with before as materialized (
        select n.name, n.place, current_setting(n.name, true) as value from unnest(names) with ordinality n(name, place))
    select coalesce(array_agg(b.value order by b.place) filter (where set_config(b.name, wanted[b.place], true) is not null), '{}') from before b
$$;
comment on function forge.swap_settings is 'sets settings until the transaction ends, NULL being their defaults, and returns what they were; NULL of a library that is not loaded yet; internal';

-- The row becomes JSON once it is found. An index has no order by a sum, so an exact search compares every row.
create or replace function forge.nearest_query(
    relation regclass, vector_column text, metric text, query real[], k int, filter text, exact boolean) returns text
language sql stable
as $$
    select pg_catalog.format(
        'select n.distance, pg_catalog.to_jsonb(n.forge_row) operator(pg_catalog.-) %1$L::text as "row"
         from (select forge_row, (%2$s %3$s %4$L::%5$s)::pg_catalog.float8 as distance from %6$s forge_row
               where %2$s is not null and (%7$s
               ) order by (%2$s %3$s %4$L::%5$s) %8$s limit %9$s) n
         where n.distance operator(pg_catalog.<>) ''NaN''::pg_catalog.float8 order by n.distance',
        vector_column, c.value, c.operator, pg_catalog.translate(query::text, '{}', '[]'), c.type, relation, coalesce(filter, 'true'),
        case when exact then 'operator(pg_catalog.+) 0::pg_catalog.float8' end, k)
    from forge.vector_column(relation, vector_column, metric) c
$$;
comment on function forge.nearest_query is 'the query for the k rows nearest to a vector, by an index only if it need not be exact; internal';

create or replace function forge.nearest_rows(
    relation regclass, vector_column text, metric text, query real[], k int, filter text, exact boolean, iterates boolean
) returns table (distance float8, "row" jsonb)
language plpgsql
as $$
declare
    settings text[] := case when iterates and not exact then array['hnsw.iterative_scan', 'ivfflat.iterative_scan'] else '{}' end;
    before text[] := forge.swap_settings(settings, array['relaxed_order', 'relaxed_order']);
begin
    return query execute forge.nearest_query(relation, vector_column, metric, query, k, filter, exact);
    perform forge.swap_settings(settings, before);
exception when data_exception then  -- pgvector's "different vector dimensions"
    raise exception using errcode = 'FG007', message = pg_catalog.format('column %I of %s: %s', vector_column, relation, sqlerrm),
        hint = pg_catalog.format('declare the column as vector(%1$s), the query''s dimensions, or pass filter => ''vector_dims(%2$I) = %1$s''',
            pg_catalog.cardinality(query), vector_column);
end
$$;
comment on function forge.nearest_rows is
    'the k rows nearest to a query; an index, where the planner takes one, goes on until k rows pass the filter; internal';

-- Runs as the caller, under the caller's search_path: so the filter is read.
create or replace function forge.similar(
    relation regclass, vector_column text, query real[], k int default 10, metric text default 'cosine', filter text default null,
    exact boolean default null, exact_rows int default 10000
) returns table (rank bigint, distance float8, "row" jsonb)
language plpgsql
as $$
declare
    column_of record;
    few boolean := false;
    found_rows int;
begin
    select c.* into column_of from forge.vector_column(relation, vector_column, metric) c;
    if k is null or k not between 1 and 100000 or exact_rows is null or exact_rows < 0 then
        raise exception using errcode = 'FG004', message = pg_catalog.format('k is %s and exact_rows is %s', coalesce(k::text, 'null'), coalesce(exact_rows::text, 'null')),
            hint = 'k is from 1 to 100000, exact_rows at least 0';
    elsif query is null then
        return;
    end if;
    perform forge.check_query_vector(query, metric, relation, vector_column, column_of.dimensions);
    -- An index walks outwards from the query and meets few rows of a small set: those are compared one by one.
    if exact is null and filter is not null then
        execute pg_catalog.format(E'select pg_catalog.count(*) <= $1 from (select from %s forge_row where (%s\n) limit $1 + 1) s', relation, filter)
            into few using exact_rows::bigint;
        few := few or not column_of.iterates;
    end if;
    return query select pg_catalog.row_number() over (order by n.distance), n.distance, n.row
        from forge.nearest_rows(relation, vector_column, metric, query, k, filter, coalesce(exact, few), column_of.iterates) n;
    get diagnostics found_rows = row_count;
    -- What the index lacks, or gave up on, is found by comparing the rest.
    if found_rows < k and exact is null and not few then
        return query select f.rank, f.distance, f.row
            from (select pg_catalog.row_number() over (order by n.distance) as rank, n.distance, n.row
                  from forge.nearest_rows(relation, vector_column, metric, query, k, filter, true, column_of.iterates) n) f
            where f.rank > found_rows;
    end if;
end
$$;
comment on function forge.similar(regclass, text, real[], int, text, text, boolean, int) is
    'the k rows of a relation whose vectors are nearest to a query, nearest first, each as JSON without the column of vectors. metric: l2 (Euclidean), l1 (Manhattan), cosine (1 - cosine similarity) or ip (negative inner product). filter: a condition on the relation''s columns. exact: true compares every row, false asks the index alone; by default the index goes on until k rows pass the filter, and every row is compared when at most exact_rows pass it or the index finds fewer than k. NULL vectors, and under cosine zero vectors, are never found. FG004, FG006, FG007: metric, column, type or dimensions; FG012: the query has no direction or is not finite; FG031: no pgvector';

create or replace function forge.vector_of(text text) returns real[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return translate(text, '[]', '{}')::real[];
exception when data_exception then
    raise exception using errcode = 'FG007', message = format('%L is no vector', left(text, 60)), hint = 'such as [0.1, 0.2, 0.3]; or pass a vector or a real[]';
end
$$;
comment on function forge.vector_of is 'a vector as pgvector or an array writes it; FG007 if it is none; internal';

create or replace function forge.similar(
    relation regclass, vector_column text, query text, k int default 10, metric text default 'cosine', filter text default null,
    exact boolean default null, exact_rows int default 10000
) returns table (rank bigint, distance float8, "row" jsonb)
language sql
as $$
    select s.* from forge.similar(relation, vector_column, forge.vector_of(query), k, metric, filter, exact, exact_rows) s
$$;
comment on function forge.similar(regclass, text, text, int, text, text, boolean, int) is
    'the same with the query as text: [0.1, 0.2, 0.3], as pgvector writes a vector, or {0.1, 0.2, 0.3}';
