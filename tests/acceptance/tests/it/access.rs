//! Who may pass where, over the real interface: taken from the folder, changed with a reason,
//! undone, explained, held against the past; and asked by other people's enforcement points.

use std::fs;

use serde_json::{Value, json};

use crate::world::{Answer, Api, Plan, Server, World, ago, castellan, said, until};

fn with_rights() -> World {
    with_rights_in(World::new())
}

fn with_rights_in(world: World) -> World {
    let file = |name: &str, text: &str| fs::write(world.org().join(name), text).unwrap();
    file("groups.csv", "group,name\nstaff,Staff\nguests,Guests\n");
    file("members.csv", "group,person\nstaff,ana\n");
    file(
        "credentials.csv",
        "credential,kind,person,number\ncard-ana,card,ana,1001\ncard-ben,card,ben,1002\n",
    );
    file(
        "rights.csv",
        "right,group,zone,schedule,approved_by,reason\nlab-staff,staff,lab,,ana,works there\n",
    );
    file(
        "schedules.toml",
        "format = 1\n[[schedule]]\nid = \"never\"\nwindow = [{ days = [\"holiday-8\"], \
         from = \"00:00\", to = \"00:01\" }]\n",
    );
    file("access.toml", "format = 1\n[cards]\nformat = \"H10302\"\n[zone.lab]\nlease = \"3d\"\n");
    fs::create_dir_all(world.org().join("policies")).unwrap();
    file("policies/house.cedar", HOUSE);
    world
}

const HOUSE: &str = "@id(\"no-severe\")\nforbid (principal, action, resource)\nwhen { \
                     context.threat == Threat::\"severe\" };\n";

impl Api {
    async fn put(&self, server: &Server, path: &str, body: &Value) -> Answer {
        self.send(self.client.put(server.url(path)).json(body)).await
    }
    async fn delete(&self, server: &Server, path: &str) -> Answer {
        self.send(self.client.delete(server.url(path))).await
    }
    async fn passes(&self, person: &str) -> bool {
        let body = json!({"door": "d-0000", "person": person});
        let told = self.post("/v1/access/explain", &body).await;
        assert_eq!(told.status, 200, "{}", told.body);
        told.body["outcome"]["kind"] == "grant"
    }
}

