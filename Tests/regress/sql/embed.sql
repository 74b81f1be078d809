-- Embeddings: what a model makes of every row of a source, in a column of vectors that follows it; schedules that do so.
\set SHOW_CONTEXT never
set role forge_admin;
update forge.models set owner = 'tom' where name = 'axes';
insert into forge.workers (worker_id, host, boot_id, pid, pid_started_at, pid_ns, version, capacity)
values ('11111111-1111-1111-1111-111111111111', 'h', 'b', 1, 'x', 'x', 'v', '{}');
select forge.grant_model(m, 'tom') from unnest('{axes,house}'::text[]) m;
reset role;
select regress.set_champion('axes', 1);
create role una login; -- another trainer
grant forge_trainer to una;
grant create on schema public to tom;
create schema own authorization tom;
set role tom;
create table points (id int primary key, x float8, y float8);
insert into points values (1, 1, 1), (2, 2, 0), (3, null, 5), (4, 0, 0);

-- A table that is not there is made; a row of it is the row that forge.transform makes.
select * from forge.embed('axes', '{"table": "point_vectors", "id_column": "id"}', 'points');
\d point_vectors
select id, embedding, embedding::real[] = forge.transform('axes', p) as same from point_vectors join points p using (id) order by id;
-- Again: nothing is written. Then what is new, changed and gone is followed, and nothing else is touched.
select * from forge.embed('axes', '{"table": "point_vectors", "id_column": "id"}', 'points');
create table before as select id, xmin::text as written from point_vectors;
insert into points values (5, 5, 5);
update points set y = 7 where id = 2;
delete from points where id = 4;
select * from forge.embed('axes', '{"table": "point_vectors", "id_column": "id"}', 'points');
select id, embedding, v.xmin::text = b.written as untouched from point_vectors v left join before b using (id) order by id;
-- An index for the metric, once.
select * from forge.embed('axes', '{"table": "point_vectors", "id_column": "id", "index": "hnsw", "metric": "l2"}', 'points');
select * from forge.embed('axes', '{"table": "point_vectors", "id_column": "id", "index": "hnsw", "metric": "l2"}', 'points');
\d point_vectors
select row ->> 'id' as id from forge.similar('point_vectors', 'embedding', '[5, 10]', 2, 'l2');
-- A version of other dimensions empties the column and fills it.
select * from forge.embed('axes/2', '{"table": "point_vectors", "id_column": "id", "index": "hnsw", "metric": "l2"}', 'points');
select id, embedding from point_vectors order by id;
create view looks as select embedding from point_vectors;
select regress.error($$select forge.embed('axes/1', '{"table": "point_vectors", "id_column": "id"}', 'points')$$);
drop view looks;

-- Into the source itself, by a column that is made; and into a table with more columns, which keeps its rows.
select * from forge.embed('axes', '{"table": "points", "id_column": "id", "column": "place"}', 'points');
select * from forge.embed('axes', '{"table": "points", "id_column": "id", "column": "place"}', 'select * from points where x > 1');
select * from points order by id;
create table own.places (id bigint unique, note text default 'made', place halfvec(2));
insert into own.places values (1, 'kept', '[9,9]'), (77, 'kept', '[9,9]');
select * from forge.embed('axes', '{"table": "own.places", "id_column": "id", "column": "place"}', 'points');
select * from own.places order by id;

-- Refused, and nothing is changed.
create table twice as select 1 as id, x::float8 as x, 2.0::float8 as y from generate_series(1, 3) x union all select null, 0, 0;
create table lists (id int primary key, embedding real[]);
create table unkeyed (id int, embedding vector);
create view seen as select * from points;
select regress.error(format('select forge.embed(%L, %L, %L)', 'axes', into_, source)) as refused
from (values
    ('{"table": "t", "id_column": "id"}', 'twice'), ('{"table": "t", "id_column": "id"}', 'select * from twice where x = 0'),
    ('{"table": "point_vectors", "id_column": "id"}', 'twice'), ('{"table": "t", "id_column": "nobody"}', 'points'), ('{"table": "t"}', 'points'),
    ('{"table": "t", "id_column": "id", "column": "id"}', 'points'), ('{"table": "nowhere.t", "id_column": "id"}', 'points'),
    ('{"table": "forge.t", "id_column": "id"}', 'points'), ('{"table": "forge.models", "id_column": "name"}', 'points'),
    ('{"table": "a.b.c", "id_column": "id"}', 'points'), ('{"table": "lists", "id_column": "id"}', 'points'),
    ('{"table": "unkeyed", "id_column": "id"}', 'points'), ('{"table": "seen", "id_column": "id"}', 'points'),
    ('{"table": "t", "id_column": "id"}', 'delete from points'), ('{"table": "t", "id_column": "id"}', 'select id, x from points'),
    ('{"table": 1, "index": "ivf", "metric": "l1", "every": 0, "depth": 3}', 'points'), ('[]', 'points')) v(into_, source);
