create table homes (area float8, rooms int);
insert into homes values (50, 2), (50, null);
select h.*, e.* from homes h, forge.explain('house', h) e;
select * from forge.explain('house', '{"area": 50.25, "rooms": null, "x": 1}');
select * from forge.explain('house', '{"area": 50, "rooms": 2}'::jsonb);
select * from forge.explain('churn', '{"age": 40, "plan": "pro"}');
select * from forge.explain('iris', '{"petal": 2}');
select s.*, e.* from (values (40, 'gas'), (60, 'oil')) s(area, heating), forge.explain('stumps', s) e;
select (forge.explain('house', h)).* from homes h;
-- base and contributions add up to the margin
select abs(sum(contribution) - forge.predict('stumps', s)) < 1e-12 as complete
from (values (40, 'gas'), (60, 'oil'), (null, null)) s(area, heating), forge.explain('stumps', s) group by s;
select regress.error($$select * from forge.explain('house', '{}')$$);
