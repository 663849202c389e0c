//! `access.toml`: how cards are read, the rules of zones and doors, and which box holds which door.

use std::collections::BTreeMap;

use model::ids::{CredentialId, DoorId, GroupId, PointId, ScheduleId, ZoneId};
use model::problem::Position;
use model::rights::{
    AntiPassback, Asks, AtExpiry, Blind, Cards, DoorRules, Threat, Tightening, ZoneRules,
};

use super::super::context::Context;
use super::entitled::{known_door, known_schedule, known_zone};
use super::known_group;
use crate::nearest;
use crate::tomlpos::{Doc, Spanned, Table};

const FILE: &str = "access.toml";
/// Newest `format` that is read.
const FORMAT_NEWEST: i64 = 1;

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let doc = Doc::parse(FILE, text);
    if doc.is_readable() {
        let mut root = doc.root();
        root.need_format(FORMAT_NEWEST);
        if let Some(table) = root.take_table("cards") {
            context.rights.cards = cards(table);
        }
        if let Some(mut zones) = root.take_table("zone") {
            for (id, table) in zones.take_rest_tables() {
                zone(context, &id, table);
            }
            zones.finish();
        }
        if let Some(mut doors) = root.take_table("door") {
            for (id, table) in doors.take_rest_tables() {
                door(context, &id, table);
            }
            doors.finish();
        }
        if let Some(mut points) = root.take_table("point") {
            let mut held = BTreeMap::new();
            for (id, table) in points.take_rest_tables() {
                point(context, (&id, table), &mut held);
            }
            points.finish();
        }
        root.finish();
    }
    context.problems.extend(doc.into_problems());
}

fn cards(mut table: Table<'_>) -> Cards {
    let cards = Cards {
        format: table.take_str("format").map(|text| text.value),
        facility: table
            .take_int("facility", 0..=i64::MAX)
            .and_then(|number| u64::try_from(number.value).ok()),
        table: table.take_str("table").map(|text| text.value),
    };
    table.finish();
    cards
}

fn zone(context: &mut Context, id: &Spanned<String>, mut table: Table<'_>) {
    let usual = ZoneRules::default();
    let lease = table.take_duration("lease");
    let at_expiry = table.take_word("at_expiry", AtExpiry::WORDS);
    let at_expiry_at = at_expiry.as_ref().map(|word| word.at);
    let glass = table.take_strs("glass").unwrap_or_default();
    let first_person = table.take_id("first_person", GroupId::parse);
    let rules = ZoneRules {
        lease: lease.map_or(usual.lease, |lease| lease.value),
        at_expiry: at_expiry.map_or(usual.at_expiry, |word| word.value),
        break_glass: table.take_str("break_glass").map(|text| text.value),
        glass: glass.iter().filter_map(|id| CredentialId::parse(id).ok()).collect(),
        anti_passback: table
            .take_word("anti_passback", AntiPassback::WORDS)
            .map_or(usual.anti_passback, |word| word.value),
        anti_passback_for: table
            .take_duration("anti_passback_for")
            .map_or(usual.anti_passback_for, |time| time.value),
        blind: table.take_word("blind", Blind::WORDS).map_or(usual.blind, |word| word.value),
        occupancy_max: table
            .take_int("occupancy_max", 1..=i64::from(u32::MAX))
            .and_then(|number| u32::try_from(number.value).ok()),
        two_person: table.take_bool("two_person").is_some_and(|yes| yes.value),
        escort: table.take_bool("escort").is_some_and(|yes| yes.value),
        first_person: first_person.as_ref().map(|group| group.value.clone()),
        tightening: table.take_tables("tightening").into_iter().filter_map(tightening).collect(),
    };
    check_zone(&table, &rules, at_expiry_at);
    table.finish();
    if let Some(group) = &first_person {
        known_group(context, (FILE, group.at), "first_person", &group.value);
    }
    if let Some(zone) = own_id(context, id, ZoneId::parse) {
        known_zone(context, (FILE, id.at), "zone", &zone);
        for credential in glass {
            context.glass.push((credential.value, credential.at));
        }
        context.rights.zones.insert(zone, rules);
    }
}

