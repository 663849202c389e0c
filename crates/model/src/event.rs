//! An OCSF event with what we know about it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::enrichment::Enrichment;
use crate::ids::{MappingName, PlaceId, SourceId};
use crate::raw::Trust;
use crate::time::Timestamp;

/// A hash of the raw bytes and the part's number: the same input gives the same one everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// Of one record's bytes and the number of the event made from it.
    pub fn of(source: &SourceId, body: &[u8], part: u16) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(source.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(&part.to_le_bytes());
        hasher.update(body);
        let mut head = [0_u8; 16];
        head.copy_from_slice(hasher.finalize().as_bytes().split_at(16).0);
        Self(u128::from_be_bytes(head))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Sigma's logsource of an event; rules are routed by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct LogSource {
    /// Such as `physical_access`, `authentication`, `firewall`.
    pub category: Option<Arc<str>>,
    /// The mapping's name unless the mapping says otherwise.
    pub product: Option<Arc<str>>,
    /// Such as `sshd`.
    pub service: Option<Arc<str>>,
}

/// One OCSF event, tied to the record it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Journal sequence when live, record number within the input when read from files.
    pub record: u64,
    /// Which of the record's events this is, from 0.
    pub part: u16,
    /// Whose record it was.
    pub source: SourceId,
    /// Which mapping made it.
    pub mapping: MappingName,
    /// The source's site.
    pub site: Option<PlaceId>,
    /// Content identity, the same live and replayed.
    pub fingerprint: Fingerprint,
    /// OCSF `class_uid`.
    pub class_uid: u32,
    /// What the device claims, as judged: OCSF `time`, with its full precision.
    pub time: Timestamp,
    /// When we received the record.
    pub received_at: Timestamp,
    /// Give or take how much `time` is right: the source's clock-offset bound.
    pub clock_offset_max: std::time::Duration,
    /// How well the sender is known.
    pub trust: Trust,
    /// For routing of rules.
    pub logsource: LogSource,
    /// The OCSF attributes, `class_uid`, `time` and all.
    pub ocsf: Map<String, Value>,
    /// What the spine and presence add; `None` before enrichment.
    pub enrichment: Option<Box<Enrichment>>,
}

impl Event {
    /// The attribute at a dotted path, such as `actor.user.name`; arrays are not entered.
    pub fn get(&self, path: &str) -> Option<&Value> {
        let mut parts = path.split('.');
        let mut value = self.ocsf.get(parts.next()?)?;
        for part in parts {
            value = value.as_object()?.get(part)?;
        }
        Some(value)
    }

    /// The text at a dotted path.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path)?.as_str()
    }

    /// The event as one JSON object; see its `Serialize`.
    pub fn to_json(&self) -> Value {
        let mut all = self.ocsf.clone();
        all.insert("castellan".into(), self.castellan_json());
        Value::Object(all)
    }

    /// The `castellan` object alone.
    pub fn castellan_json(&self) -> Value {
        let mut ours = match self.enrichment.as_ref().map(serde_json::to_value) {
            Some(Ok(Value::Object(map))) => map,
            Some(Ok(_) | Err(_)) | None => Map::new(),
        };
        ours.insert("mapping".into(), self.mapping.as_str().into());
        ours.insert("source".into(), self.source.as_str().into());
        ours.insert("record".into(), self.record.into());
        if self.part > 0 {
            ours.insert("part".into(), self.part.into());
        }
        Value::Object(ours)
    }
}

/// One JSON object: the OCSF attributes plus `castellan` (mapping, source, record, part and, once
/// enriched, FORMATS.md's enrichment fields).
impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ours = self.castellan_json();
        let all = self.ocsf.iter().map(|(key, value)| (key.as_str(), value));
        serializer.collect_map(all.chain(std::iter::once(("castellan", &ours))))
    }
}
