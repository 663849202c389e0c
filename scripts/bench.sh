#!/usr/bin/env bash
# Builds for speed and runs one named workload, or lists them. Figures: docs/performance.md.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
. scripts/need.sh

need_compiler
need_rust
build_console
say "building the release profile into $CARGO_TARGET_DIR"
cargo build --release --package castellan --locked
exec "$CARGO_TARGET_DIR/release/castellan" bench "$@"
