//! The words of revocation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{CredentialId, PersonId, PointId, RevocationId, Timestamp};
use serde::{Deserialize, Serialize};

use super::tombstones::Tombstone;

/// What is done to a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Out of force until it is lifted.
    Suspend,
    /// In force again.
    Lift,
    /// The credentials' present generations end, for ever.
    Revoke,
}

/// Whom or what it is done to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A person: all that they carry.
    Person(PersonId),
    /// One credential.
    Credential(CredentialId),
    /// A visitor's pass.
    Pass(CredentialId),
}

/// What kind of place enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// A box of ours at a site.
    Edge,
    /// A door controller of somebody else.
    Controller,
    /// A directory, an application.
    System,
}

/// How a point's confirmation is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// The device signed it.
    DeviceSigned,
    /// It was read back from the device.
    ReadBack,
    /// Its interface said yes.
    ApiAcknowledged,
}

impl PointKind {
    /// Whether such a point keeps what is dead, and has to be heard after a restore.
    pub const fn holds_tombstones(self) -> bool {
        match self {
            Self::Edge => true,
            Self::Controller | Self::System => false,
        }
    }

    /// Whether such a point stops going by its rights when nobody renews them.
    pub const fn lets_rights_run_out(self) -> bool {
        match self {
            Self::Edge => true,
            Self::Controller | Self::System => false,
        }
    }

    /// Whether a point of this kind can confirm in this way.
    pub const fn can_confirm_by(self, known: Known) -> bool {
        match (self, known) {
            (Self::Edge, Known::DeviceSigned)
            | (Self::Controller, Known::ReadBack | Known::DeviceSigned)
            | (Self::System, Known::ReadBack | Known::ApiAcknowledged) => true,
            (Self::Edge, Known::ReadBack | Known::ApiAcknowledged)
            | (Self::Controller, Known::ApiAcknowledged)
            | (Self::System, Known::DeviceSigned) => false,
        }
    }
}

/// For how long a point's rights hold without being renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointLease {
    /// The longest lease of its zones.
    pub age_max: Duration,
    /// By how much its clock may be off over that time.
    pub clock_bound: Duration,
    /// One of its zones admits and flags at expiry: then expiry proves nothing.
    pub admits_at_expiry: bool,
}

/// A place that enforces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// What it is.
    pub kind: PointKind,
    /// Its lease; none: what it has been told it believes until told otherwise.
    pub lease: Option<PointLease>,
    /// When its rights were last renewed, or when that was last tried: it may have arrived.
    pub renewed_at: Timestamp,
}

/// What a point says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Who.
    pub point: PointId,
    /// Of which deed.
    pub deed: RevocationId,
    /// How it is known.
    pub known: Known,
    /// The version of the snapshot that the point goes by.
    pub snapshot: u64,
    /// When.
    pub at: Timestamp,
}

/// Where a deed stands at one point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// Nothing was heard of it.
    Silent,
    /// It has confirmed.
    Confirmed(Receipt),
    /// Its rights have surely run out.
    Expired {
        /// When that was known.
        at: Timestamp,
    },
    /// It enforces nothing any more: taken out of service, by somebody's act.
    Decommissioned {
        /// When.
        at: Timestamp,
    },
}

impl Signing {
    /// Whether this point leaves nothing open.
    pub const fn is_closed(&self) -> bool {
        match self {
            Self::Silent => false,
            Self::Confirmed(_) | Self::Expired { .. } | Self::Decommissioned { .. } => true,
        }
    }
}

/// One act, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// What was done.
    pub act: Act,
    /// To whom or what.
    pub subject: Subject,
    /// What died by it; empty unless it revokes.
    pub stones: Vec<Tombstone>,
    /// The first snapshot that holds it; after a restore, the first that was given out again.
    pub version: u64,
    /// Its place among all deeds.
    pub(super) order: u64,
    /// When.
    pub at: Timestamp,
    /// Where it stands at each point.
    pub points: BTreeMap<PointId, Signing>,
    /// Until when each point may still go by rights from before; none: for ever.
    pub(super) stale_until: BTreeMap<PointId, Option<Timestamp>>,
}

/// A deed without its points, to be kept in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeedHead {
    act: Act,
    subject: Subject,
    stones: Vec<Tombstone>,
    version: u64,
    order: u64,
    at: Timestamp,
}

impl Deed {
    /// All of it but its points.
    pub fn head(&self) -> DeedHead {
        DeedHead {
            act: self.act,
            subject: self.subject.clone(),
            stones: self.stones.clone(),
            version: self.version,
            order: self.order,
            at: self.at,
        }
    }

    /// Its place among all deeds: later ones stand later.
    pub const fn order(&self) -> u64 {
        self.order
    }

    /// Until when a point may still go by rights from before; none: for ever, or it is not asked.
    pub fn stale_until(&self, point: &PointId) -> Option<Timestamp> {
        self.stale_until.get(point).copied().flatten()
    }

    /// Put together again: where it stands at each point, and until when that point may go by
    /// rights from before (none: for ever).
    pub fn of(
        head: DeedHead,
        points: impl IntoIterator<Item = (PointId, Signing, Option<Timestamp>)>,
    ) -> Self {
        let mut deed = Self {
            act: head.act,
            subject: head.subject,
            stones: head.stones,
            version: head.version,
            order: head.order,
            at: head.at,
            points: BTreeMap::new(),
            stale_until: BTreeMap::new(),
        };
        for (point, signing, stale) in points {
            deed.stale_until.insert(point.clone(), stale);
            deed.points.insert(point, signing);
        }
        deed
    }
}

/// What is shown of a deed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Every point has confirmed, or its rights have run out.
    Done,
    /// Some have not.
    Unconfirmed {
        /// Which, in order of their ids.
        silent: BTreeSet<PointId>,
    },
    /// A later act on the same subject stands in its place.
    Superseded {
        /// Which.
        by: RevocationId,
    },
}

/// Why an act was not done, or a message not counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// The id was given to another act before.
    #[error("the id `{id}` was given to another act before")]
    OtherDeed {
        /// The id.
        id: RevocationId,
    },
    /// Nothing is suspended.
    #[error("the subject is not suspended")]
    NotSuspended,
    /// A revocation without what it ends.
    #[error("nothing that could be revoked: no credential of this subject is in force")]
    NothingToRevoke,
    /// A limit is reached.
    #[error("no more than {max} {of} are held")]
    Full {
        /// Of what.
        of: &'static str,
        /// How many.
        max: usize,
    },
    /// A receipt of a deed that nobody knows.
    #[error("there is no deed `{id}`")]
    UnknownDeed {
        /// The id.
        id: RevocationId,
    },
    /// A point that is not known or not asked.
    #[error("the point `{point}` is not asked about this")]
    NotAsked {
        /// The point.
        point: PointId,
    },
    /// A receipt by a point that goes by an older snapshot.
    #[error("the point goes by snapshot {found}, the deed needs {needed}")]
    OlderSnapshot {
        /// Its version.
        found: u64,
        /// The deed's.
        needed: u64,
    },
    /// A receipt in a form that this kind of point cannot give.
    #[error("a {kind:?} cannot confirm by {known:?}")]
    NotSo {
        /// What it is.
        kind: PointKind,
        /// What it said.
        known: Known,
    },
    /// No snapshot may leave: after a restore somebody's tombstones are still out.
    #[error("no snapshot is signed after a restore until {} have been merged", waiting.len())]
    Waiting {
        /// Whose.
        waiting: BTreeSet<PointId>,
    },
}
