//! How far each source's clock is off, as far as that shows.
//!
//! What a source says came first is never after its receipt, so the least time between the two
//! bounds its clock on one side. Where two sources tell of the same fact, the middle of their
//! differences says how far the two are apart. What is found widens a source's bound; it never
//! narrows one.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use model::{Event, PersonId, PlaceId, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::Lesson;
use crate::limits::{
    CLOCK_DIFFERENCES_LEAST, CLOCK_DIFFERENCES_MAX, CLOCK_FACT_WITHIN, CLOCK_FACTS_MAX,
    CLOCK_HOURS_MAX, CLOCK_PAIRS_MAX, CLOCK_SOURCES_MAX, CLOCK_WIDEN_MAX,
};

const HOUR_NANOS: i64 = 3_600 * 1_000_000_000;

/// What is known of a source's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockReport {
    /// Whose.
    pub source: SourceId,
    /// The least time from what an event claims to its receipt over the last hours, in
    /// milliseconds. Below zero the clock is ahead by at least as much.
    pub lag_least_ms: i64,
    /// From how many events.
    pub events: u64,
    /// The source that it shares most facts with, and by how many milliseconds it is after that
    /// one in the middle; `None` while they share too few.
    pub against: Option<(SourceId, i64)>,
    /// By how much its bound is widened, in milliseconds.
    pub widened_ms: u64,
}

/// Least lag and number of events by hour of receipt.
type Hours = BTreeMap<i64, (i64, u64)>;

/// A fact as one source told of it last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fact {
    time: Timestamp,
    source: SourceId,
    bound: Duration,
}

/// By how many milliseconds the second of two sources is after the first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Differences {
    newest: VecDeque<i64>,
    total: u64,
    bounds: (Duration, Duration),
}

/// All that is known of clocks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clocks {
    lags: BTreeMap<SourceId, Hours>,
    facts: BTreeMap<(PersonId, PlaceId), Fact>,
    order: VecDeque<(Timestamp, PersonId, PlaceId)>,
    pairs: BTreeMap<(SourceId, SourceId), Differences>,
    widened: BTreeMap<SourceId, Duration>,
    unmeasured: u64,
}

/// By how much an event's own claim is proven wrong: nothing happens after it was heard of.
pub(crate) fn ahead(event: &Event) -> Duration {
    event.time.since(event.received_at).min(CLOCK_WIDEN_MAX)
}

impl Differences {
    fn middle(&self) -> Option<i64> {
        if self.newest.len() < CLOCK_DIFFERENCES_LEAST {
            return None;
        }
        let mut sorted: Vec<i64> = self.newest.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    /// By how much the two are further apart than both bounds allow, and whether it is to be laid
    /// to the first, to the second: to whom the wider bound is given, or to both.
    fn excess(&self) -> (Duration, [bool; 2]) {
        let (first, second) = self.bounds;
        let apart = Duration::from_millis(self.middle().unwrap_or(0).unsigned_abs());
        let beyond = apart.saturating_sub(first + second).min(CLOCK_WIDEN_MAX);
        (beyond, [first >= second, second >= first])
    }
}

impl Clocks {
    /// Measures the way from claim to receipt. The least of an hour is the same in every order.
    pub(crate) fn hear(&mut self, event: &Event) {
        let lag = event.received_at.nanos().saturating_sub(event.time.nanos()) / 1_000_000;
        if !self.lags.contains_key(&event.source) && self.lags.len() >= CLOCK_SOURCES_MAX {
            self.unmeasured += 1;
            return;
        }
        let hours = match self.lags.get_mut(&event.source) {
            Some(hours) => hours,
            None => self.lags.entry(event.source.clone()).or_default(),
        };
        let hour = event.received_at.nanos().div_euclid(HOUR_NANOS);
        let (least, count) = hours.entry(hour).or_insert((lag, 0));
        *least = lag.min(*least);
        *count += 1;
        if hours.len() > CLOCK_HOURS_MAX {
            hours.pop_first();
        }
    }

