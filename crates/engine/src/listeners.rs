//! Binds what the configuration names and runs the adapters that carry records in.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adapters::uhppote::Requests;
use adapters::{
    ClientCertificates, ClientTls, Mark, Mqtt, MqttConfig, Secret, SecretRef, ServerTls,
    StreamLimits, SyslogTcp, SyslogTcpConfig, SyslogTls, SyslogTlsConfig, SyslogUdp,
    SyslogUdpConfig, Tail, TailConfig, TailPosition, TailPositions, Wiring,
};
use serde::{Deserialize, Serialize};
use store::{IDEMPOTENCY_RESPONSE_BYTES_MAX, Journal};
use tokio::task::JoinSet;

use crate::config::{Config, TlsConfig};
use crate::controllers::{ControllerMemory, Controllers};
use crate::limits::Limits;
use crate::start::StartError;

/// Adapters with their sockets, not yet running.
#[derive(Default)]
pub struct Bound {
    udp: Option<SyslogUdp>,
    tcp: Option<SyslogTcp>,
    tls: Option<SyslogTls>,
    mqtt: Vec<Mqtt>,
    controllers: Option<Controllers>,
}

/// Reads a secret that the configuration names. `what`: whose, for the error.
pub fn secret(reference: &str, what: &str) -> Result<Secret, StartError> {
    let refused = |why: String| StartError::Secret { what: what.to_owned(), why };
    let reference: SecretRef =
        reference.parse().map_err(|e| refused(format!("{e}; expected file:PATH or env:NAME")))?;
    reference.resolve().map_err(|e| refused(e.to_string()))
}

/// Binds all, or says which listener could not and why.
pub fn bind(config: &Config, memory: ControllerMemory) -> Result<Bound, StartError> {
    let limits = &config.limits;
    let stream = StreamLimits {
        connections_max: Limits::count(limits.syslog_connections_max),
        record_bytes_max: Limits::count(limits.record_bytes_max),
        ..StreamLimits::default()
    };
    let mut bound = Bound::default();
    if let Some(address) = config.listen.syslog_udp {
        let record_bytes_max = Limits::count(limits.record_bytes_max);
        let udp = SyslogUdpConfig { record_bytes_max, ..SyslogUdpConfig::at(address) };
        bound.udp = Some(SyslogUdp::bind(udp)?);
    }
    if let Some(address) = config.listen.syslog_tcp {
        let tcp = SyslogTcpConfig { limits: stream.clone(), ..SyslogTcpConfig::at(address) };
        bound.tcp = Some(SyslogTcp::bind(tcp)?);
    }
    if let (Some(address), Some(tls)) = (config.listen.syslog_tls, &config.listen.tls) {
        let at = SyslogTlsConfig::at(address, server_tls(tls));
        bound.tls = Some(SyslogTls::bind(SyslogTlsConfig { limits: stream, ..at })?);
    }
    for broker in &config.mqtt {
        bound.mqtt.push(mqtt(broker, limits)?);
    }
    if let Some(address) = config.listen.uhppote {
        let at = (address, config.listen.uhppote_announce);
        bound.controllers = Some(Controllers::bind(at, &config.uhppote, memory)?);
    }
    Ok(bound)
}

fn server_tls(tls: &TlsConfig) -> ServerTls {
    let clients = match (&tls.client_ca, tls.require_client) {
        (None, _) => ClientCertificates::NotAsked,
        (Some(ca), true) => ClientCertificates::Required { authorities: ca.clone() },
        (Some(ca), false) => ClientCertificates::Optional { authorities: ca.clone() },
    };
    ServerTls { certificate: tls.certificate.clone(), key: tls.key.clone(), clients }
}

fn mqtt(broker: &crate::config::MqttConfig, limits: &Limits) -> Result<Mqtt, StartError> {
    let topics: Vec<&str> = broker.topics.iter().map(String::as_str).collect();
    let what = format!("mqtt broker `{}`", broker.host);
    let credentials = match (&broker.user, &broker.password) {
        (Some(user), Some(password)) => Some((user.clone(), secret(password, &what)?)),
        (Some(user), None) => Some((user.clone(), Secret::new(Vec::new()))),
        (None, _) => None,
    };
    let tls = broker
        .tls
        .then(|| ClientTls { authorities: broker.tls_ca.clone(), ..ClientTls::default() });
    let config = MqttConfig {
        credentials,
        tls,
        record_bytes_max: Limits::count(limits.record_bytes_max),
        ..MqttConfig::to(&broker.host, broker.port, &broker.client_id, &topics)
    };
    Ok(Mqtt::prepare(config)?)
}

