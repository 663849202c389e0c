//! Where one person was over the last day.

use axum::Json;
use axum::extract::{Path, State};
use engine::access::Action;
use engine::presence::Stay;
use model::enrichment::{PresenceEvidence, PresenceState, UnknownWhy};
use model::{PersonId, Timestamp};
use serde::Serialize;

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// A stretch of time at one place, or at none that is known.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StayItem {
    /// A zone in the physical world, a thing in the network's; absent where it is not known.
    place: Option<String>,
    /// Where a log-on came from, when no thing of the organisation has that address.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// `physical` or `network`.
    world: &'static str,
    /// Since when.
    since: Timestamp,
    /// Until when; absent while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// `in`, `out` or `unknown`.
    #[schema(value_type = String)]
    state: PresenceState,
    /// `granted`, `taken` or `sensor`, in rising strength.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    evidence: Option<PresenceEvidence>,
    /// Why it is unknown: `never_seen`, `aged`, `stale`, `ambiguous`, `unwatched`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    why: Option<UnknownWhy>,
}

fn item(stay: Stay) -> StayItem {
    let (place, address) = match stay.is_foreign {
        true => (None, stay.place),
        false => (stay.place, None),
    };
    StayItem {
        place,
        address,
        world: stay.world.as_str(),
        since: stay.since,
        until: stay.until,
        state: stay.state,
        evidence: stay.evidence,
        why: stay.why,
    }
}

/// Where a person was over the last day, newest last: by the badge world's belief, and by the
/// things that their accounts logged on at.
#[utoipa::path(
    get, path = "/v1/presence/{person}", tag = "organisation",
    params(("person" = String, Path, description = "Person id")),
    responses((status = 200, body = Vec<StayItem>), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn presence(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<Vec<StayItem>>> {
    caller.must(Action::PersonRead)?;
    let missing = || Problem::not_found(format!("no person `{id}`"));
    let person = PersonId::parse(&id).map_err(|_| missing())?;
    let knowledge = shared.engine.current.get();
    let known = knowledge.org.people.get(&person).ok_or_else(missing)?;
    caller.must_at(Action::PersonRead, known.site.as_ref())?;
    caller.must(Action::EventSearch)?;
    let stays = shared.engine.presence(&person).await?;
    Ok(Json(stays.into_iter().map(item).collect()))
}
