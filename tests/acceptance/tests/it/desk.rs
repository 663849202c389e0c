//! What a guard must see at once: who was refused, with name and photo; where somebody is; and that
//! the link lives.

use std::fs;

use serde_json::{Value, json};

use crate::browser::{Browser, signed_in};
use crate::world::{Api, Plan, Server, World, ago, until};

const PORTRAIT: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 96 96'>\
                        <circle cx='48' cy='40' r='20'/></svg>";

/// A badge at a door.
fn badge(badge: &str, result: &str, seconds: u64) -> String {
    let at = ago(seconds);
    format!("time,badge,door,direction,result,reason\n{at},{badge},d-0001,in,{result},expired\n")
}

/// An event stream that is read on.
struct Stream {
    answer: reqwest::Response,
    /// What has not been looked at.
    text: String,
    /// All that was heard.
    heard: String,
}

impl Stream {
    async fn of(browser: &Browser) -> Self {
        let answer = browser.request("GET", "/v1/live").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        Self { answer, text: String::new(), heard: String::new() }
    }

    /// The next event of a name.
    async fn next(&mut self, name: &str) -> Value {
        let head = format!("event: {name}\ndata: ");
        loop {
            if let Some((_, rest)) = self.text.split_once(&head)
                && let Some((data, rest)) = rest.split_once("\n\n")
            {
                let found = serde_json::from_str(data).unwrap();
                self.text = rest.to_owned();
                return found;
            }
            let chunk = self.answer.chunk().await.unwrap().unwrap();
            let chunk = std::str::from_utf8(&chunk).unwrap();
            self.text.push_str(chunk);
            self.heard.push_str(chunk);
        }
    }
}

/// The audited showings of a person for having been refused.
async fn showings(root: &Api, person: &str) -> Vec<Value> {
    let log = root.get("/v1/audit?limit=1000").await;
    let acts = log["acts"].as_array().unwrap().iter();
    let object = format!("person:{person}");
    acts.filter(|act| act["verb"] == "person.reveal" && act["object"] == object.as_str())
        .cloned()
        .collect()
}

async fn refused(browser: &Browser) -> Vec<Value> {
    let answer = browser.get("/v1/doors/refused").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body.as_array().unwrap().clone()
}

fn with_photos() -> World {
    let world = World::new();
    let places = world.org().join("places.toml");
    let text = fs::read_to_string(&places).unwrap();
    fs::write(places, text + "[[place]]\nid = \"dc\"\nkind = \"site\"\n").unwrap();
    let photos = world.org().join("photos");
    fs::create_dir(&photos).unwrap();
    fs::write(photos.join("ana.svg"), PORTRAIT).unwrap();
    fs::write(photos.join("ben.png"), "no png at all").unwrap();
    fs::write(photos.join("stranger.svg"), PORTRAIT).unwrap();
    world
}

