//! Idempotency keys of the last day, by source, with the answer each was given.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::{SourceId, Timestamp};

/// How long a key is remembered.
pub const IDEMPOTENCY_AGE_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Most keys remembered; at one more the oldest is forgotten, which is counted.
pub const IDEMPOTENCY_KEYS_MAX: usize = 200_000;

/// Most bytes of answers remembered; beyond them the oldest key is forgotten, which is counted.
pub const IDEMPOTENCY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Largest answer that a key may carry; a batch with a larger one is refused.
pub const IDEMPOTENCY_RESPONSE_BYTES_MAX: usize = 64 * 1024;

/// Whose the marks are: the table of keys holds them too, under a name that no sender uses.
const MARKS: &str = "castellan.marks";

/// A sender's name for one batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Whose.
    pub source: SourceId,
    /// Hash of the sender's words.
    pub hash: [u8; 32],
}

impl Key {
    /// The key of a mark; `None` never happens, the name is an id.
    pub fn of_mark(hash: [u8; 32]) -> Option<Self> {
        SourceId::parse(MARKS).ok().map(|source| Self { source, hash })
    }
}

/// What is remembered of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// When it was written.
    pub at: Timestamp,
    /// What was answered.
    pub response: Arc<[u8]>,
    /// First record of the segment that holds it.
    pub segment: u64,
}

/// Keys in the order they were written.
#[derive(Default)]
pub struct Keys {
    entries: HashMap<Key, KeyEntry>,
    order: VecDeque<(Timestamp, Key)>,
    bytes: usize,
    /// Forgotten for want of room rather than for age.
    pub evicted: u64,
}

impl Keys {
    /// The answer given to this key within the last day.
    pub fn response(&self, key: &Key, now: Timestamp) -> Option<Arc<[u8]>> {
        let entry = self.entries.get(key)?;
        (!is_expired(entry.at, now)).then(|| entry.response.clone())
    }

    /// Every mark of the last day.
    pub fn marks(&self, now: Timestamp) -> HashMap<[u8; 32], Arc<[u8]>> {
        let marks = self.entries.iter().filter(|(key, _)| key.source.as_str() == MARKS);
        let alive = marks.filter(|(_, entry)| !is_expired(entry.at, now));
        alive.map(|(key, entry)| (key.hash, entry.response.clone())).collect()
    }

    /// Remembers a key; forgets what is too old or too many.
    pub fn insert(&mut self, key: Key, entry: KeyEntry, now: Timestamp) {
        self.bytes += entry.response.len();
        self.order.push_back((entry.at, key.clone()));
        if let Some(old) = self.entries.insert(key, entry) {
            self.bytes -= old.response.len();
        }
        self.forget(now);
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some((at, key)) = self.order.front() {
            let is_over =
                self.entries.len() > IDEMPOTENCY_KEYS_MAX || self.bytes > IDEMPOTENCY_BYTES_MAX;
            let is_old = is_expired(*at, now);
            if !is_over && !is_old {
                break;
            }
            // A key written again later has a younger place in the order.
            if self.entries.get(key).is_some_and(|entry| entry.at == *at) {
                if let Some(gone) = self.entries.remove(key) {
                    self.bytes -= gone.response.len();
                }
                self.evicted += u64::from(!is_old);
            }
            self.order.pop_front();
        }
    }

    /// Keys that live in a segment and nowhere else.
    pub fn of_segment(&self, segment: u64, now: Timestamp) -> Vec<(Key, KeyEntry)> {
        let alive = |entry: &KeyEntry| entry.segment == segment && !is_expired(entry.at, now);
        let found = self.entries.iter().filter(|(_, entry)| alive(entry));
        found.map(|(key, entry)| (key.clone(), entry.clone())).collect()
    }

    /// Notes that a key now lives in another segment.
    pub fn moved(&mut self, key: &Key, segment: u64) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.segment = segment;
        }
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
}

/// Before which instant a key has expired.
pub fn expiry_edge(now: Timestamp) -> Timestamp {
    now.minus(IDEMPOTENCY_AGE_MAX)
}

fn is_expired(at: Timestamp, now: Timestamp) -> bool {
    at <= expiry_edge(now)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn key(n: u32) -> Key {
        let mut hash = [0; 32];
        hash.iter_mut().zip(n.to_le_bytes()).for_each(|(h, b)| *h = b);
        Key { source: SourceId::parse("s").unwrap(), hash }
    }

    fn entry(at: i64, bytes: usize) -> KeyEntry {
        KeyEntry { at: Timestamp::from_secs(at), response: vec![7; bytes].into(), segment: 1 }
    }

    #[test]
    fn a_key_is_forgotten_after_a_day_and_not_before() {
        let mut keys = Keys::default();
        keys.insert(key(1), entry(0, 1), Timestamp::from_secs(0));
        assert!(keys.response(&key(1), Timestamp::from_secs(86_399)).is_some());
        assert!(keys.response(&key(1), Timestamp::from_secs(86_400)).is_none());
        keys.insert(key(2), entry(86_400, 1), Timestamp::from_secs(86_400));
        assert_eq!(keys.len(), 1);
        assert_eq!(keys.evicted, 0);
    }

    #[test]
    fn at_the_bound_plus_one_the_oldest_goes_and_is_counted() {
        let mut keys = Keys::default();
        let now = Timestamp::from_secs(1);
        for n in 0..=IDEMPOTENCY_KEYS_MAX as u32 {
            keys.insert(key(n), entry(1, 0), now);
        }
        assert_eq!((keys.len(), keys.evicted), (IDEMPOTENCY_KEYS_MAX, 1));
        assert!(keys.response(&key(0), now).is_none());
        assert!(keys.response(&key(1), now).is_some());
        keys.insert(key(1), entry(1, IDEMPOTENCY_BYTES_MAX), now);
        keys.insert(key(2), entry(1, 1), now);
        assert!(keys.bytes <= IDEMPOTENCY_BYTES_MAX);
    }
}
