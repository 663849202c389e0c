//! Records that gave no event: listed, re-run once the mapping is mended, never lost in silence.

use model::{DeadLetter, Raw, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::State;
use super::db::{DbRow, Tx, args, json_of, word_of};
use crate::audit;
use crate::error::StoreError;
use crate::journal::{BATCH_BYTES_MAX, BATCH_ZSTD_LEVEL};

/// Most dead letters kept. At one more the oldest that were re-run or resolved go first, then
/// the oldest open ones; each is counted.
pub const DEAD_LETTERS_MAX: u64 = 100_000;

/// Most dead letters that one page returns or one re-run takes.
pub const DEAD_LETTER_PAGE_MAX: u32 = 1_000;

/// Where a dead letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterStatus {
    /// Nobody has tried again.
    Open,
    /// Sent through again; the outcome is not yet known.
    Rerun,
    /// Its re-run gave events, or a newer dead letter of its own.
    Resolved,
}

/// A dead letter with the record it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDeadLetter {
    /// Why it gave no event.
    pub letter: DeadLetter,
    /// The record, bytes and all.
    pub raw: Raw,
    /// Where it stands.
    pub status: DeadLetterStatus,
}

impl StoredDeadLetter {
    /// One that nobody has tried again.
    pub fn open(letter: DeadLetter, raw: Raw) -> Self {
        Self { letter, raw, status: DeadLetterStatus::Open }
    }
}

/// Which dead letters to list; all named fields must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterFilter {
    /// Standing so.
    pub status: Option<DeadLetterStatus>,
    /// Of this source.
    pub source: Option<SourceId>,
    /// With this `DeadReason::code`.
    pub reason_code: Option<String>,
    /// Older than this record: where the page before ended.
    pub before_record: Option<u64>,
    /// At most; bounded by `DEAD_LETTER_PAGE_MAX`.
    pub limit: u32,
}

/// Which open dead letters to send through again; all named fields must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterChoice {
    /// Of this source.
    pub source: Option<SourceId>,
    /// With this `DeadReason::code`.
    pub reason_code: Option<String>,
    /// Only these records; any when empty. At most `DEAD_LETTER_PAGE_MAX` are looked at.
    pub records: Vec<u64>,
}

/// Adds letters, marks those that their re-runs have settled; returns how many had to go.
pub(super) async fn add(
    tx: &mut Tx,
    letters: &[StoredDeadLetter],
    resolved: &[u64],
) -> Result<u64, StoreError> {
    for record in resolved {
        set_status(tx, *record, DeadLetterStatus::Resolved).await?;
    }
    for stored in letters {
        insert(tx, stored).await?;
        // The newer letter stands for both.
        if let Some(older) = stored.raw.rerun_of {
            set_status(tx, older, DeadLetterStatus::Resolved).await?;
        }
    }
    if letters.is_empty() { Ok(0) } else { evict(tx, DEAD_LETTERS_MAX).await }
}

async fn insert(tx: &mut Tx, stored: &StoredDeadLetter) -> Result<(), StoreError> {
    let StoredDeadLetter { letter, raw, status } = stored;
    let body = zstd::bulk::compress(&raw.body, BATCH_ZSTD_LEVEL)
        .map_err(|e| StoreError::io("compressing a dead letter", &e))?;
    let envelope = Raw { body: Vec::new(), ..raw.clone() };
    tx.run(
        "INSERT INTO dead_letters (record, source, received_at, mapping, reason_code, letter, \
         raw, body_len, body, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (record) DO NOTHING",
        args![
            letter.record,
            letter.source.as_str(),
            letter.received_at,
            letter.mapping.as_ref().map(|m| m.as_str()),
            letter.reason.code(),
            json_of(letter)?,
            json_of(&envelope)?,
            raw.body.len() as u64,
            body,
            word_of(status)?,
        ],
    )
    .await?;
    Ok(())
}

async fn set_status(tx: &mut Tx, record: u64, status: DeadLetterStatus) -> Result<(), StoreError> {
    let sql = "UPDATE dead_letters SET status = $2 WHERE record = $1";
    tx.run(sql, args![record, word_of(&status)?]).await.map(|_| ())
}

/// Removes the least missed letters beyond `keep`.
pub(super) async fn evict(tx: &mut Tx, keep: u64) -> Result<u64, StoreError> {
    let count = tx.row("SELECT count(*) FROM dead_letters", args![]).await?;
    let over = count.map_or(Ok(0), |row| row.uint(0))?.saturating_sub(keep);
    if over == 0 {
        return Ok(0);
    }
    tx.run(
        "DELETE FROM dead_letters WHERE record IN (SELECT record FROM dead_letters \
         ORDER BY CASE WHEN status = 'open' THEN 1 ELSE 0 END, record LIMIT $1)",
        args![over],
    )
    .await
}

const COLUMNS: usize = 4;

fn read(row: &DbRow) -> Result<StoredDeadLetter, StoreError> {
    let mut raw: Raw = row.json(1)?;
    let length = usize::try_from(row.uint(2)?).unwrap_or(usize::MAX).min(BATCH_BYTES_MAX);
    raw.body = zstd::bulk::decompress(&row.blob(3)?, length)
        .map_err(|e| StoreError::corrupt("dead_letters", e.to_string()))?;
    Ok(StoredDeadLetter { letter: row.json(0)?, raw, status: row.word(COLUMNS)? })
}

