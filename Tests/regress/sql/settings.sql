create table homes (area float8, rooms int);
insert into homes values (50, 2);
select name, setting, unit, context from pg_settings where name like 'forge.%' order by name;
load 'forge';
select name, setting, unit, context from pg_settings where name like 'forge.%' order by name;
select regress.error('set forge.inprocess_predict = off');

-- the kill switch
alter system set forge.inprocess_predict = off;
select pg_reload_conf();
\! timeout 60 sh -c "until psql -XAtd postgres -c \"load 'forge'\" -c 'show forge.inprocess_predict' | grep -qx off; do :; done"
\c
select regress.error($$select forge.predict('house', h) from homes h$$);
select regress.error($$select forge_models.house(50, 2)$$);
select regress.error($$select * from forge.explain('house', '{"area": 50, "rooms": 2}')$$);
alter system reset forge.inprocess_predict;
select pg_reload_conf();
\! timeout 60 sh -c "until psql -XAtd postgres -c \"load 'forge'\" -c 'show forge.inprocess_predict' | grep -qx on; do :; done"
\c
select forge_models.house(50, 2);

-- a model beyond its limit: this many bytes are no artifact, and are refused before anyone looks at them
begin;
insert into forge.model_artifacts select 'house', 1, c, decode(repeat('00', 1000000), 'hex') from generate_series(1000, 1001) c;
set local forge.max_model_mb = 1;
select regress.error($$select forge.predict('house/1', h) from homes h$$);
rollback;

-- a cache too small for its models still serves them, and keeps to its budget but for those in use
do $$
begin
    for number in 2..200 loop
        insert into forge.model_versions (model, version, algorithm, params, preprocess, schema, split, outputs, metrics, metrics_part, data_report, rows,
            artifact_sha256, artifact_bytes, manifest, created_by)
        select model, number, algorithm, params, preprocess, schema, split, outputs, metrics, metrics_part, data_report, rows, artifact_sha256, artifact_bytes,
            manifest, created_by from forge.model_versions where model = 'wide' and version = 1;
        insert into forge.model_artifacts select model, number, chunk, bytes from forge.model_artifacts where model = 'wide' and version = 1;
    end loop;
end
$$;
create table wide_row as select 1.0::float8 as x1, 1.0::float8 as x2, 1.0::float8 as x3, 1.0::float8 as x4, 1.0::float8 as x5, 1.0::float8 as x6, 1.0::float8 as x7,
    1.0::float8 as x8, 1.0::float8 as x9, 1.0::float8 as x10, 1.0::float8 as x11, 1.0::float8 as x12, 1.0::float8 as x13, 1.0::float8 as x14, 1.0::float8 as x15,
    1.0::float8 as x16, 1.0::float8 as x17, 1.0::float8 as x18, 1.0::float8 as x19, 1.0::float8 as x20, 1.0::float8 as x21, 1.0::float8 as x22, 1.0::float8 as x23,
    1.0::float8 as x24, 1.0::float8 as x25, 1.0::float8 as x26, 1.0::float8 as x27, 1.0::float8 as x28;
\c
load 'forge';
select count(*), min(forge.predict('wide/' || v, w)), max(forge.predict('wide/' || v, w)) from wide_row w, generate_series(1, 200) v;
select sum(total_bytes) > 1024 * 1024 as more_than_the_small_budget from pg_backend_memory_contexts where name = 'forge model';
set forge.model_cache_mb = 1;
select count(*), min(forge.predict('wide/' || v, w)), max(forge.predict('wide/' || v, w)) from wide_row w, generate_series(200, 1, -1) v, generate_series(1, 2);
select sum(total_bytes) <= 1024 * 1024 as within_budget from pg_backend_memory_contexts where name = 'forge model';

-- damage: a flipped bit, a lost chunk, a repeated one, a NULL-free table that lies about its hash
create function damaged(change text) returns text language plpgsql as $$
declare
    answer text;
begin
    execute change;
    answer := regress.error($sql$select forge.predict('house/1', '{"area": 50, "rooms": 2}')$sql$);
    raise exception using message = answer, errcode = 'ZZ000';
exception when sqlstate 'ZZ000' then
    return sqlerrm;
end $$;
\c
select damaged($$update forge.model_artifacts set bytes = set_byte(bytes, 20, get_byte(bytes, 20) # 4) where model = 'house' and version = 1 and chunk = 0$$);
select damaged($$delete from forge.model_artifacts where model = 'house' and version = 1 and chunk = 1$$);
select damaged($$delete from forge.model_artifacts where model = 'house' and version = 1$$);
select damaged($$insert into forge.model_artifacts select model, version, 77, bytes from forge.model_artifacts where model = 'house' and version = 1 and chunk = 0$$);
select damaged($$update forge.model_versions set artifact_sha256 = sha256('') where model = 'house' and version = 1$$);
-- bytes whose hash is right and that are no model: the decoder's turn
create function forged(artifact bytea) returns text language sql as $$
select damaged(format($sql$
    delete from forge.model_artifacts where model = 'house' and version = 1;
    insert into forge.model_artifacts values ('house', 1, 0, %1$L);
    update forge.model_versions set artifact_sha256 = sha256(%1$L) where model = 'house' and version = 1$sql$, artifact)) $$;
select forged(''), forged('\x00'), forged('\xffffffffffffffff00');
select forge.predict('house/1', h) from homes h;
-- every bit of an artifact, its hash made right again: an error or a number, and the session goes on
select count(*) as tried, bool_and(answer ~ '^(FG|no error)') as answered from (
    select forged(set_bit(artifact, bit, 1 - get_bit(artifact, bit))) as answer
    from (select string_agg(bytes, '' order by chunk) as artifact from forge.model_artifacts where model = 'house' and version = 1) a,
        generate_series(0, octet_length(artifact) * 8 - 1, 7) bit) tries;
