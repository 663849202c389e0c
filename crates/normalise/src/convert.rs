//! From a program's value to JSON, by moving: nothing is written as text and read again.

use std::borrow::Cow;

use model::value::{Object, Value as Made};
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
pub(crate) fn object(object: ObjectMap) -> Object {
    fields(object, Place::Attribute)
}

fn fields(object: ObjectMap, place: Place) -> Object {
    let kept = object.into_iter().filter_map(|(key, value)| {
        let place = if &*key == "unmapped" { Place::Unmapped } else { place };
        Some((Cow::Owned(key.into()), made(value, place)?))
    });
    Object::from_unique(kept)
}

fn made(value: Value, place: Place) -> Option<Made> {
    Some(match value {
        Value::Bytes(bytes) => {
            // Moved where nobody else holds them.
            let whole = String::from_utf8(bytes.into());
            text(
                whole.unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()),
                place,
            )?
        }
        Value::String(string) => text(string.to_string(), place)?,
        Value::Regex(regex) => Made::from(regex.to_string()),
        Value::Integer(number) => Made::from(number),
        Value::Float(number) => Made::from(number.into_inner()),
        Value::Boolean(truth) => Made::Bool(truth),
        Value::Timestamp(at) => match place {
            Place::Attribute => Made::from(at.timestamp_millis()),
            Place::Unmapped => Made::from(at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
        },
        Value::Object(inner) => {
            let inner = fields(inner, place);
            if inner.is_empty() {
                return None;
            }
            Made::Object(inner)
        }
        Value::Array(items) => {
            let items: Vec<Made> = items.into_iter().filter_map(|item| made(item, place)).collect();
            if items.is_empty() {
                return None;
            }
            Made::Array(items)
        }
        Value::Null => return None,
    })
}

fn text(text: String, place: Place) -> Option<Made> {
    (place == Place::Unmapped || !text.is_empty()).then_some(Made::from(text))
}
