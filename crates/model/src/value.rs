//! An event's attributes: JSON's values, laid out for a hundred thousand events a second.
//!
//! `serde_json::Value` allocates every key and a tree node per object. Here a key or a text that is
//! a literal of ours costs nothing, and an object is one vector in the order it was made.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

/// A text of ours, or one that somebody sent.
pub type Text = Cow<'static, str>;

/// Up to here an object is searched key by key; a larger one is kept in order and halved.
const LINEAR_MAX: usize = 32;

/// One JSON value.
#[derive(Clone, PartialEq, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Whole or not.
    Number(Number),
    /// Text.
    String(Text),
    /// Values in order.
    Array(Vec<Value>),
    /// Attributes by name.
    Object(Object),
}

/// Attributes by name; each name once.
///
/// INVARIANT: beyond `LINEAR_MAX` entries they stand in the order of their names, so that a hostile
/// object of a million keys is not searched one by one.
#[derive(Clone, Default)]
pub struct Object {
    entries: Vec<(Text, Value)>,
}

impl Object {
    /// One without attributes.
    pub fn new() -> Self {
        Self::default()
    }

    /// One with room for `count` attributes.
    pub fn with_capacity(count: usize) -> Self {
        Self { entries: Vec::with_capacity(count) }
    }

    /// From entries of which no two have the same name.
    pub fn from_unique(entries: impl IntoIterator<Item = (Text, Value)>) -> Self {
        let mut object = Self::new();
        object.extend_unique(entries);
        object
    }

    /// Adds entries of which no two have the same name, nor that of one that is there.
    pub fn extend_unique(&mut self, entries: impl IntoIterator<Item = (Text, Value)>) {
        self.entries.extend(entries);
        if self.is_ordered() {
            self.entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
    }

    /// From entries in the order they were written: of several with one name the last counts, and
    /// one without a value takes the name away.
    pub fn from_last(entries: impl IntoIterator<Item = (Text, Option<Value>)>) -> Self {
        let entries = entries.into_iter();
        if entries.size_hint().1.is_some_and(|most| most <= LINEAR_MAX) {
            let mut object = Self::new();
            for (name, value) in entries {
                match value {
                    Some(value) => object.insert(name, value),
                    None => object.remove(&name),
                };
            }
            return object;
        }
        let entries: BTreeMap<Text, Option<Value>> = entries.collect();
        Self::from_unique(entries.into_iter().filter_map(|(name, value)| Some((name, value?))))
    }

    fn is_ordered(&self) -> bool {
        self.entries.len() > LINEAR_MAX
    }

    /// Where a name stands; else where it belongs.
    fn find(&self, name: &str) -> Result<usize, usize> {
        if self.is_ordered() {
            self.entries.binary_search_by(|(key, _)| key.as_ref().cmp(name))
        } else {
            self.entries.iter().position(|(key, _)| key == name).ok_or(self.entries.len())
        }
    }

    /// How many attributes.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value under a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.find(name).ok().and_then(|at| self.entries.get(at)).map(|(_, value)| value)
    }

    /// The value under a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        let at = self.find(name).ok()?;
        self.entries.get_mut(at).map(|(_, value)| value)
    }

    /// Whether the name is taken.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Sets a value; gives the one it replaces.
    pub fn insert(&mut self, name: impl Into<Text>, value: impl Into<Value>) -> Option<Value> {
        let (name, value) = (name.into(), value.into());
        match self.find(&name) {
            Ok(at) => self.entries.get_mut(at).map(|(_, old)| std::mem::replace(old, value)),
            Err(at) => {
                self.place(at, name, value);
                None
            }
        }
    }

    fn place(&mut self, at: usize, name: Text, value: Value) {
        self.entries.insert(at.min(self.entries.len()), (name, value));
        if self.entries.len() == LINEAR_MAX + 1 {
            self.entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
    }

    /// The value under a name, made when there is none.
    pub fn get_or_insert_with(
        &mut self,
        name: &'static str,
        make: impl FnOnce() -> Value,
    ) -> Option<&mut Value> {
        if let Err(at) = self.find(name) {
            self.place(at, Cow::Borrowed(name), make());
        }
        self.get_mut(name)
    }

    /// Takes a value out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.find(name).ok()?;
        Some(self.entries.remove(at).1)
    }

    /// Names and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Names.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_ref())
    }

    /// Values.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.entries.iter().map(|(_, value)| value)
    }
}

