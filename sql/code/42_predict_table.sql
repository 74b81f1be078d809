-- Batch scoring into a new table, in one streaming statement.

create or replace function forge.table_name(output text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    parts text[];
begin
    parts := parse_ident(output);
    if parts is null or cardinality(parts) > 2 then
        raise exception using errcode = 'syntax_error', message = 'one or two identifiers are needed';
    end if;
    return (select string_agg(quote_ident(p), '.' order by place) from unnest(parts) with ordinality u(p, place));
exception when syntax_error or invalid_parameter_value or null_value_not_allowed then
    raise exception using errcode = 'FG004', message = format('%s is not the name of a table', coalesce(quote_literal(output), 'null')),
        hint = 'such as churn_scores or public.churn_scores';
end
$$;
comment on function forge.table_name is 'a table''s name, with or without schema, quoted where needed; internal';

create or replace function forge.scoring_calls(reference text, columns jsonb, out prediction text, out label text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    found record;
    entry forge.models;
    version forge.model_versions;
    typed boolean;
    arguments text;
    pinned text;
begin
    select r.* into found from forge.resolve_model(reference) r;
    select m.* into entry from forge.models m where m.name = found.model;
    select v.* into version from forge.model_versions v where v.id = found.version_id;
    -- The typed functions score the champion and take the columns in their own types; else the row form, which
    -- converts.
    arguments := (select string_agg(format('s.%I', c.value ->> 'name'), ', ' order by c.place)
                  from jsonb_array_elements(version.schema) with ordinality c(value, place));
    typed := exists (select from forge.model_aliases a where a.model = entry.name and a.version = version.version
                        and a.alias = 'champion' and a.valid_to is null)
        and not exists (select from jsonb_array_elements(version.schema) c
                        where not columns @> jsonb_build_array(jsonb_build_object('name', c ->> 'name', 'type', c ->> 'type')))
        and exists (select from pg_proc p where p.pronamespace = 'forge_models'::regnamespace
                        and p.proname = entry.name || case when version.outputs = 1 or entry.task = 'clustering' then '' else '_label' end
                        and pg_get_function_arguments(p.oid) <> 'features record');
    pinned := format('%s/%s', entry.name, version.version);
    if entry.task = 'decomposition' then
        prediction := format('forge.transform(%L, s)', pinned);
    elsif version.outputs = 1 or entry.task = 'clustering' then
        prediction := case when typed then format('forge_models.%I(%s)', entry.name, arguments) else format('forge.predict(%L, s)', pinned) end;
    end if;
    if entry.task = 'classification' and version.outputs = 1 then
        -- Scored once: the label follows from the probability; without a threshold of its own the first label wins at one
        -- half, as in forge.predict_label.
        label := format('case when p.prediction %s %s then %L else %L end',
            case when version.manifest ->> 'threshold' is not null or version.positive = version.labels[1] then '>=' else '>' end,
            coalesce(version.manifest ->> 'threshold', '0.5'), version.positive,
            version.labels[case when version.positive = version.labels[1] then 2 else 1 end]);
    elsif entry.task = 'classification' then
        label := case when typed then format('forge_models.%I(%s)', entry.name || '_label', arguments)
            else format('forge.predict_label(%L, s)', pinned) end;
    end if;
end
$$;
comment on function forge.scoring_calls is
    'how to score a row s of a source with these columns: prediction (of a decomposition the components) by the typed function where it applies, else by forge.predict; label from p.prediction, or by itself for more than two classes; internal';

-- Runs as the caller, under the caller's search_path.
create or replace function forge.predict_table(model text, source text, id_column text, output text) returns bigint
language plpgsql
as $$
declare
    found record;
    calls record;
    target text := forge.table_name(output);
    query text;
    scored bigint;
begin
    if pg_catalog.to_regclass(target) is not null then
        raise exception using errcode = 'FG023', message = pg_catalog.format('table %s exists', target), hint = 'drop it, or name another';
    end if;
    select s.* into found from forge.source_columns(source) s;
    if found.problem is not null then
        raise exception using errcode = (found.problem).code, message = (found.problem).message, hint = coalesce((found.problem).hint, '');
    elsif id_column is null or not pg_catalog.jsonb_path_exists(found.columns, '$[*] ? (@.name == $id)', pg_catalog.jsonb_build_object('id', id_column)) then
        raise exception using errcode = 'FG006', message = pg_catalog.format('the source has no column %s for the ids', coalesce(pg_catalog.quote_ident(id_column), 'null')),
            hint = 'its columns are ' || forge.listed(array(select c ->> 'name' from pg_catalog.jsonb_array_elements(found.columns) c));
    end if;
    select c.* into calls from forge.scoring_calls(model, found.columns) c;
    -- OFFSET 0 keeps the planner from writing the call out twice.
    query := pg_catalog.format(
        case when calls.prediction is null then E'select s.%1$I as id, %3$s as label from (%4$s\n) s'
            when calls.label is null then E'select s.%1$I as id, %2$s as prediction from (%4$s\n) s'
            else E'select p.id, p.prediction, %3$s as label from (select s.%1$I as id, %2$s as prediction from (%4$s\n) s offset 0) p'
        end, id_column, calls.prediction, calls.label, forge.source_query(source));
    begin
        execute pg_catalog.format('create table %s as %s with no data', target, query);
    exception when duplicate_table then
        raise exception using errcode = 'FG023', message = pg_catalog.format('table %s exists', target), hint = 'drop it, or name another';
    end;
    scored := forge.append_rows(pg_catalog.to_regclass(target), query);
    if scored is null then  -- an event trigger has added to the table
        execute pg_catalog.format('insert into %s %s', target, query);
        get diagnostics scored = row_count;
    end if;
    return scored;
end
$$;
comment on function forge.predict_table is
    'scores a relation or a SELECT into a new table (id, prediction[, label]) – for more than two classes (id, label), prediction being the cluster of a clustering and the components (real[]) of a decomposition – and returns how many rows; FG023 if the table exists';
