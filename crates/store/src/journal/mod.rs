//! The journal: every accepted record, on disk before it is acknowledged, in one sequence.
//!
//! Owns the segment files. Hands records to several readers, drops a segment whole once every
//! consumer has passed it and the limits ask for it. Never interprets a record.

mod codec;
mod folding;
mod keys;
mod opening;
mod reader;
mod segment;
mod shared;
mod verify;
mod writer;

use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use model::{Record, SourceId, Timestamp};
use tokio::sync::oneshot;

pub use codec::{BATCH_BYTES_MAX, BATCH_FORMAT, BATCH_ZSTD_LEVEL};
pub use keys::{
    IDEMPOTENCY_AGE_MAX, IDEMPOTENCY_BYTES_MAX, IDEMPOTENCY_KEYS_MAX,
    IDEMPOTENCY_RESPONSE_BYTES_MAX,
};
pub use reader::{Next, Reader};
pub use segment::SEGMENT_FORMAT;
pub use shared::{ConsumerLag, JournalStats};
pub use verify::{VerifyReport, verify};

use crate::error::{RETRY_AFTER, Retry, StoreError};
use segment::SealedBatch;
use shared::Shared;

/// Least number of segments that the size limit must have room for, so that dropping whole ones
/// can always keep it.
const SEGMENTS_PER_TOTAL_MIN: u64 = 4;

/// Smallest segment worth a file.
const SEGMENT_BYTES_MIN: u64 = 64 * 1024;

/// The journal's bounds. What happens at each stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLimits {
    /// A segment larger than this is closed and the next one begun.
    pub segment_bytes_max: u64,
    /// Beyond this the oldest consumed segments are dropped; where consumers are behind, appends
    /// are refused with `Full` until they have caught up.
    pub total_bytes_max: u64,
    /// A consumed segment whose newest record is older than this is dropped.
    pub age_max: Duration,
    /// A batch of more records is refused with `TooLarge`.
    pub batch_records_max: usize,
    /// Newest records kept in memory for readers close behind; the oldest leave, and are read
    /// from their files.
    pub memory_recent_bytes_max: usize,
    /// Appends waiting for the disk; one more is refused with `QueueFull`.
    pub queue_batches_max: usize,
    /// Bytes of appends waiting for the disk; beyond it one more is refused with `QueueFull`.
    pub queue_bytes_max: usize,
    /// Records committed in one transaction; the rest wait for the next.
    pub group_records_max: usize,
    /// SQLite's own bound on a segment's pages. `None` in operation; tests set it to meet a full
    /// disk without one.
    pub segment_pages_max: Option<u32>,
}

impl Default for JournalLimits {
    fn default() -> Self {
        Self {
            segment_bytes_max: 64 * 1024 * 1024,
            total_bytes_max: 8 * 1024 * 1024 * 1024,
            age_max: Duration::from_secs(72 * 3_600),
            batch_records_max: 100_000,
            memory_recent_bytes_max: 64 * 1024 * 1024,
            queue_batches_max: 1_024,
            queue_bytes_max: 128 * 1024 * 1024,
            group_records_max: 50_000,
            segment_pages_max: None,
        }
    }
}

impl JournalLimits {
    /// Whether they can be kept.
    pub fn check(&self) -> Result<(), StoreError> {
        let at_least = |name: &'static str, found: u64, least: u64| {
            if found >= least {
                return Ok(());
            }
            Err(StoreError::Limit { name, found, expected: format!("at least {least}") })
        };
        at_least("segment_bytes_max", self.segment_bytes_max, SEGMENT_BYTES_MIN)?;
        let total_min = self.segment_bytes_max.saturating_mul(SEGMENTS_PER_TOTAL_MIN);
        at_least("total_bytes_max", self.total_bytes_max, total_min)?;
        at_least("batch_records_max", self.batch_records_max as u64, 1)?;
        at_least("queue_batches_max", self.queue_batches_max as u64, 1)?;
        at_least("queue_bytes_max", self.queue_bytes_max as u64, 1)?;
        at_least("group_records_max", self.group_records_max as u64, 1)
    }
}

/// A sender's own name for a batch, so that sending it again appends nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Keys of different sources never meet.
    pub source: SourceId,
    /// Hash of the sender's key.
    pub key_hash: [u8; 32],
    /// The answer to give again; at most `IDEMPOTENCY_RESPONSE_BYTES_MAX`.
    pub response: Vec<u8>,
}

