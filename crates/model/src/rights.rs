//! Who may pass where, as data: groups, credentials, rights, hours, and the rules of zones and
//! doors (FORMATS: organisation folder). What a decision is made of is composed from these.
//!
//! INVARIANT: a PIN is here as a keyed hash or not at all; a card number only where the
//! organisation itself has written it down.

mod item;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{CredentialId, DoorId, GroupId, PersonId, PointId, RightId, ScheduleId, ZoneId};
use crate::spine::Validity;
use crate::time::Timestamp;

pub use item::{Item, ItemChange};

crate::words! {
    /// What a credential is.
    CredentialKind {
        /// A card or a fob.
        Card = "card",
        /// Digits alone, typed at a keypad.
        Pin = "pin",
        /// A telephone; what it shows is decided elsewhere.
        Mobile = "mobile",
        /// What breaks the glass: opens its zones when rights there have grown too old.
        BreakGlass = "break_glass",
    }
}

crate::words! {
    /// Whether a credential is in force.
    Standing {
        /// It is.
        Active = "active",
        /// Not until somebody lifts it.
        Suspended = "suspended",
        /// No more.
        Ended = "ended",
    }
}

crate::words! {
    /// What a zone does when its rights have grown older than it allows.
    AtExpiry {
        /// Refuses, and names the way in that needs no network.
        Refuse = "refuse",
        /// Asks for the PIN as well.
        PinAsWell = "pin_as_well",
        /// Admits with an escort only.
        EscortOnly = "escort_only",
        /// Admits and flags.
        AllowAndFlag = "allow_and_flag",
    }
}

crate::words! {
    /// Whether somebody who is in may come in again.
    AntiPassback {
        /// Yes.
        Off = "off",
        /// Yes, and it is recorded.
        Soft = "soft",
        /// No, until they have left.
        Hard = "hard",
        /// No, for so long after they came in.
        Timed = "timed",
    }
}

crate::words! {
    /// What anti-passback does where nobody hears who leaves.
    Blind {
        /// Admits, and it is recorded.
        Admit = "admit",
        /// Asks for the PIN.
        Pin = "pin",
        /// Refuses.
        Refuse = "refuse",
    }
}

crate::words! {
    /// How wary the house is.
    Threat {
        /// A day like any other.
        Normal = "normal",
        /// More care than usual.
        Elevated = "elevated",
        /// A concrete reason for care.
        High = "high",
        /// Under attack.
        Severe = "severe",
    }
}

crate::words! {
    /// What a door asks for besides the credential.
    Asks {
        /// Nothing more.
        Card = "card",
        /// The PIN.
        CardAndPin = "card_and_pin",
        /// A biometric verdict, or the PIN as its equal alternative.
        CardAndBody = "card_and_body",
    }
}

crate::words! {
    /// What everybody in a group is, besides being in it.
    Trait {
        /// Enters during a lockdown.
        Responder = "responder",
        /// Enters zones that ask for an escort with one only.
        NeedsEscort = "needs_escort",
        /// May be that escort.
        MayEscort = "may_escort",
        /// Is given more time at doors.
        MoreTime = "more_time",
    }
}

/// People who share rights.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Group {
    /// Display name.
    pub name: Option<String>,
    /// The groups that it is in.
    pub within: Vec<GroupId>,
    /// How far its people are trusted.
    pub clearance: Option<i64>,
    /// What its people are besides.
    pub traits: Vec<Trait>,
}

/// Somebody is in a group for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Which group.
    pub group: GroupId,
    /// Who.
    pub person: PersonId,
    /// When.
    pub validity: Validity,
}

impl Member {
    /// What tells it from others: one person may be in one group for several stretches.
    pub fn key(&self) -> String {
        let from = self.validity.from.map_or(String::new(), |from| from.to_string());
        format!("{}/{}/{from}", self.group, self.person)
    }
}

/// Something that opens. Exactly one of `badge`, `number` and `key` is there, save for digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// Whose; of a badge whoever the badge is.
    pub person: Option<PersonId>,
    /// The badge of the organisation's identifiers whose number it has.
    pub badge: Option<String>,
    /// Its card format, such as `h10301`; the house's own where none is said.
    pub format: Option<String>,
    /// Facility code; the house's own where none is said.
    pub facility: Option<u64>,
    /// Its number, as the organisation wrote it.
    pub number: Option<u64>,
    /// Issue level.
    pub issue: u32,
    /// What its number hashes to, 32 hexadecimal digits: where the number itself is not kept.
    pub key: Option<String>,
    /// Counts up each time the number is given out.
    pub generation: u32,
    /// When it is in force.
    pub validity: Validity,
    /// Whether it is.
    pub standing: Standing,
    /// Using it tells that its holder is forced.
    pub duress: bool,
}

/// Whom a right is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// Everybody in a group.
    Group(GroupId),
    /// One person.
    Person(PersonId),
}

/// What a right opens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opens {
    /// Every door into a zone and the zones in it.
    Zone(ZoneId),
    /// One door.
    Door(DoorId),
}

/// Who may pass where, when, and by whose word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Right {
    /// Who.
    pub holder: Holder,
    /// Where.
    pub opens: Opens,
    /// In which hours; at any where none is said.
    pub schedule: Option<ScheduleId>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// From when to when.
    pub validity: Validity,
}

/// Hours of certain days, half-open; `to` at or before `from` is on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Monday first, then kinds of holidays 1 to 8, as bits.
    pub days: u16,
    /// Minute of the day, 0 to 1439.
    pub from: u16,
    /// Minute of the day, 0 to 1440; not in the window any more.
    pub to: u16,
}

