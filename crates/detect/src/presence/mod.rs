//! Where people are believed to be, and with what right; three-valued.
//!
//! Owns a bounded timeline of sightings per person. Every answer is a function of the *set* of
//! sightings and silences, never of their arrival order. Never lets a sender that nobody knows
//! move anybody.

mod band;
mod passage;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::enrichment::{Presence as Answer, PresenceState, UnknownWhy};
use model::spine::WitnessOf;
use model::{Event, PersonId, PlaceId, SourceId, Timestamp, Trust};
use serde::{Deserialize, Serialize};

use crate::limits::{
    DWELL_DEFAULT, PEOPLE_WATCHED_MAX, SIGHTINGS_ASKED_MAX, SIGHTINGS_PER_PERSON_MAX,
    SILENCES_PER_SOURCE_MAX,
};
use crate::parts::Parts;
use crate::spine::{Resolution, Spine};
pub use band::Stretch;
pub(crate) use passage::{origin, view as passage_view};
pub(crate) use timeline::{Ask, Effect, Found, Order, Sighting, Timeline};

/// Who was seen, and how.
pub(crate) type Seen = (PersonId, Sighting);

/// Everybody's whereabouts.
pub struct Presence {
    spine: Arc<Spine>,
    people: Parts<PersonId, Timeline>,
    silences: Silences,
    /// Who was seen since somebody asked for it: at most those who are watched.
    changed: BTreeSet<PersonId>,
    sightings_max: usize,
    evicted: u64,
    untrusted: u64,
}

/// What a person's timeline says around what is asked.
pub(crate) struct Around<'a> {
    /// The answer just before it.
    pub answer: Answer,
    /// The last stay that was surely before, known or no longer known.
    pub stay: Option<Found>,
    /// Sightings of which nobody can say whether they came before.
    pub unsure: Vec<&'a Sighting>,
    /// The first that surely came after.
    pub next: Option<&'a Sighting>,
}

/// A stretch in which a source was not heard; open while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Silence {
    from: Timestamp,
    to: Option<Timestamp>,
}

/// Its state in a snapshot.
#[derive(Clone, Default)]
pub(crate) struct Form {
    pub people: Parts<PersonId, Timeline>,
    pub silences: Silences,
}

/// When sources were not heard.
pub(crate) type Silences = BTreeMap<SourceId, Vec<Silence>>;

impl Presence {
    /// One that has seen nobody.
    pub fn new(spine: Arc<Spine>) -> Self {
        let (people, silences, changed) = (Parts::default(), Silences::new(), BTreeSet::new());
        let sightings_max = SIGHTINGS_PER_PERSON_MAX;
        Self { spine, people, silences, changed, sightings_max, evicted: 0, untrusted: 0 }
    }

    /// One that keeps all that is asked about, not only what is recent.
    pub(crate) fn of_history(spine: Arc<Spine>) -> Self {
        Self { sightings_max: SIGHTINGS_ASKED_MAX, ..Self::new(spine) }
    }

