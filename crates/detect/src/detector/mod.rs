//! Everything together: enrichment, matching, correlation, and what waits for the watermark.

mod history;
mod judge;
mod snapshot;
mod watermark;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::enrichment::{EndpointView, Enrichment, OwnerView};
use model::raw::Trust;
use model::value::{Object, Value};
use model::{
    Event, Finding, Fingerprint, Interval, MappingName, PersonId, Record, SourceId, SourceState,
    Timestamp,
};
use serde_json::json;

use crate::correlate::{Correlator, Desk, GroupId, ItemKey};
use crate::fires::Fires;
use crate::learned::{ClockReport, Learned, Lesson};
use crate::limits::{GROUPS_MAX, PENDING_MAX};
use crate::presence::{Ask, Presence, passage_view};
use crate::rules::{RuleIndex, RuleSet};
use crate::spine::{Resolution, ResolvedEndpoint, Spine};
use crate::stats::DetectStats;
pub use snapshot::{Kept, SnapshotError};
use watermark::Watermarks;

/// How a detector behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether findings that a late event could still overturn are told at once, as provisional.
    /// Without it only final findings are told, when the watermark has passed.
    pub provisional: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { provisional: true }
    }
}

/// How much a detector holds open at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Groups with an open window, over all correlations.
    pub groups: usize,
    /// Events and matches that wait for the watermark.
    pub pending: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { groups: GROUPS_MAX, pending: PENDING_MAX }
    }
}

/// Events and records in, findings out.
pub struct Detector {
    spine: Arc<Spine>,
    rules: Arc<RuleSet>,
    options: Options,
    bounds: Bounds,
    presence: Presence,
    fires: Fires,
    watermarks: Watermarks,
    /// Events that hang on presence, and wait.
    held: BTreeMap<QueueKey, Arc<Held>>,
    /// Matches that wait in their group, by its key.
    queue: BTreeMap<QueueKey, Arc<str>>,
    /// Of these, the ones whose time has come but whose rule still awaits its history.
    deferred: BTreeMap<QueueKey, Arc<str>>,
    correlator: Correlator,
    learned: Learned,
    stats: DetectStats,
}

/// Order of what waits: event time, ties broken by content, events before what they feed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct QueueKey {
    time: Timestamp,
    fingerprint: Fingerprint,
    record: u64,
    /// `None` for an event that hangs on presence, else the correlation.
    correlation: Option<RuleIndex>,
    rule: Option<RuleIndex>,
}

impl QueueKey {
    /// Of an event that hangs on presence.
    fn of(event: &Event) -> Self {
        let (time, fingerprint, record) = (event.time, event.fingerprint, event.record);
        Self { time, fingerprint, record, correlation: None, rule: None }
    }
}

/// An event whose rules hang on presence, until all that was seen before it has arrived.
#[derive(Clone)]
struct Held {
    event: Event,
    rules: Vec<RuleIndex>,
    announced: Vec<Finding>,
    /// What correlations were shown of it, as presence stood.
    foreseen: Vec<(GroupId, ItemKey)>,
}

impl Detector {
    /// A detector that has seen nothing.
    pub fn new(spine: Arc<Spine>, rules: Arc<RuleSet>, options: Options) -> Self {
        Self {
            presence: Presence::new(Arc::clone(&spine)),
            fires: Fires::default(),
            spine,
            rules,
            options,
            bounds: Bounds::default(),
            watermarks: Watermarks::default(),
            held: BTreeMap::new(),
            queue: BTreeMap::new(),
            deferred: BTreeMap::new(),
            correlator: Correlator::default(),
            learned: Learned::default(),
            stats: DetectStats::default(),
        }
    }

    /// Bounds what is held open: beyond it the soonest to end is closed, or the oldest judged,
    /// early; both are counted.
    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    /// The rules in force.
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// The spine in force.
    pub fn spine(&self) -> &Arc<Spine> {
        &self.spine
    }

