-- house, version 2: 20 + 3 area + 7 rooms, + 2000 when rooms is missing (then 3 rooms); version 1: 10 + 2 area + 5 rooms, + 1000.
create table homes (id int, area float8, rooms int, note text);
insert into homes values (1, 50, 2, 'a'), (2, null, 2, 'b'), (3, 50, null, 'c'), (4, null, null, null);

-- the champion, an alias, a version
select id, forge.predict('house', h), forge.predict('house@champion', h), forge.predict('house/2', h), forge.predict('house/1', h)
from homes h order by id;
select regress.set_champion('house', 1, 'challenger');
select forge.predict('house@challenger', h) from homes h where id = 1;

-- the generated functions say the same
select id, forge_models.house(h) as record_form, forge_models.house(area, rooms) as typed_form from homes h order by id;

-- a row of any origin; columns match by name, in any order, others are ignored
select forge.predict('house', r) from (select 2 as rooms, 'x' as other, 50::real as area) r;
select forge.predict('house', r) from (values (50::numeric, 2::smallint)) r(area, rooms);
create type home as (area float8, rooms int);
select forge.predict('house', row(50, 2)::home);
create domain small_home as home check ((value).area < 100);
select forge.predict('house', row(50, 2)::home::small_home);
alter table homes drop column note, add column extra int default 7;
select forge.predict('house', h) from homes h where id = 1;

-- jsonb and text; untyped literals and parameters resolve
select forge.predict('house', to_jsonb(h)) = forge.predict('house', h) as same from homes h order by id;
select forge.predict('house', '{"area": 50, "rooms": 2, "other": [1]}');
select forge.predict('house', '{"area": null, "rooms": 2}');
prepare scored as select forge.predict($1, $2);
execute scored('house', '{"area": 50, "rooms": 2}');

-- NULL in, NULL out; a NULL feature is the model's affair
select forge.predict(null, h), forge.predict('house', null::homes), forge_models.house(null::homes) from homes h where id = 1;
select forge.predict('house', null::jsonb), forge.predict('house', null::text), forge.predict_label(null, h), forge.predict_proba('churn', null::jsonb)
from homes h where id = 1;
select count(*) from forge.explain('house', null::homes);

-- classes
select forge.predict('churn', c), forge.predict_label('churn', c), forge.predict_proba('churn', c), forge_models.churn_label(age, plan)
from (values (40, 'free'), (40, 'pro'), (40, null), (40, 'unseen'), (null, 'pro'), (90, 'free')) c(age, plan);
select forge.predict_label('iris', i), forge.predict_proba('iris', i) from (values (0.0), (1.0), (2.0), (3.0)) i(petal);
select forge_models.iris_label(3);

-- trees
select area, heating, forge.predict('stumps', s), forge_models.stumps(area, heating)
from (values (49.9, 'gas'), (50, 'gas'), (50, 'oil'), (null, 'oil'), (50, null), (50, 'wood')) s(area, heating);

-- errors: all columns at once, the model, the remedy
select regress.error($$select forge.predict('house', r) from (select 1 as x) r$$);
select regress.error($$select forge.predict('house', r) from (select 'big'::text as area) r$$);
select regress.error($$select forge.predict('house', r) from (select 'big'::text as area, true as rooms) r$$);
select regress.error($$select forge.predict('house', '{"area": "big", "rooms": [1]}')$$);
select regress.error($$select forge.predict('house', '{"area": 1}')$$);
select regress.error($$select forge.predict('house', '[1, 2]')$$);
select regress.error($$select forge.predict('house', '1')$$);
select regress.error($$select forge.predict('house', '{"area"')$$);
select regress.error($$select forge.predict('house', r) from (select 1 as area, 2 as area, 3 as rooms) r$$);
select regress.error($$select forge.predict('house', row(1, 2))$$);
select regress.error($$select forge.predict('nothing', h) from homes h$$);
select regress.error($$select forge.predict('house@nobody', h) from homes h$$);
select regress.error($$select forge.predict('house/9', h) from homes h$$);
select regress.error($$select forge.predict('House', h) from homes h$$);
select regress.error($$select forge.predict('house/0', h) from homes h$$);
select regress.error($$select forge.predict('', h) from homes h$$);
select regress.error($$select forge.predict(repeat('a', 100), h) from homes h$$);
select regress.error($$select forge.predict('house', '{"area": "Infinity", "rooms": 1}')$$);
select regress.error($$select forge_models.house('-Infinity', 1)$$);
select regress.error($$select forge.predict('house', '{"area": 1e400, "rooms": 1}')$$);
select regress.error($$select forge.predict('stumps', '{"area": 1e300, "heating": "gas"}')$$);
select regress.error($$select forge.predict('iris', '{"petal": 1}')$$);
select regress.error($$select forge_models.iris(r) from (select 1.0 as petal) r$$);
select regress.error($$select forge.predict_label('house', '{"area": 1, "rooms": 1}')$$);
select regress.error($$select forge.predict_proba('house', '{"area": 1, "rooms": 1}')$$);
