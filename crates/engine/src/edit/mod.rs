//! Mappings as a house changes them: read, tried on records, checked as `castellan check` does, and
//! put in force without a restart.
//!
//! Owns the house's copies below `mappings/` of its content folder. What ships is never touched: a
//! copy wins over it while it is there, and goes when the house wants the shipped one back.

mod files;
pub mod rules;
mod side;
mod tries;

use model::problem::Gravity;
use model::{AuditAct, MappingName, Problem};
use store::StoreError;

use crate::content;
use crate::engine::Engine;
use crate::housekeeping;
use crate::limits::Limits;
use crate::trial::{Answer, Blob, Question, TrialError};
pub(crate) use files::recover;
pub use files::{Origin, Texts};
pub use tries::{InForce, Tried, TryRequest, Trying};

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
    /// It could not be tried to its end.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// No mapping of that name ships.
    #[error("no mapping `{0}` ships with the program: there is nothing to return to")]
    NotShipped(String),
    /// The content folder.
    #[error("the content folder cannot be written: {0}")]
    Folder(#[from] std::io::Error),
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The history, which holds what a source said.
    #[error(transparent)]
    Lake(#[from] lake::LakeError),
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
        let no_folder = "no content folder of the house is configured: name one under `[content]`";
        match (&self.config.content, self.trials.is_possible()) {
            (None, _) => Some(no_folder.to_owned()),
            (Some(_), false) => Some(TrialError::Absent.to_string()),
            (Some(_), true) => None,
        }
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
        let (checked, warnings) = self.check(&name, wanted.clone(), edit.accept_samples).await?;
        let accepted: Vec<String> = checked.accepted.keys().cloned().collect();
        let expected = checked.accepted.into_iter();
        wanted.extend(expected.map(|(case, text)| (files::expected(&case), text.into_bytes())));
        self.check_size(&wanted)?;
        let version = files::version(&wanted);
        let detail = serde_json::json!({
            "reason": edit.reason, "from": found, "to": version, "accepted": accepted,
        });
        self.state.record_acts(&[self.edit_act(("mapping.edit", &name), detail, by)]).await?;
        files::write(folder, &name, &wanted)?;
        housekeeping::reload(self).await;
        Ok(Saved { version, accepted, warnings })
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
        let (_, warnings) = self.check(&name, shipped, false).await?;
        let detail = serde_json::json!({ "reason": reason, "from": found, "to": version });
        self.state.record_acts(&[self.edit_act(("mapping.restore", &name), detail, by)]).await?;
        files::remove(folder, &name)?;
        housekeeping::reload(self).await;
        Ok(Saved { version, accepted: Vec::new(), warnings })
    }

    fn house(&self) -> Result<&std::path::Path, EditError> {
        match (self.no_editing(), self.config.content.as_deref()) {
            (None, Some(folder)) => Ok(folder),
            (why, _) => Err(EditError::NotEditable(why.unwrap_or_default())),
        }
    }

    /// Compiles a mapping's files among all others and runs its samples, in a process of its own.
    /// Fails with every error; gives what was found, and its warnings.
    async fn check(
        &self,
        name: &MappingName,
        files: content::Files,
        accept: bool,
    ) -> Result<(Answer, Vec<Problem>), EditError> {
        let (mut question, unread) = self.question(name, files);
        question.accept = accept;
        let mut answer = self.trials.ask(question).await?;
        let found = unread.into_iter().chain(std::mem::take(&mut answer.problems));
        let (errors, warnings): (Vec<_>, Vec<_>) =
            found.partition(|problem| problem.gravity == Gravity::Error);
        if errors.is_empty() { Ok((answer, warnings)) } else { Err(EditError::Problems(errors)) }
    }

    /// The house's mappings with this one as given, and what of its folder could not be read.
    fn question(&self, name: &MappingName, files: content::Files) -> (Question, Vec<Problem>) {
        let mut unread = Vec::new();
        let mut content = match self.config.content.as_deref() {
            Some(house) => tokio::task::block_in_place(|| content::read_folder(house, &mut unread)),
            None => content::Files::new(),
        };
        let prefix = format!("mappings/{name}/");
        content.retain(|path, _| path.starts_with("mappings/") && !path.starts_with(&prefix));
        content.extend(files.into_iter().map(|(path, bytes)| (format!("{prefix}{path}"), bytes)));
        let question = Question {
            name: name.clone(),
            content: content.into_iter().map(|(path, bytes)| (path, Blob(bytes))).collect(),
            accept: false,
            letters: Vec::new(),
            texts: None,
            zone: self.current.get().zone.name().to_owned(),
            records_max: Limits::count(self.config.limits.mapping_try_records_max),
        };
        (question, unread)
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
