//! Common Event Format: seven header fields and `key=value` extensions.
//!
//! Reads what products send, which is looser than the specification: unescaped `=` in values,
//! keys with dots and brackets, empty values, a syslog header in front.
//!
//! SOURCE: ArcSight Common Event Format, Implementing ArcSight CEF (versions 0 and 1): header
//! escapes `\|` and `\\`; extension escapes `\=`, `\\`, `\n`, `\r`.

use std::borrow::Cow;

use thiserror::Error;

use crate::bytes::text_span;

/// What keeps a line from being a CEF event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum CefErrorKind {
    /// There is no `CEF:`.
    #[error("expected `CEF:`")]
    NoMark,
    /// What follows the mark is no version number.
    #[error("expected a version number after `CEF:`")]
    Version,
    /// Fewer than seven `|` follow.
    #[error("expected seven fields, each ended by `|`")]
    Header,
    /// The event is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
}

/// A refused line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("CEF: {kind} (byte {offset})")]
pub struct CefError {
    /// Why.
    pub kind: CefErrorKind,
    /// Offset from 0.
    pub offset: usize,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cef<'a> {
    /// What stands before `CEF:`, such as a syslog header.
    pub prefix: &'a str,
    /// Version of the format: 0 or 1.
    pub version: u32,
    /// Device vendor.
    pub vendor: Cow<'a, str>,
    /// Device product.
    pub product: Cow<'a, str>,
    /// Device version.
    pub device_version: Cow<'a, str>,
    /// Signature or event class id.
    pub signature_id: Cow<'a, str>,
    /// What happened, in words.
    pub name: Cow<'a, str>,
    /// 0 to 10, or a word, as sent.
    pub severity: Cow<'a, str>,
    /// The extensions as sent.
    pub extension: &'a str,
}

impl<'a> Cef<'a> {
    /// The extensions in the order sent, values unescaped.
    #[must_use]
    pub fn pairs(&self) -> Pairs<'a> {
        let mut pairs = Pairs { text: self.extension, key: None, at: 0 };
        pairs.key = pairs.find_key();
        pairs
    }
}

/// Reads one event; `input` may have anything before `CEF:`.
///
/// # Errors
/// [`CefError`]: which part is missing, and where.
pub fn parse(input: &[u8]) -> Result<Cef<'_>, CefError> {
    let refuse = |kind, offset| CefError { kind, offset };
    let text = std::str::from_utf8(input)
        .map_err(|error| refuse(CefErrorKind::NotUtf8, error.valid_up_to()))?;
    let mark = if text.starts_with("CEF:") {
        0
    } else {
        memchr::memmem::find(input, b"CEF:").ok_or(refuse(CefErrorKind::NoMark, 0))?
    };
    let mut at = mark + 4;
    let mut fields: [Cow<'_, str>; 7] = Default::default();
    for field in &mut fields {
        let rest = text_span(text, at, text.len());
        let end = unescaped_pipe(rest).ok_or(refuse(CefErrorKind::Header, text.len()))?;
        *field = header_field(text_span(rest, 0, end));
        at += end + 1;
    }
    let [version, vendor, product, device_version, signature_id, name, severity] = fields;
    let version = version.trim().parse().map_err(|_| refuse(CefErrorKind::Version, mark + 4))?;
    let extension = text_span(text, at, text.len()).trim_ascii();
    Ok(Cef {
        prefix: text_span(text, 0, mark).trim_ascii(),
        version,
        vendor,
        product,
        device_version,
        signature_id,
        name,
        severity,
        extension,
    })
}

/// The events of a body that holds one per line; a line that begins no event goes on with the one
/// before it, so that values may run over lines. Lines before the first event come first, and are
/// refused when read.
pub fn events(input: &[u8]) -> impl Iterator<Item = Result<Cef<'_>, CefError>> {
    let mut rest = input;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return None;
        }
        let end = next_event(rest).unwrap_or(rest.len());
        let (event, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(parse(event))
    })
}

/// Where the line begins that begins the next event.
fn next_event(input: &[u8]) -> Option<usize> {
    let is_start = |newline: &usize| {
        let line = input.get(newline + 1..).unwrap_or_default();
        let line_end = memchr::memchr(b'\n', line).unwrap_or(line.len());
        let mark = memchr::memmem::find(line.get(..line_end).unwrap_or_default(), b"CEF:");
        mark.is_some_and(|at| {
            let digit = line.get(at + 4).is_some_and(u8::is_ascii_digit);
            digit && line.get(at + 5) == Some(&b'|')
        })
    };
    memchr::memchr_iter(b'\n', input).find(is_start).map(|newline| newline + 1)
}

fn unescaped_pipe(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'|', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'|') {
            return Some(at);
        }
        at += 2;
    }
}

fn header_field(raw: &str) -> Cow<'_, str> {
    unescape(raw, |escaped| matches!(escaped, '|' | '\\').then_some(escaped))
}

fn extension_value(raw: &str) -> Cow<'_, str> {
    unescape(raw, |escaped| match escaped {
        '=' | '\\' => Some(escaped),
        'n' => Some('\n'),
        'r' => Some('\r'),
        _ => None,
    })
}

/// Replaces what `meaning` knows after a backslash; any other backslash stands for itself.
fn unescape(raw: &str, meaning: impl Fn(char) -> Option<char>) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut plain = String::with_capacity(raw.len());
    let mut characters = raw.chars().peekable();
    while let Some(character) = characters.next() {
        let known = match character {
            '\\' => characters.peek().and_then(|escaped| meaning(*escaped)),
            _ => None,
        };
        if known.is_some() {
            characters.next();
        }
        plain.push(known.unwrap_or(character));
    }
    Cow::Owned(plain)
}