#[tokio::test]
async fn a_refused_badge_shows_name_and_photo_to_the_guard_at_once() {
    let world = with_photos();
    let token = world.root();
    let server = world.start().await;
    let root = Api::to(&server, &token);
    for wrong in ["photos/ben.png", "photos/stranger.svg"] {
        assert!(server.log().contains(wrong), "{wrong} is told");
    }
    let guard = signed_in(&world, &server, "ria", "guard@hq").await;
    let far = signed_in(&world, &server, "frans", "guard@dc").await;
    let analyst = signed_in(&world, &server, "amira", "analyst").await;
    let photo = "/v1/people/ana/photo";
    guard.get(photo).await.is_problem(403, "forbidden");

    let (mut near_stream, mut far_stream) = (Stream::of(&guard).await, Stream::of(&far).await);
    root.take("doors", "text/csv", badge("B-1", "denied", 10)).await;
    let heard = near_stream.next("refused").await;
    assert_eq!(heard["person"], json!({"id": "ana", "name": null, "photo": true}));
    assert_eq!((&heard["door"], &heard["reason"]), (&json!("d-0001"), &json!("expired")));
    let list = refused(&guard).await;
    assert_eq!(list.len(), 1, "{list:?}");
    let person = json!({"id": "ana", "name": "Ana Example", "photo": true});
    assert_eq!((&list[0]["person"], &list[0]["credential"]), (&person, &json!("current")));
    assert_eq!((&list[0]["record"], &list[0]["at"]), (&heard["record"], &heard["at"]));
    let shown = guard.request("GET", photo).send().await.unwrap();
    assert_eq!(shown.status(), 200);
    assert_eq!(shown.headers()["content-type"], "image/svg+xml");
    assert!(shown.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert_eq!(shown.text().await.unwrap(), PORTRAIT);
    // One showing, one act; looking again adds none.
    refused(&guard).await;
    let acts = showings(&root, "ana").await;
    assert_eq!(acts.len(), 1, "{acts:?}");
    assert_eq!(acts[0]["detail"]["reason"], "refused at d-0001");
    assert!(acts[0]["by"].as_str().unwrap().starts_with("op-"), "{acts:?}");

    // Who is not near, or stands guard nowhere, sees nobody; a token gets no name.
    assert!(refused(&far).await.is_empty());
    far.get(photo).await.is_problem(403, "forbidden");
    analyst.get("/v1/doors/refused").await.is_problem(403, "forbidden");
    let by_token = root.get("/v1/doors/refused").await;
    assert_eq!(by_token[0]["person"]["name"], Value::Null);
    for _ in 0..2 {
        far_stream.next("tick").await;
    }
    assert!(!far_stream.heard.contains("event: refused"), "{}", far_stream.heard);

    // A stranger's badge, and somebody without a photo that could be taken.
    root.take("doors", "text/csv", badge("B-999", "denied", 5)).await;
    root.take("doors", "text/csv", badge("B-2", "denied", 4)).await;
    until("all three are listed", async || (refused(&guard).await.len() == 3).then_some(())).await;
    let list = refused(&guard).await;
    assert_eq!(list[0]["person"], json!({"id": "ben", "name": "Ben Example", "photo": false}));
    assert_eq!(list[1]["person"], Value::Null);
    guard.get("/v1/people/ben/photo").await.is_problem(404, "not_found");
    let since = format!("/v1/doors/refused?since={}&limit=9", ago(7));
    assert_eq!(guard.get(&since).await.body.as_array().unwrap().len(), 2);
    server.stop().await;
    history_and_photos_stay(&world, &token).await;
}

/// After a restart the list comes from history, and photos follow their folder.
async fn history_and_photos_stay(world: &World, token: &str) {
    let photos = world.org().join("photos");
    fs::remove_file(photos.join("ana.svg")).unwrap();
    fs::write(photos.join("ben.png"), include_bytes!("../../testdata/dot.png")).unwrap();
    let server = world.start().await;
    let root = Api::to(&server, token);
    let list = until("history is known again", async || {
        let list = root.get("/v1/doors/refused").await;
        (list.as_array().unwrap().len() == 3).then_some(list)
    })
    .await;
    let has_photo = |at: usize| list[at]["person"]["photo"].clone();
    assert_eq!((has_photo(0), has_photo(2)), (json!(true), json!(false)), "{list}");
    assert_eq!(list[2]["reason"], "expired");
    server.stop().await;
}

/// The band of a person, once it has as many stretches.
async fn band(api: &Api, person: &str, wanted: usize) -> Vec<Value> {
    until(&format!("{wanted} stretches of {person}"), async || {
        let band = api.get(&format!("/v1/presence/{person}")).await;
        let band = band.as_array().unwrap().clone();
        (band.len() == wanted).then_some(band)
    })
    .await
}

async fn check_band(server: &Server, token: &str) {
    let api = Api::to(server, token);
    let band = band(&api, "ana", 3).await;
    let worlds: Vec<_> = band.iter().map(|one| (&one["world"], &one["place"])).collect();
    assert_eq!(
        worlds,
        [
            (&json!("physical"), &Value::Null),
            (&json!("physical"), &json!("lab")),
            (&json!("network"), &json!("pc-ana")),
        ],
        "{band:?}"
    );
    assert_eq!((&band[0]["state"], &band[0]["why"]), (&json!("unknown"), &json!("never_seen")));
    assert_eq!(band[0]["until"], band[1]["since"]);
    assert_eq!((&band[1]["state"], &band[1]["evidence"]), (&json!("in"), &json!("granted")));
    assert_eq!((&band[2]["state"], &band[2]["until"]), (&json!("in"), &Value::Null));
}

#[tokio::test]
async fn a_persons_day_is_a_band_of_both_worlds_that_survives_a_restart() {
    let world = with_photos();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let unseen = api.get("/v1/presence/ben").await;
    assert!(unseen.as_array().unwrap().len() <= 1, "{unseen}");
    api.take("doors", "text/csv", badge("B-1", "granted", 600)).await;
    let logon = json!({"marker": 1, "user": "ana", "ip": "10.0.0.7"}).to_string() + "\n";
    api.take("app", "application/x-ndjson", logon).await;
    check_band(&server, &token).await;
    api.send(api.client.get(server.url("/v1/presence/nobody"))).await.is_problem(404, "not_found");
    let far = signed_in(&world, &server, "frans", "guard@dc").await;
    far.get("/v1/presence/ana").await.is_problem(403, "forbidden");
    server.stop().await;
    let server = world.start().await;
    check_band(&server, &token).await;
    server.stop().await;
}

#[tokio::test]
async fn the_link_gives_signs_of_life_and_cameras_are_one_address_away() {
    let link = "https://vms.example/play?camera={camera}&at={at}";
    let config = format!("[console]\ncamera_link = {link:?}\n");
    let world = World::with(Plan { config, ..Plan::default() });
    let server = world.start().await;
    let guard = signed_in(&world, &server, "ria", "guard").await;
    assert_eq!(guard.get("/v1/organisation").await.body["camera_link"], link);
    let mut stream = Stream::of(&guard).await;
    let first = stream.next("tick").await;
    assert_eq!(
        (&first["is_ready"], &first["organisation"]),
        (&json!(true), &json!("Example Works"))
    );
    let second = stream.next("tick").await;
    assert_ne!(first["now"], second["now"], "another look");
    server.stop().await;

    world.configure("[console]\ncamera_link = \"https://vms.example/{camra}\"\n", "");
    assert!(world.refused().contains("`{camra}`"), "a misspelt word is told");
}

#[tokio::test]
async fn no_session_and_no_operator_takes_the_live_stream_from_all_others() {
    let config = "[limits]\nlive_subscribers_max = 8\nlive_per_operator_max = 4\n\
                  live_per_session_max = 3\n";
    let world = World::with(Plan { config: config.to_owned(), ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let (ria, tom) = (
        signed_in(&world, &server, "ria", "guard").await,
        signed_in(&world, &server, "tom", "guard").await,
    );
    let root = Api::to(&server, &token);
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(Stream::of(&ria).await);
    }
    let more = ria.get("/v1/live?kind=events").await;
    let detail = more.is_problem(429, "too_many_subscribers");
    assert!(detail.contains("live_per_session_max"), "{detail}");
    assert_eq!(more.header("retry-after"), "5");
    let live = root.client.get(server.url("/v1/live")).bearer_auth(&token);
    for _ in 0..3 {
        let answer = live.try_clone().unwrap().send().await.unwrap();
        assert_eq!(answer.status(), 200);
        held.push(Stream { answer, text: String::new(), heard: String::new() });
    }
    // Six of eight are taken: the rest is for those who have none.
    let more = root.send(root.client.get(server.url("/v1/live"))).await;
    more.is_problem(429, "too_many_subscribers");
    held.push(Stream::of(&tom).await);
    let counted = root.client.get(server.url("/metrics")).send().await.unwrap();
    let counted = counted.text().await.unwrap();
    let line = |reason: &str| format!("castellan_live_refused_total{{reason=\"{reason}\"}} 1");
    assert!(counted.contains(&line("session")) && counted.contains(&line("full")), "{counted}");
    held.clear();
    until("a seat that is left is free again", async || {
        let answer = ria.request("GET", "/v1/live").send().await.unwrap();
        answer.status().is_success().then_some(())
    })
    .await;
}
