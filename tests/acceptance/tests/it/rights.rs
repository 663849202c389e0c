//! Rights over the real interface: each role gets what the matrix says and no more, and a role of
//! one site ends at its fence.

use std::fs;

use serde_json::{Value, json};

use crate::browser::{Browser, operator, signed_in};
use crate::world::{Api, Plan, World, castellan, door_event, said, until};

#[tokio::test]
async fn every_role_gets_what_the_matrix_says_and_no_more() {
    let world = World::new();
    let server = world.start().await;
    let routes = [
        ("GET", "/v1/incidents", "incident.read", Value::Null),
        ("GET", "/v1/occurrences", "occurrence.read", Value::Null),
        ("GET", "/v1/events", "event.search", Value::Null),
        ("GET", "/v1/people", "person.read", Value::Null),
        ("GET", "/v1/sources", "source.read", Value::Null),
        ("GET", "/v1/mappings", "mapping.read", Value::Null),
        ("GET", "/v1/rules", "rule.read", Value::Null),
        ("GET", "/v1/replays", "rule.try", Value::Null),
        ("POST", "/v1/rules/check", "rule.try", json!({"files": {}})),
        ("GET", "/v1/limits", "system.read", Value::Null),
        ("GET", "/v1/tokens", "token.manage", Value::Null),
        ("GET", "/v1/operators", "operator.manage", Value::Null),
        ("POST", "/v1/query", "query.sql", json!({"sql": "SELECT 1"})),
        ("POST", "/v1/query", "event.raw", json!({"sql": "SELECT 1", "raw": true})),
        ("POST", "/v1/dead-letters/rerun", "dead_letter.rerun", json!({})),
    ];
    let mut allowed = 0;
    for role in ["guard", "analyst", "engineer", "auditor", "administrator"] {
        let browser = signed_in(&world, &server, &format!("one-{role}"), role).await;
        let session = browser.get("/v1/session").await.body;
        let roles = browser.get("/v1/roles").await.body;
        let matrix = roles["matrix"][role].clone();
        assert_eq!(matrix.as_object().unwrap().len(), session["rights"].as_object().unwrap().len());
        for (method, path, right, body) in &routes {
            let answer = match *method {
                "GET" => browser.get(path).await,
                _ => browser.post(path, body.clone()).await,
            };
            let may = matrix[right].as_bool().unwrap();
            // Raw words come by way of a question, so both rights are needed.
            let may = may && (*right != "event.raw" || matrix["query.sql"] == true);
            assert_eq!(matrix[right], session["rights"][right]["allowed"], "{role} {right}");
            if may {
                assert_eq!(answer.status, 200, "{role} {path}: {}", answer.body);
                allowed += 1;
            } else {
                let detail = answer.is_problem(403, "forbidden");
                let asks_sql = *right == "event.raw" && matrix["query.sql"] == false;
                let named = if asks_sql { "query.sql" } else { *right };
                let deed = deed(&roles, named);
                assert!(detail.contains(&deed) && detail.contains(role), "{detail}, not {deed}");
            }
        }
    }
    assert!((20..62).contains(&allowed), "{allowed} of 75 were allowed");
}

/// What a right allows, as a refusal says it.
fn deed(roles: &Value, right: &str) -> String {
    let all = roles["actions"].as_array().unwrap();
    let found = all.iter().find(|one| one["action"] == right).unwrap();
    let meaning = found["meaning"].as_str().unwrap().trim_end_matches('.');
    meaning.split([':', ';']).next().unwrap()[1..].to_owned()
}

