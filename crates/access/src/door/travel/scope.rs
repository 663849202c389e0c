//! What the doors of one point need.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use model::{CredentialId, DoorId, PersonId, PlaceId, RevocationId, Timestamp, ZoneId};

use crate::door::estate::AntiPassback;
use crate::door::estate::{Estate, PlacedDoor, Zone};
use crate::door::people::{Holder, Person};
use crate::door::policy::{Needed, Permitted};
use crate::door::snapshot::Snapshot;

use super::{Full, Text};

/// For which point a snapshot is.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The site.
    pub site: &'a PlaceId,
    /// The point's doors; those that the snapshot does not know are left out.
    pub doors: &'a BTreeSet<DoorId>,
    /// When it is given.
    pub given_at: Timestamp,
    /// Deeds that wait for the point's receipt, in order.
    pub deeds: &'a [RevocationId],
}

/// Whom the doors of a point know by one snapshot, and whether it matters there where people are.
#[derive(Debug)]
pub struct Circle {
    permitted: Permitted,
    breakers: HashSet<PersonId>,
    named: BTreeSet<PersonId>,
    counts: bool,
}

impl Circle {
    /// Of these doors.
    pub fn of(snapshot: &Snapshot, doors: &BTreeSet<DoorId>) -> Self {
        let estate = snapshot.estate();
        let own: Vec<&PlacedDoor> = doors.iter().filter_map(|id| estate.placed(id)).collect();
        let needed = snapshot.policies.needed(own.iter().copied());
        Self::with(snapshot, &own, &needed)
    }

    fn with(snapshot: &Snapshot, own: &[&PlacedDoor], needed: &Needed) -> Self {
        let people = &snapshot.people;
        let of_glass = |id: &CredentialId| people.credential(id)?.person.clone();
        let zones = own.iter().flat_map(|placed| snapshot.estate.crossed(&placed.door));
        let mut texts = needed.policies.values().chain(needed.templates.values());
        let counts = |zone: &Zone| {
            zone.anti_passback != AntiPassback::Off
                || zone.occupancy_max.is_some()
                || zone.two_person
                || zone.first_person.is_some()
        };
        let counted = counted(&snapshot.estate, own);
        Self {
            permitted: snapshot.policies.permitted(counted.into_iter()),
            breakers: glass(&snapshot.estate, own).into_iter().filter_map(of_glass).collect(),
            named: needed.people.clone(),
            counts: zones.into_iter().any(counts) || texts.any(|text| text.contains("presence")),
        }
    }

    fn has(&self, holder: &Holder) -> bool {
        self.permitted.holds(holder)
            || holder.person.is_responder()
            || self.breakers.contains(&holder.person.id)
            || self.named.contains(&holder.person.id)
    }

    /// Whether somebody is known there. `snapshot`: the one that it was made of.
    pub fn holds(&self, snapshot: &Snapshot, person: &PersonId) -> bool {
        snapshot.people.holder(person).is_some_and(|holder| self.has(holder))
    }

    /// Whether some rule or policy there asks where people are.
    pub fn counts(&self) -> bool {
        self.counts
    }
}

impl Full {
    /// What the doors of a point need of a snapshot, and no more: the zones of their site, the
    /// policies that can have a say there, the people whom those could ever permit, and what these
    /// carry. Somebody left out is refused there as unknown, and would be refused by policy here.
    ///
    /// Costs what all people and policies cost; a change that concerns no person is made cheaper
    /// by [`super::Delta::words`].
    pub fn of(snapshot: &Snapshot, scope: Scope<'_>) -> Self {
        let estate = snapshot.estate();
        let own: Vec<&PlacedDoor> = scope.doors.iter().filter_map(|id| estate.placed(id)).collect();
        let needed = snapshot.policies.needed(own.iter().copied());
        let named = needed.doors.iter().filter_map(|id| estate.placed(id));
        let mut doors: BTreeMap<&DoorId, &PlacedDoor> = BTreeMap::new();
        doors.extend(own.iter().copied().chain(named).map(|placed| (&placed.door.id, placed)));
        let mut zones = zones(estate, doors.values().copied(), &needed.zones);
        share(estate, scope.doors, &mut zones);
        let glass = glass(estate, &own);
        let people = &snapshot.people;
        let found = people.credentials().filter(|credential| people.is_found(credential));
        let circle = Circle::with(snapshot, &own, &needed);
        let holders = people.holders().iter().filter(|holder| circle.has(holder));
        let mut kept: Vec<Person> = holders.map(|holder| holder.person.clone()).collect();
        kept.sort_by(|a, b| a.id.cmp(&b.id));
        let is_kept = |id: &model::PersonId| kept.binary_search_by(|p| p.id.cmp(id)).is_ok();
        let carried = found.filter(|credential| {
            glass.contains(&credential.id) || credential.person.as_ref().is_some_and(is_kept)
        });
        let mut credentials: Vec<_> = carried.cloned().collect();
        credentials.sort_by(|a, b| a.id.cmp(&b.id));
        let mut schedules: Vec<_> = snapshot.calendar.iter().cloned().collect();
        schedules.sort_by(|a, b| a.id.cmp(&b.id));
        let text = |(id, text): (Arc<str>, Arc<str>)| Text { id, text };
        let groups = people.groups().into_iter();
        Self {
            site: scope.site.clone(),
            version: snapshot.version,
            given_at: scope.given_at,
            zones,
            doors: doors.into_values().map(|placed| placed.door.clone()).collect(),
            schedules,
            groups: groups.map(|id| (id.clone(), people.parents(id).to_vec())).collect(),
            people: kept,
            credentials,
            policies: needed.policies.into_iter().map(text).collect(),
            templates: needed.templates.into_iter().map(text).collect(),
            links: needed.links.into_values().collect(),
            tombstones: snapshot.tombstones.iter().collect(),
            suspensions: (*snapshot.suspensions).clone(),
            deeds: scope.deeds.to_vec(),
        }
    }
}