#[tokio::test]
async fn rights_are_changed_with_a_reason_versioned_and_undone() {
    let world = with_rights();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let summary = api.get("/v1/access").await;
    assert_eq!((&summary["rights"], &summary["credentials"]), (&json!(1), &json!(2)));
    assert_eq!(
        (&summary["version"], &summary["may"]["edit"]["allowed"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(summary["unknown_names"], json!([]));
    assert!(api.passes("ana").await && !api.passes("ben").await);

    // Given, and why: in force at once, as a version of its own.
    let right = json!({
        "holder": {"kind": "person", "id": "ben"}, "opens": {"kind": "door", "id": "d-0000"},
        "approved_by": "ana", "reason": "covers for a week",
    });
    let path = "/v1/access/rights/ben-covers";
    let made = api.put(&server, path, &right).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let change = json!([{"kind": "right", "key": "ben-covers", "was": "added"}]);
    assert_eq!((&made.body["version"], &made.body["changes"]), (&json!(2), &change));
    assert!(api.passes("ben").await);
    api.put(&server, path, &right).await.is_problem(409, "nothing_changes");

    // Refused with its line; what runs goes on.
    let text = "@id(\"a\")\nforbid (principal, action, resource)\nwhen { context.thread > 1 };\n";
    let policy = json!({"text": text, "reason": "trying"});
    let refused = api.put(&server, "/v1/access/policies/house.cedar", &policy).await;
    refused.is_problem(422, "rights_refused");
    let problem = &refused.body["problems"][0];
    assert_eq!((&problem["code"], &problem["line"]), (&json!("policy_invalid"), &json!(1)));
    assert!(api.passes("ben").await);
    let text = "@id(\"not-ben\")\nforbid (principal == Person::\"ben\", action, resource);\n";
    let policy = json!({"text": text, "reason": "not today"});
    let made = api.put(&server, "/v1/access/policies/more.cedar", &policy).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(!api.passes("ben").await);

    // Without a reason nothing is changed.
    for body in [json!({"text": "", "reason": " "}), json!({"text": ""})] {
        let without = api.put(&server, "/v1/access/policies/more.cedar", &body).await;
        assert!([400, 422].contains(&without.status), "{}", without.body);
    }
    api.delete(&server, path).await.is_problem(400, "bad_request");

    // Undone one by one; what was changed since is not overwritten.
    let why = json!({"reason": "it was a mistake"});
    let undone = api.post("/v1/access/versions/3/undo", &why).await;
    assert_eq!((undone.status, &undone.body["version"]), (200, &json!(4)), "{}", undone.body);
    assert!(api.passes("ben").await);
    api.post("/v1/access/versions/3/undo", &why).await.is_problem(409, "changed_since");
    api.post("/v1/access/versions/77/undo", &why).await.is_problem(404, "not_found");
    let gone = api.delete(&server, &format!("{path}?reason=over")).await;
    assert_eq!(gone.status, 200, "{}", gone.body);
    assert!(!api.passes("ben").await);

    let versions = api.get("/v1/access/versions").await["items"].clone();
    let told: Vec<_> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["what"].as_str().unwrap(), one["why"].as_str().unwrap()))
        .collect();
    assert_eq!(told[0], ("edit", "over"));
    assert_eq!(told[1], ("undo", "it was a mistake"));
    assert_eq!(told[3], ("edit", "covers for a week"));
    assert_eq!(told[4].0, "folder");
    assert_eq!((&versions[3]["approved_by"], &versions[1]["undoes"]), (&json!("ana"), &json!(3)));
    // Digits are set, and shown nowhere.
    let pin = json!({"pin": "4711", "duress": "4712", "reason": "asked for it"});
    let made = api.put(&server, "/v1/access/people/ana/pin", &pin).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let detail = api.get("/v1/access/versions/6").await;
    assert_eq!(detail["list"][0]["after"], Value::Null, "{detail}");
    let same = json!({"pin": "4711", "duress": "4711", "reason": "x"});
    api.put(&server, "/v1/access/people/ana/pin", &same).await.is_problem(400, "bad_request");
    server.stop().await;
    let state = fs::read(world.data().join("state.db")).unwrap();
    assert!(!state.windows(4).any(|bytes| bytes == b"4711"), "digits lie in the state");

    // What was edited stays over a restart, until the folder says something else.
    let server = world.start().await;
    let api = Api::to(&server, &token);
    assert_eq!(api.get("/v1/access").await["version"], json!(6));
    server.stop().await;
    let more = "right,group,zone\nlab-staff,staff,lab\nlab-guests,guests,lab\n";
    fs::write(world.org().join("rights.csv"), more).unwrap();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let summary = api.get("/v1/access").await;
    assert_eq!((&summary["version"], &summary["rights"]), (&json!(7), &json!(2)));
    server.stop().await;
}

#[tokio::test]
async fn why_what_if_and_who_could_and_did() {
    let world = with_rights();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let body = json!({"door": "d-0000", "person": "ana"});
    let told = api.post("/v1/access/explain", &body).await.body;
    assert_eq!((&told["because"]["code"], &told["version"]), (&json!("permitted"), &json!(1)));
    let checks = told["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 13);
    assert_eq!(
        (&checks[0]["check"], &checks[0]["verdict"]),
        (&json!("credential"), &json!("passed"))
    );
    let of = |policy: &str| {
        let all = told["policies"].as_array().unwrap().iter();
        all.clone().find(|one| one["policy"] == policy).unwrap().clone()
    };
    assert_eq!(of("right:lab-staff")["verdict"], "permits");
    assert_eq!(of("right:lab-staff")["right"], "lab-staff");
    assert_eq!(
        (&of("no-severe")["verdict"], &of("no-severe")["effect"]),
        (&json!("does_not_hold"), &json!("forbid"))
    );
    let out = json!({"door": "d-0000", "person": "ben", "direction": "exit"});
    let told = api.post("/v1/access/explain", &out).await.body;
    assert_eq!(told["because"]["code"], "egress");
    let nowhere = json!({"door": "d-nowhere", "person": "ben"});
    api.post("/v1/access/explain", &nowhere).await.is_problem(404, "not_found");

    // Three requests of the last hour: ana twice, ben once; and somebody whom nobody knows.
    let csv = format!(
        "time,badge,door,result\n{},B-1,d-0000,granted\n{},B-1,d-0001,granted\n\
         {},B-2,d-0000,denied\n{},B-9,d-0000,denied\n",
        ago(1_800),
        ago(1_700),
        ago(1_600),
        ago(1_500)
    );
    api.take("doors", "text/csv", csv).await;
    api.settled().await;
    api.until_count("SELECT count(*) FROM events WHERE class_uid = 4230001", 4).await;
    let draft = json!({
        "days": 2,
        "rights": [{"right": "lab-staff", "remove": true}, {"right": "new",
            "holder": {"kind": "person", "id": "ben"}, "opens": {"kind": "door", "id": "d-0000"}}],
    });
    let begun = api.post("/v1/access/what-if", &draft).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    let job = format!("/v1/access/what-if/{}", begun.body["job"].as_str().unwrap());
    let found = until("the draft is answered", async || {
        let found = api.get(&job).await;
        (found["state"] == "done").then_some(found)
    })
    .await;
    assert_eq!((&found["requests"], &found["unresolved"]), (&json!(3), &json!(1)), "{found}");
    assert_eq!((&found["newly_passes"], &found["newly_refused"]), (&json!(1), &json!(2)));
    assert_eq!(found["unchanged"], 0);
    let lines = found["changes"].as_array().unwrap();
    let ben = lines.iter().find(|line| line["person"] == "ben").unwrap();
    assert_eq!(
        (&ben["was"]["code"], &ben["would"]["code"], &ben["times"]),
        (&json!("no_policy"), &json!("permitted"), &json!(1))
    );
    assert!(!api.passes("ben").await, "asking changed something");
    let bad = json!({"days": 31, "policies": [{"file": "a.cedar", "text": ""}]});
    api.post("/v1/access/what-if", &bad).await.is_problem(400, "bad_request");
    let bad = json!({"days": 1, "policies": [{"file": "a.cedar", "text": "permit ("}]});
    api.post("/v1/access/what-if", &bad).await.is_problem(422, "rights_refused");

    // Who could and did, and by whose word.
    let answers = api.get("/v1/access/answers?door=d-0000&window_s=7200").await;
    assert_eq!(answers["could"].as_array().unwrap().len(), 1, "{answers}");
    let ana = &answers["could"][0];
    let via = &ana["via"][0];
    assert_eq!(
        (&ana["person"], &via["right"], &via["approved_by"], &via["reason"]),
        (&json!("ana"), &json!("lab-staff"), &json!("ana"), &json!("works there"))
    );
    assert_eq!((&via["since_version"], &via["by"]), (&json!(1), &json!("castellan")));
    let did = answers["did"].as_array().unwrap();
    assert_eq!(did.len(), 3, "{answers}");
    assert_eq!((&did[2]["person"], &did[2]["outcome"]), (&json!("ana"), &json!("granted")));
    assert_eq!((&did[1]["person"], &did[1]["outcome"]), (&json!("ben"), &json!("refused")));
    let record = did[1]["record"].as_u64().unwrap();
    let told = api.post("/v1/access/explain", &json!({"record": record})).await.body;
    // Before there were rights nobody could pass; the record is older than they are.
    assert_eq!(
        (&told["because"]["code"], &told["version"]),
        (&json!("nothing_shown"), &Value::Null)
    );
    let before = api.get(&format!("/v1/access/answers?door=d-0000&at={}", ago(86_400))).await;
    assert_eq!((&before["could"], &before["version"]), (&json!([]), &Value::Null));
    server.stop().await;
}

async fn ask(api: &Api, server: &Server, path: &str, body: &Value) -> Answer {
    let request = api.client.post(server.url(path)).header("x-request-id", "req-7 of ours");
    let answer = api.send(request.json(body)).await;
    assert_eq!(answer.header("x-request-id"), "req-7 of ours", "{path}");
    answer
}

fn question(person: &str, door: &str) -> Value {
    json!({
        "subject": {"type": "person", "id": person}, "action": {"name": "enter"},
        "resource": {"type": "door", "id": door}, "context": {"weather": "fine"},
        "something_new": true,
    })
}

#[tokio::test]
async fn other_peoples_doors_ask_by_authzen() {
    let world = with_rights();
    let root = world.root();
    let bound = |more: &[&str]| world.token("turnstile", &["evaluate"], more);
    let plain = bound(&["--enforces", "door:d-0000"]);
    let full = bound(&["--enforces", "zone:lab", "--search", "--reasons"]);
    let misused = castellan(&["token", "create", "x", "--scope", "evaluate"]);
    assert_eq!(misused.status.code(), Some(2), "{}", said(&misused));
    let server = world.start().await;
    let (plain, full, root) =
        (Api::to(&server, &plain), Api::to(&server, &full), Api::to(&server, &root));
    let one = "/access/v1/evaluation";

    // Section 9: where everything is, to anybody.
    let metadata = crate::world::client()
        .get(server.url("/.well-known/authzen-configuration"))
        .send()
        .await
        .unwrap();
    let metadata: Value = serde_json::from_str(&metadata.text().await.unwrap()).unwrap();
    let base = server.url("");
    assert_eq!(metadata["policy_decision_point"], base.trim_end_matches('/'));
    assert_eq!(metadata["access_evaluation_endpoint"], server.url(one));
    assert_eq!(metadata["search_subject_endpoint"], server.url("/access/v1/search/subject"));

    // Section 6: one question. Refused is an answer, not an error.
    let yes = ask(&plain, &server, one, &question("ana", "d-0000")).await;
    assert_eq!((yes.status, &yes.body), (200, &json!({"decision": true})));
    assert!(yes.header("content-type").starts_with("application/json"));
    let no = ask(&plain, &server, one, &question("ben", "d-0000")).await;
    assert_eq!((no.status, &no.body), (200, &json!({"decision": false})));
    let no = ask(&full, &server, one, &question("ben", "d-0000")).await;
    assert_eq!(no.body["context"]["code"], "no_policy");
    let card = json!({
        "subject": {"type": "card", "id": "as read",
            "properties": {"format": "H10302", "number": 1001}},
        "action": {"name": "enter"}, "resource": {"type": "door", "id": "d-0000"},
    });
    assert_eq!(ask(&plain, &server, one, &card).await.body["decision"], true);
    let mut out = question("ben", "d-0000");
    out["action"]["name"] = json!("exit");
    assert_eq!(ask(&plain, &server, one, &out).await.body["decision"], true);

    // What a token is not bound to does not exist for it.
    let other = ask(&plain, &server, one, &question("ana", "d-0001")).await;
    let none = ask(&plain, &server, one, &question("ana", "no-such-door")).await;
    assert_eq!(other.body["decision"], false);
    assert_eq!(other.body["context"]["error"]["status"], 404);
    assert_eq!(other.body, none.body);
    for missing in ["subject", "action", "resource"] {
        let mut body = question("ana", "d-0000");
        body.as_object_mut().unwrap().remove(missing);
        let detail = ask(&plain, &server, one, &body).await;
        assert!(detail.is_problem(400, "bad_request").contains(missing));
    }
    let wrong = plain.client.post(server.url(one)).header("content-type", "text/plain").body("{}");
    plain.send(wrong).await.is_problem(400, "bad_request");
    let broken = plain.client.post(server.url(one)).header("content-type", "application/json");
    plain.send(broken.body("{")).await.is_problem(400, "bad_request");
    let nobody = crate::world::client().post(server.url(one)).send().await.unwrap();
    assert_eq!(nobody.status().as_u16(), 401);
    // Its token opens nothing else, and another one does not ask here.
    let answer = plain.send(plain.client.get(server.url("/v1/access/rights"))).await;
    answer.is_problem(403, "forbidden");
    root.post(one, &question("ana", "d-0000")).await.is_problem(403, "forbidden");

    many(&plain, &server).await;
    search(&plain, &full, &server).await;
    server.stop().await;
}

/// Section 7: many questions at once, with what they share, and three ways of answering.
async fn many(api: &Api, server: &Server) {
    let path = "/access/v1/evaluations";
    let mut body = json!({
        "action": {"name": "enter"}, "resource": {"type": "door", "id": "d-0000"},
        "evaluations": [
            {"subject": {"type": "person", "id": "ana"}},
            {"subject": {"type": "person", "id": "ben"}},
            {"subject": {"type": "person", "id": "ben"}, "action": {"name": "exit"}},
            {"subject": {"type": "spaceship", "id": "x"}},
            {"subject": {"type": "person", "id": "ana"}},
        ],
    });
    let decisions = |answer: &Answer| -> Vec<bool> {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body.get("decision"), None);
        let all = answer.body["evaluations"].as_array().unwrap();
        all.iter().map(|one| one["decision"].as_bool().unwrap()).collect()
    };
    let all = ask(api, server, path, &body).await;
    assert_eq!(decisions(&all), [true, false, true, false, true]);
    assert_eq!(all.body["evaluations"][3]["context"]["error"]["status"], 400);
    body["options"] = json!({"evaluations_semantic": "deny_on_first_deny", "other": 1});
    assert_eq!(decisions(&ask(api, server, path, &body).await), [true, false]);
    body["options"] = json!({"evaluations_semantic": "permit_on_first_permit"});
    assert_eq!(decisions(&ask(api, server, path, &body).await), [true]);
    body["options"] = json!({"evaluations_semantic": "guess"});
    ask(api, server, path, &body).await.is_problem(400, "bad_request");
    // Without any it is one question.
    let single = ask(api, server, path, &question("ana", "d-0000")).await;
    assert_eq!(single.body, json!({"decision": true}));
    let too_many = vec![json!({}); 1_001];
    let body = json!({ "evaluations": too_many });
    ask(api, server, path, &body).await.is_problem(400, "bad_request");
}

/// Section 8: who may, where and what; page by page; and a right of its own.
async fn search(plain: &Api, full: &Api, server: &Server) {
    let body = json!({
        "subject": {"type": "person"}, "action": {"name": "enter"},
        "resource": {"type": "door", "id": "d-0000"},
    });
    let path = "/access/v1/search/subject";
    ask(plain, server, path, &body).await.is_problem(403, "forbidden");
    let found = ask(full, server, path, &body).await;
    assert_eq!(found.body["results"], json!([{"type": "person", "id": "ana"}]), "{}", found.body);
    assert_eq!(found.body["page"]["next_token"], "");

    let mut body = json!({
        "subject": {"type": "person", "id": "ana"}, "action": {"name": "enter"},
        "resource": {"type": "door", "id": "ignored"}, "page": {"limit": 2},
    });
    let path = "/access/v1/search/resource";
    let mut doors: Vec<String> = Vec::new();
    for page in 0.. {
        let found = ask(full, server, path, &body).await.body;
        let results = found["results"].as_array().unwrap();
        doors.extend(results.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let next = found["page"]["next_token"].as_str().unwrap().to_owned();
        if next.is_empty() || page > 3 {
            break;
        }
        assert_eq!((results.len(), &found["page"]["count"]), (2, &json!(2)));
        body["page"] = json!({"token": next, "limit": 2});
    }
    assert_eq!(doors.len(), 10, "five pages of two were asked for: {doors:?}");
    assert!(doors.is_sorted() && doors[0] == "d-0000");
    // A token of another search is refused, not guessed at.
    body["subject"]["id"] = json!("ben");
    ask(full, server, path, &body).await.is_problem(400, "bad_request");
    body["page"] = json!({});
    assert_eq!(ask(full, server, path, &body).await.body["results"], json!([]));

    let body = json!({"subject": {"type": "person", "id": "ben"},
        "resource": {"type": "door", "id": "d-0000"}});
    let found = ask(full, server, "/access/v1/search/action", &body).await;
    assert_eq!(found.body["results"], json!([{"name": "exit"}]));
    let body = json!({"subject": {"type": "person", "id": "ana"},
        "resource": {"type": "door", "id": "d-0000"}});
    let found = ask(full, server, "/access/v1/search/action", &body).await;
    assert_eq!(found.body["results"], json!([{"name": "enter"}, {"name": "exit"}]));
}

#[tokio::test]
async fn lists_of_other_systems_are_tried_taken_in_and_undone() {
    let world = with_rights();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let maps = api.get("/v1/access/imports").await;
    let names: Vec<&str> =
        maps.as_array().unwrap().iter().map(|one| one["map"].as_str().unwrap()).collect();
    assert_eq!(names, ["brivo", "ccure", "lenel"]);
    let list = "External ID,Card Number,Suspended,Groups\nana,1001,Yes,Staff\n\
                ben,2002,No,Night; Day\nzoe,2003,No,Night\n";
    let mut body = json!({"map": "brivo", "files": [{"name": "users.csv", "text": list}]});
    let tried = api.post("/v1/access/imports", &body).await;
    assert_eq!(tried.status, 200, "{}", tried.body);
    let told = |answer: &Answer, keys: &[&str]| -> Vec<Value> {
        keys.iter().map(|key| answer.body[key].clone()).collect()
    };
    let counts = ["rows", "left_out", "added", "changed", "removed", "unchanged", "version"];
    // A card, two groups and two memberships are new; ana's card is suspended; nobody is zoe.
    assert_eq!(json!(told(&tried, &counts)), json!([3, 1, 5, 1, 0, 0, null]), "{}", tried.body);
    assert_eq!(tried.body["problems"][0]["line"], 4);
    assert!(!tried.body.to_string().contains("2002"), "{}", tried.body);
    assert!(api.passes("ana").await, "trying changed something");

    body["apply"] = json!(true);
    api.post("/v1/access/imports", &body).await.is_problem(400, "bad_request");
    body["reason"] = json!("moved from the old system");
    let done = api.post("/v1/access/imports", &body).await;
    assert_eq!(json!(told(&done, &counts)), json!([3, 1, 5, 1, 0, 0, 2]), "{}", done.body);
    assert!(!api.passes("ana").await, "her card is suspended");
    let again = api.post("/v1/access/imports", &body).await;
    assert_eq!(json!(told(&again, &counts)), json!([3, 1, 0, 0, 0, 2, null]), "{}", again.body);

    let why = json!({"reason": "the wrong list"});
    let undone = api.post("/v1/access/versions/2/undo", &why).await;
    assert_eq!((undone.status, &undone.body["version"]), (200, &json!(3)), "{}", undone.body);
    assert!(api.passes("ana").await);
    let summary = api.get("/v1/access").await;
    assert_eq!((&summary["credentials"], &summary["groups"]), (&json!(2), &json!(2)));
    server.stop().await;
}

/// A device's word on itself, by its address.
const DEVICES: &str = r#"
. = {
  "activity_id": 1,
  "status_id": 1,
  "time": ocsf_time(.at),
  "user": {"name": "somebody"},
  "service": {"name": "probe"},
  "device": {"ip": .ip, "type_id": 0, "is_compliant": .well},
  "unmapped": {"marker": .marker}
}
"#;

const CONTEXT: &str = "@id(\"no-sick-devices\")\nforbid (principal, action, resource)\nwhen { \
                       context.device == Posture::\"non_compliant\" };\n@id(\"no-silence\")\n\
                       forbid (principal == Person::\"ben\", action, resource)\nwhen { \
                       context.source == Freshness::\"stale\" };\n";

#[tokio::test]
async fn a_decision_knows_of_a_device_that_is_not_well_and_of_a_source_that_is_silent() {
    let sources = "[[source]]\nid = \"gates\"\nmapping = \"pacs-csv\"\nsite = \"hq\"\n\
                   trust = \"token\"\nwitness_of = [\"presence\"]\nheartbeat = \"5s\"\n";
    let plan = Plan { sources: sources.to_owned(), ..Plan::default() };
    let world = with_rights_in(World::with(plan));
    world.write_content(DEVICES);
    fs::write(world.org().join("members.csv"), "group,person\nstaff,ana\nstaff,ben\n").unwrap();
    fs::write(world.org().join("policies/house.cedar"), CONTEXT).unwrap();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let until_passes = async |person: &str, wanted: bool| {
        until(&format!("{person} passes: {wanted}"), async || {
            (api.passes(person).await == wanted).then_some(())
        })
        .await;
    };
    let device = async |ago_s: u64, well: bool| {
        let body = json!({"at": ago(ago_s), "ip": "10.0.0.7", "well": well, "marker": 1});
        api.take("app", "application/x-ndjson", body.to_string()).await;
    };
    assert!(api.passes("ana").await);
    device(60, false).await;
    until_passes("ana", false).await;
    device(30, true).await;
    until_passes("ana", true).await;
    // Silent for longer than its heartbeat, and heard again.
    until_passes("ben", false).await;
    assert!(api.passes("ana").await);
    let csv = format!("time,badge,door,result\n{},B-9,d-0000,denied\n", ago(1));
    api.take("gates", "text/csv", csv).await;
    until_passes("ben", true).await;
}

#[tokio::test]
async fn a_whole_list_ends_what_it_brought_and_a_half_one_is_held_back() {
    let world = with_rights();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let file = |name: &str, text: &str| {
        fs::write(world.path(name), text).unwrap();
        world.path(name).display().to_string()
    };
    let holders = "External ID,Card Number,Groups\nana,2001,Night\nben,2002,Night\n";
    let levels = "Group,Door,Schedule\nNight,d-0000,Always\nNight,d-0001,Weekends\n";
    let (holders, levels) = (file("holders.csv", holders), file("levels.csv", levels));
    let data = world.data().display().to_string();
    let run = |files: &[&str], more: &[&str]| {
        let head = ["access", "import", "--map", "brivo", "--complete", "--format", "json"];
        let ended = castellan(&[&head[..], &["--data", &data], files, more].concat());
        let text = String::from_utf8(ended.stdout.clone()).unwrap();
        let last = text.lines().last().and_then(|line| serde_json::from_str(line).ok());
        (ended.status.code(), last.unwrap_or(Value::Null), said(&ended))
    };
    // Hours that nobody knows: told with their place, and nothing else is kept from being tried.
    let (status, told, words) = run(&[&holders, &levels], &["--dry-run"]);
    assert_eq!((status, &told["left_out"]), (Some(1), &json!(1)), "{words}");
    assert!(words.contains("\"line\":3,\"column\":14"), "{words}");
    let levels = file("levels.csv", "Group,Door,Schedule\nNight,d-0000,Always\n");
    let (status, told, words) = run(&[&holders, &levels], &[]);
    assert_eq!(
        (status, &told["version"], &told["added"]),
        (Some(0), &json!(2), &json!(6)),
        "{words}"
    );
    let right = told["list"].as_array().unwrap().iter().find(|one| one["kind"] == "right").unwrap();
    assert_eq!((&right["key"], &right["line"]), (&json!("night.d-0000"), &json!(2)));
    until("the server goes by the list", async || api.passes("ben").await.then_some(())).await;

    // The interface with half a list: held back, whatever is tried.
    let half = "External ID,Card Number,Groups\nana,2001,Night\n";
    let mut body = json!({"map": "brivo", "complete": true,
        "files": [{"name": "half.csv", "text": half}]});
    let tried = api.post("/v1/access/imports", &body).await;
    assert_eq!(tried.body["held_back"], 2, "{}", tried.body);
    assert_eq!(
        tried.body["ends"],
        json!([{"kind": "credential", "ends": 1, "of": 2}, {"kind": "member", "ends": 1, "of": 2}])
    );
    assert_eq!(tried.body["list"][1]["line"], Value::Null);
    body["apply"] = json!(true);
    body["reason"] = json!("ben has left");
    let refused = api.post("/v1/access/imports", &body).await;
    let detail = refused.is_problem(409, "removals_not_allowed");
    assert!(detail.contains("allow 2 removals"), "{detail}");
    assert!(api.passes("ben").await);
    body["allow_removals"] = json!(2);
    let done = api.post("/v1/access/imports", &body).await;
    assert_eq!((done.status, &done.body["version"]), (200, &json!(3)), "{}", done.body);
    assert!(!api.passes("ben").await, "his card and his membership have ended");
    assert!(api.passes("ana").await, "what the folder says stays");

    // Undone by the command line: whole again, and whose it was.
    let undone = castellan(&["access", "undo", "3", "--reason", "the wrong list", "--data", &data]);
    assert!(undone.status.success(), "{}", said(&undone));
    until("ben is let in again", async || api.passes("ben").await.then_some(())).await;
    let half = file("half.csv", half);
    let (status, told, words) = run(&[&half], &[]);
    assert_eq!((status, &told["held_back"]), (Some(1), &json!(2)), "{words}");
    assert!(words.contains("--allow-removals"), "{words}");
    // A list that is no text is told where.
    fs::write(world.path("latin.csv"), b"External ID,Groups\nana,Gar\xe7on\n").unwrap();
    let latin = world.path("latin.csv").display().to_string();
    let (status, _, words) = run(&[&latin], &[]);
    assert!(status == Some(1) && words.contains("\"line\":2,\"column\":8"), "{words}");
    server.stop().await;
}
