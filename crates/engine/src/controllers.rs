//! UHPPOTE door controllers: every event that they remember becomes a record, once; and those whose
//! doors the configuration names are run, with their cards, doors and clocks.
//!
//! How far each was read is a mark in the journal, in the transaction of the records before it, and
//! a small file, which outlives the journal's memory. What a controller has overwritten before it
//! was read is counted as lost.

mod cards;
mod clock;
mod doors;
mod run;
mod wanted;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use adapters::uhppote::{
    ControllerConfig as Board, ControllerEvent, ControllerHappened, LISTENER, Requests, Uhppote,
    UhppoteConfig,
};
use adapters::{AdapterError, Mark, Observed, Wiring};
use codec::uhppote::{Body, Event, Listener, Message};
use model::{DropReason, Trust, Wire};
use serde::{Deserialize, Serialize};
use store::Journal;
use tokio::sync::mpsc;

use crate::config::ControllerConfig;
use crate::start::StartError;

pub use cards::CardsTold;
pub use clock::ClockTold;
pub use run::{ControllerTold, ControllersTold, serve};
pub use wanted::LeftOutFor;

/// Function of a message that holds one record of a controller's memory.
///
/// SOURCE: UHPPOTE UT0311-L0x UDP protocol; see docs/protocols/uhppote.md.
const GET_EVENT: u8 = 0xb0;
/// Events that wait to become records; controllers wait with the next, they remember it.
const WAITING_MAX: usize = 256;
/// Most records that become durable together.
const BATCH_MAX: usize = 64;

/// How far each controller was read.
pub struct ControllerMemory {
    folder: PathBuf,
    journal: Arc<Journal>,
    /// The last step of each, by serial number: tells which of file and mark is younger.
    steps: Mutex<HashMap<u32, u64>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Noted {
    step: u64,
    last_event: Option<u32>,
}

impl ControllerMemory {
    /// Kept in a folder, which is made when first needed, and in the journal.
    pub fn new(folder: PathBuf, journal: Arc<Journal>) -> Self {
        Self { folder, journal, steps: Mutex::default() }
    }

    fn key_of(serial: u32) -> [u8; 32] {
        *blake3::hash(format!("uhppote {serial}").as_bytes()).as_bytes()
    }

    fn file_of(&self, serial: u32) -> PathBuf {
        self.folder.join(format!("{serial}.json"))
    }

    /// The last event that became durable; none begins with the next one.
    fn load(&self, serial: u32) -> std::io::Result<Option<u32>> {
        let mut noted = match std::fs::read(self.file_of(serial)) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Noted::default(),
            Err(error) => return Err(error),
        };
        if let Some(mark) = self.journal.mark(&Self::key_of(serial)) {
            let marked: Noted = serde_json::from_slice(mark)?;
            if marked.step > noted.step {
                noted = marked;
            }
        }
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).insert(serial, noted.step);
        Ok(noted.last_event)
    }

    fn next(&self, serial: u32, last_event: u32) -> Noted {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let step = steps.entry(serial).or_default();
        *step += 1;
        Noted { step: *step, last_event: Some(last_event) }
    }

    fn save(&self, serial: u32, noted: Noted) -> std::io::Result<()> {
        write_json(&self.file_of(serial), &noted)
    }
}

/// Writes a small file, whole or not at all, into a folder that is made when first needed. Its
/// owner alone may read it.
fn write_json<T: Serialize>(file: &Path, what: &T) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let written = file.with_extension("new");
    let _ = std::fs::remove_file(&written);
    let mut out = std::io::BufWriter::new(crate::folder::private(&written)?);
    serde_json::to_writer(&mut out, what)?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(written, file)
}

/// The controllers of a configuration, with their socket, not yet spoken to.
pub struct Controllers {
    socket: Uhppote,
    addresses: HashMap<u32, IpAddr>,
    memory: ControllerMemory,
}

impl Controllers {
    /// Binds their socket, and reads how far each was read.
    pub fn bind(
        (address, announce): (SocketAddr, Option<SocketAddrV4>),
        boards: &[ControllerConfig],
        memory: ControllerMemory,
    ) -> Result<Self, StartError> {
        let board = |board: &ControllerConfig| {
            let last_event = memory.load(board.serial)?;
            Ok(Board { serial_number: board.serial, address: board.address, last_event })
        };
        let known: Vec<Board> = boards.iter().map(board).collect::<std::io::Result<_>>()?;
        let announce = announce.map(|at| {
            let (address, port) = (*at.ip(), at.port());
            Listener { address, port, interval_s: 0 }
        });
        let config = UhppoteConfig { announce, ..UhppoteConfig::at(address, known) };
        let addresses = boards.iter().map(|board| (board.serial, board.address.ip())).collect();
        Ok(Self { socket: Uhppote::bind(config)?, addresses, memory })
    }

