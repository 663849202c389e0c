//! Recordings of a bus in the *osdpcap* format: one JSON object a line, bytes in hexadecimal.
//!
//! SOURCE: OSDP Capture Format, version 1, of the Security Industry Association's conformance
//! tools.

use std::fmt::Write as _;

use serde_json::{Value, json};
use thiserror::Error;

/// Bytes of one line; a longer one is refused.
pub const CAPTURE_LINE_BYTES_MAX: usize = 64 * 1_024;

/// From where the bytes were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Io {
    /// What the recorder received.
    Input,
    /// What the recorder sent.
    Output,
    /// What it overheard.
    Trace,
}

impl Io {
    /// The format's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Trace => "trace",
        }
    }
}

/// One recorded stretch of bytes, usually but not always one frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureRecord {
    /// Seconds since 1970.
    pub time_s: u64,
    /// Nanoseconds of the second.
    pub nanos: u32,
    /// From where.
    pub io: Io,
    /// The bytes off the wire; mark bytes before the frame are usual.
    pub bytes: Vec<u8>,
    /// Which tool wrote it.
    pub source: String,
}

/// Why a line is no record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
pub enum CaptureErrorKind {
    /// Not a JSON object.
    #[error("not a JSON object")]
    Json,
    /// The line is too long.
    #[error("longer than {CAPTURE_LINE_BYTES_MAX} bytes")]
    TooLong,
    /// A field is missing, or not what it should be.
    #[error("`{0}` is missing or cannot be used")]
    Field(&'static str),
    /// A version that is not known.
    #[error("version `{0}` is not known, expected `1`")]
    Version(String),
    /// The bytes are not hexadecimal.
    #[error("the data is no hexadecimal at character {0}")]
    Hex(usize),
}

/// A refused line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
#[error("OSDP capture, line {line}: {kind}")]
pub struct CaptureError {
    /// Why.
    pub kind: CaptureErrorKind,
    /// Line, from 1.
    pub line: u64,
}

impl CaptureRecord {
    /// Reads one line. `line`: its number, for the error.
    ///
    /// # Errors
    /// [`CaptureError`]: what cannot be used.
    pub fn parse(text: &str, line: u64) -> Result<Self, CaptureError> {
        let refuse = |kind| CaptureError { kind, line };
        if text.len() > CAPTURE_LINE_BYTES_MAX {
            return Err(refuse(CaptureErrorKind::TooLong));
        }
        let value: Value =
            serde_json::from_str(text).map_err(|_| refuse(CaptureErrorKind::Json))?;
        let object = value.as_object().ok_or_else(|| refuse(CaptureErrorKind::Json))?;
        let missing = |name| refuse(CaptureErrorKind::Field(name));
        // The format writes numbers as text; some tools do not.
        let number = |name: &'static str| {
            let found = object.get(name);
            let text = found.and_then(Value::as_str).and_then(|text| text.trim().parse().ok());
            text.or_else(|| found.and_then(Value::as_u64)).ok_or_else(|| missing(name))
        };
        match object.get("osdpTraceVersion") {
            Some(Value::String(version)) if version.trim() == "1" => {}
            Some(Value::Number(version)) if version.as_u64() == Some(1) => {}
            Some(Value::String(other)) => {
                let shown = other.chars().take(20).collect();
                return Err(refuse(CaptureErrorKind::Version(shown)));
            }
            _ => return Err(missing("osdpTraceVersion")),
        }
        let io = match object.get("io").and_then(Value::as_str) {
            Some("input") => Io::Input,
            Some("output") => Io::Output,
            Some("trace") => Io::Trace,
            _ => return Err(missing("io")),
        };
        let nanos = number("timeNano")?;
        let nanos = u32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
        let data = object.get("data").and_then(Value::as_str).ok_or_else(|| missing("data"))?;
        let source = object.get("osdpSource").and_then(Value::as_str).unwrap_or_default();
        Ok(Self {
            time_s: number("timeSec")?,
            nanos: nanos.ok_or_else(|| missing("timeNano"))?,
            io,
            bytes: from_hex(data).map_err(|at| refuse(CaptureErrorKind::Hex(at)))?,
            source: source.to_owned(),
        })
    }

    /// The record as one line, without a line end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut data = String::with_capacity(self.bytes.len() * 3);
        for byte in &self.bytes {
            // Writing to a string cannot fail.
            let _ = write!(data, " {byte:02x}");
        }
        json!({
            "timeSec": self.time_s.to_string(),
            "timeNano": format!("{:09}", self.nanos),
            "io": self.io.name(),
            "data": data,
            "osdpTraceVersion": "1",
            "osdpSource": self.source,
        })
        .to_string()
    }
}

/// Bytes from hexadecimal digits with blanks between bytes; else where it stops being such.
fn from_hex(text: &str) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::new();
    let mut high: Option<u8> = None;
    for (at, digit) in text.chars().enumerate() {
        if digit.is_ascii_whitespace() && high.is_none() {
            continue;
        }
        let value = digit.to_digit(16).and_then(|value| u8::try_from(value).ok()).ok_or(at)?;
        match high.take() {
            None => high = Some(value),
            Some(first) => bytes.push(first << 4 | value),
        }
    }
    if high.is_some() { Err(text.chars().count()) } else { Ok(bytes) }
}
