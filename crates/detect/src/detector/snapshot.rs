//! Everything the detector remembers, as bytes, and back.

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use model::enrichment::Enrichment;
use model::raw::Trust;
use model::value::Object;
use model::{
    Event, Finding, Fingerprint, LogSource, MappingName, PersonId, PlaceId, RuleId, SourceId,
    Timestamp,
};
use serde::{Deserialize, Serialize};

use super::watermark::Watermarks;
use super::{Detector, Held, QueueKey};
use crate::correlate::{self, Ground, Group, GroupId, ItemKey, Nameless};
use crate::fires::Fires;
use crate::learned::{self, Clocks, Counts, Histories, Learned};
use crate::parts::Parts;
use crate::presence::{self, Silences, Timeline};
use crate::rules::{RuleIndex, RuleSet};
use crate::stats::DetectStats;

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
    #[error("the snapshot cannot be read at byte {at}: {reason}")]
    Broken {
        /// Where, from 0.
        at: u64,
        /// What is wrong there.
        reason: String,
    },
}

/// The format that is written, and the newest that is read.
const FORMAT: u32 = 4;
/// The oldest that is read: nothing had been learned yet. Before 3 it was JSON.
const FORMAT_OLDEST: u32 = 3;

/// What a snapshot begins with; its format follows, four bytes, the lowest first.
const MAGIC: &[u8; 4] = b"cstl";

/// What a detector remembered at an instant. It is had in no time and holds still while the
/// detector goes on; `encode` it elsewhere.
pub struct Kept {
    head: Head,
    people: Parts<PersonId, Timeline>,
    groups: Parts<GroupId, Group>,
    held: BTreeMap<QueueKey, Arc<Held>>,
    learned: learned::Form,
}

/// What there is once. People, groups, waiting events and what was learned follow it, one value
/// after the other (MessagePack).
#[derive(Serialize, Deserialize)]
struct Head {
    rules: Vec<(RuleId, String)>,
    watermarks: Watermarks,
    silences: Silences,
    nameless: Nameless,
    #[serde(default)]
    learned: Counts,
    #[serde(default)]
    clocks: Clocks,
    #[serde(default)]
    fires: Fires,
    /// Which rules await their history; older snapshots do not say.
    #[serde(default)]
    histories: Option<Histories>,
    stats: DetectStats,
    people: u64,
    groups: u64,
    held: u64,
}

#[derive(Serialize, Deserialize)]
struct HeldForm {
    event: EventForm,
    rules: Vec<RuleIndex>,
    announced: Vec<Finding>,
    #[serde(default)]
    foreseen: Vec<(GroupId, ItemKey)>,
}

impl From<&Held> for HeldForm {
    fn from(held: &Held) -> Self {
        let (rules, announced) = (held.rules.clone(), held.announced.clone());
        let foreseen = held.foreseen.clone();
        Self { event: EventForm::from(&held.event), rules, announced, foreseen }
    }
}

impl From<HeldForm> for Held {
    fn from(form: HeldForm) -> Self {
        let HeldForm { event, rules, announced, foreseen } = form;
        Self { event: event.into(), rules, announced, foreseen }
    }
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

/// What number each rule of a table has by now, if it is still there in the same version.
pub(super) fn numbers(
    table: &[(RuleId, String)],
    rules: &RuleSet,
) -> HashMap<RuleIndex, RuleIndex> {
    let numbers = (0_u32..).zip(table).filter_map(|(number, (id, version))| {
        let index = rules.index_of(id)?;
        let same = rules.meta(index)?.version == *version;
        same.then_some((RuleIndex(number), index))
    });
    numbers.collect()
}

impl Kept {
    /// As bytes, for `Detector::restore` after a crash or on another machine. Rules and spine are
    /// not in it.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // INVARIANT: forms hold no value that MessagePack lacks, and a vector takes every write
        // (checked by the snapshot property test).
        let _ = self.write(&mut bytes);
        bytes
    }

    fn write(&self, bytes: &mut Vec<u8>) -> Result<(), rmp_serde::encode::Error> {
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        let mut to = rmp_serde::Serializer::new(bytes).with_struct_map();
        self.head.serialize(&mut to)?;
        for one in self.people.iter() {
            one.serialize(&mut to)?;
        }
        for one in self.groups.iter() {
            one.serialize(&mut to)?;
        }
        for held in self.held.values() {
            HeldForm::from(&**held).serialize(&mut to)?;
        }
        for lesson in self.learned.lessons.values() {
            lesson.serialize(&mut to)?;
        }
        for one in self.learned.travellers.iter() {
            one.serialize(&mut to)?;
        }
        for one in self.learned.ways.iter() {
            one.serialize(&mut to)?;
        }
        for one in self.learned.habits.iter() {
            one.serialize(&mut to)?;
        }
        Ok(())
    }

    fn read(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let broken = |at: u64, reason: String| SnapshotError::Broken { at, reason };
        let start = bytes.split_first_chunk().filter(|(magic, _)| *magic == MAGIC);
        let Some((format, body)) = start.and_then(|(_, rest)| rest.split_first_chunk()) else {
            let reason = "it is not one, or of a version before 3".to_owned();
            return Err(broken(0, reason));
        };
        let found = u32::from_le_bytes(*format);
        if !(FORMAT_OLDEST..=FORMAT).contains(&found) {
            return Err(SnapshotError::Format { found });
        }
        let mut from = rmp_serde::Deserializer::new(Cursor::new(body));
        let kept = Self::read_parts(&mut from);
        kept.map_err(|error| broken(from.position() + 8, error.to_string()))
    }

