//! Where one record of a file ends and the next begins. Reads no further than that, and keeps at
//! most one record.

use std::io;

use super::input::Input;

/// One record, or what is wrong with one.
pub(super) enum Piece {
    Record { line: u64, body: Vec<u8>, bytes_cut: u64 },
    Bad { line: u64, detail: String },
}

impl Piece {
    /// A CSV record with its header above it.
    pub(super) fn under(self, header: &[u8]) -> Self {
        match self {
            Self::Record { line, body, bytes_cut } => {
                Self::Record { line, body: [header, b"\n", &body].concat(), bytes_cut }
            }
            Self::Bad { .. } => self,
        }
    }
}

/// Takes bytes up to a limit and counts the rest.
struct Keep {
    body: Vec<u8>,
    bytes_max: usize,
    bytes_cut: u64,
}

impl Keep {
    fn new(bytes_max: usize) -> Self {
        Self { body: Vec::new(), bytes_max, bytes_cut: 0 }
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = self.bytes_max - self.body.len();
        let (kept, cut) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.body.extend_from_slice(kept);
        self.bytes_cut += cut.len() as u64;
    }

    fn add_one(&mut self, byte: u8) {
        if self.body.len() < self.bytes_max {
            self.body.push(byte);
        } else {
            self.bytes_cut += 1;
        }
    }

    /// A record that is useless unless whole.
    fn whole(self, line: u64) -> Piece {
        let Self { body, bytes_max, bytes_cut } = self;
        if bytes_cut == 0 {
            return Piece::Record { line, body, bytes_cut };
        }
        let bytes = bytes_max as u64 + bytes_cut;
        Piece::Bad { line, detail: format!("the record has {bytes} bytes, allowed {bytes_max}") }
    }
}

/// The next line that is not blank, without its end. What exceeds the limit is cut.
pub(super) fn line(input: &mut Input, bytes_max: usize) -> io::Result<Option<Piece>> {
    loop {
        let start = input.line();
        let mut keep = Keep::new(bytes_max);
        let is_end = take_line(input, &mut keep)?;
        if keep.bytes_cut == 0 && keep.body.last() == Some(&b'\r') {
            keep.body.pop();
        }
        let Keep { body, bytes_cut, .. } = keep;
        if !body.trim_ascii().is_empty() {
            return Ok(Some(Piece::Record { line: start, body, bytes_cut }));
        }
        if is_end {
            return Ok(None);
        }
    }
}

