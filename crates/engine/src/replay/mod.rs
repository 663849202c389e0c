//! The past once more: a stretch of the lake through rules, drafts among them.
//!
//! Owns the reading of the stretch in event time, what of it must be known beforehand, the bounds
//! of a run, and what it came to. Never opens an incident and never touches the flow: a run has
//! its own detectors and its own threads, and waits whenever the flow is behind. Only `settle`
//! takes findings over, by somebody's word.

mod compare;
mod draft;
mod jobs;
mod run;
mod settle;
mod tally;

use std::collections::BTreeMap;
use std::time::Duration;

use model::problem::Gravity;
use model::{PlaceId, Problem, RuleId, SourceId, Timestamp};
use serde::Serialize;

pub use compare::{RuleCompared, Side};
pub use draft::{Draft, prepare};
pub use jobs::{Prepared, ReplayState, ReplayView, Replays};
pub use run::{Asked, Context, Progress, Report, Warmth, run};
pub(crate) use run::{BOUNDS, warm_for};
pub use settle::{LateSource, Settled};
pub use tally::{Counted, RuleCount, Tally, TallyLimits};

/// Why nothing was replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The draft does not hold.
    #[error("the draft does not hold: {} problems", .0.iter().filter(is_error).count())]
    Problems(Vec<Problem>),
    /// A rule that was named is not there.
    #[error("there is no rule `{0}`")]
    UnknownRule(RuleId),
    /// What was asked makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// Others run.
    #[error("{0} replays run already; stop one or wait")]
    Busy(u64),
    /// There is no such run.
    #[error("there is no replay `{0}`")]
    Unknown(String),
    /// It is not at that point.
    #[error("{0}")]
    NotNow(String),
    /// It was stopped.
    #[error("stopped")]
    Stopped,
    /// The lake.
    #[error(transparent)]
    Lake(#[from] lake::LakeError),
    /// State.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The system.
    #[error("no thread could be started: {0}")]
    System(#[from] std::io::Error),
    /// A bug of ours.
    #[error("the replay ended in a panic")]
    Panic,
}

fn is_error(problem: &&Problem) -> bool {
    problem.gravity == Gravity::Error
}

/// What somebody wants replayed.
#[derive(Debug, Clone, Default)]
pub struct ReplayAsk {
    /// Files of the draft by path below `rules/`; empty: the rules in force.
    pub files: BTreeMap<String, String>,
    /// Only these rules; all of the draft if empty, and without one all in force.
    pub rules: Vec<RuleId>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant; now if absent.
    pub to: Option<Timestamp>,
    /// Only findings about this site.
    pub site: Option<PlaceId>,
    /// Only what this source was late with: the hours in which its late events lie.
    pub late_of: Option<SourceId>,
    /// How long before `from` the reading begins; enough for presence and windows if absent.
    pub warm: Option<Duration>,
    /// Whether the rules in force are replayed beside a draft, for comparison.
    pub is_compared: bool,
}

/// How one run stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pace {
    /// Events read so far, those before the stretch included.
    pub read: u64,
    /// About how many there are; never fewer.
    pub of: u64,
    /// Up to which event time it is.
    pub at: Option<Timestamp>,
    /// Events read in a second.
    pub events_per_s: f64,
    /// How many seconds it will still take at this pace.
    pub remaining_s: Option<u64>,
    /// How often it stood aside for the flow.
    pub waits: u64,
}
