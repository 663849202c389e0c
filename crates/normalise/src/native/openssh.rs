//! `openssh`: the messages that come by the hundred thousand. Everything else, and every message
//! whose shape leaves a doubt, is left to the mapping's program.

use codec::syslog::Message;
use model::value::Value;

use super::{Deliver, object};
use crate::decode::Failure;
use crate::finish::Draft;
use crate::helpers::text_of;
use crate::normaliser::Context;

/// What a log-on message says.
struct LogOn<'a> {
    method: Option<&'a str>,
    user: &'a str,
    from: &'a str,
    port: Option<&'a str>,
    key: Option<&'a str>,
    is_invalid: bool,
    is_success: bool,
}

/// Maps one message; `false` leaves it to the program.
pub(super) fn map(
    message: &Message<'_>,
    context: &Context<'_>,
    deliver: Deliver<'_>,
) -> Result<bool, Failure> {
    let Some(text) = message.text_exact().filter(|text| text.is_ascii()) else {
        return Ok(false);
    };
    let text = text.trim();
    let Some(log_on) = read(text) else { return Ok(false) };
    let Some(user) = text_of(log_on.user) else { return Ok(false) };
    let host = message.hostname.and_then(text_of);
    let port = log_on.port.and_then(|port| port.parse::<u16>().ok());
    let unmapped =
        object([("pid", message.proc_id.map(process)), ("key", log_on.key.map(Value::text))]);
    let ocsf = object([
        ("activity_id", Some(1.into())),
        ("severity_id", Some(if log_on.is_success { 1 } else { 2 }.into())),
        ("status_id", Some(if log_on.is_success { 1 } else { 2 }.into())),
        ("status_detail", log_on.is_invalid.then(|| "invalid user".into())),
        ("message", Some(Value::text(text))),
        ("user", Some(Value::Object(object([("name", Some(Value::text(user)))])))),
        ("src_endpoint", endpoint(text_of(log_on.from), "port", port.map(Value::from))),
        ("dst_endpoint", endpoint(host, "type_id", None)),
        ("device", endpoint(host, "type_id", Some(0.into()))),
        ("service", Some(Value::Object(object([("name", Some("sshd".into()))])))),
        ("auth_protocol", log_on.method.map(|method| format!("ssh {method}").into())),
        ("auth_protocol_id", log_on.method.map(|_| 99.into())),
        ("is_remote", Some(true.into())),
        ("logon_type_id", Some(3.into())),
        ("unmapped", (!unmapped.is_empty()).then_some(Value::Object(unmapped))),
    ]);
    deliver(Draft { ocsf, time: Some(context.default_time()), part: 0, is_proved: true })?;
    Ok(true)
}

fn read(text: &str) -> Option<LogOn<'_>> {
    if text.contains('\n') {
        return None;
    }
    if let Some(rest) = text.strip_prefix("Accepted ") {
        let (method, rest) = rest.split_once(' ')?;
        let (user, from, after) = split_from(rest.strip_prefix("for ")?)?;
        let (port, after) = port(after);
        let after = after.strip_prefix(" ssh2").unwrap_or(after);
        let key = after.strip_prefix(": ").filter(|key| !key.is_empty());
        port?;
        return Some(LogOn {
            method: Some(method),
            user,
            from,
            port,
            key,
            is_invalid: false,
            is_success: true,
        });
    }
    let (method, rest, is_invalid) = match text.strip_prefix("Failed ") {
        Some(rest) => {
            let (method, rest) = rest.split_once(' ')?;
            let rest = rest.strip_prefix("for ")?;
            let invalid =
                rest.strip_prefix("invalid user ").or_else(|| rest.strip_prefix("illegal user "));
            (Some(method), invalid.unwrap_or(rest), invalid.is_some())
        }
        None => {
            let rest = text
                .strip_prefix("Invalid user ")
                .or_else(|| text.strip_prefix("Illegal user "))?;
            (None, rest, true)
        }
    };
    let (user, from, after) = split_from(rest)?;
    let (port, _) = port(after);
    Some(LogOn { method, user, from, port, key: None, is_invalid, is_success: false })
}

/// `USER from ADDRESS…`; the last ` from ` counts, for users may be called anything.
fn split_from(text: &str) -> Option<(&str, &str, &str)> {
    let (user, rest) = text.rsplit_once(" from ")?;
    let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
    let (from, after) = rest.split_at_checked(end)?;
    (!from.is_empty()).then_some((user, from, after))
}

fn port(after: &str) -> (Option<&str>, &str) {
    let Some(rest) = after.strip_prefix(" port ") else { return (None, after) };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    match rest.split_at_checked(end) {
        Some((digits, tail)) if !digits.is_empty() => (Some(digits), tail),
        _ => (None, after),
    }
}

fn process(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| Value::text(text), Value::from)
}

/// An address or a name, and one more attribute.
fn endpoint(host: Option<&str>, key: &'static str, value: Option<Value>) -> Option<Value> {
    let host = host?;
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    let named = match inner.parse::<std::net::IpAddr>() {
        Ok(_) => ("ip", Some(Value::text(inner))),
        Err(_) => ("hostname", Some(Value::text(host))),
    };
    Some(Value::Object(object([named, (key, value)])))
}
