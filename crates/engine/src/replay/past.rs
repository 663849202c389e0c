//! Events of the lake as detectors take them: what the record gave, and nothing that was added
//! since, so that it is resolved and judged anew.

use std::sync::Arc;
use std::time::Duration;

use lake::Past;
use model::spine::Source;
use model::value::Value;
use model::{Event, LogSource, Organisation, Record, SourceState, Timestamp, Trust};
use normalise::Mappings;

/// One thing that happened.
pub enum Step {
    /// An event.
    Event(Box<Event>),
    /// A source fell silent or spoke again; with the number of its record.
    Source(u64, Record),
}

/// Reads stored events.
#[derive(Clone)]
pub struct Readings {
    /// Sources: their sites, and what older rows do not say.
    pub org: Arc<Organisation>,
    /// Log sources of rows that do not name theirs.
    pub mappings: Arc<Mappings>,
}

impl Readings {
    /// A stored event; `None` when it is not one that we wrote.
    pub fn step(&self, past: Past) -> Option<Step> {
        let value: Value = serde_json::from_str(&past.ocsf).ok()?;
        let Value::Object(mut ocsf) = value else { return None };
        let ours = ocsf.remove("castellan").unwrap_or(Value::Null);
        let class_uid = ocsf.get("class_uid").and_then(Value::as_u64);
        let class_uid = u32::try_from(class_uid?).ok()?;
        if class_uid == 0 && past.mapping.as_str() == "castellan" {
            return source_record(past, &Value::Object(ocsf));
        }
        let source = self.org.sources.get(&past.source);
        Some(Step::Event(Box::new(Event {
            record: past.key.seq,
            part: past.key.part,
            site: source.and_then(|source| source.site.clone()),
            trust: trust(&ours).or_else(|| source.map(|source| source.trust)).unwrap_or_default(),
            clock_offset_max: bound(&ours, source),
            logsource: self.logsource(&ours, &past, class_uid),
            source: past.source,
            mapping: past.mapping,
            fingerprint: past.fingerprint,
            class_uid,
            time: past.key.time,
            received_at: past.received_at,
            ocsf,
            enrichment: None,
        })))
    }

    fn logsource(&self, ours: &Value, past: &Past, class_uid: u32) -> LogSource {
        let stored = ours.get("logsource").and_then(Value::as_array);
        let Some([category, product, service]) = stored.map(Vec::as_slice) else {
            return self.mappings.logsource_of(&past.mapping, class_uid).unwrap_or_default();
        };
        let word = |value: &Value| value.as_str().map(Arc::from);
        LogSource { category: word(category), product: word(product), service: word(service) }
    }
}

fn trust(ours: &Value) -> Option<Trust> {
    match ours.get("trust")?.as_str()? {
        "none" => Some(Trust::None),
        "address" => Some(Trust::Address),
        "token" => Some(Trust::Token),
        "mtls" => Some(Trust::Mtls),
        _ => None,
    }
}

/// Give or take how much the time was held to be right when the event was judged.
fn bound(ours: &Value, source: Option<&Source>) -> Duration {
    let instant = |name: &str| {
        let text = ours.get("time")?.get(name)?.as_str()?;
        Timestamp::from_rfc3339(text)
    };
    match (instant("earliest"), instant("latest")) {
        (Some(earliest), Some(latest)) => latest.since(earliest) / 2,
        _ => source.map(|source| source.clock_offset_max).unwrap_or_default(),
    }
}

/// The journal's word of a source's silence, from the event that was made of it.
fn source_record(past: Past, ocsf: &Value) -> Option<Step> {
    let state = match ocsf.get("status")?.as_str()? {
        "silent" => SourceState::Silent,
        "heard" => SourceState::Heard,
        _ => return None,
    };
    let last_heard = ocsf.get("unmapped").and_then(|all| all.get("last_heard"));
    let last_heard = last_heard.and_then(Value::as_str).and_then(Timestamp::from_rfc3339);
    let at = past.key.time;
    Some(Step::Source(past.key.seq, Record::Source { source: past.source, state, last_heard, at }))
}
