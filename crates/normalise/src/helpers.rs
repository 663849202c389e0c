//! Our own small functions for mapping programs: each takes anything and gives a value or null,
//! so that a map needs no error handling for a field that may be absent or oddly filled.

use std::net::IpAddr;

use chrono_tz::Tz;
use vrl::compiler::function::{ArgumentList, Compiled, Example, FunctionCompileContext, Parameter};
use vrl::compiler::state::TypeState;
use vrl::compiler::value::kind;
use vrl::compiler::{
    Context, Expression, Function, FunctionExpression, Resolved, TimeZone, TypeDef,
};
use vrl::value::{ObjectMap, Value};

use crate::instant;

type Apply = fn(Value, Tz) -> Value;

/// Every helper of ours.
pub(crate) fn all() -> Vec<Box<dyn Function>> {
    HELPERS.iter().map(|helper| Box::new(*helper) as Box<dyn Function>).collect()
}

const HELPERS: &[Helper] = &[
    Helper { name: "text", gives: Gives::Text, apply: |v, _| or_null(text(v)) },
    Helper { name: "number", gives: Gives::Integer, apply: |v, _| or_null(number(&v)) },
    Helper { name: "port", gives: Gives::Integer, apply: |v, _| or_null(port(&v)) },
    Helper { name: "ip", gives: Gives::Text, apply: |v, _| or_null(ip(v)) },
    Helper { name: "mac", gives: Gives::Text, apply: |v, _| or_null(mac(&v)) },
    Helper { name: "email", gives: Gives::Text, apply: |v, _| or_null(email(v)) },
    Helper { name: "endpoint", gives: Gives::Object, apply: |v, _| endpoint(v) },
    Helper { name: "pseudonym", gives: Gives::Text, apply: |v, _| or_null(pseudonym(v)) },
    Helper { name: "ocsf_time", gives: Gives::Time, apply: ocsf_time },
    Helper { name: "kv", gives: Gives::Object, apply: |v, _| kv(&v) },
    Helper { name: "audit", gives: Gives::Object, apply: |v, _| audit(&v) },
];

#[derive(Debug, Clone, Copy)]
enum Gives {
    Text,
    Integer,
    Object,
    Time,
}

#[derive(Debug, Clone, Copy)]
struct Helper {
    name: &'static str,
    gives: Gives,
    apply: Apply,
}

impl Function for Helper {
    fn identifier(&self) -> &'static str {
        self.name
    }
    fn usage(&self) -> &'static str {
        "described in docs/guides/add-a-mapping.md"
    }
    fn category(&self) -> &'static str {
        "Convert"
    }
    fn return_kind(&self) -> u16 {
        kind::NULL
            | match self.gives {
                Gives::Text => kind::BYTES,
                Gives::Integer => kind::INTEGER,
                Gives::Object => kind::OBJECT,
                Gives::Time => kind::TIMESTAMP,
            }
    }
    fn parameters(&self) -> &'static [Parameter] {
        const PARAMETERS: &[Parameter] =
            &[Parameter::required("value", kind::ANY, "Any value; what does not fit gives null.")];
        PARAMETERS
    }
    fn examples(&self) -> &'static [Example] {
        &[]
    }
    fn compile(
        &self,
        _state: &TypeState,
        _ctx: &mut FunctionCompileContext,
        arguments: ArgumentList,
    ) -> Compiled {
        let call = Call { value: arguments.required("value"), helper: *self };
        Ok(call.as_expr())
    }
}

#[derive(Debug, Clone)]
struct Call {
    value: Box<dyn Expression>,
    helper: Helper,
}

impl FunctionExpression for Call {
    fn resolve(&self, ctx: &mut Context) -> Resolved {
        let value = self.value.resolve(ctx)?;
        let zone = match ctx.timezone() {
            TimeZone::Named(zone) => *zone,
            TimeZone::Local => Tz::UTC,
        };
        Ok((self.helper.apply)(value, zone))
    }
    fn type_def(&self, _state: &TypeState) -> TypeDef {
        let gives = match self.helper.gives {
            Gives::Text => TypeDef::bytes(),
            Gives::Integer => TypeDef::integer(),
            Gives::Object => TypeDef::object(vrl::value::kind::Collection::any()),
            Gives::Time => TypeDef::timestamp(),
        };
        gives.or_null().infallible()
    }
}

fn or_null<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::Null, Into::into)
}

/// What vendors write where they have nothing to say.
const NOTHING: &[&str] = &["-", "N/A", "n/a", "(null)", "null", "?", "(none)", "none", "\"\""];
/// None of them is longer.
const NOTHING_LEN_MAX: usize = 6;

/// A text without blanks around it, unless it says nothing.
pub(crate) fn text_of(text: &str) -> Option<&str> {
    let trimmed = text.trim();
    let is_nothing = trimmed.len() <= NOTHING_LEN_MAX && NOTHING.contains(&trimmed);
    (!trimmed.is_empty() && !is_nothing).then_some(trimmed)
}

