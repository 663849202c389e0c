//! A compiled rule as it is run: names resolved, fields by number.
//!
//! INVARIANT: says what `rsigma_eval::evaluate_rule` says of the same rule and event (checked by
//! `tests::the_library_agrees_on_every_public_rule_and_event`).

use std::collections::HashMap;

use rsigma_eval::compiler::eval_condition;
use rsigma_eval::matcher::GroupMode;
use rsigma_eval::{
    CompiledDetection, CompiledDetectionItem, CompiledMatcher, CompiledRule, EventValue,
};
use rsigma_parser::{ConditionExpr, Quantifier};

use super::cells::{Cell, Row};

/// Fields by number.
#[derive(Default)]
pub(super) struct Fields {
    pub names: Vec<Box<str>>,
    numbers: HashMap<Box<str>, usize>,
}

impl Fields {
    pub(super) fn number(&mut self, name: &str) -> usize {
        if let Some(known) = self.numbers.get(name) {
            return *known;
        }
        let next = self.names.len();
        self.names.push(name.into());
        self.numbers.insert(name.into(), next);
        next
    }
}

/// A rule ready to run.
pub(super) struct Plan {
    pub conditions: Vec<Expr>,
    pub detections: Vec<Node>,
}

/// A condition over detections by number.
pub(super) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    One(usize),
    AtLeast(u64, Vec<usize>),
}

/// A detection.
pub(super) enum Node {
    All(Vec<Item>),
    AnyOf(Vec<Node>),
    And(Vec<Node>),
    Keywords(CompiledMatcher),
    /// Array scopes are left to the library.
    Scope(HashMap<String, CompiledDetection>),
}

/// A field and what it must hold; without a field, what some text of the event must hold.
pub(super) struct Item {
    pub slot: Option<usize>,
    pub matcher: CompiledMatcher,
    pub exists: Option<bool>,
}

/// The name under which an array scope stands in its own map.
const SCOPE: &str = "scope";

impl Plan {
    pub(super) fn of(rule: CompiledRule, fields: &mut Fields) -> Self {
        let mut names: Vec<&String> = rule.detections.keys().collect();
        names.sort();
        let conditions = rule.conditions.iter().map(|one| expr(one, &names)).collect();
        let names: Vec<String> = names.into_iter().cloned().collect();
        let mut detections = rule.detections;
        let detections = names.iter().filter_map(|name| detections.remove(name));
        Self { conditions, detections: detections.map(|one| node(one, fields)).collect() }
    }

    /// Whether an event matches.
    pub(super) fn matches(&self, row: &Row<'_>) -> bool {
        self.conditions.iter().any(|condition| self.holds(condition, row))
    }

    fn holds(&self, expr: &Expr, row: &Row<'_>) -> bool {
        match expr {
            Expr::And(parts) => parts.iter().all(|part| self.holds(part, row)),
            Expr::Or(parts) => parts.iter().any(|part| self.holds(part, row)),
            Expr::Not(part) => !self.holds(part, row),
            Expr::One(at) => self.shows(*at, row),
            Expr::AtLeast(least, among) => {
                let mut left = *least;
                left == 0
                    || among.iter().any(|at| {
                        left -= u64::from(self.shows(*at, row));
                        left == 0
                    })
            }
        }
    }

    fn shows(&self, at: usize, row: &Row<'_>) -> bool {
        self.detections.get(at).is_some_and(|node| node.holds(row))
    }
}

/// A name that no detection has never holds.
fn expr(of: &ConditionExpr, names: &[&String]) -> Expr {
    match of {
        ConditionExpr::And(parts) => Expr::And(parts.iter().map(|p| expr(p, names)).collect()),
        ConditionExpr::Or(parts) => Expr::Or(parts.iter().map(|p| expr(p, names)).collect()),
        ConditionExpr::Not(part) => Expr::Not(Box::new(expr(part, names))),
        ConditionExpr::Identifier(name) => match names.iter().position(|own| *own == name) {
            Some(at) => Expr::One(at),
            None => Expr::Or(Vec::new()),
        },
        ConditionExpr::Selector { quantifier, pattern } => {
            let all = names.iter().enumerate();
            let chosen = all.filter(|(_, name)| pattern.matches_detection_name(name));
            let chosen: Vec<usize> = chosen.map(|(at, _)| at).collect();
            match quantifier {
                Quantifier::Any => Expr::AtLeast(1, chosen),
                Quantifier::All => Expr::And(chosen.into_iter().map(Expr::One).collect()),
                Quantifier::Count(least) => Expr::AtLeast(*least, chosen),
            }
        }
    }
}

