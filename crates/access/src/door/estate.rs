//! Zones and doors as the decision sees them: a tree of zones, and portals into them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use model::{CredentialId, DoorId, GroupId, ScheduleId, ZoneId};
use serde::{Deserialize, Serialize};

use super::names::Names;
use super::words::{Asks, Threat, ZoneClass};

/// Most doors of one snapshot.
pub const DOORS_MAX: usize = 100_000;
/// Deepest tree of zones.
pub const ZONES_DEEP_MAX: usize = 16;
/// How long a door's strike is released where nothing else is said.
pub const HOLD: Duration = Duration::from_secs(5);

/// What a zone does when its rights have grown older than it allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtExpiry {
    /// Refuses, and names the way in that needs no network. An empty name does not load.
    Refuse {
        /// Where the way in is: `sealed box at the guard's desk`.
        break_glass: Arc<str>,
    },
    /// Asks for the PIN as well.
    PinAsWell,
    /// Admits with an escort only.
    EscortOnly,
    /// Admits and flags.
    AllowAndFlag,
}

/// How old a zone's rights may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRule {
    /// Older than this they are expired.
    pub age_max: Duration,
    /// Then this happens.
    pub at_expiry: AtExpiry,
}

/// Whether somebody who is in may come in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AntiPassback {
    /// Yes.
    Off,
    /// Yes, and it is recorded.
    Soft,
    /// No, until they have left.
    Hard,
    /// No, for so long after they came in.
    Timed(Duration),
}

/// What anti-passback and a limit of people do where nobody hears who comes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blind {
    /// Admits, and it is recorded.
    #[default]
    Admit,
    /// Asks for the PIN.
    Pin,
    /// Refuses.
    Refuse,
}

/// What a zone asks for from a threat level on. Concerns entry alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tightening {
    /// From this level on.
    pub from: Threat,
    /// At least this clearance.
    pub clearance_min: i64,
    /// The PIN as well.
    pub pin: bool,
}

/// An area behind doors, or an area of areas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// The area it is part of; none for the site itself.
    pub parent: Option<ZoneId>,
    /// What kind of zone.
    pub class: ZoneClass,
    /// How old its rights may be.
    pub lease: LeaseRule,
    /// Whether somebody inside may come in again.
    pub anti_passback: AntiPassback,
    /// What that, and a limit of people, do where coming and going is not heard.
    pub blind: Blind,
    /// At most so many people.
    pub occupancy_max: Option<u32>,
    /// Nobody enters it alone.
    pub two_person: bool,
    /// Those who need an escort enter it with one only.
    pub escort: bool,
    /// One of these must have come first.
    pub first_person: Option<GroupId>,
    /// What changes with the threat level; the highest that applies counts.
    pub tightening: Vec<Tightening>,
    /// What breaks the glass here: credentials that open whatever the rights' age.
    pub glass: Vec<CredentialId>,
    /// Somebody can come or go by a door of another point; said to a point of the zones it is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_shared: bool,
}

impl Zone {
    /// A zone that asks for nothing but rights, whose lease is three days and then asks for a PIN.
    pub fn plain(id: ZoneId, parent: Option<ZoneId>) -> Self {
        Self {
            id,
            parent,
            class: ZoneClass::Restricted,
            lease: LeaseRule {
                age_max: Duration::from_secs(259_200),
                at_expiry: AtExpiry::PinAsWell,
            },
            anti_passback: AntiPassback::Off,
            blind: Blind::Admit,
            occupancy_max: None,
            two_person: false,
            escort: false,
            first_person: None,
            tightening: Vec::new(),
            glass: Vec::new(),
            is_shared: false,
        }
    }
}

