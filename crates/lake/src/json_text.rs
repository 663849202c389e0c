//! The SQL function `json_text(json, path)`: what has no column of its own is still within reach.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use serde_json::value::RawValue;

/// `json_text(ocsf, 'actor.user.name')`: the text at a dotted path, a number selecting from an
/// array; anything but a text as its JSON; null where there is nothing.
pub(crate) fn function() -> ScalarUDF {
    create_udf(
        "json_text",
        vec![DataType::Utf8, DataType::Utf8],
        DataType::Utf8,
        Volatility::Immutable,
        Arc::new(json_text),
    )
}

fn json_text(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let wrong = || DataFusionError::Execution("json_text takes a json text and a path".to_owned());
    let [json, paths] = arrays.as_slice() else { return Err(wrong()) };
    let json = json.as_string_opt::<i32>().ok_or_else(wrong)?;
    let paths = paths.as_string_opt::<i32>().ok_or_else(wrong)?;
    let mut found = StringBuilder::with_capacity(json.len(), 0);
    for (json, path) in json.iter().zip(paths) {
        found.append_option(json.zip(path).and_then(|(json, path)| text_at(json, path)));
    }
    let found: ArrayRef = Arc::new(found.finish());
    Ok(ColumnarValue::Array(found))
}

fn text_at(json: &str, path: &str) -> Option<String> {
    let mut value = json.trim_start();
    for part in path.split('.') {
        let inner: &RawValue = if value.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(value).ok()?;
            items.get(part.parse::<usize>().ok()?).copied()?
        } else {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(value).ok()?;
            fields.get(part).copied()?
        };
        value = inner.get();
    }
    match value {
        "null" => None,
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        other => Some(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::text_at;

    #[test]
    fn a_path_leads_to_its_text() {
        let json = r#" {"a": {"b": "x\"y", "c": [1, {"d": true}], "e": null}, "f": 1.50}"#;
        for (path, found) in [
            ("a.b", Some("x\"y")),
            ("a.c.0", Some("1")),
            ("a.c.1.d", Some("true")),
            ("a.c.1", Some("{\"d\": true}")),
            ("f", Some("1.50")),
            ("a.e", None),
            ("a.x", None),
            ("a.b.c", None),
            ("a.c.9", None),
            ("", None),
        ] {
            assert_eq!(text_at(json, path).as_deref(), found, "{path}");
        }
        assert_eq!(text_at("not json", "a"), None);
    }
}
