//! Many small files into one: the same rows, fewer footers.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::compute::SortOptions;
use datafusion::common::DataFusionError;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use model::Timestamp;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::catalogue::{FORMAT, FileEntry, FileKind};
use crate::error::LakeError;
use crate::join::{Joined, join};
use crate::lake::{Inner, Lake};
use crate::maintain::Change;
use crate::provider::STORE_URL;
use crate::{naming, schema, sql, write};

/// Files merged into one at a time: each holds a page and a dictionary of every column in memory.
const MERGE_FILES_MAX: usize = 8;
/// Rows read from each at a time.
const MERGE_BATCH_ROWS: usize = 256;
/// Files of a tier differ in rows by no more than this factor, so that a row is rewritten only
/// as often as its file has grown by it.
const TIER_FACTOR: u64 = 8;
/// Row groups of at least this part of their full size are not worth reading to make them larger.
const FULL_GROUP_PART: usize = 4;
/// A day is closed this many days after it: late events still make new files, but few.
const CLOSED_DAYS: i32 = 2;

impl Lake {
    /// Merges small files of like size, partition by partition, and all files of a partition
    /// once its day is past at `now`. The set of rows does not change.
    ///
    /// Does a bounded part of the work (`compact_rows_max`); an empty change says that nothing
    /// is left to do. The merged files are written when this returns, and visible once applied.
    pub async fn compact(&self, now: Timestamp) -> Result<Change, LakeError> {
        let turn = Arc::clone(&self.inner.maintaining).lock_owned().await;
        self.inner.sweep().await;
        let catalogue = Arc::clone(&self.inner.lock().catalogue);
        let limits = &self.inner.config.limits;
        let mut change = Change { added: Vec::new(), removed: Vec::new(), turn };
        let mut rows = 0_u64;
        for files in self.inner.mergeable(&catalogue.all().collect::<Vec<_>>(), now) {
            if rows >= limits.compact_rows_max {
                break;
            }
            match self.inner.merge(&files).await {
                Ok(merged) => {
                    rows = rows.saturating_add(merged.rows);
                    change.added.push(merged);
                    change.removed.extend(files.iter().map(|file| (**file).clone()));
                }
                Err(error) => {
                    self.inner.discard(&change.added).await;
                    return Err(error);
                }
            }
        }
        Ok(change)
    }
}

type Partition<'a> = (FileKind, Option<&'a str>, Option<u32>, i32);

impl Inner {
    /// The sets of files that should become one each.
    fn mergeable(&self, files: &[&Arc<FileEntry>], now: Timestamp) -> Vec<Vec<Arc<FileEntry>>> {
        let limits = &self.config.limits;
        let closed_before = naming::day_of(now).saturating_sub(CLOSED_DAYS);
        let mut partitions: BTreeMap<Partition<'_>, Vec<&Arc<FileEntry>>> = BTreeMap::new();
        for file in files {
            let site = file.site.as_ref().map(model::PlaceId::as_str);
            let key = (file.kind, site, file.class_uid, file.day);
            // Full-grown files stay as they are.
            if file.bytes < limits.compact_bytes_max / 2 {
                partitions.entry(key).or_default().push(file);
            }
        }
        let mut sets = Vec::new();
        for ((_, _, _, day), mut files) in partitions {
            files.sort_by_key(|file| (file.rows, &file.path));
            if day <= closed_before
                && let Some(set) = self.bounded(&files)
                && is_worth_it(&set)
            {
                sets.push(set);
                continue;
            }
            let mut tiers: BTreeMap<u32, Vec<&Arc<FileEntry>>> = BTreeMap::new();
            for file in files {
                tiers.entry(file.rows.max(1).ilog(TIER_FACTOR)).or_default().push(file);
            }
            for tier in tiers.into_values() {
                let mut rest = tier.as_slice();
                while rest.len() >= limits.compact_files_min
                    && let Some(set) = self.bounded(rest)
                {
                    rest = rest.get(set.len()..).unwrap_or_default();
                    sets.push(set);
                }
            }
        }
        sets
    }

    /// The first of `files`, at least two, that stay within the bounds of one merge.
    fn bounded(&self, files: &[&Arc<FileEntry>]) -> Option<Vec<Arc<FileEntry>>> {
        let mut bytes = 0_u64;
        let fits = |file: &&&Arc<FileEntry>| {
            bytes = bytes.saturating_add(file.bytes);
            bytes <= self.config.limits.compact_bytes_max
        };
        let set: Vec<Arc<FileEntry>> = files
            .iter()
            .take(MERGE_FILES_MAX)
            .take_while(fits)
            .map(|file| Arc::clone(file))
            .collect();
        (set.len() >= 2).then_some(set)
    }

    async fn merge(&self, files: &[Arc<FileEntry>]) -> Result<FileEntry, LakeError> {
        let Some(hull) = hull(files) else {
            return Err(LakeError::encode("nothing to merge"));
        };
        let name = naming::file(hull.first_seq, hull.last_seq, self.take_number());
        let folder =
            naming::folder(&self.config.tenant, hull.site.as_ref(), hull.class_uid, hull.day);
        let path = format!("{folder}/{name}");
        let rows = usize::try_from(hull.rows).unwrap_or(usize::MAX);
        let row_group_rows = self.config.limits.row_group_rows;
        let properties = write::properties(hull.kind, rows, row_group_rows);
        let Joined { bytes, rows } = match self.joined(files, properties.clone()).await? {
            Some(joined) => joined,
            None => self.rewritten(&hull, files, properties).await?,
        };
        if rows != hull.rows {
            let message = format!("the files should hold {} rows, {rows} found", hull.rows);
            let path = files.first().map(|file| file.path.clone()).unwrap_or_default();
            return Err(LakeError::Damaged { path, message });
        }
        let size = bytes.len() as u64;
        write::put(&self.store, self.folder.as_ref(), &path, bytes).await?;
        Ok(FileEntry { path, bytes: size, ..hull })
    }