    /// Where everybody is believed to be.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Who was seen since this was last asked.
    pub fn take_seen(&mut self) -> std::collections::BTreeSet<PersonId> {
        self.presence.take_changed()
    }

    /// Up to which event time everything has been judged for good.
    pub fn frontier(&self) -> Timestamp {
        self.watermarks.frontier()
    }

    /// Whether an event comes later than what is still waited for: correlations no longer take it.
    pub fn is_late(&self, event: &Event) -> bool {
        event.time < self.watermarks.frontier()
    }

    /// Adds what the spine knows and where people were before this event; then learns from it
    /// where they are now. Call once per event, before `judge`.
    pub fn enrich(&mut self, event: &mut Event) {
        let found = self.spine.resolve(event);
        self.stats.unresolved(&found.unresolved);
        if let Some(passage) = passage_view(&self.spine, event, &found) {
            self.stats.at_door(found.door.as_ref(), passage);
        }
        let sighting = self.presence.sighting(event, &found);
        event.enrichment = Some(Box::new(self.enrichment(event, found)));
        self.stats.evicted_fires += u64::from(self.fires.learn(event));
        if let Some(sighting) = sighting {
            self.presence.learn(sighting);
        }
    }

    fn enrichment(&self, event: &Event, found: Resolution) -> Enrichment {
        let ask = Ask::event(event);
        let passage = passage_view(&self.spine, event, &found);
        let presence = |person: &PersonId| self.presence.before(person, &ask).0;
        let endpoint = |end: Option<ResolvedEndpoint>| -> Option<EndpointView> {
            let end = end?;
            let mut view = end.view;
            view.owner = end.owner.map(|id| OwnerView { presence: presence(&id), id });
            Some(view)
        };
        Enrichment {
            presence: found.person.as_ref().map(presence),
            person: found.person,
            person_view: found.person_view,
            src: endpoint(found.src),
            dst: endpoint(found.dst),
            device: endpoint(found.device),
            place: found.place,
            credential: found.credential,
            passage,
            time: Interval::around(event.time, event.clock_offset_max),
            local: found.local,
            unresolved: found.unresolved,
        }
    }

    /// Asks presence again about an event that has waited; names the silent sources.
    fn see_again(&self, event: &mut Event) -> Vec<SourceId> {
        let mut silent = Vec::new();
        let Some(mut enrichment) = event.enrichment.take() else {
            return silent;
        };
        let ask = Ask::event(event);
        let mut again = |person: &PersonId| {
            let (presence, source) = self.presence.before(person, &ask);
            silent.extend(source);
            presence
        };
        enrichment.presence = enrichment.person.as_ref().map(&mut again);
        let ends = [&mut enrichment.src, &mut enrichment.dst, &mut enrichment.device];
        for owner in ends.into_iter().flatten().filter_map(|end| end.owner.as_mut()) {
            owner.presence = again(&owner.id);
        }
        event.enrichment = Some(enrichment);
        silent.sort();
        silent.dedup();
        silent
    }

    /// Judges an enriched event: Sigma, then correlations.
    pub fn judge(&mut self, event: &Event, out: &mut Vec<Finding>) {
        let mut matches = Vec::new();
        self.rules.matches(event, &mut matches);
        self.judge_matches(event, &matches, out);
    }

    /// Judges an event whose matches were found elsewhere by `RuleSet::matches`.
    pub fn judge_matches(
        &mut self,
        event: &Event,
        matches: &[crate::rules::Match],
        out: &mut Vec<Finding>,
    ) {
        let start = out.len();
        self.stats.events += 1;
        self.hear(event);
        self.take_matches(event, matches, out);
        self.watermarks.observe(event, &self.spine);
        self.advance(out);
        self.silence_in_fire(start, out);
    }

    /// Keeps what an event teaches, for when its time has come. What comes late teaches nothing.
    fn hear(&mut self, event: &Event) {
        self.learned.clocks.hear(event);
        if !self.rules.asks_travel() || event.time < self.watermarks.frontier() {
            return;
        }
        if let Some(lesson) = Lesson::of(event, &self.spine) {
            self.learned.ways.hear(lesson);
        }
    }

