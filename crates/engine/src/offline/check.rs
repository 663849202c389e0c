//! `castellan check`: configuration, organisation and content, all problems at once.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::Rights;
use detect::{RuleSet, cases};
use model::Problem;
use model::problem::Gravity;
use normalise::{CaseResult, MappingFolder, Mappings, check_folder};

use super::OfflineError;
use super::content::folder;
use crate::config::{self, Config};
use crate::content;
use crate::limits::{LIMITS, Limits};
use crate::photos;
use crate::unmet::unknown_mappings;

/// What to check.
pub struct CheckRequest {
    /// Configuration file.
    pub config: Option<PathBuf>,
    /// Organisation folder; the configuration's if absent.
    pub org: Option<PathBuf>,
    /// Content folder; the configuration's if absent.
    pub content: Option<PathBuf>,
}

/// What was found.
pub struct CheckReport {
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
    /// Configuration and limits in force, for `--print`.
    pub printed: String,
    /// In words.
    pub summary: String,
}

/// Checks everything named, and the shipped content.
pub fn check(request: &CheckRequest) -> Result<CheckReport, OfflineError> {
    let mut problems = Vec::new();
    let config = match &request.config {
        Some(path) => read_config(path, &mut problems)?,
        None => None,
    };
    let org = request.org.clone().or_else(|| config.as_ref()?.organisation.clone());
    let mut summary = String::new();
    let mut loaded = None;
    let extra = request.content.clone().or_else(|| config.as_ref()?.content.clone());
    if let Some(dir) = org {
        let read = folder(&dir, extra.as_deref())?;
        problems.extend(read.problems);
        loaded = read.organisation;
        if let Some(rights) = read.rights.filter(|_| read.has_rights) {
            let (rights, credentials) = (rights.rights.len(), rights.credentials.len());
            let _ = write!(summary, "{rights} rights, {credentials} credentials; ");
        }
        if let Some(org) = &loaded {
            let max = config.as_ref().map_or_else(Limits::default, |config| config.limits.clone());
            problems.extend(photos::check(&dir, org, Limits::count(max.photo_bytes_max)));
            let (people, assets) = (org.people.len(), org.assets.len());
            let sources = org.sources.len();
            let _ = write!(summary, "{people} people, {assets} assets, {sources} sources; ");
        }
    }
    if let Some(config) = &config {
        problems.extend(config.unmet(loaded.as_ref()));
    }
    let mappings = check_content(extra.as_deref(), &mut problems, &mut summary);
    if let Some(org) = &loaded {
        problems.extend(unknown_mappings(org, &mappings));
    }
    problems.sort();
    problems.dedup();
    let errors = problems.iter().filter(|p| p.gravity == Gravity::Error).count();
    let _ = write!(summary, "{errors} errors, {} warnings", problems.len() - errors);
    Ok(CheckReport { printed: printed(config.as_ref()), problems, summary })
}

/// Reads a configuration file.
pub fn read_config(
    path: &Path,
    problems: &mut Vec<Problem>,
) -> Result<Option<Config>, OfflineError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|e| OfflineError::Read { file: name.clone(), why: e.to_string() })?;
    let (config, found) = config::read(&name, &text);
    problems.extend(found);
    Ok(config)
}

fn check_content(
    extra: Option<&Path>,
    problems: &mut Vec<Problem>,
    summary: &mut String,
) -> Arc<Mappings> {
    let (files, own) = content::gather_telling(extra, problems);
    let folders = content::mapping_folders(&files);
    let (mappings, found) = Mappings::load(folders.clone());
    problems.extend(found);
    problems.extend(content::unheard_programs(&mappings, &folders, &own));
    let mappings = Arc::new(mappings);
    let mut samples = 0_usize;
    for folder in &folders {
        let rewrite = extra.filter(|_| wants_update()).map(|dir| expected_folder(dir, folder));
        for case in check_folder(&mappings, folder) {
            samples += 1;
            match rewrite.as_deref().filter(|dir| dir.exists()) {
                Some(_) if case.expected.as_ref() == Some(&case.actual) => {}
                Some(dir) => write_expected(dir, &case, problems),
                None => problems.extend(case.problems),
            }
        }
    }
    let rule_files = content::rule_files(&files);
    let (rules, found) = RuleSet::load(&rule_files);
    problems.extend(found);
    problems.extend(rules.check());
    problems.extend(rules.unheard(&super::rules::world(&mappings)));
    *problems = detect::told(std::mem::take(problems), &rule_files);
    let (outcomes, found) = cases::run(&rule_files);
    problems.extend(found);
    for outcome in &outcomes {
        if let Some(failure) = &outcome.failure {
            let message = format!("case `{}` of rule `{}`: {failure}", outcome.case, outcome.rule);
            problems.push(Problem::error(&outcome.file, None, "case_failed", message));
        }
    }
    check_policies(&files, problems);
    for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with("imports/")) {
        let (_, found) = estate::foreign::Map::read(path, &String::from_utf8_lossy(bytes));
        problems.extend(found);
    }
    let _ = write!(
        summary,
        "{} mappings with {samples} samples, {} rules with {} cases; ",
        mappings.names().count(),
        rules.len(),
        outcomes.len()
    );
    mappings
}

/// What operators may do: policies that parse, name themselves and fit the schema.
fn check_policies(files: &content::Files, problems: &mut Vec<Problem>) {
    let (_, found) = Rights::load(&content::policy_files(files));
    problems.extend(found);
}

/// `UPDATE=1` rewrites what mappings are expected to give.
fn wants_update() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}

fn expected_folder(content: &Path, folder: &MappingFolder) -> PathBuf {
    content.join("mappings").join(&folder.name)
}

/// Writes one case's outcome; its differences to the former one are then no problem any more.
fn write_expected(dir: &Path, case: &CaseResult, problems: &mut Vec<Problem>) {
    let file = dir.join("expected").join(format!("{}.ndjson", case.case));
    let written = std::fs::create_dir_all(dir.join("expected"))
        .and_then(|()| std::fs::write(&file, &case.actual));
    if let Err(error) = written {
        let message = format!("cannot be written: {error}");
        problems.push(Problem::error(&file.display().to_string(), None, "unwritable", message));
    }
    let is_mended = |code: &str| matches!(code, "missing_expected" | "unexpected");
    let stays = |problem: &&Problem| !is_mended(&problem.code);
    problems.extend(case.problems.iter().filter(stays).cloned());
}

fn printed(config: Option<&Config>) -> String {
    let mut text = String::new();
    if let Some(config) = config {
        let _ = writeln!(text, "data folder: {}", config.data.display());
        let _ = writeln!(text, "http: {}", config.listen.http);
        for (name, address) in [
            ("syslog_udp", config.listen.syslog_udp),
            ("syslog_tcp", config.listen.syslog_tcp),
            ("syslog_tls", config.listen.syslog_tls),
            ("uhppote", config.listen.uhppote),
        ] {
            let _ = match address {
                Some(address) => writeln!(text, "{name}: {address}"),
                None => writeln!(text, "{name}: off"),
            };
        }
    }
    for info in LIMITS {
        let value = config.and_then(|c| c.limits.get(info.name)).unwrap_or(info.default);
        let _ = writeln!(text, "limits.{} = {value} {}:{}", info.name, info.unit, info.meaning);
    }
    text
}
