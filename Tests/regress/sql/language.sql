-- LANGUAGE forge: what the validator lets through, and what a function does with it.
create schema try;
create function try.ok(area float8, rooms int) returns float8 language forge as 'house';
create function try.version(rooms int, area float8, unused text) returns float8 language forge as 'house/1';
create function try.label(features record) returns text language forge as 'churn';
create function try.future(x float8) returns float8 language forge as 'not_yet_there';
select try.ok(50, 2), try.version(2, 50, 'x'), try.label(c) from (select 1 as age, 'free' as plan) c;

-- refused when defined
select regress.error($$create function try.no(float8, int) returns float8 language forge as 'house'$$);
select regress.error($$create function try.no() returns float8 language forge as 'house'$$);
select regress.error($$create function try.no(area float8) returns int language forge as 'house'$$);
select regress.error($$create function try.no(area float8) returns setof float8 language forge as 'house'$$);
select regress.error($$create function try.no(area jsonb) returns float8 language forge as 'house'$$);
select regress.error($$create function try.no(area float8, out rooms float8) returns float8 language forge as 'house'$$);
select regress.error($$create function try.no(area float8) returns float8 language forge as 'House; drop'$$);
select regress.error($$create procedure try.no(area float8) language forge as 'house'$$);
select regress.error($$create function try.no() returns trigger language forge as 'house'$$);
select regress.error($$do language forge 'house'$$);

-- and when called
set check_function_bodies = off;
create function try.unchecked(area jsonb) returns float8 language forge as 'house';
reset check_function_bodies;
select regress.error($$select try.unchecked('{}')$$);
create function try.lacking(area float8) returns float8 language forge as 'house';
create function try.mistyped(area text, rooms boolean) returns float8 language forge as 'house';
select regress.error($$select try.lacking(1)$$);
select regress.error($$select try.mistyped('x', true)$$);
select regress.error($$select try.future(1)$$);
-- a failed call leaves nothing half-made behind
do $$
begin
    for turn in 1..3 loop
        begin
            perform try.lacking(turn);
        exception when others then
            raise notice '% %', sqlstate, sqlerrm;
        end;
    end loop;
end
$$;

-- the planner sees a stable, parallel safe function with its own cost
select proname, provolatile, proparallel, proisstrict, proleakproof, procost from pg_proc where oid = 'forge_models.house(float8, int)'::regprocedure;

-- the extension cannot go while functions in its language exist
drop schema try cascade;
select regress.error('drop extension forge') ~ '^2BP01' as refused;
