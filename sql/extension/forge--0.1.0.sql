-- What needs the library: predictions, explanations, the language of the generated functions, the reader.
-- Tables and everything else of Forge belong to no extension (migrations/, sql/code/).
\echo Use "CREATE EXTENSION forge" to load this file. \quit

-- Predictions. A NULL model or NULL features give NULL; a NULL in the features follows the model's policy.

create function forge.predict(model text, features record) returns double precision
language c stable parallel safe cost 100 as 'MODULE_PATHNAME', 'forge_predict_row';
create function forge.predict(model text, features jsonb) returns double precision
language c stable parallel safe cost 200 as 'MODULE_PATHNAME', 'forge_predict_jsonb';
create function forge.predict(model text, features text) returns double precision
language c stable parallel safe cost 300 as 'MODULE_PATHNAME', 'forge_predict_text';

create function forge.predict_label(model text, features record) returns text
language c stable parallel safe cost 100 as 'MODULE_PATHNAME', 'forge_predict_label_row';
create function forge.predict_label(model text, features jsonb) returns text
language c stable parallel safe cost 200 as 'MODULE_PATHNAME', 'forge_predict_label_jsonb';
create function forge.predict_label(model text, features text) returns text
language c stable parallel safe cost 300 as 'MODULE_PATHNAME', 'forge_predict_label_text';

create function forge.predict_proba(model text, features record) returns jsonb
language c stable parallel safe cost 150 as 'MODULE_PATHNAME', 'forge_predict_proba_row';
create function forge.predict_proba(model text, features jsonb) returns jsonb
language c stable parallel safe cost 250 as 'MODULE_PATHNAME', 'forge_predict_proba_jsonb';
create function forge.predict_proba(model text, features text) returns jsonb
language c stable parallel safe cost 350 as 'MODULE_PATHNAME', 'forge_predict_proba_text';

create function forge.cluster(
    model text, features record, out cluster integer, out distance double precision, out probability double precision)
language c stable parallel safe cost 150 as 'MODULE_PATHNAME', 'forge_cluster_row';
create function forge.cluster(
    model text, features jsonb, out cluster integer, out distance double precision, out probability double precision)
language c stable parallel safe cost 250 as 'MODULE_PATHNAME', 'forge_cluster_jsonb';
create function forge.cluster(
    model text, features text, out cluster integer, out distance double precision, out probability double precision)
language c stable parallel safe cost 350 as 'MODULE_PATHNAME', 'forge_cluster_text';

create function forge.transform(model text, features record) returns real[]
language c stable parallel safe cost 150 as 'MODULE_PATHNAME', 'forge_transform_row';
create function forge.transform(model text, features jsonb) returns real[]
language c stable parallel safe cost 250 as 'MODULE_PATHNAME', 'forge_transform_jsonb';
create function forge.transform(model text, features text) returns real[]
language c stable parallel safe cost 350 as 'MODULE_PATHNAME', 'forge_transform_text';

create function forge.explain(model text, features record)
returns table (feature text, value text, contribution double precision, class text)
language c stable parallel safe cost 10000 rows 30 as 'MODULE_PATHNAME', 'forge_explain_row';
create function forge.explain(model text, features jsonb)
returns table (feature text, value text, contribution double precision, class text)
language c stable parallel safe cost 10000 rows 30 as 'MODULE_PATHNAME', 'forge_explain_jsonb';
create function forge.explain(model text, features text)
returns table (feature text, value text, contribution double precision, class text)
language c stable parallel safe cost 10000 rows 30 as 'MODULE_PATHNAME', 'forge_explain_text';

create function forge.explain_lime(
    model text, features record, label text default null, num_features integer default 10, num_samples integer default 5000,
    kernel_width double precision default null, seed bigint default 42)
returns table (
    feature text, weight double precision, source_column text, class text, prediction double precision,
    local_prediction double precision, intercept double precision, score double precision)
language c stable parallel safe cost 1000000 rows 10 as 'MODULE_PATHNAME', 'forge_explain_lime_row';
create function forge.explain_lime(
    model text, features jsonb, label text default null, num_features integer default 10, num_samples integer default 5000,
    kernel_width double precision default null, seed bigint default 42)
