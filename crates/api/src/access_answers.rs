//! Answers for auditors: who could open a door at an instant, why and by whose word; and who did.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use engine::access::Action;
use engine::rights::{AnswerError, Could, PastRequest, PastTurn, Via};
use model::{DoorId, PersonId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::access::Scope;
use crate::access_ask::DoorReason;
use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// Longest window of who did.
const WINDOW_S_MAX: u64 = 7 * 86_400;
/// Window of who did, before and after, where nothing is said.
const WINDOW_S: u64 = 3_600;
impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Ask(error) => error.into(),
            AnswerError::Lake(error) => error.into(),
        }
    }
}

/// Which door, and when.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AnswersQuery {
    /// Which door.
    door: DoorId,
    /// At which instant; now where nothing is said.
    at: Option<Timestamp>,
    /// Who did, so many seconds before and after; at most seven days.
    window_s: Option<u64>,
}

/// By what somebody could pass.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViaItem {
    /// The right behind it.
    right: Option<String>,
    /// The policy, as decisions name it.
    policy: String,
    /// Who approved the right.
    approved_by: Option<String>,
    /// Why it was given.
    reason: Option<String>,
    /// The version that put it in force as it was.
    since_version: Option<u64>,
    /// When that was.
    since: Option<Timestamp>,
    /// Who did that.
    by: Option<String>,
}

/// Somebody who could pass.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CouldItem {
    /// Who.
    person: PersonId,
    /// Their name, where the caller has given a reason for seeing it.
    name: Option<String>,
    /// Why: permitted, or after showing more.
    because: DoorReason,
    /// By what.
    via: Vec<ViaItem>,
}

/// Somebody who asked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DidItem {
    /// Who, if the credential was somebody's.
    person: Option<PersonId>,
    /// Their name, where the caller has given a reason for seeing it.
    name: Option<String>,
    /// When.
    at: Timestamp,
    /// `granted`, `refused`, `passed` or `not_used`.
    #[schema(value_type = String)]
    outcome: PastTurn,
    /// Whether it led out.
    is_way_out: bool,
    /// The event's record.
    record: u64,
    /// The event's part of it.
    part: u16,
}

/// Who could open a door at an instant and why; and who did.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AnswersItem {
    /// Which door.
    door: DoorId,
    /// At which instant.
    at: Timestamp,
    /// The version of rights of then.
    version: Option<u64>,
    /// Who could, by person.
    could: Vec<CouldItem>,
    /// How many more could and are not listed.
    could_more: u64,
    /// Who asked within the window, newest first.
    did: Vec<DidItem>,
    /// Whether older ones are left out.
    did_more: bool,
    /// The window before and after, in seconds.
    window_s: u64,
}

/// Who could open a door at an instant, why and approved by whom; and who did. By the rights of
/// then and the organisation of today.
#[utoipa::path(
    get, path = "/v1/access/answers", tag = "access", params(AnswersQuery),
    responses((status = 200, body = AnswersItem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The rights of then do not hold any more")),
    security(("token" = []))
)]
pub async fn answers(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<AnswersQuery>,
) -> Answer<Json<AnswersItem>> {
    let scope = Scope::of(&shared, &caller)?;
    let site = shared.engine.access.site_of_door(&query.door);
    caller.must_at(Action::AccessRead, site.as_ref())?;
    let at = query.at.unwrap_or_else(|| shared.engine.now());
    let window_s = query.window_s.unwrap_or(WINDOW_S).min(WINDOW_S_MAX);
    let window = Duration::from_secs(window_s);
    let found = shared.engine.door_answers(&query.door, at, window).await?;
    let via = |via: Via| ViaItem {
        approved_by: via.right.as_ref().and_then(|(_, right)| right.approved_by.clone()),
        reason: via.right.as_ref().and_then(|(_, right)| right.reason.clone()),
        right: via.right.map(|(id, _)| id),
        policy: via.policy.to_string(),
        since_version: via.since.as_ref().map(|since| since.version),
        since: via.since.as_ref().map(|since| since.at),
        by: via.since.as_ref().map(|since| since.by.clone()),
    };
    let could = |one: Could| CouldItem {
        name: scope.name(&one.person),
        because: (&one.because).into(),
        via: one.via.into_iter().map(via).collect(),
        person: one.person,
    };
    let did = |one: PastRequest| DidItem {
        name: one.person.as_ref().and_then(|person| scope.name(person)),
        person: one.person,
        at: one.at,
        outcome: one.turn,
        is_way_out: one.is_way_out,
        record: one.record,
        part: one.part,
    };
    Ok(Json(AnswersItem {
        door: query.door,
        at,
        version: found.version,
        could: found.could.into_iter().map(could).collect(),
        could_more: found.could_more,
        did: found.did.into_iter().map(did).collect(),
        did_more: found.did_more,
        window_s,
    }))
}
