//! A window that only its end decides: averages, percentiles, and bounds from above.
//!
//! It opens with its first event and lasts for the timespan. Nothing is said of it before the
//! watermark has passed its end.

use std::sync::Arc;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Episode, Item};
use crate::limits::WINDOW_VALUES_MAX;
use crate::rules::{Correlation, Kind, Measure, RuleIndex, Seen};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Whole {
    pub opened: Timestamp,
    /// Whether there were more numbers or values than are kept.
    pub is_overfull: bool,
    episode: Option<Episode>,
    seen: Seen,
    last: Arc<Item>,
}

impl Whole {
    pub(super) fn open(first: &Arc<Item>) -> Self {
        Self {
            opened: first.time,
            is_overfull: false,
            episode: None,
            seen: Seen::default(),
            last: Arc::clone(first),
        }
    }

    pub(super) fn take(&mut self, measure: &Measure, item: &Arc<Item>) {
        match &mut self.episode {
            Some(episode) => episode.take(item),
            None => self.episode = Episode::of(&[item]),
        }
        self.last = Arc::clone(item);
        self.seen.count += 1;
        match measure {
            Measure::Events => {}
            Measure::Sum(_) | Measure::Average(_) => {
                self.seen.sum += item.number.unwrap_or_default();
            }
            Measure::Percentile { .. } => match self.seen.numbers.len() < WINDOW_VALUES_MAX {
                true => self.seen.numbers.extend(item.number),
                false => self.is_overfull = true,
            },
            Measure::Values(_) | Measure::Share(_) => {
                let values = &mut self.seen.values;
                let value = item.value.clone().unwrap_or_default();
                if values.len() < WINDOW_VALUES_MAX || values.contains_key(&value) {
                    *values.entry(value).or_default() += 1;
                } else {
                    self.is_overfull = true;
                }
            }
        }
    }

    /// What the window shows, and the last event of it.
    pub(super) fn decide(mut self, correlation: &Correlation) -> Option<(Episode, Arc<Item>)> {
        let Kind::Whole { measure, predicates } = &correlation.kind else {
            return None;
        };
        let mut episode = self.episode.take()?;
        episode.fired = self.opened.plus(correlation.timespan);
        measure.meets(&self.seen, predicates).then_some((episode, self.last))
    }

    pub(super) fn renumber(&mut self, find: &dyn Fn(RuleIndex) -> Option<RuleIndex>) {
        let last = Arc::make_mut(&mut self.last);
        if let Some(rule) = find(last.rule) {
            last.rule = rule;
        }
        last.onward.retain_mut(|next| next.renumber(find));
    }
}
