-- Online tables: of each key of a feature view what holds now, forge_online.<view>_v<version>. Each belongs to the view's
-- owner, who grants SELECT on it as on any copy of the source: row security of the source does not reach it.

create or replace function forge.suffixed_name(name text, suffix text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select case when length(name || suffix) <= 63 then name || suffix else left(name, 62 - length(suffix) - 8) || '_' || left(md5(name), 8) || suffix end
$$;
comment on function forge.suffixed_name is 'a name with its version, shortened where it would be too long; internal';

create or replace function forge.online_name(view text, version int) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select format('forge_online.%I', forge.suffixed_name(view, concat('_v', version))) $$;
comment on function forge.online_name is 'the online table of a version of a feature view; internal';

create or replace function forge.online_keys(view forge.feature_views) returns table (name text, type text, place bigint)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select k.name, k.type, k.place from forge.entity_keys(view.entities) k
        union all
        select 'forge_key', 'boolean', 1 where cardinality(view.join_keys) = 0;
end
$$;
comment on function forge.online_keys is 'the primary key of an online table: the join keys, or forge_key, which is true, where there are none; internal';

-- Anybody who defines views may make tables in the schema: one that is not the owner's is not the view's.
create or replace function forge.online_table(view forge.feature_views) returns regclass
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    found record;
begin
    select c.oid::regclass as relation, c.relowner = view.owner and c.relkind = 'r' as genuine into found
    from pg_class c where c.oid = to_regclass(forge.online_name(view.name, view.version));
    if not found.genuine then
        raise exception using errcode = 'FG022', message = format('%s is not a table of %s, who owns feature view "%s"', found.relation, view.owner, view.name),
            hint = format('whoever made it drops it: drop table %s', found.relation);
    end if;
    return found.relation;
end
$$;
comment on function forge.online_table is 'the online table of a feature view; null: it has none yet; FG022: somebody else has taken its name; internal';

create or replace function forge.view_version(reference text, changing boolean default false) returns forge.feature_views
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    view forge.feature_views;
    wanted constant text := split_part(reference, '/', 1);
    number constant text := nullif(split_part(reference, '/', 2), '');
begin
    select v.* into view from forge.feature_views v
    where v.name = wanted and (number is null or v.version::text = number) order by v.version desc limit 1;
    perform forge.require_definition('feature view', wanted, array(select distinct v.name from forge.feature_views v order by 1),
        case when changing then view.owner end);
    if view.name is null then
        raise exception using errcode = 'FG032', message = format('feature view "%s" has no version %s', wanted, number),
            hint = format('select version from forge.feature_views where name = %L', wanted);
    end if;
    return view;
end
$$;
comment on function forge.view_version is
    'the feature view that "name" (its newest version) or "name/version" means; FG032 if there is none, FG022 if it is to be changed and is another''s; internal';

create or replace function forge.online_columns(view forge.feature_views, name text default 'f.%I') returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select string_agg(format(online_columns.name, c.name), ', ' order by c.part, c.place)
        from (
            select 1, k.place, k.name from forge.online_keys(view) k
            union all select 2, place, n from unnest('{forge_time,forge_recorded,forge_deleted}'::text[]) with ordinality u(n, place)
            union all select 3, place, n from unnest(forge.names_of(view.features)) with ordinality u(n, place)
        ) c(part, place, name));
end
$$;
comment on function forge.online_columns is 'the columns of an online table in order, each in this form; internal';

