use std::fs;
use std::net::TcpListener as StdListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use adapters::{AckOutcome, AdapterError, ClientTls, Mqtt, MqttConfig, Secret};
use model::{Trust, Wire};
use rumqttc::{
    AsyncClient, Event, MqttOptions, Outgoing, Packet, QoS, TlsConfiguration, Transport,
};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::support::{Authority, Bench, PATIENCE, bench, text, texts};

/// A real broker, ended with the test.
struct Broker {
    child: Child,
    port: u16,
    config: PathBuf,
    folder: tempfile::TempDir,
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    let known = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"];
    known.iter().map(PathBuf::from).find(|path| path.exists())
}

impl Broker {
    /// `None` where no broker is installed. `extra` ends the configuration.
    async fn start(extra: impl FnOnce(&Path) -> String) -> Option<Self> {
        let Some(program) = program() else {
            println!("skipped: no mosquitto");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let port = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.path().join("mosquitto.conf");
        let extra = extra(folder.path());
        let user = if extra.contains("user ") { "" } else { "user root\n" };
        let text = format!("listener {port} 127.0.0.1\n{user}{extra}\n");
        fs::write(&config, text).unwrap();
        let child = Self::spawn(&program, &config);
        let broker = Self { child, port, config, folder };
        broker.until_up().await;
        Some(broker)
    }

    fn spawn(program: &Path, config: &Path) -> Child {
        let mut command = Command::new(program);
        command.arg("-c").arg(config).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    async fn until_up(&self) {
        let up = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, up).await.unwrap();
    }

    /// Kills the broker and starts it again on the same port.
    async fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = Self::spawn(&program().unwrap(), &self.config);
        self.until_up().await;
    }

    fn subscriber(&self, bench: &Bench) -> JoinHandle<Result<(), AdapterError>> {
        let config = MqttConfig::to("127.0.0.1", self.port, "castellan-test", &["doors/#"]);
        tokio::spawn(Mqtt::prepare(config).unwrap().run(bench.wiring.clone()))
    }

    /// Publishes with QoS 1 and waits until the broker has all of it.
    async fn publish(&self, messages: &[(&str, &str)]) {
        let options = MqttOptions::new("publisher", "127.0.0.1", self.port);
        publish_as(options, messages).await;
    }
}

async fn publish_as(options: MqttOptions, messages: &[(&str, &str)]) {
    let (client, mut events) = AsyncClient::new(options, 1_000);
    for (topic, payload) in messages {
        client.try_publish(*topic, QoS::AtLeastOnce, false, payload.as_bytes()).unwrap();
    }
    let mut open = messages.len();
    while open > 0 {
        let event = tokio::time::timeout(PATIENCE, events.poll()).await.unwrap().unwrap();
        open -= usize::from(matches!(event, Event::Incoming(Packet::PubAck(_))));
    }
    client.try_disconnect().unwrap();
    while !matches!(events.poll().await, Ok(Event::Outgoing(Outgoing::Disconnect)) | Err(_)) {}
}

const OPEN: fn(&Path) -> String = |_| "allow_anonymous true".to_owned();

/// A subscription exists once a message published for it arrives: retained, so that order of the
/// two does not matter.
async fn until_subscribed(broker: &Broker, bench: &mut Bench) {
    let options = MqttOptions::new("herald", "127.0.0.1", broker.port);
    let (client, mut events) = AsyncClient::new(options, 10);
    client.try_publish("doors/herald", QoS::AtLeastOnce, true, "here").unwrap();
    while !matches!(events.poll().await.unwrap(), Event::Incoming(Packet::PubAck(_))) {}
    assert_eq!(texts(&bench.receive(1).await), ["here"]);
    client.try_publish("doors/herald", QoS::AtLeastOnce, true, "").unwrap();
    while !matches!(events.poll().await.unwrap(), Event::Incoming(Packet::PubAck(_))) {}
    bench.counts.until("rejected empty", 1).await;
}

#[tokio::test]
async fn messages_carry_their_topic_and_come_once() {
    let Some(broker) = Broker::start(OPEN).await else { return };
    let mut bench = bench();
    let task = broker.subscriber(&bench);
    until_subscribed(&broker, &mut bench).await;
    broker.publish(&[("doors/1", "open"), ("other/2", "no"), ("doors/2/state", "{}")]).await;
    let records = bench.receive(2).await;
    assert_eq!(texts(&records), ["open", "{}"]);
    assert_eq!(records[1].topic.as_deref(), Some("doors/2/state"));
    assert_eq!((records[0].wire, records[0].trust), (Wire::Mqtt, Trust::None));
    bench.stop(task).await;
    assert_eq!(bench.counts.get("received"), 4);
}

