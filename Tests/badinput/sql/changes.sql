-- What changes between INSERT and training: each request was fine when it was made.
\c - postgres
grant create on schema public to tom;
create role leaver login in role forge_trainer;
create role demoted login in role forge_trainer;
grant usage, create on schema bad to leaver, demoted;
grant usage on schema public to leaver, demoted;
create table public.lent as select g as x, g * 2.0 as y from generate_series(1, 100) g;
grant select on public.lent to tom, leaver, demoted;
create table public.lent_view_of as select g as x, g * 2.0 as y from generate_series(1, 100) g;
create function public.lent_function(int) returns int language sql as 'select $1';
revoke execute on function public.lent_function from public;
grant execute on function public.lent_function to tom;
create domain public.small as int;
create type public.mood as enum ('sad', 'glad');
create schema attic;
grant usage, create on schema attic to tom;
create table public.written (who text);
grant insert on public.written to tom;
\c - tom
create function make(name text) returns void language plpgsql as $$
begin
    execute format('create table %I as select g as x, ''l'' || g %% 3 as l, g::smallint as s, g * 2.0 as y from generate_series(1, 100) g', name);
end $$;
select make(t) from unnest('{column_dropped,target_dropped,retyped,kind_changed,renamed,column_renamed,table_dropped,replaced,emptied,column_added,moved,as_view,altered_enum}'::text[]) t;
alter table altered_enum alter l type mood using case x % 2 when 0 then 'sad' else 'glad' end::mood;
select bad.ask(t, format('source => %L, target => ''y'', run_at => now() + interval ''1 hour''', t)) from unnest('{column_dropped,target_dropped,retyped,kind_changed,
    renamed,column_renamed,table_dropped,replaced,emptied,column_added,as_view,altered_enum,lent}'::text[]) t;
set search_path = attic, public;
create table attic.moved as select * from public.moved;
select bad.ask('moved', $$source => 'moved', target => 'y', run_at => now() + interval '1 hour'$$);
reset search_path;
create view shifting as select g as x, g * 2.0 as y from generate_series(1, 100) g;
create function tame(int) returns int language sql stable as 'select $1';
create view by_function as select tame(g) as x, g * 2.0 as y from generate_series(1, 100) g;
select bad.ask(v, format('source => %L, target => ''y'', run_at => now() + interval ''1 hour''', v))
from unnest('{shifting,by_function,select lent_function(g) as x\, g * 2.0 as y from generate_series(1\, 100) g}'::text[]) v;
select bad.ask('a first version', $$model => 'held', source => 'altered_enum', target => 'y'$$);
call bad.wait();
select bad.ask('model dropped', $$model => 'held', source => 'altered_enum', target => 'y', run_at => now() + interval '1 hour'$$);
set client_min_messages = error;
\c - leaver
select bad.ask('requester dropped', $$source => 'lent', target => 'y', run_at => now() + interval '1 hour'$$);
\c - demoted
select bad.ask('requester stripped of forge_trainer', $$source => 'lent', target => 'y', run_at => now() + interval '1 hour'$$);
\c - postgres
drop owned by leaver;
drop role leaver;
revoke forge_trainer from demoted;
revoke select on lent from tom;
revoke execute on function lent_function from tom;
alter type mood rename value 'sad' to 'blue';
\c - tom
alter table column_dropped drop x;
alter table target_dropped drop y;
alter table retyped alter x type bigint;
alter table kind_changed alter x type text;
alter table renamed rename to renamed_away;
alter table column_renamed rename x to z;
drop table table_dropped;
drop table replaced;
create view replaced as select 'other' as x, 'l' as l, 1::smallint as s, 2.0 as y;
truncate emptied;
alter table column_added add extra int[] default '{1}', add more float8 default random();
drop table attic.moved;
drop table as_view;
create view as_view as select g as x, 'l' || g % 3 as l, g::smallint as s, g * 2.0 as y from generate_series(1, 100) g;
create or replace view shifting as select g as x, g * 2.0 as y from generate_series(1, 100) g where g / (g - 7) > 0;
create or replace function tame(int) returns int language plpgsql stable as $$begin perform set_config('role', 'postgres', true); return $1; end$$;
select forge.drop_model('held');
select bad.release();
call bad.wait();

-- A source that does what it should not, at run time only.
create function climbs() returns int language plpgsql as $$begin perform set_config('role', 'postgres', false); return 1; end$$;
create function climbs_session() returns int language plpgsql as $$begin set session authorization postgres; return 1; end$$;
create function writes() returns int language plpgsql as $$begin insert into written values (current_user); return 1; end$$;
create function writes_after_all() returns int language plpgsql as $$begin perform set_config('transaction_read_only', 'off', false); insert into written values ('x'); return 1; end$$;
create function creates() returns int language plpgsql as $$begin create table stolen (x int); return 1; end$$;
create function raises() returns int language plpgsql as $$begin raise exception 'no luck' using hint = 'none', errcode = 'ZZ001'; end$$;
create function raises_ours() returns int language plpgsql as $$begin raise exception 'the lease is lost, really' using errcode = 'FG017'; end$$;
create function commits() returns int language plpgsql as $$begin commit; return 1; end$$;
create function notifies() returns int language plpgsql as $$begin perform pg_notify('forge_cancel', ''); return 1; end$$;
create function completes() returns int language plpgsql as $$begin perform forge.rescue(); return 1; end$$;
create function swallows() returns int language plpgsql as $$begin begin insert into written values ('y'); exception when others then null; end; return 1; end$$;
select bad.ask(f || '()', format('source => %L, target => ''y'', config => ''{"scheduling": {"max_retries": 1}}''',
    format('select %s() + g as x, g * 2.0 as y from generate_series(1, 100) g', f)))
from unnest('{climbs,climbs_session,writes,writes_after_all,creates,raises,raises_ours,commits,notifies,completes,swallows}'::text[]) f;
call bad.wait();
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' => '
\c - postgres
select name, regexp_replace(outcome, 'OID \d+|role \d+', 'OID …') from bad.outcomes;
select * from written;
