//! What every adapter is handed, and the one way it hands on.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{Timestamp, Trust, Wire};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::account::{Account, Note};
use crate::intake::{AckOutcome, Batch, Intake, IntakeClosed, Mark, Now, Observed};
use crate::limits;

/// What every adapter is handed.
#[derive(Clone)]
pub struct Wiring {
    /// Where records go.
    pub intake: Intake,
    /// What time it is.
    pub clock: Now,
    /// Where counts go.
    pub account: Arc<dyn Account>,
    /// Asks the adapter to stop. It hands on what it has taken, then returns; so the receiver must
    /// go on receiving until the last adapter has returned.
    pub shutdown: CancellationToken,
}

impl Wiring {
    /// The clock's time.
    pub(crate) fn time(&self) -> Timestamp {
        (self.clock)()
    }

    /// Offers `records`, and a mark beside them, until they are journalled. `None` when the program
    /// stops before that.
    ///
    /// # Errors
    /// [`IntakeClosed`]: nobody receives any more.
    pub async fn until_journalled(
        &self,
        records: Vec<Observed>,
        mark: Option<Mark>,
    ) -> Result<Option<()>, IntakeClosed> {
        loop {
            let (ack, answer) = oneshot::channel();
            let batch = Batch { records: records.clone(), ack: Some(ack), mark: mark.clone() };
            let sent = tokio::select! {
                biased;
                sent = self.intake.send(batch) => sent,
                () = self.shutdown.cancelled() => return Ok(None),
            };
            sent?;
            let wait = match answer.await {
                Ok(AckOutcome::Journalled) => return Ok(Some(())),
                Ok(AckOutcome::Refused { retry_after }) => retry_after,
                Err(_) => limits::REFUSED_RETRY,
            };
            if self.is_shut_down_within(wait).await {
                return Ok(None);
            }
        }
    }

    /// Sleeps for `wait`, or less when the program stops, which it says.
    pub(crate) async fn is_shut_down_within(&self, wait: Duration) -> bool {
        tokio::time::timeout(wait, self.shutdown.cancelled()).await.is_ok()
    }
}

/// Who says something: what all records of one connection or listener share.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub listener: Arc<str>,
    pub peer: Option<Arc<str>>,
    pub trust: Trust,
    pub identity: Option<Arc<str>>,
    pub wire: Wire,
}

impl Origin {
    pub(crate) fn of(listener: &str, wire: Wire) -> Self {
        let listener = listener.into();
        Self { listener, peer: None, trust: Trust::None, identity: None, wire }
    }

    pub(crate) fn observed(&self, at: Timestamp, body: Vec<u8>, bytes_cut: u64) -> Observed {
        Observed {
            received_at: at,
            wire: self.wire,
            listener: Arc::clone(&self.listener),
            peer: self.peer.clone(),
            topic: None,
            trust: self.trust,
            identity: self.identity.clone(),
            bytes_cut,
            body,
        }
    }
}

/// Text forms of addresses, each made once.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    known: HashMap<IpAddr, Arc<str>>,
}

impl Peers {
    pub(crate) fn name(&mut self, address: IpAddr) -> Arc<str> {
        let address = address.to_canonical();
        if let Some(name) = self.known.get(&address) {
            return Arc::clone(name);
        }
        if self.known.len() >= limits::PEERS_REMEMBERED_MAX {
            self.known.clear();
        }
        let name: Arc<str> = address.to_string().into();
        self.known.insert(address, Arc::clone(&name));
        name
    }
}

/// Cuts `body` at `max` and says how much was cut.
pub(crate) fn cut(body: &mut Vec<u8>, max: usize) -> u64 {
    let over = body.len().saturating_sub(max);
    body.truncate(max);
    over as u64
}

/// Counts records cut among `records`.
pub(crate) fn note_cut(account: &dyn Account, listener: &str, records: &[Observed]) {
    let cut = records.iter().filter(|record| record.bytes_cut > 0).count() as u64;
    if cut > 0 {
        account.noted(listener, Note::Truncated, cut);
    }
}
