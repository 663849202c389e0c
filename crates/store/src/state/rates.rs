//! How often people were alarmed, and by which rules.

use model::{PlaceId, RuleId, Timestamp};

use super::State;
use super::db::{DbRow, args};
use crate::error::StoreError;

/// Most alarms that one question gives.
pub const ALARMS_MAX: u32 = 200_000;

/// One incident as an alarm: when it rang, whose it is, which rule began it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// When it was opened.
    pub at: Timestamp,
    /// Whose it is now, as in the queue's filter: `team:guard`, `person:…`.
    pub owner: String,
    /// Where.
    pub site: Option<PlaceId>,
    /// The rule of its earliest finding; `None` for one that people opened.
    pub rule: Option<RuleId>,
}

impl State {
    /// Incidents opened from an instant on, in order; at most `ALARMS_MAX`.
    pub async fn alarms(&self, from: Timestamp) -> Result<Vec<Alarm>, StoreError> {
        let sql = "SELECT opened_at, owner, site, (SELECT findings.rule FROM incident_findings \
                   JOIN findings ON findings.id = incident_findings.finding \
                   WHERE incident_findings.incident = incidents.id \
                   ORDER BY findings.time, findings.id LIMIT 1) \
                   FROM incidents WHERE opened_at >= $1 ORDER BY opened_at, id LIMIT $2";
        let read = |row: &DbRow| {
            Ok(Alarm {
                at: row.time(0)?,
                owner: row.text(1)?,
                site: row.word_opt(2)?,
                rule: row.word_opt(3)?,
            })
        };
        let rows = self.reading.rows(sql, args![from, u64::from(ALARMS_MAX)]).await?;
        rows.iter().map(read).collect()
    }

    /// When this store began: the first act of its audit log; `None` before any.
    pub async fn begun_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT at FROM audit ORDER BY seq LIMIT 1";
        self.reading.rows(sql, args![]).await?.first().map(|row| row.time(0)).transpose()
    }

    /// How many findings of each rule there are in a stretch of event time, those that were
    /// withdrawn apart.
    pub async fn finding_counts(
        &self,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<(RuleId, u64)>, StoreError> {
        let sql = "SELECT rule, count(*) FROM findings WHERE time >= $1 AND time < $2 \
                   AND state <> 'withdrawn' GROUP BY rule ORDER BY 2 DESC, 1";
        let rows = self.reading.rows(sql, args![from, to]).await?;
        rows.iter().map(|row| Ok((row.word(0)?, row.uint(1)?))).collect()
    }
}
