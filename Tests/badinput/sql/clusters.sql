-- Rows in which there is nothing to find, or not as much as is asked for.
create table dots as select g as id, sin(g) as x, cos(g * 1.7) as y, abs(sin(g)) as p, 'k' || g % 3 as k, 1.0 as one from generate_series(1, 200) g;
select bad.ask(format('%s: %s', a, what), format('algorithm => %L, source => %L', a, source) || case what when 'all rows equal, told apart' then ', id_column => ''id''' else '' end)
from unnest('{kmeans,gaussian_mixture,dbscan,pca,truncated_svd,nmf}'::text[]) a,
    (values
        ('no rows', 'select x, p from dots where false'),
        ('one row', 'select x, p from dots where id = 1'),
        ('two rows', 'select abs(x) as x, p from dots where id <= 2'),
        ('all rows equal', 'select one, 2 as two from dots'),
        ('all rows equal, told apart', 'select id, one, 2 as two from dots'),
        ('all rows NULL', 'select null::float8 as x, null::int as y from dots'),
        ('all rows equal but for one', 'select case when id = 7 then 5 else 1 end as x, case when id = 7 then 3 else 2 end as y from dots'),
        ('NaN', 'select case when id = 7 then ''NaN'' else p end as x, p * p as y from dots'),
        ('Infinity', 'select case when id = 7 then ''Infinity'' else p end as x, p from dots'),
        ('numbers near the largest', 'select p * 1e308 as x, p * p * 1e308 as y from dots')) d(what, source);
-- More clusters or components than there can be; numbers that are none of them.
select bad.ask(arguments, arguments) from unnest(array[
    $$source => 'select x, y from dots where id <= 10', algorithm => 'kmeans', params => '{"n_clusters": 11}'$$,
    $$source => 'select x, y from dots where id <= 10', algorithm => 'kmeans', split => '{"method": "none"}', params => '{"n_clusters": 10}'$$,
    $$source => 'select id % 3 as x from dots', algorithm => 'kmeans', params => '{"n_clusters": 4}'$$,
    $$source => 'select id % 3 as x from dots', algorithm => 'gaussian_mixture', params => '{"n_components": 4}'$$,
    $$source => 'select x, y from dots where id <= 10', algorithm => 'gaussian_mixture', params => '{"n_components": 11}'$$,
    $$source => 'select x, y from dots', algorithm => 'kmeans', params => '{"n_clusters": 0}'$$,
    $$source => 'select x, y from dots', algorithm => 'kmeans', params => '{"n_clusters": 2.5}'$$,
    $$source => 'select x, y from dots', algorithm => 'kmeans', params => '{"n_clusters": "many"}'$$,
    $$source => 'select x, y from dots', algorithm => 'kmeans', params => '{"n_clusters": 1000000}'$$,
    $$source => 'select x, y from dots', algorithm => 'dbscan', params => '{"eps": 0}'$$,
    $$source => 'select x, y from dots', algorithm => 'dbscan', params => '{"eps": 1e-9}'$$,
    $$source => 'select x, y from dots', algorithm => 'dbscan', params => '{"eps": 1e300}'$$,
    $$source => 'select x, y from dots', algorithm => 'pca', params => '{"n_components": 3}'$$,
    $$source => 'select x, y from dots', algorithm => 'pca', params => '{"n_components": 0}'$$,
    $$source => 'select x, y from dots', algorithm => 'truncated_svd', params => '{"n_components": 3}'$$,
    $$source => 'select p, one from dots', algorithm => 'nmf', params => '{"n_components": 257}'$$,
    $$source => 'select x, y from dots', algorithm => 'nmf'$$,
    $$source => 'select k from dots', algorithm => 'kmeans'$$, $$source => 'select k from dots', algorithm => 'pca'$$, $$source => 'select k from dots', algorithm => 'nmf'$$]) arguments;
-- What goes with a target only.
select bad.ask(arguments, arguments) from unnest(array[
    $$source => 'dots', target => 'k', algorithm => 'kmeans'$$, $$source => 'dots', task => 'clustering', algorithm => 'pca'$$,
    $$source => 'dots', task => 'regression', algorithm => 'kmeans'$$, $$source => 'dots', algorithm => 'kmeans', group_columns => '{k}'$$,
    $$source => 'dots', algorithm => 'pca', search => '{"trials": 3}'$$, $$source => 'dots', algorithm => 'kmeans', split => '{"method": "stratified"}'$$,
    $$source => 'dots', algorithm => 'kmeans', split => '{"folds": 3}'$$, $$source => 'dots', algorithm => 'kmeans', config => '{"decision": {"calibration": "platt"}}'$$,
    $$source => 'dots', algorithm => 'kmeans', config => '{"evaluation": {"bootstrap": 100, "importance": ["permutation"]}}'$$,
    $$source => 'dots', algorithm => 'kmeans', preprocess => '{"k": {"encode": "target"}}'$$, $$source => 'dots', algorithm => 'kmeans', preprocess => '{"@select": {"k": 1}}'$$,
    $$source => 'dots', algorithm => 'kmeans', params => '{"base_model": "m1"}'$$, $$source => 'dots', task => 'clustering', algorithm => 'auto'$$]) arguments;
select bad.ask('a name that was a clustering', $$model => 'kinds', source => 'select x, y from dots', algorithm => 'kmeans', params => '{"n_clusters": 2}'$$);
call bad.wait();
select bad.ask('learns a target now', $$model => 'kinds', source => 'select x, y from dots', target => 'y'$$);
select bad.ask('is a decomposition now', $$model => 'kinds', source => 'select x, y from dots', algorithm => 'pca'$$);
call bad.wait();
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' => '
select name, outcome from bad.outcomes;
