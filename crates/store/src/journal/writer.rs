//! The one thread that writes: everything waiting becomes one transaction, then all are answered.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use model::Timestamp;
use tokio::sync::oneshot;

use super::folding::Folder;
use super::keys::{Key, KeyEntry, Keys, expiry_edge};
use super::opening::Opened;
use super::segment::{self, SealedBatch, Segment};
use super::shared::{RecentBatch, SegmentInfo, Shared};
use super::{AppendError, Appended, Idempotency, Mark, Outcome};
use crate::error::{RETRY_AFTER, StoreError};

/// What a record counts for in memory beyond its body.
const RECORD_OVERHEAD_BYTES: usize = 160;

/// How many times its own size a segment may take while its log is not folded in.
const SEGMENT_ON_DISK_FACTOR: u64 = 3;

/// One append on its way.
pub struct Append {
    /// The batch, encoded.
    pub sealed: SealedBatch,
    /// Its sender's name for it.
    pub idempotency: Option<Idempotency>,
    /// What is noted with it.
    pub marks: Vec<Mark>,
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
    folder: Folder,
    _lock: std::fs::File,
}

/// What becomes of one append of a group, before the transaction is known to have held.
enum Plan {
    Write {
        first_seq: u64,
        keys: Vec<(Key, KeyEntry)>,
    },
    /// The group itself holds the first of this name.
    ReplayOfGroup(Arc<[u8]>),
    Replay(Arc<[u8]>),
}

