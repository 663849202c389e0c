//! The clock of a controller: local time of a zone that no message names. Its cards' days and its
//! events' times go by it.

use std::time::Duration;

use chrono::{DateTime as Instant, Datelike as _, NaiveDate, NaiveDateTime, Timelike as _};
use chrono_tz::Tz;
use codec::uhppote::{Body, DateTime, Request, Status};
use model::Timestamp;

use super::doors::Line;

/// By how much it may be off before it is set.
pub const OFF_MAX: Duration = Duration::from_secs(10);
/// By how much it may be off when it is read back.
const READ_BACK_MAX: i64 = 5;
/// How long until it is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What is known of a controller's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockTold {
    /// By how much it was ahead when it was last seen, in seconds; none: it showed no time.
    pub ahead_s: Option<i64>,
    /// How often it was set since the server started.
    pub sets: u64,
    /// How often that was tried, and it did not show the time afterwards.
    pub failed: u64,
}

/// A controller's clock.
#[derive(Debug, Default)]
pub struct BoardClock {
    told: ClockTold,
    next_try: Option<Timestamp>,
}

impl BoardClock {
    /// What is known of it.
    pub fn told(&self) -> ClockTold {
        self.told
    }

    /// Looks at the time that a state shows, and sets it where it is off.
    pub async fn look(&mut self, line: &Line, status: &Status, (zone, now): (Tz, Timestamp)) {
        self.told.ahead_s = ahead(status.system_time, zone, now);
        let bound = i64::try_from(OFF_MAX.as_secs()).unwrap_or(i64::MAX);
        let is_off = self.told.ahead_s.is_none_or(|ahead| ahead.abs() > bound);
        if !is_off || self.next_try.is_some_and(|at| now < at) {
            return;
        }
        self.next_try = Some(now.plus(AGAIN_AFTER));
        let (controller, found) = (line.serial, self.told.ahead_s);
        let Some(time) = local(zone, now) else { return };
        if line.ask(Request::SetTime(time)).await.is_none() {
            self.told.failed += 1;
            return;
        }
        let read = match line.ask(Request::GetTime).await {
            Some(Body::Time(read)) => ahead(read, zone, now),
            _ => None,
        };
        if read.is_some_and(|ahead| ahead.abs() <= READ_BACK_MAX) {
            self.told.sets += 1;
            self.told.ahead_s = read;
            tracing::info!(controller, ahead_s = found, "the controller's clock was set");
        } else {
            self.told.failed += 1;
            tracing::warn!(controller, ahead_s = found, "the controller's clock cannot be set");
        }
    }
}

/// What a clock of a zone shows at an instant.
fn local(zone: Tz, now: Timestamp) -> Option<DateTime> {
    let shown: Instant<Tz> = now.to_chrono().with_timezone(&zone);
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    let time = [shown.hour(), shown.minute(), shown.second()].map(small);
    DateTime::new(shown.year(), small(shown.month()), small(shown.day()), time)
}

/// By how many seconds a reading is ahead of the time of a zone.
fn ahead(read: Option<DateTime>, zone: Tz, now: Timestamp) -> Option<i64> {
    let naive = |DateTime(local): DateTime| -> Option<NaiveDateTime> {
        let date = NaiveDate::from_ymd_opt(local.year, local.month.into(), local.day.into())?;
        date.and_hms_opt(local.hour.into(), local.minute.into(), local.second.into())
    };
    let shown = naive(local(zone, now)?)?;
    Some((naive(read?)? - shown).num_seconds())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn a_clock_goes_by_the_time_of_its_zone_in_summer_and_in_winter() {
        let zone: Tz = "Europe/Amsterdam".parse().unwrap();
        let at = |text: &str| Timestamp::from_rfc3339(text).unwrap();
        let shows = |text: &str| local(zone, at(text)).unwrap().to_string();
        assert_eq!(shows("2026-11-22T10:00:05Z"), "2026-11-22T11:00:05");
        assert_eq!(shows("2026-07-22T23:30:00Z"), "2026-07-23T01:30:00");
        let read = DateTime::new(2026, 10, 25, [2, 59, 59]);
        // It still shows summer time a second after the clocks were put back.
        assert_eq!(ahead(read, zone, at("2026-10-25T01:00:00Z")), Some(3_599));
        assert_eq!(ahead(None, zone, at("2026-10-25T01:00:00Z")), None);
    }
}
