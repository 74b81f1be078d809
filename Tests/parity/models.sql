-- Rows with a column of every type that an encoder takes, with NULLs, and a model of every form. Some levels and values occur
-- in rows to score only.
create type mood as enum ('sad', 'so so', 'glad', 'never seen');
create domain positive as int check (value > 0);
create domain short_text as varchar(12);
create table samples as
select g as id, case when g > 900 then 'other' when g % 4 = 0 then 'test' else 'train' end as part,
    nullif(g % 7, 3) % 2 = 1 as c_boolean, nullif((g * 31 % 200 - 100)::smallint, 7) as c_smallint, nullif(g * 7919 % 100003 - 50000, 11) as c_integer,
    (g::bigint * 4611686018427387 % 9007199254740993) as c_bigint, (g / 7.0)::real as c_real, nullif(sin(g)::float8, sin(5)) as c_double,
    round((g * 12345.678901234567890123::numeric / 17), g % 20) as c_numeric, nullif(date '1999-01-01' + g * 13, '1999-06-01') as c_date,
    timestamp '2001-02-03 04:05:06.789' + g * interval '1 day 1.001 s' as c_timestamp,
    case when g % 50 = 0 then 'infinity' else timestamptz '2001-02-03 04:05:06.789+05' + g * interval '7 hours' end as c_timestamptz,
    g * interval '1 mon 2 days 3.5 s' as c_interval, case when g > 900 then 'new ' || g else nullif('l' || g % 9, 'l4') end as c_text,
    (array['a', 'A', '', 'é', E'e\u0301', 'it''s'])[1 + g % 6]::varchar(9) as c_varchar, (array['x', 'y ', 'z'])[1 + g % 3]::char(3) as c_char,
    (array['sad', 'so so', 'glad', 'never seen'])[case when g > 900 then 4 else 1 + g % 3 end]::mood as c_enum, (1 + g % 12)::positive as c_domain, ('d' || g % 5)::short_text as c_text_domain,
    (array['Ring twice, please!', 'LEAVE it at the dör', 'call before you ring', null, 'Ring, ring, ring'])[1 + g % 5] || case when g > 900 then ' or don''t' else '' end as c_note,
    md5((g % 8)::text)::uuid as c_uuid, ('n' || g % 4)::name as c_name,
    case when g % 11 > 0 then array[sin(g), cos(g * 0.7), g % 5]::vector(3) end as c_vector, array[sin(g * 0.3), g % 3]::halfvec(2) as c_halfvec,
    case when g % 13 > 0 then array[-0.0, g % 4, g * 1e-30]::real[] end as c_reals, array[g / 7.0, 1e-300]::double precision[] as c_doubles,
    g % 9 * 2.5 + sin(g) * 3 + (g % 7) / 3.0 as number, case when g % 9 + sin(g) * 3 > 4 then 'yes' else 'no' end as answer,
    (array['red', 'green', 'blue'])[1 + (g % 9 + (sin(g) > 0)::int) % 3] as colour, g % 4 * 100 + g % 13 as query, g * 7919 % 5 / 2 + (g % 9 > 5)::int as stars
from generate_series(1, 1000) g;
insert into samples (id, part) values (1001, 'other');  -- a row of NULLs
grant select on samples to public;
create view learnt as select * from samples where part <> 'other';
grant select on learnt to public;
create role tom login in role forge_trainer;
grant create on schema public to tom;
create table asked (model text, request bigint, task text, target text);
grant insert, select on asked to tom;
set role tom;
insert into asked
select model, forge.train(model, 'learnt', target, task => case when model like 'ranking%' then 'ranking' end, algorithm => algorithm,
    id_column => 'id', group_columns => case when model like 'ranking%' then '{query}' when model like 'grouped%m' then '{c_boolean}' when model like 'grouped%' then '{c_text,c_boolean}' end::text[], features => case algorithm when 'nmf' then '{c_domain,query}' end::text[],
    exclude => case when algorithm <> 'nmf' then array_remove(array['number', 'answer', 'colour', 'stars'], target) end,
    params => params,
    preprocess => preprocess, search => case algorithm when 'auto' then '{"trials": 5}'::jsonb end, split => '{"method": "column", "column": "part"}',
    config => case when model like 'grouped%' then '{"groups": {"min_rows": 10}, "explain": {"background": 2, "samples": 100}}' when target is null or model like 'network%' or model like 'auto%' or model like 'near%' then '{"explain": {"background": 2, "samples": 100}}' when model like 'compared%' then '{"explain": {"background": 3, "samples": 100}}' when model like 'corrected_i%' then '{"decision": {"calibration": "isotonic"}}' when model like 'corrected%' then '{"decision": {"calibration": "platt", "threshold": "f1"}}' when model like 'decided%' then '{"decision": {"threshold": {"cost_matrix": {"false_positive": 1, "false_negative": 4}}}}' else '{}' end::jsonb), null, target
