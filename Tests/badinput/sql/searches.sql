-- Searches in which trials fail, some or all; spaces without a choice; what is drawn from vectors.
create table rows as select g as id, sin(g) as x, g % 17 as z, 3 * sin(g) + g % 17 + cos(g * 7.3) as y, 'k' || (g % 17 > 8)::int as k from generate_series(1, 300) g;
select bad.ask(name, arguments) from (values
    ('a space with one point', $$source => 'select x, z, y from rows', target => 'y', algorithm => 'ridge', search => '{"method": "grid", "space": {"alpha": [0.5]}}'$$),
    ('one point, many trials of it', $$source => 'select x, z, y from rows', target => 'y', algorithm => 'ridge', search => '{"method": "random", "trials": 5, "space": {"alpha": [0.5]}}'$$),
    ('one point, by tpe', $$source => 'select x, z, y from rows', target => 'y', algorithm => 'ridge', search => '{"method": "tpe", "trials": 5, "space": {"alpha": {"min": 2, "max": 2}}}'$$),
    ('one trial', $$source => 'select x, z, y from rows', target => 'y', algorithm => 'ridge', search => '{"trials": 1}'$$),
    ('no trial', $$source => 'select x, z, y from rows', target => 'y', algorithm => 'ridge', search => '{"trials": 0}'$$),
    ('a trial that always fails', $$source => 'select x, z, x as y from rows', target => 'y', algorithm => 'gradient_boosting', params => '{"n_estimators": 3}',
        search => '{"method": "grid", "folds": 2, "space": {"objective": ["squared_error", "gamma", "absolute_error"]}}'$$),
    ('every trial fails', $$source => 'select x, z, x as y from rows', target => 'y', algorithm => 'gradient_boosting', params => '{"n_estimators": 3}',
        search => '{"method": "grid", "folds": 2, "space": {"objective": ["gamma", "poisson"]}}'$$),
    ('more folds than rows', $$source => 'select x, z, y from rows where id < 5', target => 'y', algorithm => 'ridge', search => '{"trials": 2, "folds": 10}'$$),
    ('a class that folds lack', $$source => 'select x, z, case when id = 1 then ''rare'' else k end as k from rows', target => 'k', algorithm => 'logistic_regression', search => '{"trials": 2}'$$),
    ('an empty space', $$source => 'select x, z, y from rows', target => 'y', algorithm => 'ridge', search => '{"space": {}}'$$),
    ('a range upside down', $$source => 'select x, z, y from rows', target => 'y', algorithm => 'ridge', search => '{"space": {"alpha": {"min": 2, "max": 1}}}'$$),
    ('a log of nothing', $$source => 'select x, z, y from rows', target => 'y', algorithm => 'ridge', search => '{"space": {"alpha": {"min": 0, "max": 1, "log": true}}}'$$),
    ('what the algorithm has not', $$source => 'select x, z, y from rows', target => 'y', algorithm => 'ridge', search => '{"space": {"alhpa": [1]}}'$$),
    ('auto', $$model => 'found', source => 'select x, z, array[x, z, x * z]::real[] as v, y from rows', target => 'y', algorithm => 'auto', split => '{"seed": 4}', search => '{"trials": 6, "folds": 2}'$$),
    ('auto over vectors of two dimensions and of three', $$source => 'select case when id > 200 then array[x, z, 1] else array[x, z] end::real[] as v, y from rows', target => 'y', algorithm => 'auto', search => '{"trials": 5}'$$),
    ('auto over NULL vectors', $$source => 'select null::real[] as v, y from rows', target => 'y', algorithm => 'auto', search => '{"trials": 5}'$$),
    ('auto over rows all equal', $$source => 'select 1 as x, 2 as z, y from rows', target => 'y', algorithm => 'auto', search => '{"trials": 5}'$$),
    ('auto over five rows', $$source => 'select x, z, y from rows where id <= 5', target => 'y', algorithm => 'auto', search => '{"trials": 5}'$$),
    ('auto by grid', $$source => 'select x, z, y from rows', target => 'y', algorithm => 'auto', search => '{"method": "grid"}'$$),
    ('auto continues', $$source => 'select x, z, y from rows', target => 'y', algorithm => 'auto', params => '{"base_model": "found"}'$$)) c(name, arguments);
call bad.wait();
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' => '
select name, outcome from bad.outcomes;
-- Each request tells how many trials failed, and why; nothing of a failed one is kept beside the reason.
select c.name, t.status, count(*), bool_and((t.status = 'failed') = (t.error_message is not null)) as told
from bad.cases c join forge.trials t on t.request = c.request where c.name ~ '^(a space|one|a trial|every)' group by 1, 2 order by 1, 2;
select c.name, v.manifest #>> '{search,trials}' as trials, v.manifest #>> '{search,failed}' as failed, v.manifest #> '{data_report,notes}' as notes
from bad.cases c join forge.training_requests r on r.id = c.request join forge.model_versions v on v.training_request = r.id where c.name ~ '^(a space|one|a trial)' order by 1;
-- A model of vectors by auto reads them like any other.
select abs(forge.predict('found', '{"x": 0.5, "z": 3, "v": [0.5, 3, 1.5]}') - 4.5) < 2 as near;
select forge.predict('found', '{"x": 0.5, "z": 3, "v": [0.5, 3]}');
