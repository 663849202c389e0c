//! Edges as processes of their own: taken into service as somebody does, started, waited for.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::world::{Api, World, binary, until};

/// A process that is ended with the test.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port for edges that nobody listens on, at an address of the loopback that nobody else uses:
/// the server's other listeners take any free port of theirs meanwhile.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.2:0").unwrap().local_addr().unwrap().port()
}

/// Takes an edge into service as somebody does: a code, a fingerprint, an approval.
pub async fn enrol(api: &Api, point: &str, config: &Path) {
    let invited = api.post("/v1/edges", &json!({"point": point, "site": "hq"})).await;
    assert_eq!(invited.status, 201, "{}", invited.body);
    let mut asking = Command::new(binary())
        .args(["edge", "enrol", "--code", "-", "--config"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = asking.stdin.take().unwrap();
    writeln!(stdin, "{}", invited.body["code"].as_str().unwrap()).unwrap();
    drop(stdin);
    let mut said = BufReader::new(asking.stderr.take().unwrap()).lines();
    let mut asking = Process(asking);
    let fingerprint = said
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once("this edge's key: ")?.1.trim().to_owned()))
        .unwrap();
    let path = format!("/v1/edges/{point}/approve");
    let wrong = json!({"fingerprint": "0000 1111", "reason": "a guess"});
    assert_eq!(api.post(&path, &wrong).await.status, 409);
    let right = json!({"fingerprint": fingerprint, "reason": "compared at the box"});
    assert_eq!(api.post(&path, &right).await.status, 200);
    until("the edge is taken in", async || asking.0.try_wait().unwrap()).await;
    assert!(asking.0.wait().unwrap().success());
}

/// Starts an edge by its configuration.
pub fn serve(world: &World, config: &Path) -> Process {
    let log = world.path("edges.log");
    let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
    let child = Command::new(binary())
        .args(["serve", "--role", "edge", "--config"])
        .arg(config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    Process(child)
}

/// Waits until these edges are there and go by the newest rights.
pub async fn until_current(api: &Api, points: &[&str]) {
    until("the edges are connected and current", async || {
        let edges = api.get("/v1/edges").await;
        let is_current = |point: &&str| {
            edges.as_array().unwrap().iter().any(|edge| {
                edge["point"] == **point
                    && edge["state"] == "connected"
                    && edge["snapshot"] == edge["newest"]
            })
        };
        points.iter().all(is_current).then_some(())
    })
    .await;
}