    /// Takes what moves time or tells of a source. Raw records are events' business, not ours.
    ///
    /// `number`: the record's own, for evidence; 0 where it has none.
    pub fn observe(&mut self, number: u64, record: &Record, out: &mut Vec<Finding>) {
        let start = out.len();
        self.move_on(number, record, out);
        self.silence_in_fire(start, out);
    }

    fn move_on(&mut self, number: u64, record: &Record, out: &mut Vec<Finding>) {
        match record {
            Record::Raw(_) => {}
            Record::Tick { at } => {
                self.watermarks.tick(*at);
                self.advance(out);
            }
            Record::Source { source, state, last_heard, at } => {
                match state {
                    SourceState::Silent => {
                        let known = self.spine.organisation().sources.get(source);
                        let beat = known.and_then(|source| source.heartbeat);
                        let over = last_heard.zip(beat).map(|(last, beat)| last.plus(beat));
                        self.presence.silence(source, over.unwrap_or(*at).min(*at));
                        self.watermarks.silent(source);
                    }
                    SourceState::Heard => {
                        self.presence.heard(source, *at);
                        self.watermarks.heard(source);
                    }
                }
                let mut event = self.source_event(source, *state, *last_heard, *at);
                event.record = number;
                self.enrich(&mut event);
                let mut matches = Vec::new();
                self.rules.matches(&event, &mut matches);
                self.take_matches(&event, &matches, out);
            }
        }
    }

    /// A source's silence as an event that rules can match: logsource category `source_health`.
    fn source_event(
        &self,
        source: &SourceId,
        state: SourceState,
        last_heard: Option<Timestamp>,
        at: Timestamp,
    ) -> Event {
        let known = self.spine.organisation().sources.get(source);
        let word = match state {
            SourceState::Silent => "silent",
            SourceState::Heard => "heard",
        };
        let mut ocsf = Object::new();
        ocsf.insert("class_uid", 0);
        ocsf.insert("category_uid", 0);
        ocsf.insert("time", at.millis());
        ocsf.insert("status", word);
        let last = last_heard.map(|last| last.to_string());
        let witness = known.map(|source| &source.witness_of);
        let data = json!({ "source": source, "last_heard": last, "witness_of": witness });
        ocsf.insert("unmapped", Value::from(data));
        let body = format!("{word} at {}", at.nanos());
        Event {
            record: 0,
            part: 0,
            source: source.clone(),
            mapping: own_mapping(),
            site: known.and_then(|source| source.site.clone()),
            fingerprint: Fingerprint::of(source, body.as_bytes(), 0),
            class_uid: 0,
            time: at,
            received_at: at,
            clock_offset_max: std::time::Duration::ZERO,
            trust: Trust::Token,
            logsource: model::LogSource {
                category: Some("source_health".into()),
                product: Some("castellan".into()),
                service: None,
            },
            ocsf,
            enrichment: None,
        }
    }

    /// Ends the input: everything that waits is judged, every window closed.
    pub fn finish(&mut self, out: &mut Vec<Finding>) {
        let start = out.len();
        self.watermarks.finish();
        self.advance(out);
        self.silence_in_fire(start, out);
    }

    /// What is known of the clocks of the sources heard.
    pub fn clocks(&self) -> Vec<ClockReport> {
        self.learned.clocks.reports()
    }

    /// Counters and how near the bounds are.
    pub fn stats(&self) -> DetectStats {
        let mut stats = self.stats.clone();
        let (people, evicted, untrusted) = self.presence.counts();
        stats.people = people;
        stats.evicted_presence = evicted;
        stats.untrusted_sightings = untrusted;
        stats.pending = self.waiting() as u64;
        stats.groups = self.correlator.len() as u64;
        (stats.ways, stats.evicted_ways) = self.learned.ways.counts();
        stats.evicted_ways += self.learned.clocks.unmeasured();
        (stats.habits, stats.evicted_habits) = self.learned.habits.counts();
        stats
    }

