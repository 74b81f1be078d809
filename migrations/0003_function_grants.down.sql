drop table forge.function_grants;
