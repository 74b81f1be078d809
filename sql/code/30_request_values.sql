-- What may be said in params, split, sample and config (preprocess: 31_preprocess.sql). Each function returns the
-- problems it finds, and nothing else. The trainer reads the same fields by the same rules (Sources/ForgeLearn): these refuse a bad value
-- before it is queued.

create or replace function forge.invalid_parameter(message text, hint text) returns forge.problem
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select row('FG004', message, hint)::forge.problem $$;
comment on function forge.invalid_parameter is 'a problem with SQLSTATE FG004; internal';

create or replace function forge.unknown_keys(value jsonb, known text[], place text) returns setof forge.problem
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select 'FG004', format('%s has no entry "%s"', place, key),
            coalesce('did you mean ' || nullif(array_to_string(forge.nearest_names(key, known), ' or '), '') || '? ', '')
                || 'known: ' || array_to_string(known, ', ')
        from jsonb_object_keys(case when jsonb_typeof(value) = 'object' then value else '{}' end) key
        where key <> all (known);
end
$$;
comment on function forge.unknown_keys is 'a problem for each key that is not known, with the nearest names; internal';

create or replace function forge.array_refusal(value jsonb, parameter jsonb) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case
        when jsonb_typeof(value) <> 'array' or jsonb_path_exists(value, 'strict $[*] ? (@.type() != "number" || @ != @.floor())')
            then 'must be an array of integers'
        when jsonb_array_length(value) > (parameter ->> 'max_items')::int
            then format('must have at most %s items', parameter ->> 'max_items')
        when jsonb_path_exists(value, '$[*] ? (@ < $least)', jsonb_build_object('least', parameter -> 'minimum'))
            then format('items must be at least %s', parameter ->> 'minimum')
        when jsonb_path_exists(value, '$[*] ? (@ > $most)', jsonb_build_object('most', parameter -> 'maximum'))
            then format('items must be at most %s', parameter ->> 'maximum')
    end
$$;
comment on function forge.array_refusal is 'why a value does not suit a parameter of type integers; null: it does; internal';

