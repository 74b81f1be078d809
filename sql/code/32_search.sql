-- training_requests.search: what may be said in it, and what it leaves out filled in. The trainer reads the result
-- (Sources/ForgeLearn/Search).

create or replace function forge.search_metrics(task text) returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case task
        when 'classification' then array['roc_auc', 'log_loss', 'accuracy', 'balanced_accuracy', 'f1', 'f1_macro', 'f1_weighted',
            'pr_auc', 'brier', 'mcc', 'roc_auc_ovr', 'roc_auc_ovo']
        when 'regression' then array['rmse', 'mae', 'r2', 'median_absolute_error', 'mape', 'pinball', 'mean_poisson_deviance',
            'mean_gamma_deviance']
        when 'ranking' then array['ndcg', 'ndcg@5', 'ndcg@10', 'map@10']
        else '{}' end
$$;
comment on function forge.search_metrics is 'metrics that a search of a task may compare trials by; internal';

-- Parameters of an algorithm that a task has.
create or replace function forge.task_parameters(algorithm text, task text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_object_agg(p.key, p.value), '{}')
    from forge.algorithms a, jsonb_each(a.parameters) p
    where a.name = task_parameters.algorithm and coalesce(p.value ->> 'task', task_parameters.task) = task_parameters.task
$$;
comment on function forge.task_parameters is 'the entries of forge.algorithms.parameters that are of a task; internal';

-- An entry of search.space with what it leaves out: {} and true mean the declared range, a list the choices.
create or replace function forge.resolved_range(given jsonb, parameter jsonb) returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case
        when jsonb_typeof(given) = 'array' then jsonb_build_object('choices', given)
        when jsonb_typeof(given) <> 'object' and given <> 'true' then given
        when given = 'true' or given = '{}' then coalesce(parameter -> 'search', case parameter ->> 'type'
            when 'boolean' then '{"choices": [false, true]}'
            when 'text' then jsonb_build_object('choices', parameter -> 'choices') else given end)
        when given ? 'choices' then given
        -- A range of its own is on the declared scale unless it says otherwise, and narrows the declared one.
        else coalesce((parameter -> 'search') - 'choices' - 'steps', '{}') || given
            || case when jsonb_typeof(given -> 'log') is null and parameter #> '{search,log}' = 'true'
                    and forge.json_amount(given -> 'min') <= 0 then '{"log": false}' else '{}'::jsonb end
    end
$$;
comment on function forge.resolved_range is 'an entry of search.space with what it leaves out; internal';

