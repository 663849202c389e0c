//! Edges to the outside world: sockets, brokers and files in; mail and webhooks out.
//!
//! Adapters carry. They take bytes from a transport and hand them on as [`Observed`] records with
//! what the transport itself proves; they deliver what they are told to deliver and say how that
//! went. They never decide what a record means, never keep anything (a position or an
//! acknowledgement is kept by whoever holds the journal), never read a clock of their own, and
//! count everything that they receive, reject or drop through [`Account`].

pub mod account;
pub mod error;
mod https;
pub mod intake;
pub mod limits;
pub mod listen;
pub mod secret;
pub mod wiring;

pub mod stream;
pub mod syslog_tcp;
pub mod syslog_tls;
pub mod syslog_udp;
pub mod tls;

pub mod link;

pub mod mqtt;

pub mod files;
pub mod tail;

pub mod osdp;
pub mod uhppote;

pub mod out;

pub mod oidc;

pub use account::{Account, Note};
pub use error::AdapterError;
pub use https::{Https, HttpsConfig};
pub use intake::{
    AckOutcome, Batch, Intake, IntakeClosed, IntakeLimits, IntakeReceiver, Mark, Now, Observed,
    TrySendError, intake,
};
pub use mqtt::{Mqtt, MqttConfig};
pub use secret::{Secret, SecretError, SecretRef};
pub use stream::StreamLimits;
pub use syslog_tcp::{SyslogTcp, SyslogTcpConfig};
pub use syslog_tls::{SyslogTls, SyslogTlsConfig};
pub use syslog_udp::{SyslogUdp, SyslogUdpConfig};
pub use tail::{Tail, TailConfig, TailFrom, TailPosition, TailPositions};
pub use tls::{ClientCertificates, ClientTls, ServerTls};
pub use wiring::Wiring;
