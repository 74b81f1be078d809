-- From a request's source and the columns that it names to training_requests.columns: name, type, kind and role of
-- each.

-- No SET search_path: the source is analysed under the caller's.
create or replace function forge.source_columns(source text, out columns jsonb, out problem forge.problem)
language plpgsql stable
as $$
declare
    state text;
    reason text;
    remedy text;
begin
    if source is null or pg_catalog.btrim(source) operator(pg_catalog.=) '' then
        problem := row('FG005', 'a source is needed', 'the name of a relation, or one SELECT');
        return;
    end if;
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', d.name, 'type', d.type, 'kind', d.kind)) into columns
    from forge.describe_source(source) d;
exception when others then
    get stacked diagnostics state = returned_sqlstate, reason = message_text, remedy = pg_exception_hint;
    if state operator(pg_catalog.!~) '^FG' then
        raise;
    end if;
    problem := row(state, reason, remedy);
end
$$;
comment on function forge.source_columns is
    'the columns of a source as [{"name", "type", "kind"}], analysed with the caller''s rights and search_path; or why it cannot be read; internal';

create or replace function forge.trains_groups(request forge.training_requests) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(cardinality(request.group_columns), 0) > 0 and request.task is distinct from 'ranking'
        and request.split ->> 'method' is distinct from 'group' and request.params ->> 'statistics' is distinct from 'cluster'
$$;
comment on function forge.trains_groups is
    'whether group_columns ask for a model of each group, and do not say which rows of a split, a ranking or clustered errors belong together; internal';

create or replace function forge.named_columns(request forge.training_requests) returns table (name text, role text, place text)
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select n.name, n.role, n.place
        from (values
            (request.target, 'target', 'target'), (request.weight_column, 'weight', 'weight_column'),
            (request.id_column, 'id', 'id_column'), (request.time_column, 'time', 'time_column'),
            (case when jsonb_typeof(request.split -> 'column') = 'string' then request.split ->> 'column' end, 'part', 'split.column')
        ) n(name, role, place)
        where n.name is not null
        union all select g, case when forge.trains_groups(request) then 'model_group' else 'group' end, 'group_columns' from unnest(request.group_columns) g where g is not null
        union all select f, 'feature', 'features' from unnest(request.features) f where f is not null
        union all select e, 'excluded', 'exclude' from unnest(request.exclude) e where e is not null;
end
$$;
comment on function forge.named_columns is 'every column that a request names, in what role and where; internal';

create or replace function forge.resolve_columns(request forge.training_requests, columns jsonb) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Excluded columns are not read.
    return (
        with named as (
            select distinct on (n.name) n.name, n.role
            from forge.named_columns(request) n
            order by n.name, n.role = 'feature'
        )
        select coalesce(jsonb_agg(c.value || jsonb_build_object('role', coalesce(n.role, 'feature')) order by c.place)
            filter (where coalesce(n.role, case when request.features is null then 'feature' end) <> 'excluded'), '[]')
        from jsonb_array_elements(columns) with ordinality c(value, place)
        left join named n on n.name = c.value ->> 'name');
end
$$;
comment on function forge.resolve_columns is 'the columns that the reader reads, with their roles, in the order of the source; internal';

create or replace function forge.listed(names text[]) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select array_to_string(names[1:40], ', ') || case when cardinality(names) > 40 then format(' … and %s more', cardinality(names) - 40) else '' end
$$;
comment on function forge.listed is 'names for a message, at most forty of them; internal';

create or replace function forge.column_problems(request forge.training_requests, columns jsonb) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    available text[] := array(select c ->> 'name' from jsonb_array_elements(columns) c);
    resolved jsonb := forge.resolve_columns(request, columns);
    found record;
    features int := (select count(*) from jsonb_array_elements(resolved) c where c ->> 'role' = 'feature');
begin
    for found in select c from unnest(available) c group by c having count(*) > 1 loop
        return query select 'FG005', format('the source has more than one column "%s"', found.c), 'name them apart with AS';
    end loop;
    for found in
        select n.name, string_agg(distinct n.place, ', ') as places from forge.named_columns(request) n
        where n.name <> all (available)
        group by n.name order by n.name
    loop
        return query select 'FG006', format('column "%s" (%s) is not in the source', found.name, found.places),
            coalesce('did you mean ' || nullif(array_to_string(forge.nearest_names(found.name, available), ' or '), '') || '? ', '')
                || 'its columns are ' || forge.listed(available);
    end loop;
    for found in
        select n.name, string_agg(n.place, ', ' order by n.place) as places from forge.named_columns(request) n
        where n.name = any (available)
        group by n.name having count(distinct n.role) > 1 order by n.name
    loop
        return query select (forge.invalid_parameter(format('column "%s" cannot be both %s', found.name, replace(found.places, ', ', ' and ')),
            'give it one role')).*;
    end loop;
    for found in
        select c ->> 'name' as name, c ->> 'type' as type, c ->> 'kind' as kind, c ->> 'role' as role
        from jsonb_array_elements(resolved) with ordinality e(c, place) order by place
    loop
        if found.kind is null then
            return query select 'FG008', format('column "%s" (%s) has type %s, which cannot be used', found.name, replace(found.role, 'model_', ''), found.type),
                case found.role when 'feature' then format('leave it out: exclude => array[%L]; or cast it in the source', found.name)
                    else 'cast it in the source' end;
        elsif found.role = 'weight' and (found.kind <> 'number' or found.type ~ '^(boolean|date|time|interval)') then
            return query select 'FG007', format('the weight column "%s" has type %s', found.name, found.type), 'weights are numbers';
        elsif found.role = 'model_group' and found.kind = 'vector' then
            return query select 'FG007', format('the group column "%s" has type %s', found.name, found.type),
                'groups are told apart by numbers, dates or texts';
        elsif found.role = 'part' and found.kind <> 'category' then
            return query select 'FG007', format('the split column "%s" has type %s', found.name, found.type),
                'it is a text column that says train, test or validation';
        elsif found.role = 'time' and (found.kind <> 'number' or found.type ~ '^(boolean|interval)') then
            return query select 'FG007', format('the time column "%s" has type %s', found.name, found.type),
                'it is a date, a timestamp, or a number that rises with time';
        end if;
    end loop;
    if features > 1599 then
        return query select 'FG013', format('%s features are too many', features), 'at most 1599; name the best in features';
    elsif features = 0 and not exists (select from forge.named_columns(request) n where n.name <> all (available)) then
        return query select 'FG006', 'no column is left to be a feature',
            format('the source has %s', coalesce(nullif(forge.listed(available), ''), 'no columns'));
    end if;
end
$$;
comment on function forge.column_problems is 'columns that are missing, double, of two roles or of an unusable type; too many or no features; internal';
