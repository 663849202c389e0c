//! Correlation on event time: groups, early and settled.
//!
//! Every group runs two machines of the same kind. The settled one takes events strictly in order
//! of time once the watermark has passed, so its answers depend on the set of events alone. The
//! early one takes them as they come, so that people hear of it at once; what it said is confirmed,
//! superseded or withdrawn by the settled one.

mod machine;
mod own;
mod special;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use model::spine::WitnessOf;
use model::{Finding, FindingState, Timestamp};
use serde::{Deserialize, Serialize};

use crate::finding;
use crate::learned::{Clocks, Habits, Ways};
use crate::limits::{EARLY_REBUILD_MAX, WINDOW_EVENTS_MAX};
use crate::parts::Parts;
use crate::presence::Presence;
use crate::rules::{Correlation, Kind, RuleIndex, RuleMeta, RuleSet};
use crate::stats::DetectStats;
pub(crate) use machine::Ground;
use machine::{End, Machine};
pub(crate) use machine::{Episode, Item, ItemKey, Onward};
pub(crate) use own::{Reading, Sample, Useless};

/// A correlation and the values of its group keys, joined.
pub(crate) type GroupId = (RuleIndex, Arc<str>);

/// Ends each value of a group's key.
pub(crate) const KEY_END: char = '\u{1f}';

/// What is open of one group. A million of them may be: what rarely is there is behind a pointer,
/// and both machines and what waits share their events.
#[derive(Default, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    #[serde(rename = "m")]
    settled: Machine,
    #[serde(skip)]
    early: Machine,
    /// The newest that the early machine has taken.
    #[serde(skip)]
    newest: Option<Arc<Item>>,
    /// What the watermark has not passed, in order of keys.
    #[serde(rename = "p", default, skip_serializing_if = "VecDeque::is_empty")]
    pending: VecDeque<Arc<Item>>,
    /// What hangs on presence and would be taken as presence stands, in order of keys: only the
    /// early machine takes it.
    #[serde(rename = "f", default, skip_serializing_if = "VecDeque::is_empty")]
    foreseen: VecDeque<Arc<Item>>,
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    announced: Vec<Finding>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
}

/// All groups of all correlations.
#[derive(Default)]
pub(crate) struct Correlator {
    groups: Parts<GroupId, Group>,
    timers: BTreeSet<(Timestamp, GroupId)>,
    nameless: Nameless,
}

/// When counterparts came whose group is not known, by correlation.
pub(crate) type Nameless = BTreeMap<RuleIndex, BTreeSet<Timestamp>>;

/// What the correlator works with.
pub(crate) struct Desk<'a> {
    pub rules: &'a RuleSet,
    pub presence: &'a Presence,
    pub ways: &'a Ways,
    pub clocks: &'a Clocks,
    pub habits: &'a mut Habits,
    pub is_early_wanted: bool,
    pub groups_max: usize,
    pub stats: &'a mut DetectStats,
    pub out: &'a mut Vec<Finding>,
}

impl Desk<'_> {
    /// Whether what a correlation shows by what has arrived so far is said at once.
    fn tells_early(&self, meta: &RuleMeta, correlation: &Correlation) -> bool {
        self.is_early_wanted && !correlation.is_final_only && meta.is_reported
    }

    fn ground(&self) -> Ground<'_> {
        Ground { spine: self.presence.spine(), ways: self.ways, clocks: self.clocks }
    }
}

/// Its state in a snapshot; what waits stands in the detector's queue.
#[derive(Clone, Default)]
pub(crate) struct Form {
    pub groups: Parts<GroupId, Group>,
    pub nameless: Nameless,
}

impl Correlator {
    /// Takes an event that waits for the watermark; says at once what it shows by then.
    pub(crate) fn arrive(&mut self, id: &GroupId, item: Item, desk: &mut Desk<'_>) {
        if self.groups.len() >= desk.groups_max && !self.groups.contains_key(id) {
            self.evict(desk);
        }
        let item = Arc::new(item);
        let group = self.groups.entry(id.clone());
        group.wait(&item);
        let Some((meta, correlation)) =
            desk.rules.rule(id.0).and_then(|rule| Some((&rule.meta, rule.correlation.as_ref()?)))
        else {
            return;
        };
        if !desk.tells_early(meta, correlation) {
            return;
        }
        if group.newest.as_ref().is_none_or(|newest| newest.key() < item.key()) {
            group.early.step(correlation, &item, desk.ground());
            group.newest = Some(item);
        } else if group.pending.len() <= EARLY_REBUILD_MAX {
            group.rebuild(correlation, desk.ground());
        }
        group.announce(meta, (correlation, &id.1), desk.out);
    }

