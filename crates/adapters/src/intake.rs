//! The one door inwards: a queue bounded by records and by bytes, between adapters and the journal.

use std::sync::Arc;
use std::time::Duration;

use model::{Timestamp, Trust, Wire};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::limits;

/// A clock handed in: adapters own none.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// One record as it was observed, not yet assigned to a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// When its last byte was taken from the transport.
    pub received_at: Timestamp,
    /// How `body` is to be read.
    pub wire: Wire,
    /// Which listener took it, as in `model::Raw::listener`.
    pub listener: Arc<str>,
    /// The sender's IP address without its port.
    pub peer: Option<Arc<str>>,
    /// The MQTT topic.
    pub topic: Option<Arc<str>>,
    /// What the transport proves: `Mtls` after a verified client certificate, else `None`.
    pub trust: Trust,
    /// Who the transport says it is: a client certificate's common name.
    pub identity: Option<Arc<str>>,
    /// Bytes cut off the end by a limit; 0 when whole.
    pub bytes_cut: u64,
    /// The bytes, never edited.
    pub body: Vec<u8>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckOutcome {
    /// Every record is durable.
    Journalled,
    /// None is kept; offer the batch again no sooner than this.
    Refused {
        /// How long to wait.
        retry_after: Duration,
    },
}

/// Records that become durable together.
#[derive(Debug)]
pub struct Batch {
    /// In order of arrival.
    pub records: Vec<Observed>,
    /// Told once the records are journalled or refused. Dropping it means refused.
    pub ack: Option<oneshot::Sender<AckOutcome>>,
    /// Becomes durable with them, or not at all.
    pub mark: Option<Mark>,
}

/// How far a reader of files has come with a batch, in the words of whoever keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Hash of what it is about; a later mark of the same key takes its place.
    pub key_hash: [u8; 32],
    /// What is noted.
    pub note: Vec<u8>,
}

impl Batch {
    fn bytes(&self) -> usize {
        self.records.iter().map(|record| record.body.len()).sum()
    }
}

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntakeLimits {
    /// Records.
    pub records_max: usize,
    /// Bytes of their bodies.
    pub bytes_max: usize,
}

impl Default for IntakeLimits {
    fn default() -> Self {
        Self { records_max: limits::INTAKE_RECORDS_MAX, bytes_max: limits::INTAKE_BYTES_MAX }
    }
}

/// The receiving end is gone: the program is shutting down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the intake queue is closed")]
pub struct IntakeClosed;

/// Why a batch was not taken at once. The batch is given back.
#[derive(Debug, thiserror::Error)]
pub enum TrySendError {
    /// No room now.
    #[error("the intake queue is full")]
    Full(Batch),
    /// The receiving end is gone.
    #[error("the intake queue is closed")]
    Closed(Batch),
}

#[derive(Debug)]
struct Room {
    limits: IntakeLimits,
    records: Arc<Semaphore>,
    // In KiB, because a semaphore counts in u32.
    kibibytes: Arc<Semaphore>,
}

type Held = (OwnedSemaphorePermit, OwnedSemaphorePermit);

impl Room {
    fn new(limits: IntakeLimits) -> Self {
        let kibibytes = limits.bytes_max.div_ceil(1024).clamp(1, u32::MAX as usize);
        let records = limits.records_max.clamp(1, u32::MAX as usize);
        Self {
            limits: IntakeLimits { records_max: records, bytes_max: kibibytes * 1024 },
            records: Arc::new(Semaphore::new(records)),
            kibibytes: Arc::new(Semaphore::new(kibibytes)),
        }
    }

    /// What a batch weighs. One larger than the whole queue weighs the whole queue, so that it
    /// passes alone instead of never.
    fn weigh(&self, batch: &Batch) -> (u32, u32) {
        let records = batch.records.len().min(self.limits.records_max);
        let kibibytes = batch.bytes().div_ceil(1024).min(self.limits.bytes_max / 1024);
        (u32::try_from(records).unwrap_or(u32::MAX), u32::try_from(kibibytes).unwrap_or(u32::MAX))
    }
}

