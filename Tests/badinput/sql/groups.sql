-- Groups that cannot have models, or not for long, and vectors beside them.
create table sales as
select g as id, 's' || g % 4 as shop, g % 3 as year, (g % 9)::float8 as x, g % 9 * 2.0 + g % 4 as y, case when g % 4 = 0 then 'no' when g % 9 > 4 then 'yes' else 'no' end as l
from generate_series(1, 400) g;
select bad.ask(name, arguments) from (values
    ('as it should be', $$source => 'sales', target => 'y', algorithm => 'ridge', exclude => '{l,id}', group_columns => '{shop}'$$),
    ('a group for each row', $$source => 'sales', target => 'y', algorithm => 'ridge', exclude => '{l}', group_columns => '{id}'$$),
    ('a group for each row, of one row', $$source => 'sales', target => 'y', algorithm => 'ridge', exclude => '{l}', group_columns => '{id}', config => '{"groups": {"min_rows": 1}}'$$),
    ('a million groups', $$source => 'select g as id, g % 7 as x, g % 7 * 2.0 as y from generate_series(1, 1000000) g', target => 'y', algorithm => 'ridge', group_columns => '{id}'$$),
    ('a million groups of two rows', $$source => 'select g % 1000000 as id, g % 7 as x, g % 7 * 2.0 as y from generate_series(1, 2000000) g', target => 'y', algorithm => 'ridge',
        group_columns => '{id}', split => '{"method": "none"}', config => '{"groups": {"min_rows": 2}}'$$),
    ('one group', $$source => 'select *, 1 as only from sales', target => 'y', algorithm => 'ridge', exclude => '{l,id}', group_columns => '{only}'$$),
    ('one group of NULL', $$source => 'select *, null::text as nothing from sales', target => 'y', algorithm => 'ridge', exclude => '{l,id}', group_columns => '{nothing}'$$),
    ('NaN and NULL', $$source => 'select x, y, case when id % 2 = 0 then ''NaN''::float8 end as odd from sales', target => 'y', algorithm => 'ridge', group_columns => '{odd}'$$),
    ('Infinity', $$source => 'select x, y, case when id = 7 then ''Infinity''::float8 else 1 end as far from sales', target => 'y', algorithm => 'ridge', group_columns => '{far}'$$),
    ('a group of one class', $$source => 'select x, l, shop from sales', target => 'l', algorithm => 'logistic_regression', group_columns => '{shop}'$$),
    ('groups of one class each', $$source => 'select x, l, l as kind from sales', target => 'l', algorithm => 'logistic_regression', group_columns => '{kind}'$$),
    ('no feature left', $$source => 'select shop, y from sales', target => 'y', algorithm => 'ridge', group_columns => '{shop}'$$),
    ('the target', $$source => 'select shop, y from sales', target => 'y', algorithm => 'ridge', group_columns => '{y}'$$),
    ('a feature', $$source => 'sales', target => 'y', algorithm => 'ridge', features => '{x,shop}', group_columns => '{shop}'$$),
    ('a column that is not there', $$source => 'sales', target => 'y', algorithm => 'ridge', group_columns => '{shopp}'$$),
    ('a column of JSON', $$source => 'select x, y, ''{}''::jsonb as j from sales', target => 'y', algorithm => 'ridge', group_columns => '{j}'$$),
    ('a column of vectors', $$source => 'select x, y, array[1, 2]::real[] as v from sales', target => 'y', algorithm => 'ridge', group_columns => '{v}'$$),
    ('no rows to be a group', $$source => 'sales', target => 'y', algorithm => 'ridge', group_columns => '{shop}', config => '{"groups": {"min_rows": 0}}'$$),
    ('auto', $$source => 'sales', target => 'y', algorithm => 'auto', exclude => '{l,id}', group_columns => '{shop}'$$),
    ('a clustering', $$source => 'sales', algorithm => 'kmeans', group_columns => '{shop}'$$)) c(name, arguments);
select bad.ask('grouped', $$model => 'grouped', source => 'select x, y, shop from sales', target => 'y', algorithm => 'ridge', group_columns => '{shop}'$$);
select bad.ask('of vectors', $$model => 'of_vectors', source => 'select array[x, x * x]::real[] as v, y, shop from sales', target => 'y', algorithm => 'ridge', group_columns => '{shop}'$$);
select bad.ask('of vectors of two dimensions and of three', $$source => 'select case when id > 300 then array[x, 1, 2] else array[x, 1] end::real[] as v, y, shop from sales', target => 'y',
    algorithm => 'ridge', group_columns => '{shop}'$$);
call bad.wait();
-- Nothing continues a model of groups, with groups or without.
select bad.ask('continued', $$source => 'select x, y, shop from sales', target => 'y', algorithm => 'ridge', params => '{"base_model": "grouped"}'$$);
select bad.ask('continued without its groups', $$source => 'select x, y from sales', target => 'y', algorithm => 'ridge', params => '{"base_model": "grouped/1"}'$$);
select bad.ask('continued by groups', $$source => 'select x, y, shop from sales', target => 'y', algorithm => 'ridge', group_columns => '{shop}', params => '{"base_model": "grouped"}'$$);
-- Fine when it was asked for.
create table shifting as select x, y, year from sales;
create table shrinking as select x, y, shop from sales;
create table renamed as select x, y, shop from sales;
select bad.ask('another type', $$source => 'shifting', target => 'y', algorithm => 'ridge', group_columns => '{year}', run_at => now() + interval '1 hour'$$);
select bad.ask('gone', $$source => 'shrinking', target => 'y', algorithm => 'ridge', group_columns => '{shop}', run_at => now() + interval '1 hour'$$);
select bad.ask('renamed', $$source => 'renamed', target => 'y', algorithm => 'ridge', group_columns => '{shop}', run_at => now() + interval '1 hour'$$);
alter table shifting alter year type text;
alter table shrinking drop shop;
alter table renamed rename shop to store;
select bad.release();
call bad.wait();
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' => '
select name, outcome from bad.outcomes;
-- Rows to score of another type, or of vectors of other dimensions.
select round(forge.predict('grouped', '{"x": 3, "shop": "s1"}')::numeric, 2), round(forge.predict('grouped', '{"x": 3, "shop": null}')::numeric, 2);
select forge.predict('grouped', '{"x": 3, "shop": 1}');
select forge.predict('grouped', r) from (select 3.0 as x, 1 as shop) r;
select round(forge.predict('of_vectors', '{"v": [3, 9], "shop": "s1"}')::numeric, 2);
select forge.predict('of_vectors', '{"v": [3, 9, 1], "shop": "s1"}');
