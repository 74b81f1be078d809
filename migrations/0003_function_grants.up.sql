-- EXECUTE on the generated functions as GRANT and REVOKE left it, so that a function that is made again gets it back: a
-- champion with other columns, or with none of a kind for a while, and DROP EXTENSION take functions away.

create table forge.function_grants (
    model text not null references forge.models on delete cascade,
    form text not null,
    grantee regrole not null,
    grantable boolean not null,
    primary key (model, form, grantee),
    constraint form_is_record_typed_or_label check (form in ('record', 'typed', 'label'))
);
comment on table forge.function_grants is
    'who may execute a model''s generated functions, noted whenever they may be made again: at a change of champion and at every migration';
comment on column forge.function_grants.model is 'name of the model';
comment on column forge.function_grants.form is 'which function: record, typed or label';
comment on column forge.function_grants.grantee is 'role that may execute it; - is PUBLIC';
comment on column forge.function_grants.grantable is 'whether it may grant that on';
