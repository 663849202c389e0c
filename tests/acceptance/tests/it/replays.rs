//! The past once more: drafts over the lake, rules written and enabled, events that came too late.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::browser::{Browser, signed_in};
use crate::world::{Answer, Api, Plan, Server, World, ago, castellan, said, until};

/// Fires on a marker.
fn rule(id: &str, marker: &str) -> String {
    format!(
        "title: Marker {marker}\nid: {id}\nlogsource: {{product: probe}}\ndetection:\n  \
         selection: {{unmapped.marker: {marker}}}\n  condition: selection\nlevel: high\n\
         castellan: {{team: soc, sop: [Look.], fold: [castellan.person]}}\n"
    )
}

const CASES: &str = r#"rule: drafted
cases:
  - name: marked
    expect: match
    events:
      - at: "23:00:00"
        source: app
        product: probe
        ocsf: { class_uid: 3002, unmapped: { marker: wanted } }
  - name: not marked
    expect: nothing
    events:
      - at: "23:00:00"
        source: app
        product: probe
        ocsf: { class_uid: 3002, unmapped: { marker: other } }
"#;

async fn replayed(browser: &Browser, body: Value) -> Value {
    let begun = browser.post("/v1/replays", body).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    ended(browser, begun.body["id"].as_str().unwrap()).await
}

async fn ended(browser: &Browser, id: &str) -> Value {
    until("the replay has ended", async || {
        let now = browser.get(&format!("/v1/replays/{id}")).await.body;
        (now["state"] != "running").then_some(now)
    })
    .await
}

