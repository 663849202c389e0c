//! Revocations with receipts and commands, with real edges as processes of their own: whoever is
//! away is named until it has confirmed, through kills of either side.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::points::{enrol, free_port, serve, until_current};
use crate::world::{Api, Plan, World, castellan, said, until};

fn world(port: u16) -> World {
    let world = World::with(Plan {
        listen: format!("[listen.edges]\naddress = \"127.0.0.2:{port}\"\n"),
        ..Plan::default()
    });
    for (name, text) in [
        ("groups.csv", "group,name\nstaff,Staff\n"),
        ("members.csv", "group,person\nstaff,ana\nstaff,ben\n"),
        (
            "credentials.csv",
            "credential,kind,person,format,facility,number\n\
             c-ana,card,ana,H10301,42,69\nc-ben,card,ben,H10301,42,70\n",
        ),
        ("rights.csv", "right,group,zone\nr-staff,staff,lab\n"),
        (
            "access.toml",
            "format = 1\n[zone.lab]\nlease = \"1h\"\nat_expiry = \"refuse\"\n\
             break_glass = \"the key in the box beside the door\"\n\
             [point.gate-a]\ndoors = [\"d-0000\"]\n[point.gate-b]\ndoors = []\n",
        ),
    ] {
        std::fs::write(world.org().join(name), text).unwrap();
    }
    world
}

/// An edge whose line nobody answers: it has rights, and doors that no reader serves.
fn configure(world: &World, point: &str) -> PathBuf {
    let data = world.path(point);
    let text = format!(
        "format = 1\n[data]\nfolder = {data:?}\n[[bus]]\nid = \"gate\"\n\
         line = \"tcp:127.0.0.1:9\"\n[[reader]]\nbus = \"gate\"\naddress = 1\nclear = true\n\
         [[door]]\nid = \"d-0000\"\nreader_in = \"gate:1\"\nstrike = \"gate:1:0\"\n\
         exit = [\"gate:1:1\"]\nformats = [\"H10301\"]\n"
    );
    let path = world.path(&format!("{point}.toml"));
    std::fs::write(&path, text).unwrap();
    path
}

async fn until_state(api: &Api, id: &str, state: &str) -> Value {
    until("the revocation stands so", async || {
        let shown = api.get(&format!("/v1/revocations/{id}")).await;
        (shown["state"] == state).then_some(shown)
    })
    .await
}

fn revoke(id: &str, person: &str) -> Value {
    json!({
        "id": id, "act": "revoke", "subject": {"kind": "person", "id": person},
        "reason": "left the house",
    })
}

/// `castellan access …` on the world's data folder: its exit status, what it said as JSON, and in
/// words.
fn access(world: &World, args: &[&str]) -> (Option<i32>, Value, String) {
    let data = world.data().display().to_string();
    let whole = [&["access"][..], args, &["--data", &data, "--format", "json"]].concat();
    let ended = castellan(&whole);
    let told = serde_json::from_slice(&ended.stdout).unwrap_or(Value::Null);
    (ended.status.code(), told, said(&ended))
}

#[tokio::test]
async fn the_command_line_locks_people_out_and_says_who_has_confirmed() {
    let world = world(free_port());
    let token = world.root();
    let (status, _, said) =
        access(&world, &["revoke", "--person", "ana", "--reason", "left the house"]);
    assert!(status == Some(1) && said.contains("no server runs on"), "{said}");
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let a = configure(&world, "gate-a");
    enrol(&api, "gate-a", &a).await;
    let edge = serve(&world, &a);
    until_current(&api, &["gate-a"]).await;

    let suspend = ["suspend", "--person", "ana", "--reason", "lost her bag", "--wait", "60s"];
    let (status, told, said) = access(&world, &suspend);
    assert_eq!((status, &told["state"]), (Some(0), &json!("done")), "{said}");
    assert_eq!(told["signings"][0]["known"], "device_signed", "{said}");
    // In words: who has confirmed, and how it is known.
    let data = world.data().display().to_string();
    let id = told["id"].as_str().unwrap().to_owned();
    let shown = castellan(&["access", "revocations", &id, "--data", &data]);
    let words = crate::world::said(&shown);
    assert!(words.contains("suspend person ana: done, 1 of 1 points; lost her bag"), "{words}");
    assert!(words.contains("gate-a (edge): confirmed; device signed, rights "), "{words}");
    let lift = ["lift", "--person", "ana", "--reason", "it was found", "--wait", "60s"];
    assert_eq!(access(&world, &lift).0, Some(0));
    let (status, _, said) = access(&world, &lift);
    assert!(status == Some(1) && said.contains("is not suspended"), "{said}");

    // An edge without power: done here, and not confirmed.
    drop(edge);
    let revoke = ["revoke", "--credential", "c-ben", "--reason", "a copy", "--id", "rev-cli"];
    let (status, told, said) = access(&world, &[&revoke[..], &["--wait", "1s"]].concat());
    assert_eq!((status, &told["state"]), (Some(3), &json!("unconfirmed")), "{said}");
    assert_eq!(told["silent"], json!(["gate-a"]), "{said}");
    let (status, told, said) = access(&world, &["revocations", "--open"]);
    assert_eq!((status, &told["id"]), (Some(0), &json!("rev-cli")), "{said}");
    // The same act again, while the edge comes back: one act, and now it is done.
    let _edge = serve(&world, &a);
    let (status, told, said) = access(&world, &[&revoke[..], &["--wait", "60s"]].concat());
    assert_eq!((status, &told["state"]), (Some(0), &json!("done")), "{said}");
    assert_eq!(api.get("/v1/revocations").await.as_array().unwrap().len(), 3);

    // Nobody of that name: nothing is shown as done that locks nobody out.
    let why = ["--reason", "x"];
    for (wrong, words) in [
        (&["suspend", "--person", "anna"][..], "there is no person `anna`"),
        (&["suspend", "--credential", "c-anna"][..], "there is no credential `c-anna`"),
        (&["revoke", "--person", "anna"][..], "nothing that could be revoked"),
    ] {
        let (status, _, said) = access(&world, &[wrong, &why[..]].concat());
        assert!(status == Some(1) && said.contains(words), "{wrong:?}: {said}");
    }
    for wrong in [&["revoke"][..], &["revoke", "--person", "ana", "--pass", "p"][..]] {
        assert_eq!(access(&world, &[wrong, &why[..]].concat()).0, Some(2));
    }
}

