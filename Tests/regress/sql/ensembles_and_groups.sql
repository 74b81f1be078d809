-- Models of groups, and ensembles that read a vector, made by hand: what reads any model reads them too.
\set SHOW_CONTEXT never
-- shops/2: x for all rows, 2x + 1 for shop a in 2020, -x for rows without shop and year; shops/1: 3x, 5x + 2, -2x.
create table visits (id int primary key, shop text, x float8, year int);
insert into visits values (1, 'a', 10, 2020), (2, 'a', 10, 2021), (3, null, 10, null), (4, 'b', 10, null), (5, 'never seen', 10, 2020), (6, 'a', null, 2020);
select v.*, forge.predict('shops', v), forge_models.shops(v) as of_row, forge_models.shops(shop, x, year) as typed, forge.predict('shops', to_jsonb(v)) as of_json
from visits v order by id;
-- Numbers of one family stand in for each other, as they do in features; other types do not.
select forge.predict('shops', v) from (select 'a'::varchar as shop, 10 as x, 2020::bigint as year) v;
select forge.predict('shops', v) from (select 'a'::name as shop, 10 as x, 2020.0 as year) v;
select forge.predict('shops', v) from (select 'a'::char(3) as shop, 10 as x, 2020.5 as year) v;
select regress.error($$select forge.predict('shops', v) from (select 1 as shop, 10 as x, 2020 as year) v$$);
select regress.error($$select forge.predict('shops', v) from (select 'a' as shop, 10 as x, date '2020-01-01' as year) v$$);
select regress.error($$select forge.predict('shops', v) from (select 'a' as shop, 10 as x) v$$);
select regress.error($$select forge.predict('shops', '{"shop": "a", "x": 10, "year": "Infinity"}')$$);
alter table visits alter year type text;
select regress.error($$select forge.predict('shops', v) from visits v$$);
alter table visits alter year type smallint using year::smallint;
select array_agg(forge.predict('shops', v) order by id) from visits v;
-- A group's own line explains its rows; the columns that say which have no part.
select v.id, e.feature, e.contribution from visits v, forge.explain('shops', v) e where v.id in (1, 2, 3) order by 1, e.feature collate "C";
select * from forge.prepared('shops', '{"shop": "a", "x": 10, "year": 2020}');
-- The mean of lines: (2 + 1 - 1 + 1 + 1 + 2) / 6, and each row's own.
select numeric_value, round((prediction - first_value(prediction) over (order by numeric_value))::numeric, 9) as rise
from forge.partial_dependence('shops', 'x', 'select id, shop, id * 1.0 as x, year from visits', grid_resolution => 6);
select sample, max(prediction) - min(prediction) as rise from forge.ice('shops', 'x', 'select id, shop, id * 1.0 as x, year from visits', grid_resolution => 6) group by sample order by 2, 1;
select value, prediction from forge.partial_dependence('shops', 'shop', 'select shop, 10.0 as x, 2020 as year from visits') order by value;
select feature, original, round(changed::numeric, 6) as changed, round(prediction::numeric, 6) as prediction from forge.counterfactual('shops', '{"shop": "a", "x": 10, "year": 2020}', source => 'select shop, id * 5.0 as x, year from visits', minimum => 40, mutable => '{x}');
select forge.predict_table('shops', 'visits', 'id', 'shop_scores');
select array_agg(prediction order by id) from shop_scores;

-- committee/2: a quarter of 4 v[1] + 8 v[2] + x with (1, 1) for a missing v, three quarters of 8 + 4 v[1] with (0, 0).
create table lots (id int primary key, x float8, v real[]);
insert into lots values (1, 0, '{0,0}'), (2, 4, '{0,0}'), (3, 0, '{1,0.5}'), (4, 4, null), (5, null, '{0,0}');
select l.*, forge.predict('committee', l), forge_models.committee(l) as of_row, forge_models.committee(x, v) as typed, forge.predict('committee', to_jsonb(l)) as of_json
from lots l where id < 5 order by id;
select forge.predict('committee', l) from (select 4 as x, array[1, 0.5]::float8[] as v) l;
select forge.predict('committee', l) from (select 4 as x, '[1,0.5]'::vector as v) l;
select regress.error($$select forge.predict('committee', l) from (select 4 as x, '[1,0.5,1]'::vector as v) l$$);
select regress.error($$select forge.predict('committee', '{"x": 4, "v": [1]}')$$);
select regress.error($$select forge.predict('committee', '{"x": 4, "v": [1, null]}')$$);
select regress.error($$select forge.predict('committee', l) from (select 4 as x, 'text' as v) l$$);
-- Against the rows (0, (0, 0)) and (2, missing): a vector counts as a whole.
select l.id, e.feature, e.contribution from lots l, forge.explain('committee', l) e where l.id in (2, 3, 4) order by 1, e.feature collate "C";
select * from forge.prepared('committee', '{"x": 4, "v": null}');
select numeric_value, prediction - first_value(prediction) over (order by numeric_value) as rise
from forge.partial_dependence('committee', 'x', 'select id * 4.0 as x, coalesce(v, ''{0,0}'') as v from lots', grid_resolution => 5);
select regress.error($$select * from forge.partial_dependence('committee', 'v', 'lots')$$);
select regress.error($$select * from forge.ice('committee', 'v', 'lots')$$);
select forge.predict_table('committee', 'select * from lots where id < 5', 'id', 'lot_scores');
select array_agg(prediction order by id) from lot_scores;

-- Statements planned once follow the champion.
set plan_cache_mode = force_generic_plan;
prepare scored as select forge.predict('shops', visit) as shops, forge_models.shops(shop, visit.x, year) as typed, forge.predict('committee', lot) as committee,
    (select sum(e.contribution) from forge.explain('shops', visit) e) as told from visits visit, lots lot where visit.id = $1 and lot.id = $2;
execute scored(1, 3);
select regress.set_champion('shops', 1), regress.set_champion('committee', 1);
execute scored(1, 3);
select regress.set_champion('shops', 2), regress.set_champion('committee', 2);
execute scored(3, 4);
prepare given as select forge.predict($1, $2::jsonb);
execute given('shops', '{"shop": "a", "x": 10, "year": 2020}');
execute given('committee', '{"x": 4, "v": [1, 0.5]}');
