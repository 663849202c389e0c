//! How each door stands, from what controllers and readers say of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{Event, Organisation, PersonId, PlaceId, Timestamp};
use serde::Serialize;

/// OCSF physical extension: physical access activity.
const PHYSICAL_ACCESS: u32 = 4_230_001;

/// How a door stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorCondition {
    /// Its last word was an ordinary one.
    Normal,
    /// Opened without a grant, and no ordinary word since.
    Forced,
    /// Open longer than it may be, and no ordinary word since.
    Held,
    /// Its reader or controller was tampered with, and no ordinary word since.
    Tamper,
    /// Nothing has been heard of it since the start.
    Unknown,
}

/// The last time somebody asked to pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastPassage {
    /// When.
    pub at: Timestamp,
    /// Who, if the credential is somebody's.
    pub person: Option<PersonId>,
    /// Whether they were let through.
    pub granted: bool,
    /// The event's record.
    pub record: u64,
    /// The event's part of it.
    pub part: u16,
}

/// One door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoorState {
    /// Which.
    pub door: PlaceId,
    /// How it stands.
    pub state: DoorCondition,
    /// Since when; `None` while nothing is known.
    pub since: Option<Timestamp>,
    /// The last time somebody asked to pass.
    pub last: Option<LastPassage>,
}

/// Every door of the organisation: as many as it has, no more.
#[derive(Debug, Default)]
pub struct Doors(Mutex<BTreeMap<PlaceId, DoorState>>);

impl Doors {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<PlaceId, DoorState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Knows the organisation's doors from now on; what was known of them is kept.
    pub fn watch(&self, org: &Organisation) {
        let mut doors = self.lock();
        doors.retain(|id, _| org.doors.contains_key(id));
        for id in org.doors.keys() {
            doors.entry(id.clone()).or_insert_with(|| DoorState {
                door: id.clone(),
                state: DoorCondition::Unknown,
                since: None,
                last: None,
            });
        }
    }

    /// Every door, by id.
    pub fn all(&self) -> Vec<DoorState> {
        self.lock().values().cloned().collect()
    }

    /// Takes in one judged event; the door as it now stands, if that has changed. An event older
    /// than what is known changes nothing.
    pub fn take(&self, event: &Event) -> Option<DoorState> {
        if event.class_uid != PHYSICAL_ACCESS {
            return None;
        }
        let enrichment = event.enrichment.as_ref()?;
        let place = &enrichment.place.as_ref()?.id;
        let activity = event.get("activity_id").and_then(|v| v.as_i64())?;
        let (condition, granted) = meaning(activity)?;
        let mut doors = self.lock();
        let door = doors.get_mut(place)?;
        let before = door.clone();
        let is_current = door.since.is_none_or(|since| event.time >= since);
        if let Some(condition) = condition.filter(|new| is_current && *new != door.state) {
            door.state = condition;
            door.since = Some(event.time);
        }
        let is_newer = door.last.as_ref().is_none_or(|last| event.time >= last.at);
        if let Some(granted) = granted.filter(|_| is_newer) {
            door.last = Some(LastPassage {
                at: event.time,
                person: enrichment.person.clone(),
                granted,
                record: event.record,
                part: event.part,
            });
        }
        (*door != before).then(|| door.clone())
    }
}

/// What an activity says of the door, and of a passage: 1 granted, 2 denied, 3 taken, 5 forced,
/// 6 held, 7 request to exit, 8 duress, 12 tamper. A refusal says nothing of how the door stands.
/// SOURCE: OCSF physec 0.1.0, `physical_access_activity`, `activity_id`.
fn meaning(activity: i64) -> Option<(Option<DoorCondition>, Option<bool>)> {
    match activity {
        1 | 3 | 8 => Some((Some(DoorCondition::Normal), Some(true))),
        2 => Some((None, Some(false))),
        7 => Some((Some(DoorCondition::Normal), None)),
        5 => Some((Some(DoorCondition::Forced), None)),
        6 => Some((Some(DoorCondition::Held), None)),
        12 => Some((Some(DoorCondition::Tamper), None)),
        _ => None,
    }
}
