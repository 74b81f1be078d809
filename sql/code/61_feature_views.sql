-- Feature views: a source of rows, each of which says how things are from an instant on. An INSERT into
-- forge.feature_views defines a version; its trigger resolves the row, or refuses it with all its problems at once.

-- No SET search_path: the name, or the query's names, are the caller's.
create or replace function forge.qualified_source(source text) returns text
language plpgsql stable
as $$
begin
    perform pg_catalog.parse_ident(source);
    return (select pg_catalog.format('%I.%I', n.nspname, c.relname)
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
            where c.oid operator(pg_catalog.=) pg_catalog.to_regclass(source)::pg_catalog.oid);
exception when invalid_parameter_value then
    return forge.qualify_source(source);
end
$$;
comment on function forge.qualified_source is 'a source as it means the same under any search_path: schema.relation, or a SELECT; null for the name of nothing; internal';

-- As the catalog has it: to_regclass refuses who has no USAGE on the schema, and definitions are for everybody to read.
create or replace function forge.relation_named(qualified text) returns regclass
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select c.oid::regclass from parse_ident(qualified) parts
    join pg_namespace n on n.nspname = parts[1] join pg_class c on c.relnamespace = n.oid and c.relname = parts[2]
    where cardinality(parts) = 2
$$;
comment on function forge.relation_named is 'the relation of a qualified name; null if there is none; internal';

create or replace function forge.relation_of(qualified text) returns regclass
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select case when qualified !~* '^\s*(select|with|values)\s' then forge.relation_named(qualified) end $$;
comment on function forge.relation_of is 'the relation that a qualified source is; null for a SELECT; internal';

create or replace function forge.entity_keys(entities text[]) returns table (name text, type text, place bigint)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select k.name, min(k.type), row_number() over (order by min(u.place), min(k.place))
        from unnest(entities) with ordinality u(entity, place)
        join forge.entities e on e.name = u.entity,
            lateral unnest(e.join_keys, e.key_types) with ordinality k(name, type, place)
        group by k.name;
end
$$;
comment on function forge.entity_keys is 'the join keys of entities, each once, in order; internal';

create or replace function forge.is_ordered(type text) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select exists (
            select from pg_type t
            where t.oid = to_regtype(type) and (t.typtype in ('e', 'r') or t.typcategory = 'A' or type = 'character varying' or exists (
                select from pg_opclass o join pg_am a on a.oid = o.opcmethod
                where a.amname = 'btree' and o.opcdefault and o.opcintype = t.oid))));
end
$$;
comment on function forge.is_ordered is 'whether values of a type have an order; internal';

-- Under the path of the source's columns: pg_catalog for what is qualified.
create or replace function forge.tie_columns(view forge.feature_views, found jsonb) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with tied as (
        select a.attname::text as name, array_position(i.indkey, a.attnum)::bigint as place
        from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
        where i.indisprimary and i.indrelid = forge.relation_of(view.source)
    ), every as (
        select t.name, t.place from tied t
        union all
        select c ->> 'name', place from jsonb_array_elements(found) with ordinality e(c, place)
        where not exists (select from tied)
    )
    select coalesce(array_agg(e.name order by e.place), '{}') from every e
    where e.name <> all (view.join_keys || view.event_timestamp || array_remove(array[view.created_timestamp], null))
$$;
comment on function forge.tie_columns is
    'columns whose greatest value wins among rows of the same times: the primary key, else all; internal';

create or replace function forge.seconds(length interval) returns numeric
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select extract(epoch from length) $$;
comment on function forge.seconds is 'a length of time in absolute seconds: a day is 24 hours, a month 30 days; internal';

create or replace function forge.short_interval(length interval) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select case when mod(s, 86400) = 0 then trunc(s / 86400) || 'd' when mod(s, 3600) = 0 then trunc(s / 3600) || 'h'
        when mod(s, 60) = 0 then trunc(s / 60) || 'm' else trim_scale(s) || 's' end
    from forge.seconds(length) s
$$;
comment on function forge.short_interval is 'a window in the name of a feature: 7d, 1h, 90s; internal';

