-- Resource quantities of training_requests.config, written as Kubernetes writes them.

create or replace function forge.cpu_quantity(quantity text) returns double precision
language sql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case
        when quantity ~ '^[0-9]{1,6}(\.[0-9]{1,9})?$' then quantity::double precision
        when quantity ~ '^[0-9]{1,9}m$' then rtrim(quantity, 'm')::double precision / 1000
    end;
$$;
comment on function forge.cpu_quantity is 'processors in "2", "0.5" or "500m"; null if it cannot be read; internal';

create or replace function forge.memory_quantity(quantity text) returns bigint
language sql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case when bytes < 9e18 then bytes::bigint end
    from regexp_match(quantity, '^([0-9]{1,15}(?:\.[0-9]{1,9})?)(k|K|M|G|T|Ki|Mi|Gi|Ti)?$') found,
        lateral (select found[1]::numeric * case coalesce(found[2], '')
            when '' then 1 when 'k' then 1e3 when 'K' then 1e3 when 'M' then 1e6 when 'G' then 1e9 when 'T' then 1e12
            when 'Ki' then 2.0 ^ 10 when 'Mi' then 2.0 ^ 20 when 'Gi' then 2.0 ^ 30 when 'Ti' then 2.0 ^ 40 end as bytes) product;
$$;
comment on function forge.memory_quantity is 'bytes in "8G" (10⁹ each), "8Gi" (2³⁰ each) or "1000"; null if it cannot be read; internal';
