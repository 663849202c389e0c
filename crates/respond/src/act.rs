//! What people do to an incident: new → acknowledged → in progress → resolved → closed.
//!
//! One function judges whether an act is possible; acting and offering both ask it, so that what
//! is offered is what works. At every instant there is exactly one owner, since the owner is a
//! value and not a list, and only a change of owner changes it.

use model::audit::AuditAct;
use model::ids::{IncidentId, PersonId};
use model::incident::{
    Disposition, Incident, IncidentState, Milestone, OfferEnd, Owner, TimelineAct, WokenBy,
};
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::book::{Changed, is_open};
use crate::fold::{CASTELLAN, entry};
use crate::handling::{
    self, accept_refusal, asleep, awake, decline_refusal, merged_away, no_milestone_left,
    offer_refusal,
};
use crate::limits::{REOPEN_WINDOW, TEXT_CHARS_MAX, TIMELINE_MAX};

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By<'a> {
    /// A token's or operator's id, as the audit chain names it.
    pub id: &'a str,
    /// The person behind it; a token without one cannot own an incident.
    pub person: Option<&'a PersonId>,
}

/// Something done to an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum Act {
    /// I have seen it, and I answer for it.
    Acknowledge,
    /// Somebody else, or a team, answers for it from now on.
    Assign {
        /// Who.
        to: Owner,
    },
    /// I am working on it.
    Start,
    /// A word for the history.
    Comment {
        /// The word.
        text: String,
    },
    /// It is done, and this is what it was.
    Resolve {
        /// What it was.
        disposition: Disposition,
        /// Why so.
        #[serde(default)]
        reason: Option<String>,
    },
    /// File it.
    Close,
    /// It was not done after all.
    Reopen {
        /// Why.
        reason: String,
    },
    /// A step of the operating procedure is done.
    TickStep {
        /// Its number, from 0.
        step: u16,
    },
    /// Somebody else should answer for it; I do until they accept.
    Offer {
        /// Who.
        to: Owner,
        /// What they should know.
        #[serde(default)]
        note: Option<String>,
    },
    /// I take what was offered to me or my team.
    Accept,
    /// I do not take it, or take my offer back.
    Decline {
        /// Why, where there is time to say so.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Out of the queue until then.
    Snooze {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Back into the queue.
    Wake,
    /// Those who went there have come so far.
    Mark {
        /// How far.
        milestone: Milestone,
    },
    /// It is the same matter as another incident, which takes over all it holds.
    Merge {
        /// Which.
        into: IncidentId,
    },
}

/// An act without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// See [`Act::Acknowledge`].
    Acknowledge,
    /// See [`Act::Assign`].
    Assign,
    /// See [`Act::Start`].
    Start,
    /// See [`Act::Comment`].
    Comment,
    /// See [`Act::Resolve`].
    Resolve,
    /// See [`Act::Close`].
    Close,
    /// See [`Act::Reopen`].
    Reopen,
    /// See [`Act::TickStep`].
    TickStep,
    /// See [`Act::Offer`].
    Offer,
    /// See [`Act::Accept`].
    Accept,
    /// See [`Act::Decline`].
    Decline,
    /// See [`Act::Snooze`].
    Snooze,
    /// See [`Act::Wake`].
    Wake,
    /// See [`Act::Mark`].
    Mark,
    /// See [`Act::Merge`].
    Merge,
}

impl Action {
    /// Every action, in the order in which they are offered.
    pub const ALL: [Self; 15] = [
        Self::Acknowledge,
        Self::Start,
        Self::Accept,
        Self::Decline,
        Self::Assign,
        Self::Offer,
        Self::Mark,
        Self::TickStep,
        Self::Comment,
        Self::Snooze,
        Self::Wake,
        Self::Merge,
        Self::Resolve,
        Self::Close,
        Self::Reopen,
    ];

    /// Its word, in the API and after `incident.` in the audit chain.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Assign => "assign",
            Self::Start => "start",
            Self::Comment => "comment",
            Self::Resolve => "resolve",
            Self::Close => "close",
            Self::Reopen => "reopen",
            Self::TickStep => "tick_step",
            Self::Offer => "offer",
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Snooze => "snooze",
            Self::Wake => "wake",
            Self::Mark => "mark",
            Self::Merge => "merge",
        }
    }
}

