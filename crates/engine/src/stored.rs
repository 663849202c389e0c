//! Stored events as kernels take them: the one reader of what the lake keeps.
//!
//! What the record gave comes back as it was judged, its sender's trust, its bound and its log
//! source among it, whatever sources and mappings say of themselves today. What was added to it
//! (where people were, who they are) comes back only where somebody asks for it.

use std::sync::Arc;
use std::time::Duration;

use lake::{Found, Past};
use model::spine::Source;
use model::value::Value;
use model::{
    Event, Fingerprint, LogSource, MappingName, Organisation, Record, SourceId, SourceState,
    Timestamp, Trust,
};
use normalise::Mappings;

use crate::knowledge::Knowledge;

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

/// What a row says beside its event.
struct Row<'a> {
    key: lake::Cursor,
    received_at: Timestamp,
    source: SourceId,
    /// Where the row has it in a column of its own.
    mapping: Option<MappingName>,
    fingerprint: Fingerprint,
    ocsf: &'a str,
}

impl Readings {
    /// A reader by what is known today.
    pub fn of(knowledge: &Knowledge) -> Self {
        Self { org: Arc::clone(&knowledge.org), mappings: Arc::clone(&knowledge.mappings) }
    }

    /// What happened, and nothing that was added since, so that it is resolved and judged anew;
    /// `None` when it is not one that we wrote.
    pub fn step(&self, past: Past) -> Option<Step> {
        let (event, _) = self.read(Row {
            key: past.key,
            received_at: past.received_at,
            source: past.source,
            mapping: Some(past.mapping),
            fingerprint: past.fingerprint,
            ocsf: &past.ocsf,
        })?;
        if event.class_uid == 0 && event.mapping.as_str() == "castellan" {
            return source_record(event);
        }
        Some(Step::Event(Box::new(event)))
    }

    /// An event that somebody asked for, without what was added to it.
    pub fn event(&self, found: &Found) -> Option<Event> {
        self.found(found).map(|(event, _)| event)
    }

    /// The same with what was known of it when it was judged.
    pub fn judged(&self, found: &Found) -> Option<Event> {
        let (mut event, ours) = self.found(found)?;
        event.enrichment = serde_json::from_value(ours.into()).ok();
        Some(event)
    }

    fn found(&self, found: &Found) -> Option<(Event, Value)> {
        self.read(Row {
            key: found.key,
            received_at: found.received_at,
            source: SourceId::parse(&found.source).ok()?,
            mapping: None,
            fingerprint: found.fingerprint,
            ocsf: &found.ocsf,
        })
    }

    /// The event, and what was added to it.
    fn read(&self, row: Row<'_>) -> Option<(Event, Value)> {
        let value: Value = serde_json::from_str(row.ocsf).ok()?;
        let Value::Object(mut ocsf) = value else { return None };
        let ours = ocsf.remove("castellan").unwrap_or(Value::Null);
        let class_uid = ocsf.get("class_uid").and_then(Value::as_u64);
        let class_uid = u32::try_from(class_uid?).ok()?;
        let named = || MappingName::parse(ours.get("mapping")?.as_str()?).ok();
        let mapping = row.mapping.or_else(named)?;
        let source = self.org.sources.get(&row.source);
        let event = Event {
            record: row.key.seq,
            part: row.key.part,
            site: source.and_then(|source| source.site.clone()),
            trust: trust(&ours).or_else(|| source.map(|source| source.trust)).unwrap_or_default(),
            clock_offset_max: bound(&ours, source),
            logsource: self.logsource(&ours, &mapping, class_uid),
            source: row.source,
            mapping,
            fingerprint: row.fingerprint,
            class_uid,
            time: row.key.time,
            received_at: row.received_at,
            ocsf,
            enrichment: None,
        };
        Some((event, ours))
    }

