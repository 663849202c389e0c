//! The panel's end of a bus, as a pure state machine: several readers on one line.
//!
//! Time is an argument, any clock that only goes forward; so are the random numbers of handshakes.
//! The caller writes what [`Panel::transmit`] gives, hands in what the line brings, and calls
//! [`Panel::tick`] at [`Panel::wake_at`]. One question is on the line at a time, and commands go
//! before polls.
//!
//! A reader that is to be used with a key is used with that key or not at all: nothing that it says
//! outside its secure channel becomes an event. What is forged, replayed, or from somebody else is
//! counted in [`Counters`] and changes nothing.

mod station;

use std::collections::VecDeque;
use std::time::Duration;

use station::{Next, Station};

use super::command::Command;
use super::frame::{Found, Framer, decode};
use super::names::{NakCode, reply};
use super::reply::{DeviceId, Reply};
use super::secure::Scbk;

/// Commands that wait for one reader; one more is refused.
pub const READER_COMMANDS_MAX: usize = 16;
/// Events that wait to be taken; beyond it the oldest are dropped and counted.
const EVENTS_MAX: usize = 1_024;

/// How a reader is to be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// In a secure channel by this key, or not at all.
    Key(Scbk),
    /// As above; but a reader that does not know the key yet is reached by the install key, which
    /// everybody knows, and told it. Once: after it was used by its own key, only that one counts.
    Install(Scbk),
    /// In clear text.
    Clear,
}

/// One reader of a bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReaderConfig {
    /// 0 to 126.
    pub address: u8,
    /// How it is to be spoken to.
    pub security: Security,
}

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How often a reader is asked for news.
    pub poll: Duration,
    /// How long a reply may take. SOURCE: SIA OSDP 2.2, 5.6: 200 ms.
    pub reply_max: Duration,
    /// How often a command is sent again without reply before the reader counts as down.
    pub repeats_max: u32,
    /// How long after a failure a reader is looked for; doubles up to `retry_max`.
    pub retry: Duration,
    /// The longest such wait.
    pub retry_max: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(50),
            reply_max: Duration::from_millis(200),
            repeats_max: 2,
            retry: Duration::from_millis(500),
            retry_max: Duration::from_secs(4),
        }
    }
}

/// How a reader is spoken to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// In a secure channel by its own key.
    Own,
    /// In a secure channel by the install key, which everybody knows.
    Install,
    /// In clear text.
    Clear,
}

/// Why a reader is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DownReason {
    /// The line is gone.
    Line,
    /// It does not answer.
    NoAnswer,
    /// It has another key than ours.
    WrongKey,
    /// It has the install key, and ours is not to be given to it.
    InstallKey,
    /// It cannot do secure channel.
    NoSecureChannel,
    /// It refused what every reader must answer.
    Refused(NakCode),
    /// It lost its secure channel; it is asked again at once.
    SessionLost,
}

/// What a change of keys proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RotationProof {
    /// A secure channel came up by the new key.
    pub is_new_accepted: bool,
    /// The reader refused the old key; `None` when it could not be asked.
    pub is_old_refused: Option<bool>,
    /// The reader refused the install key; `None` when it could not be asked.
    pub is_install_refused: Option<bool>,
}

impl RotationProof {
    /// Whether the new key works and no other does.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_new_accepted
            && matches!((self.is_old_refused, self.is_install_refused), (Some(true), Some(true)))
    }
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done; what the reader answered.
    Done(Reply),
    /// Refused by the reader.
    Refused(NakCode),
    /// Sent, but never answered: it may have been done.
    NoAnswer,
    /// Not sent: the reader is not used now.
    NotOnline,
    /// Not sent: its time had passed.
    Expired,
    /// The key was changed, with what that proved; or kept, when the new one is not accepted.
    Rotated(RotationProof),
}

/// Why a command is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CommandRefused {
    /// There is no such reader.
    #[error("there is no such reader on this bus")]
    NoSuchReader,
    /// Too many wait.
    #[error("{READER_COMMANDS_MAX} commands wait for this reader already")]
    Full,
    /// A key is changed only by [`Panel::rotate`], and only in a secure channel.
    #[error("a key is changed only in a secure channel by the reader's own key")]
    NotSecure,
    /// Part of the protocol itself.
    #[error("this command belongs to the protocol itself")]
    Reserved,
}

/// Something happened at a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PanelEvent {
    /// It said who it is and what it can do.
    Identified {
        /// Who.
        id: DeviceId,
        /// Whether it says that it can do secure channel.
        can_secure: bool,
    },
    /// It is another device than before.
    Swapped {
        /// Who it was.
        before: DeviceId,
        /// Who it is.
        now: DeviceId,
    },
    /// Two devices answer at its address: the same question had another answer again and again.
    AnsweredTwice,
    /// It is used from now on.
    Online(Channel),
    /// It is not used any more.
    Down(DownReason),
    /// It said something by itself: a card, keys, a status.
    Said(Reply),
    /// What became of a command.
    Finished {
        /// The command's number, as it was given.
        id: u64,
        /// What became of it.
        outcome: Outcome,
    },
}

