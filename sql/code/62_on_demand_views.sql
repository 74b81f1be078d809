-- On-demand feature views: features that are SQL expressions over other features and over values that come with the request, the
-- same at training and at serving. They have versions as feature views have, and share their names.

create or replace function forge.on_demand_inputs(sources text[], request_columns jsonb)
returns table (place bigint, name text, type text, view text, version int)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select r.place, r.feature, r.type, r.view, r.version from forge.referred_features(sources) r where r.problem is null
    union all
    select 1000000 + c.place, c.name, c.type, null, null
    from rows from (jsonb_to_recordset(request_columns) as (name text, type text)) with ordinality c(name, type, place)
$$;
comment on function forge.on_demand_inputs is 'what the expressions of an on-demand feature view may name; view is null for what the request brings; internal';

create or replace function forge.named_entries(listed jsonb, other text) returns table (place bigint, name text, value text)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select e.place, e.o ->> 'name', e.o ->> other
    from jsonb_array_elements(case jsonb_typeof(listed) when 'array' then listed else '[]' end) with ordinality e(o, place)
    where jsonb_typeof(e.o) = 'object'
$$;
comment on function forge.named_entries is 'name and one other entry of each object of a list; internal';

create or replace function forge.entry_problems(listed jsonb, entry text, other text, example text) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select (forge.invalid_parameter(format('%s are a list of objects with name and %s, got %s', entry, other, coalesce(left(listed::text, 100), 'null')), 'such as ' || example)).*
    where jsonb_typeof(listed) is distinct from 'array'
        or jsonb_path_exists(listed, '$[*] ? (@.type() != "object" || !(exists (@.name)) || @.name.type() != "string")')
        or exists (select from forge.named_entries(listed, other) n where n.name is null or n.value is null)
    union all
    select (forge.invalid_parameter(format('%s has no entry "%s"', entry, k), format('entries: name, %s', other))).*
    from jsonb_array_elements(case jsonb_typeof(listed) when 'array' then listed else '[]' end) o,
        lateral jsonb_object_keys(case jsonb_typeof(o) when 'object' then o else '{}' end) k
    where k <> all (array['name', other, 'type'])
    union all
    select 'FG001', format('"%s" cannot be a name in %s', n.name, entry), 'an identifier of at most 63 bytes that does not begin with forge_'
    from forge.named_entries(listed, other) n where n.name = '' or octet_length(n.name) > 63 or n.name like 'forge\_%'
$$;
comment on function forge.entry_problems is 'what is wrong with a list of named objects; internal';

create or replace function forge.on_demand_problems(view forge.on_demand_feature_views) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select p.* from forge.definition_problems('an on-demand feature view', view.name, view.owner) p
    union all
    select 'FG023', format('"%s" is a feature view', view.name), 'choose another name' where exists (select from forge.feature_views v where v.name = view.name)
    union all
    select p.* from forge.entry_problems(view.request_columns, 'request_columns', 'type', '[{"name": "basket", "type": "numeric"}]') p
    union all
    select 'FG008', format('there is no type %s (request column "%s")', n.value, n.name), 'such as numeric, text or timestamptz'
    from forge.named_entries(view.request_columns, 'type') n where n.value is not null and forge.argument_type(n.value) is null
    union all
    select p.* from forge.entry_problems(view.features, 'features', 'expression', '[{"name": "hours_per_euro", "expression": "hours / nullif(price, 0)"}]') p
    union all
    select (forge.invalid_parameter('an on-demand feature view needs features', 'such as [{"name": "hours_per_euro", "expression": "hours / nullif(price, 0)"}]')).*
    where view.features = '[]'
    union all
    select (r.problem).* from forge.referred_features(view.sources) r where r.problem is not null
    union all
    select (forge.invalid_parameter(format('"%s" is an on-demand feature view itself', r.view), 'name the features that it is computed from')).*
    from forge.referred_features(view.sources) r where exists (select from forge.on_demand_feature_views d where d.name = r.view) group by r.view
    union all
    select 'FG023', format('two inputs are called "%s"', i.name), 'name them apart in their views'
    from forge.on_demand_inputs(view.sources, case jsonb_typeof(view.request_columns) when 'array' then view.request_columns else '[]' end) i group by i.name having count(*) > 1
    union all
    select 'FG023', format('two features are called "%s"', n.name), 'name them apart'
    from forge.named_entries(view.features, 'expression') n group by n.name having count(*) > 1
