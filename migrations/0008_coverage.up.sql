-- It takes the radius of the intervals, too.

drop function if exists forge.value_metrics(text, double precision);
