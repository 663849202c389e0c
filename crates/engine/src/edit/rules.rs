//! Rules as a house changes them: checked with their cases, tried on the past, put in force.
//!
//! Owns the house's rule files below `rules/` of its content folder. What ships is never touched:
//! a file of the same path wins over it while it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use detect::{RuleFile, RuleMeta, RuleSet, World, cases};
use model::problem::Gravity;
use model::{AuditAct, Problem, RuleId};
use store::StoreError;

use super::{Origin, side};
use crate::content;
use crate::engine::Engine;
use crate::housekeeping;
use crate::offline;
use crate::replay::ReplayError;
pub use side::{ExceptionEdit, ExceptionView};

/// Files of rules by path below the content folder.
pub type RuleTexts = BTreeMap<String, String>;

/// Most files of one draft.
const FILES_MAX: usize = 20;
/// Longest path, in bytes.
const PATH_BYTES_MAX: usize = 120;
/// The ending of files that hold cases.
const CASES: &str = ".cases.yml";
/// The cases that all others start from.
const SHARED: &str = "organisation.cases.yml";

/// Why a rule was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RuleEditError {
    /// There is none of that name.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// There is nowhere to write it.
    #[error("no content folder of the house is configured: name one under `[content]`")]
    NoFolder,
    /// Somebody changed it meanwhile.
    #[error("the file was changed meanwhile: it is at version {found}, not {expected}")]
    Conflict {
        /// The version in force.
        found: String,
        /// The one that was looked at.
        expected: String,
    },
    /// What was sent makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// It does not hold.
    #[error("the rule does not hold: {} problems", .0.len())]
    Problems(Vec<Problem>),
    /// The content folder.
    #[error("the content folder cannot be written: {0}")]
    Folder(#[from] io::Error),
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug of ours.
    #[error("the check ended in a panic")]
    Panic,
}

impl From<ReplayError> for RuleEditError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Problems(problems) => Self::Problems(problems),
            other => Self::Invalid(other.to_string()),
        }
    }
}

/// A rule and the file that it stands in.
#[derive(Debug, Clone)]
pub struct RuleView {
    /// What it says about itself.
    pub meta: RuleMeta,
    /// Its file.
    pub text: String,
    /// Another one when the file has changed.
    pub version: String,
    /// Its cases' file, and what stands there.
    pub cases: (String, Option<String>),
    /// Whose the file is.
    pub origin: Origin,
    /// Other rules of the same file.
    pub beside: Vec<RuleId>,
}

/// One case and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseView {
    /// Which rule.
    pub rule: String,
    /// Its name.
    pub name: String,
    /// What went otherwise; `None` when it holds.
    pub failure: Option<String>,
}

/// What a check of a draft found.
#[derive(Debug, Default)]
pub struct DraftChecked {
    /// What is wrong with it, and what deserves a look.
    pub problems: Vec<Problem>,
    /// The rules that it holds: id, title, level, whether they speak for themselves.
    pub rules: Vec<RuleMeta>,
    /// Its cases.
    pub cases: Vec<CaseView>,
}

impl DraftChecked {
    /// What keeps it out of force: errors, and cases that do not hold.
    pub fn obstacles(&self) -> Vec<Problem> {
        let errors = self.problems.iter().filter(|problem| problem.gravity == Gravity::Error);
        let failed = self.cases.iter().filter_map(|case| {
            let failure = case.failure.as_ref()?;
            let message = format!("the case `{}` of `{}` fails: {failure}", case.name, case.rule);
            Some(Problem::error("cases", None, "case_failed", message))
        });
        errors.cloned().chain(failed).collect()
    }
}

/// A change that somebody wants.
#[derive(Debug, Clone)]
pub struct RuleEdit {
    /// The rule that it is about: the file must hold it.
    pub rule: RuleId,
    /// Files as they are to be: the rule's, and its cases'.
    pub files: RuleTexts,
    /// The version of the rule's file that was looked at; empty for one that is not there yet.
    pub base_version: String,
    /// Why.
    pub reason: String,
}

