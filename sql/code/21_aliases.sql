-- Aliases, retirement and retention. Internal: called by the trigger of forge.audit_log and by forge.register_version.

create or replace function forge.point_alias(
    model text, alias text, version int, changed_by regrole, reason text, rollback_to forge.model_aliases default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    target forge.model_versions;
    present forge.model_aliases;
begin
    select a.* into present from forge.model_aliases a
    where a.model = point_alias.model and a.alias = point_alias.alias and a.valid_to is null;
    select v.* into target from forge.model_versions v where v.model = point_alias.model and v.version = point_alias.version;
    if target.id is null then
        raise exception using errcode = 'FG002', message = format('model "%s" has no version %s', model, version),
            hint = format('select * from forge.describe(%L) lists its versions', model);
    elsif target.retired_at is not null then
        raise exception using errcode = 'FG002', message = format('version %s of model "%s" was retired', version, model),
            detail = format('Its artifact was deleted on %s.', target.retired_at),
            hint = 'train it again';
    elsif present.version = version then
        return;
    end if;
    if alias = 'champion' then
        perform forge.refresh_functions(model, version);
    end if;
    update forge.model_aliases a set valid_to = clock_timestamp() where a.id = present.id;
    insert into forge.model_aliases (model, alias, version, changed_by, reason, previous)
    values (model, alias, version, changed_by, reason, case when rollback_to.id is null then present.id else rollback_to.previous end);
end
$$;
comment on function forge.point_alias is
    'makes an alias name a version from now on; a champion''s functions are brought into line first; internal';

create or replace function forge.previous_champion(model text) returns forge.model_aliases
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    -- Rows point at the one to return to, and a row that a rollback wrote points past it: rolling back again goes
    -- further back.
    with recursive steps as (
        select a.*, 0 as steps
        from forge.model_aliases a
        where a.model = previous_champion.model and a.alias = 'champion' and a.valid_to is null
        union all
        select a.*, s.steps + 1 from steps s join forge.model_aliases a on a.id = s.previous
    )
    select a.*
    from steps s
    join forge.model_aliases a on a.id = s.id
    join forge.model_versions v on v.model = a.model and v.version = a.version and v.retired_at is null
    where s.steps > 0 and a.version <> (select p.version from steps p where p.steps = 0)
    order by s.steps
    limit 1
$$;
comment on function forge.previous_champion is
    'the row of the champion before the present one was promoted, of those whose version can still score; null: there is none; internal';

create or replace function forge.retire_version(model text, version int) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    pinned text := (select string_agg(a.alias, ', ' order by a.alias) from forge.model_aliases a
                    where a.model = retire_version.model and a.version = retire_version.version and a.valid_to is null);
begin
    if pinned is not null then
        raise exception using errcode = 'FG024',
            message = format('version %s of model "%s" is in use as %s', version, model, pinned),
            hint = format('point the alias at another version first: forge.promote(%1$L, …), forge.set_alias(%1$L, …) or forge.drop_alias(%1$L, …)', model);
    end if;
    update forge.model_versions v set retired_at = now()
    where v.model = retire_version.model and v.version = retire_version.version and v.retired_at is null;
    if not found then
        raise exception using errcode = 'FG002',
            message = format('model "%s" has no version %s that could be retired', model, version),
            hint = format('select * from forge.describe(%L) lists its versions', model);
    end if;
    delete from forge.model_artifacts a where a.model = retire_version.model and a.version = retire_version.version;
    delete from forge.neighbor_indexes i where i.model = retire_version.model and i.version = retire_version.version;
end
$$;
comment on function forge.retire_version is 'deletes a version''s artifact and marks it retired; FG024 if an alias names it; internal';

create or replace function forge.apply_retention(model text) returns int
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    excess int;
    retired int := 0;
begin
    for excess in
        select v.version
        from (
            select v.version, row_number() over (order by v.version desc) as place
            from forge.model_versions v
            where v.model = apply_retention.model and v.retired_at is null
        ) v
        where v.place > (select m.keep from forge.models m where m.name = apply_retention.model)
            and not exists (
                select from forge.model_aliases a
                where a.model = apply_retention.model and a.version = v.version and a.valid_to is null)
    loop
        perform forge.retire_version(model, excess);
        retired := retired + 1;
    end loop;
    return retired;
end
$$;
comment on function forge.apply_retention is
    'retires all but the newest models.keep versions; those that an alias names stay; returns how many; internal';
