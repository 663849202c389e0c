//! Operational state: what is known, what was found, who works on it, and how far each consumer
//! of the journal is.
//!
//! Owns the relational schema. What belongs together is written in one transaction, with full
//! synchronisation; a consumer's cursor always in the transaction of its output.

#[cfg(test)]
mod bounds_tests;
mod console;
pub(crate) mod db;
mod dead_letters;
mod findings;
mod incidents;
mod lake_files;
mod late;
mod occurrences;
mod operators;
mod organisation;
mod outbox;
mod photos;
mod rates;
mod rights;
mod sessions;
mod step;
mod tallies;
mod tokens;
mod warden;

use std::path::{Path, PathBuf};

use model::AuditAct;

pub use console::{Mark, PLANS_MAX, Plan, VIEWS_MAX, View};
pub use db::{BUSY_WAIT_MAX, READ_CONNECTIONS_MAX};
pub use dead_letters::{
    DEAD_LETTER_PAGE_MAX, DEAD_LETTERS_MAX, DeadLetterChoice, DeadLetterFilter, DeadLetterStatus,
    StoredDeadLetter,
};
pub use findings::{FINDING_PAGE_MAX, FindingFilter};
pub use incidents::{INCIDENT_PAGE_MAX, IncidentFilter};
pub use lake_files::{LakeCommit, LakeFile, LakeFileState};
pub use late::{LATE_HOURS_MAX, LateHour};
pub use occurrences::{
    OCCURRENCE_KEY_AGE_MAX, OCCURRENCE_KEYS_MAX, OCCURRENCE_PAGE_MAX, OCCURRENCES_MAX,
    OccurrenceFilter, OccurrenceKey, Written,
};
pub use operators::{Operator, StoredPasskey, StoredRole};
pub use organisation::Spine;
pub use outbox::{OUTBOX_MAX, OutboxItem, OutboxOutcome, OutboxState};
pub use photos::{PHOTOS_MAX, Photo};
pub use rates::{ALARMS_MAX, Alarm};
pub use rights::{ItemAge, RIGHTS_CHANGES_MAX, RIGHTS_VERSIONS_PAGE_MAX, RightsAct};
pub use sessions::{LinkPurpose, NewSession, StoredLink, StoredSession};
pub use step::{DetectStep, SNAPSHOT_BYTES_MAX, Snapshot, StepOutcome};
pub use tallies::{Counter, UNRESOLVED_MAX, UnresolvedTally};
pub use tokens::Token;
pub use warden::{
    COMMAND_PAGE_MAX, COMMANDS_KEPT_MAX, StoredCommand, StoredEdge, StoredSigning, StoredStone,
    WardenKept, WardenStep,
};

use crate::audit::{self, AuditEntry, ChainedAct};
use crate::error::StoreError;
use db::{Db, Tx};

/// Where a page of a newest-first listing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageKey {
    /// Time of the last item.
    pub at: model::Timestamp,
    /// Id of the last item.
    pub id: String,
}

impl PageKey {
    /// Reads what `Display` wrote. `None` when it is not that.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('~')?;
        Some(Self { at: model::Timestamp::from_nanos(at.parse().ok()?), id: id.to_owned() })
    }
}

impl std::fmt::Display for PageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~{}", self.at.nanos(), self.id)
    }
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// Newest first.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<PageKey>,
}

/// The state of one installation. Clones share it.
#[derive(Debug, Clone)]
pub struct State {
    reading: Db,
    writing: Db,
    path: PathBuf,
}

impl State {
    /// Opens or creates the SQLite file at `path` and brings it up to this release.
    ///
    /// Fails when it was written by a newer release, or is not ours.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let (reading, writing) = Db::open_sqlite(path).await?;
        writing.migrate().await?;
        Ok(Self { reading, writing, path: path.to_owned() })
    }

    /// Where it lies, for `verify_audit` and backups.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for what is running, then lets go of the file.
    pub async fn close(&self) {
        self.reading.close().await;
        self.writing.close().await;
    }

    /// Writes acts that changed nothing else in the state.
    pub async fn record_acts(&self, acts: &[AuditAct]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        audit::append(&mut tx, acts).await?;
        tx.commit().await
    }

    /// Audited acts before `before_seq` (all when `None`), newest first.
    pub async fn acts(
        &self,
        before_seq: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        audit::list(&self.reading, before_seq, limit).await
    }

    /// Acts to an object from an instant on, oldest first, with their places in the chain.
    pub async fn acts_of(
        &self,
        object: &str,
        from: model::Timestamp,
        limit: u32,
    ) -> Result<Vec<ChainedAct>, StoreError> {
        audit::of_object(&self.reading, object, from, limit).await
    }

    /// Erases the words of one audited act; the chain still holds. Is itself audited.
    pub async fn erase_act(&self, seq: u64, act: AuditAct) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        audit::erase(&mut tx, seq).await?;
        audit::append(&mut tx, &[act]).await?;
        tx.commit().await
    }

    async fn begin(&self) -> Result<Tx, StoreError> {
        self.writing.begin().await
    }
}
