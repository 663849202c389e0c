//! Slows down guessing: refusals are counted per login and per address within a window.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::Timestamp;
use sha2::{Digest, Sha256};

use crate::limits::Limits;

/// Refusals of one login or address.
#[derive(Debug, Clone, Copy)]
struct Tries {
    since: Timestamp,
    count: u64,
}

/// Bounded in keys: at the bound those whose window is over go, then the oldest.
#[derive(Debug)]
pub(super) struct Throttle {
    tries: Mutex<HashMap<[u8; 32], Tries>>,
    keys_max: usize,
    window: Duration,
    per_login_max: u64,
    per_address_max: u64,
}

/// What was typed is not kept, only its hash.
fn key(kind: &str, text: &str) -> [u8; 32] {
    Sha256::digest(format!("{kind}\0{text}").as_bytes()).into()
}

impl Throttle {
    pub fn new(limits: &Limits) -> Self {
        Self {
            tries: Mutex::default(),
            keys_max: Limits::count(limits.signin_tries_kept_max).max(16),
            window: Limits::ms(limits.signin_window_ms),
            per_login_max: limits.signin_refusals_login_max,
            per_address_max: limits.signin_refusals_address_max,
        }
    }

    fn keys(&self, address: &str, login: Option<&str>) -> [Option<([u8; 32], u64)>; 2] {
        let login = login.map(|login| (key("login", login), self.per_login_max));
        [Some((key("address", address), self.per_address_max)), login]
    }

    /// How long to wait; `None`: come in.
    pub fn wait(&self, address: &str, login: Option<&str>, now: Timestamp) -> Option<Duration> {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |(key, max): ([u8; 32], u64)| {
            let found = tries.get(&key).filter(|tries| tries.count >= max)?;
            let over = found.since.plus(self.window);
            (over > now).then(|| over.since(now))
        };
        self.keys(address, login).into_iter().flatten().filter_map(left).max()
    }

    /// Counts a refusal; whether it is the one that locks.
    pub fn failed(&self, address: &str, login: Option<&str>, now: Timestamp) -> bool {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_locked = false;
        for (key, max) in self.keys(address, login).into_iter().flatten() {
            self.make_room(&mut tries, now);
            let entry = tries.entry(key).or_insert(Tries { since: now, count: 0 });
            if entry.since.plus(self.window) <= now {
                *entry = Tries { since: now, count: 0 };
            }
            entry.count += 1;
            is_locked |= entry.count == max;
        }
        is_locked
    }

    /// A login that signed in begins anew; its address does not, or one known account would open
    /// the way to guess at others.
    pub fn succeeded(&self, login: &str) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.remove(&key("login", login));
    }

    fn make_room(&self, tries: &mut HashMap<[u8; 32], Tries>, now: Timestamp) {
        if tries.len() < self.keys_max {
            return;
        }
        tries.retain(|_, entry| entry.since.plus(self.window) > now);
        if tries.len() < self.keys_max {
            return;
        }
        let oldest = tries.iter().min_by_key(|(_, entry)| entry.since).map(|(key, _)| *key);
        if let Some(oldest) = oldest {
            tries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle() -> Throttle {
        let limits = Limits {
            signin_refusals_login_max: 3,
            signin_refusals_address_max: 5,
            signin_window_ms: 60_000,
            signin_tries_kept_max: 16,
            ..Limits::default()
        };
        Throttle::new(&limits)
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + secs)
    }

    #[test]
    fn a_login_waits_out_its_window_and_others_do_not() {
        let throttle = throttle();
        for n in 0..3 {
            assert_eq!(throttle.wait("a", Some("ana"), at(n)), None);
            assert_eq!(throttle.failed("a", Some("ana"), at(n)), n == 2);
        }
        let wait = throttle.wait("b", Some("ana"), at(10));
        assert_eq!(wait, Some(Duration::from_secs(50)));
        assert_eq!(throttle.wait("a", Some("ben"), at(10)), None);
        assert_eq!(throttle.wait("b", Some("ana"), at(60)), None);
    }

    #[test]
    fn an_address_waits_whatever_logins_it_tries_and_success_does_not_wash_it() {
        let throttle = throttle();
        for n in 0..5 {
            throttle.failed("a", Some(&format!("login-{n}")), at(0));
            throttle.succeeded("login-0");
        }
        assert!(throttle.wait("a", Some("fresh"), at(1)).is_some());
        assert!(throttle.wait("a", None, at(1)).is_some());
    }

    #[test]
    fn memory_is_bounded_and_the_newest_are_kept() {
        let throttle = throttle();
        for n in 0..1_000 {
            throttle.failed(&format!("address-{n}"), None, at(n / 100));
        }
        let kept = throttle.tries.lock().map(|tries| tries.len());
        assert!(kept.is_ok_and(|kept| kept <= 16));
    }
}
