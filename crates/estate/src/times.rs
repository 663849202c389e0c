//! Instants as people write them: RFC 3339, or a bare local time of a stated zone.

use chrono::{Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use model::time::Timestamp;

use crate::nearest::nearest;

/// How surely a text named one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalTime {
    /// It named exactly one.
    Certain(Timestamp),
    /// Clocks were turned back: it happened twice; this is the earlier one.
    Twice(Timestamp),
    /// Clocks were turned forward: it never happened; this is the first instant after the gap.
    Skipped(Timestamp),
}

impl LocalTime {
    /// The instant that is used.
    pub fn instant(self) -> Timestamp {
        match self {
            Self::Certain(at) | Self::Twice(at) | Self::Skipped(at) => at,
        }
    }
}

/// Forms of a bare local time; a bare date is the start of that day.
const FORMS: [&str; 4] =
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];

/// Longest step looked for behind a gap of the clock; no zone ever skipped more than a day.
const GAP_MINUTES_MAX: i64 = 25 * 60;

/// Reads RFC 3339, or a bare local date or time of `zone`. `None` when it is neither.
pub fn read_instant(text: &str, zone: Tz) -> Option<LocalTime> {
    if let Some(at) = Timestamp::from_rfc3339(text) {
        return Some(LocalTime::Certain(at));
    }
    let date = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let local = FORMS
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| Some(date()?.and_time(NaiveTime::MIN)))?;
    let stamp = |time: chrono::DateTime<Tz>| time.timestamp_nanos_opt().map(Timestamp::from_nanos);
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) => stamp(time).map(LocalTime::Certain),
        LocalResult::Ambiguous(one, other) => stamp(one.min(other)).map(LocalTime::Twice),
        LocalResult::None => {
            let whole = local.date().and_time(NaiveTime::MIN);
            let minutes = (local - whole).num_minutes();
            (minutes..=minutes + GAP_MINUTES_MAX)
                .find_map(|m| zone.from_local_datetime(&(whole + Duration::minutes(m))).earliest())
                .and_then(stamp)
                .map(LocalTime::Skipped)
        }
    }
}

/// What to say about a text that is no IANA zone.
pub(crate) fn unknown_zone(text: &str) -> String {
    let found = crate::csvpos::short(text);
    let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    match nearest(text, names) {
        Some(name) => format!("unknown time zone `{found}`: did you mean `{name}`?"),
        None => {
            format!("unknown time zone `{found}`: expected an IANA name such as `Europe/Berlin`")
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn read(text: &str, zone: &str) -> String {
        match read_instant(text, zone.parse().unwrap()) {
            None => "none".into(),
            Some(LocalTime::Certain(at)) => at.to_string(),
            Some(LocalTime::Twice(at)) => format!("twice {at}"),
            Some(LocalTime::Skipped(at)) => format!("skipped {at}"),
        }
    }

    #[test]
    fn local_times_take_their_zone() {
        let berlin = "Europe/Berlin";
        for (text, expected) in [
            ("2026-07-01T10:00:00Z", "2026-07-01T10:00:00Z"),
            ("2026-07-01T10:00:00+05:00", "2026-07-01T05:00:00Z"),
            ("2026-07-01T10:00:00", "2026-07-01T08:00:00Z"),
            ("2026-07-01 10:00", "2026-07-01T08:00:00Z"),
            ("2026-01-01", "2025-12-31T23:00:00Z"),
            ("2026-10-25T02:30", "twice 2026-10-25T00:30:00Z"),
            ("2026-03-29T02:30", "skipped 2026-03-29T01:00:00Z"),
            ("2026-03-29T02:00:59.5", "skipped 2026-03-29T01:00:00Z"),
            ("01.02.2026", "none"),
            ("2026-13-01", "none"),
            ("", "none"),
        ] {
            assert_eq!(read(text, berlin), expected, "{text}");
        }
        // A day that begins at one o'clock, and a day that never was.
        assert_eq!(read("2026-04-24", "Africa/Cairo"), "skipped 2026-04-23T22:00:00Z");
        assert_eq!(read("2011-12-30", "Pacific/Apia"), "skipped 2011-12-30T10:00:00Z");
    }
}
