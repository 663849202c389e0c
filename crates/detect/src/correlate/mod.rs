//! Correlation on event time: groups, early and settled.
//!
//! Every group runs two machines of the same kind. The settled one takes events strictly in order
//! of time once the watermark has passed, so its answers depend on the set of events alone. The
//! early one takes them as they come, so that people hear of it at once; what it said is confirmed,
//! superseded or withdrawn by the settled one.

mod machine;
mod own;
mod special;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use model::spine::WitnessOf;
use model::{Finding, FindingState, Timestamp};
use serde::{Deserialize, Serialize};

use crate::finding;
use crate::learned::{Habits, Ways};
use crate::limits::{EARLY_REBUILD_MAX, GROUPS_MAX, WINDOW_EVENTS_MAX};
use crate::presence::Presence;
use crate::rules::{Correlation, Kind, RuleIndex, RuleMeta, RuleSet};
use crate::stats::DetectStats;
pub(crate) use machine::Ground;
use machine::{End, Machine};
pub(crate) use machine::{Episode, Item, ItemKey, Onward};
pub(crate) use own::{Reading, Sample, Useless};

/// A correlation and the values of its group keys, joined.
pub(crate) type GroupId = (RuleIndex, Arc<str>);

#[derive(Default, Clone, Serialize, Deserialize)]
struct Group {
    values: BTreeMap<String, String>,
    settled: Machine,
    #[serde(skip)]
    early: Machine,
    #[serde(skip)]
    newest: Option<ItemKey>,
    #[serde(skip)]
    pending: BTreeMap<ItemKey, Arc<Item>>,
    announced: Vec<Finding>,
    deadline: Option<Timestamp>,
}

/// All groups of all correlations.
#[derive(Default)]
pub(crate) struct Correlator {
    groups: HashMap<GroupId, Group>,
    timers: BTreeSet<(Timestamp, GroupId)>,
    /// When counterparts came whose group is not known, by correlation.
    nameless: BTreeMap<RuleIndex, BTreeSet<Timestamp>>,
}

/// What the correlator works with.
pub(crate) struct Desk<'a> {
    pub rules: &'a RuleSet,
    pub presence: &'a Presence,
    pub ways: &'a Ways,
    pub habits: &'a mut Habits,
    pub is_early_wanted: bool,
    pub stats: &'a mut DetectStats,
    pub out: &'a mut Vec<Finding>,
}

impl Desk<'_> {
    fn correlation(&self, index: RuleIndex) -> Option<(&RuleMeta, &Correlation)> {
        let rule = self.rules.rule(index)?;
        Some((&rule.meta, rule.correlation.as_ref()?))
    }

    fn ground(&self) -> Ground<'_> {
        Ground { spine: self.presence.spine(), ways: self.ways }
    }
}

/// Its state in a snapshot; what waits stands in the detector's queue.
#[derive(Serialize, Deserialize)]
pub(crate) struct Form {
    groups: Vec<(RuleIndex, String, Group, Vec<Item>)>,
    #[serde(default)]
    nameless: Vec<(RuleIndex, BTreeSet<Timestamp>)>,
}

impl Correlator {
    /// Takes an event that waits for the watermark; says at once what it shows by then.
    pub(crate) fn arrive(
        &mut self,
        id: &GroupId,
        values: BTreeMap<String, String>,
        item: Item,
        desk: &mut Desk<'_>,
    ) {
        if !self.groups.contains_key(id) && self.groups.len() >= GROUPS_MAX {
            self.evict(desk);
        }
        let group = self.groups.entry(id.clone()).or_default();
        group.values = values;
        let key = item.key();
        let item = Arc::new(item);
        group.pending.insert(key, Arc::clone(&item));
        let Some((meta, correlation)) =
            desk.rules.rule(id.0).and_then(|rule| Some((&rule.meta, rule.correlation.as_ref()?)))
        else {
            return;
        };
        if !desk.is_early_wanted || correlation.is_final_only || !meta.is_reported {
            return;
        }
        if group.newest.as_ref().is_none_or(|newest| *newest < key) {
            group.newest = Some(key);
            group.early.step(correlation, &item, desk.ground());
        } else if group.pending.len() <= EARLY_REBUILD_MAX {
            group.rebuild(correlation, desk.ground());
        }
        group.announce(meta, desk.out);
    }

