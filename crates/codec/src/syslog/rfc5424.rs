//! RFC 5424 by the letter.

use std::collections::BTreeSet;

use super::error::{SyslogError, SyslogErrorKind as Kind};
use super::{Message, StructuredData, SyslogTime};
use crate::bytes::{BOM, span, tail, utf8};
use crate::civil::{IsoTime, LocalTime, days_in_month};

const HOSTNAME_LENGTH_MAX: usize = 255;
const APP_NAME_LENGTH_MAX: usize = 48;
const PROC_ID_LENGTH_MAX: usize = 128;
const MSG_ID_LENGTH_MAX: usize = 32;
const SD_NAME_LENGTH_MAX: usize = 32;
const FRACTION_DIGITS_MAX: usize = 6;

/// SOURCE: RFC 5424 section 6 (grammar), 6.2.3 (timestamp), 6.3 (structured data), 6.4 (text).
pub(super) fn parse(input: &[u8]) -> Result<Message<'_>, SyslogError> {
    let mut message = Message::default();
    let (priority, mut at) = priority(input)?;
    message.set_priority(priority);
    let version;
    (version, at) = self::version(input, at)?;
    message.version = Some(version);
    at = blank(input, at)?;
    (message.timestamp, at) = timestamp(input, at)?;
    at = blank(input, at)?;
    (message.hostname, at) = word(input, at, Kind::Hostname, HOSTNAME_LENGTH_MAX)?;
    (message.app_name, at) = word(input, at, Kind::AppName, APP_NAME_LENGTH_MAX)?;
    (message.proc_id, at) = word(input, at, Kind::ProcId, PROC_ID_LENGTH_MAX)?;
    (message.msg_id, at) = word(input, at, Kind::MsgId, MSG_ID_LENGTH_MAX)?;
    let sd_start = at;
    at = structured_data(input, at)?;
    if at > sd_start + 1 {
        message.structured_data = StructuredData::new(span(input, sd_start, at));
    }
    if at == input.len() {
        return Ok(message);
    }
    at = blank(input, at)?;
    let text = tail(input, at);
    message.has_bom = text.starts_with(BOM);
    message.message = text.strip_prefix(BOM).unwrap_or(text);
    if message.has_bom
        && let Err(error) = std::str::from_utf8(message.message)
    {
        return Err(SyslogError::at(Kind::Message, at + BOM.len() + error.valid_up_to()));
    }
    Ok(message)
}

/// `<0>` to `<191>`: the value, and where the rest begins. The same in both standards.
pub(super) fn priority(input: &[u8]) -> Result<(u8, usize), SyslogError> {
    if input.first() != Some(&b'<') {
        return Err(SyslogError::at(Kind::Pri, 0));
    }
    let mut value = 0_u16;
    let mut at = 1;
    loop {
        match input.get(at) {
            Some(b'>') if at > 1 => break,
            // A fourth digit, and a digit after a leading zero, cannot be right.
            Some(digit @ b'0'..=b'9') if at < 4 && !(at == 2 && value == 0) => {
                value = value * 10 + u16::from(digit - b'0');
            }
            _ => return Err(SyslogError::at(Kind::PriValue, at)),
        }
        if value > 191 {
            return Err(SyslogError::at(Kind::PriValue, at));
        }
        at += 1;
    }
    let value = u8::try_from(value).map_err(|_| SyslogError::at(Kind::PriValue, 1))?;
    Ok((value, at + 1))
}

fn version(input: &[u8], start: usize) -> Result<(u16, usize), SyslogError> {
    let mut value = 0_u16;
    let mut at = start;
    while let Some(digit @ b'0'..=b'9') = input.get(at) {
        if at == start + 3 || (at == start && *digit == b'0') {
            return Err(SyslogError::at(Kind::Version, at));
        }
        value = value * 10 + u16::from(digit - b'0');
        at += 1;
    }
    if at == start {
        return Err(SyslogError::at(Kind::Version, at));
    }
    Ok((value, at))
}

fn blank(input: &[u8], at: usize) -> Result<usize, SyslogError> {
    if input.get(at) == Some(&b' ') {
        Ok(at + 1)
    } else {
        Err(SyslogError::at(Kind::Separator, at))
    }
}

