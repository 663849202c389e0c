//! Two versions of rules over one stretch: what only one of them says, and what both say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{FindingId, RuleId};
use serde::Serialize;

use super::tally::{Key, Tally};

/// Which version says a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The one in force alone.
    Old,
    /// The draft alone.
    New,
    /// Both of the same episode.
    Both,
}

impl Side {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
            Self::Both => "both",
        }
    }
}

/// One rule in two versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleCompared {
    /// Findings of the one in force alone.
    pub only_old: u64,
    /// Findings of the draft alone.
    pub only_new: u64,
    /// Findings of both.
    pub both: u64,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub rules: BTreeMap<RuleId, RuleCompared>,
    /// Findings of the old rules that the new ones say too.
    pub old_too: BTreeSet<FindingId>,
    /// Findings of the new rules that the old ones said too.
    pub new_too: BTreeSet<FindingId>,
}

/// Findings are the same when their ids are, or, where another version gives another id, when they
/// are of one rule and one group and their windows meet. One rule against one is compared whatever
/// they are called.
pub(super) fn compare(old: &Tally, new: &Tally) -> Compared {
    let distinct = |keys: &[Key]| keys.iter().map(|key| key.rule.clone()).collect::<BTreeSet<_>>();
    let is_pair = distinct(&old.keys).len() <= 1 && distinct(&new.keys).len() <= 1;
    let name = |key: &Key| (!is_pair).then(|| key.rule.clone());
    let mut by_group: HashMap<(Option<RuleId>, u64), Vec<&Key>> = HashMap::new();
    for key in &old.keys {
        by_group.entry((name(key), key.group)).or_default().push(key);
    }
    for keys in by_group.values_mut() {
        keys.sort_by_key(|key| (key.from, key.to));
    }
    let mut compared = Compared::default();
    for key in &new.keys {
        let same = by_group.get(&(name(key), key.group)).into_iter().flatten();
        let meets: Vec<_> =
            same.filter(|other| other.from <= key.to && key.from <= other.to).collect();
        let line = compared.rules.entry(key.rule.clone()).or_default();
        match meets.is_empty() {
            true => line.only_new += 1,
            false => {
                line.both += 1;
                compared.new_too.insert(key.id.clone());
                compared.old_too.extend(meets.iter().map(|other| other.id.clone()));
            }
        }
    }
    for key in old.keys.iter().filter(|key| !compared.old_too.contains(&key.id)) {
        compared.rules.entry(key.rule.clone()).or_default().only_old += 1;
    }
    compared
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use std::sync::Arc;

    use model::finding::Window;
    use model::{Finding, FindingState, Timestamp};

    use super::*;
    use crate::knowledge::empty_organisation;
    use crate::replay::tally::TallyLimits;

    fn tally(findings: &[(&str, &str, i64, i64)]) -> Tally {
        let told = findings.iter().map(|f| RuleId::parse(f.1).unwrap()).collect();
        let span = (Timestamp::from_secs(0), Timestamp::from_secs(1_000_000));
        let org = (Arc::new(empty_organisation().unwrap()), None);
        let limits = TallyLimits { findings_max: 10, kept_max: 2 };
        let mut tally = Tally::new(span, org, told, limits);
        for (id, rule, from, to) in findings {
            let at = Timestamp::from_secs;
            assert!(tally.take(Finding {
                id: FindingId::parse(id).unwrap(),
                rule: RuleId::parse(rule).unwrap(),
                title: "t".into(),
                level: Default::default(),
                time: at(*to),
                window: Window { from: at(*from), to: at(*to) },
                group: [("person".to_owned(), "ana".to_owned())].into(),
                entities: Vec::new(),
                evidence: Vec::new(),
                state: FindingState::Confirmed,
                supersedes: Vec::new(),
                because: String::new(),
                undecided: Vec::new(),
            }));
        }
        tally
    }

    #[test]
    fn episodes_that_meet_are_the_same_whatever_their_ids() {
        let old = tally(&[("f1", "r", 10, 20), ("f2", "r", 100, 110), ("f3", "r", 500, 510)]);
        let new = tally(&[("g1", "r", 15, 30), ("f2", "r", 100, 110), ("g4", "r", 900, 910)]);
        let found = compare(&old, &new);
        let line = &found.rules[&RuleId::parse("r").unwrap()];
        assert_eq!(*line, RuleCompared { only_old: 1, only_new: 1, both: 2 });
        assert_eq!(found.new_too.len(), 2);
        assert!(!found.old_too.contains(&FindingId::parse("f3").unwrap()));
    }

    #[test]
    fn one_rule_is_compared_with_one_of_another_name() {
        let found = compare(&tally(&[("f1", "a", 1, 2)]), &tally(&[("g1", "b", 1, 2)]));
        assert_eq!(found.rules[&RuleId::parse("b").unwrap()].both, 1);
    }

    #[test]
    fn days_without_a_finding_are_there_and_what_is_kept_is_bounded() {
        let mut tally =
            tally(&[("f1", "r", 10, 20), ("f2", "r", 90_000, 90_001), ("f3", "r", 3, 4)]);
        assert_eq!(tally.days().iter().take(3).map(|day| day.1).collect::<Vec<_>>(), [2, 1, 0]);
        assert_eq!((tally.findings(), tally.kept.len(), tally.peak()), (3, 2, 2));
        let again = tally.kept.values().next().unwrap().clone();
        assert!(tally.take(again), "the same finding again is no other");
        assert_eq!(tally.findings(), 3);
    }
}