    /// Takes a fact that the watermark has passed; facts come in order of time.
    pub(super) fn learn(&mut self, lesson: &Lesson) {
        while let Some((time, ..)) = self.order.front()
            && (lesson.time.since(*time) > CLOCK_FACT_WITHIN || self.order.len() >= CLOCK_FACTS_MAX)
        {
            if let Some((time, person, place)) = self.order.pop_front() {
                let key = (person, place);
                if self.facts.get(&key).is_some_and(|fact| fact.time == time) {
                    self.facts.remove(&key);
                }
            }
        }
        let key = (lesson.person.clone(), lesson.place.clone());
        let (time, bound) = (lesson.time, lesson.bound);
        self.order.push_back((time, key.0.clone(), key.1.clone()));
        let fact = Fact { time, source: lesson.source.clone(), bound };
        let Some(other) = self.facts.insert(key, fact) else { return };
        if other.source != lesson.source {
            self.compare(&other, lesson);
        }
    }

    fn compare(&mut self, other: &Fact, lesson: &Lesson) {
        let after = lesson.time.since(other.time).as_millis();
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let is_first = other.source < lesson.source;
        let (first, second) = match is_first {
            true => (other.source.clone(), lesson.source.clone()),
            false => (lesson.source.clone(), other.source.clone()),
        };
        let pair = (first, second);
        if !self.pairs.contains_key(&pair) && self.pairs.len() >= CLOCK_PAIRS_MAX {
            self.unmeasured += 1;
            return;
        }
        let known = self.pairs.entry(pair.clone()).or_default();
        known.newest.push_back(if is_first { after } else { -after });
        if known.newest.len() > CLOCK_DIFFERENCES_MAX {
            known.newest.pop_front();
        }
        known.total += 1;
        known.bounds = match is_first {
            true => (other.bound, lesson.bound),
            false => (lesson.bound, other.bound),
        };
        self.widen(&pair.0);
        self.widen(&pair.1);
    }

    /// Works out anew by how much a source's bound is widened.
    fn widen(&mut self, source: &SourceId) {
        let excess = self.pairs.iter().filter_map(|((first, second), known)| {
            let (excess, [on_first, on_second]) = known.excess();
            let is_laid = (first == source && on_first) || (second == source && on_second);
            is_laid.then_some(excess)
        });
        match excess.max().filter(|excess| !excess.is_zero()) {
            Some(excess) => drop(self.widened.insert(source.clone(), excess)),
            None => drop(self.widened.remove(source)),
        }
    }

    /// By how much a source is further off than its bound says.
    pub(crate) fn widened(&self, source: &SourceId) -> Duration {
        self.widened.get(source).copied().unwrap_or_default()
    }

    /// What is known of every source that was heard, in order of their ids.
    pub(crate) fn reports(&self) -> Vec<ClockReport> {
        let report = |(source, hours): (&SourceId, &Hours)| ClockReport {
            source: source.clone(),
            lag_least_ms: hours.values().map(|(least, _)| *least).min().unwrap_or(0),
            events: hours.values().map(|(_, count)| count).sum(),
            against: self.against(source),
            widened_ms: u64::try_from(self.widened(source).as_millis()).unwrap_or(u64::MAX),
        };
        self.lags.iter().map(report).collect()
    }

    fn against(&self, source: &SourceId) -> Option<(SourceId, i64)> {
        let own = self.pairs.iter().filter_map(|((first, second), known)| {
            let middle = known.middle()?;
            match (first == source, second == source) {
                (true, _) => Some((known.total, second, -middle)),
                (_, true) => Some((known.total, first, middle)),
                (false, false) => None,
            }
        });
        own.max().map(|(_, other, after)| (other.clone(), after))
    }

    /// Events and facts that were not measured for want of room.
    pub(crate) fn unmeasured(&self) -> u64 {
        self.unmeasured
    }
}
