//! Where things lie in a list, found by what they are called: four bytes for each, and nothing is
//! held twice.

use std::hash::{BuildHasher, Hash, RandomState};

/// Most things of one list.
pub(crate) const PLACES_MAX: usize = 1 << PLACE_BITS;
const PLACE_BITS: u32 = 22;
const PLACE: u32 = (1 << PLACE_BITS) - 1;
/// The last place under the last mark: no list is so long.
const FREE: u32 = u32::MAX;
/// So many of eight slots are taken at most.
const TAKEN_OF_EIGHT: usize = 7;
const SLOTS_MIN: usize = 8;

/// A table of places with open addressing: each slot holds a place in its low 22 bits and ten bits
/// of the name's hash above them, so that hardly any other name is looked at.
///
/// The list itself is its owner's, who says at each call what lies where. INVARIANT: what a place
/// is found by is what lies there; the owner changes table and list together (`tests` below).
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    hasher: RandomState,
    slots: Vec<u32>,
    taken: usize,
}

impl Places {
    /// None yet, with room for so many.
    pub fn with_room(room: usize) -> Self {
        let mut places = Self::default();
        if room > 0 {
            places.slots = vec![FREE; slots_for(room)];
        }
        places
    }

    /// The place of what is called `key`; `called` says what lies at a place.
    pub fn find<'a, K: Hash + Eq + 'a>(
        &self,
        key: &K,
        called: impl Fn(usize) -> Option<&'a K>,
    ) -> Option<usize> {
        let hash = self.hasher.hash_one(key);
        let mark = mark(hash);
        let same = self.chain(hash).filter(|(_, entry)| entry & !PLACE == mark);
        same.map(|(_, entry)| place(entry)).find(|place| called(*place) == Some(key))
    }

    /// From now on `key` leads to `to`: anew, or in place of `from`, to which it led.
    pub fn put<'a, K: Hash + Eq + 'a>(
        &mut self,
        key: &K,
        (from, to): (Option<usize>, usize),
        called: impl Fn(usize) -> Option<&'a K>,
    ) {
        let hash = self.hasher.hash_one(key);
        let entry = entry(hash, to);
        if let Some(slot) = from.and_then(|from| self.slot(hash, from)) {
            self.set(slot, entry);
            return;
        }
        if self.slots.len() * TAKEN_OF_EIGHT < (self.taken + 1) * 8 {
            self.grow(called);
        }
        let first = self.home(hash);
        if let Some(slot) = self.around(first).find(|slot| self.at(*slot) == FREE) {
            self.set(slot, entry);
            self.taken += 1;
        }
    }

    /// `key`, which led to `from`, leads nowhere any more. The list is still as it was.
    pub fn remove<'a, K: Hash + Eq + 'a>(
        &mut self,
        key: &K,
        from: usize,
        called: impl Fn(usize) -> Option<&'a K>,
    ) {
        let Some(mut hole) = self.slot(self.hasher.hash_one(key), from) else { return };
        let mask = self.slots.len().wrapping_sub(1);
        for slot in self.around(hole).skip(1) {
            let entry = self.at(slot);
            if entry == FREE {
                break;
            }
            let Some(name) = called(place(entry)) else { continue };
            let home = self.home(self.hasher.hash_one(name));
            // One whose search passes the hole moves into it.
            if slot.wrapping_sub(home) & mask >= slot.wrapping_sub(hole) & mask {
                self.set(hole, entry);
                hole = slot;
            }
        }
        self.set(hole, FREE);
        self.taken -= 1;
    }

    fn grow<'a, K: Hash + Eq + 'a>(&mut self, called: impl Fn(usize) -> Option<&'a K>) {
        let slots = vec![FREE; slots_for((self.taken + 1).max(self.slots.len()))];
        let old = std::mem::replace(&mut self.slots, slots);
        for had in old.into_iter().filter(|entry| *entry != FREE) {
            let Some(name) = called(place(had)) else { continue };
            let first = self.home(self.hasher.hash_one(name));
            if let Some(slot) = self.around(first).find(|slot| self.at(*slot) == FREE) {
                self.set(slot, had);
            }
        }
    }

