//! Nobody's name, account or address is shown to an operator who has not said why it is wanted.

use std::fs;

use serde_json::json;

use crate::browser::{Browser, signed_in};
use crate::world::{Api, World, ago};

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
        &event,
        &raw,
    ];
    // What people wrote says that somebody is meant, and not who: else the writer of a name could
    // read from the answer who stands behind a pseudonym.
    let logged = json!({"kind": "note", "site": "hq", "text": told});
    let logged = analyst.post("/v1/occurrences", logged).await;
    assert_eq!(logged.status, 201, "{}", logged.body);
    let comment = json!({"action": "comment", "text": told});
    let said = analyst.post(&format!("{incident}/acts"), comment).await;
    assert_eq!(said.status, 200, "{}", said.body);
    let written = ["/v1/incidents", &incident, "/v1/occurrences"].map(|path| (path, "[…]"));
    for (path, mark) in paths.map(|path| (path, "p-77")).into_iter().chain(written) {
        let found = text(&analyst, path).await;
        assert!(found.contains(mark), "{path}: {found}");
        assert_eq!(mark == "[…]", !found.contains("p-77"), "{path}: {found}");
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

    assert_eq!(analyst.get("/v1/names").await.body, json!([]));
    let reason = json!({"reason": "asked by the desk"});
    let shown = analyst.post("/v1/people/p-77/reveal", reason).await;
    assert_eq!(shown.body["name"], "Zo\u{eb} Okonkwo", "{}", shown.body);
    let named = json!([{"id": "p-77", "name": "Zo\u{eb} Okonkwo"}]);
    assert_eq!(analyst.get("/v1/names").await.body, named);
    let taken = text(&analyst, "/v1/events/export?person=p-77&format=csv").await;
    assert!(taken.contains("p-77,Zo\u{eb} Okonkwo,z.okonkwo"), "{taken}");
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
    assert_eq!(other.get("/v1/names").await.body, json!([]), "who did not ask is told nobody");
    assert!(!text(&other, "/v1/events/export?person=p-77&format=csv").await.contains("Okonkwo"));
    assert_eq!(Api::to(&server, &names).get("/v1/names").await, json!([]));
}

#[tokio::test]
async fn a_name_of_two_bytes_a_character_is_covered_in_a_record_that_is_no_text() {
    let world = World::new();
    with_somebody(&world);
    let root = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &root);
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let line = [b"<13>Nov 22 10:00:00 host app: ".to_vec(), wide("user z.okonkwo in")].concat();
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.send_to(&line, server.listener("syslog_udp")).unwrap();
    api.until_account(["listen", "syslog_udp", "kept", ""], 1).await;
    api.settled().await;
    let record = api.sql("SELECT max(seq) FROM raw").await[0][0].clone();
    let analyst = signed_in(&world, &server, "looks", "analyst").await;
    let hex = |text: &str| -> String { wide(text).iter().map(|b| format!("{b:02x}")).collect() };
    let said = analyst.get(&format!("/v1/events/{record}/raw")).await.body;
    let shown = said["hex"].as_str().unwrap_or_else(|| panic!("{said}"));
    assert!(shown.ends_with(&hex("user p-77 in")), "{said}");
    assert_eq!(said["is_covered"], true);
    let reason = json!({"reason": "asked by the desk"});
    assert_eq!(analyst.post("/v1/people/p-77/reveal", reason).await.status, 200);
    let said = analyst.get(&format!("/v1/events/{record}/raw")).await.body;
    assert!(said["hex"].as_str().unwrap().ends_with(&hex("user z.okonkwo in")), "{said}");
}

#[tokio::test]
async fn a_badge_of_somebody_who_left_says_so_and_moves_nobody() {
    let world = World::new();
    let add = |file: &str, lines: &str| {
        let path = world.org().join(file);
        fs::write(&path, fs::read_to_string(&path).unwrap() + lines).unwrap();
    };
    add("places.toml", "[[place]]\nid = \"dc\"\nkind = \"site\"\n");
    add("people.csv", "p-88,Casper Example,employee,left,hq\n");
    add("identifiers.csv", "badge,B-881234,person:p-88,\naccount,c.example,person:p-88,\n");
    let root = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &root);
    let none = api.get("/v1/presence/p-88/passage").await;
    assert_eq!(none, json!({}), "never at a door");
    let row = |badge: &str, result: &str, seconds: u64| {
        let time = ago(seconds);
        format!("time,badge,door,direction,result\n{time},{badge},d-0001,in,{result}\n")
    };
    api.take("doors", "text/csv", row("B-881234", "granted", 30)).await;
    api.take("doors", "text/csv", row("B-1", "granted", 20)).await;
    api.settled().await;
    let passage = async |person: &str| {
        api.get(&format!("/v1/presence/{person}/passage")).await["passage"].clone()
    };
    let found = passage("p-88").await;
    let said = ["turn", "uncounted", "credential", "badge", "door"].map(|key| found[key].as_str());
    let expected = ["granted", "not_in_force", "revoked", "\u{2026}234", "d-0001"].map(Some);
    assert_eq!(said, expected, "{found}");
    let band = api.get("/v1/presence/p-88").await;
    assert!(band.as_array().unwrap().iter().all(|stay| stay["state"] == "unknown"), "{band}");
    let person = api.get("/v1/people/p-88").await;
    let overdue = person["identifiers"].as_array().unwrap().iter();
    let overdue = overdue.filter(|one| one["overdue"] == true).count();
    assert_eq!((overdue, &person["status"]), (2, &json!("left")), "{person}");
    api.take("doors", "text/csv", row("B-881234", "denied", 10)).await;
    api.settled().await;
    assert_eq!(passage("p-88").await["uncounted"], "refused");
    assert_eq!(passage("ana").await["uncounted"], json!(null), "hers counts");
    let far = signed_in(&world, &server, "frans", "guard@dc").await;
    far.get("/v1/presence/p-88/passage").await.is_problem(403, "forbidden");
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
    // Who is who cannot be asked either, and a long question is no busy server.
    let answer = ask("SELECT person FROM events WHERE user_name LIKE 'z.%'").await;
    assert!(answer.is_problem(403, "forbidden").contains("covered"));
    let long = format!("SELECT 1 WHERE 'x' = '{}'", "x".repeat(70_000));
    ask(&long).await.is_problem(413, "too_large");
}