select regress.error($$select forge.embed('house', '{"table": "t", "id_column": "id"}', 'select 1 as id, 2.0::float8 as area, 3 as rooms')$$);
select regress.error($$select forge.embed('nobody', '{"table": "t", "id_column": "id"}', 'points')$$);
select regress.error($$select forge.embed('axes', '{"table": "t", "id_column": "id"}')$$);
select regress.error($$select forge.embed('axes')$$);
select to_regclass('t') is null as nothing_made;
set role una;
select regress.error($$select forge.embed('axes', '{"table": "point_vectors", "id_column": "id"}', 'select 1 as id, 1.0::float8 as x, 1.0::float8 as y')$$);
reset role;

-- Schedules: a row that its owner's members see and steer.
set role tom;
select forge.schedule('embed', '{"model": "axes", "table": "followed", "id_column": "id", "source": "points"}', every => '1 hour');
select name, kind, model, status, every, owner, payload from forge.schedule_status;
set role una;
select count(*) from forge.schedule_status;
select regress.error($$select forge.pause_schedule('embed:axes:public.followed.embedding')$$);
select regress.error($$insert into forge.schedules (kind, payload, owner) values ('embed', '{}', 'tom')$$);
select regress.error($$select forge.schedule('embed', '{"model": "axes", "table": "t", "id_column": "id", "source": "points"}')$$);
set role tom;
select regress.error($$update forge.schedules set owner = 'postgres'$$);
select regress.error($$update forge.schedules set lease_token = gen_random_uuid()$$);
select regress.error($$select forge.schedule('dream', '{}')$$);
select regress.error($$select forge.schedule('embed', '{"table": "t"}')$$);
select regress.error($$select forge.schedule('embed', '{"model": "axes", "table": "t", "source": "points"}')$$);
select regress.error($$select forge.schedule('embed', '{"model": "axes", "table": "t", "id_column": "id", "source": "points"}', '1 ms')$$);
select forge.pause_schedule('embed:axes:public.followed.embedding');
select status from forge.schedule_status;
select regress.error($$select forge.run_schedule('embed:axes:public.followed.embedding')$$);

-- The worker's side. A paused schedule is left alone; a claimed one runs once, as its owner.
set role worker;
select count(*) from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '1 hour');
set role tom;
select forge.resume_schedule('embed:axes:public.followed.embedding');
set role worker;
select id, lease_token as token, name from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '1 hour') \gset
select count(*) from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '1 hour');
select regress.error(format('select forge.run_claimed(%s, gen_random_uuid())', :id));
select regress.error(format('select forge.finish_schedule(%s, gen_random_uuid(), ''{}'')', :id));
select forge.beat_schedule(:id, gen_random_uuid(), '1 hour') as others, forge.beat_schedule(:id, :'token', '1 hour') as mine;
begin;
select forge.run_claimed(:id, :'token') as result \gset
select forge.finish_schedule(:id, :'token', :'result');
commit;
select current_user, current_setting('search_path') = '"$user", public' as same_path;
reset role;
select name, status, next_run_at > now() + interval '59 minutes' as in_an_hour, rows, result, failures, error_code from forge.schedule_status;
select count(*), pg_get_userbyid(relowner) as owner from followed, pg_class where pg_class.oid = 'followed'::regclass group by 2;
-- A new champion makes it due; so does a run that is asked for while one is on its way.
select regress.set_champion('axes', 2);
select status from forge.schedule_status;
set role worker;
select id, lease_token as token from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '1 hour') \gset
set role tom;
select forge.run_schedule('embed:axes:public.followed.embedding');
set role worker;
begin;
select forge.finish_schedule(:id, :'token', forge.run_claimed(:id, :'token'));
commit;
reset role;
select status, result from forge.schedule_status;
-- A worker that is lost: its lease runs out, and what it writes afterwards is refused and undone.
set role worker;
select id, lease_token as token from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '-1 second') \gset
select lease_token as second from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '1 hour') \gset
reset role;
insert into points values (6, 6, 6);
set role worker;
select regress.error(format('select forge.finish_schedule(%s, %L, ''{}'')', :id, :'token'));
select regress.error(format('select forge.run_claimed(%s, %L)', :id, :'token'));
-- A failure waits for the next time; without an interval, and for good, for somebody to ask.
select forge.fail_schedule(:id, :'second', '42501', 'permission denied', null, 'grant it', true);
reset role;
select status, failures, error_code, error_message, error_hint, next_run_at > now() + interval '59 minutes' as in_an_hour from forge.schedule_status;
set role tom;
select forge.schedule('embed', '{"model": "axes", "table": "followed", "id_column": "id", "source": "points"}');
set role worker;
select id, lease_token as token from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '1 hour') \gset
select forge.fail_schedule(:id, :'token', '42501', 'permission denied', null, 'grant it', true);
reset role;
select status, every, next_run_at from forge.schedule_status;
set role tom;
select forge.run_schedule('embed:axes:public.followed.embedding');
set role worker;
select id, lease_token as token from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '1 hour') \gset
select forge.fail_schedule(:id, :'token', '40001', 'could not serialize', null, null, false);
reset role;
select status, failures, next_run_at < now() + interval '1 minute' as soon from forge.schedule_status;

