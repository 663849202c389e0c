//! The cases that stand beside each rule (docs/guides/add-a-rule.md): a small organisation, events,
//! and what the rule must say of them.

mod form;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::problem::Position;
use model::{Organisation, Problem, Record, SourceState};

use crate::rules::load::CASES_ENDING;
use crate::rules::side::{EXCEPTIONS_ENDING, SETS_ENDING};
use crate::rules::{RuleFile, RuleSet};
use crate::{Detector, Options, Spine};
use form::{Case, CaseFile, Expect, Step};

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

/// The file whose organisation every case starts from.
const SHARED: &str = "organisation.cases.yml";

/// Files by which a house quiets rules.
const HOUSE: [&str; 2] = [SETS_ENDING, EXCEPTIONS_ENDING];

/// Runs every case of a rules folder, given all of its files. Problems name files that could not be
/// read, and reported rules without a matching or a non-matching case.
pub fn run(files: &[RuleFile]) -> (Vec<Outcome>, Vec<Problem>) {
    let (rules, mut problems) = RuleSet::load(files);
    // A case is about the rule, not about whether a house has turned it off or excepts something.
    let is_house = |file: &RuleFile| HOUSE.iter().any(|ending| file.path.ends_with(ending));
    let rules = Arc::new(if files.iter().any(is_house) {
        let rest: Vec<RuleFile> = files.iter().filter(|file| !is_house(file)).cloned().collect();
        RuleSet::load(&rest).0
    } else {
        rules
    });
    let mut read = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(CASES_ENDING)) {
        match yaml_serde::from_str::<CaseFile>(&file.text) {
            Ok(cases) => read.push((file, cases)),
            Err(error) => problems.push(unreadable(file, &error)),
        }
    }
    let shared = read.iter().find(|(file, _)| file.path.ends_with(SHARED));
    let shared = shared.map(|(_, cases)| cases.organisation.clone()).unwrap_or_default();
    let mut outcomes = Vec::new();
    let mut covered: BTreeMap<String, BTreeSet<Expect>> = BTreeMap::new();
    for (file, cases) in &read {
        let Some(rule) = &cases.rule else { continue };
        let org = match shared.with(&cases.organisation).build() {
            Ok(org) => Arc::new(org),
            Err(error) => {
                problems.push(Problem::error(&file.path, None, "wrong_organisation", error));
                continue;
            }
        };
        for case in &cases.cases {
            covered.entry(rule.clone()).or_default().insert(case.expect);
            let failure = run_case(case, rule, &org, &rules).err();
            let (file, rule) = (file.path.clone(), rule.clone());
            outcomes.push(Outcome { file, rule, case: case.name.clone(), failure });
        }
    }
    problems.extend(uncovered(&rules, &covered));
    (outcomes, problems)
}

fn unreadable(file: &RuleFile, error: &yaml_serde::Error) -> Problem {
    let at =
        error.location().map(|at| Position { line: at.line() as u64, column: at.column() as u64 });
    Problem::error(&file.path, at, "invalid_case", error.to_string())
}

fn uncovered(rules: &RuleSet, covered: &BTreeMap<String, BTreeSet<Expect>>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (_, meta) in rules.iter().filter(|(_, meta)| meta.is_reported) {
        let has = |expect| covered.get(meta.id.as_str()).is_some_and(|all| all.contains(&expect));
        for (expect, words) in [(Expect::Match, "matches"), (Expect::Nothing, "does not match")] {
            if !has(expect) {
                let message = format!("the rule `{}` has no case that {words}", meta.id);
                problems.push(Problem::warning(&meta.path, None, "no_case", message));
            }
        }
    }
    problems
}

fn run_case(
    case: &Case,
    rule: &str,
    org: &Arc<Organisation>,
    rules: &Arc<RuleSet>,
) -> Result<(), String> {
    let known = rules.iter().find(|(_, meta)| meta.id.as_str() == rule);
    let Some((_, meta)) = known else { return Err(format!("there is no rule `{rule}`")) };
    let spine = Arc::new(Spine::new(Arc::clone(org)));
    let options = Options { provisional: false };
    let mut detector = Detector::new(spine, Arc::clone(rules), options);
    let mut findings = Vec::new();
    for (number, (at, step)) in (0_u64..).zip(case.steps()?) {
        match step.read((number, at), org)? {
            Step::Event(mut event) => {
                detector.enrich(&mut event);
                detector.judge(&event, &mut findings);
            }
            Step::Source(source, state, at) => {
                let last_heard = match state {
                    SourceState::Silent => Some(at),
                    SourceState::Heard => None,
                };
                let record = Record::Source { source, state, last_heard, at };
                detector.observe(0, &record, &mut findings);
            }
        }
    }
    detector.finish(&mut findings);
    let own: Vec<_> = findings.iter().filter(|finding| finding.rule == meta.id).collect();
    let stats = detector.stats();
    let undecided = stats.undecided.get(&meta.id).map_or(0, |stat| stat.count);
    let found = match (own.len(), undecided) {
        (0, 0) => Expect::Nothing,
        (0, _) => Expect::Undecided,
        (..) => Expect::Match,
    };
    if found != case.expect {
        return Err(format!("expected {}, found {}", case.expect.word(), found.word()));
    }
    let Some(because) = &case.because else { return Ok(()) };
    match own.iter().find(|finding| finding.because == *because) {
        Some(_) => Ok(()),
        None => {
            let said: Vec<_> = own.iter().map(|finding| finding.because.as_str()).collect();
            Err(format!("expected the sentence `{because}`, found `{}`", said.join("`, `")))
        }
    }
}
