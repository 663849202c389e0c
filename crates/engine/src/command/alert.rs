//! How alert the house is: the threat level, and which zones are locked down. Both last until
//! somebody ends them; nothing here ends by itself.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use access::door::{Order, Threat};
use access::link::What;
use model::{DoorId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{State, StoreError};

use super::{CommandError, Commander, WHY_CHARS_MAX, Wanted};
use crate::engine::Engine;
use crate::rights::Rights;
use crate::warden;

/// When to ask whether a lockdown is still needed.
const ASK_AFTER: Duration = Duration::from_secs(30 * 60);
/// Zones that are locked down at most.
const LOCKDOWNS_MAX: usize = 10_000;

/// A zone that is locked down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockdownTold {
    /// Since when.
    pub since: Timestamp,
    /// When to ask whether it is still needed.
    pub ask_at: Option<Timestamp>,
    /// By whose right.
    pub by: String,
    /// Why; it may follow.
    pub reason: Option<String>,
}

/// The threat level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreatTold {
    /// The level.
    pub level: Threat,
    /// Since when.
    pub since: Timestamp,
    /// By whose right.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alertness {
    /// The threat level; none: nobody ever set one.
    pub threat: Option<ThreatTold>,
    /// Zones that are locked down.
    pub lockdowns: BTreeMap<ZoneId, LockdownTold>,
}

impl Alertness {
    pub(super) async fn read(state: &State) -> Result<Self, StoreError> {
        let mut alert = Self::default();
        let damaged = |error: serde_json::Error| StoreError::Corrupt {
            file: "alertness".to_owned(),
            detail: error.to_string(),
        };
        for (what, body) in state.alertness().await? {
            if what == "threat" {
                alert.threat = Some(serde_json::from_str(&body).map_err(damaged)?);
            } else if let Some(zone) = what.strip_prefix("zone:").map(ZoneId::parse) {
                let zone = zone.map_err(|error| StoreError::Corrupt {
                    file: "alertness".to_owned(),
                    detail: error.to_string(),
                })?;
                alert.lockdowns.insert(zone, serde_json::from_str(&body).map_err(damaged)?);
            }
        }
        Ok(alert)
    }

    /// Our own rights go by it from the first moment on.
    pub(super) fn put_into(&self, rights: &Rights) {
        rights.live(|live| {
            if let Some(threat) = &self.threat {
                live.set_threat(threat.level);
            }
            for (zone, lockdown) in &self.lockdowns {
                live.lock_down(zone.clone(), lockdown.since, lockdown.ask_at);
            }
        });
    }
}

