//! A JSON text as a tree that borrows its texts: read once, for recognition, for native engines
//! and for programs.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use vrl::value::{KeyString, Value};

/// One JSON value. Reads exactly the texts that a program's value would be read from, and says
/// the same of them: numbers beyond `i64` are floats.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Array(Vec<Self>),
    /// In the order written; of two with one key the last counts.
    Object(Vec<(Cow<'a, str>, Self)>),
}

/// Room made for an object's fields at its first one; most have no more.
const FIELDS_USUAL: usize = 8;

impl<'a> Tree<'a> {
    /// `None` when it is not JSON.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// What stands under a key, when this is an object that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.fields().iter().rev().find(|(own, _)| own == key).map(|(_, value)| value)
    }

    /// The fields of an object; none of anything else.
    pub(crate) fn fields(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Object(fields) => fields,
            Self::Null
            | Self::Boolean(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Array(_) => &[],
        }
    }

    /// The text, when it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null
            | Self::Boolean(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::Array(_)
            | Self::Object(_) => None,
        }
    }

    /// The same for a program.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(truth) => Value::Boolean(*truth),
            Self::Integer(number) => Value::Integer(*number),
            Self::Float(number) => Value::from_f64_or_zero(*number),
            Self::Text(text) => Value::from(&**text),
            Self::Array(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Self::Object(fields) => {
                let fields =
                    fields.iter().map(|(key, value)| (KeyString::from(&**key), value.to_value()));
                Value::Object(fields.collect())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Tree::Boolean(truth))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Tree::Integer(number))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Tree::Float(number as f64), Tree::Integer))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Tree::Float(number))
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Tree::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Tree::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Tree::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        while let Some(item) = items.next_element()? {
            out.push(item);
        }
        Ok(Tree::Array(out))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut out = Vec::new();
        while let Some(Key(key)) = fields.next_key()? {
            if out.is_empty() {
                out.reserve(FIELDS_USUAL);
            }
            out.push((key, fields.next_value()?));
        }
        Ok(Tree::Object(out))
    }
}

struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::Tree;
    use proptest::prelude::*;
    use vrl::value::Value;

    fn agree(text: &[u8]) {
        let ours = Tree::read(text).map(|tree| tree.to_value());
        let theirs = serde_json::from_slice::<Value>(text).ok();
        assert_eq!(ours, theirs, "{}", String::from_utf8_lossy(text));
    }

    #[test]
    fn says_of_a_text_what_a_program_would_be_given() {
        for text in [
            r#"{"a":1,"a":null,"b":{"c":[1,-2,3.5,1e3,-0,18446744073709551615,1e400]}}"#,
            r#"{"a":1,"a":null,"b":{"c":[1,-2,3.5,1e3,-0,-0.0,18446744073709551615]}}"#,
            r#"{"a":9223372036854775808,"b":-9223372036854775809,"c":"\u00e9\n","\u0061":2}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"#,
            r#"{"a":1} x"#,
            r#"{"$serde_json::private::RawValue":"1"}"#,
            r#"{"$serde_json::private::Number":"1"}"#,
            "[true,false,null,\"\"]",
            "\u{feff}{}",
            "",
        ] {
            agree(text.as_bytes());
        }
        agree(b"{\"a\":\"\xff\"}");
        for depth in [126, 127, 128, 129] {
            agree(format!("{}{}", "[".repeat(depth), "]".repeat(depth)).as_bytes());
        }
    }

    #[test]
    fn of_two_with_one_key_the_last_counts() {
        let tree = Tree::read(br#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(tree.get("a"), Some(&Tree::Integer(2)));
        assert_eq!(tree.get("b"), None);
    }

    proptest! {
        #[test]
        fn any_text(text in r#"[\[\]{},:"a0-9.e\\u\-+ tn]{0,24}"#) {
            agree(text.as_bytes());
        }
    }
}
