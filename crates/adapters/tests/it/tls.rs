use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use adapters::{
    AdapterError, ClientCertificates, ClientTls, ServerTls, SyslogTls, SyslogTlsConfig, tls,
};
use model::Trust;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{Authority, Bench, PATIENCE, bench, texts};

fn listen(
    bench: &Bench,
    authority: &Authority,
    clients: ClientCertificates,
    patience: Duration,
) -> (SocketAddr, JoinHandle<Result<(), AdapterError>>) {
    let (certificate, key) = authority.sign("server");
    let tls = ServerTls { certificate, key, clients };
    let mut config = SyslogTlsConfig::at("127.0.0.1:0".parse().unwrap(), tls);
    config.handshake_max = patience;
    let bound = SyslogTls::bind(config).unwrap();
    (bound.local_addr(), tokio::spawn(bound.run(bench.wiring.clone())))
}

async fn connect(address: SocketAddr, tls: &ClientTls) -> std::io::Result<TlsStream<TcpStream>> {
    let connector = TlsConnector::from(Arc::new(tls::client(tls).unwrap()));
    let stream = TcpStream::connect(address).await.unwrap();
    connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
}

async fn say(stream: &mut TlsStream<TcpStream>, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_verified_client_certificate_is_trust_and_identity() {
    let (mut bench, authority) = (bench(), Authority::new());
    let asked = ClientCertificates::Optional { authorities: authority.pem() };
    let (address, task) = listen(&bench, &authority, asked, PATIENCE);
    let nobody = ClientTls { authorities: Some(authority.pem()), certificate: None };
    let somebody = ClientTls { certificate: Some(authority.sign("gate-7")), ..nobody.clone() };

    say(&mut connect(address, &nobody).await.unwrap(), "12 <1>anonymous\n").await;
    let records = bench.receive(1).await;
    assert_eq!(texts(&records), ["<1>anonymous"]);
    assert_eq!((records[0].trust, records[0].identity.as_deref()), (Trust::None, None));

    say(&mut connect(address, &somebody).await.unwrap(), "<1>known").await;
    let records = bench.receive(1).await;
    assert_eq!(texts(&records), ["<1>known"]);
    assert_eq!((records[0].trust, records[0].identity.as_deref()), (Trust::Mtls, Some("gate-7")));
    bench.stop(task).await;
    assert_eq!(bench.counts.get("noted handshake_failed"), 0);
}

#[tokio::test]
async fn a_required_certificate_keeps_others_out() {
    let (mut bench, authority, stranger) = (bench(), Authority::new(), Authority::new());
    let required = ClientCertificates::Required { authorities: authority.pem() };
    let (address, task) = listen(&bench, &authority, required, PATIENCE);
    let nobody = ClientTls { authorities: Some(authority.pem()), certificate: None };
    let forged = ClientTls { certificate: Some(stranger.sign("gate-7")), ..nobody.clone() };
    for (tls, count) in [(nobody, 1), (forged, 2)] {
        // TLS 1.3 clients hear of the refusal only when they read.
        if let Ok(mut stream) = connect(address, &tls).await {
            let _ = stream.write_all(b"<1>let me in\n").await;
            assert!(stream.read(&mut [0; 8]).await.is_err());
        }
        bench.counts.until("noted handshake_failed", count).await;
    }
    assert!(bench.stop(task).await.is_empty());
    assert_eq!(bench.counts.get("received"), 0);
}

#[tokio::test]
async fn plain_text_and_silence_are_failed_handshakes() {
    let (mut bench, authority) = (bench(), Authority::new());
    let patience = Duration::from_millis(50);
    let (address, task) = listen(&bench, &authority, ClientCertificates::NotAsked, patience);
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"<34>1 - - - - - - plain text\n").await.unwrap();
    bench.counts.until("noted handshake_failed", 1).await;
    let _silent = TcpStream::connect(address).await.unwrap();
    bench.counts.until("noted handshake_failed", 2).await;
    assert!(bench.stop(task).await.is_empty());
    assert_eq!(bench.counts.get("noted disconnected"), 2);
}

#[tokio::test]
async fn unusable_files_are_named_before_anything_listens() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (certificate, key) = authority.sign("server");
    let wrong_key = other.sign("other").1;
    let empty = authority.folder().join("empty.pem");
    fs::write(&empty, "no certificate in here\n").unwrap();
    let refused = |certificate, key| {
        let tls = ServerTls { certificate, key, clients: ClientCertificates::NotAsked };
        let config = SyslogTlsConfig::at("127.0.0.1:0".parse().unwrap(), tls);
        SyslogTls::bind(config).err().unwrap().to_string()
    };
    let said = refused(empty.clone(), key);
    assert_eq!(
        said,
        format!(
            "the certificate in `{}` cannot be used: expected PEM blocks `CERTIFICATE`, found none",
            empty.display()
        )
    );
    let said = refused(certificate.clone(), wrong_key.clone());
    assert!(said.contains(&format!("with the key in `{}`", wrong_key.display())), "{said}");
    let said = refused(certificate, authority.folder().join("absent"));
    assert!(said.starts_with("cannot read the private key `"), "{said}");
}
