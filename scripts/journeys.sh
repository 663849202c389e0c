#!/usr/bin/env bash
# People's ways through the console, in a real browser, over the demo organisation; with
# `shots DIR` a picture of every page; with `guides` those of docs/guides; with `measure` the
# console's budgets, for which CASTELLAN_BIN may name a release build. The demo listens on free
# ports and ends with this script.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
. scripts/need.sh

need_node
need_chromium
has chromium || { say "skipped: no chromium"; exit 0; }
CHROMIUM=$(command -v chromium)
export CHROMIUM

: "${CARGO_TARGET_DIR:=$HOME/.cache/castellan/target}"
folder=$(mktemp -d)
"${CASTELLAN_BIN:-$CARGO_TARGET_DIR/debug/castellan}" demo --http 127.0.0.1:0 --data "$folder/data" \
    >"$folder/demo.log" 2>&1 &
demo=$!
trap 'kill -CONT "$demo" 2>/dev/null || true; kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 300); do
    grep -q '^ *administrator ' "$folder/demo.log" && break
    kill -0 "$demo" 2>/dev/null || fail "the demo has ended: $(cat "$folder/demo.log")"
    sleep 0.2
done
link_of() { grep -m1 "^ *$1 " "$folder/demo.log" | grep -o 'http://[^ ]*'; }
link=$(link_of administrator)
base=${link%%/#*}
# The first incidents: pages are looked at with something in them.
for _ in $(seq 300); do
    [ "$(grep -c '^incident after' "$folder/demo.log")" -ge 3 ] && break
    sleep 0.2
done
case ${1:-journeys} in
    journeys) CASTELLAN_PID=$demo node console/scripts/journeys.mjs "$base" "$link" \
        --engineer "$(link_of engineer)" --guard "$(link_of guard)" ;;
    shots) node console/scripts/shots.mjs "$base" "$link" --out "${2:-shots}" ;;
    guides) node console/scripts/shots.mjs "$base" "$link" --guides "${2:-docs/guides/pictures}" \
        --guard "$(link_of guard)" ;;
    measure) node console/scripts/measure.mjs "$base" "$link" --pid "$demo" --syslog "$(grep -m1 -o 'syslog_tcp on .*' "$folder/demo.log" | cut -d' ' -f3)" ${2:+--only "$2"} ;;
    *) fail "usage: scripts/journeys.sh [journeys | shots DIR | guides DIR | measure [NAME]]" ;;
esac