/// The adapters' end of the queue.
#[derive(Debug, Clone)]
pub struct Intake {
    tx: mpsc::UnboundedSender<(Batch, Held)>,
    room: Arc<Room>,
}

/// The journal's end of the queue.
#[derive(Debug)]
pub struct IntakeReceiver {
    rx: mpsc::UnboundedReceiver<(Batch, Held)>,
}

/// Makes the queue.
// The channel itself is unbounded because the two semaphores bound what can be in it: a batch
// enters only with its permits, and holds at least one record.
pub fn intake(limits: IntakeLimits) -> (Intake, IntakeReceiver) {
    // tidy: channel: bounded by the two semaphores above
    let (tx, rx) = mpsc::unbounded_channel();
    (Intake { tx, room: Arc::new(Room::new(limits)) }, IntakeReceiver { rx })
}

impl Intake {
    /// Waits for room, then hands the batch on. First come, first served among waiting tasks.
    /// An empty batch is acknowledged at once.
    pub async fn send(&self, batch: Batch) -> Result<(), IntakeClosed> {
        let Some(batch) = unless_empty(batch) else {
            return Ok(());
        };
        let (records, kibibytes) = self.room.weigh(&batch);
        let room = &self.room;
        // INVARIANT: both sides take records first, so two senders never hold half each for ever.
        let wait = async {
            let records = Arc::clone(&room.records).acquire_many_owned(records).await;
            let bytes = Arc::clone(&room.kibibytes).acquire_many_owned(kibibytes).await;
            records.ok().zip(bytes.ok())
        };
        let held = tokio::select! {
            held = wait => held.ok_or(IntakeClosed)?,
            () = self.tx.closed() => return Err(IntakeClosed),
        };
        self.tx.send((batch, held)).map_err(|_| IntakeClosed)
    }

    /// Hands the batch on if there is room now; else gives it back whole.
    pub fn try_send(&self, batch: Batch) -> Result<(), TrySendError> {
        let Some(batch) = unless_empty(batch) else {
            return Ok(());
        };
        let (records, kibibytes) = self.room.weigh(&batch);
        let held = Arc::clone(&self.room.records)
            .try_acquire_many_owned(records)
            .ok()
            .zip(Arc::clone(&self.room.kibibytes).try_acquire_many_owned(kibibytes).ok());
        let Some(held) = held else {
            return Err(TrySendError::Full(batch));
        };
        self.tx.send((batch, held)).map_err(|refused| TrySendError::Closed(refused.0.0))
    }

    /// Records waiting now; near `records_max` the queue is about to push back.
    pub fn records_queued(&self) -> usize {
        self.room.limits.records_max.saturating_sub(self.room.records.available_permits())
    }

    /// Bytes waiting now, rounded up to KiB per batch.
    pub fn bytes_queued(&self) -> usize {
        let free = self.room.kibibytes.available_permits() * 1024;
        self.room.limits.bytes_max.saturating_sub(free)
    }

    /// The bounds in force.
    pub fn limits(&self) -> IntakeLimits {
        self.room.limits
    }
}

fn unless_empty(mut batch: Batch) -> Option<Batch> {
    if !batch.records.is_empty() {
        return Some(batch);
    }
    if let Some(ack) = batch.ack.take() {
        // Nobody waiting for the answer is fine.
        let _ = ack.send(AckOutcome::Journalled);
    }
    None
}

impl IntakeReceiver {
    /// The next batch, oldest first; its room is free again. `None` when all adapters are gone.
    pub async fn recv(&mut self) -> Option<Batch> {
        self.rx.recv().await.map(|(batch, _held)| batch)
    }

    /// The next batch if one waits now.
    pub fn try_recv(&mut self) -> Option<Batch> {
        self.rx.try_recv().ok().map(|(batch, _held)| batch)
    }

    /// Refuses further batches; what already waits can still be received.
    pub fn close(&mut self) {
        self.rx.close();
    }
}