fn node(of: CompiledDetection, fields: &mut Fields) -> Node {
    let mut each = |parts: Vec<CompiledDetection>| {
        parts.into_iter().map(|part| node(part, fields)).collect::<Vec<_>>()
    };
    match of {
        CompiledDetection::AnyOf(parts) => Node::AnyOf(each(parts)),
        CompiledDetection::And(parts) => Node::And(each(parts)),
        CompiledDetection::AllOf(items) => {
            Node::All(items.into_iter().map(|one| item(one, fields)).collect())
        }
        CompiledDetection::Keywords(matcher) => Node::Keywords(matcher),
        scope @ (CompiledDetection::ArrayMatch { .. } | CompiledDetection::Conditional { .. }) => {
            Node::Scope([(SCOPE.to_owned(), scope)].into())
        }
    }
}

fn item(of: CompiledDetectionItem, fields: &mut Fields) -> Item {
    let slot = of.field.as_deref().map(|name| fields.number(name));
    Item { slot, matcher: of.matcher, exists: of.exists }
}

impl Node {
    fn holds(&self, row: &Row<'_>) -> bool {
        match self {
            Self::All(items) => items.iter().all(|item| item.holds(row)),
            Self::AnyOf(parts) => parts.iter().any(|part| part.holds(row)),
            Self::And(parts) => parts.iter().all(|part| part.holds(row)),
            Self::Keywords(matcher) => matcher.matches_keyword(row.view),
            Self::Scope(named) => {
                let scope = ConditionExpr::Identifier(SCOPE.to_owned());
                eval_condition(&scope, named, row.view, &mut Vec::new())
            }
        }
    }
}

impl Item {
    fn holds(&self, row: &Row<'_>) -> bool {
        let cell = self.slot.and_then(|slot| row.cell(slot));
        match (self.exists, self.slot, cell) {
            (Some(wanted), _, cell) => cell.is_some_and(|cell| !is_null(cell)) == wanted,
            (None, Some(_), Some(cell)) => test(&self.matcher, cell, row),
            (None, Some(_), None) => matches!(self.matcher, CompiledMatcher::Null),
            (None, None, _) => self.matcher.matches_keyword(row.view),
        }
    }
}

fn is_null(cell: &Cell<'_>) -> bool {
    matches!(cell.value, EventValue::Null)
}

/// Whether a field's value fits. What ignores case is compared with the text folded once.
fn test(matcher: &CompiledMatcher, cell: &Cell<'_>, row: &Row<'_>) -> bool {
    match matcher {
        CompiledMatcher::AnyOf(parts) => parts.iter().any(|part| test(part, cell, row)),
        CompiledMatcher::AllOf(parts) => parts.iter().all(|part| test(part, cell, row)),
        CompiledMatcher::Not(part) => !test(part, cell, row),
        CompiledMatcher::Exact { case_insensitive: true, .. }
        | CompiledMatcher::Contains { case_insensitive: true, .. }
        | CompiledMatcher::StartsWith { case_insensitive: true, .. }
        | CompiledMatcher::EndsWith { case_insensitive: true, .. }
        | CompiledMatcher::AhoCorasickSet { case_insensitive: true, .. } => {
            cell.any(|text| fits_folded(matcher, text))
        }
        CompiledMatcher::CaseInsensitiveGroup { children, mode } => cell.any(|text| match mode {
            GroupMode::Any => children.iter().any(|child| fits_folded(child, text)),
            GroupMode::All => children.iter().all(|child| fits_folded(child, text)),
        }),
        _ => matcher.matches(&cell.value, row.view),
    }
}

/// Whether a text in lower case fits a matcher that ignores case.
fn fits_folded(matcher: &CompiledMatcher, text: &str) -> bool {
    match matcher {
        CompiledMatcher::Exact { value, .. } => text == value,
        CompiledMatcher::Contains { value, .. } => text.contains(value.as_str()),
        CompiledMatcher::StartsWith { value, .. } => text.starts_with(value.as_str()),
        CompiledMatcher::EndsWith { value, .. } => text.ends_with(value.as_str()),
        CompiledMatcher::AhoCorasickSet { automaton, .. } => automaton.is_match(text),
        CompiledMatcher::Regex(regex) => regex.is_match(text),
        CompiledMatcher::RegexSetMatch { set, mode } => match mode {
            GroupMode::Any => set.is_match(text),
            GroupMode::All => set.matches(text).iter().count() == set.len(),
        },
        CompiledMatcher::Not(part) => !fits_folded(part, text),
        CompiledMatcher::AnyOf(parts)
        | CompiledMatcher::CaseInsensitiveGroup { children: parts, mode: GroupMode::Any } => {
            parts.iter().any(|part| fits_folded(part, text))
        }
        CompiledMatcher::AllOf(parts)
        | CompiledMatcher::CaseInsensitiveGroup { children: parts, mode: GroupMode::All } => {
            parts.iter().all(|part| fits_folded(part, text))
        }
        // The library groups none of these by case.
        _ => false,
    }
}
