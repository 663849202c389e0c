//! One person's day: where they are from when to when.

use chrono::{NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;
use model::{PlaceId, Timestamp};

use crate::chance::Chance;
use crate::roster::Job;
use crate::script::{Pace, Span};

/// From `at` on somebody is in `zone`, having set out at that instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Move {
    pub at: Timestamp,
    pub from: PlaceId,
    pub to: PlaceId,
}

/// How a day is spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Day {
    /// Not at all for us.
    Off,
    /// From home, through the tunnel.
    Home { from: Timestamp, to: Timestamp },
    /// At the workplace: moves in order of time, the first one in, the last one out.
    There(Vec<Move>),
}

impl Day {
    /// The same day so many seconds later, or earlier when negative.
    pub(crate) fn moved(self, by: i64) -> Self {
        match self {
            Self::Off => Self::Off,
            Self::Home { from, to } => Self::Home { from: later(from, by), to: later(to, by) },
            Self::There(mut moves) => {
                for one in &mut moves {
                    one.at = later(one.at, by);
                }
                Self::There(moves)
            }
        }
    }
}

/// The next instant at which it is that local day and time.
pub(crate) fn next(day: chrono::Weekday, time: NaiveTime, zone: Tz, from: Timestamp) -> Timestamp {
    let today = from.to_chrono().with_timezone(&zone).date_naive();
    let found = today
        .iter_days()
        .take(9)
        .filter(|date| chrono::Datelike::weekday(date) == day)
        .map(|date| at(date, time, zone))
        .find(|instant| *instant >= from);
    found.unwrap_or(from)
}

/// Least time between two moves: walking, and every clock's error, fit in.
const REST_S: i64 = 240;

/// What one person does on one local date. The same seed gives the same day.
pub(crate) fn day(job: &Job, pace: &Pace, date: NaiveDate, zone: Tz, seed: u64) -> Day {
    let mut chance = Chance::of(seed, &["day", &job.member.id, &date.to_string()]);
    let shift = &job.shift;
    if !shift.days.contains(&chrono::Datelike::weekday(&date))
        || chance.percent(shift.absent_percent)
    {
        return Day::Off;
    }
    let arrive = at(date, pick(shift.arrive, &mut chance), zone);
    let mut after = |span: Span| {
        let time = pick(span, &mut chance);
        let same_day = at(date, time, zone);
        let tomorrow = date.succ_opt().unwrap_or(date);
        if same_day > arrive { same_day } else { at(tomorrow, time, zone) }
    };
    let (pause, leave) = (shift.pause.map(&mut after), after(shift.leave));
    let is_home_day = shift.home_days.contains(&chrono::Datelike::weekday(&date));
    let is_at_home = chance.percent(shift.at_home_percent) || is_home_day;
    if job.member.desk.is_some() && is_at_home {
        return Day::Home { from: arrive, to: leave };
    }
    let come = |at| Move { at, from: job.outside.clone(), to: job.zone.clone() };
    let go = |at| Move { at, from: job.zone.clone(), to: job.outside.clone() };
    let mut moves = vec![come(arrive), go(leave)];
    if let Some(pause) = pause {
        let back = later(pause, shift.pause_minutes * 60 + chance.between(-300, 300));
        moves.extend([go(pause), come(back)]);
    }
    for _ in 0..pace.visits_per_day {
        visit(job, pace, &mut chance, &mut moves);
    }
    moves.sort_by_key(|one| one.at);
    Day::There(moves)
}

/// Adds a visit elsewhere and the way back, if it fits into a stretch at the workplace.
fn visit(job: &Job, pace: &Pace, chance: &mut Chance, moves: &mut Vec<Move>) {
    let Some(to) = chance.pick(&job.visits).cloned() else {
        return;
    };
    let [least, most] = pace.visit_minutes;
    let length = chance.between(least * 60, most * 60);
    moves.sort_by_key(|one| one.at);
    let stretches: Vec<(Timestamp, i64)> = moves
        .iter()
        .zip(moves.iter().skip(1))
        .filter(|(here, _)| here.to == job.zone)
        .map(|(here, next)| (here.at, seconds(here.at, next.at) - length - 2 * REST_S))
        .filter(|(_, room)| *room > REST_S)
        .collect();
    let Some((from, room)) = chance.pick(&stretches) else {
        return;
    };
    let out = later(*from, REST_S + chance.between(0, *room - REST_S));
    let back = later(out, length);
    moves.push(Move { at: out, from: job.zone.clone(), to: to.clone() });
    moves.push(Move { at: back, from: to, to: job.zone.clone() });
}

fn pick(span: Span, chance: &mut Chance) -> NaiveTime {
    let width = (span.to - span.from).num_seconds();
    span.from + chrono::Duration::seconds(chance.between(0, width))
}

/// A local time as an instant; in the hour that the clocks skip, the hour after.
fn at(date: NaiveDate, time: NaiveTime, zone: Tz) -> Timestamp {
    let local = date.and_time(time);
    let found = zone.from_local_datetime(&local).earliest();
    let moved = || zone.from_local_datetime(&(local + chrono::Duration::hours(1))).earliest();
    let nanos = found.or_else(moved).and_then(|at| at.timestamp_nanos_opt());
    Timestamp::from_nanos(nanos.unwrap_or_default())
}

/// `by` seconds later, or earlier when negative.
pub(crate) fn later(at: Timestamp, by: i64) -> Timestamp {
    Timestamp::from_nanos(at.nanos().saturating_add(by.saturating_mul(1_000_000_000)))
}

/// Whole seconds between; negative when `to` is earlier.
pub(crate) fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.nanos().saturating_sub(from.nanos()) / 1_000_000_000
}
