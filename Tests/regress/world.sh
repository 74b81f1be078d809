# Sourced: a server of its own with the schema as `forgectl migrate` leaves it and a few models. Root: the repository.
#   world VERSION DIRECTORY DATABASE     starts the server, its socket in DIRECTORY; PGOPTS as for scripts/pg.sh
#   sql …                                psql as its superuser, quiet, stopping at the first error
world_directory=
world() {
  local version=$1 here=Tests/regress file
  world_directory=$2
  mkdir -p "$world_directory"
  scripts/pg.sh start "$version" "$world_directory" >/dev/null
  psql=$("$(scripts/pg.sh config "$version")" --bindir)/psql
  [ -x "$psql" ] || psql=psql
  local as_admin=(-c 'set role forge_admin; set search_path = pg_catalog, pg_temp; set check_function_bodies = off')
  local schema=("${as_admin[@]}" -c "create table forge.migrations (version int primary key, name text not null, sha256 text not null,
    applied_at timestamptz not null default now())" -c "insert into forge.migrations values (1, 'registry', '')")
  for file in migrations/*.up.sql sql/code/*.sql; do schema+=(-f "$file"); done
  sql -d postgres -c "create database $3"
  sql -d "$3" -f sql/superuser.sql
  sql -d "$3" "${schema[@]}" >/dev/null
  sql -d "$3" -f $here/fixtures/setup.sql -f $here/fixtures/models.sql >/dev/null
  sql -d "$3" "${as_admin[@]}" -f sql/code/95_restore.sql >/dev/null
}
sql() { PGHOST=$world_directory PGUSER=postgres PGOPTIONS='-c client_min_messages=warning' "$psql" -Xq -v ON_ERROR_STOP=1 "$@"; }