#[tokio::test]
async fn a_role_of_one_site_ends_at_its_fence() {
    let world = World::new();
    let places = world.org().join("places.toml");
    let text = fs::read_to_string(&places).unwrap();
    fs::write(places, text + "[[place]]\nid = \"dc\"\nkind = \"site\"\n").unwrap();
    let root = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &root);
    api.take("doors", "text/csv", door_event("d-0003", "forced")).await;
    let incident = api.incidents_of("door-forced", 1).await.remove(0);
    assert_eq!(incident["site"], "hq", "{incident}");
    api.settled().await;
    let path = format!("/v1/incidents/{}", incident["id"].as_str().unwrap());
    let near = signed_in(&world, &server, "near", "guard@hq").await;
    let far = signed_in(&world, &server, "far", "guard@dc").await;

    let listed = async |browser: &crate::browser::Browser, path: &str, key: &str| {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body[key].as_array().unwrap().len()
    };
    for (path, key) in [
        ("/v1/incidents", "incidents"),
        ("/v1/events", "events"),
        ("/v1/people", "people"),
        ("/v1/findings", "findings"),
    ] {
        assert!(listed(&near, path, key).await > 0, "{path}");
        assert_eq!(listed(&far, path, key).await, 0, "{path}");
    }
    assert_eq!(listed(&far, "/v1/events?site=hq", "events").await, 0);
    let events = near.get("/v1/events").await.body;
    let event = &events["events"][0];
    let event = format!("/v1/events/{}/{}", event["record"], event["part"]);
    assert_eq!(near.get(&event).await.status, 200);
    for hidden in [path.as_str(), event.as_str(), "/v1/people/ana"] {
        let answer = far.get(hidden).await;
        let detail = answer.is_problem(403, "forbidden");
        assert!(detail.contains("`hq`"), "{detail}");
    }
    let act = json!({"action": "acknowledge"});
    far.post(&format!("{path}/acts"), act.clone()).await.is_problem(403, "forbidden");
    let made = json!({"title": "t", "text": "x", "level": "low", "team": "guard", "site": "hq"});
    far.post("/v1/incidents", made.clone()).await.is_problem(403, "forbidden");
    near.post("/v1/query", json!({"sql": "SELECT 1"})).await.is_problem(403, "forbidden");
    let done = near.post(&format!("{path}/acts"), act).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let owner = near.get("/v1/session").await.body["operator"]["id"].clone();
    assert_eq!(done.body["incident"]["owner"], json!({"kind": "person", "id": owner}));

    let looks = signed_in(&world, &server, "looks", "auditor").await;
    let seen = looks.get(&path).await.body;
    for offer in seen["actions"].as_array().unwrap() {
        assert_eq!(offer["allowed"], false, "{offer}");
        assert_eq!(offer["refusal"]["code"], "forbidden", "{offer}");
    }
}

#[tokio::test]
async fn an_incident_is_given_to_those_alone_who_may_work_it() {
    let world = World::new();
    let places = world.org().join("places.toml");
    let text = fs::read_to_string(&places).unwrap();
    fs::write(places, text + "[[place]]\nid = \"dc\"\nkind = \"site\"\n").unwrap();
    let root = world.root();
    world.token("ben", &["read"], &[]);
    let server = world.start().await;
    let api = Api::to(&server, &root);
    api.take("doors", "text/csv", door_event("d-0004", "forced")).await;
    let incident = api.incidents_of("door-forced", 1).await.remove(0);
    let path = format!("/v1/incidents/{}/acts", incident["id"].as_str().unwrap());
    let near = signed_in(&world, &server, "near", "guard@hq").await;
    let next = signed_in(&world, &server, "next", "guard@hq").await;
    let far = signed_in(&world, &server, "far", "guard@dc").await;
    let looks = signed_in(&world, &server, "looks", "auditor").await;
    let who = async |of: &crate::browser::Browser| {
        of.get("/v1/session").await.body["operator"]["id"].as_str().unwrap().to_owned()
    };
    let taken = near.post(&path, json!({"action": "acknowledge"})).await;
    assert_eq!(taken.status, 200, "{}", taken.body);

    let to = |id: &str| json!({"kind": "person", "id": id});
    for nobody in [&who(&far).await, &who(&looks).await, "ben", "stranger"] {
        for act in ["offer", "assign"] {
            let answer = near.post(&path, json!({"action": act, "to": to(nobody)})).await;
            let is_known = !["ben", "stranger"].contains(&nobody);
            let code = if is_known { "cannot_work" } else { "unknown_owner" };
            let detail = answer.is_problem(409, code);
            assert!(detail.contains(nobody), "{act}: {detail}");
        }
    }
    let own = near.post(&path, json!({"action": "offer", "to": to(&who(&near).await)})).await;
    own.is_problem(409, "already_owner");
    let offered = near.post(&path, json!({"action": "offer", "to": to(&who(&next).await)})).await;
    assert_eq!(offered.status, 200, "{}", offered.body);
    // No reason is asked of somebody who has their hands full.
    let declined = next.post(&path, json!({"action": "decline"})).await;
    assert_eq!(declined.status, 200, "{}", declined.body);
    assert_eq!(declined.body["incident"]["handling"]["offer"], serde_json::Value::Null);

    let listed = near.get("/v1/organisation").await.body["operators"].clone();
    let reach = |login: &str| {
        let one = listed.as_array().unwrap().iter().find(|one| one["name"] == login).unwrap();
        (one["works_everywhere"].clone(), one["works_at"].clone())
    };
    assert_eq!(reach("near"), (json!(false), json!(["hq"])));
    assert!(listed.as_array().unwrap().iter().all(|one| one["name"] != "far"), "{listed}");
    assert_eq!(reach("looks"), (json!(false), json!([])));
    server.stop().await;
}