/// Iterates over the extensions of one event.
#[derive(Debug, Clone)]
pub struct Pairs<'a> {
    text: &'a str,
    /// Begin and end of the key to be given out next.
    key: Option<(usize, usize)>,
    /// Where the search for the key after it goes on.
    at: usize,
}

impl Pairs<'_> {
    /// The next `key=` from `at` on: a word of key characters at the start or after a blank.
    /// An `=` after anything else belongs to the value.
    fn find_key(&mut self) -> Option<(usize, usize)> {
        let bytes = self.text.as_bytes();
        loop {
            let equals = self.at + memchr::memchr(b'=', bytes.get(self.at..)?)?;
            let from = self.at;
            self.at = equals + 1;
            let before = bytes.get(from..equals).unwrap_or_default();
            let length = before.iter().rev().take_while(|byte| is_key_byte(**byte)).count();
            let start = equals - length;
            let is_apart = start == 0
                || (start > from && bytes.get(start - 1).is_some_and(u8::is_ascii_whitespace));
            let begins_well =
                bytes.get(start).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            if length > 0 && is_apart && begins_well {
                return Some((start, equals));
            }
        }
    }
}

const fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b',' | b'[' | b']')
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let (start, end) = self.key?;
        self.key = self.find_key();
        let value_end = self.key.map_or(self.text.len(), |(next, _)| next);
        let value = text_span(self.text, end + 1, value_end).trim_ascii();
        Some((text_span(self.text, start, end), extension_value(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::{events, parse};
    use proptest::prelude::*;

    fn render(input: &str) -> String {
        match parse(input.as_bytes()) {
            Err(error) => error.to_string(),
            Ok(cef) => {
                let pairs: Vec<String> =
                    cef.pairs().map(|(key, value)| format!("{key}={value:?}")).collect();
                format!(
                    "{}|{}|{}|{}|{}|{}|{} {}",
                    cef.version,
                    cef.vendor,
                    cef.product,
                    cef.device_version,
                    cef.signature_id,
                    cef.name,
                    cef.severity,
                    pairs.join(" ")
                )
            }
        }
    }

    #[test]
    fn header_escapes_are_taken_off() {
        assert_eq!(
            render(r"<13>Nov 22 10:00:00 h CEF:1|Acme\|Co|Gate\\way|2|login|Login = bad|7|"),
            r"1|Acme|Co|Gate\way|2|login|Login = bad|7 "
        );
    }

    #[test]
    fn values_run_to_the_next_key() {
        assert_eq!(
            render(
                "CEF:0|a|b|c|d|e|5| msg=door is open\\, again  cs1= cs1Label=Zone A \
                 url=https://x/?q\\=1&r=2 ad.field[0]=x note=two\\nlines \\= ok dst=::1 "
            ),
            "0|a|b|c|d|e|5 msg=\"door is open\\\\, again\" cs1=\"\" cs1Label=\"Zone A\" \
             url=\"https://x/?q=1&r=2\" ad.field[0]=\"x\" note=\"two\\nlines = ok\" dst=\"::1\""
        );
    }

    #[test]
    fn an_equals_sign_that_ends_no_key_is_text() {
        assert_eq!(
            render("CEF:0|a|b|c|d|e|5|moo=this =has = equals\\= x=1"),
            "0|a|b|c|d|e|5 moo=\"this =has = equals=\" x=\"1\""
        );
        assert_eq!(render("CEF:0|a|b|c|d|e|5|no pairs here"), "0|a|b|c|d|e|5 ");
    }

    #[test]
    fn refusals_have_a_place() {
        assert_eq!(render("nothing"), "CEF: expected `CEF:` (byte 0)");
        assert_eq!(
            render("x CEF:y|a|b|c|d|e|5|"),
            "CEF: expected a version number after `CEF:` (byte 6)"
        );
        assert_eq!(render("CEF:0|a|b"), "CEF: expected seven fields, each ended by `|` (byte 9)");
    }

    #[test]
    fn a_body_of_events_with_a_value_over_two_lines() {
        let body = b"CEF:0|a|b|c|1|e|5|msg=one\ntwo x=1\n  CEF:0|a|b|c|2|e|5|y=2\n";
        let found: Vec<Option<(String, String)>> = events(body)
            .map(|event| {
                let event = event.ok()?;
                let (_, value) = event.pairs().next()?;
                Some((event.signature_id.into_owned(), value.into_owned()))
            })
            .collect();
        let pair = |id: &str, value: &str| Some((id.to_owned(), value.to_owned()));
        assert_eq!(found, [pair("1", "one\ntwo"), pair("2", "2")]);
    }

    const KEY: &str = "[a-z][a-zA-Z0-9.]{0,8}";
    const VALUE: &str = "([a-z0-9=\\\\|\n]([a-z0-9 =\\\\|\n]{0,8}[a-z0-9=\\\\|])?)?";

    proptest! {
        #[test]
        fn what_was_escaped_is_read_back(pairs in proptest::collection::vec((KEY, VALUE), 0..6)) {
            let escape = |value: &str| {
                value.replace('\\', "\\\\").replace('=', "\\=").replace('\n', "\\n")
            };
            let extension: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
            let line = format!("CEF:0|a|b|c|d|e|5|{}", extension.join(" "));
            let read: Vec<(String, String)> = parse(line.as_bytes())
                .map(|cef| cef.pairs().map(|(k, v)| (k.to_owned(), v.into_owned())).collect())
                .unwrap_or_default();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn any_text(input in "(CEF:0\\|a\\|b\\|c\\|d\\|e\\|5\\|)?[a= \\\\|é\\[\\]]{0,40}") {
            if let Ok(cef) = parse(input.as_bytes()) {
                prop_assert!(cef.pairs().count() <= input.len());
            }
        }
    }
}
