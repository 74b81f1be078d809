-- Clusterings and decompositions made by hand, so that every number can be worked out on paper: what reads them, and what refuses to.
\set SHOW_CONTEXT never
create table points (id int primary key, x float8, y float8);
insert into points values (1, 0, 0), (2, 3, 4), (3, 3, 0), (4, 1.5, 2), (5, null, 4), (6, 30, 40);
-- segments/2 has the centres (0, 0) and (3, 4), segments/1 the same the other way round. Row 4 is as far from both, row 5 lacks x: 0.
select p.id, c.*, forge.predict('segments', p), forge_models.segments(p) as of_row, forge_models.segments(x, y) as typed, forge.transform('segments', p)
from points p, forge.cluster('segments', p) c order by p.id;
select p.id, c.cluster, c.cluster = j.cluster and c.distance = t.distance as same, forge.transform('segments/1', to_jsonb(p)) = forge.transform('segments/1', to_jsonb(p)::text) as same_numbers
from points p, forge.cluster('segments/1', p) c, forge.cluster('segments/1', to_jsonb(p)) j, forge.cluster('segments/1', to_jsonb(p)::text) t order by p.id;
-- crowds: two points of each cluster, and rows beyond 2 of all of them are of none.
select p.id, c.*, forge.predict('crowds', p), forge.transform('crowds', p) from points p, forge.cluster('crowds', p) c order by p.id;
-- blend: equal weights, precisions 1 and 1/2; the distance is Mahalanobis', the probabilities add up.
select p.id, c.cluster, round(c.distance::numeric, 6) as distance, round(c.probability::numeric, 6) as probability,
    (select round(sum(t)::numeric, 6) from unnest(forge.transform('blend', p)) t) as whole
from points p, forge.cluster('blend', p) c where p.id <> 6 order by p.id;
-- tilted: 1 + x and 2y; axis: x + y - 1; parts: what of (1, 0) and of (0, 2) makes the row, none below 0.
select p.id, forge.transform('tilted', p), forge.predict('axis', p), forge_models.axis(x, y), forge.transform('axis', p), forge.transform('parts', p) from points p order by p.id;
select forge.transform('parts', '{"x": -5, "y": 3}');
select forge.transform('tilted', p)::vector <-> '[1,0]' as from_the_origin from points p where id = 2;
-- NULL in, NULL out
select forge.cluster(null, p), forge.cluster('segments', null::points), forge.transform('tilted', null::jsonb), forge.transform(null, '{}'::text) from points p where id = 1;
-- Explained on the margin, by cluster or component: of a cluster the squared distance, which the parts add up to.
select * from forge.explain('segments', '{"x": 3, "y": 4}') order by class, feature collate "C";
select class, sum(contribution) as told, (forge.transform('tilted', '{"x": 3, "y": 4}'))[class::int + 1] as component
from forge.explain('tilted', '{"x": 3, "y": 4}') group by class order by class;
select class, abs(sum(contribution) - (forge.transform('parts', '{"x": 3, "y": 4}'))[class::int + 1]) < 1e-9 as complete
from forge.explain('parts', '{"x": 3, "y": 4}') group by class order by class;
select * from forge.prepared('parts', '{"x": 3, "y": null}');
-- A statement planned once follows the champion, whatever its result.
set plan_cache_mode = force_generic_plan;
prepare clustered as select c.cluster, forge.predict('segments', p) as predicted, forge.transform('segments', p) from points p, forge.cluster('segments', p) c where p.id = $1;
execute clustered(2);
select regress.set_champion('segments', 1);
execute clustered(2);
select regress.set_champion('segments', 2);
execute clustered(2);
prepare given as select c.* from forge.cluster($1, $2::jsonb) c;
execute given('segments', '{"x": 3, "y": 4}');
execute given('crowds', '{"x": 3, "y": 4}');
reset plan_cache_mode;