impl State {
    /// Dead letters, newest first.
    pub async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
    ) -> Result<Vec<StoredDeadLetter>, StoreError> {
        let limit = u64::from(filter.limit.clamp(1, DEAD_LETTER_PAGE_MAX));
        let rows = self
            .reading
            .rows(
                "SELECT letter, raw, body_len, body, status FROM dead_letters \
                 WHERE (CAST($1 AS TEXT) IS NULL OR status = $1) \
                 AND (CAST($2 AS TEXT) IS NULL OR source = $2) \
                 AND (CAST($3 AS TEXT) IS NULL OR reason_code = $3) \
                 AND record < $4 ORDER BY record DESC LIMIT $5",
                args![
                    filter.status.as_ref().map(word_of).transpose()?,
                    filter.source.as_ref().map(SourceId::as_str),
                    filter.reason_code.as_deref(),
                    filter.before_record.unwrap_or(u64::MAX),
                    limit,
                ],
            )
            .await?;
        rows.iter().map(read).collect()
    }

    /// How many dead letters stand in each status.
    pub async fn dead_letter_counts(&self) -> Result<Vec<(DeadLetterStatus, u64)>, StoreError> {
        let sql = "SELECT status, count(*) FROM dead_letters GROUP BY status ORDER BY status";
        let rows = self.reading.rows(sql, args![]).await?;
        rows.iter().map(|row| Ok((row.word(0)?, row.uint(1)?))).collect()
    }

    /// How many records received in a time gave no event, by source and `DeadReason::code`, most
    /// first; at most `limit` lines. Those that had to go since are not counted.
    pub async fn dead_letter_tally(
        &self,
        (from, to): (Timestamp, Timestamp),
        limit: u32,
    ) -> Result<Vec<(SourceId, String, u64)>, StoreError> {
        let sql = "SELECT source, reason_code, count(*) FROM dead_letters \
                   WHERE received_at >= $1 AND received_at < $2 \
                   GROUP BY source, reason_code ORDER BY 3 DESC, 1, 2 LIMIT $3";
        let rows = self.reading.rows(sql, args![from, to, u64::from(limit)]).await?;
        rows.iter().map(|row| Ok((row.word(0)?, row.text(1)?, row.uint(2)?))).collect()
    }

    /// The dead letters of some records, in the order in which they are named; at most `limit`.
    pub async fn dead_letters_of(
        &self,
        records: &[u64],
        limit: usize,
    ) -> Result<Vec<StoredDeadLetter>, StoreError> {
        let mut found = Vec::new();
        for record in records.iter().take(limit.min(DEAD_LETTER_PAGE_MAX as usize)) {
            let sql = "SELECT letter, raw, body_len, body, status FROM dead_letters \
                       WHERE record = $1";
            let rows = self.reading.rows(sql, args![*record]).await?;
            found.extend(rows.first().map(read).transpose()?);
        }
        Ok(found)
    }

    /// Takes the oldest open dead letters that fit a choice for re-running: they become `Rerun` and
    /// their records come back with `rerun_of` and `received_at` set, ready for the journal. At
    /// most `limit`, bounded by `DEAD_LETTER_PAGE_MAX`.
    pub async fn take_dead_letters(
        &self,
        choice: &DeadLetterChoice,
        limit: u32,
        act: &model::AuditAct,
    ) -> Result<Vec<Raw>, StoreError> {
        let limit = u64::from(limit.clamp(1, DEAD_LETTER_PAGE_MAX));
        let mut tx = self.begin().await?;
        let sql = "SELECT letter, raw, body_len, body, status FROM dead_letters \
                   WHERE status = 'open' AND (CAST($1 AS TEXT) IS NULL OR source = $1) \
                   AND (CAST($2 AS TEXT) IS NULL OR reason_code = $2) \
                   AND (CAST($3 AS BIGINT) IS NULL OR record = $3) ORDER BY record LIMIT $4";
        let ask = |record: Option<i64>| {
            let source = choice.source.as_ref().map(SourceId::as_str);
            args![source, choice.reason_code.as_deref(), record, limit]
        };
        let mut rows = Vec::new();
        if choice.records.is_empty() {
            rows = tx.rows(sql, ask(None)).await?;
        }
        // INVARIANT: what is not named is not taken, whatever the bound.
        for record in choice.records.iter().take(usize::try_from(limit).unwrap_or(usize::MAX)) {
            let Ok(record) = i64::try_from(*record) else { continue };
            rows.extend(tx.rows(sql, ask(Some(record))).await?);
        }
        let mut taken = Vec::with_capacity(rows.len());
        for row in &rows {
            let stored = read(row)?;
            let record = stored.letter.record;
            set_status(&mut tx, record, DeadLetterStatus::Rerun).await?;
            taken.push(Raw { rerun_of: Some(record), ..stored.raw });
        }
        if !taken.is_empty() {
            audit::append(&mut tx, std::slice::from_ref(act)).await?;
        }
        tx.commit().await?;
        Ok(taken)
    }

    /// Puts taken dead letters that could not be journalled back to `Open`.
    pub async fn put_back_dead_letters(&self, records: &[u64]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for record in records {
            set_status(&mut tx, *record, DeadLetterStatus::Open).await?;
        }
        tx.commit().await
    }

    /// Removes dead letters received before an instant that are no longer open.
    pub async fn forget_dead_letters(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let sql = "DELETE FROM dead_letters WHERE status <> 'open' AND received_at < $1";
        let gone = tx.run(sql, args![before]).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
