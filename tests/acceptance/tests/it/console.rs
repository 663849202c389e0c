//! What the console asks: the organisation, plans, doors, history, views, the audit log, names, and
//! its own files.

use serde_json::{Value, json};

use crate::world::{Api, World, ago, client, door_event, until};

const PLAN: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 300'>\
                    <path d='M0 0h9'/></svg>";

#[tokio::test]
async fn the_organisation_comes_in_one_answer_and_only_when_it_has_changed() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let url = server.url("/v1/organisation");
    let first = api.send(api.client.get(&url)).await;
    assert_eq!(first.status, 200);
    assert_eq!(first.body["sites"], json!(["hq"]));
    let door = &first.body["doors"][7];
    assert_eq!((&door["door"], &door["to_zone"]), (&json!("d-0007"), &json!("lab")));
    assert!(first.body["teams"].as_array().unwrap().contains(&json!("guard")));
    assert!(!first.body.to_string().contains("Ana Example"), "no names in it");
    let tag = first.header("etag");
    let again = api.client.get(&url).header("if-none-match", &tag);
    assert_eq!(api.send(again).await.status, 304);
    server.stop().await;
}

#[tokio::test]
async fn a_plan_is_kept_with_its_marks_and_holds_nothing_that_acts() {
    let world = World::new();
    let token = world.root();
    let reader = world.token("reader", &["read"], &[]);
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let put = |path: &str, body: &str| {
        api.client
            .put(server.url(path))
            .header(
                "content-type",
                if path.ends_with("marks") { "application/json" } else { "image/svg+xml" },
            )
            .body(body.to_owned())
    };
    let image = "/v1/plans/hq/image";
    assert_eq!(api.send(put(image, PLAN)).await.status, 204);
    let marks = json!([{"entity": "place:d-0007", "x": 0.25, "y": 0.5}]).to_string();
    assert_eq!(api.send(put("/v1/plans/hq/marks", &marks)).await.status, 204);
    let plans = api.get("/v1/plans").await;
    assert_eq!((&plans[0]["width"], &plans[0]["height"]), (&json!(400), &json!(300)));
    assert_eq!(plans[0]["marks"][0]["x"], 0.25);

    let shown = client().get(server.url(image)).bearer_auth(&token).send().await.unwrap();
    let policy = shown.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    assert_eq!(shown.headers()["content-type"], "image/svg+xml");
    assert_eq!(shown.text().await.unwrap(), PLAN);

    let active = PLAN.replace("<path", "<script>alert(1)</script><path");
    let refused = api.send(put(image, &active)).await;
    assert!(refused.is_problem(400, "bad_request").contains("<script>"));
    let unknown = json!([{"entity": "place:nowhere", "x": 0.1, "y": 0.1}]).to_string();
    let refused = api.send(put("/v1/plans/hq/marks", &unknown)).await;
    assert!(refused.is_problem(400, "bad_request").contains("place:nowhere"));
    let outside = json!([{"entity": "place:d-0007", "x": 1.5, "y": 0.1}]).to_string();
    assert_eq!(api.send(put("/v1/plans/hq/marks", &outside)).await.status, 400);
    assert_eq!(api.send(put("/v1/plans/nowhere/image", PLAN)).await.status, 404);
    let theirs = Api::to(&server, &reader);
    assert_eq!(theirs.send(put(image, PLAN)).await.status, 403);
    // A new image keeps what stands on it.
    assert_eq!(api.send(put(image, &PLAN.replace("400", "800"))).await.status, 204);
    assert_eq!(api.get("/v1/plans").await[0]["marks"].as_array().unwrap().len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_door_stands_as_its_last_word_says() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let state = async |door: &str| {
        let all = api.get("/v1/doors/states").await;
        all.as_array().unwrap().iter().find(|d| d["door"] == door).unwrap().clone()
    };
    assert_eq!(state("d-0001").await["state"], "unknown");
    api.take("doors", "text/csv", door_event("d-0001", "forced")).await;
    until("it is forced", async || (state("d-0001").await["state"] == "forced").then_some(()))
        .await;
    let pass = |result: &str, seconds| {
        format!("time,badge,door,direction,result\n{},B-1,d-0001,in,{result}\n", ago(seconds))
    };
    // A refusal says who stood there, and nothing of how the door stands.
    api.take("doors", "text/csv", pass("denied", 30)).await;
    let refused = until("somebody was refused", async || {
        let door = state("d-0001").await;
        (door["last"]["granted"] == false).then_some(door)
    })
    .await;
    assert_eq!((&refused["state"], &refused["last"]["person"]), (&json!("forced"), &json!("ana")));
    api.take("doors", "text/csv", pass("granted", 10)).await;
    until("it is shut again", async || (state("d-0001").await["state"] == "normal").then_some(()))
        .await;
    server.stop().await;
}

#[tokio::test]
async fn a_resolved_incident_still_rang_somebody() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    api.take("doors", "text/csv", door_event("d-0001", "forced")).await;
    let open = until("an incident is open", async || {
        let page = api.get("/v1/incidents").await;
        page["incidents"].as_array().unwrap().first().map(|one| one["id"].clone())
    })
    .await;
    let act = format!("/v1/incidents/{}/acts", open.as_str().unwrap());
    for act_of in [
        json!({"action": "acknowledge"}),
        json!({"action": "resolve", "disposition": "test", "reason": "a drill"}),
    ] {
        assert_eq!(api.post(&act, &act_of).await.status, 200);
    }
    let rates = api.get("/v1/alarm-rates?window=ten_minutes").await;
    let windows = rates["windows"].as_array().unwrap();
    assert_eq!((windows.len(), &windows[0]["name"]), (1, &json!("ten_minutes")));
    let bars = rates["bars"].as_array().unwrap();
    assert_eq!((bars.len(), bars.last()), (12, Some(&json!(1))), "{rates}");
    assert_eq!(windows[0]["alarms"], 1);
    assert_eq!(api.get("/v1/alarm-rates").await["windows"].as_array().unwrap().len(), 3);
    let refused = api.send(client().get(server.url("/v1/alarm-rates?window=year"))).await;
    assert!(refused.is_problem(400, "bad_request").contains("`year`"));
    assert_eq!(api.get("/v1/things/states").await, json!([]));
    server.stop().await;
}

