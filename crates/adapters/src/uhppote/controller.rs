//! One controller: a request at a time, and its events in their order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use codec::uhppote::{
    Body, DateTime, Event, EventType, Listener, MESSAGE_LENGTH, Message, Request, Status, decode,
};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{
    Asked, ControllerConfig, ControllerEvent, ControllerHappened, Counters, RequestError, count,
};
use crate::intake::Now;

/// Asks for the oldest event that is kept.
const OLDEST: u32 = 0;

pub(super) struct Controller {
    pub config: ControllerConfig,
    pub answer_max: Duration,
    pub tries_max: u32,
    pub look: Duration,
    pub announce: Option<Listener>,
    pub socket: Arc<UdpSocket>,
    pub heard: mpsc::Receiver<Message>,
    pub asked: mpsc::Receiver<Asked>,
    pub events: mpsc::Sender<ControllerEvent>,
    pub clock: Now,
    pub counters: Counters,
    /// The number of the last event handed on.
    pub last: Option<u32>,
    /// When that was, on the controller's clock.
    pub latest: Option<DateTime>,
    pub is_online: Option<bool>,
}

/// The receiving end of events or the adapter itself is gone.
struct Gone;

impl Controller {
    /// Serves until its channels are closed.
    pub async fn run(mut self) {
        if let Some(listener) = self.announce {
            // One that does not answer now is told when it is back.
            let _ = self.ask(&Request::SetListener(listener)).await;
        }
        while self.turn().await.is_ok() {}
    }

    async fn turn(&mut self) -> Result<(), Gone> {
        tokio::select! {
            biased;
            asked = self.asked.recv() => {
                let (request, answer) = asked.ok_or(Gone)?;
                let answered = self.ask_apart(&request).await;
                self.online(answered != Err(RequestError::NoAnswer)).await?;
                // Nobody waiting for the answer is fine.
                let _ = answer.send(answered);
                Ok(())
            }
            heard = self.heard.recv() => {
                let message = heard.ok_or(Gone)?;
                self.online(true).await?;
                self.take(&message).await
            }
            () = tokio::time::sleep(self.look) => match self.ask(&Request::GetStatus).await {
                Ok(Body::Status(status)) => {
                    if self.is_online == Some(false) && let Some(listener) = self.announce {
                        let _ = self.ask(&Request::SetListener(listener)).await;
                    }
                    self.online(true).await?;
                    self.take_status(&status).await
                }
                Ok(_) => Ok(()),
                Err(_) => self.online(false).await,
            },
        }
    }

    /// Sends a request and waits for its answer. Events that come meanwhile are not lost: their
    /// numbers are missed afterwards, and asked for.
    async fn ask(&mut self, request: &Request) -> Result<Body, RequestError> {
        let packet = request.encode(self.config.serial_number);
        let tries = if request.is_repeatable() { self.tries_max } else { 1 };
        for attempt in 0..tries {
            if attempt > 0 {
                count(&self.counters, |counters| counters.retries += 1);
            }
            // A datagram that cannot be sent is one that is not answered.
            let _ = self.socket.send_to(&packet, self.config.address).await;
            let answer = timeout(self.answer_max, async {
                loop {
                    let message = self.heard.recv().await?;
                    if is_answer(request, &message) {
                        return Some(message.body);
                    }
                }
            });
            match answer.await {
                Ok(Some(body)) => return Ok(body),
                Ok(None) => return Err(RequestError::Stopped),
                Err(_) => {}
            }
        }
        Err(RequestError::NoAnswer)
    }

    /// The same on a socket of its own. Neither requests nor answers are numbered, and *no such
    /// card* names no card: a late answer must not be taken for the answer to what is asked now. It
    /// goes to the socket that asked for it, which is gone by then.
    async fn ask_apart(&self, request: &Request) -> Result<Body, RequestError> {
        let here = self.socket.local_addr().map(|at| SocketAddr::new(at.ip(), 0));
        let bound = match here {
            Ok(here) => UdpSocket::bind(here).await,
            Err(error) => Err(error),
        };
        // Without a socket nothing can be asked: that is a request without an answer.
        let socket = bound.map_err(|_| RequestError::NoAnswer)?;
        let packet = request.encode(self.config.serial_number);
        let tries = if request.is_repeatable() { self.tries_max } else { 1 };
        for attempt in 0..tries {
            if attempt > 0 {
                count(&self.counters, |counters| counters.retries += 1);
            }
            let _ = socket.send_to(&packet, self.config.address).await;
            if let Ok(Some(body)) = timeout(self.answer_max, self.answer(&socket, request)).await {
                return Ok(body);
            }
        }
        Err(RequestError::NoAnswer)
    }

