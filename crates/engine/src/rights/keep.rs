//! Rights as they are kept: taken in from the organisation folder and from state, changed by acts
//! that name who and why, undone.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::problem::Gravity;
use model::rights::{ItemChange, RightsData, RightsVersion};
use model::{AuditAct, Organisation, Problem, Timestamp};
use store::state::RightsAct;
use store::{State, StoreError};

use super::{Rights, RightsError, Templates};
use crate::config::Config;
use crate::engine::Engine;
use crate::offline::{self, Content, OrgFolder};
use crate::start::StartError;

/// Most things that the audit chain names of one change; it counts the rest.
const NAMED_MAX: usize = 40;
/// Longest reason of a change, in characters.
pub const WHY_CHARS_MAX: usize = 2_000;

/// Why rights were not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// They would not hold together; what runs goes on.
    #[error("rights would not hold: {}{}", .0.first().map(ToString::to_string).unwrap_or_default(),
        match .0.len() { 0 | 1 => String::new(), more => format!(" and {} more", more - 1) })]
    Problems(Vec<Problem>),
    /// There is no such version.
    #[error("there is no version {0}")]
    NoVersion(u64),
    /// Later changes rest on what is to be undone.
    #[error("version {version} cannot be undone: {kind} `{key}` was changed again since")]
    ChangedSince {
        /// The version that was to be undone.
        version: u64,
        /// The kind of what was changed.
        kind: String,
        /// Which.
        key: String,
    },
    /// Somebody has changed the same while a list was read.
    #[error("{kind} `{key}` was changed meanwhile: try the list again")]
    ChangedMeanwhile {
        /// The kind of what was changed.
        kind: String,
        /// Which.
        key: String,
    },
    /// Nothing would change.
    #[error("nothing would change")]
    Nothing,
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who changes rights, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// An operator or a token.
    pub by: String,
    /// Why.
    pub why: String,
    /// By whose approval.
    pub approved_by: Option<String>,
}

/// What becomes of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its version in state.
    pub version: u64,
    /// The version of the snapshot that decides by it.
    pub snapshot: u64,
    /// What it changed.
    pub changes: Vec<ItemChange>,
}

/// Everything that is wrong with rights that were read, beyond what their files show: how they
/// compose, what their policies say, which card formats there are.
pub fn check(org: &Organisation, data: &RightsData, templates: &Templates) -> Vec<Problem> {
    let mut problems = Vec::new();
    let table = data.cards.table.as_deref().unwrap_or_default();
    match codec::wiegand::Formats::with(table) {
        Ok(formats) => {
            let own = data.credentials.values().filter_map(|one| one.format.as_ref());
            let named: BTreeSet<&String> = own.chain(&data.cards.format).collect();
            for format in named.into_iter().filter(|format| formats.get(format).is_none()) {
                let known: Vec<&str> = formats.iter().map(|format| format.name()).collect();
                let hint = estate::nearest::hint(format, &known);
                let message = format!("there is no card format `{format}`: {hint}");
                problems.push(Problem::error("access.toml", None, "unknown_format", message));
            }
        }
        Err(error) => {
            let message = format!("`cards.table`: {error}");
            problems.push(Problem::error("access.toml", None, "bad_format", message));
        }
    }
    // Tried as if all of them held now: what begins next month must hold together as well.
    let mut all = data.clone();
    for right in all.rights.values_mut() {
        right.validity = Default::default();
    }
    let what = (Arc::new(org.clone()), all, templates.clone());
    match Rights::with_key([0; 32], what, Timestamp::from_secs(0)) {
        Ok(rights) => problems.extend(rights.snapshot().unknown_names()),
        Err(RightsError::Problems(found)) => problems.extend(found),
        Err(RightsError::Key(_)) => {}
    }
    problems
}