    /// The slot by which a name with this hash leads to a place.
    fn slot(&self, hash: u64, to: usize) -> Option<usize> {
        let wanted = entry(hash, to);
        self.chain(hash).find(|(_, entry)| *entry == wanted).map(|(slot, _)| slot)
    }

    /// What is taken from a hash's slot on, up to the first that is free.
    fn chain(&self, hash: u64) -> impl Iterator<Item = (usize, u32)> {
        let slots = self.around(self.home(hash)).map(move |slot| (slot, self.at(slot)));
        slots.take_while(|(_, entry)| *entry != FREE)
    }

    /// Every slot once, from one on.
    fn around(&self, first: usize) -> impl Iterator<Item = usize> + use<> {
        let slots = self.slots.len();
        (0..slots).map(move |n| (first + n) & (slots - 1))
    }

    fn home(&self, hash: u64) -> usize {
        let low = usize::try_from(hash & u64::from(u32::MAX)).unwrap_or(0);
        low & self.slots.len().wrapping_sub(1)
    }

    fn at(&self, slot: usize) -> u32 {
        self.slots.get(slot).copied().unwrap_or(FREE)
    }

    fn set(&mut self, slot: usize, entry: u32) {
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = entry;
        }
    }
}

/// A power of two, with room for so many.
fn slots_for(room: usize) -> usize {
    (room * 8).div_ceil(TAKEN_OF_EIGHT).next_power_of_two().max(SLOTS_MIN)
}

/// The upper bits of a hash: its slot is of the lower ones.
fn mark(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0) & !PLACE
}

fn entry(hash: u64, to: usize) -> u32 {
    mark(hash) | (u32::try_from(to).unwrap_or(PLACE) & PLACE)
}

fn place(entry: u32) -> usize {
    usize::try_from(entry & PLACE).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "tests fail by panicking")]
    use std::collections::HashMap;

    use super::*;

    /// A list that its owner changes as people and credentials are changed, beside a map.
    #[derive(Default)]
    struct List {
        places: Places,
        names: Vec<u16>,
        oracle: HashMap<u16, usize>,
    }

    impl List {
        fn put(&mut self, name: u16) {
            let called = |n: usize| self.names.get(n);
            if self.places.find(&name, called).is_none() {
                self.places.put(&name, (None, self.names.len()), called);
                self.oracle.insert(name, self.names.len());
                self.names.push(name);
            }
        }

        fn remove(&mut self, name: u16) {
            let called = |n: usize| self.names.get(n);
            let Some(at) = self.places.find(&name, called) else { return };
            self.places.remove(&name, at, called);
            let last = self.names.len() - 1;
            if at != last {
                self.places.put(&self.names[last], (Some(last), at), called);
                self.oracle.insert(self.names[last], at);
            }
            self.names.swap_remove(at);
            self.oracle.remove(&name);
        }

        fn check(&self) {
            assert_eq!(self.places.taken, self.oracle.len());
            for name in 0..=u16::MAX {
                let found = self.places.find(&name, |n| self.names.get(n));
                assert_eq!(found, self.oracle.get(&name).copied(), "{name}");
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
        #[test]
        fn a_table_finds_what_a_map_finds(
            steps in proptest::collection::vec((proptest::bool::ANY, 0..400_u16), 0..2_000),
            room in 0..300_usize,
        ) {
            let mut list = List { places: Places::with_room(room), ..List::default() };
            for (puts, name) in steps {
                match puts {
                    true => list.put(name),
                    false => list.remove(name),
                }
            }
            list.check();
        }
    }

    #[test]
    fn room_for_a_hundred_thousand_is_half_a_mebibyte() {
        let mut list = List { places: Places::with_room(100_000), ..List::default() };
        (0..50_000).for_each(|name| list.put(name));
        assert_eq!(list.places.slots.len() * size_of::<u32>(), 1 << 19);
        list.check();
    }
}
