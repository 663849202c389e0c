//! Rows that are in no file yet, kept as Arrow batches so that queries read them like files.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use crate::row::{LakeRow, RawRow};
use crate::schema;

/// Rows gathered before they are turned into one batch.
const OPEN_ROWS_MAX: usize = 4_096;

/// A growing set of rows.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    open_events: Vec<LakeRow>,
    open_raws: Vec<RawRow>,
    /// The open rows as a batch, made when first asked for and dropped when they change.
    open_batch: Option<RecordBatch>,
    pub(crate) events: Vec<RecordBatch>,
    pub(crate) raws: Vec<RecordBatch>,
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    pub(crate) up_to_seq: Option<u64>,
}

/// How much a set of rows weighs.
pub(crate) fn weigh(rows: &[LakeRow], raws: &[RawRow]) -> (usize, usize) {
    let bytes = rows.iter().map(LakeRow::bytes).sum::<usize>()
        + raws.iter().map(RawRow::bytes).sum::<usize>();
    (rows.len() + raws.len(), bytes)
}

impl Memory {
    pub(crate) fn advance(&mut self, seq: u64) {
        self.up_to_seq = Some(self.up_to_seq.map_or(seq, |now| now.max(seq)));
    }

    pub(crate) fn append(
        &mut self,
        rows: &mut Vec<LakeRow>,
        raws: &mut Vec<RawRow>,
    ) -> Result<(), ArrowError> {
        let (count, bytes) = weigh(rows, raws);
        let seqs = rows.iter().map(|r| r.seq).chain(raws.iter().map(|r| r.seq));
        if let Some(seq) = seqs.max() {
            self.advance(seq);
        }
        self.rows += count;
        self.bytes += bytes;
        if !rows.is_empty() {
            self.open_batch = None;
            self.open_events.append(rows);
        }
        self.open_raws.append(raws);
        if self.open_events.len() >= OPEN_ROWS_MAX {
            self.seal_events()?;
        }
        if self.open_raws.len() >= OPEN_ROWS_MAX {
            self.seal_raws()?;
        }
        Ok(())
    }

    fn seal_events(&mut self) -> Result<(), ArrowError> {
        if !self.open_events.is_empty() {
            let batch = match self.open_batch.take() {
                Some(batch) => batch,
                None => schema::events(&self.open_events)?,
            };
            self.events.push(batch);
            self.open_events.clear();
        }
        Ok(())
    }

    fn seal_raws(&mut self) -> Result<(), ArrowError> {
        if !self.open_raws.is_empty() {
            self.raws.push(schema::raws(&self.open_raws)?);
            self.open_raws.clear();
        }
        Ok(())
    }

    /// Turns every row into a batch.
    pub(crate) fn seal(&mut self) -> Result<(), ArrowError> {
        self.seal_events()?;
        self.seal_raws()
    }

    /// All events, the open ones too. Raw records are copied only when asked for: few ask.
    pub(crate) fn event_batches(&mut self) -> Result<Vec<RecordBatch>, ArrowError> {
        let mut all = self.events.clone();
        if !self.open_events.is_empty() {
            let batch = match self.open_batch.take() {
                Some(batch) => batch,
                None => schema::events(&self.open_events)?,
            };
            all.push(batch.clone());
            self.open_batch = Some(batch);
        }
        Ok(all)
    }

    /// All raw records.
    pub(crate) fn raw_batches(&mut self) -> Result<Vec<RecordBatch>, ArrowError> {
        self.seal_raws()?;
        Ok(self.raws.clone())
    }

    /// Takes in what `older` holds, as the older part.
    pub(crate) fn absorb(&mut self, mut older: Self) {
        older.events.append(&mut self.events);
        older.raws.append(&mut self.raws);
        self.events = older.events;
        self.raws = older.raws;
        self.rows += older.rows;
        self.bytes += older.bytes;
        if let Some(seq) = older.up_to_seq {
            self.advance(seq);
        }
    }
}
