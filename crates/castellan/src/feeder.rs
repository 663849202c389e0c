//! Feeds the demo's records to the real listeners, each by its own way at its own time.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use engine::adapters::out::publish::Publisher;
use engine::clock::Clock;
use model::Timestamp;
use sim::{Channel, Framing, Sim, WireRecord};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio_util::sync::CancellationToken;

/// How often the feeder looks what is due.
const PAUSE: Duration = Duration::from_millis(50);
/// A body that has grown so long is closed.
const BODY_BYTES_MAX: usize = 256 << 10;
/// Longest answer to one ingest request.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Where each kind of record goes.
pub struct Ways {
    /// HTTP ingest.
    pub http: SocketAddr,
    /// Its token.
    pub token: String,
    /// Syslog datagrams.
    pub syslog_udp: SocketAddr,
    /// Syslog streams.
    pub syslog_tcp: SocketAddr,
    /// The broker, if one is there.
    pub broker: Option<SocketAddr>,
}

/// What was sent.
#[derive(Debug, Default, Clone, Copy)]
pub struct Sent {
    records: u64,
    failed: u64,
    without_broker: u64,
}

impl Sent {
    fn count(&mut self, sent: &std::io::Result<bool>, records: u64) {
        match sent {
            Ok(true) => self.records += records,
            Ok(false) => self.without_broker += records,
            Err(error) => {
                self.failed += records;
                tracing::warn!(reason = %error, "demo record not sent");
            }
        }
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, failed, without_broker } = self;
        write!(f, "sent {records} records; {failed} failed; {without_broker} had no broker")
    }
}

/// Sends what the simulation says, when it says so.
pub struct Feeder {
    sim: Sim,
    clock: Clock,
    ways: Ways,
    udp: Option<UdpSocket>,
    newline: Option<TcpStream>,
    octets: Option<TcpStream>,
    publisher: Option<Publisher>,
    sent: Sent,
}

impl Feeder {
    /// A feeder that has not begun.
    pub fn new(sim: Sim, clock: Clock, ways: Ways) -> Self {
        let sent = Sent::default();
        let (udp, newline, octets, publisher) = (None, None, None, None);
        Self { sim, clock, ways, udp, newline, octets, publisher, sent }
    }

    /// Runs until told to stop.
    pub async fn run(mut self, start: Timestamp, stop: CancellationToken) -> Sent {
        if let Some(broker) = self.ways.broker {
            self.publisher = Publisher::connect(broker, "castellan-demo-cameras").ok();
        }
        let mut poster = Poster::new(self.ways.http, self.ways.token.clone());
        let mut from = start;
        while tokio::time::timeout(PAUSE, stop.cancelled()).await.is_err() {
            let to = self.clock.now();
            let records = self.sim.events_between(from, to);
            let is_post = |record: &WireRecord| matches!(record.channel, Channel::Http { .. });
            let (posts, others): (Vec<_>, Vec<_>) = records.into_iter().partition(is_post);
            // Doors first: at high speed one look holds minutes, and a log-on must not overtake the
            // badge that came before it.
            for (record, count) in joined(posts) {
                let sent = poster.post(&record).await.map(|()| true);
                self.sent.count(&sent, count);
            }
            for record in others {
                let sent = self.send(&record).await;
                self.sent.count(&sent, 1);
            }
            from = to;
        }
        self.sent
    }

