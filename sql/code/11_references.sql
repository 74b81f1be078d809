-- From a reference such as churn, churn@challenger or churn/3 to a version.

create or replace function forge.resolve_model(reference text, out model text, out version int, out version_id bigint)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    wanted_alias text := coalesce(substring(reference from '@(.*)$'), 'champion');
    wanted_version text := substring(reference from '/(.*)$');
    retired timestamptz;
begin
    if reference is null then
        return;
    end if;
    model := regexp_replace(reference, '[@/].*$', '');
    perform from forge.models m where m.name = resolve_model.model;
    if not found then
        raise exception using errcode = 'FG002', message = format('model "%s" does not exist, or you may not see it', model),
            hint = 'select name from forge.models lists the models that you may see; its owner grants with forge.grant_model';
    end if;
    if wanted_version is not null then
        select v.version, v.id, v.retired_at into version, version_id, retired
        from forge.model_versions v
        where v.model = resolve_model.model and v.version::text = wanted_version;
    else
        select v.version, v.id, v.retired_at into version, version_id, retired
        from forge.model_aliases a join forge.model_versions v using (model, version)
        where a.model = resolve_model.model and a.alias = wanted_alias and a.valid_to is null;
    end if;
    if version is null then
        raise exception using errcode = 'FG002',
            message = case when wanted_version is null
                then format('model "%s" has no %s', model,
                    case wanted_alias when 'champion' then 'champion' else format('alias "%s"', wanted_alias) end)
                else format('model "%s" has no version %s', model, wanted_version) end,
            hint = format('select * from forge.describe(%L) lists its versions and aliases', model);
    elsif retired is not null then
        raise exception using errcode = 'FG002', message = format('version %s of model "%s" was retired', version, model),
            detail = format('Its artifact was deleted on %s.', retired),
            hint = format('select * from forge.describe(%L) lists the versions that can score', model);
    end if;
end
$$;
comment on function forge.resolve_model is
    'the version that "model" (its champion), "model@alias" or "model/version" means; an error (FG002) if there is none that can score';

create or replace function forge.nearest_names(name text, candidates text[], up_to int default 3) returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    -- Shared letter pairs, Dice's coefficient: enough to catch a slip of the finger without an extension.
    select coalesce(array_agg(c order by likeness desc, c), '{}')
    from (
        select c, 2.0 * count(distinct pair) filter (where position(pair in lower(c)) > 0)
            / nullif(length(nearest_names.name) - 1 + length(c) - 1, 0) as likeness
        from unnest(candidates) c,
            lateral (select substr(lower(nearest_names.name), i, 2) as pair
                     from generate_series(1, length(nearest_names.name) - 1) i) pairs
        group by c
        order by likeness desc nulls last, c
        limit up_to
    ) best
    where likeness >= 0.3;
$$;
comment on function forge.nearest_names is 'the candidates most like a name, best first, for hints; none that differs altogether; internal';
