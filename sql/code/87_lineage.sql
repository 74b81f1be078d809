-- Who needs what: models, feature services, datasets, feature views, entities and sources, as far as one may see them.

-- As the catalog has it: forge_admin need not have USAGE on the schemas of those who asked.
create or replace function forge.relation_under(source text, path text) returns regclass
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    parts text[];
begin
    parts := parse_ident(source);
    return case cardinality(parts) when 2 then forge.relation_named(source) else (
        select c.oid from unnest(string_to_array(path, ',')) with ordinality p(schema, place)
        join pg_namespace n on n.nspname = btrim(p.schema, ' "') join pg_class c on c.relnamespace = n.oid and c.relname = parts[1]
        order by p.place limit 1) end;
exception when invalid_parameter_value then
    return null;
end
$$;
comment on function forge.relation_under is 'the relation that a source names under a search_path; null for a SELECT; internal';

-- Who may see a model may see what it needs, whoever asked for it.
create or replace function forge.request_needs(request bigint) returns table (kind text, name text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select 'feature service', r.source_features from forge.training_requests r where r.id = request and r.source_features is not null
    union all
    select 'dataset', d.name from forge.training_requests r, forge.datasets d
    where r.id = request and forge.relation_named(d.output) = forge.relation_under(r.source, r.search_path)
$$;
comment on function forge.request_needs is 'the feature service or dataset that a training request reads; internal';

-- features: what of the view is needed; null where that is no view's.
create or replace function forge.dependencies() returns table (kind text, name text, needs_kind text, needs text, features text[])
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with referring as (
        select 'feature service' as kind, format('%s/%s', s.name, s.version) as name, s.features from forge.feature_services s
        union all
        select 'dataset', d.name, d.features from forge.datasets d
        union all
        select 'on-demand feature view', format('%s/%s', d.name, d.version), d.sources from forge.on_demand_feature_views d
    )
    select r.kind, r.name, case when split_part(f, '/', 1) in (select d.name from forge.on_demand_feature_views d) then 'on-demand feature view' else 'feature view' end,
        split_part(f, ':', 1), array_agg(f order by place)
    from referring r, unnest(r.features) with ordinality u(f, place) group by 1, 2, 3, 4
    union all
    select 'push source', s.name, 'feature view', format('%s/%s', s.view, max(v.version)), null
    from forge.push_sources s join forge.feature_views v on v.name = s.view group by s.name, s.view
    union all
    select 'feature view', format('%s/%s', v.name, v.version), 'entity', e, null from forge.feature_views v, unnest(v.entities) e
    union all
    select 'feature view', format('%s/%s', v.name, v.version), case when forge.relation_of(v.source) is null then 'query' else 'relation' end, v.source, null
    from forge.feature_views v
    union all
    select 'dataset', d.name, 'feature service', d.service, null from forge.datasets d where d.service is not null
    union all
    select 'model', format('%s/%s', v.model, v.version), n.kind, n.name, null from forge.model_versions v, forge.request_needs(v.training_request) n
    union all
    select 'model', format('%s/%s', v.model, v.version), 'model', format('%s/%s', v.base_model, v.base_version), null
    from forge.model_versions v where v.base_model is not null
$$;
comment on function forge.dependencies is 'who directly needs what; internal';

create or replace function forge.key_condition(entity_names text[], key jsonb, alias text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    keys constant text[] := array(select k.name from forge.entity_keys(entity_names) k order by k.place);
    condition text;
begin
    if jsonb_typeof(key) is distinct from 'object' or not (key ?& keys and key - keys = '{}') then
        raise exception using errcode = 'FG004', message = format('%s is not the key of one entity', coalesce(key::text, 'null')),
            hint = 'an object of ' || forge.listed(keys);
    end if;
    condition := (select string_agg(format('%I.%I operator(pg_catalog.=) %L::%s', alias, k.name, key ->> k.name, to_regtype(k.type)), ' and ' order by k.place)
                  from forge.entity_keys(entity_names) k);
    execute format('select %s from (select %s) %I', condition,
        (select string_agg(format('null::%s as %I', to_regtype(k.type), k.name), ', ') from forge.entity_keys(entity_names) k), alias);
    return condition;
exception when data_exception then
    raise exception using errcode = 'FG004', message = format('%s is not the key of one entity: %s', key, sqlerrm),
        hint = 'its join keys are ' || (select string_agg(format('%s %s', k.name, k.type), ', ' order by k.place) from forge.entity_keys(entity_names) k);
end
$$;
comment on function forge.key_condition is 'the condition by which rows are one entity''s; FG004 if its key is none; internal';

create or replace function forge.rows_of_entity(output text, condition text) returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    -- Whoever wrote the dataset''s row may not be who asks: a table is read, never a view''s query run.
    place constant regclass := (select c.oid from pg_class c where c.oid = forge.relation_named(output) and c.relkind in ('r', 'p'));
    found bigint;
begin
    execute format('select count(*) from %s s where %s', place, condition) into found;
    return found;
exception when insufficient_privilege or undefined_column or null_value_not_allowed or syntax_error then
    return null;
end
$$;
comment on function forge.rows_of_entity is 'how many rows of a dataset''s table are one entity''s; null if it is gone or may not be read; internal';

create or replace function forge.require_lineage(kind text, name text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    known constant text[] := '{model,feature service,dataset,feature view,on-demand feature view,push source,entity,relation,query}';
    existing text[];
begin
    if kind is null or kind <> all (known) then
        raise exception using errcode = 'FG004', message = format('there is no kind %s', coalesce(quote_literal(kind), 'null')), hint = forge.listed(known);
    end if;
    existing := case kind
        when 'model' then array(select m.name from forge.models m order by 1)
        when 'feature service' then array(select distinct s.name from forge.feature_services s order by 1)
        when 'dataset' then array(select d.name from forge.datasets d order by 1)
        when 'feature view' then array(select distinct v.name from forge.feature_views v order by 1)
        when 'on-demand feature view' then array(select distinct d.name from forge.on_demand_feature_views d order by 1)
        when 'push source' then array(select s.name from forge.push_sources s order by 1)
        when 'entity' then array(select e.name from forge.entities e order by 1)
        else array(select distinct v.source from forge.feature_views v order by 1) end;
    perform forge.require_definition(kind, case when kind in ('relation', 'query') then name else split_part(name, '/', 1) end, existing);
end
$$;
comment on function forge.require_lineage is 'FG004 for a kind, FG032 for a name that there is not; internal';

create or replace function forge.version_status(kind text, reference text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case when v.retired_at is not null then 'retired' else (
        select string_agg(a.alias, ', ' order by a.alias) from forge.model_aliases a where a.model = v.model and a.version = v.version and a.valid_to is null) end
    from forge.model_versions v
    where version_status.kind = 'model' and v.model = split_part(reference, '/', 1) and v.version::text = split_part(reference, '/', 2)
$$;
comment on function forge.version_status is 'the aliases of a model''s version, or retired; null for what is no model; internal';

create or replace function forge.lineage(kind text, name text, key jsonb default null)
returns table (direction text, steps int, object_kind text, object text, features text[], status text, entity_rows bigint)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    condition text;
begin
    perform forge.require_lineage(lineage.kind, lineage.name);
    if key is not null then
        if lineage.kind <> 'entity' then
            raise exception using errcode = 'FG004', message = format('a %s has no key', lineage.kind), hint = 'key is that of one entity: forge.lineage(''entity'', name, key)';
        end if;
        condition := forge.key_condition(array[lineage.name], key, 's');
    end if;
    return query
        with recursive edges (of_kind, of, needs_kind, needs, refs) as materialized (
            select d.kind, d.name, d.needs_kind, d.needs, d.features from forge.dependencies() d
        ), counted (dataset, found) as materialized (
            select d.name, forge.rows_of_entity(d.output, condition)
            from forge.datasets d
            where key is not null and exists (select from forge.planned_views(d.planned) v where lineage.name = any (v.entities))
        ), walks (way, from_kind, from_name, to_kind, to_name, refs) as (
            select 'needs', e.of_kind, e.of, e.needs_kind, e.needs, e.refs from edges e
            union all
            select 'needed by', e.needs_kind, e.needs, e.of_kind, e.of, e.refs from edges e
        ), walked (way, far, of_kind, of, refs) as (
            select distinct w.way, 0, w.from_kind, w.from_name, null::text[]
            from walks w
            where key is null and w.from_kind = lineage.kind and (w.from_name = lineage.name
                or w.from_kind in ('model', 'feature service', 'feature view', 'on-demand feature view') and split_part(w.from_name, '/', 1) = lineage.name)
            union all
            select 'needed by', 1, 'dataset', c.dataset, null from counted c where c.found is distinct from 0
            union
            select r.way, r.far + 1, w.to_kind, w.to_name, coalesce(w.refs, r.refs)
            from walked r join walks w on w.way = r.way and w.from_kind = r.of_kind and w.from_name = r.of
            where r.far < 100
        )
        select w.way, min(w.far), w.of_kind, w.of,
            (select array_agg(distinct f order by f) from walked r, unnest(r.refs) f where r.way = w.way and r.of_kind = w.of_kind and r.of = w.of),
            forge.version_status(w.of_kind, w.of), min(c.found)
        from walked w left join counted c on w.of_kind = 'dataset' and c.dataset = w.of
        where w.far > 0
        group by w.way, w.of_kind, w.of
        order by w.way desc, min(w.far), w.of_kind, w.of;
end
$$;
comment on function forge.lineage(text, text, jsonb) is
    'what a model, feature service, dataset, feature view, on-demand feature view, push source, entity or relation (kind) needs, and what is needed by it, directly (steps 1) or through others, with the features on the way; name: of all versions, or name/version. status: a model version''s aliases, or retired. key, of an entity such as {"user_id": 42}: only datasets whose tables hold rows of it (entity_rows; null where one may not read them), and what was trained on those. Only what one may see. FG004: no such kind or key; FG032: there is none';
