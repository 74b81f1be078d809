-- What GRANT and REVOKE did to the generated functions, kept in forge.function_grants for the functions that take their
-- place.

create or replace function forge.generated_forms(model text)
returns table (function regprocedure, name text, form text, arguments text, acl aclitem[])
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select p.oid::regprocedure, p.proname,
        case when pg_get_function_arguments(p.oid) = 'features record' then 'record'
            when p.proname = generated_forms.model then 'typed' else 'label' end,
        pg_get_function_arguments(p.oid), p.proacl
    from forge.model_functions(generated_forms.model) f join pg_proc p on p.oid = f
$$;
comment on function forge.generated_forms is 'the generated functions of a model, which form each is, and who may execute it; internal';

create or replace function forge.note_function_grants(model text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    -- A form that does not exist now keeps what was noted last.
    delete from forge.function_grants g
    where g.model = note_function_grants.model
        and g.form in (select f.form from forge.generated_forms(note_function_grants.model) f);
    insert into forge.function_grants (model, form, grantee, grantable)
    select note_function_grants.model, f.form, a.grantee::regrole, bool_or(a.is_grantable)
    from forge.generated_forms(note_function_grants.model) f, aclexplode(f.acl) a
    where a.privilege_type = 'EXECUTE' and a.grantee <> 'forge_admin'::regrole
    group by f.form, a.grantee;
end
$$;
comment on function forge.note_function_grants is 'keeps who may execute a model''s generated functions; internal';

create or replace function forge.restore_function_grants(model text, form text, target regprocedure) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    noted forge.function_grants;
begin
    for noted in
        select g.* from forge.function_grants g
        where g.model = restore_function_grants.model and g.form = restore_function_grants.form
            and (g.grantee = 0::regrole or exists (select from pg_roles r where r.oid = g.grantee))
        order by g.grantee::text collate "C"
    loop
        execute format('grant execute on function %s to %s %s', target,
            case when noted.grantee = 0::regrole then 'public' else noted.grantee::text end,
            case when noted.grantable then 'with grant option' else '' end);
    end loop;
    return found;
end
$$;
comment on function forge.restore_function_grants is
    'gives a function that was made again the rights noted for its form; false if none were; internal';
