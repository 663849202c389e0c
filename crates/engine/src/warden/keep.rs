//! The book in the state: written before anybody is told, read at the start and after a failure.

use std::collections::{BTreeMap, BTreeSet};

use access::door::CredentialKey;
use access::revocation::{
    Book, Changes, Deed, DeedHead, Kept, Point, Shown, Signing, Subject, Suspensions, Tombstone,
};
use model::{AuditAct, PointId, RevocationId, Timestamp};
use serde::de::DeserializeOwned;
use store::State;
use store::state::{StoredSigning, StoredStone, WardenKept, WardenStep};
use tokio::sync::MutexGuard;

use super::{Given, Inner, Note, Proof, Warden, WardenError};

/// What a write has changed.
struct Written {
    changes: Changes,
    unsettled: BTreeSet<RevocationId>,
}

type Proofs = BTreeMap<(RevocationId, PointId), Proof>;

/// Reads the book as it is kept; whether there was one.
pub(super) async fn read(
    state: &State,
    now: Timestamp,
) -> Result<(Book, BTreeMap<RevocationId, Note>, bool), WardenError> {
    let stored = state.warden().await?;
    let was_kept = stored.version.is_some();
    let (kept, notes) = put_together(stored)?;
    let (book, lost) = Book::reopened(kept, now);
    if lost > 0 {
        return Err(WardenError::Damaged(format!("{lost} tombstones find no room")));
    }
    Ok((book, notes, was_kept))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, WardenError> {
    serde_json::from_str(text).map_err(|error| WardenError::Damaged(error.to_string()))
}

fn write<T: serde::Serialize>(value: &T) -> Result<String, WardenError> {
    serde_json::to_string(value).map_err(|error| WardenError::Damaged(error.to_string()))
}

fn put_together(stored: WardenKept) -> Result<(Kept, BTreeMap<RevocationId, Note>), WardenError> {
    let mut points = BTreeMap::new();
    for (id, body) in stored.points {
        points.insert(id, parse::<Point>(&body)?);
    }
    let mut signings: BTreeMap<RevocationId, Vec<_>> = BTreeMap::new();
    for signing in stored.signings {
        let stands = (signing.point, parse::<Signing>(&signing.body)?, signing.stale_until);
        signings.entry(signing.deed).or_default().push(stands);
    }
    let (mut deeds, mut notes) = (BTreeMap::new(), BTreeMap::new());
    for (id, body, note) in stored.deeds {
        let head: DeedHead = parse(&body)?;
        notes.insert(id.clone(), parse::<Note>(&note)?);
        let points = signings.remove(&id).unwrap_or_default();
        deeds.insert(id, Deed::of(head, points));
    }
    let mut suspensions = Suspensions::default();
    for (subject, version, is_suspended) in stored.suspensions {
        suspensions.put(parse::<Subject>(&subject)?, version, is_suspended);
    }
    let stone = |stored: StoredStone| {
        let key: [u8; 16] = stored.key.try_into().ok()?;
        let generation = u32::try_from(stored.generation).ok()?;
        Some(Tombstone { key: CredentialKey::from_bytes(key), generation, since: stored.since })
    };
    let tombstones: Option<Vec<Tombstone>> = stored.stones.into_iter().map(stone).collect();
    let tombstones = tombstones.ok_or_else(|| WardenError::Damaged("a tombstone".to_owned()))?;
    let (version, waiting) = (stored.version.unwrap_or(0), stored.waiting.into_iter().collect());
    Ok((Kept { points, deeds, suspensions, tombstones, version, waiting }, notes))
}

impl Warden {
    /// The book, read again if a write had failed.
    pub(super) async fn sound(&self, now: Timestamp) -> Result<MutexGuard<'_, Inner>, WardenError> {
        let mut inner = self.book.lock().await;
        if inner.is_doubtful {
            let (book, notes, _) = read(&self.state, now).await?;
            (inner.book, inner.notes) = (book, notes);
            inner.is_doubtful = false;
            inner.is_copy_behind = true;
        }
        Ok(inner)
    }

    /// Writes what has changed, then lets it be given out and shown. Whoever gives goes on giving
    /// meanwhile.
    pub(super) async fn keep(
        &self,
        inner: &mut Inner,
        now: Timestamp,
        (acts, proofs): (Vec<AuditAct>, &Proofs),
    ) -> Result<(), WardenError> {
        let Some(written) = self.write(inner, now, (acts, proofs)).await? else { return Ok(()) };
        self.publish(inner, &written, &mut *self.given.write().await);
        Ok(())
    }

    /// The same while nobody gives anything.
    pub(super) async fn keep_with(
        &self,
        inner: &mut Inner,
        now: Timestamp,
        (acts, proofs): (Vec<AuditAct>, &Proofs),
        given: &mut Given,
    ) -> Result<(), WardenError> {
        let Some(written) = self.write(inner, now, (acts, proofs)).await? else { return Ok(()) };
        self.publish(inner, &written, given);
        Ok(())
    }

    async fn write(
        &self,
        inner: &mut Inner,
        now: Timestamp,
        (acts, proofs): (Vec<AuditAct>, &Proofs),
    ) -> Result<Option<Written>, WardenError> {
        let unsettled = inner.book.unsettled();
        let mut changes = inner.book.take_changes();
        let stands = (inner.book.version(), inner.book.waiting().len());
        let nothing = changes == Changes::default() && acts.is_empty();
        if nothing && stands == inner.kept && !inner.is_copy_behind {
            return Ok(None);
        }
        changes.deeds.retain(|id| inner.book.deed(id).is_some());
        let settled = settle(inner, &unsettled, now);
        let step = step(inner, (&changes, &settled), (acts, proofs))?;
        if let Err(error) = self.state.save_warden(&step).await {
            // Nobody was told. What the kernel holds is more than what is kept: it goes.
            inner.is_doubtful = true;
            return Err(error.into());
        }
        inner.kept = stands;
        if let Some(run) = inner.runs.last_mut() {
            run.1 = run.1.max(stands.0);
        }
        inner.is_copy_behind |= !changes.gone_stones.is_empty();
        copy(inner, &changes);
        Ok(Some(Written { changes, unsettled }))
    }

    fn publish(&self, inner: &Inner, written: &Written, given: &mut Given) {
        let Written { changes, unsettled } = written;
        let was = (given.version, given.is_waiting);
        if changes.is_whole {
            given.begin_anew(&inner.book);
        } else {
            given.follow(&inner.book, news(&inner.book, changes), unsettled);
        }
        let is_other = was != (given.version, given.is_waiting);
        self.changed.send_if_modified(|version| {
            *version = given.version;
            is_other
        });
        for id in unsettled {
            // Nobody watches: that is fine.
            let _ = self.told.send(id.clone());
        }
    }

    /// Writes notes of deeds alone.
    pub(super) async fn keep_notes(
        &self,
        inner: &mut Inner,
        of: &BTreeSet<RevocationId>,
    ) -> Result<(), WardenError> {
        let changes = Changes { deeds: of.clone(), ..Changes::default() };
        let mut step = step(inner, (&changes, of), (Vec::new(), &Proofs::new()))?;
        step.signings.clear();
        if let Err(error) = self.state.save_warden(&step).await {
            inner.is_doubtful = true;
            return Err(error.into());
        }
        for id in of {
            let _ = self.told.send(id.clone());
        }
        Ok(())
    }
}

