//! The OCSF validator: class, required attributes, types, enumerated values, constraints, profiles.
//!
//! Its facts are `schema/ocsf-subset.json`, made by `cargo xtask gen` from the schema's own source
//! (1.8.0 and the *physec* extension); a test makes them again and compares.
//! INVARIANT: class numbers of *physec* stand in that file and nowhere in code or mappings, which
//! say `physical_access_activity`; the version switch is therefore the file.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::net::IpAddr;
use std::sync::LazyLock;

use model::value::{Object, Value};
use serde_json::Value as Json;

/// The version that `metadata.version` states.
pub const OCSF_VERSION: &str = "1.8.0";

static SUBSET: &str = include_str!("../../../schema/ocsf-subset.json");

/// One way in which an event is not OCSF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcsfProblem {
    /// Dotted path of the attribute.
    pub path: String,
    /// What was found and what was expected.
    pub message: String,
}

impl fmt::Display for OcsfProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return write!(f, "the event {}", self.message);
        }
        write!(f, "`{}`: {}", self.path, self.message)
    }
}

/// Checks events against the classes we carry.
#[derive(Debug)]
pub struct Validator {
    classes: HashMap<u32, Class>,
    by_name: HashMap<String, u32>,
    objects: Vec<Shape>,
}

/// One class.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) category_uid: u32,
    shape: Shape,
    /// One bit for each `trait_of` an attribute that belongs to a profile: most do not, and most
    /// of an event's attributes are told apart by it without a look-up.
    profiled: u64,
}

/// One of 64 bits by length and first letter of a name.
fn trait_of(name: &str) -> u64 {
    let first = name.bytes().next().unwrap_or_default();
    1 << ((name.len() * 5 + usize::from(first)) % 64)
}

type Table<V> = HashMap<Box<str>, V, BuildHasherDefault<Fnv>>;

#[derive(Debug, Default)]
struct Shape {
    attributes: Table<Attribute>,
    required: Vec<(Box<str>, Option<Box<str>>)>,
    at_least_one: Vec<Box<str>>,
    just_one: Vec<Box<str>>,
}

#[derive(Debug)]
struct Attribute {
    kind: Kind,
    is_array: bool,
    values: Vec<i64>,
    profile: Option<Box<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boolean,
    Integer,
    Float,
    Text,
    Ip,
    Mac,
    Email,
    Port,
    DateTime,
    Uuid,
    Subnet,
    Anything,
    FreeObject,
    Object(usize),
}

/// What stands below an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Below {
    /// A value.
    Nothing,
    /// Whatever its source has.
    Anything,
    /// The attributes of an object, by its number.
    Object(usize),
}

impl Shape {
    fn below(&self) -> impl Iterator<Item = (&str, Below)> {
        self.attributes.iter().map(|(name, attribute)| {
            let below = match attribute.kind {
                Kind::Object(at) => Below::Object(at),
                Kind::Anything | Kind::FreeObject => Below::Anything,
                Kind::Boolean
                | Kind::Integer
                | Kind::Float
                | Kind::Text
                | Kind::Ip
                | Kind::Mac
                | Kind::Email
                | Kind::Port
                | Kind::DateTime
                | Kind::Uuid
                | Kind::Subnet => Below::Nothing,
            };
            (&**name, below)
        })
    }
}