/// Refuses paths that are none of rules, and such as would leave their folder.
pub fn check_draft_paths(files: &RuleTexts) -> Result<(), String> {
    if files.len() > FILES_MAX {
        return Err(format!("a draft has {FILES_MAX} files at most"));
    }
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
    };
    for path in files.keys() {
        let below = path.strip_prefix("rules/").and_then(|rest| rest.strip_suffix(".yml"));
        let fits = below.is_some_and(|below| below.split('/').all(is_part));
        if !fits || path.len() > PATH_BYTES_MAX || path.split('/').count() > 5 {
            let shown: String = path.chars().take(PATH_BYTES_MAX).collect();
            return Err(format!("`{shown}`: expected a path such as rules/house/NAME.yml"));
        }
    }
    Ok(())
}

/// Names a file by its content.
pub(super) fn version_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().chars().take(16).collect()
}

fn cases_path(path: &str) -> String {
    format!("{}{CASES}", path.strip_suffix(".yml").unwrap_or(path))
}

impl Engine {
    pub(super) fn rules_folder(&self) -> Result<&Path, RuleEditError> {
        self.config.content.as_deref().ok_or(RuleEditError::NoFolder)
    }

    /// Why rules cannot be changed here, if they cannot.
    pub fn no_rule_editing(&self) -> Option<String> {
        self.rules_folder().err().map(|error| error.to_string())
    }

