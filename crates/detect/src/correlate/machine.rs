//! One group's window and episode: a function of its events in order of time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::finding::EVIDENCE_MAX;
use model::{Entity, EvidenceRef, Fingerprint, Interval, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::finding::Anchor;
use crate::limits::{EPISODE_MAX, WINDOW_EVENTS_MAX};
use crate::rules::{Correlation, Kind, RuleIndex};

mod absence;
mod conflict;
mod travel;
mod whole;

use super::own::Own;
use absence::Absence;
use conflict::Dispute;
pub(crate) use conflict::Due;
pub(crate) use travel::Ground;
use travel::Track;
use whole::Whole;

/// Order of events in a group. Fingerprints break ties of time, so that arrival does not.
pub(crate) type ItemKey = (Timestamp, Fingerprint, u64, RuleIndex);

/// One rule's match of one event, with what a correlation needs of it. A million of them may be
/// kept, so they are shared, and their names in a snapshot are short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    #[serde(rename = "t")]
    pub time: Timestamp,
    #[serde(rename = "f")]
    pub fingerprint: Fingerprint,
    #[serde(rename = "n")]
    pub record: u64,
    #[serde(rename = "r")]
    pub rule: RuleIndex,
    #[serde(rename = "s")]
    pub source: SourceId,
    #[serde(rename = "c")]
    pub class_uid: u32,
    #[serde(rename = "b")]
    pub bound: Duration,
    /// What a value_count counts.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What a value_sum adds.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub number: Option<f64>,
    /// The values of the sentence's fields.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Option<String>>,
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<Entity>,
    /// The events behind it, where it stands for a correlation that fired.
    #[serde(rename = "h", default, skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<EvidenceRef>,
    /// What correlations that build on this one need of it.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub onward: Vec<Onward>,
    /// What our own kinds of correlation need of it.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub own: Option<Box<Own>>,
    /// Whether it rests on a grant at a door where passage is assumed.
    #[serde(rename = "p", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_assumed: bool,
}

/// What one correlation needs of an event, should the correlation before it fire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Onward {
    pub to: RuleIndex,
    pub key: String,
    pub value: Option<String>,
    pub number: Option<f64>,
    pub fields: Vec<Option<String>>,
    pub onward: Vec<Onward>,
}

impl Onward {
    /// Goes on under new numbers; without the rule it is gone.
    fn renumber(&mut self, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) -> bool {
        self.onward.retain_mut(|next| next.renumber(find));
        find(self.to).map(|to| self.to = to).is_some()
    }
}

impl Item {
    pub(crate) fn renumber(&mut self, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) -> bool {
        self.onward.retain_mut(|next| next.renumber(find));
        find(self.rule).map(|rule| self.rule = rule).is_some()
    }

    pub(crate) fn key(&self) -> ItemKey {
        (self.time, self.fingerprint, self.record, self.rule)
    }
    fn interval(&self) -> Interval {
        Interval::around(self.time, self.bound)
    }
    /// Whether this surely came before another: one clock orders its own events, two only as far
    /// as their bounds allow.
    fn is_before(&self, other: &Self) -> bool {
        if self.source == other.source {
            self.time < other.time
        } else {
            self.interval().is_before(&other.interval())
        }
    }
    fn evidence(&self) -> EvidenceRef {
        EvidenceRef {
            source: self.source.clone(),
            record: self.record,
            time: self.time,
            class_uid: self.class_uid,
        }
    }
}

/// What has happened since a correlation fired, as one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Episode {
    pub from: Timestamp,
    anchor: Fingerprint,
    pub fired: Timestamp,
    pub last: Timestamp,
    pub evidence: Vec<EvidenceRef>,
    pub count: u64,
    pub entities: BTreeSet<Entity>,
    pub fields: Vec<Option<String>>,
    /// What was found, with its numbers, where there is more to say than the sentence does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether any of it rests on a grant at a door where passage is assumed.
    #[serde(default)]
    pub is_assumed: bool,
}

impl Episode {
    pub(crate) fn anchor(&self) -> Anchor {
        Anchor { time: self.from, fingerprint: self.anchor }
    }

    pub(super) fn of(items: &[&Item]) -> Option<Self> {
        let (first, last) = (items.first()?, items.last()?);
        let mut episode = Self {
            from: first.time,
            anchor: first.fingerprint,
            fired: last.time,
            last: last.time,
            evidence: Vec::new(),
            count: 0,
            entities: BTreeSet::new(),
            fields: vec![None; first.fields.len()],
            why: None,
            is_assumed: false,
        };
        for item in items {
            episode.take(item);
        }
        Some(episode)
    }

