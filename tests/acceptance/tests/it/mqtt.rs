//! MQTT with a real broker: nothing published at QoS 1 is lost, also while the server is down.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};

use crate::world::{Api, Plan, World, until};

/// A broker of its own, ended when dropped.
struct Broker {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Broker {
    /// `None` where no Mosquitto is installed.
    async fn start() -> Option<Self> {
        let program = ["mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"];
        let is_there = |name: &&&str| Command::new(name).arg("-h").output().is_ok();
        let program = *program.iter().find(is_there)?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::TempDir::with_prefix("castellan-broker-").unwrap();
        let config = folder.path().join("mosquitto.conf");
        let text = format!("listener {port} 127.0.0.1\nallow_anonymous true\n");
        std::fs::write(&config, text).unwrap();
        let child = Command::new(program)
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let broker = Self { child, port, _folder: folder };
        until("the broker listens", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Some(broker)
    }

    /// Publishes at QoS 1 and waits until the broker has all of it.
    async fn publish(&self, from: usize, to: usize) {
        let mut options = MqttOptions::new("acceptance", "127.0.0.1", self.port);
        options.set_keep_alive(std::time::Duration::from_secs(30));
        let (client, mut events) = AsyncClient::new(options, 256);
        for number in from..to {
            let payload = format!("{{\"number\": {number}}}");
            client.publish("probe/gate", QoS::AtLeastOnce, false, payload).await.unwrap();
        }
        let mut acknowledged = from;
        while acknowledged < to {
            if let Event::Incoming(Packet::PubAck(_)) = events.poll().await.unwrap() {
                acknowledged += 1;
            }
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn what_was_published_while_the_server_was_dead_is_taken_once() {
    let Some(broker) = Broker::start().await else {
        println!("skipped: no mosquitto");
        return;
    };
    let config =
        format!("[[mqtt]]\nhost = \"127.0.0.1\"\nport = {}\ntopics = [\"probe/#\"]\n", broker.port);
    let sources = "[[source]]\nid = \"gate\"\nmapping = \"auto\"\nsite = \"hq\"\n\
                   match = { listener = \"mqtt\", topic = \"probe/#\" }\n";
    let world = World::with(Plan { config, sources: sources.into(), ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    until("the subscription stands", async || {
        broker.publish(0, 1).await;
        let taken = api.account("intake", "gate", "kept", "").await;
        (taken > 0).then_some(())
    })
    .await;
    broker.publish(1, 60).await;
    let distinct = "SELECT count(DISTINCT body) FROM raw WHERE source = 'gate'";
    api.until_count(distinct, 60).await;
    for boundary in ["listen", "intake", "normalise"] {
        api.adds_up(boundary).await;
    }
    server.kill();
    broker.publish(100, 140).await;
    let server = world.start().await;
    let api = Api::to(&server, &token);
    api.until_count(distinct, 100).await;
    api.settled().await;
    let once = "SELECT max(n) FROM (SELECT body, count(*) AS n FROM raw \
                WHERE source = 'gate' AND seq > (SELECT max(seq) FROM raw) - 40 GROUP BY body)";
    assert_eq!(api.count(once).await, 1, "what came after the crash came once");
    server.stop().await;
}
