//! A small organisation and events for tests.

#![allow(clippy::indexing_slicing, reason = "tests fail by panicking")]
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use detect::{Detector, Options, RuleFile, RuleSet, Spine};
use model::raw::Trust;
use model::spine::{
    Asset, Door, Identifier, Person, PersonKind, PersonStatus, Place, PlaceKind, Source, Validity,
    WitnessOf, ZoneClass,
};
use model::{
    Entity, Event, Finding, Fingerprint, LogSource, MappingName, Organisation, PersonId, PlaceId,
    SourceId, Timestamp,
};
use serde_json::{Value, json};

/// The folder of shared data; `None`, said aloud, where there is none.
pub fn shared() -> Option<PathBuf> {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("CASTELLAN_SHARED").map_or_else(default, PathBuf::from);
    if folder.join("data").is_dir() {
        return Some(folder);
    }
    println!("skipped: no shared data");
    None
}

/// So many random cases of a property; `PROPTEST_CASES` asks for more (`cargo xtask sim`).
pub fn cases(usual: u32) -> proptest::test_runner::Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    proptest::test_runner::Config::with_cases(asked.unwrap_or(usual))
}

/// The YAML files of a tar archive: 512-byte headers, name at 0, size in octal at 124.
fn rule_files(archive: &[u8]) -> Vec<RuleFile> {
    let mut files = Vec::new();
    let mut rest = archive;
    while let Some((header, tail)) = rest.split_at_checked(512) {
        let text = |from: usize, len: usize| {
            let field = &header[from..from + len];
            let end = field.iter().position(|b| *b == 0).unwrap_or(len);
            String::from_utf8_lossy(&field[..end]).into_owned()
        };
        let name = text(0, 100);
        if name.is_empty() {
            break;
        }
        let prefix = text(345, 155);
        let size = usize::from_str_radix(text(124, 12).trim(), 8).unwrap();
        let (body, next) = tail.split_at(size.next_multiple_of(512));
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if path.ends_with(".yml") {
            let text = String::from_utf8_lossy(&body[..size]).into_owned();
            files.push(RuleFile { path, text });
        }
        rest = next;
    }
    files
}

/// The public rules.
pub fn sigma_tree(shared: &Path) -> Vec<RuleFile> {
    let packed = std::fs::read(shared.join("data/sigma-rules/sigma-rules.tar.gz")).unwrap();
    let mut archive = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut archive).unwrap();
    rule_files(&archive)
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(&format!("2026-11-22T{text}Z")).unwrap()
}

pub fn place(id: &str) -> PlaceId {
    PlaceId::parse(id).unwrap()
}

pub fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn zone(id: &str, parent: &str, class: ZoneClass) -> Place {
    Place {
        id: place(id),
        kind: PlaceKind::Zone,
        parent: Some(place(parent)),
        name: None,
        time_zone: None,
        zone_class: Some(class),
        capacity: None,
        dwell_max: Some(Duration::from_secs(4 * 3_600)),
    }
}

fn staff(id: &str, status: PersonStatus) -> Person {
    Person {
        id: person(id),
        name: format!("Name of {id}"),
        kind: PersonKind::Employee,
        status,
        team: Some("sales".into()),
        manager: None,
        site: Some(place("hq")),
        validity: Validity::default(),
    }
}

pub fn identifier(kind: &str, value: &str, entity: &str) -> Identifier {
    Identifier {
        kind: kind.into(),
        value: value.into(),
        entity: Entity::parse(entity).unwrap(),
        realm: None,
        validity: Validity::default(),
        replaces: None,
    }
}

fn asset(id: &str, kind: &str, at: &str, owner: Option<&str>) -> Asset {
    Asset {
        id: model::AssetId::parse(id).unwrap(),
        kind: kind.into(),
        name: None,
        place: Some(place(at)),
        owner: owner.map(person),
        team: None,
        make: None,
        model: None,
        firmware: None,
        serial: None,
        criticality: None,
    }
}

pub fn source(id: &str, witness_of: Vec<WitnessOf>) -> Source {
    let mut source = Source::with_defaults(SourceId::parse(id).unwrap());
    source.site = Some(place("hq"));
    source.trust = Trust::Token;
    source.heartbeat = Some(Duration::from_secs(300));
    source.witness_of = witness_of;
    source
}