/// Takes the rights of an organisation folder into state, where they differ from what it said when
/// it was last taken in: what was edited since stays until the folder says something else. What
/// changed; people's digits, which no folder holds, stay.
pub async fn take_in(
    state: &State,
    folder: &OrgFolder,
    by: &By,
    now: Timestamp,
) -> Result<Vec<ItemChange>, StoreError> {
    let changes = differs(state, folder).await?;
    let Some(changes) = changes else { return Ok(Vec::new()) };
    let act = RightsAct {
        at: now,
        by: by.by.clone(),
        why: by.why.clone(),
        approved_by: None,
        what: "folder",
        undoes: None,
        folder: Some(folder.hash),
        source: None,
    };
    let audit = audited(by, "folder", &changes, now);
    state.change_rights(&act, &changes, &audit).await?;
    Ok(changes)
}

/// What taking a folder in would change; none where it says nothing new.
pub async fn differs(
    state: &State,
    folder: &OrgFolder,
) -> Result<Option<Vec<ItemChange>>, StoreError> {
    let Some(mut data) = folder.rights.clone().filter(|_| folder.has_rights) else {
        return Ok(None);
    };
    if state.rights_folder().await?.as_deref() == Some(&folder.hash[..]) {
        return Ok(None);
    }
    let kept = state.rights().await?;
    data.pins = kept.pins.clone();
    Ok(Some(kept.changes_to(&data)))
}

/// The rights of a server that starts: the folder's, where it says something new, else the kept
/// ones.
pub async fn open(
    config: &Config,
    state: &State,
    (org, content): (&Arc<Organisation>, &Content),
    now: Timestamp,
) -> Result<Rights, StartError> {
    let templates = Templates::of(&content.files);
    if let Some(folder) = &config.organisation {
        let read = offline::folder(folder, config.content.as_deref());
        let read = read.map_err(|error| StartError::Http(error.to_string()))?;
        if read.has_rights && read.rights.is_none() {
            let mut problems = read.problems;
            problems.retain(|problem| problem.gravity == Gravity::Error);
            return Err(StartError::Problems(problems));
        }
        let why = "the organisation folder says so".to_owned();
        let by = By { by: "castellan".to_owned(), why, approved_by: None };
        take_in(state, &read, &by, now).await?;
    }
    let data = state.rights().await?;
    Rights::open(&config.data, (Arc::clone(org), data, templates), now).map_err(|error| match error
    {
        RightsError::Key(error) => StartError::RightsKey(error),
        RightsError::Problems(problems) => StartError::Problems(problems),
    })
}

/// Reads the organisation and the rights again, after another process or an import changed them.
pub async fn reload(engine: &Engine) {
    let _alone = engine.access.editing.lock().await;
    let org = Arc::clone(&engine.current.get().org);
    let data = match engine.state.rights().await {
        Ok(data) => data,
        Err(error) => {
            tracing::error!(reason = %error, "rights not read again");
            return;
        }
    };
    if *engine.access.organisation() == *org && *engine.access.data() == data {
        return;
    }
    let (access, now) = (Arc::clone(&engine.access), engine.now());
    let composed = move || access.prepare(org, Arc::new(data), now);
    match tokio::task::spawn_blocking(composed).await {
        Ok(Ok(prepared)) => {
            let version = engine.access.install(prepared);
            tracing::info!(version, "rights composed again");
        }
        Ok(Err(problems)) => {
            for problem in problems.iter().take(5) {
                tracing::error!(%problem, "rights not composed again, the last good ones stay");
            }
        }
        Err(_) => tracing::error!("composing rights ended in a panic"),
    }
}

pub(crate) fn audited(by: &By, what: &str, changes: &[ItemChange], now: Timestamp) -> AuditAct {
    let word = |change: &ItemChange| match (&change.before, &change.after) {
        (None, _) => "added",
        (Some(_), Some(_)) => "changed",
        (Some(_), None) => "removed",
    };
    let name = |change: &ItemChange| format!("{} {}:{}", word(change), change.kind, change.key);
    let named: Vec<String> = changes.iter().take(NAMED_MAX).map(name).collect();
    let object = match changes {
        [one] => format!("{}:{}", one.kind, one.key),
        [] | [_, ..] => "rights".to_owned(),
    };
    AuditAct {
        at: now,
        by: by.by.clone(),
        verb: format!("access.{what}"),
        object,
        detail: serde_json::json!({
            "reason": by.why, "approved_by": by.approved_by,
            "changes": changes.len(), "named": named,
        }),
    }
}

