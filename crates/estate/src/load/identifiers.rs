//! `identifiers.csv`: by which names sources know people, things and places.

use model::ids::Entity;
use model::spine::{Identifier, Organisation};

use super::context::{Context, Place};
use crate::csvpos::{Row, Sheet};

const FILE: &str = "identifiers.csv";

/// Usual words of `kind`; the list is open.
const KINDS: [&str; 14] = [
    "badge",
    "account",
    "email",
    "employee_number",
    "phone",
    "mobile_credential",
    "plate",
    "ip",
    "mac",
    "hostname",
    "serial",
    "camera",
    "reader",
    "door",
];

/// Columns that must be there.
pub(crate) const REQUIRED: [&str; 3] = ["kind", "value", "entity"];
/// Columns that may be.
pub(crate) const OPTIONAL: [&str; 4] = ["realm", "valid_from", "valid_to", "replaces"];

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let sheet = Sheet::read(FILE, text, &REQUIRED, &OPTIONAL);
    context.problems.extend(sheet.problems);
    for row in &sheet.rows {
        identifier(context, row);
    }
}

fn identifier(context: &mut Context, row: &Row<'_>) {
    let usual: Vec<&'static str> = KINDS.into_iter().chain(["source_user"]).collect();
    let kind = context.open_word(FILE, row, "kind", &usual);
    let entity = context.id(FILE, row, "entity", Entity::parse);
    let zone = match &entity {
        Some(entity) => zone_of_entity(&context.organisation, entity).to_owned(),
        None => context.organisation.time_zone.clone(),
    };
    let validity = context.validity(FILE, row, &zone);
    let (Some(kind), Some(value), Some(entity)) = (kind, row.text("value"), entity) else {
        return;
    };
    let (realm, replaces) = (row.text("realm"), row.text("replaces"));
    let identifier = Identifier { kind, value, entity, realm, validity, replaces };
    let number = context.organisation.identifiers.len().to_string();
    context.keep(FILE, &number, row.extras());
    context.organisation.identifiers.push(identifier);
    context.identifiers.push(Place::of_row(row, &["value", "entity", "realm", "replaces"]));
}

/// Whose local times an identifier's are: those of where its bearer is at home.
fn zone_of_entity<'o>(organisation: &'o Organisation, entity: &Entity) -> &'o str {
    let place = match entity {
        Entity::Person(id) => organisation.people.get(id).and_then(|person| person.site.as_ref()),
        Entity::Asset(id) => organisation.assets.get(id).and_then(|asset| asset.place.as_ref()),
        Entity::Place(id) => Some(id),
    };
    match place.and_then(|id| organisation.places.get(id)) {
        Some(place) => organisation.time_zone_of(&place.id),
        None => &organisation.time_zone,
    }
}
