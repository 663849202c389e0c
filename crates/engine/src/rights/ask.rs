//! Why somebody passed or did not, or would: a past moment or a made-up one, with every check and
//! policy told.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};

use access::door::{
    BodyVerdict, Companion, Credential, CredentialKind, Direction, Explanation, PinVerdict,
    Presented, Request, RightsAge, Snapshot, Standing, explain,
};
use access::revocation::Tombstones;
use model::{CredentialId, DoorId, PersonId, PlaceId, Problem, Timestamp};
use store::StoreError;

use super::Rights;
use crate::engine::Engine;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// At which door.
    pub door: DoorId,
    /// Who.
    pub who: Who,
    /// When; now where nothing is said.
    pub at: Option<Timestamp>,
    /// Which way.
    pub direction: Direction,
    /// With these digits.
    pub pin: PinVerdict,
    /// With this verdict of a reader.
    pub body: BodyVerdict,
    /// Somebody who comes along.
    pub companion: Option<PersonId>,
}

/// Who comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A person, with whatever of theirs is in force.
    Person(PersonId),
    /// One credential.
    Credential(CredentialId),
    /// Nobody: a button.
    Nobody,
}

/// Why nothing could be told.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no such thing.
    #[error("there is no {what} `{id}`")]
    Unknown {
        /// Door, person, credential.
        what: &'static str,
        /// Which.
        id: String,
    },
    /// The rights of then do not hold together with the organisation of today.
    #[error("the rights of then cannot be composed any more: {}", .0.first()
        .map(ToString::to_string).unwrap_or_default())]
    Problems(Vec<Problem>),
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Our own fault.
    #[error("the question ended in a panic")]
    Panic,
}

/// What is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// For which instant.
    pub at: Timestamp,
    /// At which door.
    pub door: DoorId,
    /// The decision and how it came about.
    pub explanation: Explanation,
    /// The version of rights that it rests on, in state; none: before there were any.
    pub version: Option<u64>,
}

/// The credential that somebody would show: one in force, cards before telephones before digits.
pub fn shown_by<'a>(
    snapshot: &'a Snapshot,
    person: &PersonId,
    now: Timestamp,
) -> Option<&'a Credential> {
    let own = snapshot.people().credentials().filter(|one| one.person.as_ref() == Some(person));
    own.min_by_key(|one| rank(snapshot, one, now))
}

/// What each person carries, by their ids: a look-up for whoever asks often.
pub(super) type Carried = HashMap<PersonId, Vec<CredentialId>>;

pub(super) fn carried(snapshot: &Snapshot) -> Carried {
    let mut carried = Carried::new();
    for one in snapshot.people().credentials() {
        if let Some(person) = &one.person {
            carried.entry(person.clone()).or_default().push(one.id.clone());
        }
    }
    carried
}

impl Rights {
    /// The same as [`shown_by`], by a look-up that is made once for each version.
    pub fn shown<'a>(
        &self,
        snapshot: &'a Snapshot,
        person: &PersonId,
        now: Timestamp,
    ) -> Option<&'a Credential> {
        let carried = {
            let mut kept = self.carried.lock().unwrap_or_else(PoisonError::into_inner);
            match &*kept {
                Some((version, carried)) if *version == snapshot.version => Arc::clone(carried),
                Some(_) | None => {
                    let made = Arc::new(carried(snapshot));
                    *kept = Some((snapshot.version, Arc::clone(&made)));
                    made
                }
            }
        };
        let own = carried.get(person)?.iter();
        let own = own.filter_map(|id| snapshot.people().credential(id));
        own.min_by_key(|one| rank(snapshot, one, now))
    }
}

/// Everybody's credential that they would show, by person.
pub fn shown_by_all(snapshot: &Snapshot, now: Timestamp) -> BTreeMap<&PersonId, &Credential> {
    let mut best: BTreeMap<&PersonId, &Credential> = BTreeMap::new();
    for one in snapshot.people().credentials() {
        let Some(person) = &one.person else { continue };
        let had = best.get(person).map(|had| rank(snapshot, had, now));
        if had.is_none_or(|had| rank(snapshot, one, now) < had) {
            best.insert(person, one);
        }
    }
    best
}

fn rank<'a>(
    snapshot: &Snapshot,
    one: &'a Credential,
    now: Timestamp,
) -> (bool, bool, u8, &'a CredentialId) {
    let is_valid = one.valid_from.is_none_or(|from| from <= now)
        && one.valid_to.is_none_or(|to| now < to)
        && one.standing == Standing::Active
        && !snapshot.tombstones.covers(one.key, one.generation);
    let kind = match one.kind {
        CredentialKind::Card => 0,
        CredentialKind::Mobile => 1,
        CredentialKind::Pin => 2,
        CredentialKind::BreakGlass => 3,
    };
    (!is_valid, one.is_duress, kind, &one.id)
}

