//! What it costs to ask who could have been where: a thousand people, thirty days, twenty passages
//! each a day, ten moments. `cargo run --release -p detect --example whereabouts`
#![expect(clippy::unwrap_used, reason = "a measurement fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use detect::Spine;
use detect::whereabouts::{Moment, Whereabouts};
use model::raw::Trust;
use model::spine::{
    Door, Identifier, Person, PersonKind, PersonStatus, Place, PlaceKind, Validity, ZoneClass,
};
use model::{
    Entity, Event, Fingerprint, LogSource, MappingName, Organisation, PersonId, PlaceId, SourceId,
    TenantId, Timestamp,
};
use serde_json::json;

const PEOPLE: u64 = 1_000;
const DAYS: u64 = 30;
const PASSAGES: u64 = 20;
const ZONES: u64 = 40;

fn place(id: &str, kind: PlaceKind) -> Place {
    let parent = (kind != PlaceKind::Site).then(|| PlaceId::parse("hq").unwrap());
    let class = if id == "z-0" { ZoneClass::External } else { ZoneClass::Restricted };
    serde_json::from_value(json!({
        "id": id, "kind": kind, "parent": parent, "zone_class": class,
    }))
    .unwrap()
}

fn organisation() -> Organisation {
    let mut places = BTreeMap::new();
    let mut doors = BTreeMap::new();
    let mut add = |one: Place| drop(places.insert(one.id.clone(), one));
    add(place("hq", PlaceKind::Site));
    for zone in 0..=ZONES {
        add(place(&format!("z-{zone}"), PlaceKind::Zone));
        add(place(&format!("d-{zone}"), PlaceKind::Door));
    }
    for zone in 1..=ZONES {
        let id = |text: String| PlaceId::parse(&text).unwrap();
        let door = Door {
            door: id(format!("d-{zone}")),
            from_zone: id("z-0".to_owned()),
            to_zone: id(format!("z-{zone}")),
            controller: None,
            reader_in: None,
            reader_out: None,
            held_after: None,
            passage: model::spine::Passage::default(),
        };
        doors.insert(door.door.clone(), door);
    }
    let person = |number: u64| Person {
        id: PersonId::parse(&format!("p-{number}")).unwrap(),
        name: format!("Person {number}"),
        kind: PersonKind::Employee,
        status: PersonStatus::Active,
        team: None,
        manager: None,
        site: None,
        validity: Validity::default(),
    };
    let badge = |number: u64| Identifier {
        kind: "badge".into(),
        value: format!("b-{number}"),
        entity: Entity::parse(&format!("person:p-{number}")).unwrap(),
        realm: None,
        validity: Validity::default(),
        replaces: None,
    };
    Organisation {
        tenant: TenantId::parse("main").unwrap(),
        name: "Measured".into(),
        time_zone: "UTC".into(),
        people: (0..PEOPLE).map(person).map(|one| (one.id.clone(), one)).collect(),
        assets: BTreeMap::new(),
        places,
        identifiers: (0..PEOPLE).map(badge).collect(),
        doors,
        sources: BTreeMap::new(),
        extras: Default::default(),
    }
}

fn passage(record: u64, source: &SourceId, mapping: &MappingName) -> Event {
    let (person, turn) = (record % PEOPLE, record / PEOPLE);
    // Ten hours of each day, a passage every half hour, in and out by turns.
    let (day, slot) = (turn / PASSAGES, turn % PASSAGES);
    let seconds = day * 86_400 + 8 * 3_600 + slot * 1_800 + person;
    let way = if slot % 2 == 0 { "in" } else { "out" };
    let door = 1 + (person * 7 + turn / 2) % ZONES;
    let time = Timestamp::from_secs(1_780_000_000 + i64::try_from(seconds).unwrap());
    let mut text = String::new();
    let _ = write!(text, "{record}");
    let ocsf = json!({
        "class_uid": 4_230_001, "activity_id": 3, "credential": {"uid": format!("b-{person}")},
        "portal": {"uid": format!("d-{door}"), "portal_type_id": 1},
        "unmapped": {"direction": way},
    });
    let serde_json::Value::Object(ocsf) = ocsf else { unreachable!("an object") };
    Event {
        record,
        part: 0,
        source: source.clone(),
        mapping: mapping.clone(),
        site: None,
        fingerprint: Fingerprint::of(source, text.as_bytes(), 0),
        class_uid: 4_230_001,
        time,
        received_at: time,
        clock_offset_max: Duration::from_secs(2),
        trust: Trust::Token,
        logsource: LogSource::default(),
        ocsf: ocsf.into(),
        enrichment: None,
    }
}

fn main() {
    let (source, mapping) =
        (SourceId::parse("doors").unwrap(), MappingName::parse("pacs-csv").unwrap());
    let mut all = Whereabouts::new(Arc::new(Spine::new(Arc::new(organisation()))));
    let total = PEOPLE * DAYS * PASSAGES;
    let (mut making, mut seeing) = (Duration::ZERO, Duration::ZERO);
    for day in 0..DAYS {
        let began = Instant::now();
        let records = day * PEOPLE * PASSAGES..(day + 1) * PEOPLE * PASSAGES;
        let events: Vec<Event> = records.map(|record| passage(record, &source, &mapping)).collect();
        making += began.elapsed();
        let began = Instant::now();
        for event in &events {
            all.see(event);
        }
        seeing += began.elapsed();
    }
    let moments: Vec<Moment> = (0_u32..10)
        .map(|n| {
            let at = Timestamp::from_secs(1_780_000_000 + 86_400 * 3 * i64::from(n) + 40_000);
            Moment::at(at, PlaceId::parse(&format!("z-{}", 1 + n)).ok())
        })
        .collect();
    let began = Instant::now();
    let mut tally: BTreeMap<String, u64> = BTreeMap::new();
    for answer in all.ask(&moments) {
        *tally.entry(format!("{:?}", answer.verdict)).or_insert(0) += 1;
    }
    let asking = began.elapsed();
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "{total} passages of {PEOPLE} people made in {:.2} s, seen in {:.2} s; {} moments answered \
         in {:.3} s: {tally:?}",
        making.as_secs_f64(),
        seeing.as_secs_f64(),
        moments.len(),
        asking.as_secs_f64()
    );
}
