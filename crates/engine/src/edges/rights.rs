//! Rights on their way out: what the doors of a point need, whole or as what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use access::door::travel::{Delta, Full, Scope};
use access::door::{AtExpiry, Snapshot};
use access::revocation::PointLease;
use model::rights::RightsData;
use model::{DoorId, PlaceId, PointId, Timestamp};

use super::Hub;
use crate::rights::Rights;
use crate::warden::WardenError;

/// Versions of rights that are remembered, so that what changed can be said.
const PINNED_MAX: usize = 8;
/// By how much an edge's clock may be off over a lease.
const CLOCK_BOUND: Duration = Duration::from_secs(60);

/// Rights as they were given out from a version on.
pub(super) struct Pinned {
    pub(super) version: u64,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) data: Arc<RightsData>,
}

impl Pinned {
    /// What the doors of a point need, under a version. `site`: the point's.
    pub(super) fn full(&self, point: &PointId, (site, given_at): (&PlaceId, Timestamp)) -> Full {
        let doors: BTreeSet<DoorId> =
            self.data.points.get(point).into_iter().flatten().cloned().collect();
        let mut full =
            Full::of(&self.snapshot, Scope { site, doors: &doors, given_at, deeds: &[] });
        full.version = self.version;
        full
    }
}

/// What leads from one to the other for a point.
pub(super) fn between(
    (old, new): (&Pinned, &Pinned),
    point: &PointId,
    (site, given_at): (&PlaceId, Timestamp),
) -> Delta {
    Delta::between(&old.full(point, (site, given_at)), &new.full(point, (site, given_at)))
}

/// The lease of a point: the longest of its zones. A zone that admits in any way when its rights
/// are too old leaves its point open for good: the end of a lease proves nothing there.
pub fn lease_of(snapshot: &Snapshot, doors: &[DoorId]) -> Option<PointLease> {
    let estate = snapshot.estate();
    let mut lease = PointLease {
        age_max: Duration::ZERO,
        clock_bound: CLOCK_BOUND,
        admits_at_expiry: doors.is_empty(),
    };
    for door in doors {
        // A door that nobody knows holds nothing, and says nothing of how long.
        let zone = estate.door(door).and_then(|door| estate.zone(&door.to))?;
        lease.age_max = lease.age_max.max(zone.lease.age_max);
        lease.admits_at_expiry |= match zone.lease.at_expiry {
            AtExpiry::Refuse { .. } => false,
            AtExpiry::PinAsWell | AtExpiry::EscortOnly | AtExpiry::AllowAndFlag => true,
        };
    }
    Some(lease)
}

impl Hub {
    pub(super) fn pinned(&self) -> Vec<Arc<Pinned>> {
        self.pinned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn newest(&self) -> Option<Arc<Pinned>> {
        self.pinned.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// Rights may have changed: if they have, they go out under a new version. Tombstones and
    /// suspensions alone go out by themselves.
    pub async fn follow_rights(&self, rights: &Rights, now: Timestamp) -> Result<(), WardenError> {
        let (snapshot, data) = (rights.snapshot(), rights.data());
        if let Some(last) = self.newest()
            && last.snapshot.shares_rights(&snapshot)
            && last.data.points == data.points
        {
            return Ok(());
        }
        let lease = |doors: &Vec<DoorId>| lease_of(&snapshot, doors);
        let mut leases: BTreeMap<PointId, Option<PointLease>> =
            data.points.iter().map(|(point, doors)| (point.clone(), lease(doors))).collect();
        for point in self.warden.points().await.into_keys() {
            leases.entry(point).or_insert_with(|| lease_of(&snapshot, &[]));
        }
        // Pinned under the version before anybody can ask for it: whoever gives holds the same
        // lock in the warden, and asks here only after.
        let version = self.warden.rights_changed(&leases, now).await?;
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        pinned.push(Arc::new(Pinned { version, snapshot, data }));
        let old = pinned.len().saturating_sub(PINNED_MAX);
        pinned.drain(..old);
        Ok(())
    }
}