/// What was counted and changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Questions sent, repetitions included.
    pub sent: u64,
    /// Replies believed.
    pub received: u64,
    /// Questions sent again.
    pub repeated: u64,
    /// Bytes that belong to no frame.
    pub bytes_skipped: u64,
    /// Frames with a wrong check.
    pub damaged: u64,
    /// Frames from an address that was not asked, or replies nobody asked for: perhaps a second
    /// reader at one address.
    pub unexpected: u64,
    /// Frames of a panel: an echo, or a second panel.
    pub commands_heard: u64,
    /// Replies with another number than the question's.
    pub out_of_sequence: u64,
    /// Clear text from a reader in a secure channel.
    pub clear_in_session: u64,
    /// Frames whose authentication code is wrong.
    pub forged: u64,
    /// Replies whose content cannot be read; they answer, and say nothing.
    pub unreadable: u64,
    /// Events dropped because nobody took them.
    pub events_dropped: u64,
}

/// The question that is on the line.
#[derive(Debug)]
struct InFlight {
    station: usize,
    bytes: Vec<u8>,
    sequence: u8,
    deadline: Duration,
    repeats: u32,
    is_due: bool,
}

/// The panel's end of one line.
#[derive(Debug)]
pub struct Panel {
    timing: Timing,
    stations: Vec<Station>,
    framer: Framer,
    in_flight: Option<InFlight>,
    /// Who was believed last, and by which bytes: what else answers the same question is another
    /// device's.
    believed: Option<(usize, Vec<u8>)>,
    turn: usize,
    is_line_up: bool,
    events: VecDeque<(usize, PanelEvent)>,
    counters: Counters,
}

