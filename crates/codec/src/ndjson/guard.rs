//! Reads one JSON value to its end without keeping it, and refuses what must not pass.

use std::borrow::Cow;
use std::collections::BTreeSet;

use thiserror::Error;

use crate::bytes::{span, tail};
use crate::position::LineColumn;

/// Beyond so many keys an object's keys are looked up in a set instead of one by one.
const KEYS_SCANNED_MAX: usize = 32;
/// No finite number needs more digits than this before its range is worth a look.
const NUMBER_DIGITS_SAFE: usize = 300;

/// What one record may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How deep arrays and objects may be nested.
    pub depth_max: usize,
    /// How many bytes the record may have.
    pub bytes_max: usize,
}

impl Default for Limits {
    /// 64 levels and 1 MiB.
    fn default() -> Self {
        Self { depth_max: 64, bytes_max: 1024 * 1024 }
    }
}

/// Why a record is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JsonErrorKind {
    /// More bytes than allowed.
    #[error("longer than {bytes_max} bytes")]
    TooLong {
        /// The limit.
        bytes_max: usize,
    },
    /// Nested deeper than allowed.
    #[error("nested deeper than {depth_max} levels")]
    TooDeep {
        /// The limit.
        depth_max: usize,
    },
    /// One object has one key twice.
    #[error("key `{0}` stands twice in one object")]
    DuplicateKey(String),
    /// `NaN`, `Infinity` and their kin, which JSON does not have.
    #[error("`{0}` is no number of JSON")]
    NotANumber(&'static str),
    /// A number that no double can hold.
    #[error("number out of range")]
    NumberRange,
    /// A byte 0.
    #[error("NUL byte")]
    Nul,
    /// A byte that is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// An unescaped control character in a string.
    #[error("control character in a string")]
    Control,
    /// A backslash with nothing lawful after it, or half a surrogate pair.
    #[error("no such escape in a string")]
    Escape,
    /// Something else stands where this was expected.
    #[error("expected {0}")]
    Expected(&'static str),
    /// The record ends too early.
    #[error("ends inside a value")]
    End,
}

/// A refused record, and the place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind} (line {line}, column {column})")]
pub struct JsonError {
    /// Why.
    pub kind: JsonErrorKind,
    /// Offset of the byte in the record, from 0.
    pub offset: usize,
    /// Line in the record, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
}

/// Reads one value to its end; what passes can be read by any JSON reader, with one meaning.
///
/// Passes in one go over the bytes, with a stack of at most `depth_max` small entries and no
/// recursion. Two spellings of one key (`"a"`, `"\u0061"`) are one key.
///
/// # Errors
/// [`JsonError`]: what must not pass, and where.
pub fn guard(input: &[u8], limits: Limits) -> Result<(), JsonError> {
    let outcome = if input.len() > limits.bytes_max {
        let kind = JsonErrorKind::TooLong { bytes_max: limits.bytes_max };
        Err((kind, limits.bytes_max))
    } else if let Err(error) = std::str::from_utf8(input) {
        Err((JsonErrorKind::NotUtf8, error.valid_up_to()))
    } else {
        Scanner { input, at: 0, depth_max: limits.depth_max, levels: vec![], keys: vec![] }.run()
    };
    outcome.map_err(|(kind, offset)| {
        let LineColumn { line, column } = LineColumn::of(input, offset);
        JsonError { kind, offset, line, column }
    })
}

type Refusal = (JsonErrorKind, usize);

struct Scanner<'a> {
    input: &'a [u8],
    at: usize,
    depth_max: usize,
    levels: Vec<Level<'a>>,
    /// Keys of all open objects, the innermost one's last.
    keys: Vec<Key<'a>>,
}

enum Level<'a> {
    Array,
    Object { keys_start: usize, many: Option<BTreeSet<Cow<'a, [u8]>>> },
}

/// A key as its meaning: the bytes after unescaping.
struct Key<'a> {
    hash: u64,
    bytes: Cow<'a, [u8]>,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    ValueOrEnd,
    KeyOrEnd,
    Key,
    CommaOrEnd,
    Nothing,
}

impl<'a> Scanner<'a> {
    fn run(mut self) -> Result<(), Refusal> {
        let mut next = Next::Value;
        loop {
            self.skip_blanks();
            let byte = match (self.input.get(self.at), next) {
                (None, Next::Nothing) => return Ok(()),
                (None, _) => return Err((JsonErrorKind::End, self.at)),
                (Some(0), _) => return Err((JsonErrorKind::Nul, self.at)),
                (Some(byte), _) => *byte,
            };
            next = match (next, byte) {
                (Next::Nothing, _) => return self.expected("nothing after the value"),
                (Next::ValueOrEnd, b']') => self.close(),
                (Next::KeyOrEnd, b'}') => self.close(),
                (Next::Value | Next::ValueOrEnd, _) => self.value(byte)?,
                (Next::Key | Next::KeyOrEnd, b'"') => self.key()?,
                (Next::Key, _) => return self.expected("a key in quotes"),
                (Next::KeyOrEnd, _) => return self.expected("a key in quotes or `}`"),
                (Next::CommaOrEnd, _) => self.comma_or_end(byte)?,
            };
        }
    }

