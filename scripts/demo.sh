#!/usr/bin/env bash
# Builds Castellan and serves the demo organisation on loopback. Arguments go to `castellan demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
. scripts/need.sh

readonly BROKER_PORT=18831

need_compiler
need_rust
need_broker
build_console
say "building (the first time takes minutes, later seconds) into $CARGO_TARGET_DIR"
cargo build --profile demo --package castellan --locked

# A broker of our own on loopback, which ends with the demo; the system's own is left alone.
broker=()
if has mosquitto && [[ " $* " != *" --mqtt"* ]]; then
    PATH="$PATH:/usr/sbin" mosquitto -p "$BROKER_PORT" >/dev/null 2>&1 &
    broker_pid=$!
    trap 'kill "$broker_pid" 2>/dev/null || true' EXIT
    for _ in $(seq 50); do
        (: <>"/dev/tcp/127.0.0.1/$BROKER_PORT") 2>/dev/null && break
        sleep 0.1
    done
    broker=(--mqtt "127.0.0.1:$BROKER_PORT")
fi
say "starting; Ctrl-C ends it"
"$CARGO_TARGET_DIR/demo/castellan" demo "${broker[@]}" "$@"
