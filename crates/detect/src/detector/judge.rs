//! From matches to findings: at once where nothing can overturn them, else when time has passed.

use std::sync::Arc;

use model::{Event, Finding, FindingState};

use super::{Detector, Held, QueueKey};
use crate::correlate::{GroupId, Item, ItemKey, KEY_END, Onward, Reading, Useless};
use crate::finding;
use crate::learned::ahead;
use crate::limits::CHAIN_MAX;
use crate::rules::{Correlation, Kind, Match, Measure, Rule, RuleIndex, RuleSet, Truth};
use crate::sigma::View;

/// As what a fire alarm keeps back is counted, among the exceptions.
const FIRE: &str = "fire-alarm";

impl Detector {
    pub(super) fn take_matches(
        &mut self,
        event: &Event,
        matches: &[Match],
        out: &mut Vec<Finding>,
    ) {
        let is_late = event.time < self.watermarks.frontier();
        self.stats.late += u64::from(is_late);
        let (mut waiting, mut announced, mut foreseen) = (Vec::new(), Vec::new(), Vec::new());
        for found in matches {
            if let Some(exception) = found.excepted {
                self.stats.excepted(self.rules.exception_id(exception));
                if !is_late && !found.hangs_on_presence {
                    self.feed(found.rule, event, Feed::EXCEPTED, out);
                }
                continue;
            }
            let waits = found.hangs_on_presence || self.rules.is_outside_fire(found.rule);
            if waits {
                waiting.push(found.rule);
                if !is_late && self.options.provisional && found.truth == Truth::True {
                    let start = out.len();
                    self.report(found.rule, event, FindingState::Provisional, out);
                    announced.extend(out.iter().skip(start).cloned());
                    if found.hangs_on_presence {
                        self.foresee(found.rule, event, (&mut foreseen, out));
                    }
                }
            } else {
                self.stats.matches += 1;
                self.report(found.rule, event, FindingState::Confirmed, out);
            }
            // What waits for word of a fire alone is handed on at once, the rest once settled.
            let asks = || self.rules.meta(found.rule).is_some_and(|meta| meta.asks_presence);
            let is_later = is_late || waits && asks();
            if !is_later {
                self.feed(found.rule, event, Feed::PLAIN, out);
            }
        }
        if waiting.is_empty() {
            return;
        }
        let held = Held { event: event.clone(), rules: waiting, announced, foreseen };
        if is_late {
            self.settle_late(held, out);
        } else {
            self.held.insert(QueueKey::of(event), Arc::new(held));
        }
    }

    /// Takes back what says something of a site while a fire alarm is on there, of rules that are
    /// not to: what is said from `start` on. What is settled has seen every signal that may come.
    pub(super) fn silence_in_fire(&mut self, start: usize, out: &mut Vec<Finding>) {
        let said = out.split_off(start);
        for mut finding in said {
            let rule = self.rules.get(&finding.rule).filter(|rule| rule.outside_fire);
            let fire = match finding.state {
                FindingState::Withdrawn => None,
                FindingState::Provisional | FindingState::Confirmed => {
                    rule.and_then(|_| self.fires.during(&finding, &self.spine, &self.presence))
                }
            };
            let Some((site, since)) = fire else {
                out.push(finding);
                continue;
            };
            if finding.state == FindingState::Confirmed {
                self.stats.excepted(Some(FIRE));
                if self.options.provisional {
                    finding.state = FindingState::Withdrawn;
                    finding.undecided.push(format!("a fire alarm was on at {site} since {since}"));
                    out.push(finding);
                }
            }
        }
    }

    fn report(&self, rule: RuleIndex, event: &Event, state: FindingState, out: &mut Vec<Finding>) {
        let meta = self.rules.meta(rule).filter(|meta| meta.is_reported);
        out.extend(meta.map(|meta| finding::of_event(meta, event, state)));
    }

    /// Judges an event whose every earlier sighting has arrived.
    pub(super) fn settle_held(&mut self, held: Held, out: &mut Vec<Finding>) {
        self.settle_rules(held, false, out);
    }

    fn settle_late(&mut self, held: Held, out: &mut Vec<Finding>) {
        self.settle_rules(held, true, out);
    }

    fn settle_rules(&mut self, mut held: Held, is_late: bool, out: &mut Vec<Finding>) {
        let silent = self.see_again(&mut held.event);
        for (group, key) in &held.foreseen {
            self.correlator.unforesee(group, key);
        }
        for rule in held.rules {
            let truth = self.rules.truth(rule, &held.event);
            let id = self.rules.meta(rule).map(|meta| meta.id.clone());
            if truth == Truth::True {
                self.stats.matches += 1;
                self.report(rule, &held.event, FindingState::Confirmed, out);
                held.announced.retain(|said| Some(&said.rule) != id.as_ref());
                // One that waited for something else has been handed on when it came.
                if !is_late && self.rules.meta(rule).is_some_and(|meta| meta.asks_presence) {
                    self.feed(rule, &held.event, Feed::SETTLED, out);
                }
            } else if truth == Truth::Unknown
                && let Some(id) = id
            {
                let mut reasons: Vec<String> = silent.iter().map(finding::stale).collect();
                reasons.extend(finding::doubts(&held.event));
                self.stats.undecided(&id, &reasons);
            }
        }
        for (group, _) in &held.foreseen {
            let (correlator, mut desk) = self.desk(out);
            correlator.settle_foreseen(group, held.event.time, &mut desk);
        }
        for mut said in held.announced {
            said.state = FindingState::Withdrawn;
            out.push(said);
        }
    }

