-- Embeddings in a column of vectors: what a model's forge.transform makes of every row of a source, kept equal to it.
-- Everything happens with the rights of whoever asks, under that role's search_path; in one transaction.

create or replace function forge.embed_into_problems(given jsonb) returns setof forge.problem
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    keys constant text[] := array['table', 'id_column', 'column', 'index', 'metric', 'every'];
    bad record;
begin
    if jsonb_typeof(given) <> 'object' then
        return query select 'FG027', format('embed_into is %s, not an object', given), 'such as {"table": "public.customer_vectors", "index": "hnsw"}';
        return;
    end if;
    return query
        select 'FG027', format('embed_into has no key "%s"', k), format('its keys are %s', array_to_string(keys, ', '))
        from jsonb_object_keys(given) k where k <> all (keys) order by k;
    for bad in
        select e.key, e.value, t.remedy
        from (values ('table', null, 'write the name of a table, such as "public.customer_vectors"'),
                ('id_column', null, 'write the name of a column of the source'),
                ('column', null, 'write the name of a column, such as "embedding"'),
                ('index', '["hnsw", "none"]'::jsonb, 'write "hnsw" or "none"'),
                ('metric', '["l2", "cosine", "ip"]', 'write "l2", "cosine" or "ip"')) t(key, choices, remedy)
            join jsonb_each(given) e on e.key = t.key
        where e.value <> 'null' and (jsonb_typeof(e.value) <> 'string' or e.value = '""' or not t.choices @> e.value)
            or t.key = 'table' and e.value = 'null'
    loop
        return query select 'FG027', format('embed_into.%s is %s', bad.key, bad.value), bad.remedy;
    end loop;
    if not given ? 'table' then
        return query select 'FG027', 'embed_into.table is missing', 'write the name of a table, such as "public.customer_vectors"';
    end if;
    if given -> 'every' <> 'null' and (jsonb_typeof(given -> 'every') <> 'number' or not (given ->> 'every')::numeric between 1 and 31536000) then
        return query select 'FG027', format('embed_into.every is %s', given -> 'every'), 'write seconds from 1 to 31536000 (a year), such as 60';
    end if;
end
$$;
comment on function forge.embed_into_problems is 'what cannot be read of an embed_into: unknown keys, wrong types, values out of range; internal';

create or replace function forge.embedding_rights(relation regclass, id_column text, name text) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    facts record;
    lacking text;
begin
    select c.relkind, c.relpersistence, pg_has_role(c.relowner, 'usage') as owned, i.attnum as id, v.attnum as embedding,
        format_type(v.atttypid, null) as type,
        v.atttypid in (select t.oid from pg_type t where t.typnamespace = (select e.extnamespace from pg_extension e where e.extname = 'vector')
            and t.typname in ('vector', 'halfvec')) as of_vectors
    into facts
    from pg_class c
        left join pg_attribute i on i.attrelid = c.oid and i.attname = id_column and i.attnum > 0 and not i.attisdropped
        left join pg_attribute v on v.attrelid = c.oid and v.attname = embedding_rights.name and v.attnum > 0 and not v.attisdropped
    where c.oid = relation;
    if facts.relkind not in ('r', 'p') or facts.relpersistence = 't' then
        return query select 'FG004', format('%s is no table that others see', relation), 'embed_into.table is a permanent table, or one that is made';
        return;
    end if;
    select string_agg(p, ', ' order by place) into lacking
    from unnest(array['select', 'insert', 'update', 'delete']) with ordinality u(p, place) where not has_table_privilege(relation, p);
    if lacking is not null then
        return query select 'FG022', format('role %s lacks %s on %s', quote_ident(current_user), lacking, relation),
            format('grant %s on %s to %I', lacking, relation, current_user);
    end if;
    if facts.id is null then
        return query select 'FG006', format('%s has no column %I', relation, id_column), 'the column that names rows has the same name in the source and in the table';
    elsif not exists (
        select from pg_index i where i.indrelid = relation and i.indisunique and i.indisvalid and i.indpred is null and i.indnkeyatts = 1 and i.indkey[0] = facts.id)
    then
        return query select 'FG004', format('column %I of %s is not unique', id_column, relation), format('create unique index on %s (%I)', relation, id_column);
    end if;
    if facts.embedding is null and not facts.owned then
        return query select 'FG022', format('%s has no column %I, and role %s does not own it', relation, name, quote_ident(current_user)),
            format('its owner adds one: alter table %s add column %I vector', relation, name);
    elsif facts.embedding is not null and not facts.of_vectors then
        return query select 'FG007', format('column %I of %s has type %s', name, relation, facts.type), 'vector or halfvec';
    end if;