returns table (
    feature text, weight double precision, source_column text, class text, prediction double precision,
    local_prediction double precision, intercept double precision, score double precision)
language c stable parallel safe cost 1000000 rows 10 as 'MODULE_PATHNAME', 'forge_explain_lime_jsonb';
create function forge.explain_lime(
    model text, features text, label text default null, num_features integer default 10, num_samples integer default 5000,
    kernel_width double precision default null, seed bigint default 42)
returns table (
    feature text, weight double precision, source_column text, class text, prediction double precision,
    local_prediction double precision, intercept double precision, score double precision)
language c stable parallel safe cost 1000000 rows 10 as 'MODULE_PATHNAME', 'forge_explain_lime_text';

create function forge.prepared(model text, features record) returns table (feature text, value double precision)
language c stable parallel safe cost 1000 rows 30 as 'MODULE_PATHNAME', 'forge_prepared_row';
create function forge.prepared(model text, features jsonb) returns table (feature text, value double precision)
language c stable parallel safe cost 1000 rows 30 as 'MODULE_PATHNAME', 'forge_prepared_jsonb';
create function forge.prepared(model text, features text) returns table (feature text, value double precision)
language c stable parallel safe cost 1000 rows 30 as 'MODULE_PATHNAME', 'forge_prepared_text';

create function forge.features_for(model text, key jsonb) returns jsonb
language c stable cost 1000 as 'MODULE_PATHNAME', 'forge_features_for';
comment on function forge.features_for(text, jsonb) is
    'the row that a model predicts for a key: what is online of the feature service that its version was trained on, with what key brings. '
    'key: the value of the one join key, or an object of join keys, request values, and columns that the model has besides features; NULL for '
    'NULL. Needs SELECT on the online tables. FG002: no such model; FG004: it was not trained on a service, or a value is of another type; FG006: '
    'the key lacks something; FG022: no EXECUTE on forge_models.<model>(record); FG032: something is not online';

create function forge.exact_neighbors(model text, features jsonb, k integer)
returns table (rank bigint, distance double precision, target text, weight double precision, "row" integer)
language c stable parallel safe cost 10000 rows 10 as 'MODULE_PATHNAME', 'forge_exact_neighbors';
comment on function forge.exact_neighbors(text, jsonb, integer) is
    'the k training rows (by default as many as vote) of a model of nearest neighbours that are nearest to a row, nearest first, of equally near ones the first: '
    'distance, target (the label, or the number as text), what its vote is multiplied by, and its place among the training rows, from 1; '
    'forge.kneighbors asks it; FG030: the model holds no training rows; other errors as of forge.predict; internal';

create function forge.neighbor_rows(model text)
returns table ("row" integer, features real[], target text, weight double precision)
language c stable parallel safe cost 100000 rows 10000 as 'MODULE_PATHNAME', 'forge_neighbor_rows';
comment on function forge.neighbor_rows(text) is
    'the training rows that a model of nearest neighbours holds, in their order: place, from 1, encoded features, target (the label, or '
    'the number as text) and what its vote is multiplied by; none of other models; errors as of forge.predict; internal';

do $comments$
declare
    form text;
    takes text;
    names constant text :=
        'model is a name such as churn (its champion), churn@challenger (an alias) or churn/3 (a version); ';
    refuses constant text :=
        ' FG002: no such model; FG006, FG007: columns missing or of another type; FG012: an infinite value; '
        'FG015: the stored model is damaged; FG022: no EXECUTE on forge_models.<model>(record); FG029: switched off';
