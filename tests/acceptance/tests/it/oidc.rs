//! Signing in by a real OpenID Connect provider: what a group gives, and everything that does not
//! hold on the way.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::{Browser, operator, signed_in};
use crate::provider::{Provider, is_refused, knock};
use crate::world::{Server, World, castellan, said, until};

const GRANTS: &[(&str, &str)] =
    &[("guards", "guard@hq"), ("soc", "analyst"), ("chiefs", "administrator")];

/// Audited acts, in order.
fn acts(world: &World) -> Vec<Value> {
    let db = rusqlite::Connection::open(world.data().join("state.db")).unwrap();
    let mut acts = db.prepare("SELECT act FROM audit ORDER BY seq").unwrap();
    let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let acts = acts.query_map([], read).unwrap().map(Result::unwrap);
    acts.map(|act| serde_json::from_str(&act).unwrap()).collect()
}

/// The reasons of refusals, in order.
fn reasons(world: &World) -> Vec<String> {
    let refused = acts(world).into_iter().filter(|act| act["verb"] == "session.refuse");
    refused.map(|act| act["detail"]["reason"].as_str().unwrap().to_owned()).collect()
}

async fn roles(browser: &Browser) -> Value {
    let session = browser.get("/v1/session").await;
    assert_eq!(session.status, 200, "{}", session.body);
    session.body["roles"].clone()
}

#[tokio::test]
async fn a_group_is_a_role_for_as_long_as_one_is_in_it() {
    let Some(provider) = Provider::start().await else { return };
    let world = provider.world("", GRANTS);
    let server = world.start().await;
    provider.serve(&server, "cleo", json!(["guards", "choir"])).await;
    let browser = Browser::to(&server);
    let door = browser.get("/v1/signin").await.body;
    assert_eq!(door["providers"], json!([{"id": "house", "name": "Example Works"}]));
    let (place, cookie) = provider.ask(&browser, "?next=/incidents?view=mine").await;
    for wanted in ["code_challenge_method=S256", "nonce=", "state=", "scope=openid+profile"] {
        assert!(place.as_str().contains(wanted), "{place}");
    }
    let back = provider.follow(place).await;
    let back_path = format!("{}?{}", back.path(), back.query().unwrap());
    let begun = knock(&browser, &back_path, &cookie).await;
    assert_eq!((begun.status, &*begun.header("location")), (303, "/incidents?view=mine"));
    let given = begun.header("set-cookie");
    for wanted in ["castellan_session=", "HttpOnly", "SameSite=Strict", "Path=/;"] {
        assert!(given.contains(wanted), "{given}");
    }
    let session = browser.get("/v1/session").await.body;
    assert_eq!(session["roles"], json!([{"role": "guard", "sites": ["hq"]}]));
    assert_eq!((&session["method"], &session["must_enrol"]), (&json!("oidc:house"), &json!(false)));
    assert_eq!(session["operator"]["login"], "cleo");
    assert_eq!(session["operator"]["name"], "cleo Example");
    assert_eq!(session["provider"], "house");
    assert_eq!(browser.get("/v1/incidents").await.status, 200);
    the_provider_keeps_what_one_signs_in_with(&browser, &world).await;

    provider.serve(&server, "cleo", json!(["soc", "guards"])).await;
    let again = Browser::to(&server);
    assert_eq!(provider.sign_in(&again).await.header("location"), "/");
    let both = json!([{"role": "guard", "sites": ["hq"]}, {"role": "analyst", "sites": null}]);
    assert_eq!(roles(&again).await, both);
    assert_eq!(again.get("/v1/session").await.body["operator"], session["operator"]);
    assert_eq!(roles(&browser).await, both, "the older session follows");

    provider.serve(&server, "cleo", json!(["choir"])).await;
    is_refused(&provider.sign_in(&Browser::to(&server)).await, "oidc_no_role");
    for former in [&browser, &again] {
        former.get("/v1/session").await.is_problem(401, "session_expired");
    }
    let log = server.log();
    assert!(log.contains("none of them grants a role here (those do: `chiefs`, `guards`, `soc`)"));
    for hidden in ["cleo", "choir", &browser.cookie(), crate::provider::SECRET] {
        assert!(!log.contains(hidden), "the log holds `{hidden}`");
    }
    server.stop().await;
    let (is_whole, verdict) = world.admin("verify");
    assert!(is_whole, "{verdict}");
    let acts = acts(&world);
    let begun: Vec<&Value> = acts.iter().filter(|act| act["verb"] == "session.begin").collect();
    assert_eq!(begun.len(), 2);
    for act in begun {
        let detail = &act["detail"];
        assert_eq!((&detail["way"], &detail["provider"]), (&json!("oidc"), &json!("house")));
    }
    let made = acts.iter().find(|act| act["verb"] == "operator.make").unwrap();
    assert_eq!(made["by"], "provider:house");
    let text = serde_json::to_string(&acts).unwrap();
    assert!(!text.contains("cleo") && !text.contains("choir"), "the audit chain holds claims");
}

