//! Hand-over that must be accepted, snooze, milestones: how an incident is handled beside its
//! state.
//!
//! An offer changes no owner: who offers answers for the incident until somebody accepts, so that
//! there is exactly one owner at every instant.

use model::audit::AuditAct;
use model::incident::{
    Incident, IncidentState, Milestone, Offer, OfferEnd, Owner, Reached, Snooze, TimelineAct,
    WokenBy,
};
use model::time::Timestamp;
use serde_json::json;

use crate::act::{ActRefused, By, no_person, refused, set_owner, set_state, some_text};
use crate::book::{Changed, is_open};
use crate::fold::{CASTELLAN, entry};
use crate::limits::{OFFER_WAIT, SNOOZE_MAX, TIMELINE_MAX};

fn shown(owner: &Owner) -> String {
    match owner {
        Owner::Team(team) => format!("team {team}"),
        Owner::Person(person) => person.to_string(),
    }
}

pub(crate) fn offer_refusal(incident: &Incident, by: By<'_>) -> Option<ActRefused> {
    if let Some(offer) = &incident.handling.offer {
        let message = format!("it is offered to {} already", shown(&offer.to));
        return Some(refused("offered_already", message));
    }
    match &incident.owner {
        Owner::Person(owner) if by.person != Some(owner) => {
            let message = format!("{owner} answers for the incident, and only they can offer it");
            Some(refused("owned_by_another", message))
        }
        Owner::Person(_) => None,
        Owner::Team(_) => {
            Some(refused("not_acknowledged", "nobody has acknowledged the incident yet"))
        }
    }
}

/// Whether an offer is addressed to whoever acts. Everybody who may work incidents may take what
/// was offered to a team.
fn is_addressee(offer: &Offer, by: By<'_>) -> bool {
    match &offer.to {
        Owner::Person(person) => by.person == Some(person),
        Owner::Team(_) => by.person.is_some() && by.id != offer.by,
    }
}

fn no_offer() -> ActRefused {
    refused("not_offered", "the incident is offered to nobody")
}

pub(crate) fn accept_refusal(incident: &Incident, by: By<'_>) -> Option<ActRefused> {
    let Some(offer) = &incident.handling.offer else { return Some(no_offer()) };
    if by.person.is_none() {
        return Some(no_person());
    }
    (!is_addressee(offer, by))
        .then(|| refused("offered_to_another", format!("it is offered to {}", shown(&offer.to))))
}

pub(crate) fn decline_refusal(incident: &Incident, by: By<'_>) -> Option<ActRefused> {
    let Some(offer) = &incident.handling.offer else { return Some(no_offer()) };
    (by.id != offer.by && !is_addressee(offer, by))
        .then(|| refused("offered_to_another", format!("it is offered to {}", shown(&offer.to))))
}

pub(crate) fn asleep(incident: &Incident) -> Option<ActRefused> {
    let snooze = incident.handling.snooze.as_ref()?;
    let message = format!("{} has put it aside until {}", snooze.by, snooze.until);
    Some(refused("snoozed_already", message))
}

pub(crate) fn awake(incident: &Incident) -> Option<ActRefused> {
    let is_awake = incident.handling.snooze.is_none();
    is_awake.then(|| refused("not_snoozed", "the incident is not put aside"))
}

pub(crate) fn merged_away(incident: &Incident) -> Option<ActRefused> {
    let into = incident.handling.merged_into.as_ref()?;
    Some(refused("merged", format!("it was merged into {into}: work on that one")))
}

fn last_milestone(incident: &Incident) -> Option<Milestone> {
    incident.handling.milestones.iter().map(|reached| reached.milestone).max()
}

pub(crate) fn no_milestone_left(incident: &Incident) -> Option<ActRefused> {
    let is_clear = last_milestone(incident) == Some(Milestone::Clear);
    is_clear.then(|| refused("no_milestone_left", "they are done there already"))
}

pub(crate) fn offer_content(
    incident: &Incident,
    to: &Owner,
    note: Option<&str>,
) -> Result<(), ActRefused> {
    if *to == incident.owner {
        return Err(refused("already_owner", "they answer for the incident already"));
    }
    note.map_or(Ok(()), |note| some_text("the note", note))
}

pub(crate) fn snooze_content(
    until: Timestamp,
    reason: &str,
    now: Timestamp,
) -> Result<(), ActRefused> {
    some_text("the reason", reason)?;
    if until <= now {
        return Err(refused("in_the_past", "the end of a snooze lies in the future"));
    }
    if until > now.plus(SNOOZE_MAX) {
        let days = SNOOZE_MAX.as_secs() / 86_400;
        return Err(refused("too_long", format!("an incident is put aside {days} days at most")));
    }
    Ok(())
}

