//! Verbs that work on a data folder: import, export, tokens, queries, verification.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use estate::Change;
use lake::QueryResult;
use model::ids::UNASSIGNED;
use model::rights::ItemChange;
use model::{Organisation, SourceId, Timestamp};

use serde::Serialize;
use store::state::Token;
use store::{State, StoreError};

use super::OfflineError;
use super::content::OrgFolder;
use crate::auth::{self, NewToken, TokenError};
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::Engine;
use crate::folder;
use crate::limits::Limits;
use crate::photos;
use crate::replay::{self, Progress, ReplayAsk, ReplayError, Report};
use crate::rights;
use crate::start::{self, Mode, StartError};

/// Why a verb could not work on a data folder.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// There is none.
    #[error(
        "there is no castellan data in `{0}`; run `castellan serve` or `castellan import` first"
    )]
    NoData(String),
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Operators.
    #[error(transparent)]
    Signin(#[from] crate::signin::SigninError),
    /// Tokens.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Starting the engine for a query.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The query.
    #[error(transparent)]
    Query(#[from] lake::LakeError),
    /// Something named on the command line does not exist.
    #[error(transparent)]
    Unknown(#[from] OfflineError),
    /// No organisation was ever imported.
    #[error("no organisation has been imported yet")]
    NoOrganisation,
    /// The file system.
    #[error("`{folder}`: {why}")]
    Folder {
        /// Which.
        folder: String,
        /// Why.
        why: String,
    },
    /// A replay.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Rights that do not hold together.
    #[error("{} problems in rights: {}", .0.len(), .0.first().map(ToString::to_string)
        .unwrap_or_default())]
    Rights(Vec<model::Problem>),
    /// What cannot be undone.
    #[error(transparent)]
    Undo(rights::ChangeError),
    /// Catching up with the journal took too long.
    #[error("the journal could not be read to its end within {0} s")]
    Behind(u64),
}

/// What an import changes.
#[derive(Debug, Serialize)]
pub struct Imported {
    /// Whether it was written.
    pub is_written: bool,
    /// Everything that differs.
    pub changes: Vec<Change>,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for change in &self.changes {
            *counts.entry((change.noun, kind_word(&change.kind))).or_insert(0) += 1;
        }
        let word = if self.is_written { "imported" } else { "would import" };
        if counts.is_empty() {
            return write!(f, "nothing has changed");
        }
        write!(f, "{word}:")?;
        for ((noun, kind), n) in counts {
            write!(f, " {n} {noun} {kind};")?;
        }
        Ok(())
    }
}

pub(super) async fn open_state(data: &Path, create: bool) -> Result<State, DataError> {
    let path = data.join("state.db");
    if !create && !path.exists() {
        return Err(DataError::NoData(data.display().to_string()));
    }
    std::fs::create_dir_all(data).map_err(|e| unusable(data, &e))?;
    Ok(State::open(&path).await?)
}

pub(super) fn unusable(folder: &Path, error: &std::io::Error) -> DataError {
    DataError::Folder { folder: folder.display().to_string(), why: error.to_string() }
}

/// Puts an organisation into a data folder; a running server is told.
pub async fn import(
    data: &Path,
    org: &Organisation,
    now: Timestamp,
    dry_run: bool,
) -> Result<Imported, DataError> {
    let state = open_state(data, true).await?;
    let before = state.load_organisation().await?;
    let nobody = start::nobody()?;
    let changes = estate::diff(before.as_ref().unwrap_or(&nobody), org);
    let is_written = !dry_run && (before.is_none() || !changes.is_empty());
    if is_written {
        start::import(&state, org, "command line", now).await?;
        folder::touch_changed(data).map_err(|e| unusable(data, &e))?;
    }
    state.close().await;
    Ok(Imported { is_written, changes })
}

/// Puts the rights of an organisation folder into a data folder, after the organisation itself; a
/// running server is told. What changed, or would.
pub async fn import_rights(
    data: &Path,
    folder: &OrgFolder,
    now: Timestamp,
    dry_run: bool,
) -> Result<Vec<ItemChange>, DataError> {
    let state = open_state(data, true).await?;
    let changes = match dry_run {
        true => rights::differs(&state, folder).await?.unwrap_or_default(),
        false => {
            let why = "the organisation folder was imported".to_owned();
            let by = rights::By { by: "command line".to_owned(), why, approved_by: None };
            rights::take_in(&state, folder, &by, now).await?
        }
    };
    state.close().await;
    if !dry_run && !changes.is_empty() {
        folder::touch_changed(data).map_err(|e| unusable(data, &e))?;
    }
    Ok(changes)
}

/// Brings the photos of a data folder to those of an organisation folder; gives what could not be
/// taken.
pub async fn import_photos(
    config: &Config,
    folder: &Path,
    org: &Organisation,
    now: Timestamp,
) -> Result<Vec<model::Problem>, DataError> {
    let state = open_state(&config.data, true).await?;
    let files = photos::in_folder(folder);
    let max = Limits::count(config.limits.photo_bytes_max);
    let how = (max, "command line", now);
    let problems = photos::keep(&state, org, files.as_deref(), how).await?;
    state.close().await;
    Ok(problems)
}