/// No password, authenticator, passkey or link: else the way in would outlive the group.
async fn the_provider_keeps_what_one_signs_in_with(browser: &Browser, world: &World) {
    let password = json!({"new": "violet harbour seven lanterns"});
    let refused = browser.change("PUT", "/v1/me/password", &password).await;
    assert!(refused.is_problem(409, "conflict").contains("identity provider `house`"));
    for path in ["/v1/me/totp", "/v1/me/passkeys/begin"] {
        browser.post(path, Value::Null).await.is_problem(409, "conflict");
    }
    let data = world.data().display().to_string();
    let link = castellan(&["admin", "operator", "link", "cleo", "--data", &data]);
    assert!(!link.status.success() && said(&link).contains("not by links"), "{}", said(&link));
}

#[tokio::test]
async fn nobody_comes_in_by_an_answer_that_does_not_hold() {
    let Some(provider) = Provider::start().await else { return };
    let world = provider.world("", GRANTS);
    let server = world.start().await;
    provider.serve(&server, "cleo", json!(["guards"])).await;
    let browser = Browser::to(&server);

    let back = provider.go(&browser).await;
    let other = "x".repeat(22);
    let answer = knock(&browser, &back.with("state", &other), &back.cookie).await;
    is_refused(&answer, "oidc_expired");
    // A link that somebody else was given: their question, not this browser's.
    is_refused(&knock(&browser, &back.path(), "").await, "oidc_expired");
    is_refused(&knock(&browser, &back.path(), &back.cookie).await, "oidc_expired");

    let back = provider.go(&browser).await;
    assert_eq!(knock(&browser, &back.path(), &back.cookie).await.header("location"), "/");
    is_refused(&knock(&browser, &back.path(), &back.cookie).await, "oidc_expired");

    let (place, cookie) = provider.ask(&browser, "").await;
    let mut changed = place.clone();
    let pairs: Vec<(String, String)> = place
        .query_pairs()
        .map(|(k, v)| (k.to_string(), if k == "nonce" { "another".into() } else { v.to_string() }))
        .collect();
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    let back = provider.follow(changed).await;
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    is_refused(&knock(&browser, &path, &cookie).await, "oidc_refused");

    // Two sign-ins at once, the code of one with the state of the other: PKCE holds.
    let (one, two) = (provider.go(&browser).await, provider.go(&browser).await);
    let mixed = one.with("code", &two.get("code"));
    is_refused(&knock(&browser, &mixed, &one.cookie).await, "oidc_refused");
    let both = format!("{}; {}", one.cookie, two.cookie);
    let both_open = provider.go(&browser).await;
    let cookies = format!("{both}; {}", both_open.cookie);
    assert_eq!(knock(&browser, &both_open.path(), &cookies).await.header("location"), "/");

    let back = provider.go(&browser).await;
    let elsewhere = back.with("iss", "https://evil.example");
    is_refused(&knock(&browser, &elsewhere, &back.cookie).await, "oidc_refused");
    let back = provider.go(&browser).await;
    let invented = back.with("code", "invented");
    is_refused(&knock(&browser, &invented, &back.cookie).await, "oidc_refused");
    provider.set(json!({"refuses": true})).await;
    is_refused(&provider.sign_in(&browser).await, "oidc_refused");
    is_refused(&browser.get("/v1/signin/oidc/nobody").await, "oidc_refused");
    is_refused(&knock(&browser, "/v1/signin/oidc/callback", "").await, "oidc_expired");
    let token = world.root();
    until("the accounts know the token", async || {
        let root = crate::world::Api::to(&server, &token);
        let asked = root.client.get(server.url("/v1/status")).bearer_auth(&token).send().await;
        asked.unwrap().status().is_success().then_some(())
    })
    .await;
    crate::world::Api::to(&server, &token).adds_up("signin").await;
    server.stop().await;
    let found = reasons(&world);
    let wanted = [
        "unknown_state",
        "unknown_state",
        "unknown_state",
        "unknown_state",
        "wrong_nonce",
        "code_refused",
        "other_issuer",
        "code_refused",
        "provider_refused",
        "unknown_state",
    ];
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn what_is_said_of_groups_is_read_or_refused_with_the_reason() {
    let Some(provider) = Provider::start().await else { return };
    let world = provider.world("", GRANTS);
    let server = world.start().await;
    let check = async |claims: Value, code: &str, told: &str| {
        provider.serve(&server, "cleo", json!([])).await;
        provider.set(json!({"claims": claims})).await;
        is_refused(&provider.sign_in(&Browser::to(&server)).await, code);
        assert!(server.log().contains(told), "{claims}: {}", server.log());
    };
    let absent = "the token's groups claim `groups` is absent";
    check(json!({"roles": ["guards"]}), "oidc_refused", absent).await;
    let number = "the token's groups claim `groups` is a number; expected a list of texts";
    check(json!({"groups": 7}), "oidc_refused", number).await;
    check(json!({"groups": []}), "oidc_no_role", "the token names 0 groups").await;
    check(json!({"groups": ["Guards", "guards "]}), "oidc_no_role", "names 2 groups").await;
    // Only the userinfo endpoint has them, and the client's secret goes in the body.
    provider.serve(&server, "cleo", json!("guards")).await;
    provider.set(json!({"in_id_token": false})).await;
    let browser = Browser::to(&server);
    assert_eq!(provider.sign_in(&browser).await.header("location"), "/");
    assert_eq!(roles(&browser).await, json!([{"role": "guard", "sites": ["hq"]}]));
    server.stop().await;
    provider.set(json!({"auth_method": "client_secret_post"})).await;
    let server = world.start().await;
    provider.serve(&server, "cleo", json!(["soc"])).await;
    let browser = Browser::to(&server);
    assert_eq!(provider.sign_in(&browser).await.header("location"), "/");
    // A secret that the provider does not have is told to whoever reads the log.
    provider.set(json!({"client_secret": "another"})).await;
    is_refused(&provider.sign_in(&browser).await, "oidc_refused");
    assert!(server.log().contains("it gave no token for the code: `invalid_client"));
}

#[tokio::test]
async fn new_keys_of_the_provider_are_taken_and_no_restart_is_needed() {
    let Some(provider) = Provider::start().await else { return };
    let world = provider.world("", GRANTS);
    let server = world.start().await;
    for _ in 0..3 {
        provider.serve(&server, "cleo", json!(["guards"])).await;
        let browser = Browser::to(&server);
        assert_eq!(provider.sign_in(&browser).await.header("location"), "/");
        provider.set(json!({"new_key": true})).await;
    }
}

#[tokio::test]
async fn a_sign_in_that_takes_too_long_begins_again() {
    let Some(provider) = Provider::start().await else { return };
    let world = provider.world("[limits]\noidc_state_ms_max = 1000", GRANTS);
    let server = world.start().await;
    provider.serve(&server, "cleo", json!(["guards"])).await;
    let browser = Browser::to(&server);
    let back = provider.go(&browser).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    is_refused(&knock(&browser, &back.path(), &back.cookie).await, "oidc_expired");
}

#[tokio::test]
async fn questions_that_wait_are_bounded_and_the_newest_are_kept() {
    let Some(provider) = Provider::start().await else { return };
    let world = provider.world("[limits]\noidc_states_address_max = 2", GRANTS);
    let server = world.start().await;
    provider.serve(&server, "cleo", json!(["guards"])).await;
    let browser = Browser::to(&server);
    let oldest = provider.go(&browser).await;
    let newer = [provider.go(&browser).await, provider.go(&browser).await];
    is_refused(&knock(&browser, &oldest.path(), &oldest.cookie).await, "oidc_expired");
    for back in newer {
        assert_eq!(knock(&browser, &back.path(), &back.cookie).await.header("location"), "/");
    }
}

#[tokio::test]
async fn the_same_person_twice_at_once_is_one_operator() {
    let Some(provider) = Provider::start().await else { return };
    let world = provider.world("", GRANTS);
    let server = world.start().await;
    provider.serve(&server, "cleo", json!(["guards"])).await;
    let (one, two) = (Browser::to(&server), Browser::to(&server));
    let (first, second) = (provider.go(&one).await, provider.go(&two).await);
    let (first_path, second_path) = (first.path(), second.path());
    let (came, came_too) = tokio::join!(
        knock(&one, &first_path, &first.cookie),
        knock(&two, &second_path, &second.cookie)
    );
    assert_eq!((&*came.header("location"), &*came_too.header("location")), ("/", "/"));
    let who = |session: Value| session["operator"]["id"].as_str().unwrap().to_owned();
    let id = who(one.get("/v1/session").await.body);
    assert_eq!(id, who(two.get("/v1/session").await.body));
    let made = acts(&world).into_iter().filter(|act| act["verb"] == "operator.make").count();
    assert_eq!(made, 1);
}

#[tokio::test]
async fn without_the_provider_the_other_ways_still_lead_in() {
    let Some(mut provider) = Provider::start().await else { return };
    let world = provider.world("", GRANTS);
    let server = world.start().await;
    provider.serve(&server, "cleo", json!(["guards"])).await;
    let back = provider.go(&Browser::to(&server)).await;
    provider.stop();
    let browser = Browser::to(&server);
    is_refused(&knock(&browser, &back.path(), &back.cookie).await, "oidc_unreachable");
    server.stop().await;
    let server = world.start().await;
    is_refused(&Browser::to(&server).get("/v1/signin/oidc/house").await, "oidc_unreachable");
    assert!(server.log().contains("gives no answer"), "{}", server.log());
    let boss = signed_in(&world, &server, "boss", "administrator").await;
    assert_eq!(boss.get("/v1/incidents").await.status, 200);
}

#[tokio::test]
async fn a_disabled_operator_stays_out_and_the_last_administrator_is_not_lost() {
    let Some(provider) = Provider::start().await else { return };
    let world = provider.world("", GRANTS);
    let server = world.start().await;
    provider.serve(&server, "cleo", json!(["chiefs", "guards"])).await;
    let chief = Browser::to(&server);
    assert_eq!(provider.sign_in(&chief).await.header("location"), "/");
    assert_eq!(chief.get("/v1/signin").await.body["setup"], false);
    // The group is gone, and nobody else administers: the right cannot be used, nor be lost.
    provider.serve(&server, "cleo", json!(["guards"])).await;
    is_refused(&provider.sign_in(&Browser::to(&server)).await, "oidc_refused");
    assert!(server.log().contains("this is the last administrator"), "{}", server.log());
    chief.get("/v1/session").await.is_problem(401, "session_expired");
    assert_eq!(chief.get("/v1/signin").await.body["setup"], false);
    // With another administrator it goes as it should.
    let boss = signed_in(&world, &server, "boss", "administrator").await;
    let guard = Browser::to(&server);
    assert_eq!(provider.sign_in(&guard).await.header("location"), "/");
    assert_eq!(roles(&guard).await, json!([{"role": "guard", "sites": ["hq"]}]));
    let operators = boss.get("/v1/operators").await.body;
    let cleo = operators.as_array().unwrap().iter().find(|o| o["login"] == "cleo").unwrap();
    assert_eq!((&cleo["provider"], &cleo["enrolled"]), (&json!("house"), &json!(true)));
    let path = format!("/v1/operators/{}", cleo["id"].as_str().unwrap());
    assert_eq!(boss.change("PUT", &path, &json!({"disabled": true})).await.status, 200);
    guard.get("/v1/session").await.is_problem(401, "session_expired");
    is_refused(&provider.sign_in(&Browser::to(&server)).await, "oidc_refused");
    assert_eq!(reasons(&world).last().unwrap(), "disabled");
    // A local operator of the same login is somebody else.
    operator(&world, &["add", "dora", "--role", "guard"]);
    provider.serve(&server, "dora", json!(["guards"])).await;
    let dora = Browser::to(&server);
    assert_eq!(provider.sign_in(&dora).await.header("location"), "/");
    assert_eq!(dora.get("/v1/session").await.body["operator"]["login"], "dora-2");
}

#[tokio::test]
async fn a_provider_that_is_no_longer_configured_ends_its_sessions() {
    let Some(provider) = Provider::start().await else { return };
    let world = provider.world("", GRANTS);
    let server = world.start().await;
    provider.serve(&server, "cleo", json!(["guards"])).await;
    let browser = Browser::to(&server);
    assert_eq!(provider.sign_in(&browser).await.header("location"), "/");
    let cookie = browser.cookie();
    server.stop().await;
    world.configure("", "");
    let server = world.start().await;
    let later = Browser::to(&server);
    let asked = later.request("GET", "/v1/session");
    let asked = asked.header("cookie", format!("castellan_session={cookie}"));
    later.send(asked).await.is_problem(401, "session_expired");
}

/// Answers every connection with the given bytes, again and again, or never.
fn stand_in(again: Option<&'static [u8]>) -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let mut asked = [0_u8; 4_096];
        let _ = stream.read(&mut asked);
        let Some(again) = again else {
            // Silence until the other side gives up.
            let _ = stream.read(&mut asked);
            return;
        };
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        let _ = stream.write_all(head);
        while stream.write_all(again).is_ok() {}
    });
    (issuer, thread)
}