    /// Shows those correlations at once that take a match which hangs on presence.
    fn foresee(
        &mut self,
        rule: RuleIndex,
        event: &Event,
        (foreseen, out): (&mut Vec<(GroupId, ItemKey)>, &mut Vec<Finding>),
    ) {
        let rules = Arc::clone(&self.rules);
        let Some(from) = rules.rule(rule).filter(|rule| !rule.feeds.is_empty()) else { return };
        let view = View::new(event);
        for index in &from.feeds {
            let Some((group, item)) = self.item(*index, (rule, event, &view), Feed::FORESEEN)
            else {
                continue;
            };
            let key = item.key();
            let (correlator, mut desk) = self.desk(out);
            if correlator.foresee(&group, item, &mut desk) {
                foreseen.push((group, key));
            }
        }
    }

    /// Hands a match to the correlations that take it.
    fn feed(&mut self, rule: RuleIndex, event: &Event, feed: Feed, out: &mut Vec<Finding>) {
        let rules = Arc::clone(&self.rules);
        let Some(from) = rules.rule(rule).filter(|rule| !rule.feeds.is_empty()) else {
            return;
        };
        let view = View::new(event);
        for index in &from.feeds {
            if let Some((group, item)) = self.item(*index, (rule, event, &view), feed) {
                self.hand_over(group, item, feed.is_settled, out);
            }
        }
    }

    /// What a correlation takes of a match, and for which group; nothing where it takes none.
    fn item(
        &mut self,
        index: RuleIndex,
        (rule, event, view): (RuleIndex, &Event, &View<'_>),
        feed: Feed,
    ) -> Option<(GroupId, Item)> {
        let rules = Arc::clone(&self.rules);
        let from = rules.rule(rule)?;
        let to = rules.rule(index).filter(|to| to.is_active)?;
        let correlation = to.correlation.as_ref()?;
        let is_missing = correlation.is_missing(rule);
        let is_kept = is_missing || correlation.keeps_what_is_excepted();
        if feed.is_excepted && !is_kept {
            return None;
        }
        let is_counted = correlation.is_of_two_sides();
        let own = rules.exception(index, event, view).filter(|_| !is_missing || is_counted);
        if let Some(exception) = own {
            feed.count(|| self.stats.excepted(self.rules.exception_id(exception)));
            if !correlation.learns() {
                return None;
            }
        }
        let is_mute = feed.is_excepted || own.is_some();
        let missed = Missed::default();
        let mut reader = Reader { rules: &rules, event, view, plain: rule, missed };
        let Some(read) = reader.onward(index, to, rule, 0) else {
            let Missed { keys, values } = reader.missed;
            feed.count(|| {
                if (is_missing || is_counted) && keys > 0 {
                    self.correlator.nameless(index, event.time);
                }
                self.stats.ungrouped += keys;
                self.stats.valueless += values;
            });
            return None;
        };
        let reading = Reading { event, view, spine: &self.spine, rule, is_mute };
        let own = match reading.of(&correlation.kind) {
            Ok(own) => own,
            Err(useless) => {
                feed.count(|| match useless {
                    Useless::Valueless => self.stats.valueless += 1,
                    Useless::Dependent => self.stats.dependent += 1,
                });
                return None;
            }
        };
        let item = Item {
            time: event.time,
            fingerprint: event.fingerprint,
            record: event.record,
            rule,
            source: event.source.clone(),
            class_uid: event.class_uid,
            bound: event.clock_offset_max.max(ahead(event)),
            value: read.value,
            number: read.number,
            fields: read.fields,
            entities: finding::entities(event, from.meta.concerns_owner).into_iter().collect(),
            behind: Vec::new(),
            onward: read.onward,
            own,
            is_assumed: finding::is_assumed(event, from.meta.asks_presence),
        };
        Some(((index, read.key.into()), item))
    }

    fn hand_over(&mut self, group: GroupId, item: Item, is_settled: bool, out: &mut Vec<Finding>) {
        // What waits for its history waits in the queue.
        if is_settled && !self.learned.habits.awaits(group.0) {
            let (correlator, mut desk) = self.desk(out);
            correlator.settle_now(&group, item, &mut desk);
            return;
        }
        let key = QueueKey {
            time: item.time,
            fingerprint: item.fingerprint,
            record: item.record,
            correlation: Some(group.0),
            rule: Some(item.rule),
        };
        self.queue.insert(key, Arc::clone(&group.1));
        let (correlator, mut desk) = self.desk(out);
        correlator.arrive(&group, item, &mut desk);
    }
}

/// How a match comes to the correlations.
#[derive(Clone, Copy)]
struct Feed {
    /// Whether everything before it has been judged.
    is_settled: bool,
    /// Whether an exception keeps it from being said: then it only stands against absences.
    is_excepted: bool,
    /// Whether it will come again, to be taken for good: then nothing of it is counted.
    is_foreseen: bool,
}

impl Feed {
    const PLAIN: Self = Self { is_settled: false, is_excepted: false, is_foreseen: false };
    const SETTLED: Self = Self { is_settled: true, ..Self::PLAIN };
    const EXCEPTED: Self = Self { is_excepted: true, ..Self::PLAIN };
    const FORESEEN: Self = Self { is_foreseen: true, ..Self::PLAIN };

