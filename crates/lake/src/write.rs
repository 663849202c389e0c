//! Batches into Parquet files, and files into the store, whole or not at all.

use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::catalogue::{FORMAT, FileKind};
use crate::error::LakeError;
use crate::schema;

/// The key of the format number in a file's metadata.
pub const FORMAT_KEY: &str = "castellan.format";
/// The key of the table's name in a file's metadata.
pub const KIND_KEY: &str = "castellan.kind";

/// Chance that a bloom filter says `maybe` of an absent value.
const BLOOM_FALSE_POSITIVES: f64 = 0.01;
/// Small pages: one event's JSON is read without unpacking its thousand neighbours.
const PAGE_BYTES_MAX: usize = 128 << 10;

/// How files of one kind are written. `rows` is how many are expected at most.
pub(crate) fn properties(kind: FileKind, rows: usize, row_group_rows: usize) -> WriterProperties {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    let keys = vec![
        KeyValue::new(FORMAT_KEY.to_owned(), FORMAT.to_string()),
        KeyValue::new(KIND_KEY.to_owned(), kind.as_str().to_owned()),
    ];
    let columns = schema::of(kind);
    let sorting = schema::order(kind)
        .iter()
        .filter_map(|name| columns.index_of(name).ok())
        .filter_map(|index| i32::try_from(index).ok())
        .map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: false })
        .collect();
    let builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_created_by(format!("castellan {}", env!("CARGO_PKG_VERSION")))
        .set_max_row_group_row_count(Some(row_group_rows))
        .set_data_page_size_limit(PAGE_BYTES_MAX)
        .set_sorting_columns(Some(sorting))
        .set_key_value_metadata(Some(keys));
    let builder = match kind {
        FileKind::Events => {
            let builder = large(large(builder, "ocsf"), "fingerprint");
            let distinct = u64::try_from(rows.clamp(1, row_group_rows)).unwrap_or(u64::MAX);
            schema::bloom_columns().fold(builder, |builder, name| {
                builder
                    .set_column_bloom_filter_enabled(ColumnPath::from(name), true)
                    .set_column_bloom_filter_fpp(ColumnPath::from(name), BLOOM_FALSE_POSITIVES)
                    .set_column_bloom_filter_max_ndv(ColumnPath::from(name), distinct)
            })
        }
        FileKind::Raw => large(builder, "body"),
    };
    builder.build()
}

/// A column whose values hardly repeat: a dictionary would only cost.
fn large(builder: WriterPropertiesBuilder, name: &str) -> WriterPropertiesBuilder {
    builder.set_column_dictionary_enabled(ColumnPath::from(name), false)
}

/// Sorted batches as the bytes of one file.
pub(crate) fn encode(
    kind: FileKind,
    properties: WriterProperties,
    batches: impl Iterator<Item = Result<RecordBatch, LakeError>>,
) -> Result<Vec<u8>, LakeError> {
    let mut writer = ArrowWriter::try_new(Vec::new(), schema::of(kind), Some(properties))
        .map_err(LakeError::encode)?;
    for batch in batches {
        writer.write(&batch?).map_err(LakeError::encode)?;
    }
    writer.into_inner().map_err(LakeError::encode)
}

/// Puts an object so that it survives a loss of power once this returns.
pub(crate) async fn put(
    store: &Arc<dyn ObjectStore>,
    folder: Option<&PathBuf>,
    path: &str,
    bytes: Vec<u8>,
) -> Result<(), LakeError> {
    let object = Path::from(path);
    store
        .put(&object, bytes.into())
        .await
        .map_err(|error| LakeError::storage("writing", path, &error))?;
    let Some(folder) = folder else { return Ok(()) };
    let (root, file) = (folder.clone(), folder.join(path));
    tokio::task::spawn_blocking(move || synchronise(&root, &file))
        .await
        .map_err(|error| LakeError::encode(error.to_string()))?
}

/// The object store renames but does not synchronise: the file and each folder above it must
/// reach the disk before the caller's cursor moves past its rows.
fn synchronise(root: &FsPath, file: &FsPath) -> Result<(), LakeError> {
    for path in file.ancestors() {
        std::fs::File::open(path)
            .and_then(|handle| handle.sync_all())
            .map_err(|error| LakeError::io("synchronising", path, &error))?;
        if path == root {
            break;
        }
    }
    Ok(())
}

/// Removes an object; one that is not there is as good as removed.
pub(crate) async fn delete(store: &Arc<dyn ObjectStore>, path: &str) -> Result<(), LakeError> {
    match store.delete(&Path::from(path)).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(LakeError::storage("removing", path, &error)),
    }
}
