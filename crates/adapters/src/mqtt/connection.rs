//! One broker connection: takes messages in, sends acknowledgements out, reconnects.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use model::{DropReason, RejectReason};
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Outgoing, Packet, Publish, QoS, StateError,
    SubscribeFilter, SubscribeReasonCode,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use super::LISTENER;
use super::session::{Known, Number, Session};
use crate::account::Note;
use crate::intake::{IntakeClosed, Observed};
use crate::limits;
use crate::wiring::{Origin, Wiring, cut, note_cut};

/// A message on its way to the journal.
pub(super) struct Arrival {
    record: Observed,
    number: Option<Number>,
    held: OwnedSemaphorePermit,
}

/// Hands arrivals on in batches and reports those that are journalled, until asked to stop.
pub(super) async fn deliver(
    mut arrivals: mpsc::Receiver<Arrival>,
    journalled: mpsc::Sender<Vec<Number>>,
    wiring: Wiring,
) -> Result<(), IntakeClosed> {
    let mut waiting = Vec::new();
    loop {
        let taken = tokio::select! {
            biased;
            () = wiring.shutdown.cancelled() => return Ok(()),
            taken = arrivals.recv_many(&mut waiting, limits::BATCH_RECORDS_MAX) => taken,
        };
        if taken == 0 {
            return Ok(());
        }
        let numbers = waiting.iter().filter_map(|arrival| arrival.number).collect();
        let (records, held): (Vec<_>, Vec<_>) =
            waiting.drain(..).map(|arrival| (arrival.record, arrival.held)).unzip();
        if wiring.until_journalled(records, None).await?.is_none() {
            return Ok(());
        }
        drop(held);
        if journalled.send(numbers).await.is_err() {
            return Ok(());
        }
    }
}

/// Acknowledgements on their way to the broker.
pub(super) struct Acknowledger {
    client: AsyncClient,
    session: Session,
    is_connected: bool,
}

impl Acknowledger {
    fn journalled(&mut self, numbers: Vec<Number>) {
        for number in numbers {
            self.session.acknowledge(number);
            self.send(number.pkid);
        }
    }

    /// Queues an acknowledgement. One that is lost with its connection is made up for when the
    /// broker sends the message again, so none is queued while there is no connection.
    fn send(&self, pkid: u16) {
        if !self.is_connected {
            return;
        }
        let mut message = Publish::new("", QoS::AtLeastOnce, Vec::new());
        message.pkid = pkid;
        if let Err(error) = self.client.try_ack(&message) {
            tracing::warn!(listener = LISTENER, %error, "acknowledgement not queued");
        }
    }
}

pub(super) struct Connection {
    topics: Vec<String>,
    record_bytes_max: usize,
    events: EventLoop,
    acknowledger: Acknowledger,
    arrivals: mpsc::Sender<Arrival>,
    journalled: mpsc::Receiver<Vec<Number>>,
    kibibytes: Arc<Semaphore>,
    origin: Origin,
    wiring: Wiring,
    is_first: bool,
    wait: Duration,
}

/// The two ends that join a connection to its delivery.
pub(super) struct Ends {
    pub arrivals: mpsc::Sender<Arrival>,
    pub journalled: mpsc::Receiver<Vec<Number>>,
}

impl Connection {
    pub(super) fn new(
        config: super::MqttConfig,
        (client, events): (AsyncClient, EventLoop),
        ends: Ends,
        wiring: Wiring,
    ) -> Self {
        Self {
            topics: config.topics,
            record_bytes_max: config.record_bytes_max,
            events,
            acknowledger: Acknowledger { client, session: Session::default(), is_connected: false },
            arrivals: ends.arrivals,
            journalled: ends.journalled,
            kibibytes: Arc::new(Semaphore::new(limits::MQTT_UNACKNOWLEDGED_BYTES_MAX / 1024)),
            origin: Origin::of(LISTENER, model::Wire::Mqtt),
            wiring,
            is_first: true,
            wait: limits::MQTT_RECONNECT.0,
        }
    }

    /// Takes messages until asked to stop or until the delivery ends.
    pub(super) async fn run(mut self) {
        while let Some(event) = self.event().await {
            match event {
                Ok(Event::Incoming(packet)) => self.take(packet),
                Ok(Event::Outgoing(_)) => {}
                Err(error) => {
                    self.lost(&error);
                    let wait = self.wait;
                    self.wait = (wait * 2).min(limits::MQTT_RECONNECT.1);
                    if self.wiring.is_shut_down_within(wait).await {
                        break;
                    }
                }
            }
        }
        // What is journalled but not acknowledged would come again after a restart.
        if timeout(limits::MQTT_LEAVE_MAX, self.leave()).await.is_err() {
            tracing::warn!(listener = LISTENER, "left the broker without a farewell");
        }
    }