/// A portal, and what its reader asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// Its id.
    pub id: DoorId,
    /// The zone before it; none: outside.
    pub from: Option<ZoneId>,
    /// The zone that it leads into.
    pub to: ZoneId,
    /// What it asks for besides the credential.
    pub asks: Asks,
    /// Outside these hours it asks for the PIN as well.
    pub card_alone: Option<ScheduleId>,
    /// Doors of one interlock: only one of them may be open.
    pub interlock: Option<Arc<str>>,
    /// The lift whose floor this is.
    pub lift: Option<Arc<str>>,
    /// Doors that one fire input releases.
    pub fire_group: Option<Arc<str>>,
    /// Who may enter while it is being worked on.
    pub technicians: Option<GroupId>,
    /// By which clock policies are told hours.
    #[serde(with = "super::schedule::time_zone")]
    pub time_zone: Tz,
    /// How long the strike is released.
    pub hold: Duration,
    /// How long for people who need more time.
    pub hold_accessible: Duration,
}

impl Door {
    /// A door that asks for a card, five seconds long, fifteen for those who need them.
    pub fn plain(id: DoorId, from: Option<ZoneId>, to: ZoneId) -> Self {
        Self {
            id,
            from,
            to,
            asks: Asks::Card,
            card_alone: None,
            interlock: None,
            lift: None,
            fire_group: None,
            technicians: None,
            time_zone: Tz::UTC,
            hold: HOLD,
            hold_accessible: HOLD * 3,
        }
    }
}

