-- Who may do what. Nothing is granted to PUBLIC; the sidecar has EXECUTE on the worker API alone (queue files); rows
-- are narrowed by policies.

do $revoke$
declare
    routine regprocedure;
begin
    for routine in
        select p.oid from pg_catalog.pg_proc p
        where p.pronamespace = 'forge'::regnamespace and p.proowner = 'forge_admin'::regrole
            and pg_catalog.has_function_privilege('public', p.oid, 'execute')
    loop
        execute pg_catalog.format('revoke all on function %s from public', routine);
    end loop;
end
$revoke$;

grant usage on schema forge to forge_worker, forge_trainer, forge_analyst;
grant usage on schema forge_models to forge_trainer, forge_analyst;

-- The registry, read-only, narrowed to the models that a role owns or may predict with.
alter table forge.models enable row level security;
alter table forge.model_versions enable row level security;
alter table forge.model_artifacts enable row level security;
alter table forge.model_aliases enable row level security;
alter table forge.model_metrics enable row level security;
alter table forge.feature_importances enable row level security;
alter table forge.feature_statistics enable row level security;
alter table forge.held_out_scores enable row level security;
alter table forge.conformal_scores enable row level security;
alter table forge.model_coefficients enable row level security;
alter table forge.model_groups enable row level security;
alter table forge.neighbor_indexes enable row level security;
alter table forge.model_grants enable row level security;
alter table forge.function_grants enable row level security;
alter table forge.audit_log enable row level security;

do $policies$
declare
    protected text;