    /// Settles an event that the watermark has passed.
    pub(crate) fn settle(&mut self, id: &GroupId, key: &ItemKey, desk: &mut Desk<'_>) {
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        let Some(item) = group.pending.remove(key) else {
            return;
        };
        self.step(id, &item, desk);
    }

    /// Takes an event of which the watermark has already passed, in its turn.
    pub(crate) fn settle_now(
        &mut self,
        id: &GroupId,
        values: BTreeMap<String, String>,
        item: Item,
        desk: &mut Desk<'_>,
    ) {
        if !self.groups.contains_key(id) && self.groups.len() >= GROUPS_MAX {
            self.evict(desk);
        }
        self.groups.entry(id.clone()).or_default().values = values;
        self.step(id, &item, desk);
        let group = self.groups.get_mut(id);
        if let (Some(group), Some((_, correlation))) = (group, desk.correlation(id.0)) {
            group.rebuild(correlation, desk.ground());
        }
    }

    fn step(&mut self, id: &GroupId, item: &Item, desk: &mut Desk<'_>) {
        let rules = desk.rules;
        let Some(rule) = rules.rule(id.0) else {
            return;
        };
        let Some((group, correlation)) = self.groups.get_mut(id).zip(rule.correlation.as_ref())
        else {
            return;
        };
        if let Kind::Baseline(baseline) = &correlation.kind {
            return self.habit(id, item, (correlation, baseline), desk);
        }
        let step = group.settled.step(correlation, item, desk.ground());
        let mut fired = None;
        if step.has_fired || step.is_more {
            fired = group.settled.episode().filter(|_| !rule.feeds.is_empty()).cloned();
        }
        if step.is_order_unsure {
            let reason = "the order of events from different sources cannot be stated";
            desk.stats.undecided(&rule.meta.id, &[reason.to_owned()]);
        }
        desk.stats.evicted_window += u64::from(step.is_evicting);
        if let Kind::Travel(_) = &correlation.kind {
            let pair = group.settled.take_pair().filter(|_| rule.meta.is_reported);
            group.settle_pair(&rule.meta, pair.as_ref(), (item.time, desk.out));
        }
        if let Some(end) = step.closed {
            self.ended(id, end, desk);
        }
        let deadline = self.groups.get(id).and_then(|group| group.settled.deadline(correlation));
        self.set_deadline(id, deadline);
        self.clear_if_done(id, desk);
        if let Some(episode) = fired {
            self.pass_on(id.0, item, &episode, (item.time, step.has_fired), desk);
        }
    }

    /// Says what ended, and passes it on where others wait for a window's end.
    fn ended(&mut self, id: &GroupId, end: End, desk: &mut Desk<'_>) {
        let rules = desk.rules;
        let Some(rule) = rules.rule(id.0) else {
            return;
        };
        match end {
            End::Episode(episode, last) => {
                if let Some(group) = self.groups.get_mut(id).filter(|_| rule.meta.is_reported) {
                    group.confirm(&rule.meta, &episode, desk.out);
                }
                if let Some(last) = last {
                    self.pass_on(id.0, &last, &episode, (episode.fired, true), desk);
                }
            }
            End::Undecided => {
                let reason = "its window could not be kept whole: too many groups or values";
                desk.stats.undecided(&rule.meta.id, &[reason.to_owned()]);
            }
        }
    }

    /// Hands what a correlation shows to those that build on it: the first time to all, then to
    /// those alone that ask for its being there and count nothing.
    fn pass_on(
        &mut self,
        from: RuleIndex,
        item: &Item,
        episode: &Episode,
        (time, is_first): (Timestamp, bool),
        desk: &mut Desk<'_>,
    ) {
        for next in &item.onward {
            let known = desk.rules.rule(next.to).and_then(|rule| rule.correlation.as_ref());
            let counts = match known.map(|correlation| &correlation.kind) {
                Some(Kind::Temporal { .. } | Kind::Ordered) => false,
                Some(
                    Kind::EventCount { .. }
                    | Kind::ValueCount { .. }
                    | Kind::Sum { .. }
                    | Kind::Absence { .. }
                    | Kind::Travel(_)
                    | Kind::Conflict(_)
                    | Kind::Baseline(_)
                    | Kind::Whole { .. },
                ) => true,
                None => continue,
            };
            if counts && !is_first {
                continue;
            }
            let chained = Item {
                time,
                rule: from,
                value: next.value.clone(),
                number: next.number,
                fields: next.fields.clone(),
                entities: episode.entities.iter().cloned().collect(),
                behind: episode.evidence.clone(),
                onward: next.onward.clone(),
                ..item.clone()
            };
            let id = (next.to, Arc::from(next.key.as_str()));
            self.settle_now(&id, next.values.clone(), chained, desk);
        }
    }