/// A zone whose dead network locks everybody out must say how to come in without it.
fn check_zone(table: &Table<'_>, rules: &ZoneRules, at_expiry: Option<Position>) {
    let glass = rules.break_glass.as_deref().map(str::trim).unwrap_or_default();
    if rules.at_expiry == AtExpiry::Refuse && glass.is_empty() {
        let message = "it refuses when its lease ends and names no way in without the network: \
                       say in `break_glass` where that is";
        let at = at_expiry.unwrap_or(table.at());
        table.error(at, "no_break_glass", message.to_owned());
    }
    if rules.lease.is_zero() {
        let message = "`lease`: rights that may have no age are always expired";
        table.error(table.at(), "bad_value", message.to_owned());
    }
    if rules.anti_passback == AntiPassback::Timed && rules.anti_passback_for.is_zero() {
        let message = "`anti_passback_for` is missing: for how long nobody comes in again";
        table.error(table.at(), "missing_key", message.to_owned());
    }
}

fn tightening(mut table: Table<'_>) -> Option<Tightening> {
    let from = table.need_word("from", Threat::WORDS);
    let clearance_min =
        table.take_int("clearance_min", i64::MIN..=i64::MAX).map_or(0, |number| number.value);
    let pin = table.take_bool("pin").is_some_and(|yes| yes.value);
    table.finish();
    Some(Tightening { from: from?.value, clearance_min, pin })
}

fn door(context: &mut Context, id: &Spanned<String>, mut table: Table<'_>) {
    let usual = DoorRules::default();
    let technicians = table.take_id("technicians", GroupId::parse);
    let card_alone = table.take_id("card_alone", ScheduleId::parse);
    let text = |table: &mut Table<'_>, key| table.take_str(key).map(|text| text.value);
    let rules = DoorRules {
        asks: table.take_word("asks", Asks::WORDS).map_or(usual.asks, |word| word.value),
        hold: table.take_duration("hold").map_or(usual.hold, |time| time.value),
        hold_accessible: table
            .take_duration("hold_accessible")
            .map_or(usual.hold_accessible, |time| time.value),
        interlock: text(&mut table, "interlock"),
        lift: text(&mut table, "lift"),
        fire_group: text(&mut table, "fire_group"),
        technicians: technicians.as_ref().map(|group| group.value.clone()),
        card_alone: card_alone.as_ref().map(|id| id.value.clone()),
    };
    if rules.hold.is_zero() {
        let message = "`hold`: a strike that is released for no time opens nothing";
        table.error(table.at(), "bad_value", message.to_owned());
    }
    table.finish();
    if let Some(group) = &technicians {
        known_group(context, (FILE, group.at), "technicians", &group.value);
    }
    if let Some(schedule) = &card_alone {
        known_schedule(context, (FILE, schedule.at), "card_alone", &schedule.value);
    }
    if let Some(door) = own_id(context, id, DoorId::parse) {
        known_door(context, (FILE, id.at), "door", &door);
        context.rights.doors.insert(door, rules);
    }
}

fn point(
    context: &mut Context,
    (id, mut table): (&Spanned<String>, Table<'_>),
    held: &mut BTreeMap<DoorId, String>,
) {
    let named = table.take_strs("doors").unwrap_or_default();
    table.finish();
    let Some(point) = own_id(context, id, PointId::parse) else { return };
    let mut doors = Vec::new();
    for name in named {
        let Some(door) = own_id(context, &name, DoorId::parse) else { continue };
        known_door(context, (FILE, name.at), "doors", &door);
        if let Some(other) = held.insert(door.clone(), id.value.clone()) {
            let message = format!("the door `{door}` is held by the point `{other}` already");
            context.error(FILE, Some(name.at), "duplicate_id", message);
        }
        doors.push(door);
    }
    context.rights.points.insert(point, doors);
}

fn own_id<T>(
    context: &mut Context,
    id: &Spanned<String>,
    parse: impl FnOnce(&str) -> Result<T, model::ids::IdError>,
) -> Option<T> {
    match parse(id) {
        Ok(id) => Some(id),
        Err(error) => {
            context.error(FILE, Some(id.at), "bad_id", error.to_string());
            None
        }
    }
}

/// What breaks the glass must exist: known once credentials are read.
pub(super) fn check_glass(context: &mut Context) {
    for (id, at) in std::mem::take(&mut context.glass) {
        let known = CredentialId::parse(&id).ok();
        if known.is_some_and(|id| context.rights.credentials.contains_key(&id)) {
            continue;
        }
        let near = nearest(&id, context.rights.credentials.keys().map(CredentialId::as_str));
        let hint = near.map_or_else(String::new, |word| format!(": did you mean `{word}`?"));
        let message = format!("`glass`: there is no credential `{id}`{hint}");
        context.error(FILE, Some(at), "dangling_reference", message);
    }
}
