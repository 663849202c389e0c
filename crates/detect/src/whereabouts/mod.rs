//! Who could it have been: people against moments at places, three-valued.
//!
//! Owns the question, the sightings that answer it and the verdicts. A person is *excluded* only by
//! what is known of them at that moment; whatever is unknown, ambiguous or silent leaves them
//! *unknown*. Never guesses, never reads a clock: the same events give the same answer in any
//! order of arrival.

mod answer;
mod place;
mod trace;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::enrichment::{PresenceState, UnknownWhy};
use model::{Event, PersonId, PlaceId, Record, SourceId, SourceState, Timestamp};

use crate::limits::TRACES_ASKED_MAX;
use crate::presence::{Around, Ask, Effect, Found, Presence, Sighting, origin};
use crate::spine::Spine;
pub use answer::{Answer, By, Proof, Reason, Seen, Verdict};
use place::Meeting;
pub use trace::LOG_ON;
use trace::Trace;

/// A moment, and where the person who is sought was then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When, in true time unless an event names it.
    pub time: Timestamp,
    /// Give or take this.
    pub bound: Duration,
    /// Where; without one it is only asked who was in at all.
    pub place: Option<PlaceId>,
    /// The event that it was made from.
    pub event: Option<Named>,
}

/// An event by its source and record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    /// Whose record.
    pub source: SourceId,
    /// Its number.
    pub record: u64,
}

impl Moment {
    /// An instant of true time.
    pub fn at(time: Timestamp, place: Option<PlaceId>) -> Self {
        Self { time, bound: Duration::ZERO, place, event: None }
    }

    /// The moment and the place of an event: its door, else its zone, else where its device stands.
    pub fn of_event(spine: &Spine, event: &Event) -> Self {
        let found = spine.resolve(event);
        let fixed = trace::seat(&found).and_then(|end| end.view.place.clone());
        let place = found.door.clone().or(found.zone.clone()).or(fixed);
        Self {
            time: event.time,
            bound: event.clock_offset_max,
            place: place.or_else(|| found.place.map(|place| place.id)),
            event: Some(Named { source: event.source.clone(), record: event.record }),
        }
    }
}

/// What is known of everybody over the stretch of time that is asked about.
pub struct Whereabouts {
    spine: Arc<Spine>,
    presence: Presence,
    traces: BTreeMap<PersonId, Vec<Trace>>,
    dropped: u64,
}

impl Whereabouts {
    /// Knows of nothing yet.
    pub fn new(spine: Arc<Spine>) -> Self {
        let presence = Presence::of_history(Arc::clone(&spine));
        Self { spine, presence, traces: BTreeMap::new(), dropped: 0 }
    }

    /// Learns what an event shows of somebody's whereabouts, if it shows anything; in any order.
    pub fn see(&mut self, event: &Event) -> bool {
        let found = self.spine.resolve(event);
        if let Some((person, trace)) = trace::of(event, &found) {
            let traces = self.traces.entry(person).or_default();
            traces.push(trace);
            if traces.len() > TRACES_ASKED_MAX {
                traces.remove(0);
                self.dropped += 1;
            }
            return true;
        }
        match self.presence.sighting(event, &found) {
            Some(seen) => {
                self.presence.learn(seen);
                true
            }
            None => false,
        }
    }

    /// Takes what a source's silence hides; other records are not ours.
    pub fn observe(&mut self, record: &Record) {
        let Record::Source { source, state, last_heard, at } = record else { return };
        match state {
            SourceState::Silent => {
                let known = self.spine.organisation().sources.get(source);
                let beat = known.and_then(|source| source.heartbeat);
                let over = last_heard.zip(beat).map(|(last, beat)| last.plus(beat));
                self.presence.silence(source, over.unwrap_or(*at).min(*at));
            }
            SourceState::Heard => self.presence.heard(source, *at),
        }
    }

    /// Takes over the silences that another has heard of.
    pub fn take_silences(&mut self, from: &Presence) {
        self.presence.take_silences(from);
    }