$$;
comment on function forge.on_demand_problems is 'everything that is wrong with an on-demand feature view but its expressions; internal';

-- What a generated column may be is what an expression may be, and Postgres says why not: it reads its row and nothing else, and is
-- immutable, since what depends on the clock or on settings would be another value at training than at serving.
create or replace function forge.expression_type(inout expression text, inputs jsonb, out type text, out problem forge.problem)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    found record;
    reason text;
    hint constant text := 'one immutable SQL expression of the inputs, without subqueries or aggregates; what is not in pg_catalog is qualified. The inputs: '
        || coalesce((select string_agg(format('%s %s', quote_ident(i ->> 'name'), i ->> 'type'), ', ' order by place) from jsonb_array_elements(inputs) with ordinality e(i, place)), 'none');
begin
    select s.* into found from forge.source_columns(format(E'select (%s\n) as value from (select 1 as forge_one%s) inputs', expression,
        (select string_agg(format(', null::%s as %I', i ->> 'type', i ->> 'name'), '' order by place) from jsonb_array_elements(inputs) with ordinality e(i, place)))) s;
    if found.problem is not null or jsonb_array_length(found.columns) <> 1 then
        problem := row('FG004', format('expression %s: %s', expression, coalesce((found.problem).message, 'it is more than one')), hint);
        return;
    end if;
    type := found.columns -> 0 ->> 'type';
    begin
        execute format(E'create temporary table forge_probe (forge_one int%s, forge_value %s generated always as (%s\n) stored) on commit drop',
            (select string_agg(format(', %I %s', i ->> 'name', i ->> 'type'), '' order by place) from jsonb_array_elements(inputs) with ordinality e(i, place)), type, expression);
        -- As Postgres writes it: nothing is left to a search_path, and there are no comments.
        select pg_get_expr(d.adbin, d.adrelid) into expression from pg_attrdef d where d.adrelid = 'pg_temp.forge_probe'::regclass;
        raise sqlstate '09000';
    exception
        when sqlstate '09000' then
            null;
        when others then
            get stacked diagnostics reason = message_text;
            problem := row('FG004', format('expression %s: %s', expression, reason), hint);
    end;
end
$$;
comment on function forge.expression_type is 'an expression over inputs as it means the same everywhere, and its type; or why it cannot be a feature; internal';

create or replace function forge.check_on_demand_view() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    problems forge.problem[];
    inputs jsonb;
    typed record;
begin
    perform pg_advisory_xact_lock(hashtextextended('forge.feature_views.' || new.name, 0));
    select coalesce(max(d.version), 0) + 1, coalesce(min(d.owner::oid)::regrole, new.owner) into new.version, new.owner
    from forge.on_demand_feature_views d where d.name = new.name;
    problems := array(select p::forge.problem from forge.on_demand_problems(new) p);
    if cardinality(problems) = 0 then
        new.request_columns := coalesce((
            select jsonb_agg(jsonb_build_object('name', n.name, 'type', forge.argument_type(n.value)) order by n.place)
            from forge.named_entries(new.request_columns, 'type') n), '[]');
        inputs := (select jsonb_agg(jsonb_build_object('name', i.name, 'type', i.type) order by i.place) from forge.on_demand_inputs(new.sources, new.request_columns) i);
        new.sources := array(select format('%s/%s:%s', r.view, r.version, r.feature) from forge.referred_features(new.sources) r order by r.place);
        select array_remove(array_agg(t.problem order by n.place), null) as problems,
            jsonb_agg(jsonb_build_object('name', n.name, 'expression', t.expression, 'type', t.type) order by n.place) as features into typed
        from forge.named_entries(new.features, 'expression') n, lateral forge.expression_type(n.value, inputs) t;
        problems := typed.problems;
        new.features := typed.features;
    end if;
    perform forge.raise_problems(format('on-demand feature view "%s"', new.name), problems);
    return new;
