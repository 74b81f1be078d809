-- What may be said in preprocess: the entries are those of forge.preprocess_rules(), which the trainer reads requests by too.

create or replace function forge.preprocess_kind(feature jsonb) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case when feature ->> 'kind' = 'number' and feature ->> 'type' ~ '^(date|timestamp)' then 'date' else feature ->> 'kind' end
$$;
comment on function forge.preprocess_kind is 'number, date, category or vector; null for no feature; internal';

create or replace function forge.preprocess_refusal(value jsonb, rule jsonb) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    given record;
    refusal text;
begin
    if rule ? 'list' then
        if jsonb_typeof(value) <> 'array' or value = '[]' then
            return 'must be a list';
        end if;
        for given in select e.item, e.place from jsonb_array_elements(value) with ordinality e(item, place) loop
            refusal := forge.parameter_refusal(given.item, rule);
            if refusal is not null then
                return format('holds %s, which %s', given.item, refusal);
            elsif exists (select from jsonb_array_elements(value) with ordinality e(item, place)
                          where e.item = given.item and e.place < given.place) then
                return format('holds %s twice', given.item);
            end if;
        end loop;
        return null;
    end if;
    refusal := forge.parameter_refusal(value, rule);
    if refusal is not null then
        return refusal;
    elsif rule ? 'share_or_count' and jsonb_typeof(value) = 'number' and (value #>> '{}')::numeric >= 1
        and (value #>> '{}')::numeric <> trunc((value #>> '{}')::numeric) then
        return 'must be a share below 1 or a whole number';
    elsif rule ? 'entries' then
        return forge.preprocess_object_refusal(value, rule -> 'entries');
    end if;
    return null;
end
$$;
comment on function forge.preprocess_refusal is 'why a value does not suit an entry of forge.preprocess_rules(); null: it does; internal';

create or replace function forge.preprocess_object_refusal(value jsonb, entries jsonb) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    given record;
    refusal text;
begin
    for given in select e.key, e.value from jsonb_each(value) e loop
        if not entries ? given.key then
            return format('has no entry "%s"; known: %s', given.key,
                (select string_agg(k, ', ' order by k) from jsonb_object_keys(entries) k));
        end if;
        refusal := forge.parameter_refusal(given.value, entries -> given.key);
        if refusal is not null then
            return format('has %s, which %s', given.key, refusal);
        end if;
    end loop;
    return null;
end
$$;
comment on function forge.preprocess_object_refusal is 'why an entry of an object is refused, or null; internal';

-- usual: the entries of "*"; feature: null for "*" itself, and while the columns are not known.
create or replace function forge.preprocess_column_problems(place text, given jsonb, usual jsonb, feature jsonb) returns setof forge.problem
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    rules constant jsonb := forge.preprocess_rules() -> 'column';
    kind text := forge.preprocess_kind(feature);
    entry record;
    refusal text;
    strange text[];
begin
    return query select u.* from forge.unknown_keys(given, array(select jsonb_object_keys(rules) order by 1), place) u;
    for entry in select e.key, e.value, rules -> e.key as rule from jsonb_each(given) e where rules ? e.key loop
        refusal := forge.preprocess_refusal(entry.value, entry.rule);
        if refusal is not null then
            return next forge.invalid_parameter(format('%s.%s %s, got %s', place, entry.key, refusal, entry.value), entry.rule ->> 'description');
            continue;
        end if;
        return query
            select (forge.invalid_parameter(format('%s.%s needs %s "%s" beside it', place, entry.key, n.key, n.value),
                format('{"%s": "%s", "%s": %s}', n.key, n.value, entry.key, entry.value))).*
            from jsonb_each_text(coalesce(entry.rule -> 'needs', '{}')) n
            where coalesce(given ->> n.key, usual ->> n.key) is distinct from n.value;
        return query
            select (forge.invalid_parameter(format('%s.%s cannot stand beside %s', place, entry.key, string_agg(x, ', ' order by x)),
                'leave one of them out')).*
            from jsonb_array_elements_text(coalesce(entry.rule -> 'excludes', '[]')) x
            where given ? x
            having count(*) > 0;
    end loop;
    if given ->> 'impute' = 'constant' and not given ? 'value' and not coalesce(usual ? 'value', false) then
        return next forge.invalid_parameter(format('%s: impute "constant" needs "value"', place), '{"impute": "constant", "value": 0}');
    end if;
    if kind is null then
        return;
    end if;
    strange := array(select k from jsonb_object_keys(given) k where rules ? k and not (rules -> k -> 'for') ? kind order by 1);
    if cardinality(strange) > 0 then
        return next forge.invalid_parameter(
            format('%s: %s %s for %s, the column is %s', place, array_to_string(strange, ', '),
                case cardinality(strange) when 1 then 'is' else 'are' end,
                case when kind = 'vector' then 'other columns' when kind = 'category' then 'numbers' when strange = '{parts}' then 'dates' else 'categories' end, feature ->> 'type'),
            case when kind = 'vector' then 'vectors take impute, value, scale and drop'
                when kind = 'category' then 'categories take {"encode": "one_hot"} and its like'
                else 'cast the column to text in the source to treat its values as categories' end);
    elsif jsonb_typeof(given -> 'encode') = 'string' and kind <> 'number'
        and (given ->> 'encode' = 'date_parts') <> (kind = 'date') then
        return next forge.invalid_parameter(
            format('%s: encode %s, the column is %s', place,
                case kind when 'date' then 'of a date is date_parts' else 'date_parts is for dates' end, feature ->> 'type'),
            case kind when 'date' then 'leave encode out, or cast the column to text in the source' else 'cast the column to date in the source' end);
    end if;
end
$$;
comment on function forge.preprocess_column_problems is
    'entries of one column''s preprocess that are unknown, mistyped, in each other''s way or not for such a column; internal';

create or replace function forge.preprocess_across_problems(key text, given jsonb, features jsonb) returns setof forge.problem
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    place constant text := 'preprocess.' || key;
    entries constant jsonb := forge.preprocess_rules() -> key;
    example constant text := case key
        when '@cross' then '"@cross": [["city", "plan"], ["age", "income"]]'
        when '@interactions' then '"@interactions": true, or a list of number columns'
        when '@select' then '"@select": {"method": "mutual_information", "k": 20}'
        else '"@drop": {"constant": true, "duplicates": true}' end;
    names jsonb := '[]';
    refusal text;
begin
    if key in ('@select', '@drop') then
        if jsonb_typeof(given) <> 'object' then
            return next forge.invalid_parameter(format('%s must be an object, got %s', place, given), 'such as ' || example);
            return;
        end if;
        refusal := forge.preprocess_object_refusal(given, entries);
        if refusal is not null then
            return next forge.invalid_parameter(format('%s %s', place, refusal), 'such as ' || example);
        elsif key = '@select' and (given ? 'k') = (given ? 'fraction') then
            return next forge.invalid_parameter(format('%s needs either k or fraction', place), 'such as ' || example);
        end if;
        return;
    end if;
    if key = '@interactions' and jsonb_typeof(given) = 'boolean' then
        return;
    elsif jsonb_typeof(given) <> 'array' then
        return next forge.invalid_parameter(format('%s must be %s, got %s', place,
            case key when '@cross' then 'a list of pairs of features' else 'true or a list of number columns' end, given), 'such as ' || example);
        return;
    end if;
    if key = '@cross' then
        return query
            select (forge.invalid_parameter(format('%s holds %s, which is no pair of features', place, c), 'such as ' || example)).*
            from jsonb_array_elements(given) c
            where c is distinct from jsonb_path_query_array(c, 'strict $[*] ? (@.type() == "string")', silent => true)
                or jsonb_typeof(c) <> 'array' or jsonb_array_length(case jsonb_typeof(c) when 'array' then c else '[]' end) <> 2;
        names := (select coalesce(jsonb_agg(n), '[]') from jsonb_array_elements(given) c,
            jsonb_array_elements(case jsonb_typeof(c) when 'array' then c else '[]' end) n where jsonb_typeof(n) = 'string');
    else
        names := given;
        if jsonb_array_length(given) < 2 or exists (select from jsonb_array_elements(given) n where jsonb_typeof(n) <> 'string') then
            return next forge.invalid_parameter(format('%s must be true or a list of number columns, got %s', place, given), 'such as ' || example);
            return;
        end if;
    end if;
    if features is not null then
        return query
            select (forge.invalid_parameter(
                format('%s names "%s", which is no %s', place, n, case key when '@cross' then 'feature' else 'number column' end),
                case when features ? n then format('the column is %s', features -> n ->> 'type')
                    else coalesce('did you mean ' || nullif(array_to_string(forge.nearest_names(n,
                        array(select jsonb_object_keys(features))), ' or '), '') || '?', 'name features of the source') end)).*
            from (select distinct e from jsonb_array_elements_text(names) e) d(n)
            where not features ? n or (key = '@interactions' and forge.preprocess_kind(features -> n) <> 'number');
    end if;
end
$$;
comment on function forge.preprocess_across_problems is 'what is wrong with @cross, @interactions, @select or @drop; internal';

create or replace function forge.preprocess_problems(preprocess jsonb, columns jsonb) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    form constant text := '{"age": {"impute": "median", "scale": "standard"}, "plan": {"encode": "one_hot"}, "*": {…}}';
    features jsonb := (select jsonb_object_agg(c ->> 'name', c) from jsonb_array_elements(columns) c where c ->> 'role' = 'feature');
    usual jsonb;
    entry record;
begin
    if jsonb_typeof(preprocess) <> 'object' then
        return next forge.invalid_parameter(format('preprocess must be an object, got %s', preprocess), 'such as ' || form);
        return;
    end if;
    usual := case jsonb_typeof(preprocess -> '*') when 'object' then preprocess -> '*' else '{}' end;
    for entry in select e.key, e.value from jsonb_each(preprocess) e loop
        if entry.key in ('@cross', '@interactions', '@select', '@drop') then
            return query select p.* from forge.preprocess_across_problems(entry.key, entry.value, features) p;
        elsif entry.key <> '*' and features is not null and not features ? entry.key then
            return next forge.invalid_parameter(format('preprocess names "%s", which is no feature', entry.key),
                coalesce('did you mean ' || nullif(array_to_string(forge.nearest_names(entry.key,
                    array(select jsonb_object_keys(features)) || '{@cross,@interactions,@select,@drop}'), ' or '), '') || '?', 'name a feature, or "*" for all'));
        elsif jsonb_typeof(entry.value) <> 'object' then
            return next forge.invalid_parameter(format('preprocess.%s must be an object, got %s', entry.key, entry.value), 'such as ' || form);
        else
            return query select p.* from forge.preprocess_column_problems(format('preprocess.%s', entry.key), entry.value,
                case entry.key when '*' then '{}' else usual end, features -> entry.key) p;
        end if;
    end loop;
end
$$;
comment on function forge.preprocess_problems is
    'entries of preprocess that are unknown, mistyped or do not suit the column; columns null: the columns are not known; internal';

-- columns must be resolved.
create or replace function forge.preprocess_form_problems(preprocess jsonb, columns jsonb, algorithm text) returns setof forge.problem
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with asked as (  -- of each feature: its own entries over those of "*"
        select c ->> 'name' as name, forge.preprocess_kind(c) as kind, e.own, e.usual || e.own as entries
        from jsonb_array_elements(columns) c,
            lateral (select preprocess -> (c ->> 'name') as own, preprocess -> '*' as usual) g,
            lateral (
                select case jsonb_typeof(g.own) when 'object' then g.own else '{}' end as own,
                    case jsonb_typeof(g.usual) when 'object' then g.usual else '{}' end as usual) e
        where c ->> 'role' = 'feature'),
    refused as (
        select distinct case when a.own ? r.entry then a.name else '*' end as place, r.*
        from asked a
        join (values
            ('number', 'impute', 'none', 'needs a value for NULL', 'use impute median, mean, most_frequent or constant'),
            ('category', 'encode', 'native', 'cannot take native categories', 'use encode one_hot, target, frequency or hash')
        ) r(kind, entry, value, message, hint) on r.kind = a.kind and r.value = a.entries ->> r.entry
        where a.entries -> 'drop' is distinct from 'true' and not a.entries ? 'bin')
    select 'FG004', format('preprocess.%s.%s "%s": %s %s', r.place, r.entry, r.value, algorithm, r.message), r.hint
    from refused r
    where exists (select from forge.algorithms a where a.name = algorithm and a.form <> 'trees')
$$;
comment on function forge.preprocess_form_problems is 'entries of preprocess that only algorithms of trees can do without; internal';
