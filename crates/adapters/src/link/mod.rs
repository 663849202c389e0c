//! The connection between a server and its edges, as bytes: frames over TLS 1.3, both sides
//! authenticated. What a frame says is for whoever reads it.

mod connect;
pub mod frame;
mod listen;

pub use connect::{ConnectError, LinkConnector, LinkIdentity, LinkTrust};
pub use frame::FrameError;
pub use listen::{LinkListener, LinkPeer, LinkTls, LinkWay};

/// The protocol of edges in service (ALPN).
pub const EDGE_ALPN: &[u8] = b"castellan-edge/1";
/// The protocol by which an edge is taken into service (ALPN).
pub const ENROL_ALPN: &[u8] = b"castellan-enrol/1";
/// The name in the server's certificate: edges know it by its authority, not by its address.
pub const SERVER_NAME: &str = "castellan-server";

/// A connection as the server holds it.
pub type LinkStream = tokio_rustls::server::TlsStream<tokio::net::TcpStream>;
/// A connection as an edge holds it.
pub type EdgeStream = tokio_rustls::client::TlsStream<tokio::net::TcpStream>;
