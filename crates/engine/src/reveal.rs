//! Whose names a session has asked for, with a reason each.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use model::PersonId;

/// Sessions remembered; beyond it all names are hidden again.
const SESSIONS_MAX: usize = 10_000;

/// What is revealed to whom, for as long as their session and this process last.
#[derive(Debug, Default)]
pub struct Reveals(Mutex<HashMap<[u8; 32], VecDeque<PersonId>>>);

impl Reveals {
    /// Remembers one; beyond `people_max` of a session its earliest is hidden again.
    pub fn add(&self, session: [u8; 32], person: PersonId, people_max: usize) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SESSIONS_MAX && !all.contains_key(&session) {
            all.clear();
        }
        let people = all.entry(session).or_default();
        if people.contains(&person) {
            return;
        }
        people.push_back(person);
        while people.len() > people_max {
            people.pop_front();
        }
    }

    /// Whether a session has asked for anybody.
    pub fn has_any(&self, session: &[u8; 32]) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(session)
    }

    /// Whom a session has asked for, the earliest first.
    pub fn of(&self, session: &[u8; 32]) -> Vec<PersonId> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(session).into_iter().flatten().cloned().collect()
    }

    /// Whether a session has asked for this one.
    pub fn has(&self, session: &[u8; 32], person: &PersonId) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(session).is_some_and(|people| people.contains(person))
    }
}
