-- Intervals around a regression's predictions, by split conformal prediction (Lei et al. 2018).

create or replace function forge.interval_around(reference text, level double precision, out pinned text, out radius double precision)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    version forge.model_versions;
    scores double precision[];
    rank double precision;
begin
    if level is null or level <= 0 or level >= 1 or level = 'NaN' then
        raise exception using errcode = 'FG004', message = format('level must be above 0 and below 1, got %s', coalesce(level::text, 'null')),
            hint = '0.9 is usual: of ten rows nine lie inside';
    elsif reference is null then
        return;
    end if;
    select v.* into version from forge.resolve_model(reference) r join forge.model_versions v on v.id = r.version_id;
    select c.scores into scores from forge.conformal_scores c where c.model = version.model and c.version = version.version;
    if scores is null then
        raise exception using errcode = 'FG010', message = format('version %s of model "%s" has no intervals', version.version, version.model),
            hint = 'train a regression with config {"evaluation": {"intervals": "split"}}';
    end if;
    rank := ceil((cardinality(scores) + 1) * level);
    radius := case when rank <= cardinality(scores) then scores[rank::int] else 'Infinity' end;
    pinned := format('%s/%s', version.model, version.version);
end
$$;
comment on function forge.interval_around is
    'the version that is meant, and half the width of its intervals: the ceil((n + 1) * level)-th smallest of its n scores, Infinity beyond the last; FG010 without scores; internal';

create or replace function forge.predict_interval(model text, features record, level double precision default 0.9)
returns table (prediction double precision, lower double precision, upper double precision)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    asked record;
begin
    select * into asked from forge.interval_around(model, level);
    prediction := forge.predict(asked.pinned, features);
    lower := prediction - asked.radius;
    upper := prediction + asked.radius;
    return next;
end
$$;
create or replace function forge.predict_interval(model text, features jsonb, level double precision default 0.9)
returns table (prediction double precision, lower double precision, upper double precision)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    asked record;
begin
    select * into asked from forge.interval_around(model, level);
    prediction := forge.predict(asked.pinned, features);
    lower := prediction - asked.radius;
    upper := prediction + asked.radius;
    return next;
end
$$;
create or replace function forge.predict_interval(model text, features text, level double precision default 0.9)
returns table (prediction double precision, lower double precision, upper double precision)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select i.prediction, i.lower, i.upper from forge.predict_interval($1, $2::jsonb, $3) i
$$;

do $comments$
declare
    form text;
begin
    foreach form in array array['record', 'jsonb', 'text'] loop
        execute format('comment on function forge.predict_interval(text, %s, double precision) is %L', form,
            'a regression''s prediction for a row, and an interval that holds the true value with probability level (above 0, below 1; default 0.9): '
            || 'split conformal, of one width for all rows, from rows set apart by config.evaluation.intervals = "split" (FG010 without them). '
            || '-Infinity and Infinity: too few rows for that level. '
            || case form when 'record' then 'The row is matched by column names' else 'The row is a JSON object by column names' end);
    end loop;
end
$comments$;
