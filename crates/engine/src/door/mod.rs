//! The door road: from the readers on a line to the strike, and the record beside it.
//!
//! One thread owns the road of this machine's doors ([`access::road::Road`]) and waits for nothing
//! but its own channel: no disk, no network, no bus, nothing of the event road. Lines have threads
//! of their own, records a writer of theirs; what those cannot take is counted, and the door works.
//!
//! Never decides: `access` does. Works without an [`crate::Engine`].

pub mod home;
mod keys;
mod lines;
mod records;
mod seen;

use std::thread::JoinHandle;
use std::time::Duration;

use access::door::travel::{Delta, NotTaken};
use access::door::{HashKey, Snapshot};
use access::link::{Command, Done, DoorTold, Passages, World};
use access::road::{
    Act, Acted, Device, Kept, PIN_RULES, PointEvent, ReaderEvent, Road, STEP_WAIT, Wiring,
};
use adapters::osdp::BusEvent;
use codec::wiegand::Formats;
use model::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::clock::{Clock, Stopwatch};
use crate::config::Doors;

use lines::{Driven, Lines};

pub use records::{Number, Numbered, Numbers, RECORDS_WAITING_MAX, Records, Writer};
pub use seen::Seen;

/// Orders to the road that wait; one more waits at its sender, who is no door.
const ASKS_MAX: usize = 1_024;
/// Outcomes of commands that wait to be told; one more is dropped and counted: whoever asked
/// asks again, and is answered as before.
const DONES_MAX: usize = 1_024;
/// The longest that the road rests without looking at its clock.
const REST_MAX: Duration = Duration::from_secs(1);

/// What the road is told.
#[derive(Debug)]
pub enum Ask {
    /// What changes by the minute.
    Told(Box<World>),
    /// Where people went at other points.
    Passages(Box<Passages>),
    /// Whole new rights. The answer: how many tombstones found no room, and the rights before,
    /// of which the road itself does not stop to let go.
    Take(Box<Snapshot>, oneshot::Sender<(usize, Box<Snapshot>)>),
    /// A change of rights.
    Delta(Box<Delta>, oneshot::Sender<Result<(), NotTaken>>),
    /// What somebody wants done.
    Command(Box<Command>),
    /// How old the rights are, and whether the clock is trusted.
    Rights {
        /// When they were confirmed.
        confirmed_at: Timestamp,
        /// Whether the clock is trusted.
        is_trusted: bool,
    },
    /// Something about the point itself.
    Note(PointEvent, Option<String>),
    /// How the doors stand; all, or those that changed since this was last asked.
    Doors {
        /// All.
        all: bool,
        /// The answer.
        answer: oneshot::Sender<Vec<DoorTold>>,
    },
    /// A copy of what decides now.
    Snapshot(oneshot::Sender<Box<Snapshot>>),
    /// The end.
    Stop,
}

/// A point whose doors work.
pub struct Point {
    asks: mpsc::Sender<Ask>,
    thread: Option<JoinHandle<()>>,
}

/// What a point is started with.
pub struct Start {
    /// What is wired.
    pub doors: Doors,
    /// The key of card numbers.
    pub key: HashKey,
    /// What decides at first.
    pub snapshot: Snapshot,
    /// Time.
    pub clock: Clock,
    /// Where records go.
    pub records: Records,
    /// Commands that came before this run, oldest first, with what became of them.
    pub commands: Vec<Done>,
}