/// A header field and the blank after it.
fn word(
    input: &[u8],
    start: usize,
    kind: Kind,
    length_max: usize,
) -> Result<(Option<&str>, usize), SyslogError> {
    let rest = tail(input, start);
    let length = rest.iter().take_while(|byte| byte.is_ascii_graphic()).count();
    if length == 0 || length > length_max || rest.get(length) != Some(&b' ') {
        return Err(SyslogError::at(kind, start + length.min(length_max)));
    }
    let field = utf8(span(rest, 0, length)).filter(|field| *field != "-");
    Ok((field, start + length + 1))
}

fn timestamp(input: &[u8], start: usize) -> Result<(Option<SyslogTime>, usize), SyslogError> {
    if input.get(start) == Some(&b'-') {
        return Ok((None, start + 1));
    }
    let mut clock = Clock { input, at: start };
    let year = clock.digits(&[b"09", b"09", b"09", b"09"])?;
    clock.byte(b"-")?;
    let month = clock.two(1, 12)?;
    clock.byte(b"-")?;
    let day_at = clock.at;
    let day = clock.two(1, 31)?;
    clock.byte(b"T")?;
    let hour = clock.two(0, 23)?;
    clock.byte(b":")?;
    let minute = clock.two(0, 59)?;
    clock.byte(b":")?;
    let second = clock.two(0, 59)?;
    let nanos = clock.fraction()?;
    let offset_s = clock.zone()?;
    let year = i32::from(year);
    if day > days_in_month(year, month) {
        return Err(SyslogError::at(Kind::Timestamp, day_at));
    }
    let local = LocalTime { year, month, day, hour, minute, second, nanos };
    let time = IsoTime { local, offset_s: Some(offset_s), length: clock.at - start };
    // A year that 64 bits of nanoseconds cannot hold is lawful, but is no time we can use.
    let timestamp = time.unix_ns().map(|unix_ns| SyslogTime::Rfc3339 { unix_ns });
    Ok((timestamp, clock.at))
}

/// Reads a timestamp digit by digit, so that a refusal names the digit.
struct Clock<'a> {
    input: &'a [u8],
    at: usize,
}

impl Clock<'_> {
    const fn refuse(&self) -> SyslogError {
        SyslogError::at(Kind::Timestamp, self.at)
    }

    fn byte(&mut self, allowed: &[u8]) -> Result<u8, SyslogError> {
        match self.input.get(self.at) {
            Some(byte) if allowed.contains(byte) => {
                self.at += 1;
                Ok(*byte)
            }
            _ => Err(self.refuse()),
        }
    }

    /// One digit per range of lowest and highest.
    fn digits(&mut self, ranges: &[&[u8; 2]]) -> Result<u16, SyslogError> {
        let mut value = 0;
        for [low, high] in ranges {
            match self.input.get(self.at) {
                Some(digit) if (low..=high).contains(&digit) => {
                    value = value * 10 + u16::from(digit - b'0');
                }
                _ => return Err(self.refuse()),
            }
            self.at += 1;
        }
        Ok(value)
    }

    /// Two digits with a value from `low` to `high`; a refusal names the first digit that rules
    /// the value out.
    fn two(&mut self, low: u8, high: u8) -> Result<u8, SyslogError> {
        let tens = self.digits(&[&[b'0' + low / 10, b'0' + high / 10]])?;
        let tens = u8::try_from(tens).unwrap_or_default();
        let ones_low = if tens == low / 10 { low % 10 } else { 0 };
        let ones_high = if tens == high / 10 { high % 10 } else { 9 };
        let ones = self.digits(&[&[b'0' + ones_low, b'0' + ones_high]])?;
        Ok(tens * 10 + u8::try_from(ones).unwrap_or_default())
    }

    fn fraction(&mut self) -> Result<u32, SyslogError> {
        if self.input.get(self.at) != Some(&b'.') {
            return Ok(0);
        }
        self.at += 1;
        let mut nanos = 0;
        let mut scale = 100_000_000;
        let mut count = 0;
        while let Some(digit @ b'0'..=b'9') = self.input.get(self.at) {
            if count == FRACTION_DIGITS_MAX {
                return Err(self.refuse());
            }
            nanos += u32::from(digit - b'0') * scale;
            scale /= 10;
            count += 1;
            self.at += 1;
        }
        if count == 0 { Err(self.refuse()) } else { Ok(nanos) }
    }

    fn zone(&mut self) -> Result<i32, SyslogError> {
        let sign = match self.byte(b"Z+-")? {
            b'Z' => return Ok(0),
            b'-' => -1,
            _ => 1,
        };
        let hours = i32::from(self.two(0, 23)?);
        self.byte(b":")?;
        let minutes = i32::from(self.two(0, 59)?);
        Ok(sign * (hours * 3600 + minutes * 60))
    }
}