    fn read_parts(from: &mut Reader<'_>) -> Result<Self, rmp_serde::decode::Error> {
        let head = Head::deserialize(&mut *from)?;
        let mut people = Parts::default();
        for _ in 0..head.people {
            let (person, line) = Deserialize::deserialize(&mut *from)?;
            people.insert(person, line);
        }
        let mut groups = Parts::default();
        for _ in 0..head.groups {
            let (id, group) = Deserialize::deserialize(&mut *from)?;
            groups.insert(id, group);
        }
        let mut held = BTreeMap::new();
        for _ in 0..head.held {
            let one = Held::from(HeldForm::deserialize(&mut *from)?);
            held.insert(QueueKey::of(&one.event), Arc::new(one));
        }
        let mut learned = Self::read_learned(from, &head.learned)?;
        learned.clocks.clone_from(&head.clocks);
        // What an older release had learned by its own rules it had learned from the beginning.
        let all = || Histories::known(0..u32::try_from(head.rules.len()).unwrap_or(u32::MAX));
        learned.histories = head.histories.clone().unwrap_or_else(all);
        Ok(Self { head, people, groups, held, learned })
    }

    fn read_learned(
        from: &mut Reader<'_>,
        counts: &Counts,
    ) -> Result<learned::Form, rmp_serde::decode::Error> {
        let mut learned = learned::Form::of(counts);
        for _ in 0..counts.lessons {
            learned.take_lesson(Deserialize::deserialize(&mut *from)?);
        }
        for _ in 0..counts.travellers {
            let (person, last) = Deserialize::deserialize(&mut *from)?;
            learned.travellers.insert(person, last);
        }
        for _ in 0..counts.ways {
            let (ends, way) = Deserialize::deserialize(&mut *from)?;
            learned.ways.insert(ends, way);
        }
        for _ in 0..counts.habits {
            let (id, habit) = Deserialize::deserialize(&mut *from)?;
            learned.habits.insert(id, habit);
        }
        Ok(learned)
    }
}

type Reader<'a> = rmp_serde::Deserializer<rmp_serde::decode::ReadReader<Cursor<&'a [u8]>>>;

impl Detector {
    /// Everything remembered, held still.
    pub fn snapshot(&self) -> Kept {
        let presence::Form { people, silences } = self.presence.save();
        let correlate::Form { groups, nameless } = self.correlator.save();
        let learned = self.learned.save();
        let head = Head {
            rules: table(&self.rules),
            watermarks: self.watermarks.clone(),
            silences,
            nameless,
            learned: learned.counts(),
            clocks: learned.clocks.clone(),
            fires: self.fires.clone(),
            histories: Some(learned.histories.clone()),
            stats: self.stats.clone(),
            people: people.len() as u64,
            groups: groups.len() as u64,
            held: self.held.len() as u64,
        };
        Kept { head, people, groups, held: self.held.clone(), learned }
    }

    /// Takes a snapshot's state. Windows of correlations that have changed since are dropped.
    /// Fails with the format or the position; then nothing has changed.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let Kept { head, people, groups, held, learned } = Kept::read(bytes)?;
        self.watermarks = head.watermarks;
        self.presence.load(presence::Form { people, silences: head.silences });
        self.stats = head.stats;
        self.fires = head.fires;
        let held = held.into_values().map(Arc::unwrap_or_clone).collect();
        let correlator = correlate::Form { groups, nameless: head.nameless };
        self.take_over(&head.rules, (correlator, learned), held);
        Ok(())
    }

    /// Carries windows and waiting events over to the rules now in force.
    pub(super) fn take_over(
        &mut self,
        table: &[(RuleId, String)],
        (correlator, learned): (correlate::Form, learned::Form),
        held: Vec<Held>,
    ) {
        let rules = std::sync::Arc::clone(&self.rules);
        let numbers = numbers(table, &rules);
        let find = |old: RuleIndex| numbers.get(&old).copied();
        self.learned.load(learned, &find);
        let Learned { ways, clocks, .. } = &self.learned;
        let ground = Ground { spine: &self.spine, ways, clocks };
        self.correlator.load(correlator, &rules, &find, ground);
        self.queue.clear();
        self.deferred.clear();
        for (group, key) in self.correlator.waiting() {
            let (time, fingerprint, record, rule) = key;
            let place = QueueKey {
                time,
                fingerprint,
                record,
                correlation: Some(group.0),
                rule: Some(rule),
            };
            self.queue.insert(place, Arc::clone(&group.1));
        }
        self.held.clear();
        for mut held in held {
            held.rules = held.rules.into_iter().filter_map(find).collect();
            held.foreseen.retain_mut(|((group, _), key)| {
                let found = find(*group).zip(find(key.3));
                found.map(|found| (*group, key.3) = found).is_some()
            });
            self.held.insert(QueueKey::of(&held.event), Arc::new(held));
        }
    }
}