    fn set_deadline(&mut self, id: &GroupId, deadline: Option<Timestamp>) {
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        if group.deadline == deadline {
            return;
        }
        if let Some(old) = group.deadline {
            self.timers.remove(&(old, id.clone()));
        }
        group.deadline = deadline;
        if let Some(new) = deadline {
            self.timers.insert((new, id.clone()));
        }
    }

    /// When the next of what is open ends.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.timers.first().map(|(deadline, _)| *deadline)
    }

    /// Closes the one that ends first.
    pub(crate) fn expire_first(&mut self, desk: &mut Desk<'_>) {
        if let Some((_, id)) = self.timers.first().cloned() {
            self.close(&id, true, desk);
        }
    }

    fn close(&mut self, id: &GroupId, is_in_time: bool, desk: &mut Desk<'_>) {
        let rules = desk.rules;
        let correlation = rules.rule(id.0).and_then(|rule| rule.correlation.as_ref());
        if let Some(correlation) = correlation
            && let Kind::Absence { heard_by, .. } = &correlation.kind
        {
            return self.close_absence(id, (correlation, heard_by), is_in_time, desk);
        }
        if let Some(correlation) = correlation
            && let Kind::Conflict(conflict) = &correlation.kind
        {
            return self.close_conflict(id, (correlation, conflict), is_in_time, desk);
        }
        self.set_deadline(id, None);
        let group = self.groups.get_mut(id);
        if let Some((group, correlation)) = group.zip(correlation)
            && let Some(end) = group.settled.end(correlation, is_in_time)
        {
            self.ended(id, end, desk);
        }
        self.clear_if_done(id, desk);
    }

    /// Decides what has waited for its counterpart in vain: nothing is said where those who would
    /// have told of one were not heard.
    fn close_absence(
        &mut self,
        id: &GroupId,
        (correlation, heard_by): (&Correlation, &[WitnessOf]),
        is_in_time: bool,
        desk: &mut Desk<'_>,
    ) {
        let rules = desk.rules;
        let Some(meta) = rules.meta(id.0) else { return };
        let group = self.groups.get_mut(id);
        let by = group.as_ref().and_then(|group| group.deadline).filter(|_| is_in_time);
        let due = group.map(|group| group.settled.due(correlation, by)).unwrap_or_default();
        for item in due {
            let span = correlation.timespan;
            let (from, to) = (item.time.minus(span), item.time.plus(span));
            let mut nameless = self.nameless.get(&id.0).into_iter().flatten();
            let doubt = if !is_in_time {
                Some("it had to be decided before its time: too many groups".to_owned())
            } else if nameless.any(|at| (from..=to).contains(at)) {
                Some("something came that cannot be told apart by group".to_owned())
            } else {
                desk.presence.unheard(heard_by, &item.source, (from, to))
            };
            if let Some(doubt) = doubt {
                desk.stats.undecided(&meta.id, &[doubt]);
            } else if let Some(episode) = Episode::of(&[&item]) {
                self.ended(id, End::Episode(episode, Some(Box::new(item))), desk);
            }
        }
        let deadline = self.groups.get(id).and_then(|group| group.settled.deadline(correlation));
        self.set_deadline(id, deadline.filter(|_| is_in_time));
        self.clear_if_done(id, desk);
    }

    /// Notes a counterpart whose group is not known: it may have been anybody's.
    pub(crate) fn nameless(&mut self, correlation: RuleIndex, at: Timestamp) {
        let times = self.nameless.entry(correlation).or_default();
        times.insert(at);
        if times.len() > WINDOW_EVENTS_MAX {
            times.pop_first();
        }
    }

    fn clear_if_done(&mut self, id: &GroupId, desk: &mut Desk<'_>) {
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        if !group.settled.is_empty() || !group.pending.is_empty() {
            return;
        }
        for mut finding in std::mem::take(&mut group.announced) {
            finding.state = FindingState::Withdrawn;
            desk.out.push(finding);
        }
        self.groups.remove(id);
    }

    /// Closes the group that would end soonest, to make room for another.
    fn evict(&mut self, desk: &mut Desk<'_>) {
        let soonest = self.timers.first().map(|(_, id)| id.clone());
        if let Some(id) = soonest {
            desk.stats.evicted_groups += 1;
            self.close(&id, false, desk);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn save(&self) -> Form {
        let form = |((rule, key), group): (&GroupId, &Group)| {
            let pending = group.pending.values().map(|item| (**item).clone()).collect();
            (*rule, key.to_string(), group.clone(), pending)
        };
        let mut groups: Vec<_> = self.groups.iter().map(form).collect();
        groups.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let nameless = self.nameless.iter().map(|(rule, times)| (*rule, times.clone())).collect();
        Form { groups, nameless }
    }

    /// Takes a snapshot's groups whose rules still stand; `find` gives a rule's place by now.
    pub(crate) fn load(
        &mut self,
        form: Form,
        rules: &RuleSet,
        find: &dyn Fn(RuleIndex) -> Option<RuleIndex>,
        ground: Ground<'_>,
    ) {
        self.groups.clear();
        self.timers.clear();
        let nameless = form.nameless.into_iter();
        self.nameless = nameless.filter_map(|(rule, times)| Some((find(rule)?, times))).collect();
        for (rule, key, mut group, pending) in form.groups {
            let Some(rule) = find(rule) else { continue };
            let Some(known) = rules.rule(rule).and_then(|rule| rule.correlation.as_ref()) else {
                continue;
            };
            let id: GroupId = (rule, key.into());
            group.settled.renumber(find);
            for mut item in pending {
                if item.renumber(find) {
                    group.pending.insert(item.key(), Arc::new(item));
                }
            }
            group.rebuild(known, ground);
            if let Some(deadline) = group.deadline {
                self.timers.insert((deadline, id.clone()));
            }
            self.groups.insert(id, group);
        }
    }

    /// What waits, as the detector's queue names it.
    pub(crate) fn waiting(&self) -> Vec<(GroupId, ItemKey)> {
        let of = |(id, group): (&GroupId, &Group)| {
            let id = id.clone();
            let keys: Vec<_> = group.pending.keys().copied().collect();
            keys.into_iter().map(move |key| (id.clone(), key))
        };
        self.groups.iter().flat_map(of).collect()
    }
}

impl Group {
    fn rebuild(&mut self, correlation: &Correlation, ground: Ground<'_>) {
        self.early = self.settled.clone();
        for item in self.pending.values() {
            self.early.step(correlation, item, ground);
        }
        self.newest = self.pending.last_key_value().map(|(key, _)| *key);
    }

    /// Says what the early machine has found, once per episode.
    fn announce(&mut self, meta: &RuleMeta, out: &mut Vec<Finding>) {
        let Some(episode) = self.early.episode() else {
            return;
        };
        let id = finding::id_of(meta, &self.values, episode.anchor());
        if self.announced.iter().any(|known| known.id == id) {
            return;
        }
        let state = FindingState::Provisional;
        let mut found = finding::of_episode(meta, &self.values, episode, state);
        // Pairs of sightings stand each for themselves.
        let is_alone = episode.why.is_some();
        let earlier = self.announced.iter();
        let earlier = earlier.filter(|one| !is_alone && one.window.to >= found.window.from);
        found.supersedes = earlier.map(|known| known.id.clone()).collect();
        self.announced.push(found.clone());
        out.push(found);
    }

    /// Says what is settled, in place of what was said early about the same time.
    fn confirm(&mut self, meta: &RuleMeta, episode: &Episode, out: &mut Vec<Finding>) {
        let state = FindingState::Confirmed;
        let mut found = finding::of_episode(meta, &self.values, episode, state);
        let (before, after): (Vec<_>, Vec<_>) = std::mem::take(&mut self.announced)
            .into_iter()
            .partition(|known| known.window.from <= episode.last);
        self.announced = after;
        let others = before.into_iter().map(|known| known.id).filter(|id| *id != found.id);
        found.supersedes = others.collect();
        out.push(found);
    }
}
