-- Definitions of the feature store as one document: what forgectl features reads and writes. Its entries are columns of the tables,
-- and what differs is found by defining it: a version that would be like the newest is undone.

-- A kind is a row here and a table whose trigger resolves what is inserted. Where it has versions, another definition makes the next
-- one, but for what is changed in place; without versions, nothing else can change. derived: columns that follow from others.
create or replace function forge.definition_kinds()
returns table (place int, section text, kind text, entries text[], defaults jsonb, in_place text[], derived text[], versioned boolean)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    values
        (1, 'entities', 'entity', '{name,join_keys,key_types,description,tags}'::text[], '{"tags": {}}'::jsonb, '{description,tags}'::text[], '{}'::text[], false),
        (2, 'feature_views', 'feature view',
            '{name,entities,source,event_timestamp,created_timestamp,tombstone_column,ttl,leak_check,features,aggregations,create_index,description,tags,schedule,expectations,on_breach}',
            '{"entities": [], "leak_check": true, "tags": {}, "on_breach": "record"}', '{description,tags,schedule,expectations,on_breach}', '{join_keys,columns,tie_columns}', true),
        (3, 'on_demand_feature_views', 'on-demand feature view', '{name,sources,request_columns,features,description,tags}',
            '{"sources": [], "request_columns": [], "tags": {}}', '{description,tags}', '{}', true),
        (4, 'feature_services', 'feature service', '{name,features,description,tags}', '{"tags": {}}', '{description,tags}', '{}', true),
        (5, 'push_sources', 'push source', '{name,view,description}', '{}', '{view,description}', '{}', false)
$$;
comment on function forge.definition_kinds is 'what a document of definitions may hold, in the order in which it is defined; internal';

create or replace function forge.document_problems(document jsonb) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with known as (
        select array_agg(k.section order by k.place) as sections from forge.definition_kinds() k
    ), sections as (
        select s.key as section, s.value from jsonb_each(case jsonb_typeof(document) when 'object' then document else '{}' end) s
    ), definitions as (
        select k.*, d.definition, d.position, case jsonb_typeof(d.definition) when 'object' then d.definition else '{}' end as object
        from sections s join forge.definition_kinds() k using (section),
            jsonb_array_elements(case jsonb_typeof(s.value) when 'array' then s.value else '[]' end) with ordinality d(definition, position)
    )
    select (forge.invalid_parameter(format('definitions are an object, got %s', coalesce(left(document::text, 60), 'null')), 'sections: ' || forge.listed(known.sections))).*
    from known where jsonb_typeof(document) is distinct from 'object'
    union all
    select (forge.invalid_parameter(format('there is no section "%s"', s.section), 'sections: ' || forge.listed(known.sections))).*
    from sections s, known where s.section <> all (known.sections)
    union all
    select (forge.invalid_parameter(format('%s is a list of definitions, got %s', s.section, left(s.value::text, 60)), 'such as [{"name": "user", …}]')).*
    from sections s join forge.definition_kinds() k using (section) where jsonb_typeof(s.value) not in ('array', 'null')
    union all
    select (forge.invalid_parameter(format('definition %s in %s has no name', d.position, d.section), 'each is an object with a name')).*
    from definitions d where jsonb_typeof(d.object -> 'name') is distinct from 'string'
    union all
    select (forge.invalid_parameter(format('%s "%s" has no entry "%s"', d.kind, d.object ->> 'name', n), 'entries: ' || forge.listed(d.entries))).*
    from definitions d, jsonb_object_keys(d.object) n where n <> all (d.entries)
    union all
    select 'FG023', format('%s "%s" comes %s times', d.kind, d.object ->> 'name', count(*)), 'define it once'
    from definitions d where d.object ->> 'name' is not null group by d.kind, d.object ->> 'name' having count(*) > 1
$$;
comment on function forge.document_problems is 'what is wrong with the form of a document of definitions; internal';

create or replace function forge.newest_definition(section text, name text) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    found jsonb;
begin
    execute format('select to_jsonb(d) from forge.%I d where d.name = $1 order by to_jsonb(d) -> ''version'' desc limit 1', section) into found using name;
    return found;
end
$$;
comment on function forge.newest_definition is 'the row of a definition, its newest version; null if there is none; internal';

create or replace function forge.definition_differences(old jsonb, made jsonb, derived text[]) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    with differing as (
        select coalesce(o.key, m.key) as key, jsonb_strip_nulls(jsonb_build_object('from', o.value, 'to', m.value)) as change
        from jsonb_each(old) o full join jsonb_each(made) m on m.key = o.key
        where o.value is distinct from m.value and coalesce(o.key, m.key) not in ('name', 'version', 'owner', 'created_at')
    )
    select jsonb_object_agg(d.key, d.change) from differing d
    where d.change not in ('{}', '{"to": {}}') and (d.key <> all (derived) or old is not null and not exists (select from differing e where e.key <> all (derived)))
