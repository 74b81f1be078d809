-- Which versions of nearest neighbours have their training rows in a table with an HNSW index.

create table forge.neighbor_indexes (
    model text not null,
    version int not null,
    relation regclass not null,
    metric text not null,
    primary key (model, version),
    constraint indexes_belong_to_versions foreign key (model, version) references forge.model_versions on delete cascade,
    constraint metric_has_an_index check (metric in ('l2', 'l1', 'cosine'))
);
comment on table forge.neighbor_indexes is 'versions trained by knn with params.index hnsw; forge.kneighbors reads their tables';
comment on column forge.neighbor_indexes.model is 'name of the model';
comment on column forge.neighbor_indexes.version is 'version whose training rows these are';
comment on column forge.neighbor_indexes.relation is
    'table of the rows: place among them, encoded features as a vector, target, and what its vote is multiplied by; dropped with the version''s artifact';
comment on column forge.neighbor_indexes.metric is 'distance of the index, as forge.similar names it';
