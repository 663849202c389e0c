//! What other products' names mean here: people, groups, doors, zones, hours.

use std::collections::BTreeMap;

use model::rights::{Opens, RightsData};
use model::spine::{Organisation, PlaceKind};
use model::{DoorId, Entity, GroupId, PersonId, PlaceId, ScheduleId, ZoneId};

use super::map::Map;
use crate::csvpos::short;
use crate::nearest::hint;

/// Most known names that a message lists.
const KNOWN_SHOWN_MAX: usize = 12;

/// Names of the house, ready to be looked up.
pub struct Names<'a> {
    org: &'a Organisation,
    before: &'a RightsData,
    map: &'a Map,
    /// Employee numbers.
    numbers: BTreeMap<&'a str, &'a PersonId>,
    /// Display names of places in small letters; two of one name mean neither.
    places: BTreeMap<String, Vec<&'a PlaceId>>,
    /// What doors' readers and identifiers are called, in small letters.
    readers: BTreeMap<String, Vec<&'a PlaceId>>,
    groups: BTreeMap<String, &'a GroupId>,
    schedules: BTreeMap<String, &'a ScheduleId>,
}

impl<'a> Names<'a> {
    /// Of an organisation and its rights.
    pub fn of(map: &'a Map, org: &'a Organisation, before: &'a RightsData) -> Self {
        let mut numbers = BTreeMap::new();
        let mut readers: BTreeMap<String, Vec<&PlaceId>> = BTreeMap::new();
        for one in &org.identifiers {
            match &one.entity {
                Entity::Person(id) if one.kind == "employee_number" => {
                    numbers.insert(one.value.as_str(), id);
                }
                Entity::Place(id) if org.doors.contains_key(id) => {
                    readers.entry(one.value.to_lowercase()).or_default().push(id);
                }
                Entity::Person(_) | Entity::Place(_) | Entity::Asset(_) => {}
            }
        }
        for door in org.doors.values() {
            for reader in [&door.reader_in, &door.reader_out].into_iter().flatten() {
                readers.entry(reader.as_str().to_owned()).or_default().push(&door.door);
            }
        }
        let mut places: BTreeMap<String, Vec<&PlaceId>> = BTreeMap::new();
        for place in org.places.values() {
            if let Some(name) = &place.name {
                places.entry(name.to_lowercase()).or_default().push(&place.id);
            }
        }
        let named = |(id, name): (&'a GroupId, &'a Option<String>)| {
            Some((name.as_ref()?.to_lowercase(), id))
        };
        let groups = before.groups.iter().map(|(id, one)| (id, &one.name));
        let hours = before.schedules.iter();
        let hours = hours.filter_map(|(id, one)| Some((one.name.as_ref()?.to_lowercase(), id)));
        let groups = groups.filter_map(named).collect();
        Self { org, before, map, numbers, places, readers, groups, schedules: hours.collect() }
    }

    /// A person of the organisation, by id or employee number.
    pub fn person(&self, text: &str) -> Result<PersonId, String> {
        let known = |id: &PersonId| self.org.people.contains_key(id);
        let by_id = PersonId::parse(&text.to_ascii_lowercase()).ok().filter(known);
        by_id.or_else(|| self.numbers.get(text).map(|id| (*id).clone())).ok_or_else(|| {
            format!("nobody of the organisation is `{}`: add them first", short(text))
        })
    }

    /// A group that there is by its id or name; else the id that its name makes.
    pub fn group(&self, name: &str) -> Result<GroupId, String> {
        if let Some(id) = self.groups.get(&name.to_lowercase()) {
            return Ok((*id).clone());
        }
        GroupId::parse(&slug(name)).map_err(|_| format!("`{}` makes no group's id", short(name)))
    }

    /// A door, by its id, its name, or its reader's.
    pub fn door(&self, text: &str) -> Result<Opens, String> {
        let lower = text.to_lowercase();
        let by_id = PlaceId::parse(&lower).ok().filter(|id| self.org.doors.contains_key(id));
        let found = match by_id {
            Some(id) => id,
            None => {
                let is_door = |id: &&&PlaceId| self.org.doors.contains_key(**id);
                let named = self.places.get(&lower).into_iter().flatten().filter(is_door);
                let mut found: Vec<&PlaceId> = named.copied().collect();
                if found.is_empty() {
                    found.extend(self.readers.get(&lower).into_iter().flatten());
                    found.dedup();
                }
                let named = |id: &PlaceId| self.org.places.get(id)?.name.as_deref();
                let ids = self.org.doors.keys();
                let known = ids.clone().map(PlaceId::as_str).chain(ids.filter_map(named));
                one_of("door", text, &found, known)?.clone()
            }
        };
        DoorId::parse(found.as_str()).map(Opens::Door).map_err(|error| error.to_string())
    }

    /// A zone, by its id or its name.
    pub fn zone(&self, text: &str) -> Result<Opens, String> {
        let lower = text.to_lowercase();
        let is_zone = |id: &PlaceId| {
            let kind = self.org.places.get(id).map(|place| place.kind);
            kind.is_some_and(|kind| !matches!(kind, PlaceKind::Door | PlaceKind::Desk))
        };
        let by_id = PlaceId::parse(&lower).ok().filter(is_zone);
        let found = match by_id {
            Some(id) => id,
            None => {
                let named = self.places.get(&lower).into_iter().flatten();
                let found: Vec<&PlaceId> = named.copied().filter(|id| is_zone(id)).collect();
                let known = self.org.places.keys().filter(|id| is_zone(id)).map(PlaceId::as_str);
                one_of("zone", text, &found, known)?.clone()
            }
        };
        ZoneId::parse(found.as_str()).map(Opens::Zone).map_err(|error| error.to_string())
    }

    /// Hours, by the map's word, their id or their name; none: at any time.
    pub fn schedule(&self, text: &str) -> Result<Option<ScheduleId>, String> {
        let lower = text.to_lowercase();
        let known = |id: &ScheduleId| self.before.schedules.contains_key(id);
        let found = match self.map.schedules.get(&lower) {
            Some(None) => return Ok(None),
            Some(Some(id)) => Some(id.clone()),
            None => ScheduleId::parse(&lower)
                .ok()
                .filter(known)
                .or_else(|| self.schedules.get(&lower).map(|id| (*id).clone())),
        };
        found.filter(known).map(Some).ok_or_else(|| {
            let all: Vec<&str> = self.before.schedules.keys().map(ScheduleId::as_str).collect();
            let known = near(text, &all);
            format!(
                "there are no hours `{}`: {known}; or say under `values.schedule` of the map what \
                 it means",
                short(text)
            )
        })
    }
}

fn near(text: &str, known: &[&str]) -> String {
    match known.len() > KNOWN_SHOWN_MAX {
        true => match crate::nearest(text, known.iter().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("none of the {} known is near", known.len()),
        },
        false => hint(text, known),
    }
}

fn one_of<'a>(
    what: &str,
    text: &str,
    found: &[&'a PlaceId],
    known: impl Iterator<Item = &'a str>,
) -> Result<&'a PlaceId, String> {
    match found {
        [one] => Ok(*one),
        [] => {
            let known: Vec<&str> = known.collect();
            Err(format!("there is no {what} `{}`: {}", short(text), near(text, &known)))
        }
        [first, second, ..] => {
            Err(format!("`{}` may be {what} `{first}` or `{second}`: name its id", short(text)))
        }
    }
}

/// An id of somebody else's name: small letters, what is neither letter nor digit as a dash.
fn slug(name: &str) -> String {
    let mut id = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            id.push(c);
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    id.truncate(64);
    id.trim_end_matches('-').to_owned()
}
