-- Names and levels that look alike, or like syntax: each stays what it is, from the table to every form of the call.
create table public."Odd ""Names""" as
select g as id, (g * 7 % 11)::float8 as U&"caf\00e9", (g * 5 % 13)::float8 as U&"cafe\0301", (g * 3 % 17)::float8 as "a""b", (g * 2 % 19)::float8 as "Age",
    (g % 23)::float8 as age, (g * 11 % 29)::float8 as "with space ", (g * 13 % 31)::float8 as "select", (g * 17 % 37)::float8 as "%s $1 \x00", (g * 19 % 41)::float8 as "'; drop table x; --",
    0::float8 as "Y y" from generate_series(1, 2000) g;
update public."Odd ""Names""" set "Y y" = U&"caf\00e9" + 10 * U&"cafe\0301" + 100 * "a""b" + 1000 * "Age" + 2 * age + 20 * "with space " + 200 * "select" + 2000 * "%s $1 \x00" + 5 * "'; drop table x; --";
select bad.ask('names, ' || a, format($$model => %L, source => '"Odd ""Names"""', target => 'Y y', id_column => 'id', algorithm => %L$$, 'names_' || left(a, 4), a))
from unnest('{linear_regression,gradient_boosting}'::text[]) a;
call bad.wait();
select name, outcome from bad.outcomes;
select octet_length(feature) as bytes, feature from forge.feature_importance('names_line') order by feature collate "C";
select count(*) as rows, count(*) filter (where abs(forge.predict('names_line', n) - "Y y") < 1e-6) as by_row,
    count(*) filter (where abs(forge.predict('names_line', to_jsonb(n)) - "Y y") < 1e-6) as by_jsonb,
    count(*) filter (where abs(forge_models.names_line(U&"caf\00e9", U&"cafe\0301", "a""b", "Age", age, "with space ", "select", "%s $1 \x00", "'; drop table x; --") - "Y y") < 1e-6) as typed
from public."Odd ""Names""" n;
select count(*) filter (where float8send(forge.predict('names_grad', n)) = float8send(forge.predict('names_grad', to_jsonb(n)))) as same from public."Odd ""Names""" n;

create table levels as
select g as id, (array['', ' ', 'a', 'A', 'a ', ' a', 'it''s', '"', E'new\nline', E'\\x00', E'\u0001', 'NULL', 'null', 'NaN', U&'caf\00e9', U&'cafe\0301', U&'\200B', '{}', '$1', repeat('long ', 400)])[1 + g % 20] as l,
    g % 20 as y, (g % 20)::text as label from generate_series(1, 1000) g;
update levels set l = null where y = 19 and id % 40 = 39;
update levels set y = 25 where l is null;
select bad.ask('levels, ' || a, format($$model => %L, source => 'select id, l, y from levels', target => 'y', id_column => 'id', algorithm => %L, params => %L$$, 'levels_' || left(a, 4), a, p))
from (values ('linear_regression', '{}'), ('gradient_boosting', '{"n_estimators": 300, "min_child_weight": 0, "reg_lambda": 0}')) v(a, p);
-- the levels as classes
select bad.ask('labels', $$model => 'labels', source => 'select id, y, l from levels where l is not null', target => 'l', id_column => 'id', algorithm => 'gradient_boosting', params => '{"n_estimators": 10}'$$);
call bad.wait();
select name, outcome from bad.outcomes where name ~ 'le?vel|labels';
select model, count(*) as rows, count(*) filter (where abs(forge.predict(model, r) - y) < 0.01) as learnt,
    count(*) filter (where float8send(forge.predict(model, r)) = float8send(forge.predict(model, to_jsonb(r)::text))) as same
from levels r, unnest('{levels_line,levels_grad}'::text[]) model group by 1;
select count(*) filter (where forge.predict_label('labels', r) = l) as right_labels, count(*) filter (where forge_models.labels_label(y) = l) as typed,
    count(distinct forge.predict_label('labels', r)) as labels, count(*) as rows
from (select y, l from levels where l is not null) r;
select array_agg(label order by label collate "C") from jsonb_object_keys(forge.predict_proba('labels', '{"y": 3}')) label;
