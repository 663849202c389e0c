//! A stretch of time, oldest first: every event of it once, from files and memory at one instant,
//! in pieces that fit in memory however long the stretch is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use model::{Fingerprint, MappingName, SourceId, Timestamp};

use crate::catalogue::FileEntry;
use crate::error::LakeError;
use crate::lake::{Inner, Lake};
use crate::scan::OpenFile;
use crate::schema;
use crate::search::Cursor;
use crate::sift::{Sift, keys};

/// Rows that a reading holds, over all files that lie side by side: what bounds its memory.
const HELD_ROWS: usize = 65_536;
/// Rows of one file that are read at a time. Each time costs the dictionaries and a page of every
/// column again: few files are read in long pieces, and many, of many sites and classes, in short.
const PIECE_ROWS: std::ops::RangeInclusive<usize> = 2_048..=16_384;

const COLUMNS: [&str; 8] =
    ["time", "received_at", "seq", "part", "source", "mapping", "fingerprint", "ocsf"];

/// One event of the past, as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Its place in the order of time, and its identity.
    pub key: Cursor,
    /// When its record was received.
    pub received_at: Timestamp,
    /// Whose record.
    pub source: SourceId,
    /// Which mapping made it.
    pub mapping: MappingName,
    /// Its content identity.
    pub fingerprint: Fingerprint,
    /// The event as one JSON object.
    pub ocsf: String,
}

/// A reading under way.
pub struct Stretch {
    inner: Arc<Inner>,
    sift: Sift,
    /// Files not opened yet, the earliest last.
    files: Vec<Arc<FileEntry>>,
    sources: BTreeMap<usize, Source>,
    next_source: usize,
    /// The first row of every source.
    heads: BinaryHeap<Reverse<(Cursor, usize)>>,
}

/// Where rows come from: what is at hand, and what is still to be read.
struct Source {
    rows: VecDeque<Past>,
    rest: Rest,
}

enum Rest {
    /// Rows of batches in memory, latest last.
    Memory { batches: Vec<RecordBatch>, spots: VecDeque<(Cursor, usize, usize)> },
    /// Rows of a file, from a row of a row group on.
    File { file: OpenFile, group: usize, row: usize },
}

impl Lake {
    /// Every event from `from` on and before `to`, in the order of time, then of records. What is
    /// appended or flushed meanwhile changes nothing.
    pub fn stretch(&self, from: Timestamp, to: Timestamp) -> Result<Stretch, LakeError> {
        let snapshot = self.inner.snapshot(false)?;
        let (from, to) = (Some(from.nanos()), Some(to.nanos()));
        let sift = Sift { from, to, ..Sift::default() };
        let fits = |file: &&Arc<FileEntry>| sift.may_hold(file);
        let mut files: Vec<_> = snapshot.catalogue.events.iter().filter(fits).cloned().collect();
        files.sort_by_key(|file| Reverse(file.time_min));
        let mut spots = Vec::new();
        for (number, batch) in snapshot.events.iter().enumerate() {
            let rows = sift.rows_of(batch).map_err(LakeError::encode)?;
            spots.extend(rows.into_iter().map(|(key, row)| (key, number, row)));
        }
        spots.sort_unstable();
        let mut stretch = Stretch {
            inner: Arc::clone(&self.inner),
            sift,
            files,
            sources: BTreeMap::new(),
            next_source: 0,
            heads: BinaryHeap::new(),
        };
        let rest = Rest::Memory { batches: snapshot.events, spots: spots.into() };
        stretch.add(Source { rows: VecDeque::new(), rest });
        Ok(stretch)
    }

    /// How many events files and memory may hold of a stretch: never fewer than there are.
    pub fn stretch_rows_max(&self, from: Timestamp, to: Timestamp) -> u64 {
        let sift = Sift { from: Some(from.nanos()), to: Some(to.nanos()), ..Sift::default() };
        let state = self.inner.lock();
        let in_files = state.catalogue.events.iter().filter(|file| sift.may_hold(file));
        in_files.map(|file| file.rows).sum::<u64>() + state.unflushed().0 as u64
    }

    /// The time of the earliest and the latest event; `None` when there is none.
    pub fn time_span(&self) -> Result<Option<(Timestamp, Timestamp)>, LakeError> {
        let snapshot = self.inner.snapshot(false)?;
        let files = snapshot.catalogue.events.iter();
        let in_files = files.map(|file| (file.time_min, file.time_max));
        let times = snapshot.events.iter().filter_map(|batch| schema::times(batch, "time"));
        let in_memory = times.filter_map(|times| {
            let (first, last) = (times.iter().min()?, times.iter().max()?);
            Some((Timestamp::from_nanos(*first), Timestamp::from_nanos(*last)))
        });
        let spans = in_files.chain(in_memory);
        Ok(spans.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1))))
    }
}

