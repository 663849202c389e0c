//! Where somebody was over a stretch of time, and a copy of it all for those who ask beside the
//! flow.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::enrichment::Presence as Answer;
use model::{PersonId, Timestamp};

use super::Presence;
use super::timeline::{Effect, Sighting};
use crate::limits::DWELL_DEFAULT;

/// The shortest time after which something may be different.
const NEXT: Duration = Duration::from_nanos(1);

/// A stretch of time in which the answer was one and the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Its beginning; earlier than what was asked for where that is known.
    pub from: Timestamp,
    /// Its end; `None` while it lasts.
    pub to: Option<Timestamp>,
    /// Where.
    pub presence: Answer,
}

impl Presence {
    /// Where a person was from one instant to another, oldest first: at each instant exactly what
    /// [`Presence::at`] answers.
    pub fn band(&self, person: &PersonId, from: Timestamp, to: Timestamp) -> Vec<Stretch> {
        let mut band: Vec<Stretch> = Vec::new();
        for at in self.turns(person, from, to) {
            let presence = self.at(person, at);
            let same = |last: &Stretch| {
                let (a, b) = (&last.presence, &presence);
                (a.state, &a.zone, a.why) == (b.state, &b.zone, b.why)
            };
            if let Some(last) = band.last_mut() {
                if same(last) {
                    last.presence.evidence = last.presence.evidence.max(presence.evidence);
                    continue;
                }
                last.to = Some(at);
            }
            let begun = if band.is_empty() { presence.since } else { None };
            band.push(Stretch { from: begun.unwrap_or(at).min(at), to: None, presence });
        }
        band
    }

    /// The instants at which an answer may change.
    fn turns(&self, person: &PersonId, from: Timestamp, to: Timestamp) -> BTreeSet<Timestamp> {
        let sightings = self.people.get(person).map(|line| line.sightings()).unwrap_or_default();
        let dwell = |sighting: &Sighting| match &sighting.effect {
            Effect::In(zone) => {
                let own = self.spine.place(zone).and_then(|facts| facts.dwell_max);
                Some(sighting.time.plus(own.unwrap_or(DWELL_DEFAULT)).plus(NEXT))
            }
            Effect::Out | Effect::Nowhere | Effect::EitherSide | Effect::NotTaken => None,
        };
        let seen = sightings.iter().map(|sighting| sighting.time);
        let aged = sightings.iter().filter_map(dwell);
        let silences = self.silences.values().flatten();
        let silent = silences.flat_map(|one| [Some(one.from.plus(NEXT)), one.to]).flatten();
        let all = seen.chain(aged).chain(silent).filter(|at| *at > from && *at <= to);
        all.chain([from]).collect()
    }

    /// Who was seen since this was last asked.
    pub fn take_changed(&mut self) -> BTreeSet<PersonId> {
        std::mem::take(&mut self.changed)
    }

    /// Brings a copy up to date with `from` for those who were seen, and for its silences. Keeps
    /// `people_max` people at most: beyond it who was unseen longest is forgotten.
    pub fn follow(&mut self, from: &Self, seen: &BTreeSet<PersonId>, people_max: usize) {
        self.spine = Arc::clone(&from.spine);
        if self.silences != from.silences {
            self.silences.clone_from(&from.silences);
        }
        for person in seen {
            let Some(line) = from.people.get(person) else { continue };
            if !self.people.contains_key(person) && self.people.len() >= people_max {
                self.forget_one();
            }
            self.people.insert(person.clone(), line.clone());
        }
    }

    /// Takes over what another has heard of sources' silences.
    pub(crate) fn take_silences(&mut self, from: &Self) {
        self.silences.clone_from(&from.silences);
    }

    /// What it is judged against.
    pub fn spine(&self) -> &Arc<crate::spine::Spine> {
        &self.spine
    }

    /// How many people have been seen.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether nobody has been seen.
    pub fn is_empty(&self) -> bool {
        self.people.len() == 0
    }
}
