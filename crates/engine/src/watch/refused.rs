//! Who was refused at which door, newest first: what a guard must see at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::enrichment::CredentialState;
use model::{Event, PersonId, PlaceId, Timestamp};
use serde::Serialize;

/// OCSF physical extension: physical access activity.
pub(crate) const PHYSICAL_ACCESS: u32 = 4_230_001;
/// SOURCE: OCSF physec 0.1.0, `physical_access_activity`, `activity_id` 2.
pub(crate) const DENIED: i64 = 2;
/// A refusal that took longer to arrive is history: it is listed, and calls nobody.
const FRESH_MAX: Duration = Duration::from_secs(10 * 60);
/// Longest reason kept, in characters.
const WHY_CHARS_MAX: usize = 200;

/// Somebody was not let through. No name: that is shown to those who may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// When.
    pub at: Timestamp,
    /// Where.
    pub door: PlaceId,
    /// Of which site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<PlaceId>,
    /// The event's record.
    pub record: u64,
    /// The event's part of it.
    pub part: u16,
    /// Who, if the credential is somebody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Whether the credential was in force, by the organisation's records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialState>,
    /// Why, in the access system's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Refusal {
    /// The refusal that an event tells of, if it does.
    pub fn of(event: &Event) -> Option<Self> {
        let activity = event.get("activity_id").and_then(|value| value.as_i64());
        if event.class_uid != PHYSICAL_ACCESS || activity != Some(DENIED) {
            return None;
        }
        let enrichment = event.enrichment.as_ref()?;
        let place = enrichment.place.as_ref()?;
        let words = event.text("status_detail");
        Some(Self {
            at: event.time,
            door: place.id.clone(),
            site: place.site.clone().or_else(|| event.site.clone()),
            record: event.record,
            part: event.part,
            person: enrichment.person.clone(),
            credential: enrichment.credential.as_ref().map(|credential| credential.state),
            why: words.map(|words| words.chars().take(WHY_CHARS_MAX).collect()),
        })
    }
}

/// Whether an event arrived soon enough to call somebody.
pub fn is_fresh(event: &Event) -> bool {
    event.received_at.since(event.time) <= FRESH_MAX
}

type Key = (Timestamp, u64, u16);

/// The latest refusals, as many as the limit says; the oldest go first.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<Key, Refusal>>);

impl Refusals {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Refusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps one among at most `max`; whether it was not known yet and is kept.
    pub fn add(&self, refusal: Refusal, max: usize) -> bool {
        let key = (refusal.at, refusal.record, refusal.part);
        let mut all = self.lock();
        if all.contains_key(&key) {
            return false;
        }
        all.insert(key, refusal);
        while all.len() > max {
            all.pop_first();
        }
        all.contains_key(&key)
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nobody was refused that we know of.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Those since an instant that fit, newest first, at most `limit`.
    pub fn latest(
        &self,
        since: Option<Timestamp>,
        fits: impl Fn(&Refusal) -> bool,
        limit: usize,
    ) -> Vec<Refusal> {
        let all = self.lock();
        let newest = all.values().rev();
        let recent = newest.take_while(|refusal| since.is_none_or(|since| refusal.at >= since));
        recent.filter(|refusal| fits(refusal)).take(limit).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn refusal(second: i64, record: u64) -> Refusal {
        Refusal {
            at: Timestamp::from_secs(second),
            door: PlaceId::parse("d-1").unwrap(),
            site: None,
            record,
            part: 0,
            person: None,
            credential: None,
            why: None,
        }
    }

    #[test]
    fn the_latest_are_kept_whatever_the_order_of_arrival() {
        let all = Refusals::default();
        for (second, record) in [(30, 3), (10, 1), (20, 2)] {
            assert!(all.add(refusal(second, record), 3));
        }
        assert!(!all.add(refusal(20, 2), 3), "the same one again");
        assert!(!all.add(refusal(5, 4), 3), "older than all that fit");
        assert!(all.add(refusal(40, 5), 3));
        let records = |since: Option<i64>, limit| -> Vec<u64> {
            let since = since.map(Timestamp::from_secs);
            all.latest(since, |_| true, limit).iter().map(|one| one.record).collect()
        };
        assert_eq!(records(None, 10), [5, 3, 2]);
        assert_eq!(records(Some(30), 10), [5, 3]);
        assert_eq!(records(None, 1), [5]);
        assert_eq!(all.latest(None, |one| one.record == 2, 1).len(), 1);
    }
}
