-- Similarity search over pgvector, and how much of it an index finds.
\set SHOW_CONTEXT never
create table documents (id int primary key, lang text, embedding vector(4), half halfvec(4), reals real[], doubles double precision[]);
-- Directions all different, lengths too.
insert into documents
select i, case when i % 250 = 0 then 'is' else 'en' end, v::vector, v::halfvec, v::real[], v::double precision[]
from (select i, array[cos(i), sin(i), cos(i * 0.7), 1 + i % 7] as v from generate_series(1, 2000) i) g;
insert into documents (id, lang, embedding) values (2001, 'en', null), (2002, 'en', '[0,0,0,0]');
grant select on documents to tom;
set role tom;
-- Nearest first, the row without its vectors' column; a metric each.
select rank, round(distance::numeric, 6) as distance, row ->> 'id' as id from forge.similar('documents', 'embedding', '[1,0,0,1]', 3);
select rank, round(distance::numeric, 6) as distance, row ->> 'id' as id from forge.similar('documents', 'embedding', '{1,0,0,1}'::real[], 3, 'l2');
select rank, round(distance::numeric, 6) as distance, row ->> 'id' as id from forge.similar('documents', 'embedding', (select embedding from documents where id = 7), 3, metric => 'ip');
select row ? 'embedding' as has_it, row ? 'half' as has_others, (jsonb_populate_record(null::documents, row)).lang from forge.similar('documents', 'embedding', '[1,0,0,1]', 1);
-- Every type that holds vectors gives the same rows.
select c, array_agg(row ->> 'id' order by rank) as ids from unnest('{embedding,half,reals,doubles}'::text[]) c, forge.similar('documents', c, '[1,0,0,1]', 3) group by c order by c collate "C";
-- NULL vectors are never found, nor zero vectors where there is no direction.
select count(*), max(distance) < 3 as all_finite from forge.similar('documents', 'embedding', '[1,0,0,1]', 5000);
select count(*) from forge.similar('documents', 'embedding', '[1,0,0,1]', 5000, 'l2');
select count(*) from forge.similar('documents', 'embedding', null::real[]);
reset role;

-- With an index: the same rows as without, and it is used.
set max_parallel_maintenance_workers = 0;
create index documents_by_cosine on documents using hnsw (embedding vector_cosine_ops);
analyze documents;
set role tom;
create function pg_temp.plan(query text) returns setof text language plpgsql as $$ begin return query execute 'explain (costs off) ' || query; end $$;
select count(*) > 0 as by_index from pg_temp.plan(forge.nearest_query('documents', 'embedding', 'cosine', '{1,0,0,1}', 3, null, false)) line where line ~ 'documents_by_cosine';
select count(*) > 0 as by_index from pg_temp.plan(forge.nearest_query('documents', 'embedding', 'cosine', '{1,0,0,1}', 3, null, true)) line where line ~ 'documents_by_cosine';
select count(*) from forge.similar('documents', 'embedding', '[1,0,0,1]', 10) a join forge.similar('documents', 'embedding', '[1,0,0,1]', 10, exact => true) b using (rank, distance, row);
-- A small filtered set is compared row by row; a larger one by an index that goes on until k rows pass.
select array_agg(row ->> 'id' order by rank) as ids from forge.similar('documents', 'embedding', '[1,0,0,1]', 8, filter => 'lang = ''is''');
select array_agg(row ->> 'id' order by rank) as ids from forge.similar('documents', 'embedding', '[1,0,0,1]', 8, filter => 'lang = ''is''', exact_rows => 0);
select count(*) from forge.similar('documents', 'embedding', '[1,0,0,1]', 100, filter => 'id % 2 = 0 -- even', exact_rows => 10);
-- An index that may not go on far finds fewer; the rest is then found by comparing.
set hnsw.max_scan_tuples = 1; set enable_seqscan = off; set enable_sort = off;
select count(*) < 8 as too_few from forge.similar('documents', 'embedding', '[1,0,0,1]', 8, filter => 'lang = ''is''', exact => false);
select count(*) from forge.similar('documents', 'embedding', '[1,0,0,1]', 8, filter => 'lang = ''is''', exact_rows => 0);
reset hnsw.max_scan_tuples; reset enable_seqscan; reset enable_sort;
-- What was set for the search is put back.
show hnsw.iterative_scan;
-- The rights and the row security of the caller.
reset role;
create table secrets (id int, embedding vector(2));
set role tom;
select * from forge.similar('secrets', 'embedding', '[1,2]');
reset role;
insert into secrets values (1, '[1,1]'), (2, '[1,2]');
grant select on secrets to tom;
alter table secrets enable row level security;
create policy odd on secrets for select to tom using (id % 2 = 1);
set role tom;
select * from forge.similar('secrets', 'embedding', '[1,2]');

