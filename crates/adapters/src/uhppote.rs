//! UHPPOTE door controllers over UDP: events in, requests out, and nothing lost that the controller
//! still remembers.
//!
//! A controller sends each event once and numbers it. A number that is missing is asked for until
//! it is there; what the controller has overwritten meanwhile is counted as lost, and said.
//! Datagrams are believed from the controller's own address only, which is all that this protocol
//! proves.

mod controller;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use codec::uhppote::{Body, Event, Listener, MESSAGE_LENGTH, Request, decode};
use model::Timestamp;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::AdapterError;
use crate::intake::Now;
use crate::limits;
use crate::listen;
use controller::Controller;

/// The listener's name in errors.
pub const LISTENER: &str = "uhppote";

/// One controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControllerConfig {
    /// Its serial number.
    pub serial_number: u32,
    /// Where it is; usually port 60000.
    pub address: SocketAddr,
    /// The number of the last event that was taken; `None` begins with the next one.
    pub last_event: Option<u32>,
}

/// How to listen, and to whom.
#[derive(Debug, Clone)]
pub struct UhppoteConfig {
    /// Where events and answers come; port 0 takes any free one.
    pub address: SocketAddr,
    /// The controllers.
    pub controllers: Vec<ControllerConfig>,
    /// What controllers are told to send events to; `None` leaves them as they are.
    pub announce: Option<Listener>,
    /// How long an answer may take.
    pub answer_max: Duration,
    /// How often a request is sent that may be repeated.
    pub tries_max: u32,
    /// How often a controller that says nothing is asked for its state.
    pub look: Duration,
}

impl UhppoteConfig {
    /// The defaults.
    #[must_use]
    pub fn at(address: SocketAddr, controllers: Vec<ControllerConfig>) -> Self {
        Self {
            address,
            controllers,
            announce: None,
            answer_max: limits::UHPPOTE_ANSWER_MAX,
            tries_max: limits::UHPPOTE_TRIES_MAX,
            look: limits::UHPPOTE_LOOK,
        }
    }
}

/// Something happened at a controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControllerEvent {
    /// Which.
    pub serial_number: u32,
    /// When it was taken.
    pub at: Timestamp,
    /// What.
    pub what: ControllerHappened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControllerHappened {
    /// The next event, in the order of the controller's own numbers.
    Event {
        /// The event.
        event: Event,
        /// Whether it had to be asked for.
        is_recovered: bool,
    },
    /// These numbers are gone: the controller has overwritten them.
    Lost {
        /// The first.
        from: u32,
        /// The last.
        to: u32,
    },
    /// Its numbers began afresh: its memory was cleared.
    Restarted,
    /// It answers.
    Online,
    /// It does not answer.
    Offline,
}

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// There is no such controller.
    #[error("there is no controller {0}")]
    NoSuchController(u32),
    /// It did not answer. A door may have been opened nevertheless.
    #[error("the controller does not answer")]
    NoAnswer,
    /// Too many requests wait for it.
    #[error("too many requests wait for the controller")]
    Full,
    /// The adapter is stopped.
    #[error("the controllers are not spoken to any more")]
    Stopped,
}

/// What was counted since the start, over all controllers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UhppoteCounters {
    /// Datagrams taken.
    pub datagrams: u64,
    /// Datagrams that are no message.
    pub unreadable: u64,
    /// Datagrams of controllers that are not ours, or from an address that is not theirs.
    pub strangers: u64,
    /// Datagrams dropped because their controller was busy; its events are asked for again.
    pub datagrams_dropped: u64,
    /// Events handed on.
    pub events: u64,
    /// Of these, asked for because they did not come by themselves.
    pub recovered: u64,
    /// Events that came again.
    pub repeated: u64,
    /// Events that the controller had overwritten.
    pub lost: u64,
    /// Requests sent again.
    pub retries: u64,
}

type Counters = Arc<Mutex<UhppoteCounters>>;

fn count(counters: &Counters, change: impl FnOnce(&mut UhppoteCounters)) {
    change(&mut counters.lock().unwrap_or_else(PoisonError::into_inner));
}

/// A request, and who waits for its answer.
type Asked = (Request, oneshot::Sender<Result<Body, RequestError>>);

/// Where requests are given. Cheap to clone.
#[derive(Clone)]
pub struct Requests {
    controllers: Arc<BTreeMap<u32, mpsc::Sender<Asked>>>,
    counters: Counters,
}

