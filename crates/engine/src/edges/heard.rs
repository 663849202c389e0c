//! Who of those is heard that tell of doors: edges by their link, other controllers by the silence
//! of their sources. Where one is not, nobody knows for sure who is in the zones that its doors
//! lead into or out of.

use std::collections::{BTreeMap, BTreeSet};

use access::door::{Freshness, Snapshot};
use access::link::UNHEARD_MAX;
use model::spine::WitnessOf;
use model::{DoorId, Organisation, PlaceId, PointId, SourceId, SourceState, Timestamp, ZoneId};

use super::{Hub, Stage};
use crate::engine::Engine;

/// Whether those are heard who tell of doors, and the zones of which not all is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct HeardOf {
    /// Doors of which it is known, by id.
    pub sources: Vec<(DoorId, Freshness)>,
    /// In order.
    pub blind: Vec<ZoneId>,
}

impl HeardOf {
    /// Of each door by who tells of it.
    pub(super) fn of(snapshot: &Snapshot, says: impl Fn(&DoorId) -> Freshness) -> Self {
        let estate = snapshot.estate();
        let mut heard = Self::default();
        let mut blind = BTreeSet::new();
        for door in estate.doors() {
            let freshness = says(&door.id);
            match freshness {
                Freshness::Fresh => {}
                Freshness::Stale => blind.extend(estate.crossed(door).map(|zone| zone.id.clone())),
                Freshness::Unknown => continue,
            }
            heard.sources.push((door.id.clone(), freshness));
        }
        heard.sources.sort();
        heard.blind = blind.into_iter().collect();
        heard
    }
}

impl Hub {
    /// Whether a point of ours is heard, with all that it has to tell; unknown of one that is none
    /// of ours, or not in service.
    pub(super) fn freshness(&self, point: &PointId, now: Timestamp) -> Freshness {
        let edges = self.edges();
        let Some(entry) = edges.get(point) else {
            drop(edges);
            // Doors of this machine.
            return if self.is_connected(point) { Freshness::Fresh } else { Freshness::Unknown };
        };
        if entry.registered.stage != Stage::InService {
            return Freshness::Unknown;
        }
        let heard_at = entry.alive.as_ref().and_then(|alive| alive.heard_at);
        match heard_at.is_some_and(|at| now.since(at) <= UNHEARD_MAX) {
            true => Freshness::Fresh,
            false => Freshness::Stale,
        }
    }
}

/// What the sources say that witness the passages of a site and are no points of ours: stale where
/// one is silent, fresh where one is watched.
fn by_sources(
    org: &Organisation,
    site: Option<&PlaceId>,
    state: impl Fn(&SourceId) -> Option<SourceState>,
) -> Freshness {
    let is_witness = |kind: &WitnessOf| matches!(kind, WitnessOf::Presence | WitnessOf::Door);
    let witnesses = org.sources.values().filter(|source| {
        source.witness_of.iter().any(is_witness)
            && (source.site.is_none() || site.is_none() || source.site.as_ref() == site)
    });
    let mut found = Freshness::Unknown;
    for source in witnesses {
        match state(&source.id) {
            Some(SourceState::Silent) => return Freshness::Stale,
            Some(SourceState::Heard) => found = Freshness::Fresh,
            None => {}
        }
    }
    found
}

impl Engine {
    /// Who is heard now, of all who tell of doors.
    pub(super) fn heard_of(&self, now: Timestamp) -> HeardOf {
        let (snapshot, data, org) =
            (self.access.snapshot(), self.access.data(), self.access.organisation());
        let mut points: BTreeMap<&DoorId, Freshness> = BTreeMap::new();
        for (point, doors) in &data.points {
            let freshness = self.edges.freshness(point, now);
            points.extend(doors.iter().map(|door| (door, freshness)));
        }
        let ours = |source: &SourceId| {
            PointId::parse(source.as_str()).is_ok_and(|point| data.points.contains_key(&point))
        };
        let state = |source: &SourceId| match ours(source) {
            true => None,
            false => self.silencer.state_of(source).0,
        };
        let sites: BTreeSet<Option<&PlaceId>> =
            org.doors.keys().map(|door| org.site_of(door)).collect();
        let sites: BTreeMap<Option<&PlaceId>, Freshness> =
            sites.into_iter().map(|site| (site, by_sources(&org, site, state))).collect();
        HeardOf::of(&snapshot, |door| match points.get(door) {
            Some(Freshness::Fresh) => Freshness::Fresh,
            Some(Freshness::Stale) => Freshness::Stale,
            Some(Freshness::Unknown) | None => {
                let place = PlaceId::parse(door.as_str()).ok();
                let site = place.as_ref().and_then(|place| org.site_of(place));
                sites.get(&site).copied().unwrap_or(Freshness::Unknown)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use access::door::{Door, Zone};
    use model::spine::Source;

    use super::*;

    #[test]
    fn a_door_that_is_not_heard_blinds_the_zones_on_its_way_and_no_others() {
        let zone = |id: &str| ZoneId::parse(id).unwrap();
        let door = |id: &str, from: Option<&str>, to: &str| {
            Door::plain(DoorId::parse(id).unwrap(), from.map(zone), zone(to))
        };
        let mut snapshot = Snapshot::empty(Timestamp::from_secs(0)).unwrap();
        let inner = |id: &str| Zone::plain(zone(id), Some(zone("site")));
        let zones = vec![Zone::plain(zone("site"), None), inner("hall"), inner("lab")];
        let doors = vec![
            door("front", None, "site"),
            door("hall-door", Some("site"), "hall"),
            door("between", Some("hall"), "lab"),
        ];
        snapshot.set_estate(zones, doors).unwrap();
        let silent = |id: &'static str| {
            let heard = HeardOf::of(&snapshot, |door| match door.as_str() == id {
                true => Freshness::Stale,
                false => Freshness::Fresh,
            });
            let blind: Vec<String> = heard.blind.iter().map(ToString::to_string).collect();
            assert_eq!(heard.sources.len(), 3);
            blind.join(" ")
        };
        assert_eq!(silent("front"), "site");
        assert_eq!(silent("hall-door"), "hall");
        assert_eq!(silent("between"), "hall lab");
        assert_eq!(silent("none"), "");
    }

    #[test]
    fn a_silent_source_is_stale_one_that_is_watched_fresh_and_else_nobody_knows() {
        let mut org = crate::knowledge::empty_organisation().unwrap();
        let mut source = Source::with_defaults(SourceId::parse("lenel").unwrap());
        source.witness_of = vec![WitnessOf::Presence];
        source.site = PlaceId::parse("hq").ok();
        org.sources.insert(source.id.clone(), source);
        let (hq, lab) = (PlaceId::parse("hq").unwrap(), PlaceId::parse("lab").unwrap());
        let says = |site: &PlaceId, state| by_sources(&org, Some(site), |_| state);
        assert_eq!(says(&hq, Some(SourceState::Silent)), Freshness::Stale);
        assert_eq!(says(&hq, Some(SourceState::Heard)), Freshness::Fresh);
        assert_eq!(says(&hq, None), Freshness::Unknown);
        assert_eq!(says(&lab, Some(SourceState::Silent)), Freshness::Unknown);
    }
}
