//! Publishes to a broker on this machine: the way in which the demo's cameras speak.

use std::net::SocketAddr;
use std::time::Duration;

use rumqttc::{AsyncClient, MqttOptions, QoS};
use tokio::task::JoinHandle;

/// Messages waiting for the broker; one more waits at the caller.
const WAITING_MAX: usize = 256;
/// How long to wait before the broker is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// A connection that publishes with QoS 1.
pub struct Publisher {
    client: AsyncClient,
    pump: JoinHandle<()>,
}

impl Publisher {
    /// Begins to connect to `broker` in the clear; only meant for loopback.
    pub fn connect(broker: SocketAddr, client_id: &str) -> std::io::Result<Self> {
        if !broker.ip().is_loopback() {
            return Err(std::io::Error::other("the broker is not on this machine"));
        }
        let options = MqttOptions::new(client_id, broker.ip().to_string(), broker.port());
        let (client, mut events) = AsyncClient::new(options, WAITING_MAX);
        let pump = tokio::spawn(async move {
            loop {
                if events.poll().await.is_err() {
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
        });
        Ok(Self { client, pump })
    }

    /// Hands one message to the connection.
    pub async fn publish(&self, topic: &str, payload: &[u8]) -> std::io::Result<()> {
        let sent = self.client.publish(topic, QoS::AtLeastOnce, false, payload).await;
        sent.map_err(std::io::Error::other)
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.pump.abort();
    }
}
