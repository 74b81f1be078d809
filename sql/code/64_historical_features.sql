-- Features as they were: each entity row with the features that were known at its time.

-- No SET search_path: the source is the caller's.
create or replace function forge.entity_source(source text, out qualified text, out columns jsonb)
language plpgsql stable
as $$
declare
    found record;
begin
    select s.* into found from forge.source_columns(source) s;
    if found.problem is not null then
        perform forge.raise_problems('the entity source', array[found.problem]);
    end if;
    columns := found.columns;
    qualified := forge.qualified_source(source);
end
$$;
comment on function forge.entity_source is 'entity rows as a qualified source, and their columns; FG005 or FG022 if they cannot be read; internal';

create or replace function forge.entity_problems(columns jsonb, at text, planned jsonb) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with available as (
        select c ->> 'name' as name, c ->> 'type' as type from jsonb_array_elements(columns) c
    ), wanted as (
        select w.name, w.type, w.is_key, case when w.is_key then 'a join key' else 'which on-demand features need' end as role from forge.planned_arguments(planned) w
    ), outputs as (
        select f.output, count(*) from jsonb_to_recordset(planned) f(output text) group by f.output
    )
    select 'FG006', format('the entity source has no column "%s", %s', w.name, w.role), 'its columns are ' || forge.listed(array(select a.name from available a))
    from wanted w where not exists (select from available a where a.name = w.name)
    union all
    select 'FG007', format('join key "%s" has type %s in the entity source', w.name, a.type), format('the entity says %s: cast it in the source', w.type)
    from wanted w join available a using (name) where w.is_key and forge.key_family(w.type) <> forge.key_family(a.type)
    union all
    select 'FG007', format('column "%s" has type %s in the entity source', w.name, a.type), format('on-demand features want %s: cast it in the source', w.type)
    from wanted w join available a using (name) join pg_type t on t.oid = to_regtype(w.type) join pg_type f on f.oid = to_regtype(a.type)
    where not w.is_key and t.oid <> f.oid and (t.typcategory <> f.typcategory or t.typcategory not in ('N', 'S', 'D'))
    union all
    select 'FG006', format('the entity source has no column "%s", the event_timestamp', at), 'its columns are ' || forge.listed(array(select a.name from available a))
    where at is not null and not exists (select from available a where a.name = at)
    union all
    select 'FG007', format('column "%s" (event_timestamp) of the entity source has type %s', at, a.type), 'it is a timestamp or a date; without time zone it is UTC'
    from available a where a.name = at and a.type not in ('timestamp with time zone', 'timestamp without time zone', 'date')
    union all
    select 'FG023', format('more than one column would be called "%s"', o.output), 'full_feature_names => true calls features view__feature; or rename columns of the entity source'
    from outputs o where o.count > 1 or exists (select from available a where a.name = o.output)
    union all
    select 'FG023', format('the entity source has a column "%s"', a.name), 'rename it: the name is taken'
    from available a where a.name in ('entity_row', 'forge_row', 'forge_time')
$$;
comment on function forge.entity_problems is 'what entity rows lack for features to be looked up; internal';

create or replace function forge.stale_views(planned jsonb) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    view forge.feature_views;
    found record;
begin
    for view in
        select v.* from forge.planned_views(planned) v order by v.name, v.version
    loop
        select s.* into found from forge.source_columns(view.source) s;
        if found.problem is not null then
            return query select (found.problem).code, format('feature view "%s", version %s: %s', view.name, view.version, (found.problem).message), (found.problem).hint;
            continue;
        end if;
        return query
            select case when t.type is null then 'FG006' else 'FG007' end,
                format(case when t.type is null then 'the source of feature view "%s" has lost column "%s"' else 'the source of feature view "%s" has changed column "%s" from %s to %s' end,
                    view.name, c.key, c.value, t.type),
                format('bring it back, or define the next version: select forge.alter_feature_view(%L, …)', view.name)
            from jsonb_each_text(view.columns) c
            left join lateral (select e ->> 'type' as type from jsonb_array_elements(found.columns) e where e ->> 'name' = c.key) t on true
            where t.type is distinct from c.value
            order by c.key;
    end loop;