-- into tables
select forge.predict_table('segments', 'points', 'id', 'in_segments'), forge.predict_table('tilted', 'points', 'id', 'on_axes'), forge.predict_table('axis', 'points', 'id', 'on_axis');
select s.id, s.prediction, a.prediction as axes, o.prediction as axis from in_segments s join on_axes a using (id) join on_axis o using (id) order by id;

-- What a model is not, it does not do.
select regress.error($$select forge.cluster('house', '{"area": 1, "rooms": 1}')$$);
select regress.error($$select forge.cluster('tilted', '{"x": 1, "y": 1}')$$);
select regress.error($$select forge.transform('house', '{"area": 1, "rooms": 1}')$$);
select regress.error($$select forge.predict('tilted', '{"x": 1, "y": 1}')$$);
select regress.error($$select forge_models.tilted(p) from points p$$);
select regress.error($$select forge.predict_label('segments', '{"x": 1, "y": 1}')$$);
select regress.error($$select forge.predict_proba('segments', '{"x": 1, "y": 1}')$$);
select regress.error($$select forge.predict_interval('axis', '{"x": 1, "y": 1}')$$);
select regress.error($$select forge.evaluate('segments', 'points')$$);
select regress.error($$select forge.evaluate('axis')$$);
select regress.error($$select forge.confusion_matrix('segments', 'points')$$);
select regress.error($$select forge.partial_dependence('segments', 'x', 'points')$$);
select regress.error($$select forge.ice('axis', 'x', 'points')$$);
select regress.error($$select forge.counterfactual('segments', '{"x": 1, "y": 1}', source => 'points')$$);
select regress.error($$select forge.explain_lime('segments', '{"x": 1, "y": 1}')$$);
select regress.error($$select forge.cluster('segments', '{"x": "Infinity", "y": 1}')$$);
select regress.error($$select forge.cluster('segments', '{"x": 1}')$$);
select regress.error($$select forge.cluster('segments', '{"x": "a", "y": true}')$$);
select regress.error($$select forge.cluster('segments', '{"x": 1e200, "y": 1}')$$);
select regress.error($$select forge.transform('parts', '{"x": 1e308, "y": 1e308}')$$);
select regress.error($$select forge.cluster('nothing', p) from points p$$);

-- What the manifest says of clusters and components, for whoever may see the version; gone with it.
\set ECHO none
\ir ../fixtures/training.sql
\set ECHO all
select regress.train('tom', 'kinds', 'segments', 'always', '{"task": "clustering", "target": null, "target_type": null, "clusters": [
    {"cluster": 1, "rows": 60, "share": 0.375, "center": {"x": 3, "y": 4}}, {"cluster": 0, "rows": 100, "share": 0.625, "center": null}]}');
select regress.train('tom', 'reduced', 'tilted', 'always', '{"task": "decomposition", "target": null, "target_type": null, "components": [
    {"component": 0, "explained_variance": 2.5, "explained_variance_ratio": 0.5, "singular_value": 9, "loadings": {"x": 1, "y": 0}},
    {"component": 1, "explained_variance": null, "explained_variance_ratio": null, "singular_value": null, "loadings": null}]}');
set role tom;
select * from forge.clusters('kinds');
select * from forge.components('reduced/1');
select (select count(*) from forge.clusters('reduced')) as clusters, (select count(*) from forge.components('kinds')) as components;
select forge_models.kinds(3::float8, 4::float8), forge.transform('reduced', '{"x": 3, "y": 4}');
set role ann;
select regress.error($$select * from forge.clusters('kinds')$$);
select regress.error($$select forge.cluster('kinds', '{"x": 3, "y": 4}')$$);
set role tom;
select forge.grant_model('kinds', 'ann', 'predict');
set role ann;
select cluster, rows from forge.clusters('kinds');
select cluster from forge.cluster('kinds', '{"x": 3, "y": 4}');
set role tom;
select forge.drop_model('kinds');
select regress.error($$select * from forge.clusters('kinds')$$);
