//! CSV with a header: records by line and named column, errors that name both.
//!
//! Quoting is RFC 4180's; what a column means is the mapping's to say.
//!
//! SOURCE: RFC 4180 section 2.

use csv::ByteRecord;
use thiserror::Error;

use crate::bytes::{BOM, span, tail};
use crate::position::count_lines;

/// More columns than this is no table that anybody wrote.
const COLUMNS_MAX: usize = 1024;

/// Why a table or one of its records cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CsvErrorKind {
    /// There is no header line.
    #[error("expected a header line")]
    NoHeader,
    /// A column of the header has no name.
    #[error("the header's column has no name")]
    ColumnUnnamed,
    /// Two columns of the header have one name.
    #[error("the header names `{0}` twice")]
    ColumnTwice(String),
    /// The header has too many columns.
    #[error("the header has more than {COLUMNS_MAX} columns")]
    TooManyColumns,
    /// The record has not as many fields as the header.
    #[error("expected {expected} fields, found {found}")]
    FieldCount {
        /// As many as the header has.
        expected: usize,
        /// As many as the record has.
        found: usize,
    },
    /// A field is not UTF-8.
    #[error("field is not UTF-8")]
    NotUtf8,
    /// A quoted field is never closed.
    #[error("quoted field has no end")]
    UnendedQuote,
}

/// What is wrong, on which line, in which column.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind} (line {line}, column {column}{})", quoted(name.as_deref()))]
pub struct CsvError {
    /// What is wrong.
    pub kind: CsvErrorKind,
    /// Line on which the record begins, from 1.
    pub line: u64,
    /// Number of the column, from 1.
    pub column: usize,
    /// The column's name where it has one.
    pub name: Option<String>,
}

/// The names of a table's columns, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    names: Vec<String>,
}

impl Header {
    /// Reads the header line; `line` is its number, for errors.
    ///
    /// A byte order mark and blanks around names are dropped.
    ///
    /// # Errors
    /// [`CsvError`] for an empty header, and for names that are missing or stand twice.
    pub fn parse(bytes: &[u8], line: u64) -> Result<Self, CsvError> {
        let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let record = single(bytes).ok_or_else(|| error(CsvErrorKind::NoHeader, line, 1))?;
        Self::of(&record, line)
    }

    fn of(record: &ByteRecord, line: u64) -> Result<Self, CsvError> {
        let mut names: Vec<String> = Vec::with_capacity(record.len());
        if record.len() > COLUMNS_MAX {
            return Err(error(CsvErrorKind::TooManyColumns, line, COLUMNS_MAX + 1));
        }
        for (index, field) in record.iter().enumerate() {
            let name = std::str::from_utf8(field)
                .map_err(|_| error(CsvErrorKind::NotUtf8, line, index + 1))?
                .trim();
            if name.is_empty() {
                return Err(error(CsvErrorKind::ColumnUnnamed, line, index + 1));
            }
            if names.iter().any(|known| known == name) {
                let kind = CsvErrorKind::ColumnTwice(name.to_owned());
                return Err(error(kind, line, index + 1));
            }
            names.push(name.to_owned());
        }
        Ok(Self { names })
    }

    /// The names in the order of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of a column, from 0.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Reads one record that arrived alone, such as a line of a followed file.
    ///
    /// # Errors
    /// [`CsvError`] when it does not fit the header; an empty line has no fields.
    pub fn row(&self, bytes: &[u8], line: u64) -> Result<Row, CsvError> {
        if let Some(column) = unended_quote(bytes) {
            return Err(self.named(CsvErrorKind::UnendedQuote, line, column));
        }
        self.check(single(bytes).unwrap_or_default(), line)
    }

