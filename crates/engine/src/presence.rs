//! Where one person was over the last day, in both worlds: by the badge world's belief, and by the
//! things that their accounts logged on at.

use std::collections::BTreeMap;
use std::time::Duration;

use detect::Stretch;
use lake::{LakeError, Search};
use model::enrichment::{PresenceEvidence, PresenceState, UnknownWhy};
use model::{PersonId, Timestamp};
use serde_json::Value;

use crate::engine::Engine;

/// How far back a band reaches.
const BACK_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Log-ons of one person that are looked at, the latest.
const LOGONS_MAX: usize = 1_000;
/// A log-on without a log-off counts for so long after it was last seen.
const LOGON_LASTS: Duration = Duration::from_secs(12 * 3_600);
/// SOURCE: OCSF 1.8.0, class Authentication.
const AUTHENTICATION: u32 = 3_002;

/// In which world somebody was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum World {
    /// Of doors.
    Physical,
    /// Of networks.
    Network,
}

impl World {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Physical => "physical",
            Self::Network => "network",
        }
    }
}

/// A stretch of time at one place, or at none that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// A place's id, or in the network world a thing's; an address where the thing is unknown.
    pub place: Option<String>,
    /// Whether `place` is an address of a thing that nobody knows.
    pub is_foreign: bool,
    /// In which world.
    pub world: World,
    /// Since when.
    pub since: Timestamp,
    /// Until when; `None` while it lasts.
    pub until: Option<Timestamp>,
    /// In, out or unknown.
    pub state: PresenceState,
    /// What it rests on.
    pub evidence: Option<PresenceEvidence>,
    /// Why it is unknown.
    pub why: Option<UnknownWhy>,
}

impl Engine {
    /// The last day of a person in both worlds, newest last.
    pub async fn presence(&self, person: &PersonId) -> Result<Vec<Stay>, LakeError> {
        let now = self.now();
        let from = now.minus(BACK_MAX);
        let band = self.whereabouts.band(person, from, now);
        self.stays(person, band, (from, now)).await
    }

    /// A stretch of a person's past in both worlds, newest last, by what history has of it. What
    /// lies after now is not told.
    pub async fn presence_in(
        &self,
        person: &PersonId,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<Stay>, LakeError> {
        let to = to.min(self.now());
        let known = self.past_of(person, (from, to)).await?;
        let mut band = known.band(person, (from, to));
        if let Some(last) = band.last_mut() {
            // It may go on; nothing is said of what comes after.
            last.to.get_or_insert(to);
        }
        self.stays(person, band, (from, to)).await
    }

    async fn stays(
        &self,
        person: &PersonId,
        band: Vec<Stretch>,
        (from, now): (Timestamp, Timestamp),
    ) -> Result<Vec<Stay>, LakeError> {
        let physical = band.into_iter().map(|one| Stay {
            place: one.presence.zone.map(String::from),
            is_foreign: false,
            world: World::Physical,
            since: one.from,
            until: one.to,
            state: one.presence.state,
            evidence: one.presence.evidence,
            why: one.presence.why,
        });
        let mut stays: Vec<Stay> = physical.collect();
        let search = Search {
            from: Some(from),
            to: Some(now),
            person: Some(person.clone()),
            class: Some(AUTHENTICATION),
            limit: LOGONS_MAX,
            ..Search::default()
        };
        let page = self.search(&search, None).await?;
        let logons =
            page.events.into_iter().rev().filter_map(|found| {
                Some((found.key.time, serde_json::from_str(&found.ocsf).ok()?))
            });
        stays.extend(logon_stays(logons, now));
        stays.sort_by_key(|stay| (stay.since, stay.world));
        Ok(stays)
    }
}

/// What log-ons and log-offs in order of time amount to: one stay per thing.
fn logon_stays(events: impl Iterator<Item = (Timestamp, Value)>, now: Timestamp) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    // Per thing, the stay that goes on and when it was last seen.
    let mut open: BTreeMap<String, (usize, Timestamp)> = BTreeMap::new();
    for (at, event) in events {
        let Some((place, is_foreign)) = thing(&event) else { continue };
        let activity = event.get("activity_id").and_then(Value::as_i64);
        let lasting = open.get(&place).copied().filter(|(_, seen)| at.since(*seen) <= LOGON_LASTS);
        match (activity, lasting) {
            (Some(LOGON), Some((number, _))) => drop(open.insert(place, (number, at))),
            (Some(LOGON), None) => {
                open.insert(place.clone(), (stays.len(), at));
                stays.push(Stay {
                    place: Some(place),
                    is_foreign,
                    world: World::Network,
                    since: at,
                    until: None,
                    state: PresenceState::In,
                    evidence: None,
                    why: None,
                });
            }
            (Some(LOGOFF), Some((number, _))) => {
                if let Some(stay) = stays.get_mut(number) {
                    stay.until = Some(at);
                }
                open.remove(&place);
            }
            (Some(_) | None, _) => {}
        }
    }
    let over = open.into_values().filter(|(_, seen)| now.since(*seen) > LOGON_LASTS);
    for (number, seen) in over {
        if let Some(stay) = stays.get_mut(number) {
            stay.until = Some(seen);
        }
    }
    stays
}

