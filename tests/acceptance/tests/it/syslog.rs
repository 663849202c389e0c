//! Syslog over UDP, TCP and TLS: what is unlawful is kept, what is endless is cut, and what nobody
//! claims is visible.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::AsyncWriteExt as _;

use crate::world::{Api, Plan, World, crypto, datagrams};

fn line(text: &str) -> String {
    format!("<13>1 2026-11-22T08:00:00Z host-a app - - - {text}")
}

fn octets(bytes: &[u8]) -> Vec<u8> {
    [format!("{} ", bytes.len()).as_bytes(), bytes].concat()
}

#[tokio::test]
async fn datagrams_and_both_framings_of_one_connection_are_kept() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);

    let udp = datagrams();
    for n in 0..20 {
        udp.send_to(line(&format!("udp {n}")).as_bytes(), server.listener("syslog_udp")).unwrap();
    }
    let mut tcp = TcpStream::connect(server.listener("syslog_tcp")).unwrap();
    for n in 0..10 {
        tcp.write_all(&octets(line(&format!("octets {n}")).as_bytes())).unwrap();
        tcp.write_all(format!("{}\n", line(&format!("newline {n}"))).as_bytes()).unwrap();
    }
    // A byte order mark, bytes that are no UTF-8, and a header that stops in its middle.
    tcp.write_all(&octets(line("\u{feff}with a mark").as_bytes())).unwrap();
    tcp.write_all(&octets(b"<13>1 2026-11-22T08:00:00Z host-a app - - - \xff\xfe\x80")).unwrap();
    tcp.write_all(&octets(b"<13>1 2026-11-22T08:0")).unwrap();
    // The last line has no end; its sender closed the connection properly.
    tcp.write_all(line("unfinished").as_bytes()).unwrap();
    drop(tcp);
    // A frame that promises more than it brings is lost, and counted.
    let mut broken = TcpStream::connect(server.listener("syslog_tcp")).unwrap();
    broken.write_all(b"500 <13>1 too short").unwrap();
    drop(broken);

    api.until_account(["listen", "syslog_udp", "kept", ""], 20).await;
    api.until_account(["listen", "syslog_tcp", "received", ""], 25).await;
    api.until_account(["listen", "syslog_tcp", "kept", ""], 24).await;
    api.until_account(["listen", "syslog_tcp", "dropped", "partial_frame"], 1).await;
    api.until_account(["intake", "hosts", "kept", ""], 43).await;
    for boundary in ["listen", "intake", "normalise"] {
        api.adds_up(boundary).await;
    }
    let raw = "SELECT count(*) FROM raw WHERE listener = 'syslog_tcp'";
    api.until_count(raw, 24).await;
    server.stop().await;
}

#[tokio::test]
async fn what_no_source_claims_is_unassigned_and_visible() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let stranger = "<13>1 2026-11-22T08:00:00Z host-z app - - - who am I";
    datagrams().send_to(stranger.as_bytes(), server.listener("syslog_udp")).unwrap();
    api.until_account(["intake", "unassigned", "kept", ""], 1).await;
    let sources = api.get("/v1/sources").await;
    let last = sources.as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["id"], "unassigned");
    assert!(!last["accounts"].as_array().unwrap().is_empty(), "{last}");
    let letters = api.get("/v1/dead-letters?source=unassigned").await;
    assert_eq!(letters[0]["code"], "no_mapping", "{letters}");
    assert_eq!(letters[0]["head"], stranger);
    server.stop().await;
}

