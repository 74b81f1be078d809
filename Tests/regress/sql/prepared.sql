-- The row as the model sees it: every encoding by name and value. The fixture's prediction is the sum of its features.
create table people as
select * from (values
    ('full', 50, 20000.0, 8.0::float8, 171.5::real, 3::smallint, 'gold', 'Oslo', 'x7'::varchar, timestamptz '2024-02-29 13:45:00+00', 'Free trial, FREE! Été'),
    ('edges', 40, 0, -8, 150, 5, 'other', 'Rome', '', '1999-12-31 23:59:59.5+00', 'a trial'),
    ('empty', null, null, null, null, null, null, null, null, null, null)
) v(label, age, income, skew, height, floor, plan, city, code, signed_up, note);
select f.feature, round(f.value::numeric, 6) as value from people p, forge.prepared('prepared', p) f where p.label = 'full';
select f.feature, round(f.value::numeric, 6) as value from people p, forge.prepared('prepared', to_jsonb(p)) f where p.label = 'edges' and f.value <> 0;
select f.feature, f.value from people p, forge.prepared('prepared', to_jsonb(p)::text) f where p.label = 'empty' and f.value <> 0;
-- The prediction is the sum of the features, and so are the contributions, column by column.
select p.label, abs(forge.predict('prepared', p) - (select sum(f.value) from forge.prepared('prepared', p) f)) < 1e-9 as sums,
    abs(forge.predict('prepared', p) - (select sum(e.contribution) from forge.explain('prepared', p) e)) < 1e-9 as explained from people p;
select e.feature, round(e.contribution::numeric, 6) as contribution from people p, forge.explain('prepared', p) e where p.label = 'full';
-- Plain models prepare too; trees keep what is missing.
select * from forge.prepared('house/1', '{"area": 50, "rooms": null}');
select * from forge.prepared('churn', '{"age": null, "plan": "pro"}');
select * from forge.prepared('stumps', '{"area": null, "heating": "oil"}');
select * from forge.prepared(null, '{}'::jsonb);
select * from forge.prepared('house/1', '{"area": "Infinity", "rooms": 1}');
select * from forge.prepared('prepared', '{"age": 1}');
