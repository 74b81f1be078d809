-- Feature services: named sets of features. A reference is view:feature (the newest version), view/version:feature, or
-- view alone for all of its features; a service keeps the versions that were the newest when it was defined.

create or replace function forge.all_views() returns table (name text, version int, features jsonb)
language sql stable
as $$
    select v.name, v.version, v.features from forge.feature_views v
    union all
    select d.name, d.version, d.features from forge.on_demand_feature_views d
$$;
comment on function forge.all_views is 'what a reference may name: feature views, and those that are computed on demand; internal';

create or replace function forge.referred_features(refs text[])
returns table (place bigint, reference text, view text, version int, feature text, type text, problem forge.problem)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with asked as (
        select r, place, m[1] as view, m[2]::int as version, m[3] as feature
        from unnest(refs) with ordinality u(r, place)
        left join lateral regexp_match(r, '^([a-z_][a-z0-9_]*)(?:/([0-9]{1,9}))?(?::(.+))?$') m on true
    ), found as (
        select a.*, v.version as found_version, v.features, v.name
        from asked a
        left join lateral (
            select f.* from forge.all_views() f
            where f.name = a.view and (a.version is null or f.version = a.version) order by f.version desc limit 1) v on true
    )
    select row_number() over (order by f.place, c.place), f.r, f.name, f.found_version, c.name, c.type,
        case when f.name is null and f.version is not null and exists (select from forge.all_views() v where v.name = f.view) then
                row('FG032', format('feature view "%s" has no version %s', f.view, f.version), format('select version from forge.feature_views where name = %L', f.view))::forge.problem
            when f.name is null then
                row('FG032', format('there is no feature view "%s"', coalesce(f.view, f.r)), coalesce('did you mean ' || nullif(array_to_string(
                    forge.nearest_names(coalesce(f.view, f.r), array(select distinct v.name from forge.all_views() v)), ' or '), '') || '?',
                    'a feature is view:feature, view/version:feature, or view for all of its features'))::forge.problem
            when c.name is null then
                row('FG032', format('feature view "%s" has no feature %s in version %s', f.view, quote_ident(f.feature), f.found_version),
                    'its features are ' || forge.listed(forge.names_of(f.features)))::forge.problem end
    from found f
    left join lateral (
        select c.name, c.type, c.place from rows from (jsonb_to_recordset(f.features) as (name text, type text)) with ordinality c(name, type, place)
        where f.feature is null or c.name = f.feature) c on true
$$;
comment on function forge.referred_features is 'the features that references mean, in order; and what is wrong with those that mean none; internal';

create or replace function forge.service_version(reference text) returns forge.feature_services
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    service forge.feature_services;
    wanted text := split_part(reference, '/', 1);
    number text := nullif(split_part(reference, '/', 2), '');
begin
    select s.* into service from forge.feature_services s
    where s.name = wanted and (number is null or s.version::text = number) order by s.version desc limit 1;
    if service.name is null then
        perform forge.require_definition('feature service', wanted, array(select distinct s.name from forge.feature_services s order by 1));
        raise exception using errcode = 'FG032', message = format('feature service "%s" has no version %s', wanted, number),
            hint = format('select version from forge.feature_services where name = %L', wanted);
    end if;
    return service;
end
$$;
comment on function forge.service_version is 'the feature service that "name" (its newest version) or "name/version" means; FG032 if there is none; internal';

create or replace function forge.check_feature_service() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('forge.feature_services.' || new.name, 0));
    select coalesce(max(s.version), 0) + 1, coalesce(min(s.owner::oid)::regrole, new.owner) into new.version, new.owner
    from forge.feature_services s where s.name = new.name;
    perform forge.raise_problems(format('feature service "%s"', new.name), array(
        select p::forge.problem from forge.definition_problems('a feature service', new.name, new.owner) p
        union all
        select row('FG004', 'a feature service needs features', 'such as features => ''{user_stats:visits}''')::forge.problem
        where coalesce(cardinality(new.features), 0) = 0
        union all
        select r.problem from forge.referred_features(new.features) r where r.problem is not null
        union all
        select row('FG023', format('the functions of feature service "%s" would be called alike', s.name), 'choose another name')::forge.problem
        from forge.feature_services s where new.version = 1 and (s.name = new.name || '_at' or new.name = s.name || '_at') group by s.name
        union all
        select row('FG023', format('two features are called "%s"', r.feature), 'name them apart in their views')::forge.problem
        from forge.referred_features(new.features) r where r.problem is null group by r.feature having count(*) > 1));
    new.features := array(select format('%s/%s:%s', r.view, r.version, r.feature) from forge.referred_features(new.features) r order by r.place);
    return new;
end
$$;
comment on function forge.check_feature_service is 'trigger of forge.feature_services: resolves a new version, or refuses it with all its problems at once';
create or replace trigger check_feature_service before insert on forge.feature_services for each row execute function forge.check_feature_service();
comment on trigger check_feature_service on forge.feature_services is 'resolves a new version';

create or replace function forge.create_feature_service(name text, features text[], description text default null, tags jsonb default '{}') returns int
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from forge.feature_services s where s.name = create_feature_service.name) then
        raise exception using errcode = 'FG023', message = format('feature service "%s" exists', create_feature_service.name),
            hint = format('select forge.alter_feature_service(%L, …) makes its next version', create_feature_service.name);
    end if;
    insert into forge.feature_services (name, features, description, tags)
    values (create_feature_service.name, create_feature_service.features, create_feature_service.description, coalesce(create_feature_service.tags, '{}'));
    return 1;
end
$$;
comment on function forge.create_feature_service is
    'names a set of features: view:feature, view/version:feature, or view for all of its features; the versions stay those of now. Returns the version, 1. FG001, FG004, FG023: a name that is taken, or two features of one name; FG032: no such feature';

create or replace function forge.alter_feature_service(
    name text, features text[] default null, description text default null, tags jsonb default null) returns int
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    old forge.feature_services;
    made int;
begin
    select s.* into old from forge.feature_services s where s.name = alter_feature_service.name order by s.version desc limit 1;
    perform forge.require_definition('feature service', alter_feature_service.name, array(select distinct s.name from forge.feature_services s order by 1), old.owner);
    if features is null then
        update forge.feature_services s set description = coalesce(alter_feature_service.description, s.description), tags = coalesce(alter_feature_service.tags, s.tags)
        where s.name = old.name and s.version = old.version;
        return old.version;
    end if;
    insert into forge.feature_services as s (name, features, description, tags)
    values (old.name, alter_feature_service.features, coalesce(alter_feature_service.description, old.description), coalesce(alter_feature_service.tags, old.tags))
    returning s.version into made;
    return made;
end
$$;
comment on function forge.alter_feature_service is
    'defines the next version of a feature service, of the newest versions of its views, and returns its number; description and tags change in place. FG022: it is another''s; FG032: there is none, or no such feature';

create or replace function forge.drop_feature_service(name text, version int default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.require_definition('feature service', drop_feature_service.name, array(select distinct s.name from forge.feature_services s order by 1),
        (select min(s.owner::oid)::regrole from forge.feature_services s where s.name = drop_feature_service.name));
    delete from forge.feature_services s
    where s.name = drop_feature_service.name and (drop_feature_service.version is null or s.version = drop_feature_service.version);
    if not found then
        raise exception using errcode = 'FG032', message = format('feature service "%s" has no version %s', name, version),
            hint = format('select version from forge.feature_services where name = %L', name);
    end if;
end
$$;
comment on function forge.drop_feature_service is
    'drops a feature service, or one of its versions. FG024 while a model needs it, FG032: there is none, FG022: it is another''s';
