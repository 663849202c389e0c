//! Others hear of incidents: signed, as OCSF, and again when they did not take it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use base64::Engine as _;
use hmac::{Hmac, Mac};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::world::{Api, Plan, World, door_event};

/// One received delivery.
struct Delivery {
    head: String,
    body: String,
}

impl Delivery {
    fn header(&self, name: &str) -> &str {
        let named = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
        let line = self.head.lines().find(named).unwrap();
        line.split_once(':').unwrap().1.trim()
    }
}

/// Takes one request and answers with a status.
async fn answer(listener: &TcpListener, status: &str) -> Delivery {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    loop {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the sender left");
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let delivery = Delivery { head: head.to_owned(), body: body.to_owned() };
        if body.len() < delivery.header("content-length").parse().unwrap() {
            continue;
        }
        let reply = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(reply.as_bytes()).await.unwrap();
        return delivery;
    }
}

#[tokio::test]
async fn a_webhook_is_signed_ocsf_and_tried_again_after_a_500() {
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = receiver.local_addr().unwrap();
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "a long shared secret").unwrap();
    let config = format!(
        "[[webhook]]\nname = \"siem\"\nurl = \"http://{address}/hook\"\n\
         secret = \"file:{}\"\nlevel = \"low\"\n",
        secret.path().display()
    );
    let world = World::with(Plan { config, ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    api.take("doors", "text/csv", door_event("d-0009", "forced")).await;

    let wait = std::time::Duration::from_secs(30);
    let first = tokio::time::timeout(wait, answer(&receiver, "500 Internal Server Error"));
    let first = first.await.unwrap();
    let second = tokio::time::timeout(wait, answer(&receiver, "200 OK")).await.unwrap();
    for delivery in [&first, &second] {
        let (id, at) = (delivery.header("webhook-id"), delivery.header("webhook-timestamp"));
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"a long shared secret").unwrap();
        mac.update(format!("{id}.{at}.{}", delivery.body).as_bytes());
        let made = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(delivery.header("webhook-signature"), format!("v1,{made}"));
    }
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"), "a repeat can be told");
    assert_eq!(first.body, second.body);
    let body: Value = serde_json::from_str(&second.body).unwrap();
    assert_eq!(body["category_uid"], 2, "a finding of OCSF: {body}");
    assert!(matches!(body["class_uid"].as_u64(), Some(2004 | 2005)), "{body}");
    assert!(body["metadata"]["version"].is_string() && body["time"].is_i64(), "{body}");
    let incident = api.incidents_of("door-forced", 1).await.remove(0);
    assert!(second.body.contains(incident["id"].as_str().unwrap()), "{body}");
    server.stop().await;
}

/// A mail server of another make, with STARTTLS and a password. Ends when dropped.
struct Mailbox {
    child: Child,
    mails: BufReader<ChildStdout>,
    port: u16,
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Mailbox {
    /// Starts one that puts the first mail off; `None` where there is no python to run it.
    fn start(certificate: &Path, key: &Path, password: &str) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let script = root.join("../../scripts/mailbox.sh");
        let found = Command::new(script).stderr(Stdio::inherit()).output().unwrap();
        if found.status.code() == Some(3) {
            println!("skipped: no python to run a mail server with");
            return None;
        }
        assert!(found.status.success(), "the mail server was not installed");
        let mut child = Command::new(String::from_utf8(found.stdout).unwrap().trim())
            .arg(root.join("mailbox/server.py"))
            .args([certificate, key])
            .args(["castellan", password, "1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut mails = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        mails.read_line(&mut port).unwrap();
        Some(Self { child, mails, port: port.trim().parse().unwrap() })
    }

    /// The next mail, as the server was told it.
    async fn next(mut self) -> (Self, Value) {
        let read = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            self.mails.read_line(&mut line).unwrap();
            (self, serde_json::from_str(&line).unwrap())
        });
        tokio::time::timeout(std::time::Duration::from_secs(60), read).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_mail_goes_over_tls_with_a_password_and_again_after_a_451() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let place = |name: &str| folder.path().join(name);
    std::fs::write(place("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(place("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(place("password"), "long and secret").unwrap();
    let server = Mailbox::start(&place("cert.pem"), &place("key.pem"), "long and secret");
    let Some(mailbox) = server else { return };
    let config = format!(
        "[[mail]]\nname = \"desk\"\nhost = \"localhost\"\nport = {}\nca = {:?}\n\
         from = \"Castellan <castellan@house.example>\"\nto = [\"guard@house.example\"]\n\
         user = \"castellan\"\npassword = \"file:{}\"\nlevel = \"low\"\n",
        mailbox.port,
        place("cert.pem"),
        place("password").display()
    );
    let world = World::with(Plan { config, ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    api.take("doors", "text/csv", door_event("d-0009", "forced")).await;

    let (mailbox, refused) = mailbox.next().await;
    assert_eq!(refused["answer"], "451 come again", "{refused}");
    let (_mailbox, taken) = mailbox.next().await;
    assert_eq!(taken["answer"], "250 taken", "{taken}");
    assert_eq!(taken["is_tls"], true);
    assert_eq!(taken["user"], "castellan");
    assert_eq!(taken["to"], serde_json::json!(["guard@house.example"]));
    assert_eq!(taken["from"], "castellan@house.example");
    let line = |mail: &Value, name: &str| {
        let text = mail["text"].as_str().unwrap().to_owned();
        text.lines().find(|line| line.starts_with(name)).unwrap().to_owned()
    };
    assert_eq!(line(&taken, "Message-ID:"), line(&refused, "Message-ID:"), "a repeat can be told");
    let incident = api.incidents_of("door-forced", 1).await.remove(0);
    let number = incident["id"].as_str().unwrap();
    assert!(taken["text"].as_str().unwrap().contains(number), "{taken}");
    server.stop().await;
}
