//! Whatever arrives: reads what can be read, keeps the rest as text, refuses nothing.

use super::error::{SyslogError, SyslogErrorKind as Kind};
use super::{BsdTime, Message, StructuredData, SyslogTime, rfc3164, rfc5424, sd};
use crate::bytes::{BOM, span, tail, utf8};
use crate::civil::{fraction, iso_time, number};

/// Which form the message was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Priority and version: RFC 5424, well formed or not.
    Rfc5424,
    /// A timestamp after the priority, or a log file's line without one: RFC 3164 and its kin.
    Rfc3164,
    /// Neither: everything after the priority, if there is one, is text.
    Bare,
}

/// One message as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// Every byte received.
    pub raw: &'a [u8],
    /// What could be read.
    pub message: Message<'a>,
    /// Which form it was read as.
    pub form: Form,
    /// Why the strict reading of that form refuses it, and where; `None` for a lawful message.
    /// A bare message carries the refusal of RFC 5424.
    pub blemish: Option<SyslogError>,
    /// Offset of the first byte that is not UTF-8.
    pub non_utf8: Option<usize>,
    /// Offset of the first NUL byte.
    pub nul: Option<usize>,
    /// Whether structured data began and never ended.
    pub is_sd_truncated: bool,
}

/// Reads any bytes as one syslog message; never fails and loses nothing.
///
/// `raw`: one message without transport framing. Line ends and NUL at the end stay in `raw`, but
/// are no part of the text. A lawful message gives what the strict reading gives, except that of
/// RFC 3164 a year after the time and a Cisco mnemonic are read as what they are.
#[must_use]
pub fn parse(raw: &[u8]) -> Parsed<'_> {
    let (mut message, form, blemish, is_sd_truncated) = read(raw);
    message.message = trim_end(message.message);
    Parsed {
        raw,
        message,
        form,
        blemish,
        non_utf8: std::str::from_utf8(raw).err().map(|error| error.valid_up_to()),
        nul: memchr::memchr(0, raw),
        is_sd_truncated,
    }
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r' | 0));
    span(text, 0, end.map_or(0, |at| at + 1))
}

type Reading<'a> = (Message<'a>, Form, Option<SyslogError>, bool);

fn read(raw: &[u8]) -> Reading<'_> {
    let (priority, start) = match rfc5424::priority(raw) {
        Ok((priority, start)) => (Some(priority), start),
        Err(_) => (None, 0),
    };
    if priority.is_some() && has_version(tail(raw, start)) {
        return match rfc5424::parse(raw) {
            Ok(message) => (message, Form::Rfc5424, None, false),
            Err(error) => {
                let (message, is_sd_truncated) = lenient_5424(raw, priority, start);
                (message, Form::Rfc5424, Some(error), is_sd_truncated)
            }
        };
    }
    if let Ok(message) = rfc3164::parse(raw)
        && !has_cisco_mnemonic(message.message.strip_prefix(b": ").unwrap_or(message.message))
        && !message.hostname.is_some_and(is_year)
    {
        return (message, Form::Rfc3164, None, false);
    }
    let mut message = Message::default();
    if let Some(priority) = priority {
        message.set_priority(priority);
    }
    if read_3164(raw, start, &mut message) {
        return (message, Form::Rfc3164, rfc3164::parse(raw).err(), false);
    }
    let text = tail(raw, start);
    message.has_bom = text.starts_with(BOM);
    message.message = text.strip_prefix(BOM).unwrap_or(text);
    read_fortigate(&mut message);
    read_untimed(&mut message, priority.is_some());
    (message, Form::Bare, rfc5424::parse(raw).err(), false)
}

/// `Nov 22 10:00:00 2026 host`: by the letter a host name, but no sender means that.
fn is_year(host: &str) -> bool {
    host.len() == 4 && plausible_year(host.as_bytes(), 0).is_some()
}

/// One to three digits, none leading zero, and a blank: the version that sets RFC 5424 apart.
fn has_version(rest: &[u8]) -> bool {
    let digits = rest.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    (1..=3).contains(&digits) && rest.first() != Some(&b'0') && rest.get(digits) == Some(&b' ')
}

