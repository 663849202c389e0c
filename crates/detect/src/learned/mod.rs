//! What is usual here, learned as time passes: how long ways take, and what groups are wont to do.
//!
//! Learned only in order of event time and from what the watermark has passed, so that it is a
//! function of the events alone: the same in every order of arrival, after a crash and in replay.

mod habits;
mod ways;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::rules::RuleIndex;
pub(crate) use habits::{Asked, Habits, Verdict};
pub(crate) use ways::{Basis, Lesson, Ways};

/// Everything learned.
#[derive(Default)]
pub(crate) struct Learned {
    pub ways: Ways,
    pub habits: Habits,
}

/// Its state in a snapshot.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Form {
    ways: ways::Form,
    habits: habits::Form,
}

impl Learned {
    /// Learns what happened before an instant that the watermark has passed.
    pub(crate) fn settle_before(&mut self, at: Timestamp) {
        self.ways.settle_before(at);
    }

    pub(crate) fn save(&self) -> Form {
        Form { ways: self.ways.save(), habits: self.habits.save() }
    }

    /// Takes a snapshot's state; habits of rules that have changed are gone.
    pub(crate) fn load(&mut self, form: Form, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) {
        self.ways = Ways::load(form.ways);
        self.habits = Habits::load(form.habits, find);
    }
}

/// How many go at once where there are too many: one in so many.
const SWEEP: usize = 16;

/// Which keys go, so that there is room again: those longest unseen, ties in order of keys.
fn sweep<K: Ord + Clone>(all: impl Iterator<Item = (Timestamp, K)>) -> Vec<K> {
    let mut all: Vec<(Timestamp, K)> = all.collect();
    all.sort_unstable();
    let count = all.len().div_ceil(SWEEP);
    all.truncate(count);
    all.into_iter().map(|(_, key)| key).collect()
}
