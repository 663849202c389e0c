//! The cases that stand beside each rule (docs/guides/add-a-rule.md): a small organisation, events,
//! and what the rule must say of them.

use model::Problem;

use crate::rules::RuleFile;

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The file that holds the case.
    pub file: String,
    /// The rule it is about.
    pub rule: String,
    /// The case's name.
    pub case: String,
    /// What was found instead of what was expected; `None` when it holds.
    pub failure: Option<String>,
}

/// Runs every case of a rules folder, given all of its files. Problems name files that could not be
/// read, and rules without a matching or a non-matching case.
pub fn run(files: &[RuleFile]) -> (Vec<Outcome>, Vec<Problem>) {
    let _ = files;
    (Vec::new(), Vec::new())
}
