//! Hours, holidays and the two odd nights of the year.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

#[path = "common/cases.rs"]
mod cases;

use std::collections::BTreeMap;

use access::door::{Calendar, Days, Schedule, WallClock, Window};
use chrono::{Datelike as _, LocalResult, NaiveDate, NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;
use model::{ScheduleId, Timestamp};
use proptest::prelude::*;

fn day(text: &str) -> Days {
    text.split(',').fold(Days(0), |days, word| {
        days.and(match word {
            "mon" => Days::weekday(0),
            "tue" => Days::weekday(1),
            "wed" => Days::weekday(2),
            "thu" => Days::weekday(3),
            "fri" => Days::weekday(4),
            "sat" => Days::weekday(5),
            "sun" => Days::weekday(6),
            "work" => Days::WORKING,
            "week" => Days::WEEK,
            "h1" => Days::holiday(1),
            "h2" => Days::holiday(2),
            other => panic!("{other}"),
        })
    })
}

fn minute(text: &str) -> u16 {
    let (hour, minute) = text.split_once(':').unwrap();
    hour.parse::<u16>().unwrap() * 60 + minute.parse::<u16>().unwrap()
}

/// `fri,sat 22:00-06:00; h1 10:00-12:00`.
fn schedule(zone: &str, windows: &str) -> Schedule {
    let windows = windows.split("; ").map(|window| {
        let (days, hours) = window.split_once(' ').unwrap();
        let (from, to) = hours.split_once('-').unwrap();
        Window { days: day(days), from: minute(from), to: minute(to) }
    });
    let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
    Schedule {
        id: ScheduleId::parse("s").unwrap(),
        time_zone: zone.parse().unwrap(),
        windows: windows.collect(),
        holidays: BTreeMap::from([(date(2026, 12, 25), 1), (date(2026, 12, 28), 2)]),
    }
}

#[test]
fn a_table_of_hours() {
    // zone | windows | instant | open?
    let table = "
Europe/Zurich    | work 07:00-19:00             | 2026-11-23T05:59:59Z | no   Monday 06:59:59
Europe/Zurich    | work 07:00-19:00             | 2026-11-23T06:00:00Z | yes  Monday 07:00
Europe/Zurich    | work 07:00-19:00             | 2026-11-23T17:59:59Z | yes
Europe/Zurich    | work 07:00-19:00             | 2026-11-23T18:00:00Z | no   the end is not in it
Europe/Zurich    | work 07:00-19:00             | 2026-07-01T05:00:00Z | yes  summer: two hours ahead
Europe/Zurich    | work 07:00-19:00             | 2026-11-28T09:00:00Z | no   Saturday
Europe/Zurich    | sun 00:00-24:00              | 2026-11-21T23:00:00Z | yes  Sunday 00:00 in Zurich
Europe/Zurich    | sun 00:00-24:00              | 2026-11-22T22:59:59Z | yes
Europe/Zurich    | sun 00:00-24:00              | 2026-11-22T23:00:00Z | no   Monday 00:00
Europe/Zurich    | fri 22:00-06:00              | 2026-11-27T21:00:00Z | yes  Friday 22:00
Europe/Zurich    | fri 22:00-06:00              | 2026-11-28T04:59:59Z | yes  Saturday 05:59:59
Europe/Zurich    | fri 22:00-06:00              | 2026-11-28T05:00:00Z | no
Europe/Zurich    | fri 22:00-06:00              | 2026-11-26T23:00:00Z | no   Friday 00:00: not of Thursday
Europe/Zurich    | sun 22:00-06:00              | 2026-11-23T04:00:00Z | yes  over the week's end
Europe/Zurich    | week 00:00-00:00             | 2026-11-23T12:00:00Z | yes  all day and night
Europe/Zurich    | work 07:00-19:00             | 2026-12-25T09:00:00Z | no   Christmas, a Friday
Europe/Zurich    | work 07:00-19:00; h1 10:00-12:00 | 2026-12-25T09:30:00Z | yes  its own window
Europe/Zurich    | work 07:00-19:00; h1 10:00-12:00 | 2026-12-28T09:30:00Z | no   another kind of holiday
Europe/Zurich    | work,h2 07:00-19:00          | 2026-12-28T09:30:00Z | yes
Europe/Zurich    | thu 22:00-06:00              | 2026-12-25T03:00:00Z | yes  begun the day before the holiday
Europe/Zurich    | fri 22:00-06:00              | 2026-12-26T03:00:00Z | no   would have begun on it
Europe/Zurich    | h1 22:00-06:00               | 2026-12-26T03:00:00Z | yes  begins on it
Europe/Zurich    | sun 02:30-04:00              | 2026-03-29T00:59:59Z | no   01:59:59, before the clocks go forward
Europe/Zurich    | sun 02:30-04:00              | 2026-03-29T01:00:00Z | yes  03:00 at once: 02:30 has been passed
Europe/Zurich    | sun 02:30-04:00              | 2026-03-29T02:00:00Z | no   04:00
Europe/Zurich    | sun 02:00-03:00              | 2026-03-29T01:00:00Z | no   an hour that does not come
Europe/Zurich    | sun 01:00-02:30              | 2026-03-29T00:59:59Z | yes
Europe/Zurich    | sun 01:00-02:30              | 2026-03-29T01:00:00Z | no
Europe/Zurich    | sun 01:00-02:30              | 2026-10-25T00:29:59Z | yes  02:29:59, first pass
Europe/Zurich    | sun 01:00-02:30              | 2026-10-25T00:30:00Z | no   02:30, first pass
Europe/Zurich    | sun 01:00-02:30              | 2026-10-25T01:00:00Z | no   02:00 again: what has closed stays closed
Europe/Zurich    | sun 02:30-06:00              | 2026-10-25T00:30:00Z | yes  02:30, first pass
Europe/Zurich    | sun 02:30-06:00              | 2026-10-25T01:00:00Z | yes  02:00 again
Europe/Zurich    | sun 02:00-02:30              | 2026-10-25T01:10:00Z | no
Europe/Zurich    | sun 02:00-03:00              | 2026-10-25T01:59:59Z | yes  both passes
Europe/Zurich    | sun 02:00-03:00              | 2026-10-25T02:00:00Z | no   03:00
Australia/Lord_Howe | sun 01:30-01:45           | 2026-04-04T14:40:00Z | yes  01:40, first pass
Australia/Lord_Howe | sun 01:30-01:45           | 2026-04-04T15:10:00Z | no   01:40 again
America/Santiago | sat 23:30-24:00              | 2026-04-05T02:45:00Z | yes  23:45 on Saturday, first pass
America/Santiago | sat 23:00-23:30              | 2026-04-05T03:15:00Z | no   23:15 again
America/Santiago | sun 00:00-01:00              | 2026-09-06T04:00:00Z | no   01:00: midnight did not come
America/Santiago | sun 00:00-02:00              | 2026-09-06T04:00:00Z | yes
Pacific/Apia     | fri 22:00-06:00              | 2011-12-30T10:00:00Z | yes  Saturday 00:00: that Friday did not come
Asia/Kathmandu   | mon 00:00-00:15              | 2026-11-22T18:20:00Z | yes  a quarter of an hour off
";
    for row in table.lines().filter(|row| !row.is_empty()) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let schedule = schedule(cells[0], cells[1]);
        let now = Timestamp::from_rfc3339(cells[2]).unwrap();
        let expected = cells[3].starts_with("yes");
        assert_eq!(
            schedule.is_open(now),
            expected,
            "{row}\n{:?}",
            WallClock::at(schedule.time_zone, now)
        );
    }
}

