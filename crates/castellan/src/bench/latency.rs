//! From an event on the wire to its incident on the live stream, with other traffic beside it.

use std::fmt::Write as _;
use std::time::Duration;

use engine::clock::{Clock, Stopwatch};
use engine::live::LiveMessage;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::road::Measured;
use super::{load_average, percentile_ms};
use crate::verbs::serve::{runtime, start_logging_at};

/// People who have left, each of whom uses a badge once: every use is an incident of its own.
const PEOPLE: usize = 2_000;
/// Time between two measured events.
const PAUSE: Duration = Duration::from_millis(100);
/// An incident that takes longer than this is counted as missing.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Measures for so many seconds.
pub fn run(seconds: u64, rate: u64) -> anyhow::Result<Value> {
    start_logging_at("warn");
    runtime()?.block_on(async {
        let measured = Measured::start(None, &organisation()).await?;
        let mut live = measured.served.running.engine.live.incidents();
        let load = measured.load(rate, seconds + 4)?;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut http = tokio::net::TcpStream::connect(measured.served.http).await?;
        let (mut waits, mut missing) = (Vec::new(), 0_u64);
        let begun = Stopwatch::start();
        let mut number = 0;
        while begun.elapsed() < Duration::from_secs(seconds) && number < PEOPLE {
            let watch = Stopwatch::start();
            post(&mut http, &measured, number).await?;
            match incident_of(&mut live, number).await {
                true => waits.push(watch.elapsed()),
                false => missing += 1,
            }
            number += 1;
            tokio::time::sleep(PAUSE).await;
        }
        load.finish().await?;
        waits.sort_unstable();
        let figures = json!({
            "load_average": load_average(),
            "rate_beside": rate,
            "measured": waits.len(),
            "missing": missing,
            "p50_ms": percentile_ms(&waits, 50.0),
            "p99_ms": percentile_ms(&waits, 99.0),
            "max_ms": percentile_ms(&waits, 100.0),
        });
        measured.served.stop().await?;
        Ok(figures)
    })
}

fn organisation() -> Vec<(&'static str, String)> {
    let mut people = String::from("person,name,kind,status\n");
    let mut badges = String::from("kind,value,entity\n");
    let mut places = String::from("[[place]]\nid = \"site\"\nkind = \"site\"\n");
    let mut doors = String::from("door,from_zone,to_zone\n");
    for zone in ["outside", "inside"] {
        let _ = writeln!(places, "[[place]]\nid = \"{zone}\"\nkind = \"zone\"\nparent = \"site\"");
    }
    for n in 0..PEOPLE {
        let _ = writeln!(people, "p{n},Person {n},employee,left");
        let _ = writeln!(badges, "badge,gone{n},person:p{n}");
        let _ = writeln!(places, "[[place]]\nid = \"d{n}\"\nkind = \"door\"\nparent = \"site\"");
        let _ = writeln!(doors, "d{n},outside,inside");
    }
    let source = "\n[[source]]\nid = \"bench-pacs\"\nmapping = \"pacs-csv\"\nsite = \"site\"\n\
                  trust = \"token\"\n";
    vec![
        ("people.csv", people),
        ("identifiers.csv", badges),
        ("places.toml", places),
        ("doors.csv", doors),
        ("sources.toml", source.to_owned()),
    ]
}

async fn post(
    http: &mut tokio::net::TcpStream,
    measured: &Measured,
    number: usize,
) -> anyhow::Result<()> {
    let time = Clock::system().now();
    let body = format!("time,badge,door,result\n{time},gone{number},d{number},granted\n");
    let (host, token, length) = (measured.served.http, &measured.token, body.len());
    let request = format!(
        "POST /v1/ingest/bench-pacs HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         content-type: text/csv\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    http.write_all(request.as_bytes()).await?;
    let mut answer = vec![0_u8; 8 << 10];
    let n = http.read(&mut answer).await?;
    let text = String::from_utf8_lossy(answer.get(..n).unwrap_or_default()).into_owned();
    anyhow::ensure!(text.starts_with("HTTP/1.1 200"), "ingest answers {text}");
    Ok(())
}

/// Waits for the incident about one person.
async fn incident_of(
    live: &mut tokio::sync::broadcast::Receiver<LiveMessage>,
    number: usize,
) -> bool {
    let wanted = format!("person:p{number}");
    let found = async {
        loop {
            match live.recv().await {
                Ok(LiveMessage::Incident(incident)) => {
                    if incident.entities.iter().any(|entity| entity.to_string() == wanted) {
                        return true;
                    }
                }
                Ok(
                    LiveMessage::Finding(_)
                    | LiveMessage::Event(..)
                    | LiveMessage::Door(_)
                    | LiveMessage::Thing(_)
                    | LiveMessage::Occurrence(..)
                    | LiveMessage::Refused(_)
                    | LiveMessage::Revocation(_)
                    | LiveMessage::Command(_)
                    | LiveMessage::Edge(_),
                ) => {}
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return false,
            }
        }
    };
    tokio::time::timeout(WAIT_MAX, found).await.unwrap_or(false)
}
