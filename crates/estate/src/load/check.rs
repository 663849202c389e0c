//! What only the whole folder can show: references that lead nowhere, cycles, and names that
//! two would answer to.

use std::collections::BTreeMap;

use model::ids::{AssetId, Entity, PersonId, PlaceId};
use model::problem::Position;
use model::spine::{Identifier, Organisation, PLACE_DEPTH_MAX, PlaceKind};
use model::time::Timestamp;

use super::context::Context;
use crate::nearest;

/// Kinds whose values repeat from site to site unless a realm tells them apart.
const LOCAL_KINDS: [&str; 3] = ["ip", "hostname", "badge"];

pub(super) fn references(context: &mut Context) {
    places(context);
    people(context);
    assets(context);
    doors(context);
    sources(context);
    bearers(context);
    overlaps(context);
    two_sites(context);
    replaced(context);
}

/// Says that a reference leads nowhere, and which known id it may have meant.
fn dangling<I: AsRef<str>, T>(
    context: &mut Context,
    (file, at): (&str, Position),
    (field, noun, id): (&str, &str, &I),
    known: fn(&Organisation) -> &BTreeMap<I, T>,
) {
    let id = id.as_ref();
    let mut hint = String::new();
    if context.suggestions_left > 0 {
        context.suggestions_left -= 1;
        let known = known(&context.organisation).keys().map(AsRef::as_ref);
        if let Some(word) = nearest(id, known) {
            hint = format!(": did you mean `{word}`?");
        }
    }
    let message = format!("`{field}`: there is no {noun} `{id}`{hint}");
    context.error(file, Some(at), "dangling_reference", message);
}

fn no_place(context: &mut Context, place: (&str, Position), field: &str, id: &PlaceId) {
    dangling(context, place, (field, "place", id), |organisation| &organisation.places);
}

fn no_person(context: &mut Context, place: (&str, Position), field: &str, id: &PersonId) {
    dangling(context, place, (field, "person", id), |organisation| &organisation.people);
}

fn no_asset(context: &mut Context, place: (&str, Position), field: &str, id: &AssetId) {
    dangling(context, place, (field, "asset", id), |organisation| &organisation.assets);
}

fn kind_of(organisation: &Organisation, place: &PlaceId) -> Option<PlaceKind> {
    organisation.places.get(place).map(|place| place.kind)
}

fn places(context: &mut Context) {
    const FILE: &str = "places.toml";
    let ids: Vec<PlaceId> = context.places.keys().cloned().collect();
    for id in ids {
        let at = context.places.get(&id).map(|place| place.of("parent"));
        let Some(at) = at else { continue };
        let parent = context.organisation.places.get(&id).and_then(|place| place.parent.clone());
        let Some(parent) = parent else { continue };
        if !context.organisation.places.contains_key(&parent) {
            no_place(context, (FILE, at), "parent", &parent);
            continue;
        }
        let above: Vec<&PlaceId> =
            context.organisation.place_and_above(&id).map(|place| &place.id).collect();
        let back = above.iter().skip(1).position(|place| **place == id);
        // Each cycle is told once, at its first id.
        let is_first = |length: usize| above.iter().take(length + 1).min() == Some(&&id);
        match back {
            Some(length) if is_first(length) => {
                let round: Vec<&str> =
                    above.iter().take(length + 2).map(|place| place.as_str()).collect();
                let message = format!("places lie in one another: {}", round.join(" in "));
                context.error(FILE, Some(at), "place_cycle", message);
            }
            Some(_) => {}
            None if goes_on(context, &above) && !leads_into_cycle(&above) => {
                let message = format!("`{id}` lies more than {PLACE_DEPTH_MAX} places deep");
                context.error(FILE, Some(at), "place_too_deep", message);
            }
            None => {}
        }
    }
}

/// Whether the walk ended at its bound and not at the top.
fn goes_on(context: &Context, above: &[&PlaceId]) -> bool {
    let top = above.last().and_then(|id| context.organisation.places.get(*id));
    above.len() == PLACE_DEPTH_MAX && top.is_some_and(|place| place.parent.is_some())
}

fn leads_into_cycle(above: &[&PlaceId]) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    above.iter().any(|place| !seen.insert(place.as_str()))
}

/// A `site` that exists; one that is no place of kind site is taken, with a warning.
fn site(context: &mut Context, file: &str, at: Position, site: &PlaceId) {
    match kind_of(&context.organisation, site) {
        None => no_place(context, (file, at), "site", site),
        Some(PlaceKind::Site) => {}
        Some(
            PlaceKind::Region
            | PlaceKind::Building
            | PlaceKind::Floor
            | PlaceKind::Zone
            | PlaceKind::Room
            | PlaceKind::Door
            | PlaceKind::Desk,
        ) => {
            let message = format!("`site`: `{site}` is not a place of kind site");
            context.warning(file, Some(at), "not_a_site", message);
        }
    }
}

