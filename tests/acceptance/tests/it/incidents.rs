//! An incident from its first second to its filing, and the chain that remembers who did what.

use serde_json::{Value, json};

use crate::browser::operator;
use crate::world::{Api, World, castellan, door_event, said, until};

async fn forced(api: &Api, door: &str) {
    assert_eq!(api.take("doors", "text/csv", door_event(door, "forced")).await["accepted"], 1);
}

#[tokio::test]
async fn an_incident_is_owned_at_once_worked_and_filed() {
    let world = World::new();
    let root = world.root();
    let ben = world.token("ben", &["read", "operate"], &[]);
    let robot = world.token("a robot", &["read", "operate"], &[]);
    let reader = world.token("reader", &["read"], &[]);
    let server = world.start().await;
    let api = Api::to(&server, &root);
    forced(&api, "d-0007").await;
    let incident = api.incidents_of("door-forced", 1).await.remove(0);
    assert_eq!(incident["owner"], json!({"kind": "team", "id": "guard"}));
    assert_eq!(incident["state"], "new");
    assert_eq!(incident["entities"], json!(["place:d-0007"]));
    assert!(incident["sop"].as_array().unwrap().len() > 2, "{incident}");
    assert_eq!(incident["evidence"].as_array().unwrap().len(), 1);
    let path = format!("/v1/incidents/{}/acts", incident["id"].as_str().unwrap());

    let act = async |token: &str, act: Value| Api::to(&server, token).post(&path, &act).await;
    let refused = async |token: &str, what: Value, status: u16, code: &str| {
        let answer = act(token, what).await;
        let detail = answer.is_problem(status, code).to_owned();
        assert!(detail.len() > 10, "`{detail}` says why");
        detail
    };
    refused(&reader, json!({"action": "acknowledge"}), 403, "forbidden").await;
    let early = act(&root, json!({"action": "close"})).await;
    assert_eq!(early.status, 409, "{}", early.body);
    let nobody = act(&robot, json!({"action": "acknowledge"})).await;
    assert_eq!(nobody.status, 409, "a token without a person owns nothing: {}", nobody.body);

    let seen = act(&root, json!({"action": "acknowledge", "version": incident["version"]})).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(seen.body["incident"]["owner"], json!({"kind": "person", "id": "ana"}));
    assert_eq!(seen.body["incident"]["state"], "acknowledged");
    let stale = act(&ben, json!({"action": "comment", "text": "x", "version": 1})).await;
    assert_eq!(stale.status, 409, "{}", stale.body);
    let steps = [
        json!({"action": "comment", "text": "on my way"}),
        json!({"action": "assign", "to": {"kind": "person", "id": "ben"}}),
        json!({"action": "start"}),
        json!({"action": "tick_step", "step": 0}),
        json!({"action": "resolve", "disposition": "true_positive", "reason": "a crowbar"}),
        json!({"action": "close"}),
    ];
    for step in steps {
        let done = act(&ben, step.clone()).await;
        assert_eq!(done.status, 200, "{step}: {}", done.body);
        let offered = done.body["actions"].as_array().unwrap();
        assert!(!offered.is_empty(), "{}", done.body);
    }
    let late = act(&ben, json!({"action": "start"})).await;
    assert_eq!(late.status, 409, "{}", late.body);
    let filed = api.get(&path.replace("/acts", "")).await;
    assert_eq!(filed["incident"]["state"], "closed");
    assert_eq!(filed["incident"]["owner"], json!({"kind": "person", "id": "ben"}));
    assert_eq!(filed["incident"]["disposition"], "true_positive");

    // The same door again: the filed incident stays filed, another is opened.
    let by_hand = json!({"title": "Seen on the way", "text": "a ladder", "level": "low",
        "team": "guard", "entities": ["place:d-0008"]});
    let opened = api.post("/v1/incidents", &by_hand).await;
    assert_eq!(opened.status, 200, "{}", opened.body);
    assert_eq!(opened.body["incident"]["owner"], json!({"kind": "team", "id": "guard"}));
    server.stop().await;
    audit_holds_until_a_row_is_changed(&world);
}

