#!/usr/bin/env bash
# Builds Castellan and serves the demo organisation on loopback. Arguments go to `castellan demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
. scripts/need.sh

need_compiler
need_rust
need_broker
say "building (the first time takes minutes, later seconds) into $CARGO_TARGET_DIR"
cargo build --profile demo --package castellan --locked
say "starting; Ctrl-C ends it"
exec "$CARGO_TARGET_DIR/demo/castellan" demo "$@"