create or replace function forge.interval_of(value text) returns interval
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return value::interval;
exception when data_exception then
    return null;
end
$$;
comment on function forge.interval_of is 'an interval as text; null if it is none; internal';

create or replace function forge.resolved_aggregations(asked jsonb) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('function', a ->> 'function', 'column', a ->> 'column', 'time_window', a ->> 'time_window',
        'name', coalesce(a ->> 'name', concat_ws('_', a ->> 'function', a ->> 'column',
            forge.short_interval(forge.interval_of(a ->> 'time_window')))))) order by place)
    from jsonb_array_elements(asked) with ordinality e(a, place)
    where jsonb_typeof(asked) = 'array' and jsonb_typeof(a) = 'object'
$$;
comment on function forge.resolved_aggregations is 'aggregations with their names: function_column_window unless said otherwise; internal';

create or replace function forge.aggregation_problems(asked jsonb, available text[]) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select (forge.invalid_parameter(format('aggregations must be an array of objects, got %s', left(asked::text, 100)),
        'such as [{"function": "sum", "column": "hours", "time_window": "7 days"}]')).*
    where jsonb_typeof(asked) <> 'array' or asked = '[]' or jsonb_path_exists(asked, '$[*] ? (@.type() != "object")')
    union all
    select p.*
    from jsonb_array_elements(case jsonb_typeof(asked) when 'array' then asked else '[]' end) a,
        lateral (
            select (forge.invalid_parameter(format('aggregations has no entry "%s"', k), 'entries: function, column, time_window, name')).*
            from jsonb_object_keys(case jsonb_typeof(a) when 'object' then a else '{}' end) k where k not in ('function', 'column', 'time_window', 'name')
            union all
            select (forge.invalid_parameter(format('there is no aggregation "%s"', a ->> 'function'),
                'count, sum, avg, min, max, stddev, distinct or last')).*
            where coalesce(a ->> 'function', '') not in ('count', 'sum', 'avg', 'min', 'max', 'stddev', 'distinct', 'last')
            union all
            select (forge.invalid_parameter(format('aggregation "%s" needs a column', a ->> 'function'), 'only count counts rows')).*
            where a ->> 'column' is null and a ->> 'function' <> 'count'
            union all
            select (forge.invalid_parameter(format('time_window %s is not a length of time', coalesce(quote_literal(a ->> 'time_window'), 'null')),
                'such as 1 hour, 7 days; more than none and at most 36500 days')).*
            where coalesce(forge.seconds(forge.interval_of(a ->> 'time_window')) not between 0.000001 and 3153600000, true)
            union all
            select 'FG006', format('column "%s" (aggregations) is not in the source', a ->> 'column'), 'its columns are ' || forge.listed(available)
            where a ->> 'column' <> all (available)
        ) p
$$;
comment on function forge.aggregation_problems is 'what is wrong with aggregations; internal';

create or replace function forge.view_column_problems(view forge.feature_views, found jsonb, asked text[]) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with available as (
        select c ->> 'name' as name, c ->> 'type' as type from jsonb_array_elements(found) c
    ), named (name, place, wanted) as (
        select k.name, 'join key', k.type from forge.entity_keys(view.entities) k
        union all values (view.event_timestamp, 'event_timestamp', 'time'), (view.created_timestamp, 'created_timestamp', 'time'),
            (view.tombstone_column, 'tombstone_column', null)
        union all select f, 'features', null from unnest(asked) f
    )
    select 'FG006', format('column "%s" (%s) is not in the source', n.name, n.place),
        coalesce('did you mean ' || nullif(array_to_string(forge.nearest_names(n.name, array(select a.name from available a)), ' or '), '') || '? ', '')
            || 'its columns are ' || forge.listed(array(select a.name from available a))
    from named n where n.name is not null and not exists (select from available a where a.name = n.name)
    union all
    select 'FG007', format('column "%s" (%s) has type %s', n.name, n.place, a.type),
        case n.wanted when 'time' then 'it is a timestamp or a date; without time zone it is UTC' else format('the entity says %s: cast it in the source', n.wanted) end
    from named n join available a using (name)
    where n.wanted = 'time' and a.type not in ('timestamp with time zone', 'timestamp without time zone', 'date')
        or n.wanted <> 'time' and forge.key_family(a.type) <> forge.key_family(n.wanted)
    union all
    select (forge.invalid_parameter(format('column "%s" cannot be a feature and %s', f, r.role), 'name it once')).*
    from unnest(asked) f join (
        select k.name, 'a join key' from forge.entity_keys(view.entities) k
        union all values (view.tombstone_column, 'tombstone_column')) r(name, role) on r.name = f
