//! A source's silence, and its return, as events of the record.

use model::{Event, Fingerprint, LogSource, MappingName, Record, SourceState, Timestamp, Trust};
use serde_json::json;

use crate::knowledge::Knowledge;

/// As `normalise` writes it.
const OCSF_VERSION: &str = "1.8.0";

/// The event that a journalled change of a source's state is; `None` for other records.
///
/// SOURCE: OCSF 1.8.0, Base Event (`class_uid` 0), activity 99 Other.
pub fn event(seq: u64, record: &Record, knowledge: &Knowledge) -> Option<Event> {
    let Record::Source { source, state, last_heard, at } = record else { return None };
    let (word, severity) = match state {
        SourceState::Silent => ("silent", 3),
        SourceState::Heard => ("heard", 1),
    };
    // A sentence for people: to the second; `last_heard` has it as it was.
    let since = last_heard.map_or_else(
        || "the start".into(),
        |last| Timestamp::from_secs(last.nanos().div_euclid(1_000_000_000)).to_string(),
    );
    let message = match state {
        SourceState::Silent => format!("source {source} has been silent since {since}"),
        SourceState::Heard => {
            format!("source {source} is heard again, the first time since {since}")
        }
    };
    let ocsf = json!({
        "class_uid": 0, "category_uid": 0, "type_uid": 99,
        "activity_id": 99, "activity_name": "Source health",
        "severity_id": severity, "status_id": 99, "status": word,
        "time": at.millis(), "message": message,
        "metadata": {
            "version": OCSF_VERSION,
            "product": {"name": "Castellan", "vendor_name": "Castellan"},
        },
        "unmapped": {"last_heard": last_heard.map(|last| last.to_string())},
    });
    let serde_json::Value::Object(ocsf) = ocsf else { return None };
    let body = format!("{word} at {}", at.nanos());
    Some(Event {
        record: seq,
        part: 0,
        source: source.clone(),
        mapping: MappingName::parse("castellan").ok()?,
        site: knowledge.source(source).site.clone(),
        fingerprint: Fingerprint::of(source, body.as_bytes(), 0),
        class_uid: 0,
        time: *at,
        received_at: *at,
        clock_offset_max: std::time::Duration::ZERO,
        trust: Trust::Token,
        logsource: LogSource {
            category: Some("source_health".into()),
            product: Some("castellan".into()),
            service: None,
        },
        ocsf: ocsf.into(),
        enrichment: None,
    })
}
