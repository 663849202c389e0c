//! Independent witnesses of one fact that disagree: a word that is missing, or counts that differ.
//!
//! One source, and one device, is one witness. What two clocks cannot state never makes a
//! difference: what may have been in time counts as having been.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::{SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Episode, Item};
use crate::correlate::own::{Account, Own};
use crate::limits::WINDOW_EVENTS_MAX;
use crate::rules::{Conflict, Correlation, RuleIndex};
use crate::words;

/// What the two sides have said of late in one group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Dispute {
    accounts: VecDeque<Arc<Item>>,
    /// The widest clock bound so far.
    bound_max: Duration,
    /// Where the window of counts begins that is under way.
    opened: Option<Timestamp>,
    /// Accounts up to then had to go for want of room.
    forgotten: Option<Timestamp>,
}

/// What is due: a dispute, and of which time; or that it cannot be decided.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Due {
    pub episode: Option<(Episode, Arc<Item>)>,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Somebody whose site says who should have been heard.
    pub near: SourceId,
}

fn account(item: &Item) -> Option<&Account> {
    match item.own.as_deref() {
        Some(Own::Account(account)) => Some(account),
        Some(Own::Sighting(_) | Own::Sample(_)) | None => None,
    }
}

impl Dispute {
    /// Takes the next account; whether one had to be pushed out.
    pub(super) fn take(&mut self, correlation: &Correlation, item: &Arc<Item>) -> bool {
        self.bound_max = self.bound_max.max(item.bound);
        self.opened.get_or_insert(item.time);
        self.accounts.push_back(Arc::clone(item));
        self.forget(correlation, item.time);
        let is_evicting = self.accounts.len() > WINDOW_EVENTS_MAX;
        if is_evicting {
            let gone = self.accounts.pop_front();
            self.forgotten = self.forgotten.max(gone.map(|item| item.time));
        }
        is_evicting
    }

    /// How long after the time of an account its like may still be compared with it.
    fn reach(&self, correlation: &Correlation) -> Duration {
        correlation.timespan * 2 + self.bound_max * 2
    }

    /// Others' words that nobody asks for any more, unless a window is under way.
    fn forget(&mut self, correlation: &Correlation, now: Timestamp) {
        let reach = self.reach(correlation) * 2;
        while self.accounts.front().is_some_and(|old| now.since(old.time) > reach) {
            self.accounts.pop_front();
        }
    }

    /// When the next thing can be decided.
    pub(super) fn deadline(
        &self,
        correlation: &Correlation,
        conflict: &Conflict,
    ) -> Option<Timestamp> {
        match conflict.differ_by {
            Some(_) => {
                let opened = self.opened?;
                Some(opened.plus(correlation.timespan).plus(self.bound_max * 2))
            }
            None => {
                let witness = self.accounts.iter().find(|item| !correlation.is_missing(item.rule));
                let last = || self.accounts.back();
                Some(witness.or_else(last)?.time.plus(self.reach(correlation)))
            }
        }
    }

    /// What can be decided by an instant; `None` decides all at once.
    pub(super) fn due(
        &mut self,
        correlation: &Correlation,
        conflict: &Conflict,
        by: Option<Timestamp>,
    ) -> Vec<Due> {
        let mut due = Vec::new();
        while let Some(deadline) = self.deadline(correlation, conflict)
            && by.is_none_or(|by| deadline <= by)
        {
            due.extend(match conflict.differ_by {
                Some(least) => self.counted(correlation, (conflict, least)),
                None => self.missing(correlation, conflict),
            });
        }
        due
    }

    /// The oldest witness and those that agree with it, where nobody else has told of it.
    fn missing(&mut self, correlation: &Correlation, conflict: &Conflict) -> Option<Due> {
        let is_other = |item: &Item| correlation.is_missing(item.rule);
        let Some(first) = self.accounts.iter().find(|item| !is_other(item)).cloned() else {
            // Nothing but others' words is left, and nobody will ask for them.
            self.accounts.clear();
            return None;
        };
        let span = correlation.timespan;
        let in_time = |item: &&Arc<Item>| !is_other(item) && item.time.since(first.time) <= span;
        let together: Vec<Arc<Item>> = self.accounts.iter().filter(in_time).cloned().collect();
        let told = |witness: &Arc<Item>| {
            let mut others = self.accounts.iter().filter(|item| is_other(item));
            others.any(|other| {
                let apart = other.time.since(witness.time).max(witness.time.since(other.time));
                apart <= span + room(other, witness)
            })
        };
        let is_told = together.iter().any(told);
        let untold: Vec<&Item> = if is_told { Vec::new() } else { independent(&together) };
        let to = together.last().map_or(first.time, |last| last.time);
        let from = first.time.minus(span);
        let is_whole = self.is_whole_since(from);
        let episode = (untold.len() >= conflict.least).then(|| {
            let all: Vec<&Item> = together.iter().map(|item| &**item).collect();
            let mut episode = Episode::of(&all)?;
            let names: Vec<String> =
                untold.iter().map(|item| format!("`{}`", item.source)).collect();
            let span = words::span(span);
            let seen = format!("seen by {}", names.join(" and "));
            episode.why = Some(format!("{seen}; nobody told of it within {span} of that"));
            Some((episode, Arc::clone(together.last()?)))
        });
        let has_fired = episode.is_some();
        // What fired is told; else the oldest alone goes, for the next may agree with others.
        let gone = |item: &Item| has_fired && item.time <= to || item.key() <= first.key();
        self.accounts.retain(|item| is_other(item) || !gone(item));
        let near = first.source.clone();
        let episode = episode.flatten();
        episode.map(|found| Due {
            episode: is_whole.then_some(found),
            from,
            to: to.plus(span),
            near,
        })
    }

