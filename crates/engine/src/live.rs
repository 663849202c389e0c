//! The live stream: events and incidents as they happen, to bounded subscribers.

use std::sync::Arc;

use model::{Finding, Incident, PlaceId};
use tokio::sync::broadcast;

use crate::watch::doors::DoorState;
use crate::watch::refused::Refusal;

/// One message of the live stream.
#[derive(Debug, Clone)]
pub enum LiveMessage {
    /// An event, as JSON, and its site.
    Event(Arc<str>, Option<PlaceId>),
    /// A finding.
    Finding(Arc<Finding>),
    /// An incident as it now is.
    Incident(Arc<Incident>),
    /// A door as it now stands.
    Door(Arc<DoorState>),
    /// Somebody was not let through.
    Refused(Arc<Refusal>),
}

/// Hands messages to subscribers. One that falls behind the backlog loses the oldest, and is told
/// how many.
#[derive(Clone)]
pub struct Live {
    events: broadcast::Sender<LiveMessage>,
    incidents: broadcast::Sender<LiveMessage>,
}

impl Live {
    /// A stream whose subscribers may fall `backlog` messages behind.
    pub fn new(backlog: usize) -> Self {
        let backlog = backlog.clamp(1, 1 << 20);
        Self { events: broadcast::channel(backlog).0, incidents: broadcast::channel(backlog).0 }
    }

    /// Whether anybody wants events: making their JSON costs.
    pub fn wants_events(&self) -> bool {
        self.events.receiver_count() > 0
    }

    /// Subscribers now.
    pub fn subscribers(&self) -> usize {
        self.incidents.receiver_count() + self.events.receiver_count()
    }

    /// Hands one message on. Nobody listening is fine.
    pub fn send(&self, message: LiveMessage) {
        let sender = match &message {
            LiveMessage::Event(..) => &self.events,
            LiveMessage::Finding(_)
            | LiveMessage::Incident(_)
            | LiveMessage::Door(_)
            | LiveMessage::Refused(_) => &self.incidents,
        };
        let _ = sender.send(message);
    }

    /// A subscription to findings, incidents, doors and refusals.
    pub fn incidents(&self) -> broadcast::Receiver<LiveMessage> {
        self.incidents.subscribe()
    }

    /// A subscription to events.
    pub fn events(&self) -> broadcast::Receiver<LiveMessage> {
        self.events.subscribe()
    }
}
