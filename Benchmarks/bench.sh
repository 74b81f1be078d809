#!/usr/bin/env bash
# make bench, make bench-quality: the peers' packages go into a private environment, then run.py (or the program named first).
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.deps/bench
if ! cmp -s Benchmarks/requirements.txt "$venv/.installed"; then
  echo "bench: installing the peers" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r Benchmarks/requirements.txt
  cp Benchmarks/requirements.txt "$venv/.installed"
fi
program=run.py
if [[ ${1:-} == *.py ]]; then program=$1; shift; fi
exec "$venv/bin/python" "Benchmarks/$program" "$@"