    /// Whether nothing said since an instant had to go.
    fn is_whole_since(&self, from: Timestamp) -> bool {
        self.forgotten.is_none_or(|until| until < from.minus(self.bound_max * 2))
    }

    /// The counts of both sides in the window that ends now.
    fn counted(
        &mut self,
        correlation: &Correlation,
        (conflict, least): (&Conflict, u64),
    ) -> Option<Due> {
        let from = self.opened?;
        let to = from.plus(correlation.timespan);
        let inside: Vec<Arc<Item>> =
            self.accounts.iter().filter(|i| i.time >= from && i.time <= to).cloned().collect();
        let due = inside.first().and_then(|opener| {
            let counts = self.sides(correlation, (from, to), opener);
            let found = counts.differ(conflict.least, least)?;
            let all: Vec<&Item> = inside.iter().map(|item| &**item).collect();
            let mut episode = Episode::of(&all)?;
            episode.fired = to;
            episode.why = Some(format!("{found} in {}", words::span(correlation.timespan)));
            let last = Arc::clone(inside.last()?);
            let episode = self.is_whole_since(from).then_some((episode, last));
            Some(Due { episode, from, to, near: opener.source.clone() })
        });
        self.opened = self.accounts.iter().map(|item| item.time).find(|time| *time > to);
        match self.opened {
            // A little of what was before may belong to what comes.
            Some(opened) => {
                let reach = self.bound_max * 2;
                self.accounts.retain(|item| opened.since(item.time) <= reach);
            }
            None => self.accounts.clear(),
        }
        due
    }

    /// What each witnessing source, and the other side, have counted at least and at most.
    fn sides(
        &self,
        correlation: &Correlation,
        (from, to): (Timestamp, Timestamp),
        opener: &Item,
    ) -> Counts {
        let mut counts = Counts::default();
        for item in &self.accounts {
            let Some(own) = account(item) else { continue };
            let room = room(item, opener);
            let is_sure = item.time >= from.plus(room) && item.time.plus(room) <= to;
            let may_be = item.time.plus(room) >= from && item.time <= to.plus(room);
            let side = if correlation.is_missing(item.rule) {
                &mut counts.others
            } else {
                counts.witnesses.entry(item.source.clone()).or_default()
            };
            side.0 += if is_sure { own.count } else { 0 };
            side.1 += if may_be { own.count } else { 0 };
        }
        counts
    }

    /// Everything that waits is dropped undecided.
    pub(super) fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    pub(super) fn renumber(&mut self, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) {
        self.accounts.retain_mut(|item| Arc::make_mut(item).renumber(find));
    }
}

/// At least and at most so many, by side.
#[derive(Default)]
struct Counts {
    witnesses: BTreeMap<SourceId, (u64, u64)>,
    others: (u64, u64),
}

impl Counts {
    /// In words, if so many witnesses have surely counted so many more, or so many fewer.
    fn differ(&self, witnesses: usize, least: u64) -> Option<String> {
        let (others_least, others_most) = self.others;
        let more = |(low, _): (u64, u64)| low.saturating_sub(others_most) >= least;
        let fewer = |(_, high): (u64, u64)| others_least.saturating_sub(high) >= least;
        let of = |differs: &dyn Fn((u64, u64)) -> bool| -> Vec<String> {
            let side = self.witnesses.iter().filter(|(_, counted)| differs(**counted));
            side.map(|(source, (low, high))| format!("{} by `{source}`", range(*low, *high)))
                .collect()
        };
        if self.witnesses.is_empty() && witnesses <= 1 && others_least >= least {
            return Some(format!("0 against {}", range(others_least, others_most)));
        }
        let found = [of(&more), of(&fewer)];
        let found = found.into_iter().find(|found| found.len() >= witnesses.max(1))?;
        Some(format!("{} against {}", found.join(", "), range(others_least, others_most)))
    }
}

fn range(low: u64, high: u64) -> String {
    if low == high { low.to_string() } else { format!("{low} to {high}") }
}

/// How much two clocks may be apart; one clock agrees with itself.
fn room(a: &Item, b: &Item) -> Duration {
    if a.source == b.source { Duration::ZERO } else { a.bound + b.bound }
}

/// Witnesses of whom no two share a source or a device: the oldest of each.
fn independent(items: &[Arc<Item>]) -> Vec<&Item> {
    let mut chosen: Vec<&Item> = Vec::new();
    for item in items {
        let device = |item: &Item| account(item).and_then(|account| account.device.clone());
        let is_same = |known: &&Item| {
            known.source == item.source || device(item).is_some() && device(known) == device(item)
        };
        if !chosen.iter().any(is_same) {
            chosen.push(item);
        }
    }
    chosen
}
