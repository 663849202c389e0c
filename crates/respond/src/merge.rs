//! Unions that are bounded and do not depend on the order in which things arrived.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use model::finding::EvidenceRef;
use model::ids::Entity;
use model::incident::{AskedBy, SopStep};

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

/// Adds the steps that are not yet there, each with who asks for it; what was ticked stays ticked,
/// and a step that two ask for is one step of both.
pub(crate) fn steps(held: &[SopStep], more: &[SopStep]) -> Vec<SopStep> {
    let mut all = held.to_vec();
    for step in more {
        let place = all.iter().position(|known| is_same(&known.text, &step.text));
        if let Some(known) = place.and_then(|place| all.get_mut(place)) {
            let fresh = step.asked_by.iter().filter(|asker| !known.asked_by.contains(asker));
            let fresh: Vec<AskedBy> = fresh.cloned().collect();
            known.asked_by.extend(fresh);
        } else if all.len() < SOP_STEPS_MAX {
            all.push(step.clone());
        }
    }
    all
}

/// Steps that nobody has done yet.
pub(crate) fn asked(texts: &[String], by: Option<&AskedBy>) -> Vec<SopStep> {
    let asked_by: Vec<AskedBy> = by.cloned().into_iter().collect();
    let step =
        |text: &String| SopStep { text: text.clone(), done: None, asked_by: asked_by.clone() };
    texts.iter().map(step).collect()
}

/// Whether two steps say the same, whatever their case, their blanks and their full stop.
fn is_same(one: &str, other: &str) -> bool {
    fn words(text: &str) -> impl Iterator<Item = String> {
        text.trim_end_matches(['.', ' ']).split_whitespace().map(str::to_lowercase)
    }
    words(one).eq(words(other))
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn a_step_is_the_same_whatever_its_case_and_full_stop() {
        assert!(is_same("Look at the camera.", "look at  the Camera"));
        assert!(!is_same("Look at the camera.", "Look at both cameras."));
    }
}
