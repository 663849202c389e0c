//! One segment: one SQLite file, one row per batch.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::{Record, SourceId, Timestamp};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::codec;
use super::keys::{Key, KeyEntry};
use crate::error::StoreError;

/// The segment file's format; stands in SQLite's `user_version`.
pub const SEGMENT_FORMAT: i64 = 1;

/// How long a statement waits for a lock of another connection of this process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
    CREATE TABLE batches (
        first_seq INTEGER PRIMARY KEY,
        count INTEGER NOT NULL,
        received_min INTEGER NOT NULL,
        received_max INTEGER NOT NULL,
        raw_len INTEGER NOT NULL,
        blob BLOB NOT NULL,
        checksum BLOB NOT NULL
    ) STRICT;
    CREATE TABLE idempotency (
        source TEXT NOT NULL,
        key_hash BLOB NOT NULL,
        at INTEGER NOT NULL,
        response BLOB NOT NULL,
        PRIMARY KEY (source, key_hash)
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 1;
";

/// A batch as it lies in its row, before it has a place in the sequence.
pub struct SealedBatch {
    /// The records, for readers close behind.
    pub records: Vec<Arc<Record>>,
    /// Compressed encoding.
    pub blob: Vec<u8>,
    /// Bytes before compression.
    pub raw_len: usize,
    /// blake3 of the blob.
    pub blob_digest: [u8; 32],
    /// Earliest recorded time.
    pub received_min: Timestamp,
    /// Latest recorded time.
    pub received_max: Timestamp,
}

impl SealedBatch {
    /// Encodes, compresses and digests on the calling thread.
    pub fn seal(records: Vec<Record>) -> Result<Self, StoreError> {
        let records: Vec<Arc<Record>> = records.into_iter().map(Arc::new).collect();
        let raw = codec::encode(&records);
        let blob = codec::compress(&raw).map_err(|e| StoreError::io("compressing a batch", &e))?;
        let times = || records.iter().map(|r| codec::recorded_time(r));
        Ok(Self {
            blob_digest: *blake3::hash(&blob).as_bytes(),
            raw_len: raw.len(),
            received_min: times().min().unwrap_or_default(),
            received_max: times().max().unwrap_or_default(),
            blob,
            records,
        })
    }
}

/// One row as read.
pub struct StoredBatch {
    /// Sequence of the first record.
    pub first_seq: u64,
    /// How many.
    pub count: u64,
    /// Earliest recorded time.
    pub received_min: Timestamp,
    /// Latest recorded time.
    pub received_max: Timestamp,
    /// Bytes before compression.
    pub raw_len: usize,
    /// Compressed encoding.
    pub blob: Vec<u8>,
    /// What the row's checksum column says.
    pub checksum: Vec<u8>,
}

impl StoredBatch {
    /// The records, once the checksum and the count are right.
    pub fn open(&self, file: &Path) -> Result<Vec<Record>, StoreError> {
        let wrong = |detail: String| {
            let detail = format!("batch at record {}: {detail}", self.first_seq);
            StoreError::corrupt(file.display().to_string(), detail)
        };
        let digest = *blake3::hash(&self.blob).as_bytes();
        if self.checksum != checksum(&digest, self.first_seq, self.count) {
            return Err(wrong("checksum does not match".into()));
        }
        let raw = codec::decompress(&self.blob, self.raw_len).map_err(|e| wrong(e.to_string()))?;
        let records = codec::decode(&raw).map_err(|e| wrong(e.to_string()))?;
        if records.len() as u64 != self.count {
            let detail = format!("holds {} records, its row says {}", records.len(), self.count);
            return Err(wrong(detail));
        }
        let times = || records.iter().map(codec::recorded_time);
        let (min, max) = (times().min(), times().max());
        if (min, max) != (Some(self.received_min), Some(self.received_max)) {
            return Err(wrong("its times are not those of its records".into()));
        }
        Ok(records)
    }
}

/// Binds a blob to its place, so that rows cannot change places unseen.
fn checksum(blob_digest: &[u8; 32], first_seq: u64, count: u64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(blob_digest);
    hasher.update(&first_seq.to_le_bytes());
    hasher.update(&count.to_le_bytes());
    *hasher.finalize().as_bytes()
}

/// What a segment's rows say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentExtent {
    /// One past its last record; its base when it is empty.
    pub next_seq: u64,
    /// Earliest recorded time of its first batch.
    pub oldest: Option<Timestamp>,
    /// Latest recorded time of its last batch.
    pub newest: Option<Timestamp>,
}

