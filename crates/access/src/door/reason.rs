//! Why: a code with its parameters; the sentence is made of them where somebody reads it.

use std::fmt;
use std::sync::Arc;

use model::{DoorId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use super::words::{Fire, Standing, Threat};

/// What let somebody through, stood in the way, or is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are named after what they are, the variants say it")]
pub enum Reason {
    /// The way out is always free.
    Egress,
    /// Policies of the house permit it.
    Permitted,
    /// A responder during a lockdown.
    Responder,
    /// The glass was broken: a credential that opens when rights have grown too old.
    BreakGlass,
    /// More has to be shown.
    StepsLeft,
    /// No such door in this snapshot.
    UnknownDoor,
    /// Nothing was shown.
    NothingShown,
    /// Bits that no format reads.
    Unreadable { bits: u16 },
    /// Nobody's.
    UnknownCredential,
    /// Not valid before this.
    CredentialEarly { from: Timestamp },
    /// Not valid from this on.
    CredentialLate { to: Timestamp },
    /// Not in force.
    CredentialStanding { standing: Standing },
    /// This generation was revoked, for ever.
    CredentialRevoked { generation: u32 },
    /// It belongs to nobody.
    NoHolder,
    /// Its holder is not known here.
    UnknownHolder,
    /// Its holder is not in force.
    PersonStanding { standing: Standing },
    /// Its holder comes later.
    PersonEarly { from: Timestamp },
    /// Its holder's time is over.
    PersonLate { to: Timestamp },
    /// The zone's rights have grown too old.
    LeaseExpired { zone: ZoneId, break_glass: Option<Arc<str>> },
    /// The zone is locked down.
    Lockdown { zone: ZoneId, since: Timestamp },
    /// The door is locked for everybody but responders.
    Locked,
    /// The threat level asks for more clearance.
    ThreatLevel { level: Threat, clearance_min: i64 },
    /// They are in already.
    AntiPassback { zone: ZoneId, since: Timestamp },
    /// They came in too short a time ago.
    AntiPassbackTimed { zone: ZoneId, until: Timestamp },
    /// Nobody hears who leaves the zone.
    AntiPassbackBlind { zone: ZoneId },
    /// Nobody hears how many are in the zone, which has a limit.
    OccupancyBlind { zone: ZoneId },
    /// The zone is full.
    Full { zone: ZoneId, max: u32 },
    /// Nobody who may escort came with them.
    NoEscort { zone: ZoneId },
    /// Nobody enters this zone alone.
    Alone { zone: ZoneId },
    /// The second credential is the same person's.
    SamePerson,
    /// The second person may not enter either.
    Companion { because: Box<Reason> },
    /// Whoever must come first has not.
    FirstPerson { zone: ZoneId },
    /// Another door of the interlock is open.
    Interlock { door: DoorId },
    /// The door is no floor of this lift.
    NoFloor { lift: Arc<str> },
    /// Technicians alone may enter.
    Maintenance { until: Timestamp },
    /// Recorded as a test.
    WalkTest { until: Timestamp },
    /// Not the person's PIN.
    WrongPin,
    /// Too many wrong ones.
    PinBlocked { until: Timestamp },
    /// A PIN is asked for, and this person has none.
    NoPin,
    /// Digits alone were shown where a card is asked for as well.
    NoCard,
    /// A reader saw somebody else.
    WrongBody,
    /// No policy permits it.
    NoPolicy,
    /// A policy forbids it.
    Forbidden { policy: Arc<str> },
    /// A policy that forbids could not be evaluated; nobody passes where it might have spoken.
    PolicyError { policy: Arc<str>, error: Arc<str> },
    /// They leave a zone that they were not known to be in.
    NotInside { zone: ZoneId },
    /// A fire input says this; what would delay anybody rests.
    Fire { says: Fire },
    /// They leave somebody else alone in a zone that nobody is in alone.
    LeftAlone { zone: ZoneId },
}

impl Reason {
    /// Its code, stable, for records and translations.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Permitted => "permitted",
            Self::Responder => "responder",
            Self::BreakGlass => "break_glass",
            Self::StepsLeft => "steps_left",
            Self::UnknownDoor => "unknown_door",
            Self::NothingShown => "nothing_shown",
            Self::Unreadable { .. } => "unreadable",
            Self::UnknownCredential => "unknown_credential",
            Self::CredentialEarly { .. } => "credential_early",
            Self::CredentialLate { .. } => "credential_late",
            Self::CredentialStanding { .. } => "credential_standing",
            Self::CredentialRevoked { .. } => "credential_revoked",
            Self::NoHolder => "no_holder",
            Self::UnknownHolder => "unknown_holder",
            Self::PersonStanding { .. } => "person_standing",
            Self::PersonEarly { .. } => "person_early",
            Self::PersonLate { .. } => "person_late",
            Self::LeaseExpired { .. } => "lease_expired",
            Self::Lockdown { .. } => "lockdown",
            Self::Locked => "locked",
            Self::ThreatLevel { .. } => "threat_level",
            Self::AntiPassback { .. } => "anti_passback",
            Self::AntiPassbackTimed { .. } => "anti_passback_timed",
            Self::AntiPassbackBlind { .. } => "anti_passback_blind",
            Self::OccupancyBlind { .. } => "occupancy_blind",
            Self::Full { .. } => "full",
            Self::NoEscort { .. } => "no_escort",
            Self::Alone { .. } => "alone",
            Self::SamePerson => "same_person",
            Self::Companion { .. } => "companion",
            Self::FirstPerson { .. } => "first_person",
            Self::Interlock { .. } => "interlock",
            Self::NoFloor { .. } => "no_floor",
            Self::Maintenance { .. } => "maintenance",
            Self::WalkTest { .. } => "walk_test",
            Self::WrongPin => "wrong_pin",
            Self::PinBlocked { .. } => "pin_blocked",
            Self::NoPin => "no_pin",
            Self::NoCard => "no_card",
            Self::WrongBody => "wrong_body",
            Self::NoPolicy => "no_policy",
            Self::Forbidden { .. } => "forbidden",
            Self::PolicyError { .. } => "policy_error",
            Self::NotInside { .. } => "not_inside",
            Self::Fire { .. } => "fire",
            Self::LeftAlone { .. } => "left_alone",
        }
    }
}

