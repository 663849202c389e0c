//! The occurrence log: written once, never changed, corrected by a newer entry, fenced by sites.

use serde_json::{Value, json};

use crate::browser::signed_in;
use crate::world::{Api, World, ago, client, door_event};

fn texts(page: &Value) -> Vec<&str> {
    page["occurrences"].as_array().unwrap().iter().map(|o| o["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_entry_is_written_once_and_corrected_by_another() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let url = server.url("/v1/occurrences");
    let send = async |body: &Value, key: &str| {
        api.send(api.client.post(&url).json(body).header("idempotency-key", key)).await
    };
    let first = json!({"kind": "patrol", "place": "lab", "text": "  Round done.\r\nAll shut. "});
    let written = send(&first, "k-1").await;
    assert_eq!(written.status, 201, "{}", written.body);
    let entry = &written.body;
    assert_eq!((&entry["site"], &entry["number"]), (&json!("hq"), &json!(1)));
    assert_eq!(
        (&entry["text"], &entry["kind"]),
        (&json!("Round done.\nAll shut."), &json!("patrol"))
    );
    assert!(entry["by"].as_str().unwrap().starts_with("tok-"), "{entry}");
    let again = send(&first, "k-1").await;
    assert_eq!((again.status, &again.body), (200, entry), "the same entry, written once");
    let other = json!({"kind": "note", "text": "something else"});
    send(&other, "k-1").await.is_problem(409, "key_taken");

    let fixed = json!({"kind": "patrol", "text": "All shut but d-0004.", "corrects": entry["id"]});
    let fixed = send(&fixed, "k-2").await.body;
    assert_eq!(
        (&fixed["site"], &fixed["place"], &fixed["at"]),
        (&entry["site"], &entry["place"], &entry["at"]),
        "where and when it corrects"
    );
    assert_eq!((&fixed["corrects"], &fixed["number"]), (&entry["id"], &json!(2)));
    let listed = api.get("/v1/occurrences").await;
    assert_eq!(listed["occurrences"].as_array().unwrap().len(), 2, "what was said stays: {listed}");

    // The chain proves the words without holding them.
    let log = api.get("/v1/audit?limit=2").await;
    let act = &log["acts"][0];
    assert_eq!((&act["verb"], &act["by"]), (&json!("occurrence.write"), &fixed["by"]));
    assert!(!log.to_string().contains("All shut"), "{log}");
    let said = format!("{}\n{}", fixed["id"].as_str().unwrap(), fixed["text"].as_str().unwrap());
    assert_eq!(act["detail"]["text_sha256"], crate::papers::sha256(said.as_bytes()));

    // A key, an entry and its number outlive the program.
    server.stop().await;
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let url = server.url("/v1/occurrences");
    let again = api.send(api.client.post(&url).json(&first).header("idempotency-key", "k-1")).await;
    assert_eq!((again.status, &again.body), (200, &written.body));
    assert!(world.admin("verify").0);
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_have_been_written_is_refused_with_its_reason() {
    let world = World::new();
    let token = world.root();
    let reader = world.token("reader", &["read"], &[]);
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let refused = async |body: Value, status, code, said: &str| {
        let answer = api.post("/v1/occurrences", &body).await;
        let detail = answer.is_problem(status, code);
        assert!(detail.contains(said), "{detail}");
    };
    let later = {
        let year = ago(0)[..4].parse::<u32>().unwrap() + 1;
        format!("{year}-01-01T00:00:00Z")
    };
    refused(json!({"kind": "note", "text": " \n "}), 400, "bad_request", "0 characters").await;
    let long = "é".repeat(4_001);
    refused(json!({"kind": "note", "text": long}), 400, "bad_request", "4001 characters").await;
    refused(json!({"kind": "note", "text": "a\u{0}b"}), 400, "bad_request", "U+0000").await;
    refused(json!({"kind": "note", "text": "x", "at": later}), 400, "bad_request", "after now")
        .await;
    let nowhere = json!({"kind": "note", "text": "x", "place": "nowhere"});
    refused(nowhere, 404, "not_found", "place `nowhere`").await;
    let zone = json!({"kind": "note", "text": "x", "site": "lab"});
    refused(zone, 404, "not_found", "site `lab`").await;
    let lost = json!({"kind": "note", "text": "x", "corrects": "o-nothing"});
    refused(lost, 404, "not_found", "occurrence `o-nothing`").await;
    let lost = json!({"kind": "note", "text": "x", "incident": "i-nothing"});
    refused(lost, 404, "not_found", "incident `i-nothing`").await;
    let kind = api.post("/v1/occurrences", &json!({"kind": "gossip", "text": "x"})).await;
    assert!((400..500).contains(&kind.status), "{}", kind.body);
    let theirs = Api::to(&server, &reader);
    let note = json!({"kind": "note", "text": "x"});
    theirs.post("/v1/occurrences", &note).await.is_problem(403, "forbidden");
    assert_eq!(texts(&api.get("/v1/occurrences").await), [""; 0]);
    server.stop().await;
}

#[tokio::test]
async fn the_log_is_read_by_time_page_by_page_and_within_ones_site() {
    let world = World::new();
    let places = world.org().join("places.toml");
    let text = std::fs::read_to_string(&places).unwrap();
    std::fs::write(places, text + "[[place]]\nid = \"dc\"\nkind = \"site\"\n").unwrap();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let near = signed_in(&world, &server, "near", "guard@hq").await;
    let far = signed_in(&world, &server, "far", "guard@dc").await;
    let looks = signed_in(&world, &server, "looks", "auditor").await;

    // A console that listens hears of every entry of its site.
    let stream = near.request("GET", "/v1/live").send().await.unwrap();
    assert_eq!(stream.status().as_u16(), 200);
    let write = async |text: &str, minutes: u64, site: &str| {
        let body = json!({"kind": "note", "text": text, "at": ago(minutes * 60), "site": site});
        let done = near.post("/v1/occurrences", body).await;
        assert_eq!(done.status, 201, "{}", done.body);
    };
    write("an hour ago", 60, "hq").await;
    write("now, said Ana Example", 0, "hq").await;
    write("half an hour ago", 30, "hq").await;
    let heard = crate::papers::heard(stream, "occurrence").await;
    assert_eq!(heard["site"], "hq", "{heard}");

    let there = json!({"kind": "note", "text": "x", "site": "dc"});
    let detail = near.post("/v1/occurrences", there).await;
    assert!(detail.is_problem(403, "forbidden").contains("`dc`"));
    let nowhere = json!({"kind": "note", "text": "x"});
    near.post("/v1/occurrences", nowhere.clone()).await.is_problem(403, "forbidden");
    looks.post("/v1/occurrences", nowhere.clone()).await.is_problem(403, "forbidden");
    assert_eq!(api.post("/v1/occurrences", &nowhere).await.status, 201, "a role for all may");

    let page = near.get("/v1/occurrences?limit=2").await.body;
    assert_eq!(texts(&page), ["now, said […]", "half an hour ago"]);
    let next = page["next"].as_str().unwrap();
    let rest = near.get(&format!("/v1/occurrences?limit=2&after={next}")).await.body;
    assert_eq!((texts(&rest), &rest["next"]), (vec!["an hour ago"], &Value::Null));
    let (from, to) = (ago(45 * 60), ago(10 * 60));
    let between = near.get(&format!("/v1/occurrences?from={from}&to={to}")).await.body;
    assert_eq!(texts(&between), ["half an hour ago"]);
    assert_eq!(texts(&far.get("/v1/occurrences").await.body), [""; 0]);
    assert_eq!(texts(&far.get("/v1/occurrences?site=hq").await.body), [""; 0]);
    assert_eq!(texts(&looks.get("/v1/occurrences").await.body).len(), 4);
    assert_eq!(texts(&looks.get("/v1/occurrences?site=hq").await.body).len(), 3);

    // An entry about an incident stands where the incident is.
    api.take("doors", "text/csv", door_event("d-0001", "forced")).await;
    let incident = api.incidents_of("door-forced", 1).await.remove(0)["id"].clone();
    let about = json!({"kind": "note", "text": "went there", "incident": incident});
    far.post("/v1/occurrences", about.clone()).await.is_problem(403, "forbidden");
    let done = near.post("/v1/occurrences", about).await;
    assert_eq!((done.status, &done.body["site"]), (201, &json!("hq")));
    let of = format!("/v1/occurrences?incident={}", incident.as_str().unwrap());
    assert_eq!(texts(&near.get(&of).await.body), ["went there"]);
    let bare = client().get(server.url("/v1/occurrences")).send().await.unwrap();
    assert_eq!(bare.status().as_u16(), 401);
}
