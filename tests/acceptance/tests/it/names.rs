//! Nobody's name, account or address is shown to an operator who has not said why it is wanted.

use std::fs;

use serde_json::json;

use crate::browser::{Browser, signed_in};
use crate::world::{Api, World};

/// Everything that says who it is.
const NAMING: [&str; 2] = ["okonkwo", "31 20 555"];

fn with_somebody(world: &World) {
    let add = |file: &str, lines: &str| {
        let path = world.org().join(file);
        fs::write(&path, fs::read_to_string(&path).unwrap() + lines).unwrap();
    };
    add("people.csv", "p-77,Zo\u{eb} Okonkwo,employee,active,hq\n");
    add(
        "identifiers.csv",
        "account,z.okonkwo,person:p-77,\nemail,zoe.okonkwo@house.example,person:p-77,\n\
         phone,+31 20 555 0177,person:p-77,\n",
    );
}

async fn text(browser: &Browser, path: &str) -> String {
    let answer = browser.request("GET", path).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    answer.text().await.unwrap()
}

async fn queried(browser: &Browser) -> String {
    let sql = "SELECT ocsf FROM events WHERE class_uid = 3002";
    let answer = browser.post("/v1/query", json!({"sql": sql})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body.to_string()
}

#[tokio::test]
async fn people_are_called_by_their_ids_until_a_reason_is_given() {
    let world = World::new();
    with_somebody(&world);
    let (root, reader) = (world.root(), world.token("reads", &["read"], &[]));
    let names = world.token("sees", &["read", "names"], &[]);
    let server = world.start().await;
    let api = Api::to(&server, &root);
    let told = "Zo\u{eb} Okonkwo (HOUSE\\Z.OKONKWO, zoe.okonkwo@house.example, +31 20 555 0177)";
    let record = json!({"marker": 1, "user": "z.okonkwo", "text": told});
    api.take("app", "application/json", record.to_string()).await;
    api.settled().await;

    let analyst = signed_in(&world, &server, "looks", "analyst").await;
    let made = json!({"title": "About Zo\u{eb} Okonkwo", "text": told, "level": "low",
        "team": "guard", "site": "hq"});
    let opened = analyst.post("/v1/incidents", made).await;
    assert_eq!(opened.status, 200, "{}", opened.body);
    let incident = format!("/v1/incidents/{}", opened.body["incident"]["id"].as_str().unwrap());
    let event = analyst.get("/v1/events?person=p-77").await.body["events"][0].clone();
    let raw = format!("/v1/events/{}/raw", event["record"]);
    let event = format!("/v1/events/{}/{}", event["record"], event["part"]);
    let paths = [
        "/v1/events?person=p-77",
        "/v1/events/export?person=p-77&format=ndjson",
        "/v1/events/export?person=p-77&format=csv",
        "/v1/people",
        "/v1/people/p-77",
        "/v1/incidents",
        &event,
        &raw,
        &incident,
    ];
    for path in paths {
        let found = text(&analyst, path).await;
        assert!(found.contains("p-77"), "{path}: {found}");
        let named = NAMING.iter().find(|word| found.to_lowercase().contains(**word));
        assert_eq!(named, None, "{path}: {found}");
    }
    assert!(!queried(&analyst).await.to_lowercase().contains("okonkwo"));
    assert!(!Api::to(&server, &reader).get(&event).await.to_string().contains("okonkwo"));
    assert!(Api::to(&server, &names).get(&event).await.to_string().contains("z.okonkwo"));

    assert_eq!(analyst.get(&raw).await.body["is_covered"], true);
    let guard = signed_in(&world, &server, "gate", "guard").await;
    guard.get(&raw).await.is_problem(403, "forbidden");
    analyst.get("/v1/events/999999/raw").await.is_problem(404, "not_found");

    let reason = json!({"reason": "asked by the desk"});
    let shown = analyst.post("/v1/people/p-77/reveal", reason).await;
    assert_eq!(shown.body["name"], "Zo\u{eb} Okonkwo", "{}", shown.body);
    for path in [event.as_str(), incident.as_str(), "/v1/people", "/v1/events?person=p-77"] {
        assert!(text(&analyst, path).await.contains("Zo\u{eb} Okonkwo"), "{path}");
    }
    assert!(queried(&analyst).await.contains("z.okonkwo"));
    let said = analyst.get(&raw).await.body;
    assert_eq!(said["text"], record.to_string(), "word by word");
    assert_eq!((&said["is_covered"], &said["is_cut"]), (&json!(false), &json!(false)));
    assert_eq!((&said["source"], &said["wire"]), (&json!("app"), &json!("json")));
    let other = signed_in(&world, &server, "other", "analyst").await;
    assert!(!text(&other, &event).await.contains("Okonkwo"));
}

#[tokio::test]
async fn no_function_takes_a_covered_name_apart_and_no_query_exhausts_the_stack() {
    let world = World::new();
    with_somebody(&world);
    let server = world.start().await;
    let analyst = signed_in(&world, &server, "looks", "analyst").await;
    let ask = async |sql: &str| analyst.post("/v1/query", json!({"sql": sql})).await;
    for sql in ["SELECT reverse(ocsf) FROM events", "SELECT 'x' || user_name FROM events"] {
        let answer = ask(sql).await;
        assert!(answer.is_problem(403, "forbidden").contains("covered"), "{sql}");
    }
    let many = format!("SELECT 1{} FROM events", "+1".repeat(3_000));
    assert!(ask(&many).await.is_problem(400, "bad_request").contains("operators"));
    assert_eq!(ask("SELECT count(*), max(time) FROM events").await.status, 200);
}
