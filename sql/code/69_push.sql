-- Push: rows into the table of a feature view, with the caller's rights on it, and at once into its online table.

create or replace function forge.check_push_source() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.raise_problems(format('push source "%s"', new.name), array(
        select p::forge.problem from forge.definition_problems('a push source', new.name, new.owner) p
        union all
        select row('FG023', format('push source "%s" exists', new.name), 'choose another name, or drop it first')::forge.problem
        where tg_op = 'INSERT' and exists (select from forge.push_sources s where s.name = new.name)));
    perform forge.require_definition('feature view', new.view, array(select distinct v.name from forge.feature_views v order by 1));
    return new;
end
$$;
comment on function forge.check_push_source is 'trigger of forge.push_sources: refuses what is none';
create or replace trigger check_push_source before insert or update on forge.push_sources for each row execute function forge.check_push_source();
comment on trigger check_push_source on forge.push_sources is 'checks a new push source, or another view of one';

create or replace function forge.create_push_source(name text, view text, description text default null) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$ insert into forge.push_sources (name, view, description) values (name, view, description) $$;
comment on function forge.create_push_source is 'names a way into a feature view, for forge.push. FG001, FG023: the name; FG032: there is no such view';

create or replace function forge.drop_push_source(name text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.require_definition('push source', drop_push_source.name, array(select s.name from forge.push_sources s order by 1),
        (select s.owner from forge.push_sources s where s.name = drop_push_source.name));
    delete from forge.push_sources s where s.name = drop_push_source.name;
end
$$;
comment on function forge.drop_push_source is 'drops a push source; the view and its rows stay. FG032: there is none, FG022: it is another''s';

-- Only where something is amiss is the source analysed, which takes longer than a push.
create or replace function forge.may_be_stale(view forge.feature_views) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select view.source !~* '^\s*(select|with|values)\s' and exists (
            select from jsonb_each_text(view.columns) c
            where not exists (
                select from pg_attribute a
                where a.attrelid = forge.relation_of(view.source) and a.attname = c.key and a.attnum > 0 and not a.attisdropped and format_type(a.atttypid, null) = c.value)));
end
$$;
comment on function forge.may_be_stale is 'whether the relation that a view reads has not all its columns as they were; internal';

create or replace function forge.pushed_problems(view forge.feature_views, rows jsonb, push_to text) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        with pushed as (
            select r, place from jsonb_array_elements(case jsonb_typeof(rows) when 'array' then rows else '[]' end) with ordinality u(r, place)
        )
        select 'FG004', format('rows are %s, not a list of objects', coalesce(left(rows::text, 100), 'null')), 'such as [{"user_id": 7, "at": "2026-03-01T12:00:00Z", "hours": 2}]'
        where coalesce(jsonb_typeof(rows), '') <> 'array' or exists (select from pushed where jsonb_typeof(r) <> 'object')
        union all
        select 'FG004', format('push_to is %s', coalesce(quote_literal(push_to), 'null')), 'online, offline or online_and_offline'
        where coalesce(push_to, '') not in ('online', 'offline', 'online_and_offline')
        union all
        select 'FG004', format('row %s has no %s', min(p.place), quote_ident(n)), 'each row has the join keys and the event_timestamp'
        from pushed p, unnest(view.join_keys || view.event_timestamp) n where coalesce(p.r -> n, 'null') = 'null' group by n
        union all
        select 'FG004', format('the source of feature view "%s" is a SELECT', view.name), 'push to online only, or insert into its tables'
        where push_to <> 'online' and view.source ~* '^\s*(select|with|values)\s'
        union all
        select 'FG004', format('feature view "%s" aggregates what its source has', view.name), 'push to online_and_offline' where push_to = 'online' and view.aggregations is not null
        union all
        select 'FG006', format('the source of feature view "%s" has no column %s', view.name, quote_ident(k)), 'leave it out of the rows'
        from (select distinct k from pushed p, jsonb_object_keys(case jsonb_typeof(p.r) when 'object' then p.r else '{}' end) k) k
        where not view.columns ? k.k and not exists (
            select from pg_attribute a where a.attrelid = forge.relation_of(view.source) and a.attname = k.k and a.attnum > 0 and not a.attisdropped)
        union all
        select p.* from forge.stale_views(jsonb_build_array(jsonb_build_object('view', view.name, 'version', view.version))) p where forge.may_be_stale(view);
end
$$;
comment on function forge.pushed_problems is 'why rows cannot be pushed into a view; internal';

create or replace function forge.append_pushed(view forge.feature_views, rows jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('insert into %1$s (%2$s) select %2$s from jsonb_populate_recordset(null::%1$s, $1)', view.source,
        (select string_agg(distinct quote_ident(k), ', ') from jsonb_array_elements(rows) r, jsonb_object_keys(r) k)) using rows;
end
$$;
comment on function forge.append_pushed is 'inserts rows into the source of a view; columns that none has get their defaults; internal';

-- The rows take the place of the source, so that the latest of them is chosen as it would be there.
create or replace function forge.pushed_rows(view forge.feature_views, rows jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format('select * from jsonb_to_recordset(%L) as r (%s)', rows, string_agg(format('%I %s', c.key, c.value), ', ')) from jsonb_each_text(view.columns) c
$$;
comment on function forge.pushed_rows is 'a query of pushed rows with the columns of a view''s source; internal';

create or replace function forge.push(source text, rows jsonb, push_to text default 'online_and_offline') returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
    view forge.feature_views;
    pushed forge.feature_views;
    relation regclass;
    query text;
    at constant timestamptz := clock_timestamp();
begin
    view := (select forge.view_version(s.view) from forge.push_sources s where s.name = source);
    perform forge.require_definition('push source', source, array(select s.name from forge.push_sources s order by 1));
    rows := case jsonb_typeof(rows) when 'object' then jsonb_build_array(rows) else rows end;
    perform forge.raise_problems(format('the rows for push source "%s"', source), array(select p::forge.problem from forge.pushed_problems(view, rows, push_to) p));
    if rows = '[]' then
        return 0;
    end if;
    if view.created_timestamp is not null then
        rows := (select jsonb_agg(case when coalesce(r -> view.created_timestamp, 'null') = 'null' then r || jsonb_build_object(view.created_timestamp, at) else r end order by place)
                 from jsonb_array_elements(rows) with ordinality u(r, place));
    end if;
    if push_to <> 'online' then
        perform forge.append_pushed(view, rows);
    end if;
    if push_to <> 'offline' then
        pushed := view;
        pushed.source := forge.pushed_rows(view, rows);
        query := forge.online_rows(case when view.aggregations is null then pushed else view end, forge.keys_where(pushed, 'true'), at);
        if forge.online_table(view) is null then
            perform forge.materialize_incremental(view.name || '/' || view.version);
        end if;
        relation := forge.online_table(view);
        if relation is null then  -- a breach has stopped that run, which is no reason to refuse what is pushed
            relation := forge.create_online_table(view, query || ' limit 0');
            perform forge.refresh_services(view);
        end if;
        perform forge.write_online(view, relation, query);
    end if;
    return jsonb_array_length(rows);
end
$$;
comment on function forge.push is
    'writes rows – a list of objects, or one – into a feature view''s table (offline), its online table, or both at once, with the caller''s rights on them; returns how many. A row without created_timestamp was recorded now; times without a zone are UTC. Online the latest row of each key wins, as forge.materialize has it; a view of aggregations is computed anew for those keys. The online table is made by the view''s owner, and filled. All problems at once: FG004, FG006: the rows do not fit; FG006, FG007: the table has lost or changed a column; FG032: there is no such source';