impl Value {
    /// A text that somebody sent.
    pub fn text(text: &str) -> Self {
        Self::String(Cow::Owned(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The number.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            Self::Null | Self::Bool(_) | Self::String(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The number, if it is whole and fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// The number, if it is whole, not negative and fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.as_u64()
    }

    /// The array.
    pub fn as_array(&self) -> Option<&Vec<Self>> {
        match self {
            Self::Array(values) => Some(values),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Object(_) => {
                None
            }
        }
    }

    /// The object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Array(_) => None,
        }
    }

    /// The object, to be changed.
    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        match self {
            Self::Object(object) => Some(object),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Array(_) => None,
        }
    }

    /// The value under a name of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }
}

/// Objects are equal whatever the order of their names.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.entries.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

/// As JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in &self.entries {
            map.serialize_entry(name.as_ref(), value)?;
        }
        map.end()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(values) => values.serialize(serializer),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Value::deserialize(deserializer).map(Self::from)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Map::deserialize(deserializer).map(Self::from)
    }
}

impl From<serde_json::Map<String, serde_json::Value>> for Object {
    fn from(map: serde_json::Map<String, serde_json::Value>) -> Self {
        Self::from_unique(map.into_iter().map(|(name, value)| (Cow::Owned(name), value.into())))
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(truth) => Self::Bool(truth),
            serde_json::Value::Number(number) => Self::Number(number),
            serde_json::Value::String(text) => Self::String(Cow::Owned(text)),
            serde_json::Value::Array(items) => {
                Self::Array(items.into_iter().map(Self::from).collect())
            }
            serde_json::Value::Object(map) => Self::Object(map.into()),
        }
    }
}

impl From<Value> for serde_json::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(truth),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::String(text.into_owned()),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(object) => Self::Object(object.into()),
        }
    }
}

impl From<Object> for serde_json::Map<String, serde_json::Value> {
    fn from(object: Object) -> Self {
        let entries = object.entries.into_iter();
        entries.map(|(name, value)| (name.into_owned(), value.into())).collect()
    }
}

impl IntoIterator for Object {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

macro_rules! from {
    ($($kind:ty => $make:expr),* $(,)?) => {
        $(impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                let make: fn($kind) -> Self = $make;
                make(value)
            }
        })*
    };
}

from! {
    bool => Self::Bool,
    u8 => |number| Self::Number(number.into()),
    u16 => |number| Self::Number(number.into()),
    u32 => |number| Self::Number(number.into()),
    i32 => |number| Self::Number(number.into()),
    u64 => |number| Self::Number(number.into()),
    i64 => |number| Self::Number(number.into()),
    f64 => |number| Number::from_f64(number).map_or(Self::Null, Self::Number),
    &'static str => |text| Self::String(Cow::Borrowed(text)),
    String => |text| Self::String(Cow::Owned(text)),
    Text => Self::String,
    Vec<Value> => Self::Array,
    Object => Self::Object,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{LINEAR_MAX, Object, Value};

    proptest! {
        #[test]
        fn an_object_is_a_map(
            steps in proptest::collection::vec((any::<bool>(), 0_u16..100, any::<u32>()), 0..300),
        ) {
            let (mut object, mut map) = (Object::new(), BTreeMap::new());
            for (is_insert, name, number) in steps {
                let name = name.to_string();
                let (got, expected) = if is_insert {
                    (object.insert(name.clone(), number), map.insert(name, number))
                } else {
                    (object.remove(&name), map.remove(&name))
                };
                prop_assert_eq!(got, expected.map(Value::from));
                prop_assert_eq!(object.len(), map.len());
                for (name, number) in &map {
                    prop_assert_eq!(object.get(name), Some(&Value::from(*number)));
                }
            }
            let failed = |error: serde_json::Error| TestCaseError::fail(error.to_string());
            let json = serde_json::to_string(&object).map_err(failed)?;
            let read: Object = serde_json::from_str(&json).map_err(failed)?;
            prop_assert_eq!(&read, &object);
            if object.len() > LINEAR_MAX {
                prop_assert!(object.keys().is_sorted());
            }
        }
    }
}
