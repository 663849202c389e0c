//! Where everybody was last known to go, over all points: what one point has to know of the others.
//! A book without clock or wire; it counts up with all that is new, so that each reader can be told
//! what it has not read.
//!
//! INVARIANT: what it says of a person is the latest of all that it was told, whatever the order,
//! however often, and whatever earlier word was lost (`tests/passages.rs`).

use std::collections::{BTreeMap, HashMap};

use model::{PersonId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

/// Most people of whom the book knows something; beyond it whoever was heard of longest ago is
/// forgotten, counted.
pub const PASSAGES_MAX: usize = 200_000;

/// Somebody went: into a zone, or outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Who.
    pub person: PersonId,
    /// Into which zone; none: outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
    /// When, never later than whoever tells it heard of it.
    pub at: Timestamp,
    /// Into which zone they last came before, and when: what timed anti-passback asks of somebody
    /// who has left again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came: Option<(ZoneId, Timestamp)>,
}

impl Passage {
    /// Somebody went there at that time.
    pub fn new(person: PersonId, zone: Option<ZoneId>, at: Timestamp) -> Self {
        Self { person, zone, at, came: None }
    }

    /// Into which zone they last came, and when, as far as this tells.
    pub(crate) fn entry(&self) -> Option<(&ZoneId, Timestamp)> {
        match &self.zone {
            Some(zone) => Some((zone, self.at)),
            None => self.came.as_ref().map(|(zone, at)| (zone, *at)),
        }
    }
}

/// The later of two entries; of two at one instant the one whose zone comes later in order.
pub(crate) fn later(
    known: Option<(ZoneId, Timestamp)>,
    told: Option<(&ZoneId, Timestamp)>,
) -> Option<(ZoneId, Timestamp)> {
    let Some((zone, at)) = told else { return known };
    match known {
        Some((had, since)) if (since, &had) >= (at, zone) => Some((had, since)),
        Some(_) | None => Some((zone.clone(), at)),
    }
}

#[derive(Debug)]
struct Known {
    passage: Passage,
    /// The number of its last change.
    number: u64,
}

/// The book.
#[derive(Debug)]
pub struct Passages {
    known: HashMap<PersonId, Known>,
    /// Whose change had which number.
    order: BTreeMap<u64, PersonId>,
    last: u64,
    people_max: usize,
    forgotten: u64,
}

impl Default for Passages {
    fn default() -> Self {
        Self::with_room(PASSAGES_MAX)
    }
}

impl Passages {
    /// One for so many people.
    pub fn with_room(people_max: usize) -> Self {
        let (known, order) = (HashMap::new(), BTreeMap::new());
        Self { known, order, last: 0, people_max, forgotten: 0 }
    }

    /// Takes in what was told. A later time wins; of two at one instant the one that leads in, and
    /// of two zones the one that comes later in order. Whether anything is new.
    pub fn take(&mut self, told: Passage) -> bool {
        let next = match self.known.get(&told.person) {
            None => told,
            Some(Known { passage: had, .. }) => {
                let came = had.entry().map(|(zone, at)| (zone.clone(), at));
                let came = later(came, told.entry());
                let is_later = (told.at, &told.zone) > (had.at, &had.zone);
                let (zone, at) = match is_later {
                    true => (told.zone, told.at),
                    false => (had.zone.clone(), had.at),
                };
                let came = came.filter(|_| zone.is_none());
                let next = Passage { person: told.person, zone, at, came };
                if next == *had {
                    return false;
                }
                next
            }
        };
        self.last += 1;
        let (person, number) = (next.person.clone(), self.last);
        if let Some(had) = self.known.insert(person.clone(), Known { passage: next, number }) {
            self.order.remove(&had.number);
        }
        self.order.insert(number, person);
        if self.known.len() > self.people_max
            && let Some((_, person)) = self.order.pop_first()
        {
            self.known.remove(&person);
            self.forgotten += 1;
        }
        true
    }

    /// What has changed after this number, the earliest change first, each with its own.
    pub fn after(&self, number: u64) -> impl Iterator<Item = (u64, &Passage)> {
        let changes = self.order.range(number.saturating_add(1)..);
        changes.filter_map(|(number, person)| Some((*number, &self.known.get(person)?.passage)))
    }

    /// What is known of a person.
    pub fn of(&self, person: &PersonId) -> Option<&Passage> {
        self.known.get(person).map(|known| &known.passage)
    }

    /// The number of the last change.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// People that found no room any more.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Of how many people something is known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}