impl Act {
    /// Which action this is.
    pub fn action(&self) -> Action {
        match self {
            Self::Acknowledge => Action::Acknowledge,
            Self::Assign { .. } => Action::Assign,
            Self::Start => Action::Start,
            Self::Comment { .. } => Action::Comment,
            Self::Resolve { .. } => Action::Resolve,
            Self::Close => Action::Close,
            Self::Reopen { .. } => Action::Reopen,
            Self::TickStep { .. } => Action::TickStep,
            Self::Offer { .. } => Action::Offer,
            Self::Accept => Action::Accept,
            Self::Decline { .. } => Action::Decline,
            Self::Snooze { .. } => Action::Snooze,
            Self::Wake => Action::Wake,
            Self::Mark { .. } => Action::Mark,
            Self::Merge { .. } => Action::Merge,
        }
    }
}

/// Why an act was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct ActRefused {
    /// Stable code, such as `version_conflict`.
    pub code: &'static str,
    /// One sentence for the person who tried.
    pub message: String,
}

pub(crate) fn refused(code: &'static str, message: impl Into<String>) -> ActRefused {
    ActRefused { code, message: message.into() }
}

/// An action, and why it is missing if it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionOffer {
    /// Which.
    pub action: Action,
    /// Whether it would be done.
    pub allowed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<ActRefused>,
}

/// Does `act` to `incident`, or says why not. `expected_version`: the one that was looked at;
/// `None` does it whatever the version.
pub fn act(
    incident: &Incident,
    act: &Act,
    by: By<'_>,
    now: Timestamp,
    expected_version: Option<u64>,
) -> Result<Changed, ActRefused> {
    check_version(incident, expected_version)?;
    if let Some(refusal) = refusal(incident, act.action(), by, now) {
        return Err(refusal);
    }
    content(incident, act, now)?;
    let mut after = incident.clone();
    let acts = perform(&mut after, act, by, now);
    let entries = acts.into_iter().map(|act| entry(now, by.id, act));
    after.timeline.extend(entries);
    after.version += 1;
    after.changed_at = after.changed_at.max(now);
    let audit = AuditAct {
        at: now,
        by: by.id.to_owned(),
        verb: format!("incident.{}", act.action().as_str()),
        object: format!("incident:{}", after.id),
        detail: detail(incident, &after, act),
    };
    Ok(Changed { incident: after, audit })
}

/// Refuses when the incident is not at the version that was looked at, and says who changed it.
pub fn check_version(incident: &Incident, expected: Option<u64>) -> Result<(), ActRefused> {
    let found = incident.version;
    let Some(expected) = expected.filter(|expected| *expected != found) else { return Ok(()) };
    let who = incident.timeline.last().map_or("somebody", |line| &line.by);
    let message = format!(
        "{who} changed the incident meanwhile: it is at version {found}, not {expected}; look again"
    );
    Err(refused("version_conflict", message))
}

/// Every action in a fixed order, with the reason for each that is missing.
pub fn allowed(incident: &Incident, by: By<'_>, now: Timestamp) -> Vec<ActionOffer> {
    let offer = |action| {
        let refusal = refusal(incident, action, by, now);
        ActionOffer { action, allowed: refusal.is_none(), refusal }
    };
    Action::ALL.into_iter().map(offer).collect()
}

/// Records that somebody outside was told, or could not be.
pub fn notified(incident: &Incident, channel: &str, outcome: &str, now: Timestamp) -> Changed {
    let mut after = incident.clone();
    let outcome: String = outcome.chars().take(TEXT_CHARS_MAX).collect();
    let detail = json!({ "channel": channel, "outcome": outcome });
    if after.timeline.len() < TIMELINE_MAX {
        let act = TimelineAct::Notified { channel: channel.to_owned(), outcome };
        after.timeline.push(entry(now, CASTELLAN, act));
    }
    after.version += 1;
    after.changed_at = after.changed_at.max(now);
    let audit = AuditAct {
        at: now,
        by: CASTELLAN.to_owned(),
        verb: "incident.notify".to_owned(),
        object: format!("incident:{}", after.id),
        detail,
    };
    Changed { incident: after, audit }
}

