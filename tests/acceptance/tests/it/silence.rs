//! A source that falls silent is an event, a finding and an incident of its own.

use crate::world::{Api, Plan, World, until};

#[tokio::test]
async fn a_source_that_falls_silent_is_an_incident_and_its_return_is_seen() {
    let sources = "[[source]]\nid = \"beat\"\nmapping = \"probe\"\nsite = \"hq\"\n\
                   trust = \"token\"\nheartbeat = \"2s\"\n";
    let config = "[limits]\ntick_ms = 200\n".to_owned();
    let world = World::with(Plan { sources: sources.into(), config, ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    api.take("beat", "application/json", "{\"marker\": \"heard\"}").await;
    let state = async |wanted: &str| {
        until(&format!("the source is {wanted}"), async || {
            let sources = api.get("/v1/sources").await;
            let mut sources = sources.as_array().unwrap().iter();
            let beat = sources.find(|source| source["id"] == "beat").unwrap().clone();
            (beat["state"] == wanted).then_some(beat)
        })
        .await
    };
    state("heard").await;
    let silent = state("silent").await;
    assert_eq!(silent["heartbeat_s"], 2);

    let incident = &api.incidents_of("source-silent", 1).await[0];
    assert_eq!(incident["owner"]["kind"], "team", "{incident}");
    assert!(incident["because"].as_str().unwrap().contains("beat"), "{incident}");
    let finding = incident["findings"][0].as_str().unwrap();
    let finding = api.get(&format!("/v1/findings/{finding}")).await;
    assert_eq!(finding["rule"], "source-silent");
    let event = "SELECT count(*) FROM events WHERE source = 'beat' \
                 AND json_text(ocsf, 'unmapped.marker') IS NULL";
    until("the silence is an event", async || (api.count(event).await >= 1).then_some(())).await;

    api.take("beat", "application/json", "{\"marker\": \"back\"}").await;
    state("heard").await;
    state("silent").await;
    server.stop().await;
}