/// An open segment.
pub struct Segment {
    conn: Connection,
    path: PathBuf,
    /// Sequence its first record has or would have.
    pub first_seq: u64,
}

/// The file name of the segment that begins with a record.
pub fn file_name(first_seq: u64) -> String {
    format!("segment-{first_seq:020}.sqlite")
}

/// The first record's number, if this is a segment's file name.
pub fn first_seq_of(name: &str) -> Option<u64> {
    name.strip_prefix("segment-")?.strip_suffix(".sqlite")?.parse().ok()
}

fn first_seq_at(path: &Path) -> Result<u64, StoreError> {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let unnamed = || StoreError::corrupt(path.display().to_string(), "not a segment's name");
    first_seq_of(name).ok_or_else(unnamed)
}

/// SOURCE: sqlite.org/uri.html: `immutable` reads without locks, log or shared memory.
fn immutable_uri(path: &Path) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri.push_str("?immutable=1");
    uri
}

/// The file and what SQLite keeps beside it.
fn with_companions(path: &Path) -> [PathBuf; 3] {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    [path.to_owned(), beside("-wal"), beside("-shm")]
}

/// Bytes on disk, write-ahead log and all.
pub fn bytes_on_disk(path: &Path) -> u64 {
    let files = with_companions(path);
    files.iter().filter_map(|f| std::fs::metadata(f).ok()).map(|m| m.len()).sum()
}

/// Whether changes wait in a write-ahead log beside the file.
pub fn has_wal(path: &Path) -> bool {
    let [_, wal, _] = with_companions(path);
    std::fs::metadata(wal).is_ok_and(|m| m.len() > 0)
}

/// Deletes the file and what lies beside it; the main file first, so that a crash between leaves
/// stray logs, which opening sweeps away, rather than half a segment.
pub fn delete(path: &Path) -> Result<(), StoreError> {
    for file in with_companions(path) {
        match std::fs::remove_file(&file) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(StoreError::io(format!("deleting `{}`", file.display()), &e)),
        }
    }
    Ok(())
}