-- What a run's own code may not: become somebody else, stay somebody else, act after the run.
set role tom;
create function sneak() returns int language plpgsql as $$ begin perform set_config('role', 'postgres', false); return 1; end $$;
create function linger() returns int language plpgsql as $$ begin perform set_config('search_path', 'own', false); return 1; end $$;
create function later() returns trigger language plpgsql as $$ begin raise notice 'as %', current_user; return null; end $$;
create table trapped (id int primary key, embedding vector(3), note text);
create constraint trigger at_commit after insert on trapped initially deferred for each row execute function later();
create view linking as select points.* from points, linger();
select forge.drop_schedule(name) from forge.schedule_status;
select forge.schedule('embed', '{"model": "axes", "table": "sneaked", "id_column": "id", "source": "select points.* from points, sneak()"}', name => 'a');
set role worker;
select id, lease_token as token from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '1 hour') \gset
select regress.error(format('select forge.run_claimed(%s, %L)', :id, :'token'));
select forge.release_schedule(:id, :'token');
set role tom;
select forge.schedule('embed', '{"model": "axes", "table": "trapped", "id_column": "id", "source": "points"}', name => 'a');
set role worker;
select id, lease_token as token from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '1 hour') \gset
select regress.error(format('select forge.run_claimed(%s, %L)', :id, :'token'));
select forge.release_schedule(:id, :'token');
set role tom;
select forge.schedule('embed', '{"model": "axes", "table": "lingered", "id_column": "id", "source": "linking"}', name => 'a');
set role worker;
select id, lease_token as token from forge.claim_schedule('11111111-1111-1111-1111-111111111111', '1 hour') \gset
select forge.run_claimed(:id, :'token');
select current_user, current_setting('search_path') as path;
reset role;
-- A right that is lost, a role that is no trainer any more, a schedule that was dropped.
revoke forge_trainer from tom;
set role worker;
select regress.error(format('select forge.run_claimed(%s, %L)', :id, :'token'));
reset role;
grant forge_trainer to tom;
set role tom;
select forge.drop_schedule('a');
select regress.error($$select forge.drop_schedule('a')$$);
set role worker;
select regress.error(format('select forge.run_claimed(%s, %L)', :id, :'token'));
reset role;

-- Requests: config.embed_into is checked when they are inserted, with what their source and the table are.
set role tom;
set client_min_messages = warning;
create function pg_temp.ask(into_ text, algorithm text default 'pca', source text default 'points', id text default 'id') returns text
language plpgsql as $$
declare
    made jsonb;
begin
    insert into forge.training_requests (model, source, algorithm, task, target, id_column, config)
    values ('m', source, algorithm, case when algorithm = 'ridge' then 'regression' end, case when algorithm = 'ridge' then 'y' end, id,
        jsonb_build_object('embed_into', into_::jsonb))
    returning jsonb_build_object('embed_into', embed_into, 'exclude', exclude) into made;
    return made::text;
end $$;
select pg_temp.ask('{"table": "fresh"}');
select pg_temp.ask('{"table": "own.\"Fresh\"", "index": "hnsw", "every": 60}', source => 'select * from points');
select regress.error($$select pg_temp.ask('{"table": "fresh"}', id => null)$$);
select pg_temp.ask('{"table": "own.places", "id_column": "id", "column": "place", "index": null}', id => null);
select pg_temp.ask('{"table": "points", "column": "place"}');
select regress.error(format('select pg_temp.ask(%L)', v)) as refused from unnest(array[
    '{"table": "unkeyed"}', '{"table": "fresh", "id_column": "nobody"}', '{"table": "forge.fresh"}', '{}', '{"every": "often", "table": "fresh"}', '7']) v;
select regress.error($$select pg_temp.ask('{"table": "fresh"}', algorithm => 'ridge')$$);
select item, value, hint from forge.check_request('m', 'points', algorithm => 'pca', id_column => 'id', config => '{"embed_into": {"table": "unkeyed", "size": 3}}') where section = 'problem';
reset role;
set client_min_messages = warning;
drop extension vector cascade;
set role tom;
select regress.error($$select pg_temp.ask('{"table": "fresh"}', source => 'select id, x, y from points')$$);