impl Commander {
    /// How alert the house is.
    pub fn alertness(&self) -> Alertness {
        self.alert.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn alert(&self, change: impl FnOnce(&mut Alertness)) {
        change(&mut self.alert.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The doors into a zone and into those within it.
    pub fn doors_of_zone(&self, zone: &ZoneId) -> Option<Vec<DoorId>> {
        let snapshot = self.rights.snapshot();
        let estate = snapshot.estate();
        estate.zone(zone)?;
        let into = estate.doors().filter(|door| estate.is_within(&door.to, zone));
        Some(into.map(|door| door.id.clone()).collect())
    }

    async fn save_lockdown(
        &self,
        zone: &ZoneId,
        lockdown: Option<LockdownTold>,
        (by, verb, now): (&str, &str, Timestamp),
    ) -> Result<(), StoreError> {
        let body = lockdown.as_ref().map(serde_json::to_string).transpose();
        let body = body.map_err(|error| StoreError::Io {
            what: "writing a lockdown".into(),
            detail: error.to_string(),
        })?;
        let detail = json!({ "lockdown": lockdown });
        let act = warden::audit(now, by, verb, &format!("zone:{zone}"), detail);
        self.state.save_alertness((&format!("zone:{zone}"), body.as_deref()), &[act]).await?;
        self.alert(|alert| match lockdown {
            Some(lockdown) => drop(alert.lockdowns.insert(zone.clone(), lockdown)),
            None => drop(alert.lockdowns.remove(zone)),
        });
        Ok(())
    }
}

fn reason_of(reason: &str) -> Result<String, CommandError> {
    let is_good = !reason.trim().is_empty() && reason.chars().count() <= WHY_CHARS_MAX;
    let why = || format!("a reason of 1 to {WHY_CHARS_MAX} characters is needed");
    if is_good { Ok(reason.to_owned()) } else { Err(CommandError::Bad(why())) }
}

impl Engine {
    /// Locks a zone down, and all within it: at once, and for every edge that comes back. The
    /// reason may follow. Doing it again changes nothing but when to ask.
    pub async fn lock_down(
        &self,
        zone: &ZoneId,
        (by, reason): (&str, Option<String>),
    ) -> Result<LockdownTold, CommandError> {
        let now = self.now();
        let doors = self.commander.doors_of_zone(zone).ok_or_else(|| no_zone(zone))?;
        let alertness = self.commander.alertness();
        if alertness.lockdowns.len() >= LOCKDOWNS_MAX {
            return Err(CommandError::Full);
        }
        let reason = reason.as_deref().map(reason_of).transpose()?;
        let before = alertness.lockdowns.get(zone).cloned();
        let ask_at = Some(now.plus(ASK_AFTER));
        let lockdown = match before {
            Some(before) => {
                LockdownTold { ask_at, reason: reason.clone().or(before.reason), ..before }
            }
            None => LockdownTold { since: now, ask_at, by: by.to_owned(), reason: reason.clone() },
        };
        let how = (by, "lockdown.begin", now);
        self.commander.save_lockdown(zone, Some(lockdown.clone()), how).await?;
        self.tell_world().await;
        self.tell_doors(doors, Order::LockDown, (by, reason)).await;
        Ok(lockdown)
    }

    /// Says why a zone was locked down.
    pub async fn lockdown_reason(
        &self,
        zone: &ZoneId,
        (by, reason): (&str, &str),
    ) -> Result<LockdownTold, CommandError> {
        let held = self.commander.alertness().lockdowns.remove(zone);
        let held = held.ok_or_else(|| not_locked(zone))?;
        let lockdown = LockdownTold { reason: Some(reason_of(reason)?), ..held };
        let how = (by, "lockdown.reason", self.now());
        self.commander.save_lockdown(zone, Some(lockdown.clone()), how).await?;
        Ok(lockdown)
    }

    /// Ends a lockdown. No door becomes unlocked by it: each goes back to asking for credentials.
    pub async fn end_lockdown(
        &self,
        zone: &ZoneId,
        (by, reason): (&str, &str),
    ) -> Result<(), CommandError> {
        let reason = reason_of(reason)?;
        if !self.commander.alertness().lockdowns.contains_key(zone) {
            return Err(not_locked(zone));
        }
        let doors = self.commander.doors_of_zone(zone).unwrap_or_default();
        self.commander.save_lockdown(zone, None, (by, "lockdown.end", self.now())).await?;
        self.tell_world().await;
        self.tell_doors(doors, Order::EndLockdown, (by, Some(reason))).await;
        Ok(())
    }

    /// Each door confirms for itself; a door that nobody runs has nothing to confirm.
    async fn tell_doors(&self, doors: Vec<DoorId>, order: Order, why: (&str, Option<String>)) {
        for door in doors {
            let what = What::Order { order, hold: None };
            let (by, reason) = (why.0.to_owned(), why.1.clone());
            let wanted = Wanted { door, what, reason, by, key: None };
            match self.command(wanted).await {
                Ok(_) | Err(CommandError::NoPoint(_)) => {}
                Err(error) => tracing::error!(%error, "a door is not told of a lockdown by itself"),
            }
        }
    }

    /// Raises or lowers the threat level.
    pub async fn set_threat(
        &self,
        level: Threat,
        (by, reason): (&str, &str),
    ) -> Result<ThreatTold, CommandError> {
        let now = self.now();
        let reason = reason_of(reason)?;
        let threat = ThreatTold { level, since: now, by: by.to_owned(), reason };
        let body = serde_json::to_string(&threat).map_err(|e| CommandError::Bad(e.to_string()))?;
        let detail = json!({ "level": level, "reason": threat.reason });
        let act = warden::audit(now, by, "threat.set", "threat", detail);
        self.state.save_alertness(("threat", Some(&body)), &[act]).await?;
        self.commander.alert(|alert| alert.threat = Some(threat.clone()));
        self.tell_world().await;
        Ok(threat)
    }
}

fn no_zone(zone: &ZoneId) -> CommandError {
    CommandError::Bad(format!("there is no zone `{zone}`"))
}

fn not_locked(zone: &ZoneId) -> CommandError {
    CommandError::Bad(format!("the zone `{zone}` is not locked down"))
}
