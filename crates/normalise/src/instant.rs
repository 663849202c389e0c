//! From written times to instants. The zone of a bare local time and the year of a stamp without
//! one come from the source and the receipt; no clock is read.

use chrono::{Datelike, Duration, LocalResult, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use codec::civil::{self, LocalTime};
use codec::syslog::{BsdTime, SyslogTime};
use model::Timestamp;

/// A stamp without year may lie this much after its receipt before it is taken for last year's.
const AHEAD_MAX_S: i64 = 86_400;

/// A local reading in its zone. An hour that the zone skips is read as if it had not been skipped;
/// an hour that it repeats is its first pass. `None` outside the years 1678 to 2261.
pub(crate) fn of_local(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    let at = match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => at,
        LocalResult::Ambiguous(first, _) => first,
        LocalResult::None => {
            let hour = Duration::hours(1);
            zone.from_local_datetime(&(local.checked_add_signed(hour)?)).earliest()? - hour
        }
    };
    at.timestamp_nanos_opt().map(Timestamp::from_nanos)
}

fn of_civil(local: LocalTime, zone: Tz) -> Option<Timestamp> {
    if zone == Tz::UTC {
        return local.unix_ns(0).map(Timestamp::from_nanos);
    }
    // A leap second is read as the second before it.
    let second = u32::from(local.second).min(59);
    let date = NaiveDate::from_ymd_opt(local.year, local.month.into(), local.day.into())?;
    let naive =
        date.and_hms_nano_opt(local.hour.into(), local.minute.into(), second, local.nanos)?;
    of_local(naive, zone)
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970; the magnitude tells which.
pub(crate) fn of_epoch(number: i128) -> Option<Timestamp> {
    let scale = match number.unsigned_abs() {
        0..=99_999_999_999 => 1_000_000_000,
        100_000_000_000..=99_999_999_999_999 => 1_000_000,
        100_000_000_000_000..=99_999_999_999_999_999 => 1_000,
        _ => 1,
    };
    i64::try_from(number.checked_mul(scale)?).ok().map(Timestamp::from_nanos)
}

/// ISO 8601 text with or without zone, or a decimal number of seconds since 1970 and its finer
/// kin. `None` when it is neither.
pub(crate) fn of_text(text: &str, zone: Tz) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(iso) = civil::iso_time(text.as_bytes()) {
        if iso.length != text.len() {
            return None;
        }
        return match iso.unix_ns() {
            Some(nanos) => Some(Timestamp::from_nanos(nanos)),
            None => of_civil(iso.local, zone),
        };
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let base = of_epoch(whole.parse::<i64>().ok()?.into())?;
    let mut nanos = 0_i64;
    let mut unit = 100_000_000_i64;
    for digit in fraction.bytes().take(9) {
        nanos += i64::from(digit - b'0') * unit;
        unit /= 10;
    }
    Some(Timestamp::from_nanos(base.nanos().saturating_add(nanos)))
}

/// By a format of chrono's strftime, or `epoch` for numbers. Without a zone in it the source's is
/// taken.
pub(crate) fn of_format(text: &str, format: &str, zone: Tz) -> Option<Timestamp> {
    if format == "epoch" {
        return of_text(text, zone);
    }
    let has_zone = ["%z", "%:z", "%#z", "%+"].iter().any(|mark| format.contains(mark));
    if has_zone {
        let at = chrono::DateTime::parse_from_str(text, format).ok()?;
        return at.timestamp_nanos_opt().map(Timestamp::from_nanos);
    }
    of_local(NaiveDateTime::parse_from_str(text, format).ok()?, zone)
}

/// A syslog stamp; one without year gets the latest that is at most a day after its receipt.
pub(crate) fn of_syslog(time: SyslogTime, received_at: Timestamp, zone: Tz) -> Option<Timestamp> {
    let stamp = match time {
        SyslogTime::Rfc3339 { unix_ns } => return Some(Timestamp::from_nanos(unix_ns)),
        SyslogTime::Bsd(stamp) => stamp,
    };
    let year = received_at.to_chrono().with_timezone(&zone).year();
    if stamp.year.is_some() {
        return in_year(&stamp, year, zone);
    }
    let latest = received_at.nanos().saturating_add(AHEAD_MAX_S * 1_000_000_000);
    // 29 February exists every fourth year, eight apart around 1900 and 2100.
    (0..=9)
        .filter_map(|back| in_year(&stamp, year + 1 - back, zone))
        .find(|at| at.nanos() <= latest)
}

fn in_year(stamp: &BsdTime, year: i32, zone: Tz) -> Option<Timestamp> {
    let local = stamp.local(year);
    if local.is_valid() { of_civil(local, zone) } else { None }
}