impl Writer {
    /// The writing side of a directory just opened.
    pub fn new(opened: Opened) -> Result<Self, StoreError> {
        let folder = Folder::start(opened.shared.clone())?;
        let mut writer = Self {
            shared: opened.shared,
            active: None,
            keys: opened.keys,
            homeless: Vec::new(),
            bytes_logical: 0,
            is_disk_full: false,
            folder,
            _lock: opened.lock,
        };
        match opened.active {
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
    }

    fn commit(&mut self, group: Vec<Append>) {
        let now = group.iter().map(|append| append.now).max().unwrap_or_default();
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
        if self.is_segment_full() {
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
        let behind = behind.map_or("nobody has released anything".to_owned(), |(name, up_to)| {
            format!("`{name}` has released up to {}", up_to.unwrap_or(0))
        });
        let reason = format!("{bytes} bytes of at most {bytes_max}, {behind}");
        Err(AppendError::Full { retry_after: RETRY_AFTER, reason })
    }

    /// By its rows, or by its log: many small transactions fill the log with few rows.
    fn is_segment_full(&self) -> bool {
        let bytes_max = self.shared.limits.segment_bytes_max;
        let on_disk = self.shared.lock().segments.back().map_or(0, |info| info.bytes);
        self.bytes_logical >= bytes_max
            || on_disk >= bytes_max.saturating_mul(SEGMENT_ON_DISK_FACTOR)
    }

    fn plan(&self, group: &[Append], mut next_seq: u64) -> (Vec<Plan>, u64) {
        let mut in_group: HashMap<Key, Arc<[u8]>> = HashMap::new();
        let segment = self.active.as_ref().map_or(0, |s| s.first_seq);
        let plan_one = |append: &Append| {
            let mut keys = Vec::new();
            if let Some(named) = &append.idempotency {
                let key = Key { source: named.source.clone(), hash: named.key_hash };
                if let Some(response) = self.keys.response(&key, append.now) {
                    return Plan::Replay(response);
                }
                if let Some(response) = in_group.get(&key) {
                    return Plan::ReplayOfGroup(response.clone());
                }
                let response: Arc<[u8]> = Arc::from(named.response.as_slice());
                in_group.insert(key.clone(), response.clone());
                keys.push((key, KeyEntry { at: append.now, response, segment }));
            }
            for mark in &append.marks {
                let response = Arc::from(mark.note.as_slice());
                let entry = KeyEntry { at: append.now, response, segment };
                keys.extend(Key::of_mark(mark.key_hash).map(|key| (key, entry)));
            }
            let first_seq = next_seq;
            next_seq += append.sealed.records.len() as u64;
            Plan::Write { first_seq, keys }
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
                let Plan::Write { first_seq, keys } = plan else {
                    continue;
                };
                if !append.sealed.records.is_empty() {
                    segment::insert_batch(conn, *first_seq, &append.sealed)?;
                }
                for (key, entry) in keys {
                    segment::insert_key(conn, key, entry)?;
                }
            }
            homeless.iter().try_for_each(|(key, entry)| segment::insert_key(conn, key, entry))
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
        let written = group.iter().map(|append| append.sealed.blob.len() as u64).sum::<u64>();
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
                Plan::Replay(response) | Plan::ReplayOfGroup(response) => {
                    Outcome::Replayed { response: response.to_vec() }
                }
                Plan::Write { first_seq, keys } => {
                    for (key, entry) in keys {
                        self.keys.insert(key, entry, now);
                    }
                    let sealed = append.sealed;
                    let count = sealed.records.len() as u64;
                    if count > 0 {
                        oldest = oldest.or(Some(sealed.received_min));
                        newest = newest.max(Some(sealed.received_max));
                        let bytes = sealed.raw_len + sealed.records.len() * RECORD_OVERHEAD_BYTES;
                        recent.push(RecentBatch { first_seq, records: sealed.records, bytes });
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
            return Err(StoreError::corrupt(path.display().to_string(), "holds no tables"));
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
            let detail =
                format!("ends before record {}, expected {}", extent.next_seq, inner.next_seq);
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
        let is_same = self.active.as_ref().is_some_and(|s| s.first_seq == first_seq);
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
        if let Some(full) = full {
            self.folder.fold(full);
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
        let is_consumed = inner.released().is_some_and(|up_to| after.first_seq <= up_to + 1);
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
            living.iter().try_for_each(|(key, entry)| segment::insert_key(conn, key, entry))
        });
        match outcome {
            Ok(()) => living.iter().for_each(|(key, _)| self.keys.moved(key, here)),
            // Only dropping the segment makes room; until there is, memory alone knows its keys.
            Err(StoreError::Full { .. }) => {
                living.iter().for_each(|(key, _)| self.keys.moved(key, here));
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

/// Also after a panic of the writer: readers must not wait for what will never come.
impl Drop for Writer {
    fn drop(&mut self) {
        self.folder.finish();
        if let Some(segment) = self.active.take()
            && let Err(error) = segment.fold_log()
        {
            tracing::warn!(%error, "the journal closes with its log unfolded");
        }
        self.shared.lock().is_closed = true;
        self.shared.rung.notify_all();
    }
}

fn append_error(error: &StoreError) -> AppendError {
    match error {
        StoreError::Full { .. } => {
            AppendError::Full { retry_after: RETRY_AFTER, reason: error.to_string() }
        }
        StoreError::Closed => AppendError::Closed,
        StoreError::Busy { .. }
        | StoreError::Io { .. }
        | StoreError::Corrupt { .. }
        | StoreError::Format { .. }
        | StoreError::Limit { .. }
        | StoreError::Gone { .. }
        | StoreError::Conflict { .. }
        | StoreError::CursorBack { .. } => AppendError::Io { detail: error.to_string() },
    }
}

/// What was already kept is still answered; all else learns why not.
fn refuse(group: Vec<Append>, plans: &[Plan], error: &AppendError) {
    for (append, plan) in group.into_iter().zip(plans) {
        let outcome = match plan {
            Plan::Replay(response) => Ok(Outcome::Replayed { response: response.to_vec() }),
            Plan::Write { .. } | Plan::ReplayOfGroup(_) => Err(error.clone()),
        };
        let _ = append.answer.send(outcome);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
    use std::time::Duration;

    use model::Record;

    use super::super::{JournalLimits, Next, Reader, opening};
    use super::*;

    fn writer(dir: &std::path::Path) -> Writer {
        let limits = JournalLimits::default();
        Writer::new(opening::open(dir, limits, &[], Timestamp::default()).unwrap()).unwrap()
    }

    fn tick(secs: i64) -> Record {
        Record::Tick { at: Timestamp::from_secs(secs) }
    }

    fn append(writer: &mut Writer, secs: i64) -> Result<Outcome, AppendError> {
        let (answer, mut heard) = oneshot::channel();
        let sealed = SealedBatch::seal(vec![tick(secs)]).unwrap();
        let now = Timestamp::from_secs(secs);
        writer.commit(vec![Append { sealed, idempotency: None, marks: Vec::new(), now, answer }]);
        heard.try_recv().unwrap()
    }

    /// The disk said no, yet the rows are there: they keep their numbers and readers get them.
    #[test]
    fn a_commit_that_held_although_it_failed_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = writer(dir.path());
        append(&mut writer, 1).unwrap();
        let failed = writer.active.as_mut().unwrap();
        let held = SealedBatch::seal(vec![tick(2), tick(3)]).unwrap();
        failed.transaction(|conn| segment::insert_batch(conn, 2, &held)).unwrap();
        writer.after_failure(&StoreError::Io { what: "t".into(), detail: "t".into() });
        assert!(writer.active.is_none());

        let next = append(&mut writer, 4).unwrap();
        assert_eq!(next, Outcome::Appended(Appended { first_seq: 4, count: 1 }));
        let mut reader = Reader::new(writer.shared.clone(), 1);
        let mut all = Vec::new();
        while let Next::Records(records) = reader.next_batch(10, Duration::ZERO).unwrap() {
            all.extend(records.into_iter().map(|(seq, record)| (seq, (*record).clone())));
        }
        assert_eq!(all, (1..=4).map(|n| (n as u64, tick(n))).collect::<Vec<_>>());
    }

    #[test]
    fn a_segment_that_lost_acknowledged_records_takes_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = writer(dir.path());
        append(&mut writer, 1).unwrap();
        append(&mut writer, 2).unwrap();
        let lost = |conn: &rusqlite::Connection| conn.execute("DELETE FROM batches", []).map(drop);
        writer.active.as_mut().unwrap().transaction(lost).unwrap();
        writer.after_failure(&StoreError::Io { what: "t".into(), detail: "t".into() });
        let Err(AppendError::Io { detail }) = append(&mut writer, 3) else { panic!("taken") };
        assert!(detail.contains("ends before record 1, expected 3"), "{detail}");
    }
}
