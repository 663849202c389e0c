//! The occurrence log: what people saw and did on a shift, in their own words.
//!
//! An entry is never changed. A correction is an entry of its own that names the one it corrects.

use serde::{Deserialize, Serialize};

use crate::ids::{IncidentId, OccurrenceId, PlaceId};
use crate::time::Timestamp;

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OccurrenceKind {
    /// Worth knowing.
    Note,
    /// A round was walked.
    Patrol,
    /// Somebody came or left.
    Visitor,
    /// Something was brought or fetched.
    Delivery,
    /// Keys or cards were given out or came back.
    Keys,
    /// Something does not work.
    Fault,
    /// Somebody needed help.
    Medical,
    /// A test or an exercise.
    Test,
    /// None of these.
    Other,
}

impl OccurrenceKind {
    /// All, in the order in which forms offer them.
    pub const ALL: [Self; 9] = [
        Self::Note,
        Self::Patrol,
        Self::Visitor,
        Self::Delivery,
        Self::Keys,
        Self::Fault,
        Self::Medical,
        Self::Test,
        Self::Other,
    ];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Patrol => "patrol",
            Self::Visitor => "visitor",
            Self::Delivery => "delivery",
            Self::Keys => "keys",
            Self::Fault => "fault",
            Self::Medical => "medical",
            Self::Test => "test",
            Self::Other => "other",
        }
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Occurrence {
    /// Its id.
    pub id: OccurrenceId,
    /// Its place in the log: from 1, without gaps.
    pub number: u64,
    /// When it happened.
    pub at: Timestamp,
    /// When it was written down (our clock).
    pub recorded_at: Timestamp,
    /// Who wrote it: an operator's or a token's id.
    pub by: String,
    /// At which site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<PlaceId>,
    /// Where exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// What it is about.
    pub kind: OccurrenceKind,
    /// In their words.
    pub text: String,
    /// The incident that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// The entry that this one corrects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrects: Option<OccurrenceId>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn every_kind_is_written_as_its_word() {
        for kind in OccurrenceKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