    /// Where a person was from one instant to another, oldest first.
    pub fn band(
        &self,
        person: &PersonId,
        (from, to): (Timestamp, Timestamp),
    ) -> Vec<crate::presence::Stretch> {
        self.presence.band(person, from, to)
    }

    /// How many sightings had to be forgotten to stay within bounds.
    pub fn dropped(&self) -> u64 {
        self.dropped + self.presence.counts().1
    }

    /// One answer per person of the organisation, in order of their ids.
    pub fn ask<'a>(&'a self, moments: &'a [Moment]) -> impl Iterator<Item = Answer> + 'a {
        let people = self.spine.organisation().people.keys();
        people.map(|person| self.of(person, moments))
    }

    /// One person's answer.
    pub fn of(&self, person: &PersonId, moments: &[Moment]) -> Answer {
        let seen: Vec<Seen> = moments.iter().map(|moment| self.one(person, moment)).collect();
        Answer { person: person.clone(), verdict: answer::over(&seen), moments: seen }
    }

    /// Where a person was at a moment, and what that means for the place.
    fn one(&self, person: &PersonId, moment: &Moment) -> Seen {
        let named_by = moment.event.as_ref().map(|event| &event.source);
        let ask = Ask::moment(moment.time, moment.bound, named_by);
        let around = self.presence.around(person, &ask);
        let next = around.next.map(Proof::of_sighting);
        let last = around.stay.as_ref().map(Proof::of_stay);
        let (reason, by) = self.reason(moment, &around);
        let near = self.traces_near(person, moment);
        let seen = Seen {
            time: moment.time,
            place: moment.place.clone(),
            state: around.answer.state,
            zone: around.answer.zone.clone(),
            since: around.answer.since,
            why: around.answer.why,
            evidence: by.clone().or_else(|| last.clone().filter(|_| around.answer.why.is_none())),
            last,
            next,
            reason,
            also: near.iter().map(|trace| trace.proof()).collect(),
        };
        self.by_network(seen, &near, moment)
    }

    /// A log-on at the place lifts what is unknown, never what is known: it shows where an account
    /// was used, and is no proof of anybody's being elsewhere.
    fn by_network(&self, mut seen: Seen, near: &[&Trace], moment: &Moment) -> Seen {
        let Some(place) = moment.place.as_ref().filter(|_| seen.reason == Reason::NotKnown) else {
            return seen;
        };
        let is_other = |trace: &&&Trace| moment.event.as_ref().is_none_or(|named| !trace.is(named));
        let there = near.iter().filter(is_other).find(|trace| {
            let zone = self.spine.place(&trace.place).and_then(|facts| facts.zone.as_ref());
            let at = zone.unwrap_or(&trace.place);
            place::meeting(&self.spine, at, place) != Meeting::Elsewhere
        });
        if let Some(trace) = there {
            seen.reason = Reason::SeenByNetwork;
            seen.evidence = Some(trace.proof());
        }
        seen
    }

    fn traces_near(&self, person: &PersonId, moment: &Moment) -> Vec<&Trace> {
        let reach = crate::limits::TRACE_WITHIN + moment.bound;
        let (from, to) = (moment.time.minus(reach), moment.time.plus(reach));
        let mut near: Vec<&Trace> = self.traces.get(person).into_iter().flatten().collect();
        near.retain(|trace| from <= trace.time && trace.time <= to);
        near.sort_by_key(|trace| (trace.time, trace.record));
        near
    }