    /// Takes another organisation; whereabouts and windows stay.
    pub fn set_spine(&mut self, spine: Arc<Spine>) {
        self.presence.set_spine(Arc::clone(&spine));
        self.spine = spine;
    }

    /// Takes other rules; windows of correlations that are unchanged stay.
    pub fn set_rules(&mut self, rules: Arc<RuleSet>) {
        let old = std::mem::replace(&mut self.rules, rules);
        let table = snapshot::table(&old);
        let correlator = self.correlator.save();
        let learned = self.learned.save();
        let held = std::mem::take(&mut self.held).into_values();
        let held = held.map(Arc::unwrap_or_clone).collect();
        self.take_over(&table, (correlator, learned), held);
    }

    fn waiting(&self) -> usize {
        self.held.len() + self.queue.len() + self.deferred.len()
    }

    /// Judges for good what the watermark has passed: what waits and what ends, in order of time.
    fn advance(&mut self, out: &mut Vec<Finding>) {
        let frontier = self.watermarks.frontier();
        loop {
            let is_full = self.waiting() > self.bounds.pending;
            let held = self.held.first_key_value().map(|(key, _)| key);
            let item = self.queue.first_key_value().map(|(key, _)| key);
            let is_held = held.is_some_and(|held| item.is_none_or(|item| held < item));
            let first = if is_held { held } else { item }.map(|key| key.time);
            let end = self.correlator.next_end().filter(|end| *end < frontier);
            if end.is_some_and(|end| first.is_none_or(|first| end < first)) {
                self.learned.settle_before(end.unwrap_or(frontier));
                let (correlator, mut desk) = self.desk(out);
                correlator.expire_first(&mut desk);
                continue;
            }
            let Some(first) = first.filter(|first| *first < frontier || is_full) else {
                self.learned.settle_before(frontier);
                return;
            };
            self.learned.settle_before(first);
            self.stats.evicted_pending += u64::from(first >= frontier);
            if is_held {
                if let Some((_, held)) = self.held.pop_first() {
                    self.settle_held(Arc::unwrap_or_clone(held), out);
                }
            } else if let Some((key, group)) = self.queue.pop_first() {
                self.settle_item(&key, group, out);
            }
        }
    }

    fn settle_item(&mut self, key: &QueueKey, group: Arc<str>, out: &mut Vec<Finding>) {
        let Some((correlation, rule)) = key.correlation.zip(key.rule) else {
            return;
        };
        if self.learned.habits.awaits(correlation) {
            return self.defer(key.clone(), group, out);
        }
        self.settle_in_turn((correlation, rule), (key, group), out);
    }

    fn settle_in_turn(
        &mut self,
        (correlation, rule): (RuleIndex, RuleIndex),
        (key, group): (&QueueKey, Arc<str>),
        out: &mut Vec<Finding>,
    ) {
        let (correlator, mut desk) = self.desk(out);
        let item = (key.time, key.fingerprint, key.record, rule);
        correlator.settle(&(correlation, group), &item, &mut desk);
    }

    fn desk<'a>(&'a mut self, out: &'a mut Vec<Finding>) -> (&'a mut Correlator, Desk<'a>) {
        let desk = Desk {
            rules: &self.rules,
            presence: &self.presence,
            ways: &self.learned.ways,
            clocks: &self.learned.clocks,
            habits: &mut self.learned.habits,
            is_early_wanted: self.options.provisional,
            groups_max: self.bounds.groups,
            stats: &mut self.stats,
            out,
        };
        (&mut self.correlator, desk)
    }
}

/// The mapping name of events that we make ourselves.
fn own_mapping() -> MappingName {
    #[expect(clippy::expect_used, reason = "a literal that is an id")]
    MappingName::parse("castellan").expect("`castellan` is an id")
}
