//! MQTT 3.1.1 subscriptions. A message is acknowledged to the broker only after it is journalled,
//! and the session outlives us, so a restart on either side loses nothing.
//!
//! QoS 1 promises *at least once*: a message whose acknowledgement was lost with its connection
//! comes again, and is recognised while this process lives. QoS 0 messages are lost while we are
//! not connected; nobody can count them.

mod connection;
mod session;

use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, MqttOptions, TlsConfiguration, Transport};
use tokio::sync::mpsc;

use crate::error::AdapterError;
use crate::limits;
use crate::secret::Secret;
use crate::tls::{self, ClientTls};
use crate::wiring::Wiring;
use connection::{Connection, Ends, deliver};

/// The listener's name in records, counters and errors.
pub const LISTENER: &str = "mqtt";

/// How to subscribe to one broker.
#[derive(Debug, Clone)]
pub struct MqttConfig {
    /// Broker's host name or address.
    pub host: String,
    /// Broker's port.
    pub port: u16,
    /// Our name at the broker. Must stay the same over restarts and be nobody else's.
    pub client_id: String,
    /// User and password.
    pub credentials: Option<(String, Secret)>,
    /// TLS; `None` is plain.
    pub tls: Option<ClientTls>,
    /// Topic filters, all subscribed with QoS 1.
    pub topics: Vec<String>,
    /// How often to prove that we live.
    pub keep_alive: Duration,
    /// Bytes of one payload kept; the rest is cut and counted.
    pub record_bytes_max: usize,
}

impl MqttConfig {
    /// The defaults, for a broker.
    pub fn to(host: &str, port: u16, client_id: &str, topics: &[&str]) -> Self {
        Self {
            host: host.to_owned(),
            port,
            client_id: client_id.to_owned(),
            credentials: None,
            tls: None,
            topics: topics.iter().map(|&topic| topic.to_owned()).collect(),
            keep_alive: Duration::from_secs(30),
            record_bytes_max: limits::RECORD_BYTES_MAX,
        }
    }
}

/// A checked subscription, not yet connected.
pub struct Mqtt {
    config: MqttConfig,
    options: MqttOptions,
}

impl Mqtt {
    /// Checks settings and reads certificates; fails early. A broker that cannot be reached is no
    /// failure: `run` tries again.
    pub fn prepare(config: MqttConfig) -> Result<Self, AdapterError> {
        let unusable = |setting, detail: &str| {
            Err(AdapterError::Setting { setting, detail: detail.to_owned() })
        };
        if config.client_id.trim().is_empty() {
            return unusable("client_id", "expected a lasting name, found none");
        }
        if config.topics.is_empty() {
            return unusable("topics", "expected at least one topic filter, found none");
        }
        if let Some(topic) = config.topics.iter().find(|topic| !rumqttc::valid_filter(topic)) {
            return unusable("topics", &format!("`{topic}` is not a topic filter"));
        }
        if config.keep_alive < Duration::from_secs(1) {
            return unusable("keep_alive", "expected at least one second");
        }
        let mut options = MqttOptions::new(&config.client_id, &config.host, config.port);
        options
            .set_keep_alive(config.keep_alive)
            .set_clean_session(false)
            .set_manual_acks(true)
            .set_max_packet_size(limits::MQTT_PACKET_BYTES_MAX, limits::MQTT_PACKET_BYTES_MAX);
        if let Some((user, password)) = &config.credentials {
            let Some(password) = password.expose_text() else {
                return unusable("password", "expected UTF-8");
            };
            options.set_credentials(user, password);
        }
        if let Some(wanted) = &config.tls {
            let client = Arc::new(tls::client(wanted)?);
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(client)));
        }
        Ok(Self { config, options })
    }

    /// Subscribes, and connects again whenever the connection is lost, until asked to stop.
    pub async fn run(self, wiring: Wiring) -> Result<(), AdapterError> {
        let broker = AsyncClient::new(self.options, limits::MQTT_REQUESTS_MAX);
        let (to_deliver, arrivals) = mpsc::channel(limits::MQTT_UNACKNOWLEDGED_MAX);
        let (report, journalled) = mpsc::channel(limits::MQTT_REPORTS_MAX);
        let ends = Ends { arrivals: to_deliver, journalled };
        let connection = Connection::new(self.config, broker, ends, wiring.clone());
        // Either ends when asked to stop, and when the other has ended.
        let (delivered, ()) = tokio::join!(deliver(arrivals, report, wiring), connection.run());
        Ok(delivered?)
    }
}
