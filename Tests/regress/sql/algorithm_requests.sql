-- What the algorithms themselves do not take together, known before a row is read.
create table visits (seen date, hours int, plan text, paid float8, stayed boolean);
grant select on visits to tom;
create function problems(target text, algorithm text, params jsonb, preprocess jsonb default '{}') returns table (code text, problem text, hint text)
language sql
as $$
    select item, value, hint from forge.check_request('m', 'visits', target, algorithm => algorithm, params => params, preprocess => preprocess)
    where section = 'problem'
$$;
set role tom;
-- Standard errors: of coefficients without a penalty, and those that the algorithm has.
select algorithm, params, p.* from (values
    ('hours', 'linear_regression', '{"statistics": "HC3"}'), ('hours', 'poisson', '{"statistics": "HC1"}'),
    ('hours', 'poisson', '{"statistics": "HC1", "alpha": 0}'), ('hours', 'gamma', '{"statistics": "cluster", "alpha": 0.5}'),
    ('hours', 'tweedie', '{"statistics": "nonrobust", "alpha": "none"}'), ('hours', 'quantile_regression', '{"statistics": "HC0"}'),
    ('stayed', 'logistic_regression', '{"statistics": "HC0"}'), ('stayed', 'logistic_regression', '{"statistics": "HC0", "penalty": "none"}')
) g(target, algorithm, params) left join lateral problems(target, algorithm, params::jsonb) p on true;
select name, p.value #>> '{choices}' as choices from forge.algorithms, jsonb_each(parameters) p where p.key = 'statistics' order by name;
select p.problem from problems('hours', 'poisson', '{"statistics": "HC3", "alpha": 0}') p;
-- Losses and other entries of another task.
select algorithm, params, p.* from (values
    ('hours', 'linear_svm', '{"loss": "hinge"}'), ('hours', 'linear_svm', '{"loss": "squared_epsilon_insensitive"}'),
    ('stayed', 'linear_svm', '{"loss": "epsilon_insensitive", "epsilon": 1}'), ('stayed', 'linear_svm', '{"loss": "squared_hinge"}'),
    ('stayed', 'gradient_boosting', '{"objective": "poisson", "quantile_alpha": 0.5}')
) g(target, algorithm, params) left join lateral problems(target, algorithm, params::jsonb) p on true;
-- NULL and categories as they are: for trees only.
select algorithm, preprocess, p.problem, p.hint from (values
    ('ridge', '{"paid": {"impute": "none"}, "plan": {"encode": "native"}}'), ('ridge', '{"*": {"impute": "none", "encode": "native"}, "paid": {"impute": "mean"}}'),
    ('ridge', '{"*": {"impute": "none"}, "paid": {"drop": true}, "stayed": {"impute": "median"}}'), ('mlp', '{"paid": {"impute": "none"}, "nobody": {}}'),
    ('gradient_boosting', '{"*": {"impute": "none", "encode": "native"}}')
) g(algorithm, preprocess) left join lateral problems('hours', algorithm, '{}', preprocess::jsonb) p on true;
