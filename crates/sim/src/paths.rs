//! Ways through doors from one zone to another.

use std::collections::{BTreeMap, VecDeque};

use model::{Organisation, PlaceId};

/// One door on a way, and in which direction it is passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub door: PlaceId,
    /// From the door's `from_zone` to its `to_zone`.
    pub inwards: bool,
    /// Where it leads.
    pub zone: PlaceId,
}

/// The shortest way; where two are equally short, the one whose doors sort first. `None` when no
/// doors connect the zones.
pub(crate) fn way(organisation: &Organisation, from: &PlaceId, to: &PlaceId) -> Option<Vec<Step>> {
    let mut reached: BTreeMap<&PlaceId, Option<(&PlaceId, Step)>> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    reached.insert(from, None);
    while let Some(zone) = queue.pop_front() {
        for door in organisation.doors.values() {
            let (inwards, next) = if door.from_zone == *zone {
                (true, &door.to_zone)
            } else if door.to_zone == *zone {
                (false, &door.from_zone)
            } else {
                continue;
            };
            if !reached.contains_key(next) {
                let step = Step { door: door.door.clone(), inwards, zone: next.clone() };
                reached.insert(next, Some((zone, step)));
                queue.push_back(next);
            }
        }
    }
    let mut steps = Vec::new();
    let mut at = to;
    while let Some((before, step)) = reached.get(at)? {
        steps.push(step.clone());
        at = before;
    }
    steps.reverse();
    Some(steps)
}
