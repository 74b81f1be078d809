-- The functions of feature services, in schema forge_features: "churn/1"(keys…) of each version, which others build on;
-- churn(keys…) and churn_at(keys…, at) of the newest. They belong to forge_admin, read with the rights of who calls them, and are
-- inlined. Their bodies name tables as what they are (begin atomic), so that nobody's table of the same name can take their place.

create or replace function forge.service_function(service forge.feature_services) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select forge.suffixed_name(service.name, concat('/', service.version)) $$;
comment on function forge.service_function is 'the function in forge_features of a version of a feature service; internal';

create or replace function forge.service_functions(name text) returns table (id regprocedure, version int)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select p.oid::regprocedure, nullif(substring(p.proname from '/([0-9]+)$'), '')::int
    from pg_proc p
    where p.pronamespace = 'forge_features'::regnamespace and (p.proname in (service_functions.name, service_functions.name || '_at')
        or p.proname ~ '/[0-9]+$' and p.proname = forge.suffixed_name(service_functions.name, substring(p.proname from '/[0-9]+$')))
$$;
comment on function forge.service_functions is 'the functions of a feature service; version is null for those of the newest; internal';

-- A key called like a feature has another name among the arguments.
create or replace function forge.service_signature(planned jsonb, out arguments text, out types text, out result text, out features text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with features as (
        select p.place, p.output, forge.argument_type(p.type) as type from jsonb_to_recordset(planned) p(place int, output text, type text)
    ), arguments as (
        select a.place, case when exists (select from features f where f.output = a.name) then 'key_' || a.name else a.name end as name, forge.argument_type(a.type) as type
        from forge.planned_arguments(planned) a
    )
    select a.listed, a.types, f.listed || ', forge_statuses text[], forge_times timestamptz[]', f.listed
    from (select coalesce(string_agg(format('%I %s', name, type), ', ' order by place), '') as listed, coalesce(string_agg(type, ', ' order by place), '') as types, count(*) = count(type) and count(*) < 100 as possible from arguments) a,
        (select string_agg(format('%I %s', output, type), ', ' order by place) as listed, count(*) = count(type) as possible from features) f
    where a.possible and f.possible
$$;
comment on function forge.service_signature is 'arguments and columns of a service''s functions; null where there are none: beyond 99 arguments, or of types out of forge_admin''s sight; internal';

create or replace function forge.put_function(name text, arguments text, result text, body text, remark text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp set check_function_bodies = off
as $$
declare
    signature constant text := format('forge_features.%I(%s)', name, arguments);
begin
    begin
        execute format('create or replace function %s returns %s %s', signature, result, body);
    exception when invalid_function_definition then
        execute format('drop function %s', signature);
        execute format('create function %s returns %s %s', signature, result, body);
    end;
    execute format('comment on function %s is %L', signature, remark);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to forge_trainer, forge_analyst', signature);
end
$$;
comment on function forge.put_function is 'makes a function of a feature service, or another in its place; internal';

create or replace function forge.entity_arguments(planned jsonb, at text default null) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select 'select ' || concat_ws(', ', case when at is not null then format('1 as forge_row, $%s as forge_time', count(*) + 1) end,
        string_agg(format('$%s as %I', number, a.name), ', ' order by number))
    from (select a.name, row_number() over (order by a.place) as number from forge.planned_arguments(planned) a) a
$$;
comment on function forge.entity_arguments is 'the query that makes one entity row of a function''s arguments, the last of which is its time if there is one; internal';

create or replace function forge.keyed_body(service forge.feature_services, planned jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case when o.views <> '{}' then format('language plpgsql stable rows 1 as $body$ begin perform forge.refuse_offline(%L); end $body$', o.views)
        else format(E'language sql stable parallel safe rows 1 begin atomic %s; end', forge.online_query(forge.entity_arguments(planned), '{}', planned)) end
    from forge.offline_views(planned) o(views)
$$;
comment on function forge.keyed_body is 'the body of a service''s function by key; it refuses while something is not online; internal';

-- In PL/pgSQL, so that plans are kept. Where the function by key is not there – of types that forge_admin may not see, or its online
-- table was dropped – the query is planned at each call. No SET, which would take longer than the lookup: all is qualified.
create or replace function forge.json_body(planned jsonb, shortcuts text, query text, otherwise text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format($format$language plpgsql stable as $body$
declare
    objects constant pg_catalog.jsonb := case %s else forge.entity_objects(entities, %L, %L, %L) end;
begin
    return (%s);
exception
    when undefined_function then
        return %s;
    when data_exception then
        perform forge.refuse_values(%L, sqlerrm);
        return null;
end $body$ $format$,
        shortcuts, forge.planned_keys(planned),
        coalesce(array_agg(a.type order by a.place) filter (where a.is_key), '{}'), coalesce(array_agg(a.name order by a.place), '{}'), query, otherwise, planned)
    from forge.planned_arguments(planned) a
$$;
comment on function forge.json_body is 'the body of a service''s function that reads JSON; internal';

create or replace function forge.columns_body(service forge.feature_services, planned jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select forge.json_body(planned, 'when false then null', forge.columns_query(planned,
            format('select e.forge_row, e.forge_entity, f.* from (%s) e left join lateral forge_features.%I(%s) f on true', forge.entity_values(planned, 'objects'),
                forge.service_function(service), (select string_agg(format('e.%I', a.name), ', ' order by a.place) from forge.planned_arguments(planned) a)), l.labels),
        format('forge.read_online(%L, entities, %s)', planned, l.labels))
    from (
        select format('(case when full_feature_names then %L else %L end)::pg_catalog.text[]', array_agg(p.view || '__' || p.feature order by p.place), array_agg(p.feature order by p.place)) as labels
        from jsonb_to_recordset(planned) p(place int, view text, feature text)) l
$$;
comment on function forge.columns_body is 'the body of a service''s function that answers for entities in columns; internal';

-- One entity, in as few steps as may be: it is a part of every prediction by key.
create or replace function forge.entity_body(service forge.feature_services, planned jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select forge.json_body(planned, concat_ws(' ',
            format('when pg_catalog.jsonb_typeof(entities[1]) operator(pg_catalog.=) ''object'' and entities[1] operator(pg_catalog.?&) %L then pg_catalog.to_jsonb(entities)',
                coalesce(array_agg(a.name order by a.place), '{}')),
            'when pg_catalog.jsonb_typeof(entities[1]) operator(pg_catalog.=) ''number'' then pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('
                || case when count(*) = 1 and bool_and(a.is_key) then quote_literal(min(a.name)) end || ', entities[1]))'),
        format('select objects[0] operator(pg_catalog.||) pg_catalog.to_jsonb(r) from (select %s from %sforge_features.%I(%s) f) r',
            (select string_agg(format('f.%I', p.output), ', ' order by p.place) from jsonb_to_recordset(planned) p(place int, output text)),
            'pg_catalog.jsonb_to_record(objects[0]) as e(' || string_agg(format('%I %s', a.name, a.type), ', ' order by a.place) || '), ',
            forge.service_function(service), string_agg(format('e.%I', a.name), ', ' order by a.place)),
        format('forge.read_online(%L, entities)', planned))
    from forge.planned_arguments(planned) a
$$;
comment on function forge.entity_body is 'the body of a service''s function that answers for one entity with one object; internal';

create or replace function forge.past_body(service forge.feature_services, planned jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format('language sql stable rows 1 as %L', format(E'select %s from (%s) h',
        (select string_agg(format('h.%I', p.output), ', ' order by p.place) from jsonb_to_recordset(planned) p(place int, output text)),
        forge.historical_query(forge.entity_arguments(planned, 'at'), '{}', planned, null, false)))
$$;
comment on function forge.past_body is 'the body of a service''s function by key and time; internal';

-- Security definer: only forge_admin may make functions in the schema, of definitions that everybody may read.
create or replace function forge.refresh_service(name text, version int) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    service constant forge.feature_services := (select s from forge.feature_services s where s.name = refresh_service.name and s.version = refresh_service.version);
    planned constant jsonb := forge.planned_references(service.features);
    about constant text := format('feature service %s/%s', service.name, service.version);
    signature record;
    outdated regprocedure;
begin
    perform pg_advisory_xact_lock(hashtextextended('forge.refresh_service.' || service.name, 0));
    perform forge.put_function(forge.service_function(service), 'entities jsonb[], full_feature_names boolean', 'jsonb', forge.columns_body(service, planned),
        'columns of what is online of entities, which are objects of keys and request values; ' || about);
    perform forge.put_function(forge.service_function(service), 'entities jsonb[]', 'jsonb', forge.entity_body(service, planned),
        'one entity with what is online of it; ' || about);
    select s.* into signature from forge.service_signature(planned) s;
    if signature.result is null then
        return;
    end if;
    perform forge.put_function(forge.service_function(service), signature.arguments, format('table (%s)', signature.result), forge.keyed_body(service, planned),
        'the features that are online of a key; ' || about);
    if service.version = (select max(s.version) from forge.feature_services s where s.name = service.name) then
        for outdated in
            select f.id from forge.service_functions(service.name) f join pg_proc p on p.oid = f.id
            where f.version is null and p.oid not in (coalesce(to_regprocedure(format('forge_features.%I(%s)', service.name, signature.types)), 0),
                coalesce(to_regprocedure(format('forge_features.%I(%s)', service.name || '_at', concat_ws(', ', nullif(signature.types, ''), 'timestamptz'))), 0))
        loop
            execute format('drop function %s', outdated);
        end loop;
        perform forge.put_function(service.name, signature.arguments, format('table (%s)', signature.result), forge.keyed_body(service, planned),
            'the features that are online of a key, with their statuses and times; ' || about);
        perform forge.put_function(service.name || '_at', concat_ws(', ', nullif(signature.arguments, ''), 'at timestamptz'), format('table (%s)', signature.features),
            forge.past_body(service, planned), 'the features of a key as they were known at a time; ' || about);
    end if;
exception
    when dependent_objects_still_exist then
        raise exception using errcode = 'FG024', message = format('other objects depend on the functions of feature service "%s", which version %s changes', service.name, service.version),
            detail = sqlerrm, hint = 'drop them first, or define the version as another service';
    when insufficient_privilege or undefined_function or undefined_object then
        raise exception using errcode = 'FG022', message = format('forge_admin may not see what feature service "%s" is made of: %s', service.name, sqlerrm),
            hint = 'grant usage on schema … to forge_admin, for the schemas that expressions of on-demand features name';
end
$$;
comment on function forge.refresh_service is 'makes the functions of a version of a feature service, and of the service if it is the newest; FG022: forge_admin may not see what an expression names; FG024: something depends on those that change; internal';

create or replace function forge.drop_service_functions(name text, version int) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    newest constant forge.feature_services := (select s from forge.feature_services s where s.name = drop_service_functions.name order by s.version desc limit 1);
    gone regprocedure;
begin
    -- The version's own, and where none is left those of the service.
    for gone in
        select f.id from forge.service_functions(name) f
        where f.version = drop_service_functions.version and not exists (
                select from forge.feature_services s where s.name = drop_service_functions.name and s.version = drop_service_functions.version)
            or newest.name is null
    loop
        execute format('drop function %s', gone);
    end loop;
    if newest.name is not null then
        perform forge.refresh_service(newest.name, newest.version);
    end if;
exception when dependent_objects_still_exist then
    raise exception using errcode = 'FG024', message = format('other objects depend on the functions of feature service "%s"', name), detail = sqlerrm, hint = 'drop them first';
end
$$;
comment on function forge.drop_service_functions is 'drops the functions of a version of a feature service that is gone; those of the newest are made again; internal';

create or replace function forge.follow_service() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        perform forge.refresh_service(new.name, new.version);
    else
        perform forge.drop_service_functions(old.name, old.version);
    end if;
    return null;
end
$$;
comment on function forge.follow_service is 'trigger of forge.feature_services: its functions come and go with it';
create or replace trigger follow_service after insert or delete on forge.feature_services for each row execute function forge.follow_service();
comment on trigger follow_service on forge.feature_services is 'makes and drops the functions of a version';

-- Those that could not be made to read, since this view was not online.
create or replace function forge.refresh_services(view forge.feature_views) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    service forge.feature_services;
begin
    for service in
        select s.* from forge.feature_services s
        where exists (select from forge.planned_views(forge.planned_references(s.features)) v where v.name = view.name and v.version = view.version)
            and not exists (select from pg_proc p join pg_language l on l.oid = p.prolang
                where p.pronamespace = 'forge_features'::regnamespace and p.proname = forge.service_function(s) and l.lanname = 'sql')
        order by s.name, s.version
    loop
        perform forge.refresh_service(service.name, service.version);
    end loop;
end
$$;
comment on function forge.refresh_services is 'makes the functions of feature services anew that wait for a view to be online; internal';

do $existing$
declare
    service forge.feature_services;
begin
    for service in select s.* from forge.feature_services s order by s.name, s.version loop
        perform forge.refresh_service(service.name, service.version);
    end loop;
end
$existing$;
