//! The Open Supervised Device Protocol: frames, secure channel, both ends of a bus, and its traces.
//!
//! A panel asks and readers answer, on one line, in frames of at most [`FRAME_BYTES_MAX`] bytes.
//! [`Panel`] and [`Device`] are the two ends as pure state machines: bytes and time in, bytes and
//! records out, so that both run the same over a serial line, in a simulation and under a fuzzer.
//! [`Trace`] reads what somebody recorded of a bus, and says what the recording alone proves.
//!
//! Card bits, keys pressed and key material never appear in a debug form. In a rendered trace key
//! material never does, and the others only where somebody asked for them.
//!
//! SOURCE: SIA Open Supervised Device Protocol 2.2 (IEC 60839-11-5:2020); checked against the
//! vectors of its annex E and against `libosdp`, which shares no code with this.

mod body;
mod capture;
mod check;
mod command;
mod device;
mod frame;
mod names;
mod panel;
mod reply;
mod secure;
#[cfg(test)]
mod tests;
mod trace;

pub use capture::{CAPTURE_LINE_BYTES_MAX, CaptureError, CaptureErrorKind, CaptureRecord, Io};
pub use check::{Check, checksum, crc16};
pub use command::{Buzzer, Command, Led, LedState, Output, OutputAction, Text};
pub use device::{Device, DeviceConfig, DeviceEvent, DeviceStatus, REPLIES_WAITING_MAX};
pub use frame::{
    BROADCAST, FRAME_BYTES_MAX, FRAME_BYTES_MIN, Found, Frame, Framer, OsdpError, OsdpErrorKind,
    SecurityBlock, decode, encode,
};
pub use names::{Direction, NakCode, code_name};
pub use panel::{
    Channel, CommandRefused, Counters, DownReason, Outcome, Panel, PanelEvent, READER_COMMANDS_MAX,
    ReaderConfig, RotationProof, Security, Timing,
};
pub use reply::{Capability, CardRead, Circuit, DeviceId, Reply};
pub use secure::{Cryptograms, INSTALL_KEY, Scbk, SecureError, Session};
pub use trace::{Content, Finding, FindingKind, Packet, TRACE_KEYS_MAX, Trace, TraceKey};
