//! `castellan rules explain`: why a rule says what it says of an event of a file.

use serde_json::{Value, json};

use crate::scratch::Scratch;

const RULE: &str = "title: Refused at a door
id: refused-twice
correlation:
  type: event_count
  rules: [refused]
  group-by: [castellan.place]
  timespan: 10m
  condition: {gte: 2}
castellan: {team: guard}
---
title: Refused
id: refused
logsource: {category: physical_access}
detection:
  selection:
    activity_id: 2
  known:
    credential.uid|startswith: b-
  condition: selection and not known
";

fn event(minute: u32, activity: u32, badge: &str, product: &str) -> String {
    json!({
        "class_uid": 4_230_001, "activity_id": activity,
        "time": 1_795_420_800_000_i64 + i64::from(minute) * 60_000,
        "credential": {"uid": badge}, "portal": {"uid": "d-west", "portal_type_id": 1},
        "castellan": {"source": "doors", "mapping": "pacs-csv",
            "logsource": {"category": "physical_access", "product": product}},
    })
    .to_string()
}

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    let lines = [
        event(0, 2, "x-1", "pacs-csv"),
        event(3, 2, "b-1", "pacs-csv"),
        event(5, 2, "x-2", "pacs-csv"),
        event(40, 1, "x-2", "pacs-csv"),
    ];
    scratch.write("events.ndjson", lines.join("\n") + "\n").write("rule.yml", RULE);
    scratch.write("one.yml", RULE.split("---\n").nth(1).unwrap());
    scratch
}

#[test]
fn each_condition_stands_with_what_was_seen() {
    let told = scratch().run(&["rules", "explain", "one.yml", "events.ndjson:1"]).ends(0);
    assert_eq!(
        told.stdout,
        "refused: it does not match, because this holds: `credential.uid startswith: \
         b-` in `known`: it is `b-1`\n\
         \x20 condition: (selection and not known)\n\
         \x20 yes     known, all of, decisive\n\
         \x20   yes     credential.uid startswith: b-; it is `b-1`\n\
         \x20 yes     selection, all of\n\
         \x20   yes     activity_id: 2; it is `2`\n"
    );
    let matching = scratch().run(&["rules", "explain", "one.yml", "events.ndjson"]).ends(0);
    assert!(
        matching.stdout.starts_with("refused: it matches: every condition holds\n"),
        "{}",
        matching.stdout
    );
}

#[test]
fn a_correlation_tells_its_window_in_json() {
    let ran =
        scratch().run(&["--format", "json", "rules", "explain", "rule.yml", "events.ndjson:2"]);
    let told: Value = serde_json::from_str(&ran.ends(0).stdout).unwrap();
    assert_eq!(
        (&told["rule"], &told["outcome"]),
        (&json!("refused-twice"), &json!("does_not_match"))
    );
    // Nobody knows the door: there is no organisation, and it groups by the place.
    assert_eq!(told["window"]["group"], json!({"castellan.place": null}));
    let scratch = scratch();
    scratch.write("rule.yml", RULE.replace("castellan.place", "portal.uid"));
    let ran = scratch.run(&["--format", "json", "rules", "explain", "rule.yml", "events.ndjson:2"]);
    let told: Value = serde_json::from_str(&ran.ends(0).stdout).unwrap();
    assert_eq!(told["outcome"], "matches", "{told}");
    let records: Vec<&Value> =
        told["window"]["matches"].as_array().unwrap().iter().map(|one| &one["record"]).collect();
    assert_eq!(records, [0, 2]);
}

#[test]
fn a_shipped_rule_is_named_by_its_id_and_what_is_not_there_by_the_nearest() {
    let ran = scratch().run(&["rules", "explain", "leaver-badge", "events.ndjson:3"]).ends(0);
    assert!(ran.stdout.starts_with("leaver-badge: it does not match: "), "{}", ran.stdout);
    scratch()
        .run(&["rules", "explain", "leaver-bagde", "events.ndjson"])
        .ends(2)
        .says("there is no rule `leaver-bagde`; did you mean `leaver-badge`?");
    scratch()
        .run(&["rules", "explain", "leaver-badge", "events.ndjson:9"])
        .ends(2)
        .says("there is no event `events.ndjson:9`");
    scratch()
        .run(&["rules", "explain", "leaver-badge", "4711/0", "--data", "none"])
        .ends(1)
        .says("there is no castellan data");
}
