//! What edges tell of their doors: into the journal, each record once, every gap counted.

use std::sync::Arc;

use model::raw::Wire;
use model::{DropReason, PointId, Raw, Record, SourceId, Timestamp, Trust};
use store::Journal;

use super::Hub;
use crate::accounting::{Accounts, Boundary, Outcome};
use crate::flow::silencer::Silencer;

/// Where records become durable and are counted.
#[derive(Clone)]
pub struct Intake {
    /// Where records become durable.
    pub journal: Arc<Journal>,
    /// Where they are counted.
    pub accounts: Arc<Accounts>,
    /// Who hears that a source spoke.
    pub silencer: Arc<Silencer>,
}

/// Under which key the journal remembers how far an edge's records are.
fn key_of(point: &PointId) -> [u8; 32] {
    *blake3::hash(format!("castellan edge {point}").as_bytes()).as_bytes()
}

impl Hub {
    /// Up to where an edge's records are durable: as the state says, or the journal, which is
    /// written first.
    pub(super) fn records_to(&self, intake: &Intake, point: &PointId) -> u64 {
        let noted = intake.journal.mark(&key_of(point)).and_then(|note| note.try_into().ok());
        let noted = noted.map_or(0, u64::from_be_bytes);
        let kept = self.edges().get(point).map_or(0, |entry| entry.records_to);
        noted.max(kept)
    }

    /// Takes records that begin with number `first`. Those that are here already are passed over,
    /// those that are missing before them are counted as lost. Gives up to where all is durable.
    pub(super) async fn take_records(
        &self,
        intake: &Intake,
        (point, first): (&PointId, u64),
        (records, now): (Vec<String>, Timestamp),
    ) -> Result<u64, String> {
        let had = self.records_to(intake, point);
        let source = SourceId::parse(point.as_str()).map_err(|error| error.to_string())?;
        let count = records.len() as u64;
        let last = first.saturating_add(count).saturating_sub(1);
        if count == 0 || last <= had {
            return Ok(had);
        }
        let missing = first.saturating_sub(had.saturating_add(1));
        let skip = usize::try_from(had.saturating_add(1).saturating_sub(first)).unwrap_or(0);
        let pinned = self.newest();
        let own = pinned.as_ref().and_then(|pinned| pinned.data.points.get(point));
        let is_theirs = |door: &model::DoorId| own.is_some_and(|own| own.contains(door));
        self.passages.take_records(records.get(skip..).unwrap_or_default(), is_theirs, now);
        let raw = |body: String| Raw {
            source: source.clone(),
            received_at: now,
            wire: Wire::Json,
            listener: "edges".into(),
            peer: None,
            topic: None,
            trust: Trust::Mtls,
            bytes_cut: 0,
            rerun_of: None,
            body: body.into_bytes(),
        };
        let new: Vec<Record> =
            records.into_iter().skip(skip).map(|body| Record::from(raw(body))).collect();
        let kept = new.len() as u64;
        let mut batch = store::Batch {
            marks: vec![store::Mark { key_hash: key_of(point), note: last.to_be_bytes().to_vec() }],
            idempotency: None,
            records: new,
        };
        batch.records.extend(intake.silencer.heard(&source, now));
        let accounts = &intake.accounts;
        accounts.add(Boundary::Intake, source.as_str(), Outcome::Received, kept + missing);
        let appended = tokio::task::block_in_place(|| intake.journal.append(batch, now)).await;
        if let Err(error) = appended {
            accounts.dropped(source.as_str(), DropReason::JournalUnavailable, kept);
            return Err(error.to_string());
        }
        accounts.add(Boundary::Intake, source.as_str(), Outcome::Kept, kept);
        if missing > 0 {
            accounts.dropped(source.as_str(), DropReason::LostAtSender, missing);
        }
        self.note_records(point, (last, missing)).await;
        Ok(last)
    }

    /// An edge had to forget records before they were taken.
    pub(super) async fn lost_records(
        &self,
        intake: &Intake,
        point: &PointId,
        (from, to): (u64, u64),
    ) {
        let had = self.records_to(intake, point);
        let from = from.max(had.saturating_add(1));
        if to < from {
            return;
        }
        let lost = to - from + 1;
        if let Ok(source) = SourceId::parse(point.as_str()) {
            let accounts = &intake.accounts;
            accounts.add(Boundary::Intake, source.as_str(), Outcome::Received, lost);
            accounts.dropped(source.as_str(), DropReason::LostAtSender, lost);
        }
        tracing::warn!(%point, from, to, "an edge had to forget records");
        self.note_records(point, (to, lost)).await;
    }

    async fn note_records(&self, point: &PointId, (to, lost): (u64, u64)) {
        if let Err(error) = self.state.save_edge_records(point, (to, lost)).await {
            tracing::warn!(%error, %point, "how far an edge's records are is in the journal alone");
        }
        if let Some(entry) = self.edges().get_mut(point) {
            entry.records_to = entry.records_to.max(to);
            entry.records_lost += lost;
        }
    }
}
