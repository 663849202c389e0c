#!/usr/bin/env bash
# The whole API under schemathesis, over the demo organisation: no server error, nothing without a
# session, nothing of another site. Seconds for each of two roles may be given. The demo listens on
# a free port and ends with this script.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
. scripts/need.sh

need_schemathesis || { say "skipped: no schemathesis"; exit 0; }

: "${CARGO_TARGET_DIR:=$HOME/.cache/castellan/target}"
castellan=${CASTELLAN_BIN:-$CARGO_TARGET_DIR/debug/castellan}
folder=$(mktemp -d)
"$castellan" demo --http 127.0.0.1:0 --data "$folder/data" >"$folder/demo.log" 2>&1 &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 300); do
    grep -q '^ *administrator ' "$folder/demo.log" && break
    kill -0 "$demo" 2>/dev/null || fail "the demo has ended: $(cat "$folder/demo.log")"
    sleep 0.2
done
link=$(grep -m1 '^ *administrator ' "$folder/demo.log" | grep -o 'http://[^ ]*')
python3 scripts/api.py "${link%%/#*}" "$folder/data" "$castellan" "$SCHEMATHESIS" "${1:-25}"
