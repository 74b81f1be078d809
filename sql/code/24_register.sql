-- From a trained model to a registered version, in the transaction of forge.complete.

create or replace function forge.ensure_model(model text, requester regrole, manifest jsonb) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    present forge.models;
begin
    insert into forge.models (name, task, target, target_type, owner)
    values (model, manifest ->> 'task', manifest ->> 'target', manifest ->> 'target_type', requester)
    on conflict (name) do nothing;
    if found then
        perform forge.create_record_function(model);
        return true;
    end if;
    select m.* into present from forge.models m where m.name = ensure_model.model for update;
    if not forge.may_train(model, requester) then
        raise exception using errcode = 'FG022', message = format('role %s may not train model "%s"', requester, model),
            detail = format('The model belongs to %s.', present.owner),
            hint = format('its owner grants it: select forge.grant_model(%L, %L, ''train'')', model, requester);
    elsif (present.task, present.target_type) is distinct from (manifest ->> 'task', manifest ->> 'target_type') then
        raise exception using errcode = 'FG014',
            message = format('model "%s" is a %s of %s, not a %s of %s', model, present.task, present.target_type,
                manifest ->> 'task', manifest ->> 'target_type'),
            hint = 'choose another name for it';
    end if;
    update forge.models m set target = manifest ->> 'target' where m.name = ensure_model.model;
    return false;
end
$$;
comment on function forge.ensure_model is
    'creates the model for its first requester, or locks it and checks that the requester may train it (FG022) and that task and target agree (FG014); true: created; internal';

create or replace function forge.artifact_remedy(request bigint) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select case when request is null then 'import a file that forgectl models export has written, as it is' else 'the request is tried again' end
$$;
comment on function forge.artifact_remedy is
    'the hint for an artifact that does not fit its manifest: a request is tried again, an import (null) is not; internal';

