//! TOML read by hand-picked keys: whatever is not asked for is reported as unknown, with its
//! place and the nearest key that was asked for.
//!
//! ```
//! let mut doc = estate::tomlpos::Doc::parse("castellan.toml", "[listen]\nhtpp = \":8080\"\n");
//! let mut root = doc.root();
//! if let Some(mut listen) = root.take_table("listen") {
//!     assert!(listen.take_str("http").is_none());
//!     listen.finish();
//! }
//! root.finish();
//! let problems = doc.into_problems();
//! assert_eq!(
//!     problems[0].to_string(),
//!     "castellan.toml:2:1: error: unknown key `htpp` in `listen`: did you mean `http`? \
//!      [unknown_key]",
//! );
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, RangeInclusive};
use std::time::Duration;

use model::ids::IdError;
use model::problem::{Position, Problem};
use model::time::parse_duration;
use toml_edit::{Document, Item, TableLike, Value};

use crate::nearest::hint;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it begins.
    pub at: Position,
}

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// One parsed text and the problems found in it so far.
#[derive(Debug)]
pub struct Doc {
    file: String,
    document: Option<Document<String>>,
    lines: Lines,
    problems: RefCell<Vec<Problem>>,
}

impl Doc {
    /// Reads `text`. A syntax error becomes a problem, and [`Doc::root`] an empty table.
    pub fn parse(file: &str, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = Lines::of(text);
        let mut problems = Vec::new();
        let document = match Document::parse(text.to_owned()) {
            Ok(document) => Some(document),
            Err(error) => {
                let at = error.span().map(|span| lines.position(span.start));
                let message = error.message().trim().replace('\n', "; ");
                problems.push(Problem::error(file, at, "toml_syntax", message));
                None
            }
        };
        Self { file: file.to_owned(), document, lines, problems: RefCell::new(problems) }
    }

    /// Whether the text was TOML at all; if not, every key will be missing.
    pub fn is_readable(&self) -> bool {
        self.document.is_some()
    }

    /// The outermost table.
    pub fn root(&self) -> Table<'_> {
        let at = Position { line: 1, column: 1 };
        let mut table =
            Table { doc: self, path: String::new(), at, left: BTreeMap::new(), known: Vec::new() };
        if let Some(document) = &self.document {
            table.fill(document.as_table());
        }
        table
    }

    /// Everything that was found wrong, in the order of the text.
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems
    }

    fn report(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    fn position(&self, span: Option<std::ops::Range<usize>>, otherwise: Position) -> Position {
        span.map_or(otherwise, |span| self.lines.position(span.start))
    }
}

/// Where each line begins, so that a position costs a search and not a walk.
#[derive(Debug)]
struct Lines {
    text: String,
    starts: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        Self { text: text.to_owned(), starts: std::iter::once(0).chain(breaks).collect() }
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let head = self.text.get(start..offset).unwrap_or("");
        Position { line: line as u64, column: head.chars().count() as u64 + 1 }
    }
}

/// One table whose keys are taken one by one; what is left at [`Table::finish`] is unknown.
#[derive(Debug)]
#[must_use = "call `finish`, or unknown keys pass unseen"]
pub struct Table<'d> {
    doc: &'d Doc,
    path: String,
    at: Position,
    left: BTreeMap<String, (Position, &'d Item)>,
    known: Vec<&'static str>,
}

impl<'d> Table<'d> {
    fn fill(&mut self, table: &'d dyn TableLike) {
        for (key, item) in table.iter() {
            let span = table.key(key).and_then(toml_edit::Key::span);
            let at = self.doc.position(span, self.at);
            self.left.insert(key.to_owned(), (at, item));
        }
    }

    fn child(&self, key: &str, at: Position, table: &'d dyn TableLike) -> Self {
        let path =
            if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let mut child = Table { doc: self.doc, path, at, left: BTreeMap::new(), known: Vec::new() };
        child.fill(table);
        child
    }

