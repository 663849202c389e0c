//! The shapes of FORMATS.md, checked to the letter.

use std::collections::BTreeSet;

use serde_json::Value;

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn is_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z')
}

/// A line of `normalise` that is a dead letter; its record.
pub fn dead_letter(line: &Value) -> u64 {
    assert_eq!(keys(line), BTreeSet::from(["dead_letter"]), "{line}");
    let dead = &line["dead_letter"];
    for key in ["record", "mapping", "reason", "position"] {
        assert!(dead.get(key).is_some(), "`{key}` is missing: {line}");
    }
    assert!(dead["mapping"].is_null() || dead["mapping"].is_string(), "{line}");
    assert!(!dead["reason"].as_str().unwrap().is_empty(), "{line}");
    let position = &dead["position"];
    if !position.is_null() {
        assert_eq!(keys(position), BTreeSet::from(["line", "column"]), "{line}");
        assert!(position["line"].as_u64().unwrap() >= 1, "{line}");
        assert!(position["column"].as_u64().unwrap() >= 1, "{line}");
    }
    dead["record"].as_u64().unwrap()
}

/// A line of `normalise` that is an event; its record.
pub fn event(line: &Value) -> u64 {
    let ours = &line["castellan"];
    assert!(ours["mapping"].is_string() && ours["source"].is_string(), "{line}");
    for key in ["class_uid", "category_uid", "type_uid", "activity_id", "severity_id", "time"] {
        assert!(line[key].is_number(), "`{key}`: {line}");
    }
    let (class, activity) = (line["class_uid"].as_u64(), line["activity_id"].as_u64());
    assert_eq!(line["type_uid"].as_u64(), Some(class.unwrap() * 100 + activity.unwrap()), "{line}");
    assert!(line["metadata"]["version"].is_string(), "{line}");
    ours["record"].as_u64().unwrap()
}

const FINDING: [&str; 13] = [
    "because",
    "entities",
    "evidence",
    "finding",
    "group",
    "level",
    "rule",
    "state",
    "supersedes",
    "time",
    "title",
    "undecided",
    "window",
];

/// A finding.
pub fn finding(line: &Value) {
    assert_eq!(keys(line), BTreeSet::from(FINDING), "{line}");
    for key in ["finding", "rule", "title", "because"] {
        assert!(!line[key].as_str().unwrap().is_empty(), "`{key}`: {line}");
    }
    let level = line["level"].as_str().unwrap();
    assert!(["informational", "low", "medium", "high", "critical"].contains(&level), "{line}");
    let state = line["state"].as_str().unwrap();
    assert!(["provisional", "confirmed", "withdrawn"].contains(&state), "{line}");
    assert!(is_time(&line["time"]), "{line}");
    assert_eq!(keys(&line["window"]), BTreeSet::from(["from", "to"]), "{line}");
    assert!(is_time(&line["window"]["from"]) && is_time(&line["window"]["to"]), "{line}");
    assert!(line["group"].as_object().unwrap().values().all(Value::is_string), "{line}");
    for entity in line["entities"].as_array().unwrap() {
        let (kind, id) = entity.as_str().unwrap().split_once(':').unwrap();
        assert!(["person", "asset", "place"].contains(&kind) && !id.is_empty(), "{line}");
    }
    let evidence = line["evidence"].as_array().unwrap();
    assert!(!evidence.is_empty(), "{line}");
    for one in evidence {
        assert_eq!(keys(one), BTreeSet::from(["class_uid", "record", "source", "time"]), "{line}");
        assert!(one["record"].is_u64() && one["class_uid"].is_u64(), "{line}");
        assert!(one["source"].is_string() && is_time(&one["time"]), "{line}");
    }
    for key in ["supersedes", "undecided"] {
        assert!(line[key].as_array().unwrap().iter().all(Value::is_string), "{line}");
    }
}