async fn found(browser: &Browser, replay: &Value, query: &str) -> Vec<Value> {
    let id = replay["id"].as_str().unwrap();
    let page = browser.get(&format!("/v1/replays/{id}/findings?{query}")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.body["findings"].as_array().unwrap().clone()
}

/// The moment so many seconds ago, in milliseconds, as the probe says it.
fn millis(seconds_ago: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap() - seconds_ago * 1_000
}

async fn send(api: &Api, marker: &str, user: &str, seconds_ago: u64) {
    let at = millis(seconds_ago);
    let line = json!({"marker": marker, "user": user, "at": at}).to_string();
    api.take("app", "application/json", line).await;
}

async fn begun(world: &World, server: &Server, login: &str, role: &str) -> Browser {
    signed_in(world, server, login, role).await
}

#[tokio::test]
async fn an_analyst_writes_tests_replays_and_enables_a_rule() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let ann = begun(&world, &server, "ann", "analyst").await;
    for (marker, user) in [("wanted", "ana"), ("wanted", "ben"), ("other", "ana")] {
        send(&api, marker, user, 120).await;
    }
    api.settled().await;
    let before = api.incidents().await.len();

    // A check names what is wrong, with its line, and runs the cases.
    let path = "rules/house/drafted.yml";
    let wrong = rule("drafted", "wanted").replace("unmapped.marker:", "unmapped.marker|nonsense:");
    let checked = ann.post("/v1/rules/check", json!({"files": {path: wrong}})).await.body;
    let problem = &checked["problems"][0];
    assert_eq!((&problem["gravity"], &problem["file"]), (&json!("error"), &json!(path)));
    assert!(problem["line"].as_u64().is_some_and(|line| line > 1), "{checked}");
    let files = json!({path: rule("drafted", "wanted"), "rules/house/drafted.cases.yml": CASES});
    let checked = ann.post("/v1/rules/check", json!({"files": files})).await.body;
    let failed: Vec<&Value> =
        checked["cases"].as_array().unwrap().iter().map(|case| &case["failure"]).collect();
    assert_eq!(failed, [&Value::Null, &Value::Null], "{checked}");
    let odd = ann.post("/v1/rules/check", json!({"files": {"../x.yml": "title: x"}})).await;
    odd.is_problem(400, "bad_request");

    // What it would have said of the last hour: twice, and no incident is opened by it.
    let ask = json!({"files": files, "from": ago(3_600), "compare": true});
    let done = replayed(&ann, ask).await;
    assert_eq!(done["state"], "done", "{done}");
    let report = &done["report"];
    assert_eq!((&report["findings"], &report["unreadable"]), (&json!(2), &json!(0)), "{done}");
    assert!(report["events"].as_u64().unwrap() >= 3, "{done}");
    let sum: u64 = report["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day["findings"].as_u64().unwrap())
        .sum();
    assert_eq!(sum, 2, "{done}");
    let top: Vec<&str> = report["top"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["entity"].as_str().unwrap())
        .collect();
    assert!(top.contains(&"person:ana") && top.contains(&"person:ben"), "{done}");
    let drafted = found(&ann, &done, "rule=drafted").await;
    assert_eq!(drafted.len(), 2);
    assert!(drafted.iter().all(|one| one["is_known"] == false), "{drafted:?}");
    assert_eq!(api.incidents().await.len(), before, "a replay opens no incident");
    let id = done["id"].as_str().unwrap();
    let refused = ann.post(&format!("/v1/replays/{id}/settle"), json!({"reason": "x"})).await;
    refused.is_problem(409, "not_now");

    // Enabled: kept as a file, in force at once, and what it says has the ids of the replay.
    let save = json!({"files": files, "base_version": "", "reason": "We look for these."});
    let saved = ann.change("PUT", "/v1/rules/drafted", &save).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    assert!(world.path("content/rules/house/drafted.yml").is_file());
    let again = ann.change("PUT", "/v1/rules/drafted", &save).await;
    again.is_problem(409, "version_conflict");
    let done = replayed(&ann, json!({"rules": ["drafted"], "from": ago(3_600)})).await;
    let mut ids: Vec<String> = Vec::new();
    for one in found(&ann, &done, "").await {
        ids.push(one["finding"]["finding"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 2, "{done}");
    send(&api, "wanted", "ana", 1).await;
    let incident = &api.incidents_of("drafted", 1).await[0];
    assert!(!ids.contains(&incident["findings"][0].as_str().unwrap().to_owned()));
    let done = replayed(&ann, json!({"rules": ["drafted"], "from": ago(3_600)})).await;
    let known: Vec<Value> =
        found(&ann, &done, "").await.into_iter().filter(|one| one["is_known"] == true).collect();
    assert_eq!(known.len(), 1, "what live said, a replay says with the same id: {done}");

    // Another version beside the one in force.
    let wider = rule("drafted", "wanted").replace("marker: wanted", "marker: [wanted, other]");
    let wider = wider.replace("title: Marker wanted", "title: Wider");
    let ask = json!({"files": {path: wider}, "from": ago(3_600), "compare": true});
    let done = replayed(&ann, ask).await;
    let line = &done["report"]["rules"][0];
    let sides = (&line["both"], &line["only_new"], &line["only_old"]);
    assert_eq!(sides, (&json!(3), &json!(1), &json!(0)), "{done}");
    assert_eq!(found(&ann, &done, "side=new").await.len(), 1);
    audited(&api, &["rule.edit", "replay.start"]).await;
    server.stop().await;
}

async fn audited(api: &Api, verbs: &[&str]) {
    let log = api.get("/v1/audit?limit=200").await;
    let text = log.to_string();
    for verb in verbs {
        assert!(text.contains(&format!("\"{verb}\"")), "no {verb} in {text}");
    }
}

#[tokio::test]
async fn rules_are_turned_off_and_excepted_without_a_restart_or_a_lost_event() {
    let world = World::new();
    let folder = world.path("content/rules");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("loud.yml"), rule("loud", "loud")).unwrap();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let ann = begun(&world, &server, "ann", "analyst").await;
    let evidence = async || -> usize {
        let all = api.incidents().await;
        all.iter().map(|incident| incident["evidence"].as_array().unwrap().len()).sum()
    };
    send(&api, "loud", "ana", 5).await;
    until("it speaks", async || (evidence().await == 1).then_some(())).await;

    let switch = async |enabled: bool| -> Answer {
        let body = json!({"enabled": enabled, "reason": "Too loud on Sundays."});
        ann.post("/v1/rules/loud/switch", body).await
    };
    assert_eq!(switch(false).await.body["off_by"], "console-off-loud");
    switch(false).await.is_problem(400, "bad_request");
    send(&api, "loud", "ana", 5).await;
    api.settled().await;
    assert_eq!(evidence().await, 1, "it is off");
    assert_eq!(switch(true).await.body["off_by"], Value::Null);
    send(&api, "loud", "ana", 5).await;
    until("it speaks again", async || (evidence().await == 2).then_some(())).await;

    // One exception: of ana, until a day, by a team's word.
    let body = json!({"rules": ["loud"], "when": {"user.name": "ana"}, "until": "2099-01-31",
        "owner": "soc", "reason": "Ana \"tests\": it # all."});
    let made = ann.post("/v1/exceptions", body.clone()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    send(&api, "loud", "ana", 5).await;
    send(&api, "loud", "ben", 5).await;
    until("ben is spoken of", async || (evidence().await == 3).then_some(())).await;
    let kept = until("what it kept back is counted", async || {
        let all = ann.get("/v1/exceptions").await.body;
        (all[0]["kept"] == 1).then_some(all)
    })
    .await;
    assert_eq!(kept[0]["reason"], "Ana \"tests\": it # all.", "{kept}");
    assert_eq!((&kept[0]["is_ours"], &kept[0]["is_over"]), (&json!(true), &json!(false)));
    // A replay excepts what was excepted.
    let done = replayed(&ann, json!({"rules": ["loud"], "from": ago(3_600)})).await;
    assert_eq!(done["report"]["findings"], 1, "{done}");
    let id = made.body["id"].as_str().unwrap();
    let ended = ann.change("DELETE", &format!("/v1/exceptions/{id}?reason=done"), &json!({})).await;
    assert_eq!(ended.status, 204, "{}", ended.body);
    send(&api, "loud", "ana", 5).await;
    until("ana is spoken of again", async || (evidence().await == 4).then_some(())).await;

    // What cannot hold is refused with its reason, and what stands stays.
    let mut wrong = body.clone();
    wrong["when"] = json!({"castellan.presence.state": "in"});
    ann.post("/v1/exceptions", wrong).await.is_problem(422, "rule_refused");
    let mut wrong = body.clone();
    wrong["rules"] = json!(["nobody"]);
    ann.post("/v1/exceptions", wrong).await.is_problem(404, "not_found");
    let status = api.get("/v1/status").await;
    assert_eq!(status["content_problems"], json!([]), "{status}");
    // Who only looks cannot.
    let gus = begun(&world, &server, "gus", "guard").await;
    gus.post("/v1/exceptions", body).await.is_problem(403, "forbidden");
    gus.post("/v1/replays", json!({"from": ago(60)})).await.is_problem(403, "forbidden");
    audited(&api, &["rule.off", "rule.on", "exception.add", "exception.end"]).await;

    // How often people were alarmed, and by what.
    let rates = ann.get("/v1/alarm-rates").await.body;
    let week = &rates["windows"][2];
    assert_eq!((&week["name"], &week["rules"][0]["rule"]), (&json!("week"), &json!("loud")));
    assert!(week["alarms"].as_u64().unwrap() >= 1, "{rates}");
    server.stop().await;
}

/// Two of a kind within a quarter of an hour.
const PAIR: &str = "title: A pair\nid: pair\ncorrelation:\n  type: event_count\n  rules: [half]\n  \
    group-by: [castellan.person]\n  timespan: 15m\n  condition: {gte: 2}\nlevel: high\n\
    castellan: {team: soc, sop: [Look.]}\n---\ntitle: Half\nid: half\nlogsource: {product: probe}\n\
    detection:\n  selection: {unmapped.marker: half}\n  condition: selection\nlevel: low\n";

#[tokio::test]
async fn what_came_too_late_is_counted_and_judged_again_on_request() {
    let sources = "[[source]]\nid = \"quick\"\nmapping = \"probe\"\nsite = \"hq\"\n\
                   trust = \"token\"\nlateness_max = \"1s\"\nclock_offset_max = \"0s\"\n";
    let config = "[limits]\ntick_ms = 100\n".to_owned();
    let world = World::with(Plan { sources: sources.into(), config, ..Plan::default() });
    fs::create_dir_all(world.path("content/rules")).unwrap();
    fs::write(world.path("content/rules/pair.yml"), PAIR).unwrap();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let ann = begun(&world, &server, "ann", "analyst").await;
    let half = async |seconds_ago: u64| {
        let line = json!({"marker": "half", "user": "ana", "at": millis(seconds_ago)});
        let line = line.to_string();
        api.take("quick", "application/json", line).await;
    };
    half(0).await;
    // Until time itself has passed what is waited for.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    half(1_800).await;
    half(1_795).await;
    let late = until("both are counted", async || {
        let all = ann.get("/v1/late").await.body;
        (all[0]["open"] == 2).then_some(all)
    })
    .await;
    assert_eq!((&late[0]["source"], &late[0]["events"]), (&json!("quick"), &json!(2)));
    let kept = "SELECT count(*) FROM events WHERE source = 'quick'";
    api.until_count(kept, 3).await;
    assert!(api.incidents().await.is_empty(), "late events pair with nothing");

    let done = replayed(&ann, json!({"late_of": "quick"})).await;
    assert_eq!(done["report"]["findings"], 1, "{done}");
    let pair = &found(&ann, &done, "").await[0];
    assert_eq!((&pair["finding"]["rule"], &pair["is_known"]), (&json!("pair"), &json!(false)));
    let finding = pair["finding"]["finding"].as_str().unwrap();
    let settle = format!("/v1/replays/{}/settle", done["id"].as_str().unwrap());
    let adopt = json!({"adopt": [finding], "reason": "The clock was mended."});
    let settled = ann.post(&settle, adopt.clone()).await;
    assert_eq!(settled.body["adopted"], json!([finding]), "{}", settled.body);
    let incident = &api.incidents_of("pair", 1).await[0];
    assert_eq!(incident["findings"], json!([finding]), "{incident}");
    let again = ann.post(&settle, adopt).await.body;
    assert_eq!((&again["adopted"], &again["known"]), (&json!([]), &json!(1)), "{again}");
    assert_eq!(api.incidents_of("pair", 1).await.len(), 1, "once is enough");
    assert_eq!(ann.get("/v1/late").await.body[0]["open"], 0);
    ann.post("/v1/replays", json!({"late_of": "quick"})).await.is_problem(400, "bad_request");
    audited(&api, &["replay.settle"]).await;

    // The same from the command line, while the server runs and after.
    let out = world.path("findings.ndjson").display().to_string();
    let data = world.data().display().to_string();
    let from = ago(3_600);
    let args = ["replay", "--data", &data, "--rule", "pair", "--from", &from, "--out", &out];
    let asked = castellan(&args);
    assert!(asked.status.success(), "{}", said(&asked));
    let live = fs::read_to_string(&out).unwrap();
    assert!(live.contains(finding), "{live}");
    server.stop().await;
    let config = world.config().display().to_string();
    let args = ["replay", "--config", &config, "--rule", "pair", "--from", &from, "--out", &out];
    let asked = castellan(&args);
    assert!(asked.status.success(), "{}", said(&asked));
    assert_eq!(fs::read_to_string(&out).unwrap(), live, "the same without a server");
}

#[tokio::test]
async fn what_cannot_be_replayed_is_refused_with_its_reason() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let ann = begun(&world, &server, "ann", "analyst").await;
    let api = Api::to(&server, &token);
    send(&api, "x", "ana", 30).await;
    let ask = async |body: Value| ann.post("/v1/replays", body).await;
    ask(json!({})).await.is_problem(400, "bad_request");
    ask(json!({"from": ago(10), "to": ago(20)})).await.is_problem(400, "bad_request");
    ask(json!({"from": ago(10), "site": "nowhere"})).await.is_problem(400, "bad_request");
    ask(json!({"from": ago(10), "rules": ["nobody"]})).await.is_problem(400, "bad_request");
    ask(json!({"from": "2000-01-01T00:00:00Z"})).await.is_problem(400, "bad_request");
    let files = json!({"rules/a.yml": "title: ["});
    let refused = ask(json!({"from": ago(10), "files": files})).await;
    refused.is_problem(422, "draft_refused");
    assert_eq!(refused.body["problems"][0]["file"], "rules/a.yml", "{}", refused.body);
    let large = json!({"rules/a.yml": "#".repeat(600 << 10)});
    ask(json!({"from": ago(10), "files": large})).await.is_problem(400, "bad_request");
    ann.get("/v1/replays/r-none").await.is_problem(404, "not_found");
    // A draft that would match everything in a terrible way is only a regex that is bounded.
    let slow = rule("slow", "x").replace("marker: x", "marker|re: '(a+)+$'");
    let done = replayed(&ann, json!({"from": ago(600), "files": {"rules/s.yml": slow}})).await;
    assert_eq!((&done["state"], &done["report"]["findings"]), (&json!("done"), &json!(0)));
    let id = done["id"].as_str().unwrap();
    let gone = ann.change("DELETE", &format!("/v1/replays/{id}"), &json!({})).await;
    assert_eq!(gone.status, 204);
    ann.get(&format!("/v1/replays/{id}")).await.is_problem(404, "not_found");
    server.stop().await;
}
