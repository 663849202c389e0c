//! `rights.csv`: who may pass where, when, and by whose word.

use model::ids::{DoorId, GroupId, PersonId, PlaceId, RightId, ScheduleId, ZoneId};
use model::rights::{Holder, Opens, Right};
use model::spine::PlaceKind;

use super::super::context::{Context, Place};
use super::{dangling, known_group, known_person};
use crate::csvpos::{Row, Sheet};

const FILE: &str = "rights.csv";

/// Columns that may be there beside `right`.
const OPTIONAL: [&str; 9] = [
    "group",
    "person",
    "zone",
    "door",
    "schedule",
    "approved_by",
    "reason",
    "valid_from",
    "valid_to",
];

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let sheet = Sheet::read(FILE, text, &["right"], &OPTIONAL);
    context.problems.extend(sheet.problems);
    for row in &sheet.rows {
        right(context, row);
    }
}

fn right(context: &mut Context, row: &Row<'_>) {
    let id = context.id(FILE, row, "right", RightId::parse);
    let holder = holder(context, row);
    let opens = opens(context, row);
    let schedule = context.id(FILE, row, "schedule", ScheduleId::parse);
    if let Some(schedule) = &schedule {
        known_schedule(context, (FILE, row.position_of("schedule")), "schedule", schedule);
    }
    let zone = context.organisation.time_zone.clone();
    let validity = context.validity(FILE, row, &zone);
    let Some(id) = id else { return };
    if let Some(first) = context.right_places.get(&id) {
        let first = first.at;
        context.duplicate(FILE, row.position_of("right"), id.as_str(), first);
        return;
    }
    context.right_places.insert(id.clone(), Place::of_row(row, &["right"]));
    let (Some(holder), Some(opens)) = (holder, opens) else { return };
    let (approved_by, reason) = (row.text("approved_by"), row.text("reason"));
    let right = Right { holder, opens, schedule, approved_by, reason, validity };
    context.rights.rights.insert(id, right);
}

fn holder(context: &mut Context, row: &Row<'_>) -> Option<Holder> {
    let group = context.id(FILE, row, "group", GroupId::parse);
    let person = context.id(FILE, row, "person", PersonId::parse);
    match (row.get("group").is_some(), row.get("person").is_some()) {
        (true, true) | (false, false) => {
            let message = "expected a `group` or a `person`, and one of them".to_owned();
            context.error(FILE, Some(row.at), "missing_value", message);
            None
        }
        (true, false) => {
            let group = group?;
            let at = (FILE, row.position_of("group"));
            known_group(context, at, "group", &group).then_some(Holder::Group(group))
        }
        (false, true) => {
            let person = person?;
            let at = (FILE, row.position_of("person"));
            known_person(context, at, "person", &person).then_some(Holder::Person(person))
        }
    }
}

fn opens(context: &mut Context, row: &Row<'_>) -> Option<Opens> {
    let zone = context.id(FILE, row, "zone", ZoneId::parse);
    let door = context.id(FILE, row, "door", DoorId::parse);
    match (row.get("zone").is_some(), row.get("door").is_some()) {
        (true, true) | (false, false) => {
            let message = "expected a `zone` or a `door`, and one of them".to_owned();
            context.error(FILE, Some(row.at), "missing_value", message);
            None
        }
        (true, false) => {
            let zone = zone?;
            let at = (FILE, row.position_of("zone"));
            known_zone(context, at, "zone", &zone).then_some(Opens::Zone(zone))
        }
        (false, true) => {
            let door = door?;
            let at = (FILE, row.position_of("door"));
            known_door(context, at, "door", &door).then_some(Opens::Door(door))
        }
    }
}

type At<'a> = (&'a str, model::problem::Position);

/// A place that can be an area behind doors.
pub(super) fn known_zone(context: &mut Context, at: At<'_>, field: &str, id: &ZoneId) -> bool {
    let kind = PlaceId::parse(id.as_str()).ok();
    let kind = kind.and_then(|id| context.organisation.places.get(&id)).map(|place| place.kind);
    match kind {
        Some(
            PlaceKind::Region
            | PlaceKind::Site
            | PlaceKind::Building
            | PlaceKind::Floor
            | PlaceKind::Zone
            | PlaceKind::Room,
        ) => true,
        Some(PlaceKind::Door | PlaceKind::Desk) => {
            let message = format!("`{field}`: `{id}` is no area behind doors");
            context.error(at.0, Some(at.1), "wrong_kind", message);
            false
        }
        None => {
            let known: Vec<PlaceId> = context.organisation.places.keys().cloned().collect();
            let known = known.iter().map(PlaceId::as_str);
            dangling(context, at, (field, "zone", id.as_str()), known);
            false
        }
    }
}

/// A door of `doors.csv`.
pub(super) fn known_door(context: &mut Context, at: At<'_>, field: &str, id: &DoorId) -> bool {
    let place = PlaceId::parse(id.as_str()).ok();
    if place.is_some_and(|id| context.organisation.doors.contains_key(&id)) {
        return true;
    }
    let known: Vec<PlaceId> = context.organisation.doors.keys().cloned().collect();
    dangling(context, at, (field, "door", id.as_str()), known.iter().map(PlaceId::as_str));
    false
}

/// A schedule that exists.
pub(super) fn known_schedule(
    context: &mut Context,
    at: At<'_>,
    field: &str,
    id: &ScheduleId,
) -> bool {
    if context.rights.schedules.contains_key(id) {
        return true;
    }
    let known: Vec<ScheduleId> = context.rights.schedules.keys().cloned().collect();
    dangling(context, at, (field, "schedule", id.as_str()), known.iter().map(ScheduleId::as_str));
    false
}
