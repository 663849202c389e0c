//! Signing in as operators do it: links, passwords with codes, sessions that end, and what is
//! refused on the way.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD, code, operator, signed_in};
use crate::world::{Plan, World, until};

/// The first administrator's link, from its file.
async fn first_link(world: &World) -> String {
    let file = world.data().join("first-administrator.txt");
    until("the link is written", async || fs::read(&file).ok().filter(|t| t.ends_with(b"\n")))
        .await;
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only its owner reads the link");
    fs::read_to_string(file).unwrap()
}

fn limited(limits: &str) -> World {
    World::with(Plan { config: format!("[limits]\n{limits}\n"), ..Plan::default() })
}

/// The verbs of the audit chain, in order.
fn audited(world: &World) -> Vec<String> {
    let db = rusqlite::Connection::open(world.data().join("state.db")).unwrap();
    let mut acts = db.prepare("SELECT act FROM audit ORDER BY seq").unwrap();
    let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let acts: Vec<String> = acts.query_map([], read).unwrap().map(Result::unwrap).collect();
    let verb = |act: &String| serde_json::from_str::<Value>(act).unwrap()["verb"].to_string();
    acts.iter().map(|act| verb(act).trim_matches('"').to_owned()).collect()
}

#[tokio::test]
async fn the_first_administrator_comes_by_a_link_and_signs_in_by_password_and_code() {
    let world = World::new();
    let server = world.start().await;
    let browser = Browser::to(&server);
    assert_eq!(browser.get("/v1/signin").await.body["setup"], true);
    browser.get("/v1/session").await.is_problem(401, "session_missing");
    let link = first_link(&world).await;
    let begun = browser.follow(&link).await;
    assert_eq!((begun.status, &begun.body["must_enrol"]), (200, &json!(true)), "{}", begun.body);
    let cookie = begun.header("set-cookie");
    for wanted in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(wanted), "{cookie}");
    }
    Browser::to(&server).follow(&link).await.is_problem(401, "link_refused");
    browser.get("/v1/incidents").await.is_problem(403, "enrol_first");
    let weak = json!({"new": "aaaaaaaaaaaaaaaa"});
    browser.change("PUT", "/v1/me/password", &weak).await.is_problem(400, "bad_request");
    let secret = browser.enrol().await;
    let session = browser.get("/v1/session").await.body;
    assert_eq!(session["must_enrol"], false, "{session}");
    assert_eq!(session["roles"], json!([{"role": "administrator", "sites": null}]));
    assert_eq!(session["rights"]["operator.manage"], json!({"allowed": true}));
    let raw = &session["rights"]["event.raw"];
    assert_eq!(raw["allowed"], false);
    assert!(raw["reason"].as_str().unwrap().contains("analyst or engineer"), "{raw}");
    assert_eq!(browser.get("/v1/incidents").await.status, 200);
    assert_eq!(browser.get("/v1/signin").await.body["setup"], false);
    let first = browser.cookie();
    assert_eq!(browser.change("DELETE", "/v1/session", &Value::Null).await.status, 204);
    browser.get("/v1/session").await.is_problem(401, "session_missing");
    let old = browser.request("GET", "/v1/session");
    let old = old.header("cookie", format!("castellan_session={first}"));
    browser.send(old).await.is_problem(401, "session_expired");

    let login = "administrator";
    browser.sign_in(login, PASSWORD, None).await.is_problem(401, "totp_wanted");
    browser.sign_in(login, "wrong", None).await.is_problem(401, "signin_refused");
    let wrong = Some("000000".to_owned());
    browser.sign_in(login, PASSWORD, wrong).await.is_problem(401, "signin_refused");
    let next = code(&secret, 30);
    assert_eq!(browser.sign_in(login, PASSWORD, Some(next.clone())).await.status, 200);
    assert_eq!(browser.get("/v1/status").await.status, 200);
    let again = Browser::to(&server).sign_in(login, PASSWORD, Some(next.clone())).await;
    again.is_problem(401, "signin_refused");

    let log = server.log();
    let code = link.split_once("code=").unwrap().1.trim();
    for hidden in [code, &first, &browser.cookie(), &secret, PASSWORD, &next] {
        assert!(!log.contains(hidden), "the log holds a secret");
    }
    server.stop().await;
    let (is_whole, said) = world.admin("verify");
    assert!(is_whole, "{said}");
    let verbs = audited(&world);
    for wanted in [
        "link.make",
        "operator.make",
        "operator.password",
        "operator.totp",
        "session.begin",
        "session.end",
        "session.refuse",
    ] {
        assert!(verbs.iter().any(|verb| verb == wanted), "{wanted} is not in {verbs:?}");
    }
    let state = fs::read(world.data().join("state.db")).unwrap();
    let holds = |text: &str| state.windows(text.len()).any(|found| found == text.as_bytes());
    for hidden in [code, &first, &browser.cookie(), PASSWORD, &secret] {
        assert!(!holds(hidden), "state holds a secret in the clear");
    }
}