end
$$;
comment on function forge.check_on_demand_view is 'trigger of forge.on_demand_feature_views: resolves a new version, or refuses it with all its problems at once';
create or replace trigger check_on_demand_view before insert on forge.on_demand_feature_views for each row execute function forge.check_on_demand_view();
comment on trigger check_on_demand_view on forge.on_demand_feature_views is 'resolves a new version';

create or replace trigger keep_used_views before delete on forge.on_demand_feature_views for each row execute function forge.keep_used_views();
comment on trigger keep_used_views on forge.on_demand_feature_views is 'a version goes after what has features of it';

create or replace function forge.create_on_demand_feature_view(
    name text, features jsonb, sources text[] default '{}', request_columns jsonb default '[]', description text default null, tags jsonb default '{}') returns int
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from forge.on_demand_feature_views d where d.name = create_on_demand_feature_view.name) then
        raise exception using errcode = 'FG023', message = format('on-demand feature view "%s" exists', name),
            hint = format('select forge.alter_on_demand_feature_view(%L, …) makes its next version', name);
    end if;
    insert into forge.on_demand_feature_views (name, features, sources, request_columns, description, tags)
    values (name, features, coalesce(sources, '{}'), coalesce(request_columns, '[]'), description, coalesce(tags, '{}'));
    return 1;
end
$$;
comment on function forge.create_on_demand_feature_view is
    'defines features that are computed when they are asked for: [{"name", "expression"}], each one immutable SQL expression over features of feature views (sources, referred to as in a service, of their newest versions) and over values that come with the request (request_columns: [{"name", "type"}]; columns of the entity rows at training). Functions and operators outside pg_catalog are qualified, and run with the rights of who asks for features. Returns the version, 1. All problems at once: FG001, FG004, FG008, FG022, FG032; FG023: a name is taken';

create or replace function forge.alter_on_demand_feature_view(name text, changes jsonb) returns int
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    known constant text[] := '{features,sources,request_columns,description,tags}';
    old forge.on_demand_feature_views;
    made forge.on_demand_feature_views;
    unknown constant text := (select string_agg(format('"%s"', k), ', ') from jsonb_object_keys(changes) k where k <> all (known));
begin
    select d.* into old from forge.on_demand_feature_views d where d.name = alter_on_demand_feature_view.name order by d.version desc limit 1;
    perform forge.require_definition('on-demand feature view', alter_on_demand_feature_view.name,
        array(select distinct d.name from forge.on_demand_feature_views d order by 1), old.owner);
    if unknown is not null then
        raise exception using errcode = 'FG004', message = 'an on-demand feature view has no ' || unknown, hint = 'what can be changed: ' || forge.listed(known);
    end if;
    made := jsonb_populate_record(old, changes);
    if not changes ?| known[1:3] then
        update forge.on_demand_feature_views d set description = made.description, tags = made.tags where d.name = old.name and d.version = old.version;
        return old.version;
    end if;
    insert into forge.on_demand_feature_views as d (name, features, sources, request_columns, description, tags)
    values (made.name, made.features, made.sources, made.request_columns, made.description, made.tags)
    returning d.version into made.version;
    return made.version;
end
$$;
comment on function forge.alter_on_demand_feature_view is
    'defines the next version of an on-demand feature view, like the newest but for changes: {"features": […], "sources": […], "request_columns": […]}; returns its number. Description and tags change in place. FG004: no such entry; FG022: it is another''s; FG032: there is none';

create or replace function forge.drop_on_demand_feature_view(name text, version int default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.require_definition('on-demand feature view', drop_on_demand_feature_view.name, array(select distinct d.name from forge.on_demand_feature_views d order by 1),
        (select min(d.owner::oid)::regrole from forge.on_demand_feature_views d where d.name = drop_on_demand_feature_view.name));
    delete from forge.on_demand_feature_views d
    where d.name = drop_on_demand_feature_view.name and (drop_on_demand_feature_view.version is null or d.version = drop_on_demand_feature_view.version);
    if not found then
        raise exception using errcode = 'FG032', message = format('on-demand feature view "%s" has no version %s', name, version),
            hint = format('select version from forge.on_demand_feature_views where name = %L', name);
    end if;
end
$$;
comment on function forge.drop_on_demand_feature_view is
    'drops an on-demand feature view, or one of its versions. FG024 while a feature service or a dataset has features of it, FG032: there is none, FG022: it is another''s';