impl Validator {
    /// The one for the subset that ships.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Validator> = LazyLock::new(|| {
            let subset: Json = serde_json::from_str(SUBSET).unwrap_or_default();
            Validator::new(&subset)
        });
        &SHIPPED
    }

    /// From a subset as `xtask` makes it; what it lacks is unknown to the validator.
    pub fn new(subset: &Json) -> Self {
        let part = |name: &str| subset.get(name).and_then(Json::as_object);
        let names: HashMap<&str, usize> = part("objects")
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(index, (name, _))| (name.as_str(), index))
            .collect();
        let objects =
            part("objects").into_iter().flatten().map(|(_, item)| shape(item, &names)).collect();
        let everywhere = part("everywhere").map(|all| attributes(all, &names)).unwrap_or_default();
        let mut classes = HashMap::new();
        let mut by_name = HashMap::new();
        for (uid, item) in part("classes").into_iter().flatten() {
            let Ok(uid) = uid.parse::<u32>() else {
                continue;
            };
            let name = item.get("name").and_then(Json::as_str).unwrap_or_default();
            let category = item.get("category_uid").and_then(Json::as_u64).unwrap_or(0);
            let mut shape = shape(item, &names);
            for (key, attribute) in &everywhere {
                shape.attributes.entry(key.clone()).or_insert_with(|| attribute.copy());
            }
            let category_uid = u32::try_from(category).unwrap_or(0);
            let profiled = shape.attributes.iter().filter(|(_, one)| one.profile.is_some());
            let profiled = profiled.fold(0, |bits, (name, _)| bits | trait_of(name));
            classes.insert(uid, Class { category_uid, shape, profiled });
            by_name.insert(name.to_owned(), uid);
        }
        Self { classes, by_name, objects }
    }

    /// Whether we carry the class.
    pub fn has_class(&self, uid: u32) -> bool {
        self.classes.contains_key(&uid)
    }

    /// A class's number by its OCSF name, such as `physical_access_activity`.
    pub fn class_uid(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The OCSF names of all classes we carry, in no fixed order.
    pub fn class_names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The attributes that events of any class may have, and what is below each.
    pub fn event_attributes(&self) -> BTreeMap<&str, Below> {
        let mut all = BTreeMap::new();
        for class in self.classes.values() {
            for (name, below) in class.shape.below() {
                // What two classes have as different things may be either.
                let known = all.entry(name).or_insert(below);
                if *known != below {
                    *known = Below::Anything;
                }
            }
        }
        all
    }

    /// The attributes of every object, by the number that [`Below::Object`] names.
    pub fn object_attributes(&self) -> impl Iterator<Item = BTreeMap<&str, Below>> {
        self.objects.iter().map(|shape| shape.below().collect())
    }

    /// Names of all profiles that the event's top-level attributes come from.
    pub(crate) fn profiles_used<'a>(
        &'a self,
        class: &'a Class,
        event: &Object,
        into: &mut Vec<&'a str>,
    ) {
        into.clear();
        for key in event.keys().filter(|key| class.profiled & trait_of(key) != 0) {
            let attribute = class.shape.attributes.get(key);
            if let Some(profile) = attribute.and_then(|attribute| attribute.profile.as_deref())
                && !into.contains(&profile)
            {
                into.push(profile);
            }
        }
    }

    pub(crate) fn class(&self, uid: u32) -> Option<&Class> {
        self.classes.get(&uid)
    }

    /// Everything that is not OCSF about an event; empty when it is.
    pub fn check(&self, event: &Object) -> Vec<OcsfProblem> {
        let mut problems = Vec::new();
        let number = |key: &str| event.get(key).and_then(Value::as_u64);
        let uid = number("class_uid").and_then(|uid| u32::try_from(uid).ok());
        let Some(class) = uid.and_then(|uid| self.classes.get(&uid)) else {
            let found = event.get("class_uid").map_or("nothing".to_owned(), Value::to_string);
            problem(&mut problems, &["class_uid"], || format!("{found} is no class we carry"));
            return problems;
        };
        let activity = number("activity_id").unwrap_or(0);
        let type_uid = u64::from(uid.unwrap_or(0)) * 100 + activity;
        if number("type_uid") != Some(type_uid) {
            problem(&mut problems, &["type_uid"], || format!("expected {type_uid}"));
        }
        if number("category_uid") != Some(u64::from(class.category_uid)) {
            let expected = class.category_uid;
            problem(&mut problems, &["category_uid"], || format!("expected {expected}"));
        }
        let metadata = event.get("metadata");
        let version = metadata.and_then(|m| m.get("version")).and_then(Value::as_str);
        if version != Some(OCSF_VERSION) {
            problem(&mut problems, &["metadata", "version"], || {
                format!("expected `{OCSF_VERSION}`")
            });
        }
        let profiles = metadata.and_then(|m| m.get("profiles")).and_then(Value::as_array);
        let mut walk = Walk { objects: &self.objects, profiles, path: Vec::new(), problems };
        walk.object(&class.shape, event);
        walk.problems
    }
}

