//! Where in the input something was found, as people count: lines and columns from 1.

/// A place in a text, counted in bytes from the line's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
}

impl LineColumn {
    /// The place of byte `offset` of `input`; an offset past the end is the end.
    #[must_use]
    pub fn of(input: &[u8], offset: usize) -> Self {
        let before = input.get(..offset.min(input.len())).unwrap_or_default();
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        Self { line: count_lines(before) + 1, column: (before.len() - line_start) as u64 + 1 }
    }
}

/// How many line feeds `input` holds.
pub(crate) fn count_lines(input: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', input).count() as u64
}

#[cfg(test)]
mod tests {
    use super::LineColumn;

    #[test]
    fn lines_and_columns_count_from_one() {
        let at = |offset| LineColumn::of(b"ab\ncd\n", offset);
        assert_eq!(at(0), LineColumn { line: 1, column: 1 });
        assert_eq!(at(2), LineColumn { line: 1, column: 3 });
        assert_eq!(at(3), LineColumn { line: 2, column: 1 });
        assert_eq!(at(99), LineColumn { line: 3, column: 1 });
    }
}
