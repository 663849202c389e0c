//! Everything the detector remembers, as bytes, and back.

use std::collections::HashMap;
use std::time::Duration;

use model::enrichment::Enrichment;
use model::raw::Trust;
use model::value::Object;
use model::{
    Event, Finding, Fingerprint, LogSource, MappingName, PlaceId, RuleId, SourceId, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::watermark::Watermarks;
use super::{Detector, Entry, Held, QueueKey};
use crate::correlate::Ground;
use crate::rules::{RuleIndex, RuleSet};
use crate::stats::DetectStats;
use crate::{correlate, learned, presence};

/// Why a snapshot was refused.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Written by a version that we do not know.
    #[error("the snapshot has format {found}, this version reads {FORMAT}")]
    Format {
        /// What it says.
        found: u32,
    },
    /// Not a snapshot, or a broken one.
    #[error("the snapshot cannot be read at line {line}, column {column}")]
    Broken {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
}

/// The format that is written, and the newest that is read.
const FORMAT: u32 = 3;
/// The oldest that is read: what it lacks was not learned yet.
const FORMAT_OLDEST: u32 = 2;

#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct Form {
    format: u32,
    rules: Vec<(RuleId, String)>,
    watermarks: Watermarks,
    presence: presence::Form,
    correlator: correlate::Form,
    held: Vec<HeldForm>,
    #[serde(default)]
    learned: learned::Form,
    stats: DetectStats,
}

#[derive(Serialize, Deserialize)]
struct HeldForm {
    event: EventForm,
    rules: Vec<RuleIndex>,
    announced: Vec<Finding>,
}

/// An event field by field: its own `Serialize` is for readers and leaves things out.
#[derive(Serialize, Deserialize)]
struct EventForm {
    record: u64,
    part: u16,
    source: SourceId,
    mapping: MappingName,
    site: Option<PlaceId>,
    fingerprint: Fingerprint,
    class_uid: u32,
    time: Timestamp,
    received_at: Timestamp,
    clock_offset_max: Duration,
    trust: Trust,
    logsource: LogSource,
    ocsf: Object,
    enrichment: Option<Box<Enrichment>>,
}

impl From<&Event> for EventForm {
    fn from(event: &Event) -> Self {
        Self {
            record: event.record,
            part: event.part,
            source: event.source.clone(),
            mapping: event.mapping.clone(),
            site: event.site.clone(),
            fingerprint: event.fingerprint,
            class_uid: event.class_uid,
            time: event.time,
            received_at: event.received_at,
            clock_offset_max: event.clock_offset_max,
            trust: event.trust,
            logsource: event.logsource.clone(),
            ocsf: event.ocsf.clone(),
            enrichment: event.enrichment.clone(),
        }
    }
}

impl From<EventForm> for Event {
    fn from(form: EventForm) -> Self {
        Self {
            record: form.record,
            part: form.part,
            source: form.source,
            mapping: form.mapping,
            site: form.site,
            fingerprint: form.fingerprint,
            class_uid: form.class_uid,
            time: form.time,
            received_at: form.received_at,
            clock_offset_max: form.clock_offset_max,
            trust: form.trust,
            logsource: form.logsource,
            ocsf: form.ocsf,
            enrichment: form.enrichment,
        }
    }
}

/// Which rule each number meant, and in which version.
pub(super) fn table(rules: &RuleSet) -> Vec<(RuleId, String)> {
    rules.iter().map(|(_, meta)| (meta.id.clone(), meta.version.clone())).collect()
}

impl Detector {
    /// Everything remembered, to be restored after a crash or on another machine. Rules and spine
    /// are not in it.
    pub fn snapshot(&self) -> Vec<u8> {
        let held = self.queue.values().filter_map(|entry| match entry {
            Entry::Held(held) => Some(HeldForm {
                event: EventForm::from(&held.event),
                rules: held.rules.clone(),
                announced: held.announced.clone(),
            }),
            Entry::Item(..) => None,
        });
        let form = Form {
            format: FORMAT,
            rules: table(&self.rules),
            watermarks: self.watermarks.clone(),
            presence: self.presence.save(),
            correlator: self.correlator.save(),
            held: held.collect(),
            learned: self.learned.save(),
            stats: self.stats.clone(),
        };
        // INVARIANT: every map in a form has text keys, so it always serialises (checked by the
        // snapshot property test).
        serde_json::to_vec(&form).unwrap_or_default()
    }

    /// Takes a snapshot's state. Windows of correlations that have changed since are dropped.
    /// Fails with the format or the position; then nothing has changed.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let broken = |error: serde_json::Error| SnapshotError::Broken {
            line: error.line(),
            column: error.column(),
        };
        let head: Head = serde_json::from_slice(bytes).map_err(broken)?;
        if !(FORMAT_OLDEST..=FORMAT).contains(&head.format) {
            return Err(SnapshotError::Format { found: head.format });
        }
        let form: Form = serde_json::from_slice(bytes).map_err(broken)?;
        self.watermarks = form.watermarks;
        self.presence.load(form.presence);
        self.stats = form.stats;
        let held = form.held.into_iter().map(|held| Held {
            event: held.event.into(),
            rules: held.rules,
            announced: held.announced,
        });
        let held = held.collect();
        self.take_over(&form.rules, form.correlator, form.learned, held);
        Ok(())
    }

    /// Carries windows and waiting events over to the rules now in force.
    pub(super) fn take_over(
        &mut self,
        table: &[(RuleId, String)],
        correlator: correlate::Form,
        learned: learned::Form,
        held: Vec<Held>,
    ) {
        let rules = std::sync::Arc::clone(&self.rules);
        let numbers = (0_u32..).zip(table).filter_map(|(number, (id, version))| {
            let index = rules.index_of(id)?;
            let same = rules.meta(index)?.version == *version;
            same.then_some((RuleIndex(number), index))
        });
        let numbers: HashMap<RuleIndex, RuleIndex> = numbers.collect();
        let find = |old: RuleIndex| numbers.get(&old).copied();
        self.learned.load(learned, &find);
        let ground = Ground { spine: &self.spine, ways: &self.learned.ways };
        self.correlator.load(correlator, &rules, &find, ground);
        self.queue.clear();
        for (group, key) in self.correlator.waiting() {
            let (time, fingerprint, record, rule) = key;
            let place = QueueKey {
                time,
                fingerprint,
                record,
                correlation: Some(group.0),
                rule: Some(rule),
            };
            self.queue.insert(place, Entry::Item(group, key));
        }
        for mut held in held {
            held.rules = held.rules.into_iter().filter_map(find).collect();
            let key = QueueKey {
                time: held.event.time,
                fingerprint: held.event.fingerprint,
                record: held.event.record,
                correlation: None,
                rule: None,
            };
            self.queue.insert(key, Entry::Held(Box::new(held)));
        }
    }
}