struct Walk<'a> {
    objects: &'a [Shape],
    profiles: Option<&'a Vec<Value>>,
    path: Vec<&'a str>,
    problems: Vec<OcsfProblem>,
}

impl<'a> Walk<'a> {
    fn object(&mut self, shape: &Shape, object: &'a Object) {
        for (key, value) in object.iter() {
            self.path.push(key);
            match shape.attributes.get(key) {
                Some(attribute) => self.attribute(attribute, value),
                None => self.say(|| "is no attribute here; put it into `unmapped`".to_owned()),
            }
            self.path.pop();
        }
        for (name, profile) in &shape.required {
            let applies = profile.as_deref().is_none_or(|profile| self.has_profile(profile));
            if applies && !object.contains_key(name) {
                self.say_of(name, "is required and missing");
            }
        }
        let count =
            |names: &[Box<str>]| names.iter().filter(|name| object.contains_key(name)).count();
        if !shape.at_least_one.is_empty() && count(&shape.at_least_one) == 0 {
            let names = shape.at_least_one.join("`, `");
            self.say(|| format!("needs at least one of `{names}`"));
        }
        if !shape.just_one.is_empty() && count(&shape.just_one) != 1 {
            let names = shape.just_one.join("`, `");
            self.say(|| format!("needs exactly one of `{names}`"));
        }
    }

    fn attribute(&mut self, attribute: &Attribute, value: &'a Value) {
        if let Some(profile) = attribute.profile.as_deref()
            && !self.has_profile(profile)
        {
            let profile = profile.to_owned();
            self.say(|| format!("belongs to profile `{profile}`, not in `metadata.profiles`"));
        }
        if !attribute.is_array {
            return self.value(attribute, value);
        }
        match value {
            Value::Array(items) => {
                for item in items {
                    self.value(attribute, item);
                }
            }
            other => {
                let found = describe(other);
                self.say(|| format!("expected an array, found {found}"));
            }
        }
    }

    fn value(&mut self, attribute: &Attribute, value: &'a Value) {
        let expected = match (attribute.kind, value) {
            (Kind::Object(index), Value::Object(object)) => {
                if let Some(shape) = self.objects.get(index) {
                    self.object(shape, object);
                }
                return;
            }
            (Kind::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => {
                let number = number.as_i64().unwrap_or(i64::MAX);
                if attribute.values.is_empty() || attribute.values.contains(&number) {
                    return;
                }
                self.say(|| format!("{number} is not one of its enumerated values"));
                return;
            }
            (Kind::Boolean, Value::Bool(_))
            | (Kind::Float, Value::Number(_))
            | (Kind::Text, Value::String(_))
            | (Kind::Anything, _)
            | (Kind::FreeObject, Value::Object(_)) => return,
            (Kind::Port, Value::Number(number))
                if number.as_u64().is_some_and(|port| port <= 65_535) =>
            {
                return;
            }
            (kind, Value::String(text)) => match kind.mismatch(text) {
                None => return,
                Some(expected) => expected,
            },
            (kind, _) => kind.expected(),
        };
        let found = describe(value);
        self.say(|| format!("expected {expected}, found {found}"));
    }

    fn has_profile(&self, profile: &str) -> bool {
        self.profiles.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(profile)))
    }

    fn say(&mut self, message: impl FnOnce() -> String) {
        problem(&mut self.problems, &self.path, message);
    }

    fn say_of(&mut self, name: &str, message: &str) {
        let mut path = self.path.join(".");
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        self.problems.push(OcsfProblem { path, message: message.to_owned() });
    }
}

impl Kind {
    fn of(name: &str, objects: &HashMap<&str, usize>) -> Self {
        match name {
            "boolean_t" => Self::Boolean,
            "integer_t" | "long_t" | "timestamp_t" => Self::Integer,
            "float_t" => Self::Float,
            "ip_t" => Self::Ip,
            "mac_t" => Self::Mac,
            "email_t" => Self::Email,
            "port_t" => Self::Port,
            "datetime_t" => Self::DateTime,
            "uuid_t" => Self::Uuid,
            "subnet_t" => Self::Subnet,
            "json_t" => Self::Anything,
            "object" => Self::FreeObject,
            _ => match objects.get(name) {
                Some(index) => Self::Object(*index),
                None => Self::Text,
            },
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Float => "a number",
            Self::Text => "text",
            Self::Ip => "an IP address",
            Self::Mac => "a MAC address",
            Self::Email => "an e-mail address",
            Self::Port => "a port from 0 to 65535",
            Self::DateTime => "an RFC 3339 time",
            Self::Uuid => "a UUID",
            Self::Subnet => "a subnet",
            Self::Anything => "anything",
            Self::FreeObject | Self::Object(_) => "an object",
        }
    }

