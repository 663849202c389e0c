//! Rows as the caller hands them in: an event and a raw record, ready to be stored.

use std::sync::Arc;

use model::{
    AssetId, Event, Fingerprint, LogSource, MappingName, PersonId, PlaceId, Raw, SourceId,
    Timestamp, Trust, Wire,
};
use serde_json::Value;

/// One event as the lake stores it: what is searched by in its own column, the rest as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeRow {
    /// OCSF `time`.
    pub time: Timestamp,
    /// When its record was received.
    pub received_at: Timestamp,
    /// Journal sequence of its record.
    pub seq: u64,
    /// Which of the record's events it is.
    pub part: u16,
    /// OCSF class.
    pub class_uid: u32,
    /// OCSF activity.
    pub activity_id: Option<i32>,
    /// OCSF severity.
    pub severity_id: Option<i32>,
    /// OCSF status.
    pub status_id: Option<i32>,
    /// Whose record.
    pub source: SourceId,
    /// Which mapping made it.
    pub mapping: MappingName,
    /// Where it happened, else the source's site.
    pub site: Option<PlaceId>,
    /// Where it happened.
    pub place: Option<PlaceId>,
    /// The zone of that place.
    pub zone: Option<PlaceId>,
    /// Who did it.
    pub person: Option<PersonId>,
    /// `src_endpoint.ip`.
    pub src_ip: Option<String>,
    /// `dst_endpoint.ip`.
    pub dst_ip: Option<String>,
    /// `device.ip`.
    pub device_ip: Option<String>,
    /// `src_endpoint`, resolved.
    pub src_asset: Option<AssetId>,
    /// `dst_endpoint`, resolved.
    pub dst_asset: Option<AssetId>,
    /// `device`, resolved.
    pub device_asset: Option<AssetId>,
    /// `src_endpoint.hostname`, else its name.
    pub src_host: Option<String>,
    /// `dst_endpoint.hostname`, else its name.
    pub dst_host: Option<String>,
    /// `device.hostname`, else its name.
    pub device_host: Option<String>,
    /// `actor.user.name`, else `user.name`.
    pub user_name: Option<String>,
    /// The credential that was presented.
    pub credential: Option<String>,
    /// `portal.uid`, else its name.
    pub door: Option<String>,
    /// OCSF `message`.
    pub message: Option<String>,
    /// The event's content identity.
    pub fingerprint: Fingerprint,
    /// The whole event, `castellan` included, as one JSON object.
    pub ocsf: String,
}

impl LakeRow {
    /// The row of an event. Fails only when the event cannot be written as JSON.
    pub fn from_event(event: &Event) -> Result<Self, serde_json::Error> {
        Self::written(event, &mut Vec::with_capacity(1024))
    }

    /// As `from_event`; `scratch` is where the JSON is written before its length is known, so that
    /// a caller of many need not grow a new text for each.
    pub fn written(event: &Event, scratch: &mut Vec<u8>) -> Result<Self, serde_json::Error> {
        scratch.clear();
        serde_json::to_writer(&mut *scratch, event)?;
        keep_routing(event, scratch)?;
        let ocsf = std::str::from_utf8(scratch).map_err(serde::ser::Error::custom)?;
        let seen = event.enrichment.as_deref();
        let place = seen.and_then(|e| e.place.as_ref());
        let asset = |end: Option<&model::enrichment::EndpointView>| end?.asset.clone();
        let first = |paths: &[&str]| paths.iter().find_map(|p| event.text(p)).map(str::to_owned);
        let site = place.and_then(|p| p.site.clone()).or_else(|| event.site.clone());
        let presented = seen.and_then(|e| e.credential.as_ref()).map(|c| c.id.clone());
        Ok(Self {
            time: event.time,
            received_at: event.received_at,
            seq: event.record,
            part: event.part,
            class_uid: event.class_uid,
            activity_id: number(event, "activity_id"),
            severity_id: number(event, "severity_id"),
            status_id: number(event, "status_id"),
            source: event.source.clone(),
            mapping: event.mapping.clone(),
            site,
            place: place.map(|p| p.id.clone()),
            zone: place.and_then(|p| p.zone.clone()),
            person: seen.and_then(|e| e.person.clone()),
            src_ip: first(&["src_endpoint.ip"]),
            dst_ip: first(&["dst_endpoint.ip"]),
            device_ip: first(&["device.ip"]),
            src_asset: asset(seen.and_then(|e| e.src.as_ref())),
            dst_asset: asset(seen.and_then(|e| e.dst.as_ref())),
            device_asset: asset(seen.and_then(|e| e.device.as_ref())),
            src_host: first(&["src_endpoint.hostname", "src_endpoint.name"]),
            dst_host: first(&["dst_endpoint.hostname", "dst_endpoint.name"]),
            device_host: first(&["device.hostname", "device.name"]),
            user_name: first(&["actor.user.name", "user.name"]),
            credential: presented.or_else(|| first(&["credential.uid"])),
            door: first(&["portal.uid", "portal.name"]),
            message: first(&["message"]),
            fingerprint: event.fingerprint,
            ocsf: ocsf.to_owned(),
        })
    }

