//! Loads content and organisation folders for verbs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use access::Rights;
use detect::{RuleFile, RuleSet};
use model::problem::Gravity;
use model::{Organisation, Problem};
use normalise::Mappings;

use super::OfflineError;
use crate::content::{self, Files};
use crate::unmet;

/// Compiled content.
pub struct Content {
    /// Mappings by name.
    pub mappings: Arc<Mappings>,
    /// Rules.
    pub rules: Arc<RuleSet>,
    /// What operators may do.
    pub rights: Arc<Rights>,
    /// The files they were made from.
    pub files: Files,
    /// Warnings, and errors of single rules that were left out.
    pub problems: Vec<Problem>,
}

/// Shipped content with `extra` on top. Fails with every problem when any of it is an error.
/// Mappings of `extra` are compiled now, so that a mistake in one never goes into force.
pub fn content(extra: Option<&Path>) -> Result<Content, Vec<Problem>> {
    let mut problems = Vec::new();
    let (files, own) = content::gather_telling(extra, &mut problems);
    let (mappings, found) = Mappings::load_compiling(content::mapping_folders(&files), &own);
    problems.extend(found);
    let (rules, found) = RuleSet::load(&content::rule_files(&files));
    problems.extend(found);
    let (rights, found) = Rights::load(&content::policy_files(&files));
    problems.extend(found);
    let is_broken = problems.iter().any(|p| p.gravity == Gravity::Error);
    let Some(rights) = rights.filter(|_| !is_broken) else { return Err(problems) };
    let (mappings, rules) = (Arc::new(mappings), Arc::new(rules));
    Ok(Content { mappings, rules, rights: Arc::new(rights), files, problems })
}

/// Shipped content with `extra` on top, in which rules that are broken keep no other from running.
pub struct Tolerant {
    /// What is in force.
    pub content: Content,
    /// The rule files that are in force, each as it was last good.
    pub rule_files: Vec<RuleFile>,
    /// What is wrong with rules as they lie in the folder.
    pub refused: Vec<Problem>,
}

/// How often rules are looked at again without those that are broken, because what is left may have
/// needed them.
const ROUNDS_MAX: usize = 8;

/// As [`content`], for a server that runs: a rule file that is broken stays as it was in `good`, or
/// out if it is new. Fails with every problem when mappings or rights are broken.
pub fn tolerant(extra: Option<&Path>, good: &[RuleFile]) -> Result<Tolerant, Vec<Problem>> {
    let mut problems = Vec::new();
    let (files, own) = content::gather_telling(extra, &mut problems);
    let (mappings, found) = Mappings::load_compiling(content::mapping_folders(&files), &own);
    problems.extend(found);
    let (rights, found) = Rights::load(&content::policy_files(&files));
    problems.extend(found);
    let (in_rules, problems): (Vec<_>, Vec<_>) =
        problems.into_iter().partition(|problem| problem.file.starts_with("rules/"));
    let is_broken = problems.iter().any(|p| p.gravity == Gravity::Error);
    let Some(rights) = rights.filter(|_| !is_broken) else { return Err(problems) };
    let mut refused = in_rules;
    let mut rule_files = content::rule_files(&files);
    let mut loaded = RuleSet::load(&rule_files);
    for round in 0..ROUNDS_MAX {
        let broken: BTreeSet<String> = errors(&loaded.1).map(|p| p.file.clone()).collect();
        refused.extend(errors(&loaded.1).cloned());
        if broken.is_empty() {
            break;
        }
        // What was good may need what is not there any more: then it stays out too.
        let as_it_was = |path: &str| good.iter().find(|file| round == 0 && file.path == path);
        rule_files = rule_files
            .into_iter()
            .filter_map(|file| match broken.contains(&file.path) {
                false => Some(file),
                true => as_it_was(&file.path).cloned(),
            })
            .collect();
        loaded = RuleSet::load(&rule_files);
    }
    let (rules, found) = loaded;
    let problems = problems.into_iter().chain(found).collect();
    let (mappings, rules) = (Arc::new(mappings), Arc::new(rules));
    let content = Content { mappings, rules, rights: Arc::new(rights), files, problems };
    Ok(Tolerant { content, rule_files, refused })
}

fn errors(problems: &[Problem]) -> impl Iterator<Item = &Problem> {
    problems.iter().filter(|problem| problem.gravity == Gravity::Error)
}

/// Sources whose mapping exists neither among the shipped ones nor in `extra`.
pub fn unknown_mappings(org: &Organisation, extra: Option<&Path>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let files = content::gather(extra, &mut problems);
    let (mappings, _) = Mappings::load_lazily(content::mapping_folders(&files));
    problems.extend(unmet::unknown_mappings(org, &mappings));
    problems
}

/// Reads an organisation folder from disk.
pub fn organisation(dir: &Path) -> Result<(Option<Organisation>, Vec<Problem>), OfflineError> {
    if !dir.is_dir() {
        let file = dir.display().to_string();
        return Err(OfflineError::Read { file, why: "there is no such folder".into() });
    }
    let mut problems = Vec::new();
    let files = content::read_files(dir, &mut problems);
    let (org, found) = organisation_of_files(&files);
    problems.extend(found);
    Ok((org, problems))
}

/// Reads an organisation from its files' bytes.
pub fn organisation_of_files(
    files: &BTreeMap<String, Vec<u8>>,
) -> (Option<Organisation>, Vec<Problem>) {
    estate::load_bytes(files)
}