end
$$;
comment on function forge.stale_views is 'sources of feature views that cannot be read, or have lost or changed columns since; internal';

create or replace function forge.planned_features(
    features text[], service text, full_feature_names boolean, columns jsonb, inout event_timestamp text, out planned jsonb)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    refs text[] := features;
    problems forge.problem[];
begin
    if (features is null) = (service is null) then
        raise exception using errcode = 'FG004', message = 'name either features or a service', hint = 'features => ''{view:feature}'', or service => ''name''';
    elsif service is not null then
        refs := (forge.service_version(service)).features;
    end if;
    if event_timestamp is null and jsonb_path_exists(columns, '$[*] ? (@.name == "event_timestamp")') then
        event_timestamp := 'event_timestamp';
    end if;
    planned := forge.checked_references(refs, full_feature_names);
    problems := array(
        select p::forge.problem from forge.stale_views(planned) p
        union all select p::forge.problem from forge.entity_problems(columns, planned_features.event_timestamp, planned) p);
    perform forge.raise_problems('the request for features', problems);
end
$$;
comment on function forge.planned_features is
    'the features that are asked for, with what each is called; and the entity rows'' column of times: event_timestamp if there is one. Raises all problems at once; internal';

create or replace function forge.names_of_columns(columns jsonb) returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select array(select c ->> 'name' from jsonb_array_elements(columns) with ordinality e(c, place) order by place) $$;
comment on function forge.names_of_columns is 'names of columns, in order; internal';

-- rows: e with forge_time. Each row costs two looks into the index, so that only those that found nothing are asked about.
create or replace function forge.leaked_rows(rows text, planned jsonb, as_of timestamptz, found_nothing boolean)
returns table (view text, version int, hidden bigint)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    checked forge.feature_views;
    horizon interval;
begin
    for checked in
        select v.* from forge.planned_views(planned) v where v.leak_check and v.created_timestamp is not null
        order by v.name, v.version
    loop
        horizon := coalesce(checked.ttl, (select max(make_interval(secs => forge.seconds((a ->> 'time_window')::interval)::float8)) from jsonb_array_elements(checked.aggregations) a));
        view := checked.name;
        version := checked.version;
        execute format('select count(*) from (%1$s) e where %2$s (select true from %3$s f where %4$s limit 1) is null and (select true from %3$s f where %5$s limit 1)',
            rows, (select string_agg(format('(e.%1$I is null or e.%1$I::pg_catalog.text operator(pg_catalog.=) ''0'') and ', f.output), '')
                from jsonb_to_recordset(planned) f(view text, version int, output text)
                where found_nothing and f.view = checked.name and f.version = checked.version),
            forge.from_item(checked.source),
            forge.candidates(checked, as_of, true, horizon, checked.aggregations is null),
            forge.candidates(checked, as_of, false, horizon, checked.aggregations is null)) into hidden;
        return next;
    end loop;
end
$$;
comment on function forge.leaked_rows is
    'for each view with a leak check, how many entity rows find nothing because everything they would find was recorded later; internal';

create or replace function forge.say_leaks(rows text, planned jsonb, as_of timestamptz, found_nothing boolean) returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    leaked record;
    total bigint := 0;
begin
    for leaked in select * from forge.leaked_rows(rows, planned, as_of, found_nothing) l where l.hidden > 0 loop
        raise notice 'feature view "%": % entity rows find nothing, for all that they would find was recorded after their time', leaked.view, leaked.hidden
            using hint = format('if its history was loaded later, and was known then: select forge.alter_feature_view(%L, ''{"leak_check": false}'')', leaked.view);
        total := total + leaked.hidden;
    end loop;
    return total;
end
$$;
comment on function forge.say_leaks is 'a NOTICE for each view whose leak check leaves entity rows without features; how many there are; internal';