#[tokio::test]
async fn the_first_link_is_void_from_afar_and_once_somebody_administers() {
    let config = "host_names = [\"castellan.example\"]\n".to_owned();
    let world = World::with(Plan { config, ..Plan::default() });
    let server = world.start().await;
    let link = first_link(&world).await;
    let body = json!({"code": link.trim().split_once("code=").unwrap().1});
    let far = Browser::to(&server);
    let request = far.request("POST", "/v1/signin/link").json(&body);
    let answer = far.send(request.header("x-forwarded-for", "203.0.113.9")).await;
    answer.is_problem(401, "link_refused");
    let request = far.request("POST", "/v1/signin/link").json(&body);
    let answer = far.send(request.header("host", "castellan.example")).await;
    answer.is_problem(401, "link_refused");
    operator(&world, &["add", "boss", "--role", "administrator"]);
    Browser::to(&server).follow(&link).await.is_problem(401, "link_refused");
    server.stop().await;
    let server = world.start().await;
    let file = world.data().join("first-administrator.txt");
    until("the old link is gone", async || (!file.exists()).then_some(())).await;
    server.stop().await;
}

#[tokio::test]
async fn a_link_ends_by_time_and_by_a_newer_one() {
    let world = limited("signin_link_ms_max = 3000");
    let server = world.start().await;
    let link = first_link(&world).await;
    tokio::time::sleep(std::time::Duration::from_millis(3_100)).await;
    Browser::to(&server).follow(&link).await.is_problem(401, "link_refused");
    let older = operator(&world, &["add", "ben", "--role", "guard"]);
    let newer = operator(&world, &["link", "ben"]);
    Browser::to(&server).follow(&older).await.is_problem(401, "link_refused");
    let browser = Browser::to(&server);
    let begun = browser.follow(&newer).await;
    assert_eq!((begun.status, &begun.body["operator"]["login"]), (200, &json!("ben")));
}

#[tokio::test]
async fn guessing_is_slowed_down_counted_and_told_nothing() {
    let world = limited("signin_refusals_login_max = 3");
    let token = world.root();
    let server = world.start().await;
    let known = signed_in(&world, &server, "ana", "guard").await;
    let guess = Browser::to(&server);
    let unknown = guess.sign_in("nobody", "whatever it is", None).await;
    let mut answers = vec![unknown];
    for _ in 0..3 {
        answers.push(guess.sign_in("ana", "whatever it is", None).await);
    }
    let words: Vec<&str> = answers.iter().map(|a| a.is_problem(401, "signin_refused")).collect();
    assert!(words.windows(2).all(|pair| pair[0] == pair[1]), "{words:?}");
    let locked = guess.sign_in(" ANA ", PASSWORD, None).await;
    locked.is_problem(429, "too_many_tries");
    let wait: u64 = locked.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    assert_eq!(known.get("/v1/session").await.status, 200, "who is in stays in");
    let root = crate::world::Api::to(&server, &token);
    root.until_account(["signin", "password", "rejected", "wrong"], 4).await;
    root.until_account(["signin", "password", "rejected", "too_many_tries"], 1).await;
    root.adds_up("signin").await;
    server.stop().await;
    assert_eq!(audited(&world).iter().filter(|verb| *verb == "session.lock").count(), 1);
}

