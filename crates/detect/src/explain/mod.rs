//! Why a rule says what it says of an event: literal by literal, with what keeps it silent.
//!
//! Owns nothing that runs live: rules are read anew from their text, so that what is explained is
//! what stands in the file. Never guesses: a part that cannot be taken apart is judged whole.

mod window;

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Event, LogSource, RuleId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::rules::load::{Prepared, prepare};
use crate::rules::{RuleFile, RuleSet, Truth};
use crate::sigma::View;
pub use crate::sigma::trace::{Joined, Literal, Part};
use crate::sigma::trace::{asks_presence, conditions, trace};
pub use window::{InWindow, WindowTold};

/// What a rule comes to for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It matches, and says so.
    Matches,
    /// It matches, and something keeps it from saying so.
    Silenced,
    /// It would match under some completion of what is unknown, and not under all.
    Undecided,
    /// It does not match.
    DoesNotMatch,
    /// It would match, and is never tried on events of this log source.
    NotTried,
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Which rule.
    pub rule: RuleId,
    /// Its title.
    pub title: String,
    /// What it comes to.
    pub outcome: Outcome,
    /// In one sentence.
    pub because: String,
    /// Whether events of this log source are tried.
    pub routing: Routing,
    /// The set that turns it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_by: Option<String>,
    /// The exception that keeps it from speaking of this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<Excepted>,
    /// Its conditions, as written.
    pub conditions: Vec<String>,
    /// Its parts, and what came of each.
    pub parts: Vec<Part>,
    /// What it could not know.
    pub unknown: Vec<String>,
    /// Of a correlation: its window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowTold>,
}

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excepted {
    /// Its name.
    pub id: String,
    /// Why it was made.
    pub reason: String,
    /// Whose word it is.
    pub owner: String,
    /// Until when.
    pub until: Timestamp,
}

/// A rule's log source beside an event's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// Whether such events are tried on it.
    pub fits: bool,
    /// What the rule wants.
    pub rule: LogSource,
    /// Where else such events are found here.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub here: Vec<LogSource>,
    /// What the event is; nothing where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<LogSource>,
    /// In words, where it does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// Why nothing can be explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unexplained {
    /// No such rule.
    #[error("there is no rule `{0}`")]
    NoRule(RuleId),
    /// A part of it does not compile by itself.
    #[error("`{rule}` cannot be taken apart: {why}")]
    Compile {
        /// Which.
        rule: RuleId,
        /// Why.
        why: String,
    },
}

/// A rule, ready to be held against events.
pub struct Explainer {
    set: Arc<RuleSet>,
    files: Vec<RuleFile>,
    id: RuleId,
    prepared: Option<Prepared>,
}

impl Explainer {
    /// Reads a rule anew. `files`: all rule files in force, for its filters, sets and exceptions.
    pub fn new(files: &[RuleFile], id: &RuleId) -> Result<Self, Unexplained> {
        let (set, _, prepared) = prepare(files, Some(id));
        set.get(id).ok_or_else(|| Unexplained::NoRule(id.clone()))?;
        Ok(Self { set: Arc::new(set), files: files.to_vec(), id: id.clone(), prepared })
    }

    /// The same of a rule in force, reading no more files than it needs.
    pub fn among(set: &RuleSet, files: &[RuleFile], id: &RuleId) -> Result<Self, Unexplained> {
        let index = set.index_of(id).ok_or_else(|| Unexplained::NoRule(id.clone()))?;
        let (mut waiting, mut paths) = (vec![index], BTreeSet::new());
        let mut seen = BTreeSet::new();
        while let Some(index) = waiting.pop() {
            let Some(rule) = set.rule(index).filter(|_| seen.insert(index)) else { continue };
            paths.insert(rule.meta.path.as_str());
            let of = rule.correlation.iter();
            waiting.extend(of.flat_map(|of| of.inputs.iter().chain(&of.resets).copied()));
        }
        let is_needed = |file: &&RuleFile| {
            paths.contains(file.path.as_str())
                || file.text.lines().any(|line| line.starts_with("filter:"))
                || [".sets.yml", ".exceptions.yml", ".logsources.yml"]
                    .iter()
                    .any(|end| file.path.ends_with(end))
        };
        let needed: Vec<RuleFile> = files.iter().filter(is_needed).cloned().collect();
        Self::new(&needed, id)
    }

