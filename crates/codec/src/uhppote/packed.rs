//! The fields of a message: little-endian numbers, packed decimal dates and times.

use std::net::Ipv4Addr;

use super::{Card, DoorControl, Listener, MESSAGE_LENGTH, UhppoteError, UhppoteErrorKind};
use crate::civil::{LocalTime, days_in_month};

/// A day on the controller's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year, four digits.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

impl std::fmt::Display for Date {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A reading of the controller's clock; its zone is the controller's, which no message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime(pub LocalTime);

impl DateTime {
    /// A reading from a date and hour, minute, second; `None` when there is no such.
    #[must_use]
    pub fn new(year: i32, month: u8, day: u8, time: [u8; 3]) -> Option<Self> {
        Self::of((Date { year, month, day }, time))
    }

    /// Puts a date and a time of day (hour, minute, second) together; `None` when there is no such.
    pub(super) fn of((date, [hour, minute, second]): (Date, [u8; 3])) -> Option<Self> {
        let Date { year, month, day } = date;
        let local = LocalTime { year, month, day, hour, minute, second, nanos: 0 };
        local.is_valid().then_some(Self(local))
    }
}

impl std::fmt::Display for DateTime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let LocalTime { year, month, day, hour, minute, second, .. } = self.0;
        write!(formatter, "{}T{hour:02}:{minute:02}:{second:02}", Date { year, month, day })
    }
}

/// One message; offsets are within its 64 bytes, and bytes beyond read as 0.
pub(super) struct Fields<'a>(pub &'a [u8; MESSAGE_LENGTH]);

impl Fields<'_> {
    pub fn u8(&self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or_default()
    }

    pub fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|index| self.u8(at + index))
    }

    pub fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    pub fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    pub fn address(&self, at: usize) -> Ipv4Addr {
        Ipv4Addr::from(self.array::<4>(at))
    }

    pub fn boolean(&self, at: usize) -> Result<bool, UhppoteError> {
        match self.u8(at) {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(UhppoteError { kind: UhppoteErrorKind::Boolean(other), offset: at }),
        }
    }

    /// `yyyymmdd` in four bytes.
    pub fn date(&self, at: usize) -> Option<Date> {
        let century = self.decimal(at)?;
        self.day(i32::from(century) * 100 + i32::from(self.decimal(at + 1)?), at + 2)
    }

    /// `yymmdd` in three bytes, of this century.
    pub fn short_date(&self, at: usize) -> Option<Date> {
        self.day(2000 + i32::from(self.decimal(at)?), at + 1)
    }

    fn day(&self, year: i32, at: usize) -> Option<Date> {
        let (month, day) = (self.decimal(at)?, self.decimal(at + 1)?);
        let exists = day >= 1 && day <= days_in_month(year, month);
        exists.then_some(Date { year, month, day })
    }

    /// `hhmmss` in three bytes.
    pub fn time(&self, at: usize) -> Option<[u8; 3]> {
        Some([self.decimal(at)?, self.decimal(at + 1)?, self.decimal(at + 2)?])
    }

    /// `yyyymmddhhmmss` in seven bytes.
    pub fn date_time(&self, at: usize) -> Option<DateTime> {
        DateTime::of((self.date(at)?, self.time(at + 4)?))
    }

    /// Two decimal digits packed in one byte.
    fn decimal(&self, at: usize) -> Option<u8> {
        let (tens, ones) = (self.u8(at) >> 4, self.u8(at) & 0x0f);
        (tens <= 9 && ones <= 9).then_some(tens * 10 + ones)
    }
}

/// One message while it is written; what lies beyond its 64 bytes is left out.
pub(super) struct Writer(pub [u8; MESSAGE_LENGTH]);

impl Writer {
    pub fn new(start: u8, function: u8, serial_number: u32) -> Self {
        let mut out = Self([0; MESSAGE_LENGTH]);
        out.bytes(0, &[start, function]);
        out.u32(4, serial_number);
        out
    }

    pub fn bytes(&mut self, at: usize, bytes: &[u8]) {
        for (place, byte) in self.0.iter_mut().skip(at).zip(bytes) {
            *place = *byte;
        }
    }

    pub fn u8(&mut self, at: usize, value: u8) {
        self.bytes(at, &[value]);
    }

    pub fn u32(&mut self, at: usize, value: u32) {
        self.bytes(at, &value.to_le_bytes());
    }

    pub fn date(&mut self, at: usize, date: Option<Date>) {
        if let Some(Date { year, month, day }) = date {
            let [century, short] = years(year);
            self.bytes(at, &[century, short, decimal(month), decimal(day)]);
        }
    }

    /// `yymmdd`.
    pub fn short_date(&mut self, at: usize, DateTime(local): DateTime) {
        let [_, short] = years(local.year);
        self.bytes(at, &[short, decimal(local.month), decimal(local.day)]);
    }

    /// `hhmmss`.
    pub fn time(&mut self, at: usize, DateTime(local): DateTime) {
        self.bytes(at, &[local.hour, local.minute, local.second].map(decimal));
    }

    /// `yyyymmddhhmmss`; zeros for none.
    pub fn date_time(&mut self, at: usize, time: Option<DateTime>) {
        if let Some(time) = time {
            let LocalTime { year, month, day, .. } = time.0;
            self.date(at, Some(Date { year, month, day }));
            self.time(at + 4, time);
        }
    }

    pub fn card(&mut self, card: Option<&Card>) {
        let Some(card) = card else { return };
        self.u32(8, card.card_number);
        self.date(12, card.from);
        self.date(16, card.to);
        self.bytes(20, &card.doors);
        let [low, middle, high, _] = card.pin.to_le_bytes();
        self.bytes(24, &[low, middle, high, card.first_card]);
    }

    pub fn door_control(&mut self, control: &DoorControl) {
        self.bytes(8, &[control.door, control.control_state, control.delay_s]);
    }

    pub fn listener(&mut self, listener: &Listener) {
        self.bytes(8, &listener.address.octets());
        self.bytes(12, &listener.port.to_le_bytes());
        self.u8(14, listener.interval_s);
    }
}

/// Two decimal digits in one byte.
const fn decimal(value: u8) -> u8 {
    ((value / 10 % 10) << 4) | (value % 10)
}

/// Century and year, packed; years that have no four digits are 0000.
fn years(year: i32) -> [u8; 2] {
    let year = u16::try_from(year).ok().filter(|year| *year <= 9_999).unwrap_or_default();
    let pair = |value: u16| decimal(u8::try_from(value % 100).unwrap_or_default());
    [pair(year / 100), pair(year)]
}
