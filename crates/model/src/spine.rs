//! Persons, assets, places and the identifiers that sources know them by (FORMATS.md,
//! "Organisation folder").

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{AssetId, Entity, MappingName, PersonId, PlaceId, SourceId, TenantId};
use crate::raw::Trust;
use crate::time::Timestamp;

/// Half-open validity; `None` is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Validity {
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Up to, not including, this one.
    pub to: Option<Timestamp>,
}

impl Validity {
    /// Whether it holds at an instant.
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
    /// Whether two validities share an instant.
    pub fn overlaps(&self, other: &Self) -> bool {
        let starts_before = |a: &Self, b: &Self| match (a.from, b.to) {
            (Some(from), Some(to)) => from < to,
            (None, _) | (_, None) => true,
        };
        starts_before(self, other) && starts_before(other, self)
    }
}

/// What a person is to the organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonKind {
    /// On the payroll.
    Employee,
    /// Working for another.
    Contractor,
    /// Invited.
    Visitor,
    /// Not a human: a service account's stand-in.
    Service,
}

/// Whether a person may do anything at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonStatus {
    /// Works here.
    Active,
    /// For a time not.
    Suspended,
    /// No longer.
    Left,
}

/// A human being known to the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Id.
    pub id: PersonId,
    /// Name; stays in state, never in events or logs.
    pub name: String,
    /// Kind.
    pub kind: PersonKind,
    /// Status.
    pub status: PersonStatus,
    /// Team.
    pub team: Option<String>,
    /// Manager.
    pub manager: Option<PersonId>,
    /// Site.
    pub site: Option<PlaceId>,
    /// Validity.
    pub validity: Validity,
}

/// A thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Id.
    pub id: AssetId,
    /// `workstation`, `camera` …; open list.
    pub kind: String,
    /// Display name.
    pub name: Option<String>,
    /// Where it stands.
    pub place: Option<PlaceId>,
    /// Whose it is.
    pub owner: Option<PersonId>,
    /// Which team's.
    pub team: Option<String>,
    /// Make.
    pub make: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Firmware.
    pub firmware: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// 1 (little) to 5 (vital).
    pub criticality: Option<u8>,
}

/// What kind of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaceKind {
    /// Several sites.
    Region,
    /// One address.
    Site,
    /// One building.
    Building,
    /// One floor.
    Floor,
    /// An area behind doors.
    Zone,
    /// A room.
    Room,
    /// A portal.
    Door,
    /// A desk.
    Desk,
}

/// How guarded a zone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ZoneClass {
    /// Anyone.
    Public,
    /// Between.
    Transitional,
    /// Staff with a right.
    Restricted,
    /// The few.
    Critical,
    /// The fence.
    Perimeter,
    /// Outside.
    External,
}

/// A node of the place tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Id.
    pub id: PlaceId,
    /// Kind.
    pub kind: PlaceKind,
    /// Parent; none for the top.
    pub parent: Option<PlaceId>,
    /// Display name.
    pub name: Option<String>,
    /// IANA zone; inherited when absent.
    pub time_zone: Option<String>,
    /// How guarded.
    pub zone_class: Option<ZoneClass>,
    /// How many people.
    pub capacity: Option<u32>,
    /// How long an `in` without an exit witness stays known.
    pub dwell_max: Option<Duration>,
}

/// One name by which a source knows somebody or something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// `badge`, `account`, `ip` …
    pub kind: String,
    /// Value; look-up ignores case for e-mail, account, host name and MAC.
    pub value: String,
    /// Whom or what it names.
    pub entity: Entity,
    /// Which system's namespace.
    pub realm: Option<String>,
    /// When it does.
    pub validity: Validity,
    /// The value this one replaces.
    pub replaces: Option<String>,
}

/// A portal between two zones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// Place of kind door.
    pub door: PlaceId,
    /// Zone on the outer side.
    pub from_zone: PlaceId,
    /// Zone on the inner side.
    pub to_zone: PlaceId,
    /// Controller.
    pub controller: Option<AssetId>,
    /// Reader used to go in (`from_zone` to `to_zone`).
    pub reader_in: Option<AssetId>,
    /// Reader used to go out.
    pub reader_out: Option<AssetId>,
    /// Seconds until open is held.
    pub held_after: Option<Duration>,
}

/// What a source is a witness of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WitnessOf {
    /// Where people are.
    Presence,
    /// Door states.
    Door,
    /// What cameras see.
    Camera,
    /// Network traffic.
    Network,
    /// Accounts and log-ons.
    Identity,
    /// Screening lanes.
    Lane,
}

/// Which incoming records are a source's; all named fields must match.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourceMatch {
    /// `http`, `syslog_udp`, `syslog_tcp`, `syslog_tls`, `mqtt`, `tail`.
    pub listener: Option<String>,
    /// The sender's address, or a prefix such as `10.2.0.0/16`.
    pub peer: Option<String>,
    /// Syslog host name.
    pub hostname: Option<String>,
    /// Syslog application name.
    pub app_name: Option<String>,
    /// MQTT topic filter.
    pub topic: Option<String>,
}

/// One configured origin of records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Id.
    pub id: SourceId,
    /// A mapping's name; `None` is `auto`.
    pub mapping: Option<MappingName>,
    /// Site.
    pub site: Option<PlaceId>,
    /// Namespace of its identifiers.
    pub realm: Option<String>,
    /// IANA zone of its bare local times.
    pub time_zone: Option<String>,
    /// Its clock is right give or take this.
    pub clock_offset_max: Duration,
    /// Longer silence makes it stale; `None`: never judged.
    pub heartbeat: Option<Duration>,
    /// How late its events may come.
    pub lateness_max: Duration,
    /// How well its sender is known, at best.
    pub trust: Trust,
    /// What it is a witness of.
    pub witness_of: Vec<WitnessOf>,
    /// Which records are its.
    pub matching: SourceMatch,
}

impl Source {
    /// A source with the defaults of FORMATS.md: clock within 2 s, lateness 10 min, no heartbeat.
    pub fn with_defaults(id: SourceId) -> Self {
        Self {
            id,
            mapping: None,
            site: None,
            realm: None,
            time_zone: None,
            clock_offset_max: Duration::from_secs(2),
            heartbeat: None,
            lateness_max: Duration::from_secs(600),
            trust: Trust::None,
            witness_of: Vec::new(),
            matching: SourceMatch::default(),
        }
    }
}

/// A whole organisation: the truth that events resolve against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Tenant.
    pub tenant: TenantId,
    /// Display name.
    pub name: String,
    /// IANA zone.
    pub time_zone: String,
    /// People by id.
    pub people: BTreeMap<PersonId, Person>,
    /// Things by id.
    pub assets: BTreeMap<AssetId, Asset>,
    /// Places by id.
    pub places: BTreeMap<PlaceId, Place>,
    /// Identifiers, in file order.
    pub identifiers: Vec<Identifier>,
    /// Doors by place.
    pub doors: BTreeMap<PlaceId, Door>,
    /// Sources by id.
    pub sources: BTreeMap<SourceId, Source>,
}
