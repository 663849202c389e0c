//! Any organisation that can be loaded can be exported and loaded again as the same; and no text
//! whatever makes the loader fail in any other way than by telling problems.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use estate::{FILES, export, load};
use model::ids::{AssetId, Entity, MappingName, PersonId, PlaceId, SourceId, TenantId};
use model::raw::Trust;
use model::spine::{
    Asset, Door, Identifier, Organisation, Passage, Person, PersonKind, PersonStatus, Place,
    PlaceKind, Source, SourceMatch, Validity, WitnessOf, ZoneClass,
};
use model::time::Timestamp;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Texts with everything that CSV and TOML must quote.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Zäß漢,;:\"'\\\\#= \\n\\t\\[\\]{}0-9.-]{0,12}[a-z]".prop_map(|text| text)
}

fn maybe(text: impl Strategy<Value = String>) -> impl Strategy<Value = Option<String>> {
    proptest::option::of(text)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (-1_000_000_000_i64..4_000_000_000, 0_i64..1_000_000_000)
        .prop_map(|(s, n)| Timestamp::from_nanos(s * 1_000_000_000 + n))
}

fn validity() -> impl Strategy<Value = Validity> {
    (proptest::option::of(time()), proptest::option::of(1_u64..1_000_000_000_000)).prop_map(
        |(from, length)| {
            let to = length.map(|n| from.unwrap_or_default().plus(Duration::from_nanos(n)));
            Validity { from, to }
        },
    )
}

fn duration() -> impl Strategy<Value = Duration> {
    (0_u64..1_000_000, select(vec![1_u64, 1_000, 60_000, 3_600_000, 86_400_000]))
        .prop_map(|(n, unit)| Duration::from_millis(n * unit))
}

fn zone() -> impl Strategy<Value = String> {
    select(vec!["UTC", "Europe/Berlin", "Asia/Tokyo", "America/St_Johns"]).prop_map(Into::into)
}

fn at<T: Clone>(all: &[T], index: Option<Index>) -> Option<T> {
    index.filter(|_| !all.is_empty()).map(|index| index.get(all).clone())
}

type Refs = Vec<Option<Index>>;

fn refs() -> impl Strategy<Value = Refs> {
    proptest::collection::vec(proptest::option::of(any::<Index>()), 4)
}

fn places() -> impl Strategy<Value = BTreeMap<PlaceId, Place>> {
    let kinds = select(vec![PlaceKind::Site, PlaceKind::Zone, PlaceKind::Room, PlaceKind::Door]);
    let classes = select(vec![ZoneClass::Public, ZoneClass::Critical, ZoneClass::External]);
    let rest = (maybe(text()), maybe(zone()), proptest::option::of(classes));
    let one = (kinds, refs(), rest, any::<Option<u32>>(), proptest::option::of(duration()));
    proptest::collection::vec(one, 0..8).prop_map(|list| {
        let mut ids = Vec::new();
        let mut places = BTreeMap::new();
        for (n, (kind, refs, (name, time_zone, zone_class), capacity, dwell_max)) in
            list.into_iter().enumerate()
        {
            let id = PlaceId::parse(&format!("place-{n}")).unwrap();
            // Parents are older places: no cycle.
            let parent = at(&ids, refs.first().copied().flatten());
            ids.push(id.clone());
            let place = Place {
                id: id.clone(),
                kind,
                parent,
                name,
                time_zone,
                zone_class,
                capacity,
                dwell_max,
            };
            places.insert(id, place);
        }
        places
    })
}

fn people()
-> impl Strategy<Value = Vec<(Refs, String, PersonKind, PersonStatus, Option<String>, Validity)>> {
    let kinds = select(vec![PersonKind::Employee, PersonKind::Service, PersonKind::Visitor]);
    let states = select(vec![PersonStatus::Active, PersonStatus::Suspended, PersonStatus::Left]);
    proptest::collection::vec((refs(), text(), kinds, states, maybe(text()), validity()), 0..6)
}

