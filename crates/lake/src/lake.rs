//! The lake itself: what is in memory, what is in files, and the moment between the two.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use object_store::ObjectStore;

use crate::catalogue::{Catalogue, FileEntry};
use crate::config::{LakeConfig, LakeLimits};
use crate::error::LakeError;
use crate::flush::Flushed;
use crate::footer::Footers;
use crate::memory::{Memory, weigh};
use crate::row::{LakeRow, RawRow};

/// One tenant's history. Cloning gives another handle on the same lake.
#[derive(Clone)]
pub struct Lake {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: LakeConfig,
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The folder of a local store.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) state: Mutex<State>,
    /// Held while files of a flush are written.
    pub(crate) flushing: tokio::sync::Mutex<()>,
    /// Held from the planning of a maintenance change to its application.
    pub(crate) maintaining: Arc<tokio::sync::Mutex<()>>,
    pub(crate) footers: Arc<Footers>,
    next_number: AtomicU64,
    pub(crate) orphans_removed: u64,
    pub(crate) orphans_kept: u64,
    pub(crate) missing: Vec<FileEntry>,
}

/// What changes, all under one lock, so that a snapshot is one instant's truth.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) live: Memory,
    pub(crate) frozen: Option<Frozen>,
    /// Files no longer in the catalogue; removed when no snapshot holds them.
    pub(crate) leaving: Vec<Arc<FileEntry>>,
    pub(crate) rows_appended: u64,
    pub(crate) flushes_failed: u64,
}

/// Rows on their way into files: still read from memory.
pub(crate) struct Frozen {
    pub(crate) memory: Memory,
    /// The files, once written and not yet committed by the caller.
    pub(crate) written: Option<Flushed>,
}

/// What every query of one instant sees.
pub(crate) struct Snapshot {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) events: Vec<RecordBatch>,
    pub(crate) raws: Vec<RecordBatch>,
}

/// What became of rows handed to `append`.
#[derive(Debug)]
#[must_use]
pub enum AppendOutcome {
    /// Kept and searchable.
    Kept,
    /// Kept and searchable; enough has gathered that a flush should follow.
    FlushNow,
    /// Not kept, and left where they are: the unflushed limit is reached. Flush, then hand them in
    /// again.
    Full,
    /// Not kept, and never will be as they are.
    Unencodable(LakeError),
}

/// How the lake stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// Files of events.
    pub event_files: u64,
    /// Events in files.
    pub event_rows: u64,
    /// Files of raw records.
    pub raw_files: u64,
    /// Raw records in files.
    pub raw_rows: u64,
    /// Size of all files.
    pub bytes: u64,
    /// Events and raw records in memory, those being flushed included.
    pub unflushed_rows: usize,
    /// Their size, about.
    pub unflushed_bytes: usize,
    /// Rows taken since opening.
    pub rows_appended: u64,
    /// Flushes that failed since opening.
    pub flushes_failed: u64,
    /// Files waiting to be removed until no query reads them.
    pub leaving_files: usize,
    /// Left-over objects removed at opening.
    pub orphans_removed: u64,
    /// Left-over objects left alone at opening.
    pub orphans_kept: u64,
    /// Files that the catalogue names and the store does not have: history that was lost.
    pub missing_files: usize,
    /// The bounds, to show how near they are.
    pub limits: LakeLimits,
}

/// What opening found and settled.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) catalogue: Catalogue,
    pub(crate) missing: Vec<FileEntry>,
    pub(crate) number_max: u64,
    pub(crate) orphans_removed: u64,
    pub(crate) orphans_kept: u64,
}