async fn asks(issuer: &str, more: &str) -> (World, Server, Duration) {
    let config = format!(
        "[[identity_provider]]\nid = \"house\"\nname = \"Example\"\nissuer = {issuer:?}\n\
         client_id = \"castellan\"\n[[identity_provider.grant]]\ngroup = \"a\"\nrole = \"guard\"\n\
         {more}\n"
    );
    let world = World::new();
    world.configure(&config, "");
    let server = world.start().await;
    let began = Instant::now();
    is_refused(&Browser::to(&server).get("/v1/signin/oidc/house").await, "oidc_unreachable");
    let took = began.elapsed();
    assert_eq!(Browser::to(&server).get("/v1/signin").await.status, 200);
    (world, server, took)
}

#[tokio::test]
async fn a_provider_that_hangs_or_talks_without_end_holds_nobody_up() {
    let (issuer, thread) = stand_in(None);
    let (_world, server, took) = asks(&issuer, "[limits]\noidc_answer_ms_max = 500").await;
    assert!(took >= Duration::from_millis(400) && took < Duration::from_secs(10), "{took:?}");
    server.kill();
    thread.join().unwrap();
    let (issuer, thread) = stand_in(Some(&[b' '; 65_536]));
    let (_world, server, _) = asks(&issuer, "").await;
    assert!(server.log().contains("more than 1024 KiB is not read"), "{}", server.log());
    thread.join().unwrap();
}

