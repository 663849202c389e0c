//! What happened is on the live stream and in every search within two seconds, and still there
//! when the server is not.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{Api, Plan, World, ago, client, door_event, until};

const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn an_incident_is_on_the_live_stream_within_two_seconds() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let mut stream = client()
        .get(server.url("/v1/live"))
        .bearer_auth(&token)
        .timeout(Duration::from_secs(600))
        .send()
        .await
        .unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut slowest = Duration::ZERO;
    for door in 0..5 {
        let began = Instant::now();
        let csv = door_event(&format!("d-{door:04}"), "forced");
        api.take("doors", "text/csv", csv).await;
        let wanted = format!("place:d-{door:04}");
        let mut heard = String::new();
        while !(heard.contains("event: incident") && heard.contains(&wanted)) {
            let chunk = tokio::time::timeout(SOON, stream.chunk()).await;
            let chunk = chunk.expect_heard(&heard);
            heard.push_str(&String::from_utf8_lossy(&chunk));
        }
        slowest = slowest.max(began.elapsed());
    }
    assert!(slowest < SOON, "{slowest:?}");
    server.stop().await;
}

trait ExpectHeard {
    fn expect_heard(self, so_far: &str) -> Vec<u8>;
}

impl<B: AsRef<[u8]>, E, T> ExpectHeard for Result<Result<Option<B>, E>, T> {
    fn expect_heard(self, so_far: &str) -> Vec<u8> {
        match self {
            Ok(Ok(Some(chunk))) => chunk.as_ref().to_vec(),
            Ok(Ok(None) | Err(_)) => panic!("the stream ended after `{so_far}`"),
            Err(_) => panic!("nothing came within {SOON:?} after `{so_far}`"),
        }
    }
}

async fn found(api: &Api, query: &str) -> usize {
    let page = api.get(&format!("/v1/events?{query}")).await;
    page["events"].as_array().unwrap().len()
}

#[tokio::test]
async fn events_are_found_by_who_what_where_and_when_within_two_seconds() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let (first, second, from) = (ago(3_600), ago(3_000), ago(7_200));
    let csv =
        format!("time,badge,door,result\n{first},B-1,d-0003,granted\n{second},B-2,d-0004,denied\n");
    api.take("doors", "text/csv", csv).await;
    let logon = r#"{"marker": "m-1", "user": "ana", "ip": "10.0.0.7", "text": "Zebra crossing"}"#;
    let began = Instant::now();
    api.take("app", "application/json", logon).await;
    until("the event is found", async || (found(&api, "ip=10.0.0.7").await == 1).then_some(()))
        .await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());

    let day = format!("from={from}");
    for (query, wanted) in [
        // A badge verdict is two events: the passage and its authentication.
        ("person=ana", 3),
        ("person=ben", 2),
        ("asset=pc-ana", 1),
        ("ip=10.0.0.7", 1),
        ("ip=10.0.0.8", 0),
        ("place=d-0003", 2),
        ("place=hq&class=4230001", 2),
        ("class=4230001&person=ben", 1),
        (&format!("from={from}&text=zebra"), 1),
        (&format!("from={from}&text=giraffe"), 0),
        (&format!("from={}&class=4230001", ago(3_300)), 1),
        (&format!("from={first}&to={second}&class=4230001"), 1),
        ("source=doors", 4),
    ] {
        assert_eq!(found(&api, query).await, wanted, "{query}");
    }
    assert_eq!(found(&api, &format!("{day}&limit=1000")).await, 5);

    let mut seen = Vec::new();
    let mut before = String::new();
    loop {
        let page = api.get(&format!("/v1/events?{day}&limit=2{before}")).await;
        let events = page["events"].as_array().unwrap();
        assert!(events.len() <= 2);
        seen.extend(events.iter().map(|e| (e["record"].as_u64(), e["part"].as_u64())));
        let Some(next) = page["next"].as_str() else { break };
        before = format!("&before={next}");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5, "every event on exactly one page");
    let bad = api.send(api.client.get(server.url("/v1/events?text=x"))).await;
    assert_eq!(bad.status, 400, "{}", bad.body);
    server.stop().await;
}

#[tokio::test]
async fn the_command_line_asks_a_running_server_and_a_stopped_one() {
    // A flush so late that the stopped server's lake lacks nothing only if stopping writes it.
    let config = "[limits]\nlake_flush_ms_max = 3600000\n".to_owned();
    let world = World::with(Plan { config, ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let body: String =
        (0..50).map(|n| format!("{{\"marker\": \"q-{n}\", \"user\": \"ben\"}}\n")).collect();
    api.take("app", "application/x-ndjson", body).await;
    api.settled().await;
    let sql = "SELECT person, count(*) AS n FROM events GROUP BY person";
    let wanted: Vec<Value> = vec![serde_json::json!({"person": "ben", "n": 50})];
    assert_eq!(world.query(sql), wanted);
    api.until_account(["intake", "app", "kept", ""], 50).await;
    server.stop().await;
    assert_eq!(world.query(sql), wanted);
    let server = world.start().await;
    let again = Api::to(&server, &token);
    assert_eq!(again.account("intake", "app", "kept", "").await, 50, "a stop doubles no count");
    server.kill();
    assert_eq!(world.query(sql), wanted);
    let (is_whole, report) = world.admin("verify");
    assert!(is_whole, "{report}");
}