create or replace function forge.json_amount(value jsonb) returns numeric
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select case when jsonb_typeof(value) = 'number' then (value #>> '{}')::numeric end $$;
comment on function forge.json_amount is 'a number; null: it is none; internal';

-- Such an algorithm is a search by itself, over the spaces of several others.
create or replace function forge.is_portfolio(algorithm text) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select exists (select from forge.algorithms a where a.name = algorithm and a.form = 'ensemble') $$;
comment on function forge.is_portfolio is 'whether an algorithm searches a portfolio of others, as auto does; internal';

-- request.task and request.algorithm must be resolved.
create or replace function forge.resolved_search(request forge.training_requests) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    parameters constant jsonb := forge.task_parameters(request.algorithm, request.task);
    space jsonb := request.search -> 'space';
    result jsonb;
begin
    if coalesce(request.search, 'null') = 'null' and forge.is_portfolio(request.algorithm) then
        request.search := '{}';
    end if;
    if jsonb_typeof(request.search) is distinct from 'object' then
        return nullif(request.search, 'null');
    end if;
    if jsonb_typeof(space) = 'object' then
        space := (select coalesce(jsonb_object_agg(e.key, case when parameters ? e.key
            then forge.resolved_range(e.value, parameters -> e.key) else e.value end), '{}') from jsonb_each(space) e);
    end if;
    result := jsonb_build_object('method', 'tpe', 'generation', 6, 'prune', true,
            'seed', coalesce(forge.json_amount(request.split -> 'seed'), 42),
            'folds', coalesce(nullif(forge.json_amount(request.split -> 'folds'), 0), 3))
        || request.search
        || case when space is null then '{}' else jsonb_build_object('space', space) end;
    if result ->> 'method' in ('halving', 'hyperband') then
        result := '{"factor": 3}' || result;
    end if;
    if request.task in ('regression', 'ranking') then
        result := jsonb_build_object('metric', case request.task when 'ranking' then 'ndcg' else 'rmse' end) || result;
    end if;
    if not result ? 'trials' then
        result := result || jsonb_build_object('trials', case when result ->> 'method' = 'grid'
            then least(forge.grid_points(space), 10000) else 30 end);
    end if;
    return result;
end
$$;
comment on function forge.resolved_search is 'a request''s search with what it leaves out; null: it searches nothing; internal';

-- How many values a grid takes of a resolved range; null: it is none.
create or replace function forge.grid_steps(given jsonb) returns numeric
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case
        when jsonb_typeof(given -> 'choices') = 'array' then jsonb_array_length(given -> 'choices')
        when forge.json_amount(given -> 'min') = forge.json_amount(given -> 'max') then 1
        else coalesce(forge.json_amount(given -> 'steps'), 5)
    end
$$;
comment on function forge.grid_steps is 'how many values a grid takes of a range, at most; internal';

create or replace function forge.grid_points(space jsonb) returns bigint
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case when sum(ln(greatest(1, forge.grid_steps(e.value)))) < 20 then greatest(1, round(exp(sum(ln(greatest(1, forge.grid_steps(e.value)))))))::bigint
        else 1000000000 end
    from jsonb_each(case when jsonb_typeof(space) = 'object' then space else '{}' end) e
$$;
comment on function forge.grid_points is 'points of the grid of a space, at most; 1,000,000,000 stands for more; internal';

-- Why an entry of the space does not suit its parameter; null: it does.
create or replace function forge.range_refusal(given jsonb, parameter jsonb) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    least constant numeric := forge.json_amount(given -> 'min');
    most constant numeric := forge.json_amount(given -> 'max');
    steps constant numeric := forge.json_amount(given -> 'steps');
    unknown text;
    refusal text;
begin
    if jsonb_typeof(given) is distinct from 'object' then
        return format('must be a range such as {"min": 1, "max": 10}, or a list of values, got %s', given);
    end if;
    select k into unknown from jsonb_object_keys(given) k where k not in ('min', 'max', 'log', 'steps', 'choices') order by k limit 1;
    if unknown is not null then
        return format('has no entry "%s"; known: min, max, log, steps, choices', unknown);
    elsif given ? 'choices' then
        if jsonb_typeof(given -> 'choices') <> 'array' or given -> 'choices' = '[]' then
            return format('needs at least one value, got %s', given -> 'choices');
        elsif parameter ->> 'type' = 'object' or parameter ->> 'type' = 'text' and not parameter ? 'choices' then
            return 'cannot be searched';
        elsif jsonb_array_length(given -> 'choices') > 1000 then
            return format('must have at most 1000 values, got %s', jsonb_array_length(given -> 'choices'));
        end if;
        select format('has the value %s, which %s', v, r) into refusal
        from jsonb_array_elements(given -> 'choices') v, lateral forge.parameter_refusal(v, parameter) r
        where r is not null limit 1;
        return refusal;
    elsif parameter ->> 'type' not in ('integer', 'number') then
        return 'takes a list of values, not a range';
    elsif least is null or most is null then
        return format('needs min and max, got %s', given);
    elsif least > most then
        return format('has min %s above max %s', trim_scale(least), trim_scale(most));
    elsif coalesce(jsonb_typeof(given -> 'log'), 'boolean') <> 'boolean' then
        return format('log must be true or false, got %s', given -> 'log');
    elsif given -> 'log' = 'true' and least <= 0 then
        return format('needs a min above 0 for log, got %s', trim_scale(least));
    elsif given ? 'steps' and coalesce(steps <> trunc(steps) or steps not between 2 and 1000, true) then
        return format('steps must be an integer from 2 to 1000, got %s', given -> 'steps');
    end if;
    return coalesce(
        'min ' || forge.parameter_refusal(given -> 'min', parameter) || format(', got %s', given -> 'min'),
        'max ' || forge.parameter_refusal(given -> 'max', parameter) || format(', got %s', given -> 'max'));
end
$$;
comment on function forge.range_refusal is 'why a resolved range does not suit an entry of forge.algorithms.parameters; null: it does; internal';

-- request.search must be resolved.
create or replace function forge.search_problems(request forge.training_requests) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    search constant jsonb := request.search;
    parameters constant jsonb := forge.task_parameters(request.algorithm, request.task);
    metrics constant text[] := forge.search_metrics(request.task);
    rules constant jsonb := '{
        "method": {"type": "text", "default": "tpe", "choices": ["grid", "random", "tpe", "halving", "hyperband"]},
        "trials": {"type": "integer", "default": 30, "minimum": 1, "maximum": 10000},
        "generation": {"type": "integer", "default": 6, "minimum": 1, "maximum": 1000},
        "folds": {"type": "integer", "default": 3, "minimum": 2, "maximum": 100},
        "seed": {"type": "integer", "default": 42}, "prune": {"type": "boolean", "default": true},
        "factor": {"type": "integer", "default": 3, "minimum": 2, "maximum": 10},
        "workers": {"type": "integer", "default": 1, "minimum": 1, "maximum": 1000}}';
    meaning constant jsonb := '{
        "method": "how points are chosen", "trials": "how many are tried at most", "generation": "how many are proposed at once",
        "folds": "of the training rows, whose mean is a trial''s score", "seed": "such as 42",
        "prune": "whether trials worse than the median are broken off", "factor": "one trial in so many goes on to the next rung",
        "workers": "daemons that take part at most"}';
    -- They decide how the rows are laid out when they are read, once for all trials.
    of_the_rows constant text[] := array['early_stopping', 'early_stopping_rounds', 'validation_fraction'];
