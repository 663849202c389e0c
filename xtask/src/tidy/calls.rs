//! Calls that only one place may make: the clock, input and output, unbounded channels, logs.

use super::source::{Source, Token, flatten};
use super::{Breach, KERNELS};

/// The one file that reads the clock.
const CLOCK_FILE: &str = "crates/engine/src/clock.rs";
/// Types whose `now` reads the clock.
const CLOCKS: [&str; 7] =
    ["Utc", "Local", "SystemTime", "Instant", "Timestamp", "OffsetDateTime", "Zoned"];
/// Crates beside the kernels that touch nothing outside themselves.
const PURE_BESIDE_KERNELS: [&str; 3] = ["model", "codec", "sim"];
/// What of `std::net` is a value and no socket.
const ADDRESSES: [&str; 6] =
    ["IpAddr", "Ipv4Addr", "Ipv6Addr", "SocketAddr", "SocketAddrV4", "SocketAddrV6"];
/// Modules of `std` that touch the world.
const WORLDLY: [&str; 5] = ["fs", "net", "process", "env", "thread"];
const LOG_MACROS: [&str; 5] = ["info", "warn", "error", "debug", "trace"];
/// What is about people never reaches a log line.
const PERSONAL: [&str; 7] = ["name", "card", "badge", "pin", "token", "body", "plate"];

/// Names the forbidden calls of one file.
pub fn check(source: &Source, breaches: &mut Vec<Breach>) {
    if source.path.starts_with("xtask/") || source.is_test() {
        return;
    }
    let tokens: Vec<Token> = flatten(&source.tokens)
        .into_iter()
        .filter(|token| !source.is_test_line(token.line))
        .collect();
    let pure = source
        .crate_name()
        .is_some_and(|name| KERNELS.contains(&name) || PURE_BESIDE_KERNELS.contains(&name));
    let mut say = |line: usize, rule: &'static str, message: String| {
        breaches.push(Breach::new(&source.path, line, rule, message));
    };
    for at in 0..tokens.len() {
        let rest = tokens.get(at..).unwrap_or_default();
        let Some(first) = rest.first() else { continue };
        if source.path != CLOCK_FILE && reads_clock(rest) {
            let message = format!("`{}::now` is called outside {CLOCK_FILE}", first.text);
            say(first.line, "clock", message);
        }
        if pure && is_worldly(rest) {
            let message = "this crate touches nothing outside itself: hand it what it needs";
            say(first.line, "purity", message.to_owned());
        }
        if is_unbounded(rest) && !source.is_waived("channel", first.line) {
            say(first.line, "channel", "an unbounded channel: name its limit".to_owned());
        }
        if let Some(field) = personal_field(rest) {
            let message = format!("the log line carries `{field}`: log an id instead");
            say(first.line, "log", message);
        }
    }
}

fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

fn reads_clock(tokens: &[Token]) -> bool {
    CLOCKS.contains(&text(tokens, 0)) && text(tokens, 1) == "::" && text(tokens, 2) == "now"
}

fn is_worldly(tokens: &[Token]) -> bool {
    let worldly =
        text(tokens, 0) == "std" && text(tokens, 1) == "::" && WORLDLY.contains(&text(tokens, 2));
    worldly && !(text(tokens, 2) == "net" && names_addresses_only(tokens.get(4..)))
}

/// An address is a value, not a socket.
fn names_addresses_only(after: Option<&[Token]>) -> bool {
    let after = after.unwrap_or_default();
    let group = text(after, 0) == "{";
    let end = if group { after.iter().position(|token| token.text == "}") } else { Some(1) };
    let mut named = after.get(usize::from(group)..end.unwrap_or(0)).unwrap_or_default().iter();
    named.all(|token| token.text == "," || ADDRESSES.contains(&token.text.as_str()))
}

fn is_unbounded(tokens: &[Token]) -> bool {
    match text(tokens, 0) {
        "unbounded_channel" => true,
        "unbounded" => text(tokens, 1) == "(" || text(tokens, 1).starts_with("::"),
        "mpsc" if text(tokens, 1) == "::" && text(tokens, 2) == "channel" => {
            let open = tokens.iter().position(|token| token.text == "(");
            open.is_some_and(|open| text(tokens, open + 1) == ")")
        }
        _ => false,
    }
}