impl Stretch {
    /// The next events, at most `count`; empty when there are no more.
    pub async fn next(&mut self, count: usize) -> Result<Vec<Past>, LakeError> {
        let mut out = Vec::with_capacity(count);
        while out.len() < count {
            self.open_due().await?;
            let Some(Reverse((_, at))) = self.heads.pop() else { break };
            let Some(source) = self.sources.get_mut(&at) else { continue };
            out.extend(source.rows.pop_front());
            self.head(at).await?;
        }
        Ok(out)
    }

    fn add(&mut self, source: Source) -> usize {
        let at = self.next_source;
        self.next_source += 1;
        self.sources.insert(at, source);
        // The memory's first row is asked for when the reading begins.
        self.heads.push(Reverse((LOWEST, at)));
        at
    }

    /// Opens every file that may hold the next row.
    async fn open_due(&mut self) -> Result<(), LakeError> {
        loop {
            let first = self.heads.peek().map(|Reverse((key, at))| (*key, *at));
            if let Some((LOWEST, at)) = first {
                self.heads.pop();
                self.head(at).await?;
                continue;
            }
            let Some(next) = self.files.last() else { return Ok(()) };
            if first.is_some_and(|(key, _)| key.time < next.time_min) {
                return Ok(());
            }
            let Some(entry) = self.files.pop() else { return Ok(()) };
            let file = self.inner.open_file(&entry).await?;
            let rest = Rest::File { file, group: 0, row: 0 };
            self.add(Source { rows: VecDeque::new(), rest });
        }
    }

    /// Puts a source's next row where it is looked for; an exhausted source goes.
    async fn head(&mut self, at: usize) -> Result<(), LakeError> {
        let piece =
            (HELD_ROWS / self.sources.len().max(1)).clamp(*PIECE_ROWS.start(), *PIECE_ROWS.end());
        let Some(source) = self.sources.get_mut(&at) else { return Ok(()) };
        while source.rows.is_empty() {
            if !source.fill((&self.inner, &self.sift), piece).await? {
                break;
            }
        }
        match source.rows.front() {
            Some(row) => self.heads.push(Reverse((row.key, at))),
            None => drop(self.sources.remove(&at)),
        }
        Ok(())
    }
}

/// Before every row.
const LOWEST: Cursor = Cursor { time: Timestamp::from_nanos(i64::MIN), seq: 0, part: 0 };

impl Source {
    /// Reads on; whether there may be more.
    async fn fill(
        &mut self,
        (inner, sift): (&Inner, &Sift),
        piece: usize,
    ) -> Result<bool, LakeError> {
        match &mut self.rest {
            Rest::Memory { batches, spots } => {
                for _ in 0..piece {
                    let Some((_, batch, row)) = spots.pop_front() else { break };
                    let Some(batch) = batches.get(batch) else { continue };
                    self.rows.extend(Cells::of(batch).and_then(|cells| cells.row(row)));
                }
                Ok(!spots.is_empty())
            }
            Rest::File { file, group, row } => {
                if *group >= file.group_count() {
                    return Ok(false);
                }
                let total = file.group_rows(*group);
                if *row >= total || !sift.may_hold_group(file.times(*group), None) {
                    (*group, *row) = (*group + 1, 0);
                    return Ok(true);
                }
                let end = total.min(*row + piece);
                let wanted: Vec<usize> = (*row..end).collect();
                *row = end;
                for batch in inner.read(file, *group, &COLUMNS, Some(&wanted)).await? {
                    let Some(cells) = Cells::of(&batch) else { continue };
                    for (at, key) in keys(&batch).iter().enumerate() {
                        if sift.takes_key(key) {
                            self.rows.extend(cells.row(at));
                        }
                    }
                }
                Ok(true)
            }
        }
    }
}

/// The columns of one batch.
struct Cells<'a> {
    keys: Vec<Cursor>,
    received: &'a [i64],
    sources: &'a StringArray,
    mappings: &'a StringArray,
    prints: &'a StringArray,
    events: &'a StringArray,
}

impl<'a> Cells<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        let texts = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
        Some(Self {
            keys: keys(batch),
            received: schema::times(batch, "received_at")?,
            sources: texts("source")?,
            mappings: texts("mapping")?,
            prints: texts("fingerprint")?,
            events: texts("ocsf")?,
        })
    }

    fn row(&self, at: usize) -> Option<Past> {
        let text = |column: &'a StringArray| (at < column.len()).then(|| column.value(at));
        Some(Past {
            key: *self.keys.get(at)?,
            received_at: Timestamp::from_nanos(*self.received.get(at)?),
            source: SourceId::parse(text(self.sources)?).ok()?,
            mapping: MappingName::parse(text(self.mappings)?).ok()?,
            fingerprint: Fingerprint(u128::from_str_radix(text(self.prints)?, 16).ok()?),
            ocsf: text(self.events)?.to_owned(),
        })
    }
}