/// `hq` with street, lobby, office and lab; ana, ben and one who left.
pub fn organisation() -> Organisation {
    let site = |id: &str| Place {
        kind: PlaceKind::Site,
        parent: None,
        ..zone(id, "hq", ZoneClass::Public)
    };
    let door_place =
        |id: &str| Place { kind: PlaceKind::Door, ..zone(id, "hq", ZoneClass::Public) };
    let places = [
        site("hq"),
        site("plant"),
        zone("street", "hq", ZoneClass::External),
        zone("lobby", "hq", ZoneClass::Transitional),
        zone("office", "hq", ZoneClass::Restricted),
        zone("lab", "hq", ZoneClass::Critical),
        zone("hall", "plant", ZoneClass::Restricted),
        door_place("d-front"),
        door_place("d-office"),
        door_place("d-lab"),
    ];
    let door = |id: &str, from: &str, to: &str, out: bool| Door {
        door: place(id),
        from_zone: place(from),
        to_zone: place(to),
        controller: None,
        reader_in: Some(model::AssetId::parse(&format!("{id}-in")).unwrap()),
        reader_out: out.then(|| model::AssetId::parse(&format!("{id}-out")).unwrap()),
        held_after: None,
        passage: model::spine::Passage::default(),
    };
    let doors = [
        door("d-front", "street", "lobby", true),
        door("d-office", "lobby", "office", true),
        door("d-lab", "office", "lab", false),
    ];
    let mut old = identifier("badge", "b-ana-1", "person:ana");
    old.validity.from = Some(at("00:00:00"));
    let mut new = identifier("badge", "b-ana-2", "person:ana");
    new.validity.from = Some(at("12:00:00"));
    new.replaces = Some("b-ana-1".into());
    let identifiers = vec![
        old,
        new,
        identifier("badge", "b-ben", "person:ben"),
        identifier("badge", "b-cem", "person:cem"),
        identifier("account", "ana", "person:ana"),
        identifier("email", "ben@example.org", "person:ben"),
        identifier("ip", "10.0.0.1", "asset:ws-ana"),
        identifier("hostname", "ws-ben", "asset:ws-ben"),
    ];
    Organisation {
        tenant: model::TenantId::parse("main").unwrap(),
        name: "Test".into(),
        time_zone: "Europe/Berlin".into(),
        people: [
            staff("ana", PersonStatus::Active),
            staff("ben", PersonStatus::Active),
            staff("cem", PersonStatus::Left),
        ]
        .into_iter()
        .map(|person| (person.id.clone(), person))
        .collect(),
        assets: [
            asset("ws-ana", "workstation", "office", Some("ana")),
            asset("ws-ben", "workstation", "office", Some("ben")),
            asset("cam-lab", "camera", "lab", None),
        ]
        .into_iter()
        .map(|asset| (asset.id.clone(), asset))
        .collect(),
        places: places.into_iter().map(|place| (place.id.clone(), place)).collect(),
        identifiers,
        doors: doors.into_iter().map(|door| (door.door.clone(), door)).collect(),
        sources: [
            source("pacs", vec![WitnessOf::Presence, WitnessOf::Door]),
            source("vision", vec![WitnessOf::Presence]),
            source("hosts", vec![WitnessOf::Identity]),
        ]
        .into_iter()
        .map(|source| (source.id.clone(), source))
        .collect::<BTreeMap<_, _>>(),
        extras: Default::default(),
    }
}

pub fn spine() -> Arc<Spine> {
    Arc::new(Spine::new(Arc::new(organisation())))
}

pub fn rules(text: &str) -> Arc<RuleSet> {
    let files: Vec<RuleFile> = text
        .split("\n===\n")
        .enumerate()
        .map(|(n, text)| RuleFile { path: format!("r{n}.yml"), text: text.to_owned() })
        .collect();
    let (set, problems) = RuleSet::load(&files);
    assert!(problems.is_empty(), "{problems:#?}");
    Arc::new(set)
}

pub fn detector(rules: &Arc<RuleSet>) -> Detector {
    Detector::new(spine(), Arc::clone(rules), Options { provisional: true })
}

/// An event of a source at an instant; what makes it one of a kind is its record number.
pub fn event(record: u64, source: &str, time: Timestamp, category: &str, ocsf: Value) -> Event {
    let source = SourceId::parse(source).unwrap();
    let body = format!("{time}{ocsf}");
    let class_uid = ocsf.get("class_uid").and_then(Value::as_u64).unwrap();
    let Value::Object(ocsf) = ocsf else { unreachable!("events are objects") };
    Event {
        record,
        part: 0,
        fingerprint: Fingerprint::of(&source, body.as_bytes(), 0),
        source,
        mapping: MappingName::parse("test").unwrap(),
        site: Some(place("hq")),
        class_uid: u32::try_from(class_uid).unwrap(),
        time,
        received_at: time.plus(Duration::from_secs(1)),
        clock_offset_max: Duration::from_secs(2),
        trust: Trust::Token,
        logsource: LogSource {
            category: Some(category.into()),
            product: Some("test".into()),
            service: None,
        },
        ocsf: ocsf.into(),
        enrichment: None,
    }
}

/// A badge at a door: activity 1 granted, 2 denied, 3 taken, 4 not taken.
pub fn badge(record: u64, time: &str, badge: &str, door: &str, way: &str, activity: u32) -> Event {
    let ocsf = json!({
        "class_uid": 4_230_001, "activity_id": activity,
        "credential": {"uid": badge},
        "portal": {"uid": door, "portal_type_id": 1},
        "unmapped": {"direction": way},
    });
    event(record, "pacs", at(time), "physical_access", ocsf)
}

/// Somebody logs on at a device.
pub fn logon(record: u64, time: &str, account: &str, device: &str) -> Event {
    let ocsf = json!({
        "class_uid": 3002, "activity_id": 1, "status_id": 1,
        "user": {"name": account}, "device": {"hostname": device},
    });
    event(record, "hosts", at(time), "authentication", ocsf)
}

pub fn feed(detector: &mut Detector, events: &[Event]) -> Vec<Finding> {
    let mut out = Vec::new();
    for event in events {
        let mut event = event.clone();
        detector.enrich(&mut event);
        detector.judge(&event, &mut out);
    }
    out
}

/// The last word on each finding that is not withdrawn, in order of ids.
pub fn settled(findings: &[Finding]) -> Vec<Finding> {
    let mut by_id = BTreeMap::new();
    for finding in findings {
        if finding.state == model::FindingState::Confirmed {
            by_id.insert(finding.id.clone(), finding.clone());
        }
    }
    by_id.into_values().collect()
}
