#!/usr/bin/env bash
# The identity provider of the tests: installed once, outside the clone. Prints the node to run it
# with and its script; ends with 3 where there is no node and none can be had.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
. scripts/need.sh

need_provider
