//! Which values a group has had, and when it last had each.

use std::collections::BTreeMap;
use std::time::Duration;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits::HABIT_VALUES_MAX;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Values {
    last: BTreeMap<String, Timestamp>,
    /// A value that is not there may have been had up to then.
    forgotten: Option<Timestamp>,
}

/// Whether a group had a value within a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Had {
    Lately,
    Not,
    /// It is not remembered, but may have been.
    Forgotten,
}

impl Values {
    /// Whether a value was had within the time before now; now it is.
    pub(super) fn take(&mut self, value: &str, now: Timestamp, span: Duration) -> Option<Had> {
        let had = match self.last.get_mut(value) {
            Some(last) => {
                let is_late = now.since(*last) <= span;
                *last = now.max(*last);
                if is_late { Had::Lately } else { Had::Not }
            }
            None => {
                self.last.insert(value.to_owned(), now);
                self.forget(now, span);
                match self.forgotten {
                    Some(until) if now.since(until) <= span => Had::Forgotten,
                    Some(_) | None => Had::Not,
                }
            }
        };
        Some(had)
    }

    pub(super) fn len(&self) -> usize {
        self.last.len()
    }

    pub(super) fn has(&self, value: &str, now: Timestamp, span: Duration) -> bool {
        self.last.get(value).is_some_and(|last| now.since(*last) <= span)
    }

    /// Takes in what was had elsewhere, too.
    pub(super) fn join(&mut self, other: &Self) {
        for (value, last) in &other.last {
            let known = self.last.entry(value.clone()).or_insert(*last);
            *known = (*known).max(*last);
        }
        self.forgotten = self.forgotten.max(other.forgotten);
        self.drop_oldest();
    }

    /// Makes room: first what is older than anybody asks for, then the oldest.
    fn forget(&mut self, now: Timestamp, span: Duration) {
        if self.last.len() <= HABIT_VALUES_MAX {
            return;
        }
        self.last.retain(|_, last| now.since(*last) <= span);
        self.drop_oldest();
    }

    fn drop_oldest(&mut self) {
        while self.last.len() > HABIT_VALUES_MAX {
            let oldest = self.last.iter().min_by_key(|(value, last)| (**last, (*value).clone()));
            let Some((value, last)) = oldest.map(|(value, last)| (value.clone(), *last)) else {
                return;
            };
            self.forgotten = self.forgotten.max(Some(last));
            self.last.remove(&value);
        }
    }
}
