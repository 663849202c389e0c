//! The one place that knows which database it is: connections, transactions, arguments, rows.
//!
//! Everything above speaks plain SQL with `$n` that both SQLite and PostgreSQL understand; a
//! second database is a second arm here and nowhere else.

use std::path::Path;
use std::time::Duration;

use model::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Row, SqlSafeStr, Sqlite, Transaction};

use crate::error::StoreError;

/// Connections that read at the same time; one more waits.
pub const READ_CONNECTIONS_MAX: u32 = 4;

/// How long a call waits for a connection or a lock before it says `Busy`.
pub const BUSY_WAIT_MAX: Duration = Duration::from_secs(10);

/// A pool of connections.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    Sqlite(SqlitePool),
}

/// An open transaction; undone when dropped.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
}

/// One row of a result.
pub(crate) enum DbRow {
    Sqlite(SqliteRow),
}

/// One bound argument.
#[derive(Debug, Clone)]
pub(crate) enum Arg {
    Int(Option<i64>),
    Text(Option<String>),
    Blob(Vec<u8>),
}

/// Arguments in order of `$1`, `$2` …
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::state::db::Arg::from($value)),*] };
}
pub(crate) use args;

macro_rules! bound {
    ($sql:expr, $args:expr) => {{
        let mut query = sqlx::query($sql);
        for arg in $args {
            query = match arg {
                Arg::Int(value) => query.bind(value),
                Arg::Text(value) => query.bind(value),
                Arg::Blob(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Db {
    /// Reading and writing pools of one SQLite file, which is created when missing.
    pub async fn open_sqlite(path: &Path) -> Result<(Self, Self), StoreError> {
        let what = || format!("opening `{}`", path.display());
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_WAIT_MAX);
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(BUSY_WAIT_MAX)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writing = pool(1).connect_with(options.clone()).await;
        let writing = writing.map_err(|e| StoreError::sqlx(what(), &e))?;
        let options = options.pragma("query_only", "ON");
        let reading = pool(READ_CONNECTIONS_MAX).connect_with(options).await;
        let reading = reading.map_err(|e| StoreError::sqlx(what(), &e))?;
        Ok((Self::Sqlite(reading), Self::Sqlite(writing)))
    }

    /// Brings the schema up to this release; refuses a newer one.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let outcome = match self {
            Self::Sqlite(pool) => sqlx::migrate!("./migrations").run(pool).await,
        };
        outcome.map_err(|e| StoreError::Io {
            what: "bringing the state up to this release".into(),
            detail: e.to_string(),
        })
    }

    pub async fn rows(
        &self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Vec<DbRow>, StoreError> {
        match self {
            Self::Sqlite(pool) => bound!(sql, args)
                .fetch_all(pool)
                .await
                .map(|rows| rows.into_iter().map(DbRow::Sqlite).collect()),
        }
        .map_err(|e| StoreError::sqlx("reading state", &e))
    }

    pub async fn begin(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite(pool) => begin_writing(pool).await.map(Tx::Sqlite),
        }
        .map_err(|e| StoreError::sqlx("beginning a transaction", &e))
    }

    /// A transaction whose reads all see the same instant.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite(pool) => pool.begin().await.map(Tx::Sqlite),
        }
        .map_err(|e| StoreError::sqlx("beginning to read", &e))
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
        }
    }

    /// SOURCE: SQLite, `VACUUM` and `PRAGMA wal_checkpoint(TRUNCATE)`.
    pub async fn wipe_free_pages(&self) -> Result<(), StoreError> {
        let Self::Sqlite(pool) = self;
        for sql in ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
            let done = sqlx::query(sql).execute(pool).await;
            done.map_err(|e| StoreError::sqlx("wiping free pages", &e))?;
        }
        Ok(())
    }
}

/// Takes the write lock at once: a later upgrade could fail halfway.
async fn begin_writing(pool: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    const BEGIN: &str = "BEGIN IMMEDIATE";
    match pool.begin_with(BEGIN).await {
        // On a full disk SQLite undoes a transaction by itself. The driver goes on counting it as
        // open and begins nothing more on that connection: another must take its place.
        Err(sqlx::Error::InvalidSavePointStatement) => {
            pool.acquire().await?.close().await?;
            pool.begin_with(BEGIN).await
        }
        begun => begun,
    }
}

/// Rows of one statement: few different ones, so that each is prepared once.
const INSERT_SIZES: [usize; 5] = [256, 64, 16, 4, 1];

