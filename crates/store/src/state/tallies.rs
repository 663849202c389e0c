//! What was counted: records at every boundary, and identifiers that nobody answers to.

use model::{SourceId, Timestamp};

use super::State;
use super::db::{DbRow, Tx, args};
use crate::error::StoreError;

/// Most unresolved identifiers listed. At one more the one unheard for longest goes, counted.
pub const UNRESOLVED_MAX: u64 = 100_000;

/// One line of accounting: received = kept + rejected + dropped at each boundary and source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter {
    /// Where, such as `intake` or `normalise`.
    pub boundary: String,
    /// Whose; empty when it is nobody's in particular.
    pub source: String,
    /// `received`, `kept`, `rejected`, `dropped` …
    pub outcome: String,
    /// Why; empty when there is nothing to say.
    pub reason: String,
    /// How many.
    pub value: u64,
}

impl Counter {
    /// What this store itself had to let go for want of room.
    pub(super) fn dropped_full(boundary: &str, value: u64) -> Self {
        Self {
            boundary: boundary.into(),
            source: String::new(),
            outcome: "dropped".into(),
            reason: "store_full".into(),
            value,
        }
    }
}

/// An identifier that nobody in the spine answers to, as one source uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedTally {
    /// `badge`, `account` …
    pub kind: String,
    /// The value.
    pub value: String,
    /// Who uses it.
    pub source: SourceId,
    /// How often.
    pub count: u64,
    /// First heard, in event time.
    pub first: Timestamp,
    /// Last heard, in event time.
    pub last: Timestamp,
}

pub(super) async fn add_counters(tx: &mut Tx, counters: &[Counter]) -> Result<(), StoreError> {
    let rows = counters.iter().filter(|c| c.value > 0);
    let rows = rows.map(|c| args![&*c.boundary, &*c.source, &*c.outcome, &*c.reason, c.value]);
    tx.insert_many(
        "INSERT INTO counters (boundary, source, outcome, reason, value)",
        "ON CONFLICT (boundary, source, outcome, reason) \
         DO UPDATE SET value = counters.value + excluded.value",
        rows,
    )
    .await
}

/// Adds tallies; returns how many identifiers had to go.
pub(super) async fn add_unresolved(
    tx: &mut Tx,
    tallies: &[UnresolvedTally],
) -> Result<u64, StoreError> {
    let rows = tallies
        .iter()
        .map(|t| args![&*t.kind, &*t.value, t.source.as_str(), t.count, t.first, t.last]);
    tx.insert_many(
        "INSERT INTO unresolved (kind, value, source, count, first_at, last_at)",
        "ON CONFLICT (kind, value, source) DO UPDATE SET \
         count = unresolved.count + excluded.count, \
         first_at = CASE WHEN excluded.first_at < unresolved.first_at \
             THEN excluded.first_at ELSE unresolved.first_at END, \
         last_at = CASE WHEN excluded.last_at > unresolved.last_at \
             THEN excluded.last_at ELSE unresolved.last_at END",
        rows,
    )
    .await?;
    if tallies.is_empty() { Ok(0) } else { evict_unresolved(tx, UNRESOLVED_MAX).await }
}

pub(super) async fn evict_unresolved(tx: &mut Tx, keep: u64) -> Result<u64, StoreError> {
    let count = tx.row("SELECT count(*) FROM unresolved", args![]).await?;
    let over = count.map_or(Ok(0), |row| row.uint(0))?.saturating_sub(keep);
    if over == 0 {
        return Ok(0);
    }
    tx.run(
        "DELETE FROM unresolved WHERE (kind, value, source) IN (SELECT kind, value, source \
         FROM unresolved ORDER BY last_at, kind, value, source LIMIT $1)",
        args![over],
    )
    .await
}

impl State {
    /// All counters, in order.
    pub async fn counters(&self) -> Result<Vec<Counter>, StoreError> {
        let sql = "SELECT boundary, source, outcome, reason, value FROM counters \
                   ORDER BY boundary, source, outcome, reason";
        let read = |row: &DbRow| {
            Ok(Counter {
                boundary: row.text(0)?,
                source: row.text(1)?,
                outcome: row.text(2)?,
                reason: row.text(3)?,
                value: row.uint(4)?,
            })
        };
        self.reading.rows(sql, args![]).await?.iter().map(read).collect()
    }

    /// Stores totals that are kept in memory between; a stored total never falls.
    pub async fn raise_counters(&self, totals: &[Counter]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let rows = totals
            .iter()
            .map(|c| args![&*c.boundary, &*c.source, &*c.outcome, &*c.reason, c.value]);
        tx.insert_many(
            "INSERT INTO counters (boundary, source, outcome, reason, value)",
            "ON CONFLICT (boundary, source, outcome, reason) \
             DO UPDATE SET value = excluded.value WHERE counters.value < excluded.value",
            rows,
        )
        .await?;
        tx.commit().await
    }

    /// Adds to counters outside a step.
    pub async fn add_to_counters(&self, counters: &[Counter]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        add_counters(&mut tx, counters).await?;
        tx.commit().await
    }

    /// Unresolved identifiers, most frequent first; of one kind or of all.
    pub async fn unresolved(
        &self,
        kind: Option<&str>,
        limit: u32,
    ) -> Result<Vec<UnresolvedTally>, StoreError> {
        let sql = "SELECT kind, value, source, count, first_at, last_at FROM unresolved \
                   WHERE (CAST($1 AS TEXT) IS NULL OR kind = $1) \
                   ORDER BY count DESC, kind, value, source LIMIT $2";
        let read = |row: &DbRow| {
            Ok(UnresolvedTally {
                kind: row.text(0)?,
                value: row.text(1)?,
                source: row.word(2)?,
                count: row.uint(3)?,
                first: row.time(4)?,
                last: row.time(5)?,
            })
        };
        let rows = self.reading.rows(sql, args![kind, u64::from(limit)]).await?;
        rows.iter().map(read).collect()
    }

    /// Per kind: how many identifiers, and how often they were heard.
    pub async fn unresolved_counts(&self) -> Result<Vec<(String, u64, u64)>, StoreError> {
        let sql = "SELECT kind, count(*), sum(count) FROM unresolved GROUP BY kind ORDER BY kind";
        let rows = self.reading.rows(sql, args![]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.uint(1)?, row.uint(2)?))).collect()
    }
}
