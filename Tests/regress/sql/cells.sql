-- The model "typed" adds up its columns; forge.explain shows the cell that each value became. Numbers are missing as -1,
-- categories give the index of their level from 1 in byte order: a, 'b ', f47ac10b-…, happy, sad, é; 7 is NULL, 8 is unseen.
create table samples (
    label text, c_boolean boolean, c_smallint smallint, c_integer integer, c_bigint bigint, c_real real, c_double_precision float8,
    c_numeric numeric, c_date date, c_timestamp_without_time_zone timestamp, c_timestamp_with_time_zone timestamptz, c_interval interval,
    c_text text, c_character_varying varchar(20), c_character character(4), c_name name, c_uuid uuid, "c_regress.mood" regress.mood);
insert into samples values
    ('ordinary', true, -3, 70000, 9007199254740993, 0.1, 0.1, 12345678901234567890.123456789, '2000-01-02', '2000-01-01 00:00:01.5',
     '2000-01-01 01:00+01', '1 year 2 mons 3 days 04:05:06.7', 'a', 'b ', 'a', 'happy', 'f47ac10b-58cc-4372-a567-0e02b2c3d479', 'happy'),
    ('extreme', false, 32767, -2147483648, -9223372036854775808, 3.4e38, 1e308, 1e-300, '0044-03-15 BC', '294276-12-31 23:59:59.999999',
     '1900-01-01', '-178000000 years', E'\u00e9', E'e\u0301', 'b', 'sad', '00000000-0000-0000-0000-000000000000', 'sad'),
    ('NaN', null, null, null, null, 'NaN', 'NaN', 'NaN', 'infinity', '-infinity', 'infinity', null, null, null, null, null, null, null);

select e.feature, e.value, e.contribution from samples s, forge.explain('typed', s) e where s.label = 'ordinary';
select e.feature, e.value, e.contribution from samples s, forge.explain('typed', s) e where s.label = 'extreme';
select e.feature, e.value, e.contribution from samples s, forge.explain('typed', s) e where s.label = 'NaN';

-- the four forms give the same bits
select label, float8send(forge.predict('typed', s)) = float8send(forge.predict('typed', to_jsonb(s))) as jsonb_form,
    float8send(forge.predict('typed', s)) = float8send(forge.predict('typed', to_jsonb(s)::text)) as text_form,
    float8send(forge.predict('typed', s)) = float8send(forge_models.typed(c_boolean, c_smallint, c_integer, c_bigint, c_real,
        c_double_precision, c_numeric, c_date, c_timestamp_without_time_zone, c_timestamp_with_time_zone, c_interval, c_text,
        c_character_varying, c_character, c_name, c_uuid, "c_regress.mood")) as typed_form
from samples s;

-- domains are their base types; a type of the same family stands in
create domain positive as int check (value > 0);
create domain short as varchar(10);
select forge.predict('churn', r) = forge_models.churn(40, 'pro') as same from (select 40::positive as age, 'pro'::short as plan) r;
select forge.predict('house', r) from (select '50'::numeric as area, 2.0::float4 as rooms) r;

-- a type of another family does not, nor a type that no encoder takes
select regress.error($$select forge.predict('house', r) from (select now() as area, true as rooms) r$$);
select regress.error($$select forge.predict('churn', r) from (select 1 as age, 2 as plan) r$$);
select regress.error($$select forge.predict('churn', r) from (select 1 as age, '{}'::jsonb as plan) r$$);
select regress.error($$select forge.predict('churn', r) from (select array[1] as age, 'pro' as plan) r$$);
select regress.error($$select forge.predict('typed', to_jsonb(s) || '{"c_date": "soon"}') from samples s limit 1$$);
select regress.error($$select forge.predict('typed', to_jsonb(s) || '{"c_uuid": "soon"}') from samples s limit 1$$);
select regress.error($$select forge.predict('typed', to_jsonb(s) || '{"c_boolean": 1, "c_date": 1, "c_interval": 1, "c_text": 1}') from samples s limit 1$$);
select regress.error($$select forge.predict('typed', jsonb_set(to_jsonb(s), '{c_real}', '"Infinity"')) from samples s limit 1$$);

-- a numeric gives the bits of its cast, whatever its digits and scale
with numbers as (
    select (case when g % 2 = 0 then -1 else 1 end * (g::numeric ^ 3 * 7919 % 10::numeric ^ (g % 19)) / 10::numeric ^ (g % 27))::numeric as n from generate_series(1, 20000) g
    union all select n from unnest('{0, 1, -1, 10000, 0.0001, 9999.9999, 9007199254740992, 9007199254740993, 9007199254740991.5, 1e15, 1e16, 1e20, 1e24, 1e28, 1e300, 1e-20, 1e-24, 1e-300,
        123456789.123456789, 0.1, 0.3, 0.00000000000000000001, 99999999999999999999, NaN}'::numeric[]) n
    union all select round(n, s) from unnest('{1234567.891, 0.5, 100, 99.995}'::numeric[]) n, generate_series(0, 40, 4) s)
select count(*) as numbers, count(*) filter (where float8send(a.contribution) <> float8send(b.contribution)) as different
from numbers, lateral (select n as area, 0 as rooms) as_numeric, lateral (select n::float8 as area, 0 as rooms) as_float,
    forge.explain('house/1', as_numeric) a, forge.explain('house/1', as_float) b where a.feature = 'area' and b.feature = 'area';

-- renaming an enum's label is seen at once
begin;
prepare mood as select forge.predict_proba('churn', r) from (select 40 as age, 'happy'::regress.mood as plan) r;
execute mood;
alter type regress.mood rename value 'happy' to 'pro';
execute mood;
rollback;

-- wide text: toasted, compressed, out of line
create table wide_text (age int, plan text);
insert into wide_text values (40, repeat('x', 100000)), (40, 'pro');
alter table wide_text alter plan set storage external;
insert into wide_text values (40, repeat('y', 100000));
select length(plan), forge.predict('churn', w), forge_models.churn(age, plan) from wide_text w order by 1, plan;
