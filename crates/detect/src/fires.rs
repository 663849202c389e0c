//! Which sites have a fire alarm on: during one, doors stand open and people run, and what would
//! be an alarm on another day says nothing.
//!
//! The answer is a function of the *set* of alarm signals, never of their arrival order. A sender
//! that nobody knows puts no site on fire: it would silence rules.
//!
//! SOURCE: OCSF physec 0.1.0, Alarm Signal Activity (4230002): activity 6 Environmental,
//! `lifecycle_id` 1 New, 2 Restore, 4 Cancel, 6 Trouble Restore.

use std::collections::BTreeMap;

use model::{Entity, Event, Finding, Fingerprint, PlaceId, Timestamp, Trust};
use serde::{Deserialize, Serialize};

use crate::limits::{FIRE_MAX, FIRE_SIGNALS_MAX};
use crate::presence::Presence;
use crate::spine::Spine;

const ALARM_SIGNAL: u32 = 4_230_002;
const ENVIRONMENTAL: i64 = 6;
const NEW: i64 = 1;
const OVER: [i64; 3] = [2, 4, 6];
/// What an environmental alarm of fire says, rather than one of water or gas.
const WORDS: [&str; 2] = ["fire", "smoke"];

/// One signal of one alarm point.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Signal {
    time: Timestamp,
    fingerprint: Fingerprint,
    record: u64,
    point: String,
    is_on: bool,
}

/// The last signals of every site, in order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fires {
    sites: BTreeMap<PlaceId, Vec<Signal>>,
}

impl Fires {
    /// Takes in what an enriched event says of fire; returns whether an older signal had to go.
    pub(crate) fn learn(&mut self, event: &Event) -> bool {
        let Some((site, signal)) = signal(event) else { return false };
        let signals = self.sites.entry(site).or_default();
        let Err(at) = signals.binary_search(&signal) else { return false };
        signals.insert(at, signal);
        let is_full = signals.len() > FIRE_SIGNALS_MAX;
        if is_full {
            signals.remove(0);
        }
        is_full
    }

    /// Since when a site of a finding had a fire alarm on, in the finding's time.
    pub(crate) fn during(
        &self,
        finding: &Finding,
        spine: &Spine,
        presence: &Presence,
    ) -> Option<(PlaceId, Timestamp)> {
        if self.sites.is_empty() {
            return None;
        }
        let (from, to) = (finding.window.from, finding.window.to);
        sites_of(finding, spine, presence).into_iter().find_map(|site| {
            let since = self.since(&site, (from, to))?;
            Some((site, since))
        })
    }

    /// Since when an alarm was on at some instant of a stretch. One that nobody restores counts
    /// for `FIRE_MAX`.
    fn since(&self, site: &PlaceId, (from, to): (Timestamp, Timestamp)) -> Option<Timestamp> {
        let signals = self.sites.get(site)?;
        let ended = |at: usize, on: &Signal| {
            let mut later = signals.iter().skip(at + 1);
            let over = later.find(|one| one.point == on.point && !one.is_on);
            over.map_or(on.time.plus(FIRE_MAX), |over| over.time.min(on.time.plus(FIRE_MAX)))
        };
        let on = signals.iter().enumerate().filter(|(_, one)| one.is_on);
        let mut burning = on.filter(|(at, one)| one.time <= to && ended(*at, one) >= from);
        burning.next().map(|(_, one)| one.time)
    }
}

fn signal(event: &Event) -> Option<(PlaceId, Signal)> {
    let number = |path: &str| event.get(path).and_then(model::value::Value::as_i64);
    if event.class_uid != ALARM_SIGNAL || number("activity_id") != Some(ENVIRONMENTAL) {
        return None;
    }
    let lifecycle = number("lifecycle_id")?;
    let is_on = lifecycle == NEW;
    let said = event.text("message").unwrap_or_default().to_lowercase();
    let is_fire = WORDS.iter().any(|word| said.contains(word));
    if !is_fire || !(is_on || OVER.contains(&lifecycle)) || event.trust == Trust::None {
        return None;
    }
    let place = event.enrichment.as_ref().and_then(|seen| seen.place.as_ref());
    let site = place.and_then(|place| place.site.clone()).or_else(|| event.site.clone())?;
    let point = event.text("alarm_point.uid").unwrap_or_default().to_owned();
    let (time, fingerprint, record) = (event.time, event.fingerprint, event.record);
    Some((site, Signal { time, fingerprint, record, point, is_on }))
}

/// The sites that a finding's places and things are on; else those where its people are; else
/// those whose sources told of it.
fn sites_of(finding: &Finding, spine: &Spine, presence: &Presence) -> Vec<PlaceId> {
    let org = spine.organisation();
    let of_place = |place: &PlaceId| spine.place(place).and_then(|facts| facts.site.clone());
    let mut sites: Vec<PlaceId> = finding
        .entities
        .iter()
        .filter_map(|entity| match entity {
            Entity::Place(place) => of_place(place),
            Entity::Asset(asset) => org.assets.get(asset)?.place.as_ref().and_then(of_place),
            Entity::Person(_) => None,
        })
        .collect();
    if sites.is_empty() {
        let site = |person| presence.at(person, finding.window.to).site;
        sites.extend(finding.entities.iter().filter_map(|entity| match entity {
            Entity::Person(person) => site(person),
            Entity::Place(_) | Entity::Asset(_) => None,
        }));
    }
    if sites.is_empty() {
        let sources = finding.evidence.iter().filter_map(|one| org.sources.get(&one.source));
        sites.extend(sources.filter_map(|source| source.site.clone()));
    }
    sites.sort();
    sites.dedup();
    sites
}