impl Segment {
    /// Creates the segment that begins with `first_seq` and makes its name durable.
    pub fn create(dir: &Path, first_seq: u64, pages_max: Option<u32>) -> Result<Self, StoreError> {
        let path = dir.join(file_name(first_seq));
        let segment = Self::connect(&path, first_seq, OpenFlags::SQLITE_OPEN_CREATE, pages_max)?;
        segment
            .conn
            .execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} COMMIT;"))
            .map_err(|e| segment.error("creating", &e))?;
        std::fs::File::open(dir)
            .and_then(|folder| folder.sync_all())
            .map_err(|e| StoreError::io("making a new segment durable", &e))?;
        Ok(segment)
    }

    /// Opens a segment to write to it. `None`: its creation was cut short, nothing was ever in it.
    pub fn open(path: &Path, pages_max: Option<u32>) -> Result<Option<Self>, StoreError> {
        let first_seq = first_seq_at(path)?;
        let segment = Self::connect(path, first_seq, OpenFlags::empty(), pages_max)?;
        segment.with_known_format()
    }

    /// Opens a segment that nobody writes to, or that another connection of ours writes to.
    ///
    /// `is_full`: no more will be written. Once its log is folded in, such a segment is read
    /// without any file beside it, so that consumers get on even where the disk is full.
    pub fn open_to_read(path: &Path, is_full: bool) -> Result<Option<Self>, StoreError> {
        if !is_full || has_wal(path) {
            return Self::open(path, None);
        }
        let first_seq = first_seq_at(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let conn = Connection::open_with_flags(immutable_uri(path), flags)
            .map_err(|e| StoreError::rusqlite(format!("opening `{}`", path.display()), &e))?;
        Self { conn, path: path.to_owned(), first_seq }.with_known_format()
    }

    fn with_known_format(self) -> Result<Option<Self>, StoreError> {
        let format: i64 = self
            .conn
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(|e| self.error("reading the format of", &e))?;
        match format {
            0 => Ok(None),
            SEGMENT_FORMAT => Ok(Some(self)),
            found => Err(StoreError::Format {
                file: self.path.display().to_string(),
                found,
                known: SEGMENT_FORMAT,
            }),
        }
    }

    fn connect(
        path: &Path,
        first_seq: u64,
        extra: OpenFlags,
        pages_max: Option<u32>,
    ) -> Result<Self, StoreError> {
        let wrap =
            |e: &rusqlite::Error| StoreError::rusqlite(format!("opening `{}`", path.display()), e);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | extra;
        let conn = Connection::open_with_flags(path, flags).map_err(|e| wrap(&e))?;
        conn.busy_timeout(BUSY_TIMEOUT).map_err(|e| wrap(&e))?;
        // The log is folded in once, when the segment is full: a commit then costs one sync.
        conn.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;",
        )
        .map_err(|e| wrap(&e))?;
        if let Some(pages) = pages_max {
            conn.execute_batch(&format!("PRAGMA max_page_count = {pages};"))
                .map_err(|e| wrap(&e))?;
        }
        Ok(Self { conn, path: path.to_owned(), first_seq })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, what: &str, error: &rusqlite::Error) -> StoreError {
        StoreError::rusqlite(format!("{what} `{}`", self.path.display()), error)
    }

    /// Runs `write` in one transaction, which is on disk when this returns `Ok`.
    pub fn transaction(
        &mut self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let run = |conn: &mut Connection| {
            let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            write(&tx)?;
            tx.commit()
        };
        let outcome = run(&mut self.conn);
        outcome.map_err(|e| self.error("writing to", &e))
    }

    /// Its extent.
    pub fn extent(&self) -> Result<SegmentExtent, StoreError> {
        let edge = |order: &str| {
            let sql = format!(
                "SELECT first_seq, count, received_min, received_max FROM batches \
                 ORDER BY first_seq {order} LIMIT 1"
            );
            self.conn
                .query_row(&sql, [], |row| {
                    let columns: (i64, i64, i64, i64) =
                        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                    Ok(columns)
                })
                .optional()
                .map_err(|e| self.error("reading", &e))
        };
        let (first, last) = (edge("ASC")?, edge("DESC")?);
        Ok(SegmentExtent {
            next_seq: last.map_or(self.first_seq, |(seq, count, ..)| from_sql(seq + count)),
            oldest: first.map(|(_, _, oldest, _)| Timestamp::from_nanos(oldest)),
            newest: last.map(|(.., newest)| Timestamp::from_nanos(newest)),
        })
    }

    /// Bytes of its pages, in the log or not.
    pub fn bytes_logical(&self) -> Result<u64, StoreError> {
        let pragma = |name: &str| {
            self.conn
                .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
                .map_err(|e| self.error("measuring", &e))
        };
        Ok(from_sql(pragma("page_count")?.saturating_mul(pragma("page_size")?)))
    }

    /// Batches from the one that holds record `seq` on, at most `rows_max` of them.
    pub fn read(&self, seq: u64, rows_max: usize) -> Result<Vec<StoredBatch>, StoreError> {
        let read = || -> rusqlite::Result<Vec<StoredBatch>> {
            let mut statement = self.conn.prepare_cached(
                "SELECT first_seq, count, received_min, received_max, raw_len, blob, checksum \
                 FROM batches WHERE first_seq >= \
                     coalesce((SELECT max(first_seq) FROM batches WHERE first_seq <= ?1), 0) \
                 ORDER BY first_seq LIMIT ?2",
            )?;
            let rows = statement.query_map(params![to_sql(seq), rows_max as i64], |row| {
                Ok(StoredBatch {
                    first_seq: from_sql(row.get(0)?),
                    count: from_sql(row.get(1)?),
                    received_min: Timestamp::from_nanos(row.get(2)?),
                    received_max: Timestamp::from_nanos(row.get(3)?),
                    raw_len: usize::try_from(row.get::<_, i64>(4)?).unwrap_or(usize::MAX),
                    blob: row.get(5)?,
                    checksum: row.get(6)?,
                })
            })?;
            rows.collect()
        };
        read().map_err(|e| self.error("reading", &e))
    }

    /// Idempotency keys written after an instant.
    pub fn keys_since(&self, after: Timestamp) -> Result<Vec<(Key, KeyEntry)>, StoreError> {
        let read = || -> rusqlite::Result<Vec<_>> {
            let mut statement = self.conn.prepare_cached(
                "SELECT source, key_hash, at, response FROM idempotency WHERE at > ?1 ORDER BY at",
            )?;
            let rows = statement.query_map([after.nanos()], |row| {
                let source: String = row.get(0)?;
                let key_hash: [u8; 32] = row.get(1)?;
                let response: Vec<u8> = row.get(3)?;
                Ok((source, key_hash, Timestamp::from_nanos(row.get(2)?), response))
            })?;
            rows.collect()
        };
        let rows = read().map_err(|e| self.error("reading the keys of", &e))?;
        rows.into_iter()
            .map(|(source, hash, at, response)| {
                let source = SourceId::parse(&source).map_err(|e| {
                    StoreError::corrupt(self.path.display().to_string(), e.to_string())
                })?;
                let entry = KeyEntry { at, response: Arc::from(response), segment: self.first_seq };
                Ok((Key { source, hash }, entry))
            })
            .collect()
    }

    /// SQLite's own check; `None` when all is well.
    pub fn integrity_problem(&self) -> Result<Option<String>, StoreError> {
        let verdict: String = self
            .conn
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .map_err(|e| self.error("checking", &e))?;
        Ok((verdict != "ok").then_some(verdict))
    }

    /// Folds the write-ahead log into the file and empties it.
    pub fn fold_log(&self) -> Result<(), StoreError> {
        self.conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|e| self.error("folding the log of", &e))
    }
}

