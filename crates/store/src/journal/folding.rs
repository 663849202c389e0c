//! Full segments have their log folded in beside the writer, so that no append waits for it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};

use super::segment::{self, Segment};
use super::shared::Shared;
use crate::error::{RETRY_AFTER, StoreError};

/// Full segments waiting to be folded; at one more the writer waits.
const FOLD_QUEUE_MAX: usize = 4;

/// The folding thread.
pub struct Folder {
    queue: Option<SyncSender<Segment>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Folder {
    /// Starts the thread.
    pub fn start(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let (queue, full) = sync_channel(FOLD_QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("journal-folder".into())
            .spawn(move || fold_all(&shared, &full))
            .map_err(|e| StoreError::io("starting the journal's folding thread", &e))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Hands over a segment that is written no more.
    pub fn fold(&self, full: Segment) {
        let is_taken = self.queue.as_ref().is_some_and(|queue| queue.send(full).is_ok());
        if !is_taken {
            tracing::error!("the journal's folding thread is gone");
        }
    }

    /// Folds what was handed over and ends the thread.
    pub fn finish(&mut self) {
        drop(self.queue.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the journal's folding thread ended in a panic");
        }
    }
}

fn fold_all(shared: &Shared, full: &Receiver<Segment>) {
    // At most as many as the size limit has room for.
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
    let is_kept = shared.lock().segments.iter().any(|s| s.first_seq == first_seq);
    if !is_kept {
        return None;
    }
    let left = match segment.fold_log() {
        Ok(()) => {
            drop(segment);
            None
        }
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