    /// About how many bytes the row takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let texts = [
            &self.src_ip,
            &self.dst_ip,
            &self.device_ip,
            &self.src_host,
            &self.dst_host,
            &self.device_host,
            &self.user_name,
            &self.credential,
            &self.door,
            &self.message,
        ];
        let texts: usize = texts.iter().filter_map(|t| t.as_ref()).map(String::len).sum();
        ROW_BYTES_FIXED + texts + self.ocsf.len()
    }
}

/// Adds to `castellan`, which stands last, what nobody reads and a replay needs: how well the
/// sender was known, and which rules the event goes to.
fn keep_routing(event: &Event, json: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    if !json.ends_with(b"}}") {
        return Ok(());
    }
    json.truncate(json.len().saturating_sub(2));
    json.extend_from_slice(b",\"trust\":\"");
    json.extend_from_slice(trust_word(event.trust).as_bytes());
    json.extend_from_slice(b"\",\"logsource\":");
    let LogSource { category, product, service } = &event.logsource;
    serde_json::to_writer(&mut *json, &[category, product, service])?;
    json.extend_from_slice(b"}}");
    Ok(())
}

// Fixed-width columns, offsets and the ids, which are short.
const ROW_BYTES_FIXED: usize = 240;

fn number(event: &Event, path: &str) -> Option<i32> {
    i32::try_from(event.get(path)?.as_i64()?).ok()
}

/// One raw record as the lake stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    /// Journal sequence.
    pub seq: u64,
    /// What the source said, whole.
    pub raw: Arc<Raw>,
}

impl RawRow {
    pub(crate) fn bytes(&self) -> usize {
        let topic = self.raw.topic.as_ref().map_or(0, |t| t.len());
        RAW_BYTES_FIXED + topic + self.raw.body.len()
    }
}

const RAW_BYTES_FIXED: usize = 120;

/// The word that stands for a wire in the `raw` table; the same as in every other format.
pub(crate) fn wire_word(wire: Wire) -> &'static str {
    match wire {
        Wire::Syslog => "syslog",
        Wire::Json => "json",
        Wire::Csv => "csv",
        Wire::Cef => "cef",
        Wire::Leef => "leef",
        Wire::Kv => "kv",
        Wire::Xml => "xml",
        Wire::Mqtt => "mqtt",
        Wire::Udp => "udp",
    }
}

pub(crate) fn wire_of(word: &str) -> Option<Wire> {
    serde_json::from_value(Value::from(word)).ok()
}

pub(crate) fn trust_word(trust: Trust) -> &'static str {
    match trust {
        Trust::None => "none",
        Trust::Address => "address",
        Trust::Token => "token",
        Trust::Mtls => "mtls",
    }
}

pub(crate) fn trust_of(word: &str) -> Option<Trust> {
    serde_json::from_value(Value::from(word)).ok()
}

pub(crate) fn shared(text: Option<&str>) -> Option<Arc<str>> {
    text.map(Arc::from)
}
