//! One person's sightings, in event-time order.

use std::time::Duration;

use model::enrichment::{PresenceEvidence, UnknownWhy};
use model::{Event, Fingerprint, Interval, PlaceId, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::limits::NOT_TAKEN_WITHIN;

/// What a sighting means for where somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Effect {
    /// In a zone.
    In(PlaceId),
    /// Outside everything.
    Out,
    /// Through a door into what no reader watches.
    Nowhere,
    /// At a door, on one of its sides.
    EitherSide,
    /// The door was not used after all.
    NotTaken,
}

/// One sighting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sighting {
    pub time: Timestamp,
    pub fingerprint: Fingerprint,
    pub record: u64,
    pub source: SourceId,
    pub bound: Duration,
    pub effect: Effect,
    pub evidence: PresenceEvidence,
    pub door: Option<PlaceId>,
    /// Whether it is a grant that the organisation takes for a passage.
    #[serde(default)]
    pub is_assumed: bool,
}

impl Sighting {
    fn key(&self) -> (Timestamp, Fingerprint, u64) {
        (self.time, self.fingerprint, self.record)
    }
    fn interval(&self) -> Interval {
        Interval::around(self.time, self.bound)
    }
    /// Whether the order of two sightings cannot be stated.
    fn is_level_with(&self, other: &Self) -> bool {
        if self.source == other.source {
            return self.time == other.time;
        }
        let (a, b) = (self.interval(), other.interval());
        !a.is_before(&b) && !b.is_before(&a)
    }
}

/// What is asked: where somebody was before this.
pub(crate) struct Ask<'a> {
    pub at: Timestamp,
    interval: Interval,
    after: After<'a>,
}

/// What makes a sighting come before what is asked.
enum After<'a> {
    /// Just before this event.
    Event(&'a Event),
    /// At an instant, as the sighting's own clock has it.
    Instant,
    /// At a moment of true time; this source's own clock named it, where one did.
    Moment(Option<&'a SourceId>),
}

impl<'a> Ask<'a> {
    /// Just before an event; what the same record says about it does not count.
    pub(crate) fn event(event: &'a Event) -> Self {
        let interval = Interval::around(event.time, event.clock_offset_max);
        Self { at: event.time, interval, after: After::Event(event) }
    }

    /// At an instant of true time.
    pub(crate) fn instant(at: Timestamp) -> Self {
        Self { at, interval: Interval { earliest: at, latest: at }, after: After::Instant }
    }

    /// At a moment of true time, give or take `bound`; what lies within its own clock's bound of
    /// it is neither before nor after. `named_by`: the source whose event the moment is.
    pub(crate) fn moment(at: Timestamp, bound: Duration, named_by: Option<&'a SourceId>) -> Self {
        Self { at, interval: Interval::around(at, bound), after: After::Moment(named_by) }
    }

    pub(crate) fn order(&self, sighting: &Sighting) -> Order {
        match self.after {
            After::Instant if sighting.time <= self.at => Order::Before,
            After::Instant => Order::After,
            After::Event(event) if sighting.source == event.source => {
                match sighting.time.cmp(&event.time) {
                    _ if sighting.record == event.record => Order::Same,
                    order => of_one_clock(order),
                }
            }
            After::Moment(Some(source)) if sighting.source == *source => {
                of_one_clock(sighting.time.cmp(&self.at))
            }
            After::Event(_) | After::Moment(_) => {
                let seen = sighting.interval();
                if seen.is_before(&self.interval) {
                    Order::Before
                } else if self.interval.is_before(&seen) {
                    Order::After
                } else {
                    Order::Unsure
                }
            }
        }
    }
}

fn of_one_clock(order: std::cmp::Ordering) -> Order {
    match order {
        std::cmp::Ordering::Less => Order::Before,
        std::cmp::Ordering::Equal => Order::Unsure,
        std::cmp::Ordering::Greater => Order::After,
    }
}

/// How a sighting lies to what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Surely earlier.
    Before,
    /// It is the very record that is asked about.
    Same,
    /// Nobody can say.
    Unsure,
    /// Surely later.
    After,
}

/// The answer of a timeline.
pub(crate) struct Found {
    pub effect: Effect,
    pub evidence: PresenceEvidence,
    pub source: SourceId,
    /// When the stay began.
    pub since: Timestamp,
    /// The last sighting of it.
    pub last: Timestamp,
    /// The record of the sighting that shows it.
    pub record: u64,
    /// When that was.
    pub shown: Timestamp,
    /// How strong it is, for itself.
    pub shown_by: PresenceEvidence,
    /// At which door.
    pub door: Option<PlaceId>,
    /// Whether the strongest that it rests on is assumed throughout.
    pub is_assumed: bool,
}

/// Sightings in order of time, then fingerprint, then record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timeline {
    sightings: Vec<Sighting>,
}

impl Timeline {
    /// Adds a sighting at its place, keeping at most `max`; returns whether one had to go.
    pub(crate) fn insert(&mut self, sighting: Sighting, max: usize) -> bool {
        // Nearly all come in order, and each step of a search waits for the memory.
        let is_newest = self.sightings.last().is_none_or(|last| last.key() < sighting.key());
        let at = if is_newest {
            self.sightings.len()
        } else {
            self.sightings.partition_point(|known| known.key() < sighting.key())
        };
        if self.sightings.get(at).is_some_and(|known| known.key() == sighting.key()) {
            return false;
        }
        self.sightings.insert(at, sighting);
        let is_full = self.sightings.len() > max;
        if is_full {
            self.sightings.remove(0);
        }
        is_full
    }

