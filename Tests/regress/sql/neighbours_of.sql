-- Rows near to a row, as a model sees them: numbers by their deviation, levels as they are.
\set SHOW_CONTEXT never
create table houses as select g as id, g * 10.0 as area, g % 4 as rooms, case when g % 3 = 0 then 'oil' else 'gas' end as heating from generate_series(1, 40) g;
grant select on houses to tom;
select forge.grant_model(m, 'tom', 'predict') from unnest('{house,stumps}'::text[]) m;
set role tom;
select rank, round(distance::numeric, 4) as distance, row ->> 'id' as id from forge.neighbours_of('house/1', '{"area": 203, "rooms": 0}', 3, 'houses');
-- The distance, written out.
select round(min(sqrt(power((h.area - 203) / s.area, 2) + power(h.rooms / s.rooms, 2)))::numeric, 4) as distance
from houses h, (select stddev_pop(area) as area, stddev_pop(rooms) as rooms from houses) s;
-- Trees: an equal level is near, a missing number one deviation away.
select rank, round(distance::numeric, 4) as distance, row ->> 'id' as id, row ->> 'heating' as heating from forge.neighbours_of('stumps', '{"area": 200, "heating": "oil"}', 3, 'houses');
select rank, round(distance::numeric, 4) as distance, row ->> 'id' as id from forge.neighbours_of('stumps', '{"area": null, "heating": "oil"}', 2, 'houses');
-- Of a SELECT, no more than so many rows, and nothing for NULL.
select rank, row from forge.neighbours_of('house/1', '{"area": 203, "rooms": 0}', 9, 'select area, rooms from houses where id > 38 -- the last');
select count(*) from forge.neighbours_of('house/1', '{"area": 203, "rooms": 0}', 9, 'houses', max_rows => 4);
select count(*) from forge.neighbours_of('house/1', null, 9, 'houses');
-- Refused.
select * from forge.neighbours_of('house/1', '{"area": 203, "rooms": 0}', 0, 'houses');
select * from forge.neighbours_of('house/1', '{"area": 203, "rooms": 0}');
select * from forge.neighbours_of('house/1', '{"area": 203}', 1, 'houses');
select * from forge.neighbours_of('house/1', '{"area": 203, "rooms": 0}', 1, 'select area from houses');
select * from forge.neighbours_of('nobody', '{}', 1, 'houses');
reset role;
revoke select on houses from tom;
set role tom;
select * from forge.neighbours_of('house/1', '{"area": 203, "rooms": 0}', 1, 'houses');