begin
    drop policy if exists readers_see_models on forge.models;
    create policy readers_see_models on forge.models for select to forge_trainer, forge_analyst
        using (pg_catalog.pg_has_role(current_user, owner, 'usage') or forge.may_predict(name));
    foreach protected in array array['model_versions', 'model_aliases', 'model_metrics', 'feature_importances', 'model_coefficients', 'model_groups', 'conformal_scores', 'neighbor_indexes'] loop
        execute pg_catalog.format('drop policy if exists readers_see_models on forge.%I', protected);
        execute pg_catalog.format('create policy readers_see_models on forge.%I for select to forge_trainer, forge_analyst
            using (exists (select from forge.models m where m.name = model))', protected);
    end loop;
    -- Weights, the true values of rows, and what columns look like leave the database by forge_admin or the model's owner only.
    foreach protected in array array['model_artifacts', 'held_out_scores', 'feature_statistics'] loop
        execute pg_catalog.format('drop policy if exists readers_see_models on forge.%I', protected);
        execute pg_catalog.format('drop policy if exists owners_see_artifacts on forge.%I', protected);
        execute pg_catalog.format('drop policy if exists owners_see_data on forge.%I', protected);
        execute pg_catalog.format('create policy owners_see_data on forge.%I for select to forge_trainer, forge_analyst
            using (exists (select from forge.models m where m.name = model and pg_catalog.pg_has_role(current_user, m.owner, ''usage'')))', protected);
    end loop;
    drop policy if exists grantees_and_owners_see_grants on forge.model_grants;
    create policy grantees_and_owners_see_grants on forge.model_grants for select to forge_trainer, forge_analyst
        using (pg_catalog.pg_has_role(current_user, grantee, 'usage')
            or exists (select from forge.models m where m.name = model and pg_catalog.pg_has_role(current_user, m.owner, 'usage')));
    drop policy if exists actors_and_owners_see_changes on forge.audit_log;
    create policy actors_and_owners_see_changes on forge.audit_log for select to forge_trainer, forge_analyst
        using (actor = pg_catalog.quote_ident(current_user)::regrole
            or exists (select from forge.models m where m.name = model and pg_catalog.pg_has_role(current_user, m.owner, 'usage')));
    -- The row is a command: its trigger checks the actor's right. What is registered is logged by
    -- forge.register_version alone.
    drop policy if exists changes_are_asked_for on forge.audit_log;
    create policy changes_are_asked_for on forge.audit_log for insert to forge_trainer
        with check (action <> 'register');
end
$policies$;

select forge.protect_neighbors(i.model, i.relation) from forge.neighbor_indexes i join pg_catalog.pg_class c on c.oid = i.relation;

grant select on forge.models, forge.model_versions, forge.model_artifacts, forge.model_aliases, forge.model_metrics,
    forge.feature_importances, forge.feature_statistics, forge.model_coefficients, forge.model_groups, forge.neighbor_indexes, forge.held_out_scores, forge.conformal_scores, forge.model_grants, forge.audit_log, forge.algorithms to forge_trainer, forge_analyst;
grant insert (action, model, details) on forge.audit_log to forge_trainer;

-- Row policies and references to models.
grant execute on function forge.may_predict(text, regrole), forge.may_manage(text, regrole), forge.may_train(text, regrole),
    forge.resolve_model(text) to forge_trainer, forge_analyst;
-- Asking for training, with what forge.train, forge.check_request and the insert trigger call in the requester's name.
grant execute on function
    forge.train(text, text, text, text, text, text[], text[], text, text, jsonb, jsonb, jsonb, jsonb, text, jsonb, int, timestamptz, text, text, text[], jsonb, text),
    forge.leakage_warnings(text, jsonb), forge.preprocess_rules(), forge.resolved_search(forge.training_requests), forge.resolved_range(jsonb, jsonb),
    forge.task_parameters(text, text), forge.json_amount(jsonb), forge.is_portfolio(text), forge.grid_points(jsonb), forge.grid_steps(jsonb),
    forge.check_request(text, text, text, text, text, text[], text[], text, text, jsonb, jsonb, jsonb, jsonb, text, jsonb, int, timestamptz, text, text, text[], jsonb, text),
    forge.source_columns(text), forge.source_query(text), forge.checked_request(forge.training_requests, jsonb),
    forge.combined_problems(text, forge.problem[]), forge.schedule_problems(int, timestamptz), forge.request_identity(forge.training_requests),
    forge.training_estimate(forge.training_requests, bigint), forge.with_dimensions(jsonb, text), forge.worker_fits(forge.training_requests) to forge_trainer;
-- Changing the registry: a model's owner, as the trigger of forge.audit_log checks.
grant execute on function
    forge.promote(text, int, text), forge.rollback(text, text), forge.set_alias(text, text, int, text), forge.drop_alias(text, text),
    forge.retire(text, int), forge.keep(text, int), forge.describe_as(text, text), forge.require_role(text, text),
    forge.grant_model(text, text, text), forge.revoke_model(text, text, text), forge.drop_model(text) to forge_trainer;
-- Embedding, what it calls, and what the insert trigger and forge.train look at of it.
grant execute on function
    forge.embed(text, jsonb, text), forge.write_embedding(text, jsonb, text), forge.embed_into_problems(jsonb),
    forge.embedding_rights(regclass, text, text), forge.embedding_place_problems(jsonb, regclass, jsonb),
    forge.embedding_place(jsonb, text, jsonb), forge.embedding_dimensions(text),
    forge.dimension_problems(int, text), forge.ready_embedding(regclass, text, int, text), forge.require_ids(text, text),
    forge.follow_source(regclass, jsonb, text), forge.holds_embeddings_alone(regclass), forge.index_embedding(regclass, text, text),
    forge.create_embedding(jsonb, text), forge.without_embedding(text[], text, jsonb) to forge_trainer, forge_analyst;
-- Reading the registry and data; what the functions that run as their caller call in turn.
grant execute on function
    forge.describe(text), forge.lineage(text), forge.feature_importance(text), forge.feature_importance(text, text), forge.coefficients(text), forge.group_metrics(text), forge.group_coefficients(text),
    forge.clusters(text), forge.components(text), forge.has_target(text), forge.cross_validation(text), forge.leaderboard(text),
    forge.folds_of(jsonb), forge.evaluate(text, text), forge.confusion_matrix(text, text),
    forge.roc_curve(text, text), forge.pr_curve(text, text), forge.calibration_curve(text, text, int, text), forge.lift(text, text, int),
    forge.residuals(text, text, int), forge.predict_interval(text, record, float8), forge.predict_interval(text, jsonb, float8),
    forge.predict_interval(text, text, float8), forge.interval_around(text, float8), forge.predict_table(text, text, text, text), forge.summary(text), forge.correlation(text),
    forge.source_columns(text), forge.source_query(text), forge.held_out(text, int),
    forge.held_out_query(forge.models, forge.model_versions), forge.source_truth(forge.models, jsonb), forge.source_queries(forge.model_versions, jsonb),
    forge.scored_rows(text, text, text), forge.scored_pair(text, text, text), forge.require_rows(bigint, text), forge.require_bins(int),
    forge.require_truths(forge.models, text[], text, text),
    forge.value_metrics(text, float8, float8), forge.square(float8), forge.label_metrics(text, text[], text), forge.query_metrics(text),
    forge.pair_probability_metrics(text, text, text[]), forge.class_probability_metrics(text, text[]), forge.class_ranking_metrics(text, text[]),
    forge.scoring_calls(text, jsonb), forge.table_name(text), forge.listed(text[]),
    forge.readable_columns(text), forge.number_expression(text, text),
    forge.ice(text, text, text, int, int, float8[]), forge.partial_dependence(text, text, text, int, int, float8[]),
    forge.counterfactual(text, jsonb, text, text[], text, float8, float8, int), forge.model_source(text, text), forge.require_target(text), forge.model_rows(text, text, int),
    forge.json_number(jsonb, text), forge.feature_grid(jsonb[], text, text, int, float8[]),
    forge.similar(regclass, text, real[], int, text, text, boolean, int), forge.similar(regclass, text, text, int, text, text, boolean, int),
    forge.recall_check(regclass, text, int, int, text, text, float8), forge.require_pgvector(), forge.vector_column(regclass, text, text),
    forge.check_query_vector(real[], text, regclass, text, int), forge.swap_settings(text[], text[]), forge.vector_of(text),
    forge.nearest_query(regclass, text, text, real[], int, text, boolean),
    forge.nearest_rows(regclass, text, text, real[], int, text, boolean, boolean),
    forge.knn_classify(regclass, text, text, real[], int, text, text, text, boolean),
    forge.knn_regress(regclass, text, text, real[], int, text, text, text, boolean),
    forge.knn_votes(regclass, text, text, real[], int, text, text, text, boolean), forge.check_knn(regclass, text, text, text),
    forge.recall_check(text), forge.kneighbors(text, jsonb, int, boolean), forge.kneighbors_predict(text, jsonb, int, boolean),
    forge.neighbours_of(text, jsonb, int, text, int), forge.vector_index(regclass, smallint, text), forge.timed_distances(text, boolean),
    forge.counterfactual_moves(text, jsonb[], jsonb, text[]), forge.counterfactual_shortfall(text, jsonb, text, float8, float8)
    to forge_trainer, forge_analyst;