    fn skip_blanks(&mut self) {
        let rest = tail(self.input, self.at);
        self.at +=
            rest.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count();
    }

    fn expected<T>(&self, what: &'static str) -> Result<T, Refusal> {
        Err((JsonErrorKind::Expected(what), self.at))
    }

    fn value(&mut self, byte: u8) -> Result<Next, Refusal> {
        match byte {
            b'{' => {
                self.open(Level::Object { keys_start: self.keys.len(), many: None })?;
                return Ok(Next::KeyOrEnd);
            }
            b'[' => {
                self.open(Level::Array)?;
                return Ok(Next::ValueOrEnd);
            }
            b'"' => {
                self.string()?;
            }
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => {
                self.refuse_non_number()?;
                return self.expected("a value");
            }
        }
        Ok(self.after_value())
    }

    const fn after_value(&self) -> Next {
        if self.levels.is_empty() { Next::Nothing } else { Next::CommaOrEnd }
    }

    fn open(&mut self, level: Level<'a>) -> Result<(), Refusal> {
        if self.levels.len() >= self.depth_max {
            return Err((JsonErrorKind::TooDeep { depth_max: self.depth_max }, self.at));
        }
        self.levels.push(level);
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) -> Next {
        self.at += 1;
        if let Some(Level::Object { keys_start, .. }) = self.levels.pop() {
            self.keys.truncate(keys_start);
        }
        self.after_value()
    }

    fn comma_or_end(&mut self, byte: u8) -> Result<Next, Refusal> {
        let is_object = matches!(self.levels.last(), Some(Level::Object { .. }));
        match byte {
            b',' => {
                self.at += 1;
                Ok(if is_object { Next::Key } else { Next::Value })
            }
            b'}' if is_object => Ok(self.close()),
            b']' if !is_object => Ok(self.close()),
            _ if is_object => self.expected("`,` or `}`"),
            _ => self.expected("`,` or `]`"),
        }
    }

    fn key(&mut self) -> Result<Next, Refusal> {
        let start = self.at;
        let (raw, is_escaped) = self.string()?;
        let bytes = if is_escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) };
        self.remember(bytes, start)?;
        self.skip_blanks();
        if self.input.get(self.at) != Some(&b':') {
            return match self.input.get(self.at) {
                None => Err((JsonErrorKind::End, self.at)),
                Some(_) => self.expected("`:` after the key"),
            };
        }
        self.at += 1;
        Ok(Next::Value)
    }

    fn remember(&mut self, bytes: Cow<'a, [u8]>, start: usize) -> Result<(), Refusal> {
        let Some(Level::Object { keys_start, many }) = self.levels.last_mut() else {
            return Ok(());
        };
        let hash = hash(&bytes);
        let known = self.keys.get(*keys_start..).unwrap_or_default();
        let is_twice = match many {
            Some(set) => !set.insert(bytes.clone()),
            None => known.iter().any(|key| key.hash == hash && key.bytes == bytes),
        };
        if is_twice {
            let key = String::from_utf8_lossy(&bytes).into_owned();
            return Err((JsonErrorKind::DuplicateKey(key), start));
        }
        if many.is_none() {
            self.keys.push(Key { hash, bytes });
            if self.keys.len() - *keys_start > KEYS_SCANNED_MAX {
                let moved = self.keys.drain(*keys_start..).map(|key| key.bytes);
                *many = Some(moved.collect());
            }
        }
        Ok(())
    }

    /// Reads a string; its inside, and whether a backslash stands in it.
    fn string(&mut self) -> Result<(&'a [u8], bool), Refusal> {
        let start = self.at + 1;
        let mut at = start;
        let mut is_escaped = false;
        loop {
            at += plain_length(tail(self.input, at));
            match self.input.get(at) {
                None => return Err((JsonErrorKind::End, self.input.len())),
                Some(b'"') => break,
                Some(b'\\') => {
                    is_escaped = true;
                    at += escape_length(tail(self.input, at)).ok_or((JsonErrorKind::Escape, at))?;
                }
                Some(0) => return Err((JsonErrorKind::Nul, at)),
                Some(_) => return Err((JsonErrorKind::Control, at)),
            }
        }
        self.at = at + 1;
        Ok((span(self.input, start, at), is_escaped))
    }

    fn number(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        if self.input.get(self.at) == Some(&b'-') {
            self.at += 1;
            self.refuse_non_number()?;
        }
        if self.input.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.input.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        let has_exponent = matches!(self.input.get(self.at), Some(b'e' | b'E'));
        if has_exponent {
            self.at += 1;
            self.at += usize::from(matches!(self.input.get(self.at), Some(b'+' | b'-')));
            self.digits()?;
        }
        let text = span(self.input, start, self.at);
        if has_exponent || text.len() > NUMBER_DIGITS_SAFE {
            let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
            if !number.is_some_and(f64::is_finite) {
                return Err((JsonErrorKind::NumberRange, start));
            }
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Refusal> {
        let rest = tail(self.input, self.at);
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return if rest.is_empty() {
                Err((JsonErrorKind::End, self.at))
            } else {
                self.expected("a digit")
            };
        }
        self.at += count;
        Ok(())
    }

    fn word(&mut self, word: &'static str) -> Result<(), Refusal> {
        self.refuse_non_number()?;
        if !tail(self.input, self.at).starts_with(word.as_bytes()) {
            return self.expected("`true`, `false` or `null`");
        }
        self.at += word.len();
        Ok(())
    }

    fn refuse_non_number(&self) -> Result<(), Refusal> {
        const WORDS: [&str; 4] = ["NaN", "Infinity", "nan", "inf"];
        let rest = tail(self.input, self.at);
        match WORDS.iter().find(|word| rest.starts_with(word.as_bytes())) {
            Some(word) => Err((JsonErrorKind::NotANumber(word), self.at)),
            None => Ok(()),
        }
    }
}

const fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// How many bytes the escape at the start takes; a surrogate needs its other half.
fn escape_length(input: &[u8]) -> Option<usize> {
    match input.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => match code_unit(input)? {
            0xd800..=0xdbff => match code_unit(tail(input, 6))? {
                0xdc00..=0xdfff => Some(12),
                _ => None,
            },
            0xdc00..=0xdfff => None,
            _ => Some(6),
        },
        _ => None,
    }
}

/// The four hexadecimal digits of `\uXXXX`.
fn code_unit(input: &[u8]) -> Option<u16> {
    let [b'\\', b'u', digits @ ..] = input else {
        return None;
    };
    let digits = digits.get(..4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The bytes that a string's inside, already found lawful, stands for.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        plain.extend_from_slice(span(rest, 0, at));
        let escape = tail(rest, at);
        let length = escape_length(escape).unwrap_or(2);
        match escape.get(1) {
            Some(b'u') => {
                let units =
                    [code_unit(escape), code_unit(tail(escape, 6)).filter(|_| length == 12)];
                let characters = char::decode_utf16(units.into_iter().flatten());
                let text: String = characters.map(|unit| unit.unwrap_or('\u{fffd}')).collect();
                plain.extend_from_slice(text.as_bytes());
            }
            Some(b'b') => plain.push(8),
            Some(b'f') => plain.push(12),
            Some(b'n') => plain.push(b'\n'),
            Some(b'r') => plain.push(b'\r'),
            Some(b't') => plain.push(b'\t'),
            Some(other) => plain.push(*other),
            None => {}
        }
        rest = tail(escape, length);
    }
    plain.extend_from_slice(rest);
    plain
}

/// Length, first and last bytes: only to skip most comparisons, for equal ones are compared byte
/// by byte, and never more than [`KEYS_SCANNED_MAX`] of them.
fn hash(bytes: &[u8]) -> u64 {
    let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let first = word(span(bytes, 0, bytes.len().min(8)));
    let last = word(tail(bytes, bytes.len().saturating_sub(8)));
    first ^ last.rotate_left(17) ^ (bytes.len() as u64).rotate_left(48)
}

