-- Entities with similar vectors, by what a view has online.
\set SHOW_CONTEXT never
set timezone = 'UTC';
create extension vector;
create schema shop authorization tom;
set role tom;
set search_path = shop, public;
create table tastes (user_id bigint, shop text, at timestamptz, taste vector(2), second real[], country text);
select forge.create_entity('person', '{user_id}', '{bigint}'), forge.create_entity('customer', '{user_id,shop}', '{bigint,text}');
select forge.create_feature_view('taste', '{person}', 'tastes', 'at', '{taste,country}', ttl => '36500 days', create_index => true);
select forge.create_feature_view('both', '{customer}', 'tastes', 'at', '{taste,second}', create_index => true);
select forge.create_feature_view('plain', '{person}', 'tastes', 'at', '{country}', create_index => true);
\pset format unaligned
\pset tuples_only on
select regress.error($$select forge.similar_entities('taste', 1)$$);
\pset tuples_only off
\pset format aligned

insert into tastes
select i, 'shop ' || i % 2, '2026-01-01', array[cos(i * i / 200.0), sin(i * i / 200.0)]::vector, array[i * i, 1], case when i % 2 = 0 then 'is' else 'no' end from generate_series(1, 20) i;
insert into tastes values (22, 'shop', '1900-01-01', '[0,1]', null, 'is'), (23, 'shop', '2026-01-01', null, null, 'is');
select rows from forge.materialize('taste');
select rows from forge.materialize('both');
insert into forge_online.taste_v1 values (21, '2026-01-01', null, true, '[0,1]', 'is');
create index on forge_online.taste_v1 using hnsw (taste vector_cosine_ops);

select rank, round(distance::numeric, 6) as distance, entity, event_timestamp, features from forge.similar_entities('taste', 15, k => 3);
select entity from forge.similar_entities('taste:taste', 15::smallint, k => 3, filter => $$country = 'no' -- and no other$$);
select entity from forge.similar_entities('taste/1:taste', '{"user_id": 15}', k => 2, metric => 'l2', exact => true);
-- One without a vector, beyond ttl, deleted or not there has none.
select i, (select count(*) from forge.similar_entities('taste', i)) from generate_series(20, 24) i;
-- The index finds them.
set enable_seqscan = off;
create function plan_of(query text) returns setof text language plpgsql as $$ begin return query execute 'explain (costs off) ' || query; end $$;
select count(*) from plan_of(forge.nearest_query('forge_online.taste_v1', 'taste', 'cosine', '{0,1}', 3, 'not forge_row.forge_deleted', false)) l where l ~ 'Index Scan using taste_v1_taste_idx';
reset enable_seqscan;

select entity, features from forge.similar_entities('both:second', '{"user_id": 3, "shop": "shop 1"}', k => 2, metric => 'l2');

\pset format unaligned
\pset tuples_only on
select regress.error($$select forge.similar_entities('both', '{"user_id": 1, "shop": "shop 1"}'::jsonb)$$);
select regress.error($$select forge.similar_entities('both:taste', 1)$$);
select regress.error($$select forge.similar_entities('both:taste', '{"user_id": 1}'::jsonb)$$);
select regress.error($$select forge.similar_entities('both:taste', '{user_id}')$$);
select regress.error($$select forge.similar_entities('plain', 1)$$);
select regress.error($$select forge.similar_entities('tste', 1)$$);
select regress.error($$select forge.similar_entities('taste:nope', 1)$$);
select regress.error($$select forge.similar_entities('taste', 'abc')$$);
select regress.error($$select forge.similar_entities('taste', null::bigint)$$);
select regress.error($$select forge.similar_entities('taste', 15, metric => 'far')$$);
select regress.error($$select forge.similar_entities('taste', 15, k => 0)$$);
reset role;
grant usage on schema shop to ann;
set role ann;
select regress.error($$select forge.similar_entities('taste', 15)$$);