#[tokio::test]
async fn a_search_is_counted_over_time_and_taken_along() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let line = |n: u64| {
        let text = if n == 0 { "=1+1, \"quoted\"" } else { "plain" };
        json!({"marker": n, "user": "ana", "text": text}).to_string() + "\n"
    };
    let lines: String = (0..10).map(line).collect();
    api.take("app", "application/x-ndjson", lines).await;
    api.until_count("SELECT count(*) FROM events WHERE source = 'app'", 10).await;

    let from = ago(200);
    let path = |what: &str| format!("/v1/events/{what}&from={from}&person=ana&source=app");
    let found = api.get(&path("histogram?buckets=10")).await;
    let counts: Vec<u64> =
        found["buckets"].as_array().unwrap().iter().map(|b| b["count"].as_u64().unwrap()).collect();
    assert_eq!((counts.len(), counts.iter().sum::<u64>()), (10, 10), "{counts:?}");
    assert_eq!(counts[..4].iter().sum::<u64>(), 0, "{counts:?}");
    let none = api.get(&path("histogram?text=%27%20OR%201=1&buckets=5")).await;
    assert!(none["buckets"].as_array().unwrap().iter().all(|b| b["count"] == 0), "{none}");

    let file = async |format: &str| {
        let url = server.url(&path(&format!("export?format={format}")));
        let answer = client().get(url).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        assert!(answer.headers()["content-disposition"].to_str().unwrap().contains(format));
        answer.text().await.unwrap()
    };
    let csv = file("csv").await;
    assert_eq!(csv.lines().count(), 11, "{csv}");
    assert!(csv.contains("\"'=1+1, \"\"quoted\"\"\""), "no formula runs: {csv}");
    let events: Vec<Value> =
        file("ndjson").await.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(events.len(), 10);
    let wrong = api.client.get(server.url("/v1/events/export?format=xls"));
    assert!(
        api.send(wrong).await.is_problem(400, "bad_request").contains("csv, ndjson or parquet")
    );
    server.stop().await;
}