#[tokio::test]
async fn a_change_must_come_from_the_sessions_own_page() {
    let world = World::new();
    let server = world.start().await;
    let admin = signed_in(&world, &server, "boss", "administrator").await;
    let body = json!({"login": "eve", "name": "Eve Example"});
    let post = || admin.request("POST", "/v1/operators").json(&body);
    admin.send(post()).await.is_problem(403, "csrf");
    admin.send(post().header("x-csrf-token", "0".repeat(32))).await.is_problem(403, "csrf");
    let signed = || post().header("x-csrf-token", admin.csrf());
    let foreign = signed().header("origin", "https://evil.example");
    admin.send(foreign).await.is_problem(403, "csrf");
    let foreign = signed().header("sec-fetch-site", "same-site");
    admin.send(foreign).await.is_problem(403, "csrf");
    let other = signed_in(&world, &server, "ben", "guard").await;
    let borrowed = post().header("x-csrf-token", other.csrf());
    admin.send(borrowed).await.is_problem(403, "csrf");
    let own = signed().header("origin", server.url("")).header("sec-fetch-site", "same-origin");
    assert_eq!(admin.send(own).await.status, 200);
    let login = admin.request("POST", "/v1/signin/password");
    let login = login.json(&json!({"login": "a", "password": "b"}));
    admin.send(login.header("origin", "https://evil.example")).await.is_problem(403, "csrf");
}

#[tokio::test]
async fn a_session_ends_by_age_and_by_idleness() {
    let world = limited("session_ms_max = 4000\nsession_idle_ms_max = 3600000");
    let server = world.start().await;
    let browser = signed_in(&world, &server, "ana", "guard").await;
    assert!(browser.get("/v1/session").await.body["expires_in_s"].as_u64().unwrap() <= 4);
    until("the session is over, used or not", async || {
        let answer = browser.get("/v1/session").await;
        (answer.status == 401).then(|| answer.is_problem(401, "session_expired").to_owned())
    })
    .await;
    server.stop().await;
    world.configure("[limits]\nsession_idle_ms_max = 4000\n", "");
    let server = world.start().await;
    let browser = signed_in(&world, &server, "ben", "guard").await;
    tokio::time::sleep(std::time::Duration::from_millis(5_000)).await;
    browser.get("/v1/incidents").await.is_problem(401, "session_expired");
}

#[tokio::test]
async fn a_disabled_operators_sessions_and_streams_end_at_once() {
    let world = World::new();
    let server = world.start().await;
    let admin = signed_in(&world, &server, "boss", "administrator").await;
    let guard = signed_in(&world, &server, "ana", "guard").await;
    let mut stream = guard.request("GET", "/v1/live").send().await.unwrap();
    assert_eq!(stream.status(), 200);
    let operators = admin.get("/v1/operators").await.body;
    let id = |login: &str| {
        let mut all = operators.as_array().unwrap().iter();
        let found = all.find(|operator| operator["login"] == login).unwrap();
        format!("/v1/operators/{}", found["id"].as_str().unwrap())
    };
    let disabled = json!({"disabled": true});
    let last = admin.change("PUT", &id("boss"), &disabled).await;
    assert!(last.is_problem(409, "conflict").contains("last administrator"));
    assert_eq!(admin.change("PUT", &id("ana"), &disabled).await.status, 200);
    guard.get("/v1/session").await.is_problem(401, "session_expired");
    until("the stream ends", async || stream.chunk().await.ok().flatten().is_none().then_some(()))
        .await;
    let refused = guard.sign_in("ana", PASSWORD, None).await;
    refused.is_problem(401, "signin_refused");
    let second = signed_in(&world, &server, "ben", "guard").await;
    operator(&world, &["disable", "ben"]);
    until("the server hears of it", async || {
        (second.get("/v1/session").await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_command_line_lets_people_in_again() {
    let world = World::new();
    operator(&world, &["add", "ana", "--name", "Ana Example", "--role", "guard@hq"]);
    let listed = operator(&world, &["list"]);
    assert!(listed.contains("ana  guard@hq"), "{listed}");
    let server = world.start().await;
    let browser = Browser::to(&server);
    let begun = browser.follow(&operator(&world, &["link", "ana"])).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    browser.enrol().await;
    let link = operator(&world, &["reset", "ana"]);
    until("the session has ended", async || {
        (browser.get("/v1/session").await.status == 401).then_some(())
    })
    .await;
    browser.sign_in("ana", PASSWORD, None).await.is_problem(401, "signin_refused");
    let again = browser.follow(&link).await;
    assert_eq!((again.status, &again.body["must_enrol"]), (200, &json!(true)));
    browser.enrol().await;
    assert_eq!(browser.get("/v1/incidents").await.status, 200);
}
