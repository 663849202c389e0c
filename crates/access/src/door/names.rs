//! Small numbers for groups and zones, so that a set of them is a row of bits.

use std::collections::HashMap;
use std::hash::Hash;

use model::{GroupId, ZoneId};

/// Numbers given once and never again; people, doors and policies of one snapshot share them.
#[derive(Debug, Clone, Default)]
pub struct Names {
    groups: Numbers<GroupId>,
    zones: Numbers<ZoneId>,
}

#[derive(Debug, Clone)]
struct Numbers<T> {
    of: HashMap<T, u32>,
    ids: Vec<T>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self { of: HashMap::new(), ids: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    fn number(&mut self, id: &T) -> u32 {
        if let Some(number) = self.of.get(id) {
            return *number;
        }
        let number = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.of.insert(id.clone(), number);
        self.ids.push(id.clone());
        number
    }

    fn id(&self, number: u32) -> Option<&T> {
        self.ids.get(usize::try_from(number).ok()?)
    }
}

impl Names {
    pub(crate) fn group(&mut self, id: &GroupId) -> u32 {
        self.groups.number(id)
    }
    pub(crate) fn zone(&mut self, id: &ZoneId) -> u32 {
        self.zones.number(id)
    }
    pub(crate) fn group_id(&self, number: u32) -> Option<&GroupId> {
        self.groups.id(number)
    }
    pub(crate) fn zone_id(&self, number: u32) -> Option<&ZoneId> {
        self.zones.id(number)
    }
    pub(crate) fn group_number(&self, id: &GroupId) -> Option<u32> {
        self.groups.of.get(id).copied()
    }
}

/// A set of small numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    fn place(number: u32) -> (usize, u64) {
        (usize::try_from(number / 64).unwrap_or(usize::MAX), 1 << (number % 64))
    }

    pub(crate) fn set(&mut self, number: u32) {
        let (word, bit) = Self::place(number);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    pub(crate) fn has(&self, number: u32) -> bool {
        let (word, bit) = Self::place(number);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}