    /// A person's sightings before, around and after what is asked.
    pub(crate) fn around(&self, person: &PersonId, ask: &Ask<'_>) -> Around<'_> {
        let answer = self.before(person, ask).0;
        let Some(timeline) = self.people.get(person) else {
            return Around { answer, stay: None, unsure: Vec::new(), next: None };
        };
        let sightings = timeline.sightings();
        let unsure = sightings.iter().filter(|one| ask.order(one) == Order::Unsure).collect();
        let moves = |one: &&Sighting| match one.effect {
            Effect::In(_) | Effect::Out | Effect::Nowhere | Effect::EitherSide => true,
            Effect::NotTaken => false,
        };
        let mut later = sightings.iter().filter(|one| ask.order(one) == Order::After);
        let next = later.find(moves);
        Around { answer, stay: timeline.stay(ask).0, unsure, next }
    }

    pub(crate) fn set_spine(&mut self, spine: Arc<Spine>) {
        self.spine = spine;
    }

    /// Where a person is believed to be at an instant.
    pub fn at(&self, person: &PersonId, at: Timestamp) -> Answer {
        self.before(person, &Ask::instant(at)).0
    }

    /// Where a person was before an event, and the silent source if one is why nobody knows.
    pub(crate) fn before(&self, person: &PersonId, ask: &Ask<'_>) -> (Answer, Option<SourceId>) {
        let Some(timeline) = self.people.get(person) else {
            return (unknown(UnknownWhy::NeverSeen), None);
        };
        let found = match timeline.before(ask) {
            Ok(found) => found,
            Err(why) => return (unknown(why), None),
        };
        let zone = match &found.effect {
            Effect::In(zone) => Some(zone),
            Effect::Out => None,
            Effect::Nowhere => return (unknown(UnknownWhy::Unwatched), None),
            Effect::EitherSide => return (unknown(UnknownWhy::Ambiguous), None),
            Effect::NotTaken => return (unknown(UnknownWhy::NeverSeen), None),
        };
        if let Some(source) = self.silent_since(&found, zone, ask.at) {
            return (unknown(UnknownWhy::Stale), Some(source));
        }
        if zone.is_some_and(|zone| self.is_aged(zone, found.last, ask.at)) {
            return (unknown(UnknownWhy::Aged), None);
        }
        (self.known(&found, zone), None)
    }

    fn known(&self, found: &Found, zone: Option<&PlaceId>) -> Answer {
        let facts = zone.and_then(|zone| self.spine.place(zone));
        Answer {
            state: if zone.is_some() { PresenceState::In } else { PresenceState::Out },
            zone: zone.cloned(),
            zone_class: facts.and_then(|facts| facts.zone_class),
            site: facts.and_then(|facts| facts.site.clone()),
            since: Some(found.since),
            evidence: Some(found.evidence),
            why: None,
            is_assumed: found.is_assumed,
        }
    }

    fn is_aged(&self, zone: &PlaceId, last: Timestamp, at: Timestamp) -> bool {
        let own = self.spine.place(zone).and_then(|facts| facts.dwell_max);
        !self.spine.exit_is_watched(zone) && at.since(last) > own.unwrap_or(DWELL_DEFAULT)
    }

    /// The source whose silence since the last sighting hides what a person did.
    fn silent_since(
        &self,
        found: &Found,
        zone: Option<&PlaceId>,
        at: Timestamp,
    ) -> Option<SourceId> {
        let hides = |source: &SourceId| {
            let silences = self.silences.get(source).into_iter().flatten();
            let mut overlapping = silences
                .filter(|silence| silence.from < at && silence.to.is_none_or(|to| to > found.last));
            overlapping.next().is_some()
        };
        if self.silences.is_empty() {
            return None;
        }
        if hides(&found.source) {
            return Some(found.source.clone());
        }
        let site = zone.and_then(|zone| self.spine.place(zone)).and_then(|f| f.site.as_ref());
        let mut others = self.silences.keys().filter(|id| {
            let source = self.spine.organisation().sources.get(*id);
            source.is_some_and(|source| {
                source.witness_of.contains(&WitnessOf::Presence)
                    && (source.site.is_none() || site.is_none() || source.site.as_ref() == site)
            })
        });
        others.find(|id| hides(id)).cloned()
    }

    /// Why nothing follows from not having heard of something in a stretch of time: who would have
    /// told of it at the site of a source was silent, could have been unnoticed, or is not there.
    pub(crate) fn unheard(
        &self,
        kinds: &[WitnessOf],
        near: &SourceId,
        (from, to): (Timestamp, Timestamp),
    ) -> Option<String> {
        let sources = &self.spine.organisation().sources;
        let site = sources.get(near).and_then(|source| source.site.as_ref());
        let mut witnesses = sources.values().filter(|source| {
            source.witness_of.iter().any(|kind| kinds.contains(kind))
                && (source.site.is_none() || site.is_none() || source.site.as_ref() == site)
        });
        let mut is_any = false;
        let doubt = witnesses.find_map(|source| {
            is_any = true;
            let Some(beat) = source.heartbeat.filter(|beat| *beat <= source.lateness_max) else {
                return Some(format!(
                    "source `{}` could be silent unnoticed: it has no heartbeat within its lateness",
                    source.id
                ));
            };
            let mut silences = self.silences.get(&source.id).into_iter().flatten();
            // A silence is noticed a heartbeat after the source was last heard.
            let overlaps = |one: &Silence| {
                one.from.minus(beat) <= to && one.to.is_none_or(|end| end >= from)
            };
            silences.any(overlaps).then(|| {
                format!("source `{}` was silent: what it would have told is not known", source.id)
            })
        });
        let nobody = || (!is_any).then(|| "no source here would have told of it".to_owned());
        doubt.or_else(nobody)
    }

    /// What an event proves about somebody's whereabouts; nothing where anyone could have sent it.
    pub(crate) fn sighting(&mut self, event: &Event, found: &Resolution) -> Option<Seen> {
        let seen = passage::sighting(&self.spine, event, found)?;
        if event.trust == Trust::None {
            self.untrusted += 1;
            return None;
        }
        Some(seen)
    }

    /// Learns where somebody was seen.
    pub(crate) fn learn(&mut self, (person, sighting): Seen) {
        if !self.people.contains_key(&person) && self.people.len() >= PEOPLE_WATCHED_MAX {
            self.forget_one();
        }
        self.changed.insert(person.clone());
        if self.people.entry(person).insert(sighting, self.sightings_max) {
            self.evicted += 1;
        }
    }

    fn forget_one(&mut self) {
        let longest = self.people.iter().min_by_key(|(id, line)| (line.last(), (*id).clone()));
        if let Some(person) = longest.map(|(person, _)| person.clone()) {
            self.people.remove(&person);
            self.changed.remove(&person);
            self.evicted += 1;
        }
    }

    /// Notes that a source has not been heard since `from`.
    pub(crate) fn silence(&mut self, source: &SourceId, from: Timestamp) {
        let silences = self.silences.entry(source.clone()).or_default();
        if silences.last().is_some_and(|last| last.to.is_none()) {
            return;
        }
        silences.push(Silence { from, to: None });
        if silences.len() > SILENCES_PER_SOURCE_MAX {
            silences.remove(0);
            self.evicted += 1;
        }
    }

    /// Notes that a source is heard again.
    pub(crate) fn heard(&mut self, source: &SourceId, at: Timestamp) {
        let silences = self.silences.get_mut(source);
        if let Some(last) = silences.and_then(|silences| silences.last_mut()) {
            last.to.get_or_insert(at);
        }
    }

    /// People watched, sightings evicted, sightings refused.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.people.len() as u64, self.evicted, self.untrusted)
    }

    /// Everybody who has ever been seen, in order of their ids.
    pub fn people(&self) -> Vec<PersonId> {
        let mut people: Vec<_> = self.people.keys().cloned().collect();
        people.sort();
        people
    }

    pub(crate) fn save(&self) -> Form {
        Form { people: self.people.clone(), silences: self.silences.clone() }
    }

    pub(crate) fn load(&mut self, form: Form) {
        self.people = form.people;
        self.changed = self.people.keys().cloned().collect();
        self.silences = form.silences;
    }
}

fn unknown(why: UnknownWhy) -> Answer {
    Answer {
        state: PresenceState::Unknown,
        zone: None,
        zone_class: None,
        site: None,
        since: None,
        evidence: None,
        why: Some(why),
        is_assumed: false,
    }
}
