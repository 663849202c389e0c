//! Keeps the lake: flushes, commits files with their cursor, then lets the journal go.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use detect::Kept;
use lake::{FlushReason, Lake};
use store::state::{DetectStep, LakeCommit, Snapshot};
use store::{Journal, State, StoreError};
use tokio::sync::mpsc;

use crate::flow::judge::{CONSUMER, SNAPSHOT};
use crate::flow::packed;

/// The lake's consumer name in state.
pub const LAKE: &str = "lake";

/// A left-over flush, then the seal's own.
const FLUSHES_PER_SEAL: usize = 2;

/// What is to be kept once the lake has flushed.
pub struct Seal {
    /// The detector's memory at a record that the lake has been handed and whose conclusions are
    /// committed; `None` when only room is wanted.
    pub snapshot: Option<Remembered>,
}

/// The detector's memory after a record.
pub struct Remembered {
    /// The record.
    pub seq: u64,
    /// The memory, held still.
    pub kept: Kept,
}

/// The judge's handle: at most one flush is under way.
#[derive(Clone)]
pub struct Keeper {
    seals: mpsc::Sender<Seal>,
    busy: Arc<AtomicBool>,
}

impl Keeper {
    /// A keeper and its work queue.
    pub fn new() -> (Self, KeeperTask) {
        let (seals, queue) = mpsc::channel(1);
        let busy = Arc::new(AtomicBool::new(false));
        (Self { seals, busy: Arc::clone(&busy) }, KeeperTask { queue, busy })
    }

    /// Whether a flush can be asked for.
    pub fn is_idle(&self) -> bool {
        !self.busy.load(Ordering::Acquire)
    }

    /// Asks for a flush. One that is under way is enough.
    pub fn flush(&self, seal: Seal) {
        self.busy.store(true, Ordering::Release);
        if self.seals.try_send(seal).is_err() {
            tracing::debug!("a flush is under way already");
        }
    }
}

/// The keeper's own side.
pub struct KeeperTask {
    queue: mpsc::Receiver<Seal>,
    busy: Arc<AtomicBool>,
}

impl KeeperTask {
    /// Runs until every handle is gone.
    pub async fn run(mut self, lake: Lake, state: State, journal: Arc<Journal>) {
        while let Some(seal) = self.queue.recv().await {
            if let Err(error) = keep(&lake, &state, &journal, seal).await {
                // Rows stay in memory, bounded; the next flush takes them again.
                tracing::error!(reason = %error, "lake not flushed");
            }
            self.busy.store(false, Ordering::Release);
        }
    }
}

/// Why the lake could not be flushed.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error(transparent)]
    Lake(#[from] lake::LakeError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the detector's memory could not be packed: {0}")]
    Pack(String),
}

async fn keep(lake: &Lake, state: &State, journal: &Journal, seal: Seal) -> Result<(), KeepError> {
    let Some(Remembered { seq, kept }) = seal.snapshot else {
        return flush(lake, state).await.map(drop);
    };
    let mut kept = Some(kept);
    for _ in 0..FLUSHES_PER_SEAL {
        let reached = flush(lake, state).await?;
        // INVARIANT: the snapshot is never ahead of the lake. A flush that had been written but not
        // committed comes back first, and holds less than this seal's rows.
        if reached.is_some_and(|reached| reached < seq) {
            continue;
        }
        if state.cursor(SNAPSHOT).await? < seq
            && let Some(kept) = kept.take()
        {
            let packing = tokio::task::spawn_blocking(move || packed::pack(&kept)).await;
            let packed = packing.map_err(|error| KeepError::Pack(error.to_string()))?;
            let bytes = packed.map_err(|error| KeepError::Pack(error.to_string()))?;
            let snapshot = Some(Snapshot { name: SNAPSHOT.into(), seq, bytes });
            let consumer = SNAPSHOT.to_owned();
            let step = DetectStep { consumer, cursor: seq, snapshot, ..DetectStep::default() };
            state.commit_step(&step).await?;
        }
        journal.release(CONSUMER, seq);
        break;
    }
    Ok(())
}

/// Flushes once and commits; gives up to which record the lake's files now reach, `None` when
/// nothing waited.
async fn flush(lake: &Lake, state: &State) -> Result<Option<u64>, KeepError> {
    let flushed = lake.flush(FlushReason::Asked).await?;
    if let Some(up_to) = flushed.up_to_seq {
        let cursor = (state.cursor(LAKE).await? < up_to).then(|| (LAKE.to_owned(), up_to));
        let added = flushed.files.iter().map(super::lake_files::to_store).collect();
        let commit = LakeCommit { added, removed: Vec::new(), cursor };
        state.commit_lake(&commit).await?;
    }
    lake.committed(&flushed);
    Ok(flushed.up_to_seq)
}
