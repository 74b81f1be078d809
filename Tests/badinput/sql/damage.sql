-- Flipped bits in stored artifacts: FG015, never a number, never a lost backend. Each flip is undone.
select bad.ask(m, format('model => %L, source => %L, target => ''y'', algorithm => %L, params => %L', m, s, a, p)) from (values
    ('linear', 'select g as x, ''l'' || g % 5 as l, g * 2.0 as y from generate_series(1, 300) g', 'ridge', '{}'),
    ('trees', 'select g as x, ''l'' || g % 5 as l, g * 2.0 as y from generate_series(1, 300) g', 'gradient_boosting', '{"n_estimators": 5}'),
    ('classes', 'select g as x, ''l'' || g % 5 as l, ''c'' || g % 3 as y from generate_series(1, 300) g', 'logistic_regression', '{}')) v(m, s, a, p);
call bad.wait();
select name, outcome from bad.outcomes;
\c - postgres
create function bad.try(call text) returns text language plpgsql as $$
declare
    answer text;
begin
    execute call into answer;
    return 'answer';
exception when others then
    return sqlstate;
end $$;
create table bad.calls as select m as model, array[
        format('select forge.%s(%L, ''{"x": 1, "l": "l1"}''::jsonb)', case m when 'classes' then 'predict_label' else 'predict' end, m),
        format('select forge.%s(%L, r) from (select 1 as x, ''l1'' as l) r', case m when 'classes' then 'predict_proba' else 'predict' end, m),
        format('select forge_models.%s(1, ''l1'')', case m when 'classes' then 'classes_label' else m end),
        format('select contribution from forge.explain(%L, ''{"x": 1, "l": "l1"}''::jsonb)', m)] as calls
from unnest('{linear,trees,classes}'::text[]) m;
select model, array(select bad.try(c) from unnest(calls) c) as undamaged from bad.calls order by 1;
create table bad.damages as
with kinds(kind, damage) as (values
    ('removed', 'delete from forge.model_artifacts where model = %1$L'),
    ('emptied', 'update forge.model_artifacts set bytes = '''' where model = %1$L'),
    ('cut', 'update forge.model_artifacts set bytes = substring(bytes for octet_length(bytes) - 1) where model = %1$L'),
    ('longer', 'update forge.model_artifacts set bytes = bytes || ''\x00'' where model = %1$L'),
    ('renumbered', 'update forge.model_artifacts set chunk = chunk + 1 where model = %1$L'),
    ('doubled', 'insert into forge.model_artifacts select model, version, chunk + 1, bytes from forge.model_artifacts where model = %1$L'),
    ('no artifact, with its checksum', 'with broken as (update forge.model_artifacts set bytes = substring(bytes from 9) where model = %1$L returning *)
        update forge.model_versions v set artifact_sha256 = sha256(b.bytes), artifact_bytes = octet_length(b.bytes) from broken b where (v.model, v.version) = (b.model, b.version)'),
    ('of another model', 'update forge.model_artifacts set bytes = (select o.bytes from forge.model_artifacts o where o.model <> %1$L limit 1) where model = %1$L'))
select c.model, k.kind, format(k.damage, c.model) as damage from bad.calls c, kinds k
union all
-- the seed makes a failure come again
select f.model, 'a bit', format('update forge.model_artifacts set bytes = set_bit(bytes, %1$s, 1 - get_bit(bytes, %1$s)) where model = %2$L and chunk = %3$s', f.bit, f.model, f.chunk)
from (select setseed(0.15)) seed, lateral (
    select a.model, a.chunk, floor(random() * octet_length(a.bytes) * 8)::int as bit from forge.model_artifacts a, generate_series(1, 50)) f;
create table bad.answers (model text, kind text, damage text, answers text[]);
-- A new session for each, since a session keeps what it has read.
select format(E'begin;\n%s;\nselect array(select bad.try(c) from unnest(calls) c) as answers from bad.calls where model = %L \\gset\nrollback;\ninsert into bad.answers values (%2$L, %3$L, %1$L, :''answers'');\n\\c -',
    regexp_replace(damage, '\n *', ' ', 'g'), model, kind) from bad.damages \g (format=unaligned tuples_only=on) :work/damages.psql
\c -
\set ECHO none
\i :work/damages.psql
\set ECHO all
select model, kind, answers, count(*) from bad.answers group by 1, 2, 3 order by 1, 2, 3;
-- as good as before
select model, array(select bad.try(c) from unnest(calls) c) as undamaged from bad.calls order by 1;
\c - tom
