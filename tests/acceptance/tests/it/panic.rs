//! A silent call for help: never refused, owned at once, its reason asked for afterwards.

use std::fs;

use serde_json::{Value, json};

use crate::browser::{Browser, operator, signed_in};
use crate::world::{Api, World, ago, until};

/// An operator of a team, signed in.
async fn of_team(
    world: &World,
    server: &crate::world::Server,
    (login, role, team): (&str, &str, &str),
) -> Browser {
    let link = operator(world, &["add", login, "--role", role, "--team", team]);
    let browser = Browser::to(server);
    assert_eq!(browser.follow(&link).await.status, 200);
    browser.enrol().await;
    browser
}

fn two_sites() -> World {
    let world = World::new();
    let places = world.org().join("places.toml");
    let text = fs::read_to_string(&places).unwrap();
    let more = "[[place]]\nid = \"dc\"\nkind = \"site\"\nname = \"Distribution\"\n";
    fs::write(places, text + more).unwrap();
    world
}

#[tokio::test]
async fn a_call_reaches_the_guards_of_its_site_and_asks_for_its_reason_afterwards() {
    let world = two_sites();
    let token = world.root();
    let server = world.start().await;
    let root = Api::to(&server, &token);
    let guard = of_team(&world, &server, ("ria", "guard@hq", "night")).await;
    let tom = signed_in(&world, &server, "tom", "engineer").await;

    let called = tom.post("/v1/panic", json!({"place": "d-0003"})).await;
    assert_eq!(called.status, 201, "{}", called.body);
    let incident = &called.body["incident"];
    assert_eq!(incident["owner"], json!({"kind": "team", "id": "night"}));
    assert_eq!((&incident["level"], &incident["site"]), (&json!("critical"), &json!("hq")));
    assert_eq!((&incident["reason_owed"], &incident["state"]), (&json!(true), &json!("new")));
    assert_eq!(called.body["routing"], "site_guards");
    assert_eq!(incident["entities"], json!(["place:d-0003"]));
    let words = incident["because"].as_str().unwrap();
    assert!(words.contains("at d-0003") && words.contains("team night"), "{words}");
    let id = incident["id"].as_str().unwrap().to_owned();

    // Pressed again, from anywhere: the same one, and no other is told.
    let again = tom.post("/v1/panic", json!({"place": "dc"})).await;
    assert_eq!((again.status, &again.body["incident"]["id"]), (200, &json!(id)));
    assert_eq!(again.body["routing"], Value::Null);
    assert_eq!(root.incidents().await.len(), 1);

    // The guard works it; who called may say why, and nothing else that the role forbids.
    let acts = format!("/v1/incidents/{id}/acts");
    assert_eq!(guard.post(&acts, json!({"action": "acknowledge"})).await.status, 200);
    tom.post(&acts, json!({"action": "start"})).await.is_problem(403, "forbidden");
    let other = guard.post(&acts, json!({"action": "comment", "text": "on our way"})).await;
    assert_eq!(other.body["incident"]["reason_owed"], true);
    let seen = tom.get(&format!("/v1/incidents/{id}")).await.body;
    let allowed: Vec<&str> = seen["actions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|offer| offer["allowed"] == true)
        .map(|offer| offer["action"].as_str().unwrap())
        .collect();
    assert_eq!(allowed, ["comment"]);
    let why = json!({"action": "comment", "text": "a man with a knife at the gate"});
    let told = tom.post(&acts, why).await;
    assert_eq!((told.status, &told.body["incident"]["reason_owed"]), (200, &Value::Null));

    let log = root.get("/v1/audit?limit=200").await;
    let raised: Vec<&Value> =
        log["acts"].as_array().unwrap().iter().filter(|act| act["verb"] == "panic.raise").collect();
    assert_eq!(raised.len(), 1);
    assert_eq!(raised[0]["detail"]["routing"], "site_guards");
    server.stop().await;
    let server = world.start().await;
    let root = Api::to(&server, &token);
    let kept = root.get(&format!("/v1/incidents/{id}")).await;
    assert_eq!(kept["incident"]["handling"]["call"]["by"], raised[0]["by"]);
    server.stop().await;
}

#[tokio::test]
async fn a_call_is_never_refused_whoever_calls_and_whatever_is_missing() {
    let world = two_sites();
    let (token, reader) = (world.root(), world.token("reader", &["read"], &[]));
    let server = world.start().await;
    let root = Api::to(&server, &token);
    // Nobody guards anything yet: the team that owns what no rule assigns.
    let auditor = signed_in(&world, &server, "hanneke", "auditor@dc").await;
    let torn = auditor.request("POST", "/v1/panic").body("{\"place\": [not json");
    let called = auditor.send(torn.header("x-csrf-token", auditor.csrf())).await;
    assert_eq!(called.status, 201, "{}", called.body);
    assert_eq!(called.body["routing"], "default_team");
    let incident = &called.body["incident"];
    assert_eq!((&incident["owner"]["id"], &incident["site"]), (&json!("soc"), &json!("dc")));

    // A flood of findings, an unknown place, a site that nobody guards.
    let mut rows = String::from("time,badge,door,result\n");
    for door in 0..600 {
        rows.push_str(&format!("{},,d-{door:04},forced\n", ago(30)));
    }
    root.take("doors", "text/csv", rows).await;
    let far = of_team(&world, &server, ("frans", "guard@dc", "gate")).await;
    let boss = signed_in(&world, &server, "boss", "administrator").await;
    let called = boss.post("/v1/panic", json!({"place": "nowhere", "asset": "pc-ana"})).await;
    assert_eq!(called.status, 201, "{}", called.body);
    assert_eq!(called.body["routing"], "other_guards");
    let incident = &called.body["incident"];
    assert_eq!((&incident["owner"]["id"], &incident["site"]), (&json!("gate"), &json!("hq")));
    assert_eq!(incident["entities"], json!(["asset:pc-ana", "place:lab"]));
    assert!(incident["because"].as_str().unwrap().contains("nowhere is not known"), "{incident}");
    // The gate's own call, and the site in the words where it has a name: nobody else is there,
    // and the one who calls cannot come.
    let called = far.post("/v1/panic", json!({"place": "dc"})).await;
    assert_eq!(called.body["incident"]["title"], "Panic: frans, Distribution");
    assert_eq!(called.body["routing"], "default_team");
    assert_eq!(called.body["incident"]["handling"]["everywhere"], true);
    // A token may call too, and is held to its scopes.
    let refused = Api::to(&server, &reader).post("/v1/panic", &json!({})).await;
    refused.is_problem(403, "forbidden");
    assert_eq!(root.post("/v1/panic", &json!({})).await.status, 201);
    // The badge says where the caller is.
    let row = format!("time,badge,door,direction,result\n{},B-1,d-0001,in,granted\n", ago(20));
    root.take("doors", "text/csv", row).await;
    until("ana is in the lab", async || {
        let band = root.get("/v1/presence/ana").await;
        band.as_array().unwrap().iter().any(|one| one["place"] == "lab").then_some(())
    })
    .await;
    let ana = operator(&world, &["add", "ana", "--role", "analyst", "--person", "ana"]);
    let browser = Browser::to(&server);
    assert_eq!(browser.follow(&ana).await.status, 200);
    browser.enrol().await;
    let called = browser.post("/v1/panic", Value::Null).await;
    assert_eq!(called.status, 201, "{}", called.body);
    let incident = &called.body["incident"];
    let words = incident["because"].as_str().unwrap();
    assert!(words.contains("near lab") && words.contains("by their badge"), "{words}");
    // Nobody has asked for a name, and whoever comes must know whom they look for and reach.
    let path = format!("/v1/incidents/{}", incident["id"].as_str().unwrap());
    let seen = boss.get(&path).await.body;
    let title = seen["incident"]["title"].as_str().unwrap();
    assert!(title.starts_with("Panic: ana") && title.contains(", lab"), "{title}");
    assert_eq!(seen["incident"]["handling"]["call"]["person"], "ana");
    let steps = seen["incident"]["sop"].as_array().unwrap();
    assert_eq!(steps.len(), 5, "{steps:?}");
    assert!(seen["escalates_at"].is_string(), "{seen}");
    server.stop().await;
}

#[tokio::test]
async fn a_call_from_nobody_knows_where_reaches_every_guard_of_every_site() {
    let world = two_sites();
    let token = world.root();
    let server = world.start().await;
    let root = Api::to(&server, &token);
    let hq = of_team(&world, &server, ("ria", "guard@hq", "night")).await;
    let dc = of_team(&world, &server, ("frans", "guard@dc", "gate")).await;
    let far = signed_in(&world, &server, "eva", "engineer@dc").await;
    let tom = signed_in(&world, &server, "tom", "engineer").await;
    let mut stream = hq.request("GET", "/v1/live").send().await.unwrap();
    let called = tom.post("/v1/panic", json!({})).await;
    assert_eq!(called.status, 201, "{}", called.body);
    let incident = &called.body["incident"];
    assert_eq!(incident["site"], Value::Null, "{incident}");
    let id = incident["id"].as_str().unwrap().to_owned();
    let mut heard = String::new();
    while !heard.contains(&id) {
        heard += &String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap());
    }
    for guard in [&hq, &dc] {
        let listed = guard.get("/v1/incidents").await.body;
        assert_eq!(listed["incidents"][0]["id"], json!(id), "{listed}");
        assert_eq!(guard.get(&format!("/v1/incidents/{id}")).await.status, 200);
    }
    // Who does not work incidents has nothing to do there.
    far.get(&format!("/v1/incidents/{id}")).await.is_problem(403, "forbidden");
    assert_eq!(far.get("/v1/incidents").await.body["incidents"], json!([]));
    let acts = format!("/v1/incidents/{id}/acts");
    assert_eq!(dc.post(&acts, json!({"action": "acknowledge"})).await.status, 200);
    hq.post(&acts, json!({"action": "comment", "text": "on my way too"})).await;
    let seen = root.get(&format!("/v1/incidents/{id}")).await;
    assert_eq!(seen["incident"]["state"], "acknowledged");
    // One whose place is known stays with those of its site.
    let near = far.post("/v1/panic", json!({"place": "dc"})).await.body["incident"].clone();
    let path = format!("/v1/incidents/{}", near["id"].as_str().unwrap());
    assert_eq!(dc.get(&path).await.status, 200);
    hq.get(&path).await.is_problem(403, "forbidden");
}

#[tokio::test]
async fn who_called_follows_what_becomes_of_the_call_wherever_it_is() {
    let world = two_sites();
    let server = world.start().await;
    let guard = of_team(&world, &server, ("ria", "guard@hq", "night")).await;
    let caller = signed_in(&world, &server, "eva", "engineer@dc").await;
    let mut stream = caller.request("GET", "/v1/live").send().await.unwrap();
    let called = caller.post("/v1/panic", json!({"place": "d-0003"})).await;
    let incident = &called.body["incident"];
    assert_eq!(incident["site"], "hq", "a site of others: {incident}");
    let id = incident["id"].as_str().unwrap();
    let acts = format!("/v1/incidents/{id}/acts");
    assert_eq!(guard.post(&acts, json!({"action": "acknowledge"})).await.status, 200);
    let mut heard = String::new();
    let is_told = |heard: &str| {
        let lines = heard.lines().filter_map(|line| line.strip_prefix("data:"));
        let mut told = lines.filter_map(|line| serde_json::from_str::<Value>(line.trim()).ok());
        told.any(|told| told["id"] == id && told["state"] == "acknowledged")
    };
    let listen = async {
        while !is_told(&heard) {
            heard += &String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap());
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), listen).await.unwrap();
}
