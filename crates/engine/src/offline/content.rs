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
use crate::rights;
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

/// An organisation folder with its rights.
pub struct OrgFolder {
    /// The organisation; none when something in its files is an error.
    pub organisation: Option<Organisation>,
    /// Who may pass where; none when something in any file is an error.
    pub rights: Option<model::RightsData>,
    /// Whether the folder says anything of rights.
    pub has_rights: bool,
    /// What tells the folder's files of rights from other ones.
    pub hash: [u8; 32],
    /// Everything that is wrong, policies included.
    pub problems: Vec<Problem>,
}

/// Reads an organisation folder and its rights from disk, and tries them: policies included.
/// `extra`: content whose templates of rights stand in place of the shipped ones.
pub fn folder(dir: &Path, extra: Option<&Path>) -> Result<OrgFolder, OfflineError> {
    if !dir.is_dir() {
        let file = dir.display().to_string();
        return Err(OfflineError::Read { file, why: "there is no such folder".into() });
    }
    let mut problems = Vec::new();
    let mut files = content::read_files(dir, &mut problems);
    let policies = dir.join(estate::POLICIES);
    if policies.is_dir() {
        let own = content::read_files(&policies, &mut problems).into_iter();
        files.extend(own.map(|(name, bytes)| (format!("{}/{name}", estate::POLICIES), bytes)));
    }
    let content_files = content::gather(extra, &mut problems);
    let mut read = folder_of_files(&files, &rights::Templates::of(&content_files));
    read.problems.splice(0..0, problems);
    Ok(read)
}

/// The same from the files' bytes; policies are called `policies/NAME.cedar`.
pub fn folder_of_files(
    files: &BTreeMap<String, Vec<u8>>,
    templates: &rights::Templates,
) -> OrgFolder {
    let is_rights = |name: &str| {
        estate::RIGHTS_FILES.contains(&name)
            || (name.starts_with("policies/") && name.ends_with(".cedar"))
    };
    let mut hasher = blake3::Hasher::new();
    let mut has_rights = false;
    for (name, bytes) in files.iter().filter(|(name, _)| is_rights(name)) {
        has_rights = true;
        for part in [name.as_bytes(), bytes] {
            hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(part);
        }
    }
    let estate::Whole { organisation, mut rights, mut problems } = estate::load_whole(files);
    if let (Some(org), Some(data)) = (&organisation, &rights) {
        problems.extend(rights::check(org, data, templates));
        if errors(&problems).next().is_some() {
            rights = None;
        }
    }
    OrgFolder { organisation, rights, has_rights, hash: *hasher.finalize().as_bytes(), problems }
}
