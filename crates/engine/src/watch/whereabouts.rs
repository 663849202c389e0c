//! Where people are believed to be, for those who ask beside the flow: a copy of what the detector
//! knows, brought up to date after each step that is written.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use detect::{Presence, Stretch};
use model::enrichment::Presence as Answer;
use model::{PersonId, Timestamp};

/// The copy. Empty until the flow has begun; a restart fills it from the detector's snapshot.
#[derive(Default)]
pub struct Whereabouts(RwLock<Option<Presence>>);

impl Whereabouts {
    /// Takes over what has changed.
    pub fn follow(&self, presence: &Presence, seen: &BTreeSet<PersonId>, people_max: usize) {
        let mut copy = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let copy = copy.get_or_insert_with(|| Presence::new(Arc::clone(presence.spine())));
        copy.follow(presence, seen, people_max);
    }

    /// Tells another of the sources' silences.
    pub fn lend_silences(&self, to: &mut detect::whereabouts::Whereabouts) {
        let copy = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = copy.as_ref() {
            to.take_silences(known);
        }
    }

    /// Where somebody was from one instant to another, oldest first.
    pub fn band(&self, person: &PersonId, from: Timestamp, to: Timestamp) -> Vec<Stretch> {
        let copy = self.0.read().unwrap_or_else(PoisonError::into_inner);
        copy.as_ref().map(|known| known.band(person, from, to)).unwrap_or_default()
    }

    /// Where somebody is believed to be.
    pub fn at(&self, person: &PersonId, at: Timestamp) -> Option<Answer> {
        let copy = self.0.read().unwrap_or_else(PoisonError::into_inner);
        copy.as_ref().map(|known| known.at(person, at))
    }

    /// How many people are known.
    pub fn len(&self) -> usize {
        let copy = self.0.read().unwrap_or_else(PoisonError::into_inner);
        copy.as_ref().map_or(0, Presence::len)
    }

    /// Whether nobody is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
