//! Loads content and organisation folders for verbs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use access::Rights;
use detect::RuleSet;
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
