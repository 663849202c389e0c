//! Who and what an event is about, by the truth of the event's own time.

mod index;
mod point;
mod resolve;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use model::enrichment::{
    CredentialView, EndpointView, LocalTime, PersonView, PlaceView, Unresolved,
};
use model::spine::{Door, PersonStatus, ZoneClass};
use model::{AssetId, Event, Organisation, PersonId, PlaceId, SourceId, Timestamp};

pub(crate) use index::Holder;
use index::Identifiers;
pub(crate) use point::Point;
pub use resolve::LookUp;
pub(crate) use resolve::{is_physical, side_of};

/// What a place is part of, worked out once.
#[derive(Debug, Clone, Default)]
pub struct PlaceFacts {
    /// The site it lies in, or is.
    pub site: Option<PlaceId>,
    /// The nearest zone it lies in, or is; for a door, the zone it leads into.
    pub zone: Option<PlaceId>,
    /// How guarded that zone is.
    pub zone_class: Option<ZoneClass>,
    /// How long an unwatched `in` stays known there.
    pub dwell_max: Option<std::time::Duration>,
    zone_around: Option<PlaceId>,
    time_zone: Option<Tz>,
}

/// An endpoint as resolved; its owner's whereabouts are added by presence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResolvedEndpoint {
    /// Asset, place, site and zone.
    pub view: EndpointView,
    /// Whose it is.
    pub owner: Option<PersonId>,
}

/// Everything the spine can say about one event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolution {
    /// The resolved actor.
    pub person: Option<PersonId>,
    /// What rules may ask of them.
    pub person_view: Option<PersonView>,
    /// What was presented, and whether it was in force.
    pub credential: Option<CredentialView>,
    /// `src_endpoint`.
    pub src: Option<ResolvedEndpoint>,
    /// `dst_endpoint`.
    pub dst: Option<ResolvedEndpoint>,
    /// `device`.
    pub device: Option<ResolvedEndpoint>,
    /// Where it happened.
    pub place: Option<PlaceView>,
    /// The door, where one is named and known.
    pub door: Option<PlaceId>,
    /// Which way its reader leads, where the event names the reader.
    pub side: Option<Side>,
    /// The zone that the event itself names.
    pub zone: Option<PlaceId>,
    /// The wall clock there.
    pub local: Option<LocalTime>,
    /// What nobody answers to.
    pub unresolved: Vec<Unresolved>,
}

/// An organisation, indexed for look-ups at an event's own time.
pub struct Spine {
    org: Arc<Organisation>,
    identifiers: Identifiers,
    people: HashMap<Box<str>, PersonId>,
    assets: HashMap<Box<str>, AssetId>,
    places: HashMap<Box<str>, PlaceId>,
    facts: HashMap<PlaceId, PlaceFacts>,
    doors_of_reader: HashMap<AssetId, (PlaceId, Side)>,
    exit_watched: HashMap<PlaceId, bool>,
    beyond: HashMap<PlaceId, Option<PlaceId>>,
    doors_of: HashMap<PlaceId, Vec<PlaceId>>,
    time_zone: Option<Tz>,
}

/// Which way a reader leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// From `from_zone` to `to_zone`.
    In,
    /// Back.
    Out,
}

impl Spine {
    /// Indexes an organisation. Expects one that the importer has accepted; what dangles is simply
    /// never found.
    pub fn new(org: Arc<Organisation>) -> Self {
        let facts = place_facts(&org);
        let mut doors_of_reader = HashMap::new();
        for door in org.doors.values() {
            let readers = [(&door.reader_in, Side::In), (&door.reader_out, Side::Out)];
            for (reader, side) in readers {
                if let Some(reader) = reader {
                    doors_of_reader.insert(reader.clone(), (door.door.clone(), side));
                }
            }
        }
        Self {
            identifiers: Identifiers::new(&org),
            people: org.people.keys().map(|id| (id.as_str().into(), id.clone())).collect(),
            assets: org.assets.keys().map(|id| (id.as_str().into(), id.clone())).collect(),
            places: org.places.keys().map(|id| (id.as_str().into(), id.clone())).collect(),
            exit_watched: exits(&org),
            beyond: beyond(&org),
            doors_of: doors_of(&org),
            time_zone: org.time_zone.parse().ok(),
            facts,
            doors_of_reader,
            org,
        }
    }

    /// The organisation that this indexes.
    pub fn organisation(&self) -> &Arc<Organisation> {
        &self.org
    }

    /// What a place is part of.
    pub fn place(&self, id: &PlaceId) -> Option<&PlaceFacts> {
        self.facts.get(id)
    }

    /// A door's two sides.
    pub fn door(&self, id: &PlaceId) -> Option<&Door> {
        self.org.doors.get(id)
    }

    /// Whom and what an event is about, as of the event's own time.
    pub fn resolve(&self, event: &Event) -> Resolution {
        resolve::resolve(self, event)
    }

    /// Which identifiers an event carries, what each meant at its time, and since when.
    pub fn look_ups(&self, event: &Event) -> Vec<LookUp> {
        resolve::look_ups(self, event)
    }

    /// Whether leaving a zone is always seen: it has doors, and each has an exit reader.
    pub fn exit_is_watched(&self, zone: &PlaceId) -> bool {
        self.exit_watched.get(zone).copied().unwrap_or(false)
    }