impl Bound {
    /// Where each listener is.
    pub fn addresses(&self) -> Vec<(String, SocketAddr)> {
        let udp = self.udp.as_ref().map(|l| ("syslog_udp".to_owned(), l.local_addr()));
        let tcp = self.tcp.as_ref().map(|l| ("syslog_tcp".to_owned(), l.local_addr()));
        let tls = self.tls.as_ref().map(|l| ("syslog_tls".to_owned(), l.local_addr()));
        let boards = self.controllers.as_ref().map(|l| ("uhppote".to_owned(), l.local_addr()));
        udp.into_iter().chain(tcp).chain(tls).chain(boards).collect()
    }

    /// Where requests to door controllers are given.
    pub fn boards(&self) -> Option<Requests> {
        self.controllers.as_ref().map(Controllers::requests)
    }

    /// Runs them all until the wiring is shut down.
    pub fn run(self, wiring: &Wiring, tasks: &mut JoinSet<()>) {
        if let Some(udp) = self.udp {
            tasks.spawn(ended("syslog_udp", udp.run(wiring.clone())));
        }
        if let Some(tcp) = self.tcp {
            tasks.spawn(ended("syslog_tcp", tcp.run(wiring.clone())));
        }
        if let Some(tls) = self.tls {
            tasks.spawn(ended("syslog_tls", tls.run(wiring.clone())));
        }
        for broker in self.mqtt {
            tasks.spawn(ended("mqtt", broker.run(wiring.clone())));
        }
        if let Some(controllers) = self.controllers {
            tasks.spawn(ended("uhppote", controllers.run(wiring.clone())));
        }
    }
}

async fn ended(
    listener: &'static str,
    run: impl Future<Output = Result<(), adapters::AdapterError>>,
) {
    if let Err(error) = run.await {
        tracing::error!(listener, reason = %error, "listener ended");
    }
}

/// Begins to follow a file.
pub fn follow(
    tail: &crate::config::TailConfig,
    (wiring, positions): (Wiring, Arc<Positions>),
    tasks: &mut JoinSet<()>,
) -> Result<(), StartError> {
    let follower = Tail::prepare(TailConfig::of(&tail.path))?;
    tasks.spawn(ended("tail", follower.run(wiring, positions)));
    Ok(())
}

/// How far each followed file has been read: a mark in the journal, in the transaction of the
/// records before it, and one small file per path, which outlives the journal's memory.
pub struct Positions {
    folder: PathBuf,
    journal: Arc<Journal>,
    /// The last step noted, by path: tells which of the two is younger.
    steps: Mutex<HashMap<PathBuf, u64>>,
}

#[derive(Default, Serialize, Deserialize)]
struct Noted {
    step: u64,
    positions: Vec<TailPosition>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Noted(Noted),
    /// As files were written before marks were.
    Bare(Vec<TailPosition>),
}

impl Positions {
    /// Kept in a folder, which is made when first needed, and in the journal.
    pub fn new(folder: PathBuf, journal: Arc<Journal>) -> Self {
        Self { folder, journal, steps: Mutex::default() }
    }

    fn key_of(path: &Path) -> blake3::Hash {
        blake3::hash(path.as_os_str().as_encoded_bytes())
    }

    fn file_of(&self, path: &Path) -> PathBuf {
        self.folder.join(format!("{}.json", Self::key_of(path).to_hex()))
    }

