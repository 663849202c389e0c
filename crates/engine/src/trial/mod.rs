//! Runs a mapping that nobody has tried yet, in a process of its own.
//!
//! Owns the question and the answer that pass between the server and that process, the bounds it
//! sets itself before it reads a byte, and its end: whatever the program does, the process is
//! killed when its time is over, awaited, and its slot is free again. A program can double what it
//! holds in one step, or while it is compiled, where nobody can stop a thread; a process can be
//! stopped anywhere.
//!
//! Never runs such a program inside the server: where no program is named that could do it, there
//! is no trial. The process has no environment, no descriptor of the server's but three pipes and
//! no way to open a file, and ends when the server does. Linux alone: it starts `/proc/self/exe`,
//! so that an upgrade under a running server changes nothing, and bounds itself by `RLIMIT_DATA`.

mod inside;
mod outside;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono_tz::Tz;
use model::spine::Source;
use model::{MappingName, Problem, Raw, Timestamp};
use normalise::Mappings;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::edit::Trying;

pub use inside::{Bounds, InsideError, run};
pub(crate) use outside::Trials;

/// What mappings that are in force make of records: these are no trial, and run in the server.
pub(crate) fn read(mappings: &Arc<Mappings>, letters: Vec<Letter>, zone: Tz) -> Vec<Trying> {
    work::read(mappings, letters, zone)
}

/// The program that runs trials for a server that is this very program.
pub const OWN_PROGRAM: &str = "/proc/self/exe";
/// The verb by which it is started.
pub const VERB: &str = "trial";

/// Why a trial gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// No program is named that could run it.
    #[error("mappings cannot be tried here: this server was not started by `castellan`")]
    Absent,
    /// Others are being tried.
    #[error("{0} mappings are being tried already; try again")]
    Busy(u64),
    /// The question does not fit.
    #[error("mappings and records of one try: {found} bytes, at most {max}")]
    Question {
        /// How much.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// It took too long.
    #[error("the mapping took longer than {0} ms")]
    Time(u64),
    /// It took too much.
    #[error("the mapping took more than {0} bytes of memory")]
    Memory(u64),
    /// It gave too much.
    #[error("the mapping gave more than {0} bytes")]
    Answer(u64),
    /// It is nested too deep.
    #[error("the mapping exhausted the stack")]
    Stack,
    /// It met a bug of ours or of a function.
    #[error("the mapping ended in a panic")]
    Panic,
    /// Something else ended it.
    #[error("the mapping could not be tried: the process ended with {0}")]
    Ended(String),
    /// There is no process.
    #[error("the mapping could not be tried: no process could be started")]
    NotStarted(#[source] std::io::Error),
}

/// Bytes that travel as base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob(pub Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        BASE64_STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// All that a trial needs, for it reads no file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Question {
    /// The mapping that is tried.
    pub name: MappingName,
    /// The house's mappings by path below `content/`, this one among them as it is tried.
    pub content: BTreeMap<String, Blob>,
    /// What the samples give is what is expected of them.
    pub accept: bool,
    /// Records of dead letters.
    pub letters: Vec<Letter>,
    /// Pasted texts.
    pub texts: Option<Texts>,
    /// The organisation's zone.
    pub zone: String,
    /// Most records to run.
    pub records_max: usize,
}

/// A dead letter's record, and as whose it is read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub record: u64,
    /// Without its body.
    pub raw: Raw,
    pub body: Blob,
    pub source: Source,
}

/// Pasted texts, and as whose they are read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Texts {
    pub texts: Vec<String>,
    pub source: Source,
    pub now: Timestamp,
}

/// What a trial found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// What is wrong with the files, and with what their samples give.
    pub problems: Vec<Problem>,
    /// What samples give, by case, where that is expected from now on.
    pub accepted: BTreeMap<String, String>,
    /// What became of each record.
    pub results: Vec<Trying>,
}