#[test]
fn a_wrong_configuration_is_refused_alike_by_check_and_serve() {
    let world = World::new();
    let good = "[[identity_provider]]\nid = \"house\"\nname = \"Example\"\n\
        issuer = \"https://id.example.org\"\nclient_id = \"castellan\"\n\
        [[identity_provider.grant]]\ngroup = \"a\"\nrole = \"guard\"\nsites = [\"hq\"]\n";
    let check = |changes: &[(&str, &str)], wanted: &[&str]| {
        let text = changes.iter().fold(good.to_owned(), |text, (from, to)| text.replace(from, to));
        world.configure(&text, "");
        let config = world.config().display().to_string();
        let checked = castellan(&["check", "--config", &config]);
        assert!(!checked.status.success(), "taken: {text}");
        for told in [said(&checked), world.refused()] {
            for wanted in wanted {
                assert!(told.contains(wanted), "{wanted}: {told}");
            }
        }
    };
    check(
        &[("https://", "http://"), ("client_id", "clientid"), ("\"guard\"", "\"gaurd\"")],
        &["expected `https://…`", "did you mean `client_id`", "did you mean `guard`"],
    );
    let more = "client_id = \"castellan\"\nclient_secret = \"env:NOT_SET_ANYWHERE\"\n\
        ca = \"/nowhere/ca.pem\"";
    check(
        &[("client_id = \"castellan\"", more), ("[\"hq\"]", "[\"hk\"]")],
        &[
            "`env:NOT_SET_ANYWHERE` is not set",
            "/nowhere/ca.pem",
            "no site `hk`; did you mean `hq`",
        ],
    );
}
