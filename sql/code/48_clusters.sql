-- What a clustering or a decomposition found, from its manifest.

create or replace function forge.clusters(model text)
returns table (cluster int, rows double precision, share double precision, center jsonb)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select c.cluster, c.rows, c.share, c.center
        from forge.resolve_model(clusters.model) r
        join forge.model_versions v on v.id = r.version_id
        cross join lateral jsonb_to_recordset(nullif(v.manifest -> 'clusters', 'null'))
            as c(cluster int, rows double precision, share double precision, center jsonb)
        order by c.cluster;
end
$$;
comment on function forge.clusters is
    'the clusters of a clustering (or model@alias, model/version): number, training rows (their weight), share of them (gaussian_mixture: weight in the mixture), and the centre, {feature: value}, numbers in the units of the data, of one-hot features the share of the rows; -1 counts the rows that dbscan leaves out. The centre is NULL beyond 200,000 numbers; no rows for other models';

create or replace function forge.components(model text)
returns table (component int, explained_variance double precision, explained_variance_ratio double precision, singular_value double precision, loadings jsonb)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select c.component, c.explained_variance, c.explained_variance_ratio, c.singular_value, c.loadings
        from forge.resolve_model(components.model) r
        join forge.model_versions v on v.id = r.version_id
        cross join lateral jsonb_to_recordset(nullif(v.manifest -> 'components', 'null'))
            as c(component int, explained_variance double precision, explained_variance_ratio double precision, singular_value double precision, loadings jsonb)
        order by c.component;
end
$$;
comment on function forge.components is
    'the components of a decomposition (or model@alias, model/version), in the order of forge.transform: variance of the training rows along it, its share of the variance of all encoded features, singular value, and what each encoded feature weighs in it, {feature: loading}, as scikit-learn''s components_; NULL where it is not defined, loadings beyond 200,000 numbers; no rows for other models';