/// RFC 5424 with whatever is wrong in it: fields by blanks, structured data to its end.
fn lenient_5424(raw: &[u8], priority: Option<u8>, start: usize) -> (Message<'_>, bool) {
    let mut message = Message::default();
    if let Some(priority) = priority {
        message.set_priority(priority);
    }
    let mut rest = tail(raw, start);
    message.version = field(&mut rest).and_then(|version| version.parse().ok());
    message.timestamp = field(&mut rest).and_then(timestamp);
    message.hostname = field(&mut rest);
    message.app_name = field(&mut rest);
    message.proc_id = field(&mut rest);
    message.msg_id = field(&mut rest);
    let mut is_truncated = false;
    if rest.first() == Some(&b'[') {
        let end = sd_end(rest);
        is_truncated = end.is_none();
        let end = end.unwrap_or(rest.len());
        message.structured_data = StructuredData::new(span(rest, 0, end));
        rest = tail(rest, end);
    } else if let Some(after) = rest.strip_prefix(b"-")
        && after.first().is_none_or(u8::is_ascii_whitespace)
    {
        rest = after;
    }
    rest = rest.strip_prefix(b" ").unwrap_or(rest);
    message.has_bom = rest.starts_with(BOM);
    message.message = rest.strip_prefix(BOM).unwrap_or(rest);
    (message, is_truncated)
}

/// Takes the next field off `rest`; `-`, an empty field and one that is not UTF-8 are `None`.
fn field<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    let word = span(rest, 0, end);
    *rest = tail(rest, end + 1);
    utf8(word).filter(|word| !word.is_empty() && *word != "-")
}

fn timestamp(word: &str) -> Option<SyslogTime> {
    let time = iso_time(word.as_bytes()).filter(|time| time.length == word.len())?;
    match time.unix_ns() {
        Some(unix_ns) => Some(SyslogTime::Rfc3339 { unix_ns }),
        None => Some(SyslogTime::Bsd(time.local.into())),
    }
}

/// Where elements standing side by side end; `None` when one of them never does.
fn sd_end(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    while rest.get(at) == Some(&b'[') {
        at += sd::element_end(tail(rest, at + 1))? + 2;
    }
    Some(at)
}

/// RFC 3164 and its kin: prefixes, a timestamp of any kind, host, tag. False without a timestamp.
fn read_3164<'a>(raw: &'a [u8], start: usize, message: &mut Message<'a>) -> bool {
    let rest = tail(raw, start);
    let Some((prefix, body)) = cisco_prefix(rest) else {
        return false;
    };
    let Some((time, used)) = any_time(body, message.facility.is_some()) else {
        return false;
    };
    message.timestamp = Some(time);
    message.sequence = prefix.sequence;
    message.hostname = prefix.hostname;
    let mut rest = tail(body, used);
    if let Some((zone, length)) = zone_name(rest) {
        message.zone = Some(zone);
        rest = tail(rest, length);
    }
    let ended_by_colon = rest.starts_with(b":");
    if ended_by_colon {
        rest = tail(rest, 1);
    }
    rest = rest.trim_ascii_start();
    if !ended_by_colon && message.hostname.is_none() {
        rest = take_host(rest, message);
    }
    rest = rest.strip_prefix(BOM).unwrap_or(rest);
    take_tag(rest, message);
    true
}

#[derive(Default)]
struct Prefix<'a> {
    sequence: Option<u64>,
    hostname: Option<&'a str>,
}

/// Cisco puts `sequence: `, `host: ` and a mark (`*` clock not set, `.` not synchronised) before
/// the timestamp; what is none of these and no timestamp means that this is no such message.
///
/// SOURCE: Cisco IOS system message format, "seq no:timestamp: %facility-severity-MNEMONIC".
fn cisco_prefix(rest: &[u8]) -> Option<(Prefix<'_>, &[u8])> {
    const PREFIXES_MAX: usize = 3;
    const PREFIX_LENGTH_MAX: usize = 80;
    let mut prefix = Prefix::default();
    let mut body = rest.trim_ascii_start();
    body = body.strip_prefix(b":").unwrap_or(body).trim_ascii_start();
    for _ in 0..=PREFIXES_MAX {
        if let Some(after) = body.strip_prefix(b"*").or_else(|| body.strip_prefix(b".")) {
            return Some((prefix, after));
        }
        if rfc3164::month(body).is_some() || is_iso(body) || year_first(body).is_some() {
            return Some((prefix, body));
        }
        let end = memchr::memchr2(b':', b' ', span(body, 0, body.len().min(PREFIX_LENGTH_MAX)))?;
        if body.get(end) != Some(&b':') || end == 0 {
            return None;
        }
        let word = utf8(span(body, 0, end))?;
        match word.parse() {
            Ok(sequence) => prefix.sequence = Some(sequence),
            Err(_) if word.bytes().all(rfc3164::is_host_byte) => prefix.hostname = Some(word),
            Err(_) => return None,
        }
        body = tail(body, end + 1).trim_ascii_start();
    }
    None
}

