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

# shellcheck source=scripts/beside.sh
. scripts/beside.sh
link=$(link_of administrator)
base=${link%%/#*}
# The first incidents: pages are looked at with something in them.
for _ in $(seq 300); do
    [ "$(grep -c '^incident after' "$folder/demo.log")" -ge 3 ] && break
    sleep 0.2
done
case ${1:-journeys} in
    journeys) CASTELLAN_PID=$demo CASTELLAN_READERS=$folder/data/hq-gate/readers.json node console/scripts/journeys.mjs "$base" "$link" \
        --engineer "$(link_of engineer)" --guard "$(link_of guard)" --analyst "$(link_of analyst)" ;;
    shots) node console/scripts/shots.mjs "$base" "$link" --out "${2:-shots}" ${3:+--only "$3"} ;;
    guides) node console/scripts/shots.mjs "$base" "$link" --guides "${2:-docs/guides/pictures}" \
        --guard "$(link_of guard)" ;;
    measure) node console/scripts/measure.mjs "$base" "$link" --pid "$demo" --syslog "$(grep -m1 -o 'syslog_tcp on .*' "$folder/demo.log" | cut -d' ' -f3)" ${2:+--only "$2"} ;;
    *) fail "usage: scripts/journeys.sh [journeys | shots DIR [NAME,…] | guides DIR | measure [NAME]]" ;;
esac
