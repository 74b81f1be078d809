-- Enough rows that they outweigh the process; each algorithm on each of its tasks, with few rounds, since those take time and no room.
create table wide as
select g as id, g / 10 as query, sin(g) as x1, sin(g * 1.1) as x2, sin(g * 1.2) as x3, sin(g * 1.3) as x4, sin(g * 1.4) as x5, sin(g * 1.5) as x6,
    sin(g * 1.6) as x7, sin(g * 1.7) as x8, sin(g * 1.8) as x9, sin(g * 1.9) as x10, sin(g * 2.1) as x11, sin(g * 2.2) as x12, sin(g * 2.3) as x13,
    sin(g * 2.4) as x14, sin(g * 2.5) as x15, sin(g * 2.6) as x16, sin(g * 2.7) as x17, sin(g * 2.8) as x18, sin(g * 2.9) as x19, abs(sin(g * 3.1)) as x20,
    2 + sin(g) + sin(g * 1.1) * sin(g * 7.7) as amount, case when sin(g) + sin(g * 7.7) > 0 then 'yes' else 'no' end as label, g % 3 as stars
from generate_series(1, 300000) g;

create table asked as
select format('%s_%s', a.name, t.task) as model, a.name as algorithm, t.task,
    case t.task when 'classification' then 'label' when 'regression' then 'amount' when 'ranking' then 'stars' end as target,
    case when a.name in ('multinomial_nb', 'nmf') then '{x20}' when a.name = 'knn' then '{x1,x2,x3}' end::text[] as features,
    (select coalesce(jsonb_object_agg(c.key, c.value), '{}') from (values ('n_estimators', '10'::jsonb), ('max_iter', '3'), ('n_components', '1')) c(key, value)
     where a.parameters ? c.key and (c.key <> 'n_components' or a.name = 'nmf')) as params
from forge.algorithms a, unnest(a.tasks) t(task)
where a.name not in ('auto', 'dbscan');  -- auto is its members; dbscan takes far longer, for its rows' distances

alter table asked add estimate float8;
update asked a set estimate = (
    select c.value::float8 from forge.check_request(a.model, 'wide', a.target, task => a.task, algorithm => a.algorithm, features => a.features, id_column => 'id',
        group_columns => case when a.task = 'ranking' then '{query}'::text[] end, exclude => array_remove('{amount,label,stars}', a.target), params => a.params) c
    where c.section = 'estimate' and c.item = 'memory');
select count(forge.train(a.model, 'wide', a.target, task => a.task, algorithm => a.algorithm, features => a.features, id_column => 'id',
    group_columns => case when a.task = 'ranking' then '{query}'::text[] end, exclude => array_remove('{amount,label,stars}', a.target), params => a.params)) > 0 from asked a;
do $$
declare
    request bigint;
begin
    for request in select id from forge.training_requests order by id loop
        call forge.wait(request);
    end loop;
end
$$;
