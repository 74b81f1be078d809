-- Increment upon increment is what a computation from the beginning gives, which is written here in another way: random events of few
-- keys and few times, some NULL, some late, some to come, some deleted, while windows of a second move over them.
\set SHOW_CONTEXT never
set timezone = 'UTC';
set client_min_messages = warning;
set check_function_bodies = off;  -- they read what is online
create table public.events (id int primary key, user_id int, at timestamptz, loaded timestamptz, gone boolean, amount float8, kind text);
create index on public.events (user_id, at desc);
create function public.draw(seed int, i int, below int) returns int language sql immutable as $$ select (hashint8extended(i, seed) & 1073741823)::int % below $$;
create table public.windows (name text, length interval);
insert into public.windows values ('s', '1 second'), ('h', '1 hour'), ('d', '30 days');
select forge.create_entity('person', '{user_id}', '{int}');
select forge.create_feature_view('sums', '{person}', 'public.events', 'at', created_timestamp => 'loaded', tombstone_column => 'gone', aggregations => (
    select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('function', f, 'column', case f when 'count' then null when 'distinct' then 'kind' else 'amount' end, 'time_window', w.length, 'name', f || '_' || w.name)))
    from public.windows w, unnest('{count,sum,avg,min,max,stddev,distinct,last}'::text[]) f));
select forge.create_feature_view('latest', '{person}', 'public.events', 'at', '{amount,kind}', created_timestamp => 'loaded', tombstone_column => 'gone', ttl => '1 hour');
select forge.create_feature_view('chosen', '{person}', 'select * from public.events', 'at', '{amount,kind}', created_timestamp => 'loaded', tombstone_column => 'gone');

-- Sums are exact here, in numeric; deviations by their definition.
create function public.windows_at(t timestamptz) returns table (user_id int, name text, n bigint, sum numeric, min float8, max float8, deviation numeric, different bigint, last float8)
language sql stable as $$
    with known as (
        select w.name, e.* from public.windows w, public.events e
        where e.at <= t and extract(epoch from t - e.at) < extract(epoch from w.length) and e.loaded <= t and e.gone is distinct from true
    ), means as (
        select k.user_id, k.name, avg(k.amount::numeric) as mean from known k group by 1, 2
    )
    select u.user_id, w.name, count(k.id), sum(k.amount::numeric), min(k.amount), max(k.amount),
        case when count(k.amount) > 1 then sqrt(sum((k.amount::numeric - m.mean) ^ 2) / (count(k.amount) - 1)) end,
        (select count(*) from (select distinct d.kind from known d where d.user_id = u.user_id and d.name = w.name and d.kind is not null) x),
        (select l.amount from known l where l.user_id = u.user_id and l.name = w.name and not exists (
            select from known b where b.user_id = l.user_id and b.name = l.name and (b.at, b.loaded, b.id) > (l.at, l.loaded, l.id)))
    from (select distinct e.user_id from public.events e where e.user_id is not null and e.at <= t) u cross join public.windows w
    left join known k on k.user_id = u.user_id and k.name = w.name
    left join means m on m.user_id = u.user_id and m.name = w.name
    group by u.user_id, w.name
$$;
create function public.near(a float8, b numeric) returns boolean
language sql immutable as $$ select a is null and b is null or coalesce(abs(a::numeric - b) <= 1e-12 * greatest(abs(b), 1), false) $$;
create function public.wrong_windows(t timestamptz) returns bigint
language sql stable as $$
    select count(*)
    from public.windows_at(t) w
    join public.windows x using (name)
    left join forge_online.sums_v1 o using (user_id),
    lateral (select array(select (to_jsonb(o) ->> (f || '_' || w.name))::float8 from unnest('{count,sum,avg,min,max,stddev,distinct,last}'::text[]) with ordinality u(f, place) order by place) as v) f
    where (v[1], v[4], v[5], v[7], v[8]) is distinct from (w.n::float8, w.min, w.max, w.different::float8, w.last)
        or not public.near(v[2], w.sum) or not public.near(v[6], w.deviation)
        or not public.near(v[3], w.sum / nullif((select count(e.amount) from public.events e where e.user_id = w.user_id and e.at <= t and e.at > t - x.length and e.loaded <= t and e.gone is distinct from true), 0))