    /// The rules among which it stands.
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.set
    }

    /// How far from an event a correlation looks; nothing of a rule that looks at one alone.
    pub fn timespan(&self) -> Option<std::time::Duration> {
        let rule = self.set.index_of(&self.id).and_then(|index| self.set.rule(index))?;
        rule.correlation.as_ref().map(|correlation| correlation.timespan)
    }

    /// Why it says what it says of `event`, which is enriched. `around`: the events of its window,
    /// enriched, of which a correlation needs to be told.
    pub fn explain(&self, event: &Event, around: &[Event]) -> Result<Explanation, Unexplained> {
        let Some(prepared) = &self.prepared else {
            return window::explain(self, event, around);
        };
        let no_rule = || Unexplained::NoRule(self.id.clone());
        let meta = self.set.get(&self.id).ok_or_else(no_rule)?;
        let index = self.set.index_of(&self.id).ok_or_else(no_rule)?;
        let (routing, rule) = routed(prepared, &meta.logsource, event);
        let view = View::new(event);
        let (truth, parts) = trace(rule, &view)
            .map_err(|why| Unexplained::Compile { rule: self.id.clone(), why })?;
        let exception = self.set.exception(index, event, &view);
        let exception = exception.and_then(|at| self.set.exceptions().nth(at as usize));
        let exception = exception.map(|meta| Excepted {
            id: meta.id.clone(),
            reason: meta.reason.clone(),
            owner: meta.owner.to_string(),
            until: meta.until,
        });
        let outcome = match truth {
            Truth::False => Outcome::DoesNotMatch,
            Truth::True | Truth::Unknown if !routing.fits => Outcome::NotTried,
            Truth::True | Truth::Unknown if meta.off_by.is_some() || exception.is_some() => {
                Outcome::Silenced
            }
            Truth::Unknown => Outcome::Undecided,
            Truth::True => Outcome::Matches,
        };
        let mut told = Explanation {
            rule: self.id.clone(),
            title: meta.title.clone(),
            outcome,
            because: String::new(),
            routing,
            off_by: meta.off_by.clone(),
            exception,
            conditions: conditions(rule),
            unknown: unknown(&parts),
            parts,
            window: None,
        };
        told.because = told.sentence();
        Ok(told)
    }

    /// The same for a rule that this one builds on.
    fn of_input(&self, id: &RuleId) -> Result<Self, Unexplained> {
        Self::new(&self.files, id)
    }
}

/// The rule as it reads for this event's log source, and whether such events are tried at all.
fn routed<'p>(
    prepared: &'p Prepared,
    own: &LogSource,
    event: &Event,
) -> (Routing, &'p rsigma_parser::SigmaRule) {
    let is_told = event.logsource != LogSource::default();
    let as_own = fits(own, &event.logsource);
    let elsewhere = prepared.here.iter().find(|(place, _)| fits(place, &event.logsource));
    let fits_any = !is_told || as_own || elsewhere.is_some();
    let rule = match elsewhere.filter(|_| is_told && !as_own) {
        Some((_, renamed)) => renamed,
        None => &prepared.rule,
    };
    let words = (!fits_any).then(|| {
        format!("the rule wants {}; the event is from {}", words(own), words(&event.logsource))
    });
    let here = prepared.here.iter().map(|(place, _)| place.clone()).collect();
    let event = is_told.then(|| event.logsource.clone());
    (Routing { fits: fits_any, rule: own.clone(), here, event, words }, rule)
}

/// Whether every part that a rule names is equal.
fn fits(rule: &LogSource, event: &LogSource) -> bool {
    let part = |rule: &Option<Arc<str>>, event: &Option<Arc<str>>| {
        rule.as_deref().is_none_or(|rule| {
            event.as_deref().is_some_and(|event| rule.eq_ignore_ascii_case(event))
        })
    };
    part(&rule.category, &event.category)
        && part(&rule.product, &event.product)
        && part(&rule.service, &event.service)
}

