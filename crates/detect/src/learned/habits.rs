//! What groups are wont to do: which values they have had, at what hours, how often.
//!
//! An event is judged by what was learned before it, then learned from. What had to be forgotten
//! for want of room is never taken for something that was not there.

mod hours;
mod rates;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Form, Histories, sweep};
use crate::correlate::Sample;
use crate::limits::{HABIT_VALUES_ALL_MAX, HABITS_MAX};
use crate::parts::Parts;
use crate::rules::{Baseline, RuleIndex, Unusual};
use crate::words;
use hours::Hours;
use rates::Rates;
use values::{Had, Values};

/// A correlation and the values of its group keys, joined.
pub(crate) type HabitId = (RuleIndex, Arc<str>);

/// One group's habit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Habit {
    first: Timestamp,
    last: Timestamp,
    peer: Option<String>,
    of: Of,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Of {
    Values(Values),
    Hours(Hours),
    Rates(Rates),
}

/// What an event is, held against the habit of its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As usual, or nothing can be said yet.
    Usual,
    /// Unusual, and why.
    Unusual(String),
    /// It would be, had not too much been forgotten.
    Undecided(String),
}

/// All habits.
#[derive(Default)]
pub(crate) struct Habits {
    all: Parts<HabitId, Habit>,
    /// Groups by rule and what makes them peers.
    peers: BTreeMap<(RuleIndex, String), BTreeSet<Arc<str>>>,
    /// Values remembered, over all groups.
    values: usize,
    evicted: u64,
    /// Which rules await what was before them.
    pub(super) histories: Histories,
}

/// What is asked of a habit.
pub(crate) struct Asked<'a> {
    pub baseline: &'a Baseline,
    pub timespan: Duration,
    pub time: Timestamp,
    pub sample: &'a Sample,
}

impl Habits {
    /// Judges an event of a group, and learns from it. Events come in order of time.
    pub(crate) fn take(&mut self, id: &HabitId, asked: &Asked<'_>) -> Verdict {
        self.make_room(id);
        let fresh = || Habit {
            first: asked.time,
            last: asked.time,
            peer: None,
            of: match &asked.baseline.unusual {
                Unusual::First { .. } => Of::Values(Values::default()),
                Unusual::Hour { .. } => Of::Hours(Hours::default()),
                Unusual::Rate { .. } => Of::Rates(Rates::default()),
            },
        };
        if !self.all.contains_key(id) {
            self.all.insert(id.clone(), fresh());
        }
        let Some(habit) = self.all.get_mut(id) else { return Verdict::Usual };
        let before = habit.values();
        let found = habit.judge(asked);
        self.values = (self.values + habit.values()).saturating_sub(before);
        habit.last = habit.last.max(asked.time);
        self.befriend(id, asked.sample.peer.as_deref());
        // Without what was before it nothing is unusual, and nothing is usual either.
        if self.awaits(id.0) && !asked.sample.is_mute {
            return Verdict::Undecided("its history has not been read to the end".to_owned());
        }
        let Verdict::Unusual(why) = found else { return found };
        if asked.sample.is_mute {
            return Verdict::Usual;
        }
        match self.peers_of(id, asked) {
            None => Verdict::Unusual(why),
            Some((had, all, _)) if is_common(had, all, asked.baseline) => Verdict::Usual,
            Some((had, all, peer)) => {
                Verdict::Unusual(format!("{why}; peers: {had} of {all} ({peer})"))
            }
        }
    }

    /// Whether what a rule is to learn from history has not come yet.
    pub(crate) fn awaits(&self, rule: RuleIndex) -> bool {
        self.histories.awaits(rule)
    }

