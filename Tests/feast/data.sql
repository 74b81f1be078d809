-- Histories without ties: no key has two rows of one time. A user's plan as it changed and was recorded later, what users did in shops,
-- and entity rows at those times exactly, a ttl after them, between them and before all of them.
create table plans (user_id bigint, changed_at timestamptz, recorded_at timestamptz, plan text, price float8, trial boolean);
insert into plans
select i % 40, t, t + (i * 7919 % 50) * interval '1 hour', case when i % 11 > 0 then (array['free', 'basic', 'plus'])[1 + i % 3] end, i * 104729 % 1000 / 8.0, i % 2 = 0
from generate_series(1, 2000) i, lateral (select timestamptz '2026-01-01' + i * interval '17 minutes' + i % 7 * interval '1 microsecond' as t) at;

create table purchases (user_id bigint, shop text, at timestamptz, amount bigint);
insert into purchases
select i % 40, 'shop ' || i % 3, timestamptz '2026-01-01' + i * interval '11 minutes', i from generate_series(1, 3000) i;

create table labels as
select row_number() over (order by r, user_id) as label_row, user_id, 'shop ' || r % 4 as shop, at as event_timestamp, r % 2 = 0 as churned
from (
    select i as r, user_id, changed_at + (array['0', '-1 microsecond', '2 days', '2 days 1 microsecond', '5 minutes', '-30 days', '400 days']::interval[])[1 + i % 7] as at
    from (select row_number() over (order by changed_at) as i, user_id, changed_at from plans) p
    where i % 4 = 0
    union all
    select 4, 1, timestamptz '2026-01-10' from generate_series(1, 2)
    union all
    select 5, 999, timestamptz '2026-01-10') l;

-- What Feast takes in its own way: rows that nothing tells apart, and keys that are the same text one after the other.
create table tied (user_id bigint, at timestamptz, value bigint);
insert into tied values (1, '2026-01-01', 1), (1, '2026-01-01', 2);
create table pairs (a text, b text, at timestamptz, value bigint);
insert into pairs values ('1', '12', '2026-01-01', 112), ('11', '2', '2026-01-01', 1102);
create table old (user_id bigint, at timestamptz, value bigint);
insert into old values (1, '2026-01-01', 1);

select forge.create_entity('user', '{user_id}', '{bigint}'), forge.create_entity('shop', '{shop}', '{text}'), forge.create_entity('pair', '{a,b}', '{text,text}');
select forge.create_feature_view('plan', '{user}', 'plans', 'changed_at', created_timestamp => 'recorded_at', ttl => '2 days', leak_check => false, create_index => true);
select forge.create_feature_view('plan_known', '{user}', 'plans', 'changed_at', created_timestamp => 'recorded_at', ttl => '2 days', create_index => true);
select forge.create_feature_view('bought', '{user,shop}', 'purchases', 'at', create_index => true);
select forge.create_feature_view('tied', '{user}', 'tied', 'at', create_index => true);
select forge.create_feature_view('pairs', '{pair}', 'pairs', 'at', create_index => true);
select forge.create_feature_view('old', '{user}', 'old', 'at', ttl => '0.5 seconds', create_index => true);
