-- Prints model|result|digest: the digests of one model and result must all be equal. Result is a score, a label, the probabilities or
-- the explanation; each line's form of the call is in its fourth field.
\pset null null
with models as (
    select m.name as model, m.task, v.outputs,
        (select string_agg(format('r.%I', c ->> 'name'), ', ' order by place) from jsonb_array_elements(v.schema) with ordinality s(c, place)) as columns
    from forge.models m join forge.model_aliases a on a.model = m.name and a.alias = 'champion' and a.valid_to is null
        join forge.model_versions v on v.model = m.name and v.version = a.version
), forms(result, form, expression, tasks) as (values
    ('score', 'record', 'encode(float8send(forge.predict(%1$L, r)), ''hex'')', 'rbco'),
    ('score', 'jsonb', 'encode(float8send(forge.predict(%1$L, to_jsonb(r))), ''hex'')', 'rbco'),
    ('score', 'text', 'encode(float8send(forge.predict(%1$L, to_jsonb(r)::text)), ''hex'')', 'rbco'),
    ('score', 'version', 'encode(float8send(forge.predict(%1$L || ''/1'', r)), ''hex'')', 'rbco'),
    ('score', 'function of a row', 'encode(float8send(forge_models.%1$I(r)), ''hex'')', 'rbco'),
    ('score', 'typed', 'encode(float8send(forge_models.%1$I(%2$s)), ''hex'')', 'rbco'),
    ('score', 'predict_table', '(select encode(float8send(b.prediction), ''hex'') from batch_%1$s b where b.id = r.id)', 'rbc'),
    ('cluster', 'record', '(select encode(record_send(c), ''hex'') from forge.cluster(%1$L, r) c)', 'c'),
    ('cluster', 'jsonb', '(select encode(record_send(c), ''hex'') from forge.cluster(%1$L, to_jsonb(r)) c)', 'c'),
    ('cluster', 'text', '(select encode(record_send(c), ''hex'') from forge.cluster(%1$L, to_jsonb(r)::text) c)', 'c'),
    ('numbers', 'record', 'encode(array_send(forge.transform(%1$L, r)), ''hex'')', 'cod'),
    ('numbers', 'jsonb', 'encode(array_send(forge.transform(%1$L, to_jsonb(r))), ''hex'')', 'cod'),
    ('numbers', 'text', 'encode(array_send(forge.transform(%1$L, to_jsonb(r)::text)), ''hex'')', 'cod'),
    ('numbers', 'version', 'encode(array_send(forge.transform(%1$L || ''/1'', r)), ''hex'')', 'cod'),
    ('numbers', 'predict_table', '(select encode(array_send(b.prediction), ''hex'') from batch_%1$s b where b.id = r.id)', 'od'),
    ('label', 'record', 'forge.predict_label(%1$L, r)', 'bm'), ('label', 'jsonb', 'forge.predict_label(%1$L, to_jsonb(r))', 'bm'),
    ('label', 'text', 'forge.predict_label(%1$L, to_jsonb(r)::text)', 'bm'), ('label', 'typed', 'forge_models.%1$I(%2$s)', 'bm'),
    ('label', 'predict_table', '(select b.label from batch_%1$s b where b.id = r.id)', 'bm'),
    ('label', 'likeliest', '(select p.key from jsonb_each_text(forge.predict_proba(%1$L, r)) p order by p.value::float8 desc, p.key collate "C" limit 1)', 'm'),
    ('probabilities', 'record', 'forge.predict_proba(%1$L, r)::text', 'bm'), ('probabilities', 'jsonb', 'forge.predict_proba(%1$L, to_jsonb(r))::text', 'bm'),
    ('probabilities', 'text', 'forge.predict_proba(%1$L, to_jsonb(r)::text)::text', 'bm'),
    ('explanation', 'record', '(select string_agg(encode(float8send(e.contribution), ''hex''), '','' order by e.class, e.feature collate "C") from forge.explain(%1$L, r) e)', 'rbmcod'),
    ('explanation', 'jsonb', '(select string_agg(encode(float8send(e.contribution), ''hex''), '','' order by e.class, e.feature collate "C") from forge.explain(%1$L, to_jsonb(r)) e)', 'rbmcod')
)
select format('select %L, %L, md5(string_agg(%s, '';'' order by r.id)), %L from samples r', model, result,
    format(expression, case when form = 'typed' and result = 'label' then model || '_label' else model end, columns), form)
from models join forms on position(case task when 'clustering' then 'c' when 'decomposition' then case outputs when 1 then 'o' else 'd' end
    when 'classification' then case when outputs > 1 then 'm' else 'b' end else 'r' end in tasks) > 0
order by model, result, form \gexec
