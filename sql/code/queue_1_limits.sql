-- training_requests.config: resources and scheduling, from text to numbers.

create or replace function forge.config_problems(config jsonb) returns setof forge.problem
language plpgsql stable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  part record;
  key text;
  given jsonb;
  amount double precision;
begin
  -- every object, with the keys it may have
  for part in
    select * from (values
      ('{}'::text[], 'config', array['resources', 'scheduling', 'evaluation', 'decision', 'explain', 'groups', 'embed_into']),
      ('{decision}', 'config.decision', array['threshold', 'calibration']),
      ('{evaluation}', 'config.evaluation', array['bootstrap', 'level', 'intervals', 'importance', 'repeats']),
      ('{explain}', 'config.explain', array['method', 'background', 'seed', 'samples']),
      ('{groups}', 'config.groups', array['min_rows']),
      ('{resources}', 'config.resources', array['limits', 'requests']),
      ('{resources,limits}', 'config.resources.limits', array['cpu', 'memory']),
      ('{resources,requests}', 'config.resources.requests', array['cpu', 'memory']),
      ('{scheduling}', 'config.scheduling', array['max_retries', 'timeout'])) as t(path, label, keys)
  loop
    given := case when part.path = '{}' then config else config #> part.path end;
    continue when given is null;
    if jsonb_typeof(given) <> 'object' then
      return next row('FG027', format('%s is %s, not an object', part.label, given),
        format('its keys are %s', array_to_string(part.keys, ', ')))::forge.problem;
      continue;
    end if;
    for key in select k from jsonb_object_keys(given) k where k <> all (part.keys) order by 1 loop
      return next row('FG027', format('%s has no key "%s"', part.label, key),
        format('its keys are %s', array_to_string(part.keys, ', ')))::forge.problem;
    end loop;
  end loop;

  for part in select * from (values ('limits'), ('requests')) as t(kind) loop
    key := config #>> array['resources', part.kind, 'cpu'];
    amount := forge.cpu_quantity(key);
    if key is not null and (amount is null or amount <= 0) then
      return next row('FG027', format('config.resources.%s.cpu is "%s"', part.kind, key),
        'write a number of cpus above 0, such as "2", "0.5" or "500m"')::forge.problem;
    end if;
    key := config #>> array['resources', part.kind, 'memory'];
    amount := forge.memory_quantity(key);
    if key is not null and (amount is null or amount <= 0) then
      return next row('FG027', format('config.resources.%s.memory is "%s"', part.kind, key),
        'write an amount above 0, such as "8G" (8·10⁹ bytes) or "8Gi" (2³³)')::forge.problem;
    end if;
  end loop;
  if forge.cpu_quantity(config #>> '{resources,requests,cpu}') > forge.cpu_quantity(config #>> '{resources,limits,cpu}') then
    return next row('FG027', format('config.resources.requests.cpu %s is above limits.cpu %s',
      config #>> '{resources,requests,cpu}', config #>> '{resources,limits,cpu}'), 'lower the request or raise the limit')::forge.problem;
  end if;
  if forge.memory_quantity(config #>> '{resources,requests,memory}') > forge.memory_quantity(config #>> '{resources,limits,memory}') then
    return next row('FG027', format('config.resources.requests.memory %s is above limits.memory %s',
      config #>> '{resources,requests,memory}', config #>> '{resources,limits,memory}'), 'lower the request or raise the limit')::forge.problem;
  end if;

  key := config #>> '{scheduling,max_retries}';
  if key is not null and (key !~ '^[0-9]{1,3}$' or key::int > 100) then
    return next row('FG027', format('config.scheduling.max_retries is "%s"', key), 'write a whole number from 0 to 100')::forge.problem;
  end if;
  key := config #>> '{evaluation,bootstrap}';
  if key is not null and (jsonb_typeof(config #> '{evaluation,bootstrap}') <> 'number' or key !~ '^[0-9]{1,5}$'
    or key::int <> 0 and key::int not between 100 and 10000)
  then
    return next row('FG027', format('config.evaluation.bootstrap is %s', config #> '{evaluation,bootstrap}'),
      'write a whole number of replicates from 100 to 10000, such as 1000; or 0')::forge.problem;
  end if;
  key := config #>> '{evaluation,level}';
  if key is not null and (jsonb_typeof(config #> '{evaluation,level}') <> 'number' or key !~ '^0\.[0-9]{1,9}$'
    or key::double precision not between 0.5 and 0.999)
  then
    return next row('FG027', format('config.evaluation.level is %s', config #> '{evaluation,level}'),
      'write a share from 0.5 to 0.999, such as 0.95')::forge.problem;
  end if;
  if config #> '{evaluation,intervals}' not in ('"split"', 'null') then
    return next row('FG027', format('config.evaluation.intervals is %s', config #> '{evaluation,intervals}'),
      'write "split": a regression''s intervals, learned from rows set apart')::forge.problem;
  end if;
  given := config #> '{evaluation,importance}';
  if given is not null and given <> 'null' and not (jsonb_typeof(given) = 'array' and given <> '[]'
    and given <@ '["permutation", "mean_abs_shap"]')
  then
    return next row('FG027', format('config.evaluation.importance is %s', given),
      'write ["permutation"], ["mean_abs_shap"] or both')::forge.problem;
  end if;
  given := config #> '{evaluation,repeats}';
  if given is not null and given <> 'null' then
    if jsonb_typeof(given) <> 'number' or given::text !~ '^[0-9]{1,3}$' or given::int not between 1 and 100 then
      return next row('FG027', format('config.evaluation.repeats is %s', given),
        'write how often a column is shuffled, a whole number from 1 to 100, such as 5')::forge.problem;
    elsif coalesce(config #> '{evaluation,importance}', 'null') in ('null', '["mean_abs_shap"]') then
      return next row('FG027', 'config.evaluation.repeats is of permutation importance, which is not asked for',
        'write "importance": ["permutation"] beside it')::forge.problem;
    end if;
  end if;
  if config #> '{explain,method}' not in ('"interventional"', 'null') then
    return next row('FG027', format('config.explain.method is %s', config #> '{explain,method}'),
      'write "interventional": explanations compare with a sample of the training rows')::forge.problem;
  end if;
  for part in select * from (values
    ('explain', 'background', 1, 1000, 'rows, such as 100'), ('explain', 'samples', 100, 1000000, 'coalitions of columns, such as 5000'),
    ('explain', 'seed', -2147483648, 2147483647, 'a seed'),
    ('groups', 'min_rows', 2, 1000000000, 'training rows, such as 30')) as t(section, key, least, most, what)
  loop
    given := config #> array[part.section, part.key];
    continue when given is null or given = 'null';
    if jsonb_typeof(given) <> 'number' or given::numeric <> trunc(given::numeric) or given::numeric not between part.least and part.most then
      return next row('FG027', format('config.%s.%s is %s', part.section, part.key, given),
        format('write a whole number from %s to %s: %s', part.least, part.most, part.what))::forge.problem;
    end if;
  end loop;
  if config #> '{decision,calibration}' not in ('"platt"', '"isotonic"', 'null') then
    return next row('FG027', format('config.decision.calibration is %s', config #> '{decision,calibration}'),
      'write "platt" or "isotonic"')::forge.problem;
  end if;
  given := config #> '{decision,threshold}';
  if given is not null and given <> 'null' and not (case jsonb_typeof(given)
    when 'number' then given::float8 > 0 and given::float8 < 1
    when 'string' then given in ('"f1"', '"balanced_accuracy"')
    when 'object' then given - 'cost_matrix'::text = '{}' and jsonb_typeof(given -> 'cost_matrix') = 'object'
      and (given -> 'cost_matrix') - '{false_positive,false_negative}'::text[] = '{}'
      and jsonb_path_exists(given, '$.cost_matrix ? (@.false_positive > 0 && @.false_negative > 0)')
    else false end)
  then
    return next row('FG027', format('config.decision.threshold is %s', given),
      'write a number above 0 and below 1, "f1", "balanced_accuracy", or {"cost_matrix": {"false_positive": 1, "false_negative": 5}}')::forge.problem;
  end if;
  key := config #>> '{scheduling,timeout}';
  if key is not null and (key !~ '^[0-9]{1,8}(\.[0-9]{1,6})?$' or key::double precision <= 0) then
    return next row('FG027', format('config.scheduling.timeout is "%s"', key), 'write seconds above 0, such as 3600')::forge.problem;
  end if;
end
$$;
comment on function forge.config_problems(jsonb) is 'everything wrong with a request''s config; no row if it is right; internal';

-- The numbers that the claim compares, beside the config that they come from.
create or replace function forge.apply_config() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  problems forge.problem[] := array(select p from forge.config_problems(new.config) p);
begin
  if cardinality(problems) > 0 then
    raise exception using errcode = 'FG027',
      message = (select string_agg(p.message, '; ') from unnest(problems) p),
      hint = (select string_agg(distinct p.hint, '; ') from unnest(problems) p);
  end if;
  new.cpu_limit := forge.cpu_quantity(new.config #>> '{resources,limits,cpu}');
  new.memory_limit := forge.memory_quantity(new.config #>> '{resources,limits,memory}');
  -- A job never needs more than its limit, so the default of one cpu shrinks with it.
  new.cpu_request := coalesce(forge.cpu_quantity(new.config #>> '{resources,requests,cpu}'), least(1, new.cpu_limit));
  new.memory_request := coalesce(forge.memory_quantity(new.config #>> '{resources,requests,memory}'), 0);
  new.max_retries := coalesce((new.config #>> '{scheduling,max_retries}')::int, 3);
  new.timeout_seconds := (new.config #>> '{scheduling,timeout}')::double precision;
  return new;
end
$$;
comment on function forge.apply_config() is 'trigger: reads a request''s config into its resource and scheduling columns';

create or replace trigger training_requests_config before insert on forge.training_requests
  for each row execute function forge.apply_config();
