//! `people.csv`: who is known.

use model::ids::{PersonId, PlaceId};
use model::spine::{Person, PersonKind, PersonStatus};

use super::context::{Context, Place};
use crate::csvpos::{Row, Sheet};

const FILE: &str = "people.csv";

/// The words of `kind`.
pub(crate) const KINDS: [(&str, PersonKind); 4] = [
    ("employee", PersonKind::Employee),
    ("contractor", PersonKind::Contractor),
    ("visitor", PersonKind::Visitor),
    ("service", PersonKind::Service),
];

/// The words of `status`.
pub(crate) const STATUSES: [(&str, PersonStatus); 3] = [
    ("active", PersonStatus::Active),
    ("suspended", PersonStatus::Suspended),
    ("left", PersonStatus::Left),
];

/// Columns that must be there.
pub(crate) const REQUIRED: [&str; 4] = ["person", "name", "kind", "status"];
/// Columns that may be.
pub(crate) const OPTIONAL: [&str; 5] = ["team", "manager", "site", "valid_from", "valid_to"];

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let sheet = Sheet::read(FILE, text, &REQUIRED, &OPTIONAL);
    context.problems.extend(sheet.problems);
    for row in &sheet.rows {
        person(context, row);
    }
}

fn person(context: &mut Context, row: &Row<'_>) {
    let id = context.id(FILE, row, "person", PersonId::parse);
    let kind = context.word(FILE, row, "kind", &KINDS);
    let status = context.word(FILE, row, "status", &STATUSES);
    let manager = context.id(FILE, row, "manager", PersonId::parse);
    let site = context.id(FILE, row, "site", PlaceId::parse);
    let zone = match &site {
        Some(site) => context.organisation.time_zone_of(site).to_owned(),
        None => context.organisation.time_zone.clone(),
    };
    let validity = context.validity(FILE, row, &zone);
    let Some(id) = id else { return };
    if let Some(first) = context.people.get(&id) {
        let first = first.at;
        context.duplicate(FILE, row.position_of("person"), id.as_str(), first);
        return;
    }
    let person = Person {
        id: id.clone(),
        name: row.text("name").unwrap_or_default(),
        kind: kind.unwrap_or(PersonKind::Visitor),
        status: status.unwrap_or(PersonStatus::Left),
        team: row.text("team"),
        manager,
        site,
        validity,
    };
    context.keep(FILE, id.as_str(), row.extras());
    context.people.insert(id.clone(), Place::of_row(row, &["manager", "site"]));
    context.organisation.people.insert(id, person);
}
