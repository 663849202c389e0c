//! What an import would change, noun by noun. Speaks in ids and field names, never in values:
//! names and card numbers stay out of summaries and logs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use model::spine::{Asset, Door, Identifier, Organisation, Person, Place, Source};
use model::time::Timestamp;
use serde::Serialize;

/// What happened to one thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is there before and after, and these fields differ.
    Changed(Vec<&'static str>),
    /// It is gone.
    Removed,
}

/// One difference between two organisations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// `organisation`, `place`, `person`, `asset`, `identifier`, `door` or `source`.
    pub noun: &'static str,
    /// Its id; for an identifier its kind and bearer, such as `badge of person:ana`.
    pub id: String,
    /// What happened.
    pub kind: ChangeKind,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (noun, id) = (self.noun, &self.id);
        match &self.kind {
            ChangeKind::Added => write!(f, "+ {noun} {id}"),
            ChangeKind::Changed(fields) => write!(f, "~ {noun} {id}: {}", fields.join(", ")),
            ChangeKind::Removed => write!(f, "- {noun} {id}"),
        }
    }
}

/// Everything that differs, in a fixed order: by noun in the order of the files, then by id.
pub fn diff(old: &Organisation, new: &Organisation) -> Vec<Change> {
    let mut changes = Vec::new();
    let fields = head(old, new);
    if !fields.is_empty() {
        let id = new.tenant.to_string();
        changes.push(Change { noun: "organisation", id, kind: ChangeKind::Changed(fields) });
    }
    by_id(&mut changes, "place", &old.places, &new.places, place);
    by_id(&mut changes, "person", &old.people, &new.people, person);
    by_id(&mut changes, "asset", &old.assets, &new.assets, asset);
    identifiers(&mut changes, old, new);
    by_id(&mut changes, "door", &old.doors, &new.doors, door);
    by_id(&mut changes, "source", &old.sources, &new.sources, source);
    extras(&mut changes, old, new);
    changes
}

/// Rows that we know nothing new of, but whose own columns or keys of the house differ.
fn extras(changes: &mut Vec<Change>, old: &Organisation, new: &Organisation) {
    let rows: BTreeSet<_> = old.extras.keys().chain(new.extras.keys()).collect();
    for row in rows.into_iter().filter(|row| old.extras.get(*row) != new.extras.get(*row)) {
        let (noun, id) = match row.0.as_str() {
            "places.toml" => ("place", row.1.clone()),
            "people.csv" => ("person", row.1.clone()),
            "assets.csv" => ("asset", row.1.clone()),
            "doors.csv" => ("door", row.1.clone()),
            "sources.toml" => ("source", row.1.clone()),
            "identifiers.csv" => ("identifier", format!("number {}", row.1)),
            _ => ("organisation", new.tenant.to_string()),
        };
        if !changes.iter().any(|change| change.noun == noun && change.id == id) {
            changes.push(Change { noun, id, kind: ChangeKind::Changed(vec!["x_"]) });
        }
    }
}

fn by_id<I: Ord + fmt::Display, T: PartialEq>(
    changes: &mut Vec<Change>,
    noun: &'static str,
    old: &BTreeMap<I, T>,
    new: &BTreeMap<I, T>,
    fields: fn(&T, &T) -> Vec<&'static str>,
) {
    let mut found = Vec::new();
    for (id, one) in new {
        match old.get(id) {
            None => found.push((id, ChangeKind::Added)),
            Some(before) if before != one => {
                found.push((id, ChangeKind::Changed(fields(before, one))));
            }
            Some(_) => {}
        }
    }
    for id in old.keys().filter(|id| !new.contains_key(id)) {
        found.push((id, ChangeKind::Removed));
    }
    found.sort();
    changes.extend(found.into_iter().map(|(id, kind)| Change { noun, id: id.to_string(), kind }));
}

fn identifiers(changes: &mut Vec<Change>, old: &Organisation, new: &Organisation) {
    let claims = |organisation: &'_ Organisation| -> BTreeMap<_, _> {
        organisation.identifiers.iter().map(|one| (claim(one), one.clone())).collect()
    };
    fn claim(one: &Identifier) -> (String, String, Option<String>, String, Option<Timestamp>) {
        let realm = one.realm.clone();
        (one.entity.to_string(), one.kind.clone(), realm, one.value.clone(), one.validity.from)
    }
    let (old, new) = (claims(old), claims(new));
    let mut found = Vec::new();
    for (key, one) in &new {
        match old.get(key) {
            None => found.push((key, one, ChangeKind::Added)),
            Some(before) if before != one => {
                found.push((key, one, ChangeKind::Changed(identifier(before, one))));
            }
            Some(_) => {}
        }
    }
    for (key, one) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
        found.push((key, one, ChangeKind::Removed));
    }
    found.sort_by(|a, b| (a.0, &a.2).cmp(&(b.0, &b.2)));
    changes.extend(found.into_iter().map(|(_, one, kind)| {
        let id = format!("{} of {}", one.kind, one.entity);
        Change { noun: "identifier", id, kind }
    }));
}

/// Names the fields in which two values of one type differ.
macro_rules! differing {
    ($old:expr, $new:expr, $($field:ident),+ $(,)?) => {{
        let mut fields = Vec::new();
        $(if $old.$field != $new.$field {
            fields.push(stringify!($field));
        })+
        fields
    }};
}

fn head(old: &Organisation, new: &Organisation) -> Vec<&'static str> {
    differing!(old, new, tenant, name, time_zone)
}

fn place(old: &Place, new: &Place) -> Vec<&'static str> {
    differing!(old, new, kind, parent, name, time_zone, zone_class, capacity, dwell_max)
}

fn person(old: &Person, new: &Person) -> Vec<&'static str> {
    differing!(old, new, name, kind, status, team, manager, site, validity)
}

fn asset(old: &Asset, new: &Asset) -> Vec<&'static str> {
    differing!(old, new, kind, name, place, owner, team, make, model, firmware, serial, criticality)
}

fn identifier(old: &Identifier, new: &Identifier) -> Vec<&'static str> {
    differing!(old, new, validity, replaces)
}

fn door(old: &Door, new: &Door) -> Vec<&'static str> {
    differing!(old, new, from_zone, to_zone, controller, reader_in, reader_out, held_after, passage)
}

fn source(old: &Source, new: &Source) -> Vec<&'static str> {
    differing!(
        old,
        new,
        mapping,
        site,
        realm,
        time_zone,
        clock_offset_max,
        heartbeat,
        lateness_max,
        trust,
        witness_of,
        matching
    )
}
