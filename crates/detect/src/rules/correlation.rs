//! Compiling Sigma correlations for our own run time on event time.

mod measure;
mod special;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use model::spine::WitnessOf;
use rsigma_parser::{
    ConditionExpr, ConditionOperator, CorrelationCondition, CorrelationRule, CorrelationType,
    WindowMode,
};
use serde_json::Value;

use super::RuleIndex;
use super::extension::{Extension, Without};
pub(crate) use super::extension::{SeenAt, Unusual, When};
use crate::limits::COUNT_MAX;
pub(crate) use measure::{Measure, Predicate, Seen};
pub(crate) use special::{Baseline, Conflict, Travel};

/// What makes a correlation fire.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// So many events.
    EventCount { least: u64 },
    /// So many distinct values.
    ValueCount { least: u64, fields: Vec<String> },
    /// Numbers that add up to so much.
    Sum { field: String, predicates: Vec<Predicate> },
    /// These rules, in any order.
    Temporal { need: Need },
    /// These rules, one after the other.
    Ordered,
    /// The other rules' matches without one of these.
    Absence { missing: Vec<RuleIndex>, when: When, heard_by: Vec<WitnessOf> },
    /// What only the end of a window can decide. The window opens with its first event.
    Whole { measure: Measure, predicates: Vec<Predicate> },
    /// Two sightings of one person further apart than anyone travels.
    Travel(Travel),
    /// Independent witnesses of one fact that disagree.
    Conflict(Conflict),
    /// What is unusual for its group.
    Baseline(Baseline),
}

impl Kind {
    /// Whether fewer matches could make more findings.
    fn hangs_on_all(&self) -> bool {
        match self {
            Self::Whole { .. } | Self::Travel(_) | Self::Conflict(_) | Self::Baseline(_) => true,
            Self::EventCount { .. }
            | Self::ValueCount { .. }
            | Self::Sum { .. }
            | Self::Temporal { .. }
            | Self::Ordered
            | Self::Absence { .. } => false,
        }
    }
}

/// Which rules must have matched.
#[derive(Debug, Clone)]
pub(crate) enum Need {
    Rule(RuleIndex),
    All(Vec<Need>),
    Any(Vec<Need>),
    AtLeast(u64, Vec<Need>),
}

impl Need {
    /// Whether it is met by the rules for which `has` holds.
    pub(crate) fn is_met(&self, has: &dyn Fn(RuleIndex) -> bool) -> bool {
        match self {
            Self::Rule(rule) => has(*rule),
            Self::All(parts) => parts.iter().all(|part| part.is_met(has)),
            Self::Any(parts) => parts.iter().any(|part| part.is_met(has)),
            Self::AtLeast(least, parts) => {
                parts.iter().filter(|part| part.is_met(has)).count() as u64 >= *least
            }
        }
    }
}

/// One key of a group, and where each rule has it.
#[derive(Debug, Clone)]
pub(crate) struct GroupKey {
    pub name: String,
    pub field: String,
    pub per_rule: HashMap<RuleIndex, String>,
}

/// A correlation ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Correlation {
    pub kind: Kind,
    /// The rules in the order given; an ordered correlation may name one twice.
    pub inputs: Vec<RuleIndex>,
    /// Rules that empty the window.
    pub resets: Vec<RuleIndex>,
    pub group_by: Vec<GroupKey>,
    pub timespan: Duration,
    /// Whether nothing is said before the watermark has passed.
    pub is_final_only: bool,
    /// How many correlations build on each other up to this one.
    pub depth: usize,
}

impl Correlation {
    /// Whether it can fire without some rules.
    pub(crate) fn can_spare(&self, without: &BTreeSet<RuleIndex>) -> bool {
        let has = |rule: RuleIndex| !without.contains(&rule);
        match &self.kind {
            Kind::EventCount { .. }
            | Kind::ValueCount { .. }
            | Kind::Sum { .. }
            | Kind::Travel(_)
            | Kind::Baseline(_)
            | Kind::Whole { .. } => self.inputs.iter().any(|input| has(*input)),
            Kind::Temporal { need } => need.is_met(&has),
            Kind::Ordered => self.inputs.iter().all(|input| has(*input)),
            Kind::Absence { .. } | Kind::Conflict(_) => {
                self.inputs.iter().any(|input| has(*input) && !self.is_missing(*input))
            }
        }
    }

    /// The rules of which fewer matches could make more findings.
    pub(crate) fn must_be_known(&self) -> impl Iterator<Item = RuleIndex> {
        let all = self.kind.hangs_on_all();
        let inputs = self.inputs.iter().filter(move |rule| all || self.is_missing(**rule));
        inputs.chain(&self.resets).copied()
    }

