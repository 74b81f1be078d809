-- How planned features become parts of a query, whether of history or of what is online: each feature view that is needed is a
-- lookup v1, v2, … joined to the entity row e, and what is computed from their features is joined after them as d1, d2, ….

create or replace function forge.planned_references(refs text[], full_feature_names boolean default false) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select jsonb_agg(jsonb_build_object('place', r.place, 'view', r.view, 'version', r.version, 'feature', r.feature, 'type', r.type,
        'output', case when full_feature_names then r.view || '__' || r.feature else r.feature end) order by r.place)
    from forge.referred_features(refs) r
$$;
comment on function forge.planned_references is 'what references mean, in order: [{"place", "view", "version", "feature", "type", "output"}]; internal';

create or replace function forge.checked_references(refs text[], full_feature_names boolean default false) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.raise_problems('the request for features', case when coalesce(cardinality(refs), 0) = 0
        then array[row('FG004', 'no features are asked for', 'such as features => ''{user_stats:visits}''')::forge.problem]
        else array(select r.problem from forge.referred_features(refs) r where r.problem is not null order by r.place) end);
    return forge.planned_references(refs, full_feature_names);
end
$$;
comment on function forge.checked_references is 'the same; an error if one of them means nothing, or there are none; internal';

create or replace function forge.planned_on_demand(planned jsonb) returns table (number bigint, view forge.on_demand_feature_views, names text[], place bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select row_number() over (order by d.name, d.version), d, f.names, f.place
    from (select p.view, p.version, array_agg(p.feature order by p.place) as names, min(p.place)::bigint as place
          from jsonb_to_recordset(planned) p(place int, view text, version int, feature text) group by p.view, p.version) f
    join forge.on_demand_feature_views d on d.name = f.view and d.version = f.version
$$;
comment on function forge.planned_on_demand is 'the on-demand feature views that features are asked of, and which; internal';

create or replace function forge.planned_lookups(planned jsonb) returns table (number bigint, view forge.feature_views, names text[], rank bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with needed as (
        select p.place::bigint, 0::bigint as input, p.view, p.version, p.feature from jsonb_to_recordset(planned) p(place int, view text, version int, feature text)
        union all
        select d.place, i.place, i.view, i.version, i.name
        from forge.planned_on_demand(planned) d, lateral forge.on_demand_inputs((d.view).sources, (d.view).request_columns) i
    )
    select row_number() over (order by v.name, v.version), v, n.names, row_number() over (order by n.first)
    from (select view, version, array_agg(distinct feature order by feature) as names, min(array[place, input]) as first from needed group by view, version) n
    join forge.feature_views v on v.name = n.view and v.version = n.version
$$;
comment on function forge.planned_lookups is 'the feature views that are looked up for planned features, the features that are read of each, and in which order they were asked for; internal';

create or replace function forge.planned_views(planned jsonb) returns setof forge.feature_views
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select (l.view).* from forge.planned_lookups(planned) l $$;
comment on function forge.planned_views is 'the versions of feature views that planned features come from; internal';

create or replace function forge.planned_keys(planned jsonb) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select array(select k.name from forge.entity_keys(array(select unnest(v.entities) from forge.planned_views(planned) v)) k order by k.place) $$;
comment on function forge.planned_keys is 'the join keys of the views that features are asked of; internal';

create or replace function forge.planned_arguments(planned jsonb) returns table (place bigint, name text, type text, is_key boolean)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select k.place, k.name, k.type, true
    from forge.entity_keys(array(select e from forge.planned_lookups(planned) l, unnest((l.view).entities) with ordinality u(e, n) order by l.rank, u.n)) k
    union all
    select 1000000 + min(d.place * 1000 + c.place), c.name, min(c.type), false
    from forge.planned_on_demand(planned) d, rows from (jsonb_to_recordset((d.view).request_columns) as (name text, type text)) with ordinality c(name, type, place)
    where c.name <> all (forge.planned_keys(planned))
    group by c.name
$$;
comment on function forge.planned_arguments is 'what must be known of an entity for planned features: the join keys, then the values that come with the request; internal';

-- A count of nothing is 0, as in history; an online table has no row for it.
create or replace function forge.feature_item(view forge.feature_views, number bigint, feature text, online boolean) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case when online and exists (
            select from jsonb_array_elements(view.aggregations) a where a ->> 'name' = feature and a ->> 'function' in ('count', 'distinct'))
        then format('coalesce(v%s.%I, case when %s then 0 end)', number, feature,
            coalesce((select string_agg(format('e.%I is not null', k), ' and ' order by place) from unnest(view.join_keys) with ordinality u(k, place)), 'true'))
        else format('v%s.%I', number, feature) end
$$;
comment on function forge.feature_item is 'a feature of a lookup as an expression; internal';

create or replace function forge.feature_items(planned jsonb, online boolean) returns table (place int, output text, item text, lookup bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select p.place, p.output, coalesce('d' || d.number || '.' || quote_ident(p.feature), forge.feature_item(l.view, l.number, p.feature, online)), l.number
    from jsonb_to_recordset(planned) p(place int, view text, version int, feature text, output text)
    left join forge.planned_lookups(planned) l on (l.view).name = p.view and (l.view).version = p.version
    left join forge.planned_on_demand(planned) d on (d.view).name = p.view and (d.view).version = p.version
$$;
comment on function forge.feature_items is 'planned features as expressions over the parts of a query; lookup is null for what is computed on demand; internal';

create or replace function forge.computed_joins(planned jsonb, online boolean) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select string_agg(format(E'\ncross join lateral (select %s from (select %s) i) d%s',
            (select string_agg(format(E'(%s\n) as %I', f ->> 'expression', f ->> 'name'), ', ' order by place)
             from jsonb_array_elements((d.view).features) with ordinality u(f, place) where f ->> 'name' = any (d.names)),
            (select string_agg(case when i.view is null then format('e.%I::%s', i.name, i.type) else forge.feature_item(l.view, l.number, i.name, online) end || format(' as %I', i.name), ', ' order by i.place)
             from forge.on_demand_inputs((d.view).sources, (d.view).request_columns) i
             left join forge.planned_lookups(planned) l on (l.view).name = i.view and (l.view).version = i.version),
            d.number), '' order by d.number)
    from forge.planned_on_demand(planned) d
$$;
comment on function forge.computed_joins is 'what on-demand features add to a query: they are computed from the lookups and the entity row e; null if there are none; internal';