/// Takes up to the next line feed, which is passed, or to the end, which is said.
fn take_line(input: &mut Input, keep: &mut Keep) -> io::Result<bool> {
    while input.peek()?.is_some() {
        let rest = input.rest();
        let found = memchr::memchr(b'\n', rest);
        let length = found.unwrap_or(rest.len());
        keep.add(rest.get(..length).unwrap_or_default());
        input.pass(length + usize::from(found.is_some()));
        if found.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The next CSV record, without its end: lines within quotes belong to it.
/// SOURCE: RFC 4180 section 2, rules 5 to 7.
pub(super) fn csv(input: &mut Input, bytes_max: usize) -> io::Result<Option<Piece>> {
    skip_blank(input)?;
    let start = input.line();
    let mut keep = Keep::new(bytes_max);
    let mut is_text = false;
    while input.peek()?.is_some() {
        let rest = input.rest();
        let found = memchr::memchr2(b'\n', b'"', rest);
        let byte = found.and_then(|at| rest.get(at)).copied();
        let is_over = byte == Some(b'\n') && !is_text;
        let length = found.map_or(rest.len(), |at| if is_over { at } else { at + 1 });
        keep.add(rest.get(..length).unwrap_or_default());
        input.pass(length + usize::from(is_over));
        if is_over {
            break;
        }
        if byte == Some(b'"') {
            is_text = !is_text;
        }
    }
    if is_text {
        let detail = "a quoted field has no end".to_owned();
        return Ok(Some(Piece::Bad { line: start, detail }));
    }
    if keep.body.last() == Some(&b'\r') {
        keep.body.pop();
    }
    let is_end = keep.body.is_empty() && keep.bytes_cut == 0;
    Ok((!is_end).then(|| keep.whole(start)))
}

/// Passes blanks, and says what comes then.
fn skip_blank(input: &mut Input) -> io::Result<Option<u8>> {
    loop {
        match input.peek()? {
            Some(byte) if byte.is_ascii_whitespace() => input.pass_one(byte),
            other => return Ok(other),
        }
    }
}

/// Where a JSON reader stands between its records.
#[derive(Debug, Default)]
pub(super) struct Json {
    is_in_array: bool,
    needs_value: bool,
}

impl Json {
    /// The next value: an element where there is an array around, else a value of its own.
    pub(super) fn next(&mut self, input: &mut Input, max: usize) -> io::Result<Option<Piece>> {
        loop {
            let next = skip_blank(input)?;
            let line = input.line();
            let bad = |detail: &str| Ok(Some(Piece::Bad { line, detail: detail.to_owned() }));
            match next {
                None if std::mem::take(&mut self.is_in_array) => {
                    return bad("the array has no end");
                }
                None => return Ok(None),
                Some(b'[') if !self.is_in_array => {
                    input.pass_one(b'[');
                    self.is_in_array = true;
                    self.needs_value = false;
                }
                Some(b']') if self.is_in_array => {
                    input.pass_one(b']');
                    self.is_in_array = false;
                    if std::mem::take(&mut self.needs_value) {
                        return bad("expected a value before the bracket");
                    }
                }
                Some(b',') if self.is_in_array => {
                    input.pass_one(b',');
                    if std::mem::replace(&mut self.needs_value, true) {
                        return bad("expected a value before the comma");
                    }
                }
                Some(_) => {
                    self.needs_value = false;
                    return value(input, max, self.is_in_array).map(Some);
                }
            }
        }
    }
}

/// One JSON value, by its brackets; whether it is well formed is for its reader to say.
fn value(input: &mut Input, max: usize, is_in_array: bool) -> io::Result<Piece> {
    let start = input.line();
    let mut keep = Keep::new(max);
    let (mut depth, mut is_text, mut is_escaped) = (0_u64, false, false);
    while let Some(byte) = input.peek()? {
        if is_text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => is_text = false,
                _ => {}
            }
        } else {
            let ends_scalar = if is_in_array {
                matches!(byte, b',' | b']')
            } else {
                byte.is_ascii_whitespace() || matches!(byte, b'{' | b'[')
            };
            if depth == 0 && ends_scalar && !keep.body.is_empty() {
                break;
            }
            match byte {
                b'"' => is_text = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        input.pass_one(byte);
        keep.add_one(byte);
        let closes = !is_text && depth == 0 && matches!(byte, b'}' | b']');
        if closes {
            return Ok(keep.whole(start));
        }
    }
    if depth > 0 || is_text {
        return Ok(Piece::Bad { line: start, detail: "the value has no end".to_owned() });
    }
    let blank = keep.body.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    keep.body.truncate(keep.body.len() - blank);
    Ok(keep.whole(start))
}

/// The next XML document: whatever stands before the outermost element, and that.
/// SOURCE: XML 1.0 fifth edition, sections 2.1 (documents), 2.5 to 2.8 (what hides brackets).
pub(super) fn xml(input: &mut Input, max: usize) -> io::Result<Option<Piece>> {
    if skip_blank(input)?.is_none() {
        return Ok(None);
    }
    let start = input.line();
    let mut keep = Keep::new(max);
    let mut depth = 0_u64;
    let mut has_element = false;
    while let Some(byte) = input.peek()? {
        if byte != b'<' {
            input.pass_one(byte);
            keep.add_one(byte);
            continue;
        }
        match tag(input, &mut keep)? {
            Tag::Open => {
                has_element = true;
                depth += 1;
            }
            Tag::Close => depth = depth.saturating_sub(1),
            Tag::Empty => has_element = true,
            Tag::Other => continue,
            Tag::Unended => break,
        }
        if depth == 0 {
            return Ok(Some(keep.whole(start)));
        }
    }
    let detail = if has_element {
        "the document's element has no end"
    } else if keep.body.trim_ascii_end().ends_with(b"-->") {
        // A comment after the last document belongs to none.
        return Ok(None);
    } else {
        "expected an xml element, found none"
    };
    Ok(Some(Piece::Bad { line: start, detail: detail.to_owned() }))
}

enum Tag {
    Open,
    Close,
    Empty,
    /// Comment, character data, declaration or instruction.
    Other,
    Unended,
}

/// Takes everything from `<` to the end of that tag, comment or section.
fn tag(input: &mut Input, keep: &mut Keep) -> io::Result<Tag> {
    const HIDING: [(&[u8], &[u8]); 3] = [(b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")];
    let head = input.look_ahead(9)?;
    let hidden = HIDING.iter().find(|(open, _)| head.starts_with(open));
    if let Some((open, close)) = hidden {
        keep.add(open);
        input.pass(open.len());
        let is_ended = take_through(input, keep, close)?;
        return Ok(if is_ended { Tag::Other } else { Tag::Unended });
    }
    let is_declaration = head.starts_with(b"<!");
    let is_close = head.starts_with(b"</");
    let mut quote = None;
    let mut last = 0;
    // A DOCTYPE may hold declarations of its own between brackets.
    let mut brackets = 0_u32;
    while let Some(byte) = input.peek()? {
        input.pass_one(byte);
        keep.add_one(byte);
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'[') if is_declaration => brackets += 1,
            (None, b']') if is_declaration => brackets = brackets.saturating_sub(1),
            (None, b'>') if brackets == 0 => {
                return Ok(match (is_declaration, is_close, last) {
                    (true, _, _) => Tag::Other,
                    (_, true, _) => Tag::Close,
                    (_, _, b'/') => Tag::Empty,
                    _ => Tag::Open,
                });
            }
            (None, _) => {}
        }
        last = byte;
    }
    Ok(Tag::Unended)
}

/// Takes through the next `end`; says whether there is one.
fn take_through(input: &mut Input, keep: &mut Keep, end: &[u8]) -> io::Result<bool> {
    loop {
        if input.look_ahead(end.len())?.starts_with(end) {
            keep.add(end);
            input.pass(end.len());
            return Ok(true);
        }
        let Some(byte) = input.peek()? else {
            return Ok(false);
        };
        input.pass_one(byte);
        keep.add_one(byte);
    }
}
