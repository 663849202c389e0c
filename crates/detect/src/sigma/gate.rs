//! What must hold of an event before a rule can match it: the rule's gates, of which one at least
//! is open on every event that it matches.
//!
//! INVARIANT: gates only ever let too many events through (checked by
//! `tests::the_library_agrees_on_every_public_rule_and_event` and `tests::gates_lose_nothing`).

use std::collections::HashMap;

use regex_syntax::hir::{Class, Hir, HirKind};
use rsigma_eval::CompiledMatcher;
use rsigma_eval::matcher::GroupMode;

use super::plan::{Expr, Item, Node, Plan};

/// One gate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Gate {
    /// A field is this whole number.
    Number { slot: usize, value: i64 },
    /// A field, in lower case, is this.
    Exact { slot: usize, value: String },
    /// A field, in lower case, contains this.
    Part { slot: usize, part: String },
    /// Some text of the event, in lower case, contains this.
    Word { word: String },
    /// A field is there.
    Has { slot: usize },
}

/// How many rules have each gate: what many ask for, many events have.
pub(super) type Popularity = HashMap<Gate, usize>;

/// Any of these; `None` where every event must be let through.
type Gates = Option<Vec<Gate>>;

/// The gates of a rule; `None` where it must be tried on every event.
pub(super) fn of(plan: &Plan, popularity: &Popularity) -> Gates {
    let guard = Guard { plan, popularity };
    let mut gates = any(plan.conditions.iter().map(|one| guard.expr(one)))?;
    gates.sort();
    gates.dedup();
    (!gates.is_empty()).then_some(gates)
}

/// Counts every gate that a rule could have.
pub(super) fn count(plan: &Plan, popularity: &mut Popularity) {
    let nothing = Popularity::new();
    let guard = Guard { plan, popularity: &nothing };
    let mut all = Vec::new();
    for node in &plan.detections {
        guard.leaves(node, &mut all);
    }
    all.sort();
    all.dedup();
    for gate in all {
        *popularity.entry(gate).or_default() += 1;
    }
}

struct Guard<'a> {
    plan: &'a Plan,
    popularity: &'a Popularity,
}

/// One of several must hold: all their gates stand open; one without gates opens all.
fn any(parts: impl Iterator<Item = Gates>) -> Gates {
    let mut all = Vec::new();
    for part in parts {
        all.extend(part?);
    }
    Some(all)
}

/// A gate over so short a text lets most events through.
const SHORT: usize = 4;

impl Guard<'_> {
    /// Several must hold: the gates of any one of them do; the narrowest are taken.
    fn all(&self, parts: impl Iterator<Item = Gates>) -> Gates {
        let gated = parts.flatten().filter(|gates| !gates.is_empty());
        gated.min_by_key(|gates| {
            let widths = || gates.iter().map(|gate| self.width(gate));
            (widths().max().unwrap_or(0), widths().sum::<usize>())
        })
    }

    /// How many events a gate may let through, roughly.
    fn width(&self, gate: &Gate) -> usize {
        let popularity = self.popularity.get(gate).copied().unwrap_or(1);
        popularity
            + match gate {
                Gate::Number { .. } | Gate::Exact { .. } => 0,
                Gate::Part { part, .. } if part.len() < SHORT => 200,
                Gate::Part { .. } => 1,
                Gate::Word { word } if word.len() < SHORT => 2_000,
                Gate::Word { .. } => 100,
                Gate::Has { .. } => 10_000,
            }
    }

    fn expr(&self, of: &Expr) -> Gates {
        match of {
            Expr::And(parts) if parts.is_empty() => None,
            Expr::And(parts) => self.all(parts.iter().map(|part| self.expr(part))),
            Expr::Or(parts) => any(parts.iter().map(|part| self.expr(part))),
            Expr::Not(_) | Expr::AtLeast(0, _) => None,
            Expr::One(at) => self.node(self.plan.detections.get(*at)?),
            Expr::AtLeast(_, among) => {
                any(among.iter().map(|at| self.node(self.plan.detections.get(*at)?)))
            }
        }
    }

    fn node(&self, of: &Node) -> Gates {
        match of {
            Node::All(items) => self.all(items.iter().map(|item| self.item(item))),
            Node::AnyOf(parts) => any(parts.iter().map(|part| self.node(part))),
            Node::And(parts) => self.all(parts.iter().map(|part| self.node(part))),
            Node::Keywords(matcher) => self.matcher(matcher, None),
            Node::Scope(_) => None,
        }
    }

    fn item(&self, of: &Item) -> Gates {
        let Some(slot) = of.slot else {
            return match of.exists {
                Some(_) => None,
                None => self.matcher(&of.matcher, None),
            };
        };
        let is_open = of.exists == Some(false) || matches!(of.matcher, CompiledMatcher::Null);
        match of.exists {
            _ if is_open && of.exists != Some(true) => None,
            Some(_) => Some(vec![Gate::Has { slot }]),
            None => {
                let own = self.matcher(&of.matcher, Some(slot)).filter(|gates| !gates.is_empty());
                own.or_else(|| Some(vec![Gate::Has { slot }]))
            }
        }
    }

    fn matcher(&self, of: &CompiledMatcher, slot: Option<usize>) -> Gates {
        match of {
            CompiledMatcher::Exact { value, case_insensitive } => {
                let value = folded(value, *case_insensitive)?;
                Some(vec![match slot {
                    Some(slot) => Gate::Exact { slot, value },
                    None => Gate::Word { word: value },
                }])
            }
            CompiledMatcher::Contains { value, case_insensitive }
            | CompiledMatcher::StartsWith { value, case_insensitive }
            | CompiledMatcher::EndsWith { value, case_insensitive } => {
                Some(vec![part(folded(value, *case_insensitive)?, slot)])
            }
            CompiledMatcher::AhoCorasickSet { needles, case_insensitive, .. } => any(needles
                .iter()
                .map(|one| Some(vec![part(folded(one, *case_insensitive)?, slot)]))),
            CompiledMatcher::Regex(regex) => literals(regex.as_str(), slot),
            CompiledMatcher::RegexSetMatch { set, mode } => {
                let parts = set.patterns().iter().map(|pattern| literals(pattern, slot));
                match mode {
                    GroupMode::Any => any(parts),
                    GroupMode::All => self.all(parts),
                }
            }
            CompiledMatcher::AnyOf(parts)
            | CompiledMatcher::CaseInsensitiveGroup { children: parts, mode: GroupMode::Any } => {
                any(parts.iter().map(|part| self.matcher(part, slot)))
            }
            CompiledMatcher::AllOf(parts)
            | CompiledMatcher::CaseInsensitiveGroup { children: parts, mode: GroupMode::All } => {
                self.all(parts.iter().map(|part| self.matcher(part, slot)))
            }
            CompiledMatcher::NumericEq(number) => {
                let value = whole(*number)?;
                Some(vec![Gate::Number { slot: slot?, value }])
            }
            _ => None,
        }
    }

    fn leaves(&self, of: &Node, all: &mut Vec<Gate>) {
        match of {
            Node::All(items) => {
                for item in items {
                    all.extend(self.item(item).unwrap_or_default());
                }
            }
            Node::AnyOf(parts) | Node::And(parts) => {
                for part in parts {
                    self.leaves(part, all);
                }
            }
            Node::Keywords(matcher) => all.extend(self.matcher(matcher, None).unwrap_or_default()),
            Node::Scope(_) => {}
        }
    }
}

