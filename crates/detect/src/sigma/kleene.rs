//! Kleene's three-valued logic over a compiled Sigma rule.
//!
//! INVARIANT: making any presence unknown never turns a rule true that does not name `unknown`
//! itself (checked by `tests::ignorance_never_adds_a_match`).

use rsigma_eval::compiler::eval_condition;
use rsigma_eval::matcher::{ExpandPart, GroupMode};
use rsigma_eval::{
    CompiledDetection, CompiledDetectionItem, CompiledMatcher, CompiledRule, EventValue,
};
use rsigma_parser::{ConditionExpr, Quantifier};

use super::field::{Field, View, speaks_of_presence};

/// Shown, shown not to be, or not shown either way.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Truth {
    /// Shown not to be.
    False,
    /// Not shown either way.
    Unknown,
    /// Shown.
    True,
}

impl Truth {
    fn of(shown: bool) -> Self {
        if shown { Self::True } else { Self::False }
    }

    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

fn all(mut truths: impl Iterator<Item = Truth>) -> Truth {
    let mut least = Truth::True;
    while least != Truth::False
        && let Some(next) = truths.next()
    {
        least = least.min(next);
    }
    least
}

fn any(mut truths: impl Iterator<Item = Truth>) -> Truth {
    let mut most = Truth::False;
    while most != Truth::True
        && let Some(next) = truths.next()
    {
        most = most.max(next);
    }
    most
}

/// A compiled rule that mentions presence.
#[derive(Debug)]
pub(crate) struct PresenceRule {
    rule: CompiledRule,
    /// Detections that mention presence, by name.
    unsure: Vec<String>,
}

impl PresenceRule {
    /// `Ok(None)` when the rule mentions no presence; fails where presence stands in an array
    /// scope, which has no three-valued reading.
    pub(crate) fn of(rule: &CompiledRule) -> Result<Option<Self>, &'static str> {
        let mut unsure = Vec::new();
        for (name, detection) in &rule.detections {
            if mentions(detection) {
                if in_array(detection) {
                    return Err("presence cannot be asked inside an array scope");
                }
                unsure.push(name.clone());
            }
        }
        unsure.sort();
        let found = !unsure.is_empty();
        Ok(found.then(|| Self { rule: rule.clone(), unsure }))
    }

    /// Whether the rule is shown by an event.
    pub(crate) fn judge(&self, view: &View<'_>) -> Truth {
        self.judge_as(&Told { view, instead: &[] })
    }

    fn judge_as(&self, view: &Told<'_>) -> Truth {
        any(self.rule.conditions.iter().map(|condition| self.condition(condition, view)))
    }

    fn condition(&self, expr: &ConditionExpr, view: &Told<'_>) -> Truth {
        match expr {
            ConditionExpr::And(parts) => all(parts.iter().map(|part| self.condition(part, view))),
            ConditionExpr::Or(parts) => any(parts.iter().map(|part| self.condition(part, view))),
            ConditionExpr::Not(part) => self.condition(part, view).not(),
            ConditionExpr::Identifier(name) => self.named(name, view),
            ConditionExpr::Selector { quantifier, pattern } => {
                let names = self.rule.detections.keys();
                let names = names.filter(|name| pattern.matches_detection_name(name));
                let truths = names.map(|name| self.named(name, view));
                match quantifier {
                    Quantifier::Any => any(truths),
                    Quantifier::All => all(truths),
                    Quantifier::Count(least) => count(truths, *least),
                }
            }
        }
    }

    fn named(&self, name: &str, told: &Told<'_>) -> Truth {
        if let Some((_, truth)) = told.instead.iter().find(|(own, _)| *own == name) {
            return *truth;
        }
        let view = told.view;
        if self.unsure.binary_search_by(|known| known.as_str().cmp(name)).is_ok() {
            return self.rule.detections.get(name).map_or(Truth::False, |d| detection(d, view));
        }
        let expr = ConditionExpr::Identifier(name.to_owned());
        Truth::of(eval_condition(&expr, &self.rule.detections, view, &mut Vec::new()))
    }
}

