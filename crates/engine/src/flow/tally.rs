//! Identifiers that nobody answers to, and events that came too late, gathered between two commits.

use std::collections::{BTreeMap, HashMap};

use model::{Event, SourceId, Timestamp};
use store::state::{LateHour, UnresolvedTally};

/// Different values gathered between two commits; more are counted under `-`.
const VALUES_MAX: usize = 10_000;

/// Events that came later than was waited for.
#[derive(Debug, Default)]
pub struct Late(BTreeMap<(SourceId, Timestamp), LateHour>);

impl Late {
    /// Adds one.
    pub fn add(&mut self, event: &Event) {
        let one = LateHour::of(event.source.clone(), event.time);
        match self.0.get_mut(&(one.source.clone(), one.hour)) {
            Some(known) => known.join(&one),
            None => drop(self.0.insert((one.source.clone(), one.hour), one)),
        }
    }

    /// Gives what was gathered and begins anew.
    pub fn take(&mut self) -> Vec<LateHour> {
        std::mem::take(&mut self.0).into_values().collect()
    }
}

/// The gathered tallies.
#[derive(Debug, Default)]
pub struct Unresolved {
    sources: Vec<(SourceId, Kinds)>,
    count: usize,
}

/// The few kinds there are, each with its values.
type Kinds = Vec<(String, Values)>;
/// By value: how often, first and last.
type Values = HashMap<String, (u64, Timestamp, Timestamp)>;

impl Unresolved {
    /// Adds what one event could not resolve.
    pub fn add(&mut self, event: &Event) {
        let Some(enrichment) = &event.enrichment else { return };
        if enrichment.unresolved.is_empty() {
            return;
        }
        let known = self.sources.iter().position(|(source, _)| *source == event.source);
        if known.is_none() {
            self.sources.push((event.source.clone(), Kinds::new()));
        }
        let at = known.unwrap_or(self.sources.len() - 1);
        let Some((_, kinds)) = self.sources.get_mut(at) else { return };
        for missed in &enrichment.unresolved {
            let known = kinds.iter().position(|(kind, _)| *kind == missed.kind);
            if known.is_none() {
                kinds.push((missed.kind.clone(), Values::new()));
            }
            let at = known.unwrap_or(kinds.len() - 1);
            let Some((_, values)) = kinds.get_mut(at) else { continue };
            let (count, first, last) = match values.get_mut(&missed.value) {
                Some(slot) => slot,
                None => {
                    let is_full = self.count >= VALUES_MAX;
                    let value = if is_full { "-".to_owned() } else { missed.value.clone() };
                    values.entry(value).or_insert_with(|| {
                        self.count += 1;
                        (0, event.time, event.time)
                    })
                }
            };
            *count += 1;
            *first = event.time.min(*first);
            *last = event.time.max(*last);
        }
    }

    /// Gives what was gathered and begins anew.
    pub fn take(&mut self) -> Vec<UnresolvedTally> {
        let mut all = Vec::with_capacity(self.count);
        for (source, kinds) in std::mem::take(self).sources {
            for (kind, values) in kinds {
                all.extend(values.into_iter().map(|(value, (count, first, last))| {
                    UnresolvedTally {
                        kind: kind.clone(),
                        value,
                        source: source.clone(),
                        count,
                        first,
                        last,
                    }
                }));
            }
        }
        // The order of the index that they go into.
        all.sort_unstable_by(|a, b| {
            (&a.kind, &a.value, &a.source).cmp(&(&b.kind, &b.value, &b.source))
        });
        all
    }
}
