-- Training on features: a request with source_features has entity rows as its source, and reads the query that looks their features
-- up. The version of the service is fixed when the request is made, and stays while a model of it does.

-- No SET search_path: the entity source is the caller's.
create or replace function forge.training_source(inout request forge.training_requests, out problem forge.problem)
language plpgsql stable
as $$
declare
    service forge.feature_services;
    entity record;
    plan record;
    kept text[];
    state text;
    reason text;
    facts text;
    remedy text;
begin
    if request.source_features is null then
        return;
    end if;
    service := forge.service_version(request.source_features);
    request.source_features := pg_catalog.format('%s/%s', service.name, service.version);
    select s.* into entity from forge.entity_source(request.source) s;
    select p.* into plan from forge.planned_features(null, request.source_features, false, entity.columns, null) p;
    -- Who and when are no features, but may have a role.
    kept := array(
        select c.name from pg_catalog.unnest(forge.names_of_columns(entity.columns)) with ordinality c(name, place)
        where c.name operator(pg_catalog.<>) all (forge.planned_keys(plan.planned) operator(pg_catalog.||) pg_catalog.array_remove(array[plan.event_timestamp], null))
            or c.name in (select n.name from forge.named_columns(request) n)
        order by c.place);
    request.entity_source := request.source;
    request.source := pg_catalog.format(E'select %s\nfrom (%s) forge_features', (
            select pg_catalog.string_agg(pg_catalog.quote_ident(n), ', ' order by place)
            from pg_catalog.unnest(kept operator(pg_catalog.||) array(
                select f.output from pg_catalog.jsonb_to_recordset(plan.planned) f(place int, output text) order by f.place)) with ordinality u(n, place)),
        forge.historical_query(
            forge.entity_rows(entity.qualified, entity.columns, plan.event_timestamp, null, forge.planned_keys(plan.planned)),
            forge.names_of_columns(entity.columns), plan.planned, null, false));
exception when others then
    get stacked diagnostics state = returned_sqlstate, reason = message_text, facts = pg_exception_detail, remedy = pg_exception_hint;
    if state operator(pg_catalog.!~) '^FG' then
        raise;
    end if;
    problem := row(state, reason, case when reason operator(pg_catalog.~) ' problems$' then facts else remedy end);
end
$$;
comment on function forge.training_source is
    'a request whose source, with source_features, is the query that looks features up; or why there is none; internal';

create or replace function forge.service_users(reference text) returns setof text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format('model %s/%s', v.model, v.version) || coalesce(' (' || forge.version_status('model', format('%s/%s', v.model, v.version)) || ')', '')
    from forge.model_versions v join forge.training_requests r on r.id = v.training_request
    where r.source_features = reference and v.retired_at is null
    union all
    select format('training request %s', r.id) from forge.training_requests r where r.source_features = reference and r.status in ('queued', 'running')
    union all
    select format('dataset %s', d.name) from forge.datasets d where d.service = reference
    order by 1
$$;
comment on function forge.service_users is 'the models that can score, the waiting requests and the datasets that need a version of a feature service; internal';

create or replace function forge.keep_used_services() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    users text := (select string_agg(u, ', ') from forge.service_users(format('%s/%s', old.name, old.version)) u);
begin
    if users is not null then
        raise exception using errcode = 'FG024', message = format('version %s of feature service "%s" is in use', old.version, old.name),
            detail = users, hint = 'retire or drop them first';
    end if;
    return old;
end
$$;
comment on function forge.keep_used_services is 'trigger of forge.feature_services: FG024 while a model that can score, a waiting request or a dataset needs the version';
create or replace trigger keep_used_services before delete on forge.feature_services for each row execute function forge.keep_used_services();
comment on trigger keep_used_services on forge.feature_services is 'a version goes after what was trained on it';
