drop table forge.feature_services, forge.feature_views, forge.entities;
drop function if exists forge.combined_problems(text, forge.problem[]);
