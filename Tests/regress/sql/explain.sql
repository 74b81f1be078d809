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
-- A long explanation ends when it is told to, not when it is done: a million coalitions take far longer than this.
select '{' || string_agg(format('"x%s": %s', i, i), ', ') || '}' as wide from generate_series(1, 30) i \gset
select clock_timestamp() as began \gset
begin;
set local statement_timeout = '100ms';
select count(*) from forge.explain('slow', :'wide');
rollback;
select clock_timestamp() - :'began'::timestamptz < interval '3 seconds' as at_once;
-- The session goes on, with the same model.
select forge.predict('slow', :'wide') as sum_of_hidden_halves, forge.predict('house', '{"area": 50, "rooms": 2}') as house;
