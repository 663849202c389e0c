//! Exceptions: what a rule is not to say, about whom, until when and by whose word.
//!
//! An exception ends by the time of the event, so that a replay excepts what was excepted then.
//! It cannot ask presence: where people are may be unknown, and not knowing must never add a
//! finding.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use model::{Event, PlaceId, Problem, TeamId, Timestamp};
use serde::Deserialize;

use super::{Texts, form};
use crate::rules::RuleFile;
use crate::rules::check::filled_by_nothing;
use crate::rules::load::find;
use crate::sigma::View;
use crate::sigma::engine::Selection;
use crate::sigma::field::speaks_of_presence;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    exceptions: Vec<Form>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    id: String,
    #[serde(default)]
    rules: Texts,
    #[serde(default)]
    sites: Texts,
    when: Option<yaml_serde::Value>,
    until: String,
    owner: String,
    reason: String,
}

/// What an exception says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionMeta {
    /// Its name.
    pub id: String,
    /// Whose word it is.
    pub owner: TeamId,
    /// Why.
    pub reason: String,
    /// The first instant of event time at which it holds no more.
    pub until: Timestamp,
    /// Ids or names of the rules that it silences.
    pub rules: Vec<String>,
    /// Where it holds; everywhere if empty.
    pub sites: Vec<PlaceId>,
    /// Its file.
    pub path: String,
    /// Where in its file it begins.
    pub position: Option<model::Position>,
}

struct Exception {
    meta: ExceptionMeta,
    when: Option<Selection>,
}

impl Exception {
    fn covers(&self, event: &Event, view: &View<'_>) -> bool {
        event.time < self.meta.until
            && (self.meta.sites.is_empty() || self.meta.sites.iter().any(|at| is_at(event, at)))
            && self.when.as_ref().is_none_or(|when| when.is_shown(view))
    }
}

/// Where an event happened: at its place's site, else at its source's.
fn is_at(event: &Event, site: &PlaceId) -> bool {
    let place = event.enrichment.as_deref().and_then(|known| known.place.as_ref());
    match place.and_then(|place| place.site.as_ref()) {
        Some(own) => own == site,
        None => event.site.as_ref() == Some(site),
    }
}

/// A rule as exceptions name it.
#[derive(Clone, Copy)]
pub(in crate::rules) struct Named<'a> {
    pub id: &'a str,
    pub name: Option<&'a str>,
}

/// Every exception.
#[derive(Default)]
pub(in crate::rules) struct Exceptions {
    all: Vec<Exception>,
}

impl Exceptions {
    pub(super) fn read(&mut self, file: &RuleFile, problems: &mut Vec<Problem>) {
        let Some(read) = form::<File>(file, problems) else { return };
        for form in read.exceptions {
            let id = form.id.clone();
            let at = find(file, &[&format!("- id: {id}"), &format!("id: {id}")]);
            let mut refuse = |code: &str, message: String| {
                let message = format!("the exception `{id}` {message}");
                problems.push(Problem::error(&file.path, at, code, message));
            };
            if self.all.iter().any(|known| known.meta.id == form.id) {
                refuse("duplicate_id", "is there twice; give each its own id".to_owned());
                continue;
            }
            match build(form, file, at) {
                Ok(exception) => self.all.push(exception),
                Err((code, message)) => refuse(code, message),
            }
        }
    }

    /// Which exceptions name a rule.
    pub(in crate::rules) fn of(&self, rule: Named<'_>) -> Vec<u32> {
        let names = |exception: &Exception| {
            exception.meta.rules.iter().any(|own| {
                own.eq_ignore_ascii_case(rule.id)
                    || rule.name.is_some_and(|name| own.eq_ignore_ascii_case(name))
            })
        };
        (0_u32..).zip(&self.all).filter(|(_, one)| names(one)).map(|(at, _)| at).collect()
    }

