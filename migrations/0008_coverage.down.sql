drop function if exists forge.value_metrics(text, double precision, double precision);