/// The words of the days of a window, in the order of its bits.
pub const DAYS: [&str; 15] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "holiday-1",
    "holiday-2",
    "holiday-3",
    "holiday-4",
    "holiday-5",
    "holiday-6",
    "holiday-7",
    "holiday-8",
];

/// Hours of the week with their holidays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Display name.
    pub name: Option<String>,
    /// IANA zone; the organisation's where none is said.
    pub time_zone: Option<String>,
    /// When it is open.
    pub windows: Vec<Window>,
    /// Holidays (`2026-12-25`) with their kind, 1 to 8.
    pub holidays: BTreeMap<String, u8>,
}

/// What a zone asks for from a threat level on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tightening {
    /// From this level on.
    pub from: Threat,
    /// At least this clearance.
    pub clearance_min: i64,
    /// The PIN as well.
    pub pin: bool,
}

/// What holds at the doors into a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneRules {
    /// How old its rights may be.
    pub lease: Duration,
    /// What happens when they are older.
    pub at_expiry: AtExpiry,
    /// The way in that needs no network; never empty where it refuses.
    pub break_glass: Option<String>,
    /// Credentials that open it whatever the rights' age.
    pub glass: Vec<CredentialId>,
    /// Whether somebody inside may come in again.
    pub anti_passback: AntiPassback,
    /// For how long not, where that is timed.
    pub anti_passback_for: Duration,
    /// What that does where leaving is not heard.
    pub blind: Blind,
    /// At most so many people.
    pub occupancy_max: Option<u32>,
    /// Nobody enters it alone.
    pub two_person: bool,
    /// Those who need an escort enter it with one only.
    pub escort: bool,
    /// One of these must have come first.
    pub first_person: Option<GroupId>,
    /// What changes with the threat level.
    pub tightening: Vec<Tightening>,
}

impl ZoneRules {
    /// The lease of a zone that says nothing: three days.
    pub const LEASE: Duration = Duration::from_secs(259_200);
}

impl Default for ZoneRules {
    fn default() -> Self {
        Self {
            lease: Self::LEASE,
            at_expiry: AtExpiry::PinAsWell,
            break_glass: None,
            glass: Vec::new(),
            anti_passback: AntiPassback::Off,
            anti_passback_for: Duration::ZERO,
            blind: Blind::Admit,
            occupancy_max: None,
            two_person: false,
            escort: false,
            first_person: None,
            tightening: Vec::new(),
        }
    }
}

/// What a door asks for and does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorRules {
    /// Besides the credential.
    pub asks: Asks,
    /// How long its strike is released.
    pub hold: Duration,
    /// How long for people who need more time.
    pub hold_accessible: Duration,
    /// Doors of one interlock: only one of them may be open.
    pub interlock: Option<String>,
    /// The lift whose floor it is.
    pub lift: Option<String>,
    /// Doors that one fire input releases.
    pub fire_group: Option<String>,
    /// Who may enter while it is being worked on.
    pub technicians: Option<GroupId>,
    /// Outside these hours it asks for the PIN as well.
    pub card_alone: Option<ScheduleId>,
}

impl Default for DoorRules {
    fn default() -> Self {
        Self {
            asks: Asks::Card,
            hold: Duration::from_secs(5),
            hold_accessible: Duration::from_secs(15),
            interlock: None,
            lift: None,
            fire_group: None,
            technicians: None,
            card_alone: None,
        }
    }
}

/// How the house's cards are read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cards {
    /// The format of credentials that name none.
    pub format: Option<String>,
    /// The facility code of credentials that name none.
    pub facility: Option<u64>,
    /// Formats of the house's own, in the manner of the shipped table.
    pub table: Option<String>,
}

/// A person's digits, keyed-hashed: 32 hexadecimal digits each.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pins {
    /// Their own.
    pub pin: String,
    /// Those that tell of force.
    pub duress: Option<String>,
}

impl std::fmt::Debug for Pins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pins(…)")
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RightsData {
    /// Groups.
    pub groups: BTreeMap<GroupId, Group>,
    /// Who is in them, by [`Member::key`].
    pub members: BTreeMap<String, Member>,
    /// What opens.
    pub credentials: BTreeMap<CredentialId, Credential>,
    /// Who may pass where.
    pub rights: BTreeMap<RightId, Right>,
    /// Hours.
    pub schedules: BTreeMap<ScheduleId, Schedule>,
    /// The rules of zones; a zone that is not here has the usual ones.
    pub zones: BTreeMap<ZoneId, ZoneRules>,
    /// The rules of doors; the same.
    pub doors: BTreeMap<DoorId, DoorRules>,
    /// Which doors are enforced where.
    pub points: BTreeMap<PointId, Vec<DoorId>>,
    /// How cards are read.
    pub cards: Cards,
    /// Policies in Cedar, by file name.
    pub policies: BTreeMap<String, String>,
    /// People's digits; never from a file.
    pub pins: BTreeMap<PersonId, Pins>,
}

/// A change of rights and whose it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RightsVersion {
    /// Counts up.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who: an operator or a token.
    pub by: String,
    /// Why.
    pub why: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// What kind of change: `folder`, `edit`, `import`, `undo`.
    pub what: String,
    /// The version that it undoes.
    pub undoes: Option<u64>,
    /// How many things it changed.
    pub changes: u64,
}
