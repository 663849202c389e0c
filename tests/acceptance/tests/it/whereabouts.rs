//! Who could it have been, and why a finding stands, asked of the running server.

use serde_json::{Value, json};

use crate::browser::signed_in;
use crate::world::{Answer, Api, World, ago, until};

/// Ana comes in an hour ago; Ben comes in and leaves; nobody knows a third badge.
fn badges() -> String {
    let line =
        |at: u64, badge: &str, way: &str| format!("{},{badge},d-0001,{way},taken\n", ago(at));
    let mut text = String::from("time,badge,door,direction,result\n");
    text.push_str(&line(3_600, "B-1", "in"));
    text.push_str(&line(3_500, "B-2", "in"));
    text.push_str(&line(1_800, "B-2", "out"));
    text.push_str(&line(900, "B-9", "in"));
    text
}

fn by(answer: &Answer, person: &str) -> Value {
    let people = answer.body["people"].as_array().unwrap();
    people.iter().find(|one| one["person"] == person).cloned().unwrap_or_default()
}

#[tokio::test]
async fn history_tells_who_could_have_been_there_and_the_reason_is_kept() {
    let world = World::new();
    let root = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &root);
    api.take("doors", "text/csv", badges()).await;
    api.settled().await;
    let ask = async |moments: Value| {
        api.post("/v1/whereabouts", &json!({"reason": "a lost laptop", "moments": moments})).await
    };
    let now = ask(json!([{"time": ago(600), "place": "lab"}])).await;
    assert_eq!(now.status, 200, "{}", now.body);
    assert_eq!(now.body["counts"], json!({"consistent": 1, "unknown": 0, "excluded": 1}));
    let (ana, ben) = (by(&now, "ana"), by(&now, "ben"));
    assert_eq!((&ana["verdict"], &ben["verdict"]), (&json!("consistent"), &json!("excluded")));
    assert_eq!(ben["moments"][0]["reason"], "outside");
    // The evidence is one step away.
    let proof = &ana["moments"][0]["evidence"];
    let path = format!("/v1/events/{}/{}", proof["record"], proof["part"]);
    assert_eq!(api.get(&path).await["event"]["class_uid"], 4_230_001, "{proof}");
    // Both were in, earlier; before that nobody knows.
    let both = ask(json!([{"time": ago(3_000), "place": "lab"}])).await;
    assert_eq!(both.body["counts"]["consistent"], 2, "{}", both.body);
    let before = ask(json!([{"time": ago(7_000), "place": "lab"}, {"time": ago(600)}])).await;
    assert_eq!(before.body["counts"], json!({"consistent": 0, "unknown": 1, "excluded": 1}));
    // An event brings its own moment.
    let stranger = api.get("/v1/events?credential=B-9&class=4230001").await["events"][0].clone();
    let event = json!({"record": stranger["record"], "part": stranger["part"]});
    let at = ask(json!([{"event": event}])).await;
    assert_eq!(at.body["moments"][0]["place"], "d-0001", "{}", at.body);
    assert_eq!(by(&at, "ana")["moments"][0]["reason"], "within_reach");

    let audit = api.get("/v1/audit?limit=20").await.to_string();
    assert!(audit.contains("whereabouts.ask") && audit.contains("a lost laptop"), "{audit}");
    for (body, code) in [
        (json!({"reason": " ", "moments": [{"time": ago(60)}]}), "bad_request"),
        (json!({"reason": "x", "moments": []}), "bad_request"),
        (json!({"reason": "x", "moments": [{"place": "lab"}]}), "bad_request"),
        (json!({"reason": "x", "moments": vec![json!({"time": ago(60)}); 51]}), "bad_request"),
        (
            json!({"reason": "x",
                "moments": [{"time": ago(60)}, {"time": "2024-01-01T00:00:00Z"}]}),
            "bad_request",
        ),
    ] {
        api.post("/v1/whereabouts", &body).await.is_problem(400, code);
    }
    let nowhere = json!({"reason": "x", "moments": [{"time": ago(60), "place": "nowhere"}]});
    api.post("/v1/whereabouts", &nowhere).await.is_problem(404, "not_found");
    let lost = json!({"reason": "x", "moments": [{"event": {"record": 99_999_999}}]});
    api.post("/v1/whereabouts", &lost).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn names_are_covered_and_guards_do_not_ask() {
    let world = World::new();
    let root = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &root);
    api.take("doors", "text/csv", badges()).await;
    api.settled().await;
    let question = json!({"reason": "a lost laptop", "moments": [{"time": ago(600)}]});
    let guard = signed_in(&world, &server, "gate", "guard").await;
    guard.post("/v1/whereabouts", question.clone()).await.is_problem(403, "forbidden");
    let analyst = signed_in(&world, &server, "looks", "analyst").await;
    let covered = analyst.post("/v1/whereabouts", question.clone()).await;
    assert_eq!(covered.status, 200, "{}", covered.body);
    assert!(!covered.body.to_string().contains("Ana Example"));
    let reason = json!({"reason": "asked by the desk"});
    analyst.post("/v1/people/ana/reveal", reason).await;
    let shown = analyst.post("/v1/whereabouts", question).await;
    assert_eq!(by(&shown, "ana")["name"], "Ana Example");
    assert_eq!(by(&shown, "ben")["name"], Value::Null);
}

