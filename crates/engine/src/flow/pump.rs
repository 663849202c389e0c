//! From listeners to the journal: assigns, appends in groups, acknowledges what is durable.

use std::sync::Arc;
use std::time::Duration;

use adapters::{AckOutcome, Batch, IntakeReceiver};
use model::{DropReason, Record, SourceId};
use store::{AppendError, Journal, Retry};
use tokio::sync::oneshot;
use tokio::task::block_in_place;

use crate::accounting::{Accounts, Boundary, Outcome};
use crate::clock::Clock;
use crate::flow::assign::assigned;
use crate::flow::silencer::Silencer;
use crate::knowledge::Current;
use crate::limits::Limits;

/// How long a refused batch waits when the journal does not say.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Groups on their way to the disk at once: enough to keep it busy, few enough to stay in order.
const IN_FLIGHT_MAX: usize = 4;

/// What the pump needs.
#[derive(Clone)]
pub struct Pump {
    /// Where records become durable.
    pub journal: Arc<Journal>,
    /// Whose they are.
    pub current: Arc<Current>,
    /// Where they are counted.
    pub accounts: Arc<Accounts>,
    /// What time it is.
    pub clock: Clock,
    /// Who hears that a source spoke.
    pub silencer: Arc<Silencer>,
    /// Bounds.
    pub limits: Limits,
    /// Whose everything is that comes this way; by match if `None`.
    pub source: Option<SourceId>,
}

/// Those who wait for one batch's fate, and what is counted for it.
struct Waiting {
    marks: Vec<store::Mark>,
    acks: Vec<oneshot::Sender<AckOutcome>>,
    sources: Vec<(SourceId, u64)>,
}

impl Pump {
    /// Runs until the intake is closed and empty.
    pub async fn run(self, mut intake: IntakeReceiver) {
        let flights = Arc::new(tokio::sync::Semaphore::new(IN_FLIGHT_MAX));
        while let Some(first) = intake.recv().await {
            let Ok(permit) = Arc::clone(&flights).acquire_owned().await else { return };
            let (records, waiting) = self.gather(first, &mut intake);
            let pump = self.clone();
            tokio::spawn(async move {
                pump.append(records, waiting).await;
                drop(permit);
            });
        }
        // The last groups: the program must not end before their fate is known.
        let all = u32::try_from(IN_FLIGHT_MAX).unwrap_or(u32::MAX);
        let _ = flights.acquire_many(all).await;
    }

    /// Offers one group to the journal until it is durable. While the journal is full the group
    /// waits here: TCP and MQTT senders then wait too, and UDP is dropped at the queue, counted.
    async fn append(&self, records: Vec<Record>, waiting: Waiting) {
        loop {
            let now = self.clock.now();
            let marks = waiting.marks.clone();
            let batch = store::Batch { records: records.clone(), marks, idempotency: None };
            // The append encodes and compresses here, before it waits.
            let error = match block_in_place(|| self.journal.append(batch, now)).await {
                Ok(_) => return self.keep(waiting),
                Err(error) => error,
            };
            match error.retry() {
                Retry::After(wait) => {
                    tracing::error!(reason = %error, "journal takes nothing, waiting");
                    tokio::time::sleep(wait).await;
                }
                Retry::Never => return self.lose(&error, waiting),
            }
        }
    }

    /// Takes what waits, up to one journal batch, and finds out whose it is.
    fn gather(&self, first: Batch, intake: &mut IntakeReceiver) -> (Vec<Record>, Waiting) {
        let max = Limits::count(self.limits.journal_batch_records_max);
        let knowledge = self.current.get();
        let mut waiting = Waiting { marks: Vec::new(), acks: Vec::new(), sources: Vec::new() };
        let mut records = Vec::with_capacity(first.records.len());
        let mut listeners: Vec<(Arc<str>, u64)> = Vec::new();
        let mut next = Some(first);
        while let Some(batch) = next.take() {
            waiting.acks.extend(batch.ack);
            let mark = |adapters::Mark { key_hash, note }| store::Mark { key_hash, note };
            waiting.marks.extend(batch.mark.map(mark));
            for observed in batch.records {
                let raw = match &self.source {
                    Some(source) => assigned(observed, source),
                    None => knowledge.assigner.assign(observed),
                };
                count(&mut waiting.sources, &raw.source);
                count(&mut listeners, &raw.listener);
                records.push(Record::from(raw));
            }
            if records.len() < max {
                next = intake.try_recv();
            }
        }
        for (listener, n) in &listeners {
            self.accounts.add(Boundary::Listen, listener, Outcome::Kept, *n);
        }
        let now = self.clock.now();
        for (source, n) in &waiting.sources {
            self.accounts.add(Boundary::Intake, source.as_str(), Outcome::Received, *n);
            records.extend(self.silencer.heard(source, now));
        }
        (records, waiting)
    }

    fn keep(&self, waiting: Waiting) {
        for (source, n) in &waiting.sources {
            self.accounts.add(Boundary::Intake, source.as_str(), Outcome::Kept, *n);
        }
        for ack in waiting.acks {
            let _ = ack.send(AckOutcome::Journalled);
        }
    }

    /// The journal is closed or will never take this group: whoever can is told to come again.
    fn lose(&self, error: &AppendError, waiting: Waiting) {
        tracing::error!(reason = %error, "journal refused records for good");
        for (source, n) in &waiting.sources {
            self.accounts.dropped(source.as_str(), DropReason::JournalUnavailable, *n);
        }
        for ack in waiting.acks {
            let _ = ack.send(AckOutcome::Refused { retry_after: RETRY_AFTER });
        }
    }
}

fn count<K: PartialEq + Clone>(counts: &mut Vec<(K, u64)>, key: &K) {
    match counts.iter_mut().find(|(known, _)| known == key) {
        Some((_, n)) => *n += 1,
        None => counts.push((key.clone(), 1)),
    }
}