#[tokio::test]
async fn an_endless_line_is_cut_flagged_and_costs_no_memory() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let before = server.memory_peak();
    let mut tcp = TcpStream::connect(server.listener("syslog_tcp")).unwrap();
    tcp.write_all(line("").as_bytes()).unwrap();
    for _ in 0..100 {
        tcp.write_all(&[b'x'; 1 << 20]).unwrap();
    }
    tcp.write_all(format!("\n{}\n", line("after it")).as_bytes()).unwrap();
    drop(tcp);

    api.until_account(["intake", "hosts", "kept", ""], 2).await;
    api.until_count("SELECT count(*) FROM raw WHERE source = 'hosts'", 2).await;
    let cut = api.count("SELECT max(bytes_cut) FROM raw WHERE source = 'hosts'").await;
    let whole = (100 << 20) + line("").len() as u64;
    assert_eq!(cut, whole - (1 << 20), "the rest of a record of 1 MiB");
    let grown = server.memory_peak() - before;
    assert!(grown < 96 << 20, "{grown} bytes for a record of 1 MiB");
    for boundary in ["listen", "intake", "normalise"] {
        api.adds_up(boundary).await;
    }
    server.stop().await;
}

/// The torture cases of the shared data, each as its bytes; `None` where it is absent.
fn torture() -> Option<Vec<Vec<u8>>> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("CASTELLAN_SHARED").map_or(here, PathBuf::from);
    let text = std::fs::read_to_string(shared.join("data/syslog-rfc5424/cases.jsonl")).ok()?;
    let case = |line: &str| {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let coded = case["input_b64"].as_str().unwrap();
        base64::engine::general_purpose::STANDARD.decode(coded).unwrap()
    };
    Some(text.lines().map(case).collect())
}

#[tokio::test]
async fn every_torture_case_is_kept_as_it_came() {
    let Some(cases) = torture() else {
        println!("skipped: no shared data");
        return;
    };
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let mut tcp = TcpStream::connect(server.listener("syslog_tcp")).unwrap();
    let sent: Vec<&Vec<u8>> = cases.iter().filter(|case| !case.is_empty()).collect();
    for case in &sent {
        // An octet count announces a message, and a message begins with a priority.
        let is_message = case.starts_with(b"<");
        let framed = if is_message { octets(case) } else { [case, b"\n".as_slice()].concat() };
        tcp.write_all(&framed).unwrap();
    }
    drop(tcp);
    let count = sent.len() as u64;
    api.until_account(["listen", "syslog_tcp", "received", ""], count).await;
    api.until_account(["listen", "syslog_tcp", "kept", ""], count).await;
    api.settled().await;
    api.until_count("SELECT count(*) FROM raw WHERE listener = 'syslog_tcp'", count).await;

    let letters = api.get("/v1/dead-letters?limit=1000").await;
    let mut heads: Vec<String> = letters
        .as_array()
        .unwrap()
        .iter()
        .map(|letter| letter["head"].as_str().unwrap().to_owned())
        .collect();
    let shown =
        |case: &&Vec<u8>| String::from_utf8_lossy(&case[..case.len().min(512)]).into_owned();
    let wanted: Vec<String> = sent.iter().map(shown).collect();
    let refused = |head: &str| {
        let mut letters = letters.as_array().unwrap().iter();
        let letter = letters.find(|letter| letter["head"] == head).unwrap();
        (letter["position"]["line"].as_u64(), letter["position"]["column"].as_u64())
    };
    assert_eq!(refused("<101>122 201-11-22"), (Some(1), Some(13)), "where the date is none");
    assert_eq!(refused("<1>1 - \nhostname - - - -"), (Some(1), Some(8)), "in the host name");
    assert_eq!(refused("<10>1 - - - - - -"), (None, None), "a lawful message has no flaw");
    // A case that a mapping knows is an event; every other is a dead letter, byte by byte.
    for case in &wanted {
        if let Some(at) = heads.iter().position(|head| head == case) {
            heads.swap_remove(at);
        }
    }
    assert!(heads.is_empty(), "letters that nobody sent: {heads:?}");
    let events = api.count("SELECT count(DISTINCT seq) FROM events").await;
    assert_eq!(letters.as_array().unwrap().len() as u64 + events, count);
    api.adds_up("normalise").await;
    server.stop().await;
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for a name, and its key.
    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

async fn send_by_tls(
    server: std::net::SocketAddr,
    authority: &Authority,
    own: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    text: &str,
) -> std::io::Result<()> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(pem_to_der(&authority.pem)).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots);
    let config = match own {
        Some((certificate, key)) => config.with_client_auth_cert(vec![certificate], key).unwrap(),
        None => config.with_no_client_auth(),
    };
    let tcp = tokio::net::TcpStream::connect(server).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut tls = connector.connect(name, tcp).await?;
    tls.write_all(&octets(line(text).as_bytes())).await?;
    tls.shutdown().await?;
    // TLS 1.3 tells the client of a refused certificate only after its own handshake is over.
    let mut rest = Vec::new();
    match tokio::io::AsyncReadExt::read_to_end(&mut tls, &mut rest).await {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn pem_to_der(pem: &str) -> CertificateDer<'static> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap().into()
}

