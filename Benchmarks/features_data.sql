-- :events rows of :keys users over a year, with five features each, and :entities labels at random times of it.
set client_min_messages = warning;
drop schema if exists features cascade;
create schema features;
set search_path = features;
create table events (user_id bigint not null, at timestamptz not null, f1 float8, f2 float8, f3 float8, f4 float8, f5 float8);
select setseed(0.5) \g /dev/null
insert into events
select (random() * :keys)::bigint, timestamptz '2026-01-01' + random() * interval '365 days', random(), random(), random(), random(), random()
from generate_series(1, :events);
create table labels as
select i as label_row, (random() * :keys)::bigint as user_id, timestamptz '2026-01-01' + random() * interval '365 days' as event_timestamp, random() < 0.3 as churned
from generate_series(1, :entities) i;
analyze events;
analyze labels;