    /// Which rules await their history, and up to which record.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = (RuleIndex, u64)> {
        self.histories.awaited()
    }

    /// Lets those of the learners that are new wait for their history; what they had learned of it
    /// when they were last on comes with it.
    pub(crate) fn expect(&mut self, learners: &BTreeSet<RuleIndex>, up_to: u64) {
        for rule in self.histories.expect(learners, up_to) {
            let of_rule = self.all.keys().filter(|id| id.0 == rule);
            for id in of_rule.cloned().collect::<Vec<_>>() {
                self.befriend(&id, None);
                let habit = self.all.remove(&id);
                self.values -= habit.map_or(0, |habit| habit.values()).min(self.values);
            }
        }
    }

    /// A rule has its history, or must do without.
    pub(crate) fn settle(&mut self, rule: RuleIndex) -> bool {
        self.histories.settle(rule)
    }

    fn make_room(&mut self, id: &HabitId) {
        let has_room = self.all.contains_key(id) || self.all.len() < HABITS_MAX;
        if has_room && self.values < HABIT_VALUES_ALL_MAX {
            return;
        }
        let gone = sweep(self.all.iter().map(|(id, habit)| (habit.last, id.clone())));
        self.evicted += gone.len() as u64;
        for id in gone {
            self.befriend(&id, None);
            let habit = self.all.remove(&id);
            self.values -= habit.map_or(0, |habit| habit.values()).min(self.values);
        }
    }

    /// Notes who a group's peers are by now.
    fn befriend(&mut self, id: &HabitId, peer: Option<&str>) {
        let Some(habit) = self.all.get_mut(id) else { return };
        if habit.peer.as_deref() == peer {
            return;
        }
        if let Some(old) = habit.peer.take() {
            let key = (id.0, old);
            if let Some(others) = self.peers.get_mut(&key) {
                others.remove(&id.1);
                if others.is_empty() {
                    self.peers.remove(&key);
                }
            }
        }
        habit.peer = peer.map(str::to_owned);
        if let Some(peer) = peer {
            self.peers.entry((id.0, peer.to_owned())).or_default().insert(Arc::clone(&id.1));
        }
    }

    /// How many of a group's peers are wont to what it did, of how many that are known.
    fn peers_of<'a>(&self, id: &HabitId, asked: &Asked<'a>) -> Option<(usize, usize, &'a str)> {
        asked.baseline.peers.as_ref()?;
        let peer = asked.sample.peer.as_deref()?;
        let others = self.peers.get(&(id.0, peer.to_owned()))?;
        let others = others.iter().filter(|key| **key != id.1);
        let known: Vec<&Habit> =
            others.filter_map(|key| self.all.get(&(id.0, Arc::clone(key)))).collect();
        let had = known.iter().filter(|habit| habit.has(asked)).count();
        Some((had, known.len(), peer))
    }

    /// Takes in the habits of a history; `find` gives a rule's place here.
    pub(super) fn join(&mut self, other: &Self, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) {
        let mut all: Vec<(&HabitId, &Habit)> = other.all.iter().collect();
        all.sort_unstable_by(|a, b| a.0.cmp(b.0));
        for ((rule, key), habit) in all {
            let Some(rule) = find(*rule) else { continue };
            let id: HabitId = (rule, Arc::clone(key));
            self.make_room(&id);
            let peer = match self.all.get_mut(&id) {
                Some(known) => {
                    let is_newer = habit.last > known.last;
                    let peer = if is_newer { habit.peer.clone() } else { known.peer.clone() };
                    self.values -= known.values().min(self.values);
                    known.join(habit);
                    self.values += known.values();
                    peer
                }
                None => {
                    self.all.insert(id.clone(), Habit { peer: None, ..habit.clone() });
                    self.values += habit.values();
                    habit.peer.clone()
                }
            };
            self.befriend(&id, peer.as_deref());
        }
    }

    /// Groups whose habits are kept, and how much had to be forgotten.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.all.len() as u64, self.evicted)
    }

    pub(super) fn save(&self, form: &mut Form) {
        form.habits = self.all.clone();
        form.histories = self.histories.clone();
        form.evicted_habits = self.evicted;
    }

    pub(super) fn load(
        (all, histories): (Parts<HabitId, Habit>, Histories),
        evicted: u64,
        find: &dyn Fn(RuleIndex) -> Option<RuleIndex>,
    ) -> Self {
        let histories = histories.renumber(find);
        let mut loaded = Self { evicted, histories, ..Self::default() };
        for ((rule, key), mut habit) in all {
            let Some(rule) = find(rule) else { continue };
            let id: HabitId = (rule, key);
            let peer = habit.peer.take();
            loaded.values += habit.values();
            loaded.all.insert(id.clone(), habit);
            loaded.befriend(&id, peer.as_deref());
        }
        loaded
    }
}