/// How many bytes at the start need no second look, eight at a time.
fn plain_length(input: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS != 0;
    let mut length = 0;
    for chunk in input.chunks_exact(8) {
        let Ok(bytes) = <[u8; 8]>::try_from(chunk) else {
            break;
        };
        let word = u64::from_ne_bytes(bytes);
        let has_control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS != 0;
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        if has_control || has_zero(quote) || has_zero(backslash) {
            break;
        }
        length += 8;
    }
    length + tail(input, length).iter().take_while(|byte| is_plain(**byte)).count()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::{JsonErrorKind, Limits, guard};
    use proptest::prelude::*;

    fn check(input: &str, expected: &str) {
        let found = match guard(input.as_bytes(), Limits::default()) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{input}");
    }

    #[test]
    fn what_passes() {
        check(r#" {"a":[1,-0.5e-3,true,null,"\u00e9\ud83d\ude00\n"],"b":{"a":{}}} "#, "ok");
        check("3", "ok");
        check(r#"[{"a":1},{"a":2}]"#, "ok");
        check(r#"{"":1," ":2,"a":3}"#, "ok");
    }

    #[test]
    fn duplicate_keys_are_named_with_their_place() {
        check(
            r#"{"a":1,"b":{"a":1},"a":2}"#,
            "key `a` stands twice in one object (line 1, column 20)",
        );
        check(
            "{\"é\":1,\n \"\\u00e9\":2}",
            "key `é` stands twice in one object (line 2, column 2)",
        );
    }

    #[test]
    fn no_numbers_that_json_has_not() {
        check("{\"a\": NaN}", "`NaN` is no number of JSON (line 1, column 7)");
        check("[Infinity]", "`Infinity` is no number of JSON (line 1, column 2)");
        check("[-Infinity]", "`Infinity` is no number of JSON (line 1, column 3)");
        check("[1e999]", "number out of range (line 1, column 2)");
        check("[01]", "expected `,` or `]` (line 1, column 3)");
        check("[1.]", "expected a digit (line 1, column 4)");
        check("[+1]", "expected a value (line 1, column 2)");
    }

    #[test]
    fn bytes_that_must_not_stand_there() {
        check("{\"a\":\"x\0y\"}", "NUL byte (line 1, column 8)");
        check("{\"a\":1}\0", "NUL byte (line 1, column 8)");
        check("[\"a\nb\"]", "control character in a string (line 1, column 4)");
        check(r#"["\x"]"#, "no such escape in a string (line 1, column 3)");
        check(r#"["\ud800"]"#, "no such escape in a string (line 1, column 3)");
        let error = guard(b"[\"\xff\"]", Limits::default()).unwrap_err();
        assert_eq!((error.kind, error.offset), (JsonErrorKind::NotUtf8, 2));
    }

    #[test]
    fn structure() {
        check("", "ends inside a value (line 1, column 1)");
        check("{\"a\":1,}", "expected a key in quotes (line 1, column 8)");
        check("{a:1}", "expected a key in quotes or `}` (line 1, column 2)");
        check("{\"a\" 1}", "expected `:` after the key (line 1, column 6)");
        check("{\"a\":1]", "expected `,` or `}` (line 1, column 7)");
        check("[1,]", "expected a value (line 1, column 4)");
        check("[1", "ends inside a value (line 1, column 3)");
        check("{} {}", "expected nothing after the value (line 1, column 4)");
        check("[nul]", "expected `true`, `false` or `null` (line 1, column 2)");
    }

    #[test]
    fn nesting_of_ten_thousand_is_refused_at_the_limit() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        check(&deep, "nested deeper than 64 levels (line 1, column 65)");
        let all = Limits { depth_max: 10_000, bytes_max: 100_000 };
        assert_eq!(guard(deep.as_bytes(), all), Ok(()));
    }

    #[test]
    fn length_and_many_keys() {
        let many: Vec<String> = (0..50_000).map(|key| format!("\"{key}\":1")).collect();
        let object = format!("{{{}}}", many.join(","));
        check(&object, "ok");
        let twice = format!("{{{},\"777\":1}}", many.join(","));
        let error = guard(twice.as_bytes(), Limits::default()).unwrap_err();
        assert_eq!(error.kind, JsonErrorKind::DuplicateKey("777".to_owned()));
        let limits = Limits { bytes_max: 10, ..Limits::default() };
        let error = guard(object.as_bytes(), limits).unwrap_err();
        assert_eq!((error.kind, error.column), (JsonErrorKind::TooLong { bytes_max: 10 }, 11));
    }

    fn jsonish() -> impl Strategy<Value = String> {
        let token = prop_oneof![
            Just("{".to_owned()),
            Just("}".to_owned()),
            Just("[".to_owned()),
            Just("]".to_owned()),
            Just(",".to_owned()),
            Just(":".to_owned()),
            Just(" ".to_owned()),
            Just("true".to_owned()),
            Just("null".to_owned()),
            "\"[a-c]?\"",
            "\"(\\\\[\"\\\\/bfnrtux]|\\\\u[0-9a-fd]{4}|é| )*\"",
            "-?[0-9]{1,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,3})?",
        ];
        proptest::collection::vec(token, 0..16).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn agrees_with_a_full_reader(input in jsonish()) {
            let ours = guard(input.as_bytes(), Limits::default());
            let theirs = serde_json::from_str::<serde_json::Value>(&input);
            match ours {
                Ok(()) => prop_assert!(theirs.is_ok(), "{} {:?}", input, theirs),
                // Readers keep the last of two equal keys; we refuse.
                Err(error) => prop_assert!(
                    theirs.is_err() || matches!(error.kind, JsonErrorKind::DuplicateKey(_)),
                    "{} {}", input, error
                ),
            }
        }

        #[test]
        fn any_bytes(input in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Err(error) = guard(&input, Limits::default()) {
                prop_assert!(error.offset <= input.len());
            }
        }
    }
}
