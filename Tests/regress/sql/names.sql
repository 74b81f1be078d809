-- Names are bytes: a composed and a decomposed ö, quotes, capitals, a keyword.
create table odd (U&"gr\00f6\00dfe" float8, U&"gro\0308\00dfe" float8, "a""b" float8, "Age" float8, "select" float8);
insert into odd values (1, 2, 3, 4, 5);
select forge.predict('names', o) from odd o;
select forge.predict('names', to_jsonb(o)) from odd o;
select forge_models.names(1, 2, 3, 4, 5);
select octet_length(feature), value, contribution from odd o, forge.explain('names', o);
select regress.error($$select forge.predict('names', r) from (select 1 as age, 1 as "SELECT", 1 as "a""""b") r$$);
-- 57 bytes is a model's longest name, and quotes in one are not one
select regress.error($$select forge.predict('a"; drop table x', r) from (select 1) r$$);