    /// Where they send their events.
    pub fn local_addr(&self) -> SocketAddr {
        self.socket.local_addr()
    }

    /// Where requests to them are given.
    pub fn requests(&self) -> Requests {
        self.socket.requests()
    }

    /// Serves them until the wiring is shut down.
    pub async fn run(self, wiring: Wiring) -> Result<(), AdapterError> {
        let (events, taken) = mpsc::channel(WAITING_MAX);
        let clock = Arc::clone(&wiring.clock);
        let serving = self.socket.run(clock, events, wiring.shutdown.clone());
        let keeping = keep(taken, (self.addresses, self.memory), wiring.clone());
        let (served, ()) = tokio::join!(serving, keeping);
        served
    }
}

/// Makes records of events until there are no more.
async fn keep(
    mut taken: mpsc::Receiver<ControllerEvent>,
    (addresses, memory): (HashMap<u32, IpAddr>, ControllerMemory),
    wiring: Wiring,
) {
    let mut waiting = Vec::new();
    while taken.recv_many(&mut waiting, BATCH_MAX).await > 0 {
        // Of one controller at a time: each has a mark of its own.
        let mut batch: Vec<Observed> = Vec::new();
        let mut of: Option<(u32, u32)> = None;
        for happened in waiting.drain(..) {
            let serial = happened.serial_number;
            if of.is_some_and(|(before, _)| before != serial) {
                let done = flush(&wiring, &memory, std::mem::take(&mut batch), of.take()).await;
                if done.is_none() {
                    return;
                }
            }
            let Some(event) = event_of(&happened, &wiring) else { continue };
            let peer = addresses.get(&serial).map(|ip| Arc::from(ip.to_string()));
            batch.push(record(&happened, event, peer));
            of = Some((serial, event.index));
        }
        if flush(&wiring, &memory, batch, of).await.is_none() {
            return;
        }
    }
}

/// The event, where it is one; what else happened is counted and said.
fn event_of(happened: &ControllerEvent, wiring: &Wiring) -> Option<Event> {
    let controller = happened.serial_number;
    match &happened.what {
        ControllerHappened::Event { event, is_recovered: _ } => {
            wiring.account.received(LISTENER, 1);
            Some(*event)
        }
        ControllerHappened::Lost { from, to } => {
            let lost = u64::from(to - from) + 1;
            wiring.account.received(LISTENER, lost);
            wiring.account.dropped(LISTENER, DropReason::Overwritten, lost);
            tracing::warn!(controller, from, to, "events overwritten before they were read");
            None
        }
        ControllerHappened::Restarted => {
            tracing::warn!(controller, "the controller's memory was cleared");
            None
        }
        ControllerHappened::Online => {
            tracing::info!(controller, "controller answers");
            None
        }
        ControllerHappened::Offline => {
            tracing::warn!(controller, "controller does not answer");
            None
        }
    }
}

/// The record, as the controller gives it when it is asked for this event.
fn record(happened: &ControllerEvent, event: Event, peer: Option<Arc<str>>) -> Observed {
    let (serial_number, body) = (happened.serial_number, Body::Event(event));
    let packet = Message { serial_number, function: GET_EVENT, body }.encode();
    Observed {
        received_at: happened.at,
        wire: Wire::Udp,
        listener: Arc::from(LISTENER),
        peer,
        topic: None,
        trust: Trust::None,
        identity: None,
        bytes_cut: 0,
        body: packet.to_vec(),
    }
}

/// Waits until the records are durable with their mark. `None`: the program stops.
async fn flush(
    wiring: &Wiring,
    memory: &ControllerMemory,
    records: Vec<Observed>,
    of: Option<(u32, u32)>,
) -> Option<()> {
    let Some((serial, last_event)) = of.filter(|_| !records.is_empty()) else { return Some(()) };
    let noted = memory.next(serial, last_event);
    let note = serde_json::to_vec(&noted).ok()?;
    let mark = Mark { key_hash: ControllerMemory::key_of(serial), note };
    wiring.until_journalled(records, Some(mark)).await.ok()??;
    if let Err(error) = memory.save(serial, noted) {
        // The journal knows it as well, for a day.
        tracing::warn!(controller = serial, reason = %error, "position not kept in its file");
    }
    Some(())
}
