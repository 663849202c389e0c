//! Records of the Linux audit system, as auditd writes and forwards them.
//!
//! SOURCE: audit userspace documentation, "Audit Event Fields": untrusted strings are either in
//! double quotes or, when they hold blanks, quotes or control characters, written as hexadecimal
//! digits without quotes. User-space records nest their own fields in `msg='...'`.

use std::borrow::Cow;

use thiserror::Error;

use crate::bytes::text_span;
use crate::kv;

/// What keeps a line from being an audit record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum AuditErrorKind {
    /// There is no `type=NAME`.
    #[error("expected `type=`")]
    NoType,
    /// There is no `msg=audit(seconds.millis:serial):`.
    #[error("expected `msg=audit(time:serial):`")]
    NoStamp,
    /// The record is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
}

/// A refused line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("audit record: {kind} (byte {offset})")]
pub struct AuditError {
    /// Why.
    pub kind: AuditErrorKind,
    /// Offset from 0.
    pub offset: usize,
}

/// One record; several with one serial number make one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditRecord<'a> {
    /// Name of the host that sent it (`node=`), where it was forwarded.
    pub node: Option<&'a str>,
    /// Its type, such as `USER_LOGIN`.
    pub kind: &'a str,
    /// Nanoseconds since 1970, UTC, in steps of milliseconds.
    pub unix_ns: i64,
    /// Number of the event on its host since boot.
    pub serial: u64,
    /// What follows the stamp.
    pub body: &'a str,
}

/// Reads one record; anything may stand before `type=`, such as a syslog header.
///
/// # Errors
/// [`AuditError`]: what is missing, and where.
pub fn parse(input: &[u8]) -> Result<AuditRecord<'_>, AuditError> {
    let refuse = |kind, offset| AuditError { kind, offset };
    let text = std::str::from_utf8(input)
        .map_err(|error| refuse(AuditErrorKind::NotUtf8, error.valid_up_to()))?;
    let type_at = text.find("type=").ok_or(refuse(AuditErrorKind::NoType, 0))?;
    let node = text_span(text, 0, type_at)
        .split_ascii_whitespace()
        .find_map(|word| word.strip_prefix("node="));
    let rest = text_span(text, type_at + 5, text.len());
    let kind_end = rest.find(' ').unwrap_or(rest.len());
    let kind = text_span(rest, 0, kind_end);
    if kind.is_empty() {
        return Err(refuse(AuditErrorKind::NoType, type_at + 5));
    }
    let stamp_at = type_at + 5 + kind_end;
    let after = text_span(text, stamp_at, text.len()).trim_ascii_start();
    let no_stamp = refuse(AuditErrorKind::NoStamp, text.len() - after.len());
    let stamp = after.strip_prefix("msg=audit(").ok_or(no_stamp)?;
    let (inside, body) = stamp.split_once("):").ok_or(no_stamp)?;
    let (time, serial) = inside.split_once(':').ok_or(no_stamp)?;
    let (seconds, millis) = time.split_once('.').unwrap_or((time, "0"));
    let unix_ns = seconds
        .parse::<i64>()
        .ok()
        .zip(millis.parse::<u16>().ok().filter(|millis| *millis < 1000))
        .and_then(|(seconds, millis)| {
            seconds.checked_mul(1000)?.checked_add(i64::from(millis))?.checked_mul(1_000_000)
        })
        .ok_or(no_stamp)?;
    let serial = serial.parse().map_err(|_| no_stamp)?;
    Ok(AuditRecord { node, kind, unix_ns, serial, body: body.trim_ascii() })
}

impl<'a> AuditRecord<'a> {
    /// The fields in the order sent, those nested in `msg='...'` in its place.
    ///
    /// Fields that the kernel may have written as hexadecimal digits are decoded; of an access
    /// vector message, `avc_result` and `avc_permissions` come first.
    #[must_use]
    pub fn fields(&self) -> Fields<'a> {
        let (avc, rest) = match access_vector(self.body) {
            Some((result, permissions, rest)) => {
                ([Some(("avc_permissions", permissions)), Some(("avc_result", result))], rest)
            }
            None => ([None, None], self.body),
        };
        let (outer, inner, after) = nested(rest);
        Fields {
            avc,
            parts: [kv::pairs(outer), kv::pairs(inner), kv::pairs(after)],
            part: 0,
            is_execve: self.kind == "EXECVE",
        }
    }
}

/// `avc:  denied  { read write } for  pid=...`.
fn access_vector(body: &str) -> Option<(&str, &str, &str)> {
    let rest = body.strip_prefix("avc:")?.trim_ascii_start();
    let (result, rest) = rest.split_once('{')?;
    let (permissions, rest) = rest.split_once('}')?;
    Some((result.trim_ascii(), permissions.trim_ascii(), rest))
}

/// What stands before, inside and after `msg='...'`.
fn nested(body: &str) -> (&str, &str, &str) {
    let Some((outer, rest)) = body.split_once("msg='") else {
        return (body, "", "");
    };
    match rest.rsplit_once('\'') {
        Some((inner, after)) => (outer, inner, after),
        None => (outer, rest, ""),
    }
}

/// Iterates over the fields of one record.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    avc: [Option<(&'static str, &'a str)>; 2],
    parts: [kv::Pairs<'a>; 3],
    part: usize,
    is_execve: bool,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((key, value)) = self.avc.iter_mut().rev().find_map(Option::take) {
            return Some((key, Cow::Borrowed(value)));
        }
        while let Some(part) = self.parts.get_mut(self.part) {
            if let Some((key, value)) = part.next() {
                return Some(field(key, value, self.is_execve));
            }
            self.part += 1;
        }
        None
    }
}

