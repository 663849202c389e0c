//! Reads single row groups, column by column, each only for the rows that are still in question.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use futures::TryStreamExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::statistics::Statistics;

use crate::catalogue::FileEntry;
use crate::error::LakeError;
use crate::footer::FileReader;
use crate::lake::Inner;
use crate::search::Cursor;
use crate::sift::{AnyOf, Sift, Verdict, keys};

const BATCH_ROWS: usize = 8_192;
/// Rows whose JSON is unpacked at a time by a text search, newest first.
const TEXT_ROWS: usize = 2_048;

/// A file whose footer has been read.
pub(crate) struct OpenFile {
    pub(crate) entry: Arc<FileEntry>,
    meta: ArrowReaderMetadata,
}

/// Which rows of a row group are in question, ascending.
type Rows = Option<Vec<usize>>;

impl Inner {
    fn reader(&self, entry: &FileEntry) -> FileReader {
        FileReader::new(&self.store, &self.footers, &entry.path, entry.bytes)
    }

    pub(crate) async fn open_file(&self, entry: &Arc<FileEntry>) -> Result<OpenFile, LakeError> {
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let meta = ArrowReaderMetadata::load_async(&mut self.reader(entry), options)
            .await
            .map_err(|error| LakeError::reading(&entry.path, &error))?;
        Ok(OpenFile { entry: Arc::clone(entry), meta })
    }

    /// Some columns of some rows of a row group.
    pub(crate) async fn read(
        &self,
        file: &OpenFile,
        group: usize,
        columns: &[&str],
        rows: Option<&[usize]>,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let failed = |error| LakeError::reading(&file.entry.path, &error);
        let reader = self.reader(&file.entry);
        let mask = ProjectionMask::columns(file.meta.parquet_schema(), columns.iter().copied());
        let mut builder =
            ParquetRecordBatchStreamBuilder::new_with_metadata(reader, file.meta.clone())
                .with_row_groups(vec![group])
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS);
        if let Some(rows) = rows {
            let total = file.group_rows(group);
            let ranges = ranges(rows).into_iter();
            builder =
                builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges, total));
        }
        builder.build().map_err(failed)?.try_collect().await.map_err(failed)
    }

    /// The newest `wanted` rows of a row group that pass, ascending.
    pub(crate) async fn scan_group(
        &self,
        file: &OpenFile,
        group: usize,
        sift: &Sift,
        wanted: usize,
    ) -> Result<Vec<(Cursor, usize)>, LakeError> {
        let mut rows: Rows = None;
        for any_of in &sift.equals {
            match self.narrow(file, group, any_of, rows).await? {
                Some(none) if none.is_empty() => return Ok(Vec::new()),
                narrower => rows = narrower,
            }
        }
        let mut found = self.keyed(file, group, sift, rows.as_deref()).await?;
        if sift.text.is_some() {
            return self.with_text(file, group, sift, (found, wanted)).await;
        }
        found.drain(..found.len().saturating_sub(wanted));
        Ok(found)
    }

    /// The rows, of those in question, for which one condition holds.
    async fn narrow(
        &self,
        file: &OpenFile,
        group: usize,
        any_of: &AnyOf,
        rows: Rows,
    ) -> Result<Rows, LakeError> {
        let mut columns = Vec::new();
        for name in any_of.columns {
            match self.ask(file, group, any_of, name).await? {
                Verdict::Never => {}
                Verdict::Perhaps => columns.push(*name),
                Verdict::Always => return Ok(rows),
            }
        }
        if columns.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let batches = self.read(file, group, &columns, rows.as_deref()).await?;
        let total = file.group_rows(group);
        let mut asked: Box<dyn Iterator<Item = usize> + Send> = match rows {
            Some(rows) => Box::new(rows.into_iter()),
            None => Box::new(0..total),
        };
        let mut kept = Vec::new();
        for batch in &batches {
            let mask = any_of.mask(batch).map_err(LakeError::encode)?;
            for index in 0..mask.len() {
                let Some(row) = asked.next() else { break };
                if mask.is_valid(index) && mask.value(index) {
                    kept.push(row);
                }
            }
        }
        Ok(Some(kept))
    }

    /// Statistics first, then the bloom filter.
    async fn ask(
        &self,
        file: &OpenFile,
        group: usize,
        any_of: &AnyOf,
        name: &str,
    ) -> Result<Verdict, LakeError> {
        let (Some(column), Some(meta)) =
            (file.column(name), file.meta.metadata().row_groups().get(group))
        else {
            return Ok(Verdict::Never);
        };
        let verdict = any_of.verdict(meta, column);
        let has_bloom =
            meta.columns().get(column).is_some_and(|chunk| chunk.bloom_filter_offset().is_some());
        if verdict != Verdict::Perhaps || !has_bloom {
            return Ok(verdict);
        }
        let reader = self.reader(&file.entry);
        let bloom = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, file.meta.clone())
            .get_row_group_column_bloom_filter(group, column)
            .await
            .map_err(|error| LakeError::reading(&file.entry.path, &error))?;
        let may_hold = bloom.is_none_or(|bloom| bloom.check(&any_of.value.as_str()));
        Ok(if may_hold { Verdict::Perhaps } else { Verdict::Never })
    }

    /// The rows in question whose keys pass, with their keys.
    async fn keyed(
        &self,
        file: &OpenFile,
        group: usize,
        sift: &Sift,
        rows: Option<&[usize]>,
    ) -> Result<Vec<(Cursor, usize)>, LakeError> {
        let batches = self.read(file, group, &["time", "seq", "part"], rows).await?;
        let keys = batches.iter().flat_map(keys);
        let passes = |(key, _): &(Cursor, usize)| sift.takes_key(key);
        Ok(match rows {
            Some(rows) => keys.zip(rows.iter().copied()).filter(passes).collect(),
            None => keys.zip(0..).filter(passes).collect(),
        })
    }

    /// The newest rows whose JSON holds the text; older ones are not unpacked once there are
    /// enough.
    async fn with_text(
        &self,
        file: &OpenFile,
        group: usize,
        sift: &Sift,
        (rows, wanted): (Vec<(Cursor, usize)>, usize),
    ) -> Result<Vec<(Cursor, usize)>, LakeError> {
        let mut found = Vec::new();
        for chunk in rows.rchunks(TEXT_ROWS) {
            let places: Vec<usize> = chunk.iter().map(|(_, row)| *row).collect();
            let batches = self.read(file, group, &["ocsf"], Some(&places)).await?;
            let mut passing = Vec::new();
            let mut asked = chunk.iter();
            for batch in &batches {
                for (row, hit) in (0..batch.num_rows()).zip(asked.by_ref()) {
                    let text = crate::schema::text_at(batch, "ocsf", row).unwrap_or_default();
                    if sift.takes_text(text) {
                        passing.push(*hit);
                    }
                }
            }
            passing.append(&mut found);
            found = passing;
            if found.len() >= wanted {
                break;
            }
        }
        found.drain(..found.len().saturating_sub(wanted));
        Ok(found)
    }
}

