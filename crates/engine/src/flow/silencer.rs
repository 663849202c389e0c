//! Tells the journal who has fallen silent, who speaks again, and what time it is.

use std::sync::{Arc, Mutex, PoisonError};

use model::{Organisation, Record, SourceId, SourceState, Timestamp};
use store::{Batch, Journal};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::limits::Limits;
use crate::watch::silence::Silence;

/// Shared by everything that hears sources.
#[derive(Default)]
pub struct Silencer {
    silence: Mutex<Silence>,
}

impl Silencer {
    /// Watches an organisation's sources.
    pub fn watch(&self, org: &Organisation, since: Timestamp) {
        self.lock().watch(org, since);
    }

    /// Silence of those never heard counts from now on.
    pub fn begin(&self, now: Timestamp) {
        self.lock().begin(now);
    }

    /// A source was heard now; gives the record to journal when it had been silent.
    pub fn heard(&self, source: &SourceId, now: Timestamp) -> Option<Record> {
        self.lock().heard(source, now)
    }

    /// What the journal says of a source, when catching up.
    pub fn recall(&self, source: &SourceId, state: SourceState) {
        self.lock().recall(source, state);
    }

    /// Whether a source is silent, if it is watched, and when it was last heard.
    pub fn state_of(&self, source: &SourceId) -> (Option<SourceState>, Option<Timestamp>) {
        self.lock().state_of(source)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Silence> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a tick, and who fell silent, every so often until told to stop.
    pub async fn run(
        self: Arc<Self>,
        (journal, clock): (Arc<Journal>, Clock),
        limits: Limits,
        stop: CancellationToken,
    ) {
        let pause = Limits::ms(limits.tick_ms.max(100)) / clock.speed().max(1);
        while tokio::time::timeout(pause, stop.cancelled()).await.is_err() {
            let now = clock.now();
            let mut records = self.lock().due(now);
            records.push(Record::Tick { at: now });
            let batch = Batch { records, ..Batch::default() };
            if let Err(error) = journal.append(batch, now).await {
                // The next tick says the same again: nothing is lost but a little time.
                tracing::warn!(reason = %error, "tick not journalled");
            }
        }
    }
}
