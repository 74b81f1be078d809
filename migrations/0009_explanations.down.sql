drop table forge.feature_statistics;
delete from forge.feature_importances where kind <> 'gain';
alter table forge.feature_importances
    drop constraint feature_importances_pkey,
    drop constraint kinds_are_known,
    drop constraint ends_are_in_order,
    drop column kind,
    drop column lower,
    drop column upper,
    add primary key (model, version, feature);
comment on column forge.feature_importances.importance is 'share of the whole; the shares of a version add up to 1 unless all are 0';