    /// Where the table begins.
    pub fn at(&self) -> Position {
        self.at
    }

    /// Where `key` stands, if it is there and not yet taken.
    pub fn position_of(&self, key: &str) -> Option<Position> {
        self.left.get(key).map(|(at, _)| *at)
    }

    /// Adds an error of the caller's own.
    pub fn error(&self, at: Position, code: &str, message: String) {
        self.doc.report(Problem::error(&self.doc.file, Some(at), code, message));
    }

    /// Adds a warning of the caller's own.
    pub fn warning(&self, at: Position, code: &str, message: String) {
        self.doc.report(Problem::warning(&self.doc.file, Some(at), code, message));
    }

    /// Reads a key's former name as the present one, with a warning.
    pub fn renamed(&mut self, former: &'static str, present: &'static str) {
        if let Some((at, item)) = self.left.remove(former) {
            if self.left.contains_key(present) {
                let both = format!("`{former}` is the former name of `{present}`, and both stand");
                self.error(at, "renamed_key", both);
            } else {
                let say = format!("`{former}` is now called `{present}`");
                self.warning(at, "renamed_key", say);
                self.left.insert(present.to_owned(), (at, item));
            }
        }
    }

    fn take(&mut self, key: &'static str) -> Option<(Position, &'d Item)> {
        self.known.push(key);
        self.left.remove(key)
    }

