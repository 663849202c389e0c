//! An incident about something that settles itself: what was awaited has come.

use model::audit::AuditAct;
use model::incident::{Disposition, Incident, IncidentState, TimelineAct};
use model::time::Timestamp;
use serde_json::json;

use crate::book::{Changed, is_open};
use crate::fold::{CASTELLAN, entry};

/// What an incident waited for has come, as `text` says. One that nobody has touched is closed:
/// nobody is to do anything about it any more. One that somebody works on is told, and stays theirs
/// to judge. `None`: it is closed already.
pub fn settle(held: &Incident, text: &str, now: Timestamp) -> Option<Changed> {
    if !is_open(held) {
        return None;
    }
    let mut after = held.clone();
    let comment = TimelineAct::Comment { text: text.to_owned() };
    after.timeline.push(entry(now, CASTELLAN, comment));
    if after.state == IncidentState::New {
        let (from, to) = (after.state, IncidentState::Closed);
        let disposition = Disposition::TruePositive;
        (after.state, after.disposition) = (to, Some(disposition));
        let reason = Some(text.to_owned());
        let acts =
            [TimelineAct::Disposition { disposition, reason }, TimelineAct::State { from, to }];
        after.timeline.extend(acts.map(|act| entry(now, CASTELLAN, act)));
    }
    after.version += 1;
    after.changed_at = after.changed_at.max(now);
    let audit = AuditAct {
        at: now,
        by: CASTELLAN.to_owned(),
        verb: "incident.settle".to_owned(),
        object: format!("incident:{}", after.id),
        detail: json!({ "state": after.state, "version": after.version }),
    };
    Some(Changed { incident: after, audit })
}
