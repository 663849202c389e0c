//! A correlation's window around one event: whose it is, what is in it, and what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{Event, RuleId, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Explainer, Explanation, Outcome, Routing, Unexplained};
use crate::rules::{Correlation, Kind, Predicate, RuleIndex, Truth};
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

impl Hit<'_> {
    fn told(&self, of: &Explainer) -> Option<InWindow> {
        Some(InWindow {
            rule: of.set.meta(self.rule)?.id.clone(),
            source: self.event.source.clone(),
            record: self.event.record,
            time: self.event.time,
        })
    }
}

impl Outcome {
    /// Whether a correlation hears of it.
    fn counts(self) -> bool {
        match self {
            Self::Matches | Self::Silenced => true,
            Self::Undecided | Self::DoesNotMatch | Self::NotTried => false,
        }
    }
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
    let matched = distinct(correlation).zip(&inputs).filter(|(_, told)| told.outcome.counts());
    let own: Vec<RuleIndex> = matched.map(|(input, _)| input).collect();
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
        () if is_out => lacking(&group),
        () if outcome == Outcome::Silenced => "it fires, and a rule set turns it off".to_owned(),
        () => whether(&needs, &has, is_met),
    };
    Ok(Explanation {
        rule: of.id.clone(),
        title: rule.meta.title.clone(),
        outcome,
        because,
        routing: routed(rule.meta.logsource.clone()),
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
            matches: hits.iter().take(LISTED_MAX).filter_map(|hit| hit.told(of)).collect(),
            more: hits.len().saturating_sub(LISTED_MAX),
            needs,
            has,
            missing: missing.into_iter().filter_map(id_of).collect(),
            inputs,
        }),
    })
}

/// A correlation is routed by the rules that it is made of.
fn routed(rule: model::LogSource) -> Routing {
    Routing { fits: true, rule, here: Vec::new(), event: None, words: None }
}

fn lacking(group: &BTreeMap<String, Option<String>>) -> String {
    let lacking = group.iter().filter(|(_, value)| value.is_none());
    let lacking: Vec<&str> = lacking.map(|(name, _)| name.as_str()).collect();
    format!("the event has no {}, which it groups by", lacking.join(", "))
}

