//! Events that came later than was waited for, counted by source and hour of their own time, until
//! somebody has had that time judged again.

use model::{AuditAct, SourceId, Timestamp};

use super::State;
use super::db::{DbRow, Tx, args};
use crate::audit;
use crate::error::StoreError;

/// Most sources' hours that are remembered. At one more the earliest hour goes.
pub const LATE_HOURS_MAX: u64 = 50_000;
/// An hour, in nanoseconds.
const HOUR_NANOS: i64 = 3_600_000_000_000;

/// The late events of one source in one hour of event time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateHour {
    /// Whose.
    pub source: SourceId,
    /// The hour's first instant.
    pub hour: Timestamp,
    /// How many.
    pub events: u64,
    /// The earliest of them.
    pub first: Timestamp,
    /// The latest of them.
    pub last: Timestamp,
    /// How many of them were judged again, or dismissed.
    pub settled: u64,
    /// When.
    pub settled_at: Option<Timestamp>,
    /// By whom.
    pub settled_by: Option<String>,
}

impl LateHour {
    /// One late event.
    pub fn of(source: SourceId, time: Timestamp) -> Self {
        let hour = time.nanos().div_euclid(HOUR_NANOS).saturating_mul(HOUR_NANOS);
        Self {
            source,
            hour: Timestamp::from_nanos(hour),
            events: 1,
            first: time,
            last: time,
            settled: 0,
            settled_at: None,
            settled_by: None,
        }
    }

    /// Takes in another of the same hour.
    pub fn join(&mut self, other: &Self) {
        self.events += other.events;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// Adds counts of a step.
pub(super) async fn add(tx: &mut Tx, late: &[LateHour]) -> Result<(), StoreError> {
    if late.is_empty() {
        return Ok(());
    }
    let rows = late.iter();
    let rows =
        rows.map(|one| args![one.source.as_str(), one.hour, one.events, one.first, one.last]);
    tx.insert_many(
        "INSERT INTO late_events (source, hour, events, first_at, last_at)",
        "ON CONFLICT (source, hour) DO UPDATE SET \
         events = late_events.events + excluded.events, \
         first_at = CASE WHEN excluded.first_at < late_events.first_at \
             THEN excluded.first_at ELSE late_events.first_at END, \
         last_at = CASE WHEN excluded.last_at > late_events.last_at \
             THEN excluded.last_at ELSE late_events.last_at END",
        rows,
    )
    .await?;
    let count = tx.row("SELECT count(*) FROM late_events", args![]).await?;
    let over = count.map_or(Ok(0), |row| row.uint(0))?.saturating_sub(LATE_HOURS_MAX);
    if over > 0 {
        tx.run(
            "DELETE FROM late_events WHERE (source, hour) IN \
             (SELECT source, hour FROM late_events ORDER BY hour, source LIMIT $1)",
            args![over],
        )
        .await?;
    }
    Ok(())
}

impl State {
    /// Late events by source and hour, the latest hours first; `None` for sources: of all.
    pub async fn late_hours(&self, source: Option<&SourceId>) -> Result<Vec<LateHour>, StoreError> {
        let sql = "SELECT source, hour, events, first_at, last_at, settled_events, settled_at, \
                   settled_by FROM late_events WHERE (CAST($1 AS TEXT) IS NULL OR source = $1) \
                   ORDER BY hour DESC, source";
        let read = |row: &DbRow| {
            Ok(LateHour {
                source: row.word(0)?,
                hour: row.time(1)?,
                events: row.uint(2)?,
                first: row.time(3)?,
                last: row.time(4)?,
                settled: row.uint(5)?,
                settled_at: row.time_opt(6)?,
                settled_by: row.text_opt(7)?,
            })
        };
        let rows = self.reading.rows(sql, args![source.map(SourceId::as_str)]).await?;
        rows.iter().map(read).collect()
    }

    /// Says that hours were judged again, as they were then: what has come since is open.
    pub async fn settle_late(
        &self,
        hours: &[LateHour],
        (at, by): (Timestamp, &str),
        act: &AuditAct,
    ) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let mut settled = 0;
        for one in hours {
            settled += tx
                .run(
                    "UPDATE late_events SET settled_events = $3, settled_at = $4, settled_by = $5 \
                     WHERE source = $1 AND hour = $2 AND settled_events < $3 AND events >= $3",
                    args![one.source.as_str(), one.hour, one.events, at, by],
                )
                .await?;
        }
        audit::append(&mut tx, std::slice::from_ref(act)).await?;
        tx.commit().await?;
        Ok(settled)
    }
}
