//! Which rules still await the history that they are to learn from.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::rules::RuleIndex;

/// Rules that learn, by whether they have been taught what was before them. A rule that is in
/// neither set begins with nothing and learns as it goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Histories {
    /// Up to which record their history is still to be read.
    awaited: BTreeMap<RuleIndex, u64>,
    /// Those that have it, or that must do without.
    known: BTreeSet<RuleIndex>,
}

impl Histories {
    /// All rules of an older release.
    pub(crate) fn known(rules: std::ops::Range<u32>) -> Self {
        Self { awaited: BTreeMap::new(), known: rules.map(RuleIndex).collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.awaited.is_empty() && self.known.is_empty()
    }

    pub(crate) fn awaits(&self, rule: RuleIndex) -> bool {
        self.awaited.contains_key(&rule)
    }

    pub(crate) fn knows(&self, rule: RuleIndex) -> bool {
        self.known.contains(&rule)
    }

    /// Those that await it, and up to which record.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = (RuleIndex, u64)> {
        self.awaited.iter().map(|(rule, up_to)| (*rule, *up_to))
    }

    /// Begins to wait for a rule's history up to a record; those that learn no more are forgotten.
    /// Gives the rules that were not known of.
    pub(crate) fn expect(&mut self, learners: &BTreeSet<RuleIndex>, up_to: u64) -> Vec<RuleIndex> {
        self.awaited.retain(|rule, _| learners.contains(rule));
        self.known.retain(|rule| learners.contains(rule));
        let is_new = |rule: &&RuleIndex| !self.awaits(**rule) && !self.knows(**rule);
        let new: Vec<RuleIndex> = learners.iter().filter(is_new).copied().collect();
        self.awaited.extend(new.iter().map(|rule| (*rule, up_to)));
        new
    }

    /// A rule waits no longer.
    pub(crate) fn settle(&mut self, rule: RuleIndex) -> bool {
        let has_waited = self.awaited.remove(&rule).is_some();
        if has_waited {
            self.known.insert(rule);
        }
        has_waited
    }

    /// Goes on under new numbers; without the rule it is gone.
    pub(crate) fn renumber(self, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) -> Self {
        let awaited = self.awaited.into_iter();
        Self {
            awaited: awaited.filter_map(|(rule, up_to)| Some((find(rule)?, up_to))).collect(),
            known: self.known.into_iter().filter_map(find).collect(),
        }
    }
}