end
$$;
comment on function forge.embedding_rights is 'what keeps the current user from embedding into a table that exists; internal';

create or replace function forge.embedding_place_problems(embed_into jsonb, relation regclass, columns jsonb) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    id_column text := embed_into ->> 'id_column';
    place text := (parse_ident(embed_into ->> 'table'))[1];
    reason text;
    remedy text;
begin
    begin
        perform forge.require_pgvector();
    exception when sqlstate 'FG031' then
        get stacked diagnostics reason = message_text, remedy = pg_exception_hint;
        return query select 'FG031', reason, remedy;
    end;
    if id_column is null then
        return query select 'FG006', 'embed_into needs a column that names each row', 'name it in id_column, or in embed_into.id_column';
        return;
    elsif columns is not null and not columns @> jsonb_build_array(jsonb_build_object('name', id_column)) then
        return query select 'FG006', format('column "%s" (embed_into.id_column) is not in the source', id_column),
            'its columns are ' || forge.listed(array(select c ->> 'name' from jsonb_array_elements(columns) c));
    elsif id_column = embed_into ->> 'column' then
        return query select 'FG004', format('column "%s" cannot both name the rows and hold their vectors', id_column), 'name another in embed_into.column';
    end if;
    if relation is not null then
        return query select * from forge.embedding_rights(relation, id_column, embed_into ->> 'column');
    elsif not exists (select from pg_namespace n where n.nspname = place) then
        return query select 'FG004', format('schema "%s" does not exist', place), 'name one in embed_into.table, such as public.customer_vectors';
    elsif not has_schema_privilege(place, 'create') then
        return query select 'FG022', format('role %s may not create tables in schema %I', quote_ident(current_user), place),
            format('grant create on schema %I to %I, or make the table beforehand', place, current_user);
    end if;
end
$$;
comment on function forge.embedding_place_problems is 'what keeps the current user from embedding a source with these columns (null: not known) into a table; internal';

-- The table's name is the caller's: no SET search_path.
create or replace function forge.embedding_place(given jsonb, id_column text, columns jsonb, out embed_into jsonb, out problems forge.problem[])
language plpgsql stable
as $$
declare
    name text;
    relation regclass;
    parts text[];
    state text;
    reason text;
    remedy text;
begin
    problems := array(select p::forge.problem from forge.embed_into_problems(given) p);
    if pg_catalog.cardinality(problems) operator(pg_catalog.>) 0 then
        return;
    end if;
    name := forge.table_name(given operator(pg_catalog.->>) 'table');
    relation := pg_catalog.to_regclass(name);
    parts := pg_catalog.parse_ident(name);
    if relation is not null then
        parts := array(select u.p from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace,
            pg_catalog.unnest(array[n.nspname, c.relname]::text[]) u(p) where c.oid operator(pg_catalog.=) relation);
    elsif pg_catalog.cardinality(parts) operator(pg_catalog.=) 1 then
        parts := array[coalesce(pg_catalog.current_schema()::text, 'public')] operator(pg_catalog.||) parts;
    end if;
    embed_into := pg_catalog.jsonb_build_object('table', pg_catalog.format('%I.%I', parts[1], parts[2]),
        'id_column', coalesce(given operator(pg_catalog.->>) 'id_column', id_column), 'column', coalesce(given operator(pg_catalog.->>) 'column', 'embedding'),
        'index', coalesce(given operator(pg_catalog.->>) 'index', 'none'), 'metric', coalesce(given operator(pg_catalog.->>) 'metric', 'cosine'))
        operator(pg_catalog.||) case when given operator(pg_catalog.->>) 'every' is null then '{}'::jsonb
            else pg_catalog.jsonb_build_object('every', given operator(pg_catalog.->) 'every') end;
    problems := array(select p::forge.problem from forge.embedding_place_problems(embed_into, relation, columns) p);
exception when sqlstate 'FG004' then  -- no table's name
    get stacked diagnostics state = returned_sqlstate, reason = message_text, remedy = pg_exception_hint;
    problems := array[row(state, reason, remedy)::forge.problem];
end
$$;
comment on function forge.embedding_place is
    'an embed_into with the table''s schema and all that it left out, and what keeps the caller from using it; internal';

create or replace function forge.embedding_dimensions(reference text) returns int
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    -- A row of nothing but NULL has as many numbers as any other.
    select cardinality(forge.transform(reference, jsonb_object_agg(c ->> 'name', null)))
    from forge.resolve_model(reference) r join forge.model_versions v on v.id = r.version_id, jsonb_array_elements(v.schema) c
