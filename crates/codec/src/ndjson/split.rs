//! Where one record of a body ends and the next begins.

use thiserror::Error;

use crate::bytes::{BOM, span, tail};
use crate::position::count_lines;

/// How a body holds its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Nothing but blanks.
    Empty,
    /// One value per line.
    Lines,
    /// The elements of one array.
    Array,
    /// One value over several lines.
    Single,
}

/// One record of a body, not yet read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonRecord<'a> {
    /// Number of the record in the body, from 0; refused ones count too.
    pub index: u64,
    /// Line on which it begins, from 1.
    pub line: u64,
    /// Column in bytes at which it begins, from 1.
    pub column: u64,
    /// The record as sent, without blanks around it.
    pub bytes: &'a [u8],
}

/// What keeps a piece of a body from being a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum BadRecordKind {
    /// Nothing stands between two commas, or before the array's end.
    #[error("expected a value before the comma or bracket")]
    Missing,
    /// The body ends inside an element, or before the array's `]`.
    #[error("the array has no end")]
    UnendedArray,
    /// Something other than blanks follows the array.
    #[error("expected nothing after the array")]
    Trailing,
}

/// A piece of a body that is no record, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("record {index}: {kind} (line {line}, column {column})")]
pub struct BadRecord {
    /// Number of the record in the body, from 0.
    pub index: u64,
    /// Line, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
    /// What is wrong.
    pub kind: BadRecordKind,
}

/// Splits a body into its records.
///
/// The shape is found, not declared. Records are slices: whether one is JSON is [`guard`]'s to
/// say, so that one bad record never costs its neighbours. A byte order mark is skipped.
///
/// [`guard`]: super::guard
#[must_use]
pub fn records(body: &[u8]) -> Records<'_> {
    let start = if body.starts_with(BOM) { BOM.len() } else { 0 };
    let first = start + blank_length(tail(body, start));
    let shape = shape(tail(body, first));
    Records {
        body,
        shape,
        at: if shape == Shape::Array { first + 1 } else { first },
        index: 0,
        position: Position { offset: 0, line: 1, line_start: start },
        phase: if shape == Shape::Empty { Phase::Done } else { Phase::First },
    }
}

/// Iterates over the records of a body in the order sent.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    body: &'a [u8],
    shape: Shape,
    at: usize,
    index: u64,
    position: Position,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    First,
    Following,
    AfterArray,
    Done,
}

/// The line and column of the latest record, moved forward so that each byte is counted once.
#[derive(Debug, Clone, Copy)]
struct Position {
    offset: usize,
    line: u64,
    line_start: usize,
}

impl Position {
    fn advance(&mut self, body: &[u8], offset: usize) -> (u64, u64) {
        let passed = span(body, self.offset, offset);
        self.line += count_lines(passed);
        if let Some(newline) = memchr::memrchr(b'\n', passed) {
            self.line_start = self.offset + newline + 1;
        }
        self.offset = offset;
        (self.line, offset.saturating_sub(self.line_start) as u64 + 1)
    }
}

impl<'a> Records<'a> {
    /// How this body holds its records.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    fn record(&mut self, start: usize, end: usize) -> JsonRecord<'a> {
        let bytes = trim_json(span(self.body, start, end));
        let (line, column) = self.position.advance(self.body, start);
        let index = self.index;
        self.index += 1;
        JsonRecord { index, line, column, bytes }
    }

    fn bad(&mut self, at: usize, kind: BadRecordKind) -> BadRecord {
        let (line, column) = self.position.advance(self.body, at);
        let index = self.index;
        self.index += 1;
        BadRecord { index, line, column, kind }
    }

    fn next_line(&mut self) -> Option<JsonRecord<'a>> {
        self.at += blank_length(tail(self.body, self.at));
        let rest = tail(self.body, self.at);
        if rest.is_empty() {
            self.phase = Phase::Done;
            return None;
        }
        let start = self.at;
        let end = start + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.at = end + 1;
        Some(self.record(start, end))
    }

    fn next_element(&mut self) -> Option<Result<JsonRecord<'a>, BadRecord>> {
        self.at += blank_length(tail(self.body, self.at));
        let start = self.at;
        let Some(length) = element_length(tail(self.body, start)) else {
            self.phase = Phase::Done;
            return Some(Err(self.bad(start, BadRecordKind::UnendedArray)));
        };
        let end = start + length;
        let is_last = self.body.get(end) == Some(&b']');
        self.at = end + 1;
        let is_only = self.phase == Phase::First;
        self.phase = if is_last { Phase::AfterArray } else { Phase::Following };
        if length > 0 {
            return Some(Ok(self.record(start, end)));
        }
        if is_last && is_only {
            return self.after_array().map(Err);
        }
        Some(Err(self.bad(start, BadRecordKind::Missing)))
    }

    fn after_array(&mut self) -> Option<BadRecord> {
        self.phase = Phase::Done;
        let at = self.at + blank_length(tail(self.body, self.at));
        if at < self.body.len() { Some(self.bad(at, BadRecordKind::Trailing)) } else { None }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<JsonRecord<'a>, BadRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        match (self.phase, self.shape) {
            (Phase::Done, _) | (_, Shape::Empty) => None,
            (Phase::AfterArray, _) => self.after_array().map(Err),
            (Phase::First | Phase::Following, Shape::Lines) => self.next_line().map(Ok),
            (Phase::First | Phase::Following, Shape::Array) => self.next_element(),
            (Phase::First | Phase::Following, Shape::Single) => {
                self.phase = Phase::Done;
                Some(Ok(self.record(self.at, self.body.len())))
            }
        }
    }
}