/// Whether so many of the peers do it that it is nothing.
fn is_common(had: usize, all: usize, baseline: &Baseline) -> bool {
    all > 0 && had as f64 > baseline.peers_at_most * all as f64
}

impl Habit {
    fn judge(&mut self, asked: &Asked<'_>) -> Verdict {
        let is_known = asked.time.since(self.first) >= asked.baseline.learn;
        let span = asked.timespan;
        match (&mut self.of, &asked.baseline.unusual) {
            (Of::Values(values), Unusual::First { .. }) => {
                let Some(value) = &asked.sample.value else { return Verdict::Usual };
                let had = values.take(value, asked.time, span);
                match had.filter(|_| is_known) {
                    None | Some(Had::Lately) => Verdict::Usual,
                    Some(Had::Not) => {
                        let value = words::value(value);
                        Verdict::Unusual(format!("first `{value}` in {}", words::span(span)))
                    }
                    Some(Had::Forgotten) => Verdict::Undecided(
                        "more values than are remembered: it may not be the first".to_owned(),
                    ),
                }
            }
            (Of::Hours(hours), Unusual::Hour { rare }) => {
                let Some(hour) = asked.sample.hour else { return Verdict::Usual };
                let seen = hours.take(hour, asked.time, (self.first, span));
                match seen.filter(|seen| is_known && seen.is_rare(*rare)) {
                    Some(seen) => Verdict::Unusual(seen.in_words(hour)),
                    None => Verdict::Usual,
                }
            }
            (Of::Rates(rates), Unusual::Rate { factor, least }) => {
                let found = rates.take(asked.time, span, (*factor, *least));
                match found.filter(|_| is_known) {
                    Some(usual) => Verdict::Unusual(format!(
                        "{} in {}, usually at most {}",
                        usual.count,
                        words::span(span),
                        usual.at_most
                    )),
                    None => Verdict::Usual,
                }
            }
            // A rule's habits are dropped when the rule changes.
            (Of::Values(_) | Of::Hours(_) | Of::Rates(_), _) => Verdict::Usual,
        }
    }

    /// How many values it remembers.
    fn values(&self) -> usize {
        match &self.of {
            Of::Values(values) => values.len(),
            Of::Hours(_) | Of::Rates(_) => 0,
        }
    }

    fn join(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        match (&mut self.of, &other.of) {
            (Of::Values(own), Of::Values(other)) => own.join(other),
            (Of::Hours(own), Of::Hours(other)) => own.join(other),
            (Of::Rates(own), Of::Rates(other)) => own.join(other),
            // One version of one rule has one kind of habit.
            (Of::Values(_) | Of::Hours(_) | Of::Rates(_), _) => {}
        }
    }

    /// Whether this group is wont to what another one did.
    fn has(&self, asked: &Asked<'_>) -> bool {
        match &self.of {
            Of::Values(values) => {
                let value = asked.sample.value.as_deref();
                value.is_some_and(|value| values.has(value, asked.time, asked.timespan))
            }
            Of::Hours(hours) => asked.sample.hour.is_some_and(|hour| {
                let seen = hours.before(hour, asked.time, (self.first, asked.timespan));
                let rare = match &asked.baseline.unusual {
                    Unusual::Hour { rare } => *rare,
                    Unusual::First { .. } | Unusual::Rate { .. } => 0.0,
                };
                !seen.is_rare(rare)
            }),
            Of::Rates(rates) => match &asked.baseline.unusual {
                Unusual::Rate { least, .. } => rates.has_been(*least),
                Unusual::First { .. } | Unusual::Hour { .. } => false,
            },
        }
    }
}
