-- What features are about. Whoever defines an entity, a view or a service owns it, alters and drops it; everybody reads
-- definitions, and the data behind them with rights of their own.

create or replace function forge.key_family(type text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select case when type in ('smallint', 'integer', 'bigint') then 'integer' when type in ('text', 'character varying', 'name') then 'text' else type end
$$;
comment on function forge.key_family is 'types of one family can be compared by an index on any of them; internal';

-- Elsewhere defined types may have an equality of their own (citext), which is found by the search_path of who asks.
create or replace function forge.can_be_key(type text) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce((select t.typnamespace = 'pg_catalog'::regnamespace and t.typcategory not in ('A', 'P') or t.typtype = 'e'
                     from pg_type t where t.oid = to_regtype(type)), false)
$$;
comment on function forge.can_be_key is 'whether values of a type can tell entities apart: a type of Postgres itself that is no array, or an enum; internal';

create or replace function forge.raise_problems(subject text, problems forge.problem[]) returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    error record;
begin
    if cardinality(problems) > 0 then
        select e.* into error from forge.combined_problems(subject, problems) e;
        raise exception using errcode = error.code, message = error.message, detail = error.detail,
            hint = case when cardinality(problems) = 1 then error.hint else 'mend them all' end;
    end if;
end
$$;
comment on function forge.raise_problems is 'raises all problems of one thing as one error, if there are any; internal';

create or replace function forge.definition_problems(kind text, name text, owner regrole) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select 'FG001', format('%s is not the name of %s', coalesce(quote_ident(name), 'null'), kind), 'a lower-case identifier of at most 60 bytes'
    where name is null or name !~ '^[a-z_][a-z0-9_]*$' or octet_length(name) > 60
    union all
    select 'FG022', format('role %s may not change "%s", which belongs to %s', current_user, name, owner),
        format('choose another name; or, by a member of it: grant %s to %s', owner, quote_ident(current_user))
    where not pg_has_role(current_user, owner, 'usage')
$$;
comment on function forge.definition_problems is 'a bad name, or one that is another''s; internal';

create or replace function forge.check_entity() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.raise_problems(format('entity "%s"', new.name), array(
        select p::forge.problem from forge.definition_problems('an entity', new.name, new.owner) p
        union all
        select row('FG004', 'an entity needs join keys, each with a type', 'such as join_keys => ''{user_id}'', key_types => ''{bigint}''')::forge.problem
        where coalesce(cardinality(new.join_keys), 0) = 0 or cardinality(new.join_keys) is distinct from cardinality(new.key_types)
        union all
        select row('FG004', format('join key "%s" comes twice', k), 'name each once')::forge.problem
        from unnest(new.join_keys) k group by k having count(*) > 1
        union all
        select row('FG008', format('type %s cannot be that of a join key', coalesce(t, 'null')), 'such as bigint, text, uuid or date')::forge.problem
        from unnest(new.key_types) t where not coalesce(forge.can_be_key(t), false)
        union all
        select row('FG023', format('entity "%s" exists', new.name), 'choose another name, or drop it first')::forge.problem
        where exists (select from forge.entities e where e.name = new.name)));
    new.key_types := array(select format_type(to_regtype(t), null) from unnest(new.key_types) with ordinality u(t, place) order by place);
    return new;
end
$$;
comment on function forge.check_entity is 'trigger of forge.entities: refuses what is no entity, with all its problems';
create or replace trigger check_entity before insert on forge.entities for each row execute function forge.check_entity();
comment on trigger check_entity on forge.entities is 'checks a new entity';

create or replace function forge.keep_used_entities() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    users text := (select string_agg(distinct format('feature view %s/%s', v.name, v.version), ', ') from forge.feature_views v
                   where old.name = any (v.entities));
begin
    if users is not null then
        raise exception using errcode = 'FG024', message = format('entity "%s" is in use', old.name), detail = users, hint = 'drop them first';
    end if;
    return old;
end
$$;
comment on function forge.keep_used_entities is 'trigger of forge.entities: FG024 while a feature view is about it';
create or replace trigger keep_used_entities before delete on forge.entities for each row execute function forge.keep_used_entities();
comment on trigger keep_used_entities on forge.entities is 'an entity goes after its feature views';

create or replace function forge.create_entity(
    name text, join_keys text[], key_types text[], description text default null, tags jsonb default '{}') returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into forge.entities (name, join_keys, key_types, description, tags)
    values (name, join_keys, key_types, description, coalesce(tags, '{}'))
$$;
comment on function forge.create_entity is
    'defines what features are about: its join keys and their types (types of Postgres itself, or enums). FG004, FG008: keys without types, or of types that tell nothing apart; FG023: the name is taken';

create or replace function forge.require_definition(kind text, name text, existing text[], owner regrole default null) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if name is null or name <> all (existing) then
        raise exception using errcode = 'FG032', message = format('there is no %s %s', kind, coalesce('"' || name || '"', 'null')),
            hint = coalesce('did you mean ' || nullif(array_to_string(forge.nearest_names(name, existing), ' or '), '') || '?',
                'there are: ' || coalesce(nullif(forge.listed(existing), ''), 'none'));
    elsif not pg_has_role(current_user, owner, 'usage') then
        raise exception using errcode = 'FG022', message = format('role %s may not change %s "%s", which belongs to %s', current_user, kind, name, owner),
            hint = format('grant %s to %s', owner, quote_ident(current_user));
    end if;
end
$$;
comment on function forge.require_definition is 'FG032 where there is no such thing, FG022 where it is another''s; internal';

create or replace function forge.alter_entity(name text, description text default null, tags jsonb default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.require_definition('entity', alter_entity.name, array(select e.name from forge.entities e order by e.name),
        (select e.owner from forge.entities e where e.name = alter_entity.name));
    update forge.entities e
    set description = coalesce(alter_entity.description, e.description), tags = coalesce(alter_entity.tags, e.tags)
    where e.name = alter_entity.name;
end
$$;
comment on function forge.alter_entity is
    'changes what is said of an entity; null leaves it. Its keys never change: views are written for them. FG032: there is none; FG022: it is another''s';

create or replace function forge.drop_entity(name text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform forge.require_definition('entity', drop_entity.name, array(select e.name from forge.entities e order by e.name),
        (select e.owner from forge.entities e where e.name = drop_entity.name));
    delete from forge.entities e where e.name = drop_entity.name;
end
$$;
comment on function forge.drop_entity is 'drops an entity; FG024 while a feature view is about it, FG032: there is none, FG022: it is another''s';