    /// What a text should have been, when it is not of this kind.
    fn mismatch(self, text: &str) -> Option<&'static str> {
        let fits = match self {
            Self::Ip => text.parse::<IpAddr>().is_ok(),
            Self::Mac => is_mac(text),
            Self::Email => is_email(text),
            Self::DateTime => codec::civil::iso_time(text.as_bytes())
                .is_some_and(|time| time.length == text.len()),
            Self::Uuid => is_uuid(text),
            Self::Subnet => text.split_once('/').is_some_and(|(net, bits)| {
                net.parse::<IpAddr>().is_ok() && bits.parse::<u8>().is_ok_and(|bits| bits <= 128)
            }),
            Self::Text | Self::Anything => true,
            Self::Boolean
            | Self::Integer
            | Self::Float
            | Self::Port
            | Self::FreeObject
            | Self::Object(_) => false,
        };
        (!fits).then(|| self.expected())
    }
}

fn is_mac(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 17
        && bytes.iter().enumerate().all(|(index, byte)| match index % 3 {
            2 => matches!(byte, b':' | b'-'),
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a text is an e-mail address as OCSF's `email_t` has it.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.,:;<>()".contains(&b);
    let Some((host, rest)) = domain.split_once('.') else {
        return false;
    };
    !local.is_empty()
        && local.bytes().all(is_local)
        && !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !rest.is_empty()
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn describe(value: &Value) -> String {
    let text: String = value.to_string().chars().take(60).collect();
    format!("`{text}`")
}

fn problem(to: &mut Vec<OcsfProblem>, path: &[&str], message: impl FnOnce() -> String) {
    to.push(OcsfProblem { path: path.join("."), message: message() });
}

fn shape(item: &Json, objects: &HashMap<&str, usize>) -> Shape {
    let own = item.get("attributes").and_then(Json::as_object);
    let list = |key: &str| -> Vec<Box<str>> {
        let list = item.get(key).and_then(Json::as_array);
        list.into_iter().flatten().filter_map(Json::as_str).map(Into::into).collect()
    };
    let required = own
        .into_iter()
        .flatten()
        .filter(|(_, item)| item.get("r").is_some())
        .map(|(name, item)| (name.as_str().into(), text(item, "p").map(Into::into)))
        .collect();
    Shape {
        attributes: own.map(|own| attributes(own, objects)).unwrap_or_default(),
        required,
        at_least_one: list("at_least_one"),
        just_one: list("just_one"),
    }
}

fn attributes(
    own: &serde_json::Map<String, Json>,
    objects: &HashMap<&str, usize>,
) -> Table<Attribute> {
    let attribute = |item: &Json| Attribute {
        kind: Kind::of(text(item, "t").unwrap_or("string_t"), objects),
        is_array: item.get("a").is_some(),
        values: item
            .get("e")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_i64)
            .collect(),
        profile: text(item, "p").map(Into::into),
    };
    own.iter().map(|(name, item)| (name.as_str().into(), attribute(item))).collect()
}

impl Attribute {
    fn copy(&self) -> Self {
        Self {
            kind: self.kind,
            is_array: self.is_array,
            values: self.values.clone(),
            profile: self.profile.clone(),
        }
    }
}

fn text<'a>(item: &'a Json, key: &str) -> Option<&'a str> {
    item.get(key).and_then(Json::as_str)
}

/// Short keys are hashed for every attribute of every event; the keys are ours, so no attacker
/// chooses them, and a miss costs one comparison.
///
/// SOURCE: FNV-1a, 64 bits, draft-eastlake-fnv.
#[derive(Debug)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