create or replace function forge.insert_version(model text, requester regrole, request bigint, manifest jsonb) returns int
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    chosen int;
begin
    if coalesce(manifest ->> 'artifact_sha256', '') !~ '^[0-9a-f]{64}$' then
        raise exception using errcode = 'FG015', message = format('"%s" is not a SHA-256', manifest ->> 'artifact_sha256'),
            hint = forge.artifact_remedy(request);
    end if;
    insert into forge.model_versions (
        model, version, algorithm, params, preprocess, schema, split, labels, positive, outputs, metrics, metrics_part, data_report,
        training_request, rows, data_fingerprint, artifact_sha256, artifact_bytes, manifest, created_by, base_model, base_version)
    select insert_version.model, coalesce(max(v.version), 0) + 1, manifest ->> 'algorithm',
        coalesce(manifest -> 'params', '{}'), coalesce(manifest -> 'preprocess', '{}'), manifest -> 'columns',
        coalesce(manifest -> 'split', '{}'),
        (select array_agg(l order by place)
         from jsonb_array_elements_text(nullif(manifest -> 'labels', 'null')) with ordinality e(l, place)),
        manifest ->> 'positive', coalesce((manifest ->> 'outputs')::int, 1),
        coalesce(manifest -> 'metrics', '{}'), coalesce(manifest ->> 'metrics_part', 'train'), coalesce(manifest -> 'data_report', '{}'),
        request, coalesce((manifest #>> '{rows,train}')::bigint, 0), manifest ->> 'data_fingerprint',
        -- Who may predict reads the manifest, but not what the rows look like.
        decode(manifest ->> 'artifact_sha256', 'hex'), (manifest ->> 'artifact_bytes')::bigint, manifest - '{feature_statistics,group_models}'::text[], requester,
        manifest #>> '{base,model}', (manifest #>> '{base,version}')::int
    from forge.model_versions v
    where v.model = insert_version.model
    returning version into chosen;

    insert into forge.model_metrics (model, version, part, metric, value, lower, upper)
    select insert_version.model, chosen, coalesce(manifest ->> 'metrics_part', 'train'), e.key, (e.value #>> '{}')::double precision,
        (manifest #>> array['metric_intervals', e.key, 'lower'])::double precision,
        (manifest #>> array['metric_intervals', e.key, 'upper'])::double precision
    from jsonb_each(manifest -> 'metrics') e
    where jsonb_typeof(e.value) = 'number';

    insert into forge.feature_importances (model, version, kind, feature, importance, lower, upper)
    select insert_version.model, chosen, coalesce(f.kind, 'gain'), f.feature, f.importance, f.lower, f.upper
    from jsonb_to_recordset(nullif(manifest -> 'feature_importance', 'null'))
        as f(kind text, feature text, importance double precision, lower double precision, upper double precision);

    insert into forge.feature_statistics (model, version, feature, rows, missing, quantiles, counts, means, deviations, levels)
    select insert_version.model, chosen, s.feature, s.rows, s.missing, s.quantiles, s.counts, s.means, s.deviations, s.levels
    from jsonb_populate_recordset(null::forge.feature_statistics, nullif(manifest -> 'feature_statistics', 'null')) s;

    insert into forge.model_groups (model, version, place, group_values, train_rows, test_rows, own_model, reason, metrics, coefficients)
    select insert_version.model, chosen, g.place, g.group_values, g.train_rows, g.test_rows, g.own_model, g.reason, g.metrics, g.coefficients
    from jsonb_populate_recordset(null::forge.model_groups, nullif(manifest -> 'group_models', 'null')) g;

    insert into forge.model_coefficients
        (model, version, place, term, class, coefficient, std_error, statistic, p_value, lower, upper, vif)
    select insert_version.model, chosen, e.place, c.term, c.class, c.coefficient, c.std_error, c.statistic, c.p_value, c.lower, c.upper, c.vif
    from jsonb_array_elements(nullif(manifest -> 'coefficients', 'null')) with ordinality e(value, place),
        jsonb_to_record(e.value) as c(term text, class text, coefficient double precision, std_error double precision,
            statistic double precision, p_value double precision, lower double precision, upper double precision, vif double precision);

    insert into forge.conformal_scores (model, version, scores)
    select insert_version.model, chosen, array_agg(e.value::double precision order by e.value::double precision)
    from jsonb_array_elements_text(nullif(manifest -> 'conformal_scores', 'null')) e
    having count(*) > 0;
    return chosen;
end
$$;
comment on function forge.insert_version is 'inserts version max + 1 with its metrics, importances, statistics, groups, coefficients and conformal scores (FG015: its artifact has no checksum); internal';

create or replace function forge.verify_artifact(model text, version int) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    expected forge.model_versions;
    chunks int;
    size bigint;
begin
    select v.* into expected from forge.model_versions v where v.model = verify_artifact.model and v.version = verify_artifact.version;
    select count(*), coalesce(sum(octet_length(a.bytes)), 0) into chunks, size
    from forge.model_artifacts a
    where a.model = verify_artifact.model and a.version = verify_artifact.version;
    if chunks <> (expected.manifest ->> 'chunks')::int or size <> expected.artifact_bytes then
        raise exception using errcode = 'FG015',
            message = format('the artifact has %s bytes in %s chunks, not %s in %s', size, chunks,
                expected.artifact_bytes, expected.manifest ->> 'chunks'),
            hint = forge.artifact_remedy(expected.training_request);
    elsif size > 1000000000 then
        raise exception using errcode = 'FG013', message = format('the model''s artifact has %s bytes', size),
            detail = 'A model may have at most 10⁹ bytes.', hint = 'train fewer or shallower trees, or encode fewer levels';
    elsif (select sha256(string_agg(a.bytes, '' order by a.chunk)) from forge.model_artifacts a
           where a.model = verify_artifact.model and a.version = verify_artifact.version)
            is distinct from expected.artifact_sha256 then
        raise exception using errcode = 'FG015', message = 'the artifact does not have the SHA-256 that the trainer computed',
            detail = format('Expected %s.', encode(expected.artifact_sha256, 'hex')),
            hint = forge.artifact_remedy(expected.training_request);
    end if;
end
$$;
comment on function forge.verify_artifact is
    'compares chunks, size and SHA-256 with the manifest (FG015, FG013); takes memory of twice the artifact''s size; internal';

create or replace function forge.six_digits(value double precision) returns text
language sql stable
set search_path = pg_catalog, pg_temp
set extra_float_digits = -9
as $$ select value::text $$;
comment on function forge.six_digits is 'a number with six significant digits; internal';

create or replace function forge.metric_text(value double precision, beside double precision) returns text
language sql stable
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
as $$
    select case when value <> beside and forge.six_digits(value) = forge.six_digits(beside) then value::text
        else forge.six_digits(value) end
$$;
comment on function forge.metric_text is
    'a metric in a sentence: six significant digits, or all of them where the value beside it would read the same; internal';

create or replace function forge.promotion_verdict(
    model text, version int, promote text, manifest jsonb, out promoted boolean, out reason text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    champion int := (select a.version from forge.model_aliases a
                     where a.model = promotion_verdict.model and a.alias = 'champion' and a.valid_to is null);
    compared jsonb := nullif(manifest -> 'comparison', 'null');
    old double precision := compared ->> 'champion_value';
    new double precision := compared ->> 'challenger_value';
begin
    promoted := false;
    if promote = 'never' then
        reason := 'promote is never';
    elsif champion is null then
        promoted := true;
        reason := case when version = 1 then 'first version' else 'the model had no champion' end;
    elsif promote = 'always' then
        promoted := true;
        reason := 'promote is always';
    elsif compared is null then
        reason := format('it was not compared with version %s, the champion', champion);
    elsif (compared ->> 'champion')::int is distinct from champion then
        reason := format('it was compared with version %s, but the champion is now version %s', compared ->> 'champion', champion);
    elsif (compared ->> 'better')::boolean then
        promoted := true;
        reason := format('%s %s is better than %s of version %s, on %s rows that neither trained on',
            compared ->> 'metric', forge.metric_text(new, old), forge.metric_text(old, new), champion, compared ->> 'rows');
    else
        reason := coalesce(compared ->> 'reason', format('%s %s is not better than %s of version %s, on %s rows that neither trained on',
            compared ->> 'metric', forge.metric_text(new, old), forge.metric_text(old, new), champion, compared ->> 'rows'));
    end if;
end
$$;
comment on function forge.promotion_verdict is
    'whether a new version becomes champion, and why: the first does, unless promote is never; then always, or if_better by the manifest''s comparison; internal';

create or replace function forge.promote_registered(model text, version int, requester regrole, promote text, manifest jsonb)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    verdict record;
    blocked text;
begin
    select * into verdict from forge.promotion_verdict(model, version, promote, manifest);
    if verdict.promoted then
        begin
            perform forge.point_alias(model, 'champion', version, requester, verdict.reason);
        exception when sqlstate 'FG024' then
            get stacked diagnostics verdict.reason = message_text, blocked = pg_exception_detail;
            verdict.promoted := false;
            verdict.reason := format('FG024: %s: %s', verdict.reason, blocked);
        end;
    end if;
    update forge.model_versions v set promotion_reason = verdict.reason
    where v.model = promote_registered.model and v.version = promote_registered.version;
    return verdict.promoted;
end
$$;
comment on function forge.promote_registered is
    'promotes a new version if its verdict says so and nothing depends on functions that would have to change; keeps the reason; internal';

create or replace function forge.register_version(request forge.training_requests, manifest jsonb) returns int
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    chosen int;
    promoted boolean;
begin
    perform forge.ensure_model(request.model, request.requested_by, manifest);
    chosen := forge.insert_version(request.model, request.requested_by, request.id, manifest);

    insert into forge.model_artifacts (model, version, chunk, bytes)
    select request.model, chosen, s.chunk, s.bytes
    from forge.staged_chunks s
    where s.request = register_version.request.id and s.lease_token = register_version.request.lease_token;
    perform forge.verify_artifact(request.model, chosen);
    perform forge.index_neighbors(request.model, chosen);

    insert into forge.held_out_scores (model, version, chunk, truth, scores)
    select request.model, chosen, s.chunk, s.truth, s.scores
    from forge.staged_scores s
    where s.request = register_version.request.id and s.lease_token = register_version.request.lease_token;

    promoted := forge.promote_registered(request.model, chosen, request.requested_by, request.promote, manifest);
    perform forge.apply_retention(request.model);
    insert into forge.audit_log (actor, action, model, details)
    values (request.requested_by, 'register', request.model,
        jsonb_build_object('version', chosen, 'request', request.id, 'promoted', promoted));
    return chosen;
end
$$;
comment on function forge.register_version is
    'registers what a request trained, from its manifest, staged chunks and scores: model, version, metrics, artifact, functions, promotion; returns the version. Called by forge.complete, in its transaction; internal';

create or replace function forge.import_version(
    model text, manifest jsonb, artifact bytea, promote text default 'if_better',
    importer regrole default quote_ident(current_user)::regrole) returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    chunk_bytes constant int := 8388608;
    chosen int;
    promoted boolean;
begin
    if model !~ '^[a-z_][a-z0-9_]*$' or octet_length(model) > 57 or model ~ '_label$' then
        raise exception using errcode = 'FG001', message = format('"%s" is not a model''s name', model),
            hint = 'a lower-case identifier of at most 57 bytes that does not end in _label';
    end if;
    perform forge.ensure_model(model, importer, manifest);
    chosen := forge.insert_version(model, importer, null,
        manifest || jsonb_build_object('comparison', null, 'chunks', (octet_length(artifact) + chunk_bytes - 1) / chunk_bytes));
    insert into forge.model_artifacts (model, version, chunk, bytes)
    select import_version.model, chosen, i, substring(artifact from i * chunk_bytes + 1 for chunk_bytes)
    from generate_series(0, (octet_length(artifact) - 1) / chunk_bytes) i;
    perform forge.verify_artifact(model, chosen);
    perform forge.index_neighbors(model, chosen);
    promoted := forge.promote_registered(model, chosen, importer, promote, manifest || '{"comparison": null}');
    insert into forge.audit_log (actor, action, model, details)
    values (importer, 'register', model, jsonb_build_object('version', chosen, 'imported', true, 'promoted', promoted));
    return chosen;
end
$$;
comment on function forge.import_version is
    'registers a model that was exported: its manifest (model_versions.manifest) and its safetensors file; returns the version. forge_admin only';
