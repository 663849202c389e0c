//! One ingest body taken apart: decompressed within a bound, split, each record judged alone.

use std::borrow::Cow;
use std::io::Read;

use codec::ndjson::{self, JsonErrorKind, Limits as JsonLimits};
use model::{RejectReason, Wire};
use serde::{Deserialize, Serialize};

use crate::flow::room::{Held, Room};
use crate::limits::Limits;

/// What a byte of a body may take in memory at once: in the body, in a buffer that grows, and in
/// its record.
const COPIES: u64 = 3;
/// How much is decompressed at once.
const STEP_BYTES: u64 = 1 << 20;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

/// What a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// NDJSON, a JSON array or one JSON value.
    Json,
    /// RFC 4180 with a header line.
    Csv,
    /// One syslog or other text record per line.
    Lines,
    /// One XML document.
    Xml,
}

/// One refused record of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRecord {
    /// Its number in the body, from 0.
    pub record: u64,
    /// Line in the body, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
    /// Stable code.
    pub code: String,
    /// One sentence.
    pub detail: String,
}

/// A body, split.
#[derive(Debug, Default)]
pub struct Split {
    /// Good records: wire and bytes.
    pub records: Vec<(Wire, Vec<u8>)>,
    /// Refused ones.
    pub rejected: Vec<(RejectReason, RejectedRecord)>,
}

/// Why a whole body is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Larger than allowed once decompressed: perhaps a bomb.
    #[error("the body is larger than {max} bytes once decompressed")]
    TooLarge {
        /// The limit.
        max: u64,
    },
    /// Too many records.
    #[error("the body holds more than {max} records")]
    TooMany {
        /// The limit.
        max: u64,
    },
    /// Not what its `Content-Encoding` says.
    #[error("the body is not readable as {encoding}: {detail}")]
    Encoding {
        /// gzip or zstd.
        encoding: &'static str,
        /// Why.
        detail: String,
    },
    /// Other bodies take the memory that it needs.
    #[error("bodies in work take all the memory they may; come again")]
    NoRoom,
    /// Nothing in it.
    #[error("the body is empty")]
    Empty,
}

/// Memory for all bodies in work: never less than what the largest of them takes, which would
/// otherwise be refused for ever.
pub fn shared_room(limits: &Limits) -> Room {
    let plain = limits.body_plain_bytes_max.saturating_mul(COPIES);
    Room::new(limits.ingest_bytes_max.max(limits.body_bytes_max.saturating_add(plain)))
}

/// Decompresses `bytes`; never holds more than the limit, nor more than there is room for.
pub fn decompress<'a>(
    bytes: &'a [u8],
    encoding: Encoding,
    limits: &Limits,
    held: &mut Held,
) -> Result<Cow<'a, [u8]>, BodyError> {
    let max = limits.body_plain_bytes_max;
    let unreadable = |encoding, error: &std::io::Error| BodyError::Encoding {
        encoding,
        detail: error.to_string(),
    };
    match encoding {
        // The bytes themselves are held already; their records are not.
        Encoding::Identity if held.grow(bytes.len() as u64) => Ok(Cow::Borrowed(bytes)),
        Encoding::Identity => Err(BodyError::NoRoom),
        Encoding::Gzip => {
            let reader = flate2::read::MultiGzDecoder::new(bytes);
            unpack(reader, max, held, |e| unreadable("gzip", e)).map(Cow::Owned)
        }
        Encoding::Zstd => {
            let reader = zstd::stream::read::Decoder::new(bytes);
            let reader = reader.map_err(|e| unreadable("zstd", &e))?;
            unpack(reader, max, held, |e| unreadable("zstd", e)).map(Cow::Owned)
        }
    }
}

fn unpack(
    mut reader: impl Read,
    max: u64,
    held: &mut Held,
    unreadable: impl Fn(&std::io::Error) -> BodyError,
) -> Result<Vec<u8>, BodyError> {
    let mut plain = Vec::new();
    loop {
        let read = reader.by_ref().take(STEP_BYTES).read_to_end(&mut plain);
        let read = read.map_err(|error| unreadable(&error))? as u64;
        if plain.len() as u64 > max {
            return Err(BodyError::TooLarge { max });
        }
        if read == 0 {
            return Ok(plain);
        }
        if !held.grow(read.saturating_mul(COPIES)) {
            return Err(BodyError::NoRoom);
        }
    }
}

/// Splits a body into records and judges each alone: one bad record costs no other.
pub fn split(body: &[u8], content: Content, limits: &Limits) -> Result<Split, BodyError> {
    let split = match content {
        Content::Json => split_json(body, limits),
        Content::Csv => split_csv(body, limits),
        Content::Lines => split_lines(body, limits),
        Content::Xml => split_xml(body, limits),
    }?;
    if split.records.is_empty() && split.rejected.is_empty() && !is_nothing_new(body, content) {
        return Err(BodyError::Empty);
    }
    Ok(split)
}

