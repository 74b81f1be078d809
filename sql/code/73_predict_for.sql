-- Predictions by key: forge.features_for(text, jsonb), which is the extension's, has what is online of the feature service that a model
-- was trained on, and the model gets it.

-- For features_for, where a version's name was shortened.
create or replace function forge.read_service(reference text, entity jsonb) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    found jsonb;
begin
    execute format('select forge_features.%I(array[$1])', forge.service_function(forge.service_version(reference))) into found using entity;
    return found;
end
$$;
comment on function forge.read_service is 'one entity with what is online of a feature service; internal';

do $overloads$
declare
    key_type text;
    kind record;
begin
    foreach key_type in array array['jsonb', 'bigint', 'text', 'uuid'] loop
        for kind in
            select * from (values ('features', 'jsonb', null), ('predict', 'double precision', 'forge.predict'), ('predict_label', 'text', 'forge.predict_label'),
                ('predict_proba', 'jsonb', 'forge.predict_proba')) k(name, result, what)
        loop
            continue when kind.what is null and key_type = 'jsonb';
            execute pg_catalog.format($function$
                create or replace function forge.%1$s_for(model text, key %2$s) returns %3$s
                language sql stable
                as $$ select %4$s $$;
                comment on function forge.%1$s_for(text, %2$s) is %5$L
                $function$, kind.name, key_type, kind.result,
                pg_catalog.format(coalesce(kind.what || '(model, %s)', '%s'), pg_catalog.format('forge.features_for(model, %s)', case key_type when 'jsonb' then 'key' else 'pg_catalog.to_jsonb(key)' end)),
                coalesce(kind.what || ' of the row that forge.features_for has for a key, in one call; errors as of both', 'the same for one join key'));
        end loop;
    end loop;
end
$overloads$;
