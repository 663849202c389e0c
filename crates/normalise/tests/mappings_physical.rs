//! Cameras, sensors and doors: every real record that belongs to a product gives valid OCSF.
//! The records stay outside the tree.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chrono_tz::Tz;
use model::spine::Source;
use model::{MappingName, Raw, SourceId, Timestamp, Trust, Wire};
use normalise::ocsf::Validator;
use normalise::{ClockPolicy, MappingFolder, Mappings, Normalised, Normaliser, SourceContext};
use serde_json::{Value, json};

const OURS: [&str; 4] = ["unifi", "uhppote", "frigate", "onvif"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The shared data's file or folder, or `None` (said aloud) where it is absent.
fn shared(path: &str) -> Option<PathBuf> {
    let base = std::env::var_os("CASTELLAN_SHARED").map(PathBuf::from);
    let full = base.unwrap_or_else(|| root().join("../shared")).join("data").join(path);
    if full.exists() {
        return Some(full);
    }
    println!("skipped: no shared data ({path})");
    None
}

fn mappings() -> Arc<Mappings> {
    static LOADED: OnceLock<Arc<Mappings>> = OnceLock::new();
    let load = || {
        let folders = OURS.map(|name| {
            let read = |file: &str| {
                let path = root().join("content/mappings").join(name).join(file);
                (file.to_owned(), std::fs::read(path).unwrap())
            };
            let files = BTreeMap::from([read("mapping.toml"), read("map.vrl")]);
            MappingFolder { name: name.to_owned(), files }
        });
        let (mappings, problems) = Mappings::load(folders.to_vec());
        assert!(problems.is_empty(), "{problems:?}");
        Arc::new(mappings)
    };
    Arc::clone(LOADED.get_or_init(load))
}

fn raw(wire: Wire, topic: Option<&str>, body: &[u8]) -> Raw {
    Raw {
        source: SourceId::parse("test").unwrap(),
        received_at: Timestamp::from_rfc3339("2026-01-15T12:00:00Z").unwrap(),
        wire,
        listener: Arc::from("file"),
        peer: None,
        topic: topic.map(Arc::from),
        trust: Trust::None,
        bytes_cut: 0,
        rerun_of: None,
        body: body.to_vec(),
    }
}

/// How many events each record type gave. Every record goes twice: to its mapping by name, and to
/// `auto`, which must choose the same. `excepted`: name and reason of records that must be refused.
fn prove(
    mapping: &str,
    records: &[(String, Raw)],
    excepted: &[(&str, &str)],
) -> BTreeMap<u64, u32> {
    let mut types = BTreeMap::new();
    let (mut valid, mut refused, mut complaints) = (0, 0, Vec::new());
    for (name, record) in records {
        let expected = excepted.iter().find(|(part, _)| name.contains(part));
        let named = run(Some(mapping), record);
        let auto = run(None, record);
        let mut is_valid = !named.is_empty();
        for one in &named {
            match one {
                Normalised::Event(event) => {
                    let kind = event.get("type_uid").unwrap().as_u64().unwrap();
                    *types.entry(kind).or_insert(0) += 1;
                    for problem in Validator::shipped().check(&event.ocsf) {
                        is_valid = false;
                        complaints.push(format!("{name}: {problem}"));
                    }
                }
                Normalised::Dead(dead) => {
                    is_valid = false;
                    if expected.is_none() {
                        complaints.push(format!("{name}: {}", dead.reason));
                    }
                }
            }
        }
        if is_valid && let Some((_, why)) = expected {
            complaints.push(format!("{name}: expected to be refused: {why}"));
        }
        if is_valid && mappings_of(&auto) != mappings_of(&named) {
            complaints.push(format!("{name}: `auto` chose {:?}", mappings_of(&auto)));
        }
        if is_valid { valid += 1 } else { refused += 1 }
    }
    println!("{mapping}: {valid} of {} real records valid, {refused} refused", records.len());
    println!("{mapping}: by type {types:?}");
    assert!(complaints.is_empty(), "{mapping}:\n{}", complaints.join("\n"));
    assert!(valid > 0);
    types
}

fn run(mapping: Option<&str>, record: &Raw) -> Vec<Normalised> {
    let source = Source {
        mapping: mapping.map(|name| MappingName::parse(name).unwrap()),
        ..Source::with_defaults(SourceId::parse("test").unwrap())
    };
    let ctx = SourceContext { source: &source, tenant_zone: Tz::UTC, clock: ClockPolicy::FILE };
    let (mut normaliser, mut out) = (Normaliser::new(mappings()), Vec::new());
    normaliser.run(0, record, &ctx, &mut out);
    out
}

fn mappings_of(all: &[Normalised]) -> Vec<Option<String>> {
    let of = |one: &Normalised| match one {
        Normalised::Event(event) => Some(event.mapping.to_string()),
        Normalised::Dead(_) => None,
    };
    all.iter().map(of).collect()
}

fn json_file(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let digit = DIGITS.iter().position(|own| *own == byte).unwrap();
        bits = (bits << 6) | u32::try_from(digit).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from((bits >> held) & 0xff).unwrap());
        }
    }
    out
}

