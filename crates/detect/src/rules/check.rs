//! What loads but deserves a look.

use model::Problem;
use model::event::LogSource;

use super::{Baseline, Kind, Rule, RuleSet, Unusual};
use crate::sigma::field::speaks_of_presence;

/// Enrichment fields that rules may ask for (FORMATS.md), presence and endpoints apart.
const FIELDS: [&str; 20] = [
    "castellan.source",
    "castellan.mapping",
    "castellan.site",
    "castellan.person",
    "castellan.person.id",
    "castellan.person.status",
    "castellan.person.kind",
    "castellan.person.team",
    "castellan.place",
    "castellan.place.id",
    "castellan.place.site",
    "castellan.place.zone",
    "castellan.place.zone_class",
    "castellan.credential.id",
    "castellan.credential.state",
    "castellan.time.earliest",
    "castellan.time.latest",
    "castellan.passage",
    "castellan.local.hour",
    "castellan.local.weekday",
];
const PRESENCE: [&str; 7] = ["state", "zone", "zone_class", "site", "since", "evidence", "why"];
const ENDPOINT: [&str; 7] = ["asset", "kind", "place", "site", "zone", "owner", "owner.id"];
const ENDPOINTS: [&str; 3] = ["src", "dst", "device"];

pub(super) fn check(set: &RuleSet) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (_, rule) in set.rules() {
        problems.extend(starved(set, rule));
        for field in asked(rule) {
            if let Some(problem) = unknown_field(rule, &field) {
                problems.push(problem);
            }
        }
        if rule.meta.is_reported {
            owner(rule, &mut problems);
        }
        if let Some(problem) = names_people(rule) {
            problems.push(problem);
        }
        let is_open = rule.meta.logsource == LogSource::default()
            && !rule.fields.iter().any(|field| field == "class_uid");
        if rule.correlation.is_none() && is_open {
            let message = "the logsource is empty, so the rule is tried on every event".to_owned();
            problems.push(Problem::warning(
                &rule.meta.path,
                rule.meta.position,
                "no_logsource",
                message,
            ));
        }
        problems.extend(never(rule).or_else(|| never_differs(rule)));
    }
    for name in &set.unused_sets {
        let message = format!("the set `{name}` holds no rule: look at its `rules`");
        problems.push(Problem::warning("sets", None, "unused", message));
    }
    problems.sort();
    problems
}

fn asked(rule: &Rule) -> Vec<String> {
    let mut fields = rule.fields.clone();
    fields.extend(rule.meta.because.iter().flat_map(|because| because.fields().to_vec()));
    fields.extend(rule.meta.fold.iter().cloned());
    fields.extend(rule.correlation.iter().flat_map(group_fields));
    fields.extend(rule.correlation.iter().flat_map(super::Correlation::own_fields));
    fields.sort();
    fields.dedup();
    fields
}

/// The fields that a correlation groups by.
pub(super) fn group_fields(correlation: &super::Correlation) -> Vec<String> {
    let mut fields = Vec::new();
    for key in &correlation.group_by {
        fields.extend(key.per_rule.values().cloned());
        if key.per_rule.is_empty() {
            fields.push(key.field.clone());
        }
    }
    fields.sort();
    fields
}

fn unknown_field(rule: &Rule, field: &str) -> Option<Problem> {
    let message = filled_by_nothing(field)?;
    Some(Problem::error(&rule.meta.path, rule.meta.position, "unknown_field", message))
}

/// Why a field of ours is none; `None` where it is one, or a source's own.
pub(super) fn filled_by_nothing(field: &str) -> Option<String> {
    let ours = field.strip_prefix("castellan.")?;
    let known = match ours.split_once('.') {
        Some(("presence", rest)) => PRESENCE.contains(&rest),
        Some((end, rest)) if ENDPOINTS.contains(&end) => {
            ENDPOINT.contains(&rest)
                || rest.strip_prefix("owner.presence.").is_some_and(|r| PRESENCE.contains(&r))
        }
        Some(_) | None => FIELDS.contains(&field),
    };
    if known {
        return None;
    }
    let all = every_field();
    Some(match nearest(field, all.iter().map(String::as_str)) {
        Some(near) => format!("nothing fills the field `{field}`; meant `{near}`?"),
        None => format!("nothing fills the field `{field}`"),
    })
}

