//! CSV after RFC 4180, read strictly: each cell knows its line and column, and what a lenient
//! reader would guess at (a quote inside a bare cell, an unclosed quote) is a problem.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::problem::{Position, Problem};

use crate::nearest::hint;

/// Most rows of one file; what follows is not read, which is a problem of its own.
pub const ROWS_MAX: usize = 5_000_000;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell<'t> {
    /// Its text; blanks around an unquoted one are taken off.
    pub text: Cow<'t, str>,
    /// Where it begins.
    pub at: Position,
}

/// One row: its cells that hold something, by column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'t> {
    /// Where the row begins.
    pub at: Position,
    cells: Vec<(&'static str, Cell<'t>)>,
    extras: BTreeMap<String, String>,
}

impl<'t> Row<'t> {
    /// The cell of a column, unless it is empty.
    pub fn get(&self, column: &str) -> Option<&Cell<'t>> {
        self.cells.iter().find(|(name, _)| *name == column).map(|(_, cell)| cell)
    }

    /// Where a column's cell stands; the row's beginning when it is empty.
    pub fn position_of(&self, column: &str) -> Position {
        self.get(column).map_or(self.at, |cell| cell.at)
    }

    /// What stands in columns beginning `x_`, unless it is empty.
    pub fn extras(&self) -> &BTreeMap<String, String> {
        &self.extras
    }

    /// A copy of a column's text, unless it is empty.
    pub fn text(&self, column: &str) -> Option<String> {
        self.get(column).map(|cell| cell.text.clone().into_owned())
    }
}

/// A whole file with a header we know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet<'t> {
    /// Its rows; blank lines are left out, rows of the wrong length too.
    pub rows: Vec<Row<'t>>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

