#!/usr/bin/env bash
# The whole API under schemathesis, over the demo organisation: no server error, nothing without a
# session, nothing of another site. Seconds for each of two roles may be given. The demo listens on
# a free port and ends with this script.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
. scripts/need.sh

need_schemathesis || { say "skipped: no schemathesis"; exit 0; }

# shellcheck source=scripts/beside.sh
. scripts/beside.sh
link=$(link_of administrator)
python3 scripts/api.py "${link%%/#*}" "$folder/data" "$castellan" "$SCHEMATHESIS" "${1:-25}"
