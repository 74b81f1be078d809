-- Entities whose vectors are nearest to one's, of what a feature view has online: forge.similar over the online table's column, so
-- through its HNSW index where it has one.

create or replace function forge.vector_feature(reference text, out view forge.feature_views, out feature text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    found record;
begin
    select array_agg(r.problem) filter (where r.problem is not null) as problems, min(r.view) as view, min(r.version) as version,
        array_agg(r.feature order by r.place) filter (where r.type ~ '(^|\.)(vector|halfvec)(\([0-9]+\))?$|^(real|double precision)\[\]$') as vectors
    into found from forge.referred_features(array[reference]) r;
    perform forge.raise_problems('the reference', found.problems);
    if cardinality(found.vectors) is distinct from 1 then
        raise exception using errcode = 'FG007',
            message = format('%s has %s', reference, case when found.vectors is null then 'no vector' else 'more than one vector' end),
            hint = coalesce('name one: ' || (select string_agg(format('%s:%s', found.view, v), ', ') from unnest(found.vectors) v),
                'vector, halfvec, real[] or double precision[]');
    end if;
    select v.* into view from forge.feature_views v where v.name = found.view and v.version = found.version;
    feature := found.vectors[1];
end
$$;
comment on function forge.vector_feature is 'the one vector that a reference means, and its view; FG007 where there is none, or several; internal';

create or replace function forge.require_online(view forge.feature_views) returns regclass
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    relation constant regclass := forge.online_table(view);
begin
    if relation is null then
        raise exception using errcode = 'FG032', message = format('version %s of feature view "%s" is not online', view.version, view.name),
            hint = format('select forge.materialize(%L)', format('%s/%s', view.name, view.version));
    end if;
    return relation;
end
$$;
comment on function forge.require_online is 'the online table of a view; FG032 if it was never materialized; internal';

-- No SET search_path: the filter is the caller's, as in forge.similar.
create or replace function forge.similar_entities(
    feature text, key jsonb, k int default 10, metric text default 'cosine', filter text default null, exact boolean default null)
returns table (rank bigint, distance float8, entity jsonb, event_timestamp timestamptz, features jsonb)
language plpgsql stable
as $$
declare
    found record;
    online regclass;
    condition text;
    valid text;
    query text;
begin
    select f.* into found from forge.vector_feature(feature) f;
    online := forge.require_online(found.view);
    condition := forge.key_condition((found.view).entities, key, 'forge_row');
    -- What has outlived ttl is as little there as in training.
    valid := pg_catalog.concat_ws(' and ', 'not forge_row.forge_deleted',
        'forge_row.forge_time operator(pg_catalog.>=) (pg_catalog.now() operator(pg_catalog.-) '
            || pg_catalog.quote_literal(forge.seconds((found.view).ttl) || ' seconds') || '::pg_catalog.interval)');
    execute pg_catalog.format('select forge_row.%I::pg_catalog.text from %s forge_row where %s and %s', found.feature, online, condition, valid) into query;
    return query
        select s.rank, s.distance, (select pg_catalog.jsonb_object_agg(j, s.row operator(pg_catalog.->) j) from pg_catalog.unnest((found.view).join_keys) j),
            (s.row operator(pg_catalog.->>) 'forge_time')::timestamptz,
            s.row operator(pg_catalog.-) (found.view).join_keys operator(pg_catalog.-) '{forge_time,forge_recorded,forge_deleted}'::text[]
        from forge.similar(online, found.feature, query, k, metric,
            pg_catalog.concat_ws(' and ', valid, pg_catalog.format('not (%s)', condition), '(' || filter || E'\n)'), exact) s;
end
$$;
comment on function forge.similar_entities(text, jsonb, int, text, text, boolean) is
    'the k entities whose vectors are nearest to one entity''s, nearest first, of what a feature view has online: feature is view:feature, or a view with one vector. Metrics and exact are those of forge.similar; filter is a condition on the columns of the online table. entity: its join keys; features: the view''s others. The entity itself, deleted ones and those beyond ttl are left out; an entity that is not there has none. FG004: the key; FG007: no vector; FG031: no pgvector; FG032: no such view, or it is not online';

create or replace function forge.single_key(feature text, value jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select forge.entity_object(value, (f.view).join_keys, array(select (f.view).columns ->> k from unnest((f.view).join_keys) k)) from forge.vector_feature(feature) f
$$;
comment on function forge.single_key is 'a value as the key of an entity with one join key, or a text that is the key''s object; FG004 where there are more; internal';

do $overloads$
declare
    key_type text;
begin
    foreach key_type in array array['bigint', 'text', 'uuid'] loop
        execute pg_catalog.format($function$
            create or replace function forge.similar_entities(
                feature text, key %1$s, k int default 10, metric text default 'cosine', filter text default null, exact boolean default null)
            returns table (rank bigint, distance float8, entity jsonb, event_timestamp timestamptz, features jsonb)
            language sql stable
            as $$
                select s.* from forge.similar_entities(feature, forge.single_key(feature, pg_catalog.to_jsonb(key)), k, metric, filter, exact) s
            $$;
            comment on function forge.similar_entities(text, %1$s, int, text, text, boolean) is 'the same for an entity with one join key'
            $function$, key_type);
    end loop;
end
$overloads$;
