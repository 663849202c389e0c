//! The warden of revocations: what was ended, where that has arrived, how it is known.
//!
//! Owns the book of the `access` kernel, its place in the state and its copy beside it. What the
//! book says is on disk, synchronised, before anybody is told: a point, a console, a stream. It
//! never decides who may pass, and never shows anything as revoked that some point could admit.
//!
//! Two locks, taken in this order. `book`: one change at a time, from the kernel to the disk.
//! `given`: what may be given out; whoever gives holds it for reading, so that no renewal of older
//! rights leaves between the moment at which a deed counts its leases and the moment at which the
//! new version is out.

mod copy;
mod duty;
mod given;
mod home;
mod keep;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Mutex as StdMutex, PoisonError};

use access::revocation::{
    Act, Book, Deed, Known, NotDone, Point, PointLease, Receipt, Shown, Subject, Suspensions,
    Tombstone, Tombstones,
};
use model::{AuditAct, IncidentId, PointId, RevocationId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{State, StoreError};
use tokio::sync::{Mutex, RwLock, watch};

pub use copy::COPY_FILE;
pub use duty::{Acted, UNCONFIRMED_AFTER, compensating, run};
pub use given::{Give, Given, HISTORY_MAX, Since};
pub use home::HomeRights;

use copy::Copy;

/// Longest reason, in characters.
pub const WHY_CHARS_MAX: usize = 500;
/// How long what is done is remembered, and what is dead: no archive that is older is put back.
pub const REMEMBERED_FOR: std::time::Duration = std::time::Duration::from_secs(800 * 86_400);
/// Runs of this state whose versions are known; beyond it the oldest are forgotten.
const RUNS_MAX: usize = 256;
/// Who the copy beside the state is, where the sources of tombstones are named.
const COPY_POINT: &str = "copy-beside-the-state";

/// Why the warden did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum WardenError {
    /// The rules of revocation forbid it.
    #[error(transparent)]
    NotDone(#[from] NotDone),
    /// The state cannot be read or written: nothing has changed, and nothing was said.
    #[error("the state takes nothing now: {0}")]
    Store(#[from] StoreError),
    /// What is kept is not what we wrote.
    #[error("what is kept of revocations is damaged: {0}")]
    Damaged(String),
    /// The copy beside the state.
    #[error("the copy of tombstones beside the state cannot be used: {0}")]
    Copy(std::io::Error),
    /// Nobody said why.
    #[error("a reason of 1 to {WHY_CHARS_MAX} characters is needed")]
    NoReason,
}

/// What the house notes of a deed, beside what the kernel knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// By whose right.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When the last point had confirmed.
    pub done_at: Option<Timestamp>,
    /// The incident that was opened because somebody stayed silent.
    pub incident: Option<IncidentId>,
}

/// A deed as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its id.
    pub id: RevocationId,
    /// The kernel's.
    pub deed: Deed,
    /// The house's.
    pub note: Note,
    /// What is shown of it.
    pub shown: Shown,
}

/// What somebody wants done to a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The same act again has the same id.
    pub id: RevocationId,
    /// What.
    pub act: Act,
    /// To whom or what.
    pub subject: Subject,
    /// Why.
    pub reason: String,
    /// By whose right.
    pub by: String,
}

/// A point's signed word, and the signature, as evidence.
pub type Proof = (Vec<u8>, Vec<u8>);

/// What a point said.
#[derive(Debug, Clone)]
pub enum Heard {
    /// It confirms; the signature has been checked by whoever heard it.
    Receipt(Receipt, Proof),
    /// It goes by this snapshot; none: it has no rights.
    Goes(PointId, Option<u64>),
}

struct Inner {
    book: Book,
    notes: BTreeMap<RevocationId, Note>,
    copy: Copy,
    /// The copy lacks what could not be written to it; it is made whole at the next occasion.
    is_copy_behind: bool,
    /// A write failed: the book is read again before it is used.
    is_doubtful: bool,
    /// The first and the last version that each run of this state has given out: whoever goes by
    /// one between them was given it by a state that is gone.
    runs: Vec<(u64, u64)>,
    /// The version and how many were waited for, as they were last kept.
    kept: (u64, usize),
    /// Leases that became shorter count once the point goes by this version.
    shorter: BTreeMap<PointId, (u64, Option<PointLease>)>,
}

