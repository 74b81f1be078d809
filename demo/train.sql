-- Four models. The idempotency key makes asking twice the same as asking once.
insert into forge.training_requests (model, task, algorithm, source, target, id_column, exclude, params, idempotency_key)
values
    ('income_logistic', 'classification', 'logistic_regression', 'demo.adult', 'income', 'id', '{fnlwgt,education_num}',
        '{"positive_class": ">50K"}', 'demo: income_logistic'),
    ('income', 'classification', 'gradient_boosting', 'demo.adult', 'income', 'id', '{fnlwgt,education_num}',
        '{"positive_class": ">50K"}', 'demo: income')
on conflict (requested_by, idempotency_key) do nothing;

insert into forge.training_requests (model, task, algorithm, source, target, id_column, idempotency_key)
values
    ('delay_ridge', 'regression', 'ridge', 'demo.departures', 'arr_delay', 'id', 'demo: delay_ridge'),
    ('delay', 'regression', 'gradient_boosting', 'demo.departures', 'arr_delay', 'id', 'demo: delay')
on conflict (requested_by, idempotency_key) do nothing;
