-- Nearest neighbours vote, or are averaged; by an index as by comparing.
\set SHOW_CONTEXT never
create table flats as
select i as id, array[cos(i), sin(i * 0.7), i % 7 - 3]::vector(3) as embedding, i % 3 as rooms, case when i % 5 > 0 then (array['north', 'south', 'east'])[1 + i * 31 % 3] end as side,
    case when i % 11 > 0 then i * 37 % 100 + 0.5 end as rent
from generate_series(1, 700) i;
grant select on flats to tom;
set role tom;
select * from forge.knn_classify('flats', 'embedding', 'side', '{1,0.5,2}', k => 7);
select label, round(probability::numeric, 6) as probability, neighbours from forge.knn_classify('flats', 'embedding', 'rooms', '{1,0.5,2}', k => 4, metric => 'l2', weights => 'distance');
select round(forge.knn_regress('flats', 'embedding', 'rent', '{1,0.5,0.4}', k => 5, metric => 'l2')::numeric, 6) as uniform,
    round(forge.knn_regress('flats', 'embedding', 'rent', '{1,0.5,0.4}', k => 5, metric => 'l2', weights => 'distance')::numeric, 6) as by_distance;
-- The same, written out: rows without a target do not count.
with nearest as (select rent, embedding <-> '[1,0.5,0.4]' as d from flats where rent is not null order by 2 limit 5)
select round(avg(rent), 6) as uniform, round((sum(rent / d) / sum(1 / d))::numeric, 6) as by_distance from nearest;
with nearest as (select side from flats where side is not null order by embedding <=> '[1,0.5,2]' limit 7)
select side, count(*) / 7.0::float8 as probability from nearest group by 1 order by 2 desc;
-- A row at distance 0 decides alone.
select forge.knn_regress('flats', 'embedding', 'rent', (select embedding from flats where id = 12), metric => 'l2', weights => 'distance') = rent as own from flats where id = 12;
select forge.knn_regress('flats', 'embedding', 'rent', '{1,0,0}', filter => 'false') is null as none;
reset role;
set max_parallel_maintenance_workers = 0;
create index on flats using hnsw (embedding vector_l2_ops);
set role tom;
select round(forge.knn_regress('flats', 'embedding', 'rent', '{1,0.5,0.4}', k => 5, metric => 'l2', exact => false)::numeric, 6) as by_index;
-- Refused.
select * from forge.knn_classify('flats', 'embedding', 'colour', '{1,0.5,2}');
select * from forge.knn_classify('flats', 'embedding', 'side', '{1,0.5,2}', weights => 'gaussian');
select * from forge.knn_classify('flats', 'embedding', 'side', '{1,0.5,2}', metric => 'ip', weights => 'distance');
select forge.knn_regress('flats', 'embedding', 'rent', '{1,0.5}');
