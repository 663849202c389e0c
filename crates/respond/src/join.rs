//! Two incidents that are one matter: one takes over what the other holds.

use model::audit::AuditAct;
use model::incident::{
    Disposition, Incident, IncidentState, OfferEnd, SopStep, TimelineAct, WokenBy,
};
use model::time::Timestamp;
use serde_json::json;

use crate::act::{ActRefused, By, refused, set_state};
use crate::book::{Changed, is_open};
use crate::fold::entry;
use crate::handling;
use crate::limits::{ENTITIES_MAX, FINDINGS_MAX, MERGED_MAX, TIMELINE_MAX};
use crate::merge;

/// Merges `from` into `into`: `from` is resolved as a duplicate and names it, `into` gets its
/// findings, evidence, entities and steps, and keeps its owner.
///
/// Refused when either is not open, when they are the same, or when the result would be larger
/// than an incident may be: nothing is forgotten.
pub fn merge_into(
    from: &Incident,
    into: &Incident,
    by: By<'_>,
    now: Timestamp,
) -> Result<(Changed, Changed), ActRefused> {
    refuse(from, into)?;
    let mut gone = from.clone();
    let mut lines = vec![TimelineAct::MergedInto { incident: into.id.clone() }];
    lines.extend(handling::end_offer(&mut gone, OfferEnd::Overtaken, None));
    gone.handling.snooze = None;
    gone.handling.merged_into = Some(into.id.clone());
    gone.disposition = Some(Disposition::Duplicate);
    let disposition = Disposition::Duplicate;
    lines.push(TimelineAct::Disposition { disposition, reason: None });
    lines.extend(set_state(&mut gone, IncidentState::Resolved));
    let mut held = taken_over(from, into);
    let mut more = vec![TimelineAct::Merged { incident: from.id.clone() }];
    more.extend(handling::wake(&mut held, WokenBy::Person));
    let detail = json!({ "from": from.id, "into": into.id });
    let change = |mut incident: Incident, lines: Vec<TimelineAct>| {
        incident.timeline.extend(lines.into_iter().map(|act| entry(now, by.id, act)));
        incident.version += 1;
        incident.changed_at = incident.changed_at.max(now);
        let audit = AuditAct {
            at: now,
            by: by.id.to_owned(),
            verb: "incident.merge".to_owned(),
            object: format!("incident:{}", incident.id),
            detail: detail.clone(),
        };
        Changed { incident, audit }
    };
    Ok((change(gone, lines), change(held, more)))
}

fn refuse(from: &Incident, into: &Incident) -> Result<(), ActRefused> {
    if from.id == into.id {
        return Err(refused("same_incident", "an incident cannot be merged into itself"));
    }
    if !is_open(from) || !is_open(into) {
        let which = if is_open(from) { &into.id } else { &from.id };
        return Err(refused("not_open", format!("{which} is not open: reopen it first")));
    }
    let entities = from.entities.union(&into.entities).count();
    let is_too_large = from.findings.len() + into.findings.len() > FINDINGS_MAX
        || entities > ENTITIES_MAX
        || into.handling.merged.len() >= MERGED_MAX
        || into.timeline.len().max(from.timeline.len()) + 4 > TIMELINE_MAX;
    if is_too_large {
        return Err(refused("too_large", "together they are more than one incident may hold"));
    }
    Ok(())
}

fn taken_over(from: &Incident, into: &Incident) -> Incident {
    let mut held = into.clone();
    for finding in &from.findings {
        if !held.findings.contains(finding) {
            held.findings.push(finding.clone());
        }
    }
    held.level = held.level.max(from.level);
    held.rules.extend(from.rules.iter().cloned());
    held.entities.extend(from.entities.iter().cloned());
    held.evidence = merge::evidence(&into.evidence, &from.evidence);
    held.first_seen = into.first_seen.min(from.first_seen);
    held.last_seen = into.last_seen.max(from.last_seen);
    let undone = |step: &SopStep| SopStep { done: None, ..step.clone() };
    let steps: Vec<SopStep> = from.sop.iter().map(undone).collect();
    held.sop = merge::steps(&into.sop, &steps);
    held.handling.merged.push(from.id.clone());
    held
}
