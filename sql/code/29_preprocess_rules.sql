-- Generated from Sources/ForgeLearn/Preprocess/PreprocessRules.swift. Do not edit; write it again with make generate.

create or replace function forge.preprocess_rules() returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $rules$ select '{
"column": {
    "impute": {"choices":["median","mean","most_frequent","constant","none"],"default":"median","description":"What a missing value becomes.","for":["number","date","vector"],"type":"text"},
    "value": {"default":0,"description":"The number for impute constant.","for":["number","date","vector"],"maximum":1e+30,"minimum":-1e+30,"needs":{"impute":"constant"},"type":"number"},
    "indicator": {"default":false,"description":"A feature that says whether the value was missing.","for":["number","date"],"type":"boolean"},
    "scale": {"choices":["standard","robust","min_max","none"],"default":"standard","description":"standard: mean 0, deviation 1; robust: median 0, interquartile range 1; min_max: from 0 to 1.","for":["number","date","vector"],"type":"text"},
    "encode": {"choices":["one_hot","native","ordinal","target","frequency","hash","tfidf","date_parts"],"default":"one_hot","description":"How levels, texts and dates become features.","for":["category","date"],"type":"text"},
    "min_frequency": {"default":1,"description":"Levels of fewer training rows, or of a smaller share, are grouped.","exclusive_minimum":0,"for":["category"],"share_or_count":true,"type":"number"},
    "max_levels": {"default":1000,"description":"So many of the most frequent levels, or such a share, are kept; the others are grouped.","exclusive_minimum":0,"for":["category"],"maximum":65536,"share_or_count":true,"type":"number"},
    "levels": {"default":"","description":"The levels from lowest to highest, for encode ordinal.","excludes":["min_frequency","max_levels"],"for":["category"],"list":true,"needs":{"encode":"ordinal"},"type":"text"},
    "smoothing": {"choices":["auto"],"default":"auto","description":"How many rows the overall mean counts for in a level''s mean; auto: by the levels'' variances.","for":["category"],"maximum":1000000000,"minimum":0,"needs":{"encode":"target"},"type":"number"},
    "buckets": {"default":256,"description":"Features that encode hash spreads levels over.","for":["category"],"maximum":4096,"minimum":2,"needs":{"encode":"hash"},"type":"integer"},
    "parts": {"choices":["year","month","day","day_of_week","day_of_year","hour","minute","month_cycle","day_of_week_cycle","day_of_year_cycle","hour_cycle"],"default":"year","description":"Parts of the date in UTC; a cycle is a sine and a cosine.","for":["date"],"list":true,"needs":{"encode":"date_parts"},"type":"text"},
    "ngrams": {"default":1,"description":"2 counts pairs of neighbouring words too.","for":["category"],"maximum":2,"minimum":1,"needs":{"encode":"tfidf"},"type":"integer"},
    "max_features": {"default":1000,"description":"The most frequent terms are kept.","for":["category"],"maximum":4096,"minimum":1,"needs":{"encode":"tfidf"},"type":"integer"},
    "min_df": {"default":2,"description":"Terms of fewer texts, or of a smaller share, are left out.","exclusive_minimum":0,"for":["category"],"needs":{"encode":"tfidf"},"share_or_count":true,"type":"number"},
    "sublinear": {"default":false,"description":"Counts a term n times as 1 + ln n.","for":["category"],"needs":{"encode":"tfidf"},"type":"boolean"},
    "bin": {"default":{},"description":"Intervals instead of the number; NULL has one of its own.","entries":{"bins":{"default":5,"description":"How many intervals.","maximum":1000,"minimum":2,"type":"integer"},"encode":{"choices":["one_hot","ordinal"],"default":"one_hot","description":"A feature for each, or its number.","type":"text"},"method":{"choices":["quantile","uniform"],"default":"quantile","description":"Intervals of equal rows or of equal width.","type":"text"}},"excludes":["impute","value","indicator","scale","transform","degree"],"for":["number","date"],"type":"object"},
    "transform": {"choices":["log","sqrt","yeo_johnson","none"],"default":"log","description":"log: sign(x)·ln(1 + |x|); sqrt: sign(x)·√|x|; yeo_johnson: the power that comes nearest to a normal distribution.","for":["number","date"],"type":"text"},
    "degree": {"default":1,"description":"Powers of the number up to this one.","for":["number","date"],"maximum":5,"minimum":1,"type":"integer"},
    "drop": {"default":false,"description":"Leaves the column out of the model.","for":["number","date","category","vector"],"type":"boolean"}
},
"@select": {"fraction":{"default":0.5,"description":"The share of the columns that is kept.","exclusive_minimum":0,"maximum":1,"type":"number"},"k":{"default":20,"description":"How many columns are kept.","minimum":1,"type":"integer"},"method":{"choices":["mutual_information","importance"],"default":"mutual_information","description":"Mutual information with the target, or importance in a small boosted model.","type":"text"}},
"@drop": {"constant":{"default":true,"description":"Columns with one value only in the training rows; kept by default for multinomial_nb and with fit_intercept false.","type":"boolean"},"duplicates":{"default":true,"description":"Columns that repeat another one in all training rows; kept by default for naive Bayes.","type":"boolean"}}
}'::jsonb $rules$;
comment on function forge.preprocess_rules is
    'what preprocess takes: the entries of a column as in forge.algorithms.parameters, with the kinds of column they are for, the entry they need and those they exclude; the entries of @select and @drop';