fn is_iso(body: &[u8]) -> bool {
    number(body, 0, 4).is_some() && body.get(4) == Some(&b'-') && body.get(7) == Some(&b'-')
}

/// A BSD stamp with its variants, or an ISO time; bytes used, without what follows.
fn any_time(body: &[u8], has_priority: bool) -> Option<(SyslogTime, usize)> {
    if let Some(time) = iso_time(body) {
        // `2026-11-22 10:00:00 text` with neither priority nor zone is a program's own log line.
        if !has_priority && time.offset_s.is_none() && body.get(10) == Some(&b' ') {
            return None;
        }
        return match time.unix_ns() {
            Some(unix_ns) => Some((SyslogTime::Rfc3339 { unix_ns }, time.length)),
            None => Some((SyslogTime::Bsd(time.local.into()), time.length)),
        };
    }
    bsd_time(body).map(|(time, used)| (SyslogTime::Bsd(time), used))
}

/// `[yyyy] Mmm d[d] [yyyy] hh:mm:ss[.fraction] [yyyy]`, one or more blanks between the parts.
fn bsd_time(body: &[u8]) -> Option<(BsdTime, usize)> {
    let mut year = year_first(body);
    let start = if year.is_some() { 5 } else { 0 };
    let month = rfc3164::month(tail(body, start))?;
    let mut at = blanks(body, start + 3)?;
    let (day, length) = short_number(tail(body, at))?;
    at = blanks(body, at + length)?;
    if year.is_none() {
        year = plausible_year(body, at);
        if year.is_some() {
            at = blanks(body, at + 4)?;
        }
    }
    let (hour, minute, second) = rfc3164::clock(body, at)?;
    at += 8;
    let (nanos, length) = fraction(tail(body, at));
    at += length;
    if year.is_none()
        && body.get(at) == Some(&b' ')
        && body.get(at + 5).is_none_or(|byte| matches!(byte, b' ' | b':'))
    {
        year = plausible_year(body, at + 1);
        at += if year.is_some() { 5 } else { 0 };
    }
    if day == 0 || day > 31 {
        return None;
    }
    Some((BsdTime { month, day, hour, minute, second, micros: nanos / 1000, year }, at))
}

/// `2026 Nov 22`, as Cisco NX-OS writes it.
fn year_first(body: &[u8]) -> Option<i32> {
    let is_before_month = body.get(4) == Some(&b' ') && rfc3164::month(tail(body, 5)).is_some();
    plausible_year(body, 0).filter(|_| is_before_month)
}

fn plausible_year(body: &[u8], at: usize) -> Option<i32> {
    let year = number(body, at, 4).filter(|year| (1970..=2199).contains(year))?;
    i32::try_from(year).ok()
}

/// One or two digits.
fn short_number(input: &[u8]) -> Option<(u8, usize)> {
    let length = input.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=2).contains(&length) {
        return None;
    }
    let value = u8::try_from(number(input, 0, length)?).ok()?;
    Some((value, length))
}

/// Past one or more blanks at `at`; `None` without any.
fn blanks(input: &[u8], at: usize) -> Option<usize> {
    let count = tail(input, at).iter().take_while(|byte| **byte == b' ').count();
    if count == 0 { None } else { Some(at + count) }
}

/// ` UTC:` after a timestamp: a zone's abbreviation is told from a host by its colon.
fn zone_name(rest: &[u8]) -> Option<(&str, usize)> {
    let word = rest.strip_prefix(b" ")?;
    let length = word.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let ends = word.get(length) == Some(&b':') && word.get(length + 1) != Some(&b':');
    // `%ASA` must follow, else a shouting program's tag would be taken for a zone.
    let is_cisco = has_cisco_mnemonic(tail(word, length + 1).trim_ascii_start());
    if (2..=5).contains(&length) && ends && is_cisco {
        utf8(span(word, 0, length)).map(|zone| (zone, length + 1))
    } else {
        None
    }
}

/// Takes a host name off the front unless the first word is a tag or text.
fn take_host<'a>(rest: &'a [u8], message: &mut Message<'a>) -> &'a [u8] {
    let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let mut word = span(rest, 0, end);
    let after = tail(rest, end).trim_ascii_start();
    if word.len() > 1 && word.ends_with(b":") {
        // `host: %ASA-...` is a host, `kernel: text` a tag.
        if !has_cisco_mnemonic(after) {
            return rest;
        }
        word = span(word, 0, word.len() - 1);
    }
    let is_host = !word.is_empty()
        && word.len() <= 255
        && word != b":"
        && word.iter().all(|byte| rfc3164::is_host_byte(*byte))
        && !word.starts_with(b"%");
    if !is_host {
        return rest;
    }
    message.hostname = utf8(word).filter(|host| *host != "-");
    // `host : %ASA-...`
    match after.strip_prefix(b":") {
        Some(colon) if has_cisco_mnemonic(colon.trim_ascii_start()) => colon.trim_ascii_start(),
        _ if has_cisco_mnemonic(after) => after,
        _ => tail(rest, end + 1),
    }
}

