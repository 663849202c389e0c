//! What the writer publishes and readers see.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use model::{Record, Timestamp};

use super::JournalLimits;
use super::keys::IDEMPOTENCY_KEYS_MAX;
use super::segment;

/// A committed batch in memory.
pub struct RecentBatch {
    /// Sequence of its first record.
    pub first_seq: u64,
    /// Its records; never none.
    pub records: Vec<Arc<Record>>,
    /// What it counts for.
    pub bytes: usize,
}

/// One segment as the directory knows it.
#[derive(Debug, Clone)]
pub struct SegmentInfo {
    /// Its first record.
    pub first_seq: u64,
    /// Bytes on disk when last looked at.
    pub bytes: u64,
    /// Earliest recorded time of its first batch.
    pub oldest: Option<Timestamp>,
    /// Latest recorded time in it.
    pub newest: Option<Timestamp>,
    /// Nobody writes it any more; its log is folded in, or could not be so far.
    pub is_folded: bool,
}

/// What changes under the lock.
pub struct Inner {
    /// In order; the last is being written. Never empty while the journal is open.
    pub segments: VecDeque<SegmentInfo>,
    /// Contiguous, up to the newest.
    pub recent: VecDeque<Arc<RecentBatch>>,
    /// Of `recent`.
    pub recent_bytes: usize,
    /// One past the newest durable record.
    pub next_seq: u64,
    /// How far each consumer has everything safe; `None` until it has said so.
    pub consumers: BTreeMap<String, Option<u64>>,
    /// Idempotency keys remembered.
    pub keys: usize,
    /// Idempotency keys forgotten for want of room.
    pub keys_evicted: u64,
    /// Why appends are being refused, if they are.
    pub full: Option<String>,
    /// Segments dropped since opening.
    pub segments_dropped: u64,
    /// No more will come.
    pub is_closed: bool,
}

/// The journal's shared part.
pub struct Shared {
    /// Where the segments lie.
    pub dir: PathBuf,
    /// The bounds.
    pub limits: JournalLimits,
    /// Encoded bytes waiting for the writer.
    pub queue_bytes: AtomicUsize,
    inner: Mutex<Inner>,
    /// Rung when `next_seq` or `is_closed` changes.
    pub rung: Condvar,
}

/// How far one consumer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerLag {
    /// Who.
    pub consumer: String,
    /// Has everything up to this one; `None` until it has said so.
    pub up_to_seq: Option<u64>,
    /// Records it has not released.
    pub lag: u64,
}

/// How full the journal is, and how near its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalStats {
    /// On disk.
    pub bytes: u64,
    /// At most.
    pub bytes_max: u64,
    /// Files.
    pub segments: usize,
    /// Files dropped by retention since opening.
    pub segments_dropped: u64,
    /// First record there is (or will be).
    pub first_seq: u64,
    /// Newest durable record; 0 when there has never been one.
    pub last_seq: u64,
    /// Recorded time of the oldest batch.
    pub oldest: Option<Timestamp>,
    /// Consumers and how far they are.
    pub consumers: Vec<ConsumerLag>,
    /// Bytes waiting for the disk.
    pub queue_bytes: usize,
    /// At most.
    pub queue_bytes_max: usize,
    /// Bytes of newest records in memory.
    pub recent_bytes: usize,
    /// At most.
    pub recent_bytes_max: usize,
    /// Idempotency keys remembered.
    pub keys: usize,
    /// At most.
    pub keys_max: usize,
    /// Idempotency keys forgotten for want of room.
    pub keys_evicted: u64,
    /// Why appends are refused at present, if they are.
    pub full: Option<String>,
}

impl Shared {
    /// Of a journal just opened.
    pub fn new(dir: &Path, limits: JournalLimits, inner: Inner) -> Self {
        let (inner, rung) = (Mutex::new(inner), Condvar::new());
        Self { dir: dir.to_owned(), limits, queue_bytes: AtomicUsize::new(0), inner, rung }
    }

    /// A panic elsewhere leaves counters, never half a batch: the content stays usable.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a segment lies.
    pub fn path_of(&self, first_seq: u64) -> PathBuf {
        self.dir.join(segment::file_name(first_seq))
    }

    /// See `Journal::release`.
    pub fn release(&self, consumer: &str, up_to_seq: u64) {
        let mut inner = self.lock();
        let held = inner.consumers.entry(consumer.to_owned()).or_default();
        *held = (*held).max(Some(up_to_seq));
    }

    /// See `Journal::stats`.
    pub fn stats(&self) -> JournalStats {
        let inner = self.lock();
        let last_seq = inner.next_seq - 1;
        let consumers = inner.consumers.iter().map(|(consumer, up_to_seq)| ConsumerLag {
            consumer: consumer.clone(),
            up_to_seq: *up_to_seq,
            lag: last_seq.saturating_sub(up_to_seq.unwrap_or(inner.first_seq() - 1)),
        });
        JournalStats {
            bytes: inner.bytes(),
            bytes_max: self.limits.total_bytes_max,
            segments: inner.segments.len(),
            segments_dropped: inner.segments_dropped,
            first_seq: inner.first_seq(),
            last_seq,
            oldest: inner.segments.iter().find_map(|s| s.oldest),
            consumers: consumers.collect(),
            queue_bytes: self.queue_bytes.load(Ordering::Relaxed),
            queue_bytes_max: self.limits.queue_bytes_max,
            recent_bytes: inner.recent_bytes,
            recent_bytes_max: self.limits.memory_recent_bytes_max,
            keys: inner.keys,
            keys_max: IDEMPOTENCY_KEYS_MAX,
            keys_evicted: inner.keys_evicted,
            full: inner.full.clone(),
        }
    }
}

impl Inner {
    /// First record there is (or will be).
    pub fn first_seq(&self) -> u64 {
        self.segments.front().map_or(self.next_seq, |s| s.first_seq)
    }

    /// On disk, all segments.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|s| s.bytes).sum()
    }

    /// Up to where every consumer is; `None` while one has not said, or there is none.
    pub fn released(&self) -> Option<u64> {
        self.consumers.values().copied().min().flatten()
    }

    /// The segment that holds a record.
    pub fn segment_of(&self, seq: u64) -> Option<&SegmentInfo> {
        let after = self.segments.partition_point(|s| s.first_seq <= seq);
        self.segments.get(after.checked_sub(1)?)
    }

    /// Adds committed batches, forgetting the oldest beyond the bound.
    pub fn publish(&mut self, batches: Vec<RecentBatch>, next_seq: u64, bytes_max: usize) {
        for batch in batches {
            self.recent_bytes += batch.bytes;
            self.recent.push_back(Arc::new(batch));
        }
        self.next_seq = next_seq;
        while self.recent_bytes > bytes_max
            && let Some(gone) = self.recent.pop_front()
        {
            self.recent_bytes -= gone.bytes;
        }
    }

    /// Forgets what is in memory, when it can no longer be shown to be contiguous.
    pub fn forget_recent(&mut self) {
        self.recent.clear();
        self.recent_bytes = 0;
    }
}