/// What is wrong with zones and doors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EstateError {
    /// A parent, or a door's side, that does not exist.
    #[error("`{of}` names the zone `{zone}`, which does not exist")]
    UnknownZone {
        /// The zone or door that names it.
        of: String,
        /// The name.
        zone: ZoneId,
    },
    /// Zones within each other in a ring, or too deep.
    #[error("the zone `{zone}` lies in itself, or deeper than {ZONES_DEEP_MAX} zones")]
    Ring {
        /// One of them.
        zone: ZoneId,
    },
    /// Nobody could reach the room whose dead network expired its lease.
    #[error(
        "the zone `{zone}` refuses when its lease ends and names no way in without the network"
    )]
    NoBreakGlass {
        /// The zone.
        zone: ZoneId,
    },
    /// Two of one name.
    #[error("there are two of the name `{id}`")]
    Twice {
        /// The name.
        id: String,
    },
    /// More than a snapshot holds.
    #[error("{found} doors, at most {DOORS_MAX} are held")]
    TooMany {
        /// How many there are.
        found: usize,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct PlacedDoor {
    pub door: Door,
    /// The zone it leads into and the areas around that, innermost first, by their numbers.
    pub into: Vec<u32>,
    /// Those of them that somebody who passes was not in before, by their places in the list.
    pub entered: Vec<usize>,
    /// The zone it leads into, by its place.
    pub to: Option<usize>,
}

/// All zones and doors.
#[derive(Debug, Clone, Default)]
pub struct Estate {
    zones: Vec<Zone>,
    zone_at: HashMap<ZoneId, usize>,
    doors: Vec<PlacedDoor>,
    by_id: HashMap<DoorId, usize>,
}

impl Estate {
    /// Of these. `Some` only when nothing is wrong; else every error.
    pub fn new(
        names: &mut Names,
        zones: Vec<Zone>,
        doors: Vec<Door>,
    ) -> Result<Self, Vec<EstateError>> {
        let mut errors = Vec::new();
        let mut estate = Self::default();
        for zone in zones {
            let nameless = match &zone.lease.at_expiry {
                AtExpiry::Refuse { break_glass } => break_glass.trim().is_empty(),
                AtExpiry::PinAsWell | AtExpiry::EscortOnly | AtExpiry::AllowAndFlag => false,
            };
            if nameless {
                errors.push(EstateError::NoBreakGlass { zone: zone.id.clone() });
            }
            let id = zone.id.clone();
            if estate.zone_at.insert(id.clone(), estate.zones.len()).is_some() {
                errors.push(EstateError::Twice { id: id.to_string() });
            }
            estate.zones.push(zone);
        }
        estate.check_tree(&mut errors);
        if doors.len() > DOORS_MAX {
            errors.push(EstateError::TooMany { found: doors.len() });
        }
        for door in doors {
            for zone in door.from.iter().chain([&door.to]) {
                if !estate.zone_at.contains_key(zone) {
                    let of = door.id.to_string();
                    errors.push(EstateError::UnknownZone { of, zone: zone.clone() });
                }
            }
            let into = estate.around(&door.to).map(|zone| names.zone(&zone.id)).collect();
            let had = |zone: &&Zone| {
                door.from.as_ref().is_some_and(|from| estate.is_within(from, &zone.id))
            };
            let entered = estate.around(&door.to).filter(|zone| !had(zone));
            let place = |zone: &Zone| estate.zone_at.get(&zone.id).copied();
            let entered = entered.filter_map(place).collect();
            let to = estate.zone_at.get(&door.to).copied();
            let id = door.id.clone();
            if estate.by_id.insert(id.clone(), estate.doors.len()).is_some() {
                errors.push(EstateError::Twice { id: id.to_string() });
            }
            estate.doors.push(PlacedDoor { door, into, entered, to });
        }
        if errors.is_empty() { Ok(estate) } else { Err(errors) }
    }

    fn check_tree(&self, errors: &mut Vec<EstateError>) {
        for zone in self.zones() {
            if let Some(parent) = zone.parent.as_ref().filter(|id| !self.zone_at.contains_key(*id))
            {
                let of = zone.id.to_string();
                errors.push(EstateError::UnknownZone { of, zone: parent.clone() });
            }
            let above = self.around(&zone.id).last();
            if above.is_some_and(|top| {
                top.parent.as_ref().is_some_and(|parent| self.zone_at.contains_key(parent))
            }) {
                errors.push(EstateError::Ring { zone: zone.id.clone() });
            }
        }
    }

    /// A zone and the areas around it, innermost first; at most [`ZONES_DEEP_MAX`].
    pub fn around<'a>(&'a self, id: &ZoneId) -> impl Iterator<Item = &'a Zone> + use<'a> {
        std::iter::successors(self.zone(id), |zone| self.zone(zone.parent.as_ref()?))
            .take(ZONES_DEEP_MAX)
    }

    /// Whether `inner` is `outer` or lies in it.
    pub fn is_within(&self, inner: &ZoneId, outer: &ZoneId) -> bool {
        self.around(inner).any(|zone| zone.id == *outer)
    }

    /// The zones that somebody enters or leaves who passes a door.
    pub fn crossed<'a>(&'a self, door: &'a Door) -> impl Iterator<Item = &'a Zone> {
        let within = move |inner: Option<&ZoneId>, zone: &Zone| {
            inner.is_some_and(|inner| self.is_within(inner, &zone.id))
        };
        let entered = self.around(&door.to);
        let left = door.from.iter().flat_map(move |from| self.around(from));
        let entered = entered.filter(move |zone| !within(door.from.as_ref(), zone));
        entered.chain(left.filter(move |zone| !within(Some(&door.to), zone)))
    }

    /// A zone.
    pub fn zone(&self, id: &ZoneId) -> Option<&Zone> {
        self.zones.get(*self.zone_at.get(id)?)
    }

    pub(crate) fn zone_in(&self, place: usize) -> Option<&Zone> {
        self.zones.get(place)
    }

    /// A door.
    pub fn door(&self, id: &DoorId) -> Option<&Door> {
        self.placed(id).map(|placed| &placed.door)
    }

    pub(crate) fn placed(&self, id: &DoorId) -> Option<&PlacedDoor> {
        self.doors.get(*self.by_id.get(id)?)
    }

    /// The class of the zone that a door leads into; restricted where that is not known.
    pub(crate) fn class_of(&self, placed: &PlacedDoor) -> ZoneClass {
        placed
            .to
            .and_then(|place| self.zone_in(place))
            .map_or(ZoneClass::Restricted, |zone| zone.class)
    }

    pub(crate) fn all_placed(&self) -> &[PlacedDoor] {
        &self.doors
    }

    /// All doors, in the order in which they were given.
    pub fn doors(&self) -> impl Iterator<Item = &Door> {
        self.doors.iter().map(|placed| &placed.door)
    }

    /// All zones, in order of their ids.
    pub fn zones(&self) -> impl Iterator<Item = &Zone> {
        let mut zones: Vec<&Zone> = self.zones.iter().collect();
        zones.sort_by(|a, b| a.id.cmp(&b.id));
        zones.into_iter()
    }
}
