//! `places.toml`: the place tree.

use model::ids::PlaceId;
use model::spine::{self, PlaceKind, ZoneClass};

use super::context::{Context, Place};
use crate::tomlpos::{Doc, Table};

const FILE: &str = spine::PLACES_FILE;

/// The words of `kind`.
pub(crate) const KINDS: [(&str, PlaceKind); 8] = [
    ("region", PlaceKind::Region),
    ("site", PlaceKind::Site),
    ("building", PlaceKind::Building),
    ("floor", PlaceKind::Floor),
    ("zone", PlaceKind::Zone),
    ("room", PlaceKind::Room),
    ("door", PlaceKind::Door),
    ("desk", PlaceKind::Desk),
];

/// The words of `zone_class`.
pub(crate) const CLASSES: [(&str, ZoneClass); 6] = [
    ("public", ZoneClass::Public),
    ("transitional", ZoneClass::Transitional),
    ("restricted", ZoneClass::Restricted),
    ("critical", ZoneClass::Critical),
    ("perimeter", ZoneClass::Perimeter),
    ("external", ZoneClass::External),
];

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let doc = Doc::parse(FILE, text);
    let mut root = doc.root();
    for table in root.take_tables("place") {
        place(context, table);
    }
    root.finish();
    context.problems.extend(doc.into_problems());
}

fn place(context: &mut Context, mut table: Table<'_>) {
    let fields = ["parent"].map(|field| (field, table.position_of(field).unwrap_or(table.at())));
    let place = Place { at: table.at(), fields: fields.to_vec() };
    let id = table.need_id("id", PlaceId::parse);
    let kind = table.need_word("kind", &KINDS);
    let parent = table.take_id("parent", PlaceId::parse);
    let name = table.take_str("name");
    let time_zone = table.take_time_zone("time_zone");
    let zone_class = table.take_word("zone_class", &CLASSES);
    let capacity = table.take_int("capacity", 0..=i64::from(u32::MAX));
    let dwell_max = table.take_duration("dwell_max");
    let is_stated = [spine::LATITUDE, spine::LONGITUDE].map(|key| table.position_of(key).is_some());
    let latitude = table.take_number(spine::LATITUDE, -90.0..=90.0);
    let longitude = table.take_number(spine::LONGITUDE, -180.0..=180.0);
    let mut extras = table.extras();
    let table_at = table.at();
    table.finish();
    match (&latitude, &longitude) {
        (Some(north), Some(east)) => {
            extras.insert(spine::LATITUDE.to_owned(), north.value.to_string());
            extras.insert(spine::LONGITUDE.to_owned(), east.value.to_string());
        }
        (Some(_), None) | (None, Some(_)) if is_stated != [true, true] => {
            let message = "coordinates need both `latitude` and `longitude`".to_owned();
            context.error(FILE, Some(table_at), "bad_value", message);
        }
        (Some(_) | None, _) => {}
    }
    let Some(id) = id else { return };
    if let Some(first) = context.places.get(&id.value) {
        let first = first.at;
        context.duplicate(FILE, id.at, id.as_str(), first);
        return;
    }
    // A place of an unknown kind is kept for the checks, so that what refers to it is not
    // reported as well; its own error keeps the organisation from being used.
    let entry = spine::Place {
        id: id.value.clone(),
        kind: kind.map_or(PlaceKind::Zone, |kind| kind.value),
        parent: parent.map(|parent| parent.value),
        name: name.map(|name| name.value),
        time_zone: time_zone.map(|zone| zone.value),
        zone_class: zone_class.map(|class| class.value),
        capacity: capacity.and_then(|capacity| u32::try_from(capacity.value).ok()),
        dwell_max: dwell_max.map(|dwell| dwell.value),
    };
    context.keep(FILE, id.as_str(), &extras);
    context.places.insert(id.value.clone(), place);
    context.organisation.places.insert(id.value, entry);
}
