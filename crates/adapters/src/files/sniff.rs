//! Tells a file's format, and a line's wire, from its first bytes.

use std::path::Path;

use model::Wire;

use super::FileFormat;

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// How long a byte order mark stands before the content; an error for those of UTF-16 and UTF-32.
pub(super) fn mark_length(head: &[u8]) -> Result<usize, &'static str> {
    if head.starts_with(UTF8_BOM) {
        return Ok(UTF8_BOM.len());
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err("it is UTF-16; expected UTF-8 (convert it first)");
    }
    Ok(0)
}

/// The format of a file of this name that begins with `head` (no byte order mark).
pub(super) fn format(path: &Path, head: &[u8]) -> FileFormat {
    let content = head.trim_ascii_start();
    match content.first() {
        Some(b'[') if begins_array(content) => return FileFormat::Json,
        Some(b'{') => {
            let first = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
            return if is_closed(first) { FileFormat::Lines } else { FileFormat::Json };
        }
        Some(b'<') if begins_xml(content) => return FileFormat::Xml,
        _ => {}
    }
    if has_csv_name(path) || looks_like_csv(content) { FileFormat::Csv } else { FileFormat::Lines }
}

/// How one line of a file or of a followed log is best read.
pub fn line_wire(line: &[u8]) -> Wire {
    let line = line.trim_ascii_start();
    let starts = |prefix: &[u8]| line.starts_with(prefix);
    if starts(b"{") {
        Wire::Json
    } else if starts(b"CEF:") {
        Wire::Cef
    } else if starts(b"LEEF:") {
        Wire::Leef
    } else if begins_xml(line) {
        Wire::Xml
    } else if begins_pair(line) {
        Wire::Kv
    } else {
        Wire::Syslog
    }
}

/// `[` and then a value: not the `[` of `[2026-11-22 10:00:00] text`, whose value has no end.
fn begins_array(content: &[u8]) -> bool {
    let inside = content.get(1..).unwrap_or_default().trim_ascii_start();
    match inside.first() {
        Some(b'{' | b'[' | b'"') => true,
        Some(b']') => inside.get(1..).unwrap_or_default().trim_ascii().is_empty(),
        _ => false,
    }
}

/// `<` and then a name, a declaration or a comment: not the `<34>` of syslog.
fn begins_xml(content: &[u8]) -> bool {
    let is_open = content.first() == Some(&b'<');
    let second = content.get(1).copied().unwrap_or_default();
    is_open && (second.is_ascii_alphabetic() || matches!(second, b'?' | b'!' | b'_'))
}

/// `name=` at the very beginning.
fn begins_pair(line: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let name = line.iter().take_while(|byte| is_name(byte)).count();
    name > 0 && line.first().is_some_and(u8::is_ascii_alphabetic) && line.get(name) == Some(&b'=')
}

/// Whether every bracket of one line is closed again in it.
fn is_closed(line: &[u8]) -> bool {
    let (mut depth, mut is_text, mut is_escaped) = (0_i64, false, false);
    for byte in line {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' | b'[' if !is_text => depth += 1,
            b'}' | b']' if !is_text => depth -= 1,
            _ => {}
        }
    }
    depth == 0 && !is_text
}

fn has_csv_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    name.ends_with(".csv")
}

/// A first line of column names, and a second with as many fields.
fn looks_like_csv(content: &[u8]) -> bool {
    let mut lines = content.split(|byte| *byte == b'\n');
    let header = lines.next().unwrap_or_default();
    let record = lines.next().unwrap_or_default();
    let is_name = |field: &[u8]| {
        let field = field.trim_ascii();
        let field = field.strip_prefix(b"\"").unwrap_or(field);
        let field = field.strip_suffix(b"\"").unwrap_or(field);
        let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || b" _-./()#".contains(byte);
        field.first().is_some_and(u8::is_ascii_alphabetic) && field.iter().all(is_usual)
    };
    let columns = header.split(|byte| *byte == b',').count();
    columns > 1 && header.split(|byte| *byte == b',').all(is_name) && fields(record) == columns
}

/// Fields of one record, commas between quotes not counted.
fn fields(record: &[u8]) -> usize {
    let mut is_text = false;
    let mut count = 1;
    for byte in record {
        match byte {
            b'"' => is_text = !is_text,
            b',' if !is_text => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, expected: FileFormat) {
        assert_eq!(format(Path::new("-"), head.as_bytes()), expected, "{head}");
    }

    #[test]
    fn formats_are_told_by_content() {
        check("{\"a\":1}\n{\"a\":2}\n", FileFormat::Lines);
        check("{\"a\":\"}{\"}", FileFormat::Lines);
        check("\n  {\n \"a\": 1\n}\n", FileFormat::Json);
        check("[\n {\"a\":1}\n]", FileFormat::Json);
        check("[]\n", FileFormat::Json);
        check("[2026-11-22 10:00:00] started\n", FileFormat::Lines);
        check("<34>1 2026-11-22T10:00:00Z h a - - - hi\n", FileFormat::Lines);
        check("<?xml version=\"1.0\"?><a/>", FileFormat::Xml);
        check("<Event xmlns='x'/>", FileFormat::Xml);
        check("timestamp,type,prox-id\n2016-05-31,a,b\n", FileFormat::Csv);
        check("when, who\n\"2016, May\",x\n", FileFormat::Csv);
        check("Nov 22 10:00:00 host su: a, b\nNov 22 10:00:00 host su: a, b\n", FileFormat::Lines);
        check("", FileFormat::Lines);
    }

    #[test]
    fn a_name_decides_where_content_cannot() {
        for name in ["badges.csv", "badges.CSV.gz", "badges.csv.zst"] {
            assert_eq!(format(Path::new(name), b"1;2\n"), FileFormat::Csv, "{name}");
        }
    }

    #[test]
    fn a_line_says_its_wire() {
        let wire = |line: &str| line_wire(line.as_bytes());
        assert_eq!(wire(" {\"a\":1}"), Wire::Json);
        assert_eq!(wire("CEF:0|a|b|"), Wire::Cef);
        assert_eq!(wire("LEEF:2.0|a|"), Wire::Leef);
        assert_eq!(wire("type=SYSCALL msg=audit(1:2):"), Wire::Kv);
        assert_eq!(wire("<Event/>"), Wire::Xml);
        assert_eq!(wire("<34>Nov 22 a=b"), Wire::Syslog);
        assert_eq!(wire("Nov 22 10:00:00 h su: x=y"), Wire::Syslog);
    }
}