/// The warden.
pub struct Warden {
    state: State,
    book: Mutex<Inner>,
    given: RwLock<Given>,
    /// When each point's rights were last renewed; taken into the book before every deed.
    renewed: StdMutex<HashMap<PointId, Timestamp>>,
    changed: watch::Sender<u64>,
    told: tokio::sync::broadcast::Sender<RevocationId>,
}

/// Deeds whose change may be waiting for whoever watches.
const TOLD_MAX: usize = 1_024;

impl Warden {
    /// Opens what is kept in the state and beside it.
    ///
    /// A state that is older than its copy was put back from an archive: what is dead is joined,
    /// and nothing is given out until every point was heard or somebody signed for the gap.
    pub async fn open(state: State, data: &Path, now: Timestamp) -> Result<Self, WardenError> {
        let (copy, copied) = Copy::open(data).map_err(WardenError::Copy)?;
        if copied.unread > 0 {
            tracing::error!(lines = copied.unread, "lines of the copy of tombstones are unread");
        }
        let (book, notes, was_kept) = keep::read(&state, now).await?;
        let is_older = copied.version > book.version();
        let had = book.version();
        let mut inner = Inner {
            book,
            notes,
            copy,
            is_copy_behind: true,
            is_doubtful: false,
            kept: (0, 0),
            runs: copied.runs.clone(),
            shorter: BTreeMap::new(),
        };
        let mut acts = Vec::new();
        if is_older {
            restored(&mut inner.book, (&copied.tombstones, &copied.suspensions), now);
            tracing::error!(
                had,
                copy = copied.version,
                "the state is older than the copy of its tombstones: it was put back from an \
                 archive; nothing is signed until every edge was heard or somebody signs for it"
            );
            let detail = json!({ "version": had, "copy": copied.version });
            acts.push(audit(now, "castellan", "revocation.restored", "state", detail));
        } else {
            // The plug may have been pulled between state and copy: what the state has given out
            // last is its own all the same.
            if let Some(run) = inner.runs.last_mut().filter(|run| run.0 <= had) {
                run.1 = run.1.max(had);
            }
            inner.book.begin(now);
        }
        if inner.runs.is_empty() && was_kept {
            inner.runs.push((0, had));
        }
        begin_run(&mut inner);
        let given = Given::of(&inner.book);
        let (changed, _) = watch::channel(given.version);
        let (told, _) = tokio::sync::broadcast::channel(TOLD_MAX);
        let warden = Self {
            state,
            book: Mutex::new(inner),
            given: RwLock::new(given),
            renewed: StdMutex::default(),
            changed,
            told,
        };
        let mut inner = warden.book.lock().await;
        warden.keep(&mut inner, now, (acts, &BTreeMap::new())).await?;
        drop(inner);
        Ok(warden)
    }

    /// Tells of every version that may be given out.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Tells which deeds are new or stand otherwise than before.
    pub fn told(&self) -> tokio::sync::broadcast::Receiver<RevocationId> {
        self.told.subscribe()
    }

