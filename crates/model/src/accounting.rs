//! Every boundary adds up: received = kept + rejected(reason) + dropped(reason).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{MappingName, SourceId};
use crate::problem::Position;
use crate::time::Timestamp;

/// Why a record was refused at intake, to the sender's face where the transport allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// Not JSON, or not the JSON we take (duplicate key, NaN, NUL).
    Malformed,
    /// Nested deeper than the limit.
    TooDeep,
    /// One record larger than the limit.
    TooLarge,
    /// Empty.
    Empty,
    /// Not UTF-8 where UTF-8 is required.
    NotUtf8,
}

impl RejectReason {
    /// The label in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::Empty => "empty",
            Self::NotUtf8 => "not_utf8",
        }
    }
}

/// Why a record was lost without a refusal the sender could see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The intake queue was full and the transport cannot wait (UDP).
    QueueFull,
    /// The kernel's socket buffer overflowed (SO_RXQ_OVFL).
    KernelBuffer,
    /// The journal could not be written and the transport cannot wait.
    JournalUnavailable,
    /// A connection broke inside a frame.
    PartialFrame,
    /// The sender had to forget it before we took it, and said so.
    LostAtSender,
    /// The device wrote over it before it could be fetched.
    Overwritten,
}

impl DropReason {
    /// The label in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::KernelBuffer => "kernel_buffer",
            Self::JournalUnavailable => "journal_unavailable",
            Self::PartialFrame => "partial_frame",
            Self::LostAtSender => "lost_at_sender",
            Self::Overwritten => "overwritten",
        }
    }
}

/// Why a kept record gave no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum DeadReason {
    /// No mapping recognises it.
    NoMapping,
    /// The source names a mapping that does not exist.
    UnknownMapping {
        /// Which.
        name: String,
    },
    /// Its wire format could not be read.
    Decode {
        /// Which wire.
        wire: String,
        /// What was found and expected.
        detail: String,
    },
    /// A CSV header lacks a column.
    CsvHeader {
        /// The column.
        column: String,
        /// What is there instead.
        detail: String,
    },
    /// The mapping's program gave up, with its own words.
    Aborted {
        /// They.
        detail: String,
    },
    /// The mapping's program failed.
    Program {
        /// How.
        detail: String,
    },
    /// What the mapping made is not the OCSF we accept.
    NotOcsf {
        /// Which attribute, found and expected.
        detail: String,
    },
    /// The record claims a time further from receipt than the source's limit allows.
    ClockAbsurd {
        /// Claimed.
        claimed: Timestamp,
    },
}

impl DeadReason {
    /// The label in metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoMapping => "no_mapping",
            Self::UnknownMapping { .. } => "unknown_mapping",
            Self::Decode { .. } => "decode",
            Self::CsvHeader { .. } => "csv_header",
            Self::Aborted { .. } => "aborted",
            Self::Program { .. } => "program",
            Self::NotOcsf { .. } => "not_ocsf",
            Self::ClockAbsurd { .. } => "clock_absurd",
        }
    }
}

impl fmt::Display for DeadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMapping => f.write_str("no mapping recognises this record"),
            Self::UnknownMapping { name } => write!(f, "there is no mapping `{name}`"),
            Self::Decode { wire, detail } => write!(f, "not readable as {wire}: {detail}"),
            Self::CsvHeader { column, detail } => {
                write!(f, "the csv header has no column `{column}`: {detail}")
            }
            Self::Aborted { detail } => f.write_str(detail),
            Self::Program { detail } => write!(f, "the mapping failed: {detail}"),
            Self::NotOcsf { detail } => write!(f, "the mapping's result is not OCSF: {detail}"),
            Self::ClockAbsurd { claimed } => {
                write!(f, "claims the time {claimed}, too far from its receipt")
            }
        }
    }
}

/// A kept record that gave no event; it can be listed and re-run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Journal sequence, or record number within the input.
    pub record: u64,
    /// Whose.
    pub source: SourceId,
    /// When it was received.
    pub received_at: Timestamp,
    /// Which mapping tried.
    pub mapping: Option<MappingName>,
    /// Why.
    pub reason: DeadReason,
    /// Where in the record.
    pub position: Option<Position>,
}