/// What a reader of files notes beside the records that it hands in: how far it has come. Kept
/// in their transaction, in place of what the same key noted before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Hash of what it is about.
    pub key_hash: [u8; 32],
    /// At most `IDEMPOTENCY_RESPONSE_BYTES_MAX`.
    pub note: Vec<u8>,
}

/// Records that are kept together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// In order of arrival; may be empty, then only the key is kept.
    pub records: Vec<Record>,
    /// The sender's name for it, if it gave one.
    pub idempotency: Option<Idempotency>,
    /// Kept with them.
    pub marks: Vec<Mark>,
}

/// Where a batch lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Sequence of its first record; the following ones are dense.
    pub first_seq: u64,
    /// How many records.
    pub count: u64,
}

/// What became of a batch that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is on disk.
    Appended(Appended),
    /// It was on disk already; this is the answer given then.
    Replayed {
        /// The stored answer.
        response: Vec<u8>,
    },
}

/// Why a batch was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The disk is full, or the size limit is reached and a consumer is behind. Nothing was kept.
    #[error("the journal is full: {reason}")]
    Full {
        /// When to try again.
        retry_after: Duration,
        /// Disk or limit, and who is behind.
        reason: String,
    },
    /// Too many appends wait for the disk. Nothing was kept.
    #[error("too many appends wait for the journal")]
    QueueFull {
        /// When to try again.
        retry_after: Duration,
    },
    /// A single batch exceeds a limit. Nothing was kept.
    #[error("batch has {name} {found}, at most {max} are taken")]
    TooLarge {
        /// Which limit.
        name: &'static str,
        /// What it has.
        found: u64,
        /// What is taken.
        max: u64,
    },
    /// The disk refused. The batch may have been kept: retry with its idempotency key.
    #[error("the journal could not be written: {detail}")]
    Io {
        /// In the disk's own words.
        detail: String,
    },
    /// The journal is closed.
    #[error("the journal is closed")]
    Closed,
}

impl AppendError {
    /// Whether trying again can help, and after how long.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Full { retry_after, .. } | Self::QueueFull { retry_after } => {
                Retry::After(*retry_after)
            }
            Self::Io { .. } => Retry::After(RETRY_AFTER),
            Self::TooLarge { .. } | Self::Closed => Retry::Never,
        }
    }
}

/// An append on its way to the disk: await it, or `wait` on a thread of one's own.
#[derive(Debug)]
#[must_use = "a batch is kept only once its append has resolved"]
pub struct PendingAppend(PendingState);

#[derive(Debug)]
enum PendingState {
    Refused(Option<AppendError>),
    Queued(oneshot::Receiver<Result<Outcome, AppendError>>),
}

impl PendingAppend {
    /// Blocks this thread until the batch is on disk or refused. Not for async code.
    pub fn wait(self) -> Result<Outcome, AppendError> {
        match self.0 {
            PendingState::Refused(error) => Err(error.unwrap_or(AppendError::Closed)),
            PendingState::Queued(answer) => {
                answer.blocking_recv().unwrap_or(Err(AppendError::Closed))
            }
        }
    }
}

impl Future for PendingAppend {
    type Output = Result<Outcome, AppendError>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            PendingState::Refused(error) => {
                Poll::Ready(Err(error.take().unwrap_or(AppendError::Closed)))
            }
            PendingState::Queued(answer) => {
                Pin::new(answer).poll(cx).map(|heard| heard.unwrap_or(Err(AppendError::Closed)))
            }
        }
    }
}