/// Why `action` cannot be done by `by`, as far as that can be said without its content.
fn refusal(incident: &Incident, action: Action, by: By<'_>, now: Timestamp) -> Option<ActRefused> {
    let is_full = incident.timeline.len() >= TIMELINE_MAX;
    let full = || {
        let message = format!("the history is full ({TIMELINE_MAX} lines): open a new incident");
        is_full.then(|| refused("timeline_full", message))
    };
    match action {
        Action::Acknowledge => not_open(incident).or_else(|| acknowledge_refusal(incident, by)),
        Action::Start => not_open(incident).or_else(|| start_refusal(incident, by)),
        Action::Assign => not_open(incident).or_else(full),
        Action::TickStep => not_open(incident)
            .or_else(|| untouched(incident))
            .or_else(|| no_steps(incident))
            .or_else(full),
        Action::Comment => (incident.state == IncidentState::Closed)
            .then(|| refused("closed", "the incident is closed: reopen it first"))
            .or_else(full),
        Action::Resolve => not_open(incident).or_else(|| untouched(incident)),
        Action::Close => close_refusal(incident),
        Action::Reopen => {
            merged_away(incident).or_else(|| reopen_refusal(incident, now)).or_else(full)
        }
        Action::Offer => not_open(incident).or_else(|| offer_refusal(incident, by)).or_else(full),
        Action::Accept => not_open(incident).or_else(|| accept_refusal(incident, by)),
        Action::Decline => not_open(incident).or_else(|| decline_refusal(incident, by)),
        Action::Snooze => not_open(incident)
            .or_else(|| untouched(incident))
            .or_else(|| asleep(incident))
            .or_else(full),
        Action::Wake => not_open(incident).or_else(|| awake(incident)),
        Action::Mark => not_open(incident)
            .or_else(|| untouched(incident))
            .or_else(|| no_milestone_left(incident))
            .or_else(full),
        Action::Merge => not_open(incident).or_else(full),
    }
}

fn not_open(incident: &Incident) -> Option<ActRefused> {
    (!is_open(incident)).then(|| {
        let word = state_word(incident.state);
        refused("not_open", format!("the incident is {word}: reopen it first"))
    })
}

/// A word for a state, in a sentence.
pub(crate) fn state_word(state: IncidentState) -> &'static str {
    match state {
        IncidentState::New => "new",
        IncidentState::Acknowledged => "acknowledged",
        IncidentState::InProgress => "in progress",
        IncidentState::Resolved => "resolved",
        IncidentState::Closed => "closed",
    }
}

pub(crate) fn untouched(incident: &Incident) -> Option<ActRefused> {
    (incident.state == IncidentState::New)
        .then(|| refused("not_acknowledged", "nobody has acknowledged the incident yet"))
}

pub(crate) fn no_person() -> ActRefused {
    let message = "only a person can answer for an incident, and this token stands for none";
    refused("no_person", message)
}

fn acknowledge_refusal(incident: &Incident, by: By<'_>) -> Option<ActRefused> {
    let Some(person) = by.person else {
        return Some(no_person());
    };
    match &incident.owner {
        Owner::Team(_) => None,
        Owner::Person(owner) if owner != person => {
            let message = format!("{owner} answers for the incident: have it assigned to you");
            Some(refused("owned_by_another", message))
        }
        Owner::Person(_) => match incident.state {
            IncidentState::New => None,
            IncidentState::Acknowledged
            | IncidentState::InProgress
            | IncidentState::Resolved
            | IncidentState::Closed => {
                Some(refused("already_acknowledged", "you have acknowledged it already"))
            }
        },
    }
}

