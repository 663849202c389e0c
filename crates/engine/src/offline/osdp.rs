//! `castellan osdp`: what is said on a line of readers, recorded and read.

mod record;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use adapters::SecretRef;
use adapters::osdp::read_key;
use codec::osdp::{CAPTURE_LINE_BYTES_MAX, CaptureError, CaptureErrorKind, CaptureRecord};
pub use codec::osdp::{Finding, Packet, TRACE_KEYS_MAX};
use codec::osdp::{Trace, TraceKey};
pub use record::{RecordRequest, RecordSummary, record};

use super::OfflineError;

/// How a recording is to be read.
#[derive(Debug, Clone, Default)]
pub struct TraceRequest {
    /// Keys that open secure channels: of one reader by its address, or of any.
    pub keys: Vec<(Option<u8>, SecretRef)>,
    /// Whether card bits, keys pressed and texts are shown.
    pub is_revealing: bool,
}

/// One thing that a recording says, in its order.
#[derive(Debug)]
pub enum Traced {
    /// A packet, or bytes that are none.
    Packet(Packet),
    /// What the whole of it proves; after every packet.
    Finding(Finding),
    /// A line of the file that is no record.
    Refused(CaptureError),
}

/// What there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct TraceSummary {
    /// Lines that are records.
    pub records: u64,
    /// Lines that are none.
    pub refused: u64,
    /// Packets.
    pub packets: u64,
    /// Bytes that belong to none.
    pub skipped_bytes: u64,
    /// Findings.
    pub findings: u64,
}

impl std::fmt::Display for TraceSummary {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { records, refused, packets, skipped_bytes, findings } = self;
        write!(
            out,
            "{records} records, {packets} packets, {skipped_bytes} bytes of none, \
             {refused} lines refused, {findings} findings"
        )
    }
}

/// Reads a recording in the *osdpcap* format and hands each thing that it says to `each`, which may
/// fail as output does.
///
/// # Errors
/// [`OfflineError`]: the file cannot be read, a key is no key, or `each` failed.
pub fn trace(
    file: &Path,
    request: &TraceRequest,
    each: &mut dyn FnMut(Traced) -> std::io::Result<()>,
) -> Result<TraceSummary, OfflineError> {
    let mut keys = Vec::new();
    for (address, reference) in &request.keys {
        let key = read_key(reference).map_err(|error| OfflineError::File(error.to_string()))?;
        keys.push(TraceKey { address: *address, key });
    }
    if keys.len() > TRACE_KEYS_MAX {
        return Err(OfflineError::TooMuch { what: "keys", max: TRACE_KEYS_MAX });
    }
    let mut trace = Trace::opening(&keys, request.is_revealing);
    let mut summary = TraceSummary::default();
    let mut last = None;
    let mut lines = Lines::open(file)?;
    while let Some((number, line)) = lines.next_line()? {
        let parsed = match &line {
            Line::Text(text) if text.trim().is_empty() => continue,
            Line::Text(text) => CaptureRecord::parse(text.trim(), number),
            Line::TooLong => Err(CaptureError { kind: CaptureErrorKind::TooLong, line: number }),
        };
        match parsed {
            Err(refused) => {
                summary.refused += 1;
                each(Traced::Refused(refused))?;
            }
            Ok(record) => {
                summary.records += 1;
                for packet in trace.feed(&record) {
                    each(Traced::Packet(packet))?;
                }
                last = Some(record);
            }
        }
    }
    if let Some(last) = last {
        for packet in trace.finish(&last) {
            each(Traced::Packet(packet))?;
        }
    }
    for finding in trace.findings() {
        summary.findings += 1;
        each(Traced::Finding(*finding))?;
    }
    (summary.packets, summary.skipped_bytes) = trace.counts();
    Ok(summary)
}

enum Line {
    Text(String),
    TooLong,
}

/// Lines of a file, none held that is longer than a record may be.
struct Lines<'a> {
    file: BufReader<File>,
    name: &'a Path,
    number: u64,
}

impl<'a> Lines<'a> {
    fn open(name: &'a Path) -> Result<Self, OfflineError> {
        let file = File::open(name).map_err(|why| unreadable(name, &why))?;
        Ok(Self { file: BufReader::new(file), name, number: 0 })
    }

    fn next_line(&mut self) -> Result<Option<(u64, Line)>, OfflineError> {
        let bound = CAPTURE_LINE_BYTES_MAX as u64 + 1;
        let mut bytes = Vec::new();
        let name = self.name;
        let refuse = |why: std::io::Error| unreadable(name, &why);
        (&mut self.file).take(bound).read_until(b'\n', &mut bytes).map_err(refuse)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let is_whole = bytes.last() == Some(&b'\n') || (bytes.len() as u64) < bound;
        if is_whole {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Ok(Some((self.number, Line::Text(text))));
        }
        while bytes.last() != Some(&b'\n') && !bytes.is_empty() {
            bytes.clear();
            (&mut self.file).take(bound).read_until(b'\n', &mut bytes).map_err(refuse)?;
        }
        Ok(Some((self.number, Line::TooLong)))
    }
}

fn unreadable(file: &Path, why: &std::io::Error) -> OfflineError {
    OfflineError::Read { file: file.display().to_string(), why: why.to_string() }
}
