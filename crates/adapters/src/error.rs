//! What the world may do to an adapter, said so that the night shift can act on it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::intake::IntakeClosed;
use crate::listen::Occupant;

/// Why an adapter cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// The address is taken.
    #[error("{listener} cannot listen on {address}: in use by {by}")]
    InUse {
        /// Which listener.
        listener: String,
        /// Where.
        address: SocketAddr,
        /// By whom.
        by: Occupant,
    },
    /// The address may not be used.
    #[error(
        "{listener} cannot listen on {address}: not permitted; ports below 1024 need root or the \
         capability `cap_net_bind_service`"
    )]
    NotPermitted {
        /// Which listener.
        listener: String,
        /// Where.
        address: SocketAddr,
    },
    /// The address is not one of this machine's.
    #[error("{listener} cannot listen on {address}: this machine has no such address")]
    NoSuchAddress {
        /// Which listener.
        listener: String,
        /// Where.
        address: SocketAddr,
    },
    /// Listening failed otherwise.
    #[error("{listener} cannot listen on {address}: {source}")]
    Listen {
        /// Which listener.
        listener: String,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A listening socket broke while in use.
    #[error("{listener} lost its socket on {address}: {source}")]
    Socket {
        /// Which listener.
        listener: String,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A file that must be read cannot be.
    #[error("cannot read {what} `{}`: {source}", path.display())]
    File {
        /// What it is for, such as `the certificate`.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Certificates or keys that cannot be used.
    #[error("{what} in `{}` cannot be used: {detail}", path.display())]
    Pem {
        /// What it is for.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// What was found and expected.
        detail: String,
    },
    /// Certificates and keys that cannot be used together.
    #[error("tls cannot be set up: {detail}")]
    Tls {
        /// What was found and expected.
        detail: String,
    },
    /// A setting that cannot be used.
    #[error("`{setting}` cannot be used: {detail}")]
    Setting {
        /// Which.
        setting: &'static str,
        /// What was found and expected.
        detail: String,
    },
    /// The program is shutting down.
    #[error(transparent)]
    Closed(#[from] IntakeClosed),
}

/// An error with everything that caused it, as one line.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
