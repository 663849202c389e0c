//! The last time somebody's badge was used at a door, and why it says nothing of where they are.

use lake::{Found, LakeError};
use model::enrichment::CredentialState;
use model::{Timestamp, Trust};
use serde::Serialize;
use serde_json::Value;

use crate::engine::Engine;
use crate::watch::refused::PHYSICAL_ACCESS;

/// What became of somebody at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// The badge was granted.
    Granted,
    /// It was refused.
    Refused,
    /// The door was passed.
    Passed,
    /// It was granted, and the door not used.
    NotUsed,
}

impl Turn {
    /// SOURCE: OCSF physec 0.1.0, `physical_access_activity`, `activity_id`.
    fn of(activity: i64) -> Option<Self> {
        match activity {
            1 => Some(Self::Granted),
            2 => Some(Self::Refused),
            3 => Some(Self::Passed),
            4 => Some(Self::NotUsed),
            _ => None,
        }
    }
}

/// Why a passage does not say where its person is (`detect::presence`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncounted {
    /// They were not let through.
    Refused,
    /// They did not go through.
    NotUsed,
    /// Their badge is not in force: nobody knows in whose hand it is.
    NotInForce,
    /// Anyone could have sent it.
    Untrusted,
}

/// A badge used at a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// When.
    pub at: Timestamp,
    /// The event's record.
    pub record: u64,
    /// The event's part of it.
    pub part: u16,
    /// At which door.
    pub door: Option<String>,
    /// What became of it.
    pub turn: Turn,
    /// The badge's number.
    pub badge: Option<String>,
    /// Whether the badge was in force then, by the organisation's records.
    pub credential: Option<CredentialState>,
    /// Why, in the access system's words.
    pub reason: Option<String>,
    /// Why it moves nobody; `None` where it does.
    pub uncounted: Option<Uncounted>,
}

impl Passage {
    /// The passage that a stored event tells of, if it does; who sent it is not looked at.
    fn of(found: &Found) -> Option<Self> {
        if found.class_uid != PHYSICAL_ACCESS {
            return None;
        }
        let event: Value = serde_json::from_str(&found.ocsf).ok()?;
        let turn = Turn::of(event.get("activity_id")?.as_i64()?)?;
        let text = |path: &str| event.pointer(path)?.as_str().map(str::to_owned);
        let credential = event.pointer("/castellan/credential/state").cloned();
        let credential: Option<CredentialState> =
            credential.and_then(|word| serde_json::from_value(word).ok());
        let in_force = credential.is_none_or(|state| state == CredentialState::Current);
        let uncounted = match turn {
            Turn::Refused => Some(Uncounted::Refused),
            Turn::Granted | Turn::Passed | Turn::NotUsed if !in_force => {
                Some(Uncounted::NotInForce)
            }
            Turn::NotUsed => Some(Uncounted::NotUsed),
            Turn::Granted | Turn::Passed => None,
        };
        Some(Self {
            at: found.key.time,
            record: found.key.seq,
            part: found.key.part,
            door: text("/castellan/place/id"),
            turn,
            badge: text("/castellan/credential/id").or_else(|| text("/credential/uid")),
            credential,
            reason: text("/status_detail").or_else(|| text("/unmapped/reason")),
            uncounted,
        })
    }
}

impl Engine {
    /// The newest passage among one person's events, newest first.
    pub async fn last_passage(&self, events: &[Found]) -> Result<Option<Passage>, LakeError> {
        let Some(mut passage) = events.iter().find_map(Passage::of) else { return Ok(None) };
        if passage.uncounted.is_none()
            && let Some(row) = self.raw(passage.record).await?
            && row.raw.trust == Trust::None
        {
            passage.uncounted = Some(Uncounted::Untrusted);
        }
        Ok(Some(passage))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
    use lake::Cursor;
    use serde_json::json;

    use super::*;

    fn passage(event: Value) -> Option<Passage> {
        let time = Timestamp::from_secs(40);
        let found = Found {
            key: Cursor { time, seq: 7, part: 1 },
            received_at: time,
            class_uid: u32::try_from(event["class_uid"].as_i64().unwrap()).unwrap(),
            severity_id: None,
            source: "doors".into(),
            site: None,
            fingerprint: model::Fingerprint(7),
            ocsf: event.to_string(),
        };
        Passage::of(&found)
    }

    #[test]
    fn a_passage_says_why_it_moves_nobody() {
        let why = |activity: i64, state: &str| {
            let event = json!({"class_uid": PHYSICAL_ACCESS, "activity_id": activity,
                "castellan": {"credential": {"id": "1", "state": state}}});
            passage(event).unwrap().uncounted
        };
        assert_eq!(why(3, "current"), None);
        assert_eq!(why(3, "revoked"), Some(Uncounted::NotInForce));
        assert_eq!(why(1, "expired"), Some(Uncounted::NotInForce));
        assert_eq!(why(2, "current"), Some(Uncounted::Refused));
        assert_eq!(why(4, "current"), Some(Uncounted::NotUsed));
    }

    #[test]
    fn what_is_no_passage_is_none() {
        assert_eq!(passage(json!({"class_uid": PHYSICAL_ACCESS, "activity_id": 5})), None);
        assert_eq!(passage(json!({"class_uid": 3_002, "activity_id": 1})), None);
        let bare = passage(json!({"class_uid": PHYSICAL_ACCESS, "activity_id": 1})).unwrap();
        assert_eq!((bare.door, bare.uncounted, bare.record), (None, None, 7));
    }
}
