//! Two sightings of one person further apart than anyone travels.
//!
//! A pair is impossible only if even the longest time that may lie between the two is shorter than
//! the shortest in which anyone gets from one place to the other. What is not known takes no time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use model::{PlaceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Episode, Item};
use crate::correlate::own::{Own, Spot};
use crate::learned::{Basis, Ways};
use crate::limits::{GATES_PER_ZONE_MAX, SPOTS_PER_PERSON_MAX, TRAVEL_BETWEEN_REGIONS};
use crate::rules::{RuleIndex, Travel};
use crate::spine::Spine;
use crate::words;

/// What times are judged by.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub spine: &'a Spine,
    pub ways: &'a Ways,
}

/// The newest sighting at each place, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Track {
    seen: VecDeque<Arc<Item>>,
}

/// The least time between two places, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Least {
    time: Duration,
    basis: Basis,
}

impl Track {
    /// Takes the next sighting: the impossible pair that it makes, if any, and whether one had to
    /// be pushed out.
    pub(super) fn take(
        &mut self,
        item: &Arc<Item>,
        (travel, span): (&Travel, Duration),
        ground: Ground<'_>,
    ) -> (Option<Episode>, bool) {
        self.seen.retain(|old| item.time.since(old.time) <= span && old.own != item.own);
        let pairs = self.seen.iter().rev();
        let found = pairs.filter_map(|old| Some((old, impossible(old, item, travel, ground)?)));
        let found =
            found.max_by_key(|(old, (gap, least))| (least.time.saturating_sub(*gap), old.time));
        let episode = found.and_then(|(old, (gap, least))| {
            let mut episode = Episode::of(&[old, item])?;
            episode.why = Some(in_words(old, item, gap, least));
            Some(episode)
        });
        if episode.is_some() {
            // What both of them did before is told.
            self.seen.clear();
        }
        self.seen.push_back(Arc::clone(item));
        let is_evicting = self.seen.len() > SPOTS_PER_PERSON_MAX;
        if is_evicting {
            self.seen.pop_front();
        }
        (episode, is_evicting)
    }

    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.seen.back().map(|item| item.time)
    }

    pub(super) fn renumber(&mut self, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) {
        self.seen.retain_mut(|item| Arc::make_mut(item).renumber(find));
    }
}

fn spot(item: &Item) -> Option<&Spot> {
    match item.own.as_deref() {
        Some(Own::Sighting(spot)) => Some(spot),
        Some(Own::Account(_) | Own::Sample(_)) | None => None,
    }
}

/// The longest time that may lie between two sightings.
fn longest_gap(a: &Item, b: &Item) -> Duration {
    let gap = a.time.since(b.time).max(b.time.since(a.time));
    if a.source == b.source { gap } else { gap + a.bound + b.bound }
}

fn impossible(
    old: &Item,
    new: &Item,
    travel: &Travel,
    ground: Ground<'_>,
) -> Option<(Duration, Least)> {
    let least = least(spot(old)?, spot(new)?, travel, ground)?;
    let gap = longest_gap(old, new);
    (gap < least.time).then_some((gap, least))
}

/// The least time between two spots; `None` where nothing keeps anyone from being at both.
fn least(a: &Spot, b: &Spot, travel: &Travel, ground: Ground<'_>) -> Option<Least> {
    let by_distance = distance(a, b, travel, ground.spine);
    let (Spot::Place(a), Spot::Place(b)) = (a, b) else { return by_distance };
    if is_one_place(ground.spine, a, b) {
        return None;
    }
    let site = |place| ground.spine.place(place).and_then(|facts| facts.site.as_ref());
    let by_way = match (site(a), site(b)) {
        (Some(from), Some(to)) if from != to => {
            Some(learned(ground.ways.between(from, to), travel).unwrap_or_else(|| {
                let is_one_region = region(ground.spine, from) == region(ground.spine, to);
                let least = travel.between_sites;
                let time = if is_one_region { least } else { least.max(TRAVEL_BETWEEN_REGIONS) };
                Least { time, basis: Basis::Sites { is_one_region } }
            }))
        }
        (Some(_), Some(_)) => learned(within(ground, a, b), travel),
        (None, _) | (_, None) => None,
    };
    by_way.into_iter().chain(by_distance).max_by_key(|least| least.time)
}

