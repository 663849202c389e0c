//! HTTP ingest: what is taken, what is refused and how that is said, and that a retry doubles
//! nothing.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::world::{Answer, Api, Plan, World};

const NDJSON: &str = "application/x-ndjson";
const JSON: &str = "application/json";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn markers(name: &str, count: usize) -> String {
    let line = |n| format!("{{\"marker\": \"{name}-{n}\", \"user\": \"ana\"}}\n");
    (0..count).map(line).collect()
}

#[tokio::test]
async fn every_shape_and_compression_is_taken_and_counted() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);

    let taken = api.take("app", NDJSON, markers("lines", 3)).await;
    assert_eq!((taken["accepted"].as_u64(), taken["rejected"].as_u64()), (Some(3), Some(0)));
    let array = json!([{"marker": "array-0"}, {"marker": "array-1"}]);
    assert_eq!(api.take("app", JSON, array.to_string()).await["accepted"], 2);
    assert_eq!(api.take("app", JSON, "{\n \"marker\": \"single\"\n}").await["accepted"], 1);
    let csv = "time,badge,door,result\n2026-11-22T08:00:00Z,B-1,d-0000,granted\n";
    assert_eq!(api.take("doors", "text/csv", csv).await["accepted"], 1);
    let lines = "<13>1 2026-11-22T08:00:00Z host-a app - - - text\n";
    assert_eq!(api.take("hosts", "text/plain", lines).await["accepted"], 1);
    for (encoding, body) in [
        ("gzip", gzip(markers("gzip", 4).as_bytes())),
        ("zstd", zstd::encode_all(markers("zstd", 5).as_bytes(), 1).unwrap()),
    ] {
        let request = api.ingest("app", NDJSON).header("content-encoding", encoding).body(body);
        let answer = api.send(request).await;
        assert_eq!(answer.status, 200, "{encoding}: {}", answer.body);
    }

    api.until_count("SELECT count(*) FROM events WHERE source = 'app'", 15).await;
    let distinct = "SELECT count(DISTINCT json_text(ocsf, 'unmapped.marker')) FROM events";
    assert_eq!(api.count(distinct).await, 15);
    api.until_account(["intake", "app", "received", ""], 15).await;
    api.until_account(["intake", "app", "kept", ""], 15).await;
    api.until_account(["normalise", "app", "kept", ""], 15).await;
    server.stop().await;
}

#[tokio::test]
async fn a_bad_record_is_refused_with_its_place_and_costs_no_other() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let body = format!(
        "{{\"marker\": \"first\"}}\n{{\"deep\": {deep}}}\n{{\"a\": 1, \"a\": 2}}\n\
         {{\"a\": NaN}}\n{{\"a\": \"x\0y\"}}\n{{\"marker\": \"last\"}}\n"
    );
    let answer = api.take("app", NDJSON, body).await;
    let refused: Vec<(u64, u64, u64, &str)> = answer["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            let number = |key: &str| p[key].as_u64().unwrap();
            (number("record"), number("line"), number("column"), p["code"].as_str().unwrap())
        })
        .collect();
    assert_eq!((answer["accepted"].as_u64(), answer["rejected"].as_u64()), (Some(2), Some(4)));
    assert_eq!(refused[0].3, "too_deep");
    assert_eq!((refused[0].0, refused[0].1), (1, 2));
    assert_eq!(refused[1], (2, 3, 10, "malformed"));
    assert_eq!(refused[2], (3, 4, 7, "malformed"));
    assert_eq!(refused[3], (4, 5, 9, "malformed"));
    let said: Vec<&str> = answer["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["detail"].as_str().unwrap())
        .collect();
    assert!(said[1].contains("`a`") && said[2].contains("NaN"), "{said:?}");

    api.until_account(["intake", "app", "received", ""], 6).await;
    api.until_account(["intake", "app", "kept", ""], 2).await;
    api.until_account(["intake", "app", "rejected", "too_deep"], 1).await;
    api.until_account(["intake", "app", "rejected", "malformed"], 3).await;
    server.stop().await;
}

