//! Rules change while events come.

use std::fs;

use serde_json::json;

use crate::world::{Api, World, until};

/// Fires on a marker.
fn rule(id: &str, marker: &str) -> String {
    format!(
        r#"title: Marker {marker}
id: {id}
logsource: {{product: probe}}
detection:
  selection: {{unmapped.marker: {marker}}}
  condition: selection
level: high
castellan: {{team: soc}}
"#
    )
}

/// Fires on the fortieth of forty.
const FORTY: &str = r#"title: Seen
id: seen
logsource: {product: probe}
detection:
  selection: {unmapped.marker|startswith: one-of-}
  condition: selection
---
title: Forty
id: forty
correlation:
  type: event_count
  rules: [seen]
  group-by: [service.name]
  timespan: 1h
  condition: {gte: 40}
level: high
castellan: {team: soc}
"#;

#[tokio::test]
async fn no_event_is_lost_and_a_broken_rule_stops_no_other() {
    let world = World::new();
    let folder = world.path("content/rules");
    fs::create_dir_all(&folder).unwrap();
    let write = |file: &str, text: &str| fs::write(folder.join(file), text).unwrap();
    write("forty.yml", FORTY);
    write("other.yml", &rule("other", "other"));
    write("broken-from-the-start.yml", "title: [\n");
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let problems = async || {
        let status = api.get("/v1/status").await;
        status["content_problems"].as_array().unwrap().clone()
    };
    let told = problems().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].as_str().unwrap().starts_with("rules/broken-from-the-start.yml:"), "{told:?}");

    let has = |incident: &serde_json::Value, rule: &str| {
        incident["rules"].as_array().unwrap().contains(&json!(rule))
    };
    let said = async || -> usize {
        let all = api.incidents().await;
        let of = all.iter().filter(|incident| has(incident, "other") || has(incident, "third"));
        of.map(|incident| incident["evidence"].as_array().unwrap().len()).sum()
    };
    let mut sent = 0;
    let mut some = async |upto: u32| {
        while sent < upto {
            let line = json!({"marker": format!("one-of-{sent}"), "user": "ana"}).to_string();
            api.take("app", "application/x-ndjson", line + "\n").await;
            sent += 1;
        }
    };
    some(10).await;
    // One rule is broken, a new one comes: the new one runs, the broken one as it was.
    write("other.yml", &rule("other", "other").replace("condition: sel", "condition: ["));
    write("third.yml", &rule("third", "third"));
    fs::remove_file(folder.join("broken-from-the-start.yml")).unwrap();
    some(20).await;
    until("the break is told", async || {
        let told = problems().await;
        let is_it = |one: &serde_json::Value| one.as_str().unwrap().starts_with("rules/other.yml:");
        (told.len() == 1 && is_it(&told[0])).then_some(())
    })
    .await;
    some(30).await;
    let both =
        "{\"marker\": \"other\", \"user\": \"ana\"}\n{\"marker\": \"third\", \"user\": \"ana\"}\n";
    api.take("app", "application/x-ndjson", both).await;
    api.incidents_of("other", 1).await;
    api.incidents_of("third", 1).await;
    // Mended, and excepted: what is excepted is not said.
    write("other.yml", &rule("other", "mended"));
    write(
        "house.exceptions.yml",
        "exceptions:\n  - id: quiet\n    rules: [third]\n    when: {unmapped.marker: third}\n    \
         until: 2199-01-01\n    owner: soc\n    reason: known\n",
    );
    until("all is mended", async || problems().await.is_empty().then_some(())).await;
    let both =
        "{\"marker\": \"third\", \"user\": \"ana\"}\n{\"marker\": \"mended\", \"user\": \"ana\"}\n";
    api.take("app", "application/x-ndjson", both).await;
    // Three of the four events have been said: what is about one person is one incident.
    until("the mended rule speaks", async || (said().await == 3).then_some(())).await;
    api.settled().await;
    assert_eq!(said().await, 3);
    some(39).await;
    api.settled().await;
    assert!(api.incidents().await.iter().all(|incident| !has(incident, "forty")));
    some(40).await;
    api.incidents_of("forty", 1).await;
    server.stop().await;
}