/// Lines, unless the first line is only a part of a value that ends with the body.
fn shape(body: &[u8]) -> Shape {
    match body.first() {
        None => return Shape::Empty,
        Some(b'[') => return Shape::Array,
        Some(b'{') => {}
        Some(_) => return Shape::Lines,
    }
    let line_end = memchr::memchr(b'\n', body).unwrap_or(body.len());
    if value_length(span(body, 0, line_end)).is_some() {
        return Shape::Lines;
    }
    match value_length(body) {
        Some(end) if blank_length(tail(body, end)) == body.len() - end => Shape::Single,
        Some(_) | None => Shape::Lines,
    }
}

/// How long the bracketed value at the start is; `None` when its last bracket is missing.
fn value_length(input: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match input.get(at)? {
            b'"' => at += string_length(tail(input, at + 1))?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// How far the `,` or `]` is that ends an array's element; `None` when the body ends first.
fn element_length(input: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match input.get(at)? {
            b'"' => at += string_length(tail(input, at + 1))?,
            b'{' | b'[' => depth += 1,
            b',' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
}

/// From after an opening quote to and with the closing one.
fn string_length(input: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', tail(input, at))?;
        if input.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn blank_length(input: &[u8]) -> usize {
    input.iter().take_while(|byte| is_blank(**byte)).count()
}

fn trim_json(input: &[u8]) -> &[u8] {
    let end = input.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |at| at + 1);
    span(input, 0, end)
}

#[cfg(test)]
mod tests {
    use super::{Shape, records};
    use proptest::prelude::*;

    fn check(body: &str, shape: Shape, expected: &[&str]) {
        let all = records(body.as_bytes());
        assert_eq!(all.shape(), shape, "{body}");
        let found: Vec<String> = all
            .map(|record| match record {
                Ok(record) => format!(
                    "{} {}:{} {}",
                    record.index,
                    record.line,
                    record.column,
                    record.bytes.escape_ascii()
                ),
                Err(error) => error.to_string(),
            })
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn each_line_is_a_record_even_a_broken_one() {
        check(
            "{\"a\":1}\n\n  {\"b\":\n{\"c\":3} \r\nx",
            Shape::Lines,
            &["0 1:1 {\\\"a\\\":1}", "1 3:3 {\\\"b\\\":", "2 4:1 {\\\"c\\\":3}", "3 5:1 x"],
        );
    }

    #[test]
    fn a_broken_first_line_does_not_swallow_the_others() {
        check("{\"a\":\n{\"b\":2}\n", Shape::Lines, &["0 1:1 {\\\"a\\\":", "1 2:1 {\\\"b\\\":2}"]);
    }

    #[test]
    fn elements_keep_strings_with_brackets_together() {
        check(
            " [ {\"a\":\"]},\\\"[\"},\n [1,[2]] , 3 ]\n",
            Shape::Array,
            &["0 1:4 {\\\"a\\\":\\\"]},\\\\\\\"[\\\"}", "1 2:2 [1,[2]]", "2 2:12 3"],
        );
    }

    #[test]
    fn missing_elements_and_ends_are_named() {
        check("[]", Shape::Array, &[]);
        check(
            "[1,,2,]",
            Shape::Array,
            &[
                "0 1:2 1",
                "record 1: expected a value before the comma or bracket (line 1, column 4)",
                "2 1:5 2",
                "record 3: expected a value before the comma or bracket (line 1, column 7)",
            ],
        );
        check(
            "[1,\n{\"a\":",
            Shape::Array,
            &["0 1:2 1", "record 1: the array has no end (line 2, column 1)"],
        );
        check(
            "[1] 2",
            Shape::Array,
            &["0 1:2 1", "record 1: expected nothing after the array (line 1, column 5)"],
        );
    }

    #[test]
    fn one_object_over_lines_is_one_record() {
        check("\u{feff}{\n \"a\": 1\n}\n", Shape::Single, &["0 1:1 {\\n \\\"a\\\": 1\\n}"]);
        check(" \n", Shape::Empty, &[]);
    }

    proptest! {
        #[test]
        fn arrays_and_lines_give_back_what_was_put_in(
            texts in proptest::collection::vec(".{0,12}", 0..9),
        ) {
            let values: Vec<String> = texts
                .iter()
                .map(|text| serde_json::json!({ "a": [text, { "b": text }] }).to_string())
                .collect();
            for body in [format!("[{}]", values.join(" ,\n")), values.join("\n")] {
                let found: Vec<String> = records(body.as_bytes())
                    .filter_map(Result::ok)
                    .map(|record| String::from_utf8_lossy(record.bytes).into_owned())
                    .collect();
                prop_assert_eq!(&found, &values);
            }
        }

        #[test]
        fn any_body_comes_to_an_end(body in "[\\[\\]{},:\"\\\\ \n1a]{0,60}") {
            prop_assert!(records(body.as_bytes()).count() <= body.len() + 1);
        }
    }
}
