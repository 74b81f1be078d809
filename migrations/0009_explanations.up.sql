-- Importances of more kinds than gain, and what the training rows' columns looked like: forge.explain_lime draws from it.

alter table forge.feature_importances
    add column kind text not null default 'gain',
    add column lower double precision,
    add column upper double precision,
    drop constraint feature_importances_pkey,
    add primary key (model, version, kind, feature),
    add constraint kinds_are_known check (kind in ('gain', 'permutation', 'mean_abs_shap')),
    add constraint ends_are_in_order check (lower <= upper);
alter table forge.feature_importances alter column kind drop default;
comment on column forge.feature_importances.kind is
    'gain: what the model itself says; permutation: how much worse the metric becomes when the column is shuffled; mean_abs_shap: mean size of its contribution';
comment on column forge.feature_importances.importance is
    'gain: share of the whole, adding up to 1 unless all are 0; permutation: in units of the metric; mean_abs_shap: in units of the margin';
comment on column forge.feature_importances.lower is 'lower end of the confidence interval; null for gain';
comment on column forge.feature_importances.upper is 'upper end of the confidence interval; null for gain';

create table forge.feature_statistics (
    model text not null,
    version int not null,
    feature text not null,
    rows bigint not null,
    missing bigint not null,
    quantiles double precision[],
    counts bigint[] not null,
    means double precision[],
    deviations double precision[],
    levels text[],
    primary key (model, version, feature),
    constraint statistics_belong_to_versions foreign key (model, version) references forge.model_versions on delete cascade,
    constraint missing_rows_are_rows check (missing between 0 and rows),
    constraint numbers_have_twenty_steps check (quantiles is null
        or cardinality(quantiles) = 21 and cardinality(counts) = 20 and cardinality(means) = 20 and cardinality(deviations) = 20),
    constraint levels_are_counted check (levels is null or cardinality(levels) = cardinality(counts))
);
comment on table forge.feature_statistics is
    'what each source column of a version looked like in at most 10,000 of its training rows: forge.explain_lime draws from it';
comment on column forge.feature_statistics.model is 'name of the model';
comment on column forge.feature_statistics.version is 'version trained on them';
comment on column forge.feature_statistics.feature is 'source column';
comment on column forge.feature_statistics.rows is 'rows looked at';
comment on column forge.feature_statistics.missing is 'of them without a value';
comment on column forge.feature_statistics.quantiles is
    'of a number, as the model sees it (times in seconds since 2000-01-01): the smallest value, those at 5, 10, … 95 %, the largest; null for categories, or without a value';
comment on column forge.feature_statistics.counts is 'rows in each interval above one quantile up to the next, the first with its lower end; or of each level';
comment on column forge.feature_statistics.means is 'mean in each interval; 0 in one without rows';
comment on column forge.feature_statistics.deviations is 'population standard deviation in each interval';
comment on column forge.feature_statistics.levels is 'of a category: its 100 most frequent levels of at most 200 bytes, the most frequent first';
