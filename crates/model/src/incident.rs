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
    /// What was concluded was overturned by what came later.
    Withdrawn,
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
    /// The findings that ask for it, the first first; none for one that a person wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked_by: Vec<AskedBy>,
}

/// Which kind of finding asks for a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskedBy {
    /// Its rule.
    pub rule: RuleId,
    /// What it says it has found.
    pub title: String,
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
    /// The owner offered it to somebody else, and answers for it until they accept.
    Offered {
        /// To whom.
        to: Owner,
        /// Until when it may be accepted.
        until: Timestamp,
        /// What they should know.
        note: Option<String>,
    },
    /// An offer ended without a new owner.
    OfferEnded {
        /// To whom it went.
        to: Owner,
        /// How.
        how: OfferEnd,
        /// Why, in their words.
        reason: Option<String>,
    },
    /// Put aside for a time.
    Snoozed {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Back in the queue.
    Woken {
        /// Why.
        why: WokenBy,
    },
    /// Somebody outside the room has come so far.
    Milestone {
        /// How far.
        milestone: Milestone,
    },
    /// What it held belongs to another incident from now on.
    MergedInto {
        /// Which.
        incident: IncidentId,
    },
    /// Another incident's findings and evidence joined.
    Merged {
        /// Which.
        incident: IncidentId,
    },
    /// Nobody had acknowledged it in time: everybody who works incidents is told, at every site.
    Escalated {
        /// For which time, from 1.
        step: u16,
    },
    /// Who called for help in silence has pressed again.
    CalledAgain {
        /// Where, as far as it can be said.
        text: String,
    },
    /// Somebody outside was told.
    Notified {
        /// By which channel.
        channel: String,
        /// Whether it was taken, or why not.
        outcome: String,
    },
}

/// How an offer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OfferEnd {
    /// They said no.
    Declined,
    /// Who offered took it back.
    Withdrawn,
    /// Nobody answered in time.
    Expired,
    /// Another act settled it: assigned, resolved, merged.
    Overtaken,
}

/// What brought an incident back into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WokenBy {
    /// Its time was over.
    Time,
    /// A person.
    Person,
    /// Another finding joined.
    Finding,
}

/// How far those who went there have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Milestone {
    /// Sent on their way.
    Dispatched,
    /// There.
    OnScene,
    /// Done there.
    Clear,
}

/// A hand-over that waits to be accepted. Who offers answers for the incident until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Offer {
    /// To whom.
    pub to: Owner,
    /// Who offered.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Until when it may be accepted.
    pub until: Timestamp,
    /// What they should know.
    pub note: Option<String>,
}

/// Out of the queue for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Snooze {
    /// Who put it aside.
    pub by: String,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// One milestone reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reached {
    /// Which.
    pub milestone: Milestone,
    /// When.
    pub at: Timestamp,
    /// Who said so.
    pub by: String,
}

/// A person's silent call for help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Call {
    /// Who called. Nothing of it sounds or shows where they are.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Who of the organisation they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Their telephone numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    /// When they pressed again, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Timestamp>,
}

impl Call {
    /// When they last pressed.
    pub fn last(&self) -> Timestamp {
        self.again.last().copied().unwrap_or(self.at)
    }
}

/// How an incident is being handled beside its state and owner.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Handling {
    /// A hand-over that waits to be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// Out of the queue for a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snooze: Option<Snooze>,
    /// Milestones, in the order in which they were reached.
    pub milestones: Vec<Reached>,
    /// The incident that holds what this one held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<IncidentId>,
    /// The incidents whose findings joined this one by a person's hand.
    pub merged: Vec<IncidentId>,
    /// The silent call that opened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// Whoever works incidents at any site sees it: nobody of its own site could, or nobody
    /// answered in time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub everywhere: bool,
    /// When it was escalated because nobody had acknowledged it, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub escalated: Vec<Timestamp>,
    /// Since when it has waited to be acknowledged, where that is not since it was opened: it
    /// became critical, or was opened again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
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
    /// Hand-over, snooze, milestones, merges.
    #[serde(default)]
    pub handling: Handling,
    /// Whoever called for help in silence still owes the reason.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reason_owed: bool,
    /// Its history.
    pub timeline: Vec<TimelineEntry>,
    /// Counts changes; a writer states the version it saw.
    pub version: u64,
}
