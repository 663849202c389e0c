//! Where in its file a problem of a loaded rule stands, and which of them only follow from others.

use std::collections::BTreeSet;

use model::problem::Gravity;
use model::{Position, Problem};

use super::RuleFile;

/// Problems that name what they are about first, in backticks.
const NAMING: [&str; 2] = ["unknown_field", "names_people"];
/// What a file is told only once all of it loads: a correlation that does not load leaves its
/// parts standing as rules of their own.
const FOLLOWING: [&str; 4] = ["no_team", "no_sop", "no_logsource", "no_case"];

/// Problems of loaded rules, each at the line that holds what it names, without those that only
/// follow from an error in the same file.
pub fn told(problems: Vec<Problem>, files: &[RuleFile]) -> Vec<Problem> {
    let is_error = |problem: &&Problem| problem.gravity == Gravity::Error;
    let broken: BTreeSet<String> =
        problems.iter().filter(is_error).map(|problem| problem.file.clone()).collect();
    let follows = |problem: &Problem| {
        FOLLOWING.contains(&problem.code.as_str()) && broken.contains(&problem.file)
    };
    let mut told: Vec<Problem> = problems.into_iter().filter(|one| !follows(one)).collect();
    for problem in told.iter_mut().filter(|one| NAMING.contains(&one.code.as_str())) {
        let file = files.iter().find(|file| file.path == problem.file);
        let word = problem.message.split('`').nth(1);
        let from = problem.position.map_or(1, |at| at.line);
        if let Some(at) = file.zip(word).and_then(|(file, word)| mention(&file.text, word, from)) {
            problem.position = Some(at);
        }
    }
    told
}

/// Where a word first stands by itself in the document that a line belongs to.
fn mention(text: &str, word: &str, from: u64) -> Option<Position> {
    let lines = || (1..).zip(text.lines());
    let starts = lines().filter(|(_, line)| line.trim_end() == "---").map(|(at, _)| at);
    let start: u64 = starts.take_while(|at| *at <= from).last().unwrap_or(0);
    let own = lines().skip_while(|(at, _)| *at <= start);
    let own = own.take_while(|(_, line)| line.trim_end() != "---");
    own.filter(|(_, line)| !line.trim_start().starts_with('#')).find_map(|(line, text)| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let is_alone = |at: &usize| {
            let before = text.get(..*at).and_then(|head| head.chars().next_back());
            let after = text.get(at + word.len()..).and_then(|tail| tail.chars().next());
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        };
        let at = text.match_indices(word).map(|(at, _)| at).find(is_alone)?;
        let column = text.get(..at)?.chars().count() as u64 + 1;
        Some(Position { line, column })
    })
}
