-- forge.train and forge.check_request: a request by named arguments, made or only tried. Both run as the caller, under
-- the caller's search_path.

create or replace function forge.request_identity(request forge.training_requests) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object(
        'model', request.model, 'task', request.task, 'algorithm', request.algorithm, 'source', coalesce(request.entity_source, request.source), 'source_features', request.source_features, 'target', request.target,
        'features', request.features, 'exclude', request.exclude, 'id_column', request.id_column, 'weight_column', request.weight_column,
        'time_column', request.time_column, 'group_columns', request.group_columns, 'params', request.params,
        'preprocess', request.preprocess, 'split', request.split, 'sample', request.sample, 'promote', request.promote,
        'config', request.config, 'search', request.search)
$$;
comment on function forge.request_identity is
    'what two requests with the same idempotency key must agree in: all that the client says but for priority and run_at; internal';

create or replace function forge.train(
    model text, source text, target text default null, task text default null, algorithm text default null,
    features text[] default null, exclude text[] default null, id_column text default null, weight_column text default null,
    params jsonb default '{}', preprocess jsonb default '{}', split jsonb default '{}', sample jsonb default null,
    promote text default 'if_better', config jsonb default '{}', priority int default 0, run_at timestamptz default null,
    idempotency_key text default null, time_column text default null, group_columns text[] default null,
    search jsonb default null, source_features text default null) returns bigint
language plpgsql
as $$
#variable_conflict use_column
declare
    made bigint;
    existing forge.training_requests;
    again forge.training_requests;
    differing text;
    unfit forge.problem;
begin
    -- The column is a smallint: a larger number would not reach the check of the row.
    select p.code, p.message, p.hint into unfit from forge.schedule_problems(train.priority, null) p;
    if unfit.code is not null then
        raise exception using errcode = unfit.code, message = unfit.message, hint = unfit.hint;
    end if;
    insert into forge.training_requests (
        model, source, target, task, algorithm, features, exclude, id_column, weight_column, params, preprocess, split, sample,
        promote, config, priority, run_at, idempotency_key, time_column, group_columns, search, source_features)
    values (
        train.model, train.source, train.target, train.task, train.algorithm, train.features, train.exclude, train.id_column,
        train.weight_column, train.params, train.preprocess, train.split, train.sample, train.promote, train.config, train.priority::pg_catalog.int2,
        coalesce(train.run_at, pg_catalog.now()), train.idempotency_key, train.time_column, train.group_columns, train.search, train.source_features)
    on conflict (requested_by, idempotency_key) do nothing
    returning id into made;
    if made is not null then
        return made;
    end if;

    select r.* into strict existing
    from forge.training_requests r
    where r.requested_by operator(pg_catalog.=) pg_catalog.quote_ident(current_user)::pg_catalog.regrole
        and r.idempotency_key operator(pg_catalog.=) train.idempotency_key;
    again := existing;
    again.model := train.model; again.source := train.source; again.target := train.target;
    again.task := coalesce(train.task, existing.task); again.algorithm := coalesce(train.algorithm, existing.algorithm);
    again.features := train.features; again.exclude := forge.without_embedding(train.exclude, train.source, train.config);
    again.id_column := train.id_column; again.weight_column := train.weight_column;
    again.time_column := train.time_column; again.group_columns := train.group_columns;
    again.params := coalesce(train.params, '{}'); again.preprocess := coalesce(train.preprocess, '{}');
    again.split := coalesce(train.split, '{}'); again.sample := train.sample;
    again.promote := coalesce(train.promote, 'if_better'); again.config := coalesce(train.config, '{}');
    again.search := train.search;
    again.search := forge.resolved_search(again);
    again.entity_source := null;
    again.source_features := case when train.source_features in (existing.source_features, pg_catalog.split_part(existing.source_features, '/', 1))
        then existing.source_features else train.source_features end;
    select pg_catalog.string_agg(a.key, ', ' order by a.key) into differing
    from pg_catalog.jsonb_each(forge.request_identity(again)) a
    join pg_catalog.jsonb_each(forge.request_identity(existing)) e using (key)
    where a.value is distinct from e.value;
    if differing is not null then
        raise exception using errcode = 'FG023',
            message = pg_catalog.format('request %s has idempotency key "%s" and differs in %s', existing.id, train.idempotency_key, differing),
            hint = 'use another key for another request';
    end if;
    return existing.id;