/// Whether a body says in so many words that there is nothing: `[]`. Who asks a device again and
/// again proves with it that the device is heard; an empty body may be a fault on the way.
fn is_nothing_new(body: &[u8], content: Content) -> bool {
    let mut signs = body.iter().filter(|byte| !byte.is_ascii_whitespace());
    let is_list = signs.next() == Some(&b'[') && signs.next() == Some(&b']');
    content == Content::Json && is_list && signs.next().is_none()
}

fn room(split: &Split, limits: &Limits) -> Result<(), BodyError> {
    let max = limits.request_records_max;
    let count = split.records.len() + split.rejected.len();
    if count as u64 >= max { Err(BodyError::TooMany { max }) } else { Ok(()) }
}

fn split_json(body: &[u8], limits: &Limits) -> Result<Split, BodyError> {
    let bounds = JsonLimits {
        depth_max: Limits::count(limits.json_depth_max),
        bytes_max: Limits::count(limits.record_bytes_max),
    };
    let mut split = Split::default();
    for record in ndjson::records(body) {
        room(&split, limits)?;
        match record {
            Ok(record) => match ndjson::guard(record.bytes, bounds) {
                Ok(()) => split.records.push((Wire::Json, record.bytes.to_vec())),
                Err(error) => {
                    let column = if error.line == 1 {
                        record.column + error.column - 1
                    } else {
                        error.column
                    };
                    split.rejected.push((
                        reason_of(&error.kind),
                        RejectedRecord {
                            record: record.index,
                            line: record.line + error.line - 1,
                            column,
                            code: reason_of(&error.kind).as_str().to_owned(),
                            detail: error.kind.to_string(),
                        },
                    ));
                }
            },
            Err(bad) => split.rejected.push((
                RejectReason::Malformed,
                RejectedRecord {
                    record: bad.index,
                    line: bad.line,
                    column: bad.column,
                    code: RejectReason::Malformed.as_str().to_owned(),
                    detail: bad.kind.to_string(),
                },
            )),
        }
    }
    Ok(split)
}

fn reason_of(kind: &JsonErrorKind) -> RejectReason {
    match kind {
        JsonErrorKind::TooLong { .. } => RejectReason::TooLarge,
        JsonErrorKind::TooDeep { .. } => RejectReason::TooDeep,
        JsonErrorKind::NotUtf8 => RejectReason::NotUtf8,
        JsonErrorKind::DuplicateKey(_)
        | JsonErrorKind::NotANumber(_)
        | JsonErrorKind::NumberRange
        | JsonErrorKind::Nul
        | JsonErrorKind::Control
        | JsonErrorKind::Escape
        | JsonErrorKind::Expected(_)
        | JsonErrorKind::End => RejectReason::Malformed,
    }
}

/// Lines of a text body with their numbers; blank ones are no records.
fn lines(body: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    body.split(|byte| *byte == b'\n').enumerate().filter_map(|(number, line)| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        (!line.iter().all(u8::is_ascii_whitespace)).then_some((number as u64 + 1, line))
    })
}

fn split_lines(body: &[u8], limits: &Limits) -> Result<Split, BodyError> {
    let mut split = Split::default();
    for (line, bytes) in lines(body) {
        room(&split, limits)?;
        push_bounded(&mut split, (Wire::Syslog, bytes.to_vec()), line, limits);
    }
    Ok(split)
}

fn push_bounded(split: &mut Split, record: (Wire, Vec<u8>), line: u64, limits: &Limits) {
    let max = limits.record_bytes_max;
    if record.1.len() as u64 <= max {
        split.records.push(record);
        return;
    }
    let number = (split.records.len() + split.rejected.len()) as u64;
    split.rejected.push((
        RejectReason::TooLarge,
        RejectedRecord {
            record: number,
            line,
            column: 1,
            code: RejectReason::TooLarge.as_str().to_owned(),
            detail: format!("{} bytes, at most {max} are taken", record.1.len()),
        },
    ));
}

/// Each record travels with its header, so that it can be read alone years later.
fn split_csv(body: &[u8], limits: &Limits) -> Result<Split, BodyError> {
    let mut split = Split::default();
    let mut header: Option<Vec<u8>> = None;
    for (line, bytes) in csv_records(body) {
        let Some(header) = &header else {
            header = Some(bytes.to_vec());
            continue;
        };
        room(&split, limits)?;
        let mut record = Vec::with_capacity(header.len() + bytes.len() + 1);
        record.extend_from_slice(header);
        record.push(b'\n');
        record.extend_from_slice(bytes);
        push_bounded(&mut split, (Wire::Csv, record), line, limits);
    }
    Ok(split)
}

