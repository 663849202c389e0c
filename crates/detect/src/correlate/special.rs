//! How our own kinds of correlation are settled: pairs of sightings, disputes, habits.

use std::sync::Arc;

use model::{Finding, FindingState, Timestamp};

use super::machine::{Episode, Item};
use super::own::Own;
use super::{Correlator, Desk, End, Group, GroupId, values};
use crate::finding;
use crate::learned::{Asked, Verdict};
use crate::rules::{Baseline, Conflict, Correlation, RuleMeta};

impl Correlator {
    /// Holds an event against its group's habit.
    pub(super) fn habit(
        &mut self,
        id: &GroupId,
        item: &Arc<Item>,
        (correlation, baseline): (&Correlation, &Baseline),
        desk: &mut Desk<'_>,
    ) {
        let rules = desk.rules;
        if let (Some(Own::Sample(sample)), Some(meta)) = (item.own.as_deref(), rules.meta(id.0)) {
            let (time, timespan) = (item.time, correlation.timespan);
            let asked = Asked { baseline, timespan, time, sample };
            match desk.habits.take(id, &asked) {
                Verdict::Usual => {}
                Verdict::Undecided(reason) => desk.stats.undecided(&meta.id, &[reason]),
                Verdict::Unusual(why) => {
                    if let Some(mut episode) = Episode::of(&[item]) {
                        episode.why = Some(why);
                        let last = Some(Arc::clone(item));
                        self.ended(id, End::Episode(Box::new(episode), last), desk);
                    }
                }
            }
        }
        self.clear_if_done(id, desk);
    }

    /// Decides what two sides have said: nothing is said where those who would have told of it
    /// were not heard.
    pub(super) fn close_conflict(
        &mut self,
        id: &GroupId,
        (correlation, conflict): (&Correlation, &Conflict),
        is_in_time: bool,
        desk: &mut Desk<'_>,
    ) {
        let rules = desk.rules;
        let Some(meta) = rules.meta(id.0) else { return };
        let group = self.groups.get_mut(id);
        let by = group.as_ref().and_then(|group| group.deadline).filter(|_| is_in_time);
        let due = group.map(|group| group.settled.disputes(correlation, by)).unwrap_or_default();
        for due in due {
            let mut nameless = self.nameless.get(&id.0).into_iter().flatten();
            let heard = conflict.kinds_heard();
            let doubt = if !is_in_time {
                Some("it had to be decided before its time: too many groups".to_owned())
            } else if nameless.any(|at| (due.from..=due.to).contains(at)) {
                Some("something came that cannot be told apart by group".to_owned())
            } else {
                desk.presence.unheard(&heard, &due.near, (due.from, due.to))
            };
            match (doubt, due.episode) {
                (Some(doubt), _) => desk.stats.undecided(&meta.id, &[doubt]),
                (None, Some((episode, last))) => {
                    self.ended(id, End::Episode(Box::new(episode), Some(last)), desk);
                }
                (None, None) => {
                    let reason = "more was said of it than is kept".to_owned();
                    desk.stats.undecided(&meta.id, &[reason]);
                }
            }
        }
        let deadline = self.groups.get(id).and_then(|group| group.settled.deadline(correlation));
        self.set_deadline(id, deadline.filter(|_| is_in_time));
        self.clear_if_done(id, desk);
    }
}

impl Group {
    /// Confirms the pair that a settled sighting has made, and withdraws those announced up to
    /// then that it has not.
    pub(super) fn settle_pair(
        &mut self,
        meta: &RuleMeta,
        (correlation, key): (&Correlation, &str),
        pair: Option<&Episode>,
        (at, out): (Timestamp, &mut Vec<Finding>),
    ) {
        let found = pair.map(|pair| {
            let values = values(correlation, key);
            finding::of_episode(meta, &values, pair, FindingState::Confirmed)
        });
        let id = found.as_ref().map(|found| found.id.clone());
        self.announced.retain_mut(|known| {
            if Some(&known.id) == id.as_ref() {
                return false;
            }
            let is_over = known.window.to <= at;
            if is_over {
                known.state = FindingState::Withdrawn;
                out.push(known.clone());
            }
            !is_over
        });
        out.extend(found);
    }
}