impl OpenFile {
    fn column(&self, name: &str) -> Option<usize> {
        // No column of ours is nested, so that leaves and fields are counted alike.
        self.meta.schema().index_of(name).ok()
    }

    pub(crate) fn group_rows(&self, group: usize) -> usize {
        let groups = self.meta.metadata().row_groups();
        groups.get(group).and_then(|g| usize::try_from(g.num_rows()).ok()).unwrap_or(0)
    }

    pub(crate) fn group_count(&self) -> usize {
        self.meta.metadata().num_row_groups()
    }

    /// Smallest and largest value of a number column in a row group.
    fn span(&self, group: usize, name: &str) -> Option<(i64, i64)> {
        let column = self.column(name)?;
        let chunk = self.meta.metadata().row_groups().get(group)?.columns().get(column)?;
        match chunk.statistics()? {
            Statistics::Int64(stats) => Some((*stats.min_opt()?, *stats.max_opt()?)),
            Statistics::Boolean(_)
            | Statistics::Int32(_)
            | Statistics::Int96(_)
            | Statistics::Float(_)
            | Statistics::Double(_)
            | Statistics::ByteArray(_)
            | Statistics::FixedLenByteArray(_) => None,
        }
    }

    /// Earliest and latest `time` of a row group; everything when it does not say.
    pub(crate) fn times(&self, group: usize) -> (i64, i64) {
        self.span(group, "time").unwrap_or((i64::MIN, i64::MAX))
    }

    /// Smallest and largest sequence of a row group.
    pub(crate) fn seqs(&self, group: usize) -> Option<(u64, u64)> {
        let (min, max) = self.span(group, "seq")?;
        Some((u64::try_from(min).ok()?, u64::try_from(max).ok()?))
    }
}

/// Ascending rows as ranges of neighbours.
fn ranges(rows: &[usize]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for row in rows {
        match ranges.last_mut() {
            Some(last) if last.end == *row => last.end = row.saturating_add(1),
            Some(_) | None => ranges.push(*row..row.saturating_add(1)),
        }
    }
    ranges
}
