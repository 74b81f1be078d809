-- Enough rows that they outweigh the process; each algorithm on each of its tasks, with few rounds, since those take time and no room.
create table wide as
select g as id, g / 10 as query, sin(g) as x1, sin(g * 1.1) as x2, sin(g * 1.2) as x3, sin(g * 1.3) as x4, sin(g * 1.4) as x5, sin(g * 1.5) as x6,
    sin(g * 1.6) as x7, sin(g * 1.7) as x8, sin(g * 1.8) as x9, sin(g * 1.9) as x10, sin(g * 2.1) as x11, sin(g * 2.2) as x12, sin(g * 2.3) as x13,
    sin(g * 2.4) as x14, sin(g * 2.5) as x15, sin(g * 2.6) as x16, sin(g * 2.7) as x17, sin(g * 2.8) as x18, sin(g * 2.9) as x19, abs(sin(g * 3.1)) as x20,
    2 + sin(g) + sin(g * 1.1) * sin(g * 7.7) as amount, case when sin(g) + sin(g * 7.7) > 0 then 'yes' else 'no' end as label, g % 3 as stars
from generate_series(1, 300000) g;

create table asked as
select format('%s_%s', a.name, t.task) as model, 'wide' as source, a.name as algorithm, t.task,
    case t.task when 'classification' then 'label' when 'regression' then 'amount' when 'ranking' then 'stars' end as target,
    case when a.name in ('multinomial_nb', 'nmf') then '{x20}' when a.name = 'knn' then '{x1,x2,x3}' end::text[] as features, case when t.task = 'ranking' then '{query}'::text[] end as group_columns,
    (select coalesce(jsonb_object_agg(c.key, c.value), '{}') from (values ('n_estimators', '10'::jsonb), ('max_iter', '3'), ('n_components', '1')) c(key, value)
     where a.parameters ? c.key and (c.key <> 'n_components' or a.name = 'nmf')) as params, null::jsonb as search
from forge.algorithms a, unnest(a.tasks) t(task)
where a.name not in ('auto', 'dbscan');
-- What multiplies features or fits; fewer rows where it takes long, and then few columns, since time is not what is estimated.
create view vectors as
select id, array[x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15, x16, x17, x18, x19, x20]::real[] as v, amount from wide;
create view shops as select *, id % 100 as shop from wide;
create view few as select id, x1, x2, x3, amount from wide where id <= 60000;
insert into asked
select a.model, a.source, a.algorithm, a.task, a.target, a.features, a.group_columns, coalesce(a.params, '{}'), a.search
from (values
    ('vectors_linear', 'vectors', 'ridge', 'regression', 'amount', null::text[], null::text[], null::jsonb, null::jsonb),
    ('vectors_trees', 'vectors', 'gradient_boosting', 'regression', 'amount', null, null, '{"n_estimators": 10}', null),
    ('vectors_network', 'vectors', 'mlp', 'regression', 'amount', null, null, '{"max_iter": 3}', null),
    ('groups_linear', 'shops', 'ridge', 'regression', 'amount', null, '{shop}', null, null),
    ('groups_trees', 'shops', 'gradient_boosting', 'regression', 'amount', null, '{shop}', '{"n_estimators": 10}', null),
    ('groups_forest', 'shops', 'random_forest', 'regression', 'amount', null, '{shop}', '{"n_estimators": 10}', null),
    ('search_linear', 'wide', 'ridge', 'regression', 'amount', null, null, null, '{"trials": 3}'),
    ('search_trees', 'wide', 'gradient_boosting', 'regression', 'amount', null, null, null, '{"trials": 3, "space": {"n_estimators": [5, 10]}}'),
    ('dbscan_clustering', 'few', 'dbscan', 'clustering', null, '{x1,x2,x3}', null, '{"eps": 0.1}', null),
    ('auto_regression', 'few', 'auto', 'regression', 'amount', null, null, null, '{"trials": 6}')
) a(model, source, algorithm, task, target, features, group_columns, params, search);

alter table asked add estimate float8, add exclude text[];
update asked set exclude = array_remove('{amount,label,stars}', target) where source in ('wide', 'shops');
update asked a set estimate = (
    select c.value::float8 from forge.check_request(a.model, a.source, a.target, task => a.task, algorithm => a.algorithm, features => a.features, id_column => 'id',
        group_columns => a.group_columns, exclude => a.exclude, params => a.params, search => a.search) c
    where c.section = 'estimate' and c.item = 'memory');
select count(forge.train(a.model, a.source, a.target, task => a.task, algorithm => a.algorithm, features => a.features, id_column => 'id',
    group_columns => a.group_columns, exclude => a.exclude, params => a.params, search => a.search)) > 0 from asked a;
do $$
declare
    request bigint;
begin
    for request in select id from forge.training_requests order by id loop
        call forge.wait(request);
    end loop;
end
$$;
