//! How long the way from door to door, and from site to site, takes those who are quickest.
//!
//! A cloned card is quicker than anyone. So it is different people that are compared, each by their
//! own quickest passage, and the two quickest of them never count.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::enrichment::CredentialState;
use model::spine::PlaceKind;
use model::value::Value;
use model::{Event, Fingerprint, PersonId, PlaceId, SourceId, Timestamp, Trust};
use serde::{Deserialize, Serialize};

use super::{Form, sweep};
use crate::limits::{
    LESSON_GAP_MAX, LESSONS_PENDING_MAX, QUICKEST_KEPT, QUICKEST_RANK, TRAVEL_PAIRS_MAX,
    TRAVEL_PASSAGES_LEAST, TRAVEL_PEOPLE_LEAST, TRAVELLERS_MAX,
};
use crate::parts::Parts;
use crate::spine::Spine;

/// Physical access activity of the *physec* extension, and its activity *taken*.
const PHYSICAL_ACCESS: u32 = 4_230_001;
const TAKEN: i64 = 3;

/// Order in which passages teach.
pub(crate) type LessonKey = (Timestamp, Fingerprint, u64);
/// Two places, in order of their ids: a way is as long back as it is there.
pub(crate) type Ends = (PlaceId, PlaceId);

/// One passage of one person, proved by the door itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lesson {
    pub time: Timestamp,
    fingerprint: Fingerprint,
    record: u64,
    person: PersonId,
    place: PlaceId,
    site: Option<PlaceId>,
    source: SourceId,
    bound: Duration,
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
    /// A passage that was taken, by a badge in force, told by somebody who is known.
    pub(crate) fn of(event: &Event, spine: &Spine) -> Option<Self> {
        let is_taken = event.class_uid == PHYSICAL_ACCESS
            && event.trust != Trust::None
            && event.get("activity_id").and_then(Value::as_i64) == Some(TAKEN);
        let enrichment = event.enrichment.as_deref().filter(|_| is_taken)?;
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
            bound: event.clock_offset_max,
        })
    }

    pub(super) fn key(&self) -> LessonKey {
        (self.time, self.fingerprint, self.record)
    }

    /// The shortest time that may have passed since an earlier one.
    fn least_since(&self, earlier: &Self) -> Duration {
        let gap = self.time.since(earlier.time);
        let room =
            if self.source == earlier.source { Duration::ZERO } else { self.bound + earlier.bound };
        gap.saturating_sub(room)
    }
}

fn ends(a: &PlaceId, b: &PlaceId) -> Ends {
    if a <= b { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) }
}

impl Ways {
    /// Keeps a passage until the watermark has passed it.
    pub(crate) fn hear(&mut self, lesson: Lesson) {
        self.waiting.insert(lesson.key(), Arc::new(lesson));
        if self.waiting.len() > LESSONS_PENDING_MAX {
            self.waiting.pop_first();
            self.evicted += 1;
        }
    }

    pub(super) fn settle_before(&mut self, at: Timestamp) {
        while self.waiting.first_key_value().is_some_and(|(key, _)| key.0 < at) {
            if let Some((_, lesson)) = self.waiting.pop_first() {
                self.learn(Arc::unwrap_or_clone(lesson));
            }
        }
    }

    fn learn(&mut self, lesson: Lesson) {
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
        let least = lesson.least_since(&before);
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
        let own = way.quickest.iter().position(|(_, person)| *person == lesson.person);
        match own.and_then(|at| way.quickest.get_mut(at)) {
            Some((known, _)) => *known = least.min(*known),
            None => way.quickest.push((least, lesson.person)),
        }
        way.quickest.sort_unstable();
        way.quickest.truncate(QUICKEST_KEPT);
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
