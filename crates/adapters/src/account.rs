//! Where adapters report what they counted. They keep no metrics of their own.

use model::{DropReason, RejectReason};

/// What happened at a listener besides records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Note {
    /// A connection was accepted.
    Connected,
    /// A connection ended.
    Disconnected,
    /// A connection was closed because the listener's limit was reached.
    ConnectionLimit,
    /// A connection was closed because it said nothing.
    Idle,
    /// A TLS handshake failed or took too long.
    HandshakeFailed,
    /// A record was cut at the limit.
    Truncated,
    /// A message that the sender repeated, already taken, was not handed on again.
    Repeated,
    /// A followed file was rotated or truncated.
    Rotated,
    /// A followed file vanished with a part that we had not read; its size is not known.
    Gap,
}

impl Note {
    /// The label in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::ConnectionLimit => "connection_limit",
            Self::Idle => "idle",
            Self::HandshakeFailed => "handshake_failed",
            Self::Truncated => "truncated",
            Self::Repeated => "repeated",
            Self::Rotated => "rotated",
            Self::Gap => "gap",
        }
    }
}

/// Counters at the outer boundary. Called often and from many tasks: implementations must not
/// block.
///
/// INVARIANT: per listener, `received` = handed on to the intake + `rejected` + `dropped`. So what
/// is rejected or dropped is reported as received as well, datagrams lost in the kernel included.
pub trait Account: Send + Sync {
    /// Records that reached us, kept or not.
    fn received(&self, listener: &str, records: u64);
    /// Records refused for what they are.
    fn rejected(&self, listener: &str, reason: RejectReason, records: u64);
    /// Records lost for want of room or time.
    fn dropped(&self, listener: &str, reason: DropReason, records: u64);
    /// Anything else worth a counter.
    fn noted(&self, listener: &str, note: Note, count: u64);
}
