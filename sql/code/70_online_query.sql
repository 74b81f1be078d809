-- The one place where the SQL of online reads is made: for each entity row e the features that its views have online, with a status
-- and a time of each. What has outlived ttl is NULL, as in training.

create or replace function forge.online_lookup(view forge.feature_views, names text[]) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format('select o.forge_time, case when o.forge_deleted then ''NOT_FOUND''%s end as forge_missing%s from %s o where %s',
        ' when not ' || fresh || ' then ''OUTSIDE_MAX_AGE''',
        (select string_agg(case when fresh is null then format(', o.%I', n) else format(', case when %s then o.%I end as %I', fresh, n, n) end, '' order by place)
         from unnest(names) with ordinality u(n, place)),
        forge.require_online(view),
        (select string_agg(case when k.name = any (view.join_keys) then format('o.%1$I operator(pg_catalog.=) e.%1$I', k.name) else format('o.%I', k.name) end, ' and ' order by k.place)
         from forge.online_keys(view) k))
    from (select format('o.forge_time operator(pg_catalog.>=) (pg_catalog.now() operator(pg_catalog.-) %L::pg_catalog.interval)',
              forge.seconds(view.ttl) || ' seconds')) f(given), lateral (select case when view.ttl is not null then f.given end) t(fresh)
$$;
comment on function forge.online_lookup is 'what a feature view has online for an entity row e: features, forge_time, and why they are missing; FG032 if it was never materialized; internal';