    fn take(&mut self, item: &Item) {
        self.last = self.last.max(item.time);
        self.count += 1;
        self.is_assumed |= item.is_assumed;
        let own = item.behind.is_empty().then(|| item.evidence());
        let room = EVIDENCE_MAX.saturating_sub(self.evidence.len());
        self.evidence.extend(item.behind.iter().cloned().chain(own).take(room));
        self.entities.extend(item.entities.iter().cloned());
        for (slot, value) in self.fields.iter_mut().zip(&item.fields) {
            if value.is_some() {
                slot.clone_from(value);
            }
        }
    }
}

/// What one step did.
#[derive(Default)]
pub(crate) struct Step {
    /// An episode that ended before this event.
    pub closed: Option<End>,
    /// Whether it fired by this event.
    pub has_fired: bool,
    /// Whether this event belongs to an episode that had fired before.
    pub is_more: bool,
    /// It would have fired, were the order of two clocks known.
    pub is_order_unsure: bool,
    /// The window was full.
    pub is_evicting: bool,
}

/// Window before firing, episode after; or a window that only its end decides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    #[serde(rename = "w", default, skip_serializing_if = "VecDeque::is_empty")]
    window: VecDeque<Arc<Item>>,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    episode: Option<Box<Episode>>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    whole: Option<Box<Whole>>,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    absence: Option<Box<Absence>>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    track: Option<Box<Track>>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    dispute: Option<Box<Dispute>>,
}

/// What ended.
pub(crate) enum End {
    /// An episode that had fired, or a whole window that fires by its end.
    Episode(Box<Episode>, Option<Arc<Item>>),
    /// A window that had to be closed before its time, and so cannot be judged.
    Undecided,
}

impl Machine {
    /// Takes the next event. INVARIANT: keys never fall (the settled machine is fed from an
    /// ordered queue, the early one is rebuilt when they would).
    pub(crate) fn step(
        &mut self,
        correlation: &Correlation,
        item: &Arc<Item>,
        ground: Ground<'_>,
    ) -> Step {
        let mut step = Step { closed: self.end_before(correlation, item.time), ..Step::default() };
        if correlation.resets.contains(&item.rule) {
            self.window.clear();
            (self.whole, self.absence) = (None, None);
            (self.track, self.dispute) = (None, None);
            let open = || self.episode.take().map(|episode| End::Episode(episode, None));
            step.closed = step.closed.or_else(open);
            return step;
        }
        if let Kind::Whole { measure, .. } = &correlation.kind {
            self.whole.get_or_insert_with(|| Box::new(Whole::open(item))).take(measure, item);
            return step;
        }
        if let Kind::Absence { when, .. } = &correlation.kind {
            let absence = self.absence.get_or_insert_default();
            step.is_evicting = absence.take(correlation, *when, item);
            return step;
        }
        if let Kind::Travel(travel) = &correlation.kind {
            let track = self.track.get_or_insert_default();
            let span = correlation.timespan;
            let (pair, is_evicting) = track.take(item, (travel, span), ground);
            (self.episode, step.is_evicting) = (pair.map(Box::new), is_evicting);
            step.has_fired = self.episode.is_some();
            return step;
        }
        if let Kind::Conflict(_) = &correlation.kind {
            step.is_evicting = self.dispute.get_or_insert_default().take(correlation, item);
            return step;
        }
        if let Some(episode) = &mut self.episode {
            episode.take(item);
            step.is_more = true;
            return step;
        }
        while self.window.front().is_some_and(|old| gone(old.time, correlation, item.time)) {
            self.window.pop_front();
        }
        self.forget_what_is_no_longer_needed(correlation, item);
        if !self.can_matter(correlation, item) {
            return step;
        }
        self.window.push_back(Arc::clone(item));
        if self.window.len() > room(correlation) {
            self.window.pop_front();
            step.is_evicting = true;
        }
        self.fire(correlation, &mut step);
        self.drop_spent_end(correlation);
        step
    }

    /// In an ordered correlation an event matters only after one of the rule before its own.
    fn can_matter(&self, correlation: &Correlation, item: &Item) -> bool {
        let Kind::Ordered = correlation.kind else { return true };
        let mut before = None;
        correlation.inputs.iter().any(|rule| {
            let needed = before.replace(*rule);
            *rule == item.rule
                && needed.is_none_or(|needed| self.window.iter().any(|old| old.rule == needed))
        })
    }

