-- The coefficients of linear models in the units of the data, with what a request's statistics ask for: read by forge.coefficients.

create table forge.model_coefficients (
    model text not null,
    version int not null,
    place int not null,
    term text not null,
    class text,
    coefficient double precision,
    std_error double precision,
    statistic double precision,
    p_value double precision,
    lower double precision,
    upper double precision,
    vif double precision,
    primary key (model, version, place),
    constraint coefficients_belong_to_versions foreign key (model, version) references forge.model_versions on delete cascade,
    constraint places_count_from_one check (place > 0),
    constraint coefficients_are_finite check (coefficient not in ('NaN', 'Infinity', '-Infinity')),
    constraint p_values_are_probabilities check (p_value between 0 and 1)
);
comment on table forge.model_coefficients is 'the terms of linear models in the units of the data; forge.coefficients reads them';
comment on column forge.model_coefficients.model is 'name of the model';
comment on column forge.model_coefficients.version is 'version that it belongs to';
comment on column forge.model_coefficients.place is 'order of the terms, from 1: the intercept, then the features as they are encoded';
comment on column forge.model_coefficients.term is '(intercept), a number column, a column and level (plan=gold), or what a column was made into';
comment on column forge.model_coefficients.class is 'class that the term speaks for; null unless there are more than two';
comment on column forge.model_coefficients.coefficient is 'what one unit more of the term adds to the prediction before the link; null: too large for a number';
comment on column forge.model_coefficients.std_error is 'standard error; null unless params.statistics asked for it';
comment on column forge.model_coefficients.statistic is 'coefficient / std_error: t (linear and quantile regression) or z';
comment on column forge.model_coefficients.p_value is 'probability of a statistic as far from 0 if the coefficient were 0';
comment on column forge.model_coefficients.lower is 'lower end of the 95 % confidence interval';
comment on column forge.model_coefficients.upper is 'upper end of the 95 % confidence interval';
comment on column forge.model_coefficients.vif is 'variance inflation factor: 1 means that no other term says anything of this one';
