//! One cell of a CSV file that people open in a spreadsheet.

use std::borrow::Cow;

/// A cell of RFC 4180. One that a spreadsheet would run as a formula is made text.
///
/// SOURCE: RFC 4180, section 2; OWASP, "CSV Injection".
pub fn quoted(cell: &str) -> Cow<'_, str> {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) };
    if cell.contains([',', '"', '\n', '\r']) {
        return Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")));
    }
    cell
}

/// A line of cells, ended as the standard says.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = cells.into_iter().map(quoted).collect();
    quoted.join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_never_run() {
        for (cell, written) in [
            ("", ""),
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"so\"", "\"say \"\"so\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("-2,3", "\"'-2,3\""),
            ("@x", "'@x"),
        ] {
            assert_eq!(quoted(cell), written);
        }
        assert_eq!(line(["a", "b,c"]), "a,\"b,c\"\r\n");
    }
}
