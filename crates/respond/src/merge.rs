//! Unions that are bounded and do not depend on the order in which things arrived.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use model::finding::EvidenceRef;
use model::ids::Entity;
use model::incident::SopStep;

use crate::limits::{ENTITIES_MAX, EVIDENCE_MAX, SOP_STEPS_MAX};

/// Both lists' events in event-time order; of too many, the earliest half and the latest half.
///
/// What is dropped has half the bound of earlier and of later events beside it, and keeps them
/// through every further merge: so any order of merging gives the same list.
pub(crate) fn evidence(held: &[EvidenceRef], more: &[EvidenceRef]) -> Vec<EvidenceRef> {
    let mut all = held.to_vec();
    for event in more {
        let is_before = |one: &EvidenceRef| order(one, event).is_lt();
        let place = all.partition_point(is_before);
        if all.get(place).is_none_or(|one| order(one, event).is_ne()) {
            all.insert(place, event.clone());
        }
    }
    if all.len() > EVIDENCE_MAX {
        let latest = all.split_off(all.len() - EVIDENCE_MAX / 2);
        all.truncate(EVIDENCE_MAX / 2);
        all.extend(latest);
    }
    all
}

fn order(one: &EvidenceRef, other: &EvidenceRef) -> Ordering {
    (one.time, &one.source, one.record).cmp(&(other.time, &other.source, other.record))
}

/// Both sets' entities; of too many, the first in their fixed order: persons, things, places.
pub(crate) fn entities(held: &BTreeSet<Entity>, more: &[Entity]) -> BTreeSet<Entity> {
    let mut all: BTreeSet<Entity> = held.iter().chain(more).cloned().collect();
    while all.len() > ENTITIES_MAX {
        all.pop_last();
    }
    all
}

/// Adds the steps that are not yet there; what was ticked stays ticked.
pub(crate) fn steps(held: &[SopStep], more: &[String]) -> Vec<SopStep> {
    let mut all = held.to_vec();
    for text in more {
        if all.len() < SOP_STEPS_MAX && all.iter().all(|step| step.text != *text) {
            all.push(SopStep { text: text.clone(), done: None });
        }
    }
    all
}