/// Writes one batch at its place.
pub fn insert_batch(
    conn: &Connection,
    first_seq: u64,
    batch: &SealedBatch,
) -> rusqlite::Result<()> {
    let count = batch.records.len() as u64;
    let mut statement =
        conn.prepare_cached("INSERT INTO batches VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    statement.execute(params![
        to_sql(first_seq),
        to_sql(count),
        batch.received_min.nanos(),
        batch.received_max.nanos(),
        to_sql(batch.raw_len as u64),
        batch.blob,
        checksum(&batch.blob_digest, first_seq, count),
    ])?;
    Ok(())
}

/// Writes one idempotency key; a newer one of the same name takes the older one's place.
pub fn insert_key(conn: &Connection, key: &Key, entry: &KeyEntry) -> rusqlite::Result<()> {
    let mut statement =
        conn.prepare_cached("INSERT OR REPLACE INTO idempotency VALUES (?1, ?2, ?3, ?4)")?;
    statement.execute(params![
        key.source.as_str(),
        key.hash,
        entry.at.nanos(),
        &*entry.response
    ])?;
    Ok(())
}

/// Forgets keys of this segment that have expired.
pub fn delete_keys_until(conn: &Connection, until: Timestamp) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM idempotency WHERE at <= ?1")?.execute([until.nanos()])?;
    Ok(())
}

fn to_sql(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn from_sql(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
