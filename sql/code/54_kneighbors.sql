-- Models of nearest neighbours (algorithm knn): which training rows are near to a row, by comparing all or by an index,
-- and what they vote. The rows are in the artifact; with params.index they also lie in a table of pgvector's.

create or replace function forge.protect_neighbors(model text, relation regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('alter table %s enable row level security', relation);
    if not exists (select from pg_policy p where p.polrelid = relation and p.polname = 'readers_see_models') then
        execute format('create policy readers_see_models on %s for select to forge_trainer, forge_analyst using (forge.may_predict(%L))', relation, model);
    end if;
    execute format('grant select on %s to forge_trainer, forge_analyst', relation);
end
$$;
comment on function forge.protect_neighbors is 'lets those who may predict with a model read the table of its training rows, and nobody else; internal';

create or replace function forge.index_problems(request forge.training_requests) returns setof forge.problem
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    unfit forge.problem;
    opclass text := format('vector_%s_ops', forge.neighbor_metric(request.params ->> 'metric'));
begin
    if request.algorithm is distinct from 'knn' or request.params ->> 'index' is distinct from 'hnsw' then
        return;
    end if;
    begin
        perform forge.require_pgvector();
    exception when sqlstate 'FG031' then
        get stacked diagnostics unfit.message = message_text, unfit.hint = pg_exception_hint;
        return query select 'FG031', 'params.index "hnsw": ' || unfit.message, unfit.hint || '; or leave params.index out';
        return;
    end;
    if not exists (select from pg_opclass o join pg_am a on a.oid = o.opcmethod where a.amname = 'hnsw' and o.opcname = opclass) then
        return query select 'FG031', format('params.index "hnsw": this pgvector has no index for metric "%s"', request.params ->> 'metric'),
            'a superuser runs: alter extension vector update (0.7 or later); or leave params.index out';
    end if;
end
$$;
comment on function forge.index_problems is 'an index by pgvector that this database cannot have; internal';

create or replace function forge.neighbor_metric(metric text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select case coalesce(metric, 'euclidean') when 'euclidean' then 'l2' when 'manhattan' then 'l1' else metric end $$;
comment on function forge.neighbor_metric is 'a metric of knn as pgvector''s operator classes name it; internal';

-- In the transaction that registers the version. pgvector from 0.6.0 to 0.8.1 builds no index in parallel without harm.
create or replace function forge.index_neighbors(model text, version int) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set max_parallel_maintenance_workers = 0
as $$
declare
    registered forge.model_versions;
    pinned constant text := format('%s/%s', model, version);
    relation text;
    metric text;
    place text;
    dimensions int;
begin
    select v.* into registered from forge.model_versions v
    where v.model = index_neighbors.model and v.version = index_neighbors.version and v.algorithm = 'knn' and v.params ->> 'index' = 'hnsw';
    if not found then
        return;
    end if;
    select p.place into place from forge.require_pgvector() p;
    relation := format('forge.neighbors_%s', registered.id);
    metric := forge.neighbor_metric(registered.params ->> 'metric');
    dimensions := (select cardinality(r.features) from forge.neighbor_rows(pinned) r limit 1);
    execute format('create table %s ("row" int primary key, features %s.vector(%s) not null, target text not null, weight float8 not null)',
        relation, place, dimensions);
    execute format('insert into %s select r."row", r.features::%s.vector, r.target, r.weight from forge.neighbor_rows($1) r order by r."row"', relation, place)
        using pinned;
    execute format('create index on %s using hnsw (features %s.vector_%s_ops)', relation, place, metric);
    execute format('analyze %s', relation);
    execute format('comment on table %s is %L', relation, format('the training rows of version %s of model %s, as it encodes them', version, model));
    perform forge.protect_neighbors(model, relation::regclass);
    insert into forge.neighbor_indexes (model, version, relation, metric) values (model, version, relation::regclass, metric);
    insert into forge.model_metrics (model, version, part, metric, value)
    select model, version, 'train', 'recall_at_k', c.recall from forge.recall_check(pinned) c where c.recall is not null;
end
$$;
comment on function forge.index_neighbors is
    'puts the training rows of a version that asks for it into a table with an HNSW index, and stores the index''s recall as metric recall_at_k; FG031 without pgvector; internal';

create or replace function forge.drop_neighbors() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    dependents text;
begin
    if exists (select from pg_class c where c.oid = old.relation) then
        execute format('drop table %s', old.relation);
    end if;
    return old;
exception when dependent_objects_still_exist then
    get stacked diagnostics dependents = pg_exception_detail;
    raise exception using errcode = 'FG024', message = format('other objects depend on the training rows of version %s of model "%s"', old.version, old.model),
        detail = dependents, hint = 'drop them first';
end
$$;
comment on function forge.drop_neighbors is 'trigger of forge.neighbor_indexes: the table goes with its row; internal';

create or replace trigger tables_go_with_their_version after delete on forge.neighbor_indexes
    for each row execute function forge.drop_neighbors();
comment on trigger tables_go_with_their_version on forge.neighbor_indexes is 'drops the table of training rows';

-- Runs as the caller: the table is read with the caller's rights.
create or replace function forge.kneighbors(model text, features jsonb, k int default null, exact boolean default null)
returns table (rank bigint, distance float8, target text, weight float8)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    version forge.model_versions;
    indexed forge.neighbor_indexes;
    wanted int := k;
    query real[];
begin
    select v.* into version from forge.resolve_model(kneighbors.model) r join forge.model_versions v on v.id = r.version_id;
    if version.id is null or features is null then
        return;
    end if;
    select i.* into indexed from forge.neighbor_indexes i where i.model = version.model and i.version = version.version;
    wanted := coalesce(k, (version.params ->> 'n_neighbors')::int);
    if wanted not between 1 and 1000 then
        raise exception using errcode = 'FG004', message = format('k is %s', wanted), hint = 'k is from 1 to 1000; by default it is the model''s n_neighbors';
    elsif indexed.relation is null and not exact then
        raise exception using errcode = 'FG006', message = format('version %s of model "%s" has no index', version.version, version.model),
            hint = 'train it with params => ''{"index": "hnsw"}'', or leave exact out';
    end if;
    if not coalesce(exact, indexed.relation is null) then
        query := array(select p.value::real from forge.prepared(format('%s/%s', version.model, version.version), features) with ordinality p(feature, value, place) order by place);
    end if;
    -- Zeros have no direction that an index could look in.
    if query is null or indexed.metric = 'cosine' and 0 = all (query) then
        return query select n.rank, n.distance, n.target, n.weight
            from forge.exact_neighbors(format('%s/%s', version.model, version.version), features, wanted) n;
        return;
    end if;
    return query select s.rank, s.distance, s.row ->> 'target', (s.row ->> 'weight')::float8
        from forge.similar(indexed.relation, 'features', query, wanted, indexed.metric, exact => exact) s;
end
$$;
comment on function forge.kneighbors is
    'the k training rows of a knn model (or model@alias, model/version) nearest to a row, nearest first: distance in encoded features, target (the label, or the number as text), and what its vote is multiplied by (the row''s weight times its class''s). k: by default the model''s n_neighbors. exact: true compares every row, as forge.predict does; false asks the HNSW index alone; by default the index where there is one (params.index), and every row where it finds fewer than k. FG030: no knn model; FG004: k; FG006: no index to ask; other errors as of forge.predict';

create or replace function forge.kneighbors_predict(model text, features jsonb, k int default null, exact boolean default null)
returns table (label text, prediction float8)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    version forge.model_versions;
    labels text[];
    votes float8[];
begin
    select v.* into version from forge.resolve_model(kneighbors_predict.model) r join forge.model_versions v on v.id = r.version_id;
    -- 1 / distance in proportion to the nearest one's, which is at 0 sometimes: then all at 0 vote alone.
    select array_agg(n.target order by n.rank),
        array_agg(n.weight * case when version.params ->> 'weights' is distinct from 'distance' or n.distance = n.least then 1 else n.least / n.distance end order by n.rank)
    into labels, votes
    from (select k.*, min(k.distance) over () as least
          from forge.kneighbors(format('%s/%s', version.model, version.version), features, kneighbors_predict.k, exact) k) n;
    if votes is null then
        return;
    elsif version.labels is null then
        return query select null, sum(v.vote * v.target::float8) / sum(v.vote) from unnest(labels, votes) v(target, vote);
    else
        return query select v.target, sum(v.vote) / sum(sum(v.vote)) over () from unnest(labels, votes) v(target, vote)
            group by v.target order by sum(v.vote) desc, v.target collate "C";
    end if;
end
$$;
comment on function forge.kneighbors_predict is
    'what the rows of forge.kneighbors vote: of a classification each label among them with its share, likeliest first; of a regression their mean, label being NULL. With exact => true and the model''s own k it is forge.predict before calibration. Arguments and errors as of forge.kneighbors';

create or replace function forge.recall_check(model text)
returns table (index regclass, queries int, recall float8, lowest float8, index_ms float8, exact_ms float8)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    indexed record;
begin
    select i.*, (v.params ->> 'n_neighbors')::int as k into indexed
    from forge.resolve_model(recall_check.model) r
        join forge.model_versions v on v.id = r.version_id
        left join forge.neighbor_indexes i on i.model = v.model and i.version = v.version;
    if model is null then
        return;
    elsif indexed.relation is null then
        raise exception using errcode = 'FG006', message = format('model "%s" has no index', model),
            hint = 'train it by algorithm knn with params => ''{"index": "hnsw"}''';
    end if;
    return query select c.* from forge.recall_check(indexed.relation, 'features', indexed.k, metric => indexed.metric) c;
end
$$;
comment on function forge.recall_check(text) is
    'the same for the index of a knn model (or model@alias, model/version), at its n_neighbors: what was stored as metric recall_at_k when it was registered, measured again with the present settings. FG006: it has none';
