//! Rights by the command line: why, without a server; and lists of other products.

use std::path::Path;
use std::sync::Arc;

use estate::foreign::Map;
use model::problem::Gravity;
use model::{Organisation, Problem, RightsData, Timestamp};
use store::state::RightsAct;

use super::data::{DataError, open_state, unusable};
use super::{OfflineError, folder};
use crate::content;
use crate::rights::{
    self, AskError, Asked, By, ImportHow, ImportPlan, Rights, RightsError, Templates, explain_by,
    maps, plan,
};

/// Why a door would let somebody in or not, by an organisation folder alone.
pub fn explain_access(
    dir: &Path,
    extra: Option<&Path>,
    (asked, now): (&Asked, Timestamp),
) -> Result<(access::door::Explanation, Vec<Problem>), ExplainError> {
    let read = folder(dir, extra)?;
    let mut problems = read.problems;
    let (Some(org), Some(data)) = (read.organisation, read.rights) else {
        problems.retain(|problem| problem.gravity == Gravity::Error);
        return Err(ExplainError::Problems(problems));
    };
    let mut unread = Vec::new();
    let templates = Templates::of(&content::gather(extra, &mut unread));
    // No card is read here: any key serves.
    let rights = Rights::with_key([0; 32], (Arc::new(org), data, templates), now);
    let rights = rights.map_err(|error| match error {
        RightsError::Problems(problems) => ExplainError::Problems(problems),
        RightsError::Key(error) => ExplainError::Key(error.to_string()),
    })?;
    Ok((explain_by((*rights.snapshot()).clone(), asked, now)?, problems))
}

/// Why nothing could be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] OfflineError),
    /// What is in it.
    #[error("{} problems in the organisation folder", .0.len())]
    Problems(Vec<Problem>),
    /// The question.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The key.
    #[error("{0}")]
    Key(String),
}

/// A map of columns by its name, or by its file; else what is wrong with it.
pub fn import_map(
    name: &str,
    extra: Option<&Path>,
) -> Result<(Option<Map>, Vec<Problem>), OfflineError> {
    let known = maps(extra);
    let text = match known.get(name) {
        Some(text) => text.clone(),
        None if Path::new(name).is_file() => std::fs::read_to_string(name)
            .map_err(|e| OfflineError::Read { file: name.to_owned(), why: e.to_string() })?,
        None => {
            let hint = super::hint(name, known.keys().map(String::as_str));
            return Err(OfflineError::Unknown { what: "map", name: name.to_owned(), hint });
        }
    };
    Ok(Map::read(name, &text))
}

/// Names of lists with their texts.
type Lists = Vec<(String, String)>;

/// The texts of lists, by the encoding of their map; else what is wrong with their bytes.
pub fn import_texts(
    map: &Map,
    paths: &[std::path::PathBuf],
) -> Result<Result<Lists, Vec<Problem>>, OfflineError> {
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path.display().to_string();
        let why = |error: std::io::Error| OfflineError::Read {
            file: name.clone(),
            why: error.to_string(),
        };
        let size = std::fs::metadata(path).map_err(why)?.len();
        if size > estate::FILE_BYTES_MAX as u64 {
            let message = format!("{size} bytes: at most {} are read", estate::FILE_BYTES_MAX);
            problems.push(Problem::error(&name, None, "too_large", message));
            continue;
        }
        let bytes = std::fs::read(path).map_err(why)?;
        match estate::foreign::decode(&name, &bytes, map.encoding) {
            Ok(text) => texts.push((name, text)),
            Err(problem) => problems.push(problem),
        }
    }
    Ok(if problems.is_empty() { Ok(texts) } else { Err(problems) })
}

/// What lists of another product change in a data folder; written unless only tried, or held back.
/// The version that was written, to be undone by.
pub async fn import_access(
    data: &Path,
    (map, how): (&Map, &ImportHow),
    files: &[(String, String)],
    (why, now, dry_run): (&str, Timestamp, bool),
) -> Result<(ImportPlan, Option<u64>), DataError> {
    let state = open_state(data, false).await?;
    let org = state.load_organisation().await?.ok_or(DataError::NoOrganisation)?;
    let before = state.rights().await?;
    let rights = open(data, (org, before), now)?;
    let brought = state.rights_from(&how.source).await?;
    let base = (&*rights.organisation(), &*rights.data(), rights.key());
    let found = plan(base, (map, files), (how, &brought));
    let mut version = None;
    if !dry_run && !found.changes.is_empty() && found.held_back.is_none() {
        // Tried as the server would: what does not hold together is not written.
        rights.prepare_changes(&found.changes, now).map_err(DataError::Rights)?;
        let by = By { by: "command line".to_owned(), why: why.to_owned(), approved_by: None };
        let what = (&*found.changes, &by, "import");
        version = Some(write(&state, what, (None, Some(&how.source)), now).await?);
        crate::folder::touch_changed(data).map_err(|e| unusable(data, &e))?;
    }
    state.close().await;
    Ok((found, version))
}

/// Undoes one version of rights in a data folder; gives the version that did it.
pub async fn undo_access(
    data: &Path,
    version: u64,
    why: &str,
    now: Timestamp,
) -> Result<u64, DataError> {
    let state = open_state(data, false).await?;
    let org = state.load_organisation().await?.ok_or(DataError::NoOrganisation)?;
    let changes = rights::undoing(&state, version).await.map_err(DataError::Undo)?;
    let rights = open(data, (org, state.rights().await?), now)?;
    rights.prepare_changes(&changes, now).map_err(DataError::Rights)?;
    let by = By { by: "command line".to_owned(), why: why.to_owned(), approved_by: None };
    let made = write(&state, (&changes, &by, "undo"), (Some(version), None), now).await?;
    state.close().await;
    crate::folder::touch_changed(data).map_err(|e| unusable(data, &e))?;
    Ok(made)
}

fn open(
    data: &Path,
    (org, rights): (Organisation, RightsData),
    now: Timestamp,
) -> Result<Rights, DataError> {
    let templates = Templates::of(&content::shipped());
    Rights::open(data, (Arc::new(org), rights, templates), now).map_err(|error| match error {
        RightsError::Problems(problems) => DataError::Rights(problems),
        RightsError::Key(error) => {
            DataError::Folder { folder: data.display().to_string(), why: error.to_string() }
        }
    })
}

async fn write(
    state: &store::State,
    (changes, by, what): (&[model::rights::ItemChange], &By, &'static str),
    (undoes, source): (Option<u64>, Option<&str>),
    now: Timestamp,
) -> Result<u64, DataError> {
    let act = RightsAct {
        at: now,
        by: by.by.clone(),
        why: by.why.clone(),
        approved_by: None,
        what,
        undoes,
        folder: None,
        source: source.map(str::to_owned),
    };
    let audit = rights::audited(by, what, changes, now);
    Ok(state.change_rights(&act, changes, &audit).await?)
}