fn field<'a>(key: &'a str, value: kv::Value<'a>, is_execve: bool) -> (&'a str, Cow<'a, str>) {
    // Records of old kernels put the last fields in brackets: `(hostname=?, addr=?, res=failed)`.
    let key = key.trim_start_matches('(');
    if value.is_quoted {
        return (key, value.text());
    }
    let raw = value.raw.trim_end_matches(',');
    let raw = if raw.contains('(') { raw } else { raw.trim_end_matches(')') };
    let decoded = if may_be_hex(key, is_execve) { decode_hex(raw) } else { None };
    (key, decoded.map_or(Cow::Borrowed(raw), Cow::Owned))
}

/// Fields that hold text which the sender does not trust. Arguments (`a0`...) are text only in
/// EXECVE records; in system calls they are numbers that look the same.
fn may_be_hex(key: &str, is_execve: bool) -> bool {
    const TEXT: [&str; 22] = [
        "proctitle",
        "comm",
        "exe",
        "cmd",
        "cwd",
        "name",
        "acct",
        "path",
        "key",
        "data",
        "ocomm",
        "dir",
        "watch",
        "file",
        "grp",
        "new_group",
        "vm",
        "sw",
        "device",
        "invalid_context",
        "apparmor",
        "profile",
    ];
    let is_argument = key
        .strip_prefix('a')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    TEXT.contains(&key) || (is_execve && is_argument)
}

/// The text that an even number of capital hexadecimal digits stands for; NUL between arguments
/// becomes a blank.
fn decode_hex(raw: &str) -> Option<String> {
    let digits = raw.as_bytes();
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.chunks_exact(2) {
        let [high, low] = pair else { return None };
        let byte = digit(*high)? << 4 | digit(*low)?;
        bytes.push(if byte == 0 { b' ' } else { byte });
    }
    Some(String::from_utf8_lossy(&bytes).trim_end_matches(' ').to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    fn render(line: &str) -> String {
        match parse(line.as_bytes()) {
            Err(error) => error.to_string(),
            Ok(record) => {
                let fields: Vec<String> =
                    record.fields().map(|(key, value)| format!("{key}={value}")).collect();
                let node = record.node.map(|node| format!("@{node}")).unwrap_or_default();
                let ms = record.unix_ns / 1_000_000;
                format!("{}{node} {ms} {}: {}", record.kind, record.serial, fields.join("|"))
            }
        }
    }

    #[test]
    fn a_login_with_nested_fields() {
        assert_eq!(
            render(
                "node=web1 type=USER_LOGIN msg=audit(1364481363.243:24287): pid=2431 uid=0 \
                 auid=500 msg='op=login acct=28696E76616C6964207573657229 exe=\"/usr/sbin/sshd\" \
                 hostname=? addr=192.0.2.9 terminal=ssh res=failed'\u{1d}UID=\"root\" AUID=\"ana\""
            ),
            "USER_LOGIN@web1 1364481363243 24287: pid=2431|uid=0|auid=500|op=login|\
             acct=(invalid user)|exe=/usr/sbin/sshd|hostname=?|addr=192.0.2.9|terminal=ssh|\
             res=failed|UID=root|AUID=ana"
        );
    }

    #[test]
    fn hexadecimal_only_where_text_may_be_so() {
        assert_eq!(
            render("type=PROCTITLE msg=audit(1.002:3): proctitle=6C73002D6C"),
            "PROCTITLE 1002 3: proctitle=ls -l"
        );
        assert_eq!(
            render("type=SYSCALL msg=audit(1.002:3): a0=6C73 syscall=59 comm=\"ls\" key=(null)"),
            "SYSCALL 1002 3: a0=6C73|syscall=59|comm=ls|key=(null)"
        );
        assert_eq!(
            render("type=EXECVE msg=audit(1.002:3): argc=2 a0=\"ls\" a1=2F746D702F61206200"),
            "EXECVE 1002 3: argc=2|a0=ls|a1=/tmp/a b"
        );
    }

    #[test]
    fn older_records() {
        assert_eq!(
            render(
                "type=AVC msg=audit(1226270358.848:238): avc:  denied  { write append } for  \
                 pid=13349 comm=\"certwatch\" tclass=dir"
            ),
            "AVC 1226270358848 238: avc_result=denied|avc_permissions=write append|pid=13349|\
             comm=certwatch|tclass=dir"
        );
        assert_eq!(
            render(
                "type=USER_AUTH msg=audit(1.0:2): user pid=9 msg='op=PAM:auth acct=\"ana\" \
                 (hostname=?, addr=?, terminal=pts/0 res=failed)'"
            ),
            "USER_AUTH 1000 2: pid=9|op=PAM:auth|acct=ana|hostname=?|addr=?|\
             terminal=pts/0|res=failed"
        );
    }

    #[test]
    fn refusals_have_a_place() {
        assert_eq!(render("hello"), "audit record: expected `type=` (byte 0)");
        assert_eq!(
            render("type=USER_LOGIN msg=audit(x:1): a=1"),
            "audit record: expected `msg=audit(time:serial):` (byte 16)"
        );
    }

    proptest! {
        #[test]
        fn any_text(line in "(type=EXECVE msg=audit\\(1\\.0:1\\): )?[a-f0-9=' \"{}():é]{0,50}") {
            if let Ok(record) = parse(line.as_bytes()) {
                prop_assert!(record.fields().count() <= line.len());
            }
        }
    }
}
