//! What one set of rules said of a stretch: counted whole, kept up to a bound.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use model::{
    Entity, Finding, FindingId, FindingState, Level, Organisation, PlaceId, RuleId, Timestamp,
};
use serde::Serialize;

/// Alarms are counted by spans of this length (EEMUA 191, ISA-18.2).
pub const ALARM_SPAN: Duration = Duration::from_secs(600);
/// Persons, places and things of a report.
const TOP_MAX: usize = 20;
/// Persons, places and things that are counted; who comes later is only in the findings.
const ENTITIES_MAX: usize = 50_000;

/// How much a tally keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TallyLimits {
    /// Findings told apart; one more ends the run.
    pub findings_max: usize,
    /// Findings kept whole, the earliest.
    pub kept_max: usize,
}

/// How often something was concerned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// What.
    pub what: String,
    /// In how many findings.
    pub findings: u64,
}

/// What one rule said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleCount {
    /// Which.
    pub rule: RuleId,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// Findings.
    pub findings: u64,
    /// Most of them in one span of ten minutes.
    pub peak: u64,
    /// How often it could not be decided.
    pub undecided: u64,
    /// Why.
    pub why_undecided: Vec<String>,
}

/// One finding, as findings are told apart and compared.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub id: FindingId,
    pub rule: RuleId,
    pub group: u64,
    pub from: Timestamp,
    pub to: Timestamp,
}

#[derive(Debug, Clone, Default)]
struct OfRule {
    title: String,
    level: Level,
    findings: u64,
    spans: HashMap<i64, u64>,
}

/// What was said so far.
pub struct Tally {
    from: Timestamp,
    to: Timestamp,
    zone: Tz,
    site: Option<PlaceId>,
    org: Arc<Organisation>,
    told: BTreeSet<RuleId>,
    limits: TallyLimits,
    places: HashMap<FindingId, usize>,
    pub(super) keys: Vec<Key>,
    /// The earliest findings, whole.
    pub kept: BTreeMap<(Timestamp, FindingId), Finding>,
    /// The earliest of those that later events could still overturn, whole.
    pub open: BTreeMap<(Timestamp, FindingId), Finding>,
    open_count: u64,
    days: BTreeMap<String, u64>,
    rules: BTreeMap<RuleId, OfRule>,
    entities: BTreeMap<Entity, u64>,
    spans: HashMap<i64, u64>,
}

impl Tally {
    /// Counts findings of some rules between two instants, about one site or any.
    pub fn new(
        (from, to): (Timestamp, Timestamp),
        (org, site): (Arc<Organisation>, Option<PlaceId>),
        told: BTreeSet<RuleId>,
        limits: TallyLimits,
    ) -> Self {
        Self {
            from,
            to,
            zone: org.time_zone.parse().unwrap_or(Tz::UTC),
            site,
            org,
            told,
            limits,
            places: HashMap::new(),
            keys: Vec::new(),
            kept: BTreeMap::new(),
            open: BTreeMap::new(),
            open_count: 0,
            days: BTreeMap::new(),
            rules: BTreeMap::new(),
            entities: BTreeMap::new(),
            spans: HashMap::new(),
        }
    }

    /// Takes a finding; `false` when there are more than are told apart.
    pub fn take(&mut self, finding: Finding) -> bool {
        if !self.is_wanted(&finding) {
            return true;
        }
        if let Some(at) = self.places.get(&finding.id) {
            self.grown(*at, finding);
            return true;
        }
        if self.keys.len() >= self.limits.findings_max {
            return false;
        }
        let day = finding.time.to_chrono().with_timezone(&self.zone).format("%Y-%m-%d");
        *self.days.entry(day.to_string()).or_insert(0) += 1;
        let span = span_of(finding.time);
        *self.spans.entry(span).or_insert(0) += 1;
        let rule = self.rules.entry(finding.rule.clone()).or_default();
        (rule.title, rule.level) = (finding.title.clone(), finding.level);
        rule.findings += 1;
        *rule.spans.entry(span).or_insert(0) += 1;
        for entity in &finding.entities {
            if self.entities.len() < ENTITIES_MAX || self.entities.contains_key(entity) {
                *self.entities.entry(entity.clone()).or_insert(0) += 1;
            }
        }
        self.places.insert(finding.id.clone(), self.keys.len());
        self.keys.push(Key {
            id: finding.id.clone(),
            rule: finding.rule.clone(),
            group: hash_of(&finding.group),
            from: finding.window.from,
            to: finding.window.to,
        });
        self.kept.insert((finding.time, finding.id.clone()), finding);
        if self.kept.len() > self.limits.kept_max {
            self.kept.pop_last();
        }
        true
    }