fn learned(known: Option<(Duration, u64)>, travel: &Travel) -> Option<Least> {
    let (quickest, passages) = known?;
    Some(Least { time: quickest.mul_f64(travel.share), basis: Basis::Learned { passages } })
}

/// The quickest way between two places of one site, by the doors that lead to them. All of these
/// must be known: somebody may have come by the one that is not.
fn within(ground: Ground<'_>, a: &PlaceId, b: &PlaceId) -> Option<(Duration, u64)> {
    if let Some(known) = ground.ways.between(a, b) {
        return Some(known);
    }
    let (from, to) = (gates(ground.spine, a)?, gates(ground.spine, b)?);
    let mut quickest: Option<(Duration, u64)> = None;
    for (from, to) in from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to))) {
        let known = if from == to { return None } else { ground.ways.between(from, to)? };
        quickest = Some(quickest.map_or(known, |so_far| so_far.min(known)));
    }
    quickest
}

/// The doors by which one gets to a place: itself, or those of its zone.
fn gates<'a>(spine: &'a Spine, place: &'a PlaceId) -> Option<Vec<&'a PlaceId>> {
    if spine.door(place).is_some() {
        return Some(vec![place]);
    }
    let zones = spine.organisation().place_and_above(place);
    let doors = zones.map(|zone| spine.doors_of(&zone.id)).find(|doors| !doors.is_empty())?;
    (doors.len() <= GATES_PER_ZONE_MAX).then(|| doors.iter().collect())
}

/// Whether one can be at both at once: a place and what is around it, and what shares a zone.
fn is_one_place(spine: &Spine, a: &PlaceId, b: &PlaceId) -> bool {
    let org = spine.organisation();
    if org.is_within(a, b) || org.is_within(b, a) {
        return true;
    }
    let zones = |place: &PlaceId| -> Vec<PlaceId> {
        match spine.door(place) {
            Some(door) => vec![door.from_zone.clone(), door.to_zone.clone()],
            None => {
                let zone = spine.place(place).and_then(|facts| facts.zone.clone());
                zone.into_iter().collect()
            }
        }
    };
    let (of_a, of_b) = (zones(a), zones(b));
    let mut pairs = of_a.iter().flat_map(|a| of_b.iter().map(move |b| (a, b)));
    pairs.any(|(a, b)| org.is_within(a, b) || org.is_within(b, a))
}

/// The outermost region that a place lies in.
fn region<'a>(spine: &'a Spine, place: &PlaceId) -> Option<&'a PlaceId> {
    let above = spine.organisation().place_and_above(place);
    let regions = above.filter(|place| place.kind == model::spine::PlaceKind::Region);
    regions.last().map(|place| &place.id)
}

fn distance(a: &Spot, b: &Spot, travel: &Travel, spine: &Spine) -> Option<Least> {
    let point = |spot: &Spot| match spot {
        Spot::Place(place) => spine.point(place),
        Spot::Point(point) => Some(*point),
    };
    let km = point(a)?.km_at_least(&point(b)?);
    let time = Duration::from_secs_f64(km / travel.speed_max_kmh * 3_600.0);
    (!time.is_zero()).then_some(Least { time, basis: Basis::Distance { km: km as u64 } })
}

fn in_words(old: &Item, new: &Item, gap: Duration, least: Least) -> String {
    let place = |item: &Item| match spot(item) {
        Some(Spot::Place(place)) => format!("`{place}`"),
        Some(Spot::Point(point)) => format!("{} (by address)", point.in_words()),
        None => "somewhere".to_owned(),
    };
    let then = if old.is_before(new) { "then" } else { "and" };
    let basis = match least.basis {
        Basis::Learned { passages } => format!("learned from {passages} passages"),
        Basis::Sites { is_one_region: true } => "two sites".to_owned(),
        Basis::Sites { is_one_region: false } => "sites of two regions".to_owned(),
        Basis::Distance { km } => format!("{km} km apart"),
    };
    format!(
        "at {} ({}), {then} at {} ({}) within {}; nobody gets there in less than {} ({basis})",
        place(old),
        old.source,
        place(new),
        new.source,
        words::span_up(gap),
        words::span(least.time),
    )
}