impl Full {
    /// Everything that a snapshot holds, for nobody in particular.
    pub fn whole(
        snapshot: &Snapshot,
        site: &PlaceId,
        given_at: Timestamp,
        deeds: &[RevocationId],
    ) -> Self {
        let doors: BTreeSet<DoorId> = snapshot.estate().doors().map(|d| d.id.clone()).collect();
        let mut full = Self::of(snapshot, Scope { site, doors: &doors, given_at, deeds });
        let people = &snapshot.people;
        full.zones = snapshot.estate().zones().cloned().collect();
        full.people = people.persons().cloned().collect();
        full.people.sort_by(|a, b| a.id.cmp(&b.id));
        let found = people.credentials().filter(|credential| people.is_found(credential));
        full.credentials = found.cloned().collect();
        full.credentials.sort_by(|a, b| a.id.cmp(&b.id));
        let (policies, templates, links) = snapshot.policies.all();
        let text = |(id, text): (Arc<str>, Arc<str>)| Text { id, text };
        full.policies = policies.into_iter().map(text).collect();
        full.templates = templates.into_iter().map(text).collect();
        full.links = links;
        full
    }
}

/// All zones of the trees that these doors are in: whether somebody is within an area is asked of
/// any zone of it.
fn zones<'a>(
    estate: &Estate,
    doors: impl Iterator<Item = &'a PlacedDoor>,
    named: &BTreeSet<ZoneId>,
) -> Vec<Zone> {
    let root = |zone: &ZoneId| estate.around(zone).last().map(|top| top.id.clone());
    let sides = doors.flat_map(|placed| placed.door.from.iter().chain([&placed.door.to]));
    let roots: BTreeSet<ZoneId> = sides.chain(named).filter_map(root).collect();
    let within = |zone: &&Zone| root(&zone.id).is_some_and(|top| roots.contains(&top));
    estate.zones().filter(within).cloned().collect()
}

/// Marks the zones that somebody can enter or leave by a door of another point.
fn share(estate: &Estate, own: &BTreeSet<DoorId>, zones: &mut [Zone]) {
    let others = estate.doors().filter(|door| !own.contains(&door.id));
    let shared: HashSet<&ZoneId> =
        others.flat_map(|door| estate.crossed(door)).map(|zone| &zone.id).collect();
    zones.iter_mut().for_each(|zone| zone.is_shared = shared.contains(&zone.id));
}

/// What breaks the glass of the zones that these doors lead into.
fn glass<'a>(estate: &'a Estate, own: &[&PlacedDoor]) -> HashSet<&'a CredentialId> {
    let zones = own.iter().filter_map(|placed| estate.zone(&placed.door.to));
    zones.flat_map(|zone| &zone.glass).collect()
}

/// The doors of a point, and every other door into a zone in which heads are counted there.
fn counted<'a>(estate: &'a Estate, own: &[&'a PlacedDoor]) -> Vec<&'a PlacedDoor> {
    let counts = |zone: &&Zone| {
        zone.occupancy_max.is_some() || zone.two_person || zone.first_person.is_some()
    };
    let areas = own.iter().flat_map(|placed| estate.around(&placed.door.to)).filter(counts);
    let areas: BTreeSet<&ZoneId> = areas.map(|zone| &zone.id).collect();
    let mut doors = own.to_vec();
    if !areas.is_empty() {
        let into = |placed: &&PlacedDoor| {
            estate.around(&placed.door.to).any(|zone| areas.contains(&zone.id))
        };
        doors.extend(estate.all_placed().iter().filter(into));
    }
    doors
}
