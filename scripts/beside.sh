# Sourced, after need.sh, by the scripts that ask a running demo: starts one on a free port, in a
# folder of its own, which ends with the script. Sets castellan, folder, demo and link_of.

: "${CARGO_TARGET_DIR:=$HOME/.cache/castellan/target}"
castellan=${CASTELLAN_BIN:-$CARGO_TARGET_DIR/debug/castellan}
folder=$(mktemp -d)
"$castellan" demo --http 127.0.0.1:0 --data "$folder/data" >"$folder/demo.log" 2>&1 &
demo=$!
# A journey may have stopped it in its tracks.
trap 'kill -CONT "$demo" 2>/dev/null || true; kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 300); do
    grep -q '^ *administrator ' "$folder/demo.log" && break
    kill -0 "$demo" 2>/dev/null || fail "the demo has ended: $(cat "$folder/demo.log")"
    sleep 0.2
done

# link_of ROLE: the one-time link of the first operator with that role.
link_of() { grep -m1 "^ *$1 " "$folder/demo.log" | grep -o 'http://[^ ]*'; }
