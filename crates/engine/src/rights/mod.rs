//! The authority over doors: who may pass where, composed into one snapshot, changed by acts that
//! name who did it and why, given out to whoever enforces.
//!
//! Owns the running snapshot and its version. Never decides: `access` does.

mod answers;
mod ask;
mod compose;
mod import;
mod keep;
mod key;
mod past;
mod presence;
#[cfg(test)]
mod tests;
mod what_if;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use access::door::{HashKey, Live, RightsAge, Snapshot};
use access::revocation::{Suspensions, Tombstones};
use model::rights::{ItemChange, RightsData};
use model::{
    CredentialId, DoorId, Organisation, PersonId, PlaceId, PointId, Problem, Timestamp, ZoneId,
};
use tokio::sync::watch;

use crate::edges::PassageBook;

pub use answers::{AnswerError, COULD_MAX, Could, DID_MAX, DoorAnswer, Via, could};
pub use ask::{AskError, Asked, Told, Who, explain_by, presented, shown_by, shown_by_all};
pub use compose::{RIGHT_PREFIX, Templates, is_date, is_time_zone, is_zone};
pub use estate::foreign::Map as ImportMap;
pub use estate::foreign::Origin as ImportOrigin;
pub use import::{
    Ends, IMPORT_ENDS_PERCENT_MAX, IMPORT_FILES_MAX, IMPORT_SOURCE_CHARS_MAX, ImportHow,
    ImportPlan, Thing, maps, plan,
};
pub(crate) use keep::audited;
pub use keep::{
    By, ChangeError, Changed, WHY_CHARS_MAX, check, differs, open, reload, take_in, undoing,
};
pub use key::{KEY_FILE, KeyError};
pub use past::{PastRequest, PastTurn, Stretch};
pub use what_if::{
    Answer, Job, Line, Question, Sides, Tally, WHAT_IF_DAYS_MAX, WhatIfError, WhatIfState, WhatIfs,
};

use compose::{Parts, Written, changes};
use key::Held;

/// How often the authority confirms its own rights to itself: no lease is as short.
const CONFIRM_EVERY: Duration = Duration::from_secs(20);

/// The authority.
pub struct Rights {
    held: Held,
    inner: Mutex<Inner>,
    snapshot: RwLock<Arc<Snapshot>>,
    /// What everybody carries, of one version.
    carried: Mutex<Option<(u64, Arc<ask::Carried>)>>,
    changed: watch::Sender<u64>,
    /// Where people went, over all points, once there are some.
    passages: OnceLock<Arc<PassageBook>>,
    /// One change by an act at a time: from its trial to its being kept.
    pub(crate) editing: tokio::sync::Mutex<()>,
}

/// What the running snapshot was composed of.
#[derive(Clone)]
struct Inner {
    org: Arc<Organisation>,
    data: Arc<RightsData>,
    templates: Templates,
    written: Written,
    next_edge: Option<Timestamp>,
}

/// A change that was tried and found good; it runs once it is installed.
pub struct Prepared {
    snapshot: Snapshot,
    inner: Inner,
}

impl Prepared {
    /// What it would decide by.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// Its key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// What it is composed of.
    #[error("{} problems in rights", .0.len())]
    Problems(Vec<Problem>),
}

impl Rights {
    /// Composes the rights of an organisation, with the key of a data folder.
    ///
    /// Fails with every problem when they cannot be composed, and when the key cannot be read.
    pub fn open(
        folder: &Path,
        (org, data, templates): (Arc<Organisation>, RightsData, Templates),
        now: Timestamp,
    ) -> Result<Self, RightsError> {
        Self::of(Held::open(folder)?, (org, data, templates), now)
    }

    /// The same with a key of one's own: for verbs without a data folder, and for tests.
    pub fn with_key(
        bytes: [u8; 32],
        what: (Arc<Organisation>, RightsData, Templates),
        now: Timestamp,
    ) -> Result<Self, RightsError> {
        Self::of(Held::of(bytes), what, now)
    }

    fn of(
        held: Held,
        (org, data, templates): (Arc<Organisation>, RightsData, Templates),
        now: Timestamp,
    ) -> Result<Self, RightsError> {
        let parts = Parts { org: &org, data: &data, templates: &templates, key: &held.key, now };
        let (mut snapshot, written) = parts.snapshot().map_err(RightsError::Problems)?;
        // Versions go up over restarts and restores as time does: an edge takes nothing older.
        snapshot.version = u64::try_from(now.millis()).unwrap_or(1);
        let next_edge = parts.next_edge();
        let (changed, _) = watch::channel(snapshot.version);
        let inner = Inner { org, data: Arc::new(data), templates, written, next_edge };
        let (inner, snapshot) = (Mutex::new(inner), RwLock::new(Arc::new(snapshot)));
        let (carried, editing) = (Mutex::default(), tokio::sync::Mutex::new(()));
        let passages = OnceLock::new();
        Ok(Self { held, inner, snapshot, carried, changed, passages, editing })
    }

