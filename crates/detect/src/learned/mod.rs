//! What is usual here, learned as time passes: how long ways take, and what groups are wont to do.
//!
//! Learned only in order of event time and from what the watermark has passed, so that it is a
//! function of the events alone: the same in every order of arrival, after a crash and in replay.

mod clocks;
mod habits;
mod histories;
mod ways;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{PersonId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::parts::Parts;
use crate::rules::RuleIndex;
pub use clocks::ClockReport;
pub(crate) use clocks::{Clocks, ahead};
pub(crate) use habits::{Asked, Habit, HabitId, Habits, Verdict};
pub(crate) use histories::Histories;
pub(crate) use ways::{Basis, Ends, Lesson, LessonKey, Way, Ways};

/// Everything learned.
#[derive(Default)]
pub(crate) struct Learned {
    pub ways: Ways,
    pub habits: Habits,
    pub clocks: Clocks,
}

/// Its state in a snapshot: shared with it, not copied.
#[derive(Clone, Default)]
pub(crate) struct Form {
    pub lessons: BTreeMap<LessonKey, Arc<Lesson>>,
    pub travellers: Parts<PersonId, Lesson>,
    pub ways: Parts<Ends, Way>,
    pub habits: Parts<HabitId, Habit>,
    pub clocks: Clocks,
    pub histories: Histories,
    evicted_ways: u64,
    evicted_habits: u64,
}

/// How much of each there is in a snapshot, and what had to be forgotten.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub lessons: u64,
    pub travellers: u64,
    pub ways: u64,
    pub habits: u64,
    evicted_ways: u64,
    evicted_habits: u64,
}

impl Form {
    /// One that is yet to be filled.
    pub(crate) fn of(counts: &Counts) -> Self {
        let Counts { evicted_ways, evicted_habits, .. } = *counts;
        Self { evicted_ways, evicted_habits, ..Self::default() }
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            lessons: self.lessons.len() as u64,
            travellers: self.travellers.len() as u64,
            ways: self.ways.len() as u64,
            habits: self.habits.len() as u64,
            evicted_ways: self.evicted_ways,
            evicted_habits: self.evicted_habits,
        }
    }

    pub(crate) fn take_lesson(&mut self, lesson: Lesson) {
        self.lessons.insert(lesson.key(), Arc::new(lesson));
    }
}

impl Learned {
    /// Learns what happened before an instant that the watermark has passed.
    pub(crate) fn settle_before(&mut self, at: Timestamp) {
        while let Some(lesson) = self.ways.next_before(at) {
            self.clocks.learn(&lesson);
            self.ways.learn(lesson, &self.clocks);
        }
    }

    /// Takes in what a history has taught another: of habits those that are not known already, and
    /// ways where nobody said of any rule whose history is still to come.
    pub(crate) fn join(&mut self, taught: &Self, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) {
        let known = self.habits.histories.clone();
        if known.is_empty() {
            self.ways.join(&taught.ways);
        }
        self.habits.join(&taught.habits, &|old| find(old).filter(|rule| !known.knows(*rule)));
    }

    pub(crate) fn save(&self) -> Form {
        let mut form = Form::default();
        self.ways.save(&mut form);
        self.habits.save(&mut form);
        form.clocks.clone_from(&self.clocks);
        form
    }

    /// Takes a snapshot's state; habits of rules that have changed are gone.
    pub(crate) fn load(&mut self, form: Form, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) {
        let Form { lessons, travellers, ways, habits, clocks, histories, .. } = form;
        self.clocks = clocks;
        self.ways = Ways::load(lessons, travellers, ways, form.evicted_ways);
        self.habits = Habits::load((habits, histories), form.evicted_habits, find);
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