fn start_refusal(incident: &Incident, by: By<'_>) -> Option<ActRefused> {
    match incident.state {
        IncidentState::New => untouched(incident),
        IncidentState::InProgress => {
            Some(refused("already_in_progress", "the incident is already being worked on"))
        }
        IncidentState::Acknowledged | IncidentState::Resolved | IncidentState::Closed => {
            match (&incident.owner, by.person) {
                (Owner::Person(owner), Some(person)) if owner == person => None,
                (Owner::Person(owner), _) => {
                    let message = format!("{owner} answers for the incident");
                    Some(refused("owned_by_another", message))
                }
                (Owner::Team(team), _) => {
                    let message = format!("no person of {team} has acknowledged the incident");
                    Some(refused("not_acknowledged", message))
                }
            }
        }
    }
}

fn no_steps(incident: &Incident) -> Option<ActRefused> {
    let is_done = incident.sop.iter().all(|step| step.done.is_some());
    is_done.then(|| refused("no_step_left", "the operating procedure has no step left to do"))
}

fn close_refusal(incident: &Incident) -> Option<ActRefused> {
    match incident.state {
        IncidentState::New | IncidentState::Acknowledged | IncidentState::InProgress => {
            Some(refused("not_resolved", "say first what it was: resolve the incident"))
        }
        IncidentState::Resolved => None,
        IncidentState::Closed => Some(refused("closed", "the incident is already closed")),
    }
}

fn reopen_refusal(incident: &Incident, now: Timestamp) -> Option<ActRefused> {
    match incident.state {
        IncidentState::New | IncidentState::Acknowledged | IncidentState::InProgress => {
            Some(refused("not_resolved", "the incident is open"))
        }
        IncidentState::Resolved => None,
        IncidentState::Closed => {
            let days = REOPEN_WINDOW.as_secs() / 86_400;
            let message = format!("closed more than {days} days ago: open a new incident");
            (now > incident.changed_at.plus(REOPEN_WINDOW)).then(|| refused("too_old", message))
        }
    }
}

/// What only the act's content can get wrong.
fn content(incident: &Incident, act: &Act, now: Timestamp) -> Result<(), ActRefused> {
    match act {
        Act::Acknowledge | Act::Start | Act::Close | Act::Accept | Act::Wake => Ok(()),
        Act::Offer { to, note } => handling::offer_content(incident, to, note.as_deref()),
        Act::Snooze { until, reason } => handling::snooze_content(*until, reason, now),
        Act::Mark { milestone } => handling::mark_content(incident, *milestone),
        Act::Merge { .. } => Err(refused("two_incidents", "a merge changes two incidents")),
        Act::Assign { to } if *to == incident.owner => {
            Err(refused("already_owner", "they answer for the incident already"))
        }
        Act::Assign { .. } => Ok(()),
        Act::Comment { text } => some_text("the comment", text),
        Act::Resolve { reason, .. } | Act::Decline { reason } => match reason {
            Some(reason) => some_text("the reason", reason),
            None => Ok(()),
        },
        Act::Reopen { reason } => some_text("the reason", reason),
        Act::TickStep { step } => match incident.sop.get(usize::from(*step)) {
            None => Err(refused("no_such_step", format!("there is no step {step}"))),
            Some(found) if found.done.is_some() => {
                Err(refused("already_done", format!("step {step} is done already")))
            }
            Some(_) => Ok(()),
        },
    }
}

pub(crate) fn some_text(what: &str, text: &str) -> Result<(), ActRefused> {
    if text.trim().is_empty() {
        return Err(refused("empty_text", format!("{what} is empty")));
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        let message = format!("{what} is longer than {TEXT_CHARS_MAX} characters");
        return Err(refused("text_too_long", message));
    }
    Ok(())
}

