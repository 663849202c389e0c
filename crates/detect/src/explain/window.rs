//! A correlation's window around one event: whose it is, what is in it, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use model::{Event, RuleId, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Explainer, Explanation, Outcome, Routing, Unexplained};
use crate::rules::{Correlation, Kind, RuleIndex, Truth};
use crate::sigma::View;

/// Matches of one window that are listed.
const LISTED_MAX: usize = 50;

/// A correlation's window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowTold {
    /// The values that it groups by, as this event has them; a missing one keeps it out.
    pub group: BTreeMap<String, Option<String>>,
    /// How long, in seconds.
    pub timespan_s: u64,
    /// From when on events count together with this one.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// What is in it, in order of time.
    pub matches: Vec<InWindow>,
    /// Matches beyond the listed ones.
    pub more: usize,
    /// What it needs, in words.
    pub needs: String,
    /// What it has.
    pub has: String,
    /// Rules of which a match is missing.
    pub missing: Vec<RuleId>,
    /// Why this event itself counts, or does not, rule by rule.
    pub inputs: Vec<Explanation>,
}

/// One match in a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InWindow {
    /// Which rule.
    pub rule: RuleId,
    /// Whose record.
    pub source: SourceId,
    /// Its number.
    pub record: u64,
    /// When.
    pub time: Timestamp,
}

struct Hit<'a> {
    rule: RuleIndex,
    event: &'a Event,
}

pub(super) fn explain(
    of: &Explainer,
    event: &Event,
    around: &[Event],
) -> Result<Explanation, Unexplained> {
    let no_rule = || Unexplained::NoRule(of.id.clone());
    let index = of.set.index_of(&of.id).ok_or_else(no_rule)?;
    let rule = of.set.rule(index).ok_or_else(no_rule)?;
    let correlation = rule.correlation.as_ref().ok_or_else(no_rule)?;
    let mut inputs = Vec::new();
    for input in distinct(correlation) {
        let Some(meta) = of.set.meta(input) else { continue };
        inputs.push(of.of_input(&meta.id)?.explain(event, around)?);
    }
    let counts = |told: &Explanation| match told.outcome {
        Outcome::Matches | Outcome::Silenced => true,
        Outcome::Undecided | Outcome::DoesNotMatch | Outcome::NotTried => false,
    };
    let own: Vec<RuleIndex> = distinct(correlation)
        .zip(&inputs)
        .filter(|(_, told)| counts(told))
        .map(|(input, _)| input)
        .collect();
    let group = group_of(correlation, event, own.first().copied());
    let (from, to) =
        (event.time.minus(correlation.timespan), event.time.plus(correlation.timespan));
    let hits = hits(of, correlation, (event, &group), around, (from, to));
    let (needs, has, missing, is_met) = standing(of, correlation, &hits);
    let id_of = |rule: RuleIndex| of.set.meta(rule).map(|meta| meta.id.clone());
    let is_out = own.is_empty() || group.values().any(Option::is_none);
    let outcome = match (is_out, is_met) {
        (true, _) | (false, Some(false)) => Outcome::DoesNotMatch,
        (false, None) => Outcome::Undecided,
        (false, Some(true)) if rule.meta.off_by.is_some() => Outcome::Silenced,
        (false, Some(true)) => Outcome::Matches,
    };
    let because = match () {
        () if own.is_empty() => "none of its rules matches this event".to_owned(),
        () if is_out => {
            let lacking = group.iter().filter(|(_, value)| value.is_none());
            let lacking: Vec<&str> = lacking.map(|(name, _)| name.as_str()).collect();
            format!("the event has no {}, which it groups by", lacking.join(", "))
        }
        () if outcome == Outcome::Silenced => "it fires, and a rule set turns it off".to_owned(),
        () if is_met.is_none() => format!(
            "it needs {needs}, and has {has}; whether that is enough hangs on more than these \
             events: its findings say so"
        ),
        () if is_met == Some(true) => format!("it needs {needs}, and has {has}"),
        () => format!("it needs {needs}, and has only {has}"),
    };
    let listed = hits.iter().take(LISTED_MAX).filter_map(|hit| {
        Some(InWindow {
            rule: id_of(hit.rule)?,
            source: hit.event.source.clone(),
            record: hit.event.record,
            time: hit.event.time,
        })
    });
    Ok(Explanation {
        rule: of.id.clone(),
        title: rule.meta.title.clone(),
        outcome,
        because,
        routing: Routing {
            fits: true,
            rule: rule.meta.logsource.clone(),
            here: Vec::new(),
            event: None,
            words: None,
        },
        off_by: rule.meta.off_by.clone(),
        exception: None,
        conditions: Vec::new(),
        parts: Vec::new(),
        unknown: inputs.iter().flat_map(|told| told.unknown.clone()).collect(),
        window: Some(WindowTold {
            group,
            timespan_s: correlation.timespan.as_secs(),
            from,
            to,
            matches: listed.collect(),
            more: hits.len().saturating_sub(LISTED_MAX),
            needs,
            has,
            missing: missing.into_iter().filter_map(id_of).collect(),
            inputs,
        }),
    })
}

fn distinct(correlation: &Correlation) -> impl Iterator<Item = RuleIndex> {
    let mut seen = BTreeSet::new();
    let all = correlation.inputs.clone().into_iter();
    all.filter(move |input| seen.insert(*input))
}

/// The values that an event is grouped by.
fn group_of(
    correlation: &Correlation,
    event: &Event,
    rule: Option<RuleIndex>,
) -> BTreeMap<String, Option<String>> {
    let view = View::new(event);
    let keys = correlation.group_by.iter().map(|key| {
        let own = rule.and_then(|rule| key.per_rule.get(&rule));
        (key.name.clone(), view.text(own.unwrap_or(&key.field)))
    });
    keys.collect()
}