begin
    foreach form in array array['record', 'jsonb', 'text'] loop
        takes := names || case form
            when 'record' then 'features is any row, matched with the model''s columns by name; other columns are ignored.'
            when 'jsonb' then 'features is a JSON object, its members matched with the model''s columns by name; others are ignored.'
            else 'features is a JSON object as text, its members matched with the model''s columns by name; others are ignored.' end;
        execute format('comment on function forge.predict(text, %s) is %L', form,
            'the model''s number for a row: a regression''s value, a binary classifier''s probability of the positive class, or the '
            'number of a clustering''s cluster; ' || takes || ' FG016: more than two classes, or components;' || refuses);
        execute format('comment on function forge.predict_label(text, %s) is %L', form,
            'the most probable class of a row, as the label''s own text; ' || takes || ' FG030: a regression has no classes;' || refuses);
        execute format('comment on function forge.predict_proba(text, %s) is %L', form,
            'the probability of each class, {"no": 0.2, "yes": 0.8}; ' || takes || ' FG030: a regression has no classes;' || refuses);
        execute format('comment on function forge.cluster(text, %s) is %L', form,
            'the cluster of a row, counted from 0 (-1: of none), its distance, in encoded features, from the cluster''s centre (dbscan: '
            'from the nearest core row; gaussian_mixture: Mahalanobis''), and the probability that it is of the cluster '
            '(gaussian_mixture; else NULL); ' || takes || ' FG030: the model is no clustering;' || refuses);
        execute format('comment on function forge.transform(text, %s) is %L', form,
            'a row as the numbers that a model makes of it: the components of a decomposition, the distances from a clustering''s '
            'clusters (gaussian_mixture: probabilities), or the last hidden layer of a network; pgvector casts it to vector; '
            || takes || ' FG030: the model makes no such numbers;' || refuses);
        execute format('comment on function forge.explain(text, %s) is %L', form,
            'what each column adds to the margin (log-odds for classifiers) of a row: first (base), then the model''s columns, which '
            'together give the margin; exact SHAP for linear models, path-dependent TreeSHAP for trees, kernel SHAP against training rows in '
            'the artifact for networks, and interventional SHAP if config.explain asked for it; class is NULL unless the model has more than '
            'two; ' || takes || refuses);
        execute format('comment on function forge.explain_lime(text, %s, text, integer, integer, double precision, bigint) is %L', form,
            'LIME: what moves a regression''s value, or the probability of class label (by default the predicted one), around a row; '
            'num_samples rows (10 to 1000000) are drawn column by column as the training rows fell, and a ridge regression on whether a '
            'column is still in the row''s quartile bin or level, weighted by a kernel of kernel_width (by default 0.75 times the root of '
            'the columns), gives the weights of the num_features heaviest; feature is the rule (age > 37.00), source_column its column; '
            'prediction is the model''s, local_prediction the regression''s, score its weighted R²; equal seeds give equal answers; '
            || takes || ' FG004: an argument is out of range, or no such label; FG010: the version has no statistics of its training rows;' || refuses);
        execute format('comment on function forge.prepared(text, %s) is %L', form,
            'a row as the model sees it: the name and value of each encoded feature, in the model''s order, as age, age_missing, plan=gold, '
            'signed_up:month_sin, text:free trial or age*income; a value is NULL where trees take the feature as missing; a native '
            'category''s is the index of its level; ' || takes || refuses);
    end loop;
end
$comments$;

-- The language of the generated functions in schema forge_models.

create function forge.language_handler() returns language_handler
language c as 'MODULE_PATHNAME', 'forge_language_call';
create function forge.language_validator(function_id oid) returns void
language c strict as 'MODULE_PATHNAME', 'forge_language_validate';
create trusted language forge handler forge.language_handler validator forge.language_validator;
comment on function forge.language_handler() is 'runs the functions of language forge; not to be called';
comment on function forge.language_validator(oid) is
    'checks the definition of a function of language forge; asks for no model, since pg_restore makes functions before rows; internal';
comment on language forge is
    'functions that score a model: the body is its name, the arguments are its columns or one record; double precision is the '
    'prediction, text the label';

-- The worker's way to the rows, and the look at a source that shares its code.

create function forge.describe_source(source text) returns table (name text, type text, kind text)
language c stable parallel restricted cost 1000 rows 30 as 'MODULE_PATHNAME', 'forge_describe_source';
comment on function forge.describe_source(text) is
    'the columns of a source – a relation''s name or one SELECT – for the current user and search_path, without reading a row: name, '
    'type (of a domain its base type; schema-qualified outside pg_catalog), kind (number, category, NULL for a type no encoder takes); '
    'FG005: not one SELECT that only reads; FG022: a right is missing';

