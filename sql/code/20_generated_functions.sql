-- forge_models.<model>(record), its typed form and its _label form: made, compared and replaced here. They are written
-- in the extension's language, with the model's name as their body; EXECUTE on them is the model's ACL.

create or replace function forge.model_functions(model text) returns setof regprocedure
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select p.oid::regprocedure
    from pg_proc p join pg_language l on l.oid = p.prolang
    where p.pronamespace = 'forge_models'::regnamespace and l.lanname = 'forge' and p.prosrc = model_functions.model
$$;
comment on function forge.model_functions is 'the generated functions of a model: record form, typed form, label form; internal';

create or replace function forge.argument_type(type_name text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (select t::text from to_regtype(type_name) t where has_type_privilege(t, 'usage'));
exception when insufficient_privilege then
    return null;
end
$$;
comment on function forge.argument_type is
    'a column''s type as a function''s argument, without its modifier; null if forge_admin cannot see or use the type; internal';

create or replace function forge.typed_arguments(schema jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case when count(*) <= 100 and count(*) = count(argument_type)
        then string_agg(format('%I %s', c.name, argument_type), ', ' order by c.place) end
    from rows from (jsonb_to_recordset(schema) as (name text, type text)) with ordinality c(name, type, place),
        lateral forge.argument_type(c.type) argument_type
$$;
comment on function forge.typed_arguments is
    'argument list of the typed form; null beyond Postgres'' 100 arguments or where a type is out of forge_admin''s sight; internal';

create or replace function forge.create_generated(name text, arguments text, result text, model text, remark text)
returns regprocedure
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    created regprocedure;
begin
    execute format('create function forge_models.%I(%s) returns %s language forge stable parallel safe cost 50 as %L',
        name, arguments, result, model);
    select p.oid::regprocedure into created
    from pg_proc p
    where p.pronamespace = 'forge_models'::regnamespace and p.proname = create_generated.name
        and pg_get_function_arguments(p.oid) = arguments;
    execute format('revoke all on function %s from public', created);
    execute format('comment on function %s is %L', created, remark);
    return created;
end
$$;
comment on function forge.create_generated is 'creates one generated function that nobody may call yet; internal';

create or replace function forge.create_record_function(model text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    entry forge.models;
    created regprocedure;
    grantee regrole;
begin
    select m.* into entry from forge.models m where m.name = create_record_function.model;
    created := forge.create_generated(model, 'features record', 'double precision', model,
        format(case entry.task when 'clustering' then 'the cluster of a row by the champion of model %2$s'
            when 'decomposition' then 'the right to transform rows by model %2$s; a row''s component where there is one'
            else 'predicts %1$s of a row by the champion of model %2$s' end, coalesce(entry.target, 'the score'), model));
    for grantee in
        select entry.owner union select g.grantee from forge.model_grants g where g.model = create_record_function.model
        order by 1
    loop
        if exists (select from pg_roles r where r.oid = grantee) then
            execute format('grant execute on function %s to %s', created, grantee);
        end if;
    end loop;
    perform forge.restore_function_grants(model, 'record', created);
end
$$;
comment on function forge.create_record_function is
    'creates forge_models.<model>(features record) for the model''s owner and those granted; internal';

create or replace function forge.wanted_functions(model text, version int)
returns table (name text, arguments text, result text, remark text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select w.name, forge.typed_arguments(v.schema), w.result, w.remark
    from forge.model_versions v join forge.models m on m.name = v.model,
        lateral (values
            (m.name, 'double precision', v.outputs = 1 or m.task = 'clustering', format('%s, by the champion of model %s',
                case m.task when 'classification' then format('probability that %s is %s', m.target, v.positive)
                    when 'clustering' then 'number of the cluster' when 'decomposition' then 'the component'
                    else format('predicts %s', m.target) end, m.name)),
            (m.name || '_label', 'text', m.task = 'classification',
                format('the most likely %s, by the champion of model %s', m.target, m.name))
        ) w(name, result, applies, remark)
    where v.model = wanted_functions.model and v.version = wanted_functions.version and w.applies
        and forge.typed_arguments(v.schema) is not null
$$;
comment on function forge.wanted_functions is
    'the typed functions that a champion has: float8 but for multiclass, _label for classifiers; internal';

create or replace function forge.refresh_functions(model text, version int) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    outdated regprocedure;
    wanted record;
    created regprocedure;
begin
    perform forge.note_function_grants(model);
    for outdated in
        select f.function
        from forge.generated_forms(model) f
        where f.form <> 'record'
            and not exists (
                select from forge.wanted_functions(model, version) w where w.name = f.name and w.arguments = f.arguments)
    loop
        execute format('drop function %s', outdated);
    end loop;

    for wanted in
        select w.*, case when w.name = model then 'typed' else 'label' end as form
        from forge.wanted_functions(model, version) w
        where not exists (select from forge.generated_forms(model) f where f.name = w.name and f.arguments = w.arguments)
    loop
        created := forge.create_generated(wanted.name, wanted.arguments, wanted.result, model, wanted.remark);
        if not forge.restore_function_grants(model, wanted.form, created) then
            perform forge.restore_function_grants(model, 'record', created);
        end if;
    end loop;
exception when dependent_objects_still_exist then
    raise exception using errcode = 'FG024',
        message = format('other objects depend on the functions of model "%s", whose columns change with version %s', model, version),
        detail = forge.dependents(model),
        hint = format('drop or replace them, then call forge.promote(%L, %s)', model, version);
end
$$;
comment on function forge.refresh_functions is
    'brings the typed functions into line with a version that becomes champion, with the rights that their form had, or else the record form has; FG024 if something depends on an outdated one; internal';

create or replace function forge.dependents(model text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select string_agg(distinct pg_describe_object(
            coalesce(case when d.classid = 'pg_rewrite'::regclass then 'pg_class'::regclass end, d.classid),
            coalesce((select r.ev_class from pg_rewrite r where d.classid = 'pg_rewrite'::regclass and r.oid = d.objid), d.objid), 0)
            || format(' depends on %s', f), E'\n')
    from forge.model_functions(model) f
    join pg_depend d on d.refclassid = 'pg_proc'::regclass and d.refobjid = f and d.deptype in ('n', 'a')
$$;
comment on function forge.dependents is 'the views and other objects that depend on a model''s generated functions, a line each; null: none; internal';
