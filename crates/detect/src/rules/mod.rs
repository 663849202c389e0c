//! The rules: loaded and checked from text, routed by logsource, matched without state.

mod chain;
mod check;
mod correlation;
mod document;
mod extension;
pub(crate) mod load;
mod place;
mod route;
pub(crate) mod side;
mod world;

use std::collections::HashMap;

use model::{Event, LogSource, Problem, RuleId, TeamId};

use crate::limits::RATE_WINDOWS_MAX;
use crate::sigma::View;
use crate::sigma::kleene::PresenceRule;
pub use crate::sigma::kleene::Truth;
pub(crate) use correlation::{
    Baseline, Conflict, Correlation, Kind, Measure, Predicate, Seen, SeenAt, Travel, Unusual, When,
};
pub(crate) use extension::Template;
pub use place::told;
use route::Router;
use side::Exceptions;
pub use side::{ExceptionMeta, LOGSOURCES_ENDING};
pub use world::{Below, Heard, World};

/// One rule file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFile {
    /// Path relative to the rules folder, for problems.
    pub path: String,
    /// YAML, one or more documents.
    pub text: String,
}

/// A rule's place in its set.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct RuleIndex(pub(crate) u32);

/// What a rule says about itself.
#[derive(Debug, Clone)]
pub struct RuleMeta {
    /// Sigma's id, else its name or file stem.
    pub id: RuleId,
    /// Title.
    pub title: String,
    /// Level; Sigma's default is medium here.
    pub level: model::Level,
    /// Which team owns its findings from the first second.
    pub team: Option<TeamId>,
    /// What to do, step by step.
    pub sop: Vec<String>,
    /// A playbook's name, instead of or beside steps.
    pub playbook: Option<String>,
    /// Fields whose equal values fold findings together.
    pub fold: Vec<String>,
    /// Sigma tags, ATT&CK among them.
    pub tags: Vec<String>,
    /// Sigma's status, such as `experimental`.
    pub status: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Author, shown wherever the rule is shown.
    pub author: Option<String>,
    /// Licence, shown wherever the rule is shown.
    pub licence: Option<String>,
    /// Which events it is tried on; empty for a correlation.
    pub logsource: LogSource,
    /// Whether it joins other rules' matches.
    pub is_correlation: bool,
    /// Whether it asks where people are.
    pub asks_presence: bool,
    /// Whether it says nothing of a site while a fire alarm is on there.
    pub outside_fire: bool,
    /// Whether its matches are findings of their own, or only feed correlations.
    pub is_reported: bool,
    /// The rule set that turns it off.
    pub off_by: Option<String>,
    /// Its file.
    pub path: String,
    /// A hash of its file; part of every finding's id.
    pub version: String,
    /// Where in its file it begins.
    pub position: Option<model::Position>,
    pub(crate) because: Option<Template>,
    /// Whether it says whose device is concerned, so that the owner is among the entities.
    pub(crate) concerns_owner: bool,
}

/// One rule that an event matches, or would under some completion of what presence does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// Which rule.
    pub rule: RuleIndex,
    /// Whether presence decides; then a late sighting can still overturn it.
    pub hangs_on_presence: bool,
    /// As shown by the event as it stands.
    pub truth: Truth,
    /// The exception that keeps it from being said; it is counted.
    pub excepted: Option<u32>,
}

impl Match {
    /// Whether it is shown and nobody has excepted it.
    pub fn is_said(&self) -> bool {
        self.truth == Truth::True && self.excepted.is_none()
    }
}

/// The matches of one event.
pub type Matches = Vec<Match>;

pub(crate) struct Rule {
    pub meta: RuleMeta,
    pub presence: Option<PresenceRule>,
    /// The fields that its detections read.
    pub fields: Vec<String>,
    /// Where events of its log source are found here, beside its own.
    pub here: Vec<LogSource>,
    /// Exceptions that name it.
    pub exceptions: Vec<u32>,
    pub correlation: Option<Correlation>,
    /// Correlations that take this rule's matches.
    pub feeds: Vec<RuleIndex>,
    /// Whether it is on, or feeds one that is.
    pub is_active: bool,
}

