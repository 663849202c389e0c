//! A virtual organisation: people who come, work and leave, told in the words of the products that
//! would have seen it.
//!
//! Owns the demo organisation and its timetable. Never opens a socket, reads a clock or judges
//! anything: bytes in the vendors' formats come out, each with the instant at which to send it.

mod chance;
pub mod demo;
mod diary;
pub mod files;
pub mod impair;
mod paths;
mod plan;
pub mod portrait;
pub mod readers;
mod record;
mod roster;
mod script;
mod story;
mod wire;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use model::{Organisation, Timestamp};

use diary::Diary;
pub use record::{Channel, Framing, WireRecord};
use roster::Roster;
pub use script::{Expect, Script, ScriptError, Story};
use story::Silence;

/// Most planned days kept at once; a window over more is planned again.
const DAYS_KEPT_MAX: usize = 4;
/// A planned day's records end at most so long after its local midnight: a night shift, its way
/// home, and an hour for clocks that change.
const DAY_S_MAX: i64 = (24 + 8) * 3_600;

/// A virtual organisation from one instant on.
///
/// The same seed, organisation, script and start give the same bytes, however the time is sliced.
pub struct Sim {
    roster: Roster,
    script: Script,
    seed: u64,
    start: Timestamp,
    /// People live so many seconds ahead of the clock: see the timetable's opening.
    ahead_s: i64,
    days: BTreeMap<NaiveDate, Vec<WireRecord>>,
    opening: Vec<WireRecord>,
    silences: Vec<Silence>,
}

impl Sim {
    /// Sets the scene. Whoever is at work at `start` badges in within the first seconds, as of some
    /// minutes earlier, so that where people are is known from the beginning; then the script's
    /// stories run beside ordinary life.
    ///
    /// Fails when the script names what the organisation does not have.
    pub fn new(
        seed: u64,
        organisation: &Organisation,
        script: Script,
        start: Timestamp,
    ) -> Result<Self, ScriptError> {
        let roster = Roster::new(organisation, &script)?;
        let ahead_s = script.opening.as_ref().map_or(0, |opening| {
            let zone = roster.zone_of_site(&opening.site);
            plan::seconds(start, plan::next(opening.day, opening.time, zone, start))
        });
        let mut sim = Self {
            roster,
            script,
            seed,
            start,
            ahead_s,
            days: BTreeMap::new(),
            opening: Vec::new(),
            silences: Vec::new(),
        };
        let mut opening = sim.diary().arrivals();
        let is_alone = sim.script.stories.len() == 1;
        for story in &sim.script.stories {
            let begins = if is_alone { start } else { start.plus(story.begins) };
            opening.extend(story::records(story, &sim.roster, (start, begins))?);
            sim.silences.extend(story::silences(story, begins));
        }
        record::sort(&mut opening);
        sim.opening = opening;
        Ok(sim)
    }

    /// What is sent from `from` on and before `to`, in the order of sending; nothing before the
    /// start.
    pub fn events_between(&mut self, from: Timestamp, to: Timestamp) -> Vec<WireRecord> {
        let from = from.max(self.start);
        if to <= from {
            return Vec::new();
        }
        let date = |at, by| plan::later(at, self.ahead_s + by).to_chrono().date_naive();
        let (west_s, east_s) = self.roster.offsets_at(from);
        let (first, last) = (date(from, west_s - DAY_S_MAX), date(to, east_s + 3_600));
        let mut out = within(&self.opening, from, to).to_vec();
        for day in first.iter_days().take_while(|day| *day <= last) {
            if !self.days.contains_key(&day) {
                let planned = self.diary().day(day);
                self.days.insert(day, planned);
            }
            let planned = self.days.get(&day).map(Vec::as_slice).unwrap_or_default();
            out.extend_from_slice(within(planned, from, to));
            while self.days.len() > DAYS_KEPT_MAX {
                self.days.pop_first();
            }
        }
        if !self.silences.is_empty() {
            out.retain(|record| !self.silences.iter().any(|silence| silence.hides(record)));
        }
        record::sort(&mut out);
        out
    }

    /// The stories that run.
    pub fn stories(&self) -> &[Story] {
        &self.script.stories
    }

    fn diary(&self) -> Diary<'_> {
        let Self { roster, script, seed, start, ahead_s, .. } = self;
        Diary { roster, pace: &script.pace, seed: *seed, start: *start, ahead_s: *ahead_s }
    }
}

/// The part of a sorted list that is sent within a window.
fn within(records: &[WireRecord], from: Timestamp, to: Timestamp) -> &[WireRecord] {
    let begin = records.partition_point(|record| record.at < from);
    let end = records.partition_point(|record| record.at < to);
    records.get(begin..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
