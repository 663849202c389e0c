//! What a recording of a bus says, and what it proves by itself.

mod finding;
mod opened;
mod packet;

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

pub use finding::{Finding, FindingKind};
pub use packet::{Content, Packet};

use super::capture::{CaptureRecord, Io};
use super::frame::{Found, Frame, Framer, decode};
use super::names::{command, reply};
use super::reply::{Capability, DeviceId, Reply};
use super::secure::{Cryptograms, INSTALL_KEY, Scbk};
use opened::Opener;
use packet::Seen;

/// Secured frames remembered per address, against which later ones are compared; beyond it the
/// oldest are forgotten, so a replay from further back is not noticed.
const FRAMES_REMEMBERED_MAX: usize = 4_096;

/// Keys that a reader of recordings is given; more are left out.
pub const TRACE_KEYS_MAX: usize = 1_024;

/// A key for reading recordings: of one reader, or of whichever it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceKey {
    /// The reader's address; `None` for any.
    pub address: Option<u8>,
    /// The key.
    pub key: Scbk,
}

/// Reads a recording, record by record. Holds at most what 128 addresses need.
#[derive(Debug, Default)]
pub struct Trace {
    keys: Vec<TraceKey>,
    is_revealing: bool,
    openers: BTreeMap<u8, Opener>,
    framers: BTreeMap<Io, Framer>,
    stations: BTreeMap<u8, Station>,
    findings: BTreeMap<(u8, FindingKind), Finding>,
    packets: u64,
    skipped: u64,
}

/// What is known of one address.
#[derive(Debug, Default)]
struct Station {
    can_secure: bool,
    /// Frames in clear text seen before it was known that they need not be: how many, the first.
    clear: Option<(u64, u64)>,
    id: Option<DeviceId>,
    asked: Option<Asked>,
    challenge: Option<[u8; 8]>,
    seen: VecDeque<u64>,
    latest: Option<u64>,
}

/// A command that waits for its reply, or has one.
#[derive(Debug)]
struct Asked {
    sequence: u8,
    reply: Option<u64>,
}

impl Trace {
    /// A reader of recordings that opens the secure channels whose handshake it sees and whose key
    /// it has, and those of the install key; a key that is sent in such a channel counts from then
    /// on. `is_revealing`: whether packets show card bits, keys pressed and texts. Keys of readers
    /// are never shown.
    #[must_use]
    pub fn opening(keys: &[TraceKey], is_revealing: bool) -> Self {
        let keys = keys.iter().copied().take(TRACE_KEYS_MAX).collect();
        Self { keys, is_revealing, ..Self::default() }
    }

    /// Takes one record; gives the packets that became whole with it.
    pub fn feed(&mut self, record: &CaptureRecord) -> Vec<Packet> {
        let framer = self.framers.entry(record.io).or_default();
        framer.push(&record.bytes);
        let found: Vec<Found> = std::iter::from_fn(|| framer.next_found()).collect();
        found.iter().map(|found| self.packet(record, found)).collect()
    }

    /// What is left when the recording ends: frames that were cut off. `last`: its last record.
    pub fn finish(&mut self, last: &CaptureRecord) -> Vec<Packet> {
        let found: Vec<Found> = self.framers.values_mut().filter_map(Framer::give_up).collect();
        found.iter().map(|found| self.packet(last, found)).collect()
    }

