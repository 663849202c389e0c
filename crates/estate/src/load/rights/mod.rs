//! The files of rights: groups, members, credentials, rights, hours, the rules of zones and doors,
//! and the house's policies, which are carried as text: who decides reads them.

mod access;
mod credentials;
mod entitled;
mod groups;
mod schedules;

use model::ids::{GroupId, IdError, PersonId};
use model::problem::Position;

use super::context::Context;
use crate::csvpos::Row;
use crate::nearest;

/// The files of rights, in the order in which they are read.
pub const RIGHTS_FILES: [&str; 6] =
    ["groups.csv", "schedules.toml", "access.toml", "members.csv", "credentials.csv", "rights.csv"];

/// The folder that holds policies.
pub const POLICIES: &str = "policies";

pub(super) fn read<'t>(context: &mut Context, text: impl Fn(&str) -> Option<&'t str>) {
    groups::read(context, text("groups.csv"));
    schedules::read(context, text("schedules.toml"));
    access::read(context, text("access.toml"));
    groups::read_members(context, text("members.csv"));
    credentials::read(context, text("credentials.csv"));
    entitled::read(context, text("rights.csv"));
    access::check_glass(context);
}

/// Says that a reference leads nowhere, and which known id it may have meant.
fn dangling<'k>(
    context: &mut Context,
    (file, at): (&str, Position),
    (field, noun, id): (&str, &str, &str),
    known: impl IntoIterator<Item = &'k str>,
) {
    let mut hint = String::new();
    if context.suggestions_left > 0 {
        context.suggestions_left -= 1;
        if let Some(word) = nearest(id, known) {
            hint = format!(": did you mean `{word}`?");
        }
    }
    let message = format!("`{field}`: there is no {noun} `{id}`{hint}");
    context.error(file, Some(at), "dangling_reference", message);
}

/// A group that exists.
fn known_group(context: &mut Context, at: (&str, Position), field: &str, id: &GroupId) -> bool {
    if context.rights.groups.contains_key(id) {
        return true;
    }
    let groups: Vec<GroupId> = context.rights.groups.keys().cloned().collect();
    dangling(context, at, (field, "group", id.as_str()), groups.iter().map(GroupId::as_str));
    false
}

/// A person who exists.
fn known_person(context: &mut Context, at: (&str, Position), field: &str, id: &PersonId) -> bool {
    if context.organisation.people.contains_key(id) {
        return true;
    }
    let people: Vec<PersonId> = match context.suggestions_left {
        0 => Vec::new(),
        _ => context.organisation.people.keys().cloned().collect(),
    };
    dangling(context, at, (field, "person", id.as_str()), people.iter().map(PersonId::as_str));
    false
}

/// A cell with several ids, apart by semicolons or blanks.
fn ids<T>(
    context: &mut Context,
    (file, row, column): (&str, &Row<'_>, &str),
    parse: impl Fn(&str) -> Result<T, IdError>,
) -> Vec<T> {
    let Some(cell) = row.get(column) else { return Vec::new() };
    let mut found = Vec::new();
    for part in cell.text.split([';', ' ']).filter(|part| !part.is_empty()) {
        match parse(part) {
            Ok(id) => found.push(id),
            Err(error) => {
                let message = format!("`{column}`: {error}");
                context.error(file, Some(cell.at), "bad_id", message);
            }
        }
    }
    found
}
