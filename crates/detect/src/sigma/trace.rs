//! A rule held against one event, literal by literal: what each asks, what it saw, and what came
//! of it. Slow and only for people: each literal is compiled by itself.

use rsigma_parser::{ConditionExpr, Detection, DetectionItem, SigmaRule};
use serde::{Deserialize, Serialize};

use super::engine::compile;
use super::field::{Field, View, speaks_of_presence};
use super::kleene::{Judge, Truth};

/// Longest value that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 300;
/// Values of one list that are shown.
const VALUES_MAX: usize = 12;

/// One named part of a rule's detection, against an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name in the rule.
    pub name: String,
    /// What came of it.
    pub truth: Truth,
    /// Whether the rule's verdict would be another if this were; where no part is so by itself,
    /// if this and one more were.
    pub is_decisive: bool,
    /// The filter it was merged in from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// How its literals go together: `all` or `any`.
    pub of: Joined,
    /// Its literals and groups of them.
    pub literals: Vec<Literal>,
}

/// How literals go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Joined {
    /// All must hold.
    All,
    /// One must hold.
    Any,
}

/// One literal of a detection, or a group of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Literal {
    /// What it asks, as the rule writes it; of a group, how many it holds.
    pub asks: String,
    /// The field, where it asks one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What the event has there; absent where it has nothing, or nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saw: Option<String>,
    /// Why nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// What came of it.
    pub truth: Truth,
    /// Of a group: how its members go together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<Joined>,
    /// Its members.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub members: Vec<Literal>,
}

/// Every part of a rule against an event, and the rule's own verdict.
pub(crate) fn trace(rule: &SigmaRule, view: &View<'_>) -> Result<(Truth, Vec<Part>), String> {
    let judge = Judge::of(compile(rule)?);
    let verdict = judge.judge(view);
    let mut names: Vec<&String> = rule.detection.named.keys().collect();
    names.sort();
    let mut parts = Vec::new();
    for name in names {
        let Some(detection) = rule.detection.named.get(name) else { continue };
        let truth = judge.part(name, view);
        let (of, literals) = walk(rule, detection, view);
        let filter = name.strip_prefix("_filter ").and_then(|rest| rest.split(' ').nth(1));
        let filter = filter.map(str::to_owned);
        parts.push(Part { name: name.clone(), truth, is_decisive: false, filter, of, literals });
    }
    for at in decisive(&parts, |instead| judge.judge_with(instead, view) != verdict) {
        if let Some(part) = parts.get_mut(at) {
            part.is_decisive = true;
        }
    }
    Ok((verdict, parts))
}

/// The parts each of which turns the verdict by itself; else those that do so two together.
fn decisive(parts: &[Part], turns: impl Fn(&[(&str, Truth)]) -> bool) -> Vec<usize> {
    let other = |part: &Part| if part.truth == Truth::True { Truth::False } else { Truth::True };
    let flips: Vec<(&str, Truth)> =
        parts.iter().map(|part| (part.name.as_str(), other(part))).collect();
    let numbered = || flips.iter().copied().enumerate();
    let alone: Vec<usize> =
        numbered().filter(|(_, flip)| turns(&[*flip])).map(|(at, _)| at).collect();
    if !alone.is_empty() {
        return alone;
    }
    let mut both = Vec::new();
    for (at, one) in numbered() {
        for (with, two) in numbered().skip(at + 1) {
            if turns(&[one, two]) {
                both.extend([at, with]);
            }
        }
    }
    both
}