/// What the new version brought.
fn news(book: &Book, changes: &Changes) -> (Vec<Tombstone>, Vec<(Subject, u64, bool)>) {
    let stones = changes.stones.iter().filter_map(|key| book.tombstones().get(*key));
    let words = changes.suspended.iter().filter_map(|subject| {
        let (version, is_suspended) = book.suspensions().last(subject)?;
        Some((subject.clone(), version, is_suspended))
    });
    (stones.collect(), words.collect())
}

/// Adds to the copy beside the state. One that cannot be written is told, and made whole later:
/// what was done stays done.
fn copy(inner: &mut Inner, changes: &Changes) {
    let version = inner.book.version();
    let written = if inner.is_copy_behind || changes.is_whole {
        let held = super::copy::Copied {
            version,
            tombstones: inner.book.tombstones().clone(),
            suspensions: inner.book.suspensions().clone(),
            runs: inner.runs.clone(),
            unread: 0,
        };
        inner.copy.rewrite(&held)
    } else {
        let (stones, words) = news(&inner.book, changes);
        inner.copy.append(version, &stones, &words)
    };
    match written {
        Ok(()) => inner.is_copy_behind = false,
        Err(error) => {
            inner.is_copy_behind = true;
            tracing::error!(%error, "the copy of tombstones beside the state is behind");
        }
    }
}