/// One packet of a websocket frame: 8 bytes of header (third: deflated; last four: size), payload.
fn packet(frame: &[u8]) -> (Value, &[u8]) {
    let size = u32::from_be_bytes(frame[4..8].try_into().unwrap());
    let (payload, rest) = frame[8..].split_at(usize::try_from(size).unwrap());
    let mut text = Vec::new();
    if frame[2] == 1 {
        flate2::read::ZlibDecoder::new(payload).read_to_end(&mut text).unwrap();
    } else {
        text.extend_from_slice(payload);
    }
    (serde_json::from_slice(&text).unwrap(), rest)
}

#[test]
fn unifi() {
    let Some(folder) = shared("unifi-protect") else {
        return;
    };
    let mut records = Vec::new();
    let mut push = |name: String, value: &Value| {
        records.push((name, raw(Wire::Json, None, value.to_string().as_bytes())));
    };
    let frames = json_file(&folder.join("sample_ws_messages.json"));
    for (at, frame) in frames.as_object().unwrap() {
        let bytes = base64(frame["raw"].as_str().unwrap());
        let (action, rest) = packet(&bytes);
        let (data, rest) = packet(rest);
        assert!(rest.is_empty(), "{at}");
        push(format!("frame {at}"), &json!({ "action": action, "data": data }));
    }
    for entry in std::fs::read_dir(folder.join("events_ws_public")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match json_file(&path) {
            Value::Array(all) => all.iter().for_each(|one| push(name.clone(), one)),
            one => push(name, &one),
        }
    }
    let types = prove("unifi", &records, &[]);
    assert!(records.len() >= 140, "{}", records.len());
    // Motion and smart detection; contacts, sensor motion and bells; locks; cards and fingers.
    assert!(types[&423_000_211] >= 10 && types[&423_000_299] >= 10, "{types:?}");
    assert!(types[&423_000_111] >= 3 && types[&423_000_199] >= 3, "{types:?}");
}

#[test]
fn uhppote() {
    let Some(path) = shared("uhppote-controller/messages.jsonl") else {
        return;
    };
    let mut records = Vec::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let one: Value = serde_json::from_str(line).unwrap();
        let hex = one["hex"].as_str().unwrap();
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let body: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        records.push((one["test"].to_string(), raw(Wire::Udp, None, &body)));
    }
    let types = prove("uhppote", &records, &[]);
    // The ten events among them are swipes refused, and others of type 2 with a reason of cards.
    assert!(types[&423_000_102] >= 4 && types[&0] >= 100, "{types:?}");
}

#[test]
fn frigate() {
    let Some(path) = shared("frigate-mqtt/mqtt.md") else {
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let (mut topic, mut block, mut records) = (String::new(), None::<String>, Vec::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("### `") {
            name.trim_end_matches('`').clone_into(&mut topic);
        } else if line == "```json" {
            block = Some(String::new());
        } else if line == "```" {
            if let Some(body) = block.take() {
                records.push((topic.clone(), raw(Wire::Mqtt, Some(&topic), body.as_bytes())));
            }
        } else if let Some(body) = &mut block {
            body.push_str(line.split(" // ").next().unwrap());
            body.push('\n');
        }
    }
    let types = prove("frigate", &records, &[]);
    // A description names no camera, so it stays an event of no class.
    assert!(types[&423_000_211] >= 7 && types[&0] == 1, "{types:?}");
}

#[test]
fn onvif() {
    let Some(folder) = shared("onvif-events/axis") else {
        return;
    };
    let mut records = Vec::new();
    for folder in [folder.clone(), folder.with_file_name("hikvision")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let body = std::fs::read(&path).unwrap();
            records.push((name, raw(Wire::Xml, None, &body)));
        }
    }
    let excepted = [
        ("event_instance_vmd4", "the list of topics that a camera has, no event"),
        ("test_hikvision_", "the settings of a camera, no event"),
        ("test_isapi_", "the settings of a camera, no event"),
    ];
    let types = prove("onvif", &records, &excepted);
    assert!(types[&423_000_211] >= 5, "{types:?}");
    // Each tells its state at subscription, which is "off": none may look like a new alarm.
    for (name, record) in &records {
        for one in run(Some("onvif"), record) {
            if let Normalised::Event(event) = one {
                assert_ne!(event.ocsf.get("lifecycle_id"), Some(&1.into()), "{name}");
            }
        }
    }
}
