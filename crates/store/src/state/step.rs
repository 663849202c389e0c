//! One step of a consumer: everything it concluded from some records, and how far it is, at once.

use std::collections::BTreeMap;

use model::{AuditAct, Finding, FindingId, Incident};

use super::db::{Tx, args};
use super::dead_letters::{self, StoredDeadLetter};
use super::late::{self, LateHour};
use super::outbox::{self, OutboxItem};
use super::tallies::{self, Counter, UnresolvedTally};
use super::{State, findings, incidents};
use crate::audit;
use crate::error::StoreError;

/// Largest snapshot of a consumer that is kept; a larger one is refused.
pub const SNAPSHOT_BYTES_MAX: usize = 512 * 1024 * 1024;

/// A consumer's own state after a record, from which it can go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Whose; a newer one of the same name takes its place.
    pub name: String,
    /// After which record.
    pub seq: u64,
    /// In the consumer's own format.
    pub bytes: Vec<u8>,
}

/// What the detecting consumer made of the records up to `cursor`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DetectStep {
    /// Who.
    pub consumer: String,
    /// The last record this step has seen; beyond the stored one.
    pub cursor: u64,
    /// New findings and new states of known ones.
    pub findings: Vec<Finding>,
    /// Incidents as they now are, with the version each was read at (0: it is new).
    pub incidents: Vec<(Incident, u64)>,
    /// Records that gave no event.
    pub dead_letters: Vec<StoredDeadLetter>,
    /// Dead letters whose re-run gave events.
    pub resolved_dead_letters: Vec<u64>,
    /// Identifiers nobody answers to, to be added to what is stored.
    pub unresolved: Vec<UnresolvedTally>,
    /// Events that came later than was waited for, to be added to what is stored.
    pub late: Vec<LateHour>,
    /// To be added to what is stored.
    pub counters: Vec<Counter>,
    /// Messages to the world outside.
    pub outbox: Vec<OutboxItem>,
    /// Acts, in order.
    pub audit: Vec<AuditAct>,
    /// The consumer's own state, when it is time for one.
    pub snapshot: Option<Snapshot>,
}

/// What a step changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepOutcome {
    /// Findings that were not known before.
    pub new_findings: Vec<FindingId>,
    /// Dead letters that had to go for want of room.
    pub dead_letters_evicted: u64,
    /// Unresolved identifiers that had to go for want of room.
    pub unresolved_evicted: u64,
    /// Messages that found no room in the outbox.
    pub outbox_dropped: u64,
}

impl State {
    /// Writes a whole step in one transaction with its cursor: all of it or nothing.
    ///
    /// Fails with `CursorBack` when the step is not beyond the stored cursor (it was written
    /// before), with `Conflict` when somebody changed one of its incidents meanwhile.
    pub async fn commit_step(&self, step: &DetectStep) -> Result<StepOutcome, StoreError> {
        let mut tx = self.begin().await?;
        move_cursor(&mut tx, &step.consumer, step.cursor).await?;
        let mut outcome = StepOutcome::default();
        for finding in &step.findings {
            if findings::upsert(&mut tx, finding).await? {
                outcome.new_findings.push(finding.id.clone());
            }
        }
        for (incident, expected) in &step.incidents {
            incidents::save(&mut tx, incident, *expected).await?;
        }
        outcome.dead_letters_evicted =
            dead_letters::add(&mut tx, &step.dead_letters, &step.resolved_dead_letters).await?;
        outcome.unresolved_evicted = tallies::add_unresolved(&mut tx, &step.unresolved).await?;
        late::add(&mut tx, &step.late).await?;
        outcome.outbox_dropped = outbox::add(&mut tx, &step.outbox).await?;
        tallies::add_counters(&mut tx, &step.counters).await?;
        let own = [
            ("dead_letters", outcome.dead_letters_evicted),
            ("unresolved", outcome.unresolved_evicted),
            ("outbox", outcome.outbox_dropped),
        ];
        let own = own.into_iter().filter(|(_, count)| *count > 0);
        let own: Vec<_> = own.map(|(name, count)| Counter::dropped_full(name, count)).collect();
        tallies::add_counters(&mut tx, &own).await?;
        if let Some(snapshot) = &step.snapshot {
            save_snapshot(&mut tx, snapshot).await?;
        }
        audit::append(&mut tx, &step.audit).await?;
        tx.commit().await?;
        Ok(outcome)
    }

    /// The last record a consumer has dealt with; 0 when it has never said.
    pub async fn cursor(&self, consumer: &str) -> Result<u64, StoreError> {
        let sql = "SELECT seq FROM cursors WHERE consumer = $1";
        let rows = self.reading.rows(sql, args![consumer]).await?;
        rows.first().map_or(Ok(0), |row| row.uint(0))
    }

    /// All cursors, by consumer.
    pub async fn cursors(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows = self.reading.rows("SELECT consumer, seq FROM cursors", args![]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.uint(1)?))).collect()
    }

    /// The newest snapshot of a name.
    pub async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, StoreError> {
        let sql = "SELECT name, seq, bytes FROM snapshots WHERE name = $1";
        let rows = self.reading.rows(sql, args![name]).await?;
        let read = |row: &super::db::DbRow| {
            Ok(Snapshot { name: row.text(0)?, seq: row.uint(1)?, bytes: row.blob(2)? })
        };
        rows.first().map(read).transpose()
    }
}

/// Moves a cursor forward; fails when it would not move.
pub(super) async fn move_cursor(tx: &mut Tx, consumer: &str, seq: u64) -> Result<(), StoreError> {
    let moved = tx
        .run(
            "INSERT INTO cursors (consumer, seq) VALUES ($1, $2) \
             ON CONFLICT (consumer) DO UPDATE SET seq = excluded.seq \
             WHERE cursors.seq < excluded.seq",
            args![consumer, seq],
        )
        .await?;
    if moved > 0 {
        return Ok(());
    }
    let sql = "SELECT seq FROM cursors WHERE consumer = $1";
    let found = tx.row(sql, args![consumer]).await?.map_or(Ok(0), |row| row.uint(0))?;
    Err(StoreError::CursorBack { consumer: consumer.to_owned(), found, asked: seq })
}

async fn save_snapshot(tx: &mut Tx, snapshot: &Snapshot) -> Result<(), StoreError> {
    if snapshot.bytes.len() > SNAPSHOT_BYTES_MAX {
        return Err(StoreError::Limit {
            name: "SNAPSHOT_BYTES_MAX",
            found: snapshot.bytes.len() as u64,
            expected: format!("at most {SNAPSHOT_BYTES_MAX}"),
        });
    }
    tx.run(
        "INSERT INTO snapshots (name, seq, bytes) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, bytes = excluded.bytes",
        args![&*snapshot.name, snapshot.seq, &*snapshot.bytes],
    )
    .await?;
    Ok(())
}