    /// The answer to a request that this socket has sent; none: the socket broke.
    async fn answer(&self, socket: &UdpSocket, request: &Request) -> Option<Body> {
        let mut buffer = [0; 2 * MESSAGE_LENGTH];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.ok()?;
            count(&self.counters, |counters| counters.datagrams += 1);
            let Ok(message) = decode(buffer.get(..length).unwrap_or_default()) else {
                count(&self.counters, |counters| counters.unreadable += 1);
                continue;
            };
            let is_theirs = message.serial_number == self.config.serial_number
                && from.ip() == self.config.address.ip();
            if !is_theirs {
                count(&self.counters, |counters| counters.strangers += 1);
            } else if is_answer(request, &message) {
                return Some(message.body);
            }
        }
    }

    async fn take(&mut self, message: &Message) -> Result<(), Gone> {
        match &message.body {
            Body::Status(status) => self.take_status(status).await,
            // A late answer to what nobody waits for any more.
            _ => Ok(()),
        }
    }

    async fn take_status(&mut self, status: &Status) -> Result<(), Gone> {
        let event = status.event;
        if event.index == 0 {
            return Ok(());
        }
        let Some(last) = self.last else {
            return self.hand_on(event, false).await;
        };
        if event.index <= last {
            let is_newer = event.index < last
                && event.timestamp.zip(self.latest).is_some_and(|(now, then)| is_after(now, then));
            if !is_newer {
                count(&self.counters, |counters| counters.repeated += 1);
                return Ok(());
            }
            self.last = Some(0);
            self.say(ControllerHappened::Restarted).await?;
        }
        self.recover(event.index).await?;
        // Only when everything before it is there: else it is missed too, and asked for later.
        if self.last == event.index.checked_sub(1) {
            self.hand_on(event, false).await?;
        }
        Ok(())
    }

    /// Asks for every event between the last one and `up_to`, which is at hand.
    async fn recover(&mut self, up_to: u32) -> Result<(), Gone> {
        while let Some(next) = self.last.and_then(|last| last.checked_add(1))
            && next < up_to
        {
            match self.ask(&Request::GetEvent(next)).await {
                Ok(Body::Event(event)) if event.index == next && is_there(&event) => {
                    self.hand_on(event, true).await?;
                }
                Ok(Body::Event(_)) => self.skip_lost(next, up_to).await?,
                // It does not answer: the next event or look begins here again.
                Ok(_) | Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// What was overwritten is passed over at once, up to the oldest that is kept.
    async fn skip_lost(&mut self, next: u32, up_to: u32) -> Result<(), Gone> {
        let oldest = match self.ask(&Request::GetEvent(OLDEST)).await {
            Ok(Body::Event(event)) if is_there(&event) && event.index > next => event.index,
            Ok(_) => next.saturating_add(1),
            Err(_) => return Ok(()),
        };
        let to = oldest.min(up_to).saturating_sub(1).max(next);
        count(&self.counters, |counters| counters.lost += u64::from(to - next) + 1);
        self.last = Some(to);
        self.say(ControllerHappened::Lost { from: next, to }).await
    }

    async fn hand_on(&mut self, event: Event, is_recovered: bool) -> Result<(), Gone> {
        self.say(ControllerHappened::Event { event, is_recovered }).await?;
        self.last = Some(event.index);
        self.latest = event.timestamp.or(self.latest);
        count(&self.counters, |counters| {
            counters.events += 1;
            counters.recovered += u64::from(is_recovered);
        });
        Ok(())
    }

    async fn online(&mut self, is_online: bool) -> Result<(), Gone> {
        if self.is_online == Some(is_online) {
            return Ok(());
        }
        self.is_online = Some(is_online);
        let what = if is_online { ControllerHappened::Online } else { ControllerHappened::Offline };
        self.say(what).await
    }

    async fn say(&mut self, what: ControllerHappened) -> Result<(), Gone> {
        let (serial_number, at) = (self.config.serial_number, (self.clock)());
        self.events.send(ControllerEvent { serial_number, at, what }).await.map_err(|_| Gone)
    }
}

/// Whether the message answers the request: the protocol has no numbers for requests, but each
/// answer repeats what was asked for.
fn is_answer(request: &Request, message: &Message) -> bool {
    let is_same_thing = match (request, &message.body) {
        (Request::GetEvent(OLDEST | u32::MAX), Body::Event(_)) => true,
        // A number that is gone is answered by 0 or by a later one; an earlier one is a late answer
        // to what was asked before.
        (Request::GetEvent(index), Body::Event(event)) => event.index == 0 || event.index >= *index,
        (Request::GetCard(number), Body::Card(Some(card))) => card.card_number == *number,
        (Request::GetDoorControl(door), Body::DoorControl(control)) => control.door == *door,
        (Request::SetDoorControl(wanted), Body::DoorControl(control)) => {
            control.door == wanted.door
        }
        _ => true,
    };
    message.function == request.function() && is_same_thing
}

/// Whether the record holds an event: not empty, not overwritten.
const fn is_there(event: &Event) -> bool {
    event.index != 0 && !matches!(event.event_type, EventType::None | EventType::Overwritten)
}

fn is_after(now: DateTime, then: DateTime) -> bool {
    let key = |DateTime(local): DateTime| {
        (local.year, local.month, local.day, local.hour, local.minute, local.second)
    };
    key(now) > key(then)
}
