//! Rules that learn what is usual are taught what was before them, and judge nothing until then.

use std::collections::BTreeSet;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::world::{Api, Plan, World, castellan, client, said, until};

/// What somebody was never seen to do in a day, once they have been known for half an hour.
const ODD: &str = "title: Odd\nid: odd\ncorrelation:\n  type: event_count\n  rules: [marked]\n  \
    group-by: [castellan.person]\n  timespan: 1d\n  condition: {gte: 1}\nlevel: high\ncastellan: \
    {team: soc, sop: [Look.], because: '{castellan.person}: {why}', baseline: {unusual: first, \
    field: unmapped.marker, learn: 30m}}\n---\ntitle: Marked\nid: marked\nlogsource: {product: \
    probe}\ndetection:\n  selection: {unmapped.marker|exists: true}\n  condition: selection\n\
    level: informational\n";

async fn send(api: &Api, marker: &str, seconds_ago: u64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let at = u64::try_from(now.as_millis()).unwrap() - seconds_ago * 1_000;
    let line = json!({"marker": marker, "user": "ana", "at": at}).to_string();
    api.take("quick", "application/json", line).await;
}

/// Sentences of the rule's findings, by id.
async fn told(api: &Api) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for one in api.get("/v1/findings?rule=odd").await["findings"].as_array().unwrap() {
        let text = |key: &str| one[key].as_str().unwrap().to_owned();
        all.insert((text("finding"), text("because")));
    }
    all
}

async fn until_told(api: &Api, count: usize) -> BTreeSet<(String, String)> {
    until("the rule has spoken", async || {
        let all = told(api).await;
        (all.len() >= count).then_some(all)
    })
    .await
}

#[tokio::test]
async fn a_new_rule_knows_what_was_usual_before_it() {
    let sources = "[[source]]\nid = \"quick\"\nmapping = \"probe\"\nsite = \"hq\"\n\
                   trust = \"token\"\nlateness_max = \"1s\"\nclock_offset_max = \"0s\"\n";
    let config = "[limits]\ntick_ms = 100\n".to_owned();
    let world = World::with(Plan { sources: sources.into(), config, ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    for seconds_ago in [3_000, 2_400, 60] {
        send(&api, "usual", seconds_ago).await;
    }
    api.settled().await;

    fs::create_dir_all(world.path("content/rules")).unwrap();
    fs::write(world.path("content/rules/odd.yml"), ODD).unwrap();
    let history = until("the rule has its history", async || {
        let answer = api.send(client().get(server.url("/v1/rules/odd"))).await;
        let history = answer.body["history"].clone();
        (history["state"] == "learned").then_some(history)
    })
    .await;
    assert_eq!((&history["events"], &history["is_cut"]), (&json!(3), &json!(false)), "{history}");

    // Without it nobody would be known for long enough to be unusual.
    send(&api, "usual", 0).await;
    send(&api, "new", 0).await;
    let first = until_told(&api, 1).await;
    let words: Vec<&str> = first.iter().map(|(_, because)| because.as_str()).collect();
    assert_eq!(words, ["ana: first `new` in 24h"]);

    // A crash later it is still known, and nothing is told twice.
    server.kill();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    send(&api, "new", 0).await;
    send(&api, "newer", 0).await;
    let both = until_told(&api, 2).await;
    assert!(both.is_superset(&first), "{both:?}");
    assert_eq!(both.len(), 2, "{both:?}");
    server.stop().await;

    // A replay of all of it says the same, with the same ids.
    let out = world.path("found.ndjson");
    let data = world.data().display().to_string();
    let content = world.path("content").display().to_string();
    let found = out.display().to_string();
    let args = ["replay", "--data", &data, "--content", &content, "--out", &found];
    let ran = castellan(&args);
    assert!(ran.status.success(), "{}", said(&ran));
    let replayed: BTreeSet<(String, String)> = fs::read_to_string(out)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|one| one["rule"] == "odd")
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            (text("finding"), text("because"))
        })
        .collect();
    assert!(replayed.is_superset(&first), "{replayed:?}");
}
