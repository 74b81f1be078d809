-- Columns of vectors that cannot be learnt from, or only in part.
create table bad.embedded as
select g as id, case when g % 9 > 0 then array[sin(g), cos(g), g % 5]::vector(3) end as v, array[g, 1.0 / g]::real[] as r, g * 2.0 as y, g % 2 = 0 as b
from generate_series(1, 200) g;
select bad.ask(format('%s: %s', algorithm, data), format('algorithm => %L, source => %L, target => ''y''', algorithm, source))
from (values
    ('some NULL vectors', 'select v, y from bad.embedded'),
    ('only NULL vectors', 'select null::vector as v, y from bad.embedded'),
    ('only NULL vectors beside a number', 'select null::real[] as v, id as x, y from bad.embedded'),
    ('NULL vectors in most rows before the first', 'select case when g > 9900 then array[sin(g), g % 7]::real[] end as v, g * 2.0 as y from generate_series(1, 10000) g'),
    ('vectors of two dimensions and of three', 'select case when id > 150 then array[id, 1] else array[id, 2, 3] end::real[] as v, y from bad.embedded'),
    ('vectors of two dimensions and of three, of pgvector', 'select (case when id > 150 then array[id, 1] else array[id, 2, 3] end)::vector as v, y from bad.embedded'),
    ('equal vectors', 'select array[1, 2, 3]::real[] as v, y from bad.embedded'),
    ('equal vectors beside a number', 'select array[1, 2, 3]::real[] as v, id as x, y from bad.embedded'),
    ('zero vectors', 'select case when id % 2 = 0 then ''[0,0,0]''::vector else v end as v, y from bad.embedded'),
    ('NaN', 'select case id when 7 then ''{1,NaN}'' else r end as v, y from bad.embedded'),
    ('an infinite element', 'select case id when 7 then ''{1,-Infinity}'' else r::float8[] end as v, y from bad.embedded'),
    ('an element that is NULL', 'select case id when 7 then ''{1,NULL}'' else r end as v, y from bad.embedded'),
    ('an element beyond float4', 'select case id when 7 then ''{1,1e300}'' else r::float8[] end as v, y from bad.embedded'),
    ('an empty vector', 'select case id when 7 then ''{}'' else r end as v, y from bad.embedded'),
    ('a matrix', 'select case id when 7 then ''{{1,2},{3,4}}'' else r end as v, y from bad.embedded'),
    ('5,000 dimensions', 'select array_fill(id::real, array[5000]) as v, y from bad.embedded')
) d(data, source), unnest('{ridge,gradient_boosting}'::text[]) algorithm;
-- A vector is no target, no weight and no time; it may group rows and tell them apart.
select bad.ask(format('as %s', role), format('algorithm => ''ridge'', source => ''bad.embedded'', target => %L, %s', target, role)) from (values
    ('v', 'exclude => ''{y}'''), ('y', 'weight_column => ''v'''), ('y', 'time_column => ''v'', split => ''{"method": "time"}'''),
    ('y', 'id_column => ''v'''), ('y', 'group_columns => ''{v}'', split => ''{"method": "group"}'''), ('y', 'preprocess => ''{"v": {"encode": "one_hot"}}'''),
    ('y', 'preprocess => ''{"v": {"impute": "mean", "scale": "min_max"}}''')) r(target, role);
select bad.ask('scored', 'model => ''scored'', algorithm => ''ridge'', source => ''select r as v, y from bad.embedded'', target => ''y''');
call bad.wait();
\pset format unaligned
\pset tuples_only on
\pset fieldsep ': '
select name, outcome from bad.outcomes;
-- Rows to score whose vectors are not the model's.
select round(forge.predict('scored', '{"v": [2, 0.5]}')::numeric) , forge.predict('scored', '{"v": null}') is not null;
select forge.predict('scored', '{"v": [2, 0.5, 1]}');
select forge.predict('scored', '{"v": "[2]"}');
select forge.predict('scored', '{"v": [2, null]}');
select forge.predict('scored', '{"v": [2, "NaN"]}');
select forge.predict('scored', '{"v": [2, 1e300]}');
select forge.predict('scored', '{"v": [2, "x"]}');
select forge.predict('scored', '{"v": "[2, x]"}');
select forge.predict('scored', '{"v": []}');
select forge.predict('scored', '{"v": 2}');
select forge.predict('scored', r) from (select array[2, 'NaN']::float8[] as v) r;
select forge.predict('scored', r) from (select array[2, null]::real[] as v) r;
select forge.predict('scored', r) from (select '[1,2,3]'::vector as v) r;
select forge.predict('scored', r) from (select 'text' as v) r;
select forge_models.scored(array[1, 2, 3]::real[]);