end
$$;
comment on function forge.train is
    'asks for a model to be trained: inserts into forge.training_requests and returns the request''s id; with an idempotency_key that the caller used before, the id of that request, or FG023 if it differs';

create or replace function forge.source_query(source text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return 'select * from ' || (select string_agg(quote_ident(part), '.' order by place)
                                from unnest(parse_ident(source)) with ordinality p(part, place));
exception when invalid_parameter_value then
    return regexp_replace(source, ';\s*$', '');
end
$$;
comment on function forge.source_query is 'a source as a query: itself, or all of the relation that it names; internal';

create or replace function forge.number_of(value jsonb, key text) returns double precision
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select case jsonb_typeof(value -> key) when 'number' then (value ->> key)::double precision end $$;
comment on function forge.number_of is 'a number of an object; null: there is none; internal';

create or replace function forge.training_estimate(request forge.training_requests, rows bigint)
returns table (item text, estimate double precision, remark text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    -- Seconds per value: what this algorithm took here lately, else what it takes on a machine of 2024.
    with job as (
        select a.form, a.name as algorithm,
            coalesce(forge.number_of(request.sample, 'rows'), forge.number_of(request.sample, 'fraction') * rows, rows) as rows,
            (select greatest(1, sum(coalesce((c ->> 'dimensions')::int, 1)))
             from jsonb_array_elements(request.columns) c where c ->> 'role' = 'feature') as features,
            (select count(*) from jsonb_array_elements(request.columns) c where c ->> 'role' = 'model_group') as group_columns,
            coalesce(forge.number_of(request.params, 'n_estimators'), 100) as trees,
            coalesce(forge.number_of(request.params, 'max_iter'), 200) as epochs,
            -- Each trial is a fit of every fold, of which each lacks a part of the rows.
            1 + coalesce(forge.number_of(request.search, 'trials') * (forge.number_of(request.search, 'folds') - 1), 0) as fits
        from forge.algorithms a where a.name = request.algorithm
    ), room as (
        -- Bytes, as Tests/estimates holds them: a row's target, weight, key and working numbers, where its group is, what models
        -- of folds say of it, and its features.
        select j.*,
            case when j.algorithm = 'linear_svm' then 110 when j.algorithm in ('decision_tree', 'random_forest') then 70 else 50 end
                + 24 * j.group_columns + case when request.search is not null or request.split ? 'folds' then 100 else 0 end as per_row,
            case when request.task = 'ranking' then 15 when j.algorithm in ('decision_tree', 'random_forest') then 7 when j.form = 'trees' then 11
                when j.form = 'neighbors' then 28 when j.form in ('network', 'centroids', 'ensemble') then 12
                when request.task = 'decomposition' then 10 else 8 end as per_value,
            -- A grown tree has up to two nodes for each of its leaves, of classes about half as many. Those of all groups together
            -- have leaves for all rows once more.
            case j.algorithm when 'random_forest' then j.trees when 'auto' then 2 * j.trees when 'decision_tree' then 1 else 0 end * case request.task when 'classification' then 110 else 220 end
                * (least(0.63 * j.rows / greatest(1, coalesce(forge.number_of(request.params, 'min_samples_leaf'), j.rows / 100000)),
                        power(2, least(60, forge.number_of(request.params, 'max_depth'))))
                    + case when j.group_columns > 0 then 0.63 * j.rows / greatest(1, forge.number_of(request.params, 'min_samples_leaf')) else 0 end) as nodes
        from job j
    ), lately as (
        select percentile_cont(0.5) within group (
            order by extract(epoch from r.finished_at - r.started_at) / greatest(1, v.rows * jsonb_array_length(v.schema))) as seconds
        from forge.training_requests r join forge.model_versions v on v.training_request = r.id
        where r.algorithm = request.algorithm and r.status = 'succeeded' and r.search is null
    )
    select 'memory', 5e7 + room.rows * (room.per_row + room.per_value * room.features) + room.nodes,
        'bytes; rough: text columns with many levels take more'
    from room
    union all
    select 'seconds', 1 + job.fits * job.rows * job.features * coalesce(lately.seconds, case job.form when 'trees' then 4e-9 * job.trees when 'network' then 1e-7 * job.epochs when 'ensemble' then 1e-6
            when 'neighbors' then 1e-10 * job.rows else 6e-8 end),
        case when lately.seconds is null then 'rough: nothing of this algorithm was trained here yet' else 'by what was trained here' end
    from job, lately
$$;
comment on function forge.training_estimate is
    'rough memory in bytes and time in seconds that a request will take; its columns of vectors have "dimensions" as forge.with_dimensions finds them, else they count as one number; internal';

-- Runs as the caller, under the caller's search_path, since it reads a source that the caller names.
create or replace function forge.with_dimensions(columns jsonb, source text) returns jsonb
language plpgsql stable
as $$
declare
    found record;
    dimensions int;
begin
    for found in
        select c.value operator(pg_catalog.->>) 'name' as name, c.place,
            case when c.value operator(pg_catalog.->>) 'type' operator(pg_catalog.~~) '%[]' then '' else '::pg_catalog.float4[]' end as as_array
        from pg_catalog.jsonb_array_elements(columns) with ordinality c(value, place)
        where c.value operator(pg_catalog.->>) 'kind' operator(pg_catalog.=) 'vector'
    loop
        execute pg_catalog.format(E'select pg_catalog.cardinality(s.%1$I%2$s) from (%3$s\n) s where s.%1$I is not null limit 1',
            found.name, found.as_array, forge.source_query(source)) into dimensions;
        columns := pg_catalog.jsonb_set(columns, array[(found.place operator(pg_catalog.-) 1)::text, 'dimensions'],
            pg_catalog.to_jsonb(coalesce(dimensions, 1)));
    end loop;
    return columns;
end
$$;
comment on function forge.with_dimensions is
    'a request''s columns, those of vectors with the "dimensions" of the first vector in the source; internal';

create or replace function forge.worker_fits(request forge.training_requests) returns table (item text, value text, hint text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    with asked as (
        select coalesce(forge.cpu_quantity(request.config #>> '{resources,requests,cpu}'),
                least(1, forge.cpu_quantity(request.config #>> '{resources,limits,cpu}'))) as cpu,
            coalesce(forge.memory_quantity(request.config #>> '{resources,requests,memory}'), 0) as memory
    )
    select format('worker on %s', w.host),
        case when w.draining then 'is shutting down'
            when w.last_seen_at < now() - interval '1 minute' then format('was last seen at %s', date_trunc('second', w.last_seen_at))
            when asked.cpu > (w.capacity ->> 'cpu')::double precision then
                format('has %s cpus, the request asks for %s', w.capacity ->> 'cpu', asked.cpu)
            when asked.memory > (w.capacity ->> 'memory')::double precision then
                format('has %s of memory, the request asks for %s', pg_size_pretty((w.capacity ->> 'memory')::bigint), pg_size_pretty(asked.memory))
            else 'can take it' end,
        null::text
    from forge.workers w, asked
    union all
    select 'none', 'no worker is connected: the request would wait', 'start forged, or forgectl up'
    where not exists (select from forge.workers)
$$;
comment on function forge.worker_fits is 'which workers could take a request, and why the others could not; internal';

create or replace function forge.check_request(
    model text, source text, target text default null, task text default null, algorithm text default null,
    features text[] default null, exclude text[] default null, id_column text default null, weight_column text default null,
    params jsonb default '{}', preprocess jsonb default '{}', split jsonb default '{}', sample jsonb default null,
    promote text default 'if_better', config jsonb default '{}', priority int default 0, run_at timestamptz default null,
    idempotency_key text default null, time_column text default null, group_columns text[] default null,
    search jsonb default null, source_features text default null)
returns table (section text, item text, value text, hint text)
language plpgsql stable
as $$
declare
    asked forge.training_requests;
    found record;
    checked record;
    prepared record;
    counted bigint;
    said text;
begin
    asked.model := model; asked.source := source; asked.target := target; asked.task := task; asked.algorithm := algorithm;
    asked.features := features; asked.id_column := id_column; asked.weight_column := weight_column;
    asked.time_column := time_column; asked.group_columns := group_columns; asked.params := params; asked.preprocess := preprocess;
    asked.split := split; asked.sample := sample; asked.promote := promote; asked.config := config; asked.search := search;
    asked.requested_by := pg_catalog.quote_ident(current_user)::pg_catalog.regrole;
    asked.source_features := source_features;
    select t.* into prepared from forge.training_source(asked) t;
    asked := prepared.request;
    select s.* into found from forge.source_columns(asked.source) s;
    if prepared.problem is not null then
        found.problem := prepared.problem;
        found.columns := null;
    end if;
    asked.exclude := forge.without_embedding(exclude, asked.source, config);
    select c.* into checked from forge.checked_request(asked, found.columns) c;
    if config operator(pg_catalog.->) 'embed_into' operator(pg_catalog.<>) 'null' then
        checked.problems := checked.problems operator(pg_catalog.||)
            (select e.problems from forge.embedding_place(config operator(pg_catalog.->) 'embed_into', id_column, found.columns) e);
    end if;
    checked.problems := checked.problems operator(pg_catalog.||)
        array(select p::forge.problem from forge.schedule_problems(priority, run_at) p);

    return query
        select 'problem'::text, p.code, p.message, p.hint
        from pg_catalog.unnest(case when found.problem is null then checked.problems
            else found.problem operator(pg_catalog.||) checked.problems end) p(code, message, hint);
    return query select 'chosen'::text, pg_catalog.split_part(n, ': ', 1), pg_catalog.split_part(n, ': ', 2), null::text
        from pg_catalog.unnest(checked.notices) n;
    for said in select w from forge.leakage_warnings(asked.source, (checked.request).columns) w order by w loop
        raise notice '%', said;
        return query select 'warning'::text, 'leakage'::text, pg_catalog.substr(said, 10), null::text;  -- less 'warning: '
    end loop;
    return query
        select 'column'::text, c operator(pg_catalog.->>) 'name',
            pg_catalog.concat_ws(', ', c operator(pg_catalog.->>) 'type', c operator(pg_catalog.->>) 'kind', c operator(pg_catalog.->>) 'role'), null::text
        from pg_catalog.jsonb_array_elements((checked.request).columns) c;
    if found.problem is null then
        execute pg_catalog.format(E'select pg_catalog.count(*) from (%s\n) source', forge.source_query(asked.source)) into counted;
        return query select 'estimate'::text, 'rows'::text, counted::text,
            case when counted operator(pg_catalog.=) 0 then 'there is nothing to train on'::text end;
        asked := checked.request;
        asked.columns := forge.with_dimensions(asked.columns, asked.source);
        return query select 'estimate'::text, e.item, pg_catalog.round(e.estimate::numeric)::text, e.remark
            from forge.training_estimate(asked, counted) e;
    end if;
    return query select 'worker'::text, w.item, w.value, w.hint from forge.worker_fits(checked.request) w;
end
$$;
comment on function forge.check_request is
    'tries a request without making it: all its problems, what would be chosen, the columns as the model would see them, rows, rough memory (bytes) and time (seconds), and the workers that could take it';
