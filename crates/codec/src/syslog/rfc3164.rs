//! RFC 3164 by the letter of its section 4, and the pieces that the tolerant reader shares.

use super::error::{SyslogError, SyslogErrorKind as Kind};
use super::{BsdTime, Message, SyslogTime, rfc5424};
use crate::bytes::{span, tail, utf8};
use crate::civil::number;

const HOSTNAME_LENGTH_MAX: usize = 255;
const TAG_LENGTH_MAX: usize = 32;
/// Beyond this a word before a colon is text, whatever its colon says.
const TAG_LENGTH_PLAUSIBLE_MAX: usize = 128;
const STAMP_LENGTH: usize = 15;

/// Words that end in a colon and begin a payload of their own kind rather than name a program.
const NOT_A_TAG: [&[u8]; 2] = [b"CEF", b"LEEF"];

/// `<PRI>Mmm dd hh:mm:ss HOST TAG[PID]: text`; a message without a tag is lawful.
///
/// SOURCE: RFC 3164 sections 4.1.1 to 4.1.3.
pub(super) fn parse(input: &[u8]) -> Result<Message<'_>, SyslogError> {
    let mut message = Message::default();
    let (priority, start) = rfc5424::priority(input)?;
    message.set_priority(priority);
    let time = stamp(tail(input, start)).map_err(|at| refuse(Kind::Timestamp, start + at))?;
    message.timestamp = Some(SyslogTime::Bsd(time));
    let mut at = blank(input, start + STAMP_LENGTH)?;
    let host = tail(input, at);
    let length = host.iter().take_while(|byte| is_host_byte(**byte)).count();
    let is_tag = length > 1 && host.get(length - 1) == Some(&b':') && !host.starts_with(b":");
    let length = if is_tag { length - 1 } else { length };
    if length == 0 || length > HOSTNAME_LENGTH_MAX || host.get(length) != Some(&b' ') {
        return Err(refuse(Kind::Hostname, at + length.min(HOSTNAME_LENGTH_MAX)));
    }
    message.hostname = utf8(span(host, 0, length));
    at += length + 1;
    let content = tail(input, at);
    match tag(content) {
        Some(tag) if tag.name.len() > TAG_LENGTH_MAX => {
            return Err(refuse(Kind::Tag, at + TAG_LENGTH_MAX));
        }
        Some(tag) => {
            message.app_name = Some(tag.name);
            message.proc_id = tag.proc_id;
            message.message = tail(content, tag.length);
        }
        None => message.message = content,
    }
    Ok(message)
}

const fn refuse(kind: Kind, offset: usize) -> SyslogError {
    SyslogError::at(kind, offset)
}

fn blank(input: &[u8], at: usize) -> Result<usize, SyslogError> {
    if input.get(at) == Some(&b' ') { Ok(at + 1) } else { Err(refuse(Kind::Separator, at)) }
}

/// Bytes of names, IPv4 and IPv6 addresses and their zones.
pub(super) const fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'%')
}

/// A tag as found at the start of the text.
pub(super) struct Tag<'a> {
    pub name: &'a str,
    pub proc_id: Option<&'a str>,
    /// Bytes up to the text, its one leading blank included.
    pub length: usize,
}

/// `name:`, `name[pid]:` or `name[pid]` followed by a blank or the end.
pub(super) fn tag(content: &[u8]) -> Option<Tag<'_>> {
    let length = content.iter().take_while(|byte| is_tag_byte(**byte)).count();
    if length == 0 || length > TAG_LENGTH_PLAUSIBLE_MAX {
        return None;
    }
    let name = utf8(span(content, 0, length))?;
    let mut at = length;
    let mut proc_id = None;
    if content.get(at) == Some(&b'[') {
        let inside = tail(content, at + 1);
        let close = memchr::memchr3(b']', b' ', b'\n', inside)?;
        if inside.get(close) != Some(&b']') {
            return None;
        }
        proc_id = utf8(span(inside, 0, close)).filter(|id| !id.is_empty());
        at += close + 2;
    }
    let has_colon = content.get(at) == Some(&b':');
    at += usize::from(has_colon);
    match content.get(at) {
        Some(b' ') if has_colon || length < at => at += 1,
        None if has_colon || length < at => {}
        // `name[pid]:text` is a tag; `name:text` may as well be `http://` or a payload.
        Some(_) if has_colon && length + 1 < at => {}
        _ => return None,
    }
    if NOT_A_TAG.contains(&name.as_bytes()) {
        None
    } else {
        Some(Tag { name, proc_id, length: at })
    }
}

const fn is_tag_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'(' | b')' | b'@' | b'+' | b'#' | b'~')
}

/// `Mmm dd hh:mm:ss`, the day padded by a blank; refuses with the offset of the first bad byte.
pub(super) fn stamp(input: &[u8]) -> Result<BsdTime, usize> {
    let month = month(input).ok_or_else(|| month_mismatch(input))?;
    at_is(input, 3, b" ")?;
    let day = match input.get(4) {
        Some(b' ') => one(input, 5, b'1', b'9')?,
        Some(b'1'..=b'3') => two(input, 4, 31)?,
        _ => return Err(4.min(input.len())),
    };
    at_is(input, 6, b" ")?;
    let hour = two(input, 7, 23)?;
    at_is(input, 9, b":")?;
    let minute = two(input, 10, 59)?;
    at_is(input, 12, b":")?;
    let second = two(input, 13, 59)?;
    Ok(BsdTime { month, day, hour, minute, second, micros: 0, year: None })
}

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// The month whose English abbreviation stands at the start, as RFC 3164 writes it.
pub(super) fn month(input: &[u8]) -> Option<u8> {
    let name = input.get(..3)?;
    let index = MONTHS.iter().position(|month| month.as_slice() == name)?;
    u8::try_from(index + 1).ok()
}

/// How far the input agrees with the month it agrees with longest.
fn month_mismatch(input: &[u8]) -> usize {
    let agreement = |month: &&[u8; 3]| {
        month.iter().zip(input).take_while(|(expected, found)| expected == found).count()
    };
    MONTHS.iter().map(agreement).max().unwrap_or_default()
}

fn at_is(input: &[u8], at: usize, allowed: &[u8]) -> Result<(), usize> {
    match input.get(at) {
        Some(byte) if allowed.contains(byte) => Ok(()),
        _ => Err(at.min(input.len())),
    }
}

fn one(input: &[u8], at: usize, low: u8, high: u8) -> Result<u8, usize> {
    match input.get(at) {
        Some(digit) if (low..=high).contains(digit) => Ok(digit - b'0'),
        _ => Err(at.min(input.len())),
    }
}

fn two(input: &[u8], at: usize, high: u8) -> Result<u8, usize> {
    let tens = one(input, at, b'0', b'0' + high / 10)?;
    let ones_high = if tens == high / 10 { high % 10 } else { 9 };
    let ones = one(input, at + 1, b'0', b'0' + ones_high)?;
    Ok(tens * 10 + ones)
}

/// `hh:mm:ss` at `at`.
pub(super) fn clock(input: &[u8], at: usize) -> Option<(u8, u8, u8)> {
    let part = |offset| number(input, at + offset, 2).and_then(|value| u8::try_from(value).ok());
    let colons = input.get(at + 2) == Some(&b':') && input.get(at + 5) == Some(&b':');
    let (hour, minute, second) = (part(0)?, part(3)?, part(6)?);
    if colons && hour <= 23 && minute <= 59 && second <= 60 {
        Some((hour, minute, second))
    } else {
        None
    }
}
