-- Features that are online, as JSON in the form of Feast's feature server: a column of values, statuses and times for each name.

create or replace function forge.entity_list(entities jsonb) returns jsonb[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    lengths int[];
begin
    if jsonb_typeof(entities) = 'array' then
        return array(select e from jsonb_array_elements(entities) with ordinality u(e, place) order by place);
    elsif jsonb_typeof(entities) is distinct from 'object' then
        raise exception using errcode = 'FG004', message = format('entities are %s', coalesce(entities::text, 'null')),
            hint = 'a list of objects, [{"user_id": 1}, {"user_id": 2}], or an object of lists, {"user_id": [1, 2]}';
    end if;
    lengths := array(select distinct jsonb_array_length(c.value) from jsonb_each(entities) c where jsonb_typeof(c.value) = 'array');
    if cardinality(lengths) > 1 then
        raise exception using errcode = 'FG004', message = 'the lists of entities differ in length', hint = 'each has a value for every entity';
    end if;
    if lengths[1] is null then
        return array[entities];
    end if;
    return array(
        select jsonb_object_agg(c.key, v.value)
        from jsonb_each(entities) c, jsonb_array_elements(case jsonb_typeof(c.value) when 'array' then c.value else to_jsonb(array_fill(c.value, lengths[1:1])) end) with ordinality v(value, place)
        group by v.place order by v.place);
end
$$;
comment on function forge.entity_list is 'entities as a list: of objects as they are, or of an object of lists; internal';

create or replace function forge.get_online_features(service text, entities jsonb, full_feature_names boolean default false) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    found constant forge.feature_services := forge.service_version(service);
    answer jsonb;
begin
    execute format('select forge_features.%I($1, $2)', forge.service_function(found)) into answer using forge.entity_list(entities), coalesce(full_feature_names, false);
    return answer;
end
$$;
comment on function forge.get_online_features(text, jsonb, boolean) is
    'what is online now of a feature service (its newest version, or name/version) for entities: a list of objects with join keys and request values, or one object of lists. In the form of Feast''s feature server: {"metadata": {"feature_names": […]}, "results": [{"values", "statuses", "event_timestamps"}, …]}, the entities'' keys and request values first. Statuses: PRESENT, NULL_VALUE, NOT_FOUND (value NULL; a count is 0), OUTSIDE_MAX_AGE (beyond ttl; value NULL, as in training). Needs SELECT on the online tables. FG004, FG006: the entities; FG032: there is no such service, or something is not online';

create or replace function forge.get_online_features(features text[], entities jsonb, full_feature_names boolean default false) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    planned constant jsonb := forge.checked_references(features, true);
begin
    return forge.read_online(planned, forge.entity_list(entities), array(
        select case when full_feature_names then p.output else p.feature end from jsonb_to_recordset(planned) p(place int, output text, feature text) order by p.place));
end
$$;
comment on function forge.get_online_features(text[], jsonb, boolean) is
    'the same of features named by reference: view:feature, view/version:feature, or view. A service is faster, as its plan is kept';
