//! The silent call for help.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use engine::access::Action;
use engine::panic::Caller as PanicCaller;
use engine::respond::Routing;
use model::{AssetId, IncidentId, PlaceId};
use serde::Serialize;
use serde_json::Value;

use crate::auth::Caller;
use crate::incidents::{IncidentView, view};
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;

/// Where, as far as can be said; all of it may be missing.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a body that is read leniently")]
pub struct PanicRequest {
    /// The place.
    place: Option<PlaceId>,
    /// The thing they sit at.
    asset: Option<AssetId>,
}

/// The incident of a call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PanicAnswer {
    /// The incident and what the caller may do with it.
    #[serde(flatten)]
    view: IncidentView,
    /// How the team that answers for it was found: `site_guards`, `own_site_guards`,
    /// `other_guards`, `default_team`; absent when an earlier call had found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    routing: Option<Routing>,
}

/// Calls for help in silence: a critical incident, owned at once by those who guard the site. The
/// reason is asked for afterwards: `reason_owed` until the caller comments. A second call of the
/// same caller within ten minutes joins the same incident (200), which says that they called again
/// and where. What cannot be read of the body is left out; a call does not fail because of it.
#[utoipa::path(
    post, path = "/v1/panic", tag = "incidents",
    request_body(content = Option<PanicRequest>, content_type = "application/json"),
    responses((status = 201, body = PanicAnswer), (status = 200, body = PanicAnswer),
        (status = 503, body = Problem)),
    security(("token" = []))
)]
pub async fn panic(
    State(shared): State<Shared>,
    caller: Caller,
    body: Bytes,
) -> Answer<(StatusCode, Json<Value>)> {
    caller.must(Action::PanicRaise)?;
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |key: &str| said.get(key).and_then(Value::as_str).unwrap_or_default();
    let place = PlaceId::parse(text("place")).ok();
    let asset = AssetId::parse(text("asset")).ok();
    let id = engine::auth::new_id("i-panic").map_err(|e| Problem::unavailable(e.to_string()))?;
    let id = IncidentId::parse(&id).map_err(|e| Problem::unavailable(e.to_string()))?;
    let (by, person) = caller.by();
    let who = match &caller.session {
        Some(session) => PanicCaller {
            id: by,
            name: &session.operator.name,
            person: session.operator.person.as_ref(),
            grants: &session.grants,
        },
        None => PanicCaller { id: by, name: by, person, grants: &[] },
    };
    let (incident, routing) = shared.engine.panic(who, (place, asset), id).await?;
    let status = if routing.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    let answer = PanicAnswer { view: view(&shared, &caller, incident), routing };
    Ok((status, Eyes::of(&shared, &caller).answer(&answer)?))
}