$$;
comment on function forge.embedding_dimensions is 'how many numbers forge.transform gives; internal';

create or replace function forge.ready_embedding(relation regclass, name text, dimensions int, index text, out type text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    place text := (select p.place from forge.require_pgvector() p);
    present record;
begin
    select t.typname::text as type, a.atttypmod as dimensions into present
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = relation and a.attname = ready_embedding.name and not a.attisdropped;
    type := format('%s.%I(%s)', place, coalesce(present.type, 'vector'), dimensions);
    if present.type is null then
        execute format('alter table %s add column %I %s', relation, name, type);
    elsif present.dimensions <> dimensions and (present.dimensions <> -1 or index = 'hnsw') then
        -- Vectors of another model: none can stay.
        execute format('alter table %1$s alter column %2$I drop not null, alter column %2$I type %3$s using null', relation, name, type);
    end if;
exception when feature_not_supported then
    raise exception using errcode = 'FG024', message = format('column %I of %s must become %s: %s', name, relation, type, sqlerrm),
        hint = 'drop what depends on the column, or embed into another';
end
$$;
comment on function forge.ready_embedding is
    'adds the column of vectors, or gives it the model''s dimensions, which empties it; FG024: a view depends on it; internal';

create or replace function forge.require_ids(source text, id_column text) returns void
language plpgsql
as $$
declare
    value text;
    times bigint;
begin
    execute pg_catalog.format(
        E'select s.%1$I::text, pg_catalog.count(*) from (%2$s\n) s group by s.%1$I
          having pg_catalog.count(*) operator(pg_catalog.>) 1 or s.%1$I is null order by s.%1$I limit 1',
        id_column, forge.source_query(source)) into value, times;
    if times is not null then
        raise exception using errcode = 'FG005',
            message = pg_catalog.format('column "%s" does not name the source''s rows: it is %s in %s', id_column,
                coalesce(pg_catalog.quote_literal(value), 'NULL'), case times when 1 then 'a row' else pg_catalog.concat(times, ' rows') end),
            hint = 'name a column that is unique and never NULL in embed_into.id_column';
    end if;
end
$$;
comment on function forge.require_ids is 'FG005 if two rows of a source have one id, or one has none; internal';

-- What follows finds rows by id; what changed is seen by its vector, so that a run writes no more than differs.
create or replace function forge.follow_source(relation regclass, embed_into jsonb, query text, out counts bigint[])
language plpgsql
as $$
declare
    id constant text := pg_catalog.quote_ident(embed_into operator(pg_catalog.->>) 'id_column');
    name constant text := pg_catalog.quote_ident(embed_into operator(pg_catalog.->>) 'column');
    equals constant text := pg_catalog.format('operator(%s.=)', (select p.place from forge.require_pgvector() p));
    gone text;
begin
    gone := case when forge.holds_embeddings_alone(relation) then pg_catalog.format('delete from %s t where true', relation)
        else pg_catalog.format('update %1$s t set %2$s = null where t.%2$s is not null', relation, name) end;
    execute pg_catalog.format(
        'with fresh as materialized (%1$s),
            removed as (%2$s and not exists (select from fresh f where f.%4$s operator(pg_catalog.=) t.%4$s) returning 1),
            updated as (update %3$s t set %5$s = f.%5$s from fresh f
                where t.%4$s operator(pg_catalog.=) f.%4$s and (t.%5$s is null or not t.%5$s %6$s f.%5$s) returning 1),
            inserted as (insert into %3$s (%4$s, %5$s) select f.%4$s, f.%5$s from fresh f
                where not exists (select from %3$s t where t.%4$s operator(pg_catalog.=) f.%4$s) returning 1)
         select array[(select pg_catalog.count(*) from fresh), (select pg_catalog.count(*) from inserted),
            (select pg_catalog.count(*) from updated), (select pg_catalog.count(*) from removed),
            (select pg_catalog.count(*) from (select from fresh f where f.%4$s is not null group by f.%4$s) g)]',
        query, gone, relation, id, name, equals)
    into counts;
end
$$;
comment on function forge.follow_source is
    'brings a table in line with a query of ids and vectors; counts: rows, inserted, updated, removed, and ids that differ; internal';

create or replace function forge.holds_embeddings_alone(relation regclass) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select count(*) = 2 from pg_attribute a where a.attrelid = relation and a.attnum > 0 and not a.attisdropped $$;
comment on function forge.holds_embeddings_alone is
    'whether a table has an id and a vector and nothing else: rows that leave the source then leave the table; of any other table the row stays and loses its vector; internal';

create or replace function forge.index_embedding(relation regclass, name text, metric text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    of_column record;
    -- 0.6.0 to 0.8.1 write out of bounds when several processes build (CVE-2026-3172).
    careful boolean := (select string_to_array(substring(e.extversion from '^[0-9.]+'), '.')::int[] < array[0, 8, 2] from pg_extension e where e.extname = 'vector');
    settings text[] := case when careful then array['max_parallel_maintenance_workers'] else '{}' end;
    before text[];
begin
    select c.* into of_column from forge.vector_column(relation, name, metric) c;
    if forge.vector_index(relation, of_column.attribute, of_column.opclass) is not null then
        return;
    end if;
    before := forge.swap_settings(settings, array['0']);
    execute format('create index on %s using hnsw (%I %s.%s)', relation, name, (select p.place from forge.require_pgvector() p), of_column.opclass);
    perform forge.swap_settings(settings, before);
end
$$;
comment on function forge.index_embedding is 'makes an HNSW index for the metric if there is none; internal';

create or replace function forge.create_embedding(embed_into jsonb, query text) returns bigint
language plpgsql
as $$
declare
    name text := embed_into operator(pg_catalog.->>) 'table';
    made bigint;
begin
    execute pg_catalog.format('create table %s as %s with no data', name, query);
    made := forge.append_rows(pg_catalog.to_regclass(name), query);
    if made is null then  -- an event trigger has added to the table
        execute pg_catalog.format('insert into %s %s', name, query);
        get diagnostics made = row_count;
    end if;
    execute pg_catalog.format('alter table %s add primary key (%I), alter column %I set not null', name,
        embed_into operator(pg_catalog.->>) 'id_column', embed_into operator(pg_catalog.->>) 'column');
    execute pg_catalog.format('analyze %s', name);
    return made;
end
$$;
comment on function forge.create_embedding is 'makes the table of ids and vectors and fills it; internal';

-- Runs as the caller, under the caller's search_path.
create or replace function forge.write_embedding(
    model text, embed_into jsonb, source text,
    out output text, out rows bigint, out inserted bigint, out updated bigint, out removed bigint)
language plpgsql
as $$
declare
    subject constant text := pg_catalog.format('what is asked of model "%s"', model);
    found record;
    place record;
    target record;
    pinned text;
    dimensions int;
    relation regclass;
    type text;
    query text;
    counts bigint[];
begin
    select s.* into found from forge.source_columns(source) s;
    select e.* into place from forge.embedding_place(embed_into, null, found.columns) e;
    perform forge.raise_problems(subject, case when found.problem is null then place.problems else array[found.problem] end);
    select t.* into target
    from pg_catalog.jsonb_to_record(place.embed_into) t("table" text, id_column text, "column" text, index text, metric text);
    output := target."table";
    select pg_catalog.format('%s/%s', r.model, r.version) into pinned from forge.resolve_model(write_embedding.model) r;
    dimensions := forge.embedding_dimensions(pinned);
    perform forge.raise_problems(subject, array(
        select p::forge.problem from forge.dimension_problems(dimensions, target.index) p));
    relation := pg_catalog.to_regclass(output);
    if relation is not null then
        -- Two runs into one table would undo each other's work; readers and writers of it go on.
        execute pg_catalog.format('lock table %s in share update exclusive mode', relation);
        type := forge.ready_embedding(relation, target."column", dimensions, target.index);
    else
        type := pg_catalog.format('%s.vector(%s)', (select p.place from forge.require_pgvector() p), dimensions);
    end if;
    query := pg_catalog.format(E'select s.%1$I, forge.transform(%2$L, s)::%3$s as %4$I from (%5$s\n) s',
        target.id_column, pinned, type, target."column", forge.source_query(source));
    begin
        if relation is null then
            rows := forge.create_embedding(place.embed_into, query);
            counts := array[rows, rows, 0, 0, rows];
        else
            counts := forge.follow_source(relation, place.embed_into, query);
        end if;
    exception when unique_violation or not_null_violation then
        perform forge.require_ids(source, target.id_column);
        raise;
    end;
    if counts[5] operator(pg_catalog.<>) counts[1] then
        perform forge.require_ids(source, target.id_column);
        raise serialization_failure using message = 'the source changed while it was embedded';
    end if;
    if target.index operator(pg_catalog.=) 'hnsw' then
        perform forge.index_embedding(pg_catalog.to_regclass(output), target."column", target.metric);
    end if;
    rows := counts[1]; inserted := counts[2]; updated := counts[3]; removed := counts[4];
end
$$;
comment on function forge.write_embedding is 'embeds the rows of a source into the table of an embed_into, as the caller; internal';

create or replace function forge.dimension_problems(dimensions int, index text) returns setof forge.problem
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select 'FG013', format('a vector of %s numbers is too long%s', dimensions, case when dimensions <= 16000 then ' for an HNSW index' end),
        case when dimensions <= 16000 then 'at most 2000: embed with fewer components, or with "index": "none"' else 'at most 16000: train with fewer components' end
    where dimensions > case index when 'hnsw' then 2000 else 16000 end
$$;
comment on function forge.dimension_problems is 'FG013 for vectors longer than pgvector stores or indexes; internal';

create or replace function forge.embed(model text, embed_into jsonb default null, source text default null)
returns table (output text, rows bigint, inserted bigint, updated bigint, removed bigint)
language plpgsql
as $$
declare
    asked record;
    before text[];
begin
    if embed_into is not null then
        return query select w.* from forge.write_embedding(model, embed_into, forge.model_source(model, source)) w;
        return;
    end if;
    for asked in
        select s.payload, s.search_path, s.time_zone from forge.schedules s
        where s.kind operator(pg_catalog.=) 'embed' and s.payload operator(pg_catalog.->>) 'model' operator(pg_catalog.=) embed.model
            and s.owner operator(pg_catalog.=) pg_catalog.quote_ident(current_user)::pg_catalog.regrole
        order by s.id
    loop
        before := forge.swap_settings(array['search_path', 'TimeZone'], array[asked.search_path, asked.time_zone]);
        return query select w.* from forge.write_embedding(model, asked.payload operator(pg_catalog.-) '{model,source}'::text[],
            coalesce(source, asked.payload operator(pg_catalog.->>) 'source')) w;
        perform forge.swap_settings(array['search_path', 'TimeZone'], before);
    end loop;
    if not found then
        raise exception using errcode = 'FG004', message = pg_catalog.format('you have no schedule that embeds with model "%s"', model),
            hint = pg_catalog.format('say where: select * from forge.embed(%L, ''{"table": "public.vectors", "id_column": "id"}'')', model);
    end if;
end
$$;
comment on function forge.embed is
    'writes what forge.transform makes of every row of a source (default: the one that the version was trained on) into a column of vectors; embed_into as in a request''s config (default: all that the caller''s schedules of the model say); returns for each table how many rows the source has and how many were inserted, updated because their vector differs, and removed. Runs in the caller''s transaction, with the caller''s rights. FG005: ids are not unique; FG006, FG007: columns; FG013: too many dimensions; FG022: a right is missing; FG024: a view depends on a column that must change its type; FG030: the model makes no vectors; FG031: no pgvector';

-- A request whose source is the table that it embeds into: the column that is written must not become a feature.
create or replace function forge.without_embedding(exclude text[], source text, config jsonb) returns text[]
language plpgsql stable
as $$
declare
    name text := coalesce(config operator(pg_catalog.#>>) '{embed_into,column}', 'embedding');
    relation regclass;
begin
    relation := pg_catalog.to_regclass(source);
    if relation operator(pg_catalog.=) pg_catalog.to_regclass(config operator(pg_catalog.#>>) '{embed_into,table}')
        and not coalesce(name operator(pg_catalog.=) any (exclude), false)
        and exists (select from pg_catalog.pg_attribute a where a.attrelid operator(pg_catalog.=) relation
            and a.attname operator(pg_catalog.=) name and not a.attisdropped)
    then
        return exclude operator(pg_catalog.||) name;
    end if;
    return exclude;
exception when syntax_error_or_access_rule_violation or invalid_name then
    return exclude;  -- what is no name is no relation
end
$$;
comment on function forge.without_embedding is 'the columns that a request excludes, with the one that its config.embed_into writes into the source itself; internal';

create or replace function forge.embed_request_problems(request forge.training_requests) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select 'FG027', format('config.embed_into is for models that make vectors, and %s makes none', request.algorithm),
        'algorithms: ' || (select string_agg(a.name, ', ' order by a.name) from forge.algorithms a where a.form = 'network' or 'decomposition' = any (a.tasks))
    from forge.algorithms f
    where f.name = request.algorithm and jsonb_typeof(request.config -> 'embed_into') = 'object'
        and f.form <> 'network' and request.task is distinct from 'decomposition'
$$;
comment on function forge.embed_request_problems is 'an embed_into asked of an algorithm without vectors; internal';
