//! Syslog messages: RFC 5424, RFC 3164, and what devices send instead.
//!
//! [`parse_strict`] is a judge: it accepts what the standard allows and otherwise names the byte.
//! [`parse`] is a listener: it never refuses, keeps every byte, reads what it can, and carries the
//! judge's reason as a blemish. Never resolves a missing year or zone: the caller knows when and
//! whence the message came.
//!
//! SOURCE: RFC 5424 section 6; RFC 3164 section 4.

mod error;
mod message;
mod rfc3164;
mod rfc5424;
mod sd;
mod tolerant;

pub use error::{SyslogError, SyslogErrorKind};
pub use message::{BsdTime, Message, SyslogTime};
pub use sd::{Params, SdElement, SdElements, StructuredData};
pub use tolerant::{Form, Parsed, parse};

/// Which standard a strict reading holds the message to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// The Syslog Protocol, March 2009.
    Rfc5424,
    /// The BSD syslog Protocol, August 2001: informational, so "strict" means its section 4 read
    /// as a grammar.
    Rfc3164,
}

/// Reads one message by the letter of the standard.
///
/// `input`: one whole message without transport framing.
/// Fails with the first byte that breaks the grammar; at a premature end that is the length.
///
/// # Errors
/// [`SyslogError`]: which part, and the offset of the first byte that cannot be right.
///
/// SOURCE: RFC 5424 section 6 with the versions 1 to 999 of its grammar; RFC 3164 section 4.1.
pub fn parse_strict(input: &[u8], standard: Standard) -> Result<Message<'_>, SyslogError> {
    match standard {
        Standard::Rfc5424 => rfc5424::parse(input),
        Standard::Rfc3164 => rfc3164::parse(input),
    }
}