#[test]
fn policies_of_the_house_are_checked_and_a_wrong_one_stops_the_start() {
    let world = World::new();
    let folder = world.path("content/policies");
    fs::create_dir_all(&folder).unwrap();
    let wrong = "@id(\"x\")\npermit (principal == Role::\"gaurd\", action, resource);\n";
    fs::write(folder.join("own.cedar"), wrong).unwrap();
    let config = world.config().display().to_string();
    let checked = castellan(&["check", "--config", &config]);
    assert_eq!(checked.status.code(), Some(1));
    for said in [said(&checked), world.refused()] {
        assert!(said.contains("policies/own.cedar:1:1"), "{said}");
        assert!(said.contains("gaurd"), "{said}");
    }
}

/// A house of two sites, and sources that belong to neither.
fn with_roaming_sources() -> World {
    let sources = "[[source]]\nid = \"lent\"\nmapping = \"pacs-csv\"\ntrust = \"token\"\n\
                   [[source]]\nid = \"roam\"\nmapping = \"probe\"\ntrust = \"token\"\n";
    let world = World::with(Plan { sources: sources.to_owned(), ..Plan::default() });
    let places = world.org().join("places.toml");
    let text = fs::read_to_string(&places).unwrap();
    let more = "[[place]]\nid = \"north\"\nkind = \"region\"\n\
                [[place]]\nid = \"dc\"\nkind = \"site\"\nparent = \"north\"\n\
                [[place]]\nid = \"b-dc\"\nkind = \"building\"\nparent = \"dc\"\n";
    fs::write(places, text + more).unwrap();
    let assets = world.org().join("assets.csv");
    let text = fs::read_to_string(&assets).unwrap();
    fs::write(assets, text + "pc-dc,workstation,PC there,b-dc,\npc-lost,workstation,Lost,,\n")
        .unwrap();
    world
}