    fn check(&self, record: ByteRecord, line: u64) -> Result<Row, CsvError> {
        let (expected, found) = (self.names.len(), record.len());
        if expected != found {
            let column = expected.min(found) + 1;
            return Err(self.named(CsvErrorKind::FieldCount { expected, found }, line, column));
        }
        for (index, field) in record.iter().enumerate() {
            if std::str::from_utf8(field).is_err() {
                return Err(self.named(CsvErrorKind::NotUtf8, line, index + 1));
            }
        }
        Ok(Row { line, record })
    }

    fn named(&self, kind: CsvErrorKind, line: u64, column: usize) -> CsvError {
        CsvError { kind, line, column, name: self.names.get(column - 1).cloned() }
    }
}

fn quoted(name: Option<&str>) -> String {
    name.map(|name| format!(" `{name}`")).unwrap_or_default()
}

fn error(kind: CsvErrorKind, line: u64, column: usize) -> CsvError {
    CsvError { kind, line, column, name: None }
}

/// One record with as many UTF-8 fields as the header has names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line on which it begins, from 1.
    pub line: u64,
    record: ByteRecord,
}

impl Row {
    /// The field in column `index`, from 0, as written.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&str> {
        std::str::from_utf8(self.record.get(index)?).ok()
    }

    /// Each column's name and field.
    pub fn fields<'a>(&'a self, header: &'a Header) -> impl Iterator<Item = (&'a str, &'a str)> {
        let values = (0..self.record.len()).filter_map(|index| self.get(index));
        header.names.iter().map(String::as_str).zip(values)
    }
}

/// Reads a whole table; a bad record is reported and the next one read.
///
/// # Errors
/// [`CsvError`] when the header cannot be read.
pub fn table(bytes: &[u8]) -> Result<Table<'_>, CsvError> {
    let skipped = if bytes.starts_with(BOM) { BOM.len() } else { 0 };
    let body = tail(bytes, skipped);
    let mut reader = builder().from_reader(body);
    let mut record = ByteRecord::new();
    if !matches!(reader.read_byte_record(&mut record), Ok(true)) {
        return Err(error(CsvErrorKind::NoHeader, 1, 1));
    }
    let blank = body.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let line = 1 + count_lines(span(body, 0, blank));
    if let Some(column) = unended_quote(span(body, 0, offset(&reader))) {
        return Err(error(CsvErrorKind::UnendedQuote, line, column));
    }
    Ok(Table { header: Header::of(&record, line)?, body, reader, line: 1, counted: 0 })
}

/// A table being read.
pub struct Table<'a> {
    header: Header,
    body: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    /// The line that byte `counted` stands on.
    line: u64,
    counted: usize,
}

impl Table<'_> {
    /// The columns' names.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The line on which the record begins whose reading starts at `start`: the reader leaves the
    /// line feed of the record before, and empty lines, to the next one.
    fn line_of(&mut self, start: usize) -> u64 {
        let rest = tail(self.body, start);
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.line += count_lines(span(self.body, self.counted, start + ends));
        self.counted = start + ends;
        self.line
    }
}

impl Iterator for Table<'_> {
    type Item = Result<Row, CsvError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = ByteRecord::new();
        let start = offset(&self.reader);
        // Reading bytes that lie in memory fails neither for I/O nor, being flexible, for length.
        if !self.reader.read_byte_record(&mut record).ok()? {
            return None;
        }
        let line = self.line_of(start);
        let end = offset(&self.reader);
        if end >= self.body.len()
            && let Some(column) = unended_quote(span(self.body, start, end))
        {
            return Some(Err(self.header.named(CsvErrorKind::UnendedQuote, line, column)));
        }
        Some(self.header.check(record, line))
    }
}

fn builder() -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true);
    builder
}

fn offset(reader: &csv::Reader<&[u8]>) -> usize {
    usize::try_from(reader.position().byte()).unwrap_or(usize::MAX)
}

fn single(bytes: &[u8]) -> Option<ByteRecord> {
    let mut record = ByteRecord::new();
    let mut reader = builder().from_reader(bytes);
    matches!(reader.read_byte_record(&mut record), Ok(true)).then_some(record)
}

