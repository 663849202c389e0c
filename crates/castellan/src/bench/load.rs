//! The load generator: records in vendors' formats, to TCP syslog and HTTP, at a rate or as fast as
//! they are taken.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};
use engine::clock::{Clock, Stopwatch};
use model::Timestamp;
use serde_json::{Value, json};

/// Records of one write or one request.
const BATCH: u64 = 500;
/// How often a paced sender looks at its clock.
const PAUSE: Duration = Duration::from_millis(5);

/// What to send, where.
#[derive(Debug, Clone, clap::Args)]
pub struct Plan {
    /// TCP syslog listener.
    #[arg(long)]
    pub syslog: SocketAddr,
    /// HTTP listener.
    #[arg(long)]
    pub http: SocketAddr,
    /// Token for ingest; read from the environment.
    #[arg(long, env = "CASTELLAN_BENCH_TOKEN", hide_env_values = true)]
    pub token: String,
    /// Records a second; 0 is as fast as they are taken.
    #[arg(long, default_value_t = 0)]
    pub rate: u64,
    /// Seconds to run.
    #[arg(long)]
    pub seconds: u64,
}

/// Sends four records by syslog for every one by HTTP.
pub fn run(plan: &Plan) -> anyhow::Result<Value> {
    let threads =
        [(Way::Syslog, plan.rate * 4 / 5), (Way::Http, plan.rate / 5)].map(|(way, rate)| {
            let plan = plan.clone();
            std::thread::spawn(move || send(&plan, way, rate))
        });
    let mut sent = Vec::new();
    for thread in threads {
        sent.push(thread.join().map_err(|_| anyhow::anyhow!("a sender ended in a panic"))??);
    }
    Ok(json!({"sent": sent.iter().sum::<u64>(), "by_syslog_and_http": sent}))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Syslog,
    Http,
}

fn send(plan: &Plan, way: Way, rate: u64) -> anyhow::Result<u64> {
    let to = match way {
        Way::Syslog => plan.syslog,
        Way::Http => plan.http,
    };
    let mut stream = TcpStream::connect(to).context("cannot reach the server")?;
    stream.set_nodelay(true)?;
    let (clock, begun) = (Clock::system(), Stopwatch::start());
    let end = Duration::from_secs(plan.seconds);
    let mut sent = 0_u64;
    while begun.elapsed() < end {
        if plan.rate > 0 {
            let due = begun.elapsed().as_secs_f64() * rate as f64;
            if sent as f64 >= due {
                std::thread::sleep(PAUSE);
                continue;
            }
        }
        let now = clock.now();
        match way {
            Way::Syslog => stream.write_all(&syslog(sent, now))?,
            Way::Http => post(&mut stream, plan, &ndjson(sent, now))?,
        }
        sent += BATCH;
    }
    Ok(sent)
}

fn syslog(from: u64, now: Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(BATCH as usize * 320);
    for n in from..from + BATCH {
        let name = if n % 2 == 0 { "openssh" } else { "fortigate" };
        out.extend_from_slice(&record(name, n, now));
        out.push(b'\n');
    }
    out
}

fn ndjson(from: u64, now: Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(BATCH as usize * 900);
    for n in from..from + BATCH {
        out.extend_from_slice(&record("okta", n, now));
        out.push(b'\n');
    }
    out
}

