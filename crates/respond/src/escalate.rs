//! A critical incident that nobody acknowledges does not wait in silence: after a while it belongs
//! to somebody who is there, and everybody who works incidents sees it, whatever its site.
//!
//! SOURCE: IEC 62682 / ISA-18.2 (an alarm has a defined response, and one that is not answered is
//! annunciated again) and EEMUA 191 (no alarm may stay with nobody to respond).

use model::audit::AuditAct;
use model::finding::Level;
use model::incident::{Incident, IncidentState, OfferEnd, Owner, TimelineAct};
use model::time::Timestamp;
use serde_json::json;

use crate::act::set_owner;
use crate::book::Changed;
use crate::fold::{CASTELLAN, entry};
use crate::handling::end_offer;
use crate::limits::{CALL_WAIT, CRITICAL_WAIT, ESCALATIONS_MAX};
use crate::watch::{Routing, Watch};

/// When an incident is escalated if nobody acknowledges it until then; `None`: never, or no more.
pub fn escalation_due(incident: &Incident) -> Option<Timestamp> {
    let handling = &incident.handling;
    let done = handling.escalated.len();
    let is_waiting = incident.state == IncidentState::New && incident.level == Level::Critical;
    if !is_waiting || done >= ESCALATIONS_MAX {
        return None;
    }
    let wait = if handling.call.is_some() { CALL_WAIT } else { CRITICAL_WAIT };
    let since = handling.waiting_since.unwrap_or(incident.opened_at);
    let since = handling.escalated.last().copied().unwrap_or(since);
    Some(since.plus(wait * 2_u32.saturating_pow(u32::try_from(done).unwrap_or(u32::MAX))))
}

/// Escalates an incident that nobody has acknowledged in time; `None` when that is not due.
pub fn escalate(incident: &Incident, watch: &Watch, now: Timestamp) -> Option<Changed> {
    escalation_due(incident).filter(|due| *due <= now)?;
    let mut after = incident.clone();
    after.handling.escalated.push(now);
    after.handling.everywhere = true;
    let step = u16::try_from(after.handling.escalated.len()).unwrap_or(u16::MAX);
    let to = new_owner(incident, watch);
    let ended = to.as_ref().and_then(|_| end_offer(&mut after, OfferEnd::Overtaken, None));
    let owner = to.and_then(|to| set_owner(&mut after, to));
    // At most a few of these: they are written whatever the bound of the history.
    let acts = [TimelineAct::Escalated { step }].into_iter().chain(ended).chain(owner);
    after.timeline.extend(acts.map(|act| entry(now, CASTELLAN, act)));
    after.version += 1;
    after.changed_at = after.changed_at.max(now);
    let audit = AuditAct {
        at: now,
        by: CASTELLAN.to_owned(),
        verb: "incident.escalate".to_owned(),
        object: format!("incident:{}", after.id),
        detail: json!({ "step": step, "owner": after.owner, "version": after.version }),
    };
    Some(Changed { incident: after, audit })
}

/// Whose it is from now on, if somebody else is there who could answer: a team of which somebody
/// is there keeps it, a person who did not answer does not.
fn new_owner(incident: &Incident, watch: &Watch) -> Option<Owner> {
    if let Owner::Team(team) = &incident.owner
        && watch.is_there(team)
    {
        return None;
    }
    match watch.route(incident.site.as_ref(), None) {
        (_, Routing::DefaultTeam) => None,
        (team, _) => Some(Owner::Team(team)),
    }
}
