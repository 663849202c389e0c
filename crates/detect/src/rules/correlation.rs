//! Compiling Sigma correlations for our own run time on event time.

use std::collections::HashMap;
use std::time::Duration;

use rsigma_parser::{
    ConditionExpr, ConditionOperator, CorrelationCondition, CorrelationRule, CorrelationType,
    WindowMode,
};

use super::RuleIndex;

/// What makes a correlation fire.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// So many events.
    EventCount { least: u64 },
    /// So many distinct values.
    ValueCount { least: u64, fields: Vec<String> },
    /// These rules, in any order.
    Temporal { need: Need },
    /// These rules, one after the other.
    Ordered,
}

/// Which rules must have matched.
#[derive(Debug, Clone)]
pub(crate) enum Need {
    Rule(RuleIndex),
    All(Vec<Need>),
    Any(Vec<Need>),
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

/// Compiles one; `find` gives the rule with an id or a name. Every fault is a code and a sentence.
pub(crate) fn compile(
    rule: &CorrelationRule,
    resets: &[String],
    is_final_only: bool,
    find: &dyn Fn(&str) -> Option<RuleIndex>,
) -> Result<Correlation, Vec<(&'static str, String)>> {
    let mut faults = Vec::new();
    let mut found = |names: &[String]| -> Vec<RuleIndex> {
        let mut indices = Vec::new();
        for name in names {
            match find(name) {
                Some(index) => indices.push(index),
                None => faults.push(("unknown_rule", format!("there is no rule `{name}`"))),
            }
        }
        indices
    };
    let inputs = found(&rule.rules);
    let resets = found(resets);
    if rule.rules.is_empty() {
        faults.push(("no_rules", "a correlation needs `rules`".to_owned()));
    }
    if rule.window != WindowMode::Sliding {
        let message = format!("window `{}` is not supported", rule.window.as_str());
        faults.push(("unsupported", message));
    }
    let kind = kind(rule, &inputs, find).map_err(|fault| faults.push(fault)).ok();
    let group_by = rule.group_by.iter().map(|name| group_key(rule, name, find)).collect();
    match kind {
        Some(kind) if faults.is_empty() => Ok(Correlation {
            kind,
            inputs,
            resets,
            group_by,
            timespan: Duration::from_secs(rule.timespan.seconds),
            is_final_only,
        }),
        Some(_) | None => Err(faults),
    }
}

fn group_key(
    rule: &CorrelationRule,
    name: &str,
    find: &dyn Fn(&str) -> Option<RuleIndex>,
) -> GroupKey {
    let alias = rule.aliases.iter().find(|alias| alias.alias == name);
    let mapping = alias.into_iter().flat_map(|alias| &alias.mapping);
    let per_rule = mapping
        .filter_map(|(rule, field)| Some((find(rule)?, entity_field(field).to_owned())))
        .collect();
    GroupKey { name: name.to_owned(), field: entity_field(name).to_owned(), per_rule }
}

type Fault = (&'static str, String);

fn kind(
    rule: &CorrelationRule,
    inputs: &[RuleIndex],
    find: &dyn Fn(&str) -> Option<RuleIndex>,
) -> Result<Kind, Fault> {
    match rule.correlation_type {
        CorrelationType::EventCount => Ok(Kind::EventCount { least: least(rule)?.0 }),
        CorrelationType::ValueCount => {
            let (least, fields) = least(rule)?;
            let fields: Vec<String> =
                fields.iter().map(|field| entity_field(field).to_owned()).collect();
            if fields.is_empty() {
                return Err(("no_field", "value_count needs `condition.field`".to_owned()));
            }
            Ok(Kind::ValueCount { least, fields })
        }
        CorrelationType::Temporal => Ok(Kind::Temporal {
            need: match &rule.condition {
                CorrelationCondition::Extended(expr) => need(expr, find)?,
                CorrelationCondition::Threshold { .. } => {
                    Need::All(inputs.iter().copied().map(Need::Rule).collect())
                }
            },
        }),
        CorrelationType::TemporalOrdered => match &rule.condition {
            CorrelationCondition::Threshold { .. } => Ok(Kind::Ordered),
            CorrelationCondition::Extended(_) => {
                let message = "temporal_ordered takes its order from `rules`, not a condition";
                Err(("unsupported", message.to_owned()))
            }
        },
        CorrelationType::ValueSum
        | CorrelationType::ValueAvg
        | CorrelationType::ValuePercentile
        | CorrelationType::ValueMedian => {
            let kind = rule.correlation_type.as_str();
            Err(("unsupported", format!("correlation type `{kind}` is not supported yet")))
        }
    }
}

fn least(rule: &CorrelationRule) -> Result<(u64, &[String]), Fault> {
    let CorrelationCondition::Threshold { predicates, field, .. } = &rule.condition else {
        let message = "a count needs a condition such as `gte: 5`".to_owned();
        return Err(("wrong_condition", message));
    };
    let mut least = 0;
    for (operator, bound) in predicates {
        least = least.max(match operator {
            ConditionOperator::Gte => *bound,
            ConditionOperator::Gt => bound.saturating_add(1),
            ConditionOperator::Lt
            | ConditionOperator::Lte
            | ConditionOperator::Eq
            | ConditionOperator::Neq => {
                let message = "only `gte` and `gt` can be decided while a window is open";
                return Err(("unsupported", message.to_owned()));
            }
        });
    }
    Ok((least.max(1), field.as_deref().unwrap_or_default()))
}

fn need(expr: &ConditionExpr, find: &dyn Fn(&str) -> Option<RuleIndex>) -> Result<Need, Fault> {
    let parts = |parts: &[ConditionExpr]| -> Result<Vec<Need>, Fault> {
        parts.iter().map(|part| need(part, find)).collect()
    };
    match expr {
        ConditionExpr::And(all) => Ok(Need::All(parts(all)?)),
        ConditionExpr::Or(any) => Ok(Need::Any(parts(any)?)),
        ConditionExpr::Identifier(name) => match find(name) {
            Some(index) => Ok(Need::Rule(index)),
            None => Err(("unknown_rule", format!("there is no rule `{name}`"))),
        },
        ConditionExpr::Not(_) | ConditionExpr::Selector { .. } => {
            let message = "a temporal condition may use only `and`, `or` and rule names";
            Err(("unsupported", message.to_owned()))
        }
    }
}
