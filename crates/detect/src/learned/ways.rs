//! How long the way from door to door, and from site to site, takes those who are quickest.
//!
//! A cloned card is quicker than anyone. So it is different people that are compared, each by their
//! own quickest passage, and the two quickest of them never count.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::enrichment::{CredentialState, PassageView};
use model::spine::PlaceKind;
use model::value::Value;
use model::{Event, Fingerprint, PersonId, PlaceId, SourceId, Timestamp, Trust};
use serde::{Deserialize, Serialize};

use super::{Clocks, Form, ahead, sweep};
use crate::limits::{
    LESSON_GAP_MAX, LESSONS_PENDING_MAX, QUICKEST_KEPT, QUICKEST_RANK, TRAVEL_PAIRS_MAX,
    TRAVEL_PASSAGES_LEAST, TRAVEL_PEOPLE_LEAST, TRAVELLERS_MAX,
};
use crate::parts::Parts;
use crate::spine::{Spine, is_physical};

/// Physical access activity of the *physec* extension, and two of its activities.
const PHYSICAL_ACCESS: u32 = 4_230_001;
const TAKEN: i64 = 3;
const GRANTED: i64 = 1;

/// Order in which passages teach.
pub(crate) type LessonKey = (Timestamp, Fingerprint, u64);
/// Two places, in order of their ids: a way is as long back as it is there.
pub(crate) type Ends = (PlaceId, PlaceId);

/// One person at one place, told by somebody who is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lesson {
    pub time: Timestamp,
    fingerprint: Fingerprint,
    record: u64,
    pub person: PersonId,
    pub place: PlaceId,
    site: Option<PlaceId>,
    pub source: SourceId,
    pub bound: Duration,
    /// Whether the door itself proves the passage.
    is_taken: bool,
}

/// What is known of one way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Way {
    /// Different people's quickest passages, quickest first.
    quickest: Vec<(Duration, PersonId)>,
    passages: u64,
    last: Timestamp,
}

/// What a least time rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// So many passages seen.
    Learned { passages: u64 },
    /// Two sites, of one region or not.
    Sites { is_one_region: bool },
    /// Coordinates so many kilometres apart.
    Distance { km: u64 },
}

/// All that is known of ways.
#[derive(Default)]
pub(crate) struct Ways {
    waiting: BTreeMap<LessonKey, Arc<Lesson>>,
    last: Parts<PersonId, Lesson>,
    ways: Parts<Ends, Way>,
    evicted: u64,
}

impl Lesson {
    /// A badge in force at a door, or a person that something else saw at one.
    pub(crate) fn of(event: &Event, spine: &Spine) -> Option<Self> {
        if !is_physical(event.class_uid) || event.trust == Trust::None {
            return None;
        }
        let activity = event.get("activity_id").and_then(Value::as_i64);
        let is_passage = event.class_uid == PHYSICAL_ACCESS;
        if is_passage && !matches!(activity, Some(GRANTED | TAKEN)) {
            return None;
        }
        let enrichment = event.enrichment.as_deref()?;
        let credential = enrichment.credential.as_ref();
        if credential.is_some_and(|credential| credential.state != CredentialState::Current) {
            return None;
        }
        let place = enrichment.place.as_ref()?;
        let known = spine.organisation().places.get(&place.id)?;
        if !matches!(known.kind, PlaceKind::Door | PlaceKind::Zone) {
            return None;
        }
        Some(Self {
            time: event.time,
            fingerprint: event.fingerprint,
            record: event.record,
            person: enrichment.person.clone()?,
            place: place.id.clone(),
            site: spine.place(&place.id).and_then(|facts| facts.site.clone()),
            source: event.source.clone(),
            bound: event.clock_offset_max.max(ahead(event)),
            is_taken: is_passage
                && matches!(enrichment.passage, Some(PassageView::Taken | PassageView::Assumed)),
        })
    }

    pub(super) fn key(&self) -> LessonKey {
        (self.time, self.fingerprint, self.record)
    }

    /// The shortest time that may have passed since an earlier one.
    fn least_since(&self, earlier: &Self, clocks: &Clocks) -> Duration {
        let gap = self.time.since(earlier.time);
        if self.source == earlier.source {
            return gap;
        }
        let widened = clocks.widened(&self.source) + clocks.widened(&earlier.source);
        gap.saturating_sub(self.bound + earlier.bound + widened)
    }
}

impl Way {
    /// Keeps a person's time, if it is among the quickest.
    fn went(&mut self, person: PersonId, time: Duration) {
        let own = self.quickest.iter().position(|(_, known)| *known == person);
        match own.and_then(|at| self.quickest.get_mut(at)) {
            Some((known, _)) => *known = time.min(*known),
            None => self.quickest.push((time, person)),
        }
        self.quickest.sort_unstable();
        self.quickest.truncate(QUICKEST_KEPT);
    }

