-- The one checker of training requests: the insert trigger, forge.train and forge.check_request use it.

create or replace function forge.has_target(task text) returns boolean
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select task not in ('clustering', 'decomposition') $$;
comment on function forge.has_target is 'whether a task learns a column of the source; internal';

create or replace function forge.inferred_task(request forge.training_requests, columns jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(
        (select m.task from forge.models m where m.name = request.model),
        (select a.tasks[1] from forge.algorithms a
         where request.target is null and a.name = request.algorithm and not forge.has_target(a.tasks[1])),
        (select case when c ->> 'kind' = 'category' or c ->> 'type' = 'boolean' then 'classification' else 'regression' end
         from jsonb_array_elements(columns) c
         where c ->> 'name' = request.target and c ->> 'kind' is not null
         limit 1))
$$;
comment on function forge.inferred_task is
    'the task of a request that names none: the model''s; that of an algorithm that needs no target; or classification for a boolean, text or enum target and regression for another; internal';

create or replace function forge.model_problems(request forge.training_requests) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    facts forge.models;
begin
    if request.model is null or request.model !~ '^[a-z_][a-z0-9_]*$' or octet_length(request.model) > 57 or request.model ~ '_label$' then
        return query select 'FG001', format('%s is not a model''s name', coalesce(quote_ident(request.model), 'null')),
            'a lower-case identifier of at most 57 bytes that does not end in _label';
        return;
    end if;
    select m.* into facts from forge.models m where m.name = request.model;
    if facts.name is null then
        return;
    end if;
    if not forge.may_train(request.model, request.requested_by) then
        return query select 'FG022', format('role %s may not train model "%s", which belongs to %s',
                request.requested_by, request.model, facts.owner),
            format('its owner grants it: select forge.grant_model(%L, %L, ''train''); or choose another name', request.model, request.requested_by);
    end if;
    if request.promote = 'always' and not forge.may_manage(request.model, request.requested_by) then
        return query select 'FG022', format('only who owns model "%s" may promote a version unseen', request.model),
            'leave promote out: the version becomes champion if it is better';
    end if;
    if request.task is distinct from facts.task and request.task is not null then
        return query select 'FG014', format('model "%s" is a %s, not a %s', request.model, facts.task, request.task),
            'train it under another name';
    end if;
    if request.target_type <> facts.target_type then  -- models without a target refuse one by themselves
        return query select 'FG014', format('model "%s" learns a target of type %s, not %s', request.model, facts.target_type, request.target_type),
            'cast the target in the source, or train it under another name';
    end if;
end
$$;
comment on function forge.model_problems is 'a bad name, a missing right, a changed task or target''s type; internal';

create or replace function forge.task_problems(request forge.training_requests, columns jsonb) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    tasks text[] := array(select distinct t from forge.algorithms a, unnest(a.tasks) t order by 1);
    fitting text[] := array(select a.name from forge.algorithms a where request.task = any (a.tasks) order by 1);
    target record;
begin
    if request.target is not null and not forge.has_target(request.task) then
        return query select 'FG009', format('a %s has no target', request.task),
            format('leave target out; to keep the column out of the model: exclude => array[%L]', request.target);
    elsif request.target is null and forge.has_target(coalesce(request.task, '')) then
        return query select 'FG009', 'a target is needed: the column to learn',
            'its columns are ' || forge.listed(array(select c ->> 'name' from jsonb_array_elements(columns) c));
        return;
    end if;
    if request.task is null then  -- the target is missing or unusable, which is said elsewhere
        return query
            select 'FG003', format('there is no algorithm "%s"', request.algorithm),
                'algorithms: ' || (select string_agg(a.name, ', ' order by a.name) from forge.algorithms a)
            where not exists (select from forge.algorithms a where a.name = request.algorithm) and request.algorithm is not null;
        return;
    elsif request.task <> all (tasks) then
        return query select 'FG003', format('no algorithm learns task "%s"', request.task), 'tasks: ' || array_to_string(tasks, ', ');
        return;
    end if;
    if request.algorithm is null or request.algorithm <> all (fitting) then
        return query select 'FG003',
            case when request.algorithm is null then format('task %s has no default algorithm', request.task)
                when exists (select from forge.algorithms a where a.name = request.algorithm)
                then format('algorithm "%s" does not learn %s', request.algorithm, request.task)
                else format('there is no algorithm "%s"', request.algorithm) end,
            coalesce('did you mean ' || nullif(array_to_string(forge.nearest_names(request.algorithm, fitting), ' or '), '') || '? ', '')
                || format('for %s: %s', request.task, array_to_string(fitting, ', '));
    end if;
    select c ->> 'type' as type, c ->> 'kind' as kind into target
    from jsonb_array_elements(columns) c where c ->> 'name' = request.target;
    if request.task = 'ranking' and coalesce(cardinality(request.group_columns), 0) = 0 then
        return query select 'FG006', 'a ranking needs group_columns', 'name what rows of one query have in common';
    end if;
    if forge.trains_groups(request) and (request.params ? 'base_model' or forge.is_portfolio(request.algorithm) or request.algorithm = 'knn') then
        return query select 'FG004', case when not request.params ? 'base_model' then format('%s has no models of groups', request.algorithm) else 'params.base_model does not go with models of groups' end,
            'leave group_columns out';
    end if;
    if jsonb_typeof(request.config #> '{groups,min_rows}') <> 'null' and not forge.trains_groups(request) then
        return query select 'FG027', 'config.groups is for a model of each group, which this request does not ask for',
            'name group_columns, and leave out split.method "group" and params.statistics "cluster"';
    end if;
    if coalesce(request.config #>> '{decision,threshold}', request.config #>> '{decision,calibration}') is not null and request.task is distinct from 'classification' then
        return query select 'FG027', format('config.decision is for classification, not for %s', request.task), 'leave it out';
    end if;
    if request.config #>> '{evaluation,intervals}' = 'split' and request.task is distinct from 'regression' then
        return query select 'FG027', format('config.evaluation.intervals is for regression, not for %s', request.task), 'leave it out';
    elsif request.config #>> '{evaluation,intervals}' = 'split' and request.split ->> 'method' = 'none' and request.split -> 'validation' is null then
        return query select 'FG027', 'config.evaluation.intervals needs rows set apart, and split.method "none" sets none apart',
            'say split.validation, such as 0.2';
    end if;
    if target.kind = 'vector' then
        return query select 'FG009', format('target "%s" has type %s, which is no single value', request.target, target.type),
            'a target is a number, a boolean or a category; learn one of its elements';
    elsif request.task in ('regression', 'ranking') and target.kind is not null and (target.kind <> 'number' or target.type ~ '^(date|timestamp)') then
        return query select 'FG009', format('target "%s" has type %s, which is no quantity', request.target, target.type),
            case when target.kind = 'number' then 'learn a duration or a number instead, such as extract(epoch from a - b)'
                else 'task => ''classification'' learns its levels; or cast it to a number in the source' end;
    elsif request.task = 'classification' and target.type ~ '^(date|time|interval)' then
        return query select 'FG009', format('target "%s" has type %s, which is no class', request.target, target.type),
            'cast it to text in the source, or learn a duration or a number by task => ''regression''';
    end if;
end
$$;
comment on function forge.task_problems is 'a task, an algorithm or a target that do not exist or do not go together; internal';

create or replace function forge.targetless_problems(request forge.training_requests) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select 'FG027', format('config.evaluation.%s needs a target, and a %s has none', e.key, request.task), 'leave it out'
    from jsonb_each(case jsonb_typeof(request.config -> 'evaluation') when 'object' then request.config -> 'evaluation' else '{}' end) e
    where e.key in ('bootstrap', 'importance') and e.value not in ('null', '0') and not forge.has_target(request.task)
    union all
    select 'FG004', format('a %s has no models of groups', request.task), 'leave group_columns out, and ask for each group by a source of its own'
    where forge.trains_groups(request) and not forge.has_target(request.task)
    union all
    select 'FG004', format('preprocess.@select needs a target, and a %s has none', request.task), 'name the columns in features'
    where request.preprocess ? '@select' and not forge.has_target(request.task)
    union all
    select 'FG004', format('preprocess.%s: encode target needs one, and a %s has none', e.key, request.task), 'use encode one_hot, frequency or hash'
    from jsonb_each(case jsonb_typeof(request.preprocess) when 'object' then request.preprocess else '{}' end) e
    where jsonb_typeof(e.value) = 'object' and e.value ->> 'encode' = 'target' and not forge.has_target(request.task)
$$;
comment on function forge.targetless_problems is 'what a request without a target asks for that only a target could give; internal';

create or replace function forge.role_problems(request forge.training_requests) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select 'FG022', format('role %s may not request training', request.requested_by), format('grant forge_trainer to %s', request.requested_by)
        where not pg_has_role(request.requested_by, 'forge_trainer', 'member')
        union all
        select (forge.invalid_parameter(format('promote "%s" is not known', request.promote), 'if_better, always or never')).*
        where request.promote not in ('if_better', 'always', 'never');
end
$$;
comment on function forge.role_problems is 'a requester without forge_trainer; a promote that is not known; internal';

-- columns: what forge.source_columns gave; null when the source could not be read. It runs as forge_admin, since a name
-- may be taken by a model that the requester cannot see; whose rights count is request.requested_by.
create or replace function forge.checked_request(
    inout request forge.training_requests, columns jsonb, out problems forge.problem[], out notices text[])
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    notices := '{}';
    request.params := coalesce(request.params, '{}');
    request.preprocess := coalesce(request.preprocess, '{}');
    request.split := coalesce(request.split, '{}');
    request.config := coalesce(request.config, '{}');
    request.promote := coalesce(request.promote, 'if_better');
    request.target_type := (select c ->> 'type' from jsonb_array_elements(columns) c where c ->> 'name' = request.target limit 1);
    if request.task is null then
        request.task := forge.inferred_task(request, columns);
        if request.task is not null then
            notices := notices || format('task: %s, inferred from %s', request.task,
                case when exists (select from forge.models m where m.name = request.model)
                    then format('model "%s"', request.model)
                    when request.target is null then format('algorithm %s', request.algorithm)
                    else format('target "%s" of type %s', request.target, request.target_type) end);
        end if;
    end if;
    if request.algorithm is null then
        request.algorithm := (select a.name from forge.algorithms a where request.task = any (a.default_for) order by a.name limit 1);
        if request.algorithm is not null then
            notices := notices || format('algorithm: %s, the default for %s', request.algorithm, request.task);
        end if;
    end if;
    request.columns := forge.resolve_columns(request, columns);
    request.search := forge.resolved_search(request);
    if forge.trains_groups(request) then
        notices := notices || format('groups: a model for each value of %s', forge.listed(request.group_columns));
    end if;

    problems := array(
        select row(p.code, p.message, p.hint)::forge.problem
        from (
            select 1, r.* from forge.role_problems(request) r
            union all select 2, m.* from forge.model_problems(request) m
            union all select 3, t.* from forge.task_problems(request, columns) t
            union all select 3, t.* from forge.targetless_problems(request) t
            union all select 3, e.* from forge.embed_request_problems(request) e
            union all select 4, c.* from forge.column_problems(request, columns) c where columns is not null
            union all select 5, v.* from forge.params_problems(request.params, request.algorithm, request.task) v
                where exists (select from forge.algorithms a where a.name = request.algorithm and request.task = any (a.tasks))
            union all select 5, n.* from forge.params_column_problems(request) n where columns is not null
            union all select 5, b.* from forge.base_problems(request) b
            union all select 5, i.* from forge.index_problems(request) i
            union all select 6, v.* from forge.preprocess_problems(request.preprocess, case when columns is not null then request.columns end) v
            union all select 6, f.* from forge.preprocess_form_problems(request.preprocess, request.columns, request.algorithm) f where columns is not null
            union all select 7, s.* from forge.split_problems(request) s
            union all select 8, s.* from forge.sample_problems(coalesce(request.sample, 'null')) s
            union all select 9, s.* from forge.schedule_problems(request.priority, request.run_at) s
            union all select 10, c.* from forge.config_problems(request.config) c
            union all select 11, s.* from forge.search_problems(request) s
                where exists (select from forge.algorithms a where a.name = request.algorithm and request.task = any (a.tasks))
        ) p(stage, code, message, hint)
        order by p.stage, p.message);
end
$$;
comment on function forge.checked_request is
    'a request with everything resolved, all that is wrong with it, and what was chosen for the requester; changes nothing; internal';

create or replace function forge.combined_problems(
    subject text, problems forge.problem[], out code text, out message text, out detail text, out hint text)
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    code := problems[1].code;
    if cardinality(problems) = 1 then
        message := problems[1].message;
        detail := format('It was found in %s.', subject);
        hint := coalesce(problems[1].hint, '');
    else
        message := format('%s has %s problems', subject, cardinality(problems));
        detail := (select string_agg(concat(p.place, '. ', p.code, ': ', p.message, ' – ' || p.hint), E'\n' order by p.place)
                   from unnest(problems) with ordinality p(code, message, hint, place));
        hint := 'mend them all; select * from forge.check_request(…) tries a request without making it';
    end if;
end
$$;
comment on function forge.combined_problems is
    'all problems as one error: SQLSTATE of the first, and if there are several, all of them numbered in the detail; internal';

-- What of leakage can be known before a row is read; the trainer's lint looks at the rows. No SET search_path: the source's
-- name is the caller's.
create or replace function forge.leakage_warnings(source text, columns jsonb) returns setof text
language plpgsql stable
as $$
begin
    return query
        select pg_catalog.format('warning: feature "%s" is a uuid, which names a row and says nothing of others: name it id_column, or exclude it',
            c operator(pg_catalog.->>) 'name')
        from pg_catalog.jsonb_array_elements(columns) c
        where c operator(pg_catalog.->>) 'role' operator(pg_catalog.=) 'feature' and c operator(pg_catalog.->>) 'type' operator(pg_catalog.=) 'uuid';
    if source operator(pg_catalog.~*) '^\s*(select|with|values|table|\()' then
        return;
    end if;
    return query
        select distinct pg_catalog.format('warning: feature "%s" is a key of %s: name it id_column, or exclude it', a.attname, source)
        from pg_catalog.jsonb_array_elements(columns) c, pg_catalog.pg_attribute a, pg_catalog.pg_index i
        where c operator(pg_catalog.->>) 'role' operator(pg_catalog.=) 'feature'
            and c operator(pg_catalog.->>) 'type' operator(pg_catalog.<>) 'uuid'
            and a.attrelid operator(pg_catalog.=) pg_catalog.to_regclass(source)::pg_catalog.oid
            and a.attname::text operator(pg_catalog.=) (c operator(pg_catalog.->>) 'name')
            and i.indrelid operator(pg_catalog.=) a.attrelid and i.indisunique and i.indnkeyatts operator(pg_catalog.=) 1
            and i.indpred is null and i.indkey[0] operator(pg_catalog.=) a.attnum;
exception when syntax_error_or_access_rule_violation or invalid_name then
    return;  -- what is no name is no relation
end
$$;
comment on function forge.leakage_warnings is
    'features that name their row: uuids, and keys of the relation that is the source; internal';

-- Runs as the requester, under the requester's search_path, which the source's names need.
create or replace function forge.check_new_request() returns trigger
language plpgsql
as $$
declare
    prepared record;
    source record;
    checked record;
    place record;
    error record;
    said text;
begin
    if new.requested_by is distinct from pg_catalog.quote_ident(current_user)::pg_catalog.regrole then
        raise exception using errcode = 'FG022', message = 'requested_by is set by Forge', hint = 'leave it out';
    end if;
    select t.* into prepared from forge.training_source(new) t;
    new := prepared.request;
    select s.* into source from forge.source_columns(new.source) s;
    if prepared.problem is not null then
        source.problem := prepared.problem;
        source.columns := null;
    end if;
    new.exclude := forge.without_embedding(new.exclude, new.source, new.config);
    select c.* into checked from forge.checked_request(new, source.columns) c;
    if new.config operator(pg_catalog.->) 'embed_into' operator(pg_catalog.<>) 'null' then
        select e.* into place from forge.embedding_place(new.config operator(pg_catalog.->) 'embed_into', new.id_column, source.columns) e;
        checked.request.embed_into := place.embed_into;
        checked.problems := checked.problems operator(pg_catalog.||) place.problems;
    end if;
    if source.problem is not null or pg_catalog.cardinality(checked.problems) operator(pg_catalog.>) 0 then
        select e.* into error from forge.combined_problems(pg_catalog.format('the training request for model "%s"', new.model), case when source.problem is null then checked.problems
            else source.problem operator(pg_catalog.||) checked.problems end) e;
        raise exception using errcode = error.code, message = error.message, detail = error.detail, hint = error.hint;
    end if;
    foreach said in array checked.notices loop
        raise notice '%', said;
    end loop;
    for said in select w from forge.leakage_warnings(new.source, (checked.request).columns) w order by w loop
        raise notice '%', said;
    end loop;
    return checked.request;
end
$$;
comment on function forge.check_new_request is
    'trigger of forge.training_requests: resolves a new request, or refuses it with all its problems at once';

create or replace trigger check_new_request before insert on forge.training_requests
    for each row execute function forge.check_new_request();
comment on trigger check_new_request on forge.training_requests is 'resolves a new request, or refuses it';
