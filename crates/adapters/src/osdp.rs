//! Readers on OSDP lines: over TCP, a Unix socket, or a serial port.
//!
//! One thread of its own owns one line with all its readers and runs the panel's end of
//! [`codec::osdp`] over it. What readers say comes out as [`BusEvent`]s, with the time at which
//! the last byte was taken from the line; commands go in and each has an [`Outcome`]. Whether a
//! card may pass is nobody's business here.
//!
//! Keys come from references ([`SecretRef`]); neither they, nor card bits, nor keys pressed reach
//! our log.

mod bus;
mod config;
mod line;
mod tap;

use std::sync::Arc;

use codec::osdp::{CardRead, Channel, Counters, DeviceId, DownReason};
use codec::wiegand::Key;
use model::Timestamp;

pub use bus::{Bus, BusCommandError, Elapsed, Hands, Pending, Taken};
pub use codec::osdp::{
    Buzzer, Circuit, Command, CommandRefused, Led, LedState, Outcome, Output, OutputAction,
    RotationProof, Scbk, Text, Timing,
};
pub use config::{BusConfig, BusReader, Line, ReaderSecurity, read_key};
pub use tap::{Overheard, Tap};

/// Something happened on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// Which line, by its id.
    pub bus: Arc<str>,
    /// Which reader, by its address; `None` for the line itself.
    pub address: Option<u8>,
    /// When its last byte was taken from the line.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// The line is there.
    LineUp,
    /// The line is gone, or cannot be had; what the system said.
    LineDown(String),
    /// A reader said who it is.
    Identified {
        /// Who.
        id: DeviceId,
        /// Whether it says that it can do secure channel.
        can_secure: bool,
    },
    /// Another device answers at this address than before.
    Swapped {
        /// Who it was.
        before: DeviceId,
        /// Who it is.
        now: DeviceId,
    },
    /// Two devices answer at this address.
    AnsweredTwice,
    /// A reader is used from now on. `Install` and `Clear` are findings.
    Online(Channel),
    /// A reader is not used any more.
    Offline(DownReason),
    /// A card was presented.
    Card(CardRead),
    /// Keys were pressed.
    Keys {
        /// Reader behind the device, usually 0.
        reader: u8,
        /// Which. Never keep them.
        keys: Vec<Key>,
        /// How many more had no meaning.
        unknown: usize,
    },
    /// The device itself.
    Local {
        /// Whether it is being tampered with.
        is_tampered: bool,
        /// Whether its power fails.
        is_power_failing: bool,
    },
    /// Whether each input is active.
    Inputs(Vec<Circuit>),
    /// Whether each output is on.
    Outputs(Vec<bool>),
    /// Readers behind the device: 0 normal, 1 not connected, 2 tampered with.
    Readers(Vec<u8>),
    /// A reply that has no meaning here, by its code.
    Other(u8),
}

/// What a line counted since it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BusCounters {
    /// What the protocol counted.
    pub panel: Counters,
    /// Events that nobody took: more than [`crate::limits::BUS_EVENTS_MAX`] waited.
    pub events_dropped: u64,
    /// Records of the line that nobody took.
    pub records_dropped: u64,
    /// How often the line was lost.
    pub lines_lost: u64,
}