#[tokio::test]
async fn what_was_not_journalled_comes_again_after_a_restart_and_the_rest_does_not() {
    let Some(broker) = Broker::start(OPEN).await else { return };
    let mut first = bench();
    let task = broker.subscriber(&first);
    until_subscribed(&broker, &mut first).await;
    broker.publish(&[("doors/1", "journalled")]).await;
    assert_eq!(texts(&first.receive(1).await), ["journalled"]);
    // Orderly stop: acknowledged, so it never comes again.
    first.stop(task).await;

    broker.publish(&[("doors/1", "while away")]).await;
    let mut second = bench();
    let task = broker.subscriber(&second);
    let batch = second.receiver.recv().await.unwrap();
    assert_eq!(texts(&batch.records), ["while away"]);
    // A kill before the journal has answered.
    task.abort();
    let _ = task.await;
    drop(batch);

    let mut third = bench();
    let task = broker.subscriber(&third);
    assert_eq!(texts(&third.receive(1).await), ["while away"]);
    assert!(third.stop(task).await.is_empty());
}

#[tokio::test]
async fn a_refused_batch_is_offered_again_and_nothing_overtakes_it() {
    let Some(broker) = Broker::start(OPEN).await else { return };
    let mut bench = bench();
    let task = broker.subscriber(&bench);
    until_subscribed(&broker, &mut bench).await;
    broker.publish(&[("doors/1", "first")]).await;
    let refused = bench.receiver.recv().await.unwrap();
    let retry_after = std::time::Duration::from_millis(1);
    refused.ack.unwrap().send(AckOutcome::Refused { retry_after }).unwrap();
    broker.publish(&[("doors/1", "second")]).await;
    assert_eq!(texts(&bench.receive(2).await), ["first", "second"]);
    bench.stop(task).await;
}

#[tokio::test]
async fn a_broker_that_restarts_is_found_again_and_nothing_is_doubled() {
    let store = |folder: &Path| {
        format!(
            "allow_anonymous true\npersistence true\npersistence_location {}/\n\
             autosave_interval 1\n\
             autosave_on_changes true",
            folder.display()
        )
    };
    let Some(mut broker) = Broker::start(store).await else { return };
    let mut bench = bench();
    let task = broker.subscriber(&bench);
    until_subscribed(&broker, &mut bench).await;
    broker.publish(&[("doors/1", "before")]).await;
    assert_eq!(texts(&bench.receive(1).await), ["before"]);
    broker.restart().await;
    bench.counts.until("noted connected", 2).await;
    let numbers: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    let messages: Vec<_> = numbers.iter().map(|number| ("doors/1", number.as_str())).collect();
    broker.publish(&messages).await;
    let mut seen: Vec<String> = Vec::new();
    while seen.last().map(String::as_str) != Some("199") {
        seen.extend(bench.receive(1).await.iter().map(text));
    }
    assert_eq!(seen.iter().filter(|text| *text != "before").collect::<Vec<_>>(), {
        numbers.iter().collect::<Vec<_>>()
    });
    assert!(bench.stop(task).await.is_empty());
    assert!(broker.folder.path().exists());
}

#[tokio::test]
async fn tls_and_password_are_used() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("broker");
    let secure = |folder: &Path| {
        let passwords = folder.join("passwords");
        fs::write(&passwords, "castellan:hunter2\n").unwrap();
        let hashed = Command::new("mosquitto_passwd").arg("-U").arg(&passwords).status();
        assert!(hashed.unwrap().success());
        format!(
            "allow_anonymous false\npassword_file {}\ncafile {}\ncertfile {}\nkeyfile {}",
            passwords.display(),
            authority.pem().display(),
            certificate.display(),
            key.display()
        )
    };
    let Some(broker) = Broker::start(secure).await else { return };
    let tls = ClientTls { authorities: Some(authority.pem()), certificate: None };
    let mut config = MqttConfig::to("localhost", broker.port, "castellan-test", &["doors/#"]);
    config.tls = Some(tls.clone());
    config.credentials = Some(("castellan".into(), Secret::new(b"hunter2".to_vec())));
    let mut bench = bench();
    let task = tokio::spawn(Mqtt::prepare(config).unwrap().run(bench.wiring.clone()));
    bench.counts.until("noted connected", 1).await;
    let mut options = MqttOptions::new("publisher", "localhost", broker.port);
    options.set_credentials("castellan", "hunter2");
    let client = adapters::tls::client(&tls).unwrap();
    let client = TlsConfiguration::Rustls(std::sync::Arc::new(client));
    options.set_transport(Transport::tls_with_config(client));
    // Subscribing may still be on its way: publish until something arrives.
    while bench.counts.get("received") == 0 {
        publish_as(options.clone(), &[("doors/1", "sealed")]).await;
    }
    assert_eq!(text(&bench.receive(1).await[0]), "sealed");
    bench.stop(task).await;
}

#[test]
fn settings_that_cannot_work_are_named() {
    let refused = |config: MqttConfig| Mqtt::prepare(config).err().unwrap().to_string();
    assert_eq!(
        refused(MqttConfig::to("h", 1883, "", &["a"])),
        "`client_id` cannot be used: expected a lasting name, found none"
    );
    assert_eq!(
        refused(MqttConfig::to("h", 1883, "c", &["a/#/b"])),
        "`topics` cannot be used: `a/#/b` is not a topic filter"
    );
}