impl Rule {
    fn of(meta: RuleMeta) -> Self {
        Self {
            meta,
            presence: None,
            fields: Vec::new(),
            here: Vec::new(),
            exceptions: Vec::new(),
            correlation: None,
            feeds: Vec::new(),
            is_active: true,
        }
    }
}

/// Loaded rules, ready to match.
#[derive(Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    by_id: HashMap<RuleId, RuleIndex>,
    router: Router,
    exceptions: Exceptions,
    unused_sets: Vec<String>,
    asks_travel: bool,
}

impl RuleSet {
    /// Loads rules; every problem is listed, and what loads is used. Files that end in
    /// `.cases.yml` hold cases and are passed over.
    pub fn load(files: &[RuleFile]) -> (Self, Vec<Problem>) {
        load::load(files)
    }

    /// Problems of rules that load but deserve a look: fields nobody fills, rules that cannot
    /// fire, findings without an owner.
    pub fn check(&self) -> Vec<Problem> {
        check::check(self)
    }

    /// Every rule, in file order.
    pub fn iter(&self) -> impl Iterator<Item = (RuleIndex, &RuleMeta)> {
        let numbered = (0_u32..).zip(&self.rules);
        numbered.map(|(number, rule)| (RuleIndex(number), &rule.meta))
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the rule with an id says about itself.
    pub fn get(&self, id: &RuleId) -> Option<&RuleMeta> {
        self.meta(self.index_of(id)?)
    }

    /// Where the rule with an id stands.
    pub fn index_of(&self, id: &RuleId) -> Option<RuleIndex> {
        self.by_id.get(id).copied()
    }

    /// What a rule says about itself.
    pub fn meta(&self, index: RuleIndex) -> Option<&RuleMeta> {
        self.rule(index).map(|rule| &rule.meta)
    }

    /// Every exception, whatever its end.
    pub fn exceptions(&self) -> impl Iterator<Item = &ExceptionMeta> {
        self.exceptions.iter()
    }

    /// Rules that some correlation builds on.
    pub fn feeding(&self) -> std::collections::BTreeSet<RuleId> {
        let feeds = |rule: &&Rule| !rule.feeds.is_empty();
        self.rules.iter().filter(feeds).map(|rule| rule.meta.id.clone()).collect()
    }

    /// Whether a rule says what it has found before all has come that could overturn it.
    pub fn speaks_early(&self, id: &RuleId) -> bool {
        let rule = self.index_of(id).and_then(|index| self.rule(index));
        rule.is_some_and(|rule| rule.correlation.as_ref().is_none_or(|one| !one.is_final_only))
    }

    /// How far back what is usual is learned from: the longest memory of baselines that are on.
    pub fn memory(&self) -> std::time::Duration {
        let active = self.rules.iter().filter(|rule| rule.is_active);
        let correlations = active.filter_map(|rule| rule.correlation.as_ref());
        let memory = |one: &Correlation| {
            let Kind::Baseline(baseline) = &one.kind else { return None };
            let windows = match baseline.unusual {
                Unusual::Rate { .. } => u32::try_from(RATE_WINDOWS_MAX).unwrap_or(u32::MAX),
                Unusual::First { .. } | Unusual::Hour { .. } => 1,
            };
            Some(one.timespan.saturating_mul(windows).max(baseline.learn))
        };
        correlations.filter_map(memory).max().unwrap_or_default()
    }

    /// How far apart events may lie that make one finding: the longest timespans of correlations
    /// that are on, along every chain of them.
    pub fn reach(&self) -> std::time::Duration {
        let is_window = |correlation: &&Correlation| !matches!(correlation.kind, Kind::Baseline(_));
        let own = |rule: &Rule| {
            rule.correlation.as_ref().filter(is_window).map(|correlation| correlation.timespan)
        };
        let mut reaches: Vec<std::time::Duration> = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            let inputs = rule.correlation.iter().flat_map(|correlation| &correlation.inputs);
            let below = inputs.filter_map(|input| reaches.get(input.0 as usize)).max().copied();
            let all = own(rule).unwrap_or_default() + below.unwrap_or_default();
            reaches.push(if rule.is_active { all } else { std::time::Duration::ZERO });
        }
        reaches.into_iter().max().unwrap_or_default()
    }

