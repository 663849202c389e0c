//! From a program's value to JSON, by moving: nothing is written as text and read again.

use serde_json::{Map, Value as Json};
use vrl::value::{ObjectMap, Value};

/// What a place of the event allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// OCSF: instants are milliseconds; null and empty text say nothing and are left out.
    Attribute,
    /// Under `unmapped`: instants are text, and empty text is kept as the source's.
    Unmapped,
}

/// An event's object; what is null, empty text, or an object or array of nothing else is left out.
pub(crate) fn object(object: ObjectMap) -> Map<String, Json> {
    fields(object, Place::Attribute)
}

fn fields(object: ObjectMap, place: Place) -> Map<String, Json> {
    let mut out = Map::new();
    for (key, value) in object {
        let place = if &*key == "unmapped" { Place::Unmapped } else { place };
        if let Some(value) = json(value, place) {
            out.insert(key.into(), value);
        }
    }
    out
}

fn json(value: Value, place: Place) -> Option<Json> {
    Some(match value {
        Value::Bytes(bytes) => text(String::from_utf8_lossy(&bytes).into_owned(), place)?,
        Value::String(string) => text(string.to_string(), place)?,
        Value::Regex(regex) => Json::String(regex.to_string()),
        Value::Integer(number) => Json::from(number),
        Value::Float(number) => Json::from(number.into_inner()),
        Value::Boolean(truth) => Json::Bool(truth),
        Value::Timestamp(at) => match place {
            Place::Attribute => Json::from(at.timestamp_millis()),
            Place::Unmapped => {
                Json::String(at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
            }
        },
        Value::Object(inner) => {
            let inner = fields(inner, place);
            if inner.is_empty() {
                return None;
            }
            Json::Object(inner)
        }
        Value::Array(items) => {
            let items: Vec<Json> = items.into_iter().filter_map(|item| json(item, place)).collect();
            if items.is_empty() {
                return None;
            }
            Json::Array(items)
        }
        Value::Null => return None,
    })
}

fn text(text: String, place: Place) -> Option<Json> {
    (place == Place::Unmapped || !text.is_empty()).then_some(Json::String(text))
}
