//! Tombstones: which generations of which credentials are dead, for ever.
//!
//! INVARIANT: they only grow. Two sets are joined by taking, for each credential, the later
//! generation; that is the same in whatever order and however often it is done, so backups,
//! replicas and edges can be merged without asking who is newer (`tests/revocation.rs`).

use std::collections::BTreeMap;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::door::CredentialKey;

/// Most tombstones that are held; see [`Tombstones::bury`].
pub const TOMBSTONES_MAX: usize = 1_000_000;

/// One of them, as it travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tombstone {
    /// The keyed hash of the credential's number.
    pub key: CredentialKey,
    /// This generation and all before it are dead.
    pub generation: u32,
    /// Since when; the earliest that anybody knows.
    pub since: Timestamp,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tombstones {
    dead: BTreeMap<CredentialKey, (u32, Timestamp)>,
}

impl Tombstones {
    /// Ends a generation and all before it. `false`: there is no room, and the caller must say so;
    /// a credential that has a tombstone already always finds room.
    pub fn bury(&mut self, stone: Tombstone) -> bool {
        let full = self.dead.len() >= TOMBSTONES_MAX;
        match self.dead.get_mut(&stone.key) {
            Some((generation, since)) => {
                if stone.generation > *generation {
                    (*generation, *since) = (stone.generation, stone.since);
                } else if stone.generation == *generation {
                    *since = (*since).min(stone.since);
                }
                true
            }
            None if full => false,
            None => {
                self.dead.insert(stone.key, (stone.generation, stone.since));
                true
            }
        }
    }

    /// Whether this generation is dead.
    pub fn covers(&self, key: CredentialKey, generation: u32) -> bool {
        self.dead.get(&key).is_some_and(|(dead, _)| generation <= *dead)
    }

    /// Whether any generation of this credential is dead.
    pub fn knows(&self, key: CredentialKey) -> bool {
        self.dead.contains_key(&key)
    }

    /// Takes in what another set knows. How many found no room.
    pub fn merge(&mut self, other: &Self) -> usize {
        other.iter().filter(|stone| !self.bury(*stone)).count()
    }

    /// Whether everything that another set knows is known here.
    pub fn includes(&self, other: &Self) -> bool {
        other.iter().all(|stone| self.covers(stone.key, stone.generation))
    }

    /// Forgets those older than the oldest archive that could be restored. How many went.
    pub fn expire(&mut self, oldest_restorable: Timestamp) -> usize {
        let before = self.dead.len();
        self.dead.retain(|_, (_, since)| *since >= oldest_restorable);
        before - self.dead.len()
    }

    /// All, in order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = Tombstone> {
        self.dead.iter().map(|(key, (generation, since))| Tombstone {
            key: *key,
            generation: *generation,
            since: *since,
        })
    }

    /// The tombstone of a credential.
    pub fn get(&self, key: CredentialKey) -> Option<Tombstone> {
        let (generation, since) = self.dead.get(&key)?;
        Some(Tombstone { key, generation: *generation, since: *since })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.dead.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.dead.is_empty()
    }
}
