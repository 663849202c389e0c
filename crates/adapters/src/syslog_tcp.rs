//! Syslog over TCP (RFC 6587): octet-counted and newline-ended frames, told apart per frame.

use std::net::SocketAddr;

use model::Wire;
use tokio::net::TcpListener;

use crate::error::AdapterError;
use crate::listen;
use crate::stream::{self, Accepted, StreamLimits};
use crate::wiring::{Origin, Peers, Wiring};

/// The listener's name in records, counters and errors.
pub const LISTENER: &str = "syslog_tcp";

/// How to listen.
#[derive(Debug, Clone)]
pub struct SyslogTcpConfig {
    /// Where; port 0 takes any free one.
    pub address: SocketAddr,
    /// Bounds.
    pub limits: StreamLimits,
}

impl SyslogTcpConfig {
    /// The defaults, at an address.
    pub fn at(address: SocketAddr) -> Self {
        Self { address, limits: StreamLimits::default() }
    }
}

/// A bound socket that accepts nobody yet.
#[derive(Debug)]
pub struct SyslogTcp {
    config: SyslogTcpConfig,
    listener: TcpListener,
    address: SocketAddr,
}

impl SyslogTcp {
    /// Binds, failing early. Must be called inside a tokio runtime.
    pub fn bind(config: SyslogTcpConfig) -> Result<Self, AdapterError> {
        let listener = listen::tcp(LISTENER, config.address)?;
        let address = listener.local_addr().unwrap_or(config.address);
        Ok(Self { config, listener, address })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves connections until asked to stop, then hands on what each has completed.
    pub async fn run(self, wiring: Wiring) -> Result<(), AdapterError> {
        let bounds = self.config.limits;
        let connections_max = bounds.connections_max;
        let serve = |accepted: Accepted| {
            let (bounds, wiring) = (bounds.clone(), wiring.clone());
            async move {
                let mut origin = Origin::of(LISTENER, Wire::Syslog);
                origin.peer = Some(Peers::default().name(accepted.peer.ip()));
                stream::serve(accepted, origin, bounds, wiring).await;
            }
        };
        stream::accept(self.listener, LISTENER, connections_max, &wiring, serve).await
    }
}
