-- How views are kept up: by the daemons, on a schedule that is an entry of the view; and how fresh they are.

create or replace function forge.check_upkeep() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.raise_problems(format('feature view "%s"', new.name), array(select p::forge.problem from forge.expectation_problems(new) p));
    return new;
end
$$;
comment on function forge.check_upkeep is 'trigger of forge.feature_views: refuses schedules and expectations that are none, after the view itself is resolved';
create or replace trigger check_upkeep before insert or update of schedule, expectations, on_breach on forge.feature_views
    for each row execute function forge.check_upkeep();
comment on trigger check_upkeep on forge.feature_views is 'checks how the view is to be kept up';

-- The row of forge.schedules is the view owner's, whichever member of it changes the view.
create or replace function forge.keep_schedule() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    view forge.feature_views := case tg_op when 'DELETE' then old else new end;
    every interval := (select v.schedule from forge.feature_views v where v.name = view.name order by v.version desc limit 1);
begin
    if every is null then
        delete from forge.schedules s where s.kind = 'materialize' and s.owner = view.owner and s.payload ->> 'view' = view.name;
    elsif tg_op <> 'DELETE' then
        insert into forge.schedules (name, kind, payload, every, owner, search_path, time_zone, next_run_at)
        values ('materialize:' || view.name, 'materialize', jsonb_build_object('view', view.name), every, view.owner, 'pg_catalog', 'UTC', clock_timestamp())
        on conflict on constraint names_are_unique_for_an_owner do update set every = excluded.every, next_run_at = excluded.next_run_at, paused = false;
    end if;
    return null;
end
$$;
comment on function forge.keep_schedule is 'trigger of forge.feature_views: keeps the schedule that materializes the view as its newest version has it';
create or replace trigger keep_schedule after insert or update of schedule or delete on forge.feature_views
    for each row execute function forge.keep_schedule();
comment on trigger keep_schedule on forge.feature_views is 'keeps the schedule that materializes the view';

create or replace function forge.materialize_scheduled(view text) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    found forge.feature_views;
    run forge.materializations;
    runs jsonb := '{}';
    written bigint := 0;
begin
    for found in
        select v.* from forge.feature_views v
        where v.name = view and (to_regclass(forge.online_name(v.name, v.version)) is not null
            or v.version = (select max(n.version) from forge.feature_views n where n.name = view))
        order by v.version
    loop
        run := forge.materialize_incremental(found.name || '/' || found.version);
        written := written + run.rows;
        runs := runs || jsonb_build_object(found.version, run.id);
    end loop;
    return jsonb_build_object('rows', written, 'runs', runs);
end
$$;
comment on function forge.materialize_scheduled is 'brings the newest version of a view, and those that are online, up to now; internal';

create or replace view forge.feature_freshness with (security_invoker = true) as
select v.name as view, v.version, f.name as feature, m.to_time as materialized_to, clock_timestamp() - m.to_time as age, m.keys,
    (m.null_counts ->> f.name)::float8 / nullif(m.keys, 0) as null_rate, coalesce(b.breaches, '[]') as breaches, l.published as last_published, l.started_at as last_run_at,
    v.schedule, s.next_run_at, s.error_code, s.error_message
from forge.feature_views v
cross join lateral jsonb_to_recordset(v.features) f(name text)
left join lateral (
    select r.* from forge.materializations r where r.view = v.name and r.version = v.version and r.published order by r.id desc limit 1) m on true
left join lateral (
    select r.* from forge.materializations r where r.view = v.name and r.version = v.version order by r.id desc limit 1) l on true
left join lateral (
    select jsonb_agg(x) as breaches from jsonb_array_elements(l.breaches) x where x ->> 'feature' is null or x ->> 'feature' = f.name) b on true
left join forge.schedules s on s.kind = 'materialize' and s.owner = v.owner and s.payload ->> 'view' = v.name;
comment on view forge.feature_freshness is 'how fresh each feature is online: when its view was materialized last, and what was found then';
comment on column forge.feature_freshness.view is 'feature view';
comment on column forge.feature_freshness.version is 'its version';
comment on column forge.feature_freshness.feature is 'the feature';
comment on column forge.feature_freshness.materialized_to is 'instant of what the last run published; NULL: it is not online';
comment on column forge.feature_freshness.age is 'how long ago that was';
comment on column forge.feature_freshness.keys is 'rows that were online then, tombstones aside';
comment on column forge.feature_freshness.null_rate is 'share of them in which the feature is NULL';
comment on column forge.feature_freshness.breaches is 'expectations of the feature, or of the whole view, that did not hold at the last run';
comment on column forge.feature_freshness.last_published is 'false: a breach stopped the last run';
comment on column forge.feature_freshness.last_run_at is 'when the last run began';
comment on column forge.feature_freshness.schedule is 'how often the daemons materialize it';
comment on column forge.feature_freshness.next_run_at is 'when they will; NULL: now, or never; of schedules that you may see';
comment on column forge.feature_freshness.error_code is 'SQLSTATE of the last scheduled run that failed; NULL: it succeeded';
comment on column forge.feature_freshness.error_message is 'its error';