fn walk(rule: &SigmaRule, detection: &Detection, view: &View<'_>) -> (Joined, Vec<Literal>) {
    match detection {
        Detection::AllOf(items) => {
            (Joined::All, items.iter().map(|item| literal(rule, item, view)).collect())
        }
        Detection::AnyOf(parts) => (Joined::Any, groups(rule, parts, view)),
        Detection::And(parts) => (Joined::All, groups(rule, parts, view)),
        Detection::Keywords(values) => {
            let each = values.iter().map(|value| {
                let one = Detection::Keywords(vec![value.clone()]);
                let truth = alone(rule, &one, view);
                Literal { truth, ..plain(format!("somewhere `{}`", shown(&value.to_string()))) }
            });
            (Joined::Any, each.collect())
        }
        Detection::ArrayMatch { field, quantifier, .. } => {
            let truth = alone(rule, detection, view);
            let asks = format!("of {quantifier} member of `{field}` what stands below it");
            let (saw, unknown) = seen(field, view);
            let field = Some(field.clone());
            (Joined::All, vec![Literal { field, saw, unknown, truth, ..plain(asks) }])
        }
        Detection::Conditional { condition, .. } => {
            let truth = alone(rule, detection, view);
            (Joined::All, vec![Literal { truth, ..plain(condition.to_string()) }])
        }
    }
}

fn groups(rule: &SigmaRule, parts: &[Detection], view: &View<'_>) -> Vec<Literal> {
    let group = |part: &Detection| {
        let (of, mut members) = walk(rule, part, view);
        if members.len() == 1 {
            return members.remove(0);
        }
        let asks =
            format!("{} of {}", if of == Joined::All { "all" } else { "one" }, members.len());
        Literal { truth: alone(rule, part, view), of: Some(of), members, ..plain(asks) }
    };
    parts.iter().map(group).collect()
}

fn plain(asks: String) -> Literal {
    Literal {
        asks,
        field: None,
        saw: None,
        unknown: None,
        truth: Truth::False,
        of: None,
        members: Vec::new(),
    }
}

fn literal(rule: &SigmaRule, item: &DetectionItem, view: &View<'_>) -> Literal {
    let truth = alone(rule, &Detection::AllOf(vec![item.clone()]), view);
    let (saw, unknown) = match &item.field.name {
        Some(name) => seen(name, view),
        None => (None, None),
    };
    Literal { field: item.field.name.clone(), saw, unknown, truth, ..plain(asked(item)) }
}

/// A detection as a rule by itself.
fn alone(rule: &SigmaRule, detection: &Detection, view: &View<'_>) -> Truth {
    let mut one = rule.clone();
    one.detection.named = [("one".to_owned(), detection.clone())].into();
    one.detection.conditions = vec![ConditionExpr::Identifier("one".to_owned())];
    compile(&one).map_or(Truth::False, |compiled| Judge::of(compiled).judge(view))
}

/// What a field holds, or why nobody knows.
fn seen(field: &str, view: &View<'_>) -> (Option<String>, Option<String>) {
    match view.field(field) {
        Field::Known(value) => {
            let text = value.as_str().map(std::borrow::Cow::into_owned);
            let text = text.unwrap_or_else(|| value.to_json().to_string());
            (Some(shown(&text)), None)
        }
        Field::Absent => (None, None),
        Field::Unknown(own) => (None, Some(own.unwrap_or("unknown").to_owned())),
    }
}

fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// `user.name contains: adm, root`
fn asked(item: &DetectionItem) -> String {
    let field = item.field.name.as_deref().unwrap_or("somewhere");
    let words = item.field.modifiers.iter().map(|modifier| format!("{modifier:?}").to_lowercase());
    let words: Vec<String> = words.collect();
    let values = item.values.iter().take(VALUES_MAX).map(|value| shown(&value.to_string()));
    let values: Vec<String> = values.collect();
    let more = item.values.len().saturating_sub(VALUES_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let how = if words.is_empty() { String::new() } else { format!(" {}", words.join(" ")) };
    format!("{field}{how}: {}{more}", values.join(", "))
}

/// Conditions in words, and whether they ask presence at all.
pub(crate) fn conditions(rule: &SigmaRule) -> Vec<String> {
    rule.detection.conditions.iter().map(ToString::to_string).collect()
}

/// Whether a literal, or a member of it, asks where people are.
pub(crate) fn asks_presence(literal: &Literal) -> bool {
    literal.field.as_deref().is_some_and(speaks_of_presence)
        || literal.members.iter().any(asks_presence)
}