impl fmt::Display for Reason {
    // tidy: function: one arm for each reason
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Egress => f.write_str("the way out is always free"),
            Self::Permitted => f.write_str("permitted"),
            Self::Responder => f.write_str("a responder enters during a lockdown"),
            Self::BreakGlass => f.write_str("the glass was broken"),
            Self::StepsLeft => f.write_str("more has to be shown"),
            Self::UnknownDoor => f.write_str("this snapshot has no such door"),
            Self::NothingShown => f.write_str("nothing was shown"),
            Self::Unreadable { bits } => write!(f, "no format reads these {bits} bits"),
            Self::UnknownCredential => f.write_str("nobody answers to this credential"),
            Self::CredentialEarly { from } => write!(f, "the credential is valid from {from}"),
            Self::CredentialLate { to } => write!(f, "the credential ended at {to}"),
            Self::CredentialStanding { standing } => write!(f, "the credential is {standing}"),
            Self::CredentialRevoked { generation } => {
                write!(f, "generation {generation} of the credential was revoked")
            }
            Self::NoHolder => f.write_str("the credential is nobody's"),
            Self::UnknownHolder => f.write_str("the credential's holder is not known here"),
            Self::PersonStanding { standing } => write!(f, "its holder is {standing}"),
            Self::PersonEarly { from } => write!(f, "its holder may come from {from}"),
            Self::PersonLate { to } => write!(f, "its holder's time ended at {to}"),
            Self::LeaseExpired { zone, break_glass: Some(way) } => {
                write!(f, "the rights of `{zone}` are too old; the way in: {way}")
            }
            Self::LeaseExpired { zone, break_glass: None } => {
                write!(f, "the rights of `{zone}` are too old")
            }
            Self::Lockdown { zone, since } => write!(f, "`{zone}` is locked down since {since}"),
            Self::Locked => f.write_str("the door is locked"),
            Self::ThreatLevel { level, clearance_min } => {
                write!(f, "the threat level {level} asks for a clearance of {clearance_min}")
            }
            Self::AntiPassback { zone, since } => write!(f, "in `{zone}` already since {since}"),
            Self::AntiPassbackTimed { zone, until } => {
                write!(f, "came into `{zone}` a short time ago; again from {until}")
            }
            Self::AntiPassbackBlind { zone } => write!(f, "nobody hears who leaves `{zone}`"),
            Self::OccupancyBlind { zone } => write!(f, "nobody hears how many are in `{zone}`"),
            Self::Full { zone, max } => write!(f, "`{zone}` is full: {max} people"),
            Self::NoEscort { zone } => write!(f, "`{zone}` is entered with an escort only"),
            Self::Alone { zone } => write!(f, "nobody enters `{zone}` alone"),
            Self::SamePerson => f.write_str("both credentials are the same person's"),
            Self::Companion { because } => write!(f, "the second person: {because}"),
            Self::FirstPerson { zone } => write!(f, "whoever opens `{zone}` has not come yet"),
            Self::Interlock { door } => write!(f, "`{door}` of the same interlock is open"),
            Self::NoFloor { lift } => write!(f, "this is no floor of the lift `{lift}`"),
            Self::Maintenance { until } => write!(f, "technicians alone until {until}"),
            Self::WalkTest { until } => write!(f, "a walk test until {until}"),
            Self::WrongPin => f.write_str("the PIN is wrong"),
            Self::PinBlocked { until } => write!(f, "too many wrong PINs; again from {until}"),
            Self::NoPin => f.write_str("the door asks for a PIN, and this person has none"),
            Self::NoCard => f.write_str("digits alone are not enough here"),
            Self::WrongBody => f.write_str("the reader saw somebody else"),
            Self::NoPolicy => f.write_str("no policy permits it"),
            Self::Forbidden { policy } => write!(f, "the policy `{policy}` forbids it"),
            Self::PolicyError { policy, error } => {
                write!(f, "the policy `{policy}` cannot be evaluated: {error}")
            }
            Self::NotInside { zone } => write!(f, "was not known to be in `{zone}`"),
            Self::Fire { says } => write!(f, "the fire input is {says}"),
            Self::LeftAlone { zone } => write!(f, "leaves one person alone in `{zone}`"),
        }
    }
}