-- Statuses and times of the features, in their order, are columns of their own. kept: columns of the entity rows.
create or replace function forge.online_query(entity_rows text, kept text[], planned jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with items as (
        select i.place, format('%s as %I', i.item, i.output) as item,
            case when i.lookup is null then format('case when %s is null then ''NULL_VALUE'' else ''PRESENT'' end', i.item)
                else format('case when v%1$s.forge_time is null then ''NOT_FOUND'' when v%1$s.forge_missing is not null then v%1$s.forge_missing when %2$s is null then ''NULL_VALUE'' else ''PRESENT'' end', i.lookup, i.item) end as status,
            case when i.lookup is null then 'null' else format('case when v%1$s.forge_missing is distinct from ''NOT_FOUND'' then v%1$s.forge_time end', i.lookup) end as time
        from forge.feature_items(planned, true) i
    )
    select concat('select ',
        (select string_agg(format('e.%I, ', k), '' order by place) from unnest(kept) with ordinality u(k, place)),
        (select string_agg(i.item, ', ' order by i.place) from items i),
        (select format(', array[%s]::pg_catalog.text[] as forge_statuses, array[%s]::pg_catalog.timestamptz[] as forge_times',
            string_agg(i.status, ', ' order by i.place), string_agg(i.time, ', ' order by i.place)) from items i),
        E'\nfrom (', entity_rows, ') e',
        (select string_agg(format(E'\nleft join lateral (%s) v%s on true', forge.online_lookup(l.view, l.names), l.number), '' order by l.number)
         from forge.planned_lookups(planned) l),
        forge.computed_joins(planned, true))
$$;
comment on function forge.online_query is 'the query that gives each entity row what is online of its features; FG032 if something was never materialized; internal';

create or replace function forge.offline_views(planned jsonb) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select array(select format('%s/%s', v.name, v.version) from forge.planned_views(planned) v where forge.online_table(v) is null order by 1)
$$;
comment on function forge.offline_views is 'the feature views of planned features that were never materialized; internal';

create or replace function forge.refuse_offline(views text[]) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception using errcode = 'FG032', message = format('%s %s not online', forge.listed(views), case when cardinality(views) = 1 then 'is' else 'are' end),
        hint = (select string_agg(format('select forge.materialize_incremental(%L)', v), '; ') from unnest(views) v);
end
$$;
comment on function forge.refuse_offline is 'FG032 for feature views that were never materialized; internal';

-- A single key may come as itself; the text of an object, where no key is text, as well.
create or replace function forge.entity_object(value jsonb, keys text[], types text[]) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if jsonb_typeof(value) = 'object' then
        return value;
    elsif value #>> '{}' ~ '^\s*\{' and (cardinality(keys) <> 1 or forge.key_family(types[1]) <> 'text') then
        return (value #>> '{}')::jsonb;
    elsif cardinality(keys) <> 1 or jsonb_typeof(value) = 'array' then
        raise exception using errcode = 'FG004', message = format('%s is not the key of one entity', value), hint = 'an object of ' || coalesce(nullif(forge.listed(keys), ''), 'nothing: {}');
    end if;
    return jsonb_build_object(keys[1], value);
exception when invalid_text_representation then
    raise exception using errcode = 'FG004', message = format('%s is not the key of one entity', value #>> '{}'), hint = 'an object of ' || forge.listed(keys);
end
$$;
comment on function forge.entity_object is 'a value as the key of an entity with one join key, or what is the key''s object already; FG004 where there are more; internal';

-- One entity is what most calls are about, and a query would take longer than all the rest.
create or replace function forge.entity_objects(entities jsonb[], keys text[], types text[], needed text[]) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    objects jsonb;
    complete boolean;
begin
    if cardinality(entities) = 1 then
        objects := jsonb_build_array(forge.entity_object(entities[1], keys, types));
        complete := objects -> 0 ?& needed;
    else
        select coalesce(jsonb_agg(o order by place), '[]'), bool_and(o ?& needed) into objects, complete
        from (select case when jsonb_typeof(e) = 'object' then e else forge.entity_object(e, keys, types) end as o, place from unnest(entities) with ordinality u(e, place)) u;
    end if;
    if not complete then
        perform forge.raise_problems('the entities', array(
            select row('FG006', format('entity %s has no "%s"', min(place), n), 'each has ' || forge.listed(needed))::forge.problem
            from jsonb_array_elements(objects) with ordinality u(o, place), unnest(needed) with ordinality n(n, rank) where not o ? n group by n, rank order by rank));
    end if;
    return objects;
end
$$;
comment on function forge.entity_objects is 'entities as a list of objects that have all that is needed; FG006 if something is missing; internal';

create or replace function forge.entity_values(planned jsonb, objects text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format('select e.forge_row::pg_catalog.int4 as forge_row, e.forge_entity%1$s from rows from (%2$spg_catalog.jsonb_array_elements(%3$s)) with ordinality e(%4$sforge_entity, forge_row)',
        string_agg(format(', e.%I', a.name), '' order by a.place),
        'pg_catalog.jsonb_to_recordset(' || objects || ') as (' || string_agg(format('%I %s', a.name, a.type), ', ' order by a.place) || '), ', objects,
        string_agg(format('%I, ', a.name), '' order by a.place))
    from forge.planned_arguments(planned) a
$$;
comment on function forge.entity_values is 'the query that makes entity rows of a list of objects: forge_row, forge_entity, and the values in their types; internal';

-- What reads entities, whether as a function of a service, whose plan is kept, or at once: rows has forge_row, forge_entity, the
-- features, forge_statuses and forge_times.
create or replace function forge.row_query(rows text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select format($query$select r.forge_entity || (to_jsonb(r) - '{forge_row,forge_entity,forge_statuses,forge_times}'::text[]) from (%s) r$query$, rows)
$$;
comment on function forge.row_query is 'the query that makes one object of an entity and its features; internal';

-- Feast's form: a column for each name. What has no time has the epoch.
create or replace function forge.columns_query(planned jsonb, rows text, labels text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with columns as (
        select 1 as part, a.place, format('r.forge_entity operator(pg_catalog.->) %L', a.name) as value, '''PRESENT''::pg_catalog.text' as status, '''1970-01-01T00:00:00Z''::pg_catalog.text' as time
        from forge.planned_arguments(planned) a
        union all
        select 2, p.number, format('r.%I', p.output), format('r.forge_statuses[%s]', p.number),
            format($case$case when r.forge_times[%1$s] is null then '1970-01-01T00:00:00Z' when pg_catalog.isfinite(r.forge_times[%1$s])
                then (pg_catalog.to_jsonb(r.forge_times[%1$s] at time zone 'UTC') operator(pg_catalog.#>>) '{}') operator(pg_catalog.||) 'Z' else r.forge_times[%1$s]::pg_catalog.text end$case$, p.number)
        from (select p.output, row_number() over (order by p.place) as number from jsonb_to_recordset(planned) p(place int, output text)) p
    )
    select format($query$select pg_catalog.jsonb_build_object('metadata', pg_catalog.jsonb_build_object('feature_names', %L::pg_catalog.text[] operator(pg_catalog.||) %s), 'results', pg_catalog.to_jsonb(array[%s]))
        from (%s order by forge_row) r$query$,
        array(select a.name from forge.planned_arguments(planned) a order by a.place), labels,
        string_agg(format($column$pg_catalog.jsonb_build_object('values', coalesce(pg_catalog.jsonb_agg(%s), '[]'), 'statuses', coalesce(pg_catalog.jsonb_agg(%s), '[]'),
                'event_timestamps', coalesce(pg_catalog.jsonb_agg(%s), '[]'))$column$,
            c.value, c.status, c.time), ', ' order by c.part, c.place), rows)
    from columns c
$$;
comment on function forge.columns_query is 'the query that makes entities and their features columns of values, statuses and times; internal';

create or replace function forge.read_online(planned jsonb, entities jsonb[], labels text[] default null) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    rows constant text := forge.online_query(forge.entity_values(planned, '$1'), '{forge_row,forge_entity}', planned);
    objects jsonb;
    found jsonb;
begin
    select forge.entity_objects(entities, forge.planned_keys(planned), array_agg(a.type order by a.place) filter (where a.is_key), coalesce(array_agg(a.name order by a.place), '{}'))
    into objects from forge.planned_arguments(planned) a;
    execute case when labels is null then forge.row_query(rows) else forge.columns_query(planned, rows, '$2') end into found using objects, labels;
    return found;
exception when data_exception then
    perform forge.refuse_values(planned, sqlerrm);
end
$$;
comment on function forge.read_online is 'what is online of planned features: columns under these labels, or the object of one entity; internal';

create or replace function forge.refuse_values(planned jsonb, reason text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception using errcode = 'FG004', message = format('a value of an entity is of another type: %s', reason),
        hint = 'an entity has ' || (select string_agg(format('%s %s', quote_ident(a.name), a.type), ', ' order by a.place) from forge.planned_arguments(planned) a);
end
$$;
comment on function forge.refuse_values is 'FG004 for what cannot be a key or a request value; internal';