fn organisation() -> impl Strategy<Value = Organisation> {
    let assets = proptest::collection::vec(
        (refs(), proptest::collection::vec(maybe(text()), 6), proptest::option::of(1_u8..=5)),
        0..6,
    );
    let identifiers = proptest::collection::vec(
        (any::<Index>(), text(), maybe(text()), validity(), any::<bool>()),
        0..6,
    );
    let doors = proptest::collection::vec((refs(), proptest::option::of(0_u64..100_000)), 2);
    let sources = proptest::collection::vec(
        (
            refs(),
            maybe(text()),
            maybe(zone()),
            (duration(), duration(), 1_u64..9_999),
            maybe(text()),
        ),
        0..4,
    );
    (text(), zone(), places(), people(), (assets, identifiers, doors, sources)).prop_map(
        |(name, time_zone, places, people, (assets, identifiers, doors, sources))| {
            let mut org = Organisation {
                tenant: TenantId::parse("acme").unwrap(),
                name,
                time_zone,
                people: BTreeMap::new(),
                assets: BTreeMap::new(),
                places,
                identifiers: Vec::new(),
                doors: BTreeMap::new(),
                sources: BTreeMap::new(),
                extras: Default::default(),
            };
            let place_ids: Vec<PlaceId> = org.places.keys().cloned().collect();
            fill_people(&mut org, people, &place_ids);
            let person_ids: Vec<PersonId> = org.people.keys().cloned().collect();
            for (n, (refs, texts, criticality)) in assets.into_iter().enumerate() {
                let id = AssetId::parse(&format!("asset-{n}")).unwrap();
                let mut texts = texts.into_iter();
                let mut next = || texts.next().flatten();
                let asset = Asset {
                    id: id.clone(),
                    kind: "camera".into(),
                    name: next(),
                    place: at(&place_ids, refs.first().copied().flatten()),
                    owner: at(&person_ids, refs.last().copied().flatten()),
                    team: next(),
                    make: next(),
                    model: next(),
                    firmware: next(),
                    serial: next(),
                    criticality,
                };
                org.assets.insert(id, asset);
            }
            fill_identifiers(&mut org, identifiers);
            fill_doors(&mut org, &doors);
            for (n, (refs, realm, time_zone, (offset, lateness, beat), topic)) in
                sources.into_iter().enumerate()
            {
                let id = SourceId::parse(&format!("source-{n}")).unwrap();
                let even = n % 2 == 0;
                let source = Source {
                    mapping: even.then(|| MappingName::parse("pacs-csv").unwrap()),
                    site: at(&place_ids, refs.first().copied().flatten()),
                    realm,
                    time_zone,
                    clock_offset_max: offset,
                    heartbeat: even.then(|| Duration::from_secs(beat)),
                    lateness_max: lateness,
                    trust: if even { Trust::Mtls } else { Trust::None },
                    witness_of: if even { vec![WitnessOf::Lane, WitnessOf::Door] } else { vec![] },
                    matching: SourceMatch {
                        listener: even.then(|| "mqtt".into()),
                        peer: even.then(|| "fd00::/8".into()),
                        topic,
                        ..SourceMatch::default()
                    },
                    id: id.clone(),
                };
                org.sources.insert(id, source);
            }
            fill_extras(&mut org);
            org
        },
    )
}

fn fill_people(
    org: &mut Organisation,
    people: Vec<(Refs, String, PersonKind, PersonStatus, Option<String>, Validity)>,
    place_ids: &[PlaceId],
) {
    let ids: Vec<PersonId> =
        (0..people.len()).map(|n| PersonId::parse(&format!("person-{n}")).unwrap()).collect();
    for (id, (refs, name, kind, status, team, validity)) in ids.iter().zip(people) {
        let person = Person {
            id: id.clone(),
            name,
            kind,
            status,
            team,
            manager: at(&ids, refs.first().copied().flatten()),
            site: at(place_ids, refs.last().copied().flatten()),
            validity,
        };
        org.people.insert(id.clone(), person);
    }
}

fn fill_identifiers(
    org: &mut Organisation,
    identifiers: Vec<(Index, String, Option<String>, Validity, bool)>,
) {
    let people = org.people.keys().cloned().map(Entity::Person);
    let bearers: Vec<Entity> =
        people.chain(org.places.keys().cloned().map(Entity::Place)).collect();
    for (n, (bearer, value, realm, validity, does_replace)) in identifiers.into_iter().enumerate() {
        if bearers.is_empty() {
            return;
        }
        let former = org.identifiers.last().filter(|one| does_replace && one.realm == realm);
        let replaces = former.map(|one| one.value.clone());
        // The number keeps values apart: overlapping claims are refused, and tested elsewhere.
        let value = format!("{n}{value}");
        let entity = bearer.get(&bearers).clone();
        org.identifiers.push(Identifier {
            kind: "badge".into(),
            value,
            entity,
            realm,
            validity,
            replaces,
        });
    }
}

