-- Rows of which none are near, or all, or too few, for knn.
create table bad.flats as
select g as id, sin(g) as x, cos(g * 1.7) as z, sin(g) * 2 + g % 3 as y, 'k' || g % 3 as l, array[sin(g), cos(g), g % 5]::real[] as v
from generate_series(1, 200) g;
select bad.ask(format('%s: %s', what, target), format('algorithm => ''knn'', source => %L, target => %L, params => %L', source, target, params))
from (values
    ('as it should be', 'select x, z, y, l from bad.flats', '{}'),
    ('an index of it', 'select x, z, y, l from bad.flats', '{"index": "hnsw"}'),
    ('no rows', 'select x, y, l from bad.flats where false', '{}'),
    ('one row', 'select x, y, l from bad.flats where id = 1', '{"n_neighbors": 1}'),
    ('more neighbours than rows', 'select x, y, l from bad.flats where id <= 12', '{"n_neighbors": 12}'),
    ('rows all equal', 'select 1 as x, 2 as z, y, l from bad.flats', '{}'),
    ('rows all equal by an index, by distance', 'select 1 as x, v, y, l from (select id, y, l, array[1, 2, 3]::real[] as v from bad.flats) f', '{"index": "hnsw", "weights": "distance"}'),
    ('rows all NULL', 'select null::float8 as x, y, l from bad.flats', '{}'),
    ('zeros by cosine, indexed', 'select case when id % 2 = 0 then x else 0 end as x, case when id % 2 = 0 then z else 0 end as z, y, l from bad.flats', '{"metric": "cosine", "index": "hnsw"}'),
    ('Infinity', 'select case when id = 7 then ''Infinity'' else x end as x, y, l from bad.flats', '{}'),
    ('numbers beyond float4', 'select x * 1e300 as x, v, y, l from bad.flats', '{}'),
    ('numbers whose squares are beyond float4', 'select x * 1e30 as x, z * 1e30 as z, y, l from bad.flats', '{"index": "hnsw"}'),
    ('NULL vectors', 'select case when id % 2 = 0 then v end as v, y, l from bad.flats', '{}'),
    ('vectors of two dimensions and of three', 'select case when id > 150 then v[:2] else v end as v, y, l from bad.flats', '{}'),
    ('an index of 2,001 dimensions', 'select array_fill(id::real, array[2001]) as v, y, l from bad.flats', '{"index": "hnsw"}'),
    ('one class', 'select x, z, 1.5 as y, ''only'' as l from bad.flats', '{}'),
    ('continues', 'select x, z, y, l from bad.flats', '{"base_model": "m0"}')) c(what, source, params), unnest('{y,l}'::text[]) target;
select bad.ask(what, format('algorithm => ''knn'', source => ''select x, z, y from bad.flats where id <= 30'', target => ''y'', search => %L', search)) from (values
    ('a trial that always fails', '{"method": "grid", "space": {"n_neighbors": [5, 900]}}'), ('every trial fails', '{"method": "grid", "space": {"n_neighbors": [800, 900]}}')) s(what, search);
call bad.wait();
\pset format unaligned
\pset tuples_only on
\pset fieldsep ': '
select name, outcome from bad.outcomes;
-- What an index of such rows finds is known.
select c.name, round(m.value::numeric, 1) as recall_at_k from bad.cases c join forge.training_requests r on r.id = c.request
    join forge.model_metrics m on (m.model, m.version, m.metric) = (r.model, r.model_version, 'recall_at_k') order by 1;
