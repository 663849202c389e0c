//! What a rule concluded, with its evidence (FORMATS.md, "Findings").

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{Entity, FindingId, RuleId, SourceId};
use crate::time::Timestamp;

/// Sigma's levels.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Level {
    /// For the record.
    Informational,
    /// When there is time.
    Low,
    /// Today.
    #[default]
    Medium,
    /// Now.
    High,
    /// Drop everything.
    Critical,
}

impl Level {
    /// Sigma's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
    /// OCSF `severity_id`.
    pub fn severity_id(self) -> u8 {
        match self {
            Self::Informational => 1,
            Self::Low => 2,
            Self::Medium => 3,
            Self::High => 4,
            Self::Critical => 5,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a late event could still overturn a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FindingState {
    /// A late event could still overturn it.
    Provisional,
    /// Final.
    Confirmed,
    /// Was overturned.
    Withdrawn,
}

/// The event behind a finding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvidenceRef {
    /// Whose.
    pub source: SourceId,
    /// Journal sequence, or record number within the source's input.
    pub record: u64,
    /// Event time.
    pub time: Timestamp,
    /// OCSF class.
    pub class_uid: u32,
}

/// First and last event time of the episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Window {
    /// First.
    pub from: Timestamp,
    /// Last.
    pub to: Timestamp,
}

/// What one rule concluded about one group in one episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// Hash of rule id, rule version, group and anchor.
    #[serde(rename = "finding")]
    pub id: FindingId,
    /// Which rule.
    pub rule: RuleId,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// When it was concluded, in event time.
    pub time: Timestamp,
    /// First and last evidence.
    pub window: Window,
    /// The values the rule grouped by.
    pub group: BTreeMap<String, String>,
    /// Whom and what it is about, in fixed order.
    pub entities: Vec<Entity>,
    /// The events, in event-time order; at most `EVIDENCE_MAX`.
    pub evidence: Vec<EvidenceRef>,
    /// Final or not.
    pub state: FindingState,
    /// Earlier ids of the same episode.
    pub supersedes: Vec<FindingId>,
    /// One sentence in words.
    pub because: String,
    /// Conditions that could not be judged, with the source that was stale.
    pub undecided: Vec<String>,
}

/// Most events kept as evidence of one finding; more are counted in `because`.
pub const EVIDENCE_MAX: usize = 100;