$$;
comment on function forge.view_column_problems is 'columns of a feature view that are missing, of the wrong type or of two roles; internal';

create or replace function forge.view_problems(view forge.feature_views, found jsonb, asked text[]) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select p.* from forge.definition_problems('a feature view', view.name, view.owner) p
    union all
    select 'FG023', format('"%s" is an on-demand feature view', view.name), 'choose another name' where exists (select from forge.on_demand_feature_views d where d.name = view.name)
    union all
    select 'FG032', format('there is no entity "%s"', e),
        'entities: ' || coalesce(nullif(forge.listed(array(select n.name from forge.entities n order by 1)), ''), 'none; forge.create_entity makes one')
    from unnest(view.entities) e where not exists (select from forge.entities n where n.name = e)
    union all
    select 'FG006', 'a feature view needs an event_timestamp', 'the column that says since when a row holds' where view.event_timestamp is null
    union all
    select (forge.invalid_parameter(format('ttl %s is not a length of time', view.ttl), 'more than none and at most 36500 days; leave it out where rows hold until the next one')).*
    where forge.seconds(view.ttl) not between 0.000001 and 3153600000
    union all
    select (forge.invalid_parameter('a view of aggregations has no ttl', 'its windows say how far back it looks')).*
    where view.ttl is not null and view.aggregations is not null
    union all
    select (forge.invalid_parameter('features are columns of the source or aggregations, not both', 'leave features out, or make a second view')).*
    where asked is not null and view.aggregations is not null
    union all
    select p.* from forge.view_column_problems(view, found, asked) p where found is not null
    union all
    select p.* from forge.aggregation_problems(view.aggregations, array(select c ->> 'name' from jsonb_array_elements(found) c)) p
    where view.aggregations is not null
    union all
    select 'FG023', format('two features are called "%s"', n), 'name them apart'
    from (select unnest(asked) union all select a ->> 'name' from jsonb_array_elements(forge.resolved_aggregations(view.aggregations)) a) f(n)
    group by n having count(*) > 1
$$;
comment on function forge.view_problems is 'everything that is wrong with a feature view; internal';

-- offered: the source's columns; view.source is qualified; asked: names of features, null for all columns without a role.
create or replace function forge.resolved_view(inout view forge.feature_views, offered jsonb, asked text[], out problems forge.problem[])
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    aggregated record;
begin
    problems := array(select p::forge.problem from forge.view_problems(view, offered, asked) p);
    if cardinality(problems) > 0 or offered is null then
        return;
    end if;
    view.features := null;
    view.join_keys := array(select k.name from forge.entity_keys(view.entities) k order by k.place);
    view.tie_columns := forge.tie_columns(view, offered);
    if view.aggregations is null then
        view.features := (
            select coalesce(jsonb_agg(jsonb_build_object('name', c.name, 'type', c.type) order by coalesce(array_position(asked, c.name), c.place)), '[]')
            from rows from (jsonb_to_recordset(offered) as (name text, type text)) with ordinality c(name, type, place)
            where c.name = any (asked) or asked is null and c.name <> all (
                view.join_keys || view.event_timestamp || array_remove(array[view.created_timestamp, view.tombstone_column], null)));
    else
        view.aggregations := forge.resolved_aggregations(view.aggregations);
    end if;
    view.columns := (
        select jsonb_object_agg(c ->> 'name', c ->> 'type') from jsonb_array_elements(offered) c
        where c ->> 'name' = any (view.join_keys || view.tie_columns || array[view.event_timestamp, view.created_timestamp, view.tombstone_column])
            or view.features @> jsonb_build_array(jsonb_build_object('name', c -> 'name'))
            or view.aggregations @> jsonb_build_array(jsonb_build_object('column', c -> 'name')));
    if view.aggregations is not null then
        select s.* into aggregated from forge.source_columns(forge.aggregate_probe(view)) s;
        if aggregated.problem is not null then
            problems := problems || aggregated.problem;
            return;
        end if;
        view.features := (select jsonb_agg(c - 'kind' order by place) from jsonb_array_elements(aggregated.columns) with ordinality e(c, place));
    end if;
    if jsonb_array_length(view.features) not between 1 and 1000 then
        problems := problems || row('FG013', format('a feature view has %s features', jsonb_array_length(view.features)), 'from 1 to 1000')::forge.problem;
    end if;
