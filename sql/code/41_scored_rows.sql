-- Rows with known targets beside what a version says of them: those of a source, or those that the version held out.
-- Runs as the caller, under the caller's search_path, since it reads a source that the caller names.

create or replace function forge.held_out(model text, version int) returns table (truth double precision, scores double precision[])
language sql stable
as $$
    -- Each array is unpacked once: whoever asks a stored array for one element unpacks all of it.
    select r.truth, r.scores
    from forge.held_out_scores h
    cross join lateral (select pg_catalog.cardinality(h.scores) / pg_catalog.cardinality(h.truth) as scores offset 0) width
    cross join lateral (
        select pg_catalog.max(c.value) filter (where c.place = 0) as truth,
            pg_catalog.array_agg(c.value order by c.place) filter (where c.place > 0) as scores
        from (
            select t.place as row, 0 as place, t.truth as value from pg_catalog.unnest(h.truth) with ordinality t(truth, place)
            union all
            select (s.place - 1) / width.scores + 1, s.place, s.score from pg_catalog.unnest(h.scores) with ordinality s(score, place)) c
        group by c.row) r
    where h.model = $1 and h.version = $2
$$;
comment on function forge.held_out is 'the rows of forge.held_out_scores one by one; internal';

create or replace function forge.held_out_query(entry forge.models, version forge.model_versions) returns text
language plpgsql stable
as $$
begin
    if entry.task = 'ranking' then
        raise exception using errcode = 'FG010', message = pg_catalog.format('the queries of the held-out rows of model "%s" are not kept', entry.name),
            hint = 'name a source; forge.model_metrics has the metrics of the held-out rows';
    elsif not exists (select from forge.held_out_scores h where h.model = entry.name and h.version = (held_out_query.version).version) then
        raise exception using errcode = 'FG010',
            message = pg_catalog.format('version %s of model "%s" held out no rows, or their scores are not kept or not yours to see', version.version, entry.name),
            hint = 'name a source with true values';
    elsif entry.task = 'regression' then
        return pg_catalog.format('select h.truth, h.scores[1] as score from forge.held_out(%L, %s) h', entry.name, version.version);
    elsif version.positive is not null then
        return pg_catalog.format(
            'select (%1$L::pg_catalog.text[])[h.truth::pg_catalog.int4 + 1] as truth, h.scores[%2$s] as score,
                (%1$L::pg_catalog.text[])[case when %5$s then 1 else 2 end] as label
            from forge.held_out(%3$L, %4$s) h',
            version.labels, pg_catalog.array_position(version.labels, version.positive), entry.name, version.version,
            case when version.manifest ->> 'threshold' is null then 'h.scores[1] >= h.scores[2]'
                when version.positive = version.labels[1] then pg_catalog.format('h.scores[1] >= %L', version.manifest ->> 'threshold')
                else pg_catalog.format('not h.scores[2] >= %L', version.manifest ->> 'threshold') end);
    else
        return pg_catalog.format(
            'select (%1$L::pg_catalog.text[])[h.truth::pg_catalog.int4 + 1] as truth, h.scores as shares,
                (%1$L::pg_catalog.text[])[pg_catalog.array_position(h.scores, (select pg_catalog.max(s) from pg_catalog.unnest(h.scores) s))] as label
            from forge.held_out(%2$L, %3$s) h',
            version.labels, entry.name, version.version);
    end if;
end
$$;
comment on function forge.held_out_query is 'a query of a version''s held-out rows, as forge.scored_rows gives it; internal';

create or replace function forge.source_truth(entry forge.models, readable jsonb) returns text
language plpgsql stable
as $$
declare
    type_of_truth text;
    kind text;
begin
    select c ->> 'type', c ->> 'kind' into type_of_truth, kind
    from pg_catalog.jsonb_array_elements(readable) c where c ->> 'name' = entry.target;
    if type_of_truth is null then
        raise exception using errcode = 'FG006', message = pg_catalog.format('the source has no column "%s", the target of model "%s"', entry.target, entry.name),
            hint = 'add the true values under that name';
    elsif entry.task <> 'classification' and (kind is distinct from 'number' or type_of_truth ~ '^(date|timestamp)') then
        raise exception using errcode = 'FG007',
            message = pg_catalog.format('column "%s" has type %s, which is no quantity: model "%s" learned one of type %s', entry.target, type_of_truth, entry.name, entry.target_type),
            hint = 'cast it in the source';
    elsif entry.task <> 'classification' then
        return forge.number_expression(entry.target, type_of_truth);
    end if;
    -- A label's text is the value's own; a number's is its shortest form, as the trainer writes it.
    return pg_catalog.format(
        case when type_of_truth ~ '^(smallint|integer|bigint|numeric|real|double precision)' then 's.%1$I::pg_catalog.float8::pg_catalog.text'
            else 's.%1$I::pg_catalog.text' end, entry.target);
