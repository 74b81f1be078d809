-- Fine-tuning by params.base_model: what a request may continue, looked at when it is inserted and again when its job
-- starts (the trainer then compares the labels too), and where versions come from.

create or replace function forge.base_of(reference text, requester regrole) returns forge.model_versions
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    base forge.model_versions;
begin
    select v.* into base
    from forge.resolve_model(reference) r join forge.model_versions v on v.model = r.model and v.version = r.version;
    if not forge.may_predict(base.model, requester) then
        raise exception using errcode = 'FG022',
            message = format('role %s may not predict with model "%s", which params.base_model names', requester, base.model),
            hint = format('its owner grants it: select forge.grant_model(%L, %L, ''predict'')', base.model, requester);
    end if;
    return base;
end
$$;
comment on function forge.base_of is
    'the version that a reference means, for a requester who may predict with it (FG002, FG022); internal';

create or replace function forge.base_left_out(base forge.model_versions) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(c ->> 'name'), '{}')
    from forge.training_requests r, jsonb_array_elements(r.columns) c
    where r.id = base.training_request and c ->> 'role' = 'feature'
        and not exists (select from jsonb_array_elements(base.schema) s where s ->> 'name' = c ->> 'name')
$$;
comment on function forge.base_left_out is
    'feature columns that a version''s request named and the version does not read, such as constants; internal';

create or replace function forge.type_family(type text) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case
        when type in ('smallint', 'integer', 'bigint', 'real', 'double precision', 'numeric') then 'number'
        when type in ('boolean', 'interval') then type
        when type = 'date' or type like 'timestamp%' then 'time'
        when type ~ '(^|\.)(vector|halfvec)$' or type like '%[]' then 'vector'
        else 'category' end
$$;
comment on function forge.type_family is 'types of one family stand in for each other when a model reads a column; internal';

create or replace function forge.base_column_problems(request forge.training_requests, base forge.model_versions)
returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with own as (
        select s ->> 'name' as name, s ->> 'type' as type from jsonb_array_elements(base.schema) s
    ), given as (
        select c ->> 'name' as name, c ->> 'type' as type from jsonb_array_elements(request.columns) c where c ->> 'role' = 'feature'
    )
    select 'FG014',
        case when given.name is null then format('base model "%s/%s" reads column "%s", which is no feature here', base.model, base.version, own.name)
            when own.name is null then format('column "%s" is unknown to base model "%s/%s"', given.name, base.model, base.version)
            else format('base model "%s/%s" reads column "%s" as %s, here it is %s', base.model, base.version, own.name, own.type, given.type) end,
        case when own.name is null then format('leave it out: exclude => ''{%s}''; or train without base_model', given.name)
            when given.name is null then 'give the source the column under this name, or train without base_model'
            else 'cast the column in the source' end
    from own full join given using (name)
    where own.name is null and given.name <> all (forge.base_left_out(base)) or given.name is null
        or forge.type_family(own.type) <> forge.type_family(given.type)
$$;
comment on function forge.base_column_problems is 'how the features of a request differ from the columns that a base model reads; internal';

-- request.columns must be resolved; null: the source could not be read.
create or replace function forge.base_problems(request forge.training_requests) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    algorithm forge.algorithms := (select a from forge.algorithms a where a.name = request.algorithm);
    entry jsonb := algorithm.parameters -> 'base_model';
    base forge.model_versions;
    base_name text;
    code text;
    message text;
    hint text;
