//! kill -9 at random instants under load: what was acknowledged is there, once, and its
//! consequences too.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::world::{Api, Plan, Server, World, door_event, until};

const KILLS: usize = 20;
/// Records of one batch of the steady sender.
const BATCH: usize = 25;

/// Small numbers that a seed repeats.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// A sender that, like any good one, repeats under the same key what it got no answer for.
struct Sender {
    name: &'static str,
    kind: &'static str,
    body: fn(usize) -> String,
    max: usize,
    next: usize,
    is_pending: bool,
    resent: usize,
}

impl Sender {
    fn new(name: &'static str, kind: &'static str, body: fn(usize) -> String, max: usize) -> Self {
        Self { name, kind, body, max, next: 0, is_pending: false, resent: 0 }
    }

    /// Sends batch after batch until one is not answered; it stays pending.
    async fn run(mut self, api: Api, only_pending: bool) -> Self {
        while self.next < self.max && (self.is_pending || !only_pending) {
            let key = format!("{}-{}", self.name, self.next);
            let request = api.ingest(self.name, self.kind).header("idempotency-key", key);
            let answer = api.try_send(request.body((self.body)(self.next))).await;
            self.resent += usize::from(self.is_pending);
            self.is_pending = true;
            match answer {
                Ok(answer) if answer.status == 200 => {
                    assert_eq!(answer.body["rejected"], 0, "{}", answer.body);
                    self.is_pending = false;
                    self.next += 1;
                }
                // Cut off, or refused while stopping: unknown, so it is sent again.
                Ok(_) | Err(_) => return self,
            }
        }
        self
    }
}

fn app_batch(number: usize) -> String {
    let line = |n| format!("{{\"marker\": \"{number}-{n}\", \"user\": \"ana\"}}\n");
    (0..BATCH).map(line).collect()
}

fn forced(number: usize) -> String {
    door_event(&format!("d-{number:04}"), "forced")
}

async fn load(
    server: &Server,
    token: &str,
    senders: (Sender, Sender),
    only_pending: bool,
) -> tokio::task::JoinHandle<(Sender, Sender)> {
    let (one, other) = (Api::to(server, token), Api::to(server, token));
    tokio::spawn(async move {
        tokio::join!(senders.0.run(one, only_pending), senders.1.run(other, only_pending))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_lose_nothing_acknowledged_and_double_nothing() {
    let seed = std::env::var("CASTELLAN_SEED").ok().and_then(|s| s.parse().ok());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed = seed.unwrap_or(now.as_micros() as u64 | 1);
    println!("CASTELLAN_SEED={seed}");
    let mut chance = Chance(seed);
    // Flushes, segments and ticks so small that kills fall between all of them; a lake that is
    // often full.
    let config = "[limits]\nlake_flush_ms_max = 200\njournal_segment_bytes_max = 262144\n\
                  journal_age_ms_max = 2000\ntick_ms = 200\nlake_memory_rows_max = 400\n";
    let world = World::with(Plan { config: config.into(), ..Plan::default() });
    let token = world.root();
    let mut senders = (
        Sender::new("app", "application/x-ndjson", app_batch, usize::MAX),
        Sender::new("doors", "text/csv", forced, crate::world::DOORS),
    );
    for kill in 0..KILLS {
        if kill % 5 == 4 {
            // While it is still opening and catching up.
            world.start_and_kill(Duration::from_millis(chance.below(800))).await;
            continue;
        }
        let server = world.start().await;
        let running = load(&server, &token, senders, false).await;
        tokio::time::sleep(Duration::from_millis(20 + chance.below(600))).await;
        server.kill();
        senders = running.await.unwrap();
    }
    let server = world.start().await;
    let senders = load(&server, &token, senders, true).await.await.unwrap();
    assert!(!senders.0.is_pending && !senders.1.is_pending);
    let (batches, doors) = (senders.0.next, senders.1.next);
    println!(
        "{batches} batches, {doors} doors, {} sent again",
        senders.0.resent + senders.1.resent
    );
    assert!(batches > KILLS && doors > KILLS, "there was load");
    check(&Api::to(&server, &token), batches * BATCH, doors).await;
    server.stop().await;
    let (is_whole, report) = world.admin("verify");
    assert!(is_whole, "{report}");
    let left = world.query("SELECT count(*) AS n FROM events WHERE source = 'app'");
    assert_eq!(left[0]["n"], batches * BATCH);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_after_a_flush_and_before_the_next_commit_loses_no_count() {
    // Nothing here is urgent, so commits come a second apart and flushes many times in between.
    let config = "[limits]\nlake_flush_ms_max = 20\n".to_owned();
    let world = World::with(Plan { config, ..Plan::default() });
    let token = world.root();
    const ROUNDS: usize = 4;
    for round in 0..ROUNDS {
        let server = world.start().await;
        let api = Api::to(&server, &token);
        let answer = api.ingest("app", "application/x-ndjson").body(app_batch(round));
        assert_eq!(api.try_send(answer).await.unwrap().status, 200);
        tokio::time::sleep(Duration::from_millis(400)).await;
        server.kill();
    }
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let records = (ROUNDS * BATCH) as u64;
    api.until_account(["normalise", "app", "kept", ""], records).await;
    api.until_account(["normalise", "app", "received", ""], records).await;
    server.stop().await;
}

async fn check(api: &Api, records: usize, doors: usize) {
    api.settled().await;
    let marker = "json_text(ocsf, 'unmapped.marker')";
    let sql = format!("SELECT count(*), count(DISTINCT {marker}) FROM events WHERE source = 'app'");
    let rows = api.sql(&sql).await;
    assert_eq!(rows, [[Value::from(records), Value::from(records)]], "records, markers");
    let sql = "SELECT count(*), count(DISTINCT seq) FROM raw WHERE source = 'app'";
    assert_eq!(api.sql(sql).await, [[Value::from(records), Value::from(records)]], "raw");
    let sql = "SELECT count(*), count(DISTINCT place) FROM events WHERE class_uid = 4230001";
    assert_eq!(api.sql(sql).await, [[Value::from(doors), Value::from(doors)]], "door events");
    api.until_account(["normalise", "app", "kept", ""], records as u64).await;

    let incidents = until("each door has its incident", async || {
        let all = api.incidents().await;
        let forced = |i: &Value| i["rules"] == serde_json::json!(["door-forced"]);
        let found: Vec<Value> = all.into_iter().filter(forced).collect();
        (found.len() >= doors).then_some(found)
    })
    .await;
    assert_eq!(incidents.len(), doors, "one incident for each door");
    let list = |i: &Value, key: &str| i[key].as_array().unwrap().clone();
    let findings: Vec<Value> = incidents.iter().flat_map(|i| list(i, "findings")).collect();
    let distinct: BTreeSet<String> = findings.iter().map(Value::to_string).collect();
    assert_eq!((findings.len(), distinct.len()), (doors, doors), "each finding once");
    assert!(incidents.iter().all(|i| list(i, "evidence").len() == 1), "each event once");
    let opened = incidents.iter().map(|i| list(i, "timeline").len()).max();
    assert_eq!(opened, Some(1), "opened once, folded never");
}
