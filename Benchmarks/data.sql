-- psql -v rows=1000000 -f data.sql: the benchmark's tables. Deterministic: setseed, one backend.
set max_parallel_workers_per_gather = 0;
select setseed(0.42);
drop schema if exists bench cascade;
create schema bench;

-- 28 features, roughly standard normal (a sum of three uniforms), a linear target with noise, a label.
create table bench.points as
with draws as (
    select i::bigint as id,
        array(select ((random() + random() + random() - 1.5) * 2)::float8 from generate_series(1, 28) where i > 0) as x
    from generate_series(1, :rows) i)
select id, x[1] x1, x[2] x2, x[3] x3, x[4] x4, x[5] x5, x[6] x6, x[7] x7, x[8] x8, x[9] x9, x[10] x10, x[11] x11, x[12] x12,
    x[13] x13, x[14] x14, x[15] x15, x[16] x16, x[17] x17, x[18] x18, x[19] x19, x[20] x20, x[21] x21, x[22] x22, x[23] x23,
    x[24] x24, x[25] x25, x[26] x26, x[27] x27, x[28] x28,
    x[1] - 2 * x[2] + 0.5 * x[3] * x[4] + sin(3 * x[5]) + 0.3 * x[6] * x[6] + 0.1 * x[28] + random() as y,
    x[1] - x[2] + x[3] * x[4] + random() - 0.5 > 0 as label
from draws;
alter table bench.points add primary key (id);

-- The same with five of the columns text, of 3 to 300 levels.
create table bench.mixed as
select id, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15, x16, x17, x18, x19, x20, x21, x22, x23,
    (array['gold', 'silver', 'bronze'])[1 + (id % 3)] as plan, 'region ' || (id * 7 % 10) as region,
    'shop ' || (id * 13 % 50) as shop, 'product ' || (id * 31 % 100) as product, 'street ' || (id * 101 % 300) as street, y
from bench.points;
alter table bench.mixed add primary key (id);

-- As many groups as a hundredth of the rows, each with a slope of its own, mixed.
create table bench.grouped as
select id, (id * 7919 % (:rows / 100))::int as shop, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, y + id * 7919 % (:rows / 100) % 7 * x1 as y
from bench.points;
alter table bench.grouped add primary key (id);

-- 100,000 rows beside a 20 kB text that the row form has to fetch.
create table bench.wide as
select p.*, repeat(md5(id::text) || md5((id + 1)::text), 320) as document from bench.points p where id <= :rows / 10;
alter table bench.wide alter document set storage external;

vacuum (analyze) bench.points;
vacuum (analyze) bench.mixed;
vacuum (analyze) bench.grouped;
vacuum (analyze) bench.wide;
-- Else what was just written goes to the disk while the first side is measured, and not the second.
checkpoint;