/// The first personal field of a log macro that begins here.
fn personal_field(tokens: &[Token]) -> Option<&str> {
    let called = LOG_MACROS.contains(&text(tokens, 0))
        && text(tokens, 1) == "!"
        && matches!(text(tokens, 2), "(" | "{" | "[");
    if !called {
        return None;
    }
    let inside = tokens.get(3..)?;
    let mut depth = 0_usize;
    for at in 0..inside.len() {
        match text(inside, at) {
            "(" | "{" | "[" => depth += 1,
            ")" | "}" | "]" if depth == 0 => return None,
            ")" | "}" | "]" => depth -= 1,
            token => {
                let before = if at == 0 { "," } else { text(inside, at - 1) };
                if let Some(field) = field_at(token, before, text(inside, at + 1), depth) {
                    return Some(field);
                }
            }
        }
    }
    None
}

fn field_at(token: &str, before: &str, after: &str, depth: usize) -> Option<&'static str> {
    let personal = |word: &str| PERSONAL.iter().copied().find(|field| *field == word);
    if token.starts_with('"') || token.starts_with("r\"") || token.starts_with("r#\"") {
        let captured = token.split('{').skip(1);
        let names = captured.filter_map(|rest| rest.split(['}', ':']).next());
        return names.filter_map(personal).next();
    }
    let field = personal(token)?;
    let labelled = depth == 0 && after == "=";
    // `%person.name`, `?card`, and a last argument such as `token` or `request.body`.
    let shown = matches!(before, "," | "%" | "?" | "=%" | "=?" | ".")
        && matches!(after, "," | ")" | "}" | "]" | "");
    (labelled || shown).then_some(field)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn rules(path: &str, body: &str) -> Vec<&'static str> {
        let source = Source::parse(path, &format!("fn a() {{ {body} }}")).unwrap();
        let mut breaches = Vec::new();
        check(&source, &mut breaches);
        breaches.into_iter().map(|breach| breach.rule).collect()
    }

    #[test]
    fn one_file_reads_the_clock() {
        for call in ["Utc::now()", "std::time::Instant::now()", "tokio::time::Instant::now()"] {
            assert_eq!(rules("crates/store/src/lib.rs", call), ["clock"], "{call}");
            assert_eq!(rules(CLOCK_FILE, call), [""; 0]);
            assert_eq!(rules("crates/store/tests/a.rs", call), [""; 0]);
        }
        assert_eq!(
            rules("crates/store/src/lib.rs", "select!{ _ = x(Instant::now()) => {} }"),
            ["clock"]
        );
        assert_eq!(rules("crates/store/src/lib.rs", "clock.now(); \"Instant::now\";"), [""; 0]);
    }

    #[test]
    fn kernels_touch_nothing() {
        assert_eq!(rules("crates/detect/src/lib.rs", "std::fs::read(x);"), ["purity"]);
        assert_eq!(rules("crates/codec/src/lib.rs", "use std::net::TcpStream;"), ["purity"]);
        assert_eq!(rules("crates/store/src/lib.rs", "std::fs::read(x);"), [""; 0]);
        assert_eq!(rules("crates/detect/src/lib.rs", "std::time::Duration::ZERO;"), [""; 0]);
    }

    #[test]
    fn channels_name_their_limit() {
        for bad in ["mpsc::unbounded_channel()", "mpsc::channel()", "mpsc::channel::<u8>()"] {
            assert_eq!(rules("crates/engine/src/a.rs", bad), ["channel"], "{bad}");
        }
        for good in ["mpsc::channel(8)", "mpsc::sync_channel(8)", "mpsc::channel::<u8>(LIMIT)"] {
            assert_eq!(rules("crates/engine/src/a.rs", good), [""; 0], "{good}");
        }
    }

    #[test]
    fn logs_carry_ids_and_no_people() {
        for bad in [
            "info!(name = x, \"seen\")",
            "tracing::warn!(%card, \"refused\")",
            "error!(id, ?person.name)",
            "debug!(\"got {token}\")",
            "info!(\"seen {}\", request.body)",
            "warn!(value = %badge, \"refused\")",
        ] {
            assert_eq!(rules("crates/api/src/a.rs", bad), ["log"], "{bad}");
        }
        for good in [
            "info!(source = %id, bytes, \"heard\")",
            "warn!(\"token refused\")",
            "info!(count = names.len())",
            "other!(name = x)",
            "info!(bytes = body.len(), \"refused\")",
        ] {
            assert_eq!(rules("crates/api/src/a.rs", good), [""; 0], "{good}");
        }
    }
}