    fn logsource(&self, ours: &Value, mapping: &MappingName, class_uid: u32) -> LogSource {
        let stored = ours.get("logsource").and_then(Value::as_array);
        let Some([category, product, service]) = stored.map(Vec::as_slice) else {
            return self.mappings.logsource_of(mapping, class_uid).unwrap_or_default();
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
fn source_record(event: Event) -> Option<Step> {
    let state = match event.text("status")? {
        "silent" => SourceState::Silent,
        "heard" => SourceState::Heard,
        _ => return None,
    };
    let last_heard = event.text("unmapped.last_heard").and_then(Timestamp::from_rfc3339);
    let (record, at) = (event.record, event.time);
    Some(Step::Source(record, Record::Source { source: event.source, state, last_heard, at }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
    use super::*;
    use crate::knowledge::empty_organisation;
    use lake::{Cursor, LakeRow};
    use model::enrichment::Enrichment;
    use model::value::Object;
    use model::{Interval, PersonId};

    /// An event as the flow judged it, by a mapping that is not there any more.
    fn judged(trust: Trust) -> Event {
        let source = SourceId::parse("gate").unwrap();
        let time = Timestamp::from_nanos(1_700_000_000_123_456_789);
        let clock_offset_max = Duration::from_millis(2_500);
        let mut ocsf = Object::new();
        ocsf.insert("class_uid", 3_002);
        ocsf.insert("status_id", 2);
        let enrichment = Enrichment {
            person: PersonId::parse("ana").ok(),
            person_view: None,
            presence: None,
            src: None,
            dst: None,
            device: None,
            place: None,
            credential: None,
            passage: None,
            time: Interval::around(time, clock_offset_max),
            local: None,
            unresolved: Vec::new(),
        };
        Event {
            record: 41,
            part: 1,
            fingerprint: Fingerprint::of(&source, b"as it came", 1),
            source,
            mapping: MappingName::parse("gone-since").unwrap(),
            site: None,
            class_uid: 3_002,
            time,
            received_at: Timestamp::from_secs(1_700_000_004),
            clock_offset_max,
            trust,
            logsource: LogSource {
                category: Some("authentication".into()),
                product: Some("turnstile".into()),
                service: Some("lane-3".into()),
            },
            ocsf,
            enrichment: Some(Box::new(enrichment)),
        }
    }

    fn found(event: &Event) -> Found {
        let row = LakeRow::from_event(event).unwrap();
        Found {
            key: Cursor { time: row.time, seq: row.seq, part: row.part },
            received_at: row.received_at,
            class_uid: row.class_uid,
            severity_id: None,
            source: row.source.to_string(),
            site: None,
            fingerprint: row.fingerprint,
            ocsf: row.ocsf,
        }
    }

    fn past(event: &Event) -> Past {
        let row = LakeRow::from_event(event).unwrap();
        Past {
            key: Cursor { time: row.time, seq: row.seq, part: row.part },
            received_at: row.received_at,
            source: row.source,
            mapping: row.mapping,
            fingerprint: row.fingerprint,
            ocsf: row.ocsf,
        }
    }

    #[test]
    fn a_stored_event_comes_back_as_it_was_judged_whoever_asks() {
        let readings = Readings {
            org: Arc::new(empty_organisation().unwrap()),
            mappings: Arc::new(Mappings::default()),
        };
        for trust in [Trust::None, Trust::Address, Trust::Token, Trust::Mtls] {
            let event = judged(trust);
            assert_eq!(readings.judged(&found(&event)).unwrap(), event, "explained");
            let bare = Event { enrichment: None, ..event.clone() };
            assert_eq!(readings.event(&found(&event)).unwrap(), bare, "asked for");
            let Some(Step::Event(again)) = readings.step(past(&event)) else {
                panic!("an event is a step")
            };
            assert_eq!(*again, bare, "replayed");
        }
    }

    #[test]
    fn what_says_nothing_of_its_sender_is_read_by_the_source_of_today() {
        let mut org = empty_organisation().unwrap();
        let id = SourceId::parse("gate").unwrap();
        let mut source = Source::with_defaults(id.clone());
        source.trust = Trust::Address;
        source.clock_offset_max = Duration::from_secs(7);
        org.sources.insert(id, source);
        let readings = Readings { org: Arc::new(org), mappings: Arc::new(Mappings::default()) };
        let mut old = found(&judged(Trust::Mtls));
        old.ocsf = r#"{"class_uid":3002,"castellan":{"mapping":"gone-since"}}"#.into();
        let event = readings.event(&old).unwrap();
        assert_eq!(event.trust, Trust::Address);
        assert_eq!(event.clock_offset_max, Duration::from_secs(7));
        old.ocsf = r#"{"class_uid":3002}"#.into();
        assert!(readings.event(&old).is_none(), "no row that we wrote lacks its mapping");
    }
}
