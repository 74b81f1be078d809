#!/usr/bin/env bash
# make bench: the peers' packages go into a private environment, then run.py.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.deps/bench
if ! cmp -s Benchmarks/requirements.txt "$venv/.installed"; then
  echo "bench: installing the peers" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r Benchmarks/requirements.txt
  cp Benchmarks/requirements.txt "$venv/.installed"
fi
exec "$venv/bin/python" Benchmarks/run.py "$@"