    /// What may be given out, held while something is given: nothing changes meanwhile.
    pub async fn given(&self) -> tokio::sync::RwLockReadGuard<'_, Given> {
        self.given.read().await
    }

    /// A point's rights are renewed at `now`; said before they are sent, under [`Self::given`].
    pub fn renews(&self, point: &PointId, now: Timestamp) {
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        let last = renewed.entry(point.clone()).or_insert(now);
        *last = (*last).max(now);
    }

    /// Takes a point into service.
    pub async fn enrol(
        &self,
        (id, point): (PointId, Point),
        (by, now): (&str, Timestamp),
    ) -> Result<(), WardenError> {
        let mut inner = self.sound(now).await?;
        let detail = json!({ "kind": point.kind });
        let act = audit(now, by, "edge.enrol", &format!("point:{id}"), detail);
        inner.book.enrol(id, point)?;
        self.keep(&mut inner, now, (vec![act], &BTreeMap::new())).await
    }

    /// Takes a point out of service for good.
    pub async fn decommission(
        &self,
        id: &PointId,
        (by, reason): (&str, &str),
        now: Timestamp,
    ) -> Result<(), WardenError> {
        check_reason(reason)?;
        let mut inner = self.sound(now).await?;
        let detail = json!({ "reason": reason });
        let act = audit(now, by, "edge.decommission", &format!("point:{id}"), detail);
        inner.book.decommission(id, now);
        self.keep(&mut inner, now, (vec![act], &BTreeMap::new())).await
    }

    /// Suspends, lifts or revokes. The same id again, with the same act, changes nothing.
    ///
    /// `stones`: the present generations of all that the subject carries, for a revocation.
    pub async fn act(
        &self,
        wanted: &Wanted,
        stones: Vec<Tombstone>,
        now: Timestamp,
    ) -> Result<Told, WardenError> {
        check_reason(&wanted.reason)?;
        let mut inner = self.sound(now).await?;
        // From here on no renewal leaves until the new version is out.
        let mut given = self.given.write().await;
        self.take_renewals(&mut inner.book);
        let before = inner.book.version();
        let what = (wanted.act, wanted.subject.clone());
        inner.book.act(&wanted.id, what, stones, now)?;
        if inner.book.version() == before {
            return told_of(&inner, &wanted.id).ok_or_else(|| unknown(&wanted.id));
        }
        let note = Note {
            by: wanted.by.clone(),
            reason: wanted.reason.clone(),
            done_at: None,
            incident: None,
        };
        inner.notes.insert(wanted.id.clone(), note);
        let verb = match wanted.act {
            Act::Suspend => "revocation.suspend",
            Act::Lift => "revocation.lift",
            Act::Revoke => "revocation.revoke",
        };
        let detail = json!({
            "id": wanted.id, "subject": wanted.subject, "reason": wanted.reason,
            "version": inner.book.version(),
        });
        let object = format!("revocation:{}", wanted.id);
        let act = audit(now, &wanted.by, verb, &object, detail);
        self.keep_with(&mut inner, now, (vec![act], &BTreeMap::new()), &mut given).await?;
        drop(given);
        told_of(&inner, &wanted.id).ok_or_else(|| unknown(&wanted.id))
    }

    /// Takes in what points have said, in one write. What counts for nothing is counted.
    pub async fn hear(&self, heard: Vec<Heard>, now: Timestamp) -> Result<usize, WardenError> {
        let mut inner = self.sound(now).await?;
        let mut proofs = BTreeMap::new();
        let mut refused = 0;
        for one in heard {
            match one {
                Heard::Receipt(receipt, proof) => {
                    let place = (receipt.deed.clone(), receipt.point.clone());
                    match inner.book.receive(&receipt) {
                        Ok(()) => drop(proofs.insert(place, proof)),
                        Err(error) => {
                            refused += 1;
                            tracing::debug!(point = %receipt.point, %error, "receipt not counted");
                        }
                    }
                }
                Heard::Goes(point, snapshot) => self.goes(&mut inner, &point, snapshot, now),
            }
        }
        self.keep(&mut inner, now, (Vec::new(), &proofs)).await?;
        Ok(refused)
    }

    /// A point says which snapshot it goes by. One newer than any that was given out by this
    /// state: then the state is the older one.
    fn goes(&self, inner: &mut Inner, point: &PointId, snapshot: Option<u64>, now: Timestamp) {
        let is_ours = inner.book.point(point).is_some();
        let strange = snapshot.filter(|found| is_ours && !is_of_ours(&inner.runs, *found));
        if let Some(found) = strange {
            tracing::error!(
                %point,
                found,
                had = inner.book.version(),
                "an edge goes by newer rights than this state has given out: it was put back \
                 from an archive; nothing is signed until every edge was heard"
            );
            let none = (&Tombstones::default(), &Suspensions::default());
            restored(&mut inner.book, none, now);
            // Said again before it was given anything newer, it tells nothing new.
            inner.runs.push((found, found));
            begin_run(inner);
        }
        inner.book.heard(point, snapshot);
        let counts = inner.shorter.get(point).copied();
        if let (Some((version, lease)), Some(snapshot)) = (counts, snapshot)
            && snapshot >= version
        {
            inner.book.set_lease(point, lease);
            inner.shorter.remove(point);
        }
    }

    /// The tombstones and suspensions of a point have arrived. How many were new here.
    pub async fn merged(
        &self,
        from: &PointId,
        (dead, suspended): (&Tombstones, &Suspensions),
        now: Timestamp,
    ) -> Result<usize, WardenError> {
        let mut inner = self.sound(now).await?;
        let waited = inner.book.waiting().contains(from);
        let new = inner.book.merged(from, (dead, suspended));
        let mut acts = Vec::new();
        if waited || new > 0 {
            let left = inner.book.waiting().len();
            let detail = json!({ "new": new, "waiting": left });
            acts.push(audit(
                now,
                "castellan",
                "revocation.merge",
                &format!("point:{from}"),
                detail,
            ));
        }
        self.keep(&mut inner, now, (acts, &BTreeMap::new())).await?;
        Ok(new)
    }

    /// An administrator answers for tombstones that are still out after a restore. Whose.
    pub async fn sign_for_the_gap(
        &self,
        (by, reason): (&str, &str),
        now: Timestamp,
    ) -> Result<BTreeSet<PointId>, WardenError> {
        check_reason(reason)?;
        let mut inner = self.sound(now).await?;
        let out = inner.book.sign_for_the_gap();
        let detail = json!({ "reason": reason, "points": out });
        let act = audit(now, by, "revocation.sign_for_the_gap", "state", detail);
        self.keep(&mut inner, now, (vec![act], &BTreeMap::new())).await?;
        Ok(out)
    }

    /// Time has come: leases that have surely ended close their points.
    pub async fn tick(&self, now: Timestamp) -> Result<(), WardenError> {
        let mut inner = self.sound(now).await?;
        inner.book.tick(now);
        self.keep(&mut inner, now, (Vec::new(), &BTreeMap::new())).await
    }

    /// The rights themselves have changed: they go out under a version of their own. `leases`: of
    /// every point. A shorter one counts once its point goes by the new rights: until then it may
    /// go by the older ones for as long as those say.
    pub async fn rights_changed(
        &self,
        leases: &BTreeMap<PointId, Option<PointLease>>,
        now: Timestamp,
    ) -> Result<u64, WardenError> {
        let mut inner = self.sound(now).await?;
        let mut given = self.given.write().await;
        let version = inner.book.advance();
        for (id, lease) in leases {
            let Some(had) = inner.book.point(id).map(|point| point.lease) else { continue };
            let longest = longer(had, *lease);
            inner.book.set_lease(id, longest);
            if longest == *lease {
                inner.shorter.remove(id);
            } else {
                inner.shorter.insert(id.clone(), (version, *lease));
            }
        }
        self.keep_with(&mut inner, now, (Vec::new(), &BTreeMap::new()), &mut given).await?;
        Ok(version)
    }

    /// Forgets deeds that are done and older than any archive that could be put back, and
    /// tombstones as old. How many deeds went.
    pub async fn forget(&self, now: Timestamp) -> Result<usize, WardenError> {
        let oldest = now.minus(REMEMBERED_FOR);
        let mut inner = self.sound(now).await?;
        let gone = inner.book.forget(oldest);
        let Inner { book, notes, .. } = &mut *inner;
        notes.retain(|id, _| book.deed(id).is_some());
        let mut acts = Vec::new();
        if gone > 0 {
            let detail = json!({ "deeds": gone, "before": oldest });
            acts.push(audit(now, "castellan", "revocation.forget", "state", detail));
        }
        self.keep(&mut inner, now, (acts, &BTreeMap::new())).await?;
        Ok(gone)
    }

    /// One deed, as it is shown.
    pub async fn show(&self, id: &RevocationId) -> Option<Told> {
        told_of(&*self.book.lock().await, id)
    }

    /// The deeds that wait for a point's receipt.
    pub async fn open_at(&self, point: &PointId) -> Vec<(RevocationId, Deed)> {
        let inner = self.book.lock().await;
        let open = inner.book.open_at(point).into_iter();
        open.filter_map(|id| Some((id.clone(), inner.book.deed(&id)?.clone()))).collect()
    }

    /// All deeds, newest first.
    pub async fn list(&self) -> Vec<Told> {
        let inner = self.book.lock().await;
        let ids: Vec<RevocationId> = inner.book.deeds().map(|(id, _)| id.clone()).collect();
        let mut all: Vec<Told> = ids.iter().filter_map(|id| told_of(&inner, id)).collect();
        all.sort_by_key(|told| std::cmp::Reverse(told.deed.order()));
        all
    }

    /// Points in service.
    pub async fn points(&self) -> BTreeMap<PointId, Point> {
        let inner = self.book.lock().await;
        inner.book.points().map(|(id, point)| (id.clone(), point.clone())).collect()
    }

    /// What is dead, and who is suspended.
    pub async fn words(&self) -> (Tombstones, Suspensions) {
        let inner = self.book.lock().await;
        (inner.book.tombstones().clone(), inner.book.suspensions().clone())
    }

    /// Whose tombstones a restore still waits for.
    pub async fn waiting(&self) -> BTreeSet<PointId> {
        self.book.lock().await.book.waiting().clone()
    }

    /// Notes which incident a deed's silence has opened.
    pub(crate) async fn note_incident(
        &self,
        id: &RevocationId,
        incident: Option<IncidentId>,
        now: Timestamp,
    ) -> Result<(), WardenError> {
        let mut inner = self.sound(now).await?;
        let Some(note) = inner.notes.get_mut(id) else { return Err(unknown(id)) };
        note.incident = incident;
        let changed = BTreeSet::from([id.clone()]);
        self.keep_notes(&mut inner, &changed).await
    }

    fn take_renewals(&self, book: &mut Book) {
        let renewed =
            std::mem::take(&mut *self.renewed.lock().unwrap_or_else(PoisonError::into_inner));
        for (point, at) in renewed {
            // Refused while a restore waits, and then nothing was renewed.
            let _ = book.renew(&point, at);
        }
    }
}