/// Why a point does not start.
#[derive(Debug, thiserror::Error)]
pub enum PointError {
    /// A line, or a key that it needs.
    #[error(transparent)]
    Line(#[from] adapters::AdapterError),
    /// The system gives no thread.
    #[error("the doors' thread does not start: {0}")]
    Thread(#[from] std::io::Error),
    /// Our own table of card formats.
    #[error("the card formats do not load: {0}")]
    Formats(String),
    /// What is kept of a point's records and commands from one run to the next.
    #[error("`{file}` in the data folder cannot be used: {why}")]
    Kept {
        /// Which.
        file: &'static str,
        /// Why.
        why: std::io::Error,
    },
}

impl Point {
    /// Starts lines and road. The receiver gives what became of commands.
    pub fn start(start: Start) -> Result<(Self, mpsc::Receiver<Done>), PointError> {
        let formats = Formats::shipped().map_err(|e| PointError::Formats(e.to_string()))?;
        let wiring = Wiring {
            doors: start.doors.doors.clone(),
            power: start.doors.power.clone(),
            formats,
            pin: PIN_RULES,
            step_wait: STEP_WAIT,
        };
        let (events, heard) = mpsc::channel(adapters::limits::BUS_EVENTS_MAX);
        let elapsed = Stopwatch::start();
        let lines = Lines::start(&start.doors.buses, (&start.clock, elapsed, events))?;
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let (dones, done) = mpsc::channel(DONES_MAX);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let now = start.clock.now();
        let (mut road, acts) = Road::new(wiring, start.key, start.snapshot, now);
        road.recall(start.commands);
        let runner = Runner {
            road,
            lines,
            records: start.records,
            clock: start.clock,
            dones,
            asked,
            heard,
            driven: mpsc::channel(ASKS_MAX),
        };
        let run = move || runtime.block_on(runner.run(acts));
        let thread = std::thread::Builder::new().name("doors".into()).spawn(run)?;
        Ok((Self { asks, thread: Some(thread) }, done))
    }

    /// A way to speak to the road.
    pub fn asks(&self) -> mpsc::Sender<Ask> {
        self.asks.clone()
    }

    /// Stops the road and its lines. Blocks for at most what a reply takes.
    pub fn stop(mut self) {
        // A road that ended before needs no word.
        let _ = self.asks.blocking_send(Ask::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the doors' thread ended in a panic");
        }
    }
}

struct Runner {
    road: Road,
    lines: Lines,
    records: Records,
    clock: Clock,
    dones: mpsc::Sender<Done>,
    asked: mpsc::Receiver<Ask>,
    heard: mpsc::Receiver<BusEvent>,
    driven: (mpsc::Sender<Driven>, mpsc::Receiver<Driven>),
}

impl Runner {
    async fn run(mut self, first: Vec<Act>) {
        self.act(first);
        let started = self.road.note(PointEvent::Started, None, self.clock.now());
        self.act(started);
        loop {
            let now = self.clock.now();
            let rest = self.road.wake().map_or(REST_MAX, |wake| wake.since(now).min(REST_MAX));
            tokio::select! {
                Some(event) = self.heard.recv() => self.hear(event),
                Some(driven) = self.driven.1.recv() => {
                    let acts = self.driven(driven);
                    self.act(acts);
                }
                asked = self.asked.recv() => match asked {
                    Some(Ask::Stop) | None => break,
                    Some(ask) => self.answer(ask),
                },
                () = tokio::time::sleep(rest) => self.lines.mend(),
            }
            let acts = self.road.tick(self.clock.now());
            self.act(acts);
        }
        self.lines.stop();
    }

    fn hear(&mut self, event: BusEvent) {
        let now = self.clock.now();
        let Some(heard) = lines::heard(event.what) else { return };
        if let Some(address) = event.address {
            let device = Device { bus: event.bus.clone(), address };
            self.lines.mind(&device, &heard, &self.driven.0);
        }
        let acts = self.road.heard((&event.bus, event.address), heard, now);
        self.act(acts);
    }

    /// What has become of something that a line was told.
    fn driven(&mut self, driven: Driven) -> Vec<Act> {
        let now = self.clock.now();
        match driven {
            Driven::Acted(id, acted) => self.road.acted(&id, acted, now),
            Driven::Again(strike) => self.road.redrive(&strike, now),
            Driven::Said(device, heard) => {
                self.road.heard((&device.bus, Some(device.address)), heard, now)
            }
            Driven::Keys(command, Ok(made)) => {
                self.lines.rotate((made, command), &self.driven.0);
                Vec::new()
            }
            Driven::Keys(command, Err(why)) => self.road.acted(&command, Acted::Failed(why), now),
            Driven::Keep(device, what) => self.road.keep_reader(&device, what, now),
            Driven::OtherKey(device, left) => {
                let words = "a change of its key was cut off; its other key is tried".to_owned();
                let what = (ReaderEvent::KeyDoubted, words);
                let acts = self.road.keep_reader(&device, what, now);
                self.lines.begin_anew(device, left);
                acts
            }
        }
    }

    fn answer(&mut self, ask: Ask) {
        let now = self.clock.now();
        let acts = match ask {
            Ask::Told(world) => self.road.told(&world, now),
            Ask::Passages(passages) => {
                self.road.told_passages(&passages, now);
                Vec::new()
            }
            Ask::Take(snapshot, answer) => {
                let ((lost, before), acts) = self.road.take(*snapshot, now);
                // Nobody waiting for the answer is fine; so below.
                let _ = answer.send((lost, Box::new(before)));
                acts
            }
            Ask::Delta(delta, answer) => match self.road.take_delta(&delta, now) {
                Ok(acts) => {
                    let _ = answer.send(Ok(()));
                    acts
                }
                Err(error) => {
                    let why = error.to_string();
                    let _ = answer.send(Err(error));
                    self.road.note(PointEvent::RightsRefused, Some(&why), now)
                }
            },
            Ask::Command(command) => self.road.command(&command, now),
            Ask::Rights { confirmed_at, is_trusted } => {
                self.road.set_rights(confirmed_at, is_trusted, now)
            }
            Ask::Note(event, detail) => self.road.note(event, detail.as_deref(), now),
            Ask::Doors { all, answer } => {
                if all {
                    self.road.tell_all();
                }
                let _ = answer.send(self.road.doors_told());
                Vec::new()
            }
            Ask::Snapshot(answer) => {
                let _ = answer.send(Box::new(self.road.snapshot().clone()));
                Vec::new()
            }
            Ask::Stop => Vec::new(),
        };
        self.act(acts);
    }

    /// Does what is to be done, in its order; nothing here waits.
    fn act(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Drive { strike, drive, command } => {
                    let failed = self.lines.drive(&strike, drive, (&command, &self.driven.0));
                    if let (Some(id), Some(why)) = (command, failed) {
                        let acts = self.road.acted(&id, Acted::Failed(why), self.clock.now());
                        self.act(acts);
                    }
                }
                Act::Rotate { readers, command } => {
                    self.lines.prepare_keys((readers, command), &self.driven.0);
                }
                Act::Show(device, show) => self.lines.show(&device, show),
                Act::Ask(device) => self.lines.ask(&device, &self.driven.0),
                Act::Done(done) => {
                    if self.dones.try_send(done).is_err() {
                        metrics::counter!("castellan_door_outcomes_dropped").increment(1);
                    }
                }
                Act::Record(record) => {
                    if let Kept::Lost { from, to, .. } = &record.what {
                        tracing::warn!(from, to, "records of doors were lost");
                    }
                    self.records.keep(record);
                }
            }
        }
    }
}