pub(crate) fn mark_content(incident: &Incident, milestone: Milestone) -> Result<(), ActRefused> {
    match last_milestone(incident) {
        Some(last) if last >= milestone => {
            Err(refused("milestone_passed", "they have come that far already"))
        }
        None if milestone == Milestone::Clear => {
            Err(refused("nobody_went", "nobody was dispatched or on scene yet"))
        }
        Some(_) | None => Ok(()),
    }
}

pub(crate) fn offer(
    after: &mut Incident,
    (to, note): (&Owner, Option<&str>),
    by: By<'_>,
    now: Timestamp,
) -> TimelineAct {
    let until = now.plus(OFFER_WAIT);
    let note = note.map(str::to_owned);
    let line = TimelineAct::Offered { to: to.clone(), until, note: note.clone() };
    let (to, by) = (to.clone(), by.id.to_owned());
    after.handling.offer = Some(Offer { to, by, at: now, until, note });
    line
}

pub(crate) fn accept(after: &mut Incident, by: By<'_>) -> Vec<TimelineAct> {
    let mut acts = Vec::new();
    let taken = after.handling.offer.take();
    if let (Some(_), Some(person)) = (taken, by.person) {
        acts.extend(set_owner(after, Owner::Person(person.clone())));
        if after.state == IncidentState::New {
            acts.extend(set_state(after, IncidentState::Acknowledged));
        }
    }
    acts
}

pub(crate) fn decline(
    after: &mut Incident,
    by: By<'_>,
    reason: Option<String>,
) -> Vec<TimelineAct> {
    let is_own = after.handling.offer.as_ref().is_some_and(|offer| offer.by == by.id);
    let how = if is_own { OfferEnd::Withdrawn } else { OfferEnd::Declined };
    end_offer(after, how, reason).into_iter().collect()
}

/// Ends an offer, if there is one, without a new owner.
pub(crate) fn end_offer(
    after: &mut Incident,
    how: OfferEnd,
    reason: Option<String>,
) -> Option<TimelineAct> {
    let offer = after.handling.offer.take()?;
    Some(TimelineAct::OfferEnded { to: offer.to, how, reason })
}

pub(crate) fn snooze(
    after: &mut Incident,
    until: Timestamp,
    reason: &str,
    by: By<'_>,
) -> TimelineAct {
    let reason = reason.to_owned();
    after.handling.snooze = Some(Snooze { by: by.id.to_owned(), until, reason: reason.clone() });
    TimelineAct::Snoozed { until, reason }
}

pub(crate) fn wake(after: &mut Incident, why: WokenBy) -> Option<TimelineAct> {
    after.handling.snooze.take().map(|_| TimelineAct::Woken { why })
}

pub(crate) fn mark(
    after: &mut Incident,
    milestone: Milestone,
    by: By<'_>,
    now: Timestamp,
) -> TimelineAct {
    after.handling.milestones.push(Reached { milestone, at: now, by: by.id.to_owned() });
    TimelineAct::Milestone { milestone }
}

/// When something of an open incident is due by itself: an offer that nobody answers, a snooze.
pub fn due_at(incident: &Incident) -> Option<Timestamp> {
    let handling = &incident.handling;
    let offer = handling.offer.as_ref().map(|offer| offer.until);
    let snooze = handling.snooze.as_ref().map(|snooze| snooze.until);
    let due = [offer, snooze].into_iter().flatten().min();
    due.filter(|_| is_open(incident))
}

/// Does what is due at `now`: an unanswered offer returns to who made it, a snooze ends. `None`
/// when nothing is.
pub fn expire(incident: &Incident, now: Timestamp) -> Option<Changed> {
    due_at(incident).filter(|due| *due <= now)?;
    let mut after = incident.clone();
    let mut acts = Vec::new();
    if after.handling.offer.as_ref().is_some_and(|offer| offer.until <= now) {
        acts.extend(end_offer(&mut after, OfferEnd::Expired, None));
    }
    if after.handling.snooze.as_ref().is_some_and(|snooze| snooze.until <= now) {
        acts.extend(wake(&mut after, WokenBy::Time));
    }
    let room = TIMELINE_MAX.saturating_sub(after.timeline.len());
    after.timeline.extend(acts.into_iter().take(room).map(|act| entry(now, CASTELLAN, act)));
    after.version += 1;
    after.changed_at = after.changed_at.max(now);
    let audit = AuditAct {
        at: now,
        by: CASTELLAN.to_owned(),
        verb: "incident.expire".to_owned(),
        object: format!("incident:{}", after.id),
        detail: json!({ "version": after.version }),
    };
    Some(Changed { incident: after, audit })
}
