//! `credentials.csv`: what opens. Digits never stand in a file.

use std::collections::BTreeMap;

use model::ids::{CredentialId, Entity, PersonId};
use model::problem::Position;
use model::rights::{Credential, CredentialKind, Standing};

use super::super::context::{Context, Place};
use super::{dangling, known_person};
use crate::csvpos::{Row, Sheet, short};

const FILE: &str = "credentials.csv";

/// Columns that must be there.
pub(crate) const REQUIRED: [&str; 2] = ["credential", "kind"];
/// Columns that may be.
pub(crate) const OPTIONAL: [&str; 12] = [
    "person",
    "badge",
    "format",
    "facility",
    "number",
    "issue",
    "key",
    "generation",
    "valid_from",
    "valid_to",
    "standing",
    "duress",
];

/// The words of yes and no.
const YES: [(&str, bool); 4] = [("true", true), ("false", false), ("yes", true), ("no", false)];

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let sheet = Sheet::read(FILE, text, &REQUIRED, &OPTIONAL);
    context.problems.extend(sheet.problems);
    let mut numbers = BTreeMap::new();
    let badges = badges(context);
    for row in &sheet.rows {
        credential(context, row, (&badges, &mut numbers));
    }
}

/// Every badge of the organisation, and whose it is.
fn badges(context: &Context) -> BTreeMap<String, Option<PersonId>> {
    let all = context.organisation.identifiers.iter().filter(|one| one.kind == "badge");
    let whose = |entity: &Entity| match entity {
        Entity::Person(id) => Some(id.clone()),
        Entity::Asset(_) | Entity::Place(_) => None,
    };
    all.map(|one| (one.value.clone(), whose(&one.entity))).collect()
}

fn number<T: std::str::FromStr>(context: &mut Context, row: &Row<'_>, column: &str) -> Option<T> {
    let cell = row.get(column)?;
    let number = cell.text.parse().ok();
    if number.is_none() {
        let message = format!("`{column}`: found `{}`, expected a whole number", short(&cell.text));
        context.error(FILE, Some(cell.at), "bad_value", message);
    }
    number
}

type Number = (String, u64, u64, u32, u32);

fn credential(
    context: &mut Context,
    row: &Row<'_>,
    (badges, numbers): (&BTreeMap<String, Option<PersonId>>, &mut BTreeMap<Number, Position>),
) {
    let id = context.id(FILE, row, "credential", CredentialId::parse);
    let kind = context.word(FILE, row, "kind", CredentialKind::WORDS);
    let zone = context.organisation.time_zone.clone();
    let one = Credential {
        kind: kind.unwrap_or(CredentialKind::Card),
        person: context.id(FILE, row, "person", PersonId::parse),
        badge: row.text("badge"),
        format: row.text("format"),
        facility: number(context, row, "facility"),
        number: number(context, row, "number"),
        issue: number(context, row, "issue").unwrap_or(0),
        key: row.text("key"),
        generation: number(context, row, "generation").unwrap_or(1),
        validity: context.validity(FILE, row, &zone),
        standing: context.word(FILE, row, "standing", Standing::WORDS).unwrap_or(Standing::Active),
        duress: context.word(FILE, row, "duress", &YES).unwrap_or(false),
    };
    if let Some(person) = &one.person {
        let at = (FILE, row.position_of("person"));
        known_person(context, at, "person", person);
    }
    check_badge(context, row, (&one, badges));
    check_number(context, row, &one);
    let Some(id) = id else { return };
    if let Some(first) = context.credentials.get(&id) {
        let first = first.at;
        context.duplicate(FILE, row.position_of("credential"), id.as_str(), first);
        return;
    }
    if let Some(number) = number_of(context, &one)
        && let Some(first) = numbers.insert(number, row.at)
    {
        let message =
            format!("`{id}` has the number and generation of the one in line {}", first.line);
        context.error(FILE, Some(row.at), "duplicate_number", message);
    }
    let carried = one.person.is_some() || one.badge.is_some();
    if !carried && one.kind != CredentialKind::BreakGlass {
        let message = format!("`{id}` is nobody's, and opens nothing");
        context.warning(FILE, Some(row.at), "no_holder", message);
    }
    context.credentials.insert(id.clone(), Place::of_row(row, &["credential"]));
    context.rights.credentials.insert(id, one);
}

/// What must not be the same for two: format, facility, number, issue and generation.
fn number_of(context: &Context, one: &Credential) -> Option<Number> {
    let number = one.number.or_else(|| one.badge.as_deref()?.parse().ok())?;
    let cards = &context.rights.cards;
    let format = one.format.clone().or_else(|| cards.format.clone())?;
    let facility = one.facility.or(cards.facility).unwrap_or(0);
    Some((format, facility, number, one.issue, one.generation))
}

fn check_badge(
    context: &mut Context,
    row: &Row<'_>,
    (one, badges): (&Credential, &BTreeMap<String, Option<PersonId>>),
) {
    let Some(badge) = &one.badge else { return };
    let at = row.position_of("badge");
    match badges.get(badge) {
        None => {
            let known = badges.keys().map(String::as_str);
            dangling(context, (FILE, at), ("badge", "badge", badge), known);
        }
        Some(holder) if one.person.is_some() && *holder != one.person => {
            let whose = holder.as_ref().map_or("nobody", PersonId::as_str);
            let message = format!("`person`: the badge `{badge}` is of {whose}");
            context.error(FILE, Some(row.position_of("person")), "other_holder", message);
        }
        Some(_) => {}
    }
    if one.number.is_none() && badge.parse::<u64>().is_err() {
        let message = format!(
            "`badge`: `{badge}` is no number: say in `number` what its card says of itself"
        );
        context.error(FILE, Some(at), "bad_value", message);
    }
}

fn check_number(context: &mut Context, row: &Row<'_>, one: &Credential) {
    let mut wrong = |column: &str, code: &str, message: &str| {
        context.error(FILE, Some(row.position_of(column)), code, message.to_owned());
    };
    if let Some(key) = &one.key
        && (key.len() != 32 || !key.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        wrong("key", "bad_value", "`key`: expected 32 hexadecimal digits");
    }
    if one.kind == CredentialKind::Pin {
        if one.number.is_some() || one.badge.is_some() {
            let message = "digits do not stand in files: set them through the interface";
            wrong("number", "pin_in_file", message);
        } else if one.key.is_none() {
            wrong("key", "missing_value", "digits need a `key`: set them through the interface");
        }
        return;
    }
    let has_number = one.number.is_some() || one.badge.is_some();
    if has_number == one.key.is_some() {
        let message = match has_number {
            true => "`key` and a number or badge: expected one of them",
            false => "expected a `number`, a `badge` or a `key`",
        };
        wrong("number", "missing_value", message);
    }
    let format = one.format.is_some() || context.rights.cards.format.is_some();
    if has_number && !format {
        let message = "no card format: name one in `format`, or the house's in access.toml under \
                       `cards`";
        context.error(FILE, Some(row.at), "missing_value", message.to_owned());
    }
}