/// The column, from 1, whose opening quote is never closed.
fn unended_quote(bytes: &[u8]) -> Option<usize> {
    let mut column = 1;
    let mut opened_in = None;
    let mut is_at_start = true;
    for byte in bytes {
        match (byte, opened_in) {
            (b'"', Some(_)) => opened_in = None,
            // A quote inside an unquoted field is text; after a closed one it reopens the field.
            (b'"', None) if is_at_start => opened_in = Some(column),
            (b',', None) => column += 1,
            _ => {}
        }
        is_at_start = matches!(byte, b',' | b'"' | b'\n' | b'\r');
    }
    opened_in
}

#[cfg(test)]
mod tests {
    use super::{Header, table};
    use proptest::prelude::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = match table(text.as_bytes()) {
            Err(error) => vec![error.to_string()],
            Ok(mut table) => {
                let header = table.header().clone();
                table
                    .by_ref()
                    .map(|row| match row {
                        Err(error) => error.to_string(),
                        Ok(row) => {
                            let fields: Vec<String> = row
                                .fields(&header)
                                .map(|(name, value)| format!("{name}={value}"))
                                .collect();
                            format!("{}: {}", row.line, fields.join("|"))
                        }
                    })
                    .collect()
            }
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn names_are_trimmed_and_quotes_read() {
        check(
            "\u{feff} time , prox-id\n1,\"a,\"\"b\"\"\n c\"\r\n\r\n2, x \n",
            &["2: time=1|prox-id=a,\"b\"\n c", "5: time=2|prox-id= x "],
        );
    }

    #[test]
    fn a_bad_record_is_named_and_the_next_one_read() {
        check(
            "a,b\n1\n1,2,3\n3,4\n",
            &[
                "expected 2 fields, found 1 (line 2, column 2 `b`)",
                "expected 2 fields, found 3 (line 3, column 3)",
                "4: a=3|b=4",
            ],
        );
        check(
            "a,b\n1,2\n3,\"4\n5,6\n",
            &["2: a=1|b=2", "quoted field has no end (line 3, column 2 `b`)"],
        );
    }

    #[test]
    fn headers_that_cannot_be() {
        check("", &["expected a header line (line 1, column 1)"]);
        check("a, ,c\n", &["the header's column has no name (line 1, column 2)"]);
        check("a,b, a\n", &["the header names `a` twice (line 1, column 3)"]);
        check("a,\"b\n", &["quoted field has no end (line 1, column 2)"]);
    }

    #[test]
    fn lines_that_arrive_alone() {
        let header = Header::parse(b"time,badge\r\n", 1);
        let row = header.as_ref().map(|header| header.row(b"1,\"x,y\"\r\n", 7));
        let field = row.ok().and_then(Result::ok).and_then(|row| row.get(1).map(str::to_owned));
        assert_eq!(field.as_deref(), Some("x,y"));
        let bad = header.and_then(|header| header.row(b"1,\xff", 8)).map_err(|e| e.to_string());
        assert_eq!(bad.err().as_deref(), Some("field is not UTF-8 (line 8, column 2 `badge`)"));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            rows in proptest::collection::vec(("[a\",\n]{0,6}", "[b\", ]{1,6}"), 0..9),
        ) {
            let mut text = "x,y\n".to_owned();
            let quote = |field: &str| format!("\"{}\"", field.replace('"', "\"\""));
            for (x, y) in &rows {
                text += &format!("{},{}\n", quote(x), quote(y));
            }
            let read: Option<Vec<(String, String)>> = table(text.as_bytes()).ok().map(|table| {
                table
                    .filter_map(Result::ok)
                    .filter_map(|row| Some((row.get(0)?.to_owned(), row.get(1)?.to_owned())))
                    .collect()
            });
            prop_assert_eq!(read, Some(rows));
        }

        #[test]
        fn any_bytes(input in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(table) = table(&input) {
                prop_assert!(table.count() <= input.len());
            }
        }
    }
}