    fn count(self, note: impl FnOnce()) {
        if !self.is_foreseen {
            note();
        }
    }
}

/// Reads from an event what correlations need of it.
struct Reader<'a> {
    rules: &'a RuleSet,
    event: &'a Event,
    view: &'a View<'a>,
    /// The rule that the event matched.
    plain: RuleIndex,
    missed: Missed,
}

/// What an event lacks.
#[derive(Default)]
struct Missed {
    keys: u64,
    values: u64,
}

impl Reader<'_> {
    /// What a correlation needs of a match of `rule`, and what those need that build on it. `None`
    /// where the event lacks a key or what is counted.
    fn onward(
        &mut self,
        index: RuleIndex,
        to: &Rule,
        rule: RuleIndex,
        depth: usize,
    ) -> Option<Onward> {
        let correlation = to.correlation.as_ref()?;
        let Some(key) = group_of(correlation, [rule, self.plain], self.view) else {
            self.missed.keys += 1;
            return None;
        };
        let is_reset = correlation.resets.contains(&rule);
        let (mut value, mut number) = (None, None);
        if !is_reset {
            let is_whole = match &correlation.kind {
                Kind::ValueCount { fields, .. } => {
                    value = value_of(fields, self.view);
                    value.is_some()
                }
                Kind::Sum { field, .. } => {
                    number = number_of(field, self.view);
                    number.is_some()
                }
                Kind::Whole { measure, .. } => {
                    (value, number) = measured(measure, self.view);
                    matches!(measure, Measure::Events) || value.is_some() || number.is_some()
                }
                Kind::EventCount { .. }
                | Kind::Temporal { .. }
                | Kind::Ordered
                | Kind::Travel(_)
                | Kind::Conflict(_)
                | Kind::Baseline(_)
                | Kind::Absence { .. } => true,
            };
            if !is_whole {
                self.missed.values += 1;
                return None;
            }
        }
        let because = to.meta.because.as_ref();
        let fields = because.map(|because| because.read(self.view)).unwrap_or_default();
        let onward = self.builders(index, to, depth);
        Some(Onward { to: index, key, value, number, fields, onward })
    }

    /// What those need that build on a correlation.
    fn builders(&mut self, index: RuleIndex, to: &Rule, depth: usize) -> Vec<Onward> {
        if depth >= CHAIN_MAX {
            return Vec::new();
        }
        let mut all = Vec::new();
        for next in &to.feeds {
            let Some(rule) = self.rules.rule(*next).filter(|rule| rule.is_active) else {
                continue;
            };
            if self.rules.exception(*next, self.event, self.view).is_none() {
                all.extend(self.onward(*next, rule, index, depth + 1));
            }
        }
        all
    }
}

/// The group that a match belongs to: the values of its keys, joined. Without a value for every
/// key it belongs to none: two unknown persons are not one. Keys may be named for a rule at the far
/// end of a chain.
fn group_of(correlation: &Correlation, rules: [RuleIndex; 2], view: &View<'_>) -> Option<String> {
    let mut joined = String::new();
    for key in &correlation.group_by {
        let own = rules.iter().find_map(|rule| key.per_rule.get(rule));
        let field = own.unwrap_or(&key.field);
        // What ends a value cannot be in one.
        joined.push_str(&view.text(field)?.replace(KEY_END, "\u{241f}"));
        joined.push(KEY_END);
    }
    Some(joined)
}

fn value_of(fields: &[String], view: &View<'_>) -> Option<String> {
    let mut joined = String::new();
    for field in fields {
        joined.push_str(&view.text(field)?);
        joined.push('\u{1f}');
    }
    Some(joined)
}

fn number_of(field: &str, view: &View<'_>) -> Option<f64> {
    view.text(field)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn measured(measure: &Measure, view: &View<'_>) -> (Option<String>, Option<f64>) {
    match measure {
        Measure::Events => (None, None),
        Measure::Values(fields) => (value_of(fields, view), None),
        Measure::Share(field) => (view.text(field), None),
        Measure::Sum(field) | Measure::Average(field) | Measure::Percentile { field, .. } => {
            (None, number_of(field, view))
        }
    }
}