    /// Settles an event that the watermark has passed.
    pub(crate) fn settle(&mut self, id: &GroupId, key: &ItemKey, desk: &mut Desk<'_>) {
        if let Some(item) = self.groups.get_mut(id).and_then(|group| group.due(key)) {
            self.step(id, &item, desk);
        }
    }

    /// Takes an event of which the watermark has already passed, in its turn.
    pub(crate) fn settle_now(&mut self, id: &GroupId, item: Item, desk: &mut Desk<'_>) {
        if self.groups.len() >= desk.groups_max && !self.groups.contains_key(id) {
            self.evict(desk);
        }
        self.groups.entry(id.clone());
        self.step(id, &Arc::new(item), desk);
        let rules = desk.rules;
        let known =
            rules.rule(id.0).and_then(|rule| Some((&rule.meta, rule.correlation.as_ref()?)));
        if let (Some(group), Some((meta, correlation))) = (self.groups.get_mut(id), known) {
            group.rebuild(correlation, desk.ground());
            // What presence had kept back until now is as new to people as what has just come.
            if desk.tells_early(meta, correlation) {
                group.announce(meta, (correlation, &id.1), desk.out);
            }
        }
    }

    /// Shows at once what an event that hangs on presence brings about as presence stands. Whether
    /// it was taken: then `unforesee` must follow.
    pub(crate) fn foresee(&mut self, id: &GroupId, item: Item, desk: &mut Desk<'_>) -> bool {
        let rules = desk.rules;
        let Some(rule) = rules.rule(id.0) else { return false };
        let Some(correlation) = rule.correlation.as_ref() else { return false };
        // To foresee is no reason to close what is open.
        let has_room = self.groups.len() < desk.groups_max || self.groups.contains_key(id);
        if !has_room || !desk.tells_early(&rule.meta, correlation) {
            return false;
        }
        let group = self.groups.entry(id.clone());
        if group.pending.len() + group.foreseen.len() >= EARLY_REBUILD_MAX {
            return false;
        }
        put(&mut group.foreseen, &Arc::new(item));
        group.rebuild(correlation, desk.ground());
        group.announce(&rule.meta, (correlation, &id.1), desk.out);
        true
    }

    /// Forgets what was foreseen: what is true of it comes as any other event does.
    pub(crate) fn unforesee(&mut self, id: &GroupId, key: &ItemKey) {
        if let Some(group) = self.groups.get_mut(id)
            && let Ok(at) = group.foreseen.binary_search_by_key(key, |item| item.key())
        {
            group.foreseen.remove(at);
        }
    }

    /// Withdraws what had been foreseen around an instant and has not come true.
    pub(crate) fn settle_foreseen(&mut self, id: &GroupId, at: Timestamp, desk: &mut Desk<'_>) {
        let rules = desk.rules;
        let known = rules.rule(id.0).and_then(|rule| rule.correlation.as_ref());
        if let Some((group, correlation)) = self.groups.get_mut(id).zip(known) {
            group.rebuild(correlation, desk.ground());
            if group.early.episode().is_none() {
                let (gone, stay): (Vec<_>, Vec<_>) = std::mem::take(&mut group.announced)
                    .into_iter()
                    .partition(|said| said.window.from <= at && at <= said.window.to);
                group.announced = stay;
                desk.out.extend(gone.into_iter().map(withdrawn));
            }
        }
        self.clear_if_done(id, desk);
    }

    fn step(&mut self, id: &GroupId, item: &Arc<Item>, desk: &mut Desk<'_>) {
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
            let at = (item.time, &mut *desk.out);
            group.settle_pair(&rule.meta, (correlation, &id.1), pair.as_deref(), at);
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
                let group = self.groups.get_mut(id).filter(|_| rule.meta.is_reported);
                if let Some((group, correlation)) = group.zip(rule.correlation.as_ref()) {
                    group.confirm(&rule.meta, (correlation, &id.1), &episode, desk.out);
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
                is_assumed: episode.is_assumed,
                ..item.clone()
            };
            let id = (next.to, Arc::from(next.key.as_str()));
            self.settle_now(&id, chained, desk);
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
                self.ended(id, End::Episode(Box::new(episode), Some(item)), desk);
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
        if !group.settled.is_empty() || !group.pending.is_empty() || !group.foreseen.is_empty() {
            return;
        }
        desk.out.extend(std::mem::take(&mut group.announced).into_iter().map(withdrawn));
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
        Form { groups: self.groups.clone(), nameless: self.nameless.clone() }
    }

