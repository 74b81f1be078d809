-- What a request may say in preprocess; the trainer refuses and takes the same (PreprocessRequestTests).
create temp table given (place serial, preprocess jsonb);
insert into given (preprocess) values
    ('{"age": {"impute": "most_frequent", "scale": "robust", "transform": "yeo_johnson", "degree": 3}}'),
    ('{"age": {"bin": {"method": "uniform", "bins": 8, "encode": "ordinal"}}, "born": {"bin": {}}}'),
    ('{"born": {"encode": "date_parts", "parts": ["year", "month_cycle"]}, "*": {"encode": "target", "scale": "none", "smoothing": 5}}'),
    ('{"city": {"encode": "ordinal", "levels": ["low", "high"]}, "plan": {"encode": "hash", "buckets": 64}}'),
    ('{"city": {"buckets": 32, "min_frequency": 0.01, "max_levels": 20}, "*": {"encode": "hash"}}'),
    ('{"city": {"encode": "tfidf", "ngrams": 2, "max_features": 100, "min_df": 3, "sublinear": true}, "plan": {"drop": true}}'),
    ('{"@cross": [["city", "plan"], ["age", "age"]], "@interactions": ["age", "income"], "@drop": {"constant": false}, "@select": {"k": 2}}'),
    ('{"@interactions": true, "@select": {"method": "importance", "fraction": 0.5}}'),
    ('{"age": {"impute": "zero", "bins": 3}, "city": {"impute": "mean", "degree": 2}, "nobody": {}}'),
    ('{"age": {"bin": {}, "scale": "none", "degree": 2}}'),
    ('{"age": {"bin": {"bins": 1}, "scale": "none", "encode": "one_hot"}}'),
    ('{"age": {"bin": {"edges": [1]}, "scale": "none", "parts": ["year"]}, "born": {"encode": "one_hot"}}'),
    ('{"city": {"encode": "date_parts"}, "born": {"encode": "date_parts", "parts": ["week", "year", "year"]}, "plan": {"smoothing": 1}}'),
    ('{"born": {"encode": "date_parts", "parts": ["year", "year"]}, "city": {"encode": "ordinal", "levels": []}, "plan": {"min_frequency": 1.5}}'),
    ('{"@cross": [["city"], "plan", ["city", "y"]], "@interactions": ["age", "city"], "@select": {"k": 1, "fraction": 0.5}, "@drop": {"missing": true}}'),
    ('{"@cross": 1, "@interactions": 2, "@select": {"k": 0}, "@drop": [], "@scale": {}}');
select place, p.code, p.message, p.hint
from given, forge.preprocess_problems(preprocess, '[
    {"name": "age", "type": "integer", "kind": "number", "role": "feature"}, {"name": "income", "type": "numeric", "kind": "number", "role": "feature"},
    {"name": "born", "type": "date", "kind": "number", "role": "feature"},
    {"name": "city", "type": "text", "kind": "category", "role": "feature"}, {"name": "plan", "type": "text", "kind": "category", "role": "feature"},
    {"name": "y", "type": "integer", "kind": "number", "role": "target"}]') p
order by place, p.message;
select jsonb_object_keys(forge.preprocess_rules() -> 'column') as entry order by 1;

-- What of leakage is known before a row is read.
create table parcels (id int primary key, barcode uuid not null, code text unique, weight float8, price float8);
insert into parcels select i, gen_random_uuid(), 'p' || i, i % 7, i from generate_series(1, 20) i;
grant select on parcels to tom;
set role tom;
select section, item, value, hint from forge.check_request('parcel', 'parcels', 'price') where section in ('problem', 'warning');
select section, item, value from forge.check_request('parcel', 'select id, weight, price from parcels', 'price') where section in ('problem', 'warning');
select forge.train('parcel', 'parcels', 'price', id_column => 'id', exclude => '{barcode}') is not null as accepted;
reset role;