impl Tx {
    /// Runs a statement; returns how many rows it changed.
    pub async fn run(&mut self, sql: impl SqlSafeStr, args: Vec<Arg>) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(tx) => {
                bound!(sql, args).execute(&mut **tx).await.map(|done| done.rows_affected())
            }
        }
        .map_err(|e| StoreError::sqlx("writing state", &e))
    }

    /// Inserts rows of equal width, many in one statement: one at a time costs a wake-up each.
    ///
    /// `head`: `INSERT INTO t (a, b)`; `tail`: what follows `VALUES`, such as `ON CONFLICT …`.
    /// No two rows may meet the same conflict.
    pub async fn insert_many(
        &mut self,
        head: &str,
        tail: &str,
        rows: impl Iterator<Item = Vec<Arg>>,
    ) -> Result<(), StoreError> {
        let rows: Vec<Vec<Arg>> = rows.collect();
        let mut rest = rows.as_slice();
        while let Some(first) = rest.first() {
            let size = INSERT_SIZES.into_iter().find(|size| *size <= rest.len()).unwrap_or(1);
            let Some((chunk, after)) = rest.split_at_checked(size) else { break };
            let sql = match self {
                // SQLite looks `$n` up by name, each from the first: quadratic in their number.
                Self::Sqlite(_) => {
                    let row = format!("({})", vec!["?"; first.len()].join(", "));
                    format!("{head} VALUES {} {tail}", vec![row.as_str(); size].join(", "))
                }
            };
            let args = chunk.iter().flatten().cloned().collect();
            self.run(sqlx::AssertSqlSafe(sql), args).await?;
            rest = after;
        }
        Ok(())
    }

    pub async fn rows(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Vec<DbRow>, StoreError> {
        match self {
            Self::Sqlite(tx) => bound!(sql, args)
                .fetch_all(&mut **tx)
                .await
                .map(|rows| rows.into_iter().map(DbRow::Sqlite).collect()),
        }
        .map_err(|e| StoreError::sqlx("reading state", &e))
    }

    /// The first row, if there is one.
    pub async fn row(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Option<DbRow>, StoreError> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
        }
        .map_err(|e| StoreError::sqlx("committing state", &e))
    }
}

macro_rules! column {
    ($row:expr, $at:expr, $kind:ty) => {
        match $row {
            DbRow::Sqlite(row) => row.try_get::<$kind, usize>($at),
        }
        .map_err(|e| StoreError::corrupt("state", format!("column {}: {e}", $at)))
    };
}

impl DbRow {
    pub fn int(&self, at: usize) -> Result<i64, StoreError> {
        column!(self, at, i64)
    }
    pub fn uint(&self, at: usize) -> Result<u64, StoreError> {
        let value = self.int(at)?;
        u64::try_from(value).map_err(|_| {
            StoreError::corrupt("state", format!("column {at}: {value}, expected 0 or more"))
        })
    }
    pub fn int_opt(&self, at: usize) -> Result<Option<i64>, StoreError> {
        column!(self, at, Option<i64>)
    }
    pub fn text(&self, at: usize) -> Result<String, StoreError> {
        column!(self, at, String)
    }
    pub fn text_opt(&self, at: usize) -> Result<Option<String>, StoreError> {
        column!(self, at, Option<String>)
    }
    pub fn blob(&self, at: usize) -> Result<Vec<u8>, StoreError> {
        column!(self, at, Vec<u8>)
    }
    pub fn time(&self, at: usize) -> Result<Timestamp, StoreError> {
        self.int(at).map(Timestamp::from_nanos)
    }
    pub fn time_opt(&self, at: usize) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.int_opt(at)?.map(Timestamp::from_nanos))
    }
    /// A text column that holds JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self, at: usize) -> Result<T, StoreError> {
        let text = self.text(at)?;
        serde_json::from_str(&text)
            .map_err(|e| StoreError::corrupt("state", format!("column {at}: {e}")))
    }
    /// A text column that holds one word of a JSON string enum or an id.
    pub fn word<T: serde::de::DeserializeOwned>(&self, at: usize) -> Result<T, StoreError> {
        read_word(self.text(at)?)
    }
    pub fn word_opt<T: serde::de::DeserializeOwned>(
        &self,
        at: usize,
    ) -> Result<Option<T>, StoreError> {
        self.text_opt(at)?.map(read_word).transpose()
    }
}

fn read_word<T: serde::de::DeserializeOwned>(text: String) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(text))
        .map_err(|e| StoreError::corrupt("state", e.to_string()))
}

/// The JSON of one of our own types.
pub(crate) fn json_of<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|e| StoreError::Io { what: "writing JSON".into(), detail: e.to_string() })
}

/// The word by which JSON knows a value of a string enum or an id.
pub(crate) fn word_of<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Err(StoreError::Io {
            what: "writing a word".into(),
            detail: format!("`{other}` is not one"),
        }),
        Err(e) => Err(StoreError::Io { what: "writing a word".into(), detail: e.to_string() }),
    }
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}
impl From<u64> for Arg {
    fn from(value: u64) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}
impl From<Timestamp> for Arg {
    fn from(value: Timestamp) -> Self {
        Self::Int(Some(value.nanos()))
    }
}
impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}
impl From<Option<Timestamp>> for Arg {
    fn from(value: Option<Timestamp>) -> Self {
        Self::Int(value.map(Timestamp::nanos))
    }
}
impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}
impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}
impl From<Option<&str>> for Arg {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}
impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}
impl From<&[u8]> for Arg {
    fn from(value: &[u8]) -> Self {
        Self::Blob(value.to_vec())
    }
}
impl From<Vec<u8>> for Arg {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}
