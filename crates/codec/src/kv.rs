//! Lines of `key=value`, as FortiGate and its like write them.
//!
//! SOURCE: FortiOS log message reference: fields separated by blanks, text values in double
//! quotes with backslash escapes.

use std::borrow::Cow;

use crate::bytes::text_span;

/// One value as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    /// The value without its quotes, escapes still in.
    pub raw: &'a str,
    /// Whether it stood in double quotes.
    pub is_quoted: bool,
}

impl<'a> Value<'a> {
    /// The value's text: in quotes, `\"` and `\\` lose their backslash.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        if !self.is_quoted || memchr::memchr(b'\\', self.raw.as_bytes()).is_none() {
            return Cow::Borrowed(self.raw);
        }
        let mut plain = String::with_capacity(self.raw.len());
        let mut characters = self.raw.chars().peekable();
        while let Some(character) = characters.next() {
            let escaped = match character {
                '\\' => characters.next_if(|next| matches!(next, '"' | '\\')),
                _ => None,
            };
            plain.push(escaped.unwrap_or(character));
        }
        Cow::Owned(plain)
    }
}

/// The pairs of a line in the order sent.
///
/// Words that are no pair are skipped; a quote that never closes takes the rest of the line. Keys
/// may stand twice: the caller decides.
#[must_use]
pub const fn pairs(line: &str) -> Pairs<'_> {
    Pairs { rest: line }
}

/// Iterates over the pairs of one line.
#[derive(Debug, Clone)]
pub struct Pairs<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let blank = self.rest.bytes().take_while(|byte| is_separator(*byte)).count();
            let rest = text_span(self.rest, blank, self.rest.len());
            if rest.is_empty() {
                self.rest = rest;
                return None;
            }
            let end = rest
                .bytes()
                .position(|byte| byte == b'=' || is_separator(byte))
                .unwrap_or(rest.len());
            let key = text_span(rest, 0, end);
            let after = text_span(rest, end, rest.len());
            let Some(after) = after.strip_prefix('=') else {
                self.rest = after;
                continue;
            };
            let (value, rest) = value(after);
            self.rest = rest;
            if !key.is_empty() {
                return Some((key, value));
            }
        }
    }
}

/// Blanks, and the group separator that auditd puts before the names it added.
const fn is_separator(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x1d
}

/// The value at the start, and what follows it.
fn value(text: &str) -> (Value<'_>, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.bytes().position(is_separator).unwrap_or(text.len());
        let value = Value { raw: text_span(text, 0, end), is_quoted: false };
        return (value, text_span(text, end, text.len()));
    };
    let end = closing_quote(quoted).unwrap_or(quoted.len());
    let value = Value { raw: text_span(quoted, 0, end), is_quoted: true };
    (value, text_span(quoted, (end + 1).min(quoted.len()), quoted.len()))
}

/// The quote that ends the value. Windows paths end in an unescaped backslash: a quote after a
/// backslash ends the value all the same when a blank and a `key=`, or the end, follow it and no
/// later quote of this value could.
fn closing_quote(quoted: &str) -> Option<usize> {
    let bytes = quoted.as_bytes();
    let mut at = 0;
    let mut fallback = None;
    loop {
        let Some(step) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) else {
            return fallback;
        };
        at += step;
        if bytes.get(at) == Some(&b'"') {
            // `path="C:\" user="ana"`: the quote that seems to close opens the next value.
            let opens_next = at > 0 && bytes.get(at - 1) == Some(&b'=');
            return if opens_next && fallback.is_some() { fallback } else { Some(at) };
        }
        let ends_here = bytes.get(at + 1) == Some(&b'"')
            && bytes.get(at + 2).is_none_or(u8::is_ascii_whitespace);
        if ends_here && fallback.is_none() {
            fallback = Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::pairs;
    use proptest::prelude::*;

    fn check(line: &str, expected: &[(&str, &str)]) {
        let found: Vec<(&str, String)> =
            pairs(line).map(|(key, value)| (key, value.text().into_owned())).collect();
        let expected: Vec<(&str, String)> =
            expected.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn a_firewall_line() {
        check(
            concat!(
                r#"date=2026-11-22 time=10:00:00 devname="fw 1" "#,
                r#"logdesc="Admin \"x\" login" user="" ui=ssh(192.0.2.7) "#,
                r#"msg="a=b c=d""#
            ),
            &[
                ("date", "2026-11-22"),
                ("time", "10:00:00"),
                ("devname", "fw 1"),
                ("logdesc", "Admin \"x\" login"),
                ("user", ""),
                ("ui", "ssh(192.0.2.7)"),
                ("msg", "a=b c=d"),
            ],
        );
    }

    #[test]
    fn strays_are_skipped_and_open_quotes_end_with_the_line() {
        check("hello a=1 world  b= c=\"open d=2", &[("a", "1"), ("b", ""), ("c", "open d=2")]);
        check("=x a==b", &[("a", "=b")]);
    }

    #[test]
    fn a_path_that_ends_in_a_backslash_does_not_swallow_its_neighbour() {
        check(r#"path="C:\" user="ana""#, &[("path", "C:\\"), ("user", "ana")]);
        check(r#"path="C:\dir\""#, &[("path", r"C:\dir\")]);
    }

    proptest! {
        #[test]
        fn what_was_quoted_is_read_back(
            values in proptest::collection::vec("[a-z \"\\\\é]{0,10}x", 0..6),
        ) {
            let line: Vec<String> = values
                .iter()
                .map(|value| value.replace('\\', "\\\\").replace('"', "\\\""))
                .map(|value| format!("k=\"{value}\""))
                .collect();
            let line = line.join(" ");
            let read: Vec<String> =
                pairs(&line).map(|(_, value)| value.text().into_owned()).collect();
            prop_assert_eq!(read, values);
        }

        #[test]
        fn any_text(line in "[a= \"\\\\é\n]{0,40}") {
            prop_assert!(pairs(&line).count() <= line.len());
        }
    }
}