end
$$;
comment on function forge.resolved_view is 'a feature view with everything resolved, or all that is wrong with it; internal';

-- No SET search_path: the source is analysed under the caller's.
create or replace function forge.check_feature_view() returns trigger
language plpgsql
as $$
declare
    source record;
    resolved record;
begin
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('forge.feature_views.' || new.name, 0));
    select coalesce(pg_catalog.max(v.version), 0) + 1, coalesce(pg_catalog.min(v.owner::pg_catalog.oid)::pg_catalog.regrole, new.owner)
    into new.version, new.owner
    from forge.feature_views v where v.name operator(pg_catalog.=) new.name;
    select s.* into source from forge.source_columns(new.source) s;
    if source.problem is null then
        new.source := forge.qualified_source(new.source);
    end if;
    select r.* into resolved from forge.resolved_view(new, source.columns, forge.names_of(new.features)) r;
    perform forge.raise_problems(pg_catalog.format('feature view "%s"', new.name),
        case when source.problem is null then resolved.problems else source.problem operator(pg_catalog.||) resolved.problems end);
    return resolved.view;
end
$$;
comment on function forge.check_feature_view is 'trigger of forge.feature_views: resolves a new version, or refuses it with all its problems at once';
create or replace trigger check_feature_view before insert on forge.feature_views for each row execute function forge.check_feature_view();
comment on trigger check_feature_view on forge.feature_views is 'resolves a new version';

