//! What happened at doors, as the history tells it: who asked to come in, where and when.

use lake::{Cursor, LakeError, Search};
use model::{DoorId, PersonId, PlaceId, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::engine::Engine;
use crate::watch::refused::PHYSICAL_ACCESS;

/// Events of one page of the history.
const PAGE: usize = 1_000;

/// What became of somebody who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PastTurn {
    /// They were let through.
    Granted,
    /// They were not.
    Refused,
    /// The door was used.
    Passed,
    /// It was not.
    NotUsed,
}

/// One request at a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRequest {
    /// When.
    pub at: Timestamp,
    /// Where.
    pub door: DoorId,
    /// Who; none: nobody answers to what was shown.
    pub person: Option<PersonId>,
    /// What became of it.
    pub turn: PastTurn,
    /// Whether it led out.
    pub is_way_out: bool,
    /// The event's record.
    pub record: u64,
    /// The event's part of it.
    pub part: u16,
}

impl PastRequest {
    /// What a stored event tells, if it is of a request at a door that is known by its place.
    /// SOURCE: OCSF physec 0.1.0, `physical_access_activity`, `activity_id` 1 to 4.
    pub fn of(found: &lake::Found) -> Option<Self> {
        if found.class_uid != PHYSICAL_ACCESS {
            return None;
        }
        let event: Value = serde_json::from_str(&found.ocsf).ok()?;
        let turn = match event.get("activity_id")?.as_i64()? {
            1 => PastTurn::Granted,
            2 => PastTurn::Refused,
            3 => PastTurn::Passed,
            4 => PastTurn::NotUsed,
            _ => return None,
        };
        let text = |path: &str| event.pointer(path).and_then(Value::as_str);
        let direction = text("/unmapped/direction").or_else(|| text("/direction"));
        let person = match event.pointer("/castellan/person") {
            Some(Value::String(id)) => PersonId::parse(id).ok(),
            Some(other) => other.get("id").and_then(Value::as_str).and_then(parse),
            None => None,
        };
        Some(Self {
            at: found.key.time,
            door: DoorId::parse(text("/castellan/place/id")?).ok()?,
            person,
            turn,
            is_way_out: direction.is_some_and(|word| word == "out" || word == "exit"),
            record: found.key.seq,
            part: found.key.part,
        })
    }
}

fn parse(id: &str) -> Option<PersonId> {
    PersonId::parse(id).ok()
}

/// Which stretch of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// From then on.
    pub from: Timestamp,
    /// Before this.
    pub to: Timestamp,
    /// At one door alone.
    pub door: Option<DoorId>,
}

impl Engine {
    /// One page of the requests of a stretch, newest first, and where the next begins. Events that
    /// tell of no request at a known door are left out.
    pub async fn past_requests(
        &self,
        stretch: &Stretch,
        before: Option<Cursor>,
    ) -> Result<(Vec<PastRequest>, Option<Cursor>), LakeError> {
        let search = Search {
            from: Some(stretch.from),
            to: Some(stretch.to),
            class: Some(PHYSICAL_ACCESS),
            place: stretch.door.as_ref().and_then(|door| PlaceId::parse(door.as_str()).ok()),
            limit: PAGE,
            before,
            ..Search::default()
        };
        let page = self.search(&search, None).await?;
        let requests = page.events.iter().filter_map(PastRequest::of);
        Ok((requests.collect(), page.next))
    }
}