end
$$;
comment on function forge.source_truth is
    'the target of a source s as the trainer takes it; FG006 without one, FG007 if it is no quantity where one was learned; internal';

create or replace function forge.require_truths(entry forge.models, labels text[], source text, truths text) returns void
language plpgsql stable
as $$
declare
    found record;
begin
    execute pg_catalog.format(
        case when entry.task = 'classification'
            then 'select pg_catalog.count(*) as rows, pg_catalog.count(*) filter (where q.truth <> all (%2$L::pg_catalog.text[])) as strange,
                (pg_catalog.array_agg(distinct q.truth) filter (where q.truth <> all (%2$L::pg_catalog.text[])))[1:4] as examples from (%1$s) q'
            else 'select pg_catalog.count(*) as rows, pg_catalog.count(*) filter (where q.truth in (''NaN'', ''Infinity'', ''-Infinity'')) as strange,
                pg_catalog.array_agg(distinct q.truth::pg_catalog.text) filter (where q.truth in (''NaN'', ''Infinity'', ''-Infinity'')) as examples from (%1$s) q'
        end, truths, labels) into found;
    perform forge.require_rows(found.rows, source);
    if entry.task = 'classification' and found.strange = found.rows then
        raise exception using errcode = 'FG007',
            message = pg_catalog.format('no value of column "%s" is a label of model "%s"', entry.target, entry.name),
            detail = pg_catalog.format('The source has %s, the model %s.', pg_catalog.array_to_string(found.examples, ', '), pg_catalog.array_to_string(labels[1:4], ', ')),
            hint = pg_catalog.format('give it the labels in the source, such as case %1$I when %2$L then %3$L … end as %1$I', entry.target, found.examples[1], labels[1]);
    elsif entry.task <> 'classification' and found.strange > 0 then
        raise exception using errcode = 'FG012',
            message = pg_catalog.format('target "%s" is %s in %s of %s rows of the source', entry.target, pg_catalog.array_to_string(found.examples, ' or '), found.strange, found.rows),
            hint = pg_catalog.format('leave these rows out: where %1$I > %2$L and %1$I < %3$L', entry.target, '-Infinity', 'Infinity');
    end if;
end
$$;
comment on function forge.require_truths is
    'refuses a query of truths that has no rows (FG010), no label of the model (FG007), or NaN or infinite values (FG012); internal';

create or replace function forge.source_queries(version forge.model_versions, readable jsonb) returns text
language plpgsql stable
as $$
declare
    names text[];
    missing text;
begin
    names := array(select pg_catalog.jsonb_array_elements_text(coalesce(
        nullif(version.split #> '{key,group}', 'null'),
        (select pg_catalog.to_jsonb(r.group_columns) from forge.training_requests r where r.id = version.training_request), '[]')));
    if names = '{}' then
        raise exception using errcode = 'FG006', message = pg_catalog.format('the columns that tell the queries of model "%s" apart are not known', version.model),
            detail = 'Its training request is not yours, or is gone.', hint = 'train with split.method "group", which keeps them';
    end if;
    select pg_catalog.string_agg(pg_catalog.quote_ident(n), ', ') into missing
    from pg_catalog.unnest(names) n
    where not readable @> pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('name', n));
    if missing is not null then
        raise exception using errcode = 'FG006', message = pg_catalog.format('the source lacks %s, which tells the queries of model "%s" apart', missing, version.model),
            hint = 'name a source with group_columns of the training';
    end if;
    return (select 'row(' || pg_catalog.string_agg(pg_catalog.format('s.%I', n), ', ') || ')::pg_catalog.text' from pg_catalog.unnest(names) n);
end
$$;
comment on function forge.source_queries is 'what tells the queries of a ranking apart in a source s; FG006 if it is not there; internal';

create or replace function forge.scored_rows(
    reference text, source text, for_task text, out query text, out model text, out task text, out labels text[], out positive text, out params jsonb)