$$;
comment on function forge.definition_differences is '{column: {"from", "to"}} of two rows of definitions, without what follows from the rest; null if there are none; internal';

-- No SET search_path in what follows: sources are the caller's.
create or replace function forge.insert_definition(section text, definition jsonb) returns jsonb
language plpgsql
as $$
declare
    columns text;
    made jsonb;
begin
    select pg_catalog.string_agg(pg_catalog.quote_ident(c.key), ', ') into columns
    from pg_catalog.jsonb_each(definition) c
    where c.value operator(pg_catalog.<>) 'null' and c.key operator(pg_catalog.<>) 'create_index';
    execute pg_catalog.format('insert into forge.%1$I as d (%2$s) select %2$s from pg_catalog.jsonb_populate_record(null::forge.%1$I, $1) returning pg_catalog.to_jsonb(d)',
        section, columns) into made using definition;
    return made;
end
$$;
comment on function forge.insert_definition is 'defines, or defines the next version; the row as its trigger resolved it; internal';

create or replace function forge.update_definition(section text, old jsonb, definition jsonb, in_place text[]) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    made jsonb;
begin
    execute format('update forge.%1$I d set (%2$s) = (select %2$s from jsonb_populate_record(null::forge.%1$I, $2)) where d.name = $1 ->> ''name'' %3$s returning to_jsonb(d)',
        section, (select string_agg(quote_ident(c), ', ') from unnest(in_place) c),
        case when old ? 'version' then 'and d.version = ($1 ->> ''version'')::int' end)
    into made using old, definition;
    return made;
end
$$;
comment on function forge.update_definition is 'changes what can be changed of a definition in place; internal';

create or replace function forge.fixed_keys(old jsonb, definition jsonb) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if (old -> 'join_keys', old -> 'key_types') is distinct from (definition -> 'join_keys',
        (select jsonb_agg(format_type(to_regtype(t), null) order by place) from jsonb_array_elements_text(definition -> 'key_types') with ordinality u(t, place)))
    then
        raise exception using errcode = 'FG024', message = format('entity "%s" has the join keys %s of types %s', old ->> 'name', old ->> 'join_keys', old ->> 'key_types'),
            hint = 'views are written for them: define another entity, or drop this one and its views first';
    end if;
end
$$;
comment on function forge.fixed_keys is 'FG024 where an entity would get other join keys; internal';

-- The row after its definition; the old one where nothing differs.
create or replace function forge.defined_row(section text, old jsonb, definition jsonb) returns jsonb
language plpgsql
as $$
declare
    rule record;
    made jsonb;
begin
    select k.* into rule from forge.definition_kinds() k where k.section operator(pg_catalog.=) defined_row.section;
    if old is null then
        return forge.insert_definition(section, definition);
    elsif rule.versioned then
        begin
            made := forge.insert_definition(section, definition);
            if forge.definition_differences(old operator(pg_catalog.-) rule.in_place, made operator(pg_catalog.-) rule.in_place, '{}') is not null then
                return made;
            end if;
            raise sqlstate '09000';
        exception when sqlstate '09000' then
            null;
        end;
    elsif section operator(pg_catalog.=) 'entities' then
        perform forge.fixed_keys(old, definition);
    end if;
    if exists (select from pg_catalog.unnest(rule.in_place) c where nullif(old operator(pg_catalog.->) c, 'null')
            is distinct from nullif(definition operator(pg_catalog.->) c, 'null')) then
        perform forge.require_definition(rule.kind, old operator(pg_catalog.->>) 'name', array[old operator(pg_catalog.->>) 'name'],
            (old operator(pg_catalog.->>) 'owner')::pg_catalog.regrole);
        return forge.update_definition(section, old, definition, rule.in_place);
    end if;
    return old;
end
$$;
comment on function forge.defined_row is 'defines what differs from the newest version, or changes it in place; internal';

create or replace function forge.wanted_index(made jsonb, build boolean, planning boolean) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    view constant forge.feature_views := (select v from forge.feature_views v where v.name = made ->> 'name' and v.version = (made ->> 'version')::int);
    wanted constant text := (select w.statement from forge.view_index(view) w where not w.has_one);
begin
    if wanted is null then
        return '{}';
    elsif not build then
        perform forge.say_index(view, false);
        return '{}';
    elsif not planning then
        execute wanted;
    end if;
    return jsonb_build_object('index', jsonb_build_object('to', wanted));
