//! Recording a line: by listening on it, or by standing between it and its panel.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adapters::osdp::{Line, Overheard, Tap};
use codec::osdp::{CaptureRecord, Io};

use super::OfflineError;
use crate::clock::{Clock, Stopwatch};

/// How often the recorder looks whether its time is over.
const LOOK: Duration = Duration::from_millis(100);

/// What to record.
#[derive(Debug, Clone)]
pub struct RecordRequest {
    /// The line.
    pub line: Line,
    /// Where the panel connects instead of to the line; `None` to listen and say nothing.
    pub through: Option<SocketAddr>,
    /// Where the recording goes; it must not be there yet.
    pub to: PathBuf,
    /// How long; until the line ends, if absent.
    pub lasts: Option<Duration>,
}

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct RecordSummary {
    /// Records written.
    pub records: u64,
    /// Bytes of the line in them.
    pub bytes: u64,
}

/// Records a line. `listening` is told the address at which the panel is expected, if any.
///
/// # Errors
/// [`OfflineError`]: the file exists or cannot be written, or the line cannot be had.
pub fn record(
    request: &RecordRequest,
    clock: &Clock,
    listening: &mut dyn FnMut(SocketAddr),
) -> Result<RecordSummary, OfflineError> {
    // Who listens on a line holds what goes over it: nobody else reads it.
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&request.to).map_err(|why| unwritable(&request.to, &why))?;
    let mut out = BufWriter::new(file);
    let no_line = |why: std::io::Error| OfflineError::File(format!("the line: {why}"));
    let mut tap = match request.through {
        None => Tap::passive(&request.line).map_err(no_line)?,
        Some(at) => {
            let (tap, address) = Tap::between(at, &request.line).map_err(no_line)?;
            listening(address);
            tap
        }
    };
    let begun = Stopwatch::start();
    let mut summary = RecordSummary::default();
    while request.lasts.is_none_or(|lasts| begun.elapsed() < lasts) {
        let (io, bytes) = match tap.next(LOOK) {
            Ok(Overheard::Nothing) => continue,
            Ok(Overheard::Line(bytes)) => (Io::Trace, bytes),
            Ok(Overheard::FromPanel(bytes)) => (Io::Output, bytes),
            Ok(Overheard::ToPanel(bytes)) => (Io::Input, bytes),
            Err(why) if summary.records == 0 => return Err(no_line(why)),
            Err(_) => break,
        };
        let at = clock.now().nanos();
        let record = CaptureRecord {
            time_s: u64::try_from(at.div_euclid(1_000_000_000)).unwrap_or_default(),
            nanos: u32::try_from(at.rem_euclid(1_000_000_000)).unwrap_or_default(),
            io,
            bytes,
            source: concat!("castellan ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        // Whoever ends the recorder has all that was said until then.
        writeln!(out, "{}", record.to_line())?;
        out.flush()?;
        summary.records += 1;
        summary.bytes += record.bytes.len() as u64;
    }
    Ok(summary)
}

fn unwritable(file: &Path, why: &std::io::Error) -> OfflineError {
    OfflineError::File(format!("cannot write `{}`: {why}", file.display()))
}
