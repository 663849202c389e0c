//! Whether cameras, sensors and other things have their link, from what their own systems say.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{AssetId, Event, Organisation, PlaceId, Timestamp};
use serde::Serialize;

/// OCSF physical extension: alarm signal activity.
const ALARM_SIGNAL: u32 = 4_230_002;
/// SOURCE: OCSF physec 0.1.0, `alarm_signal_activity`, `activity_id`: a fault of communication.
const COMMUNICATION: i64 = 8;
/// What a recorder or panel says of a thing that it cannot hear: power, and tampering.
const ABOUT_IT: [i64; 2] = [5, 7];
/// States of a signal in which its condition is over, or was never there.
/// SOURCE: content/rules/devices/device-lost.yml
const OVER: [i64; 7] = [2, 3, 4, 6, 7, 8, 9];
/// `severity_id`: informational.
const CALM: i64 = 1;

/// What was last heard of a thing's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkCondition {
    /// It speaks.
    Up,
    /// Its link was lost, and nothing was heard of it since.
    Lost,
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThingState {
    /// Which.
    pub asset: AssetId,
    /// Of which site.
    pub site: Option<PlaceId>,
    /// How its link stands.
    pub state: LinkCondition,
    /// Since when, as far as has been heard.
    pub since: Timestamp,
}

#[derive(Debug)]
struct Known {
    told: ThingState,
    /// The time of the last event that told.
    last: Timestamp,
}

/// Every thing that was heard of: as many as the organisation has, no more.
#[derive(Debug, Default)]
pub struct Things(Mutex<BTreeMap<AssetId, Known>>);

impl Things {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<AssetId, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what the organisation has no more.
    pub fn watch(&self, org: &Organisation) {
        self.lock().retain(|id, _| org.assets.contains_key(id));
    }

    /// Everything that was heard of since the start, by id.
    pub fn all(&self) -> Vec<ThingState> {
        self.lock().values().map(|known| known.told.clone()).collect()
    }

    /// Takes in one judged event; the thing as it now stands, if that has changed. An event older
    /// than what is known changes nothing.
    pub fn take(&self, event: &Event) -> Option<ThingState> {
        if event.class_uid != ALARM_SIGNAL {
            return None;
        }
        let device = event.enrichment.as_ref()?.device.as_ref()?;
        let asset = device.asset.as_ref()?;
        let state = meaning(event)?;
        let fresh = || ThingState {
            asset: asset.clone(),
            site: device.site.clone(),
            state,
            since: event.time,
        };
        let mut all = self.lock();
        let Some(known) = all.get_mut(asset) else {
            let told = fresh();
            all.insert(asset.clone(), Known { told: told.clone(), last: event.time });
            return Some(told);
        };
        if event.time < known.last {
            return None;
        }
        known.last = event.time;
        if known.told.state == state {
            return None;
        }
        known.told = fresh();
        Some(known.told.clone())
    }
}

/// What an alarm signal says of the link of the thing it is about. `None`: nothing.
fn meaning(event: &Event) -> Option<LinkCondition> {
    let number = |key: &str| event.get(key).and_then(|value| value.as_i64());
    let activity = number("activity_id")?;
    if ABOUT_IT.contains(&activity) {
        return None;
    }
    if activity != COMMUNICATION {
        return Some(LinkCondition::Up);
    }
    let is_over = number("lifecycle_id").is_some_and(|state| OVER.contains(&state))
        || number("severity_id") == Some(CALM);
    Some(if is_over { LinkCondition::Up } else { LinkCondition::Lost })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use serde_json::json;

    use super::*;
    use crate::watch::sample::event;

    fn heard(second: i64, ocsf: serde_json::Value) -> Event {
        event(ALARM_SIGNAL, second, ocsf, json!({"device": {"asset": "dock-camera"}, "time": 0}))
    }

    fn lost(second: i64) -> Event {
        heard(second, json!({"activity_id": 8, "lifecycle_id": 1, "severity_id": 3}))
    }

    #[test]
    fn a_camera_is_lost_until_it_is_heard_again() {
        let things = Things::default();
        let said = things.take(&lost(10)).unwrap();
        assert_eq!((said.state, said.since), (LinkCondition::Lost, Timestamp::from_secs(10)));
        // Said again, told by its recorder of its power, and late news: none of it is its voice.
        assert_eq!(things.take(&lost(20)), None);
        assert_eq!(things.take(&heard(30, json!({"activity_id": 7, "severity_id": 3}))), None);
        assert_eq!(things.take(&heard(5, json!({"activity_id": 11}))), None);
        assert_eq!(things.all()[0].state, LinkCondition::Lost);
        let back = heard(300, json!({"activity_id": 8, "lifecycle_id": 2, "severity_id": 1}));
        let said = things.take(&back).unwrap();
        assert_eq!((said.state, said.since), (LinkCondition::Up, Timestamp::from_secs(300)));
        // What it sees, it sees by its link.
        things.take(&lost(400)).unwrap();
        let saw = heard(410, json!({"activity_id": 11, "severity_id": 1}));
        assert_eq!(things.take(&saw).unwrap().state, LinkCondition::Up);
    }
}