fn post(stream: &mut TcpStream, plan: &Plan, body: &[u8]) -> anyhow::Result<()> {
    let (host, token, length) = (plan.http, &plan.token, body.len());
    let head = format!(
        "POST /v1/ingest/bench-okta HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/x-ndjson\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = vec![0_u8; 64 << 10];
    let mut filled = 0;
    loop {
        let rest = answer.get_mut(filled..).unwrap_or_default();
        let n = stream.read(rest)?;
        if n == 0 {
            bail!("the server closed the connection");
        }
        filled += n;
        let read = answer.get(..filled).unwrap_or_default();
        let Some(found) = crate::answer::whole(read) else { continue };
        return match found.status {
            Some(200) => Ok(()),
            Some(status) => bail!("ingest answers {status}: {}", found.body),
            None => bail!("the answer has no status"),
        };
    }
}

/// The `n`th record of a mapping's product, at a time. Our own words in the vendor's format.
pub fn record(mapping: &str, n: u64, at: Timestamp) -> Vec<u8> {
    let time = at.to_chrono();
    let (host, user, port) = (n % 97, n % 1_009, 1_024 + n % 60_000);
    let (a, b, c) = (n % 200, n / 200 % 250, n / 50_000 % 250);
    match mapping {
        "openssh" => {
            let (verb, method) =
                if n.is_multiple_of(10) { ("Failed", "password") } else { ("Accepted", "publickey") };
            let stamp = time.format("%Y-%m-%dT%H:%M:%S%.6fZ");
            let pid = 1_000 + n % 30_000;
            format!(
                "<86>1 {stamp} host{host} sshd {pid} - - {verb} {method} for user{user} from \
                 10.{c}.{b}.{a} port {port} ssh2"
            )
        }
        "fortigate" => {
            let (day, clock) = (time.format("%Y-%m-%d"), time.format("%H:%M:%S"));
            let nanos = at.nanos();
            let action = if n.is_multiple_of(7) { "deny" } else { "accept" };
            format!(
                "<189>date={day} time={clock} devname=\"fw-{host}\" devid=\"FGT60F0000000001\" \
                 eventtime={nanos} tz=\"+0000\" logid=\"0000000013\" type=\"traffic\" \
                 subtype=\"forward\" level=\"notice\" vd=\"root\" srcip=10.{c}.{b}.{a} \
                 srcport={port} srcintf=\"lan\" srcintfrole=\"lan\" dstip=203.0.113.{a} \
                 dstport=443 dstintf=\"wan1\" dstintfrole=\"wan\" sessionid={n} proto=6 \
                 action=\"{action}\" policyid=4 service=\"HTTPS\" sentbyte=1840 rcvdbyte=5512 \
                 sentpkt=9 rcvdpkt=11 user=\"user{user}\""
            )
        }
        "okta" => {
            let stamp = time.format("%Y-%m-%dT%H:%M:%S%.3fZ");
            format!(
                "{{\"uuid\":\"00000000-0000-4000-8000-{n:012x}\",\"published\":\"{stamp}\",\
                 \"eventType\":\"user.session.start\",\"version\":\"0\",\"severity\":\"INFO\",\
                 \"displayMessage\":\"User login to Okta\",\"legacyEventType\":\
                 \"core.user_auth.login_success\",\"actor\":{{\"id\":\"00u{user}\",\"type\":\"User\",\
                 \"alternateId\":\"user{user}@example.com\",\"displayName\":\"User {user}\"}},\
                 \"client\":{{\"userAgent\":{{\"rawUserAgent\":\"Mozilla/5.0\",\"os\":\"Linux\",\
                 \"browser\":\"FIREFOX\"}},\"zone\":\"null\",\"device\":\"Computer\",\"ipAddress\":\
                 \"198.51.100.{a}\"}},\"outcome\":{{\"result\":\"SUCCESS\",\"reason\":null}},\
                 \"authenticationContext\":{{\"authenticationStep\":0,\"externalSessionId\":\
                 \"s{n}\"}},\"transaction\":{{\"type\":\"WEB\",\"id\":\"t{n}\"}},\"target\":[]}}"
            )
        }
        "pacs-csv" => {
            let stamp = time.format("%Y-%m-%dT%H:%M:%SZ");
            format!("time,badge,door,result,direction\n{stamp},b{user},door-{host},granted,in")
        }
        _ => {
            let stamp = time.format("%Y-%m-%dT%H:%M:%SZ");
            format!(
                "time,src_ip,src_port,dst_ip,dst_port,protocol,bytes_out,bytes_in\n\
                 {stamp},10.{c}.{b}.{a},{port},203.0.113.{a},443,tcp,1840,5512"
            )
        }
    }
    .into_bytes()
}
