//! The live stream: events and incidents as they happen, to bounded subscribers.

use std::sync::{Arc, OnceLock};

use model::{Finding, Incident, OccurrenceId, PlaceId};
use tokio::sync::broadcast;

use crate::command::Ordered;
use crate::edges::EdgeTold;
use crate::seats::Seats;
use crate::veil::Veil;
use crate::warden::Told;
use crate::watch::doors::DoorState;
use crate::watch::refused::Refusal;
use crate::watch::things::ThingState;

/// One message of the live stream.
#[derive(Debug, Clone)]
pub enum LiveMessage {
    /// An event.
    Event(Arc<LiveEvent>),
    /// A finding.
    Finding(Arc<Finding>),
    /// An incident as it now is.
    Incident(Arc<Incident>),
    /// A door as it now stands.
    Door(Arc<DoorState>),
    /// A thing that lost its link, or has it again.
    Thing(Arc<ThingState>),
    /// An entry of the occurrence log was written, at a site.
    Occurrence(OccurrenceId, Option<PlaceId>),
    /// Somebody was not let through.
    Refused(Arc<Refusal>),
    /// A suspension or revocation as it now stands.
    Revocation(Arc<Told>),
    /// A command to a door as it now stands.
    Command(Arc<Ordered>),
    /// An edge as it now stands.
    Edge(Arc<EdgeTold>),
}

/// An event on its way to whoever watches.
#[derive(Debug)]
pub struct LiveEvent {
    /// As JSON.
    pub json: String,
    /// Its site, as history will have it: where it happened, else its source's.
    pub site: Option<PlaceId>,
    covered: OnceLock<Option<String>>,
}

impl LiveEvent {
    /// An event of a site.
    pub fn new(json: String, site: Option<PlaceId>) -> Self {
        Self { json, site, covered: OnceLock::new() }
    }

    /// Its JSON without anybody's name, made once for all who may see none.
    pub fn covered(&self, veil: &Veil) -> &str {
        let covered = self.covered.get_or_init(|| veil.cover_json(&self.json, &|_| false));
        covered.as_deref().unwrap_or(&self.json)
    }
}

/// Hands messages to subscribers. One that falls behind the backlog loses the oldest, and is told
/// how many.
#[derive(Clone)]
pub struct Live {
    /// Who listens from outside.
    pub seats: Seats,
    events: broadcast::Sender<LiveMessage>,
    incidents: broadcast::Sender<LiveMessage>,
}

impl Live {
    /// A stream whose subscribers may fall `backlog` messages behind.
    pub fn new(backlog: usize) -> Self {
        let backlog = backlog.clamp(1, 1 << 20);
        let (events, incidents) = (broadcast::channel(backlog).0, broadcast::channel(backlog).0);
        Self { seats: Seats::default(), events, incidents }
    }

    /// Whether anybody wants events: making their JSON costs.
    pub fn wants_events(&self) -> bool {
        self.events.receiver_count() > 0
    }

    /// Hands one message on. Nobody listening is fine.
    pub fn send(&self, message: LiveMessage) {
        let sender = match &message {
            LiveMessage::Event(..) => &self.events,
            LiveMessage::Finding(_)
            | LiveMessage::Incident(_)
            | LiveMessage::Door(_)
            | LiveMessage::Thing(_)
            | LiveMessage::Refused(_)
            | LiveMessage::Revocation(_)
            | LiveMessage::Command(_)
            | LiveMessage::Edge(_)
            | LiveMessage::Occurrence(..) => &self.incidents,
        };
        let _ = sender.send(message);
    }

    /// A subscription to findings, incidents, doors, refusals and the occurrence log.
    pub fn incidents(&self) -> broadcast::Receiver<LiveMessage> {
        self.incidents.subscribe()
    }

    /// A subscription to events.
    pub fn events(&self) -> broadcast::Receiver<LiveMessage> {
        self.events.subscribe()
    }
}
