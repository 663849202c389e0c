//! The thread that owns a line.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use codec::osdp::{
    CaptureRecord, Command, CommandRefused, Io, Outcome, Panel, PanelEvent, Reply, Scbk,
};
use codec::wiegand::osdp_keys;
use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

use super::line::Open;
use super::{BusConfig, BusCounters, BusEvent, Happened};
use crate::error::AdapterError;
use crate::intake::Now;
use crate::limits;

/// Time since some beginning, which only goes forward.
pub type Elapsed = Arc<dyn Fn() -> Duration + Send + Sync>;

/// What a line is handed.
#[derive(Clone)]
pub struct Hands {
    /// What time it is, for events.
    pub clock: Now,
    /// How time passes, for the protocol.
    pub elapsed: Elapsed,
    /// Where events go. When it is full, the newest is dropped and counted: a person presents the
    /// card again, a reader's state is asked for again.
    pub events: mpsc::Sender<BusEvent>,
    /// Where every byte of the line goes, for whoever records it; dropped and counted when full.
    pub records: Option<mpsc::Sender<CaptureRecord>>,
}

/// Why a command is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BusCommandError {
    /// There is no such reader on the line.
    #[error("there is no reader at this address on the line")]
    NoSuchReader,
    /// Too many wait to be taken up.
    #[error("too many commands wait for this line")]
    Full,
    /// The line is stopped.
    #[error("the line is stopped")]
    Stopped,
}

/// What becomes of a command: its outcome, or why the reader's queue did not take it.
pub type Taken = Result<Outcome, CommandRefused>;

/// Gives what became of a command; an error when the line was stopped before.
pub type Pending = oneshot::Receiver<Taken>;

enum Ask {
    Command(Command, Duration),
    Rotate(Scbk),
}

type Asked = (usize, Ask, oneshot::Sender<Taken>);

