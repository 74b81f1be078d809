-- Models to continue that are not what they should be, when the request is made or when it runs.
create table rows as select g as id, g % 17 as x, (array['a', 'b', 'c'])[1 + g % 3] as l, g % 17 * 2.0 + g % 3 as y, 'k' || g % 4 as k from generate_series(1, 300) g;
select bad.ask('a base', $$model => 'base', source => 'select id, x, l, y from rows', target => 'y', id_column => 'id', algorithm => 'ridge'$$);
select bad.ask('a base of classes', $$model => 'classes', source => 'select id, x, k from rows', target => 'k', id_column => 'id'$$);
select bad.ask('a base that is gone later', $$model => 'gone', source => 'select id, x, l, y from rows', target => 'y', id_column => 'id', algorithm => 'ridge'$$);
\c - postgres
create role owner login in role forge_trainer;
grant usage, create on schema bad to owner;
grant select on rows to owner;
\c - owner
select bad.ask('a base of somebody else', $$model => 'theirs', source => 'select id, x, l, y from rows', target => 'y', id_column => 'id', algorithm => 'ridge'$$);
\c - tom
call bad.wait();

select bad.ask('not there', $$source => 'rows', target => 'y', algorithm => 'ridge', params => '{"base_model": "nowhere"}'$$);
select bad.ask('somebody else''s', $$source => 'rows', target => 'y', algorithm => 'ridge', params => '{"base_model": "theirs"}'$$);
select bad.ask('of another shape', $$source => 'select x::text, y, k from rows', target => 'y', algorithm => 'gradient_boosting', params => '{"base_model": "base"}'$$);
select bad.ask('without a penalty', $$source => 'select x, l, y from rows', target => 'y', algorithm => 'ridge', params => '{"base_model": "base", "alpha": 0}'$$);
select bad.ask('of an algorithm that continues nothing', $$source => 'select x, l, y from rows', target => 'y', algorithm => 'random_forest', params => '{"base_model": "base"}'$$);
select bad.ask('other classes', $$source => 'select x, replace(k, ''3'', ''9'') as k from rows', target => 'k', params => '{"base_model": "classes"}'$$);
select bad.ask('as it should be', $$source => 'select id, x, l, y from rows', target => 'y', id_column => 'id', algorithm => 'ridge', params => '{"base_model": "base"}'$$);
call bad.wait();

-- Fine when it was asked for.
\c - owner
select forge.grant_model('theirs', 'tom', 'predict');
\c - tom
select bad.ask('the right is taken back', $$source => 'select id, x, l, y from rows', target => 'y', id_column => 'id', algorithm => 'ridge',
    params => '{"base_model": "theirs"}', run_at => now() + interval '1 hour'$$);
select bad.ask('the base is dropped', $$source => 'select id, x, l, y from rows', target => 'y', id_column => 'id', algorithm => 'ridge',
    params => '{"base_model": "gone"}', run_at => now() + interval '1 hour'$$);
select bad.ask('the name means another shape', $$source => 'select id, x, l, y from rows', target => 'y', id_column => 'id', algorithm => 'ridge',
    params => '{"base_model": "base"}', run_at => now() + interval '1 hour'$$);
\c - owner
select forge.revoke_model('theirs', 'tom', 'predict');
\c - tom
select forge.drop_model('gone');
select bad.ask('the other shape', $$model => 'base', source => 'select id, x, k, y from rows', target => 'y', id_column => 'id', algorithm => 'ridge', promote => 'always'$$);
call bad.wait();
select bad.release();
call bad.wait();
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' => '
select name, outcome from bad.outcomes;
