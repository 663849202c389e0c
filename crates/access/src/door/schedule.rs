//! Hours: weekly windows in a zone's own time, holidays, and the two odd nights of the year.
//!
//! A window is half-open, `[from, to)`. Its bounds are wall-clock minutes and mean the *first*
//! instant at which the clock of that day has reached them: where clocks are put back, the hour
//! that comes twice belongs to what held at the end of its first pass; where they are put forward,
//! bounds inside the missing hour mean the instant of the change. So windows that touch on paper
//! touch in time: no gap, no overlap, and nothing that has closed opens again.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeZone as _, Timelike as _};
use chrono_tz::Tz;
use model::{ScheduleId, Timestamp};
use serde::{Deserialize, Serialize};

/// Minutes of a day; the last bound of a window may be this.
pub const DAY_MINUTES: u16 = 1_440;
/// Most schedules of one snapshot.
pub const SCHEDULES_MAX: usize = 4_096;
/// Most windows of one schedule.
pub const WINDOWS_MAX: usize = 64;
/// Kinds of holidays, as panels count them.
pub const HOLIDAY_KINDS: u8 = 8;

/// Days of the week (Monday first) and kinds of holidays, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days(pub u16);

impl Days {
    /// Monday to Friday.
    pub const WORKING: Self = Self(0b1_1111);
    /// All seven.
    pub const WEEK: Self = Self(0b111_1111);

    /// The day of the week, 0 Monday to 6 Sunday.
    pub const fn weekday(day: u32) -> Self {
        Self(1 << (day % 7))
    }
    /// Holidays of a kind, 1 to 8.
    pub const fn holiday(kind: u8) -> Self {
        Self(1 << (7 + (kind - 1) % HOLIDAY_KINDS))
    }
    /// Both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Hours of certain days, half-open. `to` at or before `from` is on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// On these days it begins.
    pub days: Days,
    /// Minute of the day, 0 to 1439.
    pub from: u16,
    /// Minute of the day, 0 to 1440; not in the window any more.
    pub to: u16,
}

impl Window {
    /// Whether it runs past midnight.
    pub const fn is_overnight(self) -> bool {
        self.to <= self.from
    }
}

/// Hours of the week in one time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// The zone whose clock it goes by.
    #[serde(with = "time_zone")]
    pub time_zone: Tz,
    /// When it is open. On a holiday, only windows of that kind of holiday count.
    pub windows: Vec<Window>,
    /// Holidays with their kind, 1 to 8.
    pub holidays: BTreeMap<NaiveDate, u8>,
}

/// What is wrong with a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// More than a snapshot holds.
    #[error("more than {SCHEDULES_MAX} schedules")]
    TooMany,
    /// More than one of them holds.
    #[error("the schedule `{id}` has {found} windows, at most {WINDOWS_MAX} are held")]
    Windows {
        /// Which.
        id: ScheduleId,
        /// How many it has.
        found: usize,
    },
    /// A bound that no clock shows.
    #[error("the schedule `{id}` has a window from minute {from} to {to}; a day has 1440")]
    Minute {
        /// Which.
        id: ScheduleId,
        /// From.
        from: u16,
        /// To.
        to: u16,
    },
    /// A window of no day.
    #[error("the schedule `{id}` has a window on no day")]
    NoDay {
        /// Which.
        id: ScheduleId,
    },
    /// A kind of holiday that does not exist.
    #[error("the schedule `{id}` has a holiday of kind {kind}; there are 1 to {HOLIDAY_KINDS}")]
    Holiday {
        /// Which.
        id: ScheduleId,
        /// The kind.
        kind: u8,
    },
}

/// What a clock on the wall of a zone shows, and what its day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallClock {
    /// The date by which windows are judged.
    pub date: NaiveDate,
    /// The minute of that date, 0 to 1439.
    pub minute: u16,
}

impl WallClock {
    /// The day of the week, 1 Monday to 7 Sunday.
    pub fn weekday(self) -> i64 {
        i64::from(self.date.weekday().number_from_monday())
    }

    fn of(local: NaiveDateTime) -> Self {
        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
        Self { date: local.date(), minute }
    }

    /// What the clock of `zone` shows at an instant; in the second pass of an hour that comes
    /// twice, the last minute of the first.
    pub fn at(zone: Tz, now: Timestamp) -> Self {
        let local = now.to_chrono().with_timezone(&zone).naive_local();
        let first = zone.from_local_datetime(&local).earliest();
        match first.map(|first| first.timestamp_nanos_opt().unwrap_or(i64::MAX)) {
            Some(first) if first < now.nanos() => Self::before_fold(zone, first, now.nanos()),
            Some(_) | None => Self::of(local),
        }
    }

    /// The last minute before clocks were put back, which happened in `(first, second]`.
    fn before_fold(zone: Tz, first: i64, second: i64) -> Self {
        let local = |at: i64| DateTime::from_timestamp_nanos(at).with_timezone(&zone);
        let offset = |at: i64| local(at).naive_local() - local(at).naive_utc();
        let before = offset(first);
        let (mut before_at, mut after_at) = (first, second);
        // INVARIANT: the change lies in (before_at, after_at]; ends within a millisecond.
        while after_at - before_at > 1_000_000 {
            let middle = before_at + (after_at - before_at) / 2;
            if offset(middle) == before { before_at = middle } else { after_at = middle }
        }
        Self::of(local(before_at).naive_local())
    }
}