/// What a house may write beside every first and last row, with all that must be quoted.
fn fill_extras(org: &mut Organisation) {
    let text = org.name.clone();
    let toml = toml_edit::Value::from(text.as_str()).to_string();
    let mut keep = |file: &str, row: Option<String>, values: &[(&str, &str)]| {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        if let Some(row) = row {
            org.extras.insert((file.to_owned(), row), values.collect());
        }
    };
    let cells: [(&str, &str); 2] = [("x_note", &text), ("x_floor", "7")];
    let keys: [(&str, &str); 2] = [("x_note", &toml), ("x_sizes", "[1, 2]")];
    let last = (org.identifiers.len().checked_sub(1)).map(|last| last.to_string());
    keep("organisation.toml", Some(String::new()), &keys);
    keep("places.toml", org.places.keys().next().map(ToString::to_string), &keys);
    keep("people.csv", org.people.keys().next().map(ToString::to_string), &cells);
    keep("people.csv", org.people.keys().last().map(ToString::to_string), &cells[1..]);
    keep("assets.csv", org.assets.keys().last().map(ToString::to_string), &cells);
    keep("identifiers.csv", last, &cells);
    keep("doors.csv", org.doors.keys().next().map(ToString::to_string), &cells);
    keep("sources.toml", org.sources.keys().last().map(ToString::to_string), &keys);
}

fn fill_doors(org: &mut Organisation, doors: &[(Refs, Option<u64>)]) {
    let of_kind = |is_door: bool| -> Vec<PlaceId> {
        let fits = |place: &&Place| (place.kind == PlaceKind::Door) == is_door;
        org.places.values().filter(fits).map(|place| place.id.clone()).collect()
    };
    let (portals, areas) = (of_kind(true), of_kind(false));
    let assets: Vec<AssetId> = org.assets.keys().cloned().collect();
    for (door, (refs, held)) in portals.iter().zip(doors) {
        let mut refs = refs.iter().copied();
        let (Some(from_zone), Some(to_zone)) = (areas.first(), areas.last()) else {
            return;
        };
        let entry = Door {
            door: door.clone(),
            from_zone: from_zone.clone(),
            to_zone: to_zone.clone(),
            controller: at(&assets, refs.next().flatten()),
            reader_in: at(&assets, refs.next().flatten()),
            reader_out: at(&assets, refs.next().flatten()),
            held_after: held.map(Duration::from_millis),
            passage: if held.is_some() { Passage::Assumed } else { Passage::Reported },
        };
        org.doors.insert(door.clone(), entry);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_exported_organisation_loads_as_itself(org in organisation()) {
        let files = export(&org);
        let (again, problems) = load(&files);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        prop_assert_eq!(again, Some(org), "{:?}\n{:?}", told, files);
    }

    #[test]
    fn no_text_breaks_the_loader(
        texts in proptest::collection::vec("[ -~\n\r\"é\u{feff}\0]{0,60}", FILES.len()),
        org in organisation(),
        cut in any::<Index>(),
        garbage in "[ -~\n\"é]{0,8}",
    ) {
        let files: BTreeMap<String, String> =
            FILES.iter().map(|name| (*name).to_owned()).zip(texts).collect();
        let (organisation, problems) = load(&files);
        prop_assert!(organisation.is_some() || !problems.is_empty());
        // A sound folder, damaged in one place of each file.
        let mut files = export(&org);
        for text in files.values_mut() {
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            if !ends.is_empty() {
                text.insert_str(*cut.get(&ends), &garbage);
            }
        }
        let (organisation, problems) = load(&files);
        prop_assert!(organisation.is_some() || !problems.is_empty());
        for problem in &problems {
            let lines = files.get(&problem.file).map_or(0, |text| text.lines().count() as u64 + 1);
            prop_assert!(problem.position.is_none_or(|at| at.line <= lines), "{}", problem);
        }
    }
}