/// Records of a CSV body with the line each begins on; a quoted field may hold line breaks.
fn csv_records(body: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let (mut start, mut line) = (0_usize, 1_u64);
    std::iter::from_fn(move || {
        loop {
            let rest = body.get(start..).filter(|rest| !rest.is_empty())?;
            let (mut is_quoted, mut breaks, mut end) = (false, 0_u64, rest.len());
            for (at, byte) in rest.iter().enumerate() {
                match byte {
                    b'"' => is_quoted = !is_quoted,
                    b'\n' if is_quoted => breaks += 1,
                    b'\n' => {
                        end = at;
                        break;
                    }
                    _ => {}
                }
            }
            let first_line = line;
            start += end + 1;
            line += breaks + 1;
            let record = rest.get(..end).unwrap_or(rest);
            let record = record.strip_suffix(b"\r").unwrap_or(record);
            if !record.iter().all(u8::is_ascii_whitespace) {
                return Some((first_line, record));
            }
        }
    })
}

fn split_xml(body: &[u8], limits: &Limits) -> Result<Split, BodyError> {
    let mut split = Split::default();
    if !body.iter().all(u8::is_ascii_whitespace) {
        push_bounded(&mut split, (Wire::Xml, body.to_vec()), 1, limits);
    }
    Ok(split)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use std::io::Write as _;

    fn summary(body: &str, content: Content) -> String {
        let split = split(body.as_bytes(), content, &Limits::default()).unwrap();
        let mut out: Vec<String> = split
            .records
            .iter()
            .map(|(_, bytes)| format!("+{}", String::from_utf8_lossy(bytes)))
            .collect();
        out.extend(split.rejected.iter().map(|(_, r)| {
            format!("-{}@{}:{} {} {}", r.record, r.line, r.column, r.code, r.detail)
        }));
        out.join("|")
    }

    #[test]
    fn one_bad_record_costs_no_other() {
        assert_eq!(
            summary("{\"a\":1}\n{\"a\":NaN}\n{\"a\":2}\n", Content::Json),
            "+{\"a\":1}|+{\"a\":2}|-1@2:6 malformed `NaN` is no number of JSON"
        );
        let found = summary("[{\"a\":1,\"a\":2},{\"b\":1}]", Content::Json);
        assert_eq!(found, "+{\"b\":1}|-0@1:9 malformed key `a` stands twice in one object");
    }

    #[test]
    fn an_empty_list_says_that_there_is_nothing_and_an_empty_body_says_nothing() {
        assert_eq!(summary(" [ ]\n", Content::Json), "");
        let refused = |body: &str, content| split(body.as_bytes(), content, &Limits::default());
        for body in ["", " \n"] {
            assert!(matches!(refused(body, Content::Json), Err(BodyError::Empty)), "{body:?}");
        }
        for body in ["[", "[]]"] {
            assert_eq!(refused(body, Content::Json).unwrap().rejected.len(), 1, "{body:?}");
        }
        assert!(matches!(refused("", Content::Lines), Err(BodyError::Empty)));
    }

    #[test]
    fn deep_nesting_is_refused_with_its_place() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let body = format!("{{\"a\":{deep}}}\n{{\"b\":1}}");
        let found = summary(&body, Content::Json);
        assert!(found.starts_with("+{\"b\":1}|-0@1:"), "{found}");
        assert!(found.contains("too_deep"), "{found}");
    }

    #[test]
    fn a_csv_record_travels_with_its_header() {
        assert_eq!(
            summary("t,who\n1,a\n\n2,\"b\nc\"\n", Content::Csv),
            "+t,who\n1,a|+t,who\n2,\"b\nc\""
        );
    }

    #[test]
    fn a_bomb_is_refused_within_its_bound() {
        let limits = Limits { body_plain_bytes_max: 1 << 20, ..Limits::default() };
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gz.write_all(&vec![b' '; 32 << 20]).unwrap();
        let bomb = gz.finish().unwrap();
        assert!(bomb.len() < 64 << 10);
        let room = Room::new(limits.ingest_bytes_max);
        let unpacked = |bytes: &[u8], encoding| {
            let plain = decompress(bytes, encoding, &limits, &mut room.enter());
            plain.map(Cow::into_owned)
        };
        assert_eq!(unpacked(&bomb, Encoding::Gzip), Err(BodyError::TooLarge { max: 1 << 20 }));
        assert!(unpacked(b"nonsense", Encoding::Gzip).is_err());
        assert!(unpacked(b"nonsense", Encoding::Zstd).is_err());
    }

    #[test]
    fn bodies_share_their_memory() {
        let limits = Limits::default();
        let plain = vec![b' '; 8 << 20];
        let packed = zstd::bulk::compress(&plain, 1).unwrap();
        let room = Room::new(40 << 20);
        let (mut first, mut second) = (room.enter(), room.enter());
        let one = decompress(&packed, Encoding::Zstd, &limits, &mut first).unwrap();
        let other = decompress(&packed, Encoding::Zstd, &limits, &mut second);
        assert_eq!(other, Err(BodyError::NoRoom), "eight megabytes in three copies, twice");
        assert_eq!(one.len(), plain.len());
        drop((first, second));
        let mut third = room.enter();
        assert!(decompress(&packed, Encoding::Zstd, &limits, &mut third).is_ok());
    }
}
