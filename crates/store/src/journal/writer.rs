//! The one thread that writes: everything waiting becomes one transaction, then all are answered.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};

use model::Timestamp;
use tokio::sync::oneshot;

use super::keys::{Key, KeyEntry, Keys, expiry_edge};
use super::segment::{self, SealedBatch, Segment};
use super::shared::{Inner, RecentBatch, SegmentInfo, Shared};
use super::{AppendError, Appended, Idempotency, JournalLimits, Outcome};
use crate::error::{RETRY_AFTER, StoreError};

/// Full segments waiting to have their log folded in; at one more the writer waits.
const FOLD_QUEUE_MAX: usize = 4;

/// What a record counts for in memory beyond its body.
const RECORD_OVERHEAD_BYTES: usize = 160;

/// One append on its way.
pub struct Append {
    /// The batch, encoded.
    pub sealed: SealedBatch,
    /// Its sender's name for it.
    pub idempotency: Option<Idempotency>,
    /// Receipt time.
    pub now: Timestamp,
    /// Where the outcome goes.
    pub answer: oneshot::Sender<Result<Outcome, AppendError>>,
}

/// The writing side of an open journal.
pub struct Writer {
    /// What readers see.
    pub shared: Arc<Shared>,
    /// `None` after a failure, until it could be opened again.
    active: Option<Segment>,
    keys: Keys,
    /// Keys whose segment had to go before they could be written elsewhere.
    homeless: Vec<(Key, KeyEntry)>,
    bytes_logical: u64,
    /// The last transaction found no space: what is consumed goes, whatever the limits say.
    is_disk_full: bool,
    folder: Option<SyncSender<Segment>>,
    folder_thread: Option<std::thread::JoinHandle<()>>,
    _lock: std::fs::File,
}

/// Opens the directory: sweeps what a crash left, checks every segment, loads the keys.
pub fn open(
    dir: &Path,
    limits: JournalLimits,
    consumers: &[&str],
    now: Timestamp,
) -> Result<Writer, StoreError> {
    let wrap = |e: std::io::Error| StoreError::io(format!("opening `{}`", dir.display()), &e);
    std::fs::create_dir_all(dir).map_err(wrap)?;
    let lock = hold(dir)?;
    sweep(dir).map_err(wrap)?;
    let mut keys = Keys::default();
    let mut infos = VecDeque::new();
    let mut found = Vec::new();
    let mut active = None;
    let firsts = first_seqs(dir).map_err(wrap)?;
    let last = firsts.last().copied();
    let mut next_seq = firsts.first().copied().unwrap_or(1);
    for first_seq in firsts {
        let path = dir.join(segment::file_name(first_seq));
        let is_last = Some(first_seq) == last;
        let opened = if is_last {
            Segment::open(&path, limits.segment_pages_max)?
        } else {
            Segment::open_to_read(&path, true)?
        };
        let Some(segment) = opened else {
            if !is_last {
                let detail = "holds no tables, yet others follow it";
                return Err(StoreError::corrupt(path.display().to_string(), detail));
            }
            segment::delete(&path)?;
            break;
        };
        let extent = segment.extent()?;
        if first_seq != next_seq {
            let detail = format!("begins with record {first_seq}, expected {next_seq}");
            return Err(StoreError::corrupt(path.display().to_string(), detail));
        }
        next_seq = extent.next_seq;
        found.extend(segment.keys_since(expiry_edge(now))?);
        if !is_last && segment::has_wal(&path) {
            // A full disk may forbid it; the log then stays, and is read as well as the file.
            if let Err(error) = segment.fold_log() {
                tracing::warn!(%error, "a full segment keeps its log");
            }
        }
        infos.push_back(SegmentInfo {
            first_seq,
            bytes: segment::bytes_on_disk(&path),
            oldest: extent.oldest,
            newest: extent.newest,
            is_folded: !is_last,
        });
        active = is_last.then_some(segment);
    }
    found.sort_by_key(|(_, entry)| entry.at);
    found
        .into_iter()
        .for_each(|(key, entry)| keys.insert(key, entry, now));
    let inner = Inner {
        segments: infos,
        recent: VecDeque::new(),
        recent_bytes: 0,
        next_seq,
        consumers: consumers
            .iter()
            .map(|c| ((*c).to_owned(), None))
            .collect::<BTreeMap<_, _>>(),
        keys: keys.len(),
        keys_evicted: 0,
        full: None,
        segments_dropped: 0,
        is_closed: false,
    };
    let shared = Arc::new(Shared::new(dir, limits, inner));
    Writer::new(shared, active, keys, lock)
}