/// Matches of its rules in the same group, near the event, in order of time.
fn hits<'a>(
    of: &Explainer,
    correlation: &Correlation,
    (event, group): (&'a Event, &BTreeMap<String, Option<String>>),
    around: &'a [Event],
    (from, to): (Timestamp, Timestamp),
) -> Vec<Hit<'a>> {
    let is_self = |one: &&Event| (one.record, one.part) != (event.record, event.part);
    let near = around.iter().filter(is_self).filter(|one| from <= one.time && one.time <= to);
    let mut found = Vec::new();
    for one in near.chain([event]) {
        let mut matches = Vec::new();
        match one.logsource == model::LogSource::default() {
            true => of.set.matches_unrouted(one, &mut matches),
            false => of.set.matches(one, &mut matches),
        }
        let own = matches.iter().filter(|found| found.truth == Truth::True);
        for rule in own.map(|found| found.rule) {
            let is_input = correlation.inputs.contains(&rule);
            if is_input && group_of(correlation, one, Some(rule)) == *group {
                found.push(Hit { rule, event: one });
            }
        }
    }
    found.sort_by_key(|hit| (hit.event.time, hit.event.record, hit.rule));
    found
}

/// What a correlation needs, what it has, which rules have not matched, and whether that is enough;
/// `None` where more than these events decides.
type Standing = (String, String, Vec<RuleIndex>, Option<bool>);

fn standing(of: &Explainer, correlation: &Correlation, hits: &[Hit<'_>]) -> Standing {
    let has = |rule: RuleIndex| hits.iter().any(|hit| hit.rule == rule);
    let name = |rule: RuleIndex| of.set.meta(rule).map_or("?", |meta| meta.id.as_str());
    let lacking = || distinct(correlation).filter(|rule| !has(*rule)).collect::<Vec<_>>();
    let span = format!("within {} s", correlation.timespan.as_secs());
    let number = hits.len();
    match &correlation.kind {
        Kind::EventCount { least } => {
            let is_met = number as u64 >= *least;
            (format!("{least} matches {span}"), number.to_string(), Vec::new(), Some(is_met))
        }
        Kind::ValueCount { least, fields } => {
            let values: BTreeSet<String> = hits
                .iter()
                .map(|hit| {
                    let view = View::new(hit.event);
                    let all = fields.iter().map(|field| view.text(field).unwrap_or_default());
                    all.collect::<Vec<_>>().join("\u{1f}")
                })
                .collect();
            let needs = format!("{least} different values of {} {span}", fields.join(", "));
            let is_met = values.len() as u64 >= *least;
            (needs, values.len().to_string(), Vec::new(), Some(is_met))
        }
        Kind::Sum { field, .. } => {
            let values =
                hits.iter().filter_map(|hit| View::new(hit.event).text(field)?.parse::<f64>().ok());
            let sum: f64 = values.sum();
            let needs = format!("a sum of `{field}` beyond its bound {span}");
            (needs, format!("{sum} of {number} matches"), Vec::new(), None)
        }
        Kind::Temporal { need } => {
            let all: Vec<&str> = distinct(correlation).map(name).collect();
            let have: Vec<&str> = distinct(correlation).filter(|r| has(*r)).map(name).collect();
            let needs = format!("{} {span}", all.join(", "));
            let is_met = need.is_met(&has);
            (needs, listed(&have), if is_met { Vec::new() } else { lacking() }, Some(is_met))
        }
        Kind::Ordered => {
            let all: Vec<&str> = correlation.inputs.iter().map(|rule| name(*rule)).collect();
            let mut next = 0;
            for hit in hits {
                next += usize::from(correlation.inputs.get(next) == Some(&hit.rule));
            }
            let have: Vec<&str> = all.iter().take(next).copied().collect();
            let missing = correlation.inputs.iter().skip(next).copied().collect::<Vec<_>>();
            let is_met = missing.is_empty();
            let needs = format!("{} in this order {span}", all.join(", "));
            (needs, listed(&have), missing, Some(is_met))
        }
        Kind::Absence { missing, .. } => {
            let there: Vec<RuleIndex> = missing.iter().copied().filter(|rule| has(*rule)).collect();
            let wanted: Vec<&str> = missing.iter().map(|rule| name(*rule)).collect();
            let needs = format!("a match without {} {span}", wanted.join(" or "));
            let have = there.iter().map(|rule| name(*rule)).collect::<Vec<_>>();
            let told = match have.is_empty() {
                true => format!("{number} without any, once all that may still come has come"),
                false => format!("a match of {} beside it", have.join(", ")),
            };
            let is_met = there.is_empty() && number > 0;
            (needs, told, Vec::new(), Some(is_met))
        }
        Kind::Travel(_) => {
            let needs = format!("two sightings further apart than anyone travels {span}");
            (needs, format!("{number} sightings"), Vec::new(), None)
        }
        Kind::Conflict(conflict) => {
            let against: Vec<&str> = conflict.against.iter().map(|rule| name(*rule)).collect();
            let needs = format!(
                "{} independent witnesses {span} against {}",
                conflict.least,
                against.join(", ")
            );
            let told = distinct(correlation).filter(|rule| has(*rule)).map(name);
            let told: Vec<&str> = told.collect();
            (needs, format!("the word of {}", listed(&told)), Vec::new(), None)
        }
        Kind::Baseline(_) => {
            let needs = format!("what is unusual for its group, looked at {span} at a time");
            (needs, format!("{number} matches"), Vec::new(), None)
        }
        Kind::Whole { .. } => {
            let needs = format!("a measure over the whole window of {span}, judged at its end");
            (needs, format!("{number} matches"), Vec::new(), None)
        }
    }
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none of them".to_owned() } else { names.join(", ") }
}