-- Recall, as a number.
select index, queries, recall > 0.95 as good, lowest <= recall as bounded, index_ms > 0 and exact_ms > 0 as timed
from forge.recall_check('documents', 'embedding', sample => 20);
-- A thin graph over many dimensions finds less.
reset role;
create table noise as
select i as id, (select array_agg(hashint4(i * 100 + j) / 2147483648.0) from generate_series(1, 32) j)::vector(32) as embedding from generate_series(1, 3000) i;
create index noise_by_l2 on noise using hnsw (embedding vector_l2_ops) with (m = 2, ef_construction = 4);
grant select on noise to tom;
set role tom;
set hnsw.ef_search = 1;
select recall between 0.01 and 0.9 as poor, lowest < 0.8 as poorest from forge.recall_check('noise', 'embedding', sample => 20, metric => 'l2', seed => 0.5);
reset hnsw.ef_search;
select queries from forge.recall_check('documents', 'embedding', k => 3, sample => 5, filter => 'lang = ''is''');
show enable_seqscan;
select * from forge.recall_check('documents', 'embedding', metric => 'l2');
select * from forge.recall_check('documents', 'embedding', sample => 0);

-- What cannot be compared.
select * from forge.similar('documents', 'embeding', '[1,0,0,1]');
select * from forge.similar('documents', 'lang', '[1,0,0,1]');
select * from forge.similar('documents', 'embedding', '[1,0,0,1]', metric => 'manhattan');
select * from forge.similar('documents', 'embedding', '[1,0,1]');
select * from forge.similar('documents', 'embedding', '[]');
select * from forge.similar('documents', 'embedding', '[1,0,0,"x"]');
select * from forge.similar('documents', 'embedding', '[1,NaN,0,1]');
select * from forge.similar('documents', 'embedding', '{1,NULL,0,1}'::real[]);
select * from forge.similar('documents', 'embedding', '[0,0,0,0]');
select * from forge.similar('documents', 'embedding', '[1,0,0,1]', k => 0);
select * from forge.similar('nowhere', 'embedding', '[1,0,0,1]');
select * from forge.similar('documents', 'embedding', '[1,0,0,1]', filter => 'no_such_column = 1');
reset role;
create table mixed (id int, embedding vector);
insert into mixed values (1, '[1,2]'), (2, '[1,2,3]');
select * from forge.similar('mixed', 'embedding', '[1,2]');
select row from forge.similar('mixed', 'embedding', '[1,2]', filter => 'vector_dims(embedding) = 2');
-- As the first statement of a session, before the library of pgvector is loaded; its settings are left as they are.
\c -
select rank, row ->> 'id' as id from forge.similar('documents', 'embedding', '[1, 0, 0, 1]', 2, exact => false);
show hnsw.iterative_scan;
-- A server without pgvector.
drop extension vector cascade;
select * from forge.similar('documents', 'reals', '[1,0,0,1]');
select * from forge.recall_check('documents', 'reals');
