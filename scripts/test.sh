#!/usr/bin/env bash
# Everything that must hold, in the order in which it fails fastest. One build of the
# dependencies serves all of it: the development profile alone, and every target at once, because a
# build without the tests' own dependencies would choose other features and be built again.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
. scripts/need.sh

summary=$(mktemp)
trap 'rm -f "$summary"' EXIT

need_compiler
need_rust
need_components
need_nextest
need_broker
need_chromium
need_python
build_console
need_provider >/dev/null || true
need_mailbox >/dev/null || true
need_reader >/dev/null || true

step() {
    local began=$SECONDS
    say "$*"
    "$@"
    say "$((SECONDS - began)) s: $1 ${2:-} ${3:-}"
}

step npm --prefix console run --silent check
step npm --prefix console run --silent test
step cargo xtask check
step cargo build --workspace --all-targets --locked
step "$CARGO_TARGET_DIR/debug/castellan" check --content content
say "cargo nextest run --workspace"
began=$SECONDS
cargo nextest run --workspace --locked --no-fail-fast \
    --status-level slow --final-status-level fail 2>&1 | tee "$summary"
say "$((SECONDS - began)) s: nextest"
step cargo test --workspace --locked --doc --quiet

step scripts/journeys.sh
step scripts/api.sh

# The last word is the test runner's own.
grep -E '^ *Summary' "$summary" | tail -n 1