    /// Whether there was a way.
    async fn send(&mut self, record: &WireRecord) -> std::io::Result<bool> {
        match &record.channel {
            Channel::Syslog { framing: Framing::Datagram } => {
                let socket = match self.udp.take() {
                    Some(socket) => socket,
                    None => UdpSocket::bind(("127.0.0.1", 0)).await?,
                };
                socket.send_to(&record.bytes, self.ways.syslog_udp).await?;
                self.udp = Some(socket);
            }
            Channel::Syslog { framing: Framing::Newline } => {
                let to = self.ways.syslog_tcp;
                write_to(&mut self.newline, to, &record.framed()).await?;
            }
            Channel::Syslog { framing: Framing::Octets } => {
                let to = self.ways.syslog_tcp;
                write_to(&mut self.octets, to, &record.framed()).await?;
            }
            Channel::Mqtt { topic } => {
                let Some(publisher) = &self.publisher else { return Ok(false) };
                publisher.publish(topic, &record.bytes).await?;
            }
            // Posted beside, see `run`.
            Channel::Http { .. } => return Ok(false),
        }
        Ok(true)
    }
}

/// Posts to the server's ingest, one body after another.
struct Poster {
    http: SocketAddr,
    token: String,
    stream: Option<TcpStream>,
}

impl Poster {
    fn new(http: SocketAddr, token: String) -> Self {
        Self { http, token, stream: None }
    }

    async fn post(&mut self, record: &WireRecord) -> std::io::Result<()> {
        let Channel::Http { source, content_type: kind } = &record.channel else { return Ok(()) };
        let body = &record.bytes;
        let (host, token, length) = (self.http, &self.token, body.len());
        let head = format!(
            "POST /v1/ingest/{source} HTTP/1.1\r\nhost: {host}\r\n\
             authorization: Bearer {token}\r\ncontent-type: {kind}\r\n\
             content-length: {length}\r\n\r\n"
        );
        let request = [head.as_bytes(), body].concat();
        write_to(&mut self.stream, host, &request).await?;
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let status = read_status(stream).await;
        if status.is_err() {
            self.stream = None;
        }
        match status? {
            200 => Ok(()),
            other => Err(std::io::Error::other(format!("ingest of `{source}` answers {other}"))),
        }
    }
}

/// What one product posts within one look goes in one body, as a product that keeps up would send
/// it; each with how many records it holds. At life's own speed that is nearly always one.
fn joined(records: Vec<WireRecord>) -> Vec<(WireRecord, u64)> {
    let mut out: Vec<(WireRecord, u64)> = Vec::new();
    let mut open: BTreeMap<Channel, usize> = BTreeMap::new();
    for record in records {
        let Channel::Http { content_type, .. } = &record.channel else {
            out.push((record, 1));
            continue;
        };
        let is_csv = *content_type == "text/csv";
        let kept = open.get(&record.channel).and_then(|place| out.get_mut(*place));
        match kept.filter(|(body, _)| body.bytes.len() < BODY_BYTES_MAX) {
            Some((body, count)) => {
                // The header stands once, at the top.
                let header = record.bytes.iter().position(|byte| *byte == b'\n').filter(|_| is_csv);
                let rows = header.and_then(|end| record.bytes.get(end + 1..));
                if !is_csv {
                    body.bytes.push(b'\n');
                }
                body.bytes.extend_from_slice(rows.unwrap_or(&record.bytes));
                *count += 1;
            }
            None => {
                open.insert(record.channel.clone(), out.len());
                out.push((record, 1));
            }
        }
    }
    out
}

/// Writes on a kept connection, or on a new one if that has gone.
async fn write_to(
    kept: &mut Option<TcpStream>,
    to: SocketAddr,
    bytes: &[u8],
) -> std::io::Result<()> {
    if let Some(stream) = kept
        && stream.write_all(bytes).await.is_ok()
    {
        return Ok(());
    }
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all(bytes).await?;
    *kept = Some(stream);
    Ok(())
}

/// Reads one whole answer and gives its status.
async fn read_status(stream: &mut TcpStream) -> std::io::Result<u16> {
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if answer.len() > ANSWER_BYTES_MAX {
            return Err(std::io::Error::other("the answer is too long"));
        }
        if let Some(found) = crate::answer::whole(&answer) {
            let status = found.status;
            return status.ok_or_else(|| std::io::Error::other("the answer has no status"));
        }
    }
}