fn hold(dir: &Path) -> Result<std::fs::File, StoreError> {
    let path = dir.join("journal.lock");
    let what = format!("opening `{}`", path.display());
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path);
    let file = file.map_err(|e| StoreError::io(&*what, &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Busy { what }),
        Err(std::fs::TryLockError::Error(e)) => Err(StoreError::io(what, &e)),
    }
}

/// Removes logs whose segment was being dropped when a crash came.
fn sweep(dir: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
            continue;
        };
        let main = name
            .strip_suffix("-wal")
            .or_else(|| name.strip_suffix("-shm"));
        if let Some(main) = main
            && segment::first_seq_of(main).is_some()
            && !dir.join(main).exists()
        {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// The first records of the segments in a directory, in order.
pub fn first_seqs(dir: &Path) -> std::io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name();
        found.extend(name.to_str().and_then(segment::first_seq_of));
    }
    found.sort_unstable();
    Ok(found)
}

/// What becomes of one append of a group, before the transaction is known to have held.
enum Plan {
    Write {
        first_seq: u64,
        key: Option<(Key, KeyEntry)>,
    },
    /// The group itself holds the first of this name.
    ReplayOfGroup(Arc<[u8]>),
    Replay(Arc<[u8]>),
}

impl Writer {
    fn new(
        shared: Arc<Shared>,
        active: Option<Segment>,
        keys: Keys,
        lock: std::fs::File,
    ) -> Result<Self, StoreError> {
        let (folder, full) = sync_channel::<Segment>(FOLD_QUEUE_MAX);
        let folder_shared = shared.clone();
        let folder_thread = std::thread::Builder::new()
            .name("journal-folder".into())
            .spawn(move || fold_full_segments(&folder_shared, &full))
            .map_err(|e| StoreError::io("starting the journal's folding thread", &e))?;
        let mut writer = Self {
            shared,
            active: None,
            keys,
            homeless: Vec::new(),
            bytes_logical: 0,
            is_disk_full: false,
            folder: Some(folder),
            folder_thread: Some(folder_thread),
            _lock: lock,
        };
        match active {
            Some(segment) => {
                writer.bytes_logical = segment.bytes_logical()?;
                writer.active = Some(segment);
            }
            None => {
                let next_seq = writer.shared.lock().next_seq;
                writer.begin_segment(next_seq)?;
            }
        }
        Ok(writer)
    }

    /// Until the journal is closed and the queue is empty.
    pub fn run(mut self, queue: &Receiver<Append>) {
        while let Ok(first) = queue.recv() {
            let mut records = first.sealed.records.len();
            let mut group = vec![first];
            while records < self.shared.limits.group_records_max
                && let Ok(append) = queue.try_recv()
            {
                records += append.sealed.records.len();
                group.push(append);
            }
            let bytes = group.iter().map(|append| append.sealed.raw_len).sum();
            self.commit(group);
            self.shared.queue_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        self.end();
    }

    fn end(mut self) {
        drop(self.folder.take());
        if self
            .folder_thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!("the journal's folding thread ended in a panic");
        }
        if let Some(segment) = self.active.take()
            && let Err(error) = segment.fold_log()
        {
            tracing::warn!(%error, "the journal closes with its log unfolded");
        }
        self.shared.lock().is_closed = true;
        self.shared.rung.notify_all();
    }

    fn commit(&mut self, group: Vec<Append>) {
        let now = group
            .iter()
            .map(|append| append.now)
            .max()
            .unwrap_or_default();
        let prepared = self.make_ready(now);
        let next_seq = self.shared.lock().next_seq;
        let (plans, end_seq) = self.plan(&group, next_seq);
        let written = prepared.and_then(|()| self.write(&group, &plans));
        self.note_fullness(&written);
        match written {
            Ok(()) => self.publish(group, plans, end_seq, now),
            Err(error) => refuse(group, &plans, &error),
        }
    }

    /// An active segment with room, and room for it on the whole.
    fn make_ready(&mut self, now: Timestamp) -> Result<(), AppendError> {
        if self.active.is_none() {
            self.reopen().map_err(|e| append_error(&e))?;
        }
        self.retain(now).map_err(|e| append_error(&e))?;
        if self.bytes_logical >= self.shared.limits.segment_bytes_max {
            let next_seq = self.shared.lock().next_seq;
            self.begin_segment(next_seq).map_err(|e| append_error(&e))?;
            self.retain(now).map_err(|e| append_error(&e))?;
        }
        let inner = self.shared.lock();
        let (bytes, bytes_max) = (inner.bytes(), self.shared.limits.total_bytes_max);
        if bytes < bytes_max {
            return Ok(());
        }
        let behind = inner.consumers.iter().min_by_key(|(_, up_to)| **up_to);
        let behind = behind.map_or(
            "nobody has released anything".to_owned(),
            |(name, up_to)| format!("`{name}` has released up to {}", up_to.unwrap_or(0)),
        );
        let reason = format!("{bytes} bytes of at most {bytes_max}, {behind}");
        Err(AppendError::Full {
            retry_after: RETRY_AFTER,
            reason,
        })
    }