    /// Takes `key` and has `read` make something of its value, or says what was expected.
    fn take_as<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&'d Value) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let (key_at, item) = self.take(key)?;
        let at = self.doc.position(item.span(), key_at);
        match item.as_value().and_then(read) {
            Some(value) => Some(Spanned { value, at }),
            None => {
                let found = item.as_value().map_or_else(|| item.type_name().into(), shown);
                self.wrong(key, at, &found, expected);
                None
            }
        }
    }

    fn wrong(&self, key: &str, at: Position, found: &str, expected: &str) {
        let message = format!("{}: found {found}, expected {expected}", self.name(key));
        self.error(at, "bad_value", message);
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { format!("`{key}`") } else { format!("`{}.{key}`", self.path) }
    }

    /// A text.
    pub fn take_str(&mut self, key: &'static str) -> Option<Spanned<String>> {
        self.take_as(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// A whole number within `range`.
    pub fn take_int(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
    ) -> Option<Spanned<i64>> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.take_as(key, &expected, |value| value.as_integer().filter(|n| range.contains(n)))
    }

    /// A number, whole or not.
    pub fn take_number(
        &mut self,
        key: &'static str,
        range: RangeInclusive<f64>,
    ) -> Option<Spanned<f64>> {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        self.take_as(key, &expected, |value| {
            let whole = || value.as_integer().map(|number| number as f64);
            value.as_float().or_else(whole).filter(|number| range.contains(number))
        })
    }

    /// `true` or `false`.
    pub fn take_bool(&mut self, key: &'static str) -> Option<Spanned<bool>> {
        self.take_as(key, "true or false", Value::as_bool)
    }

    /// A duration such as `"500ms"`, `"2s"`, `"10m"`, `"12h"`, `"3d"`.
    pub fn take_duration(&mut self, key: &'static str) -> Option<Spanned<Duration>> {
        self.take_as(key, "a duration such as \"500ms\", \"2s\", \"10m\", \"12h\"", |value| {
            value.as_str().and_then(parse_duration)
        })
    }

    /// A number of bytes: a whole number, or a text such as `"64MiB"`, `"10GiB"`, `"512kB"`.
    pub fn take_bytes(&mut self, key: &'static str) -> Option<Spanned<u64>> {
        self.take_as(key, "a size such as \"512KiB\", \"64MiB\" or \"10GiB\"", |value| match value
            .as_integer()
        {
            Some(number) => u64::try_from(number).ok(),
            None => value.as_str().and_then(parse_bytes),
        })
    }

    /// An IANA time zone such as `"Europe/Berlin"`.
    pub fn take_time_zone(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let zone = self.take_str(key)?;
        if zone.parse::<chrono_tz::Tz>().is_ok() {
            return Some(zone);
        }
        self.error(zone.at, "unknown_time_zone", crate::times::unknown_zone(&zone));
        None
    }

    /// An id, read by its type's own `parse`.
    pub fn take_id<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, IdError>,
    ) -> Option<Spanned<T>> {
        let text = self.take_str(key)?;
        match parse(&text) {
            Ok(value) => Some(Spanned { value, at: text.at }),
            Err(error) => {
                self.error(text.at, "bad_id", format!("{}: {error}", self.name(key)));
                None
            }
        }
    }

    /// One of a closed list of words.
    pub fn take_word<T: Clone>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<Spanned<T>> {
        let text = self.take_str(key)?;
        let value = self.word(key, &text, words)?;
        Some(Spanned { value, at: text.at })
    }

    /// A list of words of a closed list.
    pub fn take_words<T: Clone>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<Vec<T>> {
        let texts = self.take_strs(key)?;
        Some(texts.iter().filter_map(|text| self.word(key, text, words)).collect())
    }

    fn word<T: Clone>(
        &self,
        key: &str,
        text: &Spanned<String>,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return Some(value.clone());
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let found = crate::csvpos::short(text);
        let message =
            format!("{}: unknown value `{found}`: {}", self.name(key), hint(text, &known));
        self.error(text.at, "unknown_value", message);
        None
    }

    /// A list of texts.
    pub fn take_strs(&mut self, key: &'static str) -> Option<Vec<Spanned<String>>> {
        let array = self.take_as(key, "a list of texts", Value::as_array)?;
        let mut texts = Vec::new();
        for value in array.iter() {
            let at = self.doc.position(value.span(), array.at);
            match value.as_str() {
                Some(text) => texts.push(Spanned { value: text.to_owned(), at }),
                None => self.wrong(key, at, &shown(value), "a text"),
            }
        }
        Some(texts)
    }

    /// A table, written `[key]` or `key = { … }`.
    pub fn take_table(&mut self, key: &'static str) -> Option<Table<'d>> {
        let (at, item) = self.take(key)?;
        match item.as_table_like() {
            Some(table) => Some(self.child(key, at, table)),
            None => {
                self.wrong(key, at, item.type_name(), "a table");
                None
            }
        }
    }

    /// Every table of a list, written `[[key]]` or `key = [{ … }]`.
    pub fn take_tables(&mut self, key: &'static str) -> Vec<Table<'d>> {
        let Some((at, item)) = self.take(key) else {
            return Vec::new();
        };
        if let Some(tables) = item.as_array_of_tables() {
            let begin = |table: &toml_edit::Table| self.doc.position(table.span(), at);
            return tables.iter().map(|table| self.child(key, begin(table), table)).collect();
        }
        let Some(array) = item.as_array() else {
            self.wrong(key, at, item.type_name(), &format!("tables headed `[[{key}]]`"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for value in array {
            let at = self.doc.position(value.span(), at);
            match value.as_inline_table() {
                Some(table) => tables.push(self.child(key, at, table)),
                None => self.wrong(key, at, &shown(value), "a table"),
            }
        }
        tables
    }

    /// Every table that is left, by its name: for tables whose keys are the user's own.
    pub fn take_rest_tables(&mut self) -> Vec<(Spanned<String>, Table<'d>)> {
        let mut tables = Vec::new();
        let (own, left) =
            std::mem::take(&mut self.left).into_iter().partition(|(key, _)| key.starts_with("x_"));
        self.left = own;
        let left: BTreeMap<String, (Position, &'d Item)> = left;
        for (key, (at, item)) in left {
            match item.as_table_like() {
                Some(table) => {
                    let table = self.child(&key, at, table);
                    tables.push((Spanned { value: key, at }, table));
                }
                None => self.wrong(&key, at, item.type_name(), "a table"),
            }
        }
        tables
    }

    /// Every key that is left, with its text: for tables whose keys are the user's own.
    pub fn take_rest_strs(&mut self) -> Vec<(Spanned<String>, Spanned<String>)> {
        let mut pairs = Vec::new();
        for (key, (key_at, item)) in std::mem::take(&mut self.left) {
            let at = self.doc.position(item.span(), key_at);
            match item.as_str() {
                Some(text) => {
                    let value = Spanned { value: text.to_owned(), at };
                    pairs.push((Spanned { value: key, at: key_at }, value));
                }
                None => self.wrong(&key, at, item.type_name(), "a text"),
            }
        }
        pairs
    }

    /// Says that a required key is missing unless `value` is there or was itself wrong.
    pub fn require<T>(&self, key: &str, was_there: bool, value: Option<T>) -> Option<T> {
        if value.is_none() && !was_there {
            let message = format!("{} is missing", self.name(key));
            self.error(self.at, "missing_key", message);
        }
        value
    }

    /// A text that must be there and not be empty.
    pub fn need_str(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let was_there = self.left.contains_key(key);
        let text = self.take_str(key);
        let text = self.require(key, was_there, text)?;
        if text.trim().is_empty() {
            self.error(text.at, "missing_value", format!("{} is empty", self.name(key)));
            return None;
        }
        Some(text)
    }

    /// An IANA time zone that must be there.
    pub fn need_time_zone(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let was_there = self.left.contains_key(key);
        let zone = self.take_time_zone(key);
        self.require(key, was_there, zone)
    }

    /// An id that must be there.
    pub fn need_id<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, IdError>,
    ) -> Option<Spanned<T>> {
        let was_there = self.left.contains_key(key);
        let id = self.take_id(key, parse);
        self.require(key, was_there, id)
    }

    /// One of a closed list of words, which must be there.
    pub fn need_word<T: Clone>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<Spanned<T>> {
        let was_there = self.left.contains_key(key);
        let word = self.take_word(key, words);
        self.require(key, was_there, word)
    }

    /// The `format` number at the top of every file of ours: must be there, and known.
    pub fn need_format(&mut self, newest: i64) {
        let was_there = self.left.contains_key("format");
        let format = self.take_as("format", "a whole number", Value::as_integer);
        if let Some(format) = self.require("format", was_there, format)
            && !(1..=newest).contains(&format.value)
        {
            let message = format!("format {format} is not known here; the newest is {newest}");
            self.error(format.at, "unknown_format", message);
        }
    }

    /// The keys beginning `x_`, each with its value as TOML in one line.
    pub fn extras(&self) -> BTreeMap<String, String> {
        let own = self.left.iter().filter(|(key, _)| key.starts_with("x_"));
        let read = own.filter_map(|(key, (_, item))| {
            let mut value = (*item).clone().into_value().ok()?;
            value.decor_mut().clear();
            Some((key.clone(), value.to_string()))
        });
        read.collect()
    }

    /// Reports every key that was not taken, unless it begins with `x_`.
    pub fn finish(self) {
        for (key, (at, _)) in &self.left {
            if !key.starts_with("x_") {
                let inside = if self.path.is_empty() {
                    String::new()
                } else {
                    format!(" in `{}`", self.path)
                };
                let found = crate::csvpos::short(key);
                let hint = hint(key, &self.known);
                let message = format!("unknown key `{found}`{inside}: {hint}");
                self.error(*at, "unknown_key", message);
            }
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", crate::csvpos::short(text.value())),
        Value::Integer(number) => number.value().to_string(),
        Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::InlineTable(_) => format!("a value of type {}", value.type_name()),
    }
}

fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(split)?;
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

impl<T: fmt::Display> fmt::Display for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
