-- What a version tells beside its scores, a line for each model: metrics, clusters, components, groups.
select m.name, v.version, (select md5(string_agg(k::text, ';' order by k.metric, k.part)) from (select metric, part, value from forge.model_metrics t where t.model = m.name) k) as metrics,
    (select md5(string_agg(c::text, ';' order by c.cluster)) from forge.clusters(m.name) c) as clusters,
    (select md5(string_agg(c::text, ';' order by c.component)) from forge.components(m.name) c) as components,
    (select md5(string_agg(g::text, ';' order by g.group_values::text, g.metric)) from forge.group_metrics(m.name) g) as groups,
    (select md5(string_agg(g::text, ';' order by g.group_values::text, g.term, g.class)) from forge.group_coefficients(m.name) g) as group_coefficients
from forge.models m join forge.model_versions v on v.model = m.name
order by m.name;