    fn plan(&self, group: &[Append], mut next_seq: u64) -> (Vec<Plan>, u64) {
        let mut in_group: HashMap<Key, Arc<[u8]>> = HashMap::new();
        let segment = self.active.as_ref().map_or(0, |s| s.first_seq);
        let plan_one = |append: &Append| {
            let mut entry = None;
            if let Some(named) = &append.idempotency {
                let key = Key {
                    source: named.source.clone(),
                    hash: named.key_hash,
                };
                if let Some(response) = self.keys.response(&key, append.now) {
                    return Plan::Replay(response);
                }
                if let Some(response) = in_group.get(&key) {
                    return Plan::ReplayOfGroup(response.clone());
                }
                let response: Arc<[u8]> = Arc::from(named.response.as_slice());
                in_group.insert(key.clone(), response.clone());
                entry = Some((
                    key,
                    KeyEntry {
                        at: append.now,
                        response,
                        segment,
                    },
                ));
            }
            let first_seq = next_seq;
            next_seq += append.sealed.records.len() as u64;
            Plan::Write {
                first_seq,
                key: entry,
            }
        };
        let plans = group.iter().map(plan_one).collect();
        (plans, next_seq)
    }

    fn write(&mut self, group: &[Append], plans: &[Plan]) -> Result<(), AppendError> {
        let is_writing = |plan: &Plan| match plan {
            Plan::Write { .. } => true,
            Plan::ReplayOfGroup(_) | Plan::Replay(_) => false,
        };
        if !plans.iter().any(is_writing) {
            return Ok(());
        }
        let homeless = &self.homeless;
        let Some(active) = self.active.as_mut() else {
            return Err(AppendError::Closed);
        };
        let outcome = active.transaction(|conn| {
            for (append, plan) in group.iter().zip(plans) {
                let Plan::Write { first_seq, key } = plan else {
                    continue;
                };
                if !append.sealed.records.is_empty() {
                    segment::insert_batch(conn, *first_seq, &append.sealed)?;
                }
                if let Some((key, entry)) = key {
                    segment::insert_key(conn, key, entry)?;
                }
            }
            homeless
                .iter()
                .try_for_each(|(key, entry)| segment::insert_key(conn, key, entry))
        });
        if let Err(error) = outcome {
            self.after_failure(&error);
            return Err(append_error(&error));
        }
        self.is_disk_full = false;
        let segment = active.first_seq;
        for (key, _) in std::mem::take(&mut self.homeless) {
            self.keys.moved(&key, segment);
        }
        let written = group
            .iter()
            .map(|append| append.sealed.blob.len() as u64)
            .sum::<u64>();
        self.bytes_logical += written;
        self.look_at_size();
        Ok(())
    }

    /// Notes the active segment's size on disk.
    fn look_at_size(&self) {
        let Some(active) = &self.active else { return };
        let bytes = segment::bytes_on_disk(active.path());
        if let Some(info) = self.shared.lock().segments.back_mut() {
            info.bytes = bytes;
        }
    }

    fn publish(&mut self, group: Vec<Append>, plans: Vec<Plan>, end_seq: u64, now: Timestamp) {
        let mut answers = Vec::with_capacity(group.len());
        let mut recent = Vec::with_capacity(group.len());
        let (mut oldest, mut newest) = (None, None);
        for (append, plan) in group.into_iter().zip(plans) {
            let outcome = match plan {
                Plan::Replay(response) | Plan::ReplayOfGroup(response) => Outcome::Replayed {
                    response: response.to_vec(),
                },
                Plan::Write { first_seq, key } => {
                    if let Some((key, entry)) = key {
                        self.keys.insert(key, entry, now);
                    }
                    let sealed = append.sealed;
                    let count = sealed.records.len() as u64;
                    if count > 0 {
                        oldest = oldest.or(Some(sealed.received_min));
                        newest = newest.max(Some(sealed.received_max));
                        let bytes = sealed.raw_len + sealed.records.len() * RECORD_OVERHEAD_BYTES;
                        recent.push(RecentBatch {
                            first_seq,
                            records: sealed.records,
                            bytes,
                        });
                    }
                    Outcome::Appended(Appended { first_seq, count })
                }
            };
            answers.push((append.answer, outcome));
        }
        {
            let mut inner = self.shared.lock();
            if let Some(info) = inner.segments.back_mut() {
                info.oldest = info.oldest.or(oldest);
                info.newest = info.newest.max(newest);
            }
            inner.keys = self.keys.len();
            inner.keys_evicted = self.keys.evicted;
            inner.publish(recent, end_seq, self.shared.limits.memory_recent_bytes_max);
        }
        self.shared.rung.notify_all();
        for (answer, outcome) in answers {
            // A caller that no longer listens has lost nothing: its batch is kept.
            let _ = answer.send(Ok(outcome));
        }
    }