    fn join(&mut self, other: &Self) {
        self.passages += other.passages;
        self.last = self.last.max(other.last);
        for (time, person) in &other.quickest {
            self.went(person.clone(), *time);
        }
    }
}

fn ends(a: &PlaceId, b: &PlaceId) -> Ends {
    if a <= b { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) }
}

impl Ways {
    /// Keeps a passage until the watermark has passed it. A passage that is left out makes ways
    /// look longer for one person, never shorter.
    pub(crate) fn hear(&mut self, lesson: Lesson) {
        if self.waiting.len() >= LESSONS_PENDING_MAX {
            self.evicted += 1;
            return;
        }
        self.waiting.insert(lesson.key(), Arc::new(lesson));
    }

    /// The next of what happened before an instant.
    pub(super) fn next_before(&mut self, at: Timestamp) -> Option<Lesson> {
        self.waiting.first_key_value().filter(|(key, _)| key.0 < at)?;
        self.waiting.pop_first().map(|(_, lesson)| Arc::unwrap_or_clone(lesson))
    }

    /// Learns from a passage that was taken. Passages come in order of time.
    pub(super) fn learn(&mut self, lesson: Lesson, clocks: &Clocks) {
        if !lesson.is_taken {
            return;
        }
        if !self.last.contains_key(&lesson.person) && self.last.len() >= TRAVELLERS_MAX {
            let gone = sweep(self.last.iter().map(|(person, last)| (last.time, person.clone())));
            self.evicted += gone.len() as u64;
            for person in gone {
                self.last.remove(&person);
            }
        }
        let before = self.last.get(&lesson.person).cloned();
        self.last.insert(lesson.person.clone(), lesson.clone());
        let Some(before) = before else { return };
        let least = lesson.least_since(&before, clocks);
        if before.place == lesson.place || least > LESSON_GAP_MAX {
            return;
        }
        // From site to site, whatever the doors: there are too many pairs of those.
        let way = match (&before.site, &lesson.site) {
            (Some(from), Some(to)) if from != to => ends(from, to),
            (Some(_) | None, Some(_) | None) => ends(&before.place, &lesson.place),
        };
        self.teach(way, least, lesson);
    }

    fn teach(&mut self, ends: Ends, least: Duration, lesson: Lesson) {
        if !self.ways.contains_key(&ends) && self.ways.len() >= TRAVEL_PAIRS_MAX {
            let gone = sweep(self.ways.iter().map(|(ends, way)| (way.last, ends.clone())));
            self.evicted += gone.len() as u64;
            for ends in gone {
                self.ways.remove(&ends);
            }
        }
        let way = self.ways.entry(ends);
        way.passages += 1;
        way.last = lesson.time;
        way.went(lesson.person, least);
    }

    /// Takes in the ways of a history.
    pub(super) fn join(&mut self, other: &Self) {
        for (person, last) in other.last.iter() {
            let is_newer = self.last.get(person).is_none_or(|known| known.key() < last.key());
            let has_room = self.last.len() < TRAVELLERS_MAX || self.last.contains_key(person);
            if is_newer && has_room {
                self.last.insert(person.clone(), last.clone());
            }
        }
        for (ends, way) in other.ways.iter() {
            if self.ways.len() >= TRAVEL_PAIRS_MAX && !self.ways.contains_key(ends) {
                self.evicted += 1;
                continue;
            }
            self.ways.entry(ends.clone()).join(way);
        }
    }

    /// What the quickest need between two places, and how many passages show it; `None` while too
    /// few people have gone there.
    pub(crate) fn between(&self, a: &PlaceId, b: &PlaceId) -> Option<(Duration, u64)> {
        let way = self.ways.get(&ends(a, b))?;
        let is_known =
            way.quickest.len() >= TRAVEL_PEOPLE_LEAST && way.passages >= TRAVEL_PASSAGES_LEAST;
        let (least, _) = way.quickest.get(QUICKEST_RANK - 1).filter(|_| is_known)?;
        Some((*least, way.passages))
    }

    /// Ways known, and how much had to be forgotten.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.ways.len() as u64, self.evicted)
    }

    pub(super) fn save(&self, form: &mut Form) {
        form.lessons.clone_from(&self.waiting);
        form.travellers = self.last.clone();
        form.ways = self.ways.clone();
        form.evicted_ways = self.evicted;
    }

    pub(super) fn load(
        waiting: BTreeMap<LessonKey, Arc<Lesson>>,
        last: Parts<PersonId, Lesson>,
        ways: Parts<Ends, Way>,
        evicted: u64,
    ) -> Self {
        Self { waiting, last, ways, evicted }
    }
}