    /// An event that can only be the end of a chain is of no use once it ended none.
    fn drop_spent_end(&mut self, correlation: &Correlation) {
        let Kind::Ordered = correlation.kind else { return };
        let Some((_, earlier)) = correlation.inputs.split_last() else { return };
        if self.window.back().is_some_and(|newest| !earlier.contains(&newest.rule)) {
            self.window.pop_back();
        }
    }

    fn end_before(&mut self, correlation: &Correlation, now: Timestamp) -> Option<End> {
        if self.whole.as_ref().is_some_and(|whole| gone(whole.opened, correlation, now)) {
            return self.end(correlation, true);
        }
        let episode = self.episode.as_ref()?;
        let is_over = gone(episode.last, correlation, now) || now.since(episode.from) > EPISODE_MAX;
        let episode = if is_over { self.episode.take() } else { None };
        episode.map(|episode| End::Episode(episode, None))
    }

    /// One event per value or rule is enough where only distinct ones count: the newest.
    fn forget_what_is_no_longer_needed(&mut self, correlation: &Correlation, item: &Item) {
        match &correlation.kind {
            Kind::EventCount { .. }
            | Kind::Ordered
            | Kind::Sum { .. }
            | Kind::Absence { .. }
            | Kind::Travel(_)
            | Kind::Conflict(_)
            | Kind::Baseline(_)
            | Kind::Whole { .. } => {}
            Kind::ValueCount { .. } => self.window.retain(|old| old.value != item.value),
            Kind::Temporal { .. } => self.window.retain(|old| old.rule != item.rule),
        }
    }

    fn fire(&mut self, correlation: &Correlation, step: &mut Step) {
        let items: Vec<&Item> = match &correlation.kind {
            Kind::EventCount { least } | Kind::ValueCount { least, .. } => {
                if (self.window.len() as u64) < *least {
                    return;
                }
                self.window.iter().map(|item| &**item).collect()
            }
            Kind::Sum { predicates, .. } => {
                let sum: f64 = self.window.iter().filter_map(|item| item.number).sum();
                if !predicates.iter().all(|predicate| predicate.holds(sum)) {
                    return;
                }
                self.window.iter().map(|item| &**item).collect()
            }
            Kind::Temporal { need } => {
                if !need.is_met(&|rule| self.window.iter().any(|item| item.rule == rule)) {
                    return;
                }
                self.window.iter().map(|item| &**item).collect()
            }
            // Time decides them, or what has been learned.
            Kind::Whole { .. }
            | Kind::Absence { .. }
            | Kind::Travel(_)
            | Kind::Conflict(_)
            | Kind::Baseline(_) => return,
            Kind::Ordered => match chain(&correlation.inputs, &self.window) {
                Chain::Shown(items) => items,
                Chain::Unsure => {
                    step.is_order_unsure = true;
                    return;
                }
                Chain::None => return,
            },
        };
        self.episode = Episode::of(&items).map(Box::new);
        step.has_fired = self.episode.is_some();
        self.window.clear();
    }

    pub(crate) fn episode(&self) -> Option<&Episode> {
        self.episode.as_deref()
    }

    /// The pair that has just been found, where each pair is a finding of its own.
    pub(crate) fn take_pair(&mut self) -> Option<Box<Episode>> {
        self.episode.take()
    }

    /// When nothing of this can matter any more, but for new events.
    pub(crate) fn deadline(&self, correlation: &Correlation) -> Option<Timestamp> {
        if let Some(whole) = &self.whole {
            return Some(whole.opened.plus(correlation.timespan));
        }
        if let (Some(absence), Kind::Absence { when, .. }) = (&self.absence, &correlation.kind) {
            return absence.deadline(*when, correlation.timespan);
        }
        if let Some(track) = &self.track {
            return track.newest().map(|newest| newest.plus(correlation.timespan));
        }
        if let (Some(dispute), Kind::Conflict(conflict)) = (&self.dispute, &correlation.kind) {
            return dispute.deadline(correlation, conflict);
        }
        let window = self.window.back().map(|item| item.time);
        let last = self.episode.as_ref().map(|episode| episode.last).max(window)?;
        Some(last.plus(correlation.timespan))
    }