    fn note_fullness(&self, written: &Result<(), AppendError>) {
        let full = match written {
            Err(AppendError::Full { reason, .. }) => Some(reason.clone()),
            Ok(())
            | Err(
                AppendError::Io { .. }
                | AppendError::Closed
                | AppendError::QueueFull { .. }
                | AppendError::TooLarge { .. },
            ) => None,
        };
        let mut inner = self.shared.lock();
        if inner.full.is_some() != full.is_some() {
            match &full {
                Some(reason) => tracing::error!(reason, "the journal takes no more"),
                None => tracing::info!("the journal takes records again"),
            }
        }
        inner.full = full;
    }

    /// After a full disk the transaction is known to be undone; after anything else what stands
    /// on disk is read again before the next append.
    fn after_failure(&mut self, error: &StoreError) {
        match error {
            StoreError::Full { .. } => self.is_disk_full = true,
            _ => {
                tracing::error!(%error, "the journal could not be written");
                self.active = None;
            }
        }
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        let first_seq = self.shared.lock().segments.back().map(|s| s.first_seq);
        let first_seq = first_seq.ok_or(StoreError::Closed)?;
        let path = self.shared.path_of(first_seq);
        let Some(segment) = Segment::open(&path, self.shared.limits.segment_pages_max)? else {
            return Err(StoreError::corrupt(
                path.display().to_string(),
                "holds no tables",
            ));
        };
        let extent = segment.extent()?;
        for (key, entry) in segment.keys_since(Timestamp::from_nanos(i64::MIN))? {
            let at = entry.at;
            self.keys.insert(key, entry, at);
        }
        self.bytes_logical = segment.bytes_logical()?;
        self.active = Some(segment);
        let mut inner = self.shared.lock();
        if extent.next_seq < inner.next_seq {
            let detail = format!(
                "ends before record {}, expected {}",
                extent.next_seq, inner.next_seq
            );
            self.active = None;
            return Err(StoreError::corrupt(path.display().to_string(), detail));
        }
        if extent.next_seq > inner.next_seq {
            // The commit had held after all: readers find it in the file.
            inner.forget_recent();
            inner.next_seq = extent.next_seq;
            drop(inner);
            self.shared.rung.notify_all();
        }
        Ok(())
    }

    /// Begins a new segment and hands the full one over to have its log folded in.
    fn begin_segment(&mut self, first_seq: u64) -> Result<(), StoreError> {
        let is_same = self
            .active
            .as_ref()
            .is_some_and(|s| s.first_seq == first_seq);
        if is_same {
            return Ok(());
        }
        let pages_max = self.shared.limits.segment_pages_max;
        let segment = match Segment::create(&self.shared.dir, first_seq, pages_max) {
            Ok(segment) => segment,
            Err(error) => {
                // Half a segment must not stand in the way of the next attempt.
                let path = self.shared.path_of(first_seq);
                segment::delete(&path)?;
                return Err(error);
            }
        };
        self.bytes_logical = segment.bytes_logical()?;
        let bytes = segment::bytes_on_disk(segment.path());
        let full = self.active.replace(segment);
        self.shared.lock().segments.push_back(SegmentInfo {
            first_seq,
            bytes,
            oldest: None,
            newest: None,
            is_folded: false,
        });
        if let (Some(full), Some(folder)) = (full, &self.folder)
            && folder.send(full).is_err()
        {
            tracing::error!("the journal's folding thread is gone");
        }
        Ok(())
    }

    /// Drops the oldest segments that every consumer has passed, as far as the limits ask for it.
    fn retain(&mut self, now: Timestamp) -> Result<(), StoreError> {
        while let Some(first_seq) = self.droppable(now) {
            self.rehome_keys(first_seq, now)?;
            segment::delete(&self.shared.path_of(first_seq))?;
            let mut inner = self.shared.lock();
            inner.segments.pop_front();
            inner.segments_dropped += 1;
        }
        Ok(())
    }