$$;
create function public.wrong_rows(online text, t timestamptz) returns bigint
language plpgsql stable as $$
declare
    wrong bigint;
begin
    execute format($query$
        with known as (select * from public.events e where e.user_id is not null and e.at <= $1 and e.loaded <= $1),
        winners as (
            select k.user_id, k.at, k.loaded, coalesce(k.gone, false) as gone, case when k.gone then null else k.amount end as amount, case when k.gone then null else k.kind end as kind
            from known k where not exists (select from known b where b.user_id = k.user_id and (b.at, b.loaded, b.id) > (k.at, k.loaded, k.id))
        ), online as (select user_id, forge_time, forge_recorded, forge_deleted, amount, kind from forge_online.%I)
        select (select count(*) from (table winners except table online) a) + (select count(*) from (table online except table winners) b)
        $query$, online) using t into wrong;
    return wrong;
end
$$;

do $$
declare
    t timestamptz;
    wrong bigint[];
    looked bigint := 0;
    changed bigint;
    left_out bigint := 0;
begin
    for seed in 1..6 loop
        truncate events;
        drop table if exists forge_online.sums_v1, forge_online.latest_v1, forge_online.chosen_v1;
        for step in 0..6 loop
            t := date_trunc('second', clock_timestamp());
            insert into events
            select 1000 * step + i, nullif(draw(s, i, 13), 12),
                case draw(s + 1, i, 8) when 0 then null when 1 then t - draw(s + 2, i, 4) * interval '12 days' when 2 then t - draw(s + 2, i, 4) * interval '25 minutes'
                    when 3 then clock_timestamp() + draw(s + 2, i, 4) * interval '50 milliseconds' else t - draw(s + 2, i, 4) * interval '250 milliseconds' end,
                case draw(s + 3, i, 9) when 0 then null when 1 then clock_timestamp() + draw(s + 4, i, 3) * interval '60 milliseconds' else clock_timestamp() end,
                case draw(s + 5, i, 9) when 0 then true when 1 then null else false end,
                1 + nullif(draw(s + 6, i, 200), 0) * draw(s + 7, i, 1000) / 1000.0, nullif('k' || draw(s + 8, i, 5), 'k4')
            from (select 100 * seed + 10 * step as s) x, generate_series(1, case step when 2 then 0 else 40 end) i;
            -- what was there is deleted, or another than it was
            update events set gone = true, loaded = clock_timestamp() where draw(seed, id + step, 23) = 0 and step % 2 = 1;
            update events set amount = amount + 1, loaded = clock_timestamp() where draw(seed, id + step, 29) = 0 and step % 3 = 1;
            commit;
            for again in 1..2 loop  -- the second time only time has passed
                perform pg_sleep(0.07 * again);
                select m.to_time, m.rows into t, changed from forge.materialize_incremental('sums') m;
                if again = 2 then left_out := left_out + (select count(*) from forge_online.sums_v1) - changed; end if;
                wrong := array[wrong_windows(t)];
                t := (forge.materialize_incremental('latest')).to_time;
                wrong := wrong || wrong_rows('latest_v1', t);
                t := (forge.materialize_incremental('chosen')).to_time;
                wrong := wrong || wrong_rows('chosen_v1', t);
                looked := looked + 1;
                if wrong <> '{0,0,0}' then raise warning 'seed % step %, run %: wrong are % windows, % rows, % rows of the SELECT', seed, step, again, wrong[1], wrong[2], wrong[3]; end if;
                commit;
            end loop;
        end loop;
    end loop;
    raise warning '% increments; keys that were left as they were: %', looked, left_out > 0;
end
$$;