    /// What decides now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells of every new version.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The key of card numbers and PINs.
    pub fn key(&self) -> &HashKey {
        &self.held.key
    }

    /// Its bytes: for an edge that is enrolled, and for nobody else.
    pub fn key_bytes(&self) -> [u8; 32] {
        self.held.bytes
    }

    /// A person's digits as they are kept: 32 hexadecimal digits.
    pub fn pin_text(&self, person: &PersonId, digits: &str) -> String {
        let told = serde_json::to_value(self.held.key.pin(person, digits));
        match told.unwrap_or_default() {
            serde_json::Value::String(hex) => hex,
            other => serde_json::from_value::<[u8; 16]>(other).map(hex::encode).unwrap_or_default(),
        }
    }

    /// What the rights are composed of.
    pub fn data(&self) -> Arc<RightsData> {
        Arc::clone(&self.inner().data)
    }

    /// Whether no membership and no right begins or ends between two instants.
    pub fn is_even(&self, (one, other): (Timestamp, Timestamp)) -> bool {
        let (from, to) = (one.min(other), one.max(other));
        let data = self.data();
        let members = data.members.values().map(|member| member.validity);
        let rights = data.rights.values().map(|right| right.validity);
        let mut edges = members.chain(rights).flat_map(|validity| [validity.from, validity.to]);
        !edges.any(|edge| edge.is_some_and(|edge| from < edge && edge <= to))
    }

    /// The organisation that they were composed with.
    pub fn organisation(&self) -> Arc<Organisation> {
        Arc::clone(&self.inner().org)
    }

    /// The doors that a point enforces.
    pub fn doors_of(&self, point: &PointId) -> Vec<DoorId> {
        self.inner().data.points.get(point).cloned().unwrap_or_default()
    }

    /// Every point that enforces doors.
    pub fn points(&self) -> Vec<PointId> {
        self.inner().data.points.keys().cloned().collect()
    }

    /// The site of a door.
    pub fn site_of_door(&self, door: &DoorId) -> Option<PlaceId> {
        let place = PlaceId::parse(door.as_str()).ok()?;
        self.inner().org.site_of(&place).cloned()
    }

    /// The site of a zone.
    pub fn site_of_zone(&self, zone: &ZoneId) -> Option<PlaceId> {
        let place = PlaceId::parse(zone.as_str()).ok()?;
        self.inner().org.site_of(&place).cloned()
    }