/// A credential as it is shown to a reader.
pub fn presented(one: &Credential) -> Presented {
    match one.kind {
        CredentialKind::Card | CredentialKind::BreakGlass => Presented::Card(one.key),
        CredentialKind::Mobile => Presented::Mobile(one.key),
        CredentialKind::Pin => Presented::Pin(Some(one.id.clone())),
    }
}

/// The question as the kernel takes it. Whoever has no credential shows nothing.
pub fn request(snapshot: &Snapshot, asked: &Asked, now: Timestamp) -> Result<Request, AskError> {
    let unknown = |what, id: &str| AskError::Unknown { what, id: id.to_owned() };
    if snapshot.estate().door(&asked.door).is_none() {
        return Err(unknown("door", asked.door.as_str()));
    }
    let of_person = |id: &PersonId| -> Result<Presented, AskError> {
        snapshot.people().person(id).ok_or_else(|| unknown("person", id.as_str()))?;
        Ok(shown_by(snapshot, id, now).map_or(Presented::Nothing, presented))
    };
    let shown = match &asked.who {
        Who::Nobody => Presented::Nothing,
        Who::Person(id) => of_person(id)?,
        Who::Credential(id) => {
            let one = snapshot.people().credential(id);
            presented(one.ok_or_else(|| unknown("credential", id.as_str()))?)
        }
    };
    let companion = match &asked.companion {
        Some(id) => Some(Companion { presented: of_person(id)?, pin: asked.pin }),
        None => None,
    };
    Ok(Request {
        door: asked.door.clone(),
        direction: asked.direction,
        presented: shown,
        pin: asked.pin,
        body: asked.body,
        companion,
    })
}

/// Explains a question by a snapshot whose rights are taken to be confirmed at that instant.
pub fn explain_by(
    mut snapshot: Snapshot,
    asked: &Asked,
    now: Timestamp,
) -> Result<Explanation, AskError> {
    snapshot.rights = RightsAge { confirmed_at: now, is_trusted: true };
    let request = request(&snapshot, asked, now)?;
    Ok(explain(&snapshot, &request, now))
}

impl Engine {
    /// Who may pass where, as it was at an instant: the running snapshot where nothing has changed
    /// since, else the rights of then composed with today's organisation; where people were then is
    /// not known any more.
    pub async fn rights_then(
        &self,
        at: Timestamp,
    ) -> Result<(Arc<Snapshot>, Option<u64>), AskError> {
        let running = self.access.snapshot();
        let then = self.state.rights_version_at(at).await?.map(|version| version.version);
        let newest = self.state.rights_versions(None, 1).await?;
        let is_newest = then == newest.first().map(|newest| newest.version);
        if is_newest && self.access.is_even((self.now(), at)) {
            return Ok((running, then));
        }
        let data = match then {
            Some(_) if is_newest => (*self.access.data()).clone(),
            Some(version) => self.state.rights_of(version).await?,
            None => model::RightsData::default(),
        };
        let access = Arc::clone(&self.access);
        let composed = tokio::task::spawn_blocking(move || {
            let org = access.organisation();
            let mut snapshot = access.prepare(org, Arc::new(data), at)?.snapshot;
            let mut dead = Tombstones::default();
            for stone in running.tombstones.iter().filter(|stone| stone.since <= at) {
                dead.bury(stone);
            }
            snapshot.bury(&dead);
            snapshot.version = running.version;
            Ok(snapshot)
        });
        let snapshot = composed.await.map_err(|_| AskError::Panic)?;
        Ok((Arc::new(snapshot.map_err(AskError::Problems)?), then))
    }

    /// Why somebody may pass a door or not, now or then.
    pub async fn explain_door(&self, asked: &Asked) -> Result<Told, AskError> {
        let at = asked.at.unwrap_or_else(|| self.now());
        let (snapshot, version) = match asked.at {
            None => {
                let newest = self.state.rights_versions(None, 1).await?;
                (self.access.snapshot(), newest.first().map(|newest| newest.version))
            }
            Some(at) => self.rights_then(at).await?,
        };
        let explanation = explain_by((*snapshot).clone(), asked, at)?;
        Ok(Told { at, door: asked.door.clone(), explanation, version })
    }
}

impl Rights {
    /// The site that a door is at, by its place.
    pub fn is_door(&self, door: &DoorId) -> bool {
        let place = PlaceId::parse(door.as_str()).ok();
        place.is_some_and(|place| self.organisation().doors.contains_key(&place))
    }
}