#[tokio::test]
async fn a_revocation_is_done_when_every_edge_has_signed_for_it_through_kills() {
    let world = world(free_port());
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let (a, b) = (configure(&world, "gate-a"), configure(&world, "gate-b"));
    enrol(&api, "gate-a", &a).await;
    enrol(&api, "gate-b", &b).await;
    let _edge_a = serve(&world, &a);
    let edge_b = serve(&world, &b);
    until_current(&api, &["gate-a", "gate-b"]).await;

    let done = api.post("/v1/revocations", &revoke("rev-1", "ana")).await;
    assert_eq!(done.status, 201, "{}", done.body);
    assert_eq!(done.body["points"], 2);
    let shown = until_state(&api, "rev-1", "done").await;
    for signing in shown["signings"].as_array().unwrap() {
        assert_eq!(signing["state"], "confirmed", "{shown}");
        assert_eq!(signing["known"], "device_signed", "{shown}");
    }
    let again = api.post("/v1/revocations", &revoke("rev-1", "ana")).await;
    assert_eq!(again.status, 200, "the same act again is the same act");
    let other = api.post("/v1/revocations", &revoke("rev-1", "ben")).await;
    assert_eq!(other.status, 409);

    // One edge loses its power, then the server does: the silent one is named all the while.
    drop(edge_b);
    until("the edge is seen to be away", async || {
        let edges = api.get("/v1/edges").await;
        let edges = edges.as_array().unwrap();
        edges.iter().any(|e| e["point"] == "gate-b" && e["state"] == "away").then_some(())
    })
    .await;
    let made = api.post("/v1/revocations", &revoke("rev-2", "ben")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    until("the edge that is there has confirmed", async || {
        let shown = api.get("/v1/revocations/rev-2").await;
        (shown["silent"] == json!(["gate-b"])).then_some(())
    })
    .await;
    server.kill();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let shown = api.get("/v1/revocations/rev-2").await;
    assert_eq!(shown["state"], "unconfirmed", "{shown}");
    assert_eq!(shown["silent"], json!(["gate-b"]), "{shown}");
    assert!(shown["compensating"].as_str().unwrap().contains("gate-b"), "{shown}");
    let _edge_b = serve(&world, &b);
    until_state(&api, "rev-2", "done").await;
    until_current(&api, &["gate-a", "gate-b"]).await;

    // A command reaches the edge; nobody answers on its line, and it says so.
    let order = json!({"order": "release", "hold_s": 3, "reason": "a parcel"});
    let given = api.post("/v1/doors/d-0000/commands", &order).await;
    assert_eq!(given.status, 202, "{}", given.body);
    let path = format!("/v1/commands/{}", given.body["id"].as_str().unwrap());
    let ended = until("the command has ended", async || {
        let shown = api.get(&path).await;
        let is_open = shown["state"] == "asked" || shown["state"] == "sent";
        (!is_open).then_some(shown)
    })
    .await;
    assert_ne!(ended["state"], "confirmed", "{ended}");

    // Lockdown in one act; the reason follows; it outlives the server.
    let locked = api.post("/v1/lockdowns", &json!({"zone": "lab"})).await;
    assert_eq!(locked.status, 201, "{}", locked.body);
    assert_eq!(locked.body["reason"], Value::Null);
    let why = json!({"reason": "somebody forced the gate"});
    assert_eq!(api.post("/v1/lockdowns/lab/reason", &why).await.status, 200);
    server.kill();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let held = api.get("/v1/lockdowns").await;
    assert_eq!(held[0]["zone"], "lab", "{held}");
    assert_eq!(held[0]["reason"], "somebody forced the gate", "{held}");
    assert_eq!(api.post("/v1/lockdowns/lab/end", &why).await.status, 204);
    assert_eq!(api.get("/v1/lockdowns").await, json!([]));

    // Out of service: nothing waits for it any more.
    let gone = json!({"reason": "the box was taken down"});
    assert_eq!(api.post("/v1/edges/gate-b/decommission", &gone).await.status, 200);
    let shown = api.get("/v1/revocations/rev-2").await;
    let signings = shown["signings"].as_array().unwrap();
    let of_b = signings.iter().find(|signing| signing["point"] == "gate-b").unwrap();
    assert_eq!(of_b["state"], "decommissioned", "{shown}");
}
