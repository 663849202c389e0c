//! Questions to providers that wait for their browsers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use adapters::oidc::Kept;
use model::Timestamp;

use crate::auth;
use crate::limits::Limits;

/// One question.
pub struct Question {
    /// Which provider was asked.
    pub provider: String,
    /// What only we know of it.
    pub kept: Kept,
    /// The hash of the browser's cookie.
    pub cookie: [u8; 32],
    /// The path to go on to.
    pub next: String,
    /// Where the browser was.
    pub address: String,
    /// Until when it waits.
    pub ends: Timestamp,
}

/// By the hash of its state. Bounded as a whole and for each address.
#[derive(Default)]
pub struct Waiting(Mutex<HashMap<[u8; 32], Question>>);

impl Waiting {
    /// Keeps a question until its browser comes back.
    pub fn put(&self, state: &str, question: Question, now: Timestamp, limits: &Limits) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, waiting| waiting.ends > now);
        let own = |waiting: &Question| waiting.address == question.address;
        let own_max = Limits::count(limits.oidc_states_address_max).max(1);
        while all.values().filter(|waiting| own(waiting)).count() >= own_max {
            forget_oldest(&mut all, own);
        }
        while all.len() >= Limits::count(limits.oidc_states_max).max(1) {
            forget_oldest(&mut all, |_| true);
        }
        all.insert(auth::hash(state), question);
    }

    /// Each question ends with its first answer, right or wrong.
    pub fn take(&self, state: &str, cookie: Option<&str>, now: Timestamp) -> Option<Question> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let question = all.remove(&auth::hash(state))?;
        let is_same_browser = cookie.is_some_and(|cookie| auth::hash(cookie) == question.cookie);
        (is_same_browser && question.ends > now).then_some(question)
    }
}

fn forget_oldest(all: &mut HashMap<[u8; 32], Question>, fits: impl Fn(&Question) -> bool) {
    let fitting = all.iter().filter(|(_, question)| fits(question));
    let oldest = fitting.min_by_key(|(_, question)| question.ends).map(|(key, _)| *key);
    match oldest {
        Some(oldest) => drop(all.remove(&oldest)),
        None => all.clear(),
    }
}
