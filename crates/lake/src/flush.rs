//! Memory into files: frozen, sorted, partitioned, written; the caller commits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::interleave;
use model::{PlaceId, Timestamp};

use crate::catalogue::{FORMAT, FileEntry, FileKind};
use crate::error::LakeError;
use crate::lake::{Frozen, Inner, Lake};
use crate::{naming, schema, write};

/// Rows handed to the Parquet writer at a time.
const WRITE_ROWS: usize = 8_192;

/// Why a flush was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlushReason {
    /// `append` said so.
    Full,
    /// The rows have waited long enough.
    Age,
    /// The program is ending.
    Shutdown,
    /// Somebody asked.
    Asked,
}

impl FlushReason {
    /// The label in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Age => "age",
            Self::Shutdown => "shutdown",
            Self::Asked => "asked",
        }
    }
}

/// Files that are written but not yet visible. Commit `files` and the cursor `up_to_seq` in one
/// transaction, then call `Lake::committed`; until then every further `flush` gives this again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Flushed {
    /// The new files; empty when nothing waited.
    pub files: Vec<FileEntry>,
    /// Everything up to this journal sequence is in files; `None` when nothing was appended.
    pub up_to_seq: Option<u64>,
    pub(crate) number: u64,
}

/// Where a row of memory lies.
type Spot = (usize, usize);
/// One file to be: its partition and its rows in order.
struct Plan {
    kind: FileKind,
    site: Option<PlaceId>,
    class_uid: Option<u32>,
    day: i32,
    spots: Vec<Spot>,
    first_seq: u64,
    last_seq: u64,
    time_min: Timestamp,
    time_max: Timestamp,
    received_max: Timestamp,
}

impl Lake {
    /// Writes what is in memory into files.
    ///
    /// On failure the rows stay in memory, searchable and counted against the unflushed limits;
    /// the next flush takes them with whatever has come since.
    pub async fn flush(&self, reason: FlushReason) -> Result<Flushed, LakeError> {
        let _turn = self.inner.flushing.lock().await;
        self.inner.sweep().await;
        let (events, raws, up_to_seq) = match self.inner.freeze()? {
            Freeze::Written(flushed) => return Ok(flushed),
            Freeze::Rows { events, raws, up_to_seq } => (events, raws, up_to_seq),
        };
        let number = self.inner.take_number();
        match self.inner.write_all(events, raws).await {
            Ok(files) => {
                tracing::debug!(files = files.len(), reason = reason.as_str(), "lake flushed");
                let flushed = Flushed { files, up_to_seq, number };
                if let Some(frozen) = &mut self.inner.lock().frozen {
                    frozen.written = Some(flushed.clone());
                }
                Ok(flushed)
            }
            Err(error) => {
                self.inner.lock().flushes_failed += 1;
                Err(error)
            }
        }
    }
}

enum Freeze {
    Written(Flushed),
    Rows { events: Vec<RecordBatch>, raws: Vec<RecordBatch>, up_to_seq: Option<u64> },
}

impl Inner {
    /// Sets aside all rows in memory, those of a failed flush first.
    fn freeze(&self) -> Result<Freeze, LakeError> {
        let mut state = self.lock();
        if let Some(written) = state.frozen.as_ref().and_then(|frozen| frozen.written.as_ref()) {
            return Ok(Freeze::Written(written.clone()));
        }
        state.live.seal().map_err(LakeError::encode)?;
        let mut memory = std::mem::take(&mut state.live);
        if let Some(frozen) = state.frozen.take() {
            memory.absorb(frozen.memory);
        }
        let (events, raws) = (memory.events.clone(), memory.raws.clone());
        let up_to_seq = memory.up_to_seq;
        state.frozen = Some(Frozen { memory, written: None });
        Ok(Freeze::Rows { events, raws, up_to_seq })
    }

    async fn write_all(
        &self,
        events: Vec<RecordBatch>,
        raws: Vec<RecordBatch>,
    ) -> Result<Vec<FileEntry>, LakeError> {
        let mut files = Vec::new();
        for (kind, batches) in [(FileKind::Events, events), (FileKind::Raw, raws)] {
            for plan in plans(kind, &batches)? {
                match self.write_one(plan, &batches).await {
                    Ok(entry) => files.push(entry),
                    Err(error) => {
                        self.discard(&files).await;
                        return Err(error);
                    }
                }
            }
        }
        Ok(files)
    }

    async fn write_one(&self, plan: Plan, batches: &[RecordBatch]) -> Result<FileEntry, LakeError> {
        let folder =
            naming::folder(&self.config.tenant, plan.site.as_ref(), plan.class_uid, plan.day);
        let name = naming::file(plan.first_seq, plan.last_seq, self.take_number());
        let path = format!("{folder}/{name}");
        let row_group_rows = self.config.limits.row_group_rows;
        let owned = batches.to_vec();
        let (plan, bytes) = tokio::task::spawn_blocking(move || {
            let properties = write::properties(plan.kind, plan.spots.len(), row_group_rows);
            let sorted = plan.spots.chunks(WRITE_ROWS).map(|spots| pick(&owned, spots));
            let bytes = write::encode(plan.kind, properties, sorted)?;
            Ok::<_, LakeError>((plan, bytes))
        })
        .await
        .map_err(LakeError::encode)??;
        let size = bytes.len() as u64;
        if let Err(error) = write::put(&self.store, self.folder.as_ref(), &path, bytes).await {
            // It may have been put and only not synchronised.
            let _ = write::delete(&self.store, &path).await;
            return Err(error);
        }
        Ok(FileEntry {
            format: FORMAT,
            path,
            kind: plan.kind,
            site: plan.site,
            class_uid: plan.class_uid,
            day: plan.day,
            first_seq: plan.first_seq,
            last_seq: plan.last_seq,
            time_min: plan.time_min,
            time_max: plan.time_max,
            received_max: plan.received_max,
            rows: plan.spots.len() as u64,
            bytes: size,
        })
    }