    /// The next event; `None` when it is time to leave. Acknowledges meanwhile.
    async fn event(&mut self) -> Option<Result<Event, ConnectionError>> {
        let Self { events, journalled, acknowledger, wiring, .. } = self;
        // Polled to its end: cancelling it might break off a connection being made.
        let mut poll = pin!(events.poll());
        loop {
            tokio::select! {
                biased;
                () = wiring.shutdown.cancelled() => return None,
                done = journalled.recv() => acknowledger.journalled(done?),
                event = &mut poll => return Some(event),
            }
        }
    }

    /// Waits for what is on its way to the journal, acknowledges it and says farewell.
    async fn leave(&mut self) {
        while let Some(numbers) = self.journalled.recv().await {
            self.acknowledger.journalled(numbers);
        }
        if !self.acknowledger.is_connected || self.acknowledger.client.try_disconnect().is_err() {
            return;
        }
        // New messages are not taken: unacknowledged, they stay the broker's.
        while let Ok(event) = self.events.poll().await {
            if matches!(event, Event::Outgoing(Outgoing::Disconnect)) {
                return;
            }
        }
    }

    fn take(&mut self, packet: Packet) {
        match packet {
            Packet::ConnAck(connected) => {
                self.wiring.account.noted(LISTENER, Note::Connected, 1);
                self.wait = limits::MQTT_RECONNECT.0;
                self.acknowledger.is_connected = true;
                // A kept session keeps its subscriptions, but ours may have changed since the
                // last start.
                if self.is_first || !connected.session_present {
                    self.subscribe();
                }
                self.is_first = false;
            }
            Packet::Publish(message) => self.take_message(&message),
            Packet::SubAck(answer) => {
                let refused = |code: &&SubscribeReasonCode| **code == SubscribeReasonCode::Failure;
                let refused = answer.return_codes.iter().filter(refused).count();
                if refused > 0 {
                    let hint = "the broker refused subscriptions; check the account's rights";
                    tracing::error!(listener = LISTENER, refused, hint);
                }
            }
            _ => {}
        }
    }

    fn subscribe(&self) {
        let filters = self.topics.iter().cloned();
        let filters = filters.map(|topic| SubscribeFilter::new(topic, QoS::AtLeastOnce));
        if let Err(error) = self.acknowledger.client.try_subscribe_many(filters) {
            tracing::error!(listener = LISTENER, %error, "cannot subscribe");
        }
    }

    fn take_message(&mut self, message: &Publish) {
        let account = Arc::clone(&self.wiring.account);
        let number = (message.qos != QoS::AtMostOnce).then(|| Number::of(message));
        if let Some(number) = number {
            let known = self.acknowledger.session.know(number, message.dup);
            if known != Known::New {
                account.noted(LISTENER, Note::Repeated, 1);
                if known == Known::Acknowledged {
                    self.acknowledger.send(number.pkid);
                }
                return;
            }
        }
        if message.payload.is_empty() {
            account.received(LISTENER, 1);
            account.rejected(LISTENER, RejectReason::Empty, 1);
            if let Some(number) = number {
                self.acknowledger.send(number.pkid);
            }
            return;
        }
        match (self.hand_on(message, number), number) {
            (true, Some(number)) => {
                account.received(LISTENER, 1);
                self.acknowledger.session.begin(number);
            }
            (true, None) => account.received(LISTENER, 1),
            (false, None) => {
                account.received(LISTENER, 1);
                account.dropped(LISTENER, DropReason::QueueFull, 1);
            }
            (false, Some(_)) => {
                // Not acknowledged, so the broker keeps it. Breaking off makes it send again.
                tracing::warn!(listener = LISTENER, "too much unacknowledged; reconnecting");
                self.acknowledger.is_connected = false;
                self.events.clean();
            }
        }
    }

    fn hand_on(&self, message: &Publish, number: Option<Number>) -> bool {
        let kept = message.payload.len().min(self.record_bytes_max);
        let weight = u32::try_from(kept.div_ceil(1024)).unwrap_or(u32::MAX);
        let Ok(bytes) = Arc::clone(&self.kibibytes).try_acquire_many_owned(weight) else {
            return false;
        };
        let mut body = message.payload.to_vec();
        let bytes_cut = cut(&mut body, self.record_bytes_max);
        let mut record = self.origin.observed(self.wiring.time(), body, bytes_cut);
        record.topic = Some(message.topic.as_str().into());
        note_cut(self.wiring.account.as_ref(), LISTENER, std::slice::from_ref(&record));
        self.arrivals.try_send(Arrival { record, number, held: bytes }).is_ok()
    }

    fn lost(&mut self, error: &ConnectionError) {
        if std::mem::take(&mut self.acknowledger.is_connected) {
            self.wiring.account.noted(LISTENER, Note::Disconnected, 1);
        }
        let retry_ms = self.wait.as_millis() as u64;
        if let ConnectionError::MqttState(StateError::Deserialization(detail)) = error {
            let limit_bytes = limits::MQTT_PACKET_BYTES_MAX;
            let hint = "the broker sends what cannot be taken, and will send it again";
            tracing::error!(listener = LISTENER, %detail, limit_bytes, retry_ms, hint);
        } else {
            tracing::warn!(listener = LISTENER, %error, retry_ms, "not connected to the broker");
        }
    }
}
