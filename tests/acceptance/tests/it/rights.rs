//! Rights over the real interface: each role gets what the matrix says and no more, and a role of
//! one site ends at its fence.

use std::fs;

use serde_json::{Value, json};

use crate::browser::signed_in;
use crate::world::{Api, World, castellan, door_event, said};

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
        let matrix = browser.get("/v1/roles").await.body["matrix"][role].clone();
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
                assert!(detail.contains(named) && detail.contains(role), "{detail}");
            }
        }
    }
    assert!((20..55).contains(&allowed), "{allowed} of 65 were allowed");
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
            let detail = answer.is_problem(409, "cannot_work");
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
    assert_eq!(reach("far"), (json!(false), json!(["dc"])));
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