    /// Whether it holds the counts of two sides against each other.
    pub(crate) fn is_of_two_sides(&self) -> bool {
        matches!(&self.kind, Kind::Conflict(conflict) if conflict.differ_by.is_some())
    }

    /// Whether it learns from what it is given.
    pub(crate) fn learns(&self) -> bool {
        matches!(&self.kind, Kind::Baseline(_))
    }

    /// Whether it takes matches that an exception keeps from being said: without them it would say
    /// more, not less.
    pub(crate) fn keeps_what_is_excepted(&self) -> bool {
        self.is_of_two_sides() || self.learns()
    }

    /// The fields that its own kind reads, beside keys and sentence.
    pub(crate) fn own_fields(&self) -> Vec<String> {
        match &self.kind {
            Kind::Conflict(conflict) => conflict.counts.values().cloned().collect(),
            Kind::Baseline(baseline) => {
                let fields = match &baseline.unusual {
                    Unusual::First { fields } => fields.as_slice(),
                    Unusual::Hour { .. } | Unusual::Rate { .. } => &[],
                };
                fields.iter().chain(&baseline.peers).cloned().collect()
            }
            Kind::EventCount { .. }
            | Kind::ValueCount { .. }
            | Kind::Sum { .. }
            | Kind::Temporal { .. }
            | Kind::Ordered
            | Kind::Absence { .. }
            | Kind::Travel(_)
            | Kind::Whole { .. } => Vec::new(),
        }
    }

    /// Whether a rule is one whose absence is looked for.
    pub(crate) fn is_missing(&self, rule: RuleIndex) -> bool {
        match &self.kind {
            Kind::Absence { missing, .. } => missing.contains(&rule),
            Kind::Conflict(conflict) => conflict.against.contains(&rule),
            Kind::EventCount { .. }
            | Kind::ValueCount { .. }
            | Kind::Sum { .. }
            | Kind::Temporal { .. }
            | Kind::Ordered
            | Kind::Travel(_)
            | Kind::Baseline(_)
            | Kind::Whole { .. } => false,
        }
    }
}

/// A correlation as it was written.
pub(super) struct Asked<'a> {
    pub rule: &'a CorrelationRule,
    /// Its `correlation` block.
    pub written: Value,
    pub extension: &'a Extension,
}

/// The rules that a correlation may name.
pub(super) struct Rules<'a> {
    /// The rule with an id or a name.
    pub find: &'a dyn Fn(&str) -> Option<RuleIndex>,
    /// The name nearest to one that is not there.
    pub near: &'a dyn Fn(&str) -> Option<String>,
    /// The id of one that is a correlation itself.
    pub correlation: &'a dyn Fn(RuleIndex) -> Option<String>,
}

/// One thing that is wrong, and under which key.
pub(super) struct Fault {
    pub key: &'static str,
    pub code: &'static str,
    pub message: String,
}

fn fault(key: &'static str, code: &'static str, message: impl Into<String>) -> Fault {
    Fault { key, code, message: message.into() }
}

/// Short names for resolved entities in `group-by`.
fn entity_field(name: &str) -> &str {
    match name {
        "person" => "castellan.person",
        "place" => "castellan.place",
        "site" => "castellan.place.site",
        "zone" => "castellan.place.zone",
        "asset" => "castellan.device.asset",
        other => other,
    }
}

impl Rules<'_> {
    fn one(&self, key: &'static str, name: &str) -> Result<RuleIndex, Fault> {
        (self.find)(name).ok_or_else(|| {
            let hint = match (self.near)(name) {
                Some(near) => format!("meant `{near}`?"),
                None => "correct its id or name, or mend it if it did not load".to_owned(),
            };
            fault(key, "unknown_rule", format!("there is no rule `{name}`; {hint}"))
        })
    }
}

