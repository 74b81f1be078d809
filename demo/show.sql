\pset null ''
\pset footer off

\echo
\echo == How good are they, on rows that they have not seen?
select v.model, v.algorithm, v.rows as trained_on,
    max(m.value) filter (where m.metric = 'roc_auc')::numeric(5, 3) as roc_auc,
    max(m.value) filter (where m.metric = 'accuracy')::numeric(5, 3) as accuracy,
    max(m.value) filter (where m.metric = 'rmse')::numeric(6, 2) as rmse,
    max(m.value) filter (where m.metric = 'mae')::numeric(6, 2) as mae,
    max(m.value) filter (where m.metric = 'r2')::numeric(5, 3) as r2
from forge.model_versions v
join forge.model_metrics m on m.model = v.model and m.version = v.version and m.part = 'test'
where v.model in ('income', 'income_logistic', 'delay', 'delay_ridge')
group by v.model, v.version, v.algorithm, v.rows
order by v.model desc, v.version;

\echo == Predictions next to the truth, the probability of earning more than 50,000 $ (four rows in five were trained on)
select a.id, a.age, a.occupation, a.hours_per_week as hours, forge.predict('income', a)::numeric(4, 3) as boosting,
    forge.predict('income_logistic', a)::numeric(4, 3) as logistic, forge.predict_label('income', a) as predicted, a.income as truth
from demo.adult a
where a.id <= 12
order by a.id;

\echo == Minutes late, by airline, trained-on flights included: the generated function reads only the columns it needs
select carrier, count(*) as flights, avg(delay)::numeric(6, 1) as predicted, avg(arr_delay)::numeric(6, 1) as truth
from (
    select d.carrier, d.arr_delay,
        forge_models.delay(d.carrier, d.origin, d.dest, d.distance, d.month, d.day, d.weekday,
            d.departure_minute, d.arrival_minute) as delay
    from demo.departures d
    where d.arr_delay is not null) scored
group by carrier
order by predicted desc
limit 8;

\echo == Why? One person, in log-odds: the contributions add up to the prediction
select e.feature, e.value, e.contribution::numeric(6, 3)
from demo.adult a, forge.explain('income', a) e
where a.id = 8
order by e.feature = '(base)' desc, abs(e.contribution) desc;