    fn reason(&self, moment: &Moment, around: &Around<'_>) -> (Reason, Option<Proof>) {
        match around.answer.state {
            PresenceState::Unknown => self.possible(moment, around),
            PresenceState::In | PresenceState::Out => {
                let Some(stay) = &around.stay else { return (Reason::NotKnown, None) };
                let own = self.at_door(moment, around);
                let reason = self.meets(&stay.effect, moment.place.as_ref());
                let moved = || self.moved_unseen(stay, around.next);
                if let Some(own) = own {
                    return (Reason::AtItsDoor, Some(own));
                }
                match (reason, moved()) {
                    (Reason::Elsewhere | Reason::Outside, Some(next)) => {
                        let came = self.meets(&next, moment.place.as_ref());
                        (if came.shows() { Reason::MovedUnseen } else { Reason::LeftUnseen }, None)
                    }
                    (reason, _) => (reason, None),
                }
            }
        }
    }

    /// A passage at the very door that is asked about, so near the moment that it may be the one.
    fn at_door(&self, moment: &Moment, around: &Around<'_>) -> Option<Proof> {
        let place = moment.place.as_ref()?;
        let mut unsure = around.unsure.iter();
        unsure.find(|one| one.door.as_ref() == Some(place)).map(|one| Proof::of_sighting(one))
    }

    /// Where nobody can say: whether one of the two that it must have been is the place.
    fn possible(&self, moment: &Moment, around: &Around<'_>) -> (Reason, Option<Proof>) {
        if let Some(own) = self.at_door(moment, around) {
            return (Reason::AtItsDoor, Some(own));
        }
        let is_passing = around.answer.why == Some(UnknownWhy::Ambiguous);
        let unsure = around.unsure.iter().find_map(|one| {
            self.meets(&one.effect, moment.place.as_ref()).shows().then(|| Proof::of_sighting(one))
        });
        let before = || {
            let stay = around.stay.as_ref().filter(|_| is_passing)?;
            self.meets(&stay.effect, moment.place.as_ref()).shows().then(|| Proof::of_stay(stay))
        };
        match unsure.or_else(before) {
            Some(proof) => (Reason::Passing, Some(proof)),
            None => (Reason::NotKnown, None),
        }
    }

    /// What a place and a whereabouts have to do with each other.
    fn meets(&self, effect: &Effect, place: Option<&PlaceId>) -> Reason {
        match (effect, place) {
            (Effect::In(_), None) => Reason::There,
            (Effect::Out, None) => Reason::Outside,
            (Effect::In(zone), Some(place)) => match place::meeting(&self.spine, zone, place) {
                Meeting::There => Reason::There,
                Meeting::Reach => Reason::WithinReach,
                Meeting::Around => Reason::NotKnown,
                Meeting::Elsewhere => Reason::Elsewhere,
            },
            (Effect::Out, Some(place)) if place::is_from_outside(&self.spine, place) => {
                Reason::WithinReach
            }
            (Effect::Out, Some(_)) => Reason::Outside,
            (Effect::Nowhere | Effect::EitherSide | Effect::NotTaken, _) => Reason::NotKnown,
        }
    }

    /// Where the next passage shows somebody to have come from, when that contradicts the stay.
    /// Where leaving is not watched nothing follows: how long such a stay counts as known is what
    /// its place's `dwell_max` says.
    fn moved_unseen(&self, stay: &Found, next: Option<&Sighting>) -> Option<Effect> {
        let next = next?;
        let is_one_passage = next.door == stay.door
            && next.effect == stay.effect
            && next.time.since(stay.last) <= crate::limits::NOT_TAKEN_WITHIN;
        let came = origin(&self.spine, next).filter(|_| !is_one_passage)?;
        let is_news = match (&stay.effect, &came) {
            (Effect::In(zone), Effect::In(from)) => {
                let related = place::meeting(&self.spine, zone, from) != Meeting::Elsewhere;
                !related && self.spine.exit_is_watched(zone)
            }
            (Effect::In(zone), Effect::Out) => self.spine.exit_is_watched(zone),
            (Effect::Out, Effect::In(_)) => true,
            (Effect::Out, Effect::Out) => false,
            (Effect::Nowhere | Effect::EitherSide | Effect::NotTaken, _)
            | (_, Effect::Nowhere | Effect::EitherSide | Effect::NotTaken) => false,
        };
        is_news.then_some(came)
    }
}
