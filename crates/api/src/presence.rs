//! Where one person was over the last day.

use axum::Json;
use axum::extract::{Path, Query, State};
use engine::access::Action;
use engine::limits::Limits;
use engine::presence::Stay;
use model::enrichment::{PresenceEvidence, PresenceState, UnknownWhy};
use model::{PersonId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// What is told where no beginning is given.
const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

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

/// Which stretch of time.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PresenceQuery {
    /// From when on (RFC 3339); a day before `to` if absent.
    from: Option<Timestamp>,
    /// Until when; now if absent.
    to: Option<Timestamp>,
}

/// Where a person was over the last day, or over a stretch of history, newest last: by the badge
/// world's belief, and by the things that their accounts logged on at.
#[utoipa::path(
    get, path = "/v1/presence/{person}", tag = "organisation",
    params(("person" = String, Path, description = "Person id"), PresenceQuery),
    responses((status = 200, body = Vec<StayItem>), (status = 400, body = Problem),
        (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn presence(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<PresenceQuery>,
) -> Answer<Json<Vec<StayItem>>> {
    caller.must(Action::PersonRead)?;
    let missing = || Problem::not_found(format!("no person `{id}`"));
    let person = PersonId::parse(&id).map_err(|_| missing())?;
    let knowledge = shared.engine.current.get();
    let known = knowledge.org.people.get(&person).ok_or_else(missing)?;
    caller.must_at(Action::PersonRead, known.site.as_ref())?;
    caller.must(Action::EventSearch)?;
    let stays = match (query.from, query.to) {
        (None, None) => shared.engine.presence(&person).await?,
        (from, to) => {
            let to = to.unwrap_or_else(|| shared.engine.now());
            let span = (from.unwrap_or_else(|| to.minus(DAY)), to);
            let longest = Limits::ms(shared.engine.config.limits.inquiry_span_ms_max);
            if span.0 >= span.1 || span.1.since(span.0) > longest {
                let days = longest.as_secs() / 86_400;
                let detail = format!("`to` is after `from`, by {days} days at most");
                return Err(Problem::bad_request(detail));
            }
            shared.engine.presence_in(&person, span).await?
        }
    };
    Ok(Json(stays.into_iter().map(item).collect()))
}
