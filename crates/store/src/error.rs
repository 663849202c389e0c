//! What can go wrong with a file, and whether trying again helps.

use std::time::Duration;

/// How long a caller waits before it tries again when a file was busy or full.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// No room for the shared memory beside a write-ahead log: how SQLite says that a disk is full
/// while it opens a file. SOURCE: sqlite.org/rescode.html.
const SQLITE_IOERR_SHMSIZE: i32 = 4_874;

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same call will fail again.
    Never,
    /// It may succeed once this much time has passed.
    After(Duration),
}

/// Why the store could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space is left where the file lies.
    #[error("the disk is full while {what}")]
    Full {
        /// What was being done.
        what: String,
    },
    /// Another process holds the file.
    #[error("the file is held by another process while {what}")]
    Busy {
        /// What was being done.
        what: String,
    },
    /// The database or the operating system refused.
    #[error("{what} failed: {detail}")]
    Io {
        /// What was being done.
        what: String,
        /// The refusal in its own words.
        detail: String,
    },
    /// A file is not what we wrote.
    #[error("`{file}` is damaged: {detail}")]
    Corrupt {
        /// Which file, or which table.
        file: String,
        /// What was expected and found.
        detail: String,
    },
    /// A file was written by a newer release, or by somebody else.
    #[error("`{file}` has format {found}, this release reads up to {known}")]
    Format {
        /// Which file.
        file: String,
        /// Its format number.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Limits that cannot be kept.
    #[error("limit `{name}` is {found}, expected {expected}")]
    Limit {
        /// Which.
        name: &'static str,
        /// What was given.
        found: u64,
        /// What would do.
        expected: String,
    },
    /// The records asked for have been dropped by retention.
    #[error("record {asked} is no longer in the journal, the first one is {first}")]
    Gone {
        /// Asked for.
        asked: u64,
        /// The first there is.
        first: u64,
    },
    /// Somebody else changed the thing first.
    #[error("{what} `{id}` is at version {found:?}, expected {expected}")]
    Conflict {
        /// What kind of thing.
        what: &'static str,
        /// Which.
        id: String,
        /// The version the writer saw; 0 means it was to be new.
        expected: u64,
        /// The version that stands; `None` when there is none.
        found: Option<u64>,
    },
    /// A consumer's cursor would go backwards.
    #[error("cursor of `{consumer}` stands at {found}, cannot go back to {asked}")]
    CursorBack {
        /// Whose.
        consumer: String,
        /// Where it stands.
        found: u64,
        /// Where it was to be put.
        asked: u64,
    },
    /// The journal has been closed.
    #[error("the journal is closed")]
    Closed,
}

impl StoreError {
    /// Whether trying again can help, and after how long.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Full { .. } | Self::Busy { .. } => Retry::After(RETRY_AFTER),
            Self::Io { .. }
            | Self::Corrupt { .. }
            | Self::Format { .. }
            | Self::Limit { .. }
            | Self::Gone { .. }
            | Self::Conflict { .. }
            | Self::CursorBack { .. }
            | Self::Closed => Retry::Never,
        }
    }

    pub(crate) fn corrupt(file: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Corrupt { file: file.into(), detail: detail.into() }
    }

    pub(crate) fn io(what: impl Into<String>, error: &std::io::Error) -> Self {
        let what = what.into();
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full { what }
            }
            _ => Self::Io { what, detail: error.to_string() },
        }
    }

    pub(crate) fn rusqlite(what: impl Into<String>, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let what = what.into();
        if let rusqlite::Error::SqliteFailure(failure, _) = error
            && failure.extended_code == SQLITE_IOERR_SHMSIZE
        {
            return Self::Full { what };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { what },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { what },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { file: what, detail: error.to_string() }
            }
            _ => Self::Io { what, detail: error.to_string() },
        }
    }

    pub(crate) fn sqlx(what: impl Into<String>, error: &sqlx::Error) -> Self {
        let what = what.into();
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy { what };
        }
        let code = error
            .as_database_error()
            .and_then(|e| e.code())
            .and_then(|code| code.parse::<i32>().ok());
        if code == Some(SQLITE_IOERR_SHMSIZE) {
            return Self::Full { what };
        }
        // SOURCE: sqlite.org/rescode.html: SQLITE_FULL 13, BUSY 5, LOCKED 6, CORRUPT 11, NOTADB 26.
        match code.map(|extended| extended & 0xff) {
            Some(13) => Self::Full { what },
            Some(5 | 6) => Self::Busy { what },
            Some(11 | 26) => Self::Corrupt { file: what, detail: error.to_string() },
            _ => Self::Io { what, detail: error.to_string() },
        }
    }
}