    /// Ends everything. Before its time, a window that only its end decides says nothing.
    pub(crate) fn end(&mut self, correlation: &Correlation, is_in_time: bool) -> Option<End> {
        self.window.clear();
        self.track = None;
        if let Some(whole) = self.whole.take() {
            if !is_in_time || whole.is_overfull {
                return Some(End::Undecided);
            }
            let decided = whole.decide(correlation);
            return decided.map(|(episode, last)| End::Episode(Box::new(episode), Some(last)));
        }
        self.episode.take().map(|episode| End::Episode(episode, None))
    }

    /// What has waited in vain for its counterpart by an instant; without one, all that waits.
    pub(crate) fn due(
        &mut self,
        correlation: &Correlation,
        by: Option<Timestamp>,
    ) -> Vec<Arc<Item>> {
        let Kind::Absence { when, .. } = &correlation.kind else { return Vec::new() };
        let Some(absence) = &mut self.absence else { return Vec::new() };
        match by {
            Some(by) => absence.due(*when, correlation.timespan, by),
            None => absence.drain(),
        }
    }

    /// What two sides have said that can be decided by an instant; without one, all of it.
    pub(crate) fn disputes(
        &mut self,
        correlation: &Correlation,
        by: Option<Timestamp>,
    ) -> Vec<Due> {
        let Kind::Conflict(conflict) = &correlation.kind else { return Vec::new() };
        let dispute = self.dispute.as_mut();
        dispute.map(|dispute| dispute.due(correlation, conflict, by)).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.track.is_none()
            && self.dispute.as_ref().is_none_or(|dispute| dispute.is_empty())
            && self.is_idle()
    }

    fn is_idle(&self) -> bool {
        self.absence.as_ref().is_none_or(|absence| absence.is_empty())
            && self.window.is_empty()
            && self.episode.is_none()
            && self.whole.is_none()
    }

    pub(crate) fn renumber(&mut self, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) {
        self.window.retain_mut(|item| Arc::make_mut(item).renumber(find));
        if let Some(whole) = &mut self.whole {
            whole.renumber(find);
        }
        if let Some(absence) = &mut self.absence {
            absence.renumber(find);
        }
        if let Some(track) = &mut self.track {
            track.renumber(find);
        }
        if let Some(dispute) = &mut self.dispute {
            dispute.renumber(find);
        }
    }
}

fn gone(time: Timestamp, correlation: &Correlation, now: Timestamp) -> bool {
    now.since(time) > correlation.timespan
}

/// How many events a window may hold.
fn room(correlation: &Correlation) -> usize {
    match &correlation.kind {
        Kind::EventCount { least } | Kind::ValueCount { least, .. } => {
            WINDOW_EVENTS_MAX.max(usize::try_from(*least).unwrap_or(usize::MAX))
        }
        Kind::Sum { .. }
        | Kind::Temporal { .. }
        | Kind::Ordered
        | Kind::Absence { .. }
        | Kind::Travel(_)
        | Kind::Conflict(_)
        | Kind::Baseline(_)
        | Kind::Whole { .. } => WINDOW_EVENTS_MAX,
    }
}

enum Chain<'a> {
    Shown(Vec<&'a Item>),
    Unsure,
    None,
}

/// The rules one after the other, ending with the newest event. Walks backwards and takes at each
/// link the event that leaves most room before it.
fn chain<'a>(inputs: &[RuleIndex], window: &'a VecDeque<Arc<Item>>) -> Chain<'a> {
    let walk = |is_strict: bool| -> Option<Vec<&'a Item>> {
        let mut links: BTreeMap<usize, &Item> = BTreeMap::new();
        let mut rules = inputs.iter().rev();
        let newest: &Item = window.back().filter(|item| rules.next() == Some(&item.rule))?;
        links.insert(0, newest);
        let mut next = newest;
        for (at, rule) in (1..).zip(rules) {
            let fits = |item: &&Item| {
                item.rule == *rule
                    && if is_strict { item.is_before(next) } else { item.key() < next.key() }
            };
            next = window
                .iter()
                .map(|item| &**item)
                .filter(fits)
                .max_by_key(|item| (item.interval().earliest, item.key()))?;
            links.insert(at, next);
        }
        Some(links.into_values().rev().collect())
    };
    match walk(true) {
        Some(items) => Chain::Shown(items),
        None if walk(false).is_some() => Chain::Unsure,
        None => Chain::None,
    }
}
