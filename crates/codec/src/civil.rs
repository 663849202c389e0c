//! Calendar arithmetic on UTC: dates to nanoseconds since 1970, and RFC 3339 text.
//!
//! Owns no clock. A local time without a zone stays what it is; the caller knows the zone.

use crate::bytes::tail;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
///
/// SOURCE: the era-of-400-years method, ISO 8601 calendar; 146,097 days per era.
#[must_use]
pub fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    let shifted = i64::from(year) - i64::from(month <= 2);
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month_from_march = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date, as year, month and day, that lies so many days from 1970-01-01.
///
/// SOURCE: as `days_from_civil`, the other way round.
#[must_use]
pub fn civil_from_days(days: i64) -> (i32, u8, u8) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let small = |number: i64| u8::try_from(number).unwrap_or(0);
    (i32::try_from(year).unwrap_or(0), small(month), small(day))
}

/// How many days the month has; 0 for a month outside 1 to 12.
#[must_use]
pub const fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        2 => 28,
        _ => 0,
    }
}

/// A wall-clock reading whose zone the record does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocalTime {
    /// Year, four digits.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 60.
    pub second: u8,
    /// Nanoseconds within the second.
    pub nanos: u32,
}

impl LocalTime {
    /// Whether the date exists and the clock reading is one.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.day >= 1
            && self.day <= days_in_month(self.year, self.month)
            && self.hour <= 23
            && self.minute <= 59
            && self.second <= 60
    }

    /// The reading of a clock in UTC at an instant, in nanoseconds since 1970.
    #[must_use]
    pub fn utc(unix_ns: i64) -> Self {
        let seconds = unix_ns.div_euclid(NANOS_PER_SECOND);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        let small = |number: i64| u8::try_from(number).unwrap_or(0);
        Self {
            year,
            month,
            day,
            hour: small(of_day / 3_600),
            minute: small(of_day / 60 % 60),
            second: small(of_day % 60),
            nanos: u32::try_from(unix_ns.rem_euclid(NANOS_PER_SECOND)).unwrap_or(0),
        }
    }

    /// Nanoseconds since 1970 were this reading taken `offset_s` seconds east of UTC.
    ///
    /// `None` outside the years 1678 to 2261, which 64 bits of nanoseconds cannot say.
    #[must_use]
    pub fn unix_ns(&self, offset_s: i32) -> Option<i64> {
        let seconds = days_from_civil(self.year, self.month, self.day)
            .checked_mul(86_400)?
            .checked_add(i64::from(self.hour) * 3600)?
            .checked_add(i64::from(self.minute) * 60 + i64::from(self.second))?
            .checked_sub(i64::from(offset_s))?;
        seconds.checked_mul(NANOS_PER_SECOND)?.checked_add(i64::from(self.nanos))
    }
}

/// An RFC 3339 time as read: the clock reading and, when it was given, the offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IsoTime {
    /// The reading on the sender's wall.
    pub local: LocalTime,
    /// Seconds east of UTC; `None` when the text names no zone.
    pub offset_s: Option<i32>,
    /// How many bytes of the input were read.
    pub length: usize,
}

impl IsoTime {
    /// Nanoseconds since 1970 when the text named its zone.
    #[must_use]
    pub fn unix_ns(&self) -> Option<i64> {
        self.local.unix_ns(self.offset_s?)
    }
}

/// Reads a date and time at the start of `input`, generously.
///
/// Accepts `T`, `t` or one blank between date and time, any number of digits of a fraction after
/// `.` or `,` (nanoseconds are kept), `Z`, `z`, `+hh:mm`, `+hhmm` or no zone. Trailing bytes are
/// the caller's. `None` when it is not a date and time that exists.
///
/// SOURCE: RFC 3339 section 5.6; the deviations are what log writers do.
#[must_use]
pub fn iso_time(input: &[u8]) -> Option<IsoTime> {
    let local = LocalTime {
        year: number(input, 0, 4).and_then(|year| i32::try_from(year).ok())?,
        month: separated(input, 4, b"-")?,
        day: separated(input, 7, b"-")?,
        hour: separated(input, 10, b"Tt ")?,
        minute: separated(input, 13, b":")?,
        second: separated(input, 16, b":")?,
        nanos: 0,
    };
    let (nanos, fraction_length) = fraction(tail(input, 19));
    let local = LocalTime { nanos, ..local };
    if !local.is_valid() {
        return None;
    }
    let zone_at = 19 + fraction_length;
    let (offset_s, zone_length) = zone(tail(input, zone_at));
    Some(IsoTime { local, offset_s, length: zone_at + zone_length })
}