async fn tls_world(require: bool, authority: &Authority) -> (World, String) {
    crypto();
    let world = World::new();
    let (certificate, key) = authority.issue("localhost");
    let file = |name: &str, text: &str| {
        std::fs::write(world.path(name), text).unwrap();
        world.path(name).display().to_string()
    };
    let certificate = file("server.pem", &certificate.pem());
    let key = file("server.key", &key.serialize_pem());
    let ca = file("ca.pem", &authority.pem);
    let listen = format!(
        "syslog_tls = \"127.0.0.1:0\"\n[listen.tls]\ncertificate = {certificate:?}\n\
         key = {key:?}\nclient_ca = {ca:?}\nrequire_client = {require}\n"
    );
    world.configure("", &listen);
    let token = world.root();
    (world, token)
}

#[tokio::test]
async fn tls_takes_clients_with_and_without_a_certificate() {
    let authority = Authority::new();
    let (world, token) = tls_world(false, &authority).await;
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let address = server.listener("syslog_tls");
    send_by_tls(address, &authority, None, "anonymous").await.unwrap();
    let (certificate, key) = authority.issue("sender.example");
    let own = (certificate.der().clone(), key.serialize_der().try_into().unwrap());
    send_by_tls(address, &authority, Some(own), "known").await.unwrap();
    api.until_account(["listen", "syslog_tls", "kept", ""], 2).await;
    api.until_count("SELECT count(*) FROM raw WHERE listener = 'syslog_tls'", 2).await;
    server.stop().await;
}

#[tokio::test]
async fn tls_that_requires_a_certificate_takes_nothing_without() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let (world, token) = tls_world(true, &authority).await;
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let address = server.listener("syslog_tls");
    assert!(send_by_tls(address, &authority, None, "anonymous").await.is_err());
    let (certificate, key) = stranger.issue("forged.example");
    let forged = (certificate.der().clone(), key.serialize_der().try_into().unwrap());
    assert!(send_by_tls(address, &authority, Some(forged), "forged").await.is_err());
    let (certificate, key) = authority.issue("sender.example");
    let own = (certificate.der().clone(), key.serialize_der().try_into().unwrap());
    send_by_tls(address, &authority, Some(own), "known").await.unwrap();
    api.until_account(["listen", "syslog_tls", "kept", ""], 1).await;
    api.settled().await;
    assert_eq!(api.account("listen", "syslog_tls", "received", "").await, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_source_may_name_its_senders_network() {
    let sources = "[[source]]\nid = \"near\"\nmapping = \"auto\"\nsite = \"hq\"\n\
                   trust = \"address\"\nmatch = { peer = \"127.0.0.0/8\" }\n";
    let world = World::with(Plan { sources: sources.into(), ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let mut tcp = TcpStream::connect(server.listener("syslog_tcp")).unwrap();
    tcp.write_all(b"<13>1 - host-z app - - - from here\n").unwrap();
    drop(tcp);
    api.until_account(["intake", "near", "kept", ""], 1).await;
    server.stop().await;
}
