//! An OCSF event with what we know about it.

use std::fmt;
use std::sync::Arc;

use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::enrichment::Enrichment;
use crate::ids::{MappingName, PlaceId, SourceId};
use crate::raw::Trust;
use crate::time::Timestamp;
use crate::value::{Object, Value};

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
    pub ocsf: Object,
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
    pub fn to_json(&self) -> serde_json::Value {
        let mut all: serde_json::Map<_, _> = self.ocsf.clone().into();
        all.insert("castellan".into(), self.castellan_json());
        all.into()
    }

    /// The `castellan` object alone.
    pub fn castellan_json(&self) -> serde_json::Value {
        let mut ours = match self.enrichment.as_ref().map(serde_json::to_value) {
            Some(Ok(serde_json::Value::Object(map))) => map,
            Some(Ok(_) | Err(_)) | None => serde_json::Map::new(),
        };
        ours.insert("mapping".into(), self.mapping.as_str().into());
        ours.insert("source".into(), self.source.as_str().into());
        ours.insert("record".into(), self.record.into());
        if self.part > 0 {
            ours.insert("part".into(), self.part.into());
        }
        ours.into()
    }
}

/// One JSON object: the OCSF attributes plus `castellan` (mapping, source, record, part and, once
/// enriched, FORMATS.md's enrichment fields).
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.ocsf.iter().filter(|(name, _)| *name != "castellan") {
            map.serialize_entry(name, value)?;
        }
        let ours = Ours {
            enrichment: self.enrichment.as_deref(),
            mapping: self.mapping.as_str(),
            source: self.source.as_str(),
            record: self.record,
            part: (self.part > 0).then_some(self.part),
        };
        map.serialize_entry("castellan", &ours)?;
        map.end()
    }
}

/// The `castellan` object, written without being built.
#[derive(Serialize)]
struct Ours<'a> {
    #[serde(flatten)]
    enrichment: Option<&'a Enrichment>,
    mapping: &'a str,
    source: &'a str,
    record: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<u16>,
}
