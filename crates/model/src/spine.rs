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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// Whether somebody says that a granted door was used.
    #[serde(default)]
    pub passage: Passage,
}

/// How it is known that somebody who was granted went through.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Passage {
    /// The controller says so: a grant alone is no entry.
    #[default]
    Reported,
    /// Nobody says so, and the organisation takes a grant for an entry: at a turnstile, say.
    Assumed,
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
    /// `http`, `syslog_udp`, `syslog_tcp`, `syslog_tls`, `mqtt`, `uhppote`, `tail`.
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
    /// What the house keeps beside what we know: columns and keys beginning `x_`; and what few
    /// rows state, such as coordinates.
    pub extras: Extras,
}

/// The file that holds places.
pub const PLACES_FILE: &str = "places.toml";
/// Degrees north; kept among [`Extras`], for few places state it.
pub const LATITUDE: &str = "latitude";
/// Degrees east; kept among [`Extras`].
pub const LONGITUDE: &str = "longitude";

/// By file and row of the organisation folder, then by column or key. A row is named by its id; an
/// identifier by its place in the file, from 0; the head of `organisation.toml` by nothing. The
/// value of a TOML key is TOML.
pub type Extras = BTreeMap<(String, String), BTreeMap<String, String>>;

/// Deepest place tree that is walked; a longer chain (or a cycle) ends the walk there.
pub const PLACE_DEPTH_MAX: usize = 64;

impl Organisation {
    /// `place` itself and then its parents up to the top; unknown places give nothing.
    ///
    /// Ends after [`PLACE_DEPTH_MAX`] steps, so that a cycle cannot hang a caller.
    pub fn place_and_above<'a>(&'a self, place: &PlaceId) -> impl Iterator<Item = &'a Place> {
        let parent = |p: &&'a Place| p.parent.as_ref().and_then(|id| self.places.get(id));
        std::iter::successors(self.places.get(place), parent).take(PLACE_DEPTH_MAX)
    }

    /// The nearest place of `kind` at or above `place`.
    fn nearest(&self, place: &PlaceId, kind: PlaceKind) -> Option<&PlaceId> {
        self.place_and_above(place).find(|p| p.kind == kind).map(|p| &p.id)
    }

    /// The site that `place` is, or lies in.
    pub fn site_of(&self, place: &PlaceId) -> Option<&PlaceId> {
        self.nearest(place, PlaceKind::Site)
    }

    /// The zone that `place` is, or lies in (the innermost one).
    pub fn zone_of(&self, place: &PlaceId) -> Option<&PlaceId> {
        self.nearest(place, PlaceKind::Zone)
    }

    /// `place`'s own latitude and longitude in degrees, where both are stated.
    pub fn coordinates_of(&self, place: &PlaceId) -> Option<(f64, f64)> {
        let row = (PLACES_FILE.to_owned(), place.as_str().to_owned());
        let stated = self.extras.get(&row)?;
        let read = |key: &str| stated.get(key)?.trim().parse().ok();
        Some((read(LATITUDE)?, read(LONGITUDE)?))
    }

    /// How guarded `place` is: its own class, or the nearest one above it.
    pub fn zone_class_of(&self, place: &PlaceId) -> Option<ZoneClass> {
        self.place_and_above(place).find_map(|p| p.zone_class)
    }

    /// IANA zone of local times at `place`: its own, the nearest above, or the organisation's.
    pub fn time_zone_of(&self, place: &PlaceId) -> &str {
        self.place_and_above(place).find_map(|p| p.time_zone.as_deref()).unwrap_or(&self.time_zone)
    }

    /// How long an `in` stays known at `place` without an exit witness: own, or nearest above.
    pub fn dwell_max_of(&self, place: &PlaceId) -> Option<Duration> {
        self.place_and_above(place).find_map(|p| p.dwell_max)
    }

    /// Whether `place` is `ancestor` or lies in it.
    pub fn is_within(&self, place: &PlaceId, ancestor: &PlaceId) -> bool {
        self.place_and_above(place).any(|p| p.id == *ancestor)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn place(id: &str, kind: PlaceKind, parent: Option<&str>) -> (PlaceId, Place) {
        let id = PlaceId::parse(id).unwrap();
        let parent = parent.map(|p| PlaceId::parse(p).unwrap());
        let place = Place {
            id: id.clone(),
            kind,
            parent,
            name: None,
            time_zone: None,
            zone_class: None,
            capacity: None,
            dwell_max: None,
        };
        (id, place)
    }

    fn organisation(places: impl IntoIterator<Item = (PlaceId, Place)>) -> Organisation {
        Organisation {
            tenant: TenantId::parse("main").unwrap(),
            name: "Test".into(),
            time_zone: "UTC".into(),
            people: BTreeMap::new(),
            assets: BTreeMap::new(),
            places: places.into_iter().collect(),
            identifiers: Vec::new(),
            doors: BTreeMap::new(),
            sources: BTreeMap::new(),
            extras: Default::default(),
        }
    }

    #[test]
    fn a_place_inherits_what_it_does_not_state() {
        let mut org = organisation([
            place("hq", PlaceKind::Site, None),
            place("lab", PlaceKind::Zone, Some("hq")),
            place("lab-room", PlaceKind::Room, Some("lab")),
            place("annex", PlaceKind::Site, None),
        ]);
        let id = |text: &str| PlaceId::parse(text).unwrap();
        org.places.get_mut(&id("hq")).unwrap().time_zone = Some("Europe/Oslo".into());
        org.places.get_mut(&id("lab")).unwrap().zone_class = Some(ZoneClass::Restricted);
        let room = id("lab-room");
        assert_eq!(org.site_of(&room), Some(&id("hq")));
        assert_eq!(org.zone_of(&room), Some(&id("lab")));
        assert_eq!(org.zone_of(&id("hq")), None);
        assert_eq!(org.zone_class_of(&room), Some(ZoneClass::Restricted));
        assert_eq!(org.time_zone_of(&room), "Europe/Oslo");
        assert_eq!(org.time_zone_of(&id("annex")), "UTC");
        assert!(org.is_within(&room, &id("hq")) && org.is_within(&room, &room));
        assert!(!org.is_within(&id("hq"), &room) && !org.is_within(&id("nowhere"), &id("hq")));
    }

    #[test]
    fn a_cycle_of_places_ends_the_walk() {
        let org = organisation([
            place("a", PlaceKind::Zone, Some("b")),
            place("b", PlaceKind::Zone, Some("a")),
        ]);
        let a = PlaceId::parse("a").unwrap();
        assert_eq!(org.site_of(&a), None);
        assert_eq!(org.place_and_above(&a).count(), PLACE_DEPTH_MAX);
    }
}