/// An event, and parts whose truth is taken to be another, for whoever asks what decided.
struct Told<'a> {
    view: &'a View<'a>,
    instead: &'a [(&'a str, Truth)],
}

/// Any rule, whether or not it asks presence, for whoever asks why.
pub(crate) struct Judge(PresenceRule);

impl Judge {
    pub(crate) fn of(rule: CompiledRule) -> Self {
        let mut unsure: Vec<String> = rule
            .detections
            .iter()
            .filter(|(_, detection)| mentions(detection) && !in_array(detection))
            .map(|(name, _)| name.clone())
            .collect();
        unsure.sort();
        Self(PresenceRule { rule, unsure })
    }

    /// The rule's verdict.
    pub(crate) fn judge(&self, view: &View<'_>) -> Truth {
        self.0.judge(view)
    }

    /// One named part's.
    pub(crate) fn part(&self, name: &str, view: &View<'_>) -> Truth {
        self.0.named(name, &Told { view, instead: &[] })
    }

    /// The rule's verdict if some parts' truths were others.
    pub(crate) fn judge_with(&self, instead: &[(&str, Truth)], view: &View<'_>) -> Truth {
        self.0.judge_as(&Told { view, instead })
    }
}

fn count(truths: impl Iterator<Item = Truth>, least: u64) -> Truth {
    let (mut shown, mut possible) = (0_u64, 0_u64);
    for truth in truths {
        match truth {
            Truth::True => {
                shown += 1;
                possible += 1;
            }
            Truth::Unknown => possible += 1,
            Truth::False => {}
        }
    }
    if shown >= least {
        Truth::True
    } else if possible >= least {
        Truth::Unknown
    } else {
        Truth::False
    }
}

fn detection(of: &CompiledDetection, view: &View<'_>) -> Truth {
    match of {
        CompiledDetection::AllOf(items) => all(items.iter().map(|one| item(one, view))),
        CompiledDetection::AnyOf(parts) => any(parts.iter().map(|part| detection(part, view))),
        CompiledDetection::And(parts) => all(parts.iter().map(|part| detection(part, view))),
        CompiledDetection::Keywords(matcher) => Truth::of(matcher.matches_keyword(view)),
        // INVARIANT: `PresenceRule::of` refuses rules that would come here.
        CompiledDetection::ArrayMatch { .. } | CompiledDetection::Conditional { .. } => {
            Truth::False
        }
    }
}

fn item(of: &CompiledDetectionItem, view: &View<'_>) -> Truth {
    let Some(path) = &of.field else {
        return Truth::of(of.matcher.matches_keyword(view));
    };
    match (view.field(path), of.exists) {
        (Field::Known(value), Some(wanted)) => Truth::of(value.is_null() != wanted),
        (Field::Absent, Some(wanted)) => Truth::of(!wanted),
        (Field::Unknown(_), Some(_)) => Truth::Unknown,
        (Field::Known(value), None) => matcher(&of.matcher, &value, view),
        (Field::Absent, None) => Truth::of(matches!(of.matcher, CompiledMatcher::Null)),
        (Field::Unknown(own), None) => unknown(&of.matcher, own, view),
    }
}

/// A known value; what it is compared with may still be unknown.
fn matcher(of: &CompiledMatcher, value: &EventValue<'_>, view: &View<'_>) -> Truth {
    match of {
        CompiledMatcher::Not(inner) => matcher(inner, value, view).not(),
        CompiledMatcher::AnyOf(parts) => any(parts.iter().map(|part| matcher(part, value, view))),
        CompiledMatcher::AllOf(parts) => all(parts.iter().map(|part| matcher(part, value, view))),
        CompiledMatcher::FieldRef { field, .. } if is_unknown(field, view) => Truth::Unknown,
        CompiledMatcher::Expand { template, .. } if template.iter().any(|p| open(p, view)) => {
            Truth::Unknown
        }
        _ => Truth::of(of.matches(value, view)),
    }
}

fn open(part: &ExpandPart, view: &View<'_>) -> bool {
    match part {
        ExpandPart::Literal(_) => false,
        ExpandPart::Placeholder(field) => is_unknown(field, view),
    }
}