/// A line that runs. Dropping it stops it.
pub struct Bus {
    addresses: Vec<u8>,
    asks: SyncSender<Asked>,
    elapsed: Elapsed,
    counters: Arc<Mutex<BusCounters>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bus {
    /// Starts the thread of a line. It connects by itself, again and again.
    ///
    /// # Errors
    /// [`AdapterError::Setting`]: an address or a key that cannot be used, or no thread to be had.
    pub fn start(config: BusConfig, hands: Hands) -> Result<Self, AdapterError> {
        let readers = config.resolve()?;
        let addresses = readers.iter().map(|reader| reader.address).collect();
        let panel = Panel::new(&readers, config.timing);
        let (asks, asked) = sync_channel(limits::BUS_COMMANDS_MAX);
        let counters = Arc::new(Mutex::new(BusCounters::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let elapsed = Arc::clone(&hands.elapsed);
        let runner = Runner {
            config,
            hands,
            panel,
            asked,
            pending: BTreeMap::new(),
            next_id: 0,
            counted: BusCounters::default(),
            counters: Arc::clone(&counters),
            stop: Arc::clone(&stop),
        };
        let name = format!("osdp-{}", runner.config.id);
        let thread = thread::Builder::new().name(name).spawn(move || runner.run());
        let thread = thread.map_err(|error| AdapterError::Setting {
            setting: "readers",
            detail: format!("the system gives no thread: {error}"),
        })?;
        Ok(Self { addresses, asks, elapsed, counters, stop, thread: Some(thread) })
    }

    /// Gives a command to a reader. It is sent within `expires_in`, or not at all.
    ///
    /// # Errors
    /// [`BusCommandError`]: no such reader, no room, or stopped.
    pub fn command(
        &self,
        address: u8,
        command: Command,
        expires_in: Duration,
    ) -> Result<Pending, BusCommandError> {
        let expires = (self.elapsed)().saturating_add(expires_in);
        self.ask(address, Ask::Command(command, expires))
    }

    /// Changes a reader's key. The outcome is [`Outcome::Rotated`] with what it proved, or the
    /// refusal; the caller keeps the new key before it calls, and drops the old one after.
    ///
    /// # Errors
    /// [`BusCommandError`]: no such reader, no room, or stopped.
    pub fn rotate(&self, address: u8, key: Scbk) -> Result<Pending, BusCommandError> {
        self.ask(address, Ask::Rotate(key))
    }

    /// Tells its thread to end, and does not wait for it: see [`Bus::is_running`].
    pub fn halt(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// What was counted up to the latest turn of the line.
    #[must_use]
    pub fn counters(&self) -> BusCounters {
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether its thread runs. One that ended without [`Bus::stop`] met a fault of ours: start
    /// another.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Stops the line and waits for its end, which takes no longer than one reply may.
    pub fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It ends by itself; a panic there was its own.
            let _ = thread.join();
        }
    }

    fn ask(&self, address: u8, ask: Ask) -> Result<Pending, BusCommandError> {
        let reader = self.addresses.iter().position(|one| *one == address);
        let reader = reader.ok_or(BusCommandError::NoSuchReader)?;
        let (answer, pending) = oneshot::channel();
        self.asks.try_send((reader, ask, answer)).map_err(|error| match error {
            std::sync::mpsc::TrySendError::Full(_) => BusCommandError::Full,
            std::sync::mpsc::TrySendError::Disconnected(_) => BusCommandError::Stopped,
        })?;
        Ok(pending)
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Runner {
    config: BusConfig,
    hands: Hands,
    panel: Panel,
    asked: Receiver<Asked>,
    pending: BTreeMap<u64, oneshot::Sender<Taken>>,
    next_id: u64,
    counted: BusCounters,
    counters: Arc<Mutex<BusCounters>>,
    stop: Arc<AtomicBool>,
}

impl Runner {
    fn run(mut self) {
        let mut said = None;
        while !self.is_stopped() {
            let lost = match Open::connect(&self.config.line) {
                Ok(mut line) => {
                    said = None;
                    info!(bus = %self.config.id, "osdp line up");
                    self.tell(None, Happened::LineUp);
                    let now = (self.hands.elapsed)();
                    self.panel.set_line(true, now);
                    let Err(error) = self.serve(&mut line) else { break };
                    self.counted.lines_lost += 1;
                    error
                }
                Err(error) => error,
            };
            let now = (self.hands.elapsed)();
            self.panel.set_line(false, now);
            self.hand_on();
            let text = lost.to_string();
            // A line that stays away is told once.
            if said.as_ref() != Some(&text) {
                warn!(bus = %self.config.id, error = %text, "osdp line down");
                self.tell(None, Happened::LineDown(text.clone()));
                said = Some(text);
            }
            self.wait_to_connect();
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Commands that come meanwhile are answered: the panel says that nobody is there.
    fn wait_to_connect(&mut self) {
        let until = (self.hands.elapsed)().saturating_add(limits::BUS_RECONNECT);
        loop {
            let left = until.saturating_sub((self.hands.elapsed)());
            if left.is_zero() || self.is_stopped() {
                return;
            }
            self.take_command_within(left.min(limits::BUS_STOP_LOOK));
            self.hand_on();
        }
    }

    /// Runs the line until it is lost, or until the end.
    fn serve(&mut self, line: &mut Open) -> io::Result<()> {
        let mut buffer = [0; limits::BUS_READ_BYTES];
        while !self.is_stopped() {
            self.take_commands();
            let now = (self.hands.elapsed)();
            self.panel.tick(now);
            if let Some(bytes) = self.transmit(now) {
                line.write(&bytes)?;
                self.record(Io::Output, &bytes);
            }
            self.hand_on();
            let now = (self.hands.elapsed)();
            let wake = self.panel.wake_at(now).unwrap_or(now);
            let wait = wake.saturating_sub(now).min(limits::BUS_STOP_LOOK);
            if !self.panel.is_waiting() {
                if !wait.is_zero() {
                    self.take_command_within(wait);
                }
                continue;
            }
            if let Some(bytes) = line.read(&mut buffer, wait)? {
                self.record(Io::Input, bytes);
                self.panel.receive(bytes, (self.hands.elapsed)());
                self.hand_on();
            }
        }
        Ok(())
    }

    fn transmit(&mut self, now: Duration) -> Option<Vec<u8>> {
        let mut random = [0; 8];
        if let Err(error) = getrandom::fill(&mut random) {
            warn!(bus = %self.config.id, %error, "no random numbers to be had");
            self.take_command_within(limits::BUS_STOP_LOOK);
            return None;
        }
        // One question goes out at a time, and a handshake needs one number.
        self.panel.transmit(now, &mut || random)
    }

    fn take_commands(&mut self) {
        for _ in 0..limits::BUS_COMMANDS_MAX {
            match self.asked.try_recv() {
                Ok(asked) => self.take(asked),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }

    fn take_command_within(&mut self, wait: Duration) {
        match self.asked.recv_timeout(wait) {
            Ok(asked) => self.take(asked),
            Err(RecvTimeoutError::Timeout) => {}
            // Nobody holds the line any more.
            Err(RecvTimeoutError::Disconnected) => self.stop.store(true, Ordering::Relaxed),
        }
    }

    fn take(&mut self, (reader, ask, answer): Asked) {
        let id = self.next_id;
        self.next_id += 1;
        let taken = match ask {
            Ask::Command(command, expires) => self.panel.command(reader, id, command, expires),
            Ask::Rotate(key) => self.panel.rotate(reader, id, key),
        };
        match taken {
            Ok(()) => {
                self.pending.insert(id, answer);
            }
            // Nobody waiting for the answer is fine.
            Err(refused) => drop(answer.send(Err(refused))),
        }
    }

    /// Hands on what happened, and what was counted.
    fn hand_on(&mut self) {
        while let Some((reader, event)) = self.panel.next_event() {
            let address = self.config.readers.get(reader).map(|reader| reader.address);
            let what = match event {
                PanelEvent::Finished { id, outcome } => {
                    if let Some(answer) = self.pending.remove(&id) {
                        // Nobody waiting for the answer is fine.
                        let _ = answer.send(Ok(outcome));
                    }
                    continue;
                }
                PanelEvent::Identified { id, can_secure } => {
                    Happened::Identified { id, can_secure }
                }
                PanelEvent::Swapped { before, now } => Happened::Swapped { before, now },
                PanelEvent::AnsweredTwice => Happened::AnsweredTwice,
                PanelEvent::Online(channel) => {
                    info!(bus = %self.config.id, address, ?channel, "osdp reader online");
                    Happened::Online(channel)
                }
                PanelEvent::Down(reason) => {
                    info!(bus = %self.config.id, address, ?reason, "osdp reader offline");
                    Happened::Offline(reason)
                }
                PanelEvent::Said(reply) => said(reply),
            };
            self.tell(address, what);
        }
        self.counted.panel = self.panel.counters();
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner) = self.counted;
    }

    fn tell(&mut self, address: Option<u8>, what: Happened) {
        let bus = Arc::clone(&self.config.id);
        let at = (self.hands.clock)();
        if self.hands.events.try_send(BusEvent { bus, address, at, what }).is_err() {
            self.counted.events_dropped += 1;
        }
    }

    fn record(&mut self, io: Io, bytes: &[u8]) {
        let Some(records) = &self.hands.records else { return };
        let nanos = (self.hands.clock)().nanos();
        let time_s = u64::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or_default();
        let nanos = u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or_default();
        let (bytes, source) = (bytes.to_vec(), "castellan".to_owned());
        if records.try_send(CaptureRecord { time_s, nanos, io, bytes, source }).is_err() {
            self.counted.records_dropped += 1;
        }
    }
}

fn said(reply: Reply) -> Happened {
    match reply {
        Reply::Card(card) => Happened::Card(card),
        Reply::Keys { reader, keys } => {
            let (keys, unknown) = osdp_keys(&keys);
            Happened::Keys { reader, keys, unknown }
        }
        Reply::Local { is_tampered, is_power_failing } => {
            Happened::Local { is_tampered, is_power_failing }
        }
        Reply::Inputs(states) => Happened::Inputs(states),
        Reply::Outputs(states) => Happened::Outputs(states),
        Reply::Readers(states) => Happened::Readers(states),
        other => Happened::Other(other.code()),
    }
}
