//! The doors of the server's own machine, as a point among the others: it is asked about every
//! deed, and confirms once its road goes by it.

use std::collections::BTreeSet;
use std::sync::Arc;

use access::door::Snapshot;
use access::link::Purpose;
use access::revocation::{Known, Point, PointKind, Receipt};
use model::{PointId, RevocationId};

use super::{Heard, WardenError};
use crate::engine::Engine;

/// Rights for our own doors, and what their road confirms by going by them.
pub struct HomeRights {
    /// To be taken by the road.
    pub snapshot: Snapshot,
    version: u64,
    deeds: Arc<BTreeSet<RevocationId>>,
}

impl Engine {
    /// Our own doors are a point in service, if there are any; if there are none any more, it is
    /// taken out.
    pub async fn home_point(&self, home: Option<&PointId>, usual: &PointId) {
        let points = self.warden.points().await;
        let now = self.now();
        let done = match home {
            // Its rights are as young as this process: there is no lease that could end.
            Some(home) if !points.contains_key(home) => {
                let point = Point { kind: PointKind::Edge, lease: None, renewed_at: now };
                self.warden.enrol((home.clone(), point), ("castellan", now)).await
            }
            None if points.contains_key(usual) && self.edges.get(usual).is_none() => {
                let why = "no doors are wired to this server any more";
                self.warden.decommission(usual, ("castellan", why), now).await
            }
            Some(_) | None => Ok(()),
        };
        if let Err(error) = done {
            tracing::error!(reason = %error, "our own doors are not asked about revocations");
        }
    }

    /// What our own doors go by now. Everything that was published is in it.
    pub async fn home_rights(&self) -> HomeRights {
        // The version first: what is taken after it holds at least what it says.
        let (version, deeds) = {
            let given = self.warden.given().await;
            (given.version, Arc::clone(&given.open))
        };
        let (dead, suspended) = self.warden.words().await;
        let mut snapshot = (*self.access.snapshot()).clone();
        let lost = snapshot.bury(&dead);
        if lost > 0 {
            tracing::error!(lost, "tombstones find no room at our own doors");
        }
        snapshot.suspend(&suspended);
        HomeRights { snapshot, version, deeds }
    }

    /// The road of our own doors goes by them: it confirms, signed by this server.
    pub async fn home_confirms(
        &self,
        home: &PointId,
        (version, deeds): (u64, Arc<BTreeSet<RevocationId>>),
    ) -> Result<(), WardenError> {
        let now = self.now();
        if self.warden.waiting().await.contains(home) {
            let (dead, suspended) = self.warden.words().await;
            self.warden.merged(home, (&dead, &suspended), now).await?;
        }
        let mut heard = vec![Heard::Goes(home.clone(), Some(version))];
        for deed in deeds.iter() {
            let receipt = Receipt {
                point: home.clone(),
                deed: deed.clone(),
                known: Known::DeviceSigned,
                snapshot: version,
                at: now,
            };
            let Ok(bytes) = rmp_serde::to_vec_named(&receipt) else { continue };
            let signed = self.edges.keys().sign(Purpose::Receipt, home, bytes);
            heard.push(Heard::Receipt(receipt, (signed.bytes, signed.signature)));
        }
        self.warden.hear(heard, now).await?;
        Ok(())
    }
}

impl HomeRights {
    /// The rights, and what is confirmed once they are taken.
    pub fn parts(self) -> (Snapshot, (u64, Arc<BTreeSet<RevocationId>>)) {
        (self.snapshot, (self.version, self.deeds))
    }
}
