//! How each door stands, from what controllers and readers say of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{Event, Organisation, PersonId, PlaceId, Timestamp};
use serde::Serialize;

/// OCSF physical extension: physical access activity.
const PHYSICAL_ACCESS: u32 = 4_230_001;

/// A passage this long after its grant is of that grant.
const PASSES_WITHIN: Duration = Duration::from_secs(120);
/// SOURCE: OCSF physec 0.1.0, `physical_access_activity`, `activity_id`: access taken.
const TAKEN: i64 = 3;

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
    /// When they went through, if the door said so.
    pub passed: Option<Timestamp>,
    /// The event's record.
    pub record: u64,
    /// The event's part of it.
    pub part: u16,
}

impl LastPassage {
    /// Whether somebody's going through is what this grant was for.
    fn is_used_by(&self, event: &Event, passed: Option<Timestamp>) -> bool {
        let person = event.enrichment.as_ref().and_then(|known| known.person.as_ref());
        let is_theirs = person.is_none() || person == self.person.as_ref();
        let is_soon = event.time.since(self.at) <= PASSES_WITHIN;
        passed.is_some() && self.granted && self.passed.is_none() && is_theirs && is_soon
    }
}

/// One door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoorState {
    /// Which.
    pub door: PlaceId,
    /// Of which site.
    pub site: Option<PlaceId>,
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
                site: org.site_of(id).cloned(),
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
            let passed = (activity == TAKEN).then_some(event.time);
            match door.last.as_mut().filter(|last| last.is_used_by(event, passed)) {
                Some(last) => last.passed = passed,
                None => {
                    door.last = Some(LastPassage {
                        at: event.time,
                        person: enrichment.person.clone(),
                        granted,
                        passed,
                        record: event.record,
                        part: event.part,
                    });
                }
            }
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use serde_json::json;

    use super::*;
    use crate::watch::sample::event;

    fn door() -> Doors {
        let state = DoorState {
            door: PlaceId::parse("dock").unwrap(),
            site: None,
            state: DoorCondition::Unknown,
            since: None,
            last: None,
        };
        Doors(Mutex::new(BTreeMap::from([(state.door.clone(), state)])))
    }

    fn said(second: i64, activity: i64, person: &str) -> Event {
        let mut ours = json!({"place": {"id": "dock"}, "time": 0});
        if !person.is_empty() {
            ours["person"] = json!(person);
        }
        event(PHYSICAL_ACCESS, second, json!({"activity_id": activity}), ours)
    }

    #[test]
    fn who_was_let_in_and_who_went_through_are_two_times() {
        let doors = door();
        doors.take(&said(14, 1, "ana")).unwrap();
        let last = doors.take(&said(16, 3, "ana")).unwrap().last.unwrap();
        let second = Timestamp::from_secs;
        assert_eq!((last.at, last.passed), (second(14), Some(second(16))));
        // Somebody else's passage is no use of her grant.
        let last = doors.take(&said(20, 3, "ben")).unwrap().last.unwrap();
        assert_eq!((last.at, last.passed), (second(20), Some(second(20))));
        // A door that names nobody tells of the grant before.
        doors.take(&said(30, 1, "ana")).unwrap();
        let last = doors.take(&said(33, 3, "")).unwrap().last.unwrap();
        assert_eq!((last.at, last.passed), (second(30), Some(second(33))));
        let last = doors.take(&said(900, 2, "ana")).unwrap().last.unwrap();
        assert_eq!((last.granted, last.passed), (false, None));
    }

    #[test]
    fn a_forced_door_is_well_again_by_its_next_ordinary_word() {
        let doors = door();
        let state = doors.take(&said(5, 5, "")).unwrap();
        assert_eq!((state.state, state.since), (DoorCondition::Forced, Some(state_at(5))));
        assert!(doors.take(&said(6, 5, "")).is_none(), "the same is no change");
        doors.take(&said(7, 2, "ana")).unwrap();
        let refused = doors.all();
        assert!(refused.iter().all(|door| door.state == DoorCondition::Forced));
        assert_eq!(doors.take(&said(9, 7, "")).unwrap().state, DoorCondition::Normal);
    }

    fn state_at(second: i64) -> Timestamp {
        Timestamp::from_secs(second)
    }
}