    /// A rule with its file and its cases, as they are in force.
    pub fn rule(&self, id: &RuleId) -> Result<RuleView, RuleEditError> {
        let unknown = || RuleEditError::Unknown { what: "rule", name: id.to_string() };
        let knowledge = self.current.get();
        let meta = knowledge.rules.get(id).ok_or_else(unknown)?.clone();
        let files = self.current.rule_files();
        let text =
            |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.clone());
        let own = text(&meta.path).ok_or_else(unknown)?;
        let cases = cases_path(&meta.path);
        let is_beside = |other: &&RuleMeta| other.path == meta.path && other.id != meta.id;
        let beside = knowledge.rules.iter().map(|(_, other)| other).filter(is_beside);
        Ok(RuleView {
            version: version_of(&own),
            text: own,
            origin: self.rule_origin(&meta.path),
            cases: (cases.clone(), text(&cases)),
            beside: beside.map(|other| other.id.clone()).collect(),
            meta,
        })
    }

    /// The paths of rule files that are the house's.
    pub fn house_rules(&self) -> BTreeSet<String> {
        let Some(house) = self.config.content.as_deref() else { return BTreeSet::new() };
        let files = self.current.rule_files();
        let own = files.iter().filter(|file| house.join(&file.path).is_file());
        own.map(|file| file.path.clone()).collect()
    }

    /// Whose a rule file is.
    pub fn rule_origin(&self, path: &str) -> Origin {
        let house = self.config.content.as_deref().map(|house| house.join(path));
        match house.is_some_and(|file| file.is_file()) {
            true => Origin::House,
            false => Origin::Shipped,
        }
    }

    /// Loads a draft among the rules in force and runs its cases. Nothing is kept.
    pub async fn check_rules(&self, files: RuleTexts) -> Result<DraftChecked, RuleEditError> {
        check_draft_paths(&files).map_err(RuleEditError::Invalid)?;
        self.check_draft_size(&files)?;
        let base = self.current.rule_files();
        let mappings = Arc::clone(&self.current.get().mappings);
        let checked = tokio::task::spawn_blocking(move || {
            check(&base, &files, &offline::rules::world(&mappings))
        });
        checked.await.map_err(|_| RuleEditError::Panic)
    }

    /// Checks a rule's file and its cases, writes them into the house's content folder and puts
    /// them in force. Gives the new version and what deserves a look.
    pub async fn save_rule(
        &self,
        edit: RuleEdit,
        by: &str,
    ) -> Result<(String, Vec<Problem>), RuleEditError> {
        let folder = self.rules_folder()?;
        check_draft_paths(&edit.files).map_err(RuleEditError::Invalid)?;
        let path = rule_path(&edit.files)?;
        let _alone = self.editing.lock().await;
        let found = self.version_in_force(path);
        if found != edit.base_version {
            return Err(RuleEditError::Conflict { found, expected: edit.base_version });
        }
        let checked = self.check_rules(edit.files.clone()).await?;
        let obstacles = checked.obstacles();
        if !obstacles.is_empty() {
            return Err(RuleEditError::Problems(obstacles));
        }
        if !checked.rules.iter().any(|meta| meta.id == edit.rule) {
            let why = format!("the file holds no rule `{}`", edit.rule);
            return Err(RuleEditError::Invalid(why));
        }
        self.content_holds()?;
        let text = edit.files.get(path).map(String::as_str).unwrap_or_default();
        let version = version_of(text);
        let rules: Vec<&str> = checked.rules.iter().map(|meta| meta.id.as_str()).collect();
        let detail = serde_json::json!({
            "reason": edit.reason, "from": found, "to": version, "rules": rules,
            "files": edit.files.keys().collect::<Vec<_>>(),
        });
        self.state.record_acts(&[self.rule_act(("rule.edit", path), detail, by)]).await?;
        for (path, text) in &edit.files {
            write(folder, path, text)?;
        }
        housekeeping::reload(self).await;
        Ok((version, checked.problems))
    }

    /// Takes the house's copy of a rule's file away: what ships is in force again, or nothing.
    pub async fn remove_rule(
        &self,
        id: &RuleId,
        (reason, base_version): (&str, Option<&str>),
        by: &str,
    ) -> Result<(), RuleEditError> {
        let folder = self.rules_folder()?;
        let _alone = self.editing.lock().await;
        let view = self.rule(id)?;
        if let Some(expected) = base_version.filter(|expected| *expected != view.version) {
            let expected = expected.to_owned();
            return Err(RuleEditError::Conflict { found: view.version, expected });
        }
        if view.origin == Origin::Shipped {
            let why = "this rule ships with the program: turn it off instead";
            return Err(RuleEditError::Invalid(why.into()));
        }
        let path = &view.meta.path;
        let shipped = content::shipped();
        let kept: BTreeSet<&String> = [path, &view.cases.0].into_iter().collect();
        let mut files = RuleTexts::new();
        for path in kept.iter().filter_map(|path| shipped.get_key_value(*path)) {
            files.insert(path.0.clone(), String::from_utf8_lossy(path.1).into_owned());
        }
        let base = self.current.rule_files();
        let rest: Vec<RuleFile> =
            base.iter().filter(|file| !kept.contains(&file.path)).cloned().collect();
        let problems = tokio::task::spawn_blocking(move || new_errors(&base, &rest, &files));
        let problems = problems.await.map_err(|_| RuleEditError::Panic)?;
        if !problems.is_empty() {
            return Err(RuleEditError::Problems(problems));
        }
        let detail = serde_json::json!({ "reason": reason, "from": view.version });
        self.state.record_acts(&[self.rule_act(("rule.remove", path), detail, by)]).await?;
        for path in [path, &view.cases.0] {
            match fs::remove_file(folder.join(path)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                Ok(()) | Err(_) => {}
            }
        }
        housekeeping::reload(self).await;
        Ok(())
    }

    /// The version of a rule file in force; empty when there is none.
    pub(super) fn version_in_force(&self, path: &str) -> String {
        let files = self.current.rule_files();
        let own = files.iter().find(|file| file.path == path);
        own.map(|file| version_of(&file.text)).unwrap_or_default()
    }

    /// A mistake in a mapping or in the rights keeps all of the content folder out of force: what
    /// is saved now would wait behind it unseen.
    pub(super) fn content_holds(&self) -> Result<(), RuleEditError> {
        let refused = self.current.refused_content();
        let errors = refused.iter().filter(|problem| problem.gravity == Gravity::Error);
        let errors = errors.filter(|problem| !problem.file.starts_with("rules/"));
        let others: Vec<Problem> = errors.cloned().collect();
        if others.is_empty() { Ok(()) } else { Err(RuleEditError::Problems(others)) }
    }

    pub(super) fn rule_act(
        &self,
        (verb, object): (&str, &str),
        detail: serde_json::Value,
        by: &str,
    ) -> AuditAct {
        AuditAct {
            at: self.now(),
            by: by.to_owned(),
            verb: verb.to_owned(),
            object: format!("rule:{object}"),
            detail,
        }
    }
}