impl Requests {
    /// Asks a controller, and waits for its answer. What may be repeated is, when no answer comes;
    /// a door is opened at most once.
    ///
    /// # Errors
    /// [`RequestError`]: no such controller, no answer, no room, or stopped.
    pub async fn ask(&self, serial_number: u32, request: Request) -> Result<Body, RequestError> {
        let asks = self.controllers.get(&serial_number);
        let asks = asks.ok_or(RequestError::NoSuchController(serial_number))?;
        let (answer, answered) = oneshot::channel();
        asks.try_send((request, answer)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => RequestError::Full,
            mpsc::error::TrySendError::Closed(_) => RequestError::Stopped,
        })?;
        answered.await.map_err(|_| RequestError::Stopped)?
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> UhppoteCounters {
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bound socket that nobody reads yet.
pub struct Uhppote {
    config: UhppoteConfig,
    socket: Arc<UdpSocket>,
    address: SocketAddr,
    asked: Vec<(ControllerConfig, mpsc::Receiver<Asked>)>,
    requests: Requests,
}

impl Uhppote {
    /// Binds, failing early. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`AdapterError`]: the address cannot be had, or two controllers have one serial number.
    pub fn bind(config: UhppoteConfig) -> Result<Self, AdapterError> {
        let (plain, _) = listen::udp(LISTENER, config.address, limits::UHPPOTE_RECEIVE_BYTES)?;
        let address = plain.local_addr().unwrap_or(config.address);
        let socket = UdpSocket::from_std(plain).map_err(|source| AdapterError::Socket {
            listener: LISTENER.to_owned(),
            address,
            source,
        })?;
        let mut controllers = BTreeMap::new();
        let mut asked = Vec::new();
        for controller in &config.controllers {
            let (asks, receiver) = mpsc::channel(limits::UHPPOTE_REQUESTS_MAX);
            if controllers.insert(controller.serial_number, asks).is_some() {
                let detail = format!("controller {} is there twice", controller.serial_number);
                return Err(AdapterError::Setting { setting: "controllers", detail });
            }
            asked.push((*controller, receiver));
        }
        let (controllers, counters) = (Arc::new(controllers), Counters::default());
        let requests = Requests { controllers, counters };
        Ok(Self { config, socket: Arc::new(socket), address, asked, requests })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where requests are given.
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.requests.clone()
    }

    /// Serves every controller until asked to stop. `events`: when it is full, controllers wait;
    /// they remember their events themselves.
    ///
    /// # Errors
    /// [`AdapterError::Socket`]: the socket broke.
    pub async fn run(
        self,
        clock: Now,
        events: mpsc::Sender<ControllerEvent>,
        shutdown: CancellationToken,
    ) -> Result<(), AdapterError> {
        let mut tasks = JoinSet::new();
        let mut ears = BTreeMap::new();
        let counters = Arc::clone(&self.requests.counters);
        for (config, asked) in self.asked {
            let (ear, heard) = mpsc::channel(limits::UHPPOTE_DATAGRAMS_MAX);
            ears.insert(config.serial_number, (config.address, ear));
            let controller = Controller {
                config,
                answer_max: self.config.answer_max,
                tries_max: self.config.tries_max.max(1),
                look: self.config.look,
                announce: self.config.announce,
                socket: Arc::clone(&self.socket),
                heard,
                asked,
                events: events.clone(),
                clock: Arc::clone(&clock),
                counters: Arc::clone(&counters),
                last: config.last_event,
                latest: None,
                is_online: None,
            };
            let shutdown = shutdown.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = controller.run() => {}
                }
            });
        }
        let mut buffer = [0; 2 * MESSAGE_LENGTH];
        loop {
            let received = tokio::select! {
                () = shutdown.cancelled() => break,
                received = self.socket.recv_from(&mut buffer) => received,
            };
            let (length, from) = match received {
                Ok(received) => received,
                // The other side's port is closed: it will be heard again when it is back.
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => continue,
                Err(source) => {
                    let (listener, address) = (LISTENER.to_owned(), self.address);
                    return Err(AdapterError::Socket { listener, address, source });
                }
            };
            count(&counters, |counters| counters.datagrams += 1);
            let Ok(message) = decode(buffer.get(..length).unwrap_or_default()) else {
                count(&counters, |counters| counters.unreadable += 1);
                continue;
            };
            match ears.get(&message.serial_number) {
                Some((address, ear)) if address.ip() == from.ip() => {
                    if ear.try_send(message).is_err() {
                        count(&counters, |counters| counters.datagrams_dropped += 1);
                    }
                }
                Some(_) | None => count(&counters, |counters| counters.strangers += 1),
            }
        }
        tasks.join_all().await;
        Ok(())
    }
}
