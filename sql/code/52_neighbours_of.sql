-- Rows that look to a model most like a given one: an explanation by examples.

-- Runs as the caller, under the caller's search_path: the source is read with the caller's rights.
create or replace function forge.neighbours_of(
    model text, features jsonb, k int default 5, source text default null, max_rows int default 100000
) returns table (rank bigint, distance float8, "row" jsonb)
language plpgsql stable
as $$
declare
    version forge.model_versions;
    pinned text;
    levels text[];
begin
    if k is null or k not between 1 and 1000 or max_rows is null or max_rows < 1 then
        raise exception using errcode = 'FG004', message = pg_catalog.format('k is %s and max_rows is %s', coalesce(k::text, 'null'), coalesce(max_rows::text, 'null')),
            hint = 'k is from 1 to 1000, max_rows at least 1';
    end if;
    select v.* into version from forge.resolve_model(neighbours_of.model) r join forge.model_versions v on v.id = r.version_id;
    if version.id is null or features is null then
        return;
    end if;
    pinned := pg_catalog.format('%s/%s', version.model, version.version);
    levels := array(select c ->> 'name' from pg_catalog.jsonb_array_elements(version.schema) c where c ->> 'encoding' = 'native');
    -- A level is the same or another; a missing number is one deviation from any other.
    return query execute pg_catalog.format($sql$
        with asked as materialized (select p.feature, p.value from forge.prepared(%1$L, $1) p),
        rows as materialized (select pg_catalog.row_number() over () as place, s as whole from (%2$s
            limit %3$s) s),
        prepared as materialized (select r.place, p.feature, p.value from rows r cross join lateral forge.prepared(%1$L, r.whole) p),
        scales as (select p.feature, coalesce(nullif(pg_catalog.stddev_pop(p.value), 0), 1) as scale from prepared p group by p.feature),
        nearest as (
            select p.place, pg_catalog.sqrt(pg_catalog.sum(case
                when p.value is null and a.value is null then 0
                when p.feature = any ($2) then (p.value is distinct from a.value)::int
                else coalesce(pg_catalog.power((p.value - a.value) / s.scale, 2), 1) end)) as distance
            from prepared p join asked a using (feature) join scales s using (feature)
            group by p.place order by 2, 1 limit $3)
        select pg_catalog.row_number() over (order by n.distance, n.place), n.distance, pg_catalog.to_jsonb(r.whole)
        from nearest n join rows r using (place) order by 1
    $sql$, pinned, forge.source_query(forge.model_source(neighbours_of.model, source)), max_rows) using features, levels, k;
end
$$;
comment on function forge.neighbours_of is
    'the k (1 to 1000) rows nearest to a row as the model sees it, nearest first: the Euclidean distance of the features of forge.prepared, each divided by its standard deviation over the rows; a category of trees is the same (0) or another (1), a missing number one deviation from any other. source: a relation or SELECT with the model''s columns, by default that of the training request, held-out rows among them; its first max_rows rows are compared. FG005: no source is known; FG006, FG007: its columns are not the model''s';