/// The journal of one installation; share it by `Arc`. Dropping it waits for what was queued.
pub struct Journal {
    shared: Arc<Shared>,
    /// As the last run left them.
    marks: HashMap<[u8; 32], Arc<[u8]>>,
    queue: Mutex<Option<SyncSender<writer::Append>>>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Journal {
    /// Opens or creates the journal in `dir`, which it then holds alone.
    ///
    /// `consumers`: everyone whose progress retention must respect; until each has said how far
    /// it is (`release`), nothing is dropped. `now`: for the age of idempotency keys.
    /// Fails when a segment is damaged, missing, newer than us, or another process holds it.
    pub fn open(
        dir: &Path,
        limits: JournalLimits,
        consumers: &[&str],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        limits.check()?;
        let (send, receive) = sync_channel(limits.queue_batches_max);
        let opened = opening::open(dir, limits, consumers, now)?;
        let (shared, marks) = (opened.shared.clone(), opened.keys.marks(now));
        let writing = writer::Writer::new(opened)?;
        let writer = std::thread::Builder::new()
            .name("journal-writer".into())
            .spawn(move || writing.run(&receive))
            .map_err(|e| StoreError::io("starting the journal's thread", &e))?;
        Ok(Self { shared, marks, queue: Mutex::new(Some(send)), writer: Mutex::new(Some(writer)) })
    }

    /// Encodes a batch on this thread and queues it. `now`: receipt time, for its key's age.
    pub fn append(&self, batch: Batch, now: Timestamp) -> PendingAppend {
        match self.queue_batch(batch, now) {
            Ok(answer) => PendingAppend(PendingState::Queued(answer)),
            Err(error) => PendingAppend(PendingState::Refused(Some(error))),
        }
    }

    fn queue_batch(
        &self,
        batch: Batch,
        now: Timestamp,
    ) -> Result<oneshot::Receiver<Result<Outcome, AppendError>>, AppendError> {
        let limits = &self.shared.limits;
        let at_most = |name: &'static str, found: usize, max: usize| {
            if found <= max {
                return Ok(());
            }
            Err(AppendError::TooLarge { name, found: found as u64, max: max as u64 })
        };
        at_most("records", batch.records.len(), limits.batch_records_max)?;
        let answer_len = batch.idempotency.as_ref().map_or(0, |key| key.response.len());
        at_most("bytes of answer", answer_len, IDEMPOTENCY_RESPONSE_BYTES_MAX)?;
        for mark in &batch.marks {
            at_most("bytes of mark", mark.note.len(), IDEMPOTENCY_RESPONSE_BYTES_MAX)?;
        }
        let sender = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sender = sender.ok_or(AppendError::Closed)?;
        let sealed = match SealedBatch::seal(batch.records) {
            Ok(sealed) => sealed,
            Err(error) => {
                return Err(AppendError::Io { detail: error.to_string() });
            }
        };
        at_most("bytes", sealed.raw_len, BATCH_BYTES_MAX)?;
        let bytes = sealed.raw_len;
        let (answer, heard) = oneshot::channel();
        let append = writer::Append {
            sealed,
            idempotency: batch.idempotency,
            marks: batch.marks,
            now,
            answer,
        };
        let waiting = self.shared.queue_bytes.fetch_add(bytes, Ordering::Relaxed);
        // One batch is always let through, however large, or it could never be taken.
        let is_over = waiting > 0 && waiting + bytes > limits.queue_bytes_max;
        let sent = if is_over { Err(None) } else { sender.try_send(append).map_err(Some) };
        match sent {
            Ok(()) => Ok(heard),
            Err(refused) => {
                self.shared.queue_bytes.fetch_sub(bytes, Ordering::Relaxed);
                Err(match refused {
                    Some(TrySendError::Disconnected(_)) => AppendError::Closed,
                    Some(TrySendError::Full(_)) | None => {
                        AppendError::QueueFull { retry_after: RETRY_AFTER }
                    }
                })
            }
        }
    }

    /// What a key had noted when the journal was opened; `None` when nothing within a day before.
    pub fn mark(&self, key_hash: &[u8; 32]) -> Option<&[u8]> {
        self.marks.get(key_hash).map(|note| &**note)
    }

    /// A reader that begins with record `from_seq` (0 means the first there is).
    pub fn reader(&self, from_seq: u64) -> Reader {
        Reader::new(self.shared.clone(), from_seq)
    }

    /// Says that `consumer` has everything up to and including `up_to_seq` safe elsewhere.
    /// Going back is ignored; an unknown consumer is registered.
    pub fn release(&self, consumer: &str, up_to_seq: u64) {
        self.shared.release(consumer, up_to_seq);
    }

    /// Sequence of the newest durable record; 0 when there has never been one.
    pub fn last_seq(&self) -> u64 {
        self.shared.lock().next_seq - 1
    }

    /// How full, how far, and how far behind.
    pub fn stats(&self) -> JournalStats {
        self.shared.stats()
    }

    /// Takes no more, writes what is queued, folds the log in. Readers then drain and end.
    pub fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if writer.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the journal's thread ended in a panic");
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}
