//! Who is suspended, by version: the later word counts, in whatever order words arrive.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::Subject;

/// Suspensions and what lifted them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspensions {
    /// The version of the last word on each subject, and whether it suspended.
    last: BTreeMap<Subject, (u64, bool)>,
}

impl Suspensions {
    /// A word of this version; an older one than is known changes nothing.
    pub fn put(&mut self, subject: Subject, version: u64, is_suspended: bool) {
        let word = (version, is_suspended);
        let last = self.last.entry(subject).or_insert(word);
        *last = (*last).max(word);
    }

    /// Whether the last word suspended.
    pub fn holds(&self, subject: &Subject) -> bool {
        self.last.get(subject).is_some_and(|(_, is_suspended)| *is_suspended)
    }

    /// The last word on a subject.
    pub fn last(&self, subject: &Subject) -> Option<(u64, bool)> {
        self.last.get(subject).copied()
    }

    /// Whether nobody was ever suspended.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// The last word on each subject: its version, and whether it suspended; in order of subjects.
    pub fn iter(&self) -> impl Iterator<Item = (&Subject, u64, bool)> {
        self.last
            .iter()
            .map(|(subject, (version, is_suspended))| (subject, *version, *is_suspended))
    }

    /// The words that an older state did not have.
    pub fn since(&self, older: &Self) -> Self {
        let mut words = Self::default();
        for (subject, word) in &self.last {
            if older.last.get(subject) != Some(word) {
                words.last.insert(subject.clone(), *word);
            }
        }
        words
    }

    /// Takes in what another knows. How many words were new here.
    pub fn merge(&mut self, other: &Self) -> usize {
        let before = self.last.clone();
        for (subject, (version, is_suspended)) in &other.last {
            self.put(subject.clone(), *version, *is_suspended);
        }
        self.last.iter().filter(|(subject, word)| before.get(*subject) != Some(*word)).count()
    }
}