/// Compiles one.
pub(super) fn compile(asked: &Asked<'_>, rules: &Rules<'_>) -> Result<Correlation, Vec<Fault>> {
    let rule = asked.rule;
    let mut faults = Vec::new();
    let mut found = |key, names: &[String]| -> Vec<RuleIndex> {
        let named = names.iter().map(|name| rules.one(key, name));
        named.filter_map(|found| found.map_err(|fault| faults.push(fault)).ok()).collect()
    };
    let mut inputs = found("rules:", &rule.rules);
    let without = asked.extension.without.as_ref();
    let missing = found("without:", without.map(|own| own.rules.as_slice()).unwrap_or_default());
    let resets = found("reset_by:", &asked.extension.reset_by);
    if rule.rules.is_empty() {
        faults.push(fault("correlation:", "no_rules", "a correlation needs `rules`"));
    }
    if rule.window != WindowMode::Sliding {
        let message = format!("window `{}` is not supported; leave it out", rule.window.as_str());
        faults.push(fault("window:", "unsupported", message));
    }
    if rule.timespan.seconds == 0 {
        let message = "the timespan is zero, so no two events fit into it; give it at least 1s";
        faults.push(fault("timespan:", "zero_timespan", message));
    }
    let mut more = missing;
    let kind = match (without, &asked.extension.special) {
        (_, Some(special)) => special::compile(special, asked, (&inputs, rules)).map(|found| {
            more.extend(found.1);
            found.0
        }),
        (None, None) => kind(asked, &inputs, rules).map_err(|fault| vec![fault]),
        (Some(without), None) => {
            absence(asked, (&inputs, &more), without).map_err(|fault| vec![fault])
        }
    };
    let kind = kind.map_err(|found| faults.extend(found)).ok();
    inputs.extend(more);
    let group_by = rule.group_by.iter().map(|name| group_key(rule, name, rules)).collect();
    match kind {
        Some(kind) if faults.is_empty() => Ok(Correlation {
            is_final_only: asked.extension.emit_final
                || matches!(
                    kind,
                    Kind::Whole { .. }
                        | Kind::Absence { .. }
                        | Kind::Conflict(_)
                        | Kind::Baseline(_)
                ),
            kind,
            inputs,
            resets,
            group_by,
            timespan: Duration::from_secs(rule.timespan.seconds),
            depth: 1,
        }),
        Some(_) | None => Err(faults),
    }
}

fn group_key(rule: &CorrelationRule, name: &str, rules: &Rules<'_>) -> GroupKey {
    let alias = rule.aliases.iter().find(|alias| alias.alias == name);
    let mapping = alias.into_iter().flat_map(|alias| &alias.mapping);
    let per_rule = mapping
        .filter_map(|(rule, field)| Some(((rules.find)(rule)?, entity_field(field).to_owned())))
        .collect();
    GroupKey { name: name.to_owned(), field: entity_field(name).to_owned(), per_rule }
}

fn kind(asked: &Asked<'_>, inputs: &[RuleIndex], rules: &Rules<'_>) -> Result<Kind, Fault> {
    match asked.rule.correlation_type {
        CorrelationType::Temporal => Ok(Kind::Temporal { need: temporal(asked, inputs, rules)? }),
        CorrelationType::TemporalOrdered => ordered(asked),
        counted @ (CorrelationType::EventCount
        | CorrelationType::ValueCount
        | CorrelationType::ValueSum
        | CorrelationType::ValueAvg
        | CorrelationType::ValuePercentile
        | CorrelationType::ValueMedian) => measured(counted, asked),
    }
}

/// Matches without a counterpart.
fn absence(
    asked: &Asked<'_>,
    (inputs, missing): (&[RuleIndex], &[RuleIndex]),
    without: &Without,
) -> Result<Kind, Fault> {
    let is_counted = asked.rule.correlation_type == CorrelationType::EventCount;
    let least = measure::predicates(&asked.written).map(|all| measure::least(&all));
    if !is_counted || least.ok().flatten() != Some(1) {
        let message = "`without` goes with `type: event_count` and `condition: {gte: 1}`; let \
                       another correlation count what it finds";
        return Err(fault("type:", "unsupported", message));
    }
    if missing.iter().any(|rule| inputs.contains(rule)) {
        let message = "a rule cannot be without itself";
        return Err(fault("without:", "never_fires", message));
    }
    let heard_by = without.heard_by.clone();
    Ok(Kind::Absence { missing: missing.to_vec(), when: without.when, heard_by })
}