    /// Where somebody is who leaves `zone` by an unnamed way: the zone on the other side of its
    /// doors when they all lead to the same one, else the zone around it, else nobody knows.
    pub fn beyond(&self, zone: &PlaceId) -> Option<PlaceId> {
        match self.beyond.get(zone) {
            Some(Some(other)) => Some(other.clone()),
            Some(None) => None,
            None => self.facts.get(zone).and_then(|facts| facts.zone_around.clone()),
        }
    }

    /// The doors on either side of which a zone lies, in order of their ids.
    pub(crate) fn doors_of(&self, zone: &PlaceId) -> &[PlaceId] {
        self.doors_of.get(zone).map(Vec::as_slice).unwrap_or_default()
    }

    /// Where a place lies on the globe, where the organisation says so.
    pub(crate) fn point(&self, place: &PlaceId) -> Option<Point> {
        point::of_place(&self.org, place)
    }

    /// A person's status at an instant. `left` and the end of their validity are one fact: with an
    /// end date, `left` holds from that date on.
    pub fn status_at(&self, person: &PersonId, at: Timestamp) -> Option<PersonStatus> {
        let person = self.org.people.get(person)?;
        let ended = person.validity.to.is_some_and(|to| to <= at);
        Some(match person.status {
            PersonStatus::Left if person.validity.to.is_some() && !ended => PersonStatus::Active,
            PersonStatus::Left => PersonStatus::Left,
            PersonStatus::Active | PersonStatus::Suspended if ended => PersonStatus::Left,
            PersonStatus::Active => PersonStatus::Active,
            PersonStatus::Suspended => PersonStatus::Suspended,
        })
    }

    pub(crate) fn source_realm(&self, source: &SourceId) -> Option<&str> {
        self.org.sources.get(source)?.realm.as_deref()
    }

    pub(crate) fn reader(&self, asset: &AssetId) -> Option<&(PlaceId, Side)> {
        self.doors_of_reader.get(asset)
    }

    fn local_time(&self, place: Option<&PlaceId>, event: &Event) -> Option<LocalTime> {
        let zone = place.and_then(|id| self.facts.get(id)).and_then(|facts| facts.time_zone);
        let site = || self.facts.get(event.site.as_ref()?)?.time_zone;
        let zone = zone.or_else(site).or(self.time_zone)?;
        let local = event.time.to_chrono().with_timezone(&zone);
        Some(LocalTime {
            hour: u8::try_from(local.hour()).ok()?,
            weekday: u8::try_from(local.weekday().number_from_monday()).ok()?,
        })
    }
}

/// Deepest place tree that is followed; the importer refuses cycles, this only stops us.
const PLACE_DEPTH_MAX: usize = 64;

fn place_facts(org: &Organisation) -> HashMap<PlaceId, PlaceFacts> {
    use model::spine::PlaceKind;
    let mut all = HashMap::with_capacity(org.places.len());
    for id in org.places.keys() {
        let mut facts = PlaceFacts::default();
        let mut here = org.places.get(id);
        for _ in 0..PLACE_DEPTH_MAX {
            let Some(place) = here else { break };
            facts.time_zone = facts.time_zone.or_else(|| place.time_zone.as_deref()?.parse().ok());
            facts.dwell_max = facts.dwell_max.or(place.dwell_max);
            match place.kind {
                PlaceKind::Site if facts.site.is_none() => facts.site = Some(place.id.clone()),
                PlaceKind::Zone if facts.zone.is_none() => facts.zone = Some(place.id.clone()),
                PlaceKind::Zone if facts.zone_around.is_none() => {
                    facts.zone_around = Some(place.id.clone());
                }
                PlaceKind::Region
                | PlaceKind::Site
                | PlaceKind::Building
                | PlaceKind::Floor
                | PlaceKind::Zone
                | PlaceKind::Room
                | PlaceKind::Door
                | PlaceKind::Desk => {}
            }
            here = place.parent.as_ref().and_then(|parent| org.places.get(parent));
        }
        if let Some(door) = org.doors.get(id) {
            facts.zone = Some(door.to_zone.clone());
        }
        let class_of = |zone: &PlaceId| org.places.get(zone)?.zone_class;
        facts.zone_class = facts.zone.as_ref().and_then(class_of);
        all.insert(id.clone(), facts);
    }
    all
}

fn exits(org: &Organisation) -> HashMap<PlaceId, bool> {
    let mut watched: HashMap<PlaceId, bool> = HashMap::new();
    for door in org.doors.values() {
        let out = watched.entry(door.to_zone.clone()).or_insert(true);
        *out &= door.reader_out.is_some();
        let back = watched.entry(door.from_zone.clone()).or_insert(true);
        *back &= door.reader_in.is_some();
    }
    watched
}

fn beyond(org: &Organisation) -> HashMap<PlaceId, Option<PlaceId>> {
    let mut other: HashMap<PlaceId, Option<PlaceId>> = HashMap::new();
    for door in org.doors.values() {
        let side =
            other.entry(door.to_zone.clone()).or_insert_with(|| Some(door.from_zone.clone()));
        if side.as_ref() != Some(&door.from_zone) {
            *side = None;
        }
    }
    other
}

fn doors_of(org: &Organisation) -> HashMap<PlaceId, Vec<PlaceId>> {
    let mut all: HashMap<PlaceId, Vec<PlaceId>> = HashMap::new();
    for door in org.doors.values() {
        all.entry(door.from_zone.clone()).or_default().push(door.door.clone());
        if door.to_zone != door.from_zone {
            all.entry(door.to_zone.clone()).or_default().push(door.door.clone());
        }
    }
    all
}