-- The row that holds is kept whatever its age: ttl is for who reads. By the index each key is one descent; without it the source
-- is read once.
create or replace function forge.online_rows(view forge.feature_views, key_rows text, at timestamptz) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        with parts as (
            select format('select %s as forge_time, k.* from (%s) k', forge.time_literal(at), key_rows) as entity_rows,
                (select string_agg(format('e.%1$I::%2$s as %1$I', k.name, k.type), ', ' order by k.place) from forge.online_keys(view) k) as key_items,
                (select string_agg(format('e.%I', k.name), ', ' order by k.place) from forge.online_keys(view) k) as keys,
                forge.from_item(view.source) as source,
                view.leak_check and view.created_timestamp is not null as checked,
                jsonb_populate_record(view, '{"ttl": null, "tombstone_column": null}') as lasting
        ), items as (
            select concat_ws(', ', p.key_items, forge.instant_of(view.columns ->> view.event_timestamp, format('f.%I', view.event_timestamp)) || ' as forge_time',
                case when view.created_timestamp is null then 'null::timestamptz'
                    else forge.instant_of(view.columns ->> view.created_timestamp, format('f.%I', view.created_timestamp)) end || ' as forge_recorded',
                coalesce('not (' || forge.not_tombstone(view) || ')', 'false') || ' as forge_deleted',
                (select string_agg(case when view.tombstone_column is null then format('f.%I', n)
                    else format('case when %1$s then f.%2$I end as %2$I', forge.not_tombstone(view), n) end, ', ' order by place)
                 from unnest(forge.names_of(view.features)) with ordinality u(n, place))) as of_rows
            from parts p
        )
        select case when view.aggregations is not null then (
                select format('select %1$s, e.forge_time, null::timestamptz as forge_recorded, false as forge_deleted, %2$s from (%3$s) e left join %4$s f on %5$s group by %6$s, e.forge_time order by %6$s',
                    p.key_items, w.expressions, p.entity_rows, p.source, forge.window_rows(view, null, w.longest, null), p.keys)
                from forge.window_aggregates(view, forge.names_of(view.features)) w)
            when forge.relation_of(view.source) is not null and (forge.view_index(view)).has_one then
                format('select %s from (%s) e cross join lateral (%s) f order by %s', i.of_rows, p.entity_rows,
                    forge.row_lookup(p.lasting, forge.names_of(view.features) || view.event_timestamp || array_remove(array[view.created_timestamp, view.tombstone_column], null), null, null), p.keys)
            else format('select distinct on (%1$s) %2$s from (%3$s) e join %4$s f on %5$s order by %1$s, %6$s', p.keys, i.of_rows, p.entity_rows, p.source,
                forge.candidates(view, null, p.checked, null, true), forge.latest_first(view)) end
        from parts p, items i);
end
$$;
comment on function forge.online_rows is 'the query that gives what holds at an instant for each of these keys; internal';

create or replace function forge.create_online_table(view forge.feature_views, query text) returns regclass
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    target constant text := forge.online_name(view.name, view.version);
    taken text := (select string_agg(quote_ident(n), ', ') from unnest(forge.names_of(view.features)) n where n like 'forge\_%');
begin
    if taken is not null then
        raise exception using errcode = 'FG023', message = format('feature view "%s" has features of names that online tables use: %s', view.name, taken),
            hint = 'names that begin with forge_ are taken: rename the features';
    end if;
    execute format('create table %s as %s', target, query);
    execute format('alter table %s %s, alter forge_time set not null, alter forge_deleted set not null, alter forge_deleted set default false, add primary key (%s)', target,
        (select string_agg(format('alter %I set not null', k.name), ', ') from forge.online_keys(view) k),
        (select string_agg(quote_ident(k.name), ', ' order by k.place) from forge.online_keys(view) k));
    execute format('comment on table %s is %L', target, format('what holds now of feature view %s, version %s', view.name, view.version));
    if view.owner <> quote_ident(current_user)::regrole then
        execute format('alter table %s owner to %s', target, view.owner);
    end if;
    return target::regclass;
end
$$;
comment on function forge.create_online_table is 'makes the online table of a view with the rows of a query, for its owner; internal';

-- Who comes with an older row changes nothing, so that writers agree in whatever order they come; they take rows in the order of
-- keys, so that none waits for another that waits for it.
create or replace function forge.write_online(view forge.feature_views, relation regclass, query text) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    written bigint;
begin
    execute format($query$
        insert into %1$s as o (%2$s) %3$s
        on conflict (%4$s) do update set (%2$s) = row(%5$s)
        where (excluded.forge_time, coalesce(excluded.forge_recorded, '-infinity')) >= (o.forge_time, coalesce(o.forge_recorded, '-infinity'))
            and row(%5$s)::record *<> row(%6$s)::record
        $query$, relation, forge.online_columns(view, '%I'), query,
        (select string_agg(quote_ident(k.name), ', ' order by k.place) from forge.online_keys(view) k),
        forge.online_columns(view, 'excluded.%I'), forge.online_columns(view, 'o.%I'));
    get diagnostics written = row_count;
    return written;
end
$$;
comment on function forge.write_online is 'writes the rows of a query into an online table, each unless a later one is there; how many; internal';

create or replace function forge.drop_online_table() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    execute (select 'drop table ' || c.oid::regclass from pg_class c
             where c.oid = to_regclass(forge.online_name(old.name, old.version)) and c.relkind = 'r' and c.relowner = old.owner);
    return null;
exception
    when null_value_not_allowed then
        return null;  -- it has none
    when dependent_objects_still_exist then
        raise exception using errcode = 'FG024', message = format('other objects depend on the online table of version %s of feature view "%s"', old.version, old.name),
            detail = sqlerrm, hint = 'drop them first';
end
$$;
comment on function forge.drop_online_table is 'trigger of forge.feature_views: a version''s online table goes with it; FG024 if something depends on it';
create or replace trigger drop_online_table after delete on forge.feature_views for each row execute function forge.drop_online_table();
comment on trigger drop_online_table on forge.feature_views is 'a version''s online table goes with it';