/// Does an act that was judged possible; returns one history line per thing that changed.
fn perform(after: &mut Incident, act: &Act, by: By<'_>, now: Timestamp) -> Vec<TimelineAct> {
    match act {
        Act::Acknowledge => {
            let mut acts = Vec::new();
            acts.extend(handling::end_offer(after, OfferEnd::Overtaken, None));
            if let Some(person) = by.person {
                acts.extend(set_owner(after, Owner::Person(person.clone())));
            }
            if after.state == IncidentState::New {
                acts.extend(set_state(after, IncidentState::Acknowledged));
            }
            acts
        }
        Act::Assign { to } => {
            let ended = handling::end_offer(after, OfferEnd::Overtaken, None);
            ended.into_iter().chain(set_owner(after, to.clone())).collect()
        }
        Act::Offer { to, note } => vec![handling::offer(after, (to, note.as_deref()), by, now)],
        Act::Accept => handling::accept(after, by),
        Act::Decline { reason } => handling::decline(after, by, reason.clone()),
        Act::Snooze { until, reason } => vec![handling::snooze(after, *until, reason, by)],
        Act::Wake => handling::wake(after, WokenBy::Person).into_iter().collect(),
        Act::Mark { milestone } => vec![handling::mark(after, *milestone, by, now)],
        Act::Merge { .. } => Vec::new(),
        Act::Start => set_state(after, IncidentState::InProgress).into_iter().collect(),
        Act::Comment { text } => {
            let is_callers = after.handling.call.as_ref().is_some_and(|call| call.by == by.id);
            after.reason_owed &= !is_callers;
            vec![TimelineAct::Comment { text: text.clone() }]
        }
        Act::Resolve { disposition, reason } => {
            after.disposition = Some(*disposition);
            let line =
                TimelineAct::Disposition { disposition: *disposition, reason: reason.clone() };
            let ended = handling::end_offer(after, OfferEnd::Overtaken, None);
            after.handling.snooze = None;
            let state = set_state(after, IncidentState::Resolved);
            ended.into_iter().chain([line]).chain(state).collect()
        }
        Act::Close => set_state(after, IncidentState::Closed).into_iter().collect(),
        Act::Reopen { reason } => {
            after.disposition = None;
            let to = match after.owner {
                Owner::Person(_) => IncidentState::Acknowledged,
                Owner::Team(_) => IncidentState::New,
            };
            let line = TimelineAct::Comment { text: reason.clone() };
            set_state(after, to).into_iter().chain([line]).collect()
        }
        Act::TickStep { step } => {
            if let Some(found) = after.sop.get_mut(usize::from(*step)) {
                found.done = Some((now, by.id.to_owned()));
            }
            vec![TimelineAct::Step { step: *step }]
        }
    }
}

pub(crate) fn set_owner(after: &mut Incident, to: Owner) -> Option<TimelineAct> {
    if after.owner == to {
        return None;
    }
    let from = std::mem::replace(&mut after.owner, to.clone());
    Some(TimelineAct::Owner { from, to })
}

pub(crate) fn set_state(after: &mut Incident, to: IncidentState) -> Option<TimelineAct> {
    if after.state == to {
        return None;
    }
    let from = std::mem::replace(&mut after.state, to);
    Some(TimelineAct::State { from, to })
}

/// Ids, states and sizes; never a person's words, so that erasing those breaks no chain.
fn detail(before: &Incident, after: &Incident, act: &Act) -> Value {
    let mut detail = json!({ "version": after.version });
    let mut put = |key: &str, value: Value| {
        if let Some(map) = detail.as_object_mut() {
            map.insert(key.to_owned(), value);
        }
    };
    if before.state != after.state {
        put("state", json!({ "from": before.state, "to": after.state }));
    }
    if before.owner != after.owner {
        put("owner", json!({ "from": before.owner, "to": after.owner }));
    }
    match act {
        Act::Acknowledge
        | Act::Assign { .. }
        | Act::Start
        | Act::Close
        | Act::Accept
        | Act::Wake => {}
        Act::Offer { to, .. } => put("offered_to", json!(to)),
        Act::Snooze { until, .. } => put("until", json!(until)),
        Act::Mark { milestone } => put("milestone", json!(milestone)),
        Act::Merge { into } => put("into", json!(into)),
        Act::Decline { reason: None } => {}
        Act::Decline { reason: Some(text) }
        | Act::Comment { text }
        | Act::Reopen { reason: text } => put("text_chars", json!(text.chars().count())),
        Act::Resolve { disposition, .. } => put("disposition", json!(disposition)),
        Act::TickStep { step } => put("step", json!(step)),
    }
    detail
}