    fn droppable(&self, now: Timestamp) -> Option<u64> {
        let inner = self.shared.lock();
        let (oldest, after) = (inner.segments.front()?, inner.segments.get(1)?);
        let is_consumed = inner
            .released()
            .is_some_and(|up_to| after.first_seq <= up_to + 1);
        let is_over = self.is_disk_full || inner.bytes() >= self.shared.limits.total_bytes_max;
        let too_old = now.minus(self.shared.limits.age_max);
        let is_old = oldest.newest.is_none_or(|newest| newest < too_old);
        (oldest.is_folded && is_consumed && (is_over || is_old)).then_some(oldest.first_seq)
    }

    /// Writes a segment's living keys into the active one before it goes.
    fn rehome_keys(&mut self, first_seq: u64, now: Timestamp) -> Result<(), StoreError> {
        let living = self.keys.of_segment(first_seq, now);
        let Some(active) = self.active.as_mut() else {
            return Err(StoreError::Closed);
        };
        if living.is_empty() {
            return Ok(());
        }
        let here = active.first_seq;
        let outcome = active.transaction(|conn| {
            segment::delete_keys_until(conn, expiry_edge(now))?;
            living
                .iter()
                .try_for_each(|(key, entry)| segment::insert_key(conn, key, entry))
        });
        match outcome {
            Ok(()) => living
                .iter()
                .for_each(|(key, _)| self.keys.moved(key, here)),
            // Only dropping the segment makes room; until there is, memory alone knows its keys.
            Err(StoreError::Full { .. }) => {
                living
                    .iter()
                    .for_each(|(key, _)| self.keys.moved(key, here));
                self.homeless.extend(living);
            }
            Err(error) => {
                self.after_failure(&error);
                return Err(error);
            }
        }
        Ok(())
    }
}

fn append_error(error: &StoreError) -> AppendError {
    match error {
        StoreError::Full { .. } => AppendError::Full {
            retry_after: RETRY_AFTER,
            reason: error.to_string(),
        },
        StoreError::Closed => AppendError::Closed,
        StoreError::Busy { .. }
        | StoreError::Io { .. }
        | StoreError::Corrupt { .. }
        | StoreError::Format { .. }
        | StoreError::Limit { .. }
        | StoreError::Gone { .. }
        | StoreError::Conflict { .. }
        | StoreError::CursorBack { .. } => AppendError::Io {
            detail: error.to_string(),
        },
    }
}

/// What was already kept is still answered; all else learns why not.
fn refuse(group: Vec<Append>, plans: &[Plan], error: &AppendError) {
    for (append, plan) in group.into_iter().zip(plans) {
        let outcome = match plan {
            Plan::Replay(response) => Ok(Outcome::Replayed {
                response: response.to_vec(),
            }),
            Plan::Write { .. } | Plan::ReplayOfGroup(_) => Err(error.clone()),
        };
        let _ = append.answer.send(outcome);
    }
}

fn fold_full_segments(shared: &Shared, full: &Receiver<Segment>) {
    let mut unfolded: Vec<Segment> = Vec::new();
    loop {
        let next = if unfolded.is_empty() {
            full.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            full.recv_timeout(RETRY_AFTER)
        };
        match next {
            Ok(segment) => {
                if let Some(left) = fold(shared, segment) {
                    tracing::warn!(first_seq = left.first_seq, "a full segment keeps its log");
                    unfolded.push(left);
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                let segments = std::mem::take(&mut unfolded).into_iter();
                unfolded.extend(segments.filter_map(|segment| fold(shared, segment)));
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Folds a segment's log in and closes it. Hands it back when the disk is too full for that: it
/// stays open, because readers need the shared memory of its log, and is tried again.
fn fold(shared: &Shared, segment: Segment) -> Option<Segment> {
    let first_seq = segment.first_seq;
    let path = segment.path().to_owned();
    let is_kept = |inner: &mut Inner| inner.segments.iter().any(|s| s.first_seq == first_seq);
    if !is_kept(&mut shared.lock()) {
        return None;
    }
    let left = match segment.fold_log() {
        Ok(()) => None,
        Err(_) => Some(segment),
    };
    let bytes = segment::bytes_on_disk(&path);
    let mut inner = shared.lock();
    if let Some(info) = inner.segments.iter_mut().find(|s| s.first_seq == first_seq) {
        info.bytes = bytes;
        info.is_folded = true;
    }
    left
}
