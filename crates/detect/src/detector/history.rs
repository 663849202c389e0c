//! Rules that learn what is usual, taught what was before them without stopping what goes on.
//!
//! The history up to a record is given to a detector of its own, record by record what comes after
//! it to this one. In between this one judges nothing by those rules: their matches wait, so that
//! what they find does not depend on how long the reading took.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Finding, RuleId};

use super::{Detector, QueueKey, snapshot};
use crate::limits::HISTORY_HELD_MAX;
use crate::rules::RuleIndex;

impl Detector {
    /// Lets every rule that learns, is on and has not been taught yet wait for its history up to
    /// and with a record. Call it at the start, and when rules have been changed.
    pub fn await_history(&mut self, up_to: u64) {
        let rules = self.rules.rules();
        let learners: BTreeSet<RuleIndex> = rules
            .filter(|(_, rule)| rule.is_active)
            .filter(|(_, rule)| rule.correlation.as_ref().is_some_and(|one| one.learns()))
            .map(|(index, _)| index)
            .collect();
        self.learned.habits.expect(&learners, up_to);
    }

    /// The rules that await their history, and up to which record each.
    pub fn awaited_histories(&self) -> BTreeMap<RuleId, u64> {
        let awaited = self.learned.habits.awaited();
        let named = |(rule, up_to)| Some((self.rules.meta(rule)?.id.clone(), up_to));
        awaited.filter_map(named).collect()
    }

    /// Takes in what another detector has learned of rules that both have in the same version:
    /// one that was given the history from before this one began, and finished. What is found from
    /// then on is what this one would have found, had it seen that history itself. Rules whose
    /// history is known already stay as they are; those that have waited go on with the next tick.
    pub fn learn_from(&mut self, taught: &Self) {
        let numbers = snapshot::numbers(&snapshot::table(&taught.rules), &self.rules);
        self.learned.join(&taught.learned, &|old| numbers.get(&old).copied());
        let is_taught =
            |rule: &RuleIndex| taught.rules.rule(*rule).is_some_and(|rule| rule.is_active);
        let taught: Vec<RuleIndex> =
            numbers.iter().filter(|(old, _)| is_taught(old)).map(|(_, new)| *new).collect();
        self.end_wait(taught);
    }

    /// Lets rules go on without a history that cannot be had.
    pub fn forgo_history<'a>(&mut self, rules: impl IntoIterator<Item = &'a RuleId>) {
        let rules = rules.into_iter().filter_map(|id| self.rules.index_of(id)).collect();
        self.end_wait(rules);
    }

    fn end_wait(&mut self, rules: Vec<RuleIndex>) {
        let mut ended = rules.into_iter().filter(|rule| self.learned.habits.settle(*rule));
        let ended: BTreeSet<RuleIndex> = ended.by_ref().collect();
        let (due, wait) = std::mem::take(&mut self.deferred)
            .into_iter()
            .partition(|(key, _)| key.correlation.is_some_and(|rule| ended.contains(&rule)));
        self.deferred = wait;
        let mut due: BTreeMap<QueueKey, Arc<str>> = due;
        self.queue.append(&mut due);
    }

    /// Lets a match wait for what its rule is to learn first; where too many do, the earliest is
    /// learned from as things stand.
    pub(super) fn defer(&mut self, key: QueueKey, group: Arc<str>, out: &mut Vec<Finding>) {
        self.deferred.insert(key, group);
        if self.deferred.len() <= HISTORY_HELD_MAX {
            return;
        }
        if let Some((key, group)) = self.deferred.pop_first()
            && let Some(pair) = key.correlation.zip(key.rule)
        {
            self.settle_in_turn(pair, (&key, group), out);
        }
    }
}