fn people(context: &mut Context) {
    const FILE: &str = "people.csv";
    let wanted: Vec<_> = context
        .organisation
        .people
        .values()
        .filter_map(|person| Some((person, context.people.get(&person.id)?)))
        .map(|(person, place)| {
            let manager = person.manager.clone().map(|id| (id, place.of("manager")));
            (manager, person.site.clone().map(|id| (id, place.of("site"))))
        })
        .collect();
    for (manager, home) in wanted {
        if let Some((id, at)) = manager
            && !context.people.contains_key(&id)
        {
            no_person(context, (FILE, at), "manager", &id);
        }
        if let Some((id, at)) = home {
            site(context, FILE, at, &id);
        }
    }
}

fn assets(context: &mut Context) {
    const FILE: &str = "assets.csv";
    let wanted: Vec<_> = context
        .organisation
        .assets
        .values()
        .filter_map(|asset| Some((asset, context.assets.get(&asset.id)?)))
        .map(|(asset, place)| {
            let stands = asset.place.clone().map(|id| (id, place.of("place")));
            (stands, asset.owner.clone().map(|id| (id, place.of("owner"))))
        })
        .collect();
    for (stands, owner) in wanted {
        if let Some((id, at)) = stands
            && !context.places.contains_key(&id)
        {
            no_place(context, (FILE, at), "place", &id);
        }
        if let Some((id, at)) = owner
            && !context.people.contains_key(&id)
        {
            no_person(context, (FILE, at), "owner", &id);
        }
    }
}

fn doors(context: &mut Context) {
    const FILE: &str = "doors.csv";
    let doors: Vec<_> = context.organisation.doors.values().cloned().collect();
    for door in doors {
        let Some(place) = context.doors.get(&door.door).cloned() else {
            continue;
        };
        match kind_of(&context.organisation, &door.door) {
            None => no_place(context, (FILE, place.of("door")), "door", &door.door),
            Some(PlaceKind::Door) => {}
            Some(kind) => {
                let message =
                    format!("`{}` is a place of kind {}, not door", door.door, word(kind));
                context.error(FILE, Some(place.of("door")), "not_a_door", message);
            }
        }
        for (field, zone) in [("from_zone", &door.from_zone), ("to_zone", &door.to_zone)] {
            match kind_of(&context.organisation, zone) {
                None => no_place(context, (FILE, place.of(field)), field, zone),
                Some(kind @ (PlaceKind::Door | PlaceKind::Desk)) => {
                    let word = word(kind);
                    let message = format!("`{field}`: `{zone}` is a {word}, not an area");
                    context.error(FILE, Some(place.of(field)), "not_a_zone", message);
                }
                Some(
                    PlaceKind::Region
                    | PlaceKind::Site
                    | PlaceKind::Building
                    | PlaceKind::Floor
                    | PlaceKind::Zone
                    | PlaceKind::Room,
                ) => {}
            }
        }
        let fitted = [
            ("controller", &door.controller),
            ("reader_in", &door.reader_in),
            ("reader_out", &door.reader_out),
        ];
        for (field, asset) in fitted {
            if let Some(asset) = asset
                && !context.assets.contains_key(asset)
            {
                no_asset(context, (FILE, place.of(field)), field, asset);
            }
        }
    }
}

fn word(kind: PlaceKind) -> &'static str {
    super::places::KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word)
}

fn sources(context: &mut Context) {
    let wanted: Vec<_> = context
        .organisation
        .sources
        .values()
        .filter_map(|source| {
            Some((source.site.clone()?, context.sources.get(&source.id)?.of("site")))
        })
        .collect();
    for (id, at) in wanted {
        site(context, "sources.toml", at, &id);
    }
}

const IDENTIFIERS: &str = "identifiers.csv";

/// Every identifier's bearer exists.
fn bearers(context: &mut Context) {
    let wanted: Vec<_> = context
        .organisation
        .identifiers
        .iter()
        .zip(&context.identifiers)
        .filter(|(identifier, _)| match &identifier.entity {
            Entity::Person(id) => !context.people.contains_key(id),
            Entity::Asset(id) => !context.assets.contains_key(id),
            Entity::Place(id) => !context.places.contains_key(id),
        })
        .map(|(identifier, place)| (identifier.entity.clone(), place.of("entity")))
        .collect();
    for (entity, at) in wanted {
        match entity {
            Entity::Person(id) => no_person(context, (IDENTIFIERS, at), "entity", &id),
            Entity::Asset(id) => no_asset(context, (IDENTIFIERS, at), "entity", &id),
            Entity::Place(id) => no_place(context, (IDENTIFIERS, at), "entity", &id),
        }
    }
}

/// The value as look-up compares it.
fn folded(identifier: &Identifier) -> String {
    match identifier.kind.as_str() {
        "email" | "account" | "hostname" | "mac" => identifier.value.to_lowercase(),
        _ => identifier.value.clone(),
    }
}