impl Engine {
    /// Changes rights: tried first, then kept, then in force. Else what is wrong, and nothing has
    /// changed. Changes of things that are as wanted already are left out.
    pub async fn change_rights(
        &self,
        wanted: impl FnOnce(&RightsData) -> Vec<ItemChange>,
        by: &By,
        what: &'static str,
    ) -> Result<Changed, ChangeError> {
        let _alone = self.access.editing.lock().await;
        let changes = wanted(&self.access.data());
        self.apply(changes, by, (what, None, None)).await
    }

    /// Takes in what a list of another product changes, as [`super::plan`] has told it. Refused
    /// where something of it was changed since.
    pub async fn import_rights(
        &self,
        changes: Vec<ItemChange>,
        source: &str,
        by: &By,
    ) -> Result<Changed, ChangeError> {
        let _alone = self.access.editing.lock().await;
        let data = self.access.data();
        let moved = changes.iter().find(|one| data.item(&one.kind, &one.key) != one.before);
        if let Some(moved) = moved {
            let (kind, key) = (moved.kind.clone(), moved.key.clone());
            return Err(ChangeError::ChangedMeanwhile { kind, key });
        }
        self.apply(changes, by, ("import", None, Some(source))).await
    }

    async fn apply(
        &self,
        mut changes: Vec<ItemChange>,
        by: &By,
        (what, undoes, source): (&'static str, Option<u64>, Option<&str>),
    ) -> Result<Changed, ChangeError> {
        changes.retain(|change| change.before != change.after);
        if changes.is_empty() {
            return Err(ChangeError::Nothing);
        }
        let (access, now) = (Arc::clone(&self.access), self.now());
        let tried = changes.clone();
        let tried = tokio::task::spawn_blocking(move || access.prepare_changes(&tried, now)).await;
        let prepared = match tried {
            Ok(tried) => tried.map_err(ChangeError::Problems)?,
            Err(_) => {
                let message = "composing rights ended in a panic".to_owned();
                let problem = Problem::error("rights", None, "panic", message);
                return Err(ChangeError::Problems(vec![problem]));
            }
        };
        let act = RightsAct {
            at: now,
            by: by.by.clone(),
            why: by.why.clone(),
            approved_by: by.approved_by.clone(),
            what,
            undoes,
            folder: None,
            source: source.map(str::to_owned),
        };
        let audit = audited(by, what, &changes, now);
        let version = self.state.change_rights(&act, &changes, &audit).await?;
        let snapshot = self.access.install(prepared);
        Ok(Changed { version, snapshot, changes })
    }

    /// Undoes one version: what it changed becomes what it was, as a version of its own. Refused
    /// where a later version has changed the same things.
    pub async fn undo_rights(&self, version: u64, by: &By) -> Result<Changed, ChangeError> {
        let _alone = self.access.editing.lock().await;
        let undone = undoing(&self.state, version).await?;
        self.apply(undone, by, ("undo", Some(version), None)).await
    }
}

/// What undoes a version: refused where a later one has changed the same things.
pub async fn undoing(state: &State, version: u64) -> Result<Vec<ItemChange>, ChangeError> {
    let known: Option<RightsVersion> = state.rights_version(version).await?;
    known.ok_or(ChangeError::NoVersion(version))?;
    let changes = state.rights_changes(version).await?;
    let running = state.rights().await?;
    for change in &changes {
        let now = running.item(&change.kind, &change.key);
        if now != change.after {
            let (kind, key) = (change.kind.clone(), change.key.clone());
            return Err(ChangeError::ChangedSince { version, kind, key });
        }
    }
    Ok(changes.iter().map(ItemChange::undone).collect())
}