    /// The first of some exceptions that covers an event.
    pub(in crate::rules) fn covering(
        &self,
        among: &[u32],
        event: &Event,
        view: &View<'_>,
    ) -> Option<u32> {
        let covers = |at: &&u32| {
            self.all.get(**at as usize).is_some_and(|exception| exception.covers(event, view))
        };
        among.iter().find(covers).copied()
    }

    pub(in crate::rules) fn meta(&self, at: u32) -> Option<&ExceptionMeta> {
        self.all.get(at as usize).map(|exception| &exception.meta)
    }

    pub(in crate::rules) fn iter(&self) -> impl Iterator<Item = &ExceptionMeta> {
        self.all.iter().map(|exception| &exception.meta)
    }

    /// Names of rules that exceptions name and nobody has.
    pub(in crate::rules) fn dangling(&self, known: &BTreeSet<String>) -> Vec<Problem> {
        let mut problems = Vec::new();
        for exception in self.all.iter().map(|exception| &exception.meta) {
            for rule in exception.rules.iter().filter(|rule| !known.contains(&rule.to_lowercase()))
            {
                let message = format!(
                    "the exception `{}` names a rule `{rule}` that is not there; correct the id \
                     or take it out",
                    exception.id
                );
                let at = exception.position;
                problems.push(Problem::warning(&exception.path, at, "unknown_rule", message));
            }
        }
        problems
    }
}

type Fault = (&'static str, String);

fn build(
    form: Form,
    file: &RuleFile,
    position: Option<model::Position>,
) -> Result<Exception, Fault> {
    let Some(until) = end_of(&form.until) else {
        let message =
            format!("has `until: {}`; write a day such as 2027-01-31, or RFC 3339", form.until);
        return Err(("wrong_value", message));
    };
    let owner = TeamId::parse(&form.owner)
        .map_err(|error| ("wrong_value", format!("has a wrong `owner`: {error}")))?;
    if form.reason.trim().is_empty() {
        return Err(("no_reason", "gives no `reason`".to_owned()));
    }
    if form.rules.is_empty() {
        return Err(("no_rules", "names no `rules`".to_owned()));
    }
    let sites = form.sites.all().iter().map(|site| PlaceId::parse(site));
    let sites = sites
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| ("wrong_value", format!("has a wrong site: {error}")))?;
    let when = match &form.when {
        Some(when) => Some(selection(when)?),
        None if sites.is_empty() => {
            let message = "has neither `sites` nor `when`: it would silence its rules everywhere; \
                           turn them off by a set instead";
            return Err(("empty_exception", message.to_owned()));
        }
        None => None,
    };
    Ok(Exception {
        meta: ExceptionMeta {
            id: form.id,
            owner,
            reason: form.reason.trim().to_owned(),
            until,
            rules: form.rules.all().to_vec(),
            sites,
            path: file.path.clone(),
            position,
        },
        when,
    })
}

fn selection(when: &yaml_serde::Value) -> Result<Selection, Fault> {
    let wrong = |error: String| ("wrong_value", format!("has a wrong `when`: {error}"));
    let selection = Selection::compile(when).map_err(wrong)?;
    if let Some(why) = selection.fields().iter().find_map(|field| filled_by_nothing(field)) {
        return Err(("unknown_field", format!("asks what is not there: {why}")));
    }
    match selection.fields().iter().find(|field| speaks_of_presence(field)) {
        Some(field) => {
            let message = format!(
                "asks `{field}`; presence may be unknown, and not knowing must not add a finding"
            );
            Err(("asks_presence", message))
        }
        None => Ok(selection),
    }
}

/// The first instant after a day, or the instant named.
fn end_of(text: &str) -> Option<Timestamp> {
    if let Some(at) = Timestamp::from_rfc3339(text) {
        return Some(at);
    }
    let next = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()?.succ_opt()?;
    let at = next.and_hms_opt(0, 0, 0)?.and_utc();
    at.timestamp_nanos_opt().map(Timestamp::from_nanos)
}
