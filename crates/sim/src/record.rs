//! What is sent, when, and by which way.

use std::sync::Arc;

use model::Timestamp;

/// How syslog messages are told apart on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Framing {
    /// One message per UDP datagram.
    Datagram,
    /// TCP, each message ended by a line feed (RFC 6587, 3.4.2).
    Newline,
    /// TCP, each message led by its length in octets (RFC 6587, 3.4.1).
    Octets,
}

/// By which way a record goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// To the syslog listener.
    Syslog {
        /// How messages are told apart.
        framing: Framing,
    },
    /// As the body of one `POST /v1/ingest/{source}`.
    Http {
        /// The source's id.
        source: Arc<str>,
        /// `application/json` or `text/csv`.
        content_type: &'static str,
    },
    /// To the broker.
    Mqtt {
        /// The topic.
        topic: Arc<str>,
    },
}

/// One record as its product would send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireRecord {
    /// When to send it.
    pub at: Timestamp,
    /// By which way.
    pub channel: Channel,
    /// The record, without framing.
    pub bytes: Vec<u8>,
}

impl WireRecord {
    /// The demo's source that this record is of.
    pub fn source(&self) -> String {
        match &self.channel {
            Channel::Http { source, .. } => source.to_string(),
            Channel::Mqtt { .. } => "frigate-hkg".to_owned(),
            Channel::Syslog { framing: Framing::Datagram } => "linux".to_owned(),
            // The firewalls' RFC 5424 header names the host third.
            Channel::Syslog { framing: Framing::Newline | Framing::Octets } => {
                let text = String::from_utf8_lossy(&self.bytes);
                text.split(' ').nth(2).unwrap_or("firewall").to_owned()
            }
        }
    }

    /// The bytes as they go onto the wire: for syslog over TCP, framed.
    pub fn framed(&self) -> Vec<u8> {
        match &self.channel {
            Channel::Syslog { framing: Framing::Newline } => {
                [self.bytes.as_slice(), b"\n"].concat()
            }
            Channel::Syslog { framing: Framing::Octets } => {
                [format!("{} ", self.bytes.len()).as_bytes(), &self.bytes].concat()
            }
            Channel::Syslog { framing: Framing::Datagram }
            | Channel::Http { .. }
            | Channel::Mqtt { .. } => self.bytes.clone(),
        }
    }
}

/// By time of sending; what is sent at one instant has a fixed order too.
pub(crate) fn sort(records: &mut [WireRecord]) {
    records.sort_by(|a, b| (a.at, &a.channel, &a.bytes).cmp(&(b.at, &b.channel, &b.bytes)));
}