fn audit_holds_until_a_row_is_changed(world: &World) {
    let (is_whole, found) = world.admin("audit");
    assert!(is_whole, "{found}");
    let copy = world.path("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(world.data().join("state.db"), copy.join("state.db")).unwrap();
    let copied = copy.display().to_string();
    let audit = || castellan(&["admin", "audit", "--data", &copied]);
    assert!(audit().status.success(), "{}", said(&audit()));
    let db = rusqlite::Connection::open(copy.join("state.db")).unwrap();
    let sql = "UPDATE audit SET act = replace(act, 'incident.close', 'incident.start') \
               WHERE act LIKE '%incident.close%'";
    assert_eq!(db.execute(sql, []).unwrap(), 1);
    db.close().unwrap();
    let broken = audit();
    assert_eq!(broken.status.code(), Some(1), "{}", said(&broken));
    assert!(said(&broken).contains("broken at act"), "{}", said(&broken));
}

#[tokio::test]
async fn only_somebody_who_exists_and_may_work_it_answers_for_an_incident() {
    let world = World::new();
    let places = world.org().join("places.toml");
    let text = std::fs::read_to_string(&places).unwrap();
    std::fs::write(places, text + "[[place]]\nid = \"dc\"\nkind = \"site\"\n").unwrap();
    let root = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &root);
    for (login, role, more) in [
        ("near", "guard@hq", ["--team", "night"]),
        ("far", "guard@dc", ["--team", "gate"]),
        ("looks", "auditor", ["--person", "ben"]),
    ] {
        operator(&world, &[&["add", login, "--role", role], &more[..]].concat());
    }
    api.take("doors", "text/csv", door_event("d-0003", "forced")).await;
    let incident = api.incidents_of("door-forced", 1).await.remove(0);
    let path = format!("/v1/incidents/{}/acts", incident["id"].as_str().unwrap());
    let refused = async |act: &str, kind: &str, id: &str, code: &str, word: &str| {
        let act = json!({"action": act, "to": {"kind": kind, "id": id}, "note": "n"});
        let answer = api.post(&path, &act).await;
        let detail = answer.is_problem(409, code);
        assert!(detail.contains(word), "{detail}");
    };
    until("the operators are known", async || {
        let teams = api.get("/v1/organisation").await["teams"].clone();
        teams.as_array().unwrap().contains(&json!("gate")).then_some(())
    })
    .await;
    refused("assign", "team", "nihgt", "unknown_owner", "did you mean `night`").await;
    refused("assign", "person", "anna", "unknown_owner", "did you mean `ana`").await;
    refused("assign", "team", "gate", "cannot_work", "`hq`").await;
    refused("assign", "person", "ben", "cannot_work", "`hq`").await;
    let act = json!({"action": "acknowledge"});
    assert_eq!(api.post(&path, &act).await.status, 200);
    refused("offer", "team", "nobody-at-all", "unknown_owner", "nobody-at-all").await;
    // A team of rules alone may own what nobody has taken; it cannot accept anything.
    refused("offer", "team", "facilities", "nobody_there", "none who could accept").await;
    let made = |team: &str| {
        json!({"title": "t", "text": "x", "level": "low", "team": team,
            "entities": ["place:d-0001"]})
    };
    let answer = api.post("/v1/incidents", &made("gaurd")).await;
    assert!(answer.is_problem(409, "unknown_owner").contains("did you mean `guard`"));
    api.post("/v1/incidents", &made("gate")).await.is_problem(409, "cannot_work");
    assert_eq!(api.post("/v1/incidents", &made("night")).await.status, 200);
    let to = json!({"action": "assign", "to": {"kind": "team", "id": "night"}});
    assert_eq!(api.post(&path, &to).await.status, 200);
    server.stop().await;
}