impl Lake {
    pub(crate) fn from_opened(config: LakeConfig, opened: Opened) -> Self {
        let footers = Arc::new(Footers::new(config.limits.footer_cache_bytes_max));
        let catalogue = Arc::new(opened.catalogue);
        let inner = Inner {
            config,
            store: opened.store,
            folder: opened.folder,
            state: Mutex::new(State { catalogue, ..State::default() }),
            flushing: tokio::sync::Mutex::new(()),
            maintaining: Arc::new(tokio::sync::Mutex::new(())),
            footers,
            next_number: AtomicU64::new(opened.number_max.saturating_add(1)),
            orphans_removed: opened.orphans_removed,
            orphans_kept: opened.orphans_kept,
            missing: opened.missing,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes rows into memory, where queries see them at once.
    ///
    /// `rows` and `raws`: in journal order, after everything appended before. All or nothing: they
    /// are taken out, and their room is left to be filled again, unless the outcome is `Full`.
    pub fn append(&self, rows: &mut Vec<LakeRow>, raws: &mut Vec<RawRow>) -> AppendOutcome {
        let limits = &self.inner.config.limits;
        let (count, bytes) = weigh(rows, raws);
        let mut state = self.inner.lock();
        let (rows_now, bytes_now) = state.unflushed();
        let (rows_then, bytes_then) = (rows_now + count, bytes_now + bytes);
        let is_over =
            rows_then > limits.unflushed_rows_max || bytes_then > limits.unflushed_bytes_max;
        // A batch larger than the limit by itself passes when nothing else waits: it would
        // otherwise never pass.
        if is_over && rows_now > 0 {
            return AppendOutcome::Full;
        }
        if let Err(error) = state.live.append(rows, raws) {
            return AppendOutcome::Unencodable(LakeError::encode(error));
        }
        state.rows_appended += count as u64;
        let wants_flush =
            rows_then >= limits.unflushed_rows_flush || bytes_then >= limits.unflushed_bytes_flush;
        if wants_flush { AppendOutcome::FlushNow } else { AppendOutcome::Kept }
    }

    /// Says that everything up to `seq` has been seen, though not all of it gave rows.
    pub fn advance(&self, seq: u64) {
        self.inner.lock().live.advance(seq);
    }

    /// Makes the files of a flush visible and drops their rows from memory, in one step.
    /// Call it once the entries and the cursor are committed. Repeating it is harmless.
    pub fn committed(&self, flushed: &Flushed) {
        let mut state = self.inner.lock();
        let is_current = state
            .frozen
            .as_ref()
            .and_then(|frozen| frozen.written.as_ref())
            .is_some_and(|written| written.number == flushed.number);
        if !is_current {
            return;
        }
        Arc::make_mut(&mut state.catalogue).add(flushed.files.clone());
        state.frozen = None;
    }

    /// How the lake stands.
    pub fn stats(&self) -> Stats {
        let state = self.inner.lock();
        let (unflushed_rows, unflushed_bytes) = state.unflushed();
        let rows = |files: &[Arc<FileEntry>]| files.iter().map(|f| f.rows).sum();
        Stats {
            event_files: state.catalogue.events.len() as u64,
            event_rows: rows(&state.catalogue.events),
            raw_files: state.catalogue.raw.len() as u64,
            raw_rows: rows(&state.catalogue.raw),
            bytes: state.catalogue.all().map(|f| f.bytes).sum(),
            unflushed_rows,
            unflushed_bytes,
            rows_appended: state.rows_appended,
            flushes_failed: state.flushes_failed,
            leaving_files: state.leaving.len(),
            orphans_removed: self.inner.orphans_removed,
            orphans_kept: self.inner.orphans_kept,
            missing_files: self.inner.missing.len(),
            limits: self.inner.config.limits,
        }
    }

    /// The files that the catalogue named at opening and the store did not have.
    pub fn missing(&self) -> &[FileEntry] {
        &self.inner.missing
    }
}

impl Inner {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // State is changed only by moves that cannot fail half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for a file's name that no file of this lake has had.
    pub(crate) fn take_number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn snapshot(&self, with_raw: bool) -> Result<Snapshot, LakeError> {
        let mut state = self.lock();
        let mut events = Vec::new();
        let mut raws = Vec::new();
        if let Some(frozen) = &state.frozen {
            events.extend(frozen.memory.events.iter().cloned());
            raws.extend(frozen.memory.raws.iter().cloned());
        }
        events.extend(state.live.event_batches().map_err(LakeError::encode)?);
        if with_raw {
            raws.extend(state.live.raw_batches().map_err(LakeError::encode)?);
        } else {
            raws.clear();
        }
        Ok(Snapshot { catalogue: Arc::clone(&state.catalogue), events, raws })
    }
}

impl State {
    pub(crate) fn unflushed(&self) -> (usize, usize) {
        let frozen = self.frozen.as_ref().map(|frozen| &frozen.memory);
        let (rows, bytes) = frozen.map_or((0, 0), |memory| (memory.rows, memory.bytes));
        (rows + self.live.rows, bytes + self.live.bytes)
    }
}
