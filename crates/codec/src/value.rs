//! Records as JSON objects, for whoever maps them onward.
//!
//! Where an object is only a step on the way, use the iterators of the modules themselves:
//! [`kv::pairs`](crate::kv::pairs), [`AuditRecord::fields`](crate::audit::AuditRecord::fields),
//! [`Cef::pairs`](crate::cef::Cef::pairs).

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::ndjson::{JsonError, JsonErrorKind, Limits, guard};
use crate::position::LineColumn;
use crate::syslog::{Message, SyslogTime};
use crate::{audit, cef, kv};

pub use crate::xml::to_value as xml;

/// Reads one JSON value that passes [`guard`].
///
/// # Errors
/// [`JsonError`]: what must not pass, and where.
pub fn json(input: &[u8], limits: Limits) -> Result<Value, JsonError> {
    guard(input, limits)?;
    serde_json::from_slice(input).map_err(|error| {
        // What passes the guard fails here only where its depth is beyond this reader's own.
        let kind = JsonErrorKind::TooDeep { depth_max: 127 };
        let (line, column) = (error.line() as u64, error.column() as u64);
        let offset = offset_of(input, LineColumn { line, column });
        JsonError { kind, offset, line, column }
    })
}

fn offset_of(input: &[u8], place: LineColumn) -> usize {
    let mut lines = memchr::memchr_iter(b'\n', input).map(|at| at + 1);
    let skipped = usize::try_from(place.line.saturating_sub(2)).unwrap_or(usize::MAX);
    let start = if place.line > 1 { lines.nth(skipped).unwrap_or_default() } else { 0 };
    start + usize::try_from(place.column.saturating_sub(1)).unwrap_or_default()
}

/// One syslog message: the header's fields that are there, `message` as text, and
/// `structured_data` as an object per element; `unix_ns` only where the message names its zone.
#[must_use]
pub fn syslog(message: &Message<'_>) -> Value {
    let mut map = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            map.insert(name.to_owned(), value);
        }
    };
    set("facility", json!(message.facility));
    set("severity", json!(message.severity));
    set("hostname", json!(message.hostname));
    set("app_name", json!(message.app_name));
    set("proc_id", json!(message.proc_id));
    set("msg_id", json!(message.msg_id));
    set("sequence", json!(message.sequence));
    set("message", json!(message.text()));
    if let Some(SyslogTime::Rfc3339 { unix_ns }) = message.timestamp {
        set("unix_ns", json!(unix_ns));
    }
    if !message.structured_data.is_empty() {
        let mut elements = Map::new();
        for element in message.structured_data.elements() {
            let mut params = Map::new();
            for (name, value) in element.params() {
                params.entry(name).or_insert_with(|| Value::String(value.into_owned()));
            }
            elements.entry(element.id).or_insert(Value::Object(params));
        }
        set("structured_data", Value::Object(elements));
    }
    Value::Object(map)
}

/// The pairs of a `key=value` line, all values text.
#[must_use]
pub fn kv(line: &str) -> Value {
    object(kv::pairs(line).map(|(key, value)| (key, value.text())))
}

/// One audit record: `type`, `node`, `unix_ns`, `serial`, and its own fields.
#[must_use]
pub fn audit(record: &audit::AuditRecord<'_>) -> Value {
    let mut map = Map::new();
    map.insert("type".to_owned(), json!(record.kind));
    map.insert("unix_ns".to_owned(), json!(record.unix_ns));
    map.insert("serial".to_owned(), json!(record.serial));
    if let Some(node) = record.node {
        map.insert("node".to_owned(), json!(node));
    }
    add(&mut map, record.fields());
    Value::Object(map)
}

/// One CEF event: the header's fields, and `extension` as an object of text.
#[must_use]
pub fn cef(event: &cef::Cef<'_>) -> Value {
    json!({
        "version": event.version,
        "vendor": event.vendor,
        "product": event.product,
        "device_version": event.device_version,
        "signature_id": event.signature_id,
        "name": event.name,
        "severity": event.severity,
        "extension": object(event.pairs()),
    })
}

fn object<'a>(pairs: impl Iterator<Item = (&'a str, Cow<'a, str>)>) -> Value {
    let mut map = Map::new();
    add(&mut map, pairs);
    Value::Object(map)
}

/// The first of several equal keys keeps its name, so that nothing appended to a line can replace
/// what stands before it; the others become `key#2`, `key#3`.
fn add<'a>(map: &mut Map<String, Value>, pairs: impl Iterator<Item = (&'a str, Cow<'a, str>)>) {
    let mut repeats: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for (key, value) in pairs {
        let value = Value::String(value.into_owned());
        if !map.contains_key(key) {
            map.insert(key.to_owned(), value);
            continue;
        }
        let count = repeats.entry(key).or_insert(1);
        *count += 1;
        map.insert(format!("{key}#{count}"), value);
    }
}

#[cfg(test)]
mod tests {
    use super::{audit, cef, json, kv, syslog};
    use crate::ndjson::Limits;

    #[test]
    fn the_first_of_equal_keys_keeps_its_name() {
        assert_eq!(
            kv("user=ana a=1 user=eve user=bob").to_string(),
            r##"{"user":"ana","a":"1","user#2":"eve","user#3":"bob"}"##
        );
    }

    #[test]
    fn audit_and_cef_become_objects() {
        let record = crate::audit::parse(b"type=LOGIN msg=audit(1.5:9): pid=1 res=1");
        assert_eq!(
            record.map(|record| audit(&record).to_string()).ok().as_deref(),
            Some(r#"{"type":"LOGIN","unix_ns":1005000000,"serial":9,"pid":"1","res":"1"}"#)
        );
        let event = crate::cef::parse(b"CEF:0|a|b|1|2|n|3|src=192.0.2.1 msg=x y");
        assert_eq!(
            event
                .map(|event| cef(&event).get("extension").map(ToString::to_string))
                .ok()
                .flatten()
                .as_deref(),
            Some(r#"{"src":"192.0.2.1","msg":"x y"}"#)
        );
    }

    #[test]
    fn syslog_becomes_an_object() {
        let parsed = crate::syslog::parse(b"<38>1 1970-01-01T00:00:01Z h a 1 - [x@1 k=\"v\"] hi");
        assert_eq!(
            syslog(&parsed.message).to_string(),
            concat!(
                r#"{"facility":4,"severity":6,"hostname":"h","app_name":"a","proc_id":"1","#,
                r#""message":"hi","unix_ns":1000000000,"structured_data":{"x@1":{"k":"v"}}}"#
            )
        );
    }

    #[test]
    fn json_is_guarded_first() {
        let read = |text: &str, depth_max| {
            let limits = Limits { depth_max, ..Limits::default() };
            json(text.as_bytes(), limits).map_err(|error| error.to_string())
        };
        assert_eq!(
            read("{\"a\":[1]}", 64).map(|value| value.pointer("/a/0").map(ToString::to_string)),
            Ok(Some("1".to_owned()))
        );
        assert!(read("{\"a\":1,\"a\":2}", 64).is_err_and(|error| error.contains("twice")));
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(read(&deep, 1000).is_err_and(|error| error.contains("nested deeper than 127")));
    }
}
