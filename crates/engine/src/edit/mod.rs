//! Mappings as a house changes them: read, tried on records, checked as `castellan check` does, and
//! put in force without a restart.
//!
//! Owns the house's copies below `mappings/` of its content folder. What ships is never touched: a
//! copy wins over it while it is there, and goes when the house wants the shipped one back.

mod bounded;
mod files;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use model::problem::Gravity;
use model::{AuditAct, MappingName, Problem};
use normalise::{MappingFolder, Mappings, check_folder_until};
use store::StoreError;

use crate::content;
use crate::engine::Engine;
use crate::housekeeping;
use crate::limits::Limits;
pub(crate) use files::recover;
pub use files::{Origin, Texts};
pub use trial::{Tried, TryRequest, Trying};

/// Why a mapping was not changed or tried.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// There is none of that name.
    #[error("there is no mapping `{0}`")]
    Unknown(String),
    /// There is nowhere to write it.
    #[error("{0}")]
    NotEditable(String),
    /// Somebody changed it meanwhile.
    #[error("the mapping was changed meanwhile: it is at version {found}, not {expected}")]
    Conflict {
        /// The version in force.
        found: String,
        /// The one that was looked at.
        expected: String,
    },
    /// What was sent cannot be a mapping's files.
    #[error("{0}")]
    Invalid(String),
    /// More than fits.
    #[error("{what}: {found}, at most {max}")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How much.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// It does not hold.
    #[error("the mapping does not hold: {} problems", .0.len())]
    Problems(Vec<Problem>),
    /// It ran too long or took too much.
    #[error("{0}")]
    TooMuch(String),
    /// Others are being tried.
    #[error("{0} mappings are being tried already; try again")]
    Busy(u64),
    /// No mapping of that name ships.
    #[error("no mapping `{0}` ships with the program: there is nothing to return to")]
    NotShipped(String),
    /// The content folder.
    #[error("the content folder cannot be written: {0}")]
    Folder(#[from] std::io::Error),
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A mapping's files as they are in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingView {
    /// Its name.
    pub name: MappingName,
    /// Another one when a file has changed.
    pub version: String,
    /// Every file that is text, samples and all.
    pub files: Texts,
    /// Whose it is.
    pub origin: Origin,
    /// What ships under this name, where the house has a copy of its own.
    pub shipped: Option<Texts>,
}

/// A change that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Files by path inside the mapping's folder; others stay as they are.
    pub files: Texts,
    /// The version that was looked at; empty for a mapping that is not there yet.
    pub base_version: String,
    /// Why.
    pub reason: String,
    /// What the samples give from now on is what is expected of them.
    pub accept_samples: bool,
}

/// What a change did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The version in force now.
    pub version: String,
    /// Samples whose outcome is expected from now on.
    pub accepted: Vec<String>,
    /// What deserves a look.
    pub warnings: Vec<Problem>,
}

impl Engine {
    /// Why mappings cannot be changed here, if they cannot.
    pub fn no_editing(&self) -> Option<String> {
        let why = "no content folder of the house is configured: name one under `[content]`";
        self.config.content.is_none().then(|| why.to_owned())
    }

    /// A mapping's files as they are in force.
    pub fn mapping(&self, name: &str) -> Result<MappingView, EditError> {
        let unknown = || EditError::Unknown(name.chars().take(80).collect());
        let name = MappingName::parse(name).map_err(|_| unknown())?;
        let house = self.config.content.as_deref();
        let found = files::in_force(house, &name).ok_or_else(unknown)?;
        let shipped = files::shipped(&name).filter(|_| found.origin == Origin::House);
        Ok(MappingView {
            version: files::version(&found.files),
            files: files::texts(&found.files),
            origin: found.origin,
            shipped: shipped.as_ref().map(files::texts),
            name,
        })
    }