#[tokio::test]
async fn who_may_not_send_is_told_why() {
    let world = World::new();
    let doors_only = world.token("gate", &["ingest"], &["--source", "doors"]);
    let reader = world.token("reader", &["read"], &[]);
    let brief = world.token("brief", &["ingest"], &["--valid", "1s"]);
    let root = world.root();
    let server = world.start().await;
    let send = async |token: &str, source: &str| {
        let api = Api::to(&server, token);
        api.send(api.ingest(source, NDJSON).body("{\"marker\": \"x\"}\n")).await
    };

    let wrong = send("cst_nonsense", "app").await;
    wrong.is_problem(401, "token_unknown");
    assert_eq!(wrong.header("www-authenticate"), "Bearer");
    let expired = crate::world::until("the token expires", async || {
        let answer = send(&brief, "app").await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    assert!(expired.is_problem(401, "token_expired").contains("expired at"));
    let other = send(&doors_only, "app").await;
    assert!(other.is_problem(403, "forbidden").contains("`app`"));
    assert_eq!(send(&reader, "app").await.status, 403);
    let unknown = send(&root, "dors").await;
    assert!(unknown.is_problem(404, "unknown_source").contains("did you mean `doors`"));
    let without = crate::world::client().post(server.url("/v1/ingest/app")).send().await.unwrap();
    assert_eq!(without.status().as_u16(), 401);
    assert_eq!(send(&root, "app").await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn too_much_is_refused_within_bounded_memory() {
    let limits = "[limits]\nbody_bytes_max = 1048576\nbody_plain_bytes_max = 8388608\n";
    let world = World::with(Plan { config: limits.into(), ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let before = server.memory_peak();

    // A gigabyte of blanks in one megabyte: refused as soon as it has grown past the bound.
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..1_000 {
        bomb.write_all(&[b' '; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    for _ in 0..4 {
        let request = api.ingest("app", NDJSON).header("content-encoding", "gzip");
        let answer = api.send(request.body(bomb.clone())).await;
        assert!(answer.is_problem(413, "too_large").contains("8388608 bytes"));
    }
    let large = api.send(api.ingest("app", NDJSON).body(vec![b' '; 2 << 20])).await;
    large.is_problem(413, "too_large");
    assert!(!large.header("retry-after").is_empty());
    let grown = server.memory_peak() - before;
    assert!(grown < 128 << 20, "{grown} bytes for bodies of at most 8 MiB");

    assert_eq!(api.take("app", NDJSON, markers("after", 1)).await["accepted"], 1);
    let gibberish = api.ingest("app", NDJSON).header("content-encoding", "gzip").body("gibberish");
    assert_eq!(api.send(gibberish).await.status, 400);
    let brotli = api.ingest("app", NDJSON).header("content-encoding", "br").body("x");
    api.send(brotli).await.is_problem(415, "unsupported_encoding");
    server.stop().await;
}

#[tokio::test]
async fn many_large_bodies_share_their_memory() {
    let limits = "[limits]\nbody_bytes_max = 1048576\nbody_plain_bytes_max = 8388608\n\
                  ingest_bytes_max = 1048576\n";
    let world = World::with(Plan { config: limits.into(), ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let mut body = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for number in 0..7 {
        writeln!(body, "{{\"marker\":\"{number}{}\"}}", " ".repeat(1_000_000)).unwrap();
    }
    let body = body.finish().unwrap();
    let before = server.memory_peak();
    let requests = (0..32).map(|_| {
        let request = api.ingest("app", NDJSON).header("content-encoding", "gzip");
        api.send(request.body(body.clone()))
    });
    let answers = futures::future::join_all(requests).await;
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        refused.is_problem(429, "no_room");
        assert_eq!(refused.header("retry-after"), "1");
    }
    assert!(taken >= 1, "the largest body always fits when it is alone");
    let grown = server.memory_peak() - before;
    assert!(grown < 256 << 20, "{grown} bytes, {taken} of 32 taken");
    let request = api.ingest("app", NDJSON).header("content-encoding", "gzip").body(body);
    assert_eq!(api.send(request).await.status, 200, "room is given back");
    server.stop().await;
}

#[tokio::test]
async fn a_source_that_sends_too_fast_is_told_when_to_come_again() {
    let limits = "[limits]\nsource_rate_max = 10\n";
    let world = World::with(Plan { config: limits.into(), ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    assert_eq!(api.take("app", NDJSON, markers("burst", 100)).await["accepted"], 100);
    let answer = api.send(api.ingest("app", NDJSON).body(markers("more", 50))).await;
    assert!(answer.is_problem(429, "too_fast").contains("10 records a second"));
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(api.take("hosts", "text/plain", "another source\n").await["accepted"], 1);
    server.stop().await;
}

#[tokio::test]
async fn a_retry_under_its_key_doubles_nothing() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let keyed = async |api: &Api, key: &str, body: String| -> Answer {
        api.send(api.ingest("app", NDJSON).header("idempotency-key", key).body(body)).await
    };

    let first = keyed(&api, "batch-1", markers("one", 3)).await;
    assert_eq!((first.status, first.body["is_replay"].clone()), (200, Value::Bool(false)));
    let again = keyed(&api, "batch-1", markers("one", 3)).await;
    assert_eq!(
        (again.body["is_replay"].clone(), again.body["accepted"].clone()),
        (true.into(), 3.into())
    );

    // Eight senders at once, each with the same two batches.
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let api = Api::to(&server, &token);
            tokio::spawn(async move {
                let (key, body) =
                    (format!("both-{}", n % 2), markers(&format!("both-{}", n % 2), 5));
                let request = api.ingest("app", NDJSON).header("idempotency-key", key).body(body);
                let answer = api.send(request).await;
                (answer.status, answer.body["is_replay"].as_bool())
            })
        })
        .collect();
    let mut fresh = 0;
    for task in tasks {
        let (status, is_replay) = task.await.unwrap();
        assert_eq!(status, 200);
        fresh += u32::from(is_replay == Some(false));
    }
    assert_eq!(fresh, 2);

    server.kill();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let later = keyed(&api, "batch-1", markers("one", 3)).await;
    assert_eq!((later.status, later.body["is_replay"].clone()), (200, Value::Bool(true)));
    let long = keyed(&api, &"k".repeat(300), markers("long", 1)).await;
    assert_eq!(long.status, 400);
    api.settled().await;
    api.until_count("SELECT count(*) FROM events WHERE source = 'app'", 13).await;
    let distinct = "SELECT count(DISTINCT json_text(ocsf, 'unmapped.marker')) FROM events";
    assert_eq!(api.count(distinct).await, 13);
    server.stop().await;
}

#[tokio::test]
async fn what_the_framework_refuses_is_a_problem_document_too() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let client = &api.client;
    let nowhere = api.send(client.get(server.url("/v1/nowhere"))).await;
    assert!(nowhere.is_problem(404, "no_such_path").contains("/openapi.json"));
    let deleted = api.send(client.delete(server.url("/v1/incidents"))).await;
    deleted.is_problem(405, "method_not_allowed");
    assert!(deleted.header("allow").contains("GET"));
    let plain = client.post(server.url("/v1/query")).body("SELECT 1");
    api.send(plain).await.is_problem(415, "unsupported_media_type");
    let wrong = client.get(server.url("/v1/incidents?limit=many"));
    assert!(api.send(wrong).await.is_problem(400, "bad_request").contains("limit"));
    let torn = client.post(server.url("/v1/query")).header("content-type", "application/json");
    assert!(api.send(torn.body("{\"sql\":")).await.is_problem(400, "bad_request").contains("EOF"));
    server.stop().await;
}
