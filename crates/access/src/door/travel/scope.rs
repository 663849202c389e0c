//! What the doors of one point need.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use model::{CredentialId, DoorId, PlaceId, RevocationId, Timestamp, ZoneId};

use crate::door::estate::{Estate, PlacedDoor, Zone};
use crate::door::people::Person;
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
        let zones = zones(estate, doors.values().copied(), &needed.zones);
        let glass: HashSet<&CredentialId> = own
            .iter()
            .filter_map(|placed| estate.zone(&placed.door.to))
            .flat_map(|zone| &zone.glass)
            .collect();
        let people = &snapshot.people;
        let found = people.credentials().filter(|credential| people.is_found(credential));
        let of_glass = |id: &CredentialId| people.credential(id)?.person.as_ref();
        let breakers: HashSet<_> = glass.iter().filter_map(|id| of_glass(id)).collect();
        let counted = counted(estate, &own);
        let permitted = snapshot.policies.permitted(counted.into_iter());
        let holders = people.holders().iter().filter(|holder| {
            permitted.holds(holder)
                || holder.person.is_responder()
                || breakers.contains(&holder.person.id)
                || needed.people.contains(&holder.person.id)
        });
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
