-- Workers give the same bits as one backend.
create table rows_to_score as select i, (i * 37 % 101)::float8 as area, nullif(i % 9, 0) as rooms, (array['gas', 'oil', 'wood', null])[1 + i % 4] as heating
from generate_series(1, 20000) i;
analyze rows_to_score;
set max_parallel_workers_per_gather = 0;
create table serial as select i, forge.predict('house', r) as by_name, forge_models.house(area, rooms) as typed, forge.predict('stumps', r) as trees
from rows_to_score r;
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set max_parallel_workers_per_gather = 4;
alter table rows_to_score set (parallel_workers = 4);
explain (costs off)
select i, forge.predict('house', r), forge_models.house(area, rooms), forge.predict('stumps', r) from rows_to_score r;
create table parallel as select i, forge.predict('house', r) as by_name, forge_models.house(area, rooms) as typed, forge.predict('stumps', r) as trees
from rows_to_score r;
select count(*), count(*) filter (where float8send(s.by_name) = float8send(p.by_name) and float8send(s.typed) = float8send(p.typed)
    and float8send(s.trees) = float8send(p.trees)) as equal_bits from serial s join parallel p using (i);
-- and jit changes nothing where the server has it
set jit = on; set jit_above_cost = 0;
select count(*) filter (where float8send(s.typed) <> float8send(forge_models.house(area, rooms))) as different from rows_to_score r join serial s using (i);
