//! Events to findings.
//!
//! Owns the spine's look-ups, presence, Sigma matching, and correlation on event time. Never reads
//! a clock, never does I/O: time moves only by the events and records it is given, so the same
//! input gives the same findings live, in replay and after a crash.

pub mod cases;
mod correlate;
mod detector;
pub mod eval;
pub mod explain;
mod finding;
mod fires;
mod learned;
pub mod limits;
mod parts;
pub mod presence;
pub mod rules;
mod sigma;
pub mod spine;
mod stats;
pub mod whereabouts;
mod words;

pub use detector::{Bounds, Detector, Kept, Options, SnapshotError};
pub use learned::ClockReport;
pub use presence::{Presence, Stretch};
pub use rules::{
    Below, ExceptionMeta, Heard, Match, Matches, RuleFile, RuleIndex, RuleMeta, RuleSet, World,
    told,
};
pub use spine::{Resolution, Spine};
pub use stats::{DetectStats, UndecidedStat};
