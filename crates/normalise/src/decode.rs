//! A record's payload as a value for a mapping's program.

use model::problem::Position;
use model::{DeadReason, Wire};
use vrl::value::{KeyString, ObjectMap, Value};

/// Why a record gives no event, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub reason: DeadReason,
    pub position: Option<Position>,
}

impl Failure {
    pub(crate) fn decode(wire: &str, detail: String) -> Self {
        let reason = DeadReason::Decode { wire: wire.to_owned(), detail };
        Self { reason, position: None }
    }

    pub(crate) fn aborted(detail: impl Into<String>) -> Self {
        Self { reason: DeadReason::Aborted { detail: detail.into() }, position: None }
    }

    pub(crate) fn not_ocsf(detail: String) -> Self {
        Self { reason: DeadReason::NotOcsf { detail }, position: None }
    }
}

/// Reads a payload as its mapping's wire says.
pub(crate) fn payload(wire: Wire, bytes: &[u8]) -> Result<Value, Failure> {
    match wire {
        Wire::Json => json(bytes),
        Wire::Mqtt => match bytes.trim_ascii_start().first() {
            Some(b'{' | b'[') => json(bytes),
            _ => Ok(message(bytes)),
        },
        Wire::Kv => Ok(Value::Object(pairs(bytes))),
        Wire::Cef => cef(bytes),
        Wire::Leef => leef(bytes),
        Wire::Xml => xml(bytes),
        Wire::Udp => Ok(datagram(bytes)),
        Wire::Syslog | Wire::Csv => Ok(message(bytes)),
    }
}

/// The line and column, both from 1, of a byte of a record.
pub(crate) fn place(bytes: &[u8], offset: usize) -> Position {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let mut breaks = memchr::memchr_iter(b'\n', before);
    let line = 1 + breaks.clone().count() as u64;
    let begin = breaks.next_back().map_or(0, |at| at + 1);
    let column = 1 + before.len().saturating_sub(begin) as u64;
    Position { line, column }
}

fn message(bytes: &[u8]) -> Value {
    let text = Value::from(String::from_utf8_lossy(bytes));
    Value::Object(ObjectMap::from([(KeyString::from("message"), text)]))
}

fn json(bytes: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(bytes).map_err(|error| Failure {
        reason: DeadReason::Decode { wire: "json".to_owned(), detail: error.to_string() },
        position: Some(Position { line: error.line() as u64, column: error.column() as u64 }),
    })
}

fn text_of<'a>(wire: &str, bytes: &'a [u8]) -> Result<&'a str, Failure> {
    std::str::from_utf8(bytes).map_err(|error| {
        Failure::decode(wire, format!("not UTF-8 at byte {}", error.valid_up_to()))
    })
}

/// Header fields under the names of VRL's `parse_cef`, extensions under their own.
fn cef(bytes: &[u8]) -> Result<Value, Failure> {
    let cef = codec::cef::parse(bytes).map_err(|error| Failure {
        reason: DeadReason::Decode { wire: "cef".to_owned(), detail: error.to_string() },
        position: Some(Position { line: 1, column: error.offset as u64 + 1 }),
    })?;
    let mut out = ObjectMap::new();
    for (key, value) in cef.pairs() {
        out.insert(KeyString::from(key), Value::from(value));
    }
    for (key, value) in [
        ("deviceVendor", cef.vendor),
        ("deviceProduct", cef.product),
        ("deviceVersion", cef.device_version),
        ("deviceEventClassId", cef.signature_id),
        ("name", cef.name),
        ("severity", cef.severity),
    ] {
        out.insert(KeyString::from(key), Value::from(value));
    }
    out.insert("cefVersion".into(), Value::from(cef.version.to_string()));
    Ok(Value::Object(out))
}

/// Header fields as `leefVersion`, `vendor`, `product`, `version`, `eventId`, attributes under
/// their own names.
///
/// SOURCE: IBM QRadar LEEF 1.0 (attributes separated by tabs) and 2.0 (a sixth field may name
/// another separator, as a character or as `x` and hexadecimal digits).
fn leef(bytes: &[u8]) -> Result<Value, Failure> {
    let text = text_of("leef", bytes)?;
    let refuse = |detail: &str| Failure::decode("leef", detail.to_owned());
    let start = text.find("LEEF:").ok_or_else(|| refuse("expected `LEEF:`"))?;
    let mut parts = text.get(start + 5..).unwrap_or_default().splitn(6, '|');
    let mut out = ObjectMap::new();
    for key in ["leefVersion", "vendor", "product", "version", "eventId"] {
        let value =
            parts.next().ok_or_else(|| refuse("expected five fields, each ended by `|`"))?;
        out.insert(KeyString::from(key), Value::from(value));
    }
    let mut rest = parts.next().unwrap_or_default();
    let mut separator = '\t';
    let is_second =
        out.get("leefVersion").and_then(Value::to_str_lossy).is_some_and(|v| v == "2.0");
    if let (true, Some((named, after))) = (is_second, rest.split_once('|')) {
        let hex = named.strip_prefix("0x").or_else(|| named.strip_prefix('x'));
        let code = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        if let Some(own) = code.or_else(|| named.chars().next().filter(|_| named.len() == 1)) {
            separator = own;
        }
        rest = after;
    }
    for pair in rest.split(separator) {
        if let Some((key, value)) = pair.split_once('=') {
            out.insert(KeyString::from(key.trim()), Value::from(value));
        }
    }
    Ok(Value::Object(out))
}

fn xml(bytes: &[u8]) -> Result<Value, Failure> {
    codec::xml::to_value(bytes, codec::xml::Limits::default())
        .map(Value::from)
        .map_err(|error| Failure::decode("xml", error.to_string()))
}

fn datagram(bytes: &[u8]) -> Value {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Value::Object(ObjectMap::from([(KeyString::from("hex"), Value::from(hex))]))
}

/// Pairs of `key=value` or `key="value with blanks"`; of two with one key the first counts.
pub(crate) fn pairs(bytes: &[u8]) -> ObjectMap {
    let text = String::from_utf8_lossy(bytes);
    let mut out = ObjectMap::new();
    for (key, value) in codec::kv::pairs(&text) {
        out.entry(KeyString::from(key)).or_insert_with(|| Value::from(value.text()));
    }
    out
}

/// One record of the Linux audit system: `type`, `time`, `serial`, `node` and its own fields, those
/// nested in `msg='…'` among them. Null when it is none.
pub(crate) fn audit(text: &str) -> Value {
    let Ok(record) = codec::audit::parse(text.as_bytes()) else {
        return Value::Null;
    };
    let mut out = ObjectMap::new();
    for (key, value) in record.fields() {
        out.entry(KeyString::from(key)).or_insert_with(|| Value::from(value));
    }
    let at = chrono::DateTime::from_timestamp_nanos(record.unix_ns);
    out.insert("type".into(), Value::from(record.kind));
    out.insert("time".into(), Value::Timestamp(at));
    out.insert("serial".into(), Value::Integer(i64::try_from(record.serial).unwrap_or(i64::MAX)));
    if let Some(node) = record.node {
        out.insert("node".into(), Value::from(node));
    }
    Value::Object(out)
}