/// `category physical_access, product pacs-csv`
fn words(source: &LogSource) -> String {
    let parts = [
        ("category", &source.category),
        ("product", &source.product),
        ("service", &source.service),
    ];
    let named = parts.iter().filter_map(|(name, word)| Some(format!("{name} {}", word.as_ref()?)));
    let named: Vec<String> = named.collect();
    if named.is_empty() { "anything".to_owned() } else { named.join(", ") }
}

/// What nobody knew, of the literals that ask it.
fn unknown(parts: &[Part]) -> Vec<String> {
    fn gather(literal: &Literal, all: &mut Vec<String>) {
        if let (Some(field), Some(why)) = (&literal.field, &literal.unknown) {
            let line = format!("{field}: {why}");
            if !all.contains(&line) {
                all.push(line);
            }
        }
        literal.members.iter().for_each(|member| gather(member, all));
    }
    let mut all = Vec::new();
    parts.iter().flat_map(|part| &part.literals).for_each(|literal| gather(literal, &mut all));
    all
}

impl Explanation {
    /// Whether its conditions hold, whatever keeps it from saying so.
    pub fn holds(&self) -> bool {
        match self.outcome {
            Outcome::Matches | Outcome::Silenced | Outcome::NotTried => true,
            Outcome::Undecided | Outcome::DoesNotMatch => false,
        }
    }

    /// The parts without which the verdict would be another, and the literals of them that decided.
    pub fn decisive(&self) -> impl Iterator<Item = (&Part, &Literal)> {
        let parts = self.parts.iter().filter(|part| part.is_decisive);
        parts.flat_map(|part| {
            let own = part.literals.iter().filter(|literal| literal.truth == part.truth);
            own.map(move |literal| (part, literal))
        })
    }

    fn sentence(&self) -> String {
        let named = |truth: Truth| {
            let decided = self.decisive().filter(move |(_, literal)| literal.truth == truth);
            let told = decided.map(|(part, literal)| {
                let saw = match (&literal.saw, &literal.unknown) {
                    (Some(saw), _) => format!("it is `{saw}`"),
                    (None, Some(why)) if asks_presence(literal) => format!("nobody knows ({why})"),
                    (None, _) if literal.field.is_some() => "the event has no such field".into(),
                    (None, _) => "nothing of the kind is there".into(),
                };
                format!("`{}` in `{}`: {saw}", literal.asks, part.name)
            });
            let told: Vec<String> = told.take(3).collect();
            told.join("; ")
        };
        match self.outcome {
            Outcome::Matches => "it matches: every condition holds".to_owned(),
            Outcome::NotTried => {
                let words = self.routing.words.clone().unwrap_or_default();
                format!("it would match, and is not tried: {words}")
            }
            Outcome::Silenced => match (&self.off_by, &self.exception) {
                (Some(set), _) => format!("it matches, and the rule set `{set}` turns it off"),
                (None, Some(exception)) => format!(
                    "it matches, and the exception `{}` of `{}` silences it until {}: {}",
                    exception.id, exception.owner, exception.until, exception.reason
                ),
                (None, None) => String::new(),
            },
            Outcome::Undecided => {
                let told = named(Truth::Unknown);
                let told = if told.is_empty() { self.unknown.join("; ") } else { told };
                format!("it cannot be decided: {told}")
            }
            Outcome::DoesNotMatch => {
                let (no, yes) = (named(Truth::False), named(Truth::True));
                match (no.is_empty(), yes.is_empty()) {
                    (false, true) => format!("it does not match: {no}"),
                    (true, false) => format!("it does not match, because this holds: {yes}"),
                    (false, false) => {
                        format!("it does not match: {no}; and because this holds: {yes}")
                    }
                    (true, true) => "it does not match: many of its parts fail".to_owned(),
                }
            }
        }
    }
}
