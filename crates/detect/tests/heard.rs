//! What the shipped rules ask for, held against what the shipped mappings give: a field that no
//! mapping fills would be a rule that never fires.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Fields that samples do not show; real records do, and the mappings keep them.
const ON_REAL_RECORDS: [&str; 5] = [
    "unmapped.debugContext.debugData.behaviors",
    "unmapped.debugContext.debugData.logOnlySecurityData",
    "unmapped.debugContext.debugData.logOnlySecurityData.behaviors.New Device",
    "unmapped.event_data.action",
    "unmapped.event_data.object_type",
];

fn content() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content")
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
}

/// Every event that the mappings' own samples give, by class.
fn events() -> BTreeMap<u64, Vec<Value>> {
    let (mut paths, mut events) = (Vec::new(), BTreeMap::<u64, Vec<Value>>::new());
    files(&content().join("mappings"), ".ndjson", &mut paths);
    for path in paths.iter().filter(|path| path.parent().unwrap().ends_with("expected")) {
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            if let Some(class) = event["class_uid"].as_u64() {
                events.entry(class).or_default().push(event);
            }
        }
    }
    events
}

/// Whether a dotted name leads to something; arrays are any of their members.
fn has(value: &Value, path: &str) -> bool {
    match value {
        Value::Array(members) => members.iter().any(|member| has(member, path)),
        Value::Object(fields) => {
            let deeper =
                |(head, rest): (&str, &str)| fields.get(head).is_some_and(|inner| has(inner, rest));
            fields.contains_key(path) || path.split_once('.').is_some_and(deeper)
        }
        _ => false,
    }
}

fn classes(of: &Value) -> BTreeSet<u64> {
    match of {
        Value::Array(many) => many.iter().filter_map(Value::as_u64).collect(),
        one => one.as_u64().into_iter().collect(),
    }
}

#[test]
fn every_field_that_a_shipped_rule_asks_is_one_that_a_mapping_gives() {
    let events = events();
    let mut paths = Vec::new();
    files(&content().join("rules"), ".yml", &mut paths);
    let (mut asked, mut never) = (0, Vec::new());
    let rules = paths.iter().filter(|path| !path.to_str().unwrap().ends_with(".cases.yml"));
    for text in rules.map(|path| std::fs::read_to_string(path).unwrap()) {
        for document in text.split("\n---\n") {
            let document: Value = yaml_serde::from_str(document).unwrap();
            let Some(detection) = document["detection"].as_object() else { continue };
            let all: BTreeSet<u64> =
                detection.values().flat_map(|one| classes(&one["class_uid"])).collect();
            for (name, selection) in detection.iter().filter(|(_, one)| one.is_object()) {
                let own = classes(&selection["class_uid"]);
                let own = if own.is_empty() { &all } else { &own };
                for field in selection.as_object().unwrap().keys() {
                    let field = field.split('|').next().unwrap();
                    let is_ours = field.starts_with("castellan.") || own.is_empty();
                    if is_ours || ON_REAL_RECORDS.contains(&field) {
                        continue;
                    }
                    asked += 1;
                    let mut heard = own.iter().filter_map(|class| events.get(class)).flatten();
                    let is_given = heard.any(|e| has(e, field) || has(&e["unmapped"], field));
                    if !is_given {
                        never.push(format!("{}: {name}: {field}", document["id"]));
                    }
                }
            }
        }
    }
    assert!(never.is_empty(), "no mapping gives {never:#?}");
    assert!(asked > 300, "{asked}");
}
