-- Looking at data before training on it. Both functions run as the caller, under the caller's search_path.

create or replace function forge.readable_columns(source text) returns jsonb
language plpgsql stable
as $$
declare
    found record;
begin
    select s.* into found from forge.source_columns(source) s;
    if found.problem is not null then
        raise exception using errcode = (found.problem).code, message = (found.problem).message, hint = coalesce((found.problem).hint, '');
    end if;
    return coalesce(found.columns, '[]');
end
$$;
comment on function forge.readable_columns is 'the columns of a source, or the error that reading it gives; internal';

create or replace function forge.number_expression(name text, type text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when type = 'boolean' then format('s.%I::pg_catalog.int4::pg_catalog.float8', name)
        when type ~ '^(date|timestamp)' then
            format('case when pg_catalog.isfinite(s.%1$I) then pg_catalog.date_part(''epoch'', s.%1$I) - 946684800 end', name)
        when type ~ '^interval' then format('pg_catalog.date_part(''epoch'', s.%I)', name)
        else format('s.%I::pg_catalog.float8', name)
    end
$$;
comment on function forge.number_expression is
    'a number column of a source s as float8: boolean 0 or 1, dates and times in seconds since 2000-01-01, intervals in seconds; internal';

create or replace function forge.summary(relation text)
returns table (
    feature text, type text, rows bigint, nulls bigint, distinct_values bigint, minimum text, maximum text,
    mean double precision, sd double precision, skewness double precision,
    q05 double precision, q25 double precision, median double precision, q75 double precision, q95 double precision,
    non_finite bigint, most_common text, most_common_count bigint)
language plpgsql stable
as $$
declare
    query text := forge.source_query(relation);
    found record;
    is_number boolean;
begin
    for found in
        select c.value ->> 'name' as name, c.value ->> 'type' as type, c.value ->> 'kind' as kind
        from pg_catalog.jsonb_array_elements(forge.readable_columns(relation)) with ordinality c(value, place) order by c.place
    loop
        is_number := found.kind is not distinct from 'number';
        -- Values are told apart, and those that are no numbers ordered, by their text.
        return query execute pg_catalog.format($sql$
            with given as (
                select %1$s as number, s.%2$I::pg_catalog.text as shown, %3$s as ordered from (%4$s
                ) s),
            numbers as (
                select g.number from given g where g.number is not null and g.number not in ('NaN', 'Infinity', '-Infinity')),
            center as (select pg_catalog.sum(n.number) / pg_catalog.count(*) as mean, pg_catalog.count(*)::pg_catalog.float8 as n from numbers n),
            moments as (
                select pg_catalog.sum(forge.square(n.number - c.mean)) as second,
                    pg_catalog.percentile_cont(array[0.05, 0.25, 0.5, 0.75, 0.95]::pg_catalog.float8[]) within group (order by n.number) as q
                from numbers n, center c),
            cubes as (  -- in standard deviations, whose cubes a double precision holds
                select pg_catalog.sum(case when pg_catalog.abs(s.z) > 1e-100 then s.z * s.z * s.z else 0 end) as third
                from (select (n.number - c.mean) / nullif(pg_catalog.sqrt(m.second / c.n), 0) as z from numbers n, center c, moments m) s
                where s.z is not null),
            counts as (
                select pg_catalog.count(*) as rows, pg_catalog.count(*) - pg_catalog.count(g.shown) as nulls,
                    pg_catalog.min(g.ordered)::pg_catalog.text as least, pg_catalog.max(g.ordered)::pg_catalog.text as most
                from given g),
            groups as (select g.shown, pg_catalog.count(*) as n from given g where g.shown is not null group by g.shown),
            levels as (select pg_catalog.count(*) as levels from groups),
            common as (select g.shown, g.n from groups g order by g.n desc, g.shown collate "C" limit 1)
            select %5$L::pg_catalog.text, %6$L::pg_catalog.text, k.rows, k.nulls, l.levels, k.least, k.most,
                c.mean, case when c.n > 1 and m.second < 'Infinity' then pg_catalog.sqrt(m.second / (c.n - 1)) end,
                case when c.n > 2 and m.second < 'Infinity' then pg_catalog.sqrt(c.n - 1) / (c.n - 2) / pg_catalog.sqrt(c.n) * u.third end,
                m.q[1], m.q[2], m.q[3], m.q[4], m.q[5],
                case when %7$L then k.rows - k.nulls - c.n::pg_catalog.int8 end, f.shown, f.n
            from counts k cross join center c cross join moments m cross join cubes u cross join levels l left join common f on true
            $sql$,
            case when is_number then forge.number_expression(found.name, found.type) else 'null::pg_catalog.float8' end,
            found.name,
            pg_catalog.format(case when is_number and found.type <> 'boolean' then 's.%I' else 's.%I::pg_catalog.text collate "C"' end, found.name),
            query, found.name, found.type, is_number);
    end loop;
end
$$;
comment on function forge.summary is
    'per column of a relation or SELECT: nulls, distinct values, extremes, and for numbers mean, sample standard deviation, adjusted skewness (as pandas) and quantiles over the finite values (boolean 0 and 1, times in seconds since 2000-01-01); the most common value. Scans the source once for each column';

create or replace function forge.correlation(relation text)
returns table (feature text, other text, correlation double precision, rows bigint)
language plpgsql stable
as $$
declare
    pairs_at_once constant int := 400;  -- two entries each; a target list has at most 1,664
    query text := forge.source_query(relation);
    columns jsonb := forge.readable_columns(relation);
    numbers text;
    batch record;
begin
    select pg_catalog.string_agg(pg_catalog.format('nullif(nullif(nullif(%s, ''NaN''), ''Infinity''), ''-Infinity'') as c%s',
        forge.number_expression(c.value ->> 'name', c.value ->> 'type'), c.place), ', ' order by c.place) into numbers
    from pg_catalog.jsonb_array_elements(columns) with ordinality c(value, place)
    where c.value ->> 'kind' = 'number';

    for batch in
        with pairs as (
            select a.value ->> 'name' as name, b.value ->> 'name' as other, a.place as i, b.place as j,
                pg_catalog.row_number() over (order by a.place, b.place) as place
            from pg_catalog.jsonb_array_elements(columns) with ordinality a(value, place)
            join pg_catalog.jsonb_array_elements(columns) with ordinality b(value, place) on a.place < b.place
            where a.value ->> 'kind' = 'number' and b.value ->> 'kind' = 'number'
        )
        select pg_catalog.string_agg(pg_catalog.format('pg_catalog.corr(n.c%1$s, n.c%2$s) as r%3$s, pg_catalog.regr_count(n.c%1$s, n.c%2$s) as n%3$s',
                p.i, p.j, p.place), ', ' order by p.place) as aggregates,
            pg_catalog.string_agg(pg_catalog.format('(%1$L, %2$L, g.r%3$s, g.n%3$s)', p.name, p.other, p.place), ', ' order by p.place) as entries
        from pairs p
        group by (p.place - 1) / pairs_at_once order by (p.place - 1) / pairs_at_once
    loop
        return query execute pg_catalog.format(
            E'select p.feature, p.other, p.correlation, p.n from (select %s from (select %s from (%s\n) s) n) g, lateral (values %s) p(feature, other, correlation, n)',
            batch.aggregates, numbers, query, batch.entries);
    end loop;
end
$$;
comment on function forge.correlation is
    'Pearson correlation of every two number columns of a relation or SELECT, over the rows where both are finite; NULL where one of them is constant';