language plpgsql stable
as $$
declare
    version forge.model_versions;
    entry forge.models;
    readable jsonb;
    truth text;
    rows text;
    answer text;
begin
    select v.* into version from forge.resolve_model(reference) r join forge.model_versions v on v.id = r.version_id;
    select m.* into entry from forge.models m where m.name = version.model;
    if entry.task <> coalesce(for_task, entry.task) then
        raise exception using errcode = 'FG014', message = pg_catalog.format('model "%s" is a %s, not a %s', entry.name, entry.task, for_task),
            hint = 'forge.evaluate works for every task';
    end if;
    if not forge.has_target(entry.task) then
        raise exception using errcode = 'FG014', message = pg_catalog.format('model "%s" is a %s: there is no truth to compare it with', entry.name, entry.task),
            hint = 'forge.model_metrics has what was measured on the held-out rows';
    end if;
    model := entry.name; task := entry.task; labels := version.labels; positive := version.positive; params := version.params;
    if source is null then
        query := forge.held_out_query(entry, version);
        return;
    end if;
    readable := forge.readable_columns(source);
    answer := case when task = 'regression' then 'forge.predict(%1$L, s) as score'
        when task = 'ranking' then 'forge.predict(%1$L, s) as score, ' || pg_catalog.replace(forge.source_queries(version, readable), '%', '%%') || ' as query'
        when positive is not null then 'forge.predict(%1$L, s) as score, forge.predict_label(%1$L, s) as label'
        else 'case when p.shares is not null then array(select (p.shares ->> l.label)::pg_catalog.float8
                from pg_catalog.unnest(%2$L::pg_catalog.text[]) with ordinality l(label, place) order by l.place) end as shares,
            forge.predict_label(%1$L, s) as label' end;
    truth := pg_catalog.format('select %s as truth', forge.source_truth(entry, readable));
    rows := pg_catalog.format(E' from (%s\n) s', forge.source_query(source));
    perform forge.require_truths(entry, labels, source, truth || rows || pg_catalog.format(' where s.%I is not null', entry.target));
    query := truth || ', ' || pg_catalog.format(answer, pg_catalog.format('%s/%s', entry.name, version.version), labels) || rows
        || case when task = 'classification' and positive is null
            then pg_catalog.format(' cross join lateral (select forge.predict_proba(%L, s) as shares offset 0) p', pg_catalog.format('%s/%s', entry.name, version.version))
            else '' end
        || pg_catalog.format(' where s.%I is not null', entry.target);
end
$$;
comment on function forge.scored_rows is
    'a query of rows with known targets, of a source or (NULL) held out by the version: truth and score (regression), truth, score and label (two classes; score is of the positive one), truth, shares in the order of labels, and label (more), or truth, score and query (ranking). A label that training did not see is NULL among held-out rows; internal';

create or replace function forge.scored_pair(reference text, source text, purpose text, out query text, out positive text)
language plpgsql stable
as $$
declare
    scoring record;
begin
    select q.* into scoring from forge.scored_rows(reference, source, 'classification') q;
    if scoring.positive is null then
        raise exception using errcode = 'FG016', message = pg_catalog.format('model "%s" has %s classes', scoring.model, pg_catalog.cardinality(scoring.labels)),
            hint = pg_catalog.format('a %s is of two classes; forge.confusion_matrix works for more', purpose);
    end if;
    query := scoring.query; positive := scoring.positive;
end
$$;
comment on function forge.scored_pair is 'forge.scored_rows of a model of two classes; FG016 for one of more; internal';

create or replace function forge.require_rows(rows bigint, source text) returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if rows = 0 then
        raise exception using errcode = 'FG010', message = 'the source has no rows with a target and a prediction',
            detail = format('Source: %s', coalesce(source, 'the held-out rows')), hint = 'look at the source with a plain SELECT';
    end if;
end
$$;
comment on function forge.require_rows is 'refuses (FG010) a source without usable rows; internal';

create or replace function forge.require_bins(bins int) returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if bins is null or bins not between 1 and 1000 then
        raise exception using errcode = 'FG004', message = format('bins must be from 1 to 1000, got %s', coalesce(bins::text, 'null')),
            hint = 'ten show a shape well';
    end if;
end
$$;
comment on function forge.require_bins is 'refuses (FG004) a number of bins out of range; internal';
