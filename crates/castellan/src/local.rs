//! Speaks to the server that holds a data folder on this machine, over loopback.
//!
//! One request, one answer, in plain HTTP/1.1: what a verb needs and no more.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, bail};
use engine::folder::Running;

/// Largest answer read.
const ANSWER_BYTES_MAX: u64 = 512 << 20;
/// Longest wait for an answer.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(120);

/// The server has said no, in its own words: nothing was done.
#[derive(Debug)]
pub struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// Posts JSON and gives the answer's body; fails with the server's own words.
pub fn post(server: &Running, path: &str, body: &str) -> anyhow::Result<String> {
    ask(server, ("POST", path), body)
}

/// Gets an answer's body; fails with the server's own words.
pub fn get(server: &Running, path: &str) -> anyhow::Result<String> {
    ask(server, ("GET", path), "")
}

/// Ends or removes something; fails with the server's own words.
pub fn delete(server: &Running, path: &str) -> anyhow::Result<()> {
    ask(server, ("DELETE", path), "").map(drop)
}

fn ask(server: &Running, (verb, path): (&str, &str), body: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect_timeout(&server.http, Duration::from_secs(5))
        .with_context(|| format!("the server (pid {}) does not answer", server.pid))?;
    stream.set_read_timeout(Some(ANSWER_WAIT_MAX))?;
    let (host, token, length) = (server.http, &server.token, body.len());
    write!(
        stream,
        "{verb} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    read(&answer)
}

fn read(answer: &[u8]) -> anyhow::Result<String> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").context("the server's answer has no body")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status == "204" {
        return Ok(String::new());
    }
    if status != "200" && status != "201" {
        let problem: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        match problem.get("detail").and_then(serde_json::Value::as_str) {
            Some(detail) => return Err(Refused(detail.to_owned()).into()),
            None => return Err(Refused(format!("the server answers {status}")).into()),
        }
    }
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        bail!("the server's answer is chunked, which this verb does not read");
    }
    Ok(body.to_owned())
}
