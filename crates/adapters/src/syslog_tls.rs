//! Syslog over TLS (RFC 5425), with optional or required client certificates.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{Trust, Wire};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::account::Note;
use crate::error::AdapterError;
use crate::limits;
use crate::listen;
use crate::stream::{self, Accepted, StreamLimits};
use crate::tls::{self, ServerTls};
use crate::wiring::{Origin, Peers, Wiring};

/// The listener's name in records, counters and errors.
pub const LISTENER: &str = "syslog_tls";

/// How to listen.
#[derive(Debug, Clone)]
pub struct SyslogTlsConfig {
    /// Where; port 0 takes any free one.
    pub address: SocketAddr,
    /// Bounds.
    pub limits: StreamLimits,
    /// Certificate, key and whom to ask for theirs.
    pub tls: ServerTls,
    /// Longest handshake.
    pub handshake_max: Duration,
}

impl SyslogTlsConfig {
    /// The defaults, at an address.
    pub fn at(address: SocketAddr, tls: ServerTls) -> Self {
        let limits = StreamLimits::default();
        Self { address, limits, tls, handshake_max: limits::HANDSHAKE_MAX }
    }
}

/// A bound socket that accepts nobody yet.
pub struct SyslogTls {
    config: SyslogTlsConfig,
    acceptor: TlsAcceptor,
    listener: TcpListener,
    address: SocketAddr,
}

impl SyslogTls {
    /// Reads certificates and key, then binds; fails early. Must be called inside a tokio runtime.
    pub fn bind(config: SyslogTlsConfig) -> Result<Self, AdapterError> {
        let acceptor = TlsAcceptor::from(Arc::new(tls::server(&config.tls)?));
        let listener = listen::tcp(LISTENER, config.address)?;
        let address = listener.local_addr().unwrap_or(config.address);
        Ok(Self { config, acceptor, listener, address })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves connections until asked to stop, then hands on what each has completed.
    pub async fn run(self, wiring: Wiring) -> Result<(), AdapterError> {
        let Self { config, acceptor, listener, .. } = self;
        let connections_max = config.limits.connections_max;
        let serve = |accepted: Accepted| {
            let (acceptor, wiring) = (acceptor.clone(), wiring.clone());
            let (bounds, patience) = (config.limits.clone(), config.handshake_max);
            async move {
                if let Some(stopped) = shake(acceptor, accepted, bounds, patience, wiring).await {
                    stopped.account.noted(LISTENER, Note::HandshakeFailed, 1);
                    stopped.account.noted(LISTENER, Note::Disconnected, 1);
                }
            }
        };
        stream::accept(listener, LISTENER, connections_max, &wiring, serve).await
    }
}

/// Shakes hands and serves; gives the wiring back when the handshake failed.
async fn shake(
    acceptor: TlsAcceptor,
    accepted: Accepted,
    bounds: StreamLimits,
    patience: Duration,
    wiring: Wiring,
) -> Option<Wiring> {
    let mut origin = Origin::of(LISTENER, Wire::Syslog);
    origin.peer = Some(Peers::default().name(accepted.peer.ip()));
    let shaken = tokio::select! {
        biased;
        () = wiring.shutdown.cancelled() => return Some(wiring),
        shaken = timeout(patience, acceptor.accept(accepted)) => shaken,
    };
    let stream = match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::info!(listener = LISTENER, peer = ?origin.peer, %error, "handshake failed");
            return Some(wiring);
        }
        Err(_) => {
            tracing::info!(listener = LISTENER, peer = ?origin.peer, "handshake took too long");
            return Some(wiring);
        }
    };
    // rustls verified whatever was presented; an unverifiable certificate ends the handshake.
    let presented = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    if let Some(certificate) = presented {
        origin.trust = Trust::Mtls;
        origin.identity = tls::common_name(certificate).map(Into::into);
    }
    stream::serve(stream, origin, bounds, wiring).await;
    None
}