/// Counts and numbers: at once where more events only show more, else at the window's end.
fn measured(of: CorrelationType, asked: &Asked<'_>) -> Result<Kind, Fault> {
    let predicates = measure::predicates(&asked.written)?;
    let fields: Vec<String> = match &asked.rule.condition {
        CorrelationCondition::Threshold { field, .. } => field.as_deref().unwrap_or_default(),
        CorrelationCondition::Extended(_) => &[],
    }
    .iter()
    .map(|field| entity_field(field).to_owned())
    .collect();
    let one = || match fields.as_slice() {
        [one] => Ok(one.clone()),
        [] | [..] => {
            let message = format!("{} needs one `condition.field`", of.as_str());
            Err(fault("condition:", "no_field", message))
        }
    };
    let some = || match fields.is_empty() {
        true => Err(fault("condition:", "no_field", "value_count needs `condition.field`")),
        false => Ok(fields.clone()),
    };
    let least = measure::least(&predicates);
    let is_count = matches!(of, CorrelationType::EventCount | CorrelationType::ValueCount);
    if is_count && least.is_some_and(|least| least > COUNT_MAX) {
        let message = format!("counts beyond {COUNT_MAX} in one group are not kept");
        return Err(fault("condition:", "too_many", message));
    }
    let whole = |measure, predicates| Kind::Whole { measure, predicates };
    Ok(match (of, least) {
        (CorrelationType::EventCount, Some(least)) => Kind::EventCount { least },
        (CorrelationType::EventCount, None) => whole(Measure::Events, predicates),
        (CorrelationType::ValueCount, Some(least)) => Kind::ValueCount { least, fields: some()? },
        (CorrelationType::ValueCount, None) => whole(Measure::Values(some()?), predicates),
        (CorrelationType::ValueSum, _) if predicates.iter().all(Predicate::is_lower_bound) => {
            Kind::Sum { field: one()?, predicates }
        }
        (CorrelationType::ValueSum, _) => whole(Measure::Sum(one()?), predicates),
        (CorrelationType::ValueAvg, _) => whole(Measure::Average(one()?), predicates),
        (CorrelationType::ValueMedian, _) => {
            whole(Measure::Percentile { field: one()?, rank: 50.0 }, predicates)
        }
        (CorrelationType::ValuePercentile, _) => match measure::rank(&asked.written)? {
            Some(rank) => whole(Measure::Percentile { field: one()?, rank }, predicates),
            None => whole(Measure::Share(one()?), predicates),
        },
        (CorrelationType::Temporal | CorrelationType::TemporalOrdered, _) => {
            let message = "a temporal correlation counts nothing";
            return Err(fault("condition:", "wrong_condition", message));
        }
    })
}

fn temporal(asked: &Asked<'_>, inputs: &[RuleIndex], rules: &Rules<'_>) -> Result<Need, Fault> {
    match &asked.rule.condition {
        CorrelationCondition::Extended(expr) => need(expr, rules),
        CorrelationCondition::Threshold { .. } => {
            let all: Vec<Need> = inputs.iter().copied().map(Need::Rule).collect();
            match distinct(asked)? {
                Some(least) if least < all.len() as u64 => Ok(Need::AtLeast(least, all)),
                Some(_) | None => Ok(Need::All(all)),
            }
        }
    }
}

fn ordered(asked: &Asked<'_>) -> Result<Kind, Fault> {
    let of_order = "temporal_ordered takes its order from `rules`";
    match &asked.rule.condition {
        CorrelationCondition::Threshold { .. } => match distinct(asked)? {
            Some(least) if least < asked.rule.rules.len() as u64 => {
                let message = format!("{of_order} and needs all of them; leave `condition` out");
                Err(fault("condition:", "unsupported", message))
            }
            Some(_) | None => Ok(Kind::Ordered),
        },
        CorrelationCondition::Extended(_) => {
            let message = format!("{of_order}, not from a condition; leave `condition` out");
            Err(fault("condition:", "unsupported", message))
        }
    }
}

/// How many of its rules a temporal correlation asks for, where it says so.
fn distinct(asked: &Asked<'_>) -> Result<Option<u64>, Fault> {
    if asked.written.get("condition").is_none() {
        return Ok(None);
    }
    let predicates = measure::predicates(&asked.written)?;
    let all = asked.rule.rules.len() as u64;
    let least = measure::least(&predicates).or_else(|| match predicates.as_slice() {
        [only] if only.operator == ConditionOperator::Eq && only.bound == all as f64 => Some(all),
        [] | [..] => None,
    });
    match least {
        Some(least) if least <= all => Ok(Some(least)),
        Some(least) => {
            let message = format!("asks for {least} different rules, but names {all}");
            Err(fault("condition:", "never_fires", message))
        }
        None => {
            let message = "a temporal condition is `gte` or `gt` a number of different rules";
            Err(fault("condition:", "unsupported", message))
        }
    }
}

fn need(expr: &ConditionExpr, rules: &Rules<'_>) -> Result<Need, Fault> {
    let parts = |parts: &[ConditionExpr]| -> Result<Vec<Need>, Fault> {
        parts.iter().map(|part| need(part, rules)).collect()
    };
    match expr {
        ConditionExpr::And(all) => Ok(Need::All(parts(all)?)),
        ConditionExpr::Or(any) => Ok(Need::Any(parts(any)?)),
        ConditionExpr::Identifier(name) => Ok(Need::Rule(rules.one("condition:", name)?)),
        ConditionExpr::Not(_) | ConditionExpr::Selector { .. } => {
            let message = "a temporal condition may use only `and`, `or` and rule names";
            Err(fault("condition:", "unsupported", message))
        }
    }
}
