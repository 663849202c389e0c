//! Binds what the configuration names and runs the adapters that carry records in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapters::{
    ClientCertificates, ClientTls, Mqtt, MqttConfig, Secret, SecretRef, ServerTls, StreamLimits,
    SyslogTcp, SyslogTcpConfig, SyslogTls, SyslogTlsConfig, SyslogUdp, SyslogUdpConfig, Tail,
    TailConfig, TailPosition, TailPositions, Wiring,
};
use tokio::task::JoinSet;

use crate::config::{Config, TlsConfig};
use crate::limits::Limits;
use crate::start::StartError;

/// Adapters with their sockets, not yet running.
#[derive(Default)]
pub struct Bound {
    udp: Option<SyslogUdp>,
    tcp: Option<SyslogTcp>,
    tls: Option<SyslogTls>,
    mqtt: Vec<Mqtt>,
}

/// Reads a secret that the configuration names. `what`: whose, for the error.
pub fn secret(reference: &str, what: &str) -> Result<Secret, StartError> {
    let refused = |why: String| StartError::Secret { what: what.to_owned(), why };
    let reference: SecretRef =
        reference.parse().map_err(|e| refused(format!("{e}; expected file:PATH or env:NAME")))?;
    reference.resolve().map_err(|e| refused(e.to_string()))
}

/// Binds all, or says which listener could not and why.
pub fn bind(config: &Config) -> Result<Bound, StartError> {
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
        udp.into_iter().chain(tcp).chain(tls).collect()
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

/// How far each followed file has been read: one small file per path.
pub struct Positions {
    folder: PathBuf,
}

impl Positions {
    /// Kept in a folder, which is made when first needed.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn file_of(&self, path: &Path) -> PathBuf {
        let digest = blake3::hash(path.as_os_str().as_encoded_bytes());
        self.folder.join(format!("{}.json", digest.to_hex()))
    }
}

impl TailPositions for Positions {
    fn load(&self, path: &Path) -> std::io::Result<Vec<TailPosition>> {
        match std::fs::read(self.file_of(path)) {
            Ok(text) => Ok(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn save(&self, path: &Path, positions: &[TailPosition]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let file = self.file_of(path);
        let written = file.with_extension("new");
        let mut out = std::fs::File::create(&written)?;
        serde_json::to_writer(&mut out, positions)?;
        out.sync_all()?;
        std::fs::rename(written, file)
    }
}

/// Binds the HTTP listener.
pub fn http(address: SocketAddr) -> Result<tokio::net::TcpListener, StartError> {
    Ok(adapters::listen::tcp("http", address)?)
}