/// The one file of a change that holds rules.
fn rule_path(files: &RuleTexts) -> Result<&str, RuleEditError> {
    let mut rules = files.keys().filter(|path| !path.ends_with(CASES));
    let wrong = |why: &str| Err(RuleEditError::Invalid(why.to_owned()));
    let (Some(path), None) = (rules.next(), rules.next()) else {
        return wrong("a change is one rule file and its cases");
    };
    if [".sets.yml", ".exceptions.yml", ".logsources.yml"].iter().any(|end| path.ends_with(end)) {
        return wrong("sets and exceptions are changed by themselves, not as a rule's file");
    }
    let expected = cases_path(path);
    match files.keys().find(|other| *other != path && **other != expected) {
        Some(_) => Err(RuleEditError::Invalid(format!("the rule's cases lie in `{expected}`"))),
        None => Ok(path),
    }
}

/// Everything that is wrong with a draft's files, and with others because of them.
fn check(base: &[RuleFile], files: &RuleTexts, world: &World) -> DraftChecked {
    let mut checked =
        DraftChecked { problems: new_errors(base, base, files), ..Default::default() };
    let all = with(base, files);
    let (set, found) = RuleSet::load(&all);
    let is_own = |problem: &Problem| files.contains_key(&problem.file);
    let found = found.into_iter().chain(set.check()).chain(set.unheard(world));
    checked.problems.extend(found.filter(is_own));
    let own = set.iter().map(|(_, meta)| meta).filter(|meta| files.contains_key(&meta.path));
    checked.rules = own.cloned().collect();
    let is_case = |path: &str| path.ends_with(CASES);
    let is_tried =
        |path: &str| !is_case(path) || files.contains_key(path) || path.ends_with(SHARED);
    let tried: Vec<RuleFile> = all.iter().filter(|file| is_tried(&file.path)).cloned().collect();
    let (outcomes, found) = cases::run(&tried);
    // What both say is said once: sorted and without doubles below.
    checked.problems.extend(found.into_iter().filter(is_own));
    let outcomes = outcomes.into_iter().filter(|outcome| files.contains_key(&outcome.file));
    let case = |outcome: cases::Outcome| CaseView {
        rule: outcome.rule,
        name: outcome.case,
        failure: outcome.failure,
    };
    checked.cases = outcomes.map(case).collect();
    checked.problems = detect::told(checked.problems, &all);
    // What must be mended comes before what deserves a look.
    checked.problems.sort_by(|a, b| (&a.gravity, a).cmp(&(&b.gravity, b)));
    checked.problems.dedup();
    checked
}

/// Errors in files that are not the draft's, which are there because of it: an id that it takes, a
/// rule that it no longer has. `rest`: the files that stay.
fn new_errors(base: &[RuleFile], rest: &[RuleFile], files: &RuleTexts) -> Vec<Problem> {
    let errors = |files: &[RuleFile]| {
        let (_, found) = RuleSet::load(files);
        found.into_iter().filter(|problem| problem.gravity == Gravity::Error).collect::<Vec<_>>()
    };
    let before = errors(base);
    let after = errors(&with(rest, files));
    let is_new =
        |problem: &Problem| !files.contains_key(&problem.file) && !before.contains(problem);
    after.into_iter().filter(is_new).collect()
}

