//! Why a strict reading stopped, and where.

use thiserror::Error;

/// The part of the message that broke the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum SyslogErrorKind {
    /// The message does not begin with `<`.
    #[error("priority: expected `<`")]
    Pri,
    /// The number between `<` and `>` is not 0 to 191 without leading zeros.
    #[error("priority: expected 0 to 191 and `>`")]
    PriValue,
    /// The version is not 1 to 999.
    #[error("version: expected 1 to 999")]
    Version,
    /// The timestamp is none of the standard's.
    #[error("timestamp: not one of this standard")]
    Timestamp,
    /// The host name is empty, too long, or holds a byte that may not be there.
    #[error("host name: expected 1 to 255 printable characters")]
    Hostname,
    /// The application name is empty, too long, or holds a byte that may not be there.
    #[error("application name: expected 1 to 48 printable characters")]
    AppName,
    /// The process id is empty, too long, or holds a byte that may not be there.
    #[error("process id: expected 1 to 128 printable characters")]
    ProcId,
    /// The message id is empty, too long, or holds a byte that may not be there.
    #[error("message id: expected 1 to 32 printable characters")]
    MsgId,
    /// What follows the message id is neither `-` nor `[`.
    #[error("structured data: expected `-` or `[`")]
    StructuredData,
    /// An element's name is empty, too long, or holds a byte that may not be there.
    #[error("structured data: expected an element name of 1 to 32 characters")]
    SdId,
    /// One element name stands twice.
    #[error("structured data: element name stands twice")]
    SdIdTwice,
    /// A parameter is not `name="value"`.
    #[error("structured data: expected a parameter as name=\"value\"")]
    SdParam,
    /// A value holds a bare `]`, or a backslash before what needs none.
    #[error("structured data: `\"`, `\\` and `]` need a backslash, nothing else may have one")]
    Escape,
    /// A field is complete, but no blank follows.
    #[error("expected a blank after the field")]
    Separator,
    /// The tag of RFC 3164 is longer than 32 characters.
    #[error("tag: expected at most 32 characters")]
    Tag,
    /// The text begins with a byte order mark, but is not UTF-8.
    #[error("message: announced as UTF-8, but is not")]
    Message,
}

impl SyslogErrorKind {
    /// A short word for metrics and machine-readable reports; never changes once released.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pri => "pri",
            Self::PriValue => "pri_value",
            Self::Version => "version",
            Self::Timestamp => "timestamp",
            Self::Hostname => "hostname",
            Self::AppName => "app_name",
            Self::ProcId => "proc_id",
            Self::MsgId => "msg_id",
            Self::StructuredData => "structured_data",
            Self::SdId => "sd_id",
            Self::SdIdTwice => "sd_id_twice",
            Self::SdParam => "sd_param",
            Self::Escape => "escape",
            Self::Separator => "separator",
            Self::Tag => "tag",
            Self::Message => "message",
        }
    }
}

/// A strict reading's refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("syslog {kind} (byte {offset})")]
pub struct SyslogError {
    /// Which part of the message.
    pub kind: SyslogErrorKind,
    /// Offset of the first byte that cannot be right, from 0; the length where bytes are missing.
    pub offset: usize,
}

impl SyslogError {
    pub(super) const fn at(kind: SyslogErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }
}