impl Schedule {
    /// Everything that is wrong with it.
    pub fn errors(&self) -> Vec<ScheduleError> {
        let id = || self.id.clone();
        let mut errors = Vec::new();
        if self.windows.len() > WINDOWS_MAX {
            errors.push(ScheduleError::Windows { id: id(), found: self.windows.len() });
        }
        for window in &self.windows {
            let Window { days, from, to } = *window;
            if from >= DAY_MINUTES || to > DAY_MINUTES {
                errors.push(ScheduleError::Minute { id: id(), from, to });
            }
            if days.0 == 0 || days.0 >> (7 + HOLIDAY_KINDS) != 0 {
                errors.push(ScheduleError::NoDay { id: id() });
            }
        }
        let wrong = |kind: &&u8| !(1..=HOLIDAY_KINDS).contains(*kind);
        for kind in self.holidays.values().filter(wrong) {
            errors.push(ScheduleError::Holiday { id: id(), kind: *kind });
        }
        errors
    }

    /// Whether it is open.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.is_open_at(WallClock::at(self.time_zone, now))
    }

    /// Whether it is open when its wall clock shows this.
    pub fn is_open_at(&self, wall: WallClock) -> bool {
        let today = self.day(wall.date);
        let yesterday = wall.date.pred_opt().map_or(Days(0), |date| self.day(date));
        self.windows.iter().any(|window| {
            let overnight = window.is_overnight();
            let begun = window.days.meets(today)
                && window.from <= wall.minute
                && (overnight || wall.minute < window.to);
            begun || (overnight && window.days.meets(yesterday) && wall.minute < window.to)
        })
    }

    /// Whether this is a holiday here.
    pub fn is_holiday(&self, date: NaiveDate) -> bool {
        self.holidays.contains_key(&date)
    }

    fn day(&self, date: NaiveDate) -> Days {
        match self.holidays.get(&date) {
            Some(kind) => Days::holiday((*kind).max(1)),
            None => Days::weekday(date.weekday().num_days_from_monday()),
        }
    }

    /// The next instant after `now`, within `within`, at which it opens or closes; to the minute.
    /// Used to set a timer rather than to ask every second.
    pub fn next_change(&self, now: Timestamp, within: Duration) -> Option<Timestamp> {
        let is = self.is_open(now);
        let minute = 60_000_000_000;
        let first = now.nanos() - now.nanos().rem_euclid(minute) + minute;
        let steps = within.as_secs() / 60;
        (0..=steps)
            .map(|step| Timestamp::from_nanos(first + i64::try_from(step).unwrap_or(0) * minute))
            .find(|at| self.is_open(*at) != is)
    }
}

/// All schedules of a snapshot.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    schedules: Vec<Schedule>,
    by_id: HashMap<ScheduleId, usize>,
}

impl Calendar {
    /// Of these schedules, of two with one id the later; else everything that is wrong with them.
    pub fn new(schedules: impl IntoIterator<Item = Schedule>) -> Result<Self, Vec<ScheduleError>> {
        let mut calendar = Self::default();
        let mut errors = Vec::new();
        for schedule in schedules {
            errors.extend(calendar.put(schedule).err().into_iter().flatten());
        }
        if errors.is_empty() { Ok(calendar) } else { Err(errors) }
    }

    /// Adds or replaces one; else everything that is wrong with it, and nothing has changed.
    pub fn put(&mut self, schedule: Schedule) -> Result<(), Vec<ScheduleError>> {
        let mut errors = schedule.errors();
        let known = self.by_id.get(&schedule.id).copied();
        if known.is_none() && self.schedules.len() >= SCHEDULES_MAX {
            errors.push(ScheduleError::TooMany);
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        match known.and_then(|at| self.schedules.get_mut(at)) {
            Some(old) => *old = schedule,
            None => {
                self.by_id.insert(schedule.id.clone(), self.schedules.len());
                self.schedules.push(schedule);
            }
        }
        Ok(())
    }

    /// One of them.
    pub fn get(&self, id: &ScheduleId) -> Option<&Schedule> {
        self.schedules.get(*self.by_id.get(id)?)
    }

    /// Whether it is open; one that does not exist never is.
    pub fn is_open(&self, id: &ScheduleId, now: Timestamp) -> bool {
        self.get(id).is_some_and(|schedule| schedule.is_open(now))
    }

    /// All, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Schedule> {
        self.schedules.iter()
    }
}

/// A time zone by its name in the IANA's list.
pub(crate) mod time_zone {
    use chrono_tz::Tz;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(zone: &Tz, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(zone.name())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Tz, D::Error> {
        let name = String::deserialize(from)?;
        name.parse().map_err(|_| serde::de::Error::custom(format!("`{name}` is no time zone")))
    }
}
