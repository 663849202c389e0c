#!/usr/bin/env bash
# The OSDP reader of the tests: installed once, outside the clone. Prints the python to run it
# with; ends with 3 where there is none and none can be had.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
. scripts/need.sh

need_reader
