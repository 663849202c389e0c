//! TLS before HTTP: shakes hands beside the accepting, so that a slow peer keeps nobody waiting,
//! and takes renewed certificates without a restart.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::error::AdapterError;
use crate::limits;
use crate::listen;
use crate::tls::{self, ClientCertificates, ServerTls};

/// The listener's name in errors and logs.
pub const LISTENER: &str = "https";

/// A connection whose hands are shaken, and from where it comes.
pub type Shaken = (TlsStream<TcpStream>, SocketAddr);

/// How to listen.
#[derive(Debug, Clone)]
pub struct HttpsConfig {
    /// Where; port 0 takes any free one.
    pub address: SocketAddr,
    /// PEM file: own certificate first, then the chain.
    pub certificate: PathBuf,
    /// PEM file: its private key.
    pub key: PathBuf,
}

impl HttpsConfig {
    fn tls(&self) -> ServerTls {
        let (certificate, key) = (self.certificate.clone(), self.key.clone());
        ServerTls { certificate, key, clients: ClientCertificates::NotAsked }
    }

    /// Reads certificate and key as they lie there now.
    fn acceptor(&self) -> Result<TlsAcceptor, AdapterError> {
        let mut config = tls::server(&self.tls())?;
        // SOURCE: RFC 7301 section 6, the protocol's registered name.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// When either file was last written.
    fn written(&self) -> Option<SystemTime> {
        let when = |path| std::fs::metadata(path).and_then(|data| data.modified()).ok();
        when(&self.certificate).max(when(&self.key))
    }
}

/// A socket that gives out connections whose hands are shaken.
pub struct Https {
    ready: mpsc::Receiver<Shaken>,
    address: SocketAddr,
    /// Ends with this.
    _tasks: JoinSet<()>,
}

impl Https {
    /// Reads certificate and key, binds and begins to accept; fails early. Must be called inside a
    /// tokio runtime.
    pub fn bind(config: HttpsConfig) -> Result<Self, AdapterError> {
        let acceptor = Arc::new(RwLock::new(config.acceptor()?));
        let listener = listen::tcp(LISTENER, config.address)?;
        let address = listener.local_addr().unwrap_or(config.address);
        let (give, ready) = mpsc::channel(limits::HTTPS_READY_MAX);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&acceptor), give));
        tasks.spawn(renew(config, acceptor));
        Ok(Self { ready, address, _tasks: tasks })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The next connection; `None` once nothing is accepted any more.
    pub async fn accept(&mut self) -> Option<Shaken> {
        self.ready.recv().await
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: Arc<RwLock<TlsAcceptor>>,
    give: mpsc::Sender<Shaken>,
) {
    let room = Arc::new(Semaphore::new(limits::HTTPS_HANDSHAKES_MAX));
    loop {
        // At the limit new connections wait in the kernel's queue.
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        let acceptor = acceptor.read().unwrap_or_else(PoisonError::into_inner).clone();
        let give = give.clone();
        tokio::spawn(async move {
            match timeout(limits::HANDSHAKE_MAX, acceptor.accept(stream)).await {
                // A closed channel means that the program stops.
                Ok(Ok(shaken)) => drop(give.send((shaken, peer)).await),
                Ok(Err(error)) => tracing::info!(listener = LISTENER, %error, "handshake failed"),
                Err(_) => tracing::info!(listener = LISTENER, "handshake took too long"),
            }
            drop(permit);
        });
    }
}

/// A peer that went away again is its own matter; out of files or memory is ours.
async fn pause_after(error: &io::Error) {
    let is_theirs = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    );
    if !is_theirs {
        tracing::error!(listener = LISTENER, %error, "cannot accept");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Looks for newly written files. One that cannot be used leaves the old in force, and is told
/// once.
async fn renew(config: HttpsConfig, acceptor: Arc<RwLock<TlsAcceptor>>) {
    let mut seen = config.written();
    loop {
        tokio::time::sleep(limits::CERTIFICATE_LOOK).await;
        let now = config.written();
        if now == seen {
            continue;
        }
        seen = now;
        match config.acceptor() {
            Ok(new) => {
                *acceptor.write().unwrap_or_else(PoisonError::into_inner) = new;
                tracing::info!(listener = LISTENER, "the renewed certificate is in force");
            }
            Err(error) => {
                let hint = "the old certificate stays in force";
                tracing::error!(listener = LISTENER, %error, hint, "cannot renew");
            }
        }
    }
}
