//! The validator and the facts it stands on.

use normalise::ocsf::Validator;
use serde_json::{Map, Value, json};

use crate::support::{root, shared};

#[path = "../../../../xtask/src/ocsf.rs"]
mod generator;

#[test]
fn the_committed_subset_is_what_the_schema_source_gives() {
    let Some(archive) = shared("ocsf-schema/ocsf-schema-1.8.0.tar.gz") else {
        return;
    };
    let Some(physec) = shared("ocsf-physec") else {
        return;
    };
    let made = generator::subset(&archive, &physec).unwrap();
    let path = root().join("schema/ocsf-subset.json");
    let committed = std::fs::read_to_string(path).unwrap();
    assert_eq!(committed, generator::to_text(&made), "run `cargo xtask gen`");
}

fn badge() -> Map<String, Value> {
    let event = json!({
        "class_uid": 4230001, "category_uid": 4230, "activity_id": 1, "type_uid": 423000101_u64,
        "severity_id": 1, "time": 1768384801123_i64,
        "metadata": {"version": "1.8.0", "product": {"name": "x", "vendor_name": "y"}},
        "portal": {"uid": "lobby-1", "portal_type_id": 1, "zone": {"uid": "lobby"}},
        "credential": {"uid": "100231", "credential_type_id": 1},
    });
    event.as_object().unwrap().clone()
}

#[test]
fn a_badge_event_is_ocsf() {
    assert_eq!(Validator::shipped().check(&badge().into()), []);
}

#[test]
fn each_kind_of_fault_is_named_at_its_path() {
    let cases: &[(&str, Value, &str)] = &[
        ("class_uid", json!(4230099), "`class_uid`: 4230099 is no class we carry"),
        ("type_uid", json!(1), "`type_uid`: expected 423000101"),
        ("category_uid", json!(3), "`category_uid`: expected 4230"),
        ("activity_id", json!(55), "`activity_id`: 55 is not one of its enumerated values"),
        ("severity_id", Value::Null, "`severity_id`: is required and missing"),
        ("time", json!("now"), "`time`: expected a whole number, found `\"now\"`"),
        ("portal", Value::Null, "`portal`: is required and missing"),
        ("portal", json!({"uid": "a"}), "`portal.portal_type_id`: is required and missing"),
        ("portal", json!({"portal_type_id": 1}), "`portal`: needs at least one of `name`, `uid`"),
        ("door", json!("a"), "`door`: is no attribute here; put it into `unmapped`"),
        ("device", json!({"ip": "10.0.0.1", "type_id": 0}), "profile `host`"),
        (
            "portal",
            json!({"uid": "a", "portal_type_id": 1, "zone": {"uid": 7}}),
            "`portal.zone.uid`",
        ),
        ("observables", json!({}), "`observables`: expected an array"),
    ];
    for (key, value, expected) in cases {
        let mut event = badge();
        match value {
            Value::Null => drop(event.remove(*key)),
            value => drop(event.insert((*key).to_owned(), value.clone())),
        }
        let found = Validator::shipped().check(&event.into());
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|one| one.contains(expected)), "{expected}: {found:?}");
    }
}

#[test]
fn types_are_judged_as_the_schema_defines_them() {
    let flow = |endpoint: Value| {
        let event = json!({
            "class_uid": 4001, "category_uid": 4, "activity_id": 6, "type_uid": 400106,
            "severity_id": 1, "time": 1, "metadata": {"version": "1.8.0", "product": {"name": "x"}},
            "src_endpoint": endpoint,
        });
        Validator::shipped().check(&event.as_object().unwrap().clone().into()).len()
    };
    assert_eq!(flow(json!({"ip": "10.0.0.1", "port": 65535, "mac": "aa:bb:cc:dd:ee:ff"})), 0);
    assert_eq!(flow(json!({"ip": "2001:db8::1"})), 0);
    for bad in [
        json!({"ip": "10.0.0"}),
        json!({"ip": "host-1"}),
        json!({"ip": "10.0.0.1", "port": 65536}),
        json!({"ip": "10.0.0.1", "port": "80"}),
        json!({"ip": "10.0.0.1", "mac": "aabbccddeeff"}),
        json!({"port": 80}),
    ] {
        assert_eq!(flow(bad.clone()), 1, "{bad}");
    }
}
