//! What is answered, and the words for it.

use model::enrichment::{PresenceEvidence, PresenceState, UnknownWhy};
use model::{PersonId, PlaceId, SourceId, Timestamp};
use serde::{Serialize, Serializer};

use crate::presence::{Effect, Found, Sighting};

/// What is known of one person over all moments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Who.
    pub person: PersonId,
    /// Over all moments.
    pub verdict: Verdict,
    /// Moment by moment, as asked.
    pub moments: Vec<Seen>,
}

/// Whether it could have been somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// At every moment known to have been at the place, or able to reach it.
    Consistent,
    /// Neither.
    Unknown,
    /// At some moment known to have been elsewhere.
    Excluded,
}

/// One person at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The moment.
    pub time: Timestamp,
    /// The place that was asked about.
    pub place: Option<PlaceId>,
    /// What was known of the person.
    pub state: PresenceState,
    /// The zone, when in.
    pub zone: Option<PlaceId>,
    /// Since when, where known.
    pub since: Option<Timestamp>,
    /// Why nothing is known.
    pub why: Option<UnknownWhy>,
    /// What the verdict rests on.
    pub evidence: Option<Proof>,
    /// The last sighting before, even where it is too old to count.
    pub last: Option<Proof>,
    /// The first sighting after.
    pub next: Option<Proof>,
    /// Why this verdict.
    pub reason: Reason,
    /// Log-ons of theirs nearby; they show where an account was used, not who used it.
    pub also: Vec<Proof>,
}

impl Seen {
    /// What this moment says of the person.
    pub fn verdict(&self) -> Verdict {
        self.reason.verdict()
    }
}

impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            time: Timestamp,
            #[serde(skip_serializing_if = "Option::is_none")]
            place: Option<&'a PlaceId>,
            state: PresenceState,
            zone: Option<&'a PlaceId>,
            evidence: Option<&'a Proof>,
            verdict: Verdict,
            reason: Reason,
            #[serde(skip_serializing_if = "Option::is_none")]
            why: Option<UnknownWhy>,
            #[serde(skip_serializing_if = "Option::is_none")]
            since: Option<Timestamp>,
            #[serde(skip_serializing_if = "Option::is_none")]
            last: Option<&'a Proof>,
            #[serde(skip_serializing_if = "Option::is_none")]
            next: Option<&'a Proof>,
            #[serde(skip_serializing_if = "<[Proof]>::is_empty")]
            also: &'a [Proof],
        }
        Line {
            time: self.time,
            place: self.place.as_ref(),
            state: self.state,
            zone: self.zone.as_ref(),
            evidence: self.evidence.as_ref(),
            verdict: self.verdict(),
            reason: self.reason,
            why: self.why,
            since: self.since,
            last: self.last.as_ref(),
            next: self.next.as_ref(),
            also: &self.also,
        }
        .serialize(serializer)
    }
}

/// Why a moment speaks for or against somebody, or does neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Known to have been in the place.
    There,
    /// Known to have been where no watched door lies between them and the place.
    WithinReach,
    /// Their own passage at the door asked about, within its clock's bound of the moment.
    AtItsDoor,
    /// They passed just then, and one side of the passage is the place.
    Passing,
    /// Their next passage shows that they had come to the place unseen.
    MovedUnseen,
    /// Nothing is known of them by doors, and their account was used at the place.
    SeenByNetwork,
    /// Known to have been in another zone.
    Elsewhere,
    /// Known to have been outside.
    Outside,
    /// Their next passage shows that they had left unseen: nobody knows when, or to where.
    LeftUnseen,
    /// Nothing is known of them then.
    NotKnown,
}

impl Reason {
    /// What it means for one moment.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::There
            | Self::WithinReach
            | Self::AtItsDoor
            | Self::Passing
            | Self::MovedUnseen
            | Self::SeenByNetwork => Verdict::Consistent,
            Self::Elsewhere | Self::Outside => Verdict::Excluded,
            Self::LeftUnseen | Self::NotKnown => Verdict::Unknown,
        }
    }

    pub(super) fn shows(self) -> bool {
        self.verdict() == Verdict::Consistent
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::WithinReach => "within_reach",
            Self::AtItsDoor => "at_its_door",
            Self::Passing => "passing",
            Self::MovedUnseen => "moved_unseen",
            Self::SeenByNetwork => "seen_by_network",
            Self::Elsewhere => "elsewhere",
            Self::Outside => "outside",
            Self::LeftUnseen => "left_unseen",
            Self::NotKnown => "not_known",
        }
    }
}

/// One event that shows where somebody was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Whose record.
    pub source: SourceId,
    /// Its number.
    pub record: u64,
    /// When.
    pub time: Timestamp,
    /// What it rests on.
    pub by: By,
    /// The door, or where the device stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<PlaceId>,
    /// The zone that it led into; nothing where it led outside, or nobody can say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub into: Option<PlaceId>,
}

/// What a proof rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A badge was granted.
    Granted,
    /// The door was used.
    Taken,
    /// A sensor or a camera saw them.
    Sensor,
    /// Their account was used at a thing that stands there.
    LogOn,
}

impl By {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Taken => "taken",
            Self::Sensor => "sensor",
            Self::LogOn => "log_on",
        }
    }
}

impl From<PresenceEvidence> for By {
    fn from(evidence: PresenceEvidence) -> Self {
        match evidence {
            PresenceEvidence::Granted => Self::Granted,
            PresenceEvidence::Taken => Self::Taken,
            PresenceEvidence::Sensor => Self::Sensor,
        }
    }
}

impl Proof {
    pub(super) fn of_sighting(sighting: &Sighting) -> Self {
        Self {
            source: sighting.source.clone(),
            record: sighting.record,
            time: sighting.time,
            by: sighting.evidence.into(),
            at: sighting.door.clone(),
            into: zone_of(&sighting.effect),
        }
    }

    pub(super) fn of_stay(stay: &Found) -> Self {
        Self {
            source: stay.source.clone(),
            record: stay.record,
            time: stay.shown,
            by: stay.shown_by.into(),
            at: stay.door.clone(),
            into: zone_of(&stay.effect),
        }
    }
}

fn zone_of(effect: &Effect) -> Option<PlaceId> {
    match effect {
        Effect::In(zone) => Some(zone.clone()),
        Effect::Out | Effect::Nowhere | Effect::EitherSide | Effect::NotTaken => None,
    }
}

/// Excluded by one moment; consistent by all; else unknown. Without a moment nothing is known.
pub(super) fn over(moments: &[Seen]) -> Verdict {
    let is = |verdict: Verdict| move |seen: &Seen| seen.verdict() == verdict;
    if moments.iter().any(is(Verdict::Excluded)) {
        Verdict::Excluded
    } else if !moments.is_empty() && moments.iter().all(is(Verdict::Consistent)) {
        Verdict::Consistent
    } else {
        Verdict::Unknown
    }
}
