//! What a zone where somebody was has to do with a place that is asked about.

use model::spine::{PlaceKind, ZoneClass};
use model::{Organisation, PlaceId};

use crate::spine::Spine;

/// How a zone lies to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meeting {
    /// It is the place, or lies in it, or the place is a room or desk of it.
    There,
    /// No watched door lies between them.
    Reach,
    /// The place lies in it behind doors of its own.
    Around,
    /// Neither lies in the other.
    Elsewhere,
}

/// How `zone`, in which somebody is known to be, lies to `place`.
pub(super) fn meeting(spine: &Spine, zone: &PlaceId, place: &PlaceId) -> Meeting {
    if let Some(door) = spine.door(place) {
        let sides = [&door.from_zone, &door.to_zone];
        let is_beside = |side: &PlaceId| match of_area(spine, zone, side) {
            Meeting::There | Meeting::Reach => true,
            Meeting::Around | Meeting::Elsewhere => false,
        };
        let is_beside = sides.into_iter().any(is_beside);
        return if is_beside { Meeting::Reach } else { Meeting::Elsewhere };
    }
    of_area(spine, zone, place)
}

fn of_area(spine: &Spine, zone: &PlaceId, place: &PlaceId) -> Meeting {
    let org = spine.organisation();
    if org.is_within(zone, place) {
        return Meeting::There;
    }
    if !org.is_within(place, zone) {
        return Meeting::Elsewhere;
    }
    // The zones that one has to enter from `zone` to be at `place`.
    let inner = org.place_and_above(place).take_while(|one| one.id != *zone);
    let mut inner = inner.filter(|one| one.kind == PlaceKind::Zone).peekable();
    if inner.peek().is_none() {
        return Meeting::There;
    }
    if inner.any(|one| has_door(org, &one.id)) { Meeting::Around } else { Meeting::Reach }
}

fn has_door(org: &Organisation, zone: &PlaceId) -> bool {
    org.doors.values().any(|door| door.to_zone == *zone || door.from_zone == *zone)
}

/// Whether somebody who is outside everything may be there: the outside itself, a public zone, or
/// a door that leads there.
pub(super) fn is_from_outside(spine: &Spine, place: &PlaceId) -> bool {
    let is_open = |zone: &PlaceId| match spine.place(zone).and_then(|facts| facts.zone_class) {
        Some(ZoneClass::External | ZoneClass::Public) => true,
        Some(
            ZoneClass::Transitional
            | ZoneClass::Restricted
            | ZoneClass::Critical
            | ZoneClass::Perimeter,
        )
        | None => false,
    };
    match spine.door(place) {
        Some(door) => is_open(&door.from_zone) || is_open(&door.to_zone),
        None => is_open(place),
    }
}
