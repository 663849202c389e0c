//! Structured data: read when asked, borrowed, unescaped only where a backslash stands.

use std::borrow::Cow;

use crate::bytes::{span, tail};

/// The structured data of one message, from its first `[` to its last `]`.
///
/// Also holds what was cut short: iteration gives each element and parameter that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StructuredData<'a> {
    raw: &'a [u8],
}

impl<'a> StructuredData<'a> {
    pub(super) const fn new(raw: &'a [u8]) -> Self {
        Self { raw }
    }

    /// The bytes as sent; empty for none.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether the message carried none (`-`).
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The elements in the order sent.
    #[must_use]
    pub const fn elements(&self) -> SdElements<'a> {
        SdElements { rest: self.raw }
    }

    /// The first value of a parameter of an element.
    #[must_use]
    pub fn get(&self, id: &str, name: &str) -> Option<Cow<'a, str>> {
        self.elements()
            .filter(|element| element.id == id)
            .find_map(|element| element.params().find(|(key, _)| key == name))
            .map(|(_, value)| value)
    }
}

/// Iterates over the elements of structured data.
#[derive(Debug, Clone)]
pub struct SdElements<'a> {
    rest: &'a [u8],
}

/// One element: `[id name="value" ...]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdElement<'a> {
    /// Its name, such as `origin` or `exampleSDID@32473`.
    pub id: Cow<'a, str>,
    params: &'a [u8],
}

impl<'a> SdElement<'a> {
    /// Its parameters in the order sent, values unescaped.
    #[must_use]
    pub const fn params(&self) -> Params<'a> {
        Params { rest: self.params }
    }
}

impl<'a> Iterator for SdElements<'a> {
    type Item = SdElement<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let open = memchr::memchr(b'[', self.rest)?;
        let inside = tail(self.rest, open + 1);
        let close = element_end(inside).unwrap_or(inside.len());
        self.rest = tail(inside, close + 1);
        let element = span(inside, 0, close);
        let id_end = memchr::memchr(b' ', element).unwrap_or(element.len());
        Some(SdElement {
            id: String::from_utf8_lossy(span(element, 0, id_end)),
            params: tail(element, id_end),
        })
    }
}

/// Iterates over the parameters of one element.
#[derive(Debug, Clone)]
pub struct Params<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Params<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.trim_ascii_start();
        let equals = memchr::memchr(b'=', rest)?;
        let name = String::from_utf8_lossy(span(rest, 0, equals).trim_ascii());
        let after = tail(rest, equals + 1);
        let (value, used) = match after.first() {
            Some(b'"') => {
                let quoted = tail(after, 1);
                let end = value_end(quoted).unwrap_or(quoted.len());
                (unescape(span(quoted, 0, end)), end + 2)
            }
            _ => {
                let end = memchr::memchr(b' ', after).unwrap_or(after.len());
                (String::from_utf8_lossy(span(after, 0, end)), end)
            }
        };
        self.rest = tail(after, used);
        Some((name, value))
    }
}

/// Where the `]` of an element stands, given what follows its `[`; values may hold `]`.
pub(super) fn element_end(inside: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b']', b'"', tail(inside, at))?;
        if inside.get(at) == Some(&b']') {
            return Some(at);
        }
        at += 1;
        at += value_end(tail(inside, at))? + 1;
    }
}

/// Where the closing quote of a value stands, given what follows the opening one.
fn value_end(quoted: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', tail(quoted, at))?;
        if quoted.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// Takes the backslash from `\"`, `\\` and `\]`; any other backslash stands for itself.
///
/// SOURCE: RFC 5424 section 6.3.3.
fn unescape(value: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(value);
    if memchr::memchr(b'\\', value).is_none() {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\\'
            && let Some(escaped) = characters.next_if(|next| matches!(next, '"' | '\\' | ']'))
        {
            plain.push(escaped);
        } else {
            plain.push(character);
        }
    }
    Cow::Owned(plain)
}