impl Panel {
    /// A panel whose line is not up yet. Readers are named by their place in `readers`.
    #[must_use]
    pub fn new(readers: &[ReaderConfig], timing: Timing) -> Self {
        Self {
            timing,
            stations: readers.iter().map(|config| Station::new(*config)).collect(),
            framer: Framer::default(),
            in_flight: None,
            believed: None,
            turn: 0,
            is_line_up: false,
            events: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// Says whether the line is there. A line that comes back begins everything afresh, at once.
    pub fn set_line(&mut self, is_up: bool, now: Duration) {
        self.framer = Framer::default();
        self.in_flight = None;
        self.is_line_up = is_up;
        for index in 0..self.stations.len() {
            self.with(index, |station, timing| {
                if is_up {
                    station.look_now(now)
                } else {
                    station.fail(DownReason::Line, now, timing)
                }
            });
        }
    }

    /// Takes a command. It is done before `expires`, or not begun at all.
    ///
    /// # Errors
    /// [`CommandRefused`]: there is no room, or it is none that an application sends.
    pub fn command(
        &mut self,
        reader: usize,
        id: u64,
        command: Command,
        expires: Duration,
    ) -> Result<(), CommandRefused> {
        let station = self.stations.get_mut(reader).ok_or(CommandRefused::NoSuchReader)?;
        station.enqueue(id, command, expires)?;
        self.settle(reader);
        Ok(())
    }

    /// Changes a reader's key, and proves that the new one works and that the old one and the
    /// install key do not.
    ///
    /// # Errors
    /// [`CommandRefused`]: not in a secure channel by the reader's own key.
    pub fn rotate(&mut self, reader: usize, id: u64, key: Scbk) -> Result<(), CommandRefused> {
        let station = self.stations.get_mut(reader).ok_or(CommandRefused::NoSuchReader)?;
        station.rotate(id, key)
    }

    /// How a reader is spoken to now; `None` while it is not used.
    #[must_use]
    pub fn channel(&self, reader: usize) -> Option<Channel> {
        self.stations.get(reader).and_then(Station::channel)
    }

    /// What was counted.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// What happened, oldest first, with the reader's place.
    pub fn next_event(&mut self) -> Option<(usize, PanelEvent)> {
        self.events.pop_front()
    }

    /// What to write now, if anything: whole frames, each after a mark byte.
    pub fn transmit(
        &mut self,
        now: Duration,
        random: &mut dyn FnMut() -> [u8; 8],
    ) -> Option<Vec<u8>> {
        if !self.is_line_up {
            return None;
        }
        if let Some(asked) = &mut self.in_flight {
            let again = asked.is_due.then(|| asked.bytes.clone());
            asked.is_due = false;
            self.counters.sent += u64::from(again.is_some());
            return again;
        }
        let count = self.stations.len();
        let order = || (0..count).map(|offset| (self.turn + offset) % count.max(1));
        let urgent = order().find(|at| self.stations.get(*at).is_some_and(Station::has_command));
        let due = || order().find(|at| self.stations.get(*at).is_some_and(|one| one.is_due(now)));
        let index = urgent.or_else(due)?;
        self.turn = (index + 1) % count.max(1);
        let next = self.stations.get_mut(index)?.next(now, random);
        self.settle(index);
        let Next::Ask { bytes, sequence } = next else {
            return self.transmit_next(now, random);
        };
        let mut marked = Vec::with_capacity(bytes.len() + 1);
        marked.push(0xff);
        marked.extend_from_slice(&bytes);
        self.counters.sent += 1;
        self.in_flight = Some(InFlight {
            station: index,
            bytes: marked.clone(),
            sequence,
            deadline: now.saturating_add(self.timing.reply_max),
            repeats: 0,
            is_due: false,
        });
        Some(marked)
    }

    /// A station that had only expired commands asks nothing: others may.
    fn transmit_next(
        &mut self,
        now: Duration,
        random: &mut dyn FnMut() -> [u8; 8],
    ) -> Option<Vec<u8>> {
        let is_any = self.stations.iter().any(|one| one.has_command() || one.is_due(now));
        if is_any { self.transmit(now, random) } else { None }
    }

    /// When [`Panel::tick`] and [`Panel::transmit`] have something to do next; `None` while the
    /// line is down. Not later than now while something waits.
    #[must_use]
    pub fn wake_at(&self, now: Duration) -> Option<Duration> {
        if !self.is_line_up {
            return None;
        }
        if let Some(asked) = &self.in_flight {
            return Some(if asked.is_due { now } else { asked.deadline });
        }
        if self.stations.iter().any(Station::has_command) {
            return Some(now);
        }
        self.stations.iter().map(Station::due).min()
    }

    /// Whether a question is on the line.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Lets time pass: a question that was not answered is asked again, or given up.
    pub fn tick(&mut self, now: Duration) {
        let Some(asked) = self.in_flight.as_mut().filter(|asked| now >= asked.deadline) else {
            return;
        };
        if let Some(Found::Skipped { bytes, .. }) = self.framer.give_up() {
            self.counters.bytes_skipped += bytes as u64;
        }
        let index = asked.station;
        let is_worth_repeating = self.stations.get(index).is_some_and(Station::is_worth_repeating);
        if asked.repeats < self.timing.repeats_max && is_worth_repeating {
            asked.repeats += 1;
            asked.is_due = true;
            asked.deadline = now.saturating_add(self.timing.reply_max);
            self.counters.repeated += 1;
            return;
        }
        self.in_flight = None;
        self.with(index, |station, timing| station.unanswered(now, timing));
    }

    /// Takes bytes from the line.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) {
        self.framer.push(bytes);
        while let Some(found) = self.framer.next_found() {
            match found {
                Found::Frame(bytes) => self.heard(&bytes, now),
                Found::Skipped { bytes, error } => {
                    self.counters.bytes_skipped += bytes as u64;
                    self.counters.damaged += u64::from(error.is_some());
                }
            }
        }
    }

    fn heard(&mut self, bytes: &[u8], now: Duration) {
        let Ok((frame, _)) = decode(bytes) else { return };
        if !frame.is_reply {
            self.counters.commands_heard += 1;
            return;
        }
        let Some(asked) = &self.in_flight else {
            self.counters.unexpected += 1;
            self.answered_again(frame.address, bytes);
            return;
        };
        let index = asked.station;
        let Some(station) = self.stations.get_mut(index) else { return };
        if frame.address != station.address() {
            self.counters.unexpected += 1;
            return;
        }
        let is_clear = !frame.is_secured();
        // A reader that lost count says so with a number that is not ours, and a busy one with 0.
        let is_lost = is_clear && frame.code == reply::NAK && frame.data == [4];
        let is_busy = is_clear && frame.code == reply::BUSY;
        if frame.sequence != asked.sequence && !is_lost && !is_busy {
            self.counters.out_of_sequence += 1;
            return;
        }
        if is_busy {
            // It is asked the same again when its time is up, within the bounds of repetition.
            return;
        }
        match station.opened(&frame, bytes) {
            Ok(said) => {
                self.counters.received += 1;
                self.counters.unreadable += u64::from(!said.is_readable);
                self.in_flight = None;
                self.believed = Some((index, bytes.to_vec()));
                let block = frame
                    .security
                    .and_then(|block| block.data.first().map(|flag| (block.kind, *flag)));
                self.with(index, |station, timing| station.heard(said, block, now, timing));
            }
            Err(station::Unbelieved::Clear) => self.counters.clear_in_session += 1,
            Err(station::Unbelieved::Forged) => self.counters.forged += 1,
        }
    }

    /// A question that was answered has another answer. A line that says the same bytes twice is no
    /// second device.
    fn answered_again(&mut self, address: u8, bytes: &[u8]) {
        let Some((index, first)) = self.believed.take() else { return };
        if first == bytes {
            return;
        }
        if self.stations.get(index).is_some_and(|station| station.address() == address) {
            self.with(index, |station, _| station.answered_twice());
        }
    }

    fn with(&mut self, index: usize, act: impl FnOnce(&mut Station, &Timing)) {
        if let Some(station) = self.stations.get_mut(index) {
            act(station, &self.timing);
        }
        self.settle(index);
    }

    /// Takes over what a station has to say.
    fn settle(&mut self, index: usize) {
        let Some(station) = self.stations.get_mut(index) else { return };
        while let Some(event) = station.next_event() {
            if self.events.len() == EVENTS_MAX {
                self.events.pop_front();
                self.counters.events_dropped += 1;
            }
            self.events.push_back((index, event));
        }
    }
}
