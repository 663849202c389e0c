//! Messages to the world outside: written with what caused them, sent later, at least once.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::State;
use super::db::{DbRow, Tx, args, word_of};
use crate::error::StoreError;

/// Most messages kept. At one more the oldest settled one goes; where all still wait, the new
/// one is not taken, which is counted.
pub const OUTBOX_MAX: u64 = 10_000;

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// To be sent once its time has come.
    Waiting,
    /// Taken by the other side.
    Sent,
    /// Given up.
    Failed,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its id: the same id is the same message, and is kept once.
    pub id: String,
    /// Through which channel.
    pub channel: String,
    /// What, in the channel's own form.
    pub payload: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Not to be tried before.
    pub next_at: Timestamp,
    /// Where it stands.
    pub state: OutboxState,
    /// What the other side last said.
    pub outcome: Option<String>,
}

impl OutboxItem {
    /// A message to be sent as soon as may be.
    pub fn new(id: String, channel: String, payload: String, created_at: Timestamp) -> Self {
        let (attempts, next_at, outcome) = (0, created_at, None);
        let state = OutboxState::Waiting;
        Self { id, channel, payload, created_at, attempts, next_at, state, outcome }
    }
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxOutcome {
    /// It was taken.
    Sent {
        /// What the other side said.
        outcome: String,
    },
    /// It was not; try again.
    Retry {
        /// Not before.
        next_at: Timestamp,
        /// Why.
        outcome: String,
    },
    /// It was not, and will not be.
    Failed {
        /// Why.
        outcome: String,
    },
}

/// Adds messages; returns how many found no room.
pub(super) async fn add(tx: &mut Tx, items: &[OutboxItem]) -> Result<u64, StoreError> {
    add_bounded(tx, items, OUTBOX_MAX).await
}

pub(super) async fn add_bounded(
    tx: &mut Tx,
    items: &[OutboxItem],
    keep: u64,
) -> Result<u64, StoreError> {
    let mut dropped = 0;
    for item in items {
        let count = tx.row("SELECT count(*) FROM outbox", args![]).await?;
        let over = (count.map_or(Ok(0), |row| row.uint(0))? + 1).saturating_sub(keep);
        if over > 0 {
            let sql = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox \
                       WHERE state <> 'waiting' AND id <> $2 ORDER BY created_at, id LIMIT $1)";
            let made = tx.run(sql, args![over, &*item.id]).await?;
            if made < over {
                dropped += 1;
                continue;
            }
        }
        tx.run(
            "INSERT INTO outbox (id, channel, payload, created_at, attempts, next_at, state, \
             outcome) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
            args![
                &*item.id,
                &*item.channel,
                &*item.payload,
                item.created_at,
                u64::from(item.attempts),
                item.next_at,
                word_of(&item.state)?,
                item.outcome.as_deref(),
            ],
        )
        .await?;
    }
    Ok(dropped)
}

fn read(row: &DbRow) -> Result<OutboxItem, StoreError> {
    Ok(OutboxItem {
        id: row.text(0)?,
        channel: row.text(1)?,
        payload: row.text(2)?,
        created_at: row.time(3)?,
        attempts: u32::try_from(row.uint(4)?).unwrap_or(u32::MAX),
        next_at: row.time(5)?,
        state: row.word(6)?,
        outcome: row.text_opt(7)?,
    })
}

impl State {
    /// Messages whose time has come, longest waiting first.
    pub async fn outbox_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let sql = "SELECT id, channel, payload, created_at, attempts, next_at, state, outcome \
                   FROM outbox WHERE state = 'waiting' AND next_at <= $1 \
                   ORDER BY next_at, id LIMIT $2";
        let rows = self.reading.rows(sql, args![now, u64::from(limit)]).await?;
        rows.iter().map(read).collect()
    }

    /// Notes what became of an attempt, and counts it.
    pub async fn settle_outbox(&self, id: &str, after: &OutboxOutcome) -> Result<(), StoreError> {
        let (state, next_at, outcome) = match after {
            OutboxOutcome::Sent { outcome } => (OutboxState::Sent, None, outcome),
            OutboxOutcome::Retry { next_at, outcome } => {
                (OutboxState::Waiting, Some(*next_at), outcome)
            }
            OutboxOutcome::Failed { outcome } => (OutboxState::Failed, None, outcome),
        };
        let mut tx = self.begin().await?;
        tx.run(
            "UPDATE outbox SET state = $2, outcome = $3, attempts = attempts + 1, \
             next_at = coalesce($4, next_at) WHERE id = $1",
            args![id, word_of(&state)?, &**outcome, next_at],
        )
        .await?;
        tx.commit().await
    }

    /// How many messages stand in each state.
    pub async fn outbox_counts(&self) -> Result<Vec<(OutboxState, u64)>, StoreError> {
        let sql = "SELECT state, count(*) FROM outbox GROUP BY state ORDER BY state";
        let rows = self.reading.rows(sql, args![]).await?;
        rows.iter().map(|row| Ok((row.word(0)?, row.uint(1)?))).collect()
    }
}
