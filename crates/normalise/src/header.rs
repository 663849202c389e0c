//! A syslog header as mapping programs see it.

use codec::syslog::Message;
use model::Timestamp;
use vrl::value::{KeyString, ObjectMap, Value};

/// SOURCE: RFC 5424 table 1, by the keywords that syslog daemons use.
const FACILITIES: [&str; 24] = [
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
    "ntp",
    "security",
    "console",
    "solaris-cron",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
];
/// SOURCE: RFC 5424 table 2.
const SEVERITIES: [&str; 8] =
    ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// The header's fields under the names that VRL's own `parse_syslog` gives them.
pub(crate) fn fields(message: &Message<'_>, at: Option<Timestamp>) -> ObjectMap {
    let mut out = ObjectMap::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.insert(KeyString::from(key), value);
        }
    };
    put("hostname", message.hostname.map(Value::from));
    put("appname", message.app_name.map(Value::from));
    put("procid", message.proc_id.map(process));
    put("msgid", message.msg_id.map(Value::from));
    put("facility", keyword(message.facility, &FACILITIES));
    put("severity", keyword(message.severity, &SEVERITIES));
    put("timestamp", at.map(|at| Value::Timestamp(at.to_chrono())));
    for element in message.structured_data.elements() {
        let params: ObjectMap = element
            .params()
            .map(|(name, value)| (KeyString::from(name), Value::from(value)))
            .collect();
        out.insert(KeyString::from(element.id), Value::Object(params));
    }
    out
}

fn process(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::Integer)
}

fn keyword(number: Option<u8>, words: &[&str]) -> Option<Value> {
    words.get(usize::from(number?)).map(|word| Value::from(*word))
}