/// Where the structured data ends.
fn structured_data(input: &[u8], start: usize) -> Result<usize, SyslogError> {
    match input.get(start) {
        Some(b'-') => return Ok(start + 1),
        Some(b'[') => {}
        _ => return Err(SyslogError::at(Kind::StructuredData, start)),
    }
    let mut at = start;
    let mut names = Names::default();
    while input.get(at) == Some(&b'[') {
        let name_end = sd_name(input, at + 1, Kind::SdId)?;
        if !names.is_new(span(input, at + 1, name_end)) {
            return Err(SyslogError::at(Kind::SdIdTwice, at + 1));
        }
        at = name_end;
        loop {
            match input.get(at) {
                Some(b']') => break,
                Some(b' ') => at = sd_param(input, at + 1)?,
                _ if at == name_end => return Err(SyslogError::at(Kind::SdId, at)),
                _ => return Err(SyslogError::at(Kind::SdParam, at)),
            }
        }
        at += 1;
    }
    Ok(at)
}

fn sd_name(input: &[u8], start: usize, kind: Kind) -> Result<usize, SyslogError> {
    let rest = tail(input, start);
    let length = rest
        .iter()
        .take_while(|byte| byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"'))
        .count();
    if length == 0 || length > SD_NAME_LENGTH_MAX {
        return Err(SyslogError::at(kind, start + length.min(SD_NAME_LENGTH_MAX)));
    }
    Ok(start + length)
}

/// `name="value"`: where it ends.
fn sd_param(input: &[u8], start: usize) -> Result<usize, SyslogError> {
    let mut at = sd_name(input, start, Kind::SdParam)?;
    for expected in *b"=\"" {
        if input.get(at) != Some(&expected) {
            return Err(SyslogError::at(Kind::SdParam, at));
        }
        at += 1;
    }
    let value_start = at;
    loop {
        let Some(step) = memchr::memchr3(b'"', b'\\', b']', tail(input, at)) else {
            return Err(SyslogError::at(Kind::SdParam, input.len()));
        };
        at += step;
        match input.get(at) {
            Some(b'"') => break,
            Some(b'\\') => match input.get(at + 1) {
                Some(b'"' | b'\\' | b']') => at += 2,
                _ => return Err(SyslogError::at(Kind::Escape, at + 1)),
            },
            _ => return Err(SyslogError::at(Kind::Escape, at)),
        }
    }
    match std::str::from_utf8(span(input, value_start, at)) {
        Ok(_) => Ok(at + 1),
        Err(error) => Err(SyslogError::at(Kind::SdParam, value_start + error.valid_up_to())),
    }
}

/// The element names so far: a handful in place, more in a set, so that a message made of ten
/// thousand elements costs no more than its length.
#[derive(Default)]
struct Names<'a> {
    few: [&'a [u8]; 8],
    count: usize,
    many: BTreeSet<&'a [u8]>,
}

impl<'a> Names<'a> {
    fn is_new(&mut self, name: &'a [u8]) -> bool {
        if self.few.iter().take(self.count).any(|known| *known == name) {
            return false;
        }
        match self.few.get_mut(self.count) {
            Some(place) => {
                *place = name;
                self.count += 1;
                true
            }
            None => self.many.insert(name),
        }
    }
}