create or replace function forge.parameter_refusal(value jsonb, parameter jsonb) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    with facts as (
        select jsonb_typeof(value) as kind, parameter ->> 'type' as wanted, value #>> '{}' as shown,
            case when jsonb_typeof(value) = 'number' then (value #>> '{}')::numeric end as number,
            coalesce((select array_agg(c order by place)
                      from jsonb_array_elements_text(nullif(parameter -> 'choices', 'null')) with ordinality e(c, place)), '{}') as choices,
            (parameter ->> 'minimum')::numeric as minimum, (parameter ->> 'maximum')::numeric as maximum,
            case when jsonb_typeof(parameter -> 'exclusive_minimum') = 'number'
                then (parameter ->> 'exclusive_minimum')::numeric end as above
    )
    select case
        when kind = 'null' then
            case when coalesce(jsonb_typeof(parameter -> 'default'), 'null') <> 'null' then 'must not be null' end
        when kind = 'string' and wanted <> 'text' and shown = any (choices) then null
        when wanted = 'integer' and (kind <> 'number' or number <> trunc(number) or abs(number) > 9007199254740992)
            then 'must be an integer'
        when wanted = 'number' and (kind <> 'number' or abs(number) > 1.7e308) then 'must be a number'
        when wanted = 'boolean' and kind <> 'boolean' then 'must be true or false'
        when wanted = 'text' and kind <> 'string' then 'must be a text'
        when wanted = 'text' and cardinality(choices) > 0 and shown <> all (choices) then
            'must be one of ' || array_to_string(choices, ', ')
        when wanted = 'integers' then forge.array_refusal(value, parameter)
        when wanted = 'object' and kind <> 'object' then
            'must be an object' || coalesce(' or "' || nullif(array_to_string(choices, '" or "'), '') || '"', '')
        when number < minimum then format('must be at least %s', trim_scale(minimum))
        when number <= above then format('must be greater than %s', trim_scale(above))
        when number > maximum then format('must be at most %s', trim_scale(maximum))
    end
    from facts
$$;
comment on function forge.parameter_refusal is
    'why a value does not suit an entry of forge.algorithms.parameters; null: it does; internal';

create or replace function forge.params_problems(params jsonb, algorithm text, task text) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    parameters jsonb;
    others jsonb;
begin
    -- An entry with a "task" is for that task alone.
    select coalesce(jsonb_object_agg(p.key, p.value) filter (where f.fits), '{}'),
        coalesce(jsonb_object_agg(p.key, p.value ->> 'task') filter (where not f.fits), '{}') into parameters, others
    from forge.algorithms a, jsonb_each(a.parameters) p, lateral (select coalesce(p.value ->> 'task', task) = task as fits) f
    where a.name = algorithm;

    if jsonb_typeof(params) <> 'object' then
        return next forge.invalid_parameter(format('params must be an object, got %s', params), 'such as {"max_depth": 6}');
        return;
    end if;
    return query select u.* from forge.unknown_keys(params - array(select jsonb_object_keys(others)) - 'base_model',  -- forge.base_problems
        array(select jsonb_object_keys(parameters) order by 1), format('params of %s', algorithm)) u;
    return query
        select (forge.invalid_parameter(format('params.%s of %s is for %s, not for %s', o.key, algorithm, o.value, task), 'leave it out')).*
        from jsonb_each_text(others) o
        where params ? o.key;
    return query
        select (forge.invalid_parameter(
            format('params.statistics %s needs coefficients without a penalty', params -> 'statistics'),
            format('set params.%s, or leave statistics out', case when parameters ? 'penalty' then 'penalty "none"' else 'alpha 0' end))).*
        where params ->> 'statistics' <> 'none' and parameters ? 'statistics'
            and (coalesce(params ->> 'penalty', parameters #>> '{penalty,default}') <> 'none'
                or coalesce(params -> 'alpha', parameters #> '{alpha,default}') > '0');
    return query
        select (forge.invalid_parameter(
            format('params.loss %s of linear_svm is not for %s', params -> 'loss', task),
            case task when 'classification' then 'use squared_hinge or hinge'
                else 'use epsilon_insensitive or squared_epsilon_insensitive' end)).*
        where algorithm = 'linear_svm' and parameters #> '{loss,choices}' ? (params ->> 'loss')
            and (params ->> 'loss' like '%hinge') <> (task = 'classification');
    return query
        select (forge.invalid_parameter(format('params.%s %s, got %s', e.key, refusal, e.value), parameters #>> array[e.key, 'description'])).*
        from jsonb_each(params) e, lateral forge.parameter_refusal(e.value, parameters -> e.key) refusal
        where parameters ? e.key and refusal is not null;
    return query
        select (forge.invalid_parameter(format('params.class_weight of "%s" must be a number from 1e-6 to 1e6, got %s', w.key, w.value),
            'leave the class''s rows out of the source instead of giving them weight 0')).*
        from jsonb_each(case when parameters ? 'class_weight' and jsonb_typeof(params -> 'class_weight') = 'object'
            then params -> 'class_weight' else '{}' end) w
        where case jsonb_typeof(w.value) when 'number' then (w.value #>> '{}')::numeric not between 1e-6 and 1e6 else true end;
end
$$;
comment on function forge.params_problems is
    'hyperparameters that the algorithm does not know, of a wrong type or out of range, or that do not go with the task or each other; internal';

-- request.columns must be resolved.
create or replace function forge.params_column_problems(request forge.training_requests) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    features text[] := array(select c ->> 'name' from jsonb_array_elements(request.columns) c where c ->> 'role' = 'feature');
    found record;
begin
    if request.params ->> 'statistics' = 'cluster' and coalesce(cardinality(request.group_columns), 0) = 0 then
        return query select 'FG006', 'params.statistics "cluster" needs group_columns', 'name the columns whose rows belong together';
    end if;
    if jsonb_typeof(request.params -> 'monotone_constraints') is distinct from 'object' then
        return;
    end if;
    for found in
        select m.key as name, m.value as direction, c.value ->> 'kind' as kind, c.value ->> 'type' as type
        from jsonb_each(request.params -> 'monotone_constraints') m
        left join jsonb_array_elements(request.columns) c on c.value ->> 'name' = m.key and c.value ->> 'role' = 'feature'
        order by m.key
    loop
        if found.type is null then
            return query select 'FG006', format('params.monotone_constraints names "%s", which is no feature', found.name),
                coalesce('did you mean ' || nullif(array_to_string(forge.nearest_names(found.name, features), ' or '), '') || '? ', '')
                    || 'the features are ' || forge.listed(features);
        elsif found.kind <> 'number' then
            return query select 'FG007', format('params.monotone_constraints names "%s" of type %s, whose values have no order', found.name, found.type),
                'name number columns; cast the column in the source if it is one';
        end if;
        if found.direction not in ('1', '-1', '0') then
            return next forge.invalid_parameter(format('params.monotone_constraints of "%s" must be 1, -1 or 0, got %s', found.name, found.direction),
                '1: the prediction never falls when the column rises; -1: it never rises');
        end if;
    end loop;
end
$$;
comment on function forge.params_column_problems is 'hyperparameters that name columns which are no features or do not suit, or that need columns which the request does not name; internal';

create or replace function forge.gap_seconds(gap text) returns double precision
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return extract(epoch from gap::interval);
exception when data_exception then
    return null;
end
$$;
comment on function forge.gap_seconds is 'length of an interval''s text, a month being 30 days; null: it is none; internal';

create or replace function forge.split_problems(request forge.training_requests) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    split constant jsonb := request.split;
    methods constant text[] := '{random,stratified,time,group,column,none}';
    rules constant jsonb := '{
        "seed": {"type": "integer", "default": 42}, "folds": {"type": "integer", "default": 0, "minimum": 2, "maximum": 100},
        "outer_folds": {"type": "integer", "default": 0, "minimum": 2, "maximum": 20}}';
    meaning constant jsonb := '{"seed": "such as 42", "folds": "5 or 10 are usual; 0: no cross-validation",
        "outer_folds": "folds of a nested cross-validation, outside of the folds; 0: not nested"}';
    method text := coalesce(split ->> 'method', case when request.task = 'ranking' then 'group' else 'random' end);
    takes_share boolean := method not in ('column', 'none');
    folds numeric;
    entry text;
    share numeric;
    shares numeric := 0;
    seconds double precision;
    time_type text := (select c ->> 'type' from jsonb_array_elements(request.columns) c where c ->> 'role' = 'time');
begin
    if jsonb_typeof(split) <> 'object' then
        return next forge.invalid_parameter(format('split must be an object, got %s', split), 'such as {"method": "random", "test": 0.2, "seed": 42}');
        return;
    end if;
    return query select u.* from forge.unknown_keys(split,
        array['method', 'test', 'validation', 'seed', 'column', 'folds', 'outer_folds', 'gap'], 'split') u;
    if method <> all (methods) or jsonb_typeof(split -> 'method') <> 'string' then
        return next forge.invalid_parameter(format('split.method "%s" is not known', coalesce(split ->> 'method', 'null')), 'use ' || array_to_string(methods, ', '));
    end if;
    return query
        select (forge.invalid_parameter(format('split.%s %s, got %s', e.key, refusal, e.value), meaning ->> e.key)).*
        from jsonb_each(split) e, lateral forge.parameter_refusal(e.value, rules -> e.key) refusal
        where rules ? e.key and refusal is not null and (e.key = 'seed' or e.value <> '0');
    folds := case when jsonb_typeof(split -> 'folds') = 'number' then (split ->> 'folds')::numeric else 0 end;
    if coalesce(split -> 'outer_folds', '0') <> '0' and folds = 0 then
        return next forge.invalid_parameter('split.outer_folds needs split.folds, the inner ones', '{"folds": 3, "outer_folds": 5}');
    end if;
    foreach entry in array array['test', 'validation'] loop
        if split ? entry then
            share := case when jsonb_typeof(split -> entry) = 'number' then (split ->> entry)::numeric end;
            if share is null or share >= 1 or share < 1e-9 and not (share = 0 and (entry = 'validation' or folds > 0)) then
                return next forge.invalid_parameter(format('split.%s must be a number between 0 and 1, got %s', entry, split -> entry),
                    case entry when 'test' then '0.2 holds a fifth of the rows out; {"method": "none"} holds none out'
                        else '0.1 sets a tenth of the rows apart' end);
            elsif entry = 'test' and not takes_share and share > 0 then
                return next forge.invalid_parameter(format('split.test is not for split.method "%s"', method),
                    case method when 'column' then 'its column says which rows are held out' else 'it holds none out' end);
            else
                shares := shares + share;
            end if;
        elsif entry = 'test' and takes_share then
            shares := shares + 0.2;
        end if;
    end loop;
    if shares >= 1 then
        return next forge.invalid_parameter('split.test and split.validation leave no rows to train on', 'their sum must be below 1');
    end if;
    if (method = 'column') <> (coalesce(jsonb_typeof(split -> 'column'), 'null') = 'string') then
        return next forge.invalid_parameter('split.method "column" and split.column go together',
            '{"method": "column", "column": "part"}, where part is a text column of train, test and validation');
    elsif method = 'column' and split ? 'validation' then
        return next forge.invalid_parameter('split.validation is not for split.method "column"', 'its column says validation itself');
    end if;
    if method in ('random', 'stratified') and request.task = 'ranking' then
        return next forge.invalid_parameter(format('split.method "%s" parts rows, and a ranking learns from whole queries', method),
            'use group, the default of a ranking, or time, column or none');
    elsif method = 'stratified' and request.task <> 'classification' then
        return next forge.invalid_parameter(format('split.method "stratified" is for classification, not %s', request.task), 'use random');
    elsif split ->> 'method' = 'group' and coalesce(cardinality(request.group_columns), 0) = 0 then
        return next forge.invalid_parameter('split.method "group" needs group_columns', 'name what rows of one group have in common');
    elsif method = 'time' and request.time_column is null then
        return next forge.invalid_parameter('split.method "time" needs time_column', 'name the column that says when a row was');
    end if;
    if split ? 'gap' then
        seconds := case when jsonb_typeof(split -> 'gap') = 'string' then forge.gap_seconds(split ->> 'gap') end;
        if method <> 'time' then
            return next forge.invalid_parameter('split.gap is for split.method "time"', 'leave it out');
        elsif seconds < 0 or seconds is null
            and forge.parameter_refusal(split -> 'gap', '{"type": "integer", "default": 0, "minimum": 0}') is not null then
            return next forge.invalid_parameter(format('split.gap must be a number of rows or an interval, got %s', split -> 'gap'),
                'such as 100 or "7 days"');
        elsif seconds is not null and time_type !~ '^(date|timestamp)' then
            return next forge.invalid_parameter(format('split.gap is an interval, time_column "%s" has type %s', request.time_column, time_type),
                'give the gap as a number of rows');
        end if;
    end if;
end
$$;
comment on function forge.split_problems is
    'entries of split that are unknown, mistyped, out of range, or do not go with each other, the task or the columns; internal';

create or replace function forge.schedule_problems(priority int, run_at timestamptz) returns setof forge.problem
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if priority not between -32768 and 32767 then
        return query select 'FG004', format('priority must be between -32768 and 32767, got %s', priority), 'smaller is sooner; 0 is usual';
    end if;
    if not isfinite(run_at) then
        return query select 'FG004', format('run_at must be a time, got %s', run_at), 'leave it out to train now';
    end if;
end
$$;
comment on function forge.schedule_problems is 'a priority out of range, a run_at that never comes; internal';

create or replace function forge.sample_problems(sample jsonb) returns setof forge.problem
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select (forge.invalid_parameter(format('sample must be {"rows": n} or {"fraction": f}, got %s', sample),
            'n is an integer of at least 1, f is greater than 0 and at most 1')).*
        where jsonb_typeof(sample) <> 'null' and not coalesce(
            jsonb_typeof(sample) = 'object' and case
                when sample - 'rows' = '{}' and jsonb_typeof(sample -> 'rows') = 'number' then
                    (sample ->> 'rows')::numeric between 1 and 9007199254740992 and (sample ->> 'rows')::numeric = trunc((sample ->> 'rows')::numeric)
                when sample - 'fraction' = '{}' and jsonb_typeof(sample -> 'fraction') = 'number' then
                    (sample ->> 'fraction')::numeric > 0 and (sample ->> 'fraction')::numeric <= 1
            end, false);
end
$$;
comment on function forge.sample_problems is 'a sample that is neither a number of rows nor a fraction; internal';
