-- Saved datasets: features as they were, pinned by what was recorded and by what was committed, so that the same rows come again
-- after backfills and late rows. The rows are kept in their table besides, for sources that change what they said.

create or replace function forge.content_of(query text, out row_count bigint, out content_hash text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set datestyle = 'ISO, YMD' set intervalstyle = 'postgres' set timezone = 'UTC' set extra_float_digits = 1 set bytea_output = 'hex'
as $$
begin
    execute format($query$
        select coalesce(sum(n), 0), encode(sha256(coalesce(string_agg(hash, '' order by part), '')), 'hex')
        from (
            select entity_row / 65536 as part, count(*) as n, sha256(string_agg(sha256(convert_to(r::text, 'UTF8')), '' order by entity_row)) as hash
            from (%s) r group by 1) p
        $query$, query) into row_count, content_hash;
end
$$;
comment on function forge.content_of is 'how many rows a query with entity_row has, and the SHA-256 of their text in that order; the same in every session; internal';

-- No SET search_path: the entity source and the output are the caller's.
create or replace function forge.create_dataset(
    name text, entity_source text, output text, features text[] default null, service text default null, as_of timestamptz default null,
    event_timestamp text default null, full_feature_names boolean default false, description text default null) returns bigint
language plpgsql
as $$
declare
    target constant text := forge.new_table_name(output);
    made forge.datasets;
    entity record;
    plan record;
begin
    perform forge.raise_problems(pg_catalog.format('dataset "%s"', name), array(
        select p::forge.problem from forge.definition_problems('a dataset', name, pg_catalog.quote_ident(current_user)::pg_catalog.regrole) p
        union all
        select row('FG023', pg_catalog.format('dataset "%s" exists', name), 'choose another name, or drop it first')::forge.problem
        where exists (select from forge.datasets d where d.name operator(pg_catalog.=) create_dataset.name)));
    select s.* into entity from forge.entity_source(entity_source) s;
    select p.* into plan from forge.planned_features(features, service, full_feature_names, entity.columns, event_timestamp) p;
    made.as_of := coalesce(create_dataset.as_of, pg_catalog.clock_timestamp());
    made.seen := pg_catalog.format('%L::pg_catalog.pg_snapshot, %L::pg_catalog.xid8', pg_catalog.pg_current_snapshot(), pg_catalog.pg_current_xact_id());
    made.query := forge.historical_query(
        forge.entity_rows(entity.qualified, entity.columns, plan.event_timestamp, made.as_of, forge.planned_keys(plan.planned)),
        forge.names_of_columns(entity.columns), plan.planned, made.as_of, false, made.seen);
    perform forge.fill_table(target, made.query);
    made.hidden_rows := forge.say_leaks(forge.entity_rows(target, entity.columns, plan.event_timestamp, made.as_of, null), plan.planned, made.as_of, true);
    select c.* into made.row_count, made.content_hash from forge.content_of('select * from ' || target) c;
    insert into forge.datasets (name, output, entity_source, entity_columns, event_timestamp, service, features, planned, as_of, seen, query,
        row_count, hidden_rows, content_hash, description)
    select create_dataset.name, target, create_dataset.entity_source, entity.columns, plan.event_timestamp,
        (select pg_catalog.format('%s/%s', s.name, s.version) from forge.service_version(create_dataset.service) s where create_dataset.service is not null),
        array(select pg_catalog.format('%s/%s:%s', f.view, f.version, f.feature)
              from pg_catalog.jsonb_to_recordset(plan.planned) f(place int, view text, version int, feature text) order by f.place),
        plan.planned, made.as_of, made.seen, made.query, made.row_count, made.hidden_rows, made.content_hash, create_dataset.description;
    return made.row_count;
end
$$;
comment on function forge.create_dataset is
    'makes a table of entity rows with their features, as forge.historical_features does, and pins it: versions, query, as_of (now unless said), the transactions seen, row count and content hash are in forge.datasets, and forge.check_dataset makes it again. Returns the number of rows';

create or replace function forge.check_dataset(name text) returns table (part text, row_count bigint, content_hash text, unchanged boolean)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    saved forge.datasets;
    target text;
    seen text;
begin
    select d.* into saved from forge.datasets d where d.name = check_dataset.name;
    perform forge.require_definition('dataset', check_dataset.name, array(select d.name from forge.datasets d order by 1));
    -- Who wrote the row may not be who reads it: nothing of it becomes SQL as it stands.
    target := to_regclass(saved.output)::text;
    seen := (select format('%L::pg_catalog.pg_snapshot, %L::pg_catalog.xid8', m[1]::pg_snapshot, m[2]::xid8)
             from regexp_match(saved.seen, '^''([0-9:,]+)''::pg_catalog.pg_snapshot, ''([0-9]+)''::pg_catalog.xid8$') m where m is not null);
    if target is null or seen is null then
        return query select 'stored'::text, null::bigint, null::text, false;
        return;
    end if;
    return query select 'stored'::text, c.row_count, c.content_hash, c.content_hash = saved.content_hash
        from forge.content_of('select * from ' || target) c;
    return query select 'again'::text, c.row_count, c.content_hash, c.content_hash = saved.content_hash
        from forge.content_of(forge.historical_query(
            forge.entity_rows(target, saved.entity_columns, saved.event_timestamp, saved.as_of, forge.planned_keys(saved.planned), 's.entity_row'),
            forge.names_of_columns(saved.entity_columns), saved.planned, saved.as_of, false, seen)) c;
end
$$;
comment on function forge.check_dataset is
    'whether a saved dataset is what it was: its stored rows, and the features of its entity rows looked up again as of then. FG032: there is none';

create or replace function forge.drop_dataset(name text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.require_definition('dataset', drop_dataset.name, array(select d.name from forge.datasets d order by 1),
        (select d.owner from forge.datasets d where d.name = drop_dataset.name));
    delete from forge.datasets d where d.name = drop_dataset.name;
end
$$;
comment on function forge.drop_dataset is 'forgets a saved dataset; its table stays, and is the owner''s to drop. FG032: there is none, FG022: it is another''s';