#[tokio::test]
async fn any_day_of_somebodys_past_is_told_from_history() {
    let world = World::new();
    let root = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &root);
    api.take("doors", "text/csv", badges()).await;
    api.settled().await;
    let path = format!("/v1/presence/ben?from={}&to={}", ago(7_200), ago(60));
    let stays = api.get(&path).await;
    let told: Vec<_> = stays
        .as_array()
        .unwrap()
        .iter()
        .map(|stay| (stay["state"].clone(), stay["place"].clone()))
        .collect();
    assert_eq!(
        told,
        [(json!("unknown"), Value::Null), (json!("in"), json!("lab")), (json!("out"), Value::Null)],
        "{stays}"
    );
    let backwards = format!("/v1/presence/ben?from={}&to={}", ago(60), ago(7_200));
    let url = server.url(&backwards);
    let answer = api.send(crate::world::client().get(url)).await;
    answer.is_problem(400, "bad_request");
}

#[tokio::test]
async fn a_finding_says_why_it_stands_and_a_rule_what_it_says_of_an_event() {
    let world = World::new();
    let (root, reader) = (world.root(), world.token("reads", &["read"], &[]));
    let server = world.start().await;
    let api = Api::to(&server, &root);
    let event = format!("time,badge,door,result\n{},B-1,d-0002,forced\n", ago(60));
    api.take("doors", "text/csv", event).await;
    api.settled().await;
    let found = until("the finding is told", async || {
        api.get("/v1/findings?limit=10").await["findings"].get(0).cloned()
    })
    .await;
    let id = found["finding"].as_str().unwrap();
    let why = api.get(&format!("/v1/findings/{id}/why")).await;
    assert_eq!(why["finding"]["because"], found["because"]);
    assert_eq!(why["incidents"].as_array().unwrap().len(), 1, "{why}");
    let first = &why["events"][0];
    assert_eq!(first["explanation"]["outcome"], "matches", "{why}");
    assert!(first["explanation"]["parts"][0]["literals"][0]["saw"].is_string(), "{why}");
    let door = first["identifiers"].as_array().unwrap();
    assert!(door.iter().all(|one| one["entity"].is_string()), "{why}");
    let missing = "/v1/findings/00000000000000000000000000000000/why";
    let answer = api.send(crate::world::client().get(server.url(missing))).await;
    answer.is_problem(404, "not_found");

    let ask = json!({"rule": found["rule"], "record": first["record"], "part": first["part"]});
    let told = api.post("/v1/rules/explain", &ask).await;
    assert_eq!(told.body["outcome"], "matches", "{}", told.body);
    let other = json!({"rule": "leaver-badge", "record": first["record"], "part": first["part"]});
    let told = api.post("/v1/rules/explain", &other).await;
    assert_eq!(told.body["outcome"], "does_not_match", "{}", told.body);
    assert!(told.body["because"].as_str().unwrap().contains("it is `"), "{}", told.body);
    let none = json!({"rule": "no-such-rule", "record": first["record"]});
    api.post("/v1/rules/explain", &none).await.is_problem(404, "not_found");
    // A badge number is a secret at a door.
    let reader = Api::to(&server, &reader);
    let seen = reader.post("/v1/rules/explain", &ask).await;
    assert!(!seen.body.to_string().contains("B-1"), "{}", seen.body);
}
