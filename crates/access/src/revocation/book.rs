//! Who gives out rights: deeds, the points that must confirm them, and what may be signed.

use std::collections::{BTreeMap, BTreeSet};

use model::{PointId, RevocationId, Timestamp};

use super::changes::{Changes, Kept};
use super::edge::Rights;
use super::suspensions::Suspensions;
use super::tombstones::{Tombstone, Tombstones};
use super::words::{Act, Deed, NotDone, Point, PointLease, Receipt, Shown, Signing, Subject};

/// Most points of one book.
pub const POINTS_MAX: usize = 100_000;
/// Most deeds that are held; what is done and older than the archives goes by [`Book::forget`].
pub const DEEDS_MAX: usize = 100_000;

/// All of it. What is kept of it is kept with full synchronisation before anything is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    points: BTreeMap<PointId, Point>,
    deeds: BTreeMap<RevocationId, Deed>,
    suspensions: Suspensions,
    tombstones: Tombstones,
    version: u64,
    /// After a restore: whose tombstones are still out.
    waiting: BTreeSet<PointId>,
    /// What has changed since it was last kept.
    changes: Changes,
}

impl Book {
    /// Takes a point into service. It starts without rights, so nothing older concerns it.
    pub fn enrol(&mut self, id: PointId, point: Point) -> Result<(), NotDone> {
        if self.points.len() >= POINTS_MAX && !self.points.contains_key(&id) {
            return Err(NotDone::Full { of: "points", max: POINTS_MAX });
        }
        self.changes.points.insert(id.clone());
        self.points.insert(id, point);
        Ok(())
    }

    /// Takes a point out of service for good: an act of somebody, recorded by the caller.
    pub fn decommission(&mut self, id: &PointId, at: Timestamp) {
        self.points.remove(id);
        self.waiting.remove(id);
        self.changes.points.insert(id.clone());
        for (deed_id, deed) in &mut self.deeds {
            if let Some(signing) = deed.points.get_mut(id) {
                *signing = Signing::Decommissioned { at };
                self.changes.signings.insert((deed_id.clone(), id.clone()));
            }
        }
    }

    /// Suspends, lifts or revokes. The same id again, with the same act, changes nothing.
    ///
    /// `stones`: the present generations of all credentials of the subject, for a revocation.
    pub fn act(
        &mut self,
        id: &RevocationId,
        (act, subject): (Act, Subject),
        stones: Vec<Tombstone>,
        at: Timestamp,
    ) -> Result<(), NotDone> {
        if let Some(known) = self.deeds.get(id) {
            let same = known.act == act && known.subject == subject;
            return if same { Ok(()) } else { Err(NotDone::OtherDeed { id: id.clone() }) };
        }
        if self.deeds.len() >= DEEDS_MAX {
            return Err(NotDone::Full { of: "deeds", max: DEEDS_MAX });
        }
        let version = self.version + 1;
        match act {
            Act::Suspend => self.suspensions.put(subject.clone(), version, true),
            Act::Lift if !self.suspensions.holds(&subject) => return Err(NotDone::NotSuspended),
            Act::Lift => self.suspensions.put(subject.clone(), version, false),
            Act::Revoke => self.bury(&stones)?,
        }
        match act {
            Act::Suspend | Act::Lift => drop(self.changes.suspended.insert(subject.clone())),
            Act::Revoke => self.changes.stones.extend(stones.iter().map(|stone| stone.key)),
        }
        self.changes.deeds.insert(id.clone());
        self.version = version;
        let ends = |point: &Point| {
            let lease = point.lease.filter(|lease| !lease.admits_at_expiry)?;
            Some(point.renewed_at.plus(lease.age_max).plus(lease.clock_bound))
        };
        let stale = self.points.iter().map(|(id, point)| (id.clone(), ends(point)));
        let silent = self.points.keys().map(|id| (id.clone(), Signing::Silent));
        let deed = Deed {
            act,
            subject,
            stones,
            version,
            order: version,
            at,
            points: silent.collect(),
            stale_until: stale.collect(),
        };
        self.deeds.insert(id.clone(), deed);
        Ok(())
    }

    fn bury(&mut self, stones: &[Tombstone]) -> Result<(), NotDone> {
        if stones.is_empty() {
            return Err(NotDone::NothingToRevoke);
        }
        let mut next = self.tombstones.clone();
        if !stones.iter().all(|stone| next.bury(*stone)) {
            return Err(NotDone::Full { of: "tombstones", max: super::TOMBSTONES_MAX });
        }
        self.tombstones = next;
        Ok(())
    }