    fn in_file(&self, path: &Path) -> std::io::Result<Noted> {
        let text = match std::fs::read(self.file_of(path)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Noted::default());
            }
            Err(error) => return Err(error),
        };
        Ok(match serde_json::from_slice(&text)? {
            Kept::Noted(noted) => noted,
            Kept::Bare(positions) => Noted { step: 0, positions },
        })
    }

    fn steps(&self) -> MutexGuard<'_, HashMap<PathBuf, u64>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TailPositions for Positions {
    fn load(&self, path: &Path) -> std::io::Result<Vec<TailPosition>> {
        let mut noted = self.in_file(path)?;
        if let Some(mark) = self.journal.mark(Self::key_of(path).as_bytes()) {
            let marked: Noted = serde_json::from_slice(mark)?;
            if marked.step > noted.step {
                noted = marked;
            }
        }
        self.steps().insert(path.to_owned(), noted.step);
        Ok(noted.positions)
    }

    fn mark(&self, path: &Path, positions: &[TailPosition]) -> Option<Mark> {
        let step = {
            let mut steps = self.steps();
            let step = steps.entry(path.to_owned()).or_default();
            *step += 1;
            *step
        };
        let note = serde_json::to_vec(&Noted { step, positions: positions.to_vec() }).ok()?;
        // Hundreds of rotated files at once: then the file alone knows, as before there were marks.
        let is_small = note.len() <= IDEMPOTENCY_RESPONSE_BYTES_MAX;
        is_small.then(|| Mark { key_hash: *Self::key_of(path).as_bytes(), note })
    }

    fn save(&self, path: &Path, positions: &[TailPosition]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let file = self.file_of(path);
        let written = file.with_extension("new");
        let mut out = std::fs::File::create(&written)?;
        let step = self.steps().get(path).copied().unwrap_or_default();
        serde_json::to_writer(&mut out, &Noted { step, positions: positions.to_vec() })?;
        out.sync_all()?;
        std::fs::rename(written, file)
    }
}

/// HTTP over TLS, bound.
pub type Https = adapters::Https;

/// Binds HTTP over TLS, where the configuration asks for it.
pub fn https(config: &Config) -> Result<Option<Https>, StartError> {
    let Some(https) = &config.listen.https else { return Ok(None) };
    let (certificate, key) = (https.certificate.clone(), https.key.clone());
    let config = adapters::HttpsConfig { address: https.address, certificate, key };
    Ok(Some(Https::bind(config)?))
}

/// Binds the HTTP listener.
pub fn http(address: SocketAddr) -> Result<tokio::net::TcpListener, StartError> {
    Ok(adapters::listen::tcp("http", address)?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

    use std::path::Path;
    use std::sync::Arc;

    use adapters::{TailPosition, TailPositions};
    use model::{Record, Timestamp};
    use store::{Batch, Journal, JournalLimits, Mark};

    use super::Positions;

    const FOLLOWED: &str = "/var/log/doors.csv";

    fn at(offset: u64) -> Vec<TailPosition> {
        let fingerprint = format!("of {offset} bytes");
        vec![TailPosition { path: FOLLOWED.into(), dev: 1, inode: 7, offset, fingerprint }]
    }

    fn journal(folder: &Path) -> Arc<Journal> {
        let opened = Journal::open(folder, JournalLimits::default(), &[], Timestamp::from_secs(1));
        Arc::new(opened.unwrap())
    }

    fn append(journal: &Journal, mark: adapters::Mark) {
        let marks = vec![Mark { key_hash: mark.key_hash, note: mark.note }];
        let records = vec![Record::Tick { at: Timestamp::from_secs(1) }];
        let batch = Batch { records, marks, ..Batch::default() };
        journal.append(batch, Timestamp::from_secs(1)).wait().unwrap();
    }

    #[test]
    fn a_kill_between_journal_and_file_repeats_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let (folder, log) = (scratch.path().join("tail"), scratch.path().join("journal"));
        let path = Path::new(FOLLOWED);
        {
            let journal = journal(&log);
            let positions = Positions::new(folder.clone(), Arc::clone(&journal));
            assert_eq!(positions.load(path).unwrap(), []);
            append(&journal, positions.mark(path, &at(10)).unwrap());
            positions.save(path, &at(10)).unwrap();
            append(&journal, positions.mark(path, &at(20)).unwrap());
            // Killed before it was saved.
        }
        {
            let positions = Positions::new(folder.clone(), journal(&log));
            assert_eq!(positions.load(path).unwrap(), at(20));
            // A rotation moves positions without a record.
            positions.mark(path, &at(0)).unwrap();
            positions.save(path, &at(0)).unwrap();
        }
        let positions = Positions::new(folder.clone(), journal(&log));
        assert_eq!(positions.load(path).unwrap(), at(0));
    }

    #[test]
    fn positions_of_an_earlier_release_are_read() {
        let scratch = tempfile::tempdir().unwrap();
        let positions = Positions::new(scratch.path().into(), journal(&scratch.path().join("j")));
        let path = Path::new(FOLLOWED);
        std::fs::write(positions.file_of(path), serde_json::to_vec(&at(5)).unwrap()).unwrap();
        assert_eq!(positions.load(path).unwrap(), at(5));
    }
}
