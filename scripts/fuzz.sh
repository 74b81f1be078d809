#!/usr/bin/env bash
# Feeds damaged artifacts to the decoder, and rows to whatever decodes, under libFuzzer and the address sanitizer.
#   scripts/fuzz.sh [SECONDS]     60 by default; a finding is left in .build-fuzz/ and fails the run
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
FORGE_FUZZ=1 swift build -c release --product fuzz-decoder --scratch-path .build-fuzz \
  --sanitize address --sanitize fuzzer -Xswiftc -gline-tables-only \
  -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table,trace-cmp
mkdir -p .build-fuzz/corpus
.build-fuzz/release/fuzz-decoder -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
  -artifact_prefix=.build-fuzz/ .build-fuzz/corpus Tests/ForgeModelTests/Goldens