    /// The point that enforces a door.
    pub fn point_of(&self, door: &DoorId) -> Option<PointId> {
        let inner = self.inner();
        let holds = |doors: &Vec<DoorId>| doors.contains(door);
        let found = inner.data.points.iter().find(|(_, doors)| holds(doors));
        found.map(|(point, _)| point.clone())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the running snapshot: in its place while nobody else holds it, else a copy.
    fn change<T>(&self, is_new: bool, change: impl FnOnce(&mut Snapshot) -> T) -> T {
        let mut running = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        let version = running.version + u64::from(is_new);
        let next = Arc::make_mut(&mut running);
        let told = change(next);
        next.version = version;
        drop(running);
        if is_new {
            self.changed.send_replace(version);
        }
        told
    }

    /// Takes in what is dead for ever. How many found no room.
    pub fn bury(&self, stones: &Tombstones) -> usize {
        self.change(true, |snapshot| snapshot.bury(stones))
    }

    /// Takes in who is suspended and who no longer is.
    pub fn suspend(&self, suspensions: &Suspensions) {
        self.change(true, |snapshot| snapshot.suspend(suspensions));
    }

    /// Changes what changes by the minute: threat, lockdowns, risks. No new version.
    pub fn live<T>(&self, change: impl FnOnce(&mut Live) -> T) -> T {
        self.change(false, |snapshot| change(&mut snapshot.live))
    }

    /// Somebody passed a door or was seen: into a zone, or outside. Whether it changed something.
    pub fn passed(&self, person: &PersonId, zone: Option<&ZoneId>, at: Timestamp) -> bool {
        self.change(false, |snapshot| snapshot.passed(person, zone, at))
    }

    /// What time alone changes: memberships and rights that begin or end, and the age of our own
    /// rights, which for the authority is none. Whether there is a new version.
    pub fn tick(&self, now: Timestamp) -> bool {
        let is_due = self.inner().next_edge.is_some_and(|edge| edge <= now);
        if is_due && let Ok(_alone) = self.editing.try_lock() {
            let (org, data) = (self.organisation(), self.data());
            return match self.prepare(org, data, now) {
                Ok(prepared) => {
                    self.install(prepared);
                    true
                }
                Err(problems) => {
                    for problem in problems.iter().take(5) {
                        tracing::error!(%problem, "rights not composed again");
                    }
                    false
                }
            };
        }
        let running = self.snapshot();
        if now.since(running.rights.confirmed_at) >= CONFIRM_EVERY
            || now < running.rights.confirmed_at
        {
            let age = RightsAge { confirmed_at: now, is_trusted: true };
            self.change(false, |snapshot| snapshot.rights = age);
        }
        false
    }

    /// Tries other rights or another organisation: all of it composed anew. Else everything that
    /// is wrong; what runs goes on either way until [`Rights::install`].
    pub fn prepare(
        &self,
        org: Arc<Organisation>,
        data: Arc<RightsData>,
        now: Timestamp,
    ) -> Result<Prepared, Vec<Problem>> {
        let templates = self.inner().templates.clone();
        let key = &self.held.key;
        let parts = Parts { org: &org, data: &data, templates: &templates, key, now };
        let (snapshot, written) = parts.snapshot()?;
        let next_edge = parts.next_edge();
        Ok(Prepared { snapshot, inner: Inner { org, data, templates, written, next_edge } })
    }

    /// Tries changes at what they cost: a policy, right or schedule leaves people alone, a person
    /// leaves policies alone.
    pub fn prepare_changes(
        &self,
        wanted: &[ItemChange],
        now: Timestamp,
    ) -> Result<Prepared, Vec<Problem>> {
        let before = self.inner().clone();
        let data = Arc::new((*before.data).clone().changed(wanted));
        let key = &self.held.key;
        let (org, templates) = (&before.org, &before.templates);
        let parts = Parts { org, data: &data, templates, key, now };
        let Some(touched) = touched(wanted) else {
            return self.prepare(Arc::clone(&before.org), data, now);
        };
        let mut snapshot = (*self.snapshot()).clone();
        let mut problems = parts.dangling();
        if touched.estate {
            parts.put_estate(&mut snapshot, &mut problems);
        }
        if touched.calendar {
            parts.put_calendar(&mut snapshot, &mut problems);
        }
        for person in touched.people.iter().filter_map(|id| parts.person_now(id)) {
            snapshot.put_person(person);
        }
        for id in &touched.credentials {
            match parts.credential(id) {
                Ok(credential) => drop(snapshot.put_credential(credential)),
                Err(problem) => problems.push(problem),
            }
        }
        let mut written = before.written.clone();
        if touched.policies {
            written = parts.written();
            let changes = changes(&before.written, &written);
            if let Err(found) = snapshot.change_policies(&changes) {
                problems.extend(found);
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let next_edge = parts.next_edge();
        let (org, templates) = (Arc::clone(org), templates.clone());
        let inner = Inner { org, data, templates, written, next_edge };
        Ok(Prepared { snapshot, inner })
    }

    /// Puts a tried change in force. Its version.
    pub fn install(&self, prepared: Prepared) -> u64 {
        let Prepared { snapshot: mut next, inner } = prepared;
        *self.inner() = inner;
        self.change(true, |running| {
            // What only the running one knows: who died and moved while this was being composed.
            next.tombstones = Arc::clone(&running.tombstones);
            next.suspensions = Arc::clone(&running.suspensions);
            std::mem::swap(&mut next.live, &mut running.live);
            next.rights = running.rights;
            let version = running.version + 1;
            *running = next;
            version
        })
    }
}

/// What changes touch; `None` where only composing everything anew is right: something that a
/// snapshot holds by itself is gone, or groups have changed.
fn touched(wanted: &[ItemChange]) -> Option<Touched> {
    use model::rights::Item;
    let mut touched = Touched::default();
    for change in wanted {
        let is_gone = change.after.is_none();
        match change.after.as_ref().or(change.before.as_ref())? {
            Item::Group(..) | Item::Cards(_) => return None,
            Item::Member(member) => touched.people.push(member.person.clone()),
            Item::Pins(person, _) => touched.people.push(person.clone()),
            Item::Credential(..) if is_gone => return None,
            Item::Credential(id, _) => touched.credentials.push(id.clone()),
            Item::Right(..) | Item::Policy(..) => touched.policies = true,
            Item::Schedule(..) if is_gone => return None,
            Item::Schedule(..) => (touched.calendar, touched.policies) = (true, true),
            Item::Zone(..) | Item::Door(..) => touched.estate = true,
            Item::Point(..) => {}
        }
    }
    Some(touched)
}

#[derive(Default)]
struct Touched {
    estate: bool,
    calendar: bool,
    policies: bool,
    people: Vec<PersonId>,
    credentials: Vec<CredentialId>,
}
