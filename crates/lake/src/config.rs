//! Where the lake lies and how much of anything it may hold.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use model::TenantId;
use object_store::ObjectStore;

/// Where the objects are.
#[derive(Debug, Clone)]
pub enum Place {
    /// A folder of this machine; made when missing. Objects are synchronised to disk when put.
    Folder(PathBuf),
    /// A store built by the caller, such as an S3 bucket.
    Store(Arc<dyn ObjectStore>),
}

/// What to do at opening with objects of ours that the catalogue does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Orphans {
    /// Remove them: they are left over from a crash, and the journal still holds their rows.
    #[default]
    Remove,
    /// Leave and count them: for a state that was restored from an older backup, whose journal
    /// may no longer hold them.
    Keep,
}

/// One tenant's lake.
#[derive(Debug, Clone)]
pub struct LakeConfig {
    /// Where.
    pub place: Place,
    /// Whose.
    pub tenant: TenantId,
    /// Bounds.
    pub limits: LakeLimits,
    /// Left-over objects.
    pub orphans: Orphans,
}

impl LakeConfig {
    /// A lake in a folder of this machine with the default limits.
    pub fn folder(folder: impl Into<PathBuf>, tenant: TenantId) -> Self {
        Self {
            place: Place::Folder(folder.into()),
            tenant,
            limits: LakeLimits::default(),
            orphans: Orphans::Remove,
        }
    }
}

/// Every bound of the lake that is not a bound of one query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LakeLimits {
    /// From so many unflushed rows on, `append` asks for a flush.
    pub unflushed_rows_flush: usize,
    /// From so many unflushed bytes on, `append` asks for a flush.
    pub unflushed_bytes_flush: usize,
    /// `append` takes nothing beyond so many unflushed rows.
    pub unflushed_rows_max: usize,
    /// `append` takes nothing beyond so many unflushed bytes.
    pub unflushed_bytes_max: usize,
    /// How long the caller should let rows wait when neither of the above asks for a flush.
    pub flush_interval: Duration,
    /// Rows per Parquet row group: the grain of pruning by statistics and bloom filters.
    pub row_group_rows: usize,
    /// Compaction merges at least so many files of like size.
    pub compact_files_min: usize,
    /// Compaction makes no file larger than about so many bytes.
    pub compact_bytes_max: u64,
    /// Rows of files that `compact` will merge in one call.
    pub compact_rows_max: u64,
    /// Bytes of file footers kept in memory.
    pub footer_cache_bytes_max: usize,
}

impl Default for LakeLimits {
    fn default() -> Self {
        Self {
            unflushed_rows_flush: 200_000,
            unflushed_bytes_flush: 128 << 20,
            unflushed_rows_max: 600_000,
            unflushed_bytes_max: 320 << 20,
            flush_interval: Duration::from_secs(120),
            row_group_rows: 65_536,
            compact_files_min: 8,
            compact_bytes_max: 32 << 20,
            compact_rows_max: 4_000_000,
            footer_cache_bytes_max: 32 << 20,
        }
    }
}

/// Bounds of one query or search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLimits {
    /// Rows returned at most; more are cut off and `truncated` says so.
    pub rows_max: usize,
    /// Longest run.
    pub time_max: Duration,
    /// Working memory of the engine plus the result, in bytes.
    pub memory_max: usize,
    /// Whether the table `raw` may be read.
    pub may_read_raw: bool,
    /// Whether what may name somebody may be compared and computed with.
    pub may_compare_names: bool,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            rows_max: 10_000,
            time_max: Duration::from_secs(30),
            memory_max: 256 << 20,
            may_read_raw: false,
            may_compare_names: true,
        }
    }
}