/// What counts as known by an edge of ours.
pub const EDGE_KNOWN: Known = Known::DeviceSigned;

fn restored(book: &mut Book, (dead, suspended): (&Tombstones, &Suspensions), now: Timestamp) {
    let copy = PointId::parse(COPY_POINT).ok();
    book.restored(None, copy.as_slice(), now);
    if let Some(copy) = &copy {
        book.merged(copy, (dead, suspended));
    }
}

/// Versions from here on are of a run of their own.
fn begin_run(inner: &mut Inner) {
    let version = inner.book.version();
    inner.runs.push((version, version));
    let old = inner.runs.len().saturating_sub(RUNS_MAX);
    inner.runs.drain(..old);
}

/// Whether a version was given out by this state, as far back as it knows.
fn is_of_ours(runs: &[(u64, u64)], version: u64) -> bool {
    let is_before = runs.first().is_none_or(|(first, _)| version < *first);
    is_before || runs.iter().any(|(first, last)| (*first..=*last).contains(&version))
}

fn told_of(inner: &Inner, id: &RevocationId) -> Option<Told> {
    Some(Told {
        id: id.clone(),
        deed: inner.book.deed(id)?.clone(),
        note: inner.notes.get(id)?.clone(),
        shown: inner.book.show(id)?,
    })
}

fn unknown(id: &RevocationId) -> WardenError {
    NotDone::UnknownDeed { id: id.clone() }.into()
}

/// The longer of two leases; none is the longest, and so is one that admits at its end.
fn longer(one: Option<PointLease>, other: Option<PointLease>) -> Option<PointLease> {
    let (one, other) = (one?, other?);
    Some(PointLease {
        age_max: one.age_max.max(other.age_max),
        clock_bound: one.clock_bound.max(other.clock_bound),
        admits_at_expiry: one.admits_at_expiry || other.admits_at_expiry,
    })
}

fn check_reason(reason: &str) -> Result<(), WardenError> {
    let is_good = !reason.trim().is_empty() && reason.chars().count() <= WHY_CHARS_MAX;
    if is_good { Ok(()) } else { Err(WardenError::NoReason) }
}

pub(crate) fn audit(
    at: Timestamp,
    by: &str,
    verb: &str,
    object: &str,
    detail: serde_json::Value,
) -> AuditAct {
    AuditAct { at, by: by.to_owned(), verb: verb.to_owned(), object: object.to_owned(), detail }
}

#[cfg(test)]
mod tests;
