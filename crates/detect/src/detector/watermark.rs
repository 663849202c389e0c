//! Up to which event time every source has spoken.

use std::collections::HashMap;
use std::time::Duration;

use model::{Event, SourceId, Timestamp};

use crate::limits::SILENT_HOLD;
use crate::spine::Spine;
use serde::{Deserialize, Serialize};

/// Lateness of a source that nobody configured.
const LATENESS_DEFAULT: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Clock {
    /// Everything before this has arrived.
    mark: Timestamp,
    lateness: Duration,
    bound: Duration,
    is_silent: bool,
}

/// The watermark of each source that was ever heard, and the least of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watermarks {
    sources: HashMap<SourceId, Clock>,
    least: Option<SourceId>,
    bound_max: Duration,
    frontier: Option<Timestamp>,
    ticked: Option<Timestamp>,
}

impl Watermarks {
    /// Everything before this is final. INVARIANT: never falls.
    pub(super) fn frontier(&self) -> Timestamp {
        self.frontier.unwrap_or(Timestamp::from_nanos(i64::MIN))
    }

    /// An event moves its source on, but never past its receipt: a clock that runs ahead must not
    /// make the others late.
    pub(super) fn observe(&mut self, event: &Event, spine: &Spine) {
        if event.class_uid == 0 && event.mapping.as_str() == "castellan" {
            return;
        }
        let time = event.time.min(event.received_at.plus(event.clock_offset_max));
        let is_least = self.least.as_ref() == Some(&event.source);
        let is_new = !self.sources.contains_key(&event.source);
        if is_new {
            let known = spine.organisation().sources.get(&event.source);
            let lateness = known.map_or(LATENESS_DEFAULT, |source| source.lateness_max);
            let mark = time.minus(lateness);
            let bound = event.clock_offset_max;
            let clock = Clock { mark, lateness, bound, is_silent: false };
            self.sources.insert(event.source.clone(), clock);
        } else if let Some(clock) = self.sources.get_mut(&event.source) {
            clock.mark = clock.mark.max(time.minus(clock.lateness));
            clock.bound = clock.bound.max(event.clock_offset_max);
        }
        self.bound_max = self.bound_max.max(event.clock_offset_max);
        if is_new || is_least {
            self.settle();
        }
    }

    /// Time itself moves every source on: what has not come by then is late. A silent source is
    /// waited for longer.
    pub(super) fn tick(&mut self, at: Timestamp) {
        if self.ticked.is_some_and(|last| at <= last) {
            return;
        }
        self.ticked = Some(at);
        for clock in self.sources.values_mut() {
            let hold = if clock.is_silent { SILENT_HOLD } else { Duration::ZERO };
            let mark = at.minus(clock.lateness).minus(clock.bound).minus(hold);
            clock.mark = clock.mark.max(mark);
        }
        self.settle();
    }

    pub(super) fn silent(&mut self, source: &SourceId) {
        if let Some(clock) = self.sources.get_mut(source) {
            clock.is_silent = true;
        }
    }

    pub(super) fn heard(&mut self, source: &SourceId) {
        if let Some(clock) = self.sources.get_mut(source) {
            clock.is_silent = false;
        }
    }

    pub(super) fn finish(&mut self) {
        self.frontier = Some(Timestamp::from_nanos(i64::MAX));
    }

    fn settle(&mut self) {
        let least = self.sources.iter().min_by_key(|(id, clock)| (clock.mark, (*id).clone()));
        let Some((id, clock)) = least else { return };
        // Two clocks may both be wrong, each its own way.
        let mark = clock.mark.minus(self.bound_max).minus(self.bound_max);
        self.least = Some(id.clone());
        self.frontier = self.frontier.max(Some(mark));
    }
}
