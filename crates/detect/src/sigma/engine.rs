//! Compiling Sigma: filters merged in, fields renamed, exceptions' selections.

use std::collections::BTreeMap;

use rsigma_eval::compiler::eval_condition;
use rsigma_eval::{CompiledRule, compile_rule};
use rsigma_parser::{
    ConditionExpr, Detection, FilterRule, SelectorPattern, SigmaRule, parse_sigma_yaml,
};

use super::field::View;
use super::kleene::fields_of;
use super::mend;

/// Compiles a rule as it stands; fails with rsigma's words.
pub(crate) fn compile(rule: &SigmaRule) -> Result<CompiledRule, String> {
    let mut rule = rule.clone();
    mend::keywords(&mut rule);
    let mut compiled = compile_rule(&rule).map_err(|error| error.to_string())?;
    mend::wildcards(&rule, &mut compiled);
    Ok(compiled)
}

/// What a rule looks for, whatever it is called: equal where two rules surely match the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Likeness([u8; 32]);

impl Likeness {
    pub(crate) fn of(rule: &SigmaRule) -> Self {
        let named: BTreeMap<&String, &Detection> = rule.detection.named.iter().collect();
        let all = (rule.sigma_version, named, &rule.detection.conditions);
        // What cannot be written is like nothing but itself.
        let text = serde_json::to_vec(&all).ok();
        let text = text.unwrap_or_else(|| format!("{:?}", rule.id).into_bytes());
        Self(*blake3::hash(&text).as_bytes())
    }
}

/// Whether a filter's log source holds a rule's: every part that it names must be equal.
pub(crate) fn is_for(filter: &FilterRule, rule: &SigmaRule) -> bool {
    let part = |own: &Option<String>, rule: &Option<String>| {
        own.as_deref()
            .is_none_or(|own| rule.as_deref().is_some_and(|rule| own.eq_ignore_ascii_case(rule)))
    };
    filter.logsource.as_ref().is_none_or(|own| {
        part(&own.category, &rule.logsource.category)
            && part(&own.product, &rule.logsource.product)
            && part(&own.service, &rule.logsource.service)
    })
}

/// Merges a filter in: every condition of the rule holds only where the filter's does too. Fails
/// where a selector of the rule would reach the filter's detections.
pub(crate) fn apply(
    filter: &FilterRule,
    number: usize,
    rule: &mut SigmaRule,
) -> Result<(), &'static str> {
    if rule.detection.conditions.iter().any(reaches_filters) {
        return Err("its condition selects `*` or names that begin with `_`");
    }
    for (name, detection) in &filter.detection.named {
        rule.detection.named.insert(own_name(number, name), detection.clone());
    }
    let own = match filter.detection.conditions.as_slice() {
        [] => {
            let mut names: Vec<_> = filter.detection.named.keys().collect();
            names.sort();
            let named = names.into_iter().map(|name| own_name(number, name));
            ConditionExpr::And(named.map(ConditionExpr::Identifier).collect())
        }
        [one] => renamed(one, number),
        many => ConditionExpr::Or(many.iter().map(|one| renamed(one, number)).collect()),
    };
    for condition in &mut rule.detection.conditions {
        let whole = ConditionExpr::And(vec![condition.clone(), own.clone()]);
        *condition = whole;
    }
    Ok(())
}

/// A name that a rule's `them` passes over, and that no pattern of a rule begins or ends like.
fn own_name(filter: usize, name: &str) -> String {
    format!("_filter {filter} {name} .")
}

fn reaches_filters(expr: &ConditionExpr) -> bool {
    match expr {
        ConditionExpr::And(parts) | ConditionExpr::Or(parts) => parts.iter().any(reaches_filters),
        ConditionExpr::Not(part) => reaches_filters(part),
        ConditionExpr::Selector { pattern: SelectorPattern::Pattern(pattern), .. } => {
            pattern == "*" || pattern.starts_with('_')
        }
        ConditionExpr::Identifier(_) | ConditionExpr::Selector { .. } => false,
    }
}

/// A filter's condition over its renamed detections.
fn renamed(expr: &ConditionExpr, filter: usize) -> ConditionExpr {
    let each = |parts: &[ConditionExpr]| parts.iter().map(|part| renamed(part, filter)).collect();
    match expr {
        ConditionExpr::And(parts) => ConditionExpr::And(each(parts)),
        ConditionExpr::Or(parts) => ConditionExpr::Or(each(parts)),
        ConditionExpr::Not(part) => ConditionExpr::Not(Box::new(renamed(part, filter))),
        ConditionExpr::Identifier(name) => ConditionExpr::Identifier(own_name(filter, name)),
        ConditionExpr::Selector { quantifier, pattern } => {
            let pattern = match pattern {
                SelectorPattern::Them => own_name(filter, "*"),
                SelectorPattern::Pattern(pattern) => own_name(filter, pattern),
            };
            let pattern = SelectorPattern::Pattern(pattern);
            ConditionExpr::Selector { quantifier: quantifier.clone(), pattern }
        }
    }
}

/// The same rule with its fields under other names.
pub(crate) fn rename(rule: &SigmaRule, names: &BTreeMap<String, String>) -> SigmaRule {
    let mut rule = rule.clone();
    for detection in rule.detection.named.values_mut() {
        rename_in(detection, names);
    }
    rule
}

fn rename_in(detection: &mut Detection, names: &BTreeMap<String, String>) {
    match detection {
        Detection::AllOf(items) => {
            for name in items.iter_mut().filter_map(|item| item.field.name.as_mut()) {
                if let Some(ours) = names.get(name) {
                    name.clone_from(ours);
                }
            }
        }
        Detection::AnyOf(parts) | Detection::And(parts) => {
            for part in parts {
                rename_in(part, names);
            }
        }
        Detection::ArrayMatch { field, .. } => {
            if let Some(ours) = names.get(field) {
                field.clone_from(ours);
            }
        }
        Detection::Keywords(_) | Detection::Conditional { .. } => {}
    }
}

/// A Sigma selection by itself.
pub(crate) struct Selection {
    rule: CompiledRule,
}

impl Selection {
    /// Compiles a mapping of fields, or a list of such.
    pub(crate) fn compile(when: &yaml_serde::Value) -> Result<Self, String> {
        let rule = serde_json::json!({
            "title": "selection",
            "logsource": {"category": "any"},
            "detection": {"selection": when, "condition": "selection"},
        });
        let text = yaml_serde::to_string(&rule).map_err(|error| error.to_string())?;
        let read = parse_sigma_yaml(&text).map_err(|error| error.to_string())?;
        if let Some(error) = read.errors.first() {
            return Err(error.clone());
        }
        let rule = read.rules.first().ok_or("not a selection")?;
        Ok(Self { rule: compile(rule)? })
    }

    /// Whether an event fits.
    pub(crate) fn is_shown(&self, view: &View<'_>) -> bool {
        let detections = &self.rule.detections;
        let mut conditions = self.rule.conditions.iter();
        conditions.any(|one| eval_condition(one, detections, view, &mut Vec::new()))
    }

    /// The fields that it reads.
    pub(crate) fn fields(&self) -> Vec<String> {
        fields_of(&self.rule)
    }
}