fn whether(needs: &str, has: &str, is_met: Option<bool>) -> String {
    match is_met {
        None => format!(
            "it needs {needs}, and has {has}; whether that is enough hangs on more than these \
             events: its findings say so"
        ),
        Some(true) => format!("it needs {needs}, and has {has}"),
        Some(false) => format!("it needs {needs}, and has only {has}"),
    }
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
    let name = |rule: RuleIndex| of.set.meta(rule).map_or("?", |meta| meta.title.as_str());
    let lacking = || distinct(correlation).filter(|rule| !has(*rule)).collect::<Vec<_>>();
    let span = format!("within {}", spoken(correlation.timespan));
    let number = hits.len();
    match &correlation.kind {
        Kind::EventCount { least } => {
            let is_met = number as u64 >= *least;
            (format!("{least} matches {span}"), number.to_string(), Vec::new(), Some(is_met))
        }
        Kind::ValueCount { least, fields } => {
            let values = values(hits, fields);
            let needs = format!("{least} different values of {} {span}", fields.join(", "));
            let is_met = values as u64 >= *least;
            (needs, values.to_string(), Vec::new(), Some(is_met))
        }
        Kind::Sum { field, predicates } => {
            let sum = sum_nearest(hits, field, (predicates, correlation.timespan));
            let is_met = number > 0 && all_hold(predicates, sum);
            let needs = format!("a sum of `{field}` within its bounds {span}");
            (needs, format!("{sum} of {number} matches"), Vec::new(), Some(is_met))
        }
        Kind::Temporal { need } => {
            let all: Vec<&str> = distinct(correlation).map(name).collect();
            let have: Vec<&str> = distinct(correlation).filter(|r| has(*r)).map(name).collect();
            let needs = format!("{} {span}", listed(&all));
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
            let needs = format!("{} in this order {span}", listed(&all));
            (needs, listed(&have), missing, Some(is_met))
        }
        Kind::Absence { missing, .. } => {
            let there = missing.iter().copied().filter(|rule| has(*rule)).map(name).collect();
            let wanted: Vec<&str> = missing.iter().map(|rule| name(*rule)).collect();
            let needs = format!("a match without {} {span}", wanted.join(" or "));
            let (told, is_met) = without(there, number);
            (needs, told, Vec::new(), Some(is_met))
        }
        Kind::Travel(_) => {
            let needs = format!("two sightings further apart than anyone travels {span}");
            (needs, format!("{number} sightings"), Vec::new(), None)
        }
        Kind::Conflict(conflict) => {
            let against: Vec<&str> = conflict.against.iter().map(|rule| name(*rule)).collect();
            let (least, against) = (conflict.least, against.join(", "));
            let told: Vec<&str> = distinct(correlation).filter(|r| has(*r)).map(name).collect();
            let needs = format!("{least} independent witnesses {span} against {against}");
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

fn all_hold(predicates: &[Predicate], sum: f64) -> bool {
    predicates.iter().all(|predicate| predicate.holds(sum))
}

/// Of the windows that end with one of the matches the sum that comes nearest to what is asked.
fn sum_nearest(
    hits: &[Hit<'_>],
    field: &str,
    (predicates, timespan): (&[Predicate], Duration),
) -> f64 {
    let number_of = |hit: &Hit<'_>| View::new(hit.event).text(field)?.parse::<f64>().ok();
    let sums = hits.iter().map(|end| {
        let since = end.event.time.minus(timespan);
        let inside = |hit: &&Hit<'_>| since <= hit.event.time && hit.event.time <= end.event.time;
        hits.iter().filter(inside).filter_map(number_of).sum::<f64>()
    });
    let nearest = sums.fold(None, |best: Option<f64>, sum| match best {
        Some(best) if all_hold(predicates, best) => Some(best),
        Some(best) if !all_hold(predicates, sum) && best >= sum => Some(best),
        Some(_) | None => Some(sum),
    });
    nearest.unwrap_or_default()
}

/// How many different values the matches have in some fields.
fn values(hits: &[Hit<'_>], fields: &[String]) -> usize {
    let value = |hit: &Hit<'_>| {
        let view = View::new(hit.event);
        let all = fields.iter().map(|field| view.text(field).unwrap_or_default());
        all.collect::<Vec<_>>().join("\u{1f}")
    };
    hits.iter().map(value).collect::<BTreeSet<String>>().len()
}

/// What so many matches are that ought to have none of these beside them.
fn without(there: Vec<&str>, number: usize) -> (String, bool) {
    let told = match there.is_empty() {
        true => format!("{number} without any, once all that may still come has come"),
        false => format!("a match of {} beside it", there.join(", ")),
    };
    (told, there.is_empty() && number > 0)
}

/// Titles in their order; what comes several times in a row is told once, with how often.
fn listed(names: &[&str]) -> String {
    let runs = names.chunk_by(|one, next| one == next).filter_map(|run| {
        let name = run.first()?;
        Some(if run.len() > 1 {
            format!("{} × “{name}”", run.len())
        } else {
            format!("“{name}”")
        })
    });
    let told: Vec<String> = runs.collect();
    if told.is_empty() { "none of them".to_owned() } else { told.join(", ") }
}

/// `1 hour`, `10 minutes`, `90 s`: the largest unit that says it whole.
fn spoken(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let whole = units.iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    match whole.map(|(unit, word)| (seconds / unit, word)) {
        Some((1, word)) => format!("1 {word}"),
        Some((number, word)) => format!("{number} {word}s"),
        None => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_repeated_parts_are_said_as_people_say_them() {
        let said = |seconds| spoken(Duration::from_secs(seconds));
        assert_eq!([said(3_600), said(600), said(60)], ["1 hour", "10 minutes", "1 minute"]);
        assert_eq!([said(90), said(172_800), said(5_400)], ["90 s", "2 days", "90 minutes"]);
        assert_eq!(listed(&["Push", "Push", "Push", "Door"]), "3 × “Push”, “Door”");
        assert_eq!(listed(&[]), "none of them");
    }
}
