//! The server's half of the link: takes connections, shakes hands, says whose they are.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{EDGE_ALPN, ENROL_ALPN};
use crate::error::AdapterError;
use crate::limits;
use crate::listen;
use crate::tls;

/// The listener's name in errors and logs.
const LISTENER: &str = "edges";

/// What the server shows, and whom it believes.
pub struct LinkTls {
    /// Its certificate, then the authority's (DER).
    pub chain: Vec<Vec<u8>>,
    /// Its private key (PKCS #8, DER).
    pub key: Vec<u8>,
    /// The authority that edges' certificates must come from (DER).
    pub authority: Vec<u8>,
}

impl std::fmt::Debug for LinkTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkTls(…)")
    }
}

impl LinkTls {
    /// TLS 1.3 alone. A client without a certificate is let through to the exchange by which it
    /// gets one, and to nothing else.
    fn acceptor(&self) -> Result<TlsAcceptor, AdapterError> {
        let refused =
            |error: &dyn std::fmt::Display| AdapterError::Tls { detail: error.to_string() };
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from(self.authority.clone());
        roots.add(authority).map_err(|error| refused(&error))?;
        let provider = Arc::new(ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = verifier.allow_unauthenticated().build().map_err(|error| refused(&error))?;
        let chain = self.chain.iter().cloned().map(CertificateDer::from).collect();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| refused(&error))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .map_err(|error| refused(&error))?;
        config.alpn_protocols = vec![EDGE_ALPN.to_vec(), ENROL_ALPN.to_vec()];
        // Every session shows its certificate anew: one taken out of service resumes nothing.
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkWay {
    /// An edge in service.
    Edge,
    /// Being taken into service, or renewing a certificate.
    Enrol,
}

/// A connection whose hands are shaken. Dropping it frees its place.
pub struct LinkPeer {
    /// What it is for.
    pub way: LinkWay,
    /// The certificate that it showed and that the authority gave (DER).
    pub certificate: Option<Vec<u8>>,
    /// The common name in it.
    pub name: Option<String>,
    /// From where it comes.
    pub address: SocketAddr,
    /// To be read and written.
    pub stream: TlsStream<TcpStream>,
    /// Its place among those that are served at once.
    pub place: OwnedSemaphorePermit,
}

/// A socket that gives out connections whose hands are shaken.
pub struct LinkListener {
    ready: mpsc::Receiver<LinkPeer>,
    address: SocketAddr,
    acceptor: Arc<Mutex<TlsAcceptor>>,
    /// Ends with this.
    _tasks: JoinSet<()>,
}

impl LinkListener {
    /// Binds and begins to accept; fails early. `connections_max`: how many are served at once;
    /// one more is closed. Must be called inside a tokio runtime.
    pub fn bind(
        address: SocketAddr,
        tls: &LinkTls,
        connections_max: usize,
    ) -> Result<Self, AdapterError> {
        let acceptor = Arc::new(Mutex::new(tls.acceptor()?));
        let listener = listen::tcp(LISTENER, address)?;
        let address = listener.local_addr().unwrap_or(address);
        let (give, ready) = mpsc::channel(limits::HTTPS_READY_MAX);
        let mut tasks = JoinSet::new();
        let places = Arc::new(Semaphore::new(connections_max));
        tasks.spawn(accept(listener, Arc::clone(&acceptor), (give, places)));
        Ok(Self { ready, address, acceptor, _tasks: tasks })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Shows another certificate from the next connection on.
    pub fn renew(&self, tls: &LinkTls) -> Result<(), AdapterError> {
        let acceptor = tls.acceptor()?;
        *self.acceptor.lock().unwrap_or_else(PoisonError::into_inner) = acceptor;
        Ok(())
    }

    /// The next connection; `None` once nothing is accepted any more.
    pub async fn accept(&mut self) -> Option<LinkPeer> {
        self.ready.recv().await
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: Arc<Mutex<TlsAcceptor>>,
    (give, places): (mpsc::Sender<LinkPeer>, Arc<Semaphore>),
) {
    let room = Arc::new(Semaphore::new(limits::HTTPS_HANDSHAKES_MAX));
    let mut shaking = JoinSet::new();
    loop {
        while shaking.try_join_next().is_some() {}
        // At the limit new connections wait in the kernel's queue.
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::error!(listener = LISTENER, %error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!(listener = LISTENER, "no room for another connection");
            continue;
        };
        let acceptor = acceptor.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let give = give.clone();
        shaking.spawn(async move {
            if let Some(peer) = shake(stream, address, (acceptor, place)).await {
                // A closed channel means that the program stops.
                let _ = give.send(peer).await;
            }
            drop(permit);
        });
    }
}

async fn shake(
    stream: TcpStream,
    address: SocketAddr,
    (acceptor, place): (TlsAcceptor, OwnedSemaphorePermit),
) -> Option<LinkPeer> {
    // A revocation is one small frame: it waits for no other to travel with.
    let _ = stream.set_nodelay(true);
    watch_for_silence(&stream);
    let stream = match timeout(limits::HANDSHAKE_MAX, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::info!(listener = LISTENER, %error, "handshake failed");
            return None;
        }
        Err(_) => {
            tracing::info!(listener = LISTENER, "handshake took too long");
            return None;
        }
    };
    let (_, session) = stream.get_ref();
    let shown = session.peer_certificates().and_then(|chain| chain.first());
    let certificate = shown.map(|certificate| certificate.to_vec());
    let way = match session.alpn_protocol() {
        Some(spoken) if spoken == EDGE_ALPN => LinkWay::Edge,
        Some(spoken) if spoken == ENROL_ALPN => LinkWay::Enrol,
        Some(_) | None => {
            tracing::info!(listener = LISTENER, "the peer names no protocol that is spoken here");
            return None;
        }
    };
    if way == LinkWay::Edge && certificate.is_none() {
        tracing::info!(listener = LISTENER, "an edge without a certificate is not served");
        return None;
    }
    let name = certificate.as_deref().and_then(tls::common_name);
    Some(LinkPeer { way, certificate, name, address, stream, place })
}

/// A cable that was pulled out says nothing: the kernel asks.
fn watch_for_silence(stream: &TcpStream) {
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(15))
        .with_interval(Duration::from_secs(5));
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive) {
        tracing::debug!(listener = LISTENER, %error, "no keep-alive");
    }
}
