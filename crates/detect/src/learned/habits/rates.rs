//! How much a group does in one window, and what it is wont to do.

use std::collections::VecDeque;
use std::time::Duration;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits::{RATE_WINDOWS_LEAST, RATE_WINDOWS_MAX};

/// Counts of the windows in which something happened, oldest first, and of the one under way.
/// Windows are aligned: they begin at whole multiples of their length.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rates {
    window: i64,
    count: u64,
    is_said: bool,
    before: VecDeque<u64>,
}

/// What is usual, where a window goes beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usual {
    pub count: u64,
    pub at_most: u64,
}

/// Of so many windows one may be beyond what is called usual.
const ONE_IN: usize = 20;

impl Rates {
    /// Counts an event; once per window, what is usual where the window is now beyond it.
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        span: Duration,
        (factor, least): (f64, u64),
    ) -> Option<Usual> {
        let length = i64::try_from(span.as_nanos()).unwrap_or(i64::MAX).max(1);
        let window = now.nanos().div_euclid(length);
        if window > self.window || self.count == 0 {
            if self.count > 0 {
                self.before.push_back(self.count);
            }
            if self.before.len() > RATE_WINDOWS_MAX {
                self.before.pop_front();
            }
            (self.window, self.count, self.is_said) = (window, 0, false);
        }
        self.count += 1;
        let at_most = self.usual()?;
        let is_beyond = self.count >= least && self.count as f64 > factor * at_most as f64;
        if !is_beyond || self.is_said {
            return None;
        }
        self.is_said = true;
        Some(Usual { count: self.count, at_most })
    }

    /// What all but one in twenty windows stay within.
    fn usual(&self) -> Option<u64> {
        if self.before.len() < RATE_WINDOWS_LEAST {
            return None;
        }
        let mut sorted: Vec<u64> = self.before.iter().copied().collect();
        sorted.sort_unstable();
        let beyond = sorted.len() / ONE_IN;
        sorted.get(sorted.len() - 1 - beyond).copied()
    }

    /// Whether a window has ever held so many.
    pub(super) fn has_been(&self, least: u64) -> bool {
        self.before.iter().any(|count| *count >= least)
    }
}