    /// A point confirms. A receipt that says less than is asked counts for nothing.
    pub fn receive(&mut self, receipt: &Receipt) -> Result<(), NotDone> {
        let unknown = || NotDone::UnknownDeed { id: receipt.deed.clone() };
        let not_asked = || NotDone::NotAsked { point: receipt.point.clone() };
        let deed = self.deeds.get_mut(&receipt.deed).ok_or_else(unknown)?;
        let point = self.points.get(&receipt.point).ok_or_else(not_asked)?;
        let signing = deed.points.get_mut(&receipt.point).ok_or_else(not_asked)?;
        if receipt.snapshot < deed.version {
            let (found, needed) = (receipt.snapshot, deed.version);
            return Err(NotDone::OlderSnapshot { found, needed });
        }
        if !point.kind.can_confirm_by(receipt.known) {
            return Err(NotDone::NotSo { kind: point.kind, known: receipt.known });
        }
        match signing {
            Signing::Silent | Signing::Expired { .. } => {
                *signing = Signing::Confirmed(receipt.clone());
                let place = (receipt.deed.clone(), receipt.point.clone());
                self.changes.signings.insert(place);
            }
            Signing::Confirmed(_) | Signing::Decommissioned { .. } => {}
        }
        Ok(())
    }

    /// A point says which snapshot it goes by; none: it has no rights. One that has gone back, as
    /// after a restore, has confirmed nothing that is newer.
    pub fn heard(&mut self, id: &PointId, snapshot: Option<u64>) {
        let Some(snapshot) = snapshot.filter(|_| self.points.contains_key(id)) else { return };
        for (deed_id, deed) in self.deeds.iter_mut().filter(|(_, deed)| snapshot < deed.version) {
            let known = deed.stale_until.get(id) == Some(&None);
            if known && deed.points.get(id) == Some(&Signing::Silent) {
                continue;
            }
            deed.points.insert(id.clone(), Signing::Silent);
            // It goes by rights of which nobody knows when they were given.
            deed.stale_until.insert(id.clone(), None);
            self.changes.signings.insert((deed_id.clone(), id.clone()));
        }
    }

    /// Time has come: leases that have surely ended close their points.
    pub fn tick(&mut self, now: Timestamp) {
        for (deed_id, deed) in &mut self.deeds {
            for (id, signing) in &mut deed.points {
                let ended = deed.stale_until.get(id).copied().flatten().is_some_and(|at| at < now);
                if *signing == Signing::Silent && ended {
                    *signing = Signing::Expired { at: now };
                    self.changes.signings.insert((deed_id.clone(), id.clone()));
                }
            }
        }
    }

    /// The rights for a point, to be signed and sent; renews its lease from the moment at which
    /// it is asked for, whether it arrives or not. Fails while tombstones are out after a restore.
    pub fn sign(&mut self, id: &PointId, now: Timestamp) -> Result<Rights, NotDone> {
        self.renew(id, now)?;
        Ok(Rights {
            version: self.version,
            given_at: now,
            tombstones: self.tombstones.clone(),
            suspensions: self.suspensions.clone(),
            deeds: self.open_at(id),
        })
    }

    /// What is dead, to be sent at any time, also while nothing else may be signed: taking in a
    /// tombstone is never wrong.
    pub fn tombstones(&self) -> &Tombstones {
        &self.tombstones
    }

    /// This book was read from an archive at `now`. `living`: what the running book knew, where it
    /// is not lost; `copies`: who holds tombstones and must be heard first (every edge is).
    ///
    /// Nothing that was confirmed is believed before it is said again; nothing is signed until all
    /// tombstones are merged; and versions begin above all that were ever given out.
    pub fn restored(&mut self, living: Option<&Self>, copies: &[PointId], now: Timestamp) {
        if let Some(living) = living {
            self.tombstones.merge(&living.tombstones);
            self.suspensions.merge(&living.suspensions);
        }
        let holders = self.points.iter().filter(|(_, point)| point.kind.holds_tombstones());
        self.waiting = holders.map(|(id, _)| id).chain(copies).cloned().collect();
        for point in self.points.values_mut() {
            // Renewals that the archive does not know of may have been sent until now.
            point.renewed_at = point.renewed_at.max(now);
        }
        self.changes.is_whole = true;
        // Nanoseconds pass faster than versions are given out.
        self.version = self.version.max(u64::try_from(now.nanos()).unwrap_or(0)) + 1;
        let version = self.version;
        for deed in self.deeds.values_mut() {
            deed.version = version;
            for (id, signing) in &mut deed.points {
                match signing {
                    Signing::Confirmed(_) | Signing::Expired { .. } => {
                        *signing = Signing::Silent;
                        deed.stale_until.insert(id.clone(), None);
                    }
                    Signing::Silent => {
                        deed.stale_until.insert(id.clone(), None);
                    }
                    Signing::Decommissioned { .. } => {}
                }
            }
        }
    }