impl<'t> Sheet<'t> {
    /// Reads `text` whose header must name all of `required`, may name `optional`, may name
    /// columns beginning `x_`, and nothing else. `required` cells may not be empty.
    pub fn read(
        file: &str,
        text: &'t str,
        required: &[&'static str],
        optional: &[&'static str],
    ) -> Self {
        let mut scanner = Scanner::new(file, text);
        let Some(header) = scanner.record() else {
            let message = format!("the header is missing: expected {}", required.join(","));
            let at = Position { line: 1, column: 1 };
            let problem = Problem::error(file, Some(at), "missing_header", message);
            return Self { rows: Vec::new(), problems: vec![problem] };
        };
        let columns = columns(&mut scanner, &header, required, optional);
        let mut rows = Vec::new();
        while let Some(record) = scanner.record() {
            if rows.len() == ROWS_MAX {
                let at = record.first().map(|cell| cell.at);
                let message = format!("more than {ROWS_MAX} rows; the rest is not read");
                scanner.problems.push(Problem::error(file, at, "too_many_rows", message));
                break;
            }
            if let Some(row) = row(&mut scanner, &columns, required, record) {
                rows.push(row);
            }
        }
        Self { rows, problems: scanner.problems }
    }
}

/// A whole file whatever its header says: for lists of other products.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table<'t> {
    /// Its first row.
    pub header: Vec<Cell<'t>>,
    /// The rows after it; rows of the wrong length are left out.
    pub rows: Vec<Vec<Cell<'t>>>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

impl<'t> Table<'t> {
    /// Reads `text`, whose cells are apart by `separator`.
    pub fn read(file: &str, text: &'t str, separator: char) -> Self {
        let mut scanner = Scanner { separator, ..Scanner::new(file, text) };
        let Some(header) = scanner.record() else {
            let at = Position { line: 1, column: 1 };
            scanner.error(at, "missing_header", "the list is empty: expected a header".to_owned());
            return Self { header: Vec::new(), rows: Vec::new(), problems: scanner.problems };
        };
        if let Some(wrong) = other_separator(&header, separator) {
            let at = Position { line: 1, column: 1 };
            let message = format!(
                "the header is one cell and holds `{wrong}`: say `separator = {:?}` under \
                 `csv` in the map",
                wrong.to_string()
            );
            scanner.error(at, "separator", message);
            return Self { header: Vec::new(), rows: Vec::new(), problems: scanner.problems };
        }
        let mut rows = Vec::new();
        while let Some(record) = scanner.record() {
            let at = record.first().map_or(Position { line: 1, column: 1 }, |cell| cell.at);
            if rows.len() == ROWS_MAX {
                let message = format!("more than {ROWS_MAX} rows; the rest is not read");
                scanner.error(at, "too_many_rows", message);
                break;
            }
            if record.len() == header.len() {
                rows.push(record);
            } else {
                let (found, wanted) = (record.len(), header.len());
                let message = format!("the row has {found} cells, the header {wanted}");
                scanner.error(at, "wrong_cell_count", message);
            }
        }
        Self { header, rows, problems: scanner.problems }
    }
}

/// What a header of one cell is probably apart by.
fn other_separator(header: &[Cell<'_>], separator: char) -> Option<char> {
    let [only] = header else { return None };
    [',', ';', '\t', '|'].into_iter().find(|one| *one != separator && only.text.contains(*one))
}

/// What one place of the header holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Ours(&'static str),
    /// The house's own.
    Extra(String),
    /// Unknown, or there twice: told already.
    Wrong,
}

/// What stands at each place of the header.
fn columns(
    scanner: &mut Scanner<'_, '_>,
    header: &[Cell<'_>],
    required: &[&'static str],
    optional: &[&'static str],
) -> Vec<Column> {
    let known: Vec<&'static str> = required.iter().chain(optional).copied().collect();
    let mut columns: Vec<Column> = Vec::new();
    for cell in header {
        let name = cell.text.trim();
        let ours = known.iter().copied().find(|column| *column == name).map(Column::Ours);
        let extra = || name.starts_with("x_").then(|| Column::Extra(name.to_owned()));
        let Some(column) = ours.or_else(extra) else {
            let hint = hint(name, &known);
            let message = format!("unknown column `{}`: {hint}", short(name));
            scanner.error(cell.at, "unknown_column", message);
            columns.push(Column::Wrong);
            continue;
        };
        if columns.contains(&column) {
            let message = format!("column `{}` stands twice", short(name));
            scanner.error(cell.at, "duplicate_column", message);
            columns.push(Column::Wrong);
        } else {
            columns.push(column);
        }
    }
    for column in required {
        if !columns.contains(&Column::Ours(column)) {
            let at = header.first().map_or(Position { line: 1, column: 1 }, |cell| cell.at);
            scanner.error(at, "missing_column", format!("column `{column}` is missing"));
        }
    }
    columns
}

fn row<'t>(
    scanner: &mut Scanner<'_, '_>,
    columns: &[Column],
    required: &[&'static str],
    record: Vec<Cell<'t>>,
) -> Option<Row<'t>> {
    let at = record.first()?.at;
    if record.len() != columns.len() {
        let message = format!("the row has {} cells, the header {}", record.len(), columns.len());
        scanner.error(at, "wrong_cell_count", message);
        return None;
    }
    let (mut cells, mut extras) = (Vec::new(), BTreeMap::new());
    for (cell, column) in record.into_iter().zip(columns) {
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if cell.text.contains(control) {
            let message = "the cell holds a control character".to_owned();
            scanner.error(cell.at, "control_character", message);
        }
        let is_empty = cell.text.trim().is_empty();
        match column {
            Column::Ours(column) if !is_empty => cells.push((*column, cell)),
            Column::Ours(column) if required.contains(column) => {
                scanner.error(cell.at, "missing_value", format!("`{column}` is empty"));
            }
            Column::Extra(column) if !is_empty => {
                extras.insert(column.clone(), cell.text.into_owned());
            }
            Column::Ours(_) | Column::Extra(_) | Column::Wrong => {}
        }
    }
    Some(Row { at, cells, extras })
}

struct Scanner<'f, 't> {
    file: &'f str,
    text: &'t str,
    offset: usize,
    at: Position,
    /// Between two cells.
    separator: char,
    problems: Vec<Problem>,
}

impl<'f, 't> Scanner<'f, 't> {
    fn new(file: &'f str, text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let at = Position { line: 1, column: 1 };
        Self { file, text, offset: 0, at, separator: ',', problems: Vec::new() }
    }

    fn error(&mut self, at: Position, code: &str, message: String) {
        self.problems.push(Problem::error(self.file, Some(at), code, message));
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.offset..).unwrap_or("")
    }

    /// Moves over `taken`, the beginning of the rest.
    fn advance(&mut self, taken: &str) {
        self.offset += taken.len();
        match taken.rfind('\n') {
            Some(last) => {
                self.at.line += taken.bytes().filter(|b| *b == b'\n').count() as u64;
                self.at.column = taken.get(last + 1..).unwrap_or("").chars().count() as u64 + 1;
            }
            None => self.at.column += taken.chars().count() as u64,
        }
    }

    /// The next record that is not a blank line.
    fn record(&mut self) -> Option<Vec<Cell<'t>>> {
        loop {
            if self.rest().is_empty() {
                return None;
            }
            let mut cells = Vec::new();
            let mut is_quoted = false;
            loop {
                let quoted = self.rest().starts_with('"');
                is_quoted |= quoted;
                cells.push(if quoted { self.quoted() } else { self.bare() });
                let rest = self.rest();
                if !rest.starts_with(self.separator) {
                    break;
                }
                self.advance(rest.get(..self.separator.len_utf8()).unwrap_or_default());
            }
            let end = if self.rest().starts_with("\r\n") { "\r\n" } else { "\n" };
            if self.rest().starts_with(end) {
                self.advance(end);
            }
            let is_blank = cells.len() == 1 && !is_quoted;
            if !(is_blank && cells.iter().all(|cell| cell.text.is_empty())) {
                return Some(cells);
            }
        }
    }

    fn bare(&mut self) -> Cell<'t> {
        let at = self.at;
        let rest = self.rest();
        let end = rest.find([self.separator, '\n']).unwrap_or(rest.len());
        let taken = rest.get(..end).unwrap_or("");
        let taken = match rest.get(end..) {
            Some(after) if after.starts_with('\n') => taken.strip_suffix('\r').unwrap_or(taken),
            Some(_) | None => taken,
        };
        if let Some((head, _)) = taken.split_once('"') {
            let column = at.column + head.chars().count() as u64;
            let message = "a quote inside a cell that does not begin with one: write the cell as \
                           \"…\" and double the quote"
                .to_owned();
            self.error(Position { line: at.line, column }, "csv_quote", message);
        }
        self.advance(taken);
        Cell { text: Cow::Borrowed(taken.trim()), at }
    }

    fn quoted(&mut self) -> Cell<'t> {
        let at = self.at;
        self.advance("\"");
        let mut text = Cow::Borrowed("");
        loop {
            let rest = self.rest();
            let Some((inside, after)) = rest.split_once('"') else {
                let message = "the quote that begins here is never closed".to_owned();
                self.error(at, "csv_unclosed_quote", message);
                self.advance(rest);
                return Cell { text, at };
            };
            if text.is_empty() {
                text = Cow::Borrowed(inside)
            } else {
                text.to_mut().push_str(inside)
            }
            self.advance(inside);
            self.advance("\"");
            if !after.starts_with('"') {
                break;
            }
            text.to_mut().push('"');
            self.advance("\"");
        }
        let rest = self.rest();
        let end = rest.find([self.separator, '\n']).unwrap_or(rest.len());
        let stray = rest.get(..end).unwrap_or("");
        let stray = stray.strip_suffix('\r').unwrap_or(stray);
        if !stray.is_empty() {
            let message = "text after the closing quote".to_owned();
            self.error(self.at, "csv_quote", message);
            self.advance(stray);
        }
        Cell { text, at }
    }
}