end
$$;
comment on function forge.wanted_index is 'builds the index of a view, unless it is only planned, and says so as a difference; or notes which it is; internal';

create or replace function forge.applied_definition(section text, kind text, derived text[], definition jsonb, planning boolean) returns jsonb
language plpgsql
as $$
declare
    build constant boolean := coalesce((definition operator(pg_catalog.->>) 'create_index')::boolean, false);
    old constant jsonb := forge.newest_definition(section, definition operator(pg_catalog.->>) 'name');
    made constant jsonb := forge.defined_row(section, old, definition);
    differences jsonb := coalesce(forge.definition_differences(old, made, derived), '{}');
begin
    if section operator(pg_catalog.=) 'feature_views' and (build or differences operator(pg_catalog.<>) '{}') then
        differences := differences operator(pg_catalog.||) forge.wanted_index(made, build, planning);
    end if;
    return case when differences operator(pg_catalog.<>) '{}' then pg_catalog.jsonb_build_object('action', case when old is null then 'create' else 'alter' end,
        'kind', kind, 'name', made operator(pg_catalog.->) 'name', 'version', made operator(pg_catalog.->) 'version', 'differences', differences) end;
end
$$;
comment on function forge.applied_definition is 'one definition applied: {action, kind, name, version, differences}; null where nothing differs; internal';

create or replace function forge.caught_problem(state text, reason text, facts text, remedy text, subject text) returns forge.problem
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return row(case when state ~ '^FG' then state else 'FG004' end,
        case when strpos(reason, subject) > 0 then reason else format('%s: %s', subject, reason) end,
        case when reason ~ ' problems$' or state = 'FG024' then concat_ws(E'\n', facts, remedy) else nullif(remedy, '') end)::forge.problem;
end
$$;
comment on function forge.caught_problem is 'an error as a problem among others; what is no value of its type is an invalid parameter; internal';

create or replace function forge.pruned_definitions(section text, kind text, document jsonb, inout changes jsonb, inout problems forge.problem[])
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    gone text;
    state text;
    reason text;
    facts text;
    remedy text;
begin
    for gone in execute format('select distinct d.name from forge.%I d where pg_has_role(current_user, d.owner, ''usage'')
            and d.name not in (select e ->> ''name'' from jsonb_array_elements($1) e) order by 1', section)
        using coalesce(nullif(document -> section, 'null'), '[]')
    loop
        begin
            execute format('delete from forge.%I d where d.name = $1', section) using gone;
            changes := changes || jsonb_build_object('action', 'drop', 'kind', kind, 'name', gone);
        exception when others then
            get stacked diagnostics state = returned_sqlstate, reason = message_text, facts = pg_exception_detail, remedy = pg_exception_hint;
            if state !~ '^FG' then
                raise;
            end if;
            problems := problems || forge.caught_problem(state, reason, facts, remedy, format('%s "%s"', kind, gone));
        end;
    end loop;
end
$$;
comment on function forge.pruned_definitions is 'drops the caller''s definitions that a document lacks; internal';

create or replace function forge.applied_document(document jsonb, prune boolean, planning boolean) returns jsonb
language plpgsql
as $$
declare
    problems forge.problem[] := array(select p::forge.problem from forge.document_problems(document) p);
    changes jsonb := '[]';
    section record;
    definition jsonb;
    change jsonb;
    state text;
    reason text;
    facts text;
    remedy text;
begin
    perform forge.raise_problems('the document', problems);
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('forge.apply_features', 0));
    for section in select k.* from forge.definition_kinds() k order by k.place loop
        for definition in
            select section.defaults operator(pg_catalog.||) pg_catalog.jsonb_strip_nulls(d)
            from pg_catalog.jsonb_array_elements(coalesce(nullif(document operator(pg_catalog.->) section.section, 'null'), '[]')) d
        loop
            begin
                change := forge.applied_definition(section.section, section.kind, section.derived, definition, planning);
                changes := changes operator(pg_catalog.||) coalesce(change, '[]');
            exception when others then
                get stacked diagnostics state = returned_sqlstate, reason = message_text, facts = pg_exception_detail, remedy = pg_exception_hint;
                if state operator(pg_catalog.!~) '^(FG|22)' then
                    raise;
                end if;
                problems := problems operator(pg_catalog.||) forge.caught_problem(state, reason, facts, remedy,
                    pg_catalog.format('%s "%s"', section.kind, definition operator(pg_catalog.->>) 'name'));
            end;
        end loop;
        -- What comes next may need what has failed.
        exit when pg_catalog.cardinality(problems) operator(pg_catalog.>) 0;
    end loop;
    for section in select k.* from forge.definition_kinds() k where prune and pg_catalog.cardinality(problems) operator(pg_catalog.=) 0 order by k.place desc loop
        select p.* into changes, problems from forge.pruned_definitions(section.section, section.kind, document, changes, problems) p;
        exit when pg_catalog.cardinality(problems) operator(pg_catalog.>) 0;
    end loop;
    perform forge.raise_problems('the document', problems);
    return changes;
