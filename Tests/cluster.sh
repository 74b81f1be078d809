# Sourced by the suites that go from INSERT to prediction: a server of its own in $work/pg, databases made as docs/install.md says,
# and a sidecar. Root: the repository. FORGE_BIN names the folder with forgectl and forged; by default the release build.
#   open_cluster NAME VERSION    makes $work below /tmp and starts the server; all of it goes with the script
#   database NAME                one with Forge in it; the role "sidecar" is its worker
#   start_sidecar NAME · stop_sidecar
#   url ROLE DATABASE · sql …    psql, quiet and bare, stopping at the first error
#   pass · fail WHAT             count in $passed and $failed
export LC_ALL=C.UTF-8
bin=${FORGE_BIN:-.build/release}
passed=0; failed=0; sidecar=

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); printf 'FAILED %s\n' "$*"; }
url() { printf 'postgresql://%s@/%s?host=%s' "$1" "$2" "$work/pg"; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

open_cluster() {
  work=$(mktemp -d "/tmp/forge-$1.XXXX"); chmod 755 "$work"
  trap close_cluster EXIT
  scripts/pg.sh start "$2" "$work/pg" >/dev/null || { echo "the server did not start"; exit 1; }
  PATH=$(cat "$work/pg/bin"):$PATH
  sql -d "$(url postgres postgres)" -c 'create role sidecar login'
}
close_cluster() { stop_sidecar; scripts/pg.sh stop "$work/pg"; rm -rf "$work"; }

database() {
  sql -d "$(url postgres postgres)" -c "create database $1" &&
  "$bin/forgectl" migrate --print-superuser-sql | sql -d "$(url postgres "$1")" -f - 2>"$work/superuser.err" &&
  "$bin/forgectl" migrate --database-url "$(url postgres "$1")" >"$work/migrate.log" 2>&1 &&
  sql -d "$(url postgres "$1")" -c 'grant forge_worker to sidecar' 2>/dev/null && return
  cat "$work"/superuser.err "$work"/migrate.log; echo "Forge could not be installed in a database"; exit 1
}

start_sidecar() {
  FORGE_DATABASE_URL=$(url sidecar "$1") "$bin/forged" >"$work/forged.log" 2>&1 &
  sidecar=$!
}
stop_sidecar() { [ -z "$sidecar" ] || { kill "$sidecar"; wait "$sidecar"; sidecar=; } 2>/dev/null; }