fn part(part: String, slot: Option<usize>) -> Gate {
    match slot {
        Some(slot) => Gate::Part { slot, part },
        None => Gate::Word { word: part },
    }
}

/// A literal as events are folded. What minds case is folded too where that is surely the same.
fn folded(text: &str, is_folded: bool) -> Option<String> {
    match is_folded {
        _ if text.is_empty() => None,
        true => Some(text.to_owned()),
        false => text.is_ascii().then(|| text.to_ascii_lowercase()),
    }
}

/// A number as rules compare it: the whole number that it is as good as equal to.
pub(super) fn whole(number: f64) -> Option<i64> {
    let whole = number.round();
    let is_whole = (number - whole).abs() < f64::EPSILON && whole.abs() < 9e15;
    is_whole.then_some(whole as i64)
}

/// Texts of which every match of a regular expression contains one.
fn literals(pattern: &str, slot: Option<usize>) -> Gates {
    let parsed = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).ok()?;
    let found = required(&parsed)?;
    let is_useful = found.iter().all(|text| text.len() > 1 && text.is_ascii());
    is_useful.then(|| found.into_iter().map(|text| part(text.to_ascii_lowercase(), slot)).collect())
}

fn required(of: &Hir) -> Option<Vec<String>> {
    match of.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => character(of).map(|text| vec![text]),
        HirKind::Concat(parts) => {
            let mut runs = Vec::new();
            let mut run = String::new();
            for part in parts {
                match character(part) {
                    Some(text) => run.push_str(&text),
                    None => {
                        runs.push(vec![std::mem::take(&mut run)]);
                        runs.extend(required(part));
                    }
                }
            }
            runs.push(vec![run]);
            let shortest = |run: &Vec<String>| run.iter().map(String::len).min().unwrap_or(0);
            let best = runs.into_iter().max_by_key(|run| (shortest(run), usize::MAX - run.len()));
            best.filter(|run| shortest(run) > 0)
        }
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(required(part)?);
            }
            Some(all)
        }
        HirKind::Repetition(repeated) if repeated.min >= 1 => required(&repeated.sub),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(_) | HirKind::Empty | HirKind::Look(_) => None,
    }
}

/// The one text that stands here, but for its case.
fn character(of: &Hir) -> Option<String> {
    match of.kind() {
        HirKind::Literal(literal) => Some(std::str::from_utf8(&literal.0).ok()?.to_owned()),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges();
            let all = ranges.iter().flat_map(|range| range.start()..=range.end());
            one(all.take(4).filter(|c| !matches!(c, '\u{17f}' | '\u{212a}')))
        }
        HirKind::Class(Class::Bytes(class)) => {
            let ranges = class.ranges();
            let all = ranges.iter().flat_map(|range| range.start()..=range.end());
            one(all.take(4).map(char::from))
        }
        _ => None,
    }
}

/// Both cases of one letter.
fn one(all: impl Iterator<Item = char>) -> Option<String> {
    let mut all = all.map(|c| c.is_ascii().then(|| c.to_ascii_lowercase()));
    let first = all.next()??;
    all.all(|next| next == Some(first)).then(|| first.to_string())
}