    /// What the recording proves so far, by address and kind.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.values()
    }

    /// Packets so far, and bytes that belong to none.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        (self.packets, self.skipped)
    }

    fn packet(&mut self, record: &CaptureRecord, found: &Found) -> Packet {
        self.packets += 1;
        let number = self.packets;
        match found {
            Found::Skipped { bytes, error } => {
                self.skipped += *bytes as u64;
                Packet::skipped(record, number, *bytes, *error)
            }
            Found::Frame(bytes) => match decode(bytes) {
                Ok((frame, _)) => {
                    self.judge(number, &frame, bytes);
                    let address = frame.address;
                    let fits = |key: &&TraceKey| key.address.is_none_or(|one| one == address);
                    let keys = self.keys.iter().filter(fits).map(|key| key.key);
                    let opener = self.openers.entry(address).or_default();
                    let opened = opener.feed((&frame, bytes), digest(bytes), keys);
                    let (length, is_revealing) = (bytes.len(), self.is_revealing);
                    let seen = Seen { frame: &frame, length, opened, is_revealing };
                    Packet::of(record, number, &seen)
                }
                Err(error) => Packet::skipped(record, number, bytes.len(), Some(error)),
            },
        }
    }

    fn judge(&mut self, number: u64, frame: &Frame<'_>, bytes: &[u8]) {
        let address = frame.address;
        let station = self.stations.entry(address).or_default();
        let digest = digest(bytes);
        let mut kinds = Vec::new();
        if frame.is_secured() {
            station.can_secure = true;
            // The same frame again right away is a repetition, which the protocol knows.
            if station.latest != Some(digest) && station.seen.contains(&digest) {
                kinds.push(FindingKind::Replay);
            }
            if station.seen.len() == FRAMES_REMEMBERED_MAX {
                station.seen.pop_front();
            }
            station.seen.push_back(digest);
        }
        station.latest = Some(digest);
        if frame.is_reply {
            station.reply(frame, digest, &mut kinds);
        } else {
            station.command(frame, &mut kinds);
        }
        if is_clear_traffic(frame) {
            let (count, first) = station.clear.unwrap_or((0, number));
            station.clear = Some((count + 1, first));
        }
        let clear = station.clear.take_if(|_| station.can_secure);
        for kind in kinds {
            self.note(address, kind, 1, number);
        }
        if let Some((count, first)) = clear {
            self.note(address, FindingKind::ClearText, count, first);
        }
    }

    fn note(&mut self, address: u8, kind: FindingKind, count: u64, first: u64) {
        let entry = self.findings.entry((address, kind));
        entry.or_insert(Finding { kind, address, count: 0, first }).count += count;
    }
}

impl Station {
    fn command(&mut self, frame: &Frame<'_>, kinds: &mut Vec<FindingKind>) {
        self.asked = Some(Asked { sequence: frame.sequence, reply: None });
        match frame.code {
            command::CHLNG => {
                self.challenge = frame.data.first_chunk().copied();
                self.can_secure = true;
                let is_install = frame.security.is_some_and(|block| block.data.first() == Some(&0));
                if is_install {
                    kinds.push(FindingKind::InstallKeyAsked);
                }
            }
            command::KEYSET if !frame.is_secured() => kinds.push(FindingKind::KeyInClear),
            _ => {}
        }
    }

    fn reply(&mut self, frame: &Frame<'_>, digest: u64, kinds: &mut Vec<FindingKind>) {
        if let Some(asked) = &mut self.asked {
            let is_busy = frame.code == reply::BUSY;
            match asked.reply {
                Some(earlier) if earlier != digest => kinds.push(FindingKind::TwoReaders),
                Some(_) => {}
                None if frame.sequence != asked.sequence && !is_busy => {
                    kinds.push(FindingKind::OutOfSequence);
                }
                // Busy is followed by the reply itself.
                None if is_busy => {}
                None => asked.reply = Some(digest),
            }
        }
        if frame.is_secured() {
            return;
        }
        match Reply::decode(frame.code, frame.data) {
            Ok(Reply::Id(id)) => {
                if self.id.is_some_and(|before| before != id) {
                    kinds.push(FindingKind::TwoReaders);
                }
                self.id = Some(id);
            }
            Ok(Reply::Capabilities(list)) => {
                self.can_secure |= list
                    .iter()
                    .any(|one| one.function == Capability::SECURITY && one.compliance & 1 == 1);
            }
            Ok(Reply::Cryptogram { random, cryptogram, .. }) => {
                self.can_secure = true;
                let keys = self.challenge.map(|panel| Cryptograms::derive(&INSTALL_KEY, panel));
                if keys.is_some_and(|keys| keys.is_readers(random, &cryptogram)) {
                    kinds.push(FindingKind::InstallKey);
                }
            }
            _ => {}
        }
    }
}

/// Whether a frame should have been secured: it is neither, nor on the way to being so.
fn is_clear_traffic(frame: &Frame<'_>) -> bool {
    let is_prelude = if frame.is_reply {
        matches!(frame.code, reply::PDID | reply::PDCAP | reply::NAK | reply::BUSY)
    } else {
        matches!(frame.code, command::ID | command::CAP)
    };
    frame.security.is_none() && !is_prelude
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}
