//! What people work on: one owner at every instant.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::finding::{EvidenceRef, Level};
use crate::ids::{Entity, FindingId, IncidentId, PersonId, PlaceId, RuleId, TeamId, TenantId};
use crate::time::Timestamp;

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum IncidentState {
    /// Nobody has looked yet; a team owns it.
    New,
    /// Somebody has seen it and owns it.
    Acknowledged,
    /// Being worked on.
    InProgress,
    /// Worked, with a disposition.
    Resolved,
    /// Filed.
    Closed,
}

/// What it turned out to be (OCSF-like words).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Disposition {
    /// It happened and was wrong.
    TruePositive,
    /// It happened and was allowed.
    BenignPositive,
    /// It did not happen.
    FalsePositive,
    /// A test or exercise.
    Test,
    /// Another incident covers it.
    Duplicate,
    /// Could not be found out.
    Undetermined,
}

/// Who must answer for an incident: exactly one at every instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Owner {
    /// A team, from the first second.
    Team(TeamId),
    /// One person.
    Person(PersonId),
}

/// One step of the operating procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SopStep {
    /// What to do.
    pub text: String,
    /// When it was ticked, and by whom.
    pub done: Option<(Timestamp, String)>,
}

/// One line of an incident's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// Who, or `castellan`.
    pub by: String,
    /// What.
    pub act: TimelineAct,
}

/// What happened to an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TimelineAct {
    /// Opened by a finding, or by hand with a text.
    Opened {
        /// The finding, if one opened it.
        finding: Option<FindingId>,
        /// A person's words.
        text: Option<String>,
    },
    /// Another finding joined.
    Folded {
        /// Which.
        finding: FindingId,
        /// Its sentence.
        because: String,
    },
    /// A finding was overturned by a late event.
    FindingWithdrawn {
        /// Which.
        finding: FindingId,
    },
    /// The state changed.
    State {
        /// From.
        from: IncidentState,
        /// To.
        to: IncidentState,
    },
    /// The owner changed.
    Owner {
        /// From.
        from: Owner,
        /// To.
        to: Owner,
    },
    /// Somebody said something.
    Comment {
        /// What.
        text: String,
    },
    /// A disposition was given.
    Disposition {
        /// Which.
        disposition: Disposition,
        /// Why.
        reason: Option<String>,
    },
    /// A step was ticked.
    Step {
        /// Its number from 0.
        step: u16,
    },
    /// Somebody outside was told.
    Notified {
        /// By which channel.
        channel: String,
        /// Whether it was taken, or why not.
        outcome: String,
    },
}

/// One incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// Whose installation.
    pub tenant: TenantId,
    /// Where, if one site is concerned.
    pub site: Option<PlaceId>,
    /// The first finding's title, or a person's words.
    pub title: String,
    /// The highest level of its findings.
    pub level: Level,
    /// Where it stands.
    pub state: IncidentState,
    /// Who answers for it.
    pub owner: Owner,
    /// When it was opened (our clock).
    pub opened_at: Timestamp,
    /// When it last changed (our clock).
    pub changed_at: Timestamp,
    /// First event time of its evidence.
    pub first_seen: Timestamp,
    /// Last event time of its evidence.
    pub last_seen: Timestamp,
    /// The rules whose findings it holds.
    pub rules: BTreeSet<RuleId>,
    /// Its findings, in order of arrival.
    pub findings: Vec<FindingId>,
    /// Whom and what it is about.
    pub entities: BTreeSet<Entity>,
    /// Both worlds' events, in event-time order, bounded.
    pub evidence: Vec<EvidenceRef>,
    /// One sentence: the first finding's.
    pub because: String,
    /// The operating procedure.
    pub sop: Vec<SopStep>,
    /// What it turned out to be.
    pub disposition: Option<Disposition>,
    /// Its history.
    pub timeline: Vec<TimelineEntry>,
    /// Counts changes; a writer states the version it saw.
    pub version: u64,
}