#[tokio::test]
async fn badge_numbers_are_covered_like_names_and_no_search_says_whose_they_are() {
    let world = World::new();
    with_somebody(&world);
    let path = world.org().join("identifiers.csv");
    let lines = fs::read_to_string(&path).unwrap() + "badge,100231,person:p-77,\n";
    fs::write(&path, lines).unwrap();
    let (root, names) = (world.root(), world.token("sees", &["read", "names"], &[]));
    let server = world.start().await;
    let api = Api::to(&server, &root);
    let row = |badge: &str| {
        format!("time,badge,door,direction,result\n{},{badge},d-0001,in,granted\n", ago(30))
    };
    api.take("doors", "text/csv", row("100231")).await;
    api.take("doors", "text/csv", row("999999")).await;
    let record = json!({"marker": 1, "user": "z.okonkwo", "text": "from port 100231"});
    api.take("app", "application/json", record.to_string()).await;
    api.settled().await;
    let analyst = signed_in(&world, &server, "looks", "analyst").await;
    let from = ago(3_600);
    let find = async |browser: &Browser, asked: &str| {
        let answer = browser.get(&format!("/v1/events?from={from}&{asked}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let bars = browser.get(&format!("/v1/events/histogram?from={from}&{asked}")).await.body;
        let bars = bars["buckets"].as_array().unwrap().iter();
        let counted: u64 = bars.map(|bar| bar["count"].as_u64().unwrap()).sum();
        let file = format!("/v1/events/export?format=ndjson&from={from}&{asked}");
        let file = text(browser, &file).await;
        let found = answer.body["events"].as_array().unwrap().len();
        assert_eq!((counted, file.lines().count()), (found as u64, found), "{asked}");
        (found, answer.body)
    };
    let (doors, page) = find(&analyst, "person=p-77&source=doors").await;
    assert_eq!(doors, 2, "the passage and the verdict: {page}");
    assert!(!page.to_string().contains("100231"), "{page}");
    assert_eq!(page["names_unsearched"], json!(null));
    assert!(find(&analyst, "source=app").await.1.to_string().contains("from port 100231"));
    // Neither whole nor in part, neither by text nor by field.
    for asked in ["text=okonkwo", "text=z.oko", "user=z.okonkwo", "credential=100231"] {
        let (found, page) = find(&analyst, asked).await;
        assert_eq!((found, &page["names_unsearched"]), (0, &json!(true)), "{asked}");
    }
    let (found, page) = find(&analyst, "text=100231").await;
    assert_eq!(found, 1, "the port: {page}");
    // Whom nobody knows is nobody's secret.
    assert!(find(&analyst, "credential=999999").await.0 > 0);
    let sees = Api::to(&server, &names).get(&format!("/v1/events?from={from}&text=100231")).await;
    assert_eq!(sees["events"].as_array().unwrap().len(), 3, "{sees}");
    let sql = json!({"sql": "SELECT credential AS c, ocsf AS o FROM events"});
    let told = analyst.post("/v1/query", sql.clone()).await.body.to_string();
    assert!(told.contains("p-77") && told.contains("port 100231"), "{told}");
    assert!(!told.replace("port 100231", "").contains("100231"), "{told}");

    let reason = json!({"reason": "asked by the desk"});
    assert_eq!(analyst.post("/v1/people/p-77/reveal", reason).await.status, 200);
    for asked in ["text=okonkwo", "user=z.okonkwo", "credential=100231"] {
        assert!(find(&analyst, asked).await.0 > 0, "{asked}");
    }
    assert!(find(&analyst, "source=doors").await.1.to_string().contains("100231"));
    assert!(analyst.post("/v1/query", sql).await.body.to_string().contains("\"100231\""));
}