create function forge.qualify_source(source text) returns text
language c stable strict parallel restricted cost 1000 as 'MODULE_PATHNAME', 'forge_qualify_source';
comment on function forge.qualify_source(text) is
    'a source as one SELECT in which everything outside of pg_catalog has its schema and every column is named; checked as '
    'forge.describe_source checks it; internal';

create function forge.read_blocks(request bigint, token uuid) returns setof bytea
language c volatile parallel unsafe cost 1000000 rows 1000 as 'MODULE_PATHNAME', 'forge_read_blocks';
comment on function forge.read_blocks(bigint, uuid) is
    'the rows of a running request as columnar blocks (docs/internals.md), read with the rights, search_path and time zone of the '
    'role that asked for the training; only in the target list of a REPEATABLE READ READ ONLY transaction; FG005, FG022: the source '
    'cannot be read; FG006, FG007: its columns changed; FG011, FG012, FG013: a value or a column beyond its limits; FG017: lease lost';

create function forge.run_claimed(schedule bigint, token uuid) returns jsonb
language c volatile strict parallel unsafe cost 1000000 as 'MODULE_PATHNAME', 'forge_run_claimed';
comment on function forge.run_claimed(bigint, uuid) is
    'does what a claimed schedule is for, with the rights, search_path and time zone of the role that made it; returns what '
    'forge.finish_schedule is to record. FG017: lease lost; FG022: the role is gone or may not train';

-- The writing of predict_table.

create function forge.append_rows(output regclass, query text) returns bigint
language c volatile strict parallel unsafe cost 1000000 as 'MODULE_PATHNAME', 'forge_append_rows';
comment on function forge.append_rows(regclass, text) is
    'puts the rows of a SELECT into a table of the same columns and returns how many, with the rights of the caller; NULL, and '
    'nothing done, unless this transaction made the table and it has no index, constraint, default, trigger, rule or policy, which '
    'INSERT would mind; internal';

-- Nothing is for PUBLIC. Ownership and rights go to Forge's roles where they exist already (sql/superuser.sql).

do $rights$
declare
    member regprocedure;
    has_admin constant boolean := exists (select from pg_catalog.pg_roles r where r.rolname operator(pg_catalog.=) 'forge_admin');
    grantee text;
begin
    for member, grantee in
        select p.oid, case
            when p.proname operator(pg_catalog.=) any ('{predict,predict_label,predict_proba,features_for,cluster,transform,explain,explain_lime,prepared,exact_neighbors,neighbor_rows,append_rows}') then 'forge_analyst'
            when p.proname operator(pg_catalog.=) any ('{describe_source,qualify_source}') then 'forge_trainer'
            when p.proname operator(pg_catalog.=) any ('{read_blocks,run_claimed}') then 'forge_worker' end
        from pg_catalog.pg_proc p
        where p.pronamespace operator(pg_catalog.=) 'forge'::pg_catalog.regnamespace
            and p.proname operator(pg_catalog.=) any (
                '{predict,predict_label,predict_proba,features_for,cluster,transform,explain,explain_lime,prepared,exact_neighbors,neighbor_rows,describe_source,qualify_source,read_blocks,run_claimed,append_rows,'
                'language_handler,language_validator}')
            and p.prolang operator(pg_catalog.=) (select l.oid from pg_catalog.pg_language l where l.lanname operator(pg_catalog.=) 'c')
    loop
        execute pg_catalog.format('revoke all on function %s from public', member);
        if has_admin then
            execute pg_catalog.format('alter function %s owner to forge_admin', member);
        end if;
        if exists (select from pg_catalog.pg_roles r where r.rolname operator(pg_catalog.=) grantee) then
            execute pg_catalog.format('grant execute on function %s to %I', member, grantee);
        end if;
    end loop;
    revoke all on language forge from public;
    if has_admin then
        grant usage on language forge to forge_admin;
    end if;
end
$rights$;