/// Rule files with others in their places.
pub(super) fn with(base: &[RuleFile], files: &RuleTexts) -> Vec<RuleFile> {
    let stays = base.iter().filter(|file| !files.contains_key(&file.path)).cloned();
    let own = files.iter().map(|(path, text)| RuleFile { path: path.clone(), text: text.clone() });
    let mut all: Vec<RuleFile> = stays.chain(own).collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// Puts a file in the place of the house's earlier one, whole or not at all.
pub(super) fn write(house: &Path, path: &str, text: &str) -> io::Result<()> {
    let file = house.join(path);
    let folder = file.parent().unwrap_or(house);
    fs::create_dir_all(folder)?;
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("rule.yml");
    // Names that begin with a dot are not read as content.
    let new = folder.join(format!(".{name}.new"));
    let mut to = File::create(&new)?;
    to.write_all(text.as_bytes())?;
    to.sync_all()?;
    fs::rename(&new, &file)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "tests fail by panicking")]
    use super::*;

    fn rule(id: &str) -> String {
        format!(
            "title: {id}\nid: {id}\nlogsource: {{ category: door }}\ndetection:\n  s: {{ \
             class_uid: 1 }}\n  condition: s\nlevel: low\ncastellan: {{ team: guard, sop: [Look.] \
             }}\n"
        )
    }

    fn file(path: &str, text: String) -> RuleFile {
        RuleFile { path: path.into(), text }
    }

    fn draft(path: &str, text: String) -> RuleTexts {
        [(path.to_owned(), text)].into()
    }

    #[test]
    fn no_path_leaves_the_folder_of_rules() {
        let check = |path: &str| check_draft_paths(&draft(path, String::new()));
        for path in ["rules/a.yml", "rules/house/a-1.yml", "rules/x/y/a.cases.yml"] {
            assert!(check(path).is_ok(), "{path}");
        }
        for path in [
            "rules/../x.yml",
            "../rules/x.yml",
            "rules/.x.yml",
            "rules/a.yaml",
            "rules/a/b/c/d/e.yml",
            "mappings/a.yml",
            "rules//a.yml",
            "rules/.yml",
            "/rules/a.yml",
            "",
        ] {
            assert!(check(path).is_err(), "{path}");
        }
    }

    #[test]
    fn an_id_that_is_taken_is_found_on_whichever_side_the_loader_says_it() {
        let base = [file("rules/m.yml", rule("a"))];
        for path in ["rules/b.yml", "rules/z.yml"] {
            let checked = check(&base, &draft(path, rule("a")), &World::default());
            let codes: Vec<_> = checked.obstacles().into_iter().map(|p| p.code).collect();
            assert_eq!(codes, ["duplicate_id"], "{path}");
        }
        let same = check(&base, &draft("rules/m.yml", rule("a")), &World::default());
        assert!(same.obstacles().is_empty());
    }

    #[test]
    fn what_must_be_mended_comes_first_and_what_only_follows_is_not_said() {
        let both = "title: A\nid: a\nlogsource: {category: door}\ndetection:\n  s:\n    \
                    activty_id: 5\n  condition: s\nlevel: low\n---\ntitle: C\nid: c\n\
                    correlation:\n  type: event_count\n  rules: [a]\n  timspan: 1m\n  \
                    condition: {gte: 2}\nlevel: low\n";
        let world = World {
            heard: vec![detect::Heard { product: "p".into(), words: ["door".to_owned()].into() }],
            attributes: [("activity_id".to_owned(), detect::Below::Nothing)].into(),
            objects: Vec::new(),
        };
        let checked = check(&[], &draft("rules/a.yml", both.into()), &world);
        let told: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "rules/a.yml:15:3: error: a correlation has no key `timspan`; meant `timespan`? \
                 [unknown_key]",
                "rules/a.yml:6:5: warning: nothing fills `activty_id`; meant `activity_id`? \
                 [unknown_field]",
            ]
        );
    }

    #[test]
    fn a_rule_that_others_build_on_cannot_be_taken_from_them() {
        let counts = "title: C\nid: c\ncorrelation:\n  type: event_count\n  rules: [a]\n  \
                      group-by: [castellan.place]\n  timespan: 1m\n  condition: { gte: 2 }\nlevel: low\n";
        let base = [file("rules/a.yml", rule("a")), file("rules/c.yml", counts.into())];
        let checked = check(&base, &draft("rules/a.yml", rule("b")), &World::default());
        let at: Vec<_> = checked.obstacles().into_iter().map(|p| p.file).collect();
        assert_eq!(at, ["rules/c.yml"]);
    }

    #[test]
    fn cases_are_run_and_one_that_fails_is_an_obstacle() {
        let case = "rule: a\ncases:\n  - name: any\n    expect: nothing\n    events:\n      \
                    - { at: \"23:00:00\", source: pacs, category: door, ocsf: { class_uid: 1 } }\n";
        let mut files = draft("rules/a.yml", rule("a"));
        files.insert("rules/a.cases.yml".into(), case.into());
        let checked = check(&[], &files, &World::default());
        assert_eq!(checked.cases.len(), 1);
        let obstacles = checked.obstacles();
        assert!(obstacles[0].message.contains("expected nothing, found"), "{obstacles:?}");
        files.insert("rules/a.cases.yml".into(), case.replace("nothing", "match"));
        assert!(check(&[], &files, &World::default()).obstacles().is_empty());
    }
}