    /// The files as one without a row being read; `None` when their row groups are small.
    async fn joined(
        &self,
        files: &[Arc<FileEntry>],
        properties: WriterProperties,
    ) -> Result<Option<Joined>, LakeError> {
        let full = (self.config.limits.row_group_rows / FULL_GROUP_PART).max(1);
        if files.iter().any(|file| file.rows < full as u64) {
            return Ok(None);
        }
        let mut parts = Vec::with_capacity(files.len());
        for file in files {
            let failed = |error| LakeError::storage("merging", &file.path, &error);
            let read = self.store.get(&Path::from(file.path.as_str())).await.map_err(failed)?;
            parts.push(read.bytes().await.map_err(failed)?);
        }
        let path = files.first().map(|file| file.path.as_str()).unwrap_or_default();
        join(&parts, properties, full).map_err(|error| LakeError::reading(path, &error))
    }

    /// The rows of all files in order, in row groups as large as they should be.
    async fn rewritten(
        &self,
        hull: &FileEntry,
        files: &[Arc<FileEntry>],
        properties: WriterProperties,
    ) -> Result<Joined, LakeError> {
        let failed = |error: DataFusionError| broken(files, &error);
        let mut stream = self.sorted(hull.kind, files).map_err(failed)?;
        // Merged files are about as large as what they are made of.
        let room: u64 = files.iter().map(|file| file.bytes).sum();
        let bytes = Vec::with_capacity(usize::try_from(room).unwrap_or(0));
        let mut writer = ArrowWriter::try_new(bytes, schema::of(hull.kind), Some(properties))
            .map_err(LakeError::encode)?;
        let mut rows = 0_u64;
        while let Some(batch) = stream.try_next().await.map_err(failed)? {
            rows = rows.saturating_add(batch.num_rows() as u64);
            writer.write(&batch).map_err(LakeError::encode)?;
        }
        Ok(Joined { bytes: writer.into_inner().map_err(LakeError::encode)?, rows })
    }

    /// The rows of sorted files as one sorted stream.
    fn sorted(
        &self,
        kind: FileKind,
        files: &[Arc<FileEntry>],
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let schema = schema::of(kind);
        let sort = |name: &&str| {
            let options = SortOptions { descending: false, nulls_first: false };
            Ok::<_, DataFusionError>(PhysicalSortExpr { expr: col(name, &schema)?, options })
        };
        let order = schema::order(kind).iter().map(sort).collect::<Result<Vec<_>, _>>()?;
        let Some(order) = LexOrdering::new(order) else {
            return Err(DataFusionError::Internal("a table has no order".to_owned()));
        };
        let groups = files
            .iter()
            .map(|file| PartitionedFile::new(file.path.clone(), file.bytes))
            .map(|file| FileGroup::new(vec![file]))
            .collect();
        let url = ObjectStoreUrl::parse(STORE_URL)?;
        let source = Arc::new(ParquetSource::new(Arc::clone(&schema)));
        let config = FileScanConfigBuilder::new(url.clone(), source)
            .with_file_groups(groups)
            .with_output_ordering(vec![order.clone()])
            .build();
        let merge = SortPreservingMergeExec::new(order, DataSourceExec::from_data_source(config));
        let context =
            SessionContext::new_with_config(sql::settings().with_batch_size(MERGE_BATCH_ROWS));
        context.register_object_store(url.as_ref(), Arc::clone(&self.store));
        merge.execute(0, context.task_ctx())
    }
}

/// Whether the largest file is not rewritten for the sake of a few rows.
fn is_worth_it(files: &[Arc<FileEntry>]) -> bool {
    let largest = files.iter().map(|file| file.rows).max().unwrap_or(0);
    let all: u64 = files.iter().map(|file| file.rows).sum();
    all.saturating_sub(largest) >= largest / TIER_FACTOR
}

/// What all files together span, with no path and size of its own yet.
fn hull(files: &[Arc<FileEntry>]) -> Option<FileEntry> {
    let first = files.first()?;
    let mut hull =
        FileEntry { format: FORMAT, path: String::new(), bytes: 0, rows: 0, ..(**first).clone() };
    for file in files {
        hull.first_seq = hull.first_seq.min(file.first_seq);
        hull.last_seq = hull.last_seq.max(file.last_seq);
        hull.time_min = hull.time_min.min(file.time_min);
        hull.time_max = hull.time_max.max(file.time_max);
        hull.received_max = hull.received_max.max(file.received_max);
        hull.rows = hull.rows.saturating_add(file.rows);
    }
    Some(hull)
}

fn broken(files: &[Arc<FileEntry>], error: &DataFusionError) -> LakeError {
    let path = files.first().map(|file| file.path.as_str()).unwrap_or_default();
    match error.find_root() {
        DataFusionError::ObjectStore(inner) => LakeError::storage("merging", path, inner),
        DataFusionError::ParquetError(inner) => LakeError::reading(path, inner),
        other => LakeError::encode(other.strip_backtrace()),
    }
}