    /// The tombstones and suspensions of a point or copy have arrived. How many were new here.
    pub fn merged(
        &mut self,
        from: &PointId,
        (theirs, suspended): (&Tombstones, &Suspensions),
    ) -> usize {
        let (mut stones, mut lost) = (Vec::new(), 0);
        for stone in theirs.iter() {
            let before = self.tombstones.get(stone.key);
            lost += usize::from(!self.tombstones.bury(stone));
            // An earlier instant of the same death is news as well: all are to hold the same.
            if self.tombstones.get(stone.key) != before {
                stones.push(stone.key);
            }
        }
        let new = stones.len() + self.suspensions.merge(suspended);
        self.changes.stones.extend(stones);
        self.changes.suspended.extend(suspended.iter().map(|(subject, ..)| subject.clone()));
        if lost == 0 {
            self.waiting.remove(from);
        }
        if new > 0 {
            self.version += 1;
        }
        new
    }

    /// An administrator answers for the tombstones that are out. Whose they were, for the record.
    pub fn sign_for_the_gap(&mut self) -> BTreeSet<PointId> {
        std::mem::take(&mut self.waiting)
    }

    /// The rights themselves have changed: their next version.
    pub fn advance(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    /// Whoever holds this book begins anew at `now`: versions go on above all that any earlier
    /// holder, also one that was put back since, can have given out. SOURCE: nanoseconds pass
    /// faster than versions are given out.
    pub fn begin(&mut self, now: Timestamp) -> u64 {
        self.version = self.version.max(u64::try_from(now.nanos()).unwrap_or(0)) + 1;
        self.version
    }

    /// What has changed since this was last asked; what is kept must be kept before anybody is
    /// told.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// Deeds of which something else may be shown than when changes were last taken: those that
    /// changed, and the others of a subject to which something new was done.
    pub fn unsettled(&self) -> BTreeSet<RevocationId> {
        if self.changes.is_whole {
            return self.deeds.keys().cloned().collect();
        }
        let signed = self.changes.signings.iter().map(|(id, _)| id);
        let mut found: BTreeSet<RevocationId> =
            signed.chain(&self.changes.deeds).cloned().collect();
        let new: BTreeSet<&Subject> =
            self.changes.deeds.iter().filter_map(|id| Some(&self.deeds.get(id)?.subject)).collect();
        if !new.is_empty() {
            let same = self.deeds.iter().filter(|(_, deed)| new.contains(&deed.subject));
            found.extend(same.map(|(id, _)| id.clone()));
        }
        found
    }

    /// All that has to be kept of it.
    pub fn kept(&self) -> Kept {
        Kept {
            points: self.points.clone(),
            deeds: self.deeds.clone(),
            suspensions: self.suspensions.clone(),
            tombstones: self.tombstones.iter().collect(),
            version: self.version,
            waiting: self.waiting.clone(),
        }
    }

    /// A book as it was kept, opened again at `now`. Renewals may have been sent until then that
    /// nobody wrote down: leases are counted from now. Tombstones that find no room are given
    /// back: then it must not be used.
    pub fn reopened(kept: Kept, now: Timestamp) -> (Self, usize) {
        let mut tombstones = Tombstones::default();
        let lost = kept.tombstones.into_iter().filter(|stone| !tombstones.bury(*stone)).count();
        let mut points = kept.points;
        for point in points.values_mut() {
            point.renewed_at = point.renewed_at.max(now);
        }
        let (deeds, suspensions) = (kept.deeds, kept.suspensions);
        let (version, waiting) = (kept.version, kept.waiting);
        let changes = Changes::default();
        (Self { points, deeds, suspensions, tombstones, version, waiting, changes }, lost)
    }

    /// Whose tombstones are still out after a restore; empty: nothing waits.
    pub fn waiting(&self) -> &BTreeSet<PointId> {
        &self.waiting
    }

    /// A deed.
    pub fn deed(&self, id: &RevocationId) -> Option<&Deed> {
        self.deeds.get(id)
    }

    /// A point in service.
    pub fn point(&self, id: &PointId) -> Option<&Point> {
        self.points.get(id)
    }

    /// Says anew for how long a point's rights hold, as when its zones have changed. A shorter
    /// lease counts for what it is given from now on; what it had it may go by as long as before.
    /// A point whose rights do not run out by themselves has none.
    pub fn set_lease(&mut self, id: &PointId, lease: Option<PointLease>) {
        let Some(point) = self.points.get_mut(id) else { return };
        let lease = lease.filter(|_| point.kind.lets_rights_run_out());
        if point.lease == lease {
            return;
        }
        point.lease = lease;
        self.changes.points.insert(id.clone());
    }

    /// The deeds that wait for a point's receipt.
    pub fn open_at(&self, id: &PointId) -> Vec<RevocationId> {
        let waits = |deed: &Deed| {
            deed.points.get(id).is_some_and(|signing| match signing {
                Signing::Silent | Signing::Expired { .. } => true,
                Signing::Confirmed(_) | Signing::Decommissioned { .. } => false,
            })
        };
        self.deeds.iter().filter(|(_, deed)| waits(deed)).map(|(id, _)| id.clone()).collect()
    }

    /// A point's rights are about to be renewed at `now`: its lease counts from there, whether it
    /// arrives or not. Fails while tombstones are out after a restore.
    pub fn renew(&mut self, id: &PointId, now: Timestamp) -> Result<(), NotDone> {
        if !self.waiting.is_empty() {
            return Err(NotDone::Waiting { waiting: self.waiting.clone() });
        }
        let point = self.points.get_mut(id);
        let point = point.ok_or_else(|| NotDone::NotAsked { point: id.clone() })?;
        point.renewed_at = point.renewed_at.max(now);
        Ok(())
    }

    /// What is shown of a deed; made anew from what every point has said, so that nothing can be
    /// shown as done that is not.
    pub fn show(&self, id: &RevocationId) -> Option<Shown> {
        let deed = self.deeds.get(id)?;
        if deed.act != Act::Revoke
            && let Some(by) = self.superseding(id, deed)
        {
            return Some(Shown::Superseded { by });
        }
        let open = deed.points.iter().filter(|(_, signing)| !signing.is_closed());
        let silent: BTreeSet<PointId> = open.map(|(id, _)| id.clone()).collect();
        Some(if silent.is_empty() { Shown::Done } else { Shown::Unconfirmed { silent } })
    }

    fn superseding(&self, id: &RevocationId, deed: &Deed) -> Option<RevocationId> {
        let later = self.deeds.iter().filter(|(other, later)| {
            *other != id && later.subject == deed.subject && later.order > deed.order
        });
        later.max_by_key(|(_, later)| later.order).map(|(by, _)| by.clone())
    }

    /// Who is suspended.
    pub fn suspensions(&self) -> &Suspensions {
        &self.suspensions
    }

    /// Deeds, in order of their ids.
    pub fn deeds(&self) -> impl Iterator<Item = (&RevocationId, &Deed)> {
        self.deeds.iter()
    }

    /// Points in service, in order of their ids.
    pub fn points(&self) -> impl Iterator<Item = (&PointId, &Point)> {
        self.points.iter()
    }

    /// The version of the next rights.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Forgets deeds that are done or superseded and older than the oldest restorable archive, and
    /// tombstones as old. How many deeds went.
    pub fn forget(&mut self, oldest_restorable: Timestamp) -> usize {
        let gone: Vec<RevocationId> = self
            .deeds
            .iter()
            .filter(|(id, deed)| {
                let open = matches!(self.show(id), Some(Shown::Unconfirmed { .. }));
                deed.at < oldest_restorable && !open
            })
            .map(|(id, _)| id.clone())
            .collect();
        gone.iter().for_each(|id| {
            self.deeds.remove(id);
        });
        self.changes.gone.extend(gone.iter().cloned());
        let open = self.deeds.values().flat_map(|deed| &deed.stones);
        let kept: Vec<Tombstone> = open.copied().collect();
        let before = self.tombstones.clone();
        self.tombstones.expire(oldest_restorable);
        kept.into_iter().for_each(|stone| {
            self.tombstones.bury(stone);
        });
        let is_gone = |stone: &Tombstone| self.tombstones.get(stone.key).is_none();
        let stones = before.iter().filter(is_gone).map(|stone| stone.key);
        self.changes.gone_stones.extend(stones);
        gone.len()
    }
}