from (values
    ('decided_b', 'answer', 'logistic_regression', '{}'::jsonb, '{}'::jsonb), ('decided_n_b', 'answer', 'gradient_boosting', '{"n_estimators": 20, "positive_class": "no"}', '{}'),
    ('linear_r', 'number', 'linear_regression', '{}', '{}'),
    ('auto_r', 'number', 'auto', '{}', '{}'), ('auto_b', 'answer', 'auto', '{}', '{}'), ('auto_m', 'colour', 'auto', '{}', '{}'),
    ('corrected_b', 'answer', 'gradient_boosting', '{"n_estimators": 20}', '{}'), ('corrected_i_b', 'answer', 'random_forest', '{"n_estimators": 20}', '{}'),
    ('corrected_i_m', 'colour', 'gradient_boosting', '{"n_estimators": 20}', '{}'),
    ('compared_r', 'number', 'gradient_boosting', '{"n_estimators": 20}', '{}'), ('compared_m', 'colour', 'random_forest', '{"n_estimators": 10}', '{"c_enum": {"encode": "one_hot"}}'),
    ('compared_x_r', 'number', 'gradient_boosting', '{"n_estimators": 5}', '{"c_text": {"encode": "one_hot"}, "@cross": [["c_text", "c_double"]]}'), ('compared_l_r', 'number', 'ridge', '{}', '{"@cross": [["c_text", "c_double"]]}'),
    ('ridge_r', 'number', 'ridge', '{}', '{"*": {"impute": "mean", "scale": "standard"}}'),
    ('logistic_b', 'answer', 'logistic_regression', '{}', '{}'), ('logistic_m', 'colour', 'logistic_regression', '{}', '{}'),
    ('boosting_r', 'number', 'gradient_boosting', '{"n_estimators": 20}', '{}'), ('boosting_b', 'answer', 'gradient_boosting', '{"n_estimators": 20}', '{"*": {"encode": "one_hot"}}'),
    ('boosting_m', 'colour', 'gradient_boosting', '{"n_estimators": 20}', '{}'),
    ('forest_r', 'number', 'random_forest', '{"n_estimators": 20}', '{"c_text": {"encode": "one_hot"}, "c_integer": {"impute": "none"}}'),
    ('forest_b', 'answer', 'random_forest', '{"n_estimators": 20}', '{}'), ('forest_m', 'colour', 'random_forest', '{"n_estimators": 20}', '{}'),
    ('prepared_r', 'number', 'ridge', '{}', '{"c_double": {"transform": "yeo_johnson", "degree": 2}, "c_smallint": {"bin": {"method": "quantile", "bins": 4}},
        "c_text": {"encode": "target"}, "c_varchar": {"encode": "hash", "buckets": 16}, "c_enum": {"encode": "ordinal", "levels": ["sad", "so so", "glad"]}, "c_name": {"encode": "frequency"},
        "c_timestamp": {"encode": "date_parts", "parts": ["year", "day", "hour", "month_cycle"]}, "c_note": {"encode": "tfidf", "ngrams": 2},
        "@cross": [["c_char", "c_double"], ["c_timestamp", "c_domain"]], "@interactions": ["c_integer", "c_real", "c_bigint"]}'),
    ('prepared_b', 'answer', 'gradient_boosting', '{"n_estimators": 20}', '{"c_double": {"transform": "log"}, "c_smallint": {"bin": {"method": "uniform", "bins": 5, "encode": "ordinal"}},
        "c_text": {"encode": "target"}, "c_varchar": {"encode": "hash", "buckets": 16}, "c_enum": {"encode": "ordinal"}, "c_name": {"encode": "one_hot", "min_frequency": 0.2},
        "c_date": {"encode": "date_parts", "parts": ["month", "day_of_week"]}, "c_note": {"encode": "tfidf"}, "@interactions": ["c_integer", "c_real"]}'),
    ('network_prepared_m', 'colour', 'mlp', '{"max_iter": 20}', '{"c_text": {"encode": "target"}, "c_integer": {"transform": "sqrt"}, "c_note": {"encode": "tfidf"}, "c_real": {"bin": {}}}'),
    ('ranking_k', 'stars', 'gradient_boosting', '{"n_estimators": 2, "max_depth": 2}', '{}'),  -- so coarse that scores tie
    ('grouped_l_r', 'number', 'ridge', '{}', '{}'), ('grouped_t_b', 'answer', 'gradient_boosting', '{"n_estimators": 12}', '{}'),
    ('grouped_f_m', 'colour', 'random_forest', '{"n_estimators": 5}', '{"c_varchar": {"encode": "one_hot"}}'), ('grouped_n_r', 'number', 'mlp', '{"hidden_layer_sizes": [5], "max_iter": 5}', '{}'),
    ('near_r', 'number', 'knn', '{"weights": "distance"}', '{}'), ('near_b', 'answer', 'knn', '{"metric": "cosine", "index": "hnsw"}', '{}'),
    ('near_m', 'colour', 'knn', '{"n_neighbors": 9, "metric": "manhattan"}', '{"c_text": {"encode": "target"}, "c_integer": {"transform": "sqrt"}}'),
    ('clusters_c', null, 'kmeans', '{"n_clusters": 4}', '{}'), ('dense_c', null, 'dbscan', '{"eps": 12, "min_samples": 3}', '{}'),
    ('mixture_c', null, 'gaussian_mixture', '{"n_components": 3, "covariance_type": "diag"}', '{}'), ('components_d', null, 'pca', '{"n_components": 3}', '{}'),
    ('component_d', null, 'truncated_svd', '{"n_components": 1}', '{}'), ('factors_d', null, 'nmf', '{"n_components": 2}', '{}'),
    ('network_r', 'number', 'mlp', '{"hidden_layer_sizes": [20, 8], "max_iter": 20}', '{}'),
    ('network_b', 'answer', 'mlp', '{"activation": "gelu", "max_iter": 20}', '{}'),
    ('network_m', 'colour', 'mlp', '{"activation": "tanh", "hidden_layer_sizes": [7, 33, 5], "max_iter": 20}', '{}')
) m(model, target, algorithm, params, preprocess);
do $$
declare
    request bigint;
begin
    for request in select id from forge.training_requests order by id loop
        call forge.wait(request);
    end loop;
end
$$;
-- in batches
select forge.predict_table(model, 'samples', 'id', 'batch_' || model) from asked;