/// Two of one kind, realm and value may not be valid at one instant.
fn overlaps(context: &mut Context) {
    let mut groups: BTreeMap<(&str, Option<&str>, String), Vec<usize>> = BTreeMap::new();
    for (index, identifier) in context.organisation.identifiers.iter().enumerate() {
        let key = (identifier.kind.as_str(), identifier.realm.as_deref(), folded(identifier));
        groups.entry(key).or_default().push(index);
    }
    let mut found = Vec::new();
    for mut group in groups.into_values().filter(|group| group.len() > 1) {
        let get = |index: usize| context.organisation.identifiers.get(index);
        group.sort_by_key(|index| (get(*index).and_then(|one| one.validity.from), *index));
        // In order of beginning, a record overlaps an earlier one if it overlaps the one that
        // ends last; naming that one keeps the list as long as the fault.
        let mut last: Option<usize> = None;
        for index in group {
            let Some(one) = get(index) else { continue };
            if let Some(other) = last
                && get(other).is_some_and(|other| one.validity.overlaps(&other.validity))
            {
                found.push((index.min(other), index.max(other)));
            }
            let end = |index: usize| get(index).map(|one| one.validity.to.map_or(MAX, |to| to));
            if last.is_none_or(|other| end(other) < end(index)) {
                last = Some(index);
            }
        }
    }
    for (first, second) in found {
        overlap(context, first, second);
    }
}

const MAX: Timestamp = Timestamp::from_nanos(i64::MAX);

fn overlap(context: &mut Context, first: usize, second: usize) {
    let line = |index: usize| context.identifiers.get(index).map(|place| place.of("value"));
    let (Some(one), Some(at)) = (line(first), line(second)) else {
        return;
    };
    let get = |index: usize| context.organisation.identifiers.get(index);
    let (Some(a), Some(b)) = (get(first), get(second)) else {
        return;
    };
    let kind = &a.kind;
    let (code, message) = if a.entity == b.entity {
        let entity = &a.entity;
        let message = format!(
            "this {kind} is already valid for {entity} in line {} at the same time: end one \
             before the other begins",
            one.line
        );
        ("identifier_overlap", message)
    } else {
        let message = format!(
            "{} (line {}) and {} (line {}) claim one {kind} at the same time",
            a.entity, one.line, b.entity, at.line
        );
        ("identifier_claimed_twice", message)
    };
    context.error(IDENTIFIERS, Some(at), code, message);
}

fn home<'o>(organisation: &'o Organisation, entity: &'o Entity) -> Option<&'o PlaceId> {
    let place = match entity {
        Entity::Person(id) => organisation.people.get(id)?.site.as_ref()?,
        Entity::Asset(id) => organisation.assets.get(id)?.place.as_ref()?,
        Entity::Place(id) => id,
    };
    organisation.site_of(place)
}

/// A name that is only unique within a site, used at two without a realm to tell them apart.
fn two_sites(context: &mut Context) {
    let mut first: BTreeMap<(&str, String), (&PlaceId, u64)> = BTreeMap::new();
    let mut found = Vec::new();
    for (identifier, place) in context.organisation.identifiers.iter().zip(&context.identifiers) {
        if identifier.realm.is_some() || !LOCAL_KINDS.contains(&identifier.kind.as_str()) {
            continue;
        }
        let Some(site) = home(&context.organisation, &identifier.entity) else {
            continue;
        };
        let at = place.of("value");
        let key = (identifier.kind.as_str(), folded(identifier));
        let (other, line) = first.entry(key).or_insert((site, at.line));
        if *other != site {
            let message = format!(
                "this {} is used at `{other}` (line {line}) and at `{site}` without a realm: \
                 give each its source's realm",
                identifier.kind
            );
            found.push((at, message));
        }
    }
    for (at, message) in found {
        context.warning(IDENTIFIERS, Some(at), "used_at_two_sites", message);
    }
}

/// What is replaced must be there, be another value, and belong to the same bearer.
fn replaced(context: &mut Context) {
    let mut known: BTreeMap<(&str, Option<&str>, String), Vec<&Entity>> = BTreeMap::new();
    for one in &context.organisation.identifiers {
        let key = (one.kind.as_str(), one.realm.as_deref(), folded(one));
        known.entry(key).or_default().push(&one.entity);
    }
    let mut found = Vec::new();
    for (one, place) in context.organisation.identifiers.iter().zip(&context.identifiers) {
        let Some(old) = &one.replaces else { continue };
        let at = place.of("replaces");
        let old = folded(&Identifier { value: old.clone(), ..one.clone() });
        if old == folded(one) {
            let message = format!("`replaces`: this {} replaces itself", one.kind);
            found.push((true, at, "replaces_itself", message));
            continue;
        }
        match known.get(&(one.kind.as_str(), one.realm.as_deref(), old)) {
            None => {
                let realm =
                    one.realm.as_deref().map_or(String::new(), |r| format!(" in realm `{r}`"));
                let message = format!("`replaces`: no {} of that value is listed{realm}", one.kind);
                found.push((true, at, "unknown_replaced", message));
            }
            Some(bearers) if !bearers.contains(&&one.entity) => {
                let message =
                    format!("`replaces`: the replaced {} is not one of {}'s", one.kind, one.entity);
                found.push((false, at, "replaces_anothers", message));
            }
            Some(_) => {}
        }
    }
    for (is_error, at, code, message) in found {
        if is_error {
            context.error(IDENTIFIERS, Some(at), code, message);
        } else {
            context.warning(IDENTIFIERS, Some(at), code, message);
        }
    }
}
