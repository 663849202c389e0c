//! What a source said, never edited, and the journal's record kinds around it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::SourceId;
use crate::time::Timestamp;

/// How a record's bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wire {
    /// One syslog message, RFC 5424 or RFC 3164 or neither.
    Syslog,
    /// One JSON value.
    Json,
    /// One CSV record; the header line stands before it: `header\nrecord`.
    Csv,
    /// One ArcSight CEF line.
    Cef,
    /// One LEEF line.
    Leef,
    /// One line of key=value pairs.
    Kv,
    /// One XML document.
    Xml,
    /// One MQTT payload; its topic stands in `Raw::topic`.
    Mqtt,
    /// One UDP datagram of a device protocol.
    Udp,
}

/// How well we know that a record comes from whom it says (DESIGN section 11).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Trust {
    /// Anyone could have sent it; may never set presence or cause a command.
    #[default]
    None,
    /// The sender's address matched.
    Address,
    /// A secret matched.
    Token,
    /// A client certificate matched.
    Mtls,
}

/// One record as a source said it. The body is never edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raw {
    /// Whose it is; `unassigned` when no source matched.
    pub source: SourceId,
    /// When we received it.
    pub received_at: Timestamp,
    /// How to read `body`.
    pub wire: Wire,
    /// Which listener took it: `http`, `syslog_udp`, `syslog_tcp`, `syslog_tls`, `mqtt`, `tail` or
    /// `file`.
    pub listener: Arc<str>,
    /// The sender's address, where there is one.
    pub peer: Option<Arc<str>>,
    /// The MQTT topic, where there is one.
    pub topic: Option<Arc<str>>,
    /// How well the sender is known, proved by the transport for this record.
    pub trust: Trust,
    /// Bytes cut off its end by a size limit; 0 when whole.
    pub bytes_cut: u64,
    /// The journal sequence of the dead letter that this re-runs.
    pub rerun_of: Option<u64>,
    /// The bytes.
    #[serde(with = "bytes_seq")]
    pub body: Vec<u8>,
}

/// Whether a source is being heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SourceState {
    /// Speaks within its heartbeat.
    Heard,
    /// Silent longer than its heartbeat.
    Silent,
}

/// One journal record. Time itself is an input: kernels advance only by these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// Something a source said; shared, for the journal, the flow and the lake all hold it.
    Raw(Arc<Raw>),
    /// The clock moved on.
    Tick {
        /// To this instant.
        at: Timestamp,
    },
    /// A source fell silent or spoke again.
    Source {
        /// Which.
        source: SourceId,
        /// What it is now.
        state: SourceState,
        /// When it was last heard, if ever.
        last_heard: Option<Timestamp>,
        /// When that was noticed.
        at: Timestamp,
    },
}

impl From<Raw> for Record {
    fn from(raw: Raw) -> Self {
        Self::Raw(Arc::new(raw))
    }
}

/// Bytes as bytes in binary formats; serde's default is a sequence of numbers.
mod bytes_seq {
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: Error>(self, v: &[u8]) -> Result<Vec<u8>, E> {
                Ok(v.to_vec())
            }
            fn visit_byte_buf<E: Error>(self, v: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(v)
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<Vec<u8>, A::Error> {
                let mut out = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    out.push(byte);
                }
                Ok(out)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}
