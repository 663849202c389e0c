//! Slicing that cannot panic: a range outside the input is empty.

/// The bytes from `start` to the end, or nothing.
pub(crate) fn tail(input: &[u8], start: usize) -> &[u8] {
    input.get(start..).unwrap_or_default()
}

/// The bytes from `start` up to and without `end`, or nothing.
pub(crate) fn span(input: &[u8], start: usize, end: usize) -> &[u8] {
    input.get(start..end).unwrap_or_default()
}

/// The text from `start` up to and without `end`, or nothing.
pub(crate) fn text_span(input: &str, start: usize, end: usize) -> &str {
    input.get(start..end).unwrap_or_default()
}

/// The bytes as text when they are UTF-8.
pub(crate) fn utf8(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}

/// The UTF-8 byte order mark.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";
