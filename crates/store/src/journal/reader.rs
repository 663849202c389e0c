//! One consumer's way through the journal: memory when it is close behind, files when it is not.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use model::Record;

use super::segment::Segment;
use super::shared::Shared;
use crate::error::StoreError;

/// Rows read from a file at a time; each is one batch.
const READ_ROWS_MAX: usize = 16;

/// What waiting for records came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Records in sequence, at least one.
    Records(Vec<(u64, Arc<Record>)>),
    /// None came in time.
    Timeout,
    /// The journal is closed and everything in it has been read.
    Closed,
}

/// Delivers every durable record from a sequence on, each once, in order.
pub struct Reader {
    shared: Arc<Shared>,
    next_seq: u64,
    ahead: VecDeque<(u64, Arc<Record>)>,
    open: Option<Segment>,
}

enum Found {
    Recent(Vec<(u64, Arc<Record>)>),
    InSegment { first_seq: u64, is_full: bool },
    Wait(Next),
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>, from_seq: u64) -> Self {
        let next_seq = if from_seq == 0 { shared.lock().first_seq() } else { from_seq };
        Self { shared, next_seq, ahead: VecDeque::new(), open: None }
    }

    /// Sequence of the record that comes next.
    pub fn next_seq(&self) -> u64 {
        self.ahead.front().map_or(self.next_seq, |(seq, _)| *seq)
    }

    /// Up to `records_max` records (at least one is asked for), blocking this thread for at most
    /// `timeout`. After an error the same records are tried again.
    pub fn next_batch(
        &mut self,
        records_max: usize,
        timeout: Duration,
    ) -> Result<Next, StoreError> {
        let records_max = records_max.max(1);
        loop {
            if !self.ahead.is_empty() {
                let count = records_max.min(self.ahead.len());
                return Ok(Next::Records(self.ahead.drain(..count).collect()));
            }
            match self.find(records_max, timeout)? {
                Found::Recent(records) => {
                    self.next_seq += records.len() as u64;
                    return Ok(Next::Records(records));
                }
                Found::InSegment { first_seq, is_full } => self.read_ahead(first_seq, is_full)?,
                Found::Wait(next) => return Ok(next),
            }
        }
    }

    fn find(&self, records_max: usize, timeout: Duration) -> Result<Found, StoreError> {
        let inner = self.shared.lock();
        let (inner, _) = self
            .shared
            .rung
            .wait_timeout_while(inner, timeout, |inner| {
                self.next_seq >= inner.next_seq && !inner.is_closed
            })
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.next_seq >= inner.next_seq {
            let next = if inner.is_closed { Next::Closed } else { Next::Timeout };
            return Ok(Found::Wait(next));
        }
        if inner.recent.front().is_none_or(|oldest| self.next_seq < oldest.first_seq) {
            let gone = StoreError::Gone { asked: self.next_seq, first: inner.first_seq() };
            let segment = inner.segment_of(self.next_seq).ok_or(gone)?;
            let (first_seq, is_full) = (segment.first_seq, segment.is_folded);
            return Ok(Found::InSegment { first_seq, is_full });
        }
        let at = inner.recent.partition_point(|batch| batch.first_seq <= self.next_seq);
        let batches: Vec<_> = inner
            .recent
            .iter()
            .skip(at.saturating_sub(1))
            .cloned()
            .scan(0_usize, |taken, batch| {
                let is_wanted = *taken < records_max;
                let skipped = self.next_seq.saturating_sub(batch.first_seq) as usize;
                *taken += batch.records.len().saturating_sub(skipped);
                is_wanted.then_some(batch)
            })
            .collect();
        drop(inner);
        let numbered =
            batches.iter().flat_map(|batch| (batch.first_seq..).zip(batch.records.iter().cloned()));
        let wanted = numbered.skip_while(|(seq, _)| *seq < self.next_seq).take(records_max);
        Ok(Found::Recent(wanted.collect()))
    }

    fn read_ahead(&mut self, first_seq: u64, is_full: bool) -> Result<(), StoreError> {
        let segment = match self.open.take() {
            Some(open) if open.first_seq == first_seq => open,
            Some(_) | None => self.open_segment(first_seq, is_full)?,
        };
        let stored = segment.read(self.next_seq, READ_ROWS_MAX)?;
        let path = segment.path().to_owned();
        self.open = Some(segment);
        let end = self.shared.lock().next_seq;
        for batch in stored {
            let records = batch.open(&path)?;
            for (seq, record) in (batch.first_seq..end).zip(records) {
                if seq == self.next_seq {
                    self.ahead.push_back((seq, Arc::new(record)));
                    self.next_seq += 1;
                }
            }
        }
        if self.ahead.is_empty() {
            let detail = format!("record {} is missing", self.next_seq);
            return Err(StoreError::corrupt(path.display().to_string(), detail));
        }
        Ok(())
    }

    fn open_segment(&self, first_seq: u64, is_full: bool) -> Result<Segment, StoreError> {
        let path = self.shared.path_of(first_seq);
        match Segment::open_to_read(&path, is_full) {
            Ok(Some(segment)) => Ok(segment),
            Ok(None) => Err(StoreError::corrupt(path.display().to_string(), "holds no tables")),
            Err(error) => {
                let first = self.shared.lock().first_seq();
                // Retention may have dropped it between the look-up and the opening.
                if first > first_seq {
                    return Err(StoreError::Gone { asked: self.next_seq, first });
                }
                Err(error)
            }
        }
    }
}