    /// Takes a snapshot's groups whose rules still stand; `find` gives a rule's place by now.
    pub(crate) fn load(
        &mut self,
        form: Form,
        rules: &RuleSet,
        find: &dyn Fn(RuleIndex) -> Option<RuleIndex>,
        ground: Ground<'_>,
    ) {
        self.groups = Parts::default();
        self.timers.clear();
        let nameless = form.nameless.into_iter();
        self.nameless = nameless.filter_map(|(rule, times)| Some((find(rule)?, times))).collect();
        for ((rule, key), mut group) in form.groups {
            let Some(rule) = find(rule) else { continue };
            let Some(known) = rules.rule(rule).and_then(|rule| rule.correlation.as_ref()) else {
                continue;
            };
            let id: GroupId = (rule, key);
            group.settled.renumber(find);
            group.pending.retain_mut(|item| Arc::make_mut(item).renumber(find));
            group.pending.make_contiguous().sort_by_key(|item| item.key());
            group.foreseen.retain_mut(|item| Arc::make_mut(item).renumber(find));
            group.foreseen.make_contiguous().sort_by_key(|item| item.key());
            group.rebuild(known, ground);
            if let Some(deadline) = group.deadline {
                self.timers.insert((deadline, id.clone()));
            }
            self.groups.insert(id, group);
        }
    }

    /// What waits, as the detector's queue names it.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (&GroupId, ItemKey)> {
        self.groups
            .iter()
            .flat_map(|(id, group)| group.pending.iter().map(move |item| (id, item.key())))
    }
}

/// Puts an event in its place in order. The same one twice is one.
fn put(all: &mut VecDeque<Arc<Item>>, item: &Arc<Item>) {
    match all.binary_search_by_key(&item.key(), |other| other.key()) {
        Ok(at) => {
            if let Some(same) = all.get_mut(at) {
                *same = Arc::clone(item);
            }
        }
        Err(at) => all.insert(at, Arc::clone(item)),
    }
}

fn withdrawn(finding: Finding) -> Finding {
    Finding { state: FindingState::Withdrawn, ..finding }
}

/// The values of a group's keys by their names.
fn values(correlation: &Correlation, key: &str) -> BTreeMap<String, String> {
    let names = correlation.group_by.iter().map(|key| finding::short(&key.name).to_owned());
    names.zip(key.split(KEY_END).map(str::to_owned)).collect()
}

impl Group {
    /// Keeps an event until the watermark passes it.
    fn wait(&mut self, item: &Arc<Item>) {
        put(&mut self.pending, item);
    }

    /// Takes out what no longer waits.
    fn due(&mut self, key: &ItemKey) -> Option<Arc<Item>> {
        let at = self.pending.binary_search_by_key(key, |item| item.key()).ok()?;
        self.pending.remove(at)
    }

    fn rebuild(&mut self, correlation: &Correlation, ground: Ground<'_>) {
        self.early = self.settled.clone();
        let mut foreseen = self.foreseen.iter().peekable();
        for item in &self.pending {
            while let Some(before) = foreseen.next_if(|one| one.key() < item.key()) {
                self.early.step(correlation, before, ground);
            }
            self.early.step(correlation, item, ground);
        }
        for item in foreseen {
            self.early.step(correlation, item, ground);
        }
        let ends = [self.pending.back(), self.foreseen.back()];
        self.newest = ends.into_iter().flatten().max_by_key(|item| item.key()).cloned();
    }

    /// Says what the early machine has found, once per episode.
    fn announce(
        &mut self,
        meta: &RuleMeta,
        (correlation, key): (&Correlation, &str),
        out: &mut Vec<Finding>,
    ) {
        let Some(episode) = self.early.episode() else {
            return;
        };
        let values = values(correlation, key);
        let id = finding::id_of(meta, &values, episode.anchor());
        if self.announced.iter().any(|known| known.id == id) {
            return;
        }
        let state = FindingState::Provisional;
        let mut found = finding::of_episode(meta, &values, episode, state);
        // Pairs of sightings stand each for themselves.
        let is_alone = episode.why.is_some();
        let earlier = self.announced.iter();
        let earlier = earlier.filter(|one| !is_alone && one.window.to >= found.window.from);
        found.supersedes = earlier.map(|known| known.id.clone()).collect();
        self.announced.push(found.clone());
        out.push(found);
    }

    /// Says what is settled, in place of what was said early about the same time.
    fn confirm(
        &mut self,
        meta: &RuleMeta,
        (correlation, key): (&Correlation, &str),
        episode: &Episode,
        out: &mut Vec<Finding>,
    ) {
        let state = FindingState::Confirmed;
        let mut found = finding::of_episode(meta, &values(correlation, key), episode, state);
        let (before, after): (Vec<_>, Vec<_>) = std::mem::take(&mut self.announced)
            .into_iter()
            .partition(|known| known.window.from <= episode.last);
        self.announced = after;
        let others = before.into_iter().map(|known| known.id).filter(|id| *id != found.id);
        found.supersedes = others.collect();
        out.push(found);
    }
}
