-- A name means what the active snapshot says it means: within loops, prepared statements, cursors, subtransactions.
-- house/1: 10 + 2 area + 5 rooms = 120 for (50, 2); house/2: 20 + 3 area + 7 rooms = 184.
create table homes (area float8, rooms int);
insert into homes values (50, 2);

-- one call site, a promotion between its calls
do $$
declare
    turn int;
    scored float8;
    typed float8;
begin
    for turn in 1..4 loop
        perform regress.set_champion('house', 1 + turn % 2);
        scored := forge.predict('house', '{"area": 50, "rooms": 2}');
        typed := forge_models.house(50, 2);
        raise notice 'version %: % and %', 1 + turn % 2, scored, typed;
    end loop;
end
$$;

-- a subtransaction that promotes and is undone
do $$
declare
    turn int;
begin
    perform regress.set_champion('house', 1);
    for turn in 1..2 loop
        begin
            perform regress.set_champion('house', 2);
            raise notice 'inside: %', forge_models.house(50, 2);
            raise exception 'undone';
        exception when raise_exception then
            null;
        end;
        raise notice 'outside: %', forge_models.house(50, 2);
    end loop;
end
$$;

-- prepared statements
prepare site as select forge.predict('house', h), forge_models.house(area, rooms) from homes h;
execute site;
select regress.set_champion('house', 2);
execute site;

-- within one transaction, an isolation level that keeps its snapshot sees its own promotion
begin isolation level repeatable read;
execute site;
savepoint before;
select regress.set_champion('house', 1);
execute site;
rollback to before;
execute site;
commit;

-- a cursor keeps its snapshot
begin;
declare kept cursor for select forge.predict('house', h) from homes h, generate_series(1, 3);
fetch 1 from kept;
select regress.set_champion('house', 1);
fetch 1 from kept;
execute site;
fetch 1 from kept;
commit;

-- the model's name may be a column
create table by_model (model text, area float8, rooms int);
insert into by_model
select m, 50, 2 from generate_series(1, 2), unnest('{house,house/1,house/2,house@champion,house/1,house/2}'::text[]) m;
insert into by_model values (null, 50, 2);
select model, forge.predict(model, b), count(*) from by_model b group by 1, 2 order by 1;

-- more names than a call site keeps
do $$
declare
    turn int;
begin
    for turn in 1..12 loop
        perform regress.set_champion('house', 1 + turn % 2, 'a' || turn);
    end loop;
end
$$;
select sum(forge.predict('house@a' || t, h)) from homes h, generate_series(1, 12) t, generate_series(1, 3);

-- a version that is dropped, one that has no champion, one that is retired
begin;
update forge.model_aliases set valid_to = clock_timestamp() where model = 'house' and alias = 'champion' and valid_to is null;
select regress.error($$select forge.predict('house', h) from homes h$$);
rollback;
begin;
update forge.model_versions set retired_at = now() where model = 'house' and version = 2;
select regress.error($$select forge.predict('house/2', h) from homes h$$);
rollback;

-- another artifact under an old id (the schema was made anew) is not taken for the cached one
begin;
select forge.predict('house/1', h) from homes h;
create temp table swapped as select * from forge.model_artifacts where model = 'house' and version = 2;
delete from forge.model_artifacts where model = 'house' and version = 1;
insert into forge.model_artifacts select model, 1, chunk, bytes from swapped;
update forge.model_versions v set artifact_sha256 = (select o.artifact_sha256 from forge.model_versions o where o.model = 'house' and o.version = 2)
where v.model = 'house' and v.version = 1;
select forge.predict('house/1', h) from homes h;
rollback;
select forge.predict('house/1', h) from homes h;
