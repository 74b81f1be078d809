#!/usr/bin/env bash
# Every test, in the order in which a failure is cheapest to find. Called by `make test`.
#   scripts/test.sh VERSION…     the server versions to test, such as 15 18
# A folder of Tests/ with an executable `run` is a suite of its own, called with a version: `Tests/regress/run 18`.
set -uo pipefail
cd "$(dirname "$0")/.."
failures=()

# stage NAME COMMAND…: runs it, says how long it took, and remembers a failure.
stage() {
  local name=$1 began=$SECONDS; shift
  printf '\n== %s\n' "$name"
  if "$@"; then printf -- '-- %s: passed in %d s\n' "$name" $((SECONDS - began))
  else failures+=("$name"); printf -- '-- %s: FAILED after %d s\n' "$name" $((SECONDS - began)); fi
}
# Without the library in the test servers, or the programs, the suites could only repeat that.
must() { stage "$@"; ((${#failures[@]} == 0)) || finish; }
finish() {
  if ((${#failures[@]})); then printf '\nFAILED: %s\n' "${failures[@]}"; exit 1; fi
  printf '\nAll tests passed in %d s.\n' "$SECONDS"; exit 0
}

for version in "$@"; do
  must "extension for PostgreSQL $version" make --no-print-directory -s install PG_CONFIG="$(scripts/pg.sh config "$version")"
done
must "build the tests" swift build --build-tests
for version in "$@"; do
  for suite in Tests/*/run; do
    [ -x "$suite" ] && stage "$(basename "$(dirname "$suite")") on PostgreSQL $version" "$suite" "$version"
  done
done
# One target after the other: tests that wait for a server, a daemon or a job would otherwise wait for each other's
# processor. Threads that spin while they wait would take it from those awaited.
swift_test() { GOMP_SPINCOUNT=1000 FORGE_TEST_PG=$1 swift test --skip-build --filter "^$2\\."; }
with_server=()
for target in Tests/*Tests; do
  target=$(basename "$target")
  if grep -rqE 'TestServer|QueueWorld' "Tests/$target"; then with_server+=("$target"); else stage "$target" swift_test "$1" "$target"; fi
done
for version in "$@"; do
  for target in "${with_server[@]}"; do stage "$target on PostgreSQL $version" swift_test "$version" "$target"; done
done
stage "damaged artifacts under the address sanitizer" scripts/fuzz.sh 30
finish