fn take_tag<'a>(rest: &'a [u8], message: &mut Message<'a>) {
    message.message = rest;
    if let Some(mnemonic) = cisco_mnemonic(rest) {
        message.msg_id = Some(mnemonic);
    } else if let Some(tag) = rfc3164::tag(rest) {
        message.app_name = Some(tag.name);
        message.proc_id = tag.proc_id;
        message.message = tail(rest, tag.length);
    }
}

fn has_cisco_mnemonic(text: &[u8]) -> bool {
    cisco_mnemonic(text).is_some()
}

/// `%ASA-6-302013:` gives `ASA-6-302013`; the text keeps it.
fn cisco_mnemonic(text: &[u8]) -> Option<&str> {
    let name = text.strip_prefix(b"%")?;
    let end = name
        .iter()
        .take(64)
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))?;
    let word = utf8(span(name, 0, end))?;
    let mut parts = word.split('-');
    let has_facility = parts.next().is_some_and(|part| !part.is_empty());
    let has_severity = parts.any(|part| matches!(part.as_bytes(), [b'0'..=b'7']));
    if name.get(end) == Some(&b':') && has_facility && has_severity { Some(word) } else { None }
}

/// FortiGate writes no header at all: `<189>date=2026-11-22 time=10:00:00 devname="fw1" ...`.
///
/// SOURCE: FortiOS log message reference, log header fields `date`, `time`, `devname`.
fn read_fortigate(message: &mut Message<'_>) {
    let text = message.message;
    let Some(after) = text.strip_prefix(b"date=") else {
        return;
    };
    let Some(clock_at) = memchr::memmem::find(after, b" time=").map(|at| at + 6) else {
        return;
    };
    let date = number(after, 0, 4).zip(number(after, 5, 2)).zip(number(after, 8, 2));
    if let (Some(((year, month), day)), Some((hour, minute, second))) =
        (date, rfc3164::clock(unquote(tail(after, clock_at)), 0))
        && let (Ok(year), Ok(month), Ok(day)) =
            (i32::try_from(year), u8::try_from(month), u8::try_from(day))
    {
        let time = BsdTime { month, day, hour, minute, second, micros: 0, year: Some(year) };
        if time.local(year).is_valid() {
            message.timestamp = Some(SyslogTime::Bsd(time));
        }
    }
    if let Some(at) = memchr::memmem::find(after, b" devname=") {
        let value = tail(after, at + 9);
        let name = match value.strip_prefix(b"\"") {
            Some(quoted) => span(quoted, 0, memchr::memchr(b'"', quoted).unwrap_or(0)),
            None => span(value, 0, memchr::memchr(b' ', value).unwrap_or(value.len())),
        };
        message.hostname = utf8(name).filter(|name| !name.is_empty());
    }
}

fn unquote(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").unwrap_or(value)
}

/// `<30>kernel: text` and `<189>%SYS-5-CONFIG_I: text`: a tag without a timestamp.
fn read_untimed(message: &mut Message<'_>, has_priority: bool) {
    if has_priority {
        take_tag(message.message, message);
    } else if let Some(mnemonic) = cisco_mnemonic(message.message) {
        message.msg_id = Some(mnemonic);
    }
}

impl Parsed<'_> {
    /// Whether anything about the message deserves a flag: not lawful, not UTF-8, or NUL inside.
    #[must_use]
    pub const fn is_flagged(&self) -> bool {
        self.blemish.is_some() || self.non_utf8.is_some() || self.nul.is_some()
    }

    /// The first reason for a flag as a short word, and its offset.
    #[must_use]
    pub const fn flag(&self) -> Option<(&'static str, usize)> {
        match (self.blemish, self.non_utf8, self.nul) {
            (Some(SyslogError { kind, offset }), _, _) => Some((kind.code(), offset)),
            (None, Some(offset), _) => Some(("non_utf8", offset)),
            (None, None, Some(offset)) => Some(("nul", offset)),
            (None, None, None) => None,
        }
    }

    /// Whether the strict reading stopped at the given part.
    #[must_use]
    pub fn is_blemished_by(&self, kind: Kind) -> bool {
        self.blemish.is_some_and(|error| error.kind == kind)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