/// Nanoseconds since 1970 of a text that is an RFC 3339 time with its zone and nothing else.
#[must_use]
pub fn rfc3339_ns(text: &str) -> Option<i64> {
    let time = iso_time(text.as_bytes())?;
    if time.length == text.len() { time.unix_ns() } else { None }
}

/// Reads `.123` or `,123`: nanoseconds and the bytes used; nothing there is (0, 0).
pub(crate) fn fraction(input: &[u8]) -> (u32, usize) {
    let [b'.' | b',', digits @ ..] = input else {
        return (0, 0);
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return (0, 0);
    }
    let mut nanos = 0_u32;
    for index in 0..9 {
        let digit = if index < count { digits.get(index).map_or(0, |byte| byte - b'0') } else { 0 };
        nanos = nanos * 10 + u32::from(digit);
    }
    (nanos, count + 1)
}

fn zone(input: &[u8]) -> (Option<i32>, usize) {
    let sign = match input.first() {
        Some(b'Z' | b'z') => return (Some(0), 1),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return (None, 0),
    };
    let colon = usize::from(input.get(3) == Some(&b':'));
    match (number(input, 1, 2), number(input, 3 + colon, 2)) {
        (Some(hours), Some(minutes)) if hours <= 23 && minutes <= 59 => {
            let seconds = i32::try_from(hours * 3600 + minutes * 60).unwrap_or_default();
            (Some(sign * seconds), 5 + colon)
        }
        _ => (None, 0),
    }
}

/// The two digits after one byte of `allowed` at `at`.
fn separated(input: &[u8], at: usize, allowed: &[u8]) -> Option<u8> {
    let separator = input.get(at)?;
    if !allowed.contains(separator) {
        return None;
    }
    number(input, at + 1, 2).and_then(|value| u8::try_from(value).ok())
}

/// Exactly `count` decimal digits at `at`.
pub(crate) fn number(input: &[u8], at: usize, count: usize) -> Option<u32> {
    let digits = input.get(at..at.checked_add(count)?)?;
    let mut value = 0_u32;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u32::from(digit - b'0'))?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::{LocalTime, civil_from_days, days_from_civil, days_in_month, iso_time, rfc3339_ns};
    use proptest::prelude::*;

    #[test]
    fn known_moments() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2003-08-24T05:14:15.000003-07:00", Some(1_061_727_255_000_003_000)),
            ("2016-02-29T00:00:00+00:00", Some(1_456_704_000_000_000_000)),
            ("2026-11-22T10:00:00.123456789123Z", Some(1_795_341_600_123_456_789)),
            ("2018-02-29T22:14:16+01:00", None),
            ("2026-11-22T10:00:00", None),
            ("2026-11-22T10:00:00Zx", None),
        ];
        for (text, expected) in cases {
            assert_eq!(rfc3339_ns(text), expected, "{text}");
        }
    }

    #[test]
    fn a_time_without_zone_is_a_local_reading() {
        let time = iso_time(b"2026-11-22 10:00:00,5 rest")
            .map(|time| (time.local.hour, time.local.nanos, time.offset_s, time.length));
        assert_eq!(time, Some((10, 500_000_000, None, 21)));
    }

    proptest! {
        #[test]
        fn a_moment_read_on_a_utc_clock_is_that_moment(ns in any::<i64>()) {
            let read = LocalTime::utc(ns);
            prop_assert!(read.is_valid(), "{:?}", read);
            // At the very ends the second before is no longer a number.
            if ns > i64::MIN + 1_000_000_000 {
                prop_assert_eq!(read.unix_ns(0), Some(ns));
            }
            let days = ns.div_euclid(86_400_000_000_000);
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(year, month, day), days);
        }

        #[test]
        fn each_day_is_one_after_the_day_before(year in 1600_i32..2400, month in 1_u8..=12) {
            let last = days_from_civil(year, month, days_in_month(year, month));
            let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            prop_assert_eq!(last + 1, days_from_civil(next.0, next.1, 1));
        }

        #[test]
        fn any_bytes_are_read_or_refused(input in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Some(time) = iso_time(&input) {
                prop_assert!(time.length <= input.len());
            }
        }
    }
}