    /// The rules that an event of their logsource matches, appended in rule order. Stateless, so
    /// it can run on any thread.
    pub fn matches(&self, event: &Event, found: &mut Matches) {
        let view = View::new(event);
        let start = found.len();
        self.router.matches(&event.logsource, &view, |rule| found.push(shown(rule)));
        let masked = View::masked(event);
        self.router.presence(&event.logsource, |rule| self.judge(rule, &masked, &view, found));
        self.settle(event, &view, found, start);
    }

    /// As `matches`, but every rule is tried on every event.
    pub fn matches_unrouted(&self, event: &Event, found: &mut Matches) {
        let view = View::new(event);
        let start = found.len();
        self.router.matches_all(&view, |rule| found.push(shown(rule)));
        let masked = View::masked(event);
        self.router.presence_all(|rule| self.judge(rule, &masked, &view, found));
        self.settle(event, &view, found, start);
    }

    /// Each rule once, in order, with the exception that covers the event.
    fn settle(&self, event: &Event, view: &View<'_>, found: &mut Matches, start: usize) {
        let mut new = found.split_off(start);
        new.sort_unstable_by_key(|found| found.rule);
        new.dedup_by_key(|found| found.rule);
        for found in &mut new {
            found.excepted = self.exception(found.rule, event, view);
        }
        found.append(&mut new);
    }

    /// The exception that keeps a rule from speaking of an event.
    pub(crate) fn exception(
        &self,
        index: RuleIndex,
        event: &Event,
        view: &View<'_>,
    ) -> Option<u32> {
        let among = self.rule(index).map(|rule| rule.exceptions.as_slice()).unwrap_or_default();
        if among.is_empty() { None } else { self.exceptions.covering(among, event, view) }
    }

    /// An exception's name.
    pub(crate) fn exception_id(&self, at: u32) -> Option<&str> {
        self.exceptions.meta(at).map(|meta| meta.id.as_str())
    }

    /// What sets turn off says nothing of its own, and is not tried unless something needs it.
    fn silence_what_is_off(&mut self) {
        let mut active = vec![true; self.rules.len()];
        for (at, rule) in self.rules.iter_mut().enumerate().rev() {
            let is_on = rule.meta.off_by.is_none();
            let feeds = |fed: &RuleIndex| active.get(fed.0 as usize).copied().unwrap_or(false);
            rule.is_active = is_on || rule.feeds.iter().any(feeds);
            rule.meta.is_reported &= is_on;
            if let Some(slot) = active.get_mut(at) {
                *slot = rule.is_active;
            }
        }
    }

    pub(crate) fn rule(&self, index: RuleIndex) -> Option<&Rule> {
        self.rules.get(index.0 as usize)
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = (RuleIndex, &Rule)> {
        let numbered = (0_u32..).zip(&self.rules);
        numbered.map(|(number, rule)| (RuleIndex(number), rule))
    }

    /// Whether any rule that is on compares sightings: then travel times are learned.
    pub(crate) fn asks_travel(&self) -> bool {
        self.asks_travel
    }

    /// Whether a rule that has waited is shown by an event as now enriched; one that waited for
    /// something else than presence still is.
    pub(crate) fn truth(&self, index: RuleIndex, event: &Event) -> Truth {
        let Some(rule) = self.rule(index) else { return Truth::False };
        rule.presence.as_ref().map_or(Truth::True, |rule| rule.judge(&View::new(event)))
    }

    /// Whether a rule's own findings wait to know whether a fire alarm was on.
    pub(crate) fn is_outside_fire(&self, index: RuleIndex) -> bool {
        self.meta(index).is_some_and(|meta| meta.outside_fire && meta.is_reported)
    }

    fn judge(&self, index: RuleIndex, masked: &View<'_>, view: &View<'_>, found: &mut Matches) {
        let Some(rule) = self.rule(index).and_then(|rule| rule.presence.as_ref()) else {
            return;
        };
        match rule.judge(masked) {
            Truth::False => {}
            Truth::True => found.push(shown(index)),
            Truth::Unknown => found.push(Match {
                rule: index,
                hangs_on_presence: true,
                truth: rule.judge(view),
                excepted: None,
            }),
        }
    }
}

fn shown(rule: RuleIndex) -> Match {
    Match { rule, hangs_on_presence: false, truth: Truth::True, excepted: None }
}