begin
    if coalesce(jsonb_typeof(request.params -> 'base_model'), 'null') = 'null' or algorithm.name is null then
        return;
    elsif entry is null then
        return next forge.invalid_parameter(format('%s does not continue a base model', algorithm.name),
            case algorithm.form when 'linear' then 'without a penalty nothing would pull it towards one; ' else '' end
                || coalesce(format('for %s these do: ', request.task) ||
                    (select string_agg(a.name, ', ' order by a.name) from forge.algorithms a
                     where a.parameters ? 'base_model' and request.task = any (a.tasks)), format('none does for %s: leave it out', request.task)));
        return;
    elsif jsonb_typeof(request.params -> 'base_model') <> 'string' then  -- said by forge.params_problems
        return;
    end if;
    begin
        base := forge.base_of(request.params ->> 'base_model', request.requested_by);
    exception when sqlstate 'FG002' or sqlstate 'FG022' then
        get stacked diagnostics code = returned_sqlstate, message = message_text, hint = pg_exception_hint;
        return query select code, message, hint;
        return;
    end;
    base_name := format('%s/%s', base.model, base.version);
    if request.task <> base.manifest ->> 'task' then
        return query select 'FG014', format('base model "%s" learned %s, the request %s', base_name, base.manifest ->> 'task', request.task),
            'name a version of the same task, or train without base_model';
    end if;
    if not entry -> 'bases' ? base.algorithm then
        return query select 'FG014', format('base model "%s" is of %s, which %s does not continue', base_name, base.algorithm, algorithm.name),
            format('%s continues %s', algorithm.name, (select string_agg(b, ', ') from jsonb_array_elements_text(entry -> 'bases') b));
    end if;
    if coalesce(jsonb_typeof(base.manifest -> 'groups'), 'null') <> 'null' then
        return query select 'FG014', format('base model "%s" has a model for each group, which nothing continues', base_name),
            'name a version without group_columns, or train without base_model';
        return;
    end if;
    return query
        select 'FG014', format('base model "%s" has %s %s, the request %s', base_name, p.key, base.params -> p.key, request.params -> p.key),
            'leave it out: the base model has decided it'
        from jsonb_each(algorithm.parameters) p
        where p.value ? 'fixed_by_base' and request.params ? p.key and base.params ? p.key and request.params -> p.key <> base.params -> p.key
        union all
        select 'FG014', format('base model "%s" has positive_class "%s", the request %s', base_name, base.positive, request.params -> 'positive_class'),
            'leave it out: the base model has decided it'
        where request.params ->> 'positive_class' <> base.positive
        union all
        select 'FG014', format('search.space names %s, which base model "%s" has decided', p.key, base_name), 'leave it out of the space'
        from jsonb_each(algorithm.parameters) p
        where p.value ? 'fixed_by_base' and request.search -> 'space' ? p.key;
    if algorithm.form = 'linear' and (request.params ->> 'penalty' = 'none' or request.params -> 'alpha' = '0') then
        return next forge.invalid_parameter('params.base_model needs a penalty, which pulls the coefficients towards the base model''s',
            case when request.params ? 'penalty' then 'give penalty l2, l1 or elasticnet' else 'give alpha a value above 0' end);
    end if;
    if request.params ->> 'base_score' is not null then
        return next forge.invalid_parameter('params.base_score does not go with params.base_model, whose predictions the first tree corrects',
            'leave it out');
    end if;
    if request.preprocess <> '{}' then
        return next forge.invalid_parameter('preprocess does not go with params.base_model, whose encodings are taken as they are',
            'leave it out, or train without base_model');
    end if;
    if request.columns is not null then
        return query select c.* from forge.base_column_problems(request, base) c;
    end if;
end
$$;
comment on function forge.base_problems is
    'a base model that does not exist, that the requester may not predict with, or that is of another shape, with every difference; internal';

create or replace function forge.job_base(request forge.training_requests) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    base forge.model_versions;
begin
    if request.params ->> 'base_model' is null then
        return null;
    end if;
    if request.base_version is null then
        base := forge.base_of(request.params ->> 'base_model', request.requested_by);
        update forge.training_requests r set base_version = format('%s/%s', base.model, base.version)
        where r.id = request.id and r.base_version is null;
    end if;
    base := forge.base_of((select r.base_version from forge.training_requests r where r.id = request.id), request.requested_by);
    return jsonb_build_object('model', base.model, 'version', base.version, 'manifest', base.manifest,
        'left_out', forge.base_left_out(base));
end
$$;
comment on function forge.job_base is
    'the version that a request continues, as its job needs it; the first call fixes which; null: it continues none; internal';

create or replace function forge.base_artifact(request bigint, lease_token uuid) returns setof bytea
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    r forge.training_requests := forge.taking_part(request, lease_token);
begin
    return query
        select a.bytes from forge.model_artifacts a
        where a.model = split_part(r.base_version, '/', 1) and a.version = split_part(r.base_version, '/', 2)::int
        order by a.chunk;
end
$$;
comment on function forge.base_artifact(bigint, uuid) is
    'the artifact of the version that a request continues, as forge.job fixed it, in chunks, in order; no row if there is none';

create or replace function forge.lineage(reference text)
returns table (generation int, model text, version int, algorithm text, rows bigint, created_by regrole, created_at timestamptz)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    -- A name may have been given to another model since: the checksum tells.
    with recursive chain as (
        select 0 as generation, r.model, r.version, null::text as sha256 from forge.resolve_model(lineage.reference) r
        union all
        select c.generation + 1, v.base_model, v.base_version, v.manifest #>> '{base,artifact_sha256}'
        from chain c join forge.model_versions v on v.model = c.model and v.version = c.version
        where v.base_model is not null and encode(v.artifact_sha256, 'hex') = coalesce(c.sha256, encode(v.artifact_sha256, 'hex'))
    ) cycle model, version set is_again using path
    select c.generation, c.model, c.version, v.algorithm, v.rows, v.created_by, v.created_at
    from chain c
    left join forge.model_versions v on v.model = c.model and v.version = c.version
        and encode(v.artifact_sha256, 'hex') = coalesce(c.sha256, encode(v.artifact_sha256, 'hex'))
    where not c.is_again
    order by c.generation
$$;
comment on function forge.lineage(text) is
    'a version (model, model@alias, model/version) at generation 0, the version that it continues at 1, and so on; a version that is gone, or that you may not see, has its name alone. FG002: there is no such version';