#[tokio::test]
async fn what_happened_at_a_site_is_its_peoples_by_every_way_of_reading() {
    let world = with_roaming_sources();
    let root = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &root);
    let near = signed_in(&world, &server, "near", "analyst@hq").await;
    let far = signed_in(&world, &server, "far", "analyst@dc").await;
    let all = signed_in(&world, &server, "all", "analyst").await;
    let mut heard = String::new();
    let mut stream = near.request("GET", "/v1/live?kind=events").send().await.unwrap();
    let deaf = far.request("GET", "/v1/live?kind=events").send().await.unwrap();
    // By the door it is of `hq`, though its source is of nowhere; the other is of nowhere at all.
    api.take("roam", "application/json", json!({"marker": "m-roam"}).to_string()).await;
    api.take("lent", "text/csv", door_event("d-0003", "forced")).await;
    api.settled().await;
    while !heard.contains("d-0003") {
        heard += &String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap());
    }
    assert!(!heard.contains("m-roam"), "{heard}");
    drop(deaf);
    let events = api.get("/v1/events?source=lent").await;
    let event = &events["events"][0];
    let path = format!("/v1/events/{}/{}", event["record"], event["part"]);
    let roamed = api.get("/v1/events?source=roam").await["events"][0].clone();
    let roamed = format!("/v1/events/{}/{}", roamed["record"], roamed["part"]);
    let count = async |browser: &Browser, source: &str| {
        let listed = browser.get(&format!("/v1/events?source={source}")).await.body;
        let listed = listed["events"].as_array().unwrap().len();
        let from = crate::world::ago(3_600);
        let bars = format!("/v1/events/histogram?source={source}&from={from}");
        let bars = browser.get(&bars).await.body;
        let bars = bars["buckets"].as_array().unwrap().iter();
        let told: u64 = bars.map(|bar| bar["count"].as_u64().unwrap()).sum();
        assert_eq!(told, listed as u64, "{source}");
        let file = format!("/v1/events/export?source={source}&format=ndjson");
        let file = browser.request("GET", &file).send().await.unwrap().text().await.unwrap();
        assert_eq!(file.lines().count(), listed, "{source}");
        listed
    };
    for (browser, lent, roam) in [(&near, true, false), (&far, false, false), (&all, true, true)] {
        for (source, path, is_seen) in [("lent", &path, lent), ("roam", &roamed, roam)] {
            assert_eq!(count(browser, source).await > 0, is_seen, "{source}");
            let one = browser.get(path).await.status;
            assert_eq!(one, if is_seen { 200 } else { 403 }, "{source}");
        }
    }
    // The evidence of an incident of `hq` holds it too, for whoever may see it.
    let incident = api.incidents_of("door-forced", 1).await.remove(0);
    let bundle = format!("/v1/incidents/{}/bundle?reason=x", incident["id"].as_str().unwrap());
    assert_eq!(near.get(&bundle).await.status, 200);
    assert_eq!(far.get(&bundle).await.status, 403);
    let sql = json!({"sql": "SELECT count(*) FROM events WHERE site = 'hq' AND source = 'lent'"});
    let told = all.post("/v1/query", sql).await.body["rows"][0][0].as_u64().unwrap();
    assert_eq!(told as usize, count(&near, "lent").await);
}

#[tokio::test]
async fn a_role_of_one_site_sees_no_other_sites_doors_things_people_or_counts() {
    let world = with_roaming_sources();
    let root = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &root);
    let near = signed_in(&world, &server, "near", "guard@hq").await;
    let far = signed_in(&world, &server, "far", "guard@dc").await;
    for (login, role, team) in
        [("n", "guard@hq", "night"), ("f", "guard@dc", "gate"), ("a", "analyst", "desk")]
    {
        operator(&world, &["add", login, "--role", role, "--team", team]);
    }
    api.take("doors", "text/csv", door_event("d-0003", "forced")).await;
    api.take("roam", "application/json", json!({"marker": 1}).to_string()).await;
    api.settled().await;
    until("the accounts are saved", async || {
        (api.account("intake", "roam", "kept", "").await > 0
            && api.account("intake", "doors", "kept", "").await > 0)
            .then_some(())
    })
    .await;
    let ids = |found: &Value, list: &str, key: &str| -> Vec<String> {
        let list = found[list].as_array().unwrap().iter();
        list.map(|one| one[key].as_str().unwrap().to_owned()).collect()
    };
    let seen = until("all operators are known", async || {
        let seen = far.get("/v1/organisation").await.body;
        (seen["operators"].as_array().unwrap().len() > 2).then_some(seen)
    })
    .await;
    assert_eq!(seen["sites"], json!(["dc"]));
    let mut places = ids(&seen, "places", "id");
    places.sort();
    assert_eq!(places, ["b-dc", "dc", "north"]);
    assert_eq!(seen["doors"], json!([]));
    assert_eq!(ids(&seen, "assets", "id"), ["pc-dc"]);
    let mut names = ids(&seen, "operators", "name");
    names.sort();
    assert_eq!(names, ["a", "f", "far"]);
    let teams: Vec<&str> =
        seen["teams"].as_array().unwrap().iter().map(|team| team.as_str().unwrap()).collect();
    assert!(teams.contains(&"gate") && teams.contains(&"desk"), "{teams:?}");
    assert!(!teams.contains(&"night"), "{teams:?}");
    let seen = near.get("/v1/organisation").await.body;
    assert_eq!(ids(&seen, "assets", "id"), ["pc-ana"]);
    assert_eq!(ids(&seen, "doors", "door").len(), crate::world::DOORS);
    let whole = api.get("/v1/organisation").await;
    assert_eq!(ids(&whole, "assets", "id").len(), 3);
    // Counts: of one's own sites' sources, and of nothing that is the whole house's.
    assert_eq!(far.get("/v1/accounts").await.body, json!([]));
    let lines = near.get("/v1/accounts").await.body;
    let lines = lines.as_array().unwrap();
    assert!(!lines.is_empty() && lines.iter().all(|line| line["source"] == "doors"), "{lines:?}");
    let of = |boundary: &str| lines.iter().any(|line| line["boundary"] == boundary);
    assert!(of("normalise") && !of("lake") && !of("listen"), "{lines:?}");
}

