//! In which hours of the week a group is wont to do something.

use std::collections::BTreeMap;
use std::time::Duration;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits::HOUR_WEEKS_MAX;

const WEEK: i64 = 7 * 86_400 * 1_000_000_000;
/// From Thursday 1 January 1970 back to the Monday before.
const MONDAY: i64 = 3 * 86_400 * 1_000_000_000;
/// Hours of a week.
const HOURS: u8 = 168;

/// One bit for each week in each hour of the week, the newest lowest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hours {
    week: i64,
    seen: BTreeMap<u8, u32>,
}

/// In how many of the weeks before this one something was done around an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    weeks: u32,
    of: u32,
}

impl Seen {
    pub(super) fn is_rare(self, rare: f64) -> bool {
        self.of > 0 && f64::from(self.weeks) <= rare * f64::from(self.of)
    }

    pub(super) fn in_words(self, hour: u8) -> String {
        const DAYS: [&str; 7] =
            ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let day = DAYS.get(usize::from(hour / 24)).unwrap_or(&"day");
        let Self { weeks, of } = self;
        format!("{day} {:02} h, give or take one, in {weeks} of {of} weeks", hour % 24)
    }
}

fn week_of(at: Timestamp) -> i64 {
    at.nanos().saturating_add(MONDAY).div_euclid(WEEK)
}

impl Hours {
    /// How often this hour of the week was seen in the weeks before, from a first instant on and
    /// within a time back. `None` where it was seen this week already: then it has been judged.
    pub(super) fn take(
        &mut self,
        hour: u8,
        now: Timestamp,
        (first, span): (Timestamp, Duration),
    ) -> Option<Seen> {
        self.turn(week_of(now));
        let is_new = around(hour).iter().all(|near| self.bits(*near) & 1 == 0);
        let seen = self.before(hour, now, (first, span));
        *self.seen.entry(hour).or_default() |= 1;
        is_new.then_some(seen)
    }

    pub(super) fn before(
        &self,
        hour: u8,
        now: Timestamp,
        (first, span): (Timestamp, Duration),
    ) -> Seen {
        let week = week_of(now);
        let asked = u32::try_from(span.as_nanos() / WEEK.unsigned_abs() as u128);
        let known = u32::try_from(week - week_of(first)).unwrap_or(0);
        let of = asked.unwrap_or(HOUR_WEEKS_MAX).min(known).min(HOUR_WEEKS_MAX - 1);
        // This week is under way and does not count.
        let mask = u32::MAX.checked_shr(32 - of).unwrap_or(0).checked_shl(1).unwrap_or(0);
        let shift = u32::try_from(week - self.week).unwrap_or(u32::MAX);
        let bits = around(hour).iter().fold(0, |bits, near| bits | self.bits(*near));
        let bits = bits.checked_shl(shift).unwrap_or(0);
        Seen { weeks: (bits & mask).count_ones(), of }
    }

    fn bits(&self, hour: u8) -> u32 {
        self.seen.get(&hour).copied().unwrap_or(0)
    }

    fn turn(&mut self, week: i64) {
        let weeks = week - self.week;
        if weeks <= 0 && !self.seen.is_empty() {
            return;
        }
        let weeks = u32::try_from(weeks).unwrap_or(u32::MAX);
        self.seen.retain(|_, bits| {
            *bits = bits.checked_shl(weeks).unwrap_or(0);
            *bits != 0
        });
        self.week = week;
    }
}

/// An hour of the week and the one on either side.
fn around(hour: u8) -> [u8; 3] {
    let hour = hour % HOURS;
    let before = hour.checked_sub(1).unwrap_or(HOURS - 1);
    [before, hour, (hour + 1) % HOURS]
}
