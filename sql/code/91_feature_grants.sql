-- The feature store: definitions are for everybody to read and for their owners to change; data is read with the rights of
-- who asks.

alter table forge.entities enable row level security;
alter table forge.feature_views enable row level security;
alter table forge.feature_services enable row level security;
alter table forge.datasets enable row level security;
alter table forge.materializations enable row level security;
alter table forge.on_demand_feature_views enable row level security;
alter table forge.push_sources enable row level security;

do $policies$
declare
    defined text;
begin
    foreach defined in array array['entities', 'feature_views', 'feature_services', 'datasets', 'push_sources', 'on_demand_feature_views'] loop
        execute pg_catalog.format('drop policy if exists definitions_are_read on forge.%I', defined);
        execute pg_catalog.format('create policy definitions_are_read on forge.%I for select to forge_trainer, forge_analyst using (true)', defined);
        execute pg_catalog.format('drop policy if exists owners_define on forge.%I', defined);
        execute pg_catalog.format('create policy owners_define on forge.%I for all to forge_trainer
            using (pg_catalog.pg_has_role(current_user, owner, ''usage''))', defined);
    end loop;
    drop policy if exists runs_are_read on forge.materializations;
    create policy runs_are_read on forge.materializations for select to forge_trainer, forge_analyst using (true);
    drop policy if exists owners_materialize on forge.materializations;
    create policy owners_materialize on forge.materializations for insert to forge_trainer
        with check (exists (select from forge.feature_views v where v.name = view and v.version = materializations.version and pg_catalog.pg_has_role(current_user, v.owner, 'usage')));
end
$policies$;

grant usage on schema forge_online to forge_trainer, forge_analyst;
grant create on schema forge_online to forge_trainer;
grant usage on schema forge_features to forge_trainer, forge_analyst;

grant select on forge.entities, forge.feature_views, forge.feature_services, forge.datasets, forge.materializations, forge.push_sources, forge.feature_freshness,
    forge.on_demand_feature_views
    to forge_trainer, forge_analyst;
grant delete on forge.entities, forge.feature_views, forge.feature_services, forge.datasets, forge.push_sources, forge.on_demand_feature_views to forge_trainer;
grant update (description, tags) on forge.entities, forge.feature_views, forge.feature_services, forge.on_demand_feature_views to forge_trainer;
grant update (schedule, expectations, on_breach) on forge.feature_views to forge_trainer;
-- What a trigger resolves is not the client's to say.
grant insert (name, join_keys, key_types, description, tags) on forge.entities to forge_trainer;
grant insert (name, entities, source, event_timestamp, created_timestamp, tombstone_column, ttl, leak_check, aggregations, features, description, tags,
    schedule, expectations, on_breach)
    on forge.feature_views to forge_trainer;
grant insert (name, view, description) on forge.push_sources to forge_trainer;
grant update (view, description) on forge.push_sources to forge_trainer;
grant insert (name, features, description, tags) on forge.feature_services to forge_trainer;
grant insert (name, features, sources, request_columns, description, tags) on forge.on_demand_feature_views to forge_trainer;
grant insert (name, output, entity_source, entity_columns, event_timestamp, service, features, planned, as_of, seen, query, row_count, hidden_rows,
    content_hash, description) on forge.datasets to forge_trainer;
grant insert (view, version, kind, from_time, to_time, snapshot, server, source_id, rows, keys, null_counts, breaches, published, started_at, finished_at)
    on forge.materializations to forge_trainer;

-- Defining.
grant execute on function
    forge.create_entity(text, text[], text[], text, jsonb), forge.alter_entity(text, text, jsonb), forge.drop_entity(text),
    forge.create_feature_view(text, text[], text, text, text[], interval, text, text, jsonb, boolean, text, jsonb, boolean),
    forge.alter_feature_view(text, jsonb, boolean), forge.drop_feature_view(text, int),
    forge.create_feature_service(text, text[], text, jsonb), forge.alter_feature_service(text, text[], text, jsonb), forge.drop_feature_service(text, int),
    forge.create_dataset(text, text, text, text[], text, timestamptz, text, boolean, text), forge.drop_dataset(text), forge.training_source(forge.training_requests),
    forge.named_columns(forge.training_requests), forge.trains_groups(forge.training_requests),
    forge.can_be_key(text), forge.definition_problems(text, text, regrole), forge.raise_problems(text, forge.problem[]),
    forge.combined_problems(text, forge.problem[]), forge.tie_columns(forge.feature_views, jsonb), forge.short_interval(interval),
    forge.interval_of(text), forge.resolved_aggregations(jsonb), forge.aggregation_problems(jsonb, text[]),
    forge.invalid_parameter(text, text), forge.view_column_problems(forge.feature_views, jsonb, text[]), forge.view_problems(forge.feature_views, jsonb, text[]),
    forge.resolved_view(forge.feature_views, jsonb, text[]), forge.aggregate_probe(forge.feature_views), forge.view_index(forge.feature_views),
    forge.say_index(forge.feature_views, boolean) to forge_trainer;
grant execute on function
    forge.create_on_demand_feature_view(text, jsonb, text[], jsonb, text, jsonb), forge.alter_on_demand_feature_view(text, jsonb),
    forge.drop_on_demand_feature_view(text, int), forge.on_demand_problems(forge.on_demand_feature_views), forge.entry_problems(jsonb, text, text, text),
    forge.named_entries(jsonb, text), forge.argument_type(text), forge.expression_type(text, jsonb),
    forge.refresh_service(text, int), forge.drop_service_functions(text, int), forge.refresh_services(forge.feature_views),
    forge.service_function(forge.feature_services) to forge_trainer;
-- What is online now.
grant execute on function
    forge.materialize(text, timestamptz, timestamptz), forge.materialize_incremental(text), forge.run_materialization(forge.feature_views, text, timestamptz, timestamptz),
    forge.online_rows(forge.feature_views, text, timestamptz), forge.create_online_table(forge.feature_views, text),
    forge.write_online(forge.feature_views, regclass, text), forge.this_server(), forge.keys_where(forge.feature_views, text),
    forge.time_between(text, text, text, timestamptz, timestamptz), forge.keys_between(forge.feature_views, timestamptz, timestamptz, regclass),
    forge.changed_keys(forge.feature_views, forge.materializations, timestamptz), forge.is_table(forge.feature_views),
    forge.last_materialization(forge.feature_views), forge.count_online(forge.feature_views, regclass),
    forge.is_value_of(text, text), forge.expectation_problems(forge.feature_views), forge.population_stability(text, text, text, text, boolean),
    forge.online_drift(forge.feature_views, regclass, text, text), forge.newest_event(forge.feature_views, timestamptz),
    forge.expectation_breaches(forge.feature_views, regclass, timestamptz, bigint, jsonb), forge.materialize_scheduled(text),
    forge.create_push_source(text, text, text), forge.drop_push_source(text), forge.push(text, jsonb, text),
    forge.may_be_stale(forge.feature_views), forge.pushed_problems(forge.feature_views, jsonb, text), forge.append_pushed(forge.feature_views, jsonb), forge.pushed_rows(forge.feature_views, jsonb) to forge_trainer;
grant execute on function forge.view_version(text, boolean), forge.online_name(text, int), forge.online_keys(forge.feature_views),
    forge.online_table(forge.feature_views), forge.online_columns(forge.feature_views, text) to forge_trainer, forge_analyst;
grant execute on function
    forge.get_online_features(text, jsonb, boolean), forge.get_online_features(text[], jsonb, boolean), forge.entity_list(jsonb),
    forge.service_function(forge.feature_services), forge.suffixed_name(text, text),
    forge.read_online(jsonb, jsonb[], text[]), forge.row_query(text), forge.columns_query(jsonb, text, text),
    forge.entity_objects(jsonb[], text[], text[], text[]), forge.entity_object(jsonb, text[], text[]), forge.entity_values(jsonb, text),
    forge.refuse_values(jsonb, text), forge.refuse_offline(text[]), forge.online_query(text, text[], jsonb), forge.online_lookup(forge.feature_views, text[]),
    forge.read_service(text, jsonb), forge.features_for(text, bigint), forge.features_for(text, text), forge.features_for(text, uuid),
    forge.predict_for(text, jsonb), forge.predict_for(text, bigint), forge.predict_for(text, text), forge.predict_for(text, uuid),
    forge.predict_label_for(text, jsonb), forge.predict_label_for(text, bigint), forge.predict_label_for(text, text), forge.predict_label_for(text, uuid),
    forge.predict_proba_for(text, jsonb), forge.predict_proba_for(text, bigint), forge.predict_proba_for(text, text), forge.predict_proba_for(text, uuid)
    to forge_trainer, forge_analyst;
-- Reading features, with what is called on the way.
grant execute on function
    forge.historical_features(text, text, text[], text, timestamptz, text, boolean),
    forge.historical_features_json(text, text[], text, timestamptz, text, boolean), forge.check_dataset(text), forge.content_of(text),
    forge.require_definition(text, text, text[], regrole), forge.nearest_names(text, text[], int), forge.key_family(text),
    forge.qualified_source(text), forge.relation_of(text), forge.relation_named(text), forge.entity_keys(text[]), forge.is_ordered(text), forge.seconds(interval),
    forge.names_of(jsonb), forge.referred_features(text[]), forge.all_views(), forge.on_demand_inputs(text[], jsonb),
    forge.checked_references(text[], boolean), forge.planned_references(text[], boolean), forge.planned_on_demand(jsonb), forge.planned_lookups(jsonb),
    forge.planned_arguments(jsonb), forge.feature_item(forge.feature_views, bigint, text, boolean), forge.feature_items(jsonb, boolean), forge.computed_joins(jsonb, boolean),
    forge.service_version(text), forge.time_literal(timestamptz),
    forge.instant_of(text, text), forge.comparable_instant(text, text),
    forge.candidates(forge.feature_views, timestamptz, boolean, interval, boolean, text), forge.was_visible(xid, pg_snapshot, xid8),
    forge.latest_first(forge.feature_views), forge.from_item(text),
    forge.not_tombstone(forge.feature_views), forge.row_lookup(forge.feature_views, text[], timestamptz, text),
    forge.aggregate_expression(forge.feature_views, jsonb, text), forge.window_aggregates(forge.feature_views, text[]),
    forge.window_rows(forge.feature_views, timestamptz, interval, text), forge.window_lookup(forge.feature_views, text[], timestamptz, text),
    forge.entity_rows(text, jsonb, text, timestamptz, text[], text), forge.planned_keys(jsonb), forge.historical_query(text, text[], jsonb, timestamptz, boolean, text),
    forge.entity_source(text), forge.entity_problems(jsonb, text, jsonb), forge.stale_views(jsonb), forge.planned_views(jsonb),
    forge.planned_features(text[], text, boolean, jsonb, text), forge.names_of_columns(jsonb),
    forge.leaked_rows(text, jsonb, timestamptz, boolean), forge.say_leaks(text, jsonb, timestamptz, boolean),
    forge.new_table_name(text), forge.fill_table(text, text), forge.combined_problems(text, forge.problem[]), forge.raise_problems(text, forge.problem[])
    to forge_trainer, forge_analyst;

-- Definitions as a document.
grant execute on function
    forge.plan_features(jsonb, boolean), forge.apply_features(jsonb, boolean), forge.applied_document(jsonb, boolean, boolean),
    forge.document_problems(jsonb), forge.definition_differences(jsonb, jsonb, text[]), forge.insert_definition(text, jsonb),
    forge.update_definition(text, jsonb, jsonb, text[]), forge.fixed_keys(jsonb, jsonb), forge.defined_row(text, jsonb, jsonb), forge.wanted_index(jsonb, boolean, boolean),
    forge.applied_definition(text, text, text[], jsonb, boolean), forge.caught_problem(text, text, text, text, text),
    forge.pruned_definitions(text, text, jsonb, jsonb, forge.problem[]) to forge_trainer;
grant execute on function
    forge.export_features(), forge.definition_kinds(), forge.newest_definition(text, text), forge.exported_definition(text, jsonb), forge.exported_references(jsonb),
    forge.view_index(forge.feature_views) to forge_trainer, forge_analyst;
-- Lineage.
grant execute on function
    forge.lineage(text, text, jsonb), forge.require_lineage(text, text), forge.dependencies(), forge.request_needs(bigint),
    forge.key_condition(text[], jsonb, text), forge.rows_of_entity(text, text), forge.version_status(text, text) to forge_trainer, forge_analyst;
-- Similar entities.
grant execute on function
    forge.similar_entities(text, jsonb, int, text, text, boolean), forge.similar_entities(text, bigint, int, text, text, boolean),
    forge.similar_entities(text, text, int, text, text, boolean), forge.similar_entities(text, uuid, int, text, text, boolean),
    forge.vector_feature(text), forge.require_online(forge.feature_views), forge.single_key(text, jsonb) to forge_trainer, forge_analyst;