/// The organisation of a data folder, as the files of an organisation folder.
pub async fn export(data: &Path) -> Result<BTreeMap<String, String>, DataError> {
    let state = open_state(data, false).await?;
    let org = state.load_organisation().await?.ok_or(DataError::NoOrganisation)?;
    let rights = state.rights().await?;
    state.close().await;
    let mut files = estate::export(&org);
    files.extend(estate::export_rights(&rights));
    Ok(files)
}

/// Makes a token in a data folder; its text is returned and kept nowhere.
pub async fn create_token(
    data: &Path,
    wanted: NewToken,
    now: Timestamp,
) -> Result<(Token, String), DataError> {
    let state = open_state(data, true).await?;
    // Without an organisation there is nothing to compare with: tokens may come first.
    if let Some(org) = state.load_organisation().await? {
        for source in &wanted.sources {
            if !org.sources.contains_key(source) && source.as_str() != UNASSIGNED {
                let name = source.to_string();
                let hint = super::hint(&name, org.sources.keys().map(SourceId::as_str));
                return Err(OfflineError::Unknown { what: "source", name, hint }.into());
            }
        }
    }
    let made = auth::create(&state, wanted, "command line", now).await?;
    state.close().await;
    folder::touch_changed(data).map_err(|e| unusable(data, &e))?;
    Ok(made)
}

/// The tokens of a data folder.
pub async fn tokens(data: &Path) -> Result<Vec<Token>, DataError> {
    let state = open_state(data, false).await?;
    let tokens = state.tokens().await?;
    state.close().await;
    Ok(tokens)
}

/// Ends a token; whether there was one.
pub async fn revoke_token(data: &Path, id: &str, now: Timestamp) -> Result<bool, DataError> {
    let state = open_state(data, false).await?;
    let act = auth::revoke_act(id, "command line", now);
    let was_there = state.revoke_token(id, now, &act).await?;
    state.close().await;
    folder::touch_changed(data).map_err(|e| unusable(data, &e))?;
    Ok(was_there)
}

/// Asks a data folder that no server holds: reads what the journal has and the lake has not.
pub async fn query(
    config: Config,
    sql: &str,
    wait_max: Duration,
) -> Result<QueryResult, DataError> {
    if !config.data.join("state.db").exists() {
        return Err(DataError::NoData(config.data.display().to_string()));
    }
    let running = start::start(config, Clock::system(), Mode::Offline).await?;
    let is_whole = running.engine.caught_up(wait_max).await;
    let result = running.engine.query(sql, (true, true)).await;
    running.stop().await?;
    if !is_whole {
        return Err(DataError::Behind(wait_max.as_secs()));
    }
    Ok(result?)
}

/// Replays a stretch of a data folder that no server holds. Blocks the run time's thread that it
/// is given while it judges.
pub async fn replay_lake(
    config: Config,
    ask: ReplayAsk,
    (wait_max, progress): (Duration, Arc<Progress>),
) -> Result<Report, DataError> {
    if !config.data.join("state.db").exists() {
        return Err(DataError::NoData(config.data.display().to_string()));
    }
    let running = start::start(config, Clock::system(), Mode::Offline).await?;
    let is_whole = running.engine.caught_up(wait_max).await;
    let report = replayed(&running.engine, &ask, progress).await;
    running.stop().await?;
    if !is_whole {
        return Err(DataError::Behind(wait_max.as_secs()));
    }
    Ok(report?)
}

async fn replayed(
    engine: &Engine,
    ask: &ReplayAsk,
    progress: Arc<Progress>,
) -> Result<Report, ReplayError> {
    let mut ask = ask.clone();
    let (first, last) = engine.lake.time_span()?.unwrap_or_else(|| (engine.now(), engine.now()));
    // A clock that ran ahead of this machine's, as a demo's does, has written what is yet to come.
    let now = engine.now().max(last.plus(Duration::from_nanos(1)));
    if ask.late_of.is_none() {
        ask.from = ask.from.or(Some(first));
        ask.to = ask.to.or(Some(now));
    }
    let mut prepared = engine.prepare_replay(&ask).await?;
    prepared.asked.now = now;
    let mut context = engine.replay_context();
    // Every finding is written out.
    context.limits.kept_max = context.limits.findings_max;
    let run = move || {
        let sets = (&prepared.new, prepared.old.as_ref());
        replay::run(&context, &prepared.asked, sets, (&progress, &|| false))
    };
    tokio::task::spawn_blocking(run).await.map_err(|_| ReplayError::Panic)?
}

fn kind_word(kind: &estate::ChangeKind) -> &'static str {
    match kind {
        estate::ChangeKind::Added => "added",
        estate::ChangeKind::Changed(_) => "changed",
        estate::ChangeKind::Removed => "removed",
    }
}
