//! One thing without another: what is decided only when the other can no longer come.
//!
//! Two clocks may both be wrong. Whatever could have come in time, given what their bounds allow,
//! counts as come: an order that cannot be stated never becomes a finding.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use model::{SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::Item;
use crate::limits::WINDOW_EVENTS_MAX;
use crate::rules::{Correlation, RuleIndex, When};

/// What waits for its counterpart in one group, and the counterparts seen of late.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Absence {
    waiting: VecDeque<Arc<Item>>,
    others: VecDeque<Other>,
    /// The widest clock bound of any counterpart so far.
    bound_max: Duration,
}

/// A counterpart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Other {
    time: Timestamp,
    bound: Duration,
    source: SourceId,
}

impl Absence {
    /// Takes the next event; whether one had to be pushed out.
    pub(super) fn take(&mut self, correlation: &Correlation, when: When, item: &Arc<Item>) -> bool {
        let span = correlation.timespan;
        if correlation.is_missing(item.rule) {
            let other = Other { time: item.time, bound: item.bound, source: item.source.clone() };
            self.waiting.retain(|waiting| !other.accompanies(waiting, when, span));
            self.bound_max = self.bound_max.max(item.bound);
            self.others.push_back(other);
        } else if !self.others.iter().any(|other| other.accompanies(item, when, span)) {
            self.waiting.push_back(Arc::clone(item));
        }
        self.forget(span, item.time);
        let is_evicting = self.waiting.len() > WINDOW_EVENTS_MAX;
        if is_evicting {
            self.waiting.pop_front();
        }
        is_evicting
    }

    /// Counterparts that none that may still come can have. Beyond the room for them the oldest
    /// go, and what waited for them is decided without: their time is remembered as wide.
    fn forget(&mut self, span: Duration, now: Timestamp) {
        let reach = span + self.bound_max + self.bound_max;
        while self.others.front().is_some_and(|other| now.since(other.time) > reach)
            || self.others.len() > WINDOW_EVENTS_MAX
        {
            self.others.pop_front();
        }
    }

    /// When what waits can be decided: nothing that comes later can have been its counterpart.
    fn due_of(&self, item: &Item, when: When, span: Duration) -> Timestamp {
        let after = match when {
            When::Before => Duration::ZERO,
            When::After | When::Around => span,
        };
        item.time.plus(after).plus(item.bound).plus(self.bound_max.max(item.bound))
    }

    /// When the next is due, or when the last counterpart is of no more use.
    pub(super) fn deadline(&self, when: When, span: Duration) -> Option<Timestamp> {
        let due = self.waiting.iter().map(|item| self.due_of(item, when, span)).min();
        let reach = span + self.bound_max + self.bound_max;
        due.or_else(|| Some(self.others.back()?.time.plus(reach)))
    }

    /// What is due by an instant: it had no counterpart.
    pub(super) fn due(&mut self, when: When, span: Duration, by: Timestamp) -> Vec<Arc<Item>> {
        let waiting = std::mem::take(&mut self.waiting);
        let (due, left): (Vec<Arc<Item>>, Vec<Arc<Item>>) =
            waiting.into_iter().partition(|item| self.due_of(item, when, span) <= by);
        self.waiting = left.into();
        if self.waiting.is_empty() && self.deadline(when, span).is_some_and(|end| end <= by) {
            self.others.clear();
        }
        due
    }

    /// Everything that waits.
    pub(super) fn drain(&mut self) -> Vec<Arc<Item>> {
        self.others.clear();
        std::mem::take(&mut self.waiting).into()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.others.is_empty()
    }

    pub(super) fn renumber(&mut self, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) {
        self.waiting.retain_mut(|item| Arc::make_mut(item).renumber(find));
    }
}

impl Other {
    /// Whether this may have been the counterpart of an event.
    fn accompanies(&self, item: &Item, when: When, span: Duration) -> bool {
        let is_one_clock = self.source == item.source;
        let room = if is_one_clock { Duration::ZERO } else { self.bound + item.bound };
        let near = span + room;
        let may_be_before = self.time <= item.time.plus(room) && item.time.since(self.time) <= near;
        let may_be_after = self.time.plus(room) >= item.time && self.time.since(item.time) <= near;
        match when {
            When::Before => may_be_before,
            When::After => may_be_after,
            When::Around => may_be_before || may_be_after,
        }
    }
}