-- No SET search_path: the name is the caller's.
create or replace function forge.new_table_name(output text) returns text
language plpgsql stable
as $$
declare
    name constant text := forge.table_name(output);
begin
    if pg_catalog.to_regclass(name) is not null then
        raise exception using errcode = 'FG023', message = pg_catalog.format('table %s exists', name), hint = 'drop it, or name another';
    end if;
    return case when pg_catalog.array_length(pg_catalog.parse_ident(output), 1) operator(pg_catalog.=) 2 then name
        else pg_catalog.format('%I.%s', coalesce(pg_catalog.current_schema(), 'public'), name) end;
end
$$;
comment on function forge.new_table_name is 'the qualified name of a table to make; FG023 if it exists; internal';

create or replace function forge.fill_table(target text, query text) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    filled bigint;
begin
    begin
        execute format('create table %s as %s with no data', target, query);
    exception when duplicate_table then
        raise exception using errcode = 'FG023', message = format('table %s exists', target), hint = 'drop it, or name another';
    end;
    filled := forge.append_rows(to_regclass(target), query);
    if filled is null then  -- an event trigger has added to the table
        execute format('insert into %s %s', target, query);
        get diagnostics filled = row_count;
    end if;
    return filled;
end
$$;
comment on function forge.fill_table is 'makes a table of the rows of a qualified query and returns how many; internal';

-- No SET search_path: the entity source and the output are the caller's.
create or replace function forge.historical_features(
    entity_source text, output text, features text[] default null, service text default null, as_of timestamptz default null,
    event_timestamp text default null, full_feature_names boolean default false) returns bigint
language plpgsql
as $$
declare
    target constant text := forge.new_table_name(output);
    entity record;
    plan record;
    filled bigint;
begin
    select s.* into entity from forge.entity_source(entity_source) s;
    select p.* into plan from forge.planned_features(features, service, full_feature_names, entity.columns, event_timestamp) p;
    filled := forge.fill_table(target, forge.historical_query(
        forge.entity_rows(entity.qualified, entity.columns, plan.event_timestamp, as_of, forge.planned_keys(plan.planned)),
        forge.names_of_columns(entity.columns), plan.planned, as_of, false));
    perform forge.say_leaks(forge.entity_rows(target, entity.columns, plan.event_timestamp, as_of, null), plan.planned, as_of, true);
    return filled;
end
$$;
comment on function forge.historical_features is
    'makes a table of entity rows – a relation or one SELECT with join keys and times – with their features, named by reference or by a service, as they were known at each row''s time: entity_row (1 … n, in the order of the source), the source''s columns, the features; exactly one row for each entity row, NULL where there is nothing. The rows lie in the table by join key: order by entity_row. event_timestamp: the column of times, by default the one of that name, else all rows are of now, or of as_of. as_of: what was recorded later is not seen. Reads as the caller and returns the number of rows. FG004, FG006, FG007, FG032: what is asked for does not fit; FG023: a name is taken';

create or replace function forge.historical_features_json(
    entity_source text, features text[] default null, service text default null, as_of timestamptz default null,
    event_timestamp text default null, full_feature_names boolean default false) returns setof jsonb
language plpgsql
as $$
declare
    entity record;
    plan record;
    entity_rows text;
begin
    select s.* into entity from forge.entity_source(entity_source) s;
    select p.* into plan from forge.planned_features(features, service, full_feature_names, entity.columns, event_timestamp) p;
    entity_rows := forge.entity_rows(entity.qualified, entity.columns, plan.event_timestamp, as_of, null);
    perform forge.say_leaks(entity_rows, plan.planned, as_of, false);
    return query execute pg_catalog.format('select pg_catalog.to_jsonb(h) from (%s) h',
        forge.historical_query(entity_rows, forge.names_of_columns(entity.columns), plan.planned, as_of, true));
end
$$;
comment on function forge.historical_features_json is
    'the same as rows of JSON: {"entity_row": 1, …}, for few rows or columns that are not known beforehand';