fn text(value: Value) -> Option<Value> {
    match &value {
        Value::Bytes(_) | Value::String(_) => {
            let whole = value.to_str_lossy()?;
            let trimmed = text_of(&whole)?;
            if trimmed.len() == whole.len() {
                drop(whole);
                return Some(value);
            }
            Some(Value::from(trimmed))
        }
        Value::Integer(number) => Some(Value::from(number.to_string())),
        Value::Float(number) => Some(Value::from(number.to_string())),
        Value::Boolean(truth) => Some(Value::from(truth.to_string())),
        Value::Timestamp(at) => Some(Value::from(at.to_rfc3339())),
        Value::Regex(_) | Value::Object(_) | Value::Array(_) | Value::Null => None,
    }
}

/// A decimal number, or a hexadecimal one after `0x`.
pub(crate) fn number_of(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and the range is checked")]
        Value::Float(number) if number.is_finite() && number.abs() < 9e15 => {
            Some(number.into_inner() as i64)
        }
        Value::Bytes(_) | Value::String(_) => number_of(&value.to_str_lossy()?),
        Value::Boolean(truth) => Some(i64::from(*truth)),
        Value::Float(_)
        | Value::Timestamp(_)
        | Value::Regex(_)
        | Value::Object(_)
        | Value::Array(_)
        | Value::Null => None,
    }
}

/// A number that can be a port.
pub(crate) fn port_of(text: &str) -> Option<i64> {
    number_of(text).filter(is_port)
}

fn is_port(number: &i64) -> bool {
    (0..=65_535).contains(number)
}

fn port(value: &Value) -> Option<i64> {
    number(value).filter(is_port)
}

/// An address, without blanks and brackets around it.
pub(crate) fn ip_of(text: &str) -> Option<&str> {
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    inner.parse::<IpAddr>().is_ok().then_some(inner)
}

fn ip(value: Value) -> Option<Value> {
    let whole = value.to_str_lossy()?;
    let inner = ip_of(&whole)?;
    if inner.len() == whole.len() {
        drop(whole);
        return Some(value);
    }
    Some(Value::from(inner))
}

/// Six pairs with colons from any of the usual spellings.
pub(crate) fn mac_of(text: &str) -> Option<String> {
    let digits = || text.bytes().filter(|b| !matches!(b, b':' | b'-' | b'.' | b' '));
    if digits().count() != 12 || !digits().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut out = String::with_capacity(17);
    for (index, digit) in digits().enumerate() {
        if index > 0 && index % 2 == 0 {
            out.push(':');
        }
        out.push(char::from(digit.to_ascii_lowercase()));
    }
    Some(out)
}

fn mac(value: &Value) -> Option<Value> {
    mac_of(&value.to_str_lossy()?).map(Value::from)
}

fn email(value: Value) -> Option<Value> {
    let is_email = value.to_str_lossy().is_some_and(|text| crate::ocsf::is_email(&text));
    is_email.then_some(value)
}

/// `{"ip": …}` of an address, `{"hostname": …}` of a name, null of nothing.
fn endpoint(value: Value) -> Value {
    let Some(value) = text(value) else {
        return Value::Null;
    };
    let (key, value) = match ip(value.clone()) {
        Some(address) => ("ip", address),
        None => ("hostname", value),
    };
    Value::Object(ObjectMap::from([(key.into(), value)]))
}

/// A stand-in for a card number or similar that is the same wherever it is made.
pub(crate) fn pseudonym_of(text: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("castellan 2026 credential pseudonym");
    hasher.update(text.as_bytes());
    hasher.finalize().to_hex().chars().take(24).collect()
}

fn pseudonym(value: Value) -> Option<Value> {
    let value = text(value)?;
    let pseudonym = pseudonym_of(&value.to_str_lossy()?);
    Some(Value::from(pseudonym))
}

fn ocsf_time(value: Value, zone: Tz) -> Value {
    let at = match &value {
        Value::Timestamp(_) => return value,
        Value::Integer(number) => instant::of_epoch(i128::from(*number)),
        Value::Float(number) => instant::of_text(&number.to_string(), zone),
        Value::Bytes(_) | Value::String(_) => {
            value.to_str_lossy().and_then(|text| instant::of_text(&text, zone))
        }
        Value::Boolean(_) | Value::Regex(_) | Value::Object(_) | Value::Array(_) | Value::Null => {
            None
        }
    };
    at.map_or(Value::Null, |at| Value::Timestamp(at.to_chrono()))
}

fn kv(value: &Value) -> Value {
    match value.to_str_lossy() {
        Some(text) => Value::Object(crate::decode::pairs(text.as_bytes())),
        None => Value::Null,
    }
}

fn audit(value: &Value) -> Value {
    match value.to_str_lossy() {
        Some(text) => crate::decode::audit(&text),
        None => Value::Null,
    }
}
