//! `castellan normalise`: records in, OCSF out.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use adapters::files::{self, FileError, FileOptions, FileRecord};
use model::spine::Source;
use model::{DeadLetter, DeadReason, MappingName, Position, Raw, SourceId, Timestamp, Trust, Wire};
use normalise::{ClockPolicy, Normalised, Normaliser, SourceContext};
use serde_json::json;

use super::content::Content;
use super::{OfflineError, hint};
use crate::clock::Clock;

/// What to normalise.
pub struct NormaliseRequest {
    /// Mapping's name or `auto`.
    pub mapping: String,
    /// IANA zone of bare local times.
    pub time_zone: String,
    /// Files in order.
    pub files: Vec<PathBuf>,
}

/// Counts that add up: records = mapped + dead letters.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct NormaliseSummary {
    /// Records read.
    pub records: u64,
    /// Records that gave at least one event.
    pub mapped: u64,
    /// Events written.
    pub events: u64,
    /// Records that gave a dead letter.
    pub dead_letters: u64,
}

impl fmt::Display for NormaliseSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} records = {} mapped + {} dead letters; {} events",
            self.records, self.mapped, self.dead_letters, self.events
        )
    }
}

/// Normalises the files in order; each record gives at least one line on `out`.
pub fn normalise(
    content: &Content,
    request: &NormaliseRequest,
    out: &mut dyn Write,
) -> Result<NormaliseSummary, OfflineError> {
    let source = source_for(content, &request.mapping, &request.time_zone)?;
    let zone = zone_of(&request.time_zone)?;
    let context = SourceContext { source: &source, tenant_zone: zone, clock: ClockPolicy::FILE };
    let mut normaliser = Normaliser::new(Arc::clone(&content.mappings));
    let now = Clock::system().now();
    let mut summary = NormaliseSummary::default();
    let mut made = Vec::new();
    for record in files::open_all(&request.files, &FileOptions::default()) {
        summary.records += 1;
        match record {
            Ok(record) => {
                let (number, line) = (record.index, record.line);
                let raw = raw_of(record, &source, now);
                normaliser.run(number, &raw, &context, &mut made);
                place_in_file(&mut made, raw.wire, line);
            }
            Err(FileError::Record { line, index, detail, .. }) => {
                made.push(Normalised::Dead(unreadable_record(&source, (index, line), detail, now)));
            }
            Err(error @ (FileError::Open { .. } | FileError::Read { .. })) => {
                return Err(OfflineError::File(error.to_string()));
            }
        }
        write_made(&mut made, &mut summary, out)?;
    }
    Ok(summary)
}

/// A record that could not even be told from its neighbours.
fn unreadable_record(
    source: &Source,
    (record, line): (u64, u64),
    detail: String,
    received_at: Timestamp,
) -> DeadLetter {
    DeadLetter {
        record,
        source: source.id.clone(),
        received_at,
        mapping: source.mapping.clone(),
        reason: DeadReason::Decode { wire: "file".into(), detail },
        position: Some(Position { line, column: 1 }),
    }
}

/// A dead letter's position counts within its record; whoever reads it looks into the file, where
/// the record begins on `line`. A CSV record carries the header as its own first line.
fn place_in_file(made: &mut [Normalised], wire: Wire, line: u64) {
    for normalised in made {
        let Normalised::Dead(dead) = normalised else { continue };
        let first = if wire == Wire::Csv { 2 } else { 1 };
        let at = dead.position.get_or_insert(Position { line: first, column: 1 });
        if at.line >= first {
            at.line = line + at.line - first;
        }
    }
}

fn write_made(
    made: &mut Vec<Normalised>,
    summary: &mut NormaliseSummary,
    out: &mut dyn Write,
) -> Result<(), OfflineError> {
    let mut is_mapped = false;
    for normalised in made.drain(..) {
        match normalised {
            Normalised::Event(event) => {
                is_mapped = true;
                summary.events += 1;
                serde_json::to_writer(&mut *out, &event).map_err(std::io::Error::from)?;
            }
            Normalised::Dead(dead) => {
                summary.dead_letters += 1;
                let line = json!({"dead_letter": {
                    "record": dead.record,
                    "mapping": dead.mapping,
                    "reason": dead.reason.to_string(),
                    "code": dead.reason.code(),
                    "position": dead.position,
                }});
                serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?;
            }
        }
        out.write_all(b"\n")?;
    }
    summary.mapped += u64::from(is_mapped);
    Ok(())
}

/// A zone by its IANA name.
pub(super) fn zone_of(name: &str) -> Result<chrono_tz::Tz, OfflineError> {
    name.parse().map_err(|_| OfflineError::Unknown {
        what: "time zone",
        name: name.to_owned(),
        hint: "; expected an IANA name such as Europe/Amsterdam".into(),
    })
}

/// The source that a file stands for when only a mapping is named.
pub(super) fn source_for(
    content: &Content,
    mapping: &str,
    time_zone: &str,
) -> Result<Source, OfflineError> {
    let unknown = || OfflineError::Unknown {
        what: "mapping",
        name: mapping.to_owned(),
        hint: hint(mapping, content.mappings.names().map(MappingName::as_str)),
    };
    let id = if mapping == "auto" { "file" } else { mapping };
    let mut source = Source::with_defaults(SourceId::parse(id).map_err(|_| unknown())?);
    source.time_zone = Some(time_zone.to_owned());
    source.trust = Trust::Token;
    if mapping != "auto" {
        let name = MappingName::parse(mapping).map_err(|_| unknown())?;
        content.mappings.get(&name).ok_or_else(unknown)?;
        source.mapping = Some(name);
    }
    Ok(source)
}

/// A file's record as a source's. Whoever hands us a file vouches for it.
pub(super) fn raw_of(record: FileRecord, source: &Source, received_at: Timestamp) -> Raw {
    Raw {
        source: source.id.clone(),
        received_at,
        wire: record.wire,
        listener: Arc::from("file"),
        peer: None,
        topic: None,
        trust: Trust::Token,
        bytes_cut: record.bytes_cut,
        rerun_of: None,
        body: record.body,
    }
}