    /// Checks a change as `castellan check` does, writes it into the house's content folder and
    /// puts it in force.
    pub async fn save_mapping(&self, name: &str, edit: Edit, by: &str) -> Result<Saved, EditError> {
        let folder = self.house()?;
        let name = parsed(name)?;
        files::check_paths(&edit.files)?;
        let _alone = self.editing.lock().await;
        files::recover(folder)?;
        let before = files::in_force(Some(folder), &name).map(|found| found.files);
        let found = before.as_ref().map(files::version).unwrap_or_default();
        if found != edit.base_version {
            return Err(EditError::Conflict { found, expected: edit.base_version });
        }
        let mut wanted = before.unwrap_or_default();
        wanted.extend(edit.files.into_iter().map(|(path, text)| (path, text.into_bytes())));
        self.check_size(&wanted)?;
        self.others_hold(&name)?;
        let check = Check { house: Some(folder.to_owned()), name: name.clone(), files: wanted };
        let checked = self.bounded(move |stop| check.run(edit.accept_samples, stop)).await?;
        let (errors, warnings) = split(checked.problems);
        if !errors.is_empty() {
            return Err(EditError::Problems(errors));
        }
        let version = files::version(&checked.files);
        let detail = serde_json::json!({
            "reason": edit.reason, "from": found, "to": version, "accepted": checked.accepted,
        });
        self.state.record_acts(&[self.edit_act(("mapping.edit", &name), detail, by)]).await?;
        files::write(folder, &name, &checked.files)?;
        housekeeping::reload(self).await;
        Ok(Saved { version, accepted: checked.accepted, warnings })
    }

    /// Takes the house's copy away, so that the shipped mapping is in force again.
    pub async fn restore_mapping(
        &self,
        name: &str,
        (reason, base_version): (&str, Option<&str>),
        by: &str,
    ) -> Result<Saved, EditError> {
        let folder = self.house()?;
        let name = parsed(name)?;
        let _alone = self.editing.lock().await;
        files::recover(folder)?;
        let before = files::in_force(Some(folder), &name);
        let before = before.ok_or_else(|| EditError::Unknown(name.to_string()))?;
        let shipped = files::shipped(&name);
        let shipped = shipped.ok_or_else(|| EditError::NotShipped(name.to_string()))?;
        let found = files::version(&before.files);
        if let Some(expected) = base_version.filter(|expected| *expected != found) {
            return Err(EditError::Conflict { found, expected: expected.to_owned() });
        }
        let version = files::version(&shipped);
        if before.origin == Origin::Shipped {
            return Ok(Saved { version, accepted: Vec::new(), warnings: Vec::new() });
        }
        let check = Check { house: Some(folder.to_owned()), name: name.clone(), files: shipped };
        let checked = self.bounded(move |stop| check.run(false, stop)).await?;
        let (errors, warnings) = split(checked.problems);
        if !errors.is_empty() {
            return Err(EditError::Problems(errors));
        }
        let detail = serde_json::json!({ "reason": reason, "from": found, "to": version });
        self.state.record_acts(&[self.edit_act(("mapping.restore", &name), detail, by)]).await?;
        files::remove(folder, &name)?;
        housekeeping::reload(self).await;
        Ok(Saved { version, accepted: Vec::new(), warnings })
    }

    fn house(&self) -> Result<&std::path::Path, EditError> {
        let why = || EditError::NotEditable(self.no_editing().unwrap_or_default());
        self.config.content.as_deref().ok_or_else(why)
    }

    /// A mistake in another mapping or in the rights keeps all of the content folder out of force:
    /// what is saved now would wait behind it unseen. A broken rule keeps nothing else out.
    fn others_hold(&self, name: &MappingName) -> Result<(), EditError> {
        let own = format!("{name}/");
        let refused = self.current.refused_content();
        let errors = refused.iter().filter(|problem| problem.gravity == Gravity::Error);
        let errors = errors.filter(|problem| !problem.file.starts_with("rules/"));
        let others: Vec<Problem> =
            errors.filter(|problem| !problem.file.starts_with(&own)).cloned().collect();
        if others.is_empty() { Ok(()) } else { Err(EditError::Problems(others)) }
    }

