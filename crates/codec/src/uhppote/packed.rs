//! The fields of a message: little-endian numbers, packed decimal dates and times.

use std::net::Ipv4Addr;

use super::{MESSAGE_LENGTH, UhppoteError, UhppoteErrorKind};
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