    /// Removes files that no catalogue names. What cannot be removed now is removed at opening.
    pub(crate) async fn discard(&self, files: &[FileEntry]) {
        for file in files {
            if let Err(error) = write::delete(&self.store, &file.path).await {
                tracing::warn!(%error, "a lake file that nobody needs could not be removed");
            }
        }
    }

    /// Removes files that have left the catalogue and that no snapshot reads any more.
    pub(crate) async fn sweep(&self) {
        let idle: Vec<FileEntry> = {
            let mut state = self.lock();
            let idle = state.leaving.extract_if(.., |file| std::sync::Arc::strong_count(file) == 1);
            idle.map(|file| (*file).clone()).collect()
        };
        for file in &idle {
            self.footers.forget(&file.path);
        }
        self.discard(&idle).await;
    }
}

/// The rows of several batches that stand at `spots`, in that order.
fn pick(batches: &[RecordBatch], spots: &[Spot]) -> Result<RecordBatch, LakeError> {
    let Some(first) = batches.first() else {
        return Err(LakeError::encode("no rows"));
    };
    let columns = (0..first.num_columns())
        .map(|column| {
            let arrays: Vec<&dyn Array> =
                batches.iter().map(|batch| batch.column(column).as_ref()).collect();
            interleave(&arrays, spots)
        })
        .collect::<Result<Vec<ArrayRef>, _>>()
        .map_err(LakeError::encode)?;
    RecordBatch::try_new(first.schema(), columns).map_err(LakeError::encode)
}

type Partition<'a> = (Option<&'a str>, Option<u32>, i32);
/// Time (0 for raw records), sequence and part: the order within a file.
type SortKey = (i64, u64, u16);

/// What one file is made of and spans, gathered row by row.
struct Gathered {
    rows: Vec<(SortKey, Spot)>,
    first_seq: u64,
    last_seq: u64,
    time_min: Timestamp,
    time_max: Timestamp,
    received_max: Timestamp,
}

fn plans(kind: FileKind, batches: &[RecordBatch]) -> Result<Vec<Plan>, LakeError> {
    let mut partitions: BTreeMap<Partition<'_>, Gathered> = BTreeMap::new();
    for (index, batch) in batches.iter().enumerate() {
        match kind {
            FileKind::Events => gather_events(index, batch, &mut partitions),
            FileKind::Raw => gather_raws(index, batch, &mut partitions),
        }
        .ok_or_else(|| LakeError::encode("a batch lacks a column"))?;
    }
    let plan = |((site, class_uid, day), mut gathered): (Partition<'_>, Gathered)| {
        gathered.rows.sort_unstable();
        Plan {
            kind,
            site: site.and_then(|site| PlaceId::parse(site).ok()),
            class_uid,
            day,
            spots: gathered.rows.into_iter().map(|(_, spot)| spot).collect(),
            first_seq: gathered.first_seq,
            last_seq: gathered.last_seq,
            time_min: gathered.time_min,
            time_max: gathered.time_max,
            received_max: gathered.received_max,
        }
    };
    Ok(partitions.into_iter().map(plan).collect())
}

fn gather_events<'a>(
    index: usize,
    batch: &'a RecordBatch,
    partitions: &mut BTreeMap<Partition<'a>, Gathered>,
) -> Option<()> {
    let times = schema::times(batch, "time")?.iter();
    let received = schema::times(batch, "received_at")?.iter();
    let seqs = schema::seqs(batch)?.iter();
    let parts = schema::parts(batch)?.iter();
    let classes = schema::classes(batch)?.iter();
    let sites = schema::sites(batch)?.iter();
    let rows = times.zip(received).zip(seqs.zip(parts)).zip(classes.zip(sites));
    for (row, (((time, received), (seq, part)), (class, site))) in rows.enumerate() {
        let (time, received) = (Timestamp::from_nanos(*time), Timestamp::from_nanos(*received));
        let partition = (site, Some(*class), naming::day_of(time));
        let key = (time.nanos(), *seq, *part);
        gather(partitions.entry(partition), (key, (index, row)), time, received);
    }
    Some(())
}

fn gather_raws<'a>(
    index: usize,
    batch: &'a RecordBatch,
    partitions: &mut BTreeMap<Partition<'a>, Gathered>,
) -> Option<()> {
    let received = schema::times(batch, "received_at")?.iter();
    for (row, (received, seq)) in received.zip(schema::seqs(batch)?).enumerate() {
        let received = Timestamp::from_nanos(*received);
        let partition = (None, None, naming::day_of(received));
        gather(partitions.entry(partition), ((0, *seq, 0), (index, row)), received, received);
    }
    Some(())
}

fn gather(
    place: Entry<'_, Partition<'_>, Gathered>,
    row: (SortKey, Spot),
    time: Timestamp,
    received: Timestamp,
) {
    let seq = row.0.1;
    let gathered = place.or_insert_with(|| Gathered {
        rows: Vec::new(),
        first_seq: seq,
        last_seq: seq,
        time_min: time,
        time_max: time,
        received_max: received,
    });
    gathered.rows.push(row);
    gathered.first_seq = gathered.first_seq.min(seq);
    gathered.last_seq = gathered.last_seq.max(seq);
    gathered.time_min = gathered.time_min.min(time);
    gathered.time_max = gathered.time_max.max(time);
    gathered.received_max = gathered.received_max.max(received);
}
