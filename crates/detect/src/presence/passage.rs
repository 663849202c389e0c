//! From an event to what it proves about somebody's whereabouts.

use model::enrichment::{CredentialState, PassageView, PresenceEvidence};
use model::spine::{Passage, WitnessOf, ZoneClass};
use model::{Event, PersonId, PlaceId};

use super::timeline::{Effect, Sighting};
use crate::spine::{Resolution, Side, Spine, is_physical, side_of};

/// Physical access activity of the *physec* extension.
const PHYSICAL_ACCESS: u32 = 4_230_001;

/// What an event proves; `None` when it moves nobody. Denied, forced and held move nobody; neither
/// does a credential that is not in force, for nobody knows in whose hand it is.
pub(super) fn sighting(
    spine: &Spine,
    event: &Event,
    found: &Resolution,
) -> Option<(PersonId, Sighting)> {
    if !is_physical(event.class_uid) {
        return None;
    }
    let person = found.person.clone()?;
    let in_force = |state| state == CredentialState::Current;
    if !found.credential.as_ref().is_none_or(|credential| in_force(credential.state)) {
        return None;
    }
    let (effect, evidence) = if event.class_uid == PHYSICAL_ACCESS {
        match view(spine, event, found)? {
            PassageView::Granted => (passage(spine, event, found), PresenceEvidence::Granted),
            PassageView::Taken | PassageView::Assumed => {
                (passage(spine, event, found), PresenceEvidence::Taken)
            }
            PassageView::NotTaken => (Effect::NotTaken, PresenceEvidence::Granted),
        }
    } else {
        let source = spine.organisation().sources.get(&event.source)?;
        let witness = source.witness_of.contains(&WitnessOf::Presence);
        let zone = found.place.as_ref()?.zone.clone().filter(|_| witness)?;
        (enter(spine, zone), PresenceEvidence::Sensor)
    };
    let sighting = Sighting {
        time: event.time,
        fingerprint: event.fingerprint,
        record: event.record,
        source: event.source.clone(),
        bound: event.clock_offset_max,
        effect,
        evidence,
        door: found.door.clone(),
        is_assumed: view(spine, event, found) == Some(PassageView::Assumed),
    };
    Some((person, sighting))
}

/// What an event at a door says about somebody going through; nothing where it says nothing.
/// SOURCE: OCSF physec 0.1.0, `physical_access_activity`: activities 1 granted, 3 taken, 4 not
/// taken.
pub(crate) fn view(spine: &Spine, event: &Event, found: &Resolution) -> Option<PassageView> {
    if event.class_uid != PHYSICAL_ACCESS {
        return None;
    }
    match event.get("activity_id").and_then(model::value::Value::as_i64)? {
        1 => {
            let door = found.door.as_ref().and_then(|door| spine.door(door));
            Some(match door.map(|door| door.passage).unwrap_or_default() {
                Passage::Reported => PassageView::Granted,
                Passage::Assumed => PassageView::Assumed,
            })
        }
        3 => Some(PassageView::Taken),
        4 => Some(PassageView::NotTaken),
        _ => None,
    }
}

fn passage(spine: &Spine, event: &Event, found: &Resolution) -> Effect {
    let named = event.text("unmapped.direction").or_else(|| event.text("portal.direction"));
    let named = named.and_then(|direction| match direction {
        "in" | "entry" | "enter" => Some(Side::In),
        "out" | "exit" | "leave" => Some(Side::Out),
        _ => None,
    });
    let side = side_of(spine, found).or(named);
    if let Some(door) = found.door.as_ref().and_then(|door| spine.door(door)) {
        let has_one_way_only = door.reader_out.is_none();
        return match side.or(has_one_way_only.then_some(Side::In)) {
            Some(Side::In) => enter(spine, door.to_zone.clone()),
            Some(Side::Out) => leave_to(spine, door.from_zone.clone()),
            None => Effect::EitherSide,
        };
    }
    let Some(zone) = found.zone.clone() else {
        return Effect::Nowhere;
    };
    match side {
        Some(Side::Out) => match spine.beyond(&zone) {
            Some(beyond) => leave_to(spine, beyond),
            None => Effect::Nowhere,
        },
        Some(Side::In) | None => enter(spine, zone),
    }
}

fn enter(spine: &Spine, zone: PlaceId) -> Effect {
    match spine.place(&zone).and_then(|facts| facts.zone_class) {
        Some(ZoneClass::External) => Effect::Out,
        Some(
            ZoneClass::Public
            | ZoneClass::Transitional
            | ZoneClass::Restricted
            | ZoneClass::Critical
            | ZoneClass::Perimeter,
        )
        | None => Effect::In(zone),
    }
}

fn leave_to(spine: &Spine, zone: PlaceId) -> Effect {
    match spine.place(&zone).and_then(|facts| facts.zone_class) {
        Some(ZoneClass::External | ZoneClass::Public) => Effect::Out,
        Some(
            ZoneClass::Transitional
            | ZoneClass::Restricted
            | ZoneClass::Critical
            | ZoneClass::Perimeter,
        )
        | None => Effect::In(zone),
    }
}

/// The side of its door that somebody came from, as a sighting shows it; nothing where it does not
/// say which way they went.
pub(crate) fn origin(spine: &Spine, sighting: &Sighting) -> Option<Effect> {
    let door = spine.door(sighting.door.as_ref()?)?;
    let (inward, outward) =
        (enter(spine, door.to_zone.clone()), leave_to(spine, door.from_zone.clone()));
    if inward == outward {
        return None;
    }
    if sighting.effect == inward {
        Some(leave_to(spine, door.from_zone.clone()))
    } else if sighting.effect == outward {
        Some(enter(spine, door.to_zone.clone()))
    } else {
        None
    }
}
