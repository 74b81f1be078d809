-- EXECUTE on forge_models.<model>(record) is the model's ACL; nothing is for PUBLIC.
create table homes (area float8, rooms int);
insert into homes values (50, 2);
grant select on homes to public;
set role ann;
select regress.error($$select forge.predict('house', h) from homes h$$);
select regress.error($$select forge.explain('house', h) from homes h$$);
select regress.error($$select forge.predict_label('churn', '{"age": 1, "plan": "pro"}')$$);
select regress.error($$select forge_models.house(50, 2)$$);
reset role;
grant usage on schema forge_models to ann;
grant execute on function forge_models.house(record) to ann;
set role ann;
select forge.predict('house', h), forge.predict('house/1', h) from homes h;
select regress.error($$select forge_models.house(50, 2)$$);
select forge_models.house(h) from homes h;
select regress.error($$select forge.read_blocks(1, gen_random_uuid())$$);
reset role;

-- one call site, two users
create function score() returns float8 language sql as $$select forge.predict('house', '{"area": 50, "rooms": 2}')$$;
create function score_as(who text) returns text language plpgsql as $$
begin
    perform set_config('role', who, true);
    return forge.predict('house', '{"area": 50, "rooms": 2}');
exception when others then
    return sqlstate || ' ' || sqlerrm;
end $$;
select w, score_as(w) from unnest('{ann,tom,ann,eve}'::text[]) w;

-- somebody without the role of an analyst
set role eve;
select regress.error($$select forge.predict('house', '{}')$$);
select regress.error($$create function pg_temp.mine(area float8) returns float8 language forge as 'house'$$);
reset role;

-- the extension grants nothing to PUBLIC
select p.oid::regprocedure from pg_proc p, pg_depend d, pg_extension e, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
where e.extname = 'forge' and d.refobjid = e.oid and d.classid = 'pg_proc'::regclass and d.objid = p.oid and a.grantee = 0;
select lanname, lanpltrusted, lanacl from pg_language where lanname = 'forge';