    /// Takes a finding that would be final if nothing else came.
    pub fn take_open(&mut self, mut finding: Finding) {
        let key = (finding.time, finding.id.clone());
        let is_said = self.places.contains_key(&finding.id) || self.open.contains_key(&key);
        if !self.is_wanted(&finding) || is_said {
            return;
        }
        finding.state = FindingState::Provisional;
        self.open_count += 1;
        self.open.insert(key, finding);
        if self.open.len() > self.limits.kept_max {
            self.open.pop_last();
        }
    }

    /// How many findings are not final yet.
    pub fn open_findings(&self) -> u64 {
        self.open_count
    }

    /// The same finding with more evidence.
    fn grown(&mut self, at: usize, finding: Finding) {
        if let Some(key) = self.keys.get_mut(at) {
            (key.from, key.to) = (finding.window.from, finding.window.to);
        }
        if let Some(kept) = self.kept.get_mut(&(finding.time, finding.id.clone())) {
            *kept = finding;
        }
    }

    fn is_wanted(&self, finding: &Finding) -> bool {
        let is_final = match finding.state {
            FindingState::Confirmed => true,
            FindingState::Provisional | FindingState::Withdrawn => false,
        };
        let is_inside = self.from <= finding.time && finding.time < self.to;
        is_final && is_inside && self.told.contains(&finding.rule) && self.is_here(finding)
    }

    fn is_here(&self, finding: &Finding) -> bool {
        let Some(wanted) = &self.site else { return true };
        let entities = finding.entities.iter().cloned().collect();
        respond::site_of(&self.org, &entities).as_ref() == Some(wanted)
    }

    /// How many findings.
    pub fn findings(&self) -> u64 {
        self.keys.len() as u64
    }

    /// Findings by local day of the organisation, days without any included.
    pub fn days(&self) -> Vec<(String, u64)> {
        let local = |at: Timestamp| at.to_chrono().with_timezone(&self.zone).date_naive();
        let (mut day, last) = (local(self.from), local(self.to.minus(Duration::from_nanos(1))));
        let mut all = Vec::new();
        while day <= last && all.len() < DAYS_MAX {
            let word = day.format("%Y-%m-%d").to_string();
            let count = self.days.get(&word).copied().unwrap_or(0);
            all.push((word, count));
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
        all
    }

    /// What each rule said, the noisiest first; those that said nothing last.
    pub fn rules(&self, stats: &detect::DetectStats, set: &detect::RuleSet) -> Vec<RuleCount> {
        let mut all: Vec<RuleCount> = self
            .told
            .iter()
            .map(|id| {
                let said = self.rules.get(id);
                let meta = set.get(id);
                let undecided = stats.undecided.get(id);
                RuleCount {
                    rule: id.clone(),
                    title: meta.map(|meta| meta.title.clone()).unwrap_or_default(),
                    level: meta.map(|meta| meta.level).unwrap_or_default(),
                    findings: said.map_or(0, |said| said.findings),
                    peak: said.and_then(|said| said.spans.values().max()).copied().unwrap_or(0),
                    undecided: undecided.map_or(0, |stat| stat.count),
                    why_undecided: undecided
                        .map(|stat| stat.reasons.iter().cloned().collect())
                        .unwrap_or_default(),
                }
            })
            .collect();
        all.sort_by(|a, b| (b.findings, &a.rule).cmp(&(a.findings, &b.rule)));
        all
    }

    /// Most findings in one span of ten minutes.
    pub fn peak(&self) -> u64 {
        self.spans.values().max().copied().unwrap_or(0)
    }

    /// Spans of ten minutes with more findings than one.
    pub fn spans_over(&self) -> u64 {
        self.spans.values().filter(|count| **count > 1).count() as u64
    }

    /// Whom and what it is about most.
    pub fn top(&self) -> Vec<Counted> {
        let mut all: Vec<(&Entity, u64)> = self.entities.iter().map(|(e, n)| (e, *n)).collect();
        all.sort_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
        let counted =
            |(entity, findings): (&Entity, u64)| Counted { what: entity.to_string(), findings };
        all.into_iter().take(TOP_MAX).map(counted).collect()
    }
}

/// Days of a report.
const DAYS_MAX: usize = 1_000;

fn span_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(i64::try_from(ALARM_SPAN.as_millis()).unwrap_or(600_000))
}

fn hash_of(group: &BTreeMap<String, String>) -> u64 {
    let mut hasher = DefaultHasher::new();
    group.hash(&mut hasher);
    hasher.finish()
}
