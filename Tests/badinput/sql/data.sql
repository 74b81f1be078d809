-- Data that cannot be learnt from, or only in part. Every algorithm gets every kind.
select bad.ask(format('%s: %s', algorithm, data), format('algorithm => %L, source => %L, target => ''y''', algorithm, source))
from (values
    ('no rows', 'select 1 as x, 2.0 as y where false'),
    ('one row', 'select 1 as x, 2.0 as y'),
    ('two rows', 'select g as x, g * 2.0 as y from generate_series(1, 2) g'),
    ('a constant column', 'select 7 as c, g as x, g * 2.0 as y from generate_series(1, 200) g'),
    ('only a constant column', 'select 7 as c, g * 2.0 as y from generate_series(1, 200) g'),
    ('a column of NULLs', 'select null::int as n, null::text as t, g as x, g * 2.0 as y from generate_series(1, 200) g'),
    ('only columns of NULLs', 'select null::int as n, null::text as t, g * 2.0 as y from generate_series(1, 200) g'),
    ('a target of NULLs', 'select g as x, null::float8 as y from generate_series(1, 200) g'),
    ('a constant target', 'select g as x, 2.0 as y from generate_series(1, 200) g'),
    ('a target with NaN', 'select g as x, case g when 9 then ''NaN'' else g::float8 end as y from generate_series(1, 200) g'),
    ('a target of NaN', 'select g as x, ''NaN''::float8 as y from generate_series(1, 200) g'),
    ('an infinite target', 'select g as x, case g when 9 then ''-Infinity'' else g::float8 end as y from generate_series(1, 200) g'),
    ('a target of 1e308', 'select g as x, case g % 2 when 0 then 1e308 else -1e308 end::float8 as y from generate_series(1, 200) g'),
    ('NaN', 'select case g % 9 when 0 then ''NaN'' else g::float8 end as x, g * 2.0 as y from generate_series(1, 200) g'),
    ('Infinity', 'select case g when 9 then ''Infinity'' else g::float8 end as x, g * 2.0 as y from generate_series(1, 200) g'),
    ('-Infinity', 'select case g when 9 then ''-Infinity'' else g::float8 end as x, g * 2.0 as y from generate_series(1, 200) g'),
    ('1e308', 'select case g % 2 when 0 then 1e308 else -1e308 end::float8 as x, g * 2.0 as y from generate_series(1, 200) g'),
    ('1e-320', 'select g * 1e-322 as x, g * 2.0 as y from generate_series(1, 200) g'),
    ('an infinite date', 'select case g when 9 then ''infinity'' else date ''2020-01-01'' + g end as x, g * 2.0 as y from generate_series(1, 200) g')
) d(data, source), unnest('{linear_regression,ridge,gradient_boosting,random_forest}'::text[]) algorithm;

select bad.ask(format('%s, classes: %s', algorithm, data), format('algorithm => %L, source => %L, target => ''y''', algorithm, source))
from (values
    ('no rows', 'select 1 as x, ''a'' as y where false'),
    ('one row', 'select 1 as x, ''a'' as y'),
    ('a target of NULLs', 'select g as x, null::text as y from generate_series(1, 200) g'),
    ('one class', 'select g as x, ''a'' as y from generate_series(1, 200) g'),
    ('one class and NULLs', 'select g as x, case when g % 2 = 0 then true end as y from generate_series(1, 200) g'),
    ('a class of one row', 'select g as x, case g when 7 then ''rare'' else ''usual'' end as y from generate_series(1, 200) g'),
    ('only columns of NULLs', 'select null::int as n, null::text as t, g % 2 = 0 as y from generate_series(1, 200) g'),
    ('Infinity', 'select case g when 9 then ''Infinity'' else g::float8 end as x, g % 2 = 0 as y from generate_series(1, 200) g'),
    ('1e308', 'select case g % 2 when 0 then 1e308 else -1e308 end::float8 as x, g % 2 = 0 as y from generate_series(1, 200) g'),
    ('1,001 classes', 'select g as x, ''c'' || g % 1001 as y from generate_series(1, 5000) g'),
    ('10,000 classes', 'select g as x, ''c'' || g % 10000 as y from generate_series(1, 20000) g')
) d(data, source), unnest('{logistic_regression,gradient_boosting,random_forest}'::text[]) algorithm;
select bad.ask('10,000 classes: ' || a, format($$algorithm => %L, source => 'select g as x, ''c'' || g %% 10000 as y from generate_series(1, 20000) g', target => 'y'$$, a))
from unnest('{linear_svm,decision_tree,gaussian_nb,multinomial_nb,mlp}'::text[]) a;

-- weights
select bad.ask(format('weights: %s, %s', weights, algorithm), format($$algorithm => %L, weight_column => 'w', target => 'y',
    source => 'select g as x, (%s)::float8 as w, g * 2.0 as y from generate_series(1, 200) g'$$, algorithm, replace(value, '''', '''''')))
from (values ('all zero', '0'), ('one negative', 'case g when 9 then -0.5 else 1 end'), ('NaN', '''NaN'''), ('one NaN', 'case g when 9 then ''NaN'' else 1.0::float8 end'),
    ('one NULL', 'case g when 9 then null else 1 end'), ('infinite', 'case g when 9 then ''Infinity'' else 1.0::float8 end'), ('half zero', 'g % 2'), ('3e38', '3e38'), ('1e308', '1e308'), ('1e-320', '1e-320')
) w(weights, value), unnest('{ridge,gradient_boosting}'::text[]) algorithm;

-- a million levels: more than an encoding lists, refused before the fit; hashed on request
select bad.ask('a million levels, ' || a, format($$algorithm => %L, source => 'select ''l'' || g as x, g %% 7 as z, g as y from generate_series(1, 1000000) g', target => 'y'$$, a))
from unnest('{ridge,gradient_boosting,random_forest}'::text[]) a;
select bad.ask('a million levels, hashed', $$algorithm => 'ridge', source => 'select ''l'' || g as x, g % 7 as z, g as y from generate_series(1, 1000000) g', target => 'y',
    preprocess => '{"x": {"encode": "hash"}}'$$);

-- more levels than are read, and a million as a target
select bad.ask('four million levels', $$source => 'select ''l'' || g as x, g as y from generate_series(1, 4200000) g', target => 'y'$$);
select bad.ask('a million classes', $$source => 'select g as x, ''l'' || g as y from generate_series(1, 1000000) g', target => 'y'$$);
select bad.ask('a million classes of numbers', $$source => 'select g as x, g as y from generate_series(1, 1000000) g', target => 'y', task => 'classification'$$);

call bad.wait();
\pset format unaligned
\pset tuples_only on
\pset fieldsep ': '
select name, outcome from bad.outcomes;
select name, seconds from (select c.name, extract(epoch from r.finished_at - r.started_at) as seconds
    from bad.cases c join forge.training_requests r on r.id = c.request where c.name ~ '^a million|10,000') s where seconds > 20;