#[tokio::test]
async fn views_are_ones_own_unless_shared_and_the_audit_log_can_be_read_and_verified() {
    let world = World::new();
    let (ana, ben) = (world.root(), world.token("ben", &["read", "operate"], &[]));
    let server = world.start().await;
    let (ana, ben) = (Api::to(&server, &ana), Api::to(&server, &ben));
    let save = async |api: &Api, name: &str, shared: bool| {
        let view = json!({"kind": "incidents", "query": "state=new", "shared": shared});
        let put = api.client.put(server.url(&format!("/v1/views/{name}")));
        api.send(put.json(&view)).await.status
    };
    assert_eq!(save(&ana, "mine", false).await, 204);
    assert_eq!(save(&ana, "night%20shift", true).await, 204);
    let names = async |api: &Api| {
        let all = api.get("/v1/views").await;
        let name = |v: &Value| v["name"].as_str().unwrap().to_owned();
        all.as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(&ana).await, ["mine", "night shift"]);
    assert_eq!(names(&ben).await, ["night shift"]);
    let theirs = ben.client.delete(server.url("/v1/views/night%20shift"));
    assert_eq!(ben.send(theirs).await.status, 404, "only its owner forgets it");

    let revealed = ana.post("/v1/people/ben/reveal", &json!({"reason": "a refused badge"})).await;
    assert_eq!(revealed.body["name"], "Ben Example", "{}", revealed.body);
    assert_eq!(ana.get("/v1/people/ben").await["name"], "Ben Example", "its scope is for names");
    assert_eq!(ben.get("/v1/people/ben").await["name"], Value::Null);
    let without = ana.post("/v1/people/ben/reveal", &json!({"reason": "  "})).await;
    without.is_problem(400, "bad_request");
    let log = ana.get("/v1/audit?limit=5").await;
    let act = &log["acts"][0];
    assert_eq!((&act["verb"], &act["object"]), (&json!("person.reveal"), &json!("person:ben")));
    assert_eq!(act["detail"]["reason"], "a refused badge");
    let verdict = ana.get("/v1/audit/verification").await;
    assert_eq!((&verdict["is_whole"], &verdict["entries"]), (&json!(true), &act["seq"]));
    ben.send(ben.client.get(server.url("/v1/audit"))).await.is_problem(403, "forbidden");
    server.stop().await;
}

#[tokio::test]
async fn a_hand_over_and_a_merge_reach_everybody() {
    let world = World::new();
    let (root, ben) = (world.root(), world.token("ben", &["read", "operate"], &[]));
    let server = world.start().await;
    let (ana, ben) = (Api::to(&server, &root), Api::to(&server, &ben));
    ana.take("doors", "text/csv", door_event("d-0001", "forced")).await;
    ana.take("doors", "text/csv", door_event("d-0002", "forced")).await;
    let found = ana.incidents_of("door-forced", 2).await;
    let id = |at: usize| found[at]["id"].as_str().unwrap().to_owned();
    let act = async |api: &Api, id: &str, act: Value| {
        let done = api.post(&format!("/v1/incidents/{id}/acts"), &act).await;
        assert_eq!(done.status, 200, "{act}: {}", done.body);
        done.body["incident"].clone()
    };
    act(&ana, &id(0), json!({"action": "acknowledge"})).await;
    let to = json!({"kind": "person", "id": "ben"});
    let offered = act(&ana, &id(0), json!({"action": "offer", "to": to, "note": "night"})).await;
    assert_eq!(offered["owner"]["id"], "ana", "hers until he accepts");
    assert_eq!(offered["handling"]["offer"]["note"], "night");
    let taken = act(&ben, &id(0), json!({"action": "accept"})).await;
    assert_eq!(taken["owner"]["id"], "ben");
    let gone = act(&ben, &id(1), json!({"action": "merge", "into": id(0)})).await;
    assert_eq!((&gone["state"], &gone["disposition"]), (&json!("resolved"), &json!("duplicate")));
    let held = ben.get(&format!("/v1/incidents/{}", id(0))).await["incident"].clone();
    assert_eq!(held["findings"].as_array().unwrap().len(), 2);
    assert_eq!(held["handling"]["merged"], json!([id(1)]));
    // What fires again on the merged one's finding is the other's; both survive a restart.
    server.stop().await;
    let server = world.start().await;
    let api = Api::to(&server, &root);
    let held = api.get(&format!("/v1/incidents/{}", id(0))).await["incident"].clone();
    assert_eq!(held["owner"]["id"], "ben");
    assert!(world.admin("verify").0);
    server.stop().await;
}

#[tokio::test]
async fn the_console_comes_from_the_binary_under_a_strict_policy() {
    let world = World::new();
    let server = world.start().await;
    for path in ["/", "/incidents?i=x", "/operations"] {
        let page = client().get(server.url(path)).send().await.unwrap();
        assert_eq!(page.status().as_u16(), 200, "{path}");
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(page.text().await.unwrap().to_lowercase().contains("<!doctype html>"));
    }
    for path in ["/assets/nothing.js", "/v1/nowhere", "/index.html.bak", "/v1"] {
        let answer = client().get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 404, "{path}");
    }
    server.stop().await;
}