/// Says when the last point has confirmed, or that it no longer has: of which deeds.
fn settle(
    inner: &mut Inner,
    unsettled: &BTreeSet<RevocationId>,
    now: Timestamp,
) -> BTreeSet<RevocationId> {
    let mut settled = BTreeSet::new();
    for id in unsettled {
        let Some(note) = inner.notes.get_mut(id) else { continue };
        let is_open = matches!(inner.book.show(id), Some(Shown::Unconfirmed { .. }) | None);
        let done_at = match (is_open, note.done_at) {
            (true, _) => None,
            (false, None) => Some(now),
            (false, done) => done,
        };
        if done_at != note.done_at {
            note.done_at = done_at;
            settled.insert(id.clone());
        }
    }
    settled
}

fn step(
    inner: &Inner,
    (changes, settled): (&Changes, &BTreeSet<RevocationId>),
    (audit, proofs): (Vec<AuditAct>, &Proofs),
) -> Result<WardenStep, WardenError> {
    let (book, whole) = (&inner.book, changes.is_whole);
    let mut step = WardenStep {
        version: book.version(),
        waiting: book.waiting().iter().cloned().collect(),
        is_whole: whole,
        audit,
        ..WardenStep::default()
    };
    let all: BTreeSet<PointId> = match whole {
        true => book.points().map(|(id, _)| id.clone()).collect(),
        false => changes.points.clone(),
    };
    for id in all {
        let body = book.point(&id).map(write).transpose()?;
        step.points.push((id, body));
    }
    let heads: BTreeSet<&RevocationId> = match whole {
        true => book.deeds().map(|(id, _)| id).collect(),
        false => changes.deeds.iter().chain(settled).collect(),
    };
    for id in heads {
        let (Some(deed), Some(note)) = (book.deed(id), inner.notes.get(id)) else { continue };
        step.deeds.push((id.clone(), write(&deed.head())?, write(note)?));
    }
    let new = book.deeds().filter(|(id, _)| whole || changes.deeds.contains(*id));
    let places = new.flat_map(|(id, deed)| deed.points.keys().map(|p| (id.clone(), p.clone())));
    let places: BTreeSet<(RevocationId, PointId)> =
        places.chain(changes.signings.iter().cloned()).collect();
    for place in places {
        let Some(deed) = book.deed(&place.0) else { continue };
        let Some(signing) = deed.points.get(&place.1) else { continue };
        step.signings.push(StoredSigning {
            body: write(signing)?,
            stale_until: deed.stale_until(&place.1),
            proof: proofs.get(&place).cloned().unwrap_or_default(),
            deed: place.0,
            point: place.1,
        });
    }
    let (stones, words) = match whole {
        true => (book.tombstones().iter().collect(), all_words(book)),
        false => news(book, changes),
    };
    let stored = |stone: Tombstone| StoredStone {
        key: stone.key.bytes().to_vec(),
        generation: u64::from(stone.generation),
        since: stone.since,
    };
    step.stones = stones.into_iter().map(stored).collect();
    step.gone_deeds = changes.gone.iter().cloned().collect();
    step.gone_stones = changes.gone_stones.iter().map(|key| key.bytes().to_vec()).collect();
    for (subject, version, is_suspended) in words {
        step.suspensions.push((write(&subject)?, version, is_suspended));
    }
    Ok(step)
}

fn all_words(book: &Book) -> Vec<(Subject, u64, bool)> {
    let each = book.suspensions().iter();
    each.map(|(subject, version, is)| (subject.clone(), version, is)).collect()
}