begin
    if search is null then
        return;
    elsif jsonb_typeof(search) <> 'object' then
        return next forge.invalid_parameter(format('search must be an object, got %s', search), 'such as {"method": "tpe", "trials": 30}');
        return;
    elsif cardinality(metrics) = 0 then
        return next forge.invalid_parameter(format('search is for classification, regression and ranking, not for %s', request.task),
            'leave it out');
        return;
    end if;
    return query select u.* from forge.unknown_keys(search,
        array['method', 'trials', 'metric', 'space', 'folds', 'seed', 'generation', 'prune', 'factor', 'workers'], 'search') u;
    return query
        select (forge.invalid_parameter(format('search.%s %s, got %s', e.key, refusal, e.value), meaning ->> e.key)).*
        from jsonb_each(search) e, lateral forge.parameter_refusal(e.value, rules -> e.key) refusal
        where rules ? e.key and refusal is not null;
    if search ? 'metric'
        and (jsonb_typeof(search -> 'metric') <> 'string' or search ->> 'metric' <> all (metrics))
    then
        return next forge.invalid_parameter(format('search.metric %s is not known for %s', search -> 'metric', request.task),
            'use ' || array_to_string(metrics, ', '));
    end if;
    if coalesce(forge.json_amount(request.split -> 'outer_folds'), 0) > 0 then
        return next forge.invalid_parameter('split.outer_folds does not go with search',
            'rows held out by split.test tell what the winner is worth');
    end if;
    if search ? 'folds' and coalesce(forge.json_amount(request.split -> 'folds'), 0) not in (0, forge.json_amount(search -> 'folds')) then
        return next forge.invalid_parameter(format('search.folds %s and split.folds %s differ', search -> 'folds', request.split -> 'folds'),
            'say one of them');
    end if;
    return query
        select (forge.invalid_parameter(format('search.space must be an object, got %s', search -> 'space'), 'such as {"max_depth": {"min": 2, "max": 12}}')).*
        where search ? 'space' and jsonb_typeof(search -> 'space') <> 'object';
    return query select u.* from forge.unknown_keys(case when not forge.is_portfolio(request.algorithm) then search -> 'space' end,
        array(select jsonb_object_keys(parameters) order by 1), format('search.space of %s', request.algorithm)) u;
    return query
        select (forge.invalid_parameter(
            case when e.key = any (of_the_rows) then format('search.space.%s cannot be searched', e.key)
                when request.params ? e.key then format('params and search.space both name %s', e.key)
                else format('search.space.%s %s', e.key, refusal) end,
            case when e.key = any (of_the_rows) then 'set it in params' when request.params ? e.key then 'leave one of them out'
                else parameters #>> array[e.key, 'description'] end)).*
        from jsonb_each(case when jsonb_typeof(search -> 'space') = 'object' then search -> 'space' else '{}' end) e,
            lateral forge.range_refusal(e.value, parameters -> e.key) refusal
        where parameters ? e.key and (refusal is not null or e.key = any (of_the_rows) or request.params ? e.key);
    if forge.is_portfolio(request.algorithm) then
        if search ? 'space' then
            return next forge.invalid_parameter(format('search.space is of one algorithm: %s has the spaces of its portfolio', request.algorithm),
                'leave it out, or name an algorithm');
        end if;
        if jsonb_typeof(search -> 'method') = 'string' and search ->> 'method' <> 'tpe' then
            return next forge.invalid_parameter(format('algorithm %s does not search by %s', request.algorithm, search ->> 'method'),
                'leave search.method out, or name an algorithm');
        end if;
        return;
    end if;
    if search -> 'space' = '{}' or not search ? 'space' and not exists (
        select from jsonb_each(parameters) p where p.value ? 'search' and not request.params ? p.key)
    then
        return next forge.invalid_parameter(format('there is nothing to search for %s', request.algorithm),
            'name parameters in search.space, and not in params; or leave search out');
    elsif search ->> 'method' = 'grid' and not search ? 'space' then
        return next forge.invalid_parameter('a grid needs search.space', 'name its parameters; random and tpe search all that have a range');
    elsif search ->> 'method' = 'grid' and forge.grid_points(search -> 'space') > 10000 then
        return next forge.invalid_parameter('the grid of search.space has more than 10000 points', 'give fewer steps, or search by random or tpe');
    end if;
end
$$;
comment on function forge.search_problems is
    'entries of a request''s search that are unknown, mistyped, out of range, or do not go with the algorithm, its params, the split or the task; internal';