    fn check_size(&self, files: &content::Files) -> Result<(), EditError> {
        let max = Limits::count(self.config.limits.mapping_bytes_max);
        let found = files.values().map(Vec::len).sum();
        let what = "bytes of the mapping's files";
        if found > max { Err(EditError::TooLarge { what, found, max }) } else { Ok(()) }
    }

    fn edit_act(
        &self,
        (verb, name): (&str, &MappingName),
        detail: serde_json::Value,
        by: &str,
    ) -> AuditAct {
        AuditAct {
            at: self.now(),
            by: by.to_owned(),
            verb: verb.to_owned(),
            object: format!("mapping:{name}"),
            detail,
        }
    }
}

fn parsed(name: &str) -> Result<MappingName, EditError> {
    MappingName::parse(name).map_err(|error| EditError::Invalid(error.to_string()))
}

fn split(problems: Vec<Problem>) -> (Vec<Problem>, Vec<Problem>) {
    problems.into_iter().partition(|problem| problem.gravity == Gravity::Error)
}

/// A mapping to be checked among all others.
struct Check {
    house: Option<std::path::PathBuf>,
    name: MappingName,
    files: content::Files,
}

/// What a check found.
struct Checked {
    mappings: Arc<Mappings>,
    problems: Vec<Problem>,
    /// The mapping's files, with what is expected of samples where that was accepted.
    files: content::Files,
    accepted: Vec<String>,
}

impl Check {
    /// Compiles the mapping and those that extend it, and runs their samples.
    fn run(self, accept: bool, stop: &Arc<AtomicBool>) -> Checked {
        let mut problems = Vec::new();
        let mut all = content::gather(self.house.as_deref(), &mut problems);
        let prefix = format!("mappings/{}/", self.name);
        all.retain(|path, _| !path.starts_with(&prefix));
        let own = self.files.iter().map(|(path, bytes)| (format!("{prefix}{path}"), bytes.clone()));
        all.extend(own);
        let folders = content::mapping_folders(&all);
        let now = with_heirs(&self.name, &folders);
        let (mappings, found) = Mappings::load_compiling(folders.clone(), &now);
        let concerned = |problem: &Problem| {
            let folder = problem.file.split('/').next().unwrap_or_default();
            now.contains(folder) || !folders.iter().any(|one| one.name == folder)
        };
        problems.extend(found.into_iter().filter(concerned));
        let mappings = Arc::new(mappings);
        let mut checked = Checked { mappings, problems, files: self.files, accepted: Vec::new() };
        for folder in folders.iter().filter(|folder| now.contains(&folder.name)) {
            let is_own = folder.name == self.name.as_str();
            for case in check_folder_until(&checked.mappings, folder, stop) {
                let mended = |code: &str| matches!(code, "missing_expected" | "unexpected");
                let is_accepted =
                    accept && is_own && case.problems.iter().any(|problem| mended(&problem.code));
                if is_accepted {
                    let path = format!("expected/{}.ndjson", case.case);
                    checked.files.insert(path, case.actual.clone().into_bytes());
                    checked.accepted.push(case.case.clone());
                }
                let stays = |problem: &Problem| !(is_accepted && mended(&problem.code));
                checked.problems.extend(case.problems.into_iter().filter(stays));
            }
        }
        checked
    }
}

/// A mapping and all that extend it.
fn with_heirs(name: &MappingName, folders: &[MappingFolder]) -> BTreeSet<String> {
    let extends: BTreeMap<&str, String> = folders
        .iter()
        .filter_map(|folder| Some((folder.name.as_str(), normalise::extends(folder)?)))
        .collect();
    let mut found = BTreeSet::from([name.to_string()]);
    loop {
        let more = extends.iter().filter(|(_, base)| found.contains(*base));
        let more: Vec<String> =
            more.map(|(heir, _)| (*heir).to_owned()).filter(|heir| !found.contains(heir)).collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}