/// One cell as CSV text: quoted where it must be.
pub fn cell(text: &str) -> Cow<'_, str> {
    let must = text.contains([',', '"', '\n', '\r']) || text.trim() != text;
    if must {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

/// A found text, cut so that it fits a message.
pub(crate) fn short(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 80;
    let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let sheet = Sheet::read("f.csv", text, &["id"], &["name"]);
        let mut out = String::new();
        for row in &sheet.rows {
            let name = row.get("name").map_or("-", |cell| &*cell.text);
            let at = row.position_of("name");
            let id = row.get("id").map_or("-", |cell| &*cell.text);
            out.push_str(&format!("{id}|{name}|{}:{}\n", at.line, at.column));
        }
        for problem in &sheet.problems {
            out.push_str(&format!("{problem}\n"));
        }
        assert_eq!(out, expected, "{text:?}");
    }

    #[test]
    fn cells_know_their_place() {
        check("id,name\r\na,Ana\r\n\r\nb, Ben \r\n", "a|Ana|2:3\nb|Ben|4:3\n");
        check("\u{feff} id , name\na,\"A, \"\"B\"\"\nC\"\nb,é\n", "a|A, \"B\"\nC|2:3\nb|é|4:3\n");
        check("name,id,x_floor\nÅse,a,7", "a|Åse|2:1\n");
        check(
            "id\n\"\"\na\n",
            "a|-|3:1\nf.csv:2:1: error: `id` is empty [missing_value]\n"
                .replacen("a|", "-|-|2:1\na|", 1)
                .as_str(),
        );
    }

    #[test]
    fn what_a_lenient_reader_guesses_at_is_refused_with_its_place() {
        check("", "f.csv:1:1: error: the header is missing: expected id [missing_header]\n");
        check(
            "nmae,id,id,x_y\n1,2\n",
            "f.csv:1:1: error: unknown column `nmae`: did you mean `name`? [unknown_column]\n\
             f.csv:1:9: error: column `id` stands twice [duplicate_column]\n\
             f.csv:2:1: error: the row has 2 cells, the header 4 [wrong_cell_count]\n",
        );
        check("name\nx\n", "-|x|2:1\nf.csv:1:1: error: column `id` is missing [missing_column]\n");
        check(
            "id,name\na,A\"B\nb,\"x\"y\nc,\"open\nd,D\n",
            "a|A\"B|2:3\nb|x|3:3\nc|-|4:1\n\
             f.csv:2:4: error: a quote inside a cell that does not begin with one: write the cell \
             as \"…\" and double the quote [csv_quote]\n\
             f.csv:3:6: error: text after the closing quote [csv_quote]\n\
             f.csv:4:3: error: the quote that begins here is never closed [csv_unclosed_quote]\n",
        );
        check(
            "id\na\0b\n",
            "a\0b|-|2:1\n\
             f.csv:2:1: error: the cell holds a control character [control_character]\n",
        );
    }
}