create or replace function forge.names_of(features jsonb) returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select case jsonb_typeof(features) when 'array' then array(
        select coalesce(f ->> 'name', f #>> '{}') from jsonb_array_elements(features) with ordinality e(f, place) order by place) end
$$;
comment on function forge.names_of is 'the names in a list of features, each a name or an object with one; internal';

create or replace function forge.keep_used_views() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    users text := (
        select string_agg(distinct u.name || coalesce(', which ' || u.needed_by || ' needs', ''), ', ')
        from (
            select format('feature service %s/%s', s.name, s.version), s.features, (
                select string_agg(n, ', ') from forge.service_users(format('%s/%s', s.name, s.version)) n where n like 'model %')
            from forge.feature_services s
            union all
            select format('on-demand feature view %s/%s', d.name, d.version), d.sources, null from forge.on_demand_feature_views d
            union all
            select format('dataset %s', d.name), d.features, null from forge.datasets d) u(name, features, needed_by), unnest(u.features) f
        where split_part(f, ':', 1) = format('%s/%s', old.name, old.version));
begin
    if users is not null then
        raise exception using errcode = 'FG024', message = format('version %s of %s "%s" is in use', old.version,
            case tg_table_name when 'feature_views' then 'feature view' else 'on-demand feature view' end, old.name), detail = users, hint = 'drop them first';
    end if;
    return old;
end
$$;
comment on function forge.keep_used_views is
    'trigger of forge.feature_views and forge.on_demand_feature_views: FG024 while a feature service, a dataset or an on-demand feature view has features of the version';
create or replace trigger keep_used_views before delete on forge.feature_views for each row execute function forge.keep_used_views();
comment on trigger keep_used_views on forge.feature_views is 'a version goes after what has features of it';

create or replace function forge.view_index(view forge.feature_views, out statement text, out has_one boolean)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    -- Tie-breakers in the key spare a sort; features beside it, where they are small, the visit to the table.
    with relation as (
        select forge.relation_of(view.source) as id
    ), keys as (
        select array(select a.attnum from unnest(view.join_keys) k join pg_attribute a on a.attrelid = r.id and a.attname = k) as numbers,
            (select a.attnum from pg_attribute a where a.attrelid = r.id and a.attname = view.event_timestamp) as at
        from relation r
    ), columns as (
        select c.key as name, t.typlen > 0 as small, c.key = any (view.tie_columns) as tie
        from jsonb_each_text(view.columns) c join pg_type t on t.oid = to_regtype(c.value)
        where c.key <> all (view.join_keys || view.event_timestamp || array_remove(array[view.created_timestamp], null))
    ), chosen as (
        select array(select t from unnest(view.tie_columns) with ordinality u(t, place)
                     where (select count(*) <= 16 and bool_and(small) from columns where tie)
                         or exists (select from pg_index i where i.indisprimary and i.indrelid = r.id)
                     order by place) as ties,
            array(select c.name from columns c where not c.tie and (select count(*) <= 16 and bool_and(small) from columns where not tie) order by 1) as beside
        from relation r
    )
    select format('create index on %s (%s)%s', view.source,
            array_to_string(array(select quote_ident(k) from unnest(view.join_keys) k)
                || array(select quote_ident(k) || ' desc' from unnest(view.event_timestamp || array_remove(array[view.created_timestamp], null) || chosen.ties) k), ', '),
            ' include (' || (select string_agg(quote_ident(n), ', ') from unnest(chosen.beside) n) || ')'),
        exists (
            select from pg_index i
            where i.indrelid = relation.id and i.indisvalid and i.indpred is null and i.indnkeyatts > cardinality(keys.numbers)
                and (i.indkey::int2[])[0:cardinality(keys.numbers) - 1] @> keys.numbers
                and keys.numbers @> (i.indkey::int2[])[0:cardinality(keys.numbers) - 1]
                and i.indkey[cardinality(keys.numbers)] = keys.at)
    from relation, keys, chosen
    where exists (select from pg_class c where c.oid = relation.id and c.relkind in ('r', 'p', 'm'))
$$;
comment on function forge.view_index is 'the index by which rows of a feature view are found as of an instant, and whether its table has one like it; nulls where the source is no table; internal';

create or replace function forge.say_index(view forge.feature_views, build boolean) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    wanted record;
begin
    select w.* into wanted from forge.view_index(view) w;
    if wanted.has_one is distinct from false then
        return;
    elsif build then
        execute wanted.statement;
    else
        raise notice 'feature view "%": no index finds its rows as of an instant', view.name
            using hint = format('create_index => true builds it, or: %s', wanted.statement);
    end if;
end
$$;
comment on function forge.say_index is 'builds the index that a feature view wants, or says which it is; internal';

-- No SET search_path: the source is the caller's.
create or replace function forge.create_feature_view(
    name text, entities text[], source text, event_timestamp text, features text[] default null, ttl interval default null,
    created_timestamp text default null, tombstone_column text default null, aggregations jsonb default null, leak_check boolean default true,
    description text default null, tags jsonb default '{}', create_index boolean default false) returns int
language plpgsql
as $$
declare
    made forge.feature_views;
begin
    if exists (select from forge.feature_views v where v.name operator(pg_catalog.=) create_feature_view.name) then
        raise exception using errcode = 'FG023', message = pg_catalog.format('feature view "%s" exists', create_feature_view.name),
            hint = pg_catalog.format('select forge.alter_feature_view(%L, …) makes its next version', create_feature_view.name);
    end if;
    insert into forge.feature_views as v (
        name, entities, source, event_timestamp, features, ttl, created_timestamp, tombstone_column, aggregations, leak_check, description, tags)
    values (create_feature_view.name, coalesce(create_feature_view.entities, '{}'), create_feature_view.source,
        create_feature_view.event_timestamp, pg_catalog.to_jsonb(create_feature_view.features), create_feature_view.ttl,
        create_feature_view.created_timestamp, create_feature_view.tombstone_column, create_feature_view.aggregations,
        coalesce(create_feature_view.leak_check, true), create_feature_view.description, coalesce(create_feature_view.tags, '{}'))
    returning v.* into made;
    perform forge.say_index(made, create_index);
    return made.version;
end
$$;
comment on function forge.create_feature_view is
    'defines features: columns of a source (a relation or one SELECT, read with the rights of who asks for features), each row holding from event_timestamp until the next row of the same join keys or for ttl; or aggregations over windows of its rows. created_timestamp: when a row was recorded, for the leak check; tombstone_column: rows that say that there is nothing any more. Returns the version, 1. All problems at once: FG001, FG004, FG005, FG006, FG007, FG013, FG022, FG032; FG023: the name is taken';

create or replace function forge.alter_feature_view(name text, changes jsonb, create_index boolean default false) returns int
language plpgsql
as $$
declare
    known constant text[] := '{entities,source,event_timestamp,features,ttl,created_timestamp,tombstone_column,aggregations,leak_check,description,tags,schedule,expectations,on_breach}';
    old forge.feature_views;
    made forge.feature_views;
    unknown text;
begin
    select v.* into old from forge.feature_views v where v.name operator(pg_catalog.=) alter_feature_view.name order by v.version desc limit 1;
    perform forge.require_definition('feature view', alter_feature_view.name, array(select distinct v.name from forge.feature_views v order by 1), old.owner);
    select pg_catalog.string_agg(pg_catalog.format('"%s"', k), ', ') into unknown
    from pg_catalog.jsonb_object_keys(changes) k where k operator(pg_catalog.<>) all (known);
    if unknown is not null then
        raise exception using errcode = 'FG004', message = 'a feature view has no ' || unknown, hint = 'what can be changed: ' || forge.listed(known);
    end if;
    made := pg_catalog.jsonb_populate_record(old, changes operator(pg_catalog.-) 'features'::text);
    -- Features that were chosen by leaving them out are chosen again.
    made.features := case when changes ? 'features' then changes operator(pg_catalog.->) 'features'
        when made.aggregations is not null or changes ? 'source' or changes ? 'aggregations' then null else old.features end;
    if not changes operator(pg_catalog.?|) (known)[1:9] then
        update forge.feature_views v set description = made.description, tags = made.tags, schedule = made.schedule, expectations = made.expectations, on_breach = made.on_breach
        where v.name operator(pg_catalog.=) old.name and v.version operator(pg_catalog.=) old.version;
        return old.version;
    end if;
    insert into forge.feature_views as v (
        name, entities, source, event_timestamp, features, ttl, created_timestamp, tombstone_column, aggregations, leak_check, description, tags,
        schedule, expectations, on_breach)
    values (made.name, made.entities, made.source, made.event_timestamp, made.features, made.ttl, made.created_timestamp,
        made.tombstone_column, made.aggregations, made.leak_check, made.description, made.tags, made.schedule, made.expectations, made.on_breach)
    returning v.* into made;
    perform forge.say_index(made, create_index);
    return made.version;
end
$$;
comment on function forge.alter_feature_view is
    'defines the next version of a feature view, like the newest but for changes: {"ttl": "30 days", "tombstone_column": null}; returns its number. Description, tags, schedule (how often the daemons materialize it), expectations and on_breach change in place. Services keep the versions that they were defined with. FG004: no such entry; FG022: it is another''s; FG032: there is none';

create or replace function forge.drop_feature_view(name text, version int default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.require_definition('feature view', drop_feature_view.name, array(select distinct v.name from forge.feature_views v order by 1),
        (select min(v.owner::oid)::regrole from forge.feature_views v where v.name = drop_feature_view.name));
    delete from forge.feature_views v
    where v.name = drop_feature_view.name and (drop_feature_view.version is null or v.version = drop_feature_view.version);
    if not found then
        raise exception using errcode = 'FG032', message = format('feature view "%s" has no version %s', name, version),
            hint = format('select version from forge.feature_views where name = %L', name);
    end if;
end
$$;
comment on function forge.drop_feature_view is
    'drops a feature view, or one of its versions; the source is left alone. FG024 while a feature service or a dataset has features of it, FG032: there is none, FG022: it is another''s';