    pub(crate) fn sightings(&self) -> &[Sighting] {
        &self.sightings
    }

    pub(crate) fn last(&self) -> Option<Timestamp> {
        self.sightings.last().map(|sighting| sighting.time)
    }

    /// The stay that was under way before what is asked.
    pub(crate) fn before(&self, ask: &Ask<'_>) -> Result<Found, UnknownWhy> {
        let (stay, doubt) = self.stay(ask);
        match (stay, doubt) {
            (Some(stay), None) => Ok(stay),
            (_, doubt) => Err(doubt.unwrap_or(UnknownWhy::NeverSeen)),
        }
    }

    /// The last stay of which nobody doubts that it was before what is asked, and why nobody can
    /// say that it still was one.
    pub(crate) fn stay(&self, ask: &Ask<'_>) -> (Option<Found>, Option<UnknownWhy>) {
        let mut unsure: Vec<&Sighting> = Vec::new();
        let mut taken_back: Vec<(&Sighting, bool)> = Vec::new();
        let mut newest: Option<&Sighting> = None;
        let mut best: Option<&Sighting> = None;
        let mut is_torn = false;
        let mut stay: Option<Found> = None;
        for sighting in self.sightings.iter().rev() {
            match ask.order(sighting) {
                Order::After | Order::Same => continue,
                Order::Unsure => {
                    unsure.push(sighting);
                    continue;
                }
                Order::Before => {}
            }
            if sighting.effect == Effect::NotTaken {
                taken_back.push((sighting, false));
                continue;
            }
            if is_taken_back(sighting, &mut taken_back) {
                continue;
            }
            match (newest, best) {
                (Some(first), Some(so_far)) if sighting.is_level_with(first) => {
                    (best, is_torn) = stronger(so_far, sighting, is_torn);
                }
                (Some(_), Some(so_far)) => {
                    let mut found = stay.take().unwrap_or_else(|| open(so_far, newest));
                    let goes_on = sighting.effect == found.effect;
                    if goes_on {
                        found.since = sighting.time;
                        found.is_assumed = match sighting.evidence.cmp(&found.evidence) {
                            std::cmp::Ordering::Less => found.is_assumed,
                            std::cmp::Ordering::Equal => found.is_assumed && sighting.is_assumed,
                            std::cmp::Ordering::Greater => sighting.is_assumed,
                        };
                        found.evidence = found.evidence.max(sighting.evidence);
                    }
                    stay = Some(found);
                    if !goes_on {
                        break;
                    }
                }
                (None, _) | (_, None) => (newest, best) = (Some(sighting), Some(sighting)),
            }
        }
        let Some(best) = best else {
            let never = unsure.is_empty();
            let why = if never { UnknownWhy::NeverSeen } else { UnknownWhy::Ambiguous };
            return (None, Some(why));
        };
        if is_torn {
            return (None, Some(UnknownWhy::Ambiguous));
        }
        let is_unsure = unsure.iter().any(|one| one.effect != best.effect);
        let stay = stay.unwrap_or_else(|| open(best, newest));
        (Some(stay), is_unsure.then_some(UnknownWhy::Ambiguous))
    }
}

/// A stay as its strongest last sighting shows it.
fn open(best: &Sighting, newest: Option<&Sighting>) -> Found {
    Found {
        effect: best.effect.clone(),
        evidence: best.evidence,
        source: best.source.clone(),
        since: best.time,
        last: newest.map_or(best.time, |newest| newest.time.max(best.time)),
        record: best.record,
        shown: best.time,
        shown_by: best.evidence,
        door: best.door.clone(),
        is_assumed: best.is_assumed,
    }
}

/// Of two sightings without an order the stronger counts; two equally strong that differ tear.
fn stronger<'a>(a: &'a Sighting, b: &'a Sighting, is_torn: bool) -> (Option<&'a Sighting>, bool) {
    match a.evidence.cmp(&b.evidence) {
        std::cmp::Ordering::Greater => (Some(a), is_torn),
        std::cmp::Ordering::Less => (Some(b), false),
        std::cmp::Ordering::Equal => (Some(a), is_torn || a.effect != b.effect),
    }
}

/// Whether a later `not taken` at the same door undoes a grant; each undoes one.
fn is_taken_back(sighting: &Sighting, taken_back: &mut [(&Sighting, bool)]) -> bool {
    let is_grant = sighting.evidence == PresenceEvidence::Granted || sighting.is_assumed;
    if !is_grant || sighting.door.is_none() {
        return false;
    }
    let undoes = |(by, used): &&mut (&Sighting, bool)| {
        !*used && by.door == sighting.door && by.time.since(sighting.time) <= NOT_TAKEN_WITHIN
    };
    match taken_back.iter_mut().find(undoes) {
        Some((_, used)) => {
            *used = true;
            true
        }
        None => false,
    }
}
