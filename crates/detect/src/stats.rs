//! What detection counts, so that nothing it cannot say stays silent.

use std::collections::{BTreeMap, BTreeSet};

use model::enrichment::{PassageView, Unresolved};
use model::spine::Passage;
use model::{Organisation, PlaceId, RuleId};
use serde::{Deserialize, Serialize};

use crate::limits::{DOOR_GRANTS_LEAST, UNDECIDED_REASONS_MAX};

/// How often a rule could not be decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UndecidedStat {
    /// How often.
    pub count: u64,
    /// Why, the silent source among it; at most `UNDECIDED_REASONS_MAX`.
    pub reasons: BTreeSet<String>,
}

/// What was heard of one door. At most as many as the organisation has, of all its releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DoorStat {
    /// Grants.
    pub granted: u64,
    /// How often it was said whether somebody went through.
    pub told: u64,
}

/// Counters since the detector was made or restored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DetectStats {
    /// Events judged.
    pub events: u64,
    /// Rule matches, undecided ones apart.
    pub matches: u64,
    /// How often an identifier of a kind was one that nobody in the spine answers to. Which they
    /// were stands in the enrichment of each event.
    pub unresolved: BTreeMap<String, u64>,
    /// Rules that could not be decided.
    pub undecided: BTreeMap<RuleId, UndecidedStat>,
    /// Matches that an exception kept from being said, by exception.
    #[serde(default)]
    pub excepted: BTreeMap<String, u64>,
    /// What was heard of each door: grants, and whether somebody went through.
    #[serde(default)]
    pub doors: BTreeMap<PlaceId, DoorStat>,
    /// Events later than their source's bound: kept out of correlations, judged alone.
    pub late: u64,
    /// Matches of a correlation that lack a key to group by.
    pub ungrouped: u64,
    /// Matches of a correlation that lack the number or value it counts.
    #[serde(default)]
    pub valueless: u64,
    /// Witnesses that depend on what they would contradict: kept out of their correlation.
    #[serde(default)]
    pub dependent: u64,

    /// Pending events judged before their time because `PENDING_MAX` was reached.
    pub evicted_pending: u64,
    /// Groups closed before their time because `GROUPS_MAX` was reached.
    pub evicted_groups: u64,
    /// Events pushed out of a full window.
    pub evicted_window: u64,
    /// Sightings pushed out of a full timeline, and people forgotten.
    pub evicted_presence: u64,
    /// Fire signals forgotten because `FIRE_SIGNALS_MAX` was reached.
    #[serde(default)]
    pub evicted_fires: u64,
    /// Sightings refused because anyone could have sent them.
    pub untrusted_sightings: u64,
    /// Passages, travellers, ways and clocks forgotten, or not learned from, for want of room.
    #[serde(default)]
    pub evicted_ways: u64,
    /// Habits forgotten because `HABITS_MAX` was reached.
    #[serde(default)]
    pub evicted_habits: u64,
    /// Ways whose travel time is known or being learned, of `TRAVEL_PAIRS_MAX`.
    #[serde(default)]
    pub ways: u64,
    /// Groups whose habits are kept, of `HABITS_MAX`.
    #[serde(default)]
    pub habits: u64,
    /// Now waiting for the watermark, of `PENDING_MAX`.
    pub pending: u64,
    /// Groups now open, of `GROUPS_MAX`.
    pub groups: u64,
    /// People whose whereabouts are kept, of `PEOPLE_WATCHED_MAX`.
    pub people: u64,
}

impl DetectStats {
    pub(crate) fn unresolved(&mut self, missed: &[Unresolved]) {
        for one in missed {
            match self.unresolved.get_mut(&one.kind) {
                Some(count) => *count += 1,
                None => drop(self.unresolved.insert(one.kind.clone(), 1)),
            }
        }
    }

    pub(crate) fn at_door(&mut self, door: Option<&PlaceId>, passage: PassageView) {
        let Some(door) = door else { return };
        if !self.doors.contains_key(door) {
            self.doors.insert(door.clone(), DoorStat::default());
        }
        let Some(stat) = self.doors.get_mut(door) else { return };
        match passage {
            PassageView::Granted | PassageView::Assumed => stat.granted += 1,
            PassageView::Taken | PassageView::NotTaken => stat.told += 1,
        }
    }

    /// Doors that have granted, and never say whether somebody went through, though their passage
    /// is to be reported: rules that rest on presence stay silent about them. In order of ids.
    pub fn mute_doors<'a>(
        &'a self,
        organisation: &'a Organisation,
    ) -> impl Iterator<Item = (&'a PlaceId, DoorStat)> {
        let is_reported = |id: &PlaceId| {
            let door = organisation.doors.get(id);
            door.is_some_and(|door| match door.passage {
                Passage::Reported => true,
                Passage::Assumed => false,
            })
        };
        let mute = self.doors.iter().filter(|(_, s)| s.granted >= DOOR_GRANTS_LEAST && s.told == 0);
        mute.filter(move |(id, _)| is_reported(id)).map(|(id, stat)| (id, *stat))
    }

    pub(crate) fn excepted(&mut self, exception: Option<&str>) {
        let Some(id) = exception else { return };
        match self.excepted.get_mut(id) {
            Some(count) => *count += 1,
            None => drop(self.excepted.insert(id.to_owned(), 1)),
        }
    }

    pub(crate) fn undecided(&mut self, rule: &RuleId, reasons: &[String]) {
        let stat = self.undecided.entry(rule.clone()).or_default();
        stat.count += 1;
        for reason in reasons {
            if stat.reasons.len() < UNDECIDED_REASONS_MAX {
                stat.reasons.insert(reason.clone());
            }
        }
    }
}
