//! What has changed in a book, and all of it, for whoever keeps it.

use std::collections::{BTreeMap, BTreeSet};

use model::{PointId, RevocationId};
use serde::{Deserialize, Serialize};

use crate::door::CredentialKey;

use super::suspensions::Suspensions;
use super::tombstones::Tombstone;
use super::words::{Deed, Point, Subject};

/// What has changed. The version and who is waited for are to be kept whatever else has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Points that came, changed or went.
    pub points: BTreeSet<PointId>,
    /// Deeds that are new, with all their points.
    pub deeds: BTreeSet<RevocationId>,
    /// Where a deed stands at a point.
    pub signings: BTreeSet<(RevocationId, PointId)>,
    /// Credentials with a new tombstone.
    pub stones: BTreeSet<CredentialKey>,
    /// Subjects with a new word on their suspension.
    pub suspended: BTreeSet<Subject>,
    /// Deeds that were forgotten.
    pub gone: BTreeSet<RevocationId>,
    /// Credentials whose tombstone was forgotten.
    pub gone_stones: BTreeSet<CredentialKey>,
    /// Everything has: after a restore.
    pub is_whole: bool,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Points in service.
    pub points: BTreeMap<PointId, Point>,
    /// Deeds.
    pub deeds: BTreeMap<RevocationId, Deed>,
    /// Who is suspended.
    pub suspensions: Suspensions,
    /// What is dead.
    pub tombstones: Vec<Tombstone>,
    /// The version of the next rights.
    pub version: u64,
    /// After a restore: whose tombstones are still out.
    pub waiting: BTreeSet<PointId>,
}