#[tokio::test]
async fn an_engineer_of_one_site_marks_on_plans_what_stands_there() {
    let world = with_roaming_sources();
    let root = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &root);
    let near = signed_in(&world, &server, "near", "engineer@hq").await;
    let plan =
        "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='3'><path d='M0 0'/></svg>";
    let upload = api.client.put(server.url("/v1/plans/hq/image"));
    let upload = upload.header("content-type", "image/svg+xml").body(plan);
    assert_eq!(api.send(upload).await.status, 204);
    let mark = |entity: &str| json!({"entity": entity, "x": 0.5, "y": 0.5});
    let put = async |entities: &[&str]| {
        let marks: Vec<Value> = entities.iter().map(|entity| mark(entity)).collect();
        near.change("PUT", "/v1/plans/hq/marks", &json!(marks)).await
    };
    assert_eq!(put(&["place:d-0001", "asset:pc-ana"]).await.status, 204);
    for far in ["asset:pc-dc", "place:b-dc", "asset:pc-lost"] {
        put(&["place:d-0001", far]).await.is_problem(403, "forbidden");
    }
    put(&["asset:unheard-of"]).await.is_problem(400, "bad_request");
    // What somebody else has put there does not keep them from moving the rest.
    let marks = api.client.put(server.url("/v1/plans/hq/marks")).json(&[mark("asset:pc-lost")]);
    assert_eq!(api.send(marks).await.status, 204);
    assert_eq!(put(&["asset:pc-lost", "place:d-0002"]).await.status, 204);
}

#[tokio::test]
async fn words_that_cannot_be_seen_are_refused_wherever_people_type() {
    let world = World::new();
    let server = world.start().await;
    let boss = signed_in(&world, &server, "boss", "administrator").await;
    let mia = signed_in(&world, &server, "mia", "analyst").await;
    let hidden = "\u{202e}gnp.exe";
    let made = json!({"title": hidden, "text": "x", "level": "low", "team": "guard",
        "site": "hq"});
    let answer = mia.post("/v1/incidents", made).await;
    assert!(answer.is_problem(409, "bad_character").contains("character 1 is U+202E"));
    let expires = "2099-01-01T00:00:00Z";
    for (browser, method, path, body) in [
        (&mia, "POST", "/v1/people/ana/reveal", json!({"reason": hidden})),
        (&mia, "POST", "/v1/occurrences", json!({"kind": "note", "site": "hq", "text": hidden})),
        (&mia, "PUT", "/v1/views/a%E2%80%8Bb", json!({"kind": "events", "query": "x"})),
        (&mia, "PUT", "/v1/views/ab", json!({"kind": "events", "query": "a\u{0}"})),
        (&boss, "POST", "/v1/operators", json!({"login": "x", "name": "An\u{200b}a"})),
        (
            &boss,
            "POST",
            "/v1/tokens",
            json!({"label": "a\u{1b}[0m", "scopes": ["read"], "expires_at": expires}),
        ),
        (&boss, "DELETE", "/v1/tokens/x?reason=%00", Value::Null),
    ] {
        let answer = browser.change(method, path, &body).await;
        let detail = answer.is_problem(400, "bad_request");
        assert!(detail.contains("is U+"), "{path}: {detail}");
    }
}