/// SOURCE: OCSF 1.8.0, Authentication, `activity_id`.
const LOGON: i64 = 1;
const LOGOFF: i64 = 2;
const SUCCESS: i64 = 1;

/// At which thing a person sat: where the log-on came from, else where it led; and whether that
/// is an address nobody knows. Nothing for what failed and for badges.
fn thing(event: &Value) -> Option<(String, bool)> {
    let is_badge = event.pointer("/logon_type").and_then(Value::as_str) == Some("badge");
    let failed = event.get("status_id").and_then(Value::as_i64) != Some(SUCCESS);
    if is_badge || failed {
        return None;
    }
    let text = |path: &str| event.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let source = text("/castellan/src/asset").map(|asset| (asset, false));
    let foreign = || text("/src_endpoint/ip").map(|address| (address, true));
    let end = || {
        let end = text("/castellan/dst/asset").or_else(|| text("/castellan/device/asset"));
        end.map(|asset| (asset, false))
    };
    source.or_else(foreign).or_else(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn log_ons_become_stays_at_things() {
        let at = |hour: i64| Timestamp::from_secs(hour * 3_600);
        let logon = |activity: i64, asset: &str| {
            json!({"activity_id": activity, "status_id": 1,
                   "castellan": {"src": {"asset": asset}, "dst": {"asset": "srv-1"}}})
        };
        let badge = json!({"activity_id": 1, "status_id": 1, "logon_type": "badge",
                           "castellan": {"src": {"asset": "reader"}}});
        let failed = json!({"activity_id": 1, "status_id": 2,
                            "castellan": {"src": {"asset": "pc-2"}}});
        let far = json!({"activity_id": 1, "status_id": 1, "src_endpoint": {"ip": "203.0.113.9"}});
        let events = [
            (at(1), logon(1, "pc-1")),
            (at(2), badge),
            (at(3), failed),
            (at(4), logon(1, "pc-1")),
            (at(5), far),
            (at(6), logon(2, "pc-1")),
            (at(20), logon(1, "pc-1")),
        ];
        let stays = logon_stays(events.into_iter(), at(21));
        let shown: Vec<_> = stays
            .iter()
            .map(|stay| (stay.place.as_deref(), stay.is_foreign, stay.since, stay.until))
            .collect();
        assert_eq!(
            shown,
            [
                (Some("pc-1"), false, at(1), Some(at(6))),
                (Some("203.0.113.9"), true, at(5), Some(at(5))),
                (Some("pc-1"), false, at(20), None),
            ]
        );
    }
}
