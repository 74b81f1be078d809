-- model|estimate|peak, in megabytes
select a.model, round(a.estimate / 1e6), substring(l.message from 'peak resident memory ([0-9]+) MB')
from asked a
join forge.training_requests r using (model)
join forge.training_log l on l.request = r.id and l.message like '%peak resident memory%'
order by a.model;
