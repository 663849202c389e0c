//! Identifiers that nobody answers to, gathered between two commits.

use std::collections::BTreeMap;

use model::{Event, SourceId, Timestamp};
use store::state::UnresolvedTally;

/// Different values gathered between two commits; more are counted under `-`.
const VALUES_MAX: usize = 10_000;

/// The gathered tallies.
#[derive(Debug, Default)]
pub struct Unresolved {
    seen: BTreeMap<(String, String, SourceId), (u64, Timestamp, Timestamp)>,
}

impl Unresolved {
    /// Adds what one event could not resolve.
    pub fn add(&mut self, event: &Event) {
        let Some(enrichment) = &event.enrichment else { return };
        for missed in &enrichment.unresolved {
            let value =
                if self.seen.len() < VALUES_MAX { missed.value.clone() } else { "-".into() };
            let key = (missed.kind.clone(), value, event.source.clone());
            let slot = self.seen.entry(key).or_insert((0, event.time, event.time));
            slot.0 += 1;
            slot.1 = slot.1.min(event.time);
            slot.2 = slot.2.max(event.time);
        }
    }

    /// Gives what was gathered and begins anew.
    pub fn take(&mut self) -> Vec<UnresolvedTally> {
        let seen = std::mem::take(&mut self.seen);
        seen.into_iter()
            .map(|((kind, value, source), (count, first, last))| UnresolvedTally {
                kind,
                value,
                source,
                count,
                first,
                last,
            })
            .collect()
    }
}