fn every_field() -> Vec<String> {
    let mut all: Vec<String> = FIELDS.iter().map(|field| (*field).to_owned()).collect();
    all.extend(PRESENCE.iter().map(|field| format!("castellan.presence.{field}")));
    for end in ENDPOINTS {
        all.extend(ENDPOINT.iter().map(|field| format!("castellan.{end}.{field}")));
        let owner = |field: &&str| format!("castellan.{end}.owner.presence.{field}");
        all.extend(PRESENCE.iter().map(owner));
    }
    all
}

fn owner(rule: &Rule, problems: &mut Vec<Problem>) {
    let path = &rule.meta.path;
    if rule.meta.team.is_none() {
        let message = format!("the rule `{}` names no team: who owns its findings?", rule.meta.id);
        problems.push(Problem::warning(path, rule.meta.position, "no_team", message));
    }
    if rule.meta.sop.is_empty() && rule.meta.playbook.is_none() {
        let message = format!("the rule `{}` has neither `sop` nor `playbook`", rule.meta.id);
        problems.push(Problem::warning(path, rule.meta.position, "no_sop", message));
    }
}

fn names_people(rule: &Rule) -> Option<Problem> {
    let because = rule.meta.because.as_ref()?;
    let personal = |field: &&String| {
        let user = field.contains("user.");
        user && (field.ends_with(".name") || field.ends_with(".full_name"))
            || field.ends_with("email_addr")
    };
    let field = because.fields().iter().find(personal)?;
    let message = format!("`because` shows `{field}`; show `castellan.person` instead");
    Some(Problem::warning(&rule.meta.path, rule.meta.position, "names_people", message))
}

/// A correlation that is on, though a set turns off a rule that it needs: that one runs on, unsaid.
fn starved(set: &RuleSet, rule: &Rule) -> Option<Problem> {
    let correlation = rule.correlation.as_ref().filter(|_| rule.meta.off_by.is_none())?;
    let mut inputs = correlation.inputs.iter().filter_map(|input| set.meta(*input));
    let off = inputs.find(|input| input.off_by.is_some())?;
    let message = format!(
        "the set `{}` turns off `{}`, which this correlation needs: it runs on, but says nothing",
        off.off_by.as_deref().unwrap_or_default(),
        off.id
    );
    Some(Problem::warning(&rule.meta.path, rule.meta.position, "off_but_needed", message))
}

/// A correlation that groups by what may be unknown.
fn never(rule: &Rule) -> Option<Problem> {
    let correlation = rule.correlation.as_ref()?;
    let mut keys = correlation.group_by.iter();
    keys.find(|key| speaks_of_presence(&key.field) && key.per_rule.is_empty())?;
    let message = "the correlation can never fire: it groups by presence, which may be unknown; \
                   group by a person or a place"
        .to_owned();
    Some(Problem::error(&rule.meta.path, rule.meta.position, "never_fires", message))
}

/// Sightings in one place, and the first of what every event of the group has.
fn never_differs(rule: &Rule) -> Option<Problem> {
    let correlation = rule.correlation.as_ref()?;
    let is_key = |field: &String| correlation.group_by.iter().any(|key| key.field == *field);
    let message = match &correlation.kind {
        Kind::Travel(_) => {
            let mut keys = correlation.group_by.iter();
            let place = keys.find(|key| key.field.starts_with("castellan.place"))?;
            format!(
                "the correlation can never fire: sightings that share `{}` are not apart; group by \
                 a person",
                place.name
            )
        }
        Kind::Baseline(Baseline { unusual: Unusual::First { fields }, .. }) => {
            fields.iter().all(is_key).then_some(())?;
            "the correlation can never fire: what a group is named by is never new to it; take \
             `field` out of `group-by`"
                .to_owned()
        }
        Kind::EventCount { .. }
        | Kind::ValueCount { .. }
        | Kind::Sum { .. }
        | Kind::Temporal { .. }
        | Kind::Ordered
        | Kind::Absence { .. }
        | Kind::Whole { .. }
        | Kind::Conflict(_)
        | Kind::Baseline(_) => return None,
    };
    Some(Problem::error(&rule.meta.path, rule.meta.position, "never_fires", message))
}

/// Largest edit distance at which a suggestion helps.
const NEAR: usize = 4;

/// The candidate nearest to a word, if near enough.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let scored = candidates.map(|candidate| (distance(word, candidate), candidate));
    let (score, best) = scored.min()?;
    (score <= NEAR).then_some(best)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, left) in (1..).zip(a.chars()) {
        let mut next = vec![at];
        for (pair, right) in row.windows(2).zip(&b) {
            let [diagonal, above] = pair else { continue };
            let before = next.last().copied().unwrap_or(at);
            let swap = diagonal + usize::from(left != *right);
            next.push(swap.min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
