//! What operators sign in with: changed only soon after a sign-in, and sealed where it is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD, code, operator, signed_in};
use crate::world::{Plan, World, until};

fn limited(limits: &str) -> World {
    World::with(Plan { config: format!("[limits]\n{limits}\n"), ..Plan::default() })
}

/// What one asks to change of what one signs in with, and what is answered, a line each.
async fn changes(browser: &Browser) -> String {
    let password = json!({"old": PASSWORD, "new": "crimson meadow eleven anchors"});
    let asked = [
        ("PUT", "/v1/me/password", password),
        ("POST", "/v1/me/totp", Value::Null),
        ("PUT", "/v1/me/totp", json!({"code": "000000"})),
        ("POST", "/v1/me/passkeys/begin", Value::Null),
        ("DELETE", "/v1/me/passkeys/none", Value::Null),
    ];
    let mut lines = String::new();
    for (method, path, body) in asked {
        let answer = browser.change(method, path, &body).await;
        let code = answer.body["code"].as_str().unwrap_or("done").to_owned();
        lines += &format!("{method:6} {path:22} {} {code}\n", answer.status);
    }
    lines
}

const FRESH: &str = "\
PUT    /v1/me/password        204 done
POST   /v1/me/totp            200 done
PUT    /v1/me/totp            401 signin_refused
POST   /v1/me/passkeys/begin  200 done
DELETE /v1/me/passkeys/none   404 not_found
";
const STALE: &str = "\
PUT    /v1/me/password        401 proof_wanted
POST   /v1/me/totp            401 proof_wanted
PUT    /v1/me/totp            401 proof_wanted
POST   /v1/me/passkeys/begin  401 proof_wanted
DELETE /v1/me/passkeys/none   401 proof_wanted
";

#[tokio::test]
async fn what_one_signs_in_with_is_changed_only_soon_after_a_sign_in() {
    let world = limited("proof_ms_max = 4000");
    let server = world.start().await;
    let browser = Browser::to(&server);
    browser.follow(&operator(&world, &["add", "ana", "--role", "guard"])).await;
    let secret = browser.enrol().await;
    until("the proof has aged", async || {
        (browser.get("/v1/session").await.body["proof_s"] == 0).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(changes(&browser).await, STALE);
    assert_eq!(browser.get("/v1/incidents").await.status, 200, "all else goes on");
    let former = browser.cookie();
    let again = browser.sign_in("ana", PASSWORD, Some(code(&secret, 30))).await;
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(changes(&browser).await, FRESH);
    let old = Browser::to(&server);
    let asked = old.request("GET", "/v1/session");
    let asked = asked.header("cookie", format!("castellan_session={former}"));
    old.send(asked).await.is_problem(401, "session_expired");
}

#[tokio::test]
async fn who_came_by_a_link_to_enrol_needs_no_other_proof() {
    let world = limited("proof_ms_max = 1");
    let server = world.start().await;
    let browser = signed_in(&world, &server, "ana", "guard").await;
    assert_eq!(browser.get("/v1/session").await.body["must_enrol"], false);
    assert_eq!(changes(&browser).await, STALE, "enrolled, the link counts no longer");
}

fn holds(world: &World, text: &str) -> bool {
    let state = fs::read(world.data().join("state.db")).unwrap();
    state.windows(text.len()).any(|found| found == text.as_bytes())
}

#[tokio::test]
async fn secrets_of_an_earlier_release_are_sealed_at_the_next_start() {
    let world = World::new();
    let server = world.start().await;
    let browser = Browser::to(&server);
    browser.follow(&operator(&world, &["add", "ana", "--role", "guard"])).await;
    let secret = browser.enrol().await;
    server.stop().await;
    let key = world.data().join("seal.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!holds(&world, &secret), "the state holds the secret in the clear");
    {
        let db = rusqlite::Connection::open(world.data().join("state.db")).unwrap();
        let changed = db.execute("UPDATE operators SET totp_secret = ?1", [&secret]).unwrap();
        assert_eq!(changed, 1);
    }
    assert!(holds(&world, &secret), "as it was in an earlier release");
    let server = world.start().await;
    let browser = Browser::to(&server);
    let came = browser.sign_in("ana", PASSWORD, Some(code(&secret, 30))).await;
    assert_eq!(came.status, 200, "{}", came.body);
    server.stop().await;
    assert!(!holds(&world, &secret), "the state still holds the secret in the clear");
    let (is_whole, said) = world.admin("verify");
    assert!(is_whole, "{said}");
}

#[tokio::test]
async fn a_lost_sealing_key_is_told_and_stops_nothing_else() {
    let world = World::new();
    let server = world.start().await;
    let browser = Browser::to(&server);
    browser.follow(&operator(&world, &["add", "ana", "--role", "guard"])).await;
    let secret = browser.enrol().await;
    server.stop().await;
    let key = world.data().join("seal.key");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let server = world.start().await;
    assert!(server.log().contains("restore the key that belongs to this state"));
    let locked = Browser::to(&server);
    let refused = locked.sign_in("ana", PASSWORD, Some(code(&secret, 30))).await;
    refused.is_problem(401, "signin_refused");
    let other = Browser::to(&server);
    other.follow(&operator(&world, &["reset", "ana"])).await;
    other.enrol().await;
    assert_eq!(other.get("/v1/incidents").await.status, 200);
    server.stop().await;
    // A key may lie elsewhere, and one that is none stops the start with what was expected.
    let elsewhere = world.path("key");
    fs::write(&elsewhere, &kept).unwrap();
    let usual = fs::read_to_string(world.config()).unwrap();
    let named = format!("[data]\nseal_key = \"file:{}\"\n", elsewhere.display());
    fs::write(world.config(), usual.replace("[data]\n", &named)).unwrap();
    let server = world.start().await;
    server.stop().await;
    fs::write(&elsewhere, "short").unwrap();
    assert!(world.refused().contains("64 hexadecimal digits"));
}