end
$$;
comment on function forge.applied_document is 'applies a document of definitions, all or nothing; what was done, in order; internal';

create or replace function forge.apply_features(definitions jsonb, prune boolean default false)
returns table (action text, kind text, name text, version int, differences jsonb)
language sql
as $$
    select c.* from pg_catalog.jsonb_to_recordset(forge.applied_document(definitions, coalesce(prune, false), false))
        c(action text, kind text, name text, version int, differences jsonb)
$$;
comment on function forge.apply_features is
    'makes the feature store as a document says: {"entities": […], "feature_views": […], "on_demand_feature_views": […], "feature_services": […], "push_sources": […]}, each a list of definitions whose entries are the arguments of forge.create_…. What differs is altered, which makes the next version, and in which columns is returned; what is the same is left. prune: the caller''s definitions that the document lacks are dropped. All problems at once, and nothing done: as forge.create_… has them; FG004: no such section or entry; FG024: what would change or go is in use';

create or replace function forge.plan_features(definitions jsonb, prune boolean default false)
returns table (action text, kind text, name text, version int, differences jsonb)
language plpgsql
as $$
declare
    changes jsonb;
begin
    begin
        changes := forge.applied_document(definitions, coalesce(prune, false), true);
        raise sqlstate '09000';
    exception when sqlstate '09000' then
        null;
    end;
    return query select c.* from pg_catalog.jsonb_to_recordset(changes) c(action text, kind text, name text, version int, differences jsonb);
end
$$;
comment on function forge.plan_features is 'what forge.apply_features would do, found by doing and undoing it; indexes are not built';

-- A version that is not the newest must be named.
create or replace function forge.exported_references(refs jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(case when split_part(f, ':', 1) = n.newest then regexp_replace(f, '/[0-9]+:', ':') else f end order by place), '[]')
    from jsonb_array_elements_text(refs) with ordinality u(f, place),
        lateral (select format('%s/%s', v.name, max(v.version)) as newest from forge.all_views() v where v.name = split_part(f, '/', 1) group by v.name) n
$$;
comment on function forge.exported_references is 'references to features, without a version where it is the newest; internal';

create or replace function forge.exported_definition(section text, found jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp set intervalstyle = 'postgres'
as $$
    select found || case section
        when 'feature_views' then (
            select jsonb_build_object('source', btrim(v.source), 'ttl', v.ttl, 'features', case when v.aggregations is null then to_jsonb(forge.names_of(v.features)) end,
                'create_index', (select nullif(w.has_one, false) from forge.view_index(v) w))
            from forge.feature_views v where v.name = found ->> 'name' and v.version = (found ->> 'version')::int)
        when 'feature_services' then jsonb_build_object('features', forge.exported_references(found -> 'features'))
        when 'on_demand_feature_views' then jsonb_build_object('sources', forge.exported_references(found -> 'sources'),
            'features', (select jsonb_agg(f - 'type' order by place) from jsonb_array_elements(found -> 'features') with ordinality u(f, place)))
        else '{}' end
$$;
comment on function forge.exported_definition is 'a row of a definition with its entries as forge.apply_features takes them; internal';

create or replace function forge.export_features() returns json
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    section record;
    listed json;
    parts text[] := '{}';
begin
    for section in select k.* from forge.definition_kinds() k order by k.place loop
        execute format($query$
            select json_agg(o.object order by d.name)
            from (select distinct name from forge.%I) d,
                lateral forge.exported_definition($1, forge.newest_definition($1, d.name)) x(definition),
                lateral (select json_object_agg(e, x.definition -> e order by place) as object from unnest($2) with ordinality u(e, place)
                         where nullif(x.definition -> e, 'null') is distinct from $3 -> e and x.definition -> e <> 'null') o
            $query$, section.section) into listed using section.section, section.entries, section.defaults;
        parts := parts || case when listed is not null then format('%s: %s', to_json(section.section), listed) end;
    end loop;
    return format('{%s}', array_to_string(parts, ', '))::json;
end
$$;
comment on function forge.export_features is
    'the newest definitions as a document for forge.apply_features, which finds no difference in it; names of sources are qualified, and features of a view''s newest version have no version';
