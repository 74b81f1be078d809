-- The demo's tables, with proper types. Does nothing when they are there.
select to_regclass('demo.flights') is null as is_missing \gset
\if :is_missing
begin;
create schema demo;

create table demo.adult (
    id int primary key,
    age int, workclass text, fnlwgt int, education text, education_num int, marital_status text, occupation text,
    relationship text, race text, sex text, capital_gain int, capital_loss int, hours_per_week int, native_country text,
    income text not null);
comment on table demo.adult is 'US census 1994: who earns more than 50,000 $ a year; UCI Adult, CC BY 4.0';
comment on column demo.adult.fnlwgt is 'how many people the row stands for: no property of the person';
comment on column demo.adult.education_num is 'years of education; says the same as education';

create table demo.flights (
    id int primary key,
    year int, month int, day int, dep_time int, sched_dep_time int, dep_delay int, arr_time int, sched_arr_time int, arr_delay int,
    carrier text, flight int, tailnum text, origin text, dest text, air_time int, distance int, hour int, minute int,
    time_hour timestamptz);
comment on table demo.flights is 'flights from New York City in 2013; US Bureau of Transportation Statistics, CC0';
comment on column demo.flights.arr_delay is 'minutes late at arrival; NULL: cancelled or diverted';

\copy demo.adult from 'demo/data/adult.csv' with (format csv, header)
\copy demo.flights from 'demo/data/flights.csv' with (format csv, header)

create view demo.departures as
select id, carrier, origin, dest, distance, month, day,
    extract(isodow from make_date(year, month, day))::int as weekday,
    sched_dep_time / 100 * 60 + sched_dep_time % 100 as departure_minute,
    sched_arr_time / 100 * 60 + sched_arr_time % 100 as arrival_minute,
    arr_delay
from demo.flights;
comment on view demo.departures is 'what is known of a flight before it leaves, and how late it came; times in minutes after midnight';
commit;
analyze demo.adult, demo.flights;
\endif