fn is_unknown(field: &str, view: &View<'_>) -> bool {
    speaks_of_presence(field) && matches!(view.field(field), Field::Unknown(_))
}

/// An unknown value: only naming its own word (`state: unknown`) is shown, nothing is refuted but
/// by that.
fn unknown(of: &CompiledMatcher, own: Option<&str>, view: &View<'_>) -> Truth {
    match of {
        CompiledMatcher::Not(inner) => unknown(inner, own, view).not(),
        CompiledMatcher::AnyOf(parts) => any(parts.iter().map(|part| unknown(part, own, view))),
        CompiledMatcher::AllOf(parts) => all(parts.iter().map(|part| unknown(part, own, view))),
        CompiledMatcher::CaseInsensitiveGroup { children, mode } => {
            let truths = children.iter().map(|child| unknown(child, own, view));
            match mode {
                GroupMode::Any => any(truths),
                GroupMode::All => all(truths),
            }
        }
        _ => match own {
            Some(word) if !view.is_masked() => {
                let named = of.matches(&EventValue::Str(word.into()), view);
                if named { Truth::True } else { Truth::Unknown }
            }
            Some(_) | None => Truth::Unknown,
        },
    }
}

fn mentions(of: &CompiledDetection) -> bool {
    match of {
        CompiledDetection::AllOf(items) => items.iter().any(item_mentions),
        CompiledDetection::AnyOf(parts) | CompiledDetection::And(parts) => {
            parts.iter().any(mentions)
        }
        CompiledDetection::Keywords(_) => false,
        CompiledDetection::ArrayMatch { field, body, .. } => {
            speaks_of_presence(field) || mentions(body)
        }
        CompiledDetection::Conditional { named, .. } => named.values().any(mentions),
    }
}

fn in_array(of: &CompiledDetection) -> bool {
    match of {
        CompiledDetection::AllOf(_) | CompiledDetection::Keywords(_) => false,
        CompiledDetection::AnyOf(parts) | CompiledDetection::And(parts) => {
            parts.iter().any(in_array)
        }
        CompiledDetection::ArrayMatch { .. } | CompiledDetection::Conditional { .. } => true,
    }
}

fn item_mentions(item: &CompiledDetectionItem) -> bool {
    item.field.as_deref().is_some_and(speaks_of_presence) || matcher_mentions(&item.matcher)
}

fn matcher_mentions(of: &CompiledMatcher) -> bool {
    match of {
        CompiledMatcher::FieldRef { field, .. } => speaks_of_presence(field),
        CompiledMatcher::Expand { template, .. } => template.iter().any(|part| match part {
            ExpandPart::Literal(_) => false,
            ExpandPart::Placeholder(field) => speaks_of_presence(field),
        }),
        CompiledMatcher::Not(inner) => matcher_mentions(inner),
        CompiledMatcher::AnyOf(parts) | CompiledMatcher::AllOf(parts) => {
            parts.iter().any(matcher_mentions)
        }
        _ => false,
    }
}

/// Every field that a compiled rule reads, for `rules check`.
pub(crate) fn fields_of(rule: &CompiledRule) -> Vec<String> {
    let mut fields = Vec::new();
    for detection in rule.detections.values() {
        detection_fields(detection, &mut fields);
    }
    fields.sort();
    fields.dedup();
    fields
}

fn detection_fields(of: &CompiledDetection, fields: &mut Vec<String>) {
    match of {
        CompiledDetection::AllOf(items) => {
            for item in items {
                fields.extend(item.field.clone());
                if let CompiledMatcher::FieldRef { field, .. } = &item.matcher {
                    fields.push(field.clone());
                }
            }
        }
        CompiledDetection::AnyOf(parts) | CompiledDetection::And(parts) => {
            for part in parts {
                detection_fields(part, fields);
            }
        }
        CompiledDetection::Keywords(_) => {}
        CompiledDetection::ArrayMatch { field, .. } => fields.push(field.clone()),
        CompiledDetection::Conditional { named, .. } => {
            for part in named.values() {
                detection_fields(part, fields);
            }
        }
    }
}
