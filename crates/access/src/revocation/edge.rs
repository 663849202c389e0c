//! A point that enforces: what it takes, what it forgets, and how long it may go by it.

use std::time::Duration;

use model::{PointId, RevocationId, Timestamp};

use crate::door::CredentialKey;

use super::suspensions::Suspensions;
use super::tombstones::Tombstones;
use super::words::{Known, Receipt, Subject};

/// Rights as they travel, signed by who gives them out; signature and site are checked before
/// they come here. The credentials themselves travel beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Their version.
    pub version: u64,
    /// When they were given.
    pub given_at: Timestamp,
    /// All that is dead.
    pub tombstones: Tombstones,
    /// Who is suspended.
    pub suspensions: Suspensions,
    /// The deeds that wait for this point's receipt.
    pub deeds: Vec<RevocationId>,
}

/// Why rights were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Older than those in force.
    #[error("version {found} is older than {had}, which is in force")]
    Older {
        /// What came.
        found: u64,
        /// What is in force.
        had: u64,
    },
    /// More tombstones than this point has room for.
    #[error("no room for {lost} tombstones")]
    NoRoom {
        /// How many.
        lost: usize,
    },
}

/// What a point goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeRights {
    id: PointId,
    version: u64,
    tombstones: Tombstones,
    suspensions: Suspensions,
    /// When the rights in force were given; none: there are none.
    given_at: Option<Timestamp>,
    /// The newest instant that this point has seen: its clock goes forward only.
    high_water: Timestamp,
    is_trusted: bool,
}

impl EdgeRights {
    /// A point without rights.
    pub fn new(id: PointId) -> Self {
        Self {
            id,
            version: 0,
            tombstones: Tombstones::default(),
            suspensions: Suspensions::default(),
            given_at: None,
            high_water: Timestamp::default(),
            is_trusted: true,
        }
    }

    /// Takes rights, all or nothing. Gives the receipts, to be sent once everything is on disk.
    /// Tombstones are joined also when the rest is refused as older.
    pub fn apply(&mut self, rights: &Rights, now: Timestamp) -> Result<Vec<Receipt>, Refused> {
        let lost = self.tombstones.merge(&rights.tombstones);
        self.suspensions.merge(&rights.suspensions);
        if rights.version < self.version {
            return Err(Refused::Older { found: rights.version, had: self.version });
        }
        if lost > 0 {
            return Err(Refused::NoRoom { lost });
        }
        self.version = rights.version;
        let newest = self.given_at.map_or(rights.given_at, |had| had.max(rights.given_at));
        self.given_at = Some(newest);
        self.high_water = self.high_water.max(now);
        let receipt = |deed: &RevocationId| Receipt {
            point: self.id.clone(),
            deed: deed.clone(),
            known: Known::DeviceSigned,
            snapshot: self.version,
            at: now,
        };
        Ok(rights.deeds.iter().map(receipt).collect())
    }

    /// Takes in tombstones alone. How many found no room.
    pub fn bury(&mut self, tombstones: &Tombstones) -> usize {
        self.tombstones.merge(tombstones)
    }

    /// Its clock shows `now`. One that has gone back is not trusted until it has caught up.
    pub fn tick(&mut self, now: Timestamp) {
        self.is_trusted = now >= self.high_water;
        self.high_water = self.high_water.max(now);
    }

    /// It has started again, with or without knowing the time.
    pub fn restarted(&mut self, knows_time: bool) {
        self.is_trusted = knows_time;
    }

    /// It was put back to an archive of its own. Tombstones are joined; rights are none, until
    /// somebody gives some.
    pub fn restored(&mut self, archive: &Self) {
        self.tombstones.merge(&archive.tombstones);
        self.suspensions.merge(&archive.suspensions);
        self.version = 0;
        self.given_at = None;
        self.high_water = self.high_water.max(archive.high_water);
    }

    /// Whether its rights hold for a zone that allows them this age.
    pub fn holds(&self, age_max: Duration, now: Timestamp) -> bool {
        let young = |given: Timestamp| now >= given && now.since(given) <= age_max;
        self.is_trusted && now >= self.high_water && self.given_at.is_some_and(young)
    }

    /// Whether a generation of a credential is dead here.
    pub fn is_dead(&self, key: CredentialKey, generation: u32) -> bool {
        self.tombstones.covers(key, generation)
    }

    /// Whether somebody or something is suspended here.
    pub fn is_suspended(&self, subject: &Subject) -> bool {
        self.suspensions.holds(subject)
    }

    /// Which snapshot it goes by; none: it has no rights.
    pub fn version(&self) -> Option<u64> {
        self.given_at.map(|_| self.version)
    }

    /// All suspensions that it knows.
    pub fn suspensions(&self) -> &Suspensions {
        &self.suspensions
    }

    /// All that is dead here.
    pub fn tombstones(&self) -> &Tombstones {
        &self.tombstones
    }
}
