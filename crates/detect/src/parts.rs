//! A large map that can be kept as it is at an instant without stopping for it.
//!
//! It is split into parts by a hash of the key, the same in every run. Keeping a copy shares all
//! parts; whoever writes afterwards copies the one part that it writes to, and the one value. So
//! the pause is that of copying some thousand pointers, however much there is, and the cost of a
//! copy is spread over the writes that follow. The parts are also what could be given to others.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::sync::Arc;

/// How many parts there are.
const PARTS: usize = 4_096;

type Part<K, V> = Arc<HashMap<K, Arc<V>>>;

/// Keys and values in parts. `clone` is cheap, and what was cloned stays as it was.
pub(crate) struct Parts<K, V> {
    parts: Vec<Part<K, V>>,
    len: usize,
}

impl<K, V> Clone for Parts<K, V> {
    fn clone(&self) -> Self {
        Self { parts: self.parts.clone(), len: self.len }
    }
}

impl<K, V> Default for Parts<K, V> {
    fn default() -> Self {
        Self { parts: Vec::new(), len: 0 }
    }
}

fn number<Q: Hash + ?Sized>(key: &Q) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
    usize::try_from(hash % PARTS as u64).unwrap_or(0)
}

impl<K: Hash + Eq + Clone, V: Clone> Parts<K, V> {
    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> Option<&Part<K, V>> {
        self.parts.get(number(key))
    }

    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.part(key)?.get(key).map(|value| &**value)
    }

    pub(crate) fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.part(key).is_some_and(|part| part.contains_key(key))
    }

    pub(crate) fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let part = self.parts.get_mut(number(key))?;
        if !part.contains_key(key) {
            return None;
        }
        Arc::make_mut(part).get_mut(key).map(Arc::make_mut)
    }

    /// The value of a key, made if it is not there.
    pub(crate) fn entry(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        if !self.contains_key(&key) {
            self.len += 1;
        }
        Arc::make_mut(self.writable(&key).entry(key).or_default())
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        let before = self.writable(&key).insert(key, Arc::new(value));
        self.len += usize::from(before.is_none());
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        if !self.contains_key(key) {
            return None;
        }
        let value = self.writable(key).remove(key)?;
        self.len -= 1;
        Some(Arc::unwrap_or_clone(value))
    }

    fn writable(&mut self, key: &K) -> &mut HashMap<K, Arc<V>> {
        if self.parts.is_empty() {
            self.parts.resize_with(PARTS, Part::default);
        }
        #[expect(clippy::indexing_slicing, reason = "the number is a remainder by the length")]
        Arc::make_mut(&mut self.parts[number(key)])
    }

    /// Everything, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.parts.iter().flat_map(|part| part.iter()).map(|(key, value)| (key, &**value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl<K: Hash + Eq + Clone, V: Clone> FromIterator<(K, V)> for Parts<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(all: I) -> Self {
        let mut parts = Self::default();
        for (key, value) in all {
            parts.insert(key, value);
        }
        parts
    }
}

impl<K: Hash + Eq + Clone + 'static, V: Clone + 'static> IntoIterator for Parts<K, V> {
    type Item = (K, V);
    type IntoIter = Box<dyn Iterator<Item = (K, V)>>;

    fn into_iter(self) -> Self::IntoIter {
        let parts = self.parts.into_iter().map(Arc::unwrap_or_clone);
        Box::new(parts.flatten().map(|(key, value)| (key, Arc::unwrap_or_clone(value))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut now: Parts<String, u32> = (0..10_000).map(|n| (n.to_string(), n)).collect();
        let kept = now.clone();
        *now.entry("7".into()) += 1;
        *now.entry("new".into()) += 1;
        assert_eq!(now.remove(&"8".to_owned()), Some(8));
        assert_eq!(now.remove(&"8".to_owned()), None);
        assert_eq!((now.get("7"), now.get("8"), now.get("new")), (Some(&8), None, Some(&1)));
        assert_eq!((kept.get("7"), kept.get("8"), kept.get("new")), (Some(&7), Some(&8), None));
        assert_eq!((now.len(), kept.len()), (10_000, 10_000));
        assert_eq!(now.iter().count(), 10_000);
        let mut all: Vec<u32> = kept.into_iter().map(|(_, n)| n).collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..10_000));
    }
}
