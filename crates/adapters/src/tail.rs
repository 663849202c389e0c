//! Follows files that other programs append to, over rotation by rename, by copy and truncation,
//! and over our own restarts.
//!
//! Positions are kept by whoever holds the journal ([`TailPositions`]): with the records before
//! them, as one, and then once more where they outlive the journal. So neither a restart nor a
//! kill loses or doubles anything.
//!
//! What cannot be saved, because the rotation itself loses it: bytes written between a copy and
//! its truncation, and a file removed or compressed while we were not running (noted as a gap).

mod follower;
mod open;
mod siblings;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::Wire;
use serde::{Deserialize, Serialize};

use crate::account::Note;
use crate::error::AdapterError;
use crate::files::line_wire;
use crate::intake::{Mark, Observed};
use crate::limits;
use crate::wiring::{Origin, Wiring, note_cut};
use follower::{Follower, Look};

/// The listener's name in records, counters and errors.
pub const LISTENER: &str = "tail";

/// Up to where one file was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TailPosition {
    /// The path followed; the file itself may meanwhile have another name.
    pub path: PathBuf,
    /// Device it lies on.
    pub dev: u64,
    /// Its inode.
    pub inode: u64,
    /// Bytes read; always at the beginning of a line.
    pub offset: u64,
    /// Digest of the first and the last bytes before `offset`: tells a file from another that got
    /// its inode, and from itself after truncation.
    pub fingerprint: String,
}

/// Keeps positions. Called outside async threads; may block.
pub trait TailPositions: Send + Sync {
    /// What was saved for this path, in the order saved; empty when nothing ever was.
    fn load(&self, path: &Path) -> io::Result<Vec<TailPosition>>;
    /// These positions as a mark that becomes durable with the records before them.
    fn mark(&self, path: &Path, positions: &[TailPosition]) -> Option<Mark>;
    /// Replaces what was saved for this path. Everything before these positions is journalled.
    fn save(&self, path: &Path, positions: &[TailPosition]) -> io::Result<()>;
}

/// Where to begin in a file that was never followed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TailFrom {
    /// At its beginning.
    #[default]
    Beginning,
    /// At the beginning of its last, unfinished line.
    End,
}

/// What to follow.
#[derive(Debug, Clone)]
pub struct TailConfig {
    /// The file; it need not exist yet, its folder must.
    pub path: PathBuf,
    /// How to read its lines; `None`: told from each line. With `Csv` its first line is the header.
    pub wire: Option<Wire>,
    /// Where to begin.
    pub from: TailFrom,
    /// How often to look.
    pub poll: Duration,
    /// Bytes of one line kept; the rest is cut and counted.
    pub record_bytes_max: usize,
}

impl TailConfig {
    /// The defaults, for a path.
    pub fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            wire: None,
            from: TailFrom::Beginning,
            poll: limits::TAIL_POLL,
            record_bytes_max: limits::RECORD_BYTES_MAX,
        }
    }
}

/// A checked file to follow.
#[derive(Debug)]
pub struct Tail {
    config: TailConfig,
}

impl Tail {
    /// Checks that the folder can be read; fails early.
    pub fn prepare(config: TailConfig) -> Result<Self, AdapterError> {
        let failed = |source| AdapterError::File {
            what: "the folder of the followed file",
            path: config.path.clone(),
            source,
        };
        std::fs::read_dir(siblings::folder(&config.path)).map_err(failed)?;
        if config.path.is_dir() {
            let detail = format!("`{}` is a folder; expected a file", config.path.display());
            return Err(AdapterError::Setting { setting: "path", detail });
        }
        Ok(Self { config })
    }

    /// Follows until asked to stop.
    pub async fn run(
        self,
        wiring: Wiring,
        positions: Arc<dyn TailPositions>,
    ) -> Result<(), AdapterError> {
        let config = self.config;
        let (path, kept) = (config.path.clone(), Arc::clone(&positions));
        let failed = |what, source| AdapterError::File { what, path: path.clone(), source };
        let starting = config.clone();
        let begin = move || {
            let saved = kept.load(&starting.path)?;
            Follower::begin(&starting, &saved)
        };
        let what = "the followed file";
        let mut follower = blocking(begin).await.map_err(|source| failed(what, source))?;
        let mut saved = Vec::new();
        loop {
            let (returned, look) = blocking(move || {
                let look = follower.look();
                Ok((follower, look))
            })
            .await
            .map_err(|source| failed(what, source))?;
            follower = returned;
            let look = look.unwrap_or_else(|error| {
                tracing::warn!(listener = LISTENER, path = %path.display(), %error, "cannot look");
                Look::default()
            });
            let is_idle = look.lines.is_empty();
            let mark = look.positions.as_ref().and_then(|now| positions.mark(&path, now));
            let Some(positions_now) = hand_on(&config, &wiring, (look, mark)).await? else {
                return Ok(());
            };
            if positions_now.as_ref().is_some_and(|now| *now != saved) {
                saved = positions_now.unwrap_or_default();
                let (keeper, at, now) = (Arc::clone(&positions), path.clone(), saved.clone());
                if let Err(error) = blocking(move || keeper.save(&at, &now)).await {
                    let hint = "the position is not saved; a restart would repeat records";
                    tracing::error!(listener = LISTENER, path = %path.display(), %error, hint);
                    saved.clear();
                }
            }
            let wait = if is_idle { config.poll } else { Duration::ZERO };
            if wiring.is_shut_down_within(wait).await {
                return Ok(());
            }
        }
    }
}

/// Runs file work where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Hands one look's lines on. Gives the positions to save once they are journalled; `None` when
/// the program stops before that.
async fn hand_on(
    config: &TailConfig,
    wiring: &Wiring,
    (look, mark): (Look, Option<Mark>),
) -> Result<Option<Option<Vec<TailPosition>>>, AdapterError> {
    let account = wiring.account.as_ref();
    for (note, count) in [(Note::Rotated, look.rotated), (Note::Gap, look.gaps)] {
        if count > 0 {
            account.noted(LISTENER, note, count);
        }
    }
    if !look.lines.is_empty() {
        let at = wiring.time();
        let observe = |line: follower::Line| -> Observed {
            let wire = config.wire.unwrap_or_else(|| line_wire(&line.body));
            Origin::of(LISTENER, wire).observed(at, line.body, line.bytes_cut)
        };
        let records: Vec<Observed> = look.lines.into_iter().map(observe).collect();
        let count = records.len() as u64;
        note_cut(account, LISTENER, &records);
        if wiring.until_journalled(records, mark).await?.is_none() {
            return Ok(None);
        }
        // Counted only now: what is not journalled stays in the file and is read again.
        account.received(LISTENER, count);
    }
    Ok(Some(look.positions))
}
