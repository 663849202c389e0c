//! The occurrence log of a shift.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use engine::access::{Action, Reach};
use engine::occurrences::{NewOccurrence, OccurrenceError};
use engine::store::state::{OccurrenceFilter, PageKey};
use model::{IncidentId, Occurrence, OccurrenceId, OccurrenceKind, PlaceId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;

/// Which entries; every condition given must hold.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OccurrenceQuery {
    /// Happened not earlier than this (RFC 3339).
    from: Option<Timestamp>,
    /// Happened earlier than this (RFC 3339).
    to: Option<Timestamp>,
    /// At this site.
    site: Option<PlaceId>,
    /// Belonging to this incident.
    incident: Option<IncidentId>,
    /// Entries of a page, at most 500.
    limit: Option<u32>,
    /// Where the page before ended: its `next`.
    after: Option<String>,
}

/// One page, newest first by when things happened.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OccurrencePage {
    /// The entries.
    occurrences: Vec<Occurrence>,
    /// Give this as `after` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The occurrence log, newest first.
#[utoipa::path(
    get, path = "/v1/occurrences", tag = "occurrences", params(OccurrenceQuery),
    responses((status = 200, body = OccurrencePage), (status = 400, body = Problem),
        (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<OccurrenceQuery>,
) -> Answer<Json<Value>> {
    let reach = caller.reach(Action::OccurrenceRead)?;
    let after = query.after.as_deref().map(|text| {
        PageKey::parse(text)
            .ok_or_else(|| Problem::bad_request("`after` is not what an earlier page gave"))
    });
    let filter = OccurrenceFilter {
        from: query.from,
        to: query.to,
        sites: sites(&reach, query.site),
        incident: query.incident,
        after: after.transpose()?,
        limit: query.limit.unwrap_or(100),
    };
    let page = shared.engine.state.occurrences(&filter).await?;
    let next = page.next.map(|next| next.to_string());
    Eyes::of(&shared, &caller).answer(&OccurrencePage { occurrences: page.items, next })
}

/// The sites that are asked for and within reach; `None`: all, and what belongs to none.
pub(crate) fn sites(reach: &Reach, asked: Option<PlaceId>) -> Option<Vec<PlaceId>> {
    match (reach, asked) {
        (Reach::Everywhere, None) => None,
        (Reach::Everywhere, Some(site)) => Some(vec![site]),
        (Reach::Sites(sites), asked) => {
            let is_asked = |site: &&PlaceId| asked.as_ref().is_none_or(|asked| asked == *site);
            Some(sites.iter().filter(is_asked).cloned().collect())
        }
    }
}

/// An entry to be written.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OccurrenceRequest {
    /// When it happened; now if absent, and never later than now.
    at: Option<Timestamp>,
    /// At which site; the place's, the corrected entry's or the incident's if absent.
    site: Option<PlaceId>,
    /// Where exactly.
    place: Option<PlaceId>,
    /// What it is about.
    kind: OccurrenceKind,
    /// In the writer's words; at most `occurrence_text_chars_max` characters.
    text: String,
    /// The incident that it belongs to.
    incident: Option<IncidentId>,
    /// The entry that it corrects: that one stays as it is.
    corrects: Option<OccurrenceId>,
}

impl From<OccurrenceRequest> for NewOccurrence {
    fn from(request: OccurrenceRequest) -> Self {
        Self {
            at: request.at,
            site: request.site,
            place: request.place,
            kind: request.kind,
            text: request.text,
            incident: request.incident,
            corrects: request.corrects,
        }
    }
}

impl From<OccurrenceError> for Problem {
    fn from(error: OccurrenceError) -> Self {
        match error {
            OccurrenceError::Invalid(_) => Self::bad_request(error.to_string()),
            OccurrenceError::Unknown { .. } => Self::not_found(error.to_string()),
            OccurrenceError::KeyTaken => {
                Self::new(StatusCode::CONFLICT, "key_taken", error.to_string())
            }
            OccurrenceError::Random(_) => Self::unavailable(error.to_string()),
            OccurrenceError::Store(error) => error.into(),
        }
    }
}

/// Writes an entry. Nothing is ever changed in the log: to correct an entry, write one that names
/// it in `corrects`. Under one Idempotency-Key an entry is written once; sent again within a day
/// it is answered with 200 and the entry as it stands.
#[utoipa::path(
    post, path = "/v1/occurrences", tag = "occurrences", request_body = OccurrenceRequest,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "The writer's own name for this entry, at most 256 bytes")),
    responses((status = 201, body = Occurrence), (status = 200, body = Occurrence),
        (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)),
    security(("token" = []))
)]
pub async fn write(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Json(request): Json<OccurrenceRequest>,
) -> Answer<(StatusCode, Json<Value>)> {
    caller.must(Action::OccurrenceWrite)?;
    let key = headers.get("idempotency-key").map(|value| value.to_str()).transpose();
    let key = key.map_err(|_| Problem::bad_request("the Idempotency-Key is not ASCII text"))?;
    let draft = shared.engine.draft_occurrence(request.into(), caller.by().0).await?;
    caller.must_at(Action::OccurrenceWrite, draft.site())?;
    if let Some(incident) = &draft.incident {
        caller.must_of(Action::IncidentRead, incident)?;
    }
    if let Some(corrected) = &draft.corrected {
        caller.must_at(Action::OccurrenceWrite, corrected.site.as_ref())?;
    }
    let (was_there, entry) = shared.engine.write_occurrence(draft, key).await?;
    let status = if was_there { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Eyes::of(&shared, &caller).answer(&entry)?))
}
