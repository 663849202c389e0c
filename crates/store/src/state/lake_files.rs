//! Which Parquet files make up the lake; a file counts only from the moment it stands here.

use model::{PlaceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::State;
use super::db::{DbRow, args, word_of};
use super::step::move_cursor;
use crate::error::StoreError;

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LakeFileState {
    /// To be searched.
    Live,
    /// Replaced or expired: no longer searched, to be deleted.
    Doomed,
}

/// One file of the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeFile {
    /// Its path below the lake's root.
    pub path: String,
    /// OCSF class of its rows.
    pub class_uid: u32,
    /// Day, as in its path.
    pub day: String,
    /// Site of its rows, when it holds one site's alone.
    pub site: Option<PlaceId>,
    /// Lowest journal sequence.
    pub seq_min: u64,
    /// Highest journal sequence.
    pub seq_max: u64,
    /// Earliest event time.
    pub time_min: Timestamp,
    /// Latest event time.
    pub time_max: Timestamp,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// Where it stands.
    pub state: LakeFileState,
    /// The lake's own words for it, as JSON; not read here.
    pub entry: String,
}

/// What one flush, compaction or expiry changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LakeCommit {
    /// Files that are written and durable.
    pub added: Vec<LakeFile>,
    /// Paths that become `Doomed`.
    pub removed: Vec<String>,
    /// Consumer and the last record that is now in the lake; none for a compaction.
    pub cursor: Option<(String, u64)>,
}

fn read(row: &DbRow) -> Result<LakeFile, StoreError> {
    let class_uid = row.uint(1)?;
    Ok(LakeFile {
        path: row.text(0)?,
        class_uid: u32::try_from(class_uid).map_err(|_| {
            StoreError::corrupt("lake_files", format!("`{class_uid}` is not a class"))
        })?,
        day: row.text(2)?,
        site: row.word_opt(3)?,
        seq_min: row.uint(4)?,
        seq_max: row.uint(5)?,
        time_min: row.time(6)?,
        time_max: row.time(7)?,
        rows: row.uint(8)?,
        bytes: row.uint(9)?,
        state: row.word(10)?,
        entry: row.text(11)?,
    })
}

impl State {
    /// Changes the catalogue and moves the cursor in one transaction.
    ///
    /// Fails with `CursorBack` when the flush was committed before, with `Conflict` when a
    /// removed file is not live (somebody else replaced it).
    pub async fn commit_lake(&self, commit: &LakeCommit) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        if let Some((consumer, seq)) = &commit.cursor {
            move_cursor(&mut tx, consumer, *seq).await?;
        }
        for path in &commit.removed {
            let sql = "UPDATE lake_files SET state = 'doomed' WHERE path = $1 AND state = 'live'";
            if tx.run(sql, args![&**path]).await? == 0 {
                let id = path.clone();
                return Err(StoreError::Conflict {
                    what: "lake file",
                    id,
                    expected: 1,
                    found: None,
                });
            }
        }
        for file in &commit.added {
            tx.run(
                "INSERT INTO lake_files (path, class_uid, day, site, seq_min, seq_max, \
                 time_min, time_max, rows, bytes, state, entry) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                args![
                    &*file.path,
                    u64::from(file.class_uid),
                    &*file.day,
                    file.site.as_ref().map(PlaceId::as_str),
                    file.seq_min,
                    file.seq_max,
                    file.time_min,
                    file.time_max,
                    file.rows,
                    file.bytes,
                    word_of(&file.state)?,
                    &*file.entry,
                ],
            )
            .await?;
        }
        tx.commit().await
    }

    /// Files in a state whose rows may lie between two event times, both ends included.
    pub async fn lake_files(
        &self,
        state: LakeFileState,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Vec<LakeFile>, StoreError> {
        let sql = "SELECT path, class_uid, day, site, seq_min, seq_max, time_min, time_max, \
                   rows, bytes, state, entry FROM lake_files \
                   WHERE state = $1 AND time_max >= $2 AND time_min <= $3 \
                   ORDER BY day, class_uid, path";
        let rows = self
            .reading
            .rows(
                sql,
                args![
                    word_of(&state)?,
                    from.map_or(i64::MIN, Timestamp::nanos),
                    to.map_or(i64::MAX, Timestamp::nanos),
                ],
            )
            .await?;
        rows.iter().map(read).collect()
    }

    /// Forgets doomed files whose objects are gone.
    pub async fn forget_lake_files(&self, paths: &[String]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for path in paths {
            let sql = "DELETE FROM lake_files WHERE path = $1 AND state = 'doomed'";
            tx.run(sql, args![&**path]).await?;
        }
        tx.commit().await
    }
}