#[test]
fn the_next_change_is_found() {
    let hours = schedule("Europe/Zurich", "work 07:00-19:00");
    let friday = Timestamp::from_rfc3339("2026-11-27T12:34:56Z").unwrap();
    let week = std::time::Duration::from_secs(7 * 86_400);
    let closes = hours.next_change(friday, week).unwrap();
    assert_eq!(closes.to_string(), "2026-11-27T18:00:00Z");
    assert_eq!(hours.next_change(closes, week).unwrap().to_string(), "2026-11-30T06:00:00Z");
    let never = schedule("UTC", "week 00:00-00:00");
    assert_eq!(never.next_change(friday, week), None);
}

#[test]
fn what_no_clock_shows_does_not_load() {
    let mut bad = schedule("UTC", "mon 07:00-19:00");
    bad.windows.push(Window { days: Days(0), from: 1_440, to: 1_441 });
    bad.holidays.insert(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(), 9);
    let errors: Vec<String> =
        Calendar::new([bad]).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "the schedule `s` has a window from minute 1440 to 1441; a day has 1440",
            "the schedule `s` has a window on no day",
            "the schedule `s` has a holiday of kind 9; there are 1 to 8",
        ]
    );
}

/// The first instant at which a clock of this day has reached this minute.
fn first_instant(zone: Tz, date: NaiveDate, minute: i64) -> i64 {
    let local: NaiveDateTime =
        date.and_hms_opt(0, 0, 0).unwrap() + chrono::Duration::minutes(minute);
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => at.timestamp(),
        LocalResult::Ambiguous(first, second) => first.timestamp().min(second.timestamp()),
        // The missing hour: the instant of the change, found by stepping to the next minute.
        LocalResult::None => first_instant(zone, date, minute + 1),
    }
}

proptest! {
    #![proptest_config(cases::cases(400))]

    /// What is open is exactly `[first instant of from, first instant of to)` of some day.
    #[test]
    fn a_window_is_an_interval_of_instants(
        zone in prop::sample::select(vec![
            "Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "America/Santiago",
            "Africa/Cairo", "UTC", "Asia/Tehran",
        ]),
        from in 0_u16..1_440,
        to in 0_u16..=1_440,
        days in 1_u16..128,
        near in prop::sample::select(vec![
            "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-03-08T07:00:00Z",
            "2026-11-01T06:00:00Z", "2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z",
            "2026-04-05T03:00:00Z", "2026-09-06T04:00:00Z", "2026-04-23T22:00:00Z",
            "2026-10-29T21:00:00Z", "2026-06-15T12:00:00Z",
        ]),
        off in -100_000_i64..100_000,
    ) {
        let zone: Tz = zone.parse().unwrap();
        let now = Timestamp::from_rfc3339(near).unwrap().nanos() / 1_000_000_000 + off;
        let window = Window { days: Days(days), from, to };
        let schedule = Schedule {
            id: ScheduleId::parse("s").unwrap(),
            time_zone: zone,
            windows: vec![window],
            holidays: BTreeMap::new(),
        };
        let around = Timestamp::from_secs(now).to_chrono().with_timezone(&zone).date_naive();
        let expected = (-3..=2).any(|shift| {
            let date = around + chrono::Duration::days(shift);
            let begins = Days::weekday(date.weekday().num_days_from_monday());
            let end = i64::from(to) + if window.is_overnight() { 1_440 } else { 0 };
            days & begins.0 != 0
                && first_instant(zone, date, i64::from(from)) <= now
                && now < first_instant(zone, date, end)
        });
        prop_assert_eq!(schedule.is_open(Timestamp::from_secs(now)), expected);
    }
}
