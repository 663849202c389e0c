//! Who was refused at a door, and photos of those whose name one may see.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::access::Action;
use engine::watch::refused::Refusal;
use model::{CredentialState, PersonId, PlaceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// Refusals of one page at most.
const PAGE_MAX: usize = 200;

/// Somebody was not let through.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RefusalItem {
    /// When.
    at: Timestamp,
    /// Where.
    door: PlaceId,
    /// Of which site.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<PlaceId>,
    /// The event's record.
    record: u64,
    /// The event's part of it.
    part: u16,
    /// Who, if the credential is somebody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<RefusedPerson>,
    /// `current`, `replaced`, `revoked`, `expired` or `unknown`, by the organisation's records.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<CredentialState>,
    /// Why, in the access system's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Who was refused.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RefusedPerson {
    /// Id.
    id: PersonId,
    /// The name, for an operator who is signed in; a token asks for it with a reason.
    name: Option<String>,
    /// Whether there is a photo of them.
    photo: bool,
}

/// Which refusals.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RefusalQuery {
    /// Not earlier than this (RFC 3339).
    since: Option<Timestamp>,
    /// How many, at most 200.
    limit: Option<usize>,
}

/// Who was refused at doors, newest first. Names are shown at once to those who stand guard; the
/// first showing of each to a session is recorded in the audit log.
#[utoipa::path(
    get, path = "/v1/doors/refused", tag = "places", params(RefusalQuery),
    responses((status = 200, body = Vec<RefusalItem>), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<RefusalQuery>,
) -> Answer<Json<Vec<RefusalItem>>> {
    let reach = caller.reach(Action::RefusalRead)?;
    let engine = &shared.engine;
    let limit = query.limit.unwrap_or(50).clamp(1, PAGE_MAX);
    let near = |refusal: &Refusal| reach.covers(refusal.site.as_ref());
    let found = engine.refusals.latest(query.since, near, limit);
    let people: BTreeSet<PersonId> = found.iter().filter_map(|one| one.person.clone()).collect();
    let photos = engine.state.with_photo(&people).await?;
    if let Some(session) = &caller.session {
        engine.show_refused(session.key(), &found, caller.by().0).await?;
    }
    let knowledge = engine.current.get();
    let is_shown = caller.session.is_some();
    let person = |id: PersonId| {
        let known = knowledge.org.people.get(&id).filter(|_| is_shown);
        RefusedPerson {
            name: known.map(|person| person.name.clone()),
            photo: photos.contains(&id),
            id,
        }
    };
    let item = |refusal: Refusal| RefusalItem {
        at: refusal.at,
        door: refusal.door,
        site: refusal.site,
        record: refusal.record,
        part: refusal.part,
        person: refusal.person.map(person),
        credential: refusal.credential,
        reason: refusal.why,
    };
    Ok(Json(found.into_iter().map(item).collect()))
}

/// The live stream's word of a refusal: as the list has it, without the name.
pub async fn live_json(shared: &Shared, refusal: &Refusal) -> String {
    let photo = match &refusal.person {
        Some(person) => {
            let found = shared.engine.state.with_photo(&[person.clone()].into()).await;
            found.is_ok_and(|found| !found.is_empty())
        }
        None => false,
    };
    let person = refusal.person.clone().map(|id| RefusedPerson { id, name: None, photo });
    let item = RefusalItem {
        at: refusal.at,
        door: refusal.door.clone(),
        site: refusal.site.clone(),
        record: refusal.record,
        part: refusal.part,
        person,
        credential: refusal.credential,
        reason: refusal.why.clone(),
    };
    serde_json::to_string(&item).unwrap_or_default()
}

/// A person's photo, once this session may see who they are: by a reason, or refused at a door.
#[utoipa::path(
    get, path = "/v1/people/{id}/photo", tag = "organisation",
    params(("id" = String, Path, description = "Person id")),
    responses((status = 200, content_type = "image/png", body = Vec<u8>),
        (status = 403, body = Problem), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn photo(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Response> {
    caller.must(Action::PersonRead)?;
    let missing = || Problem::not_found(format!("no photo of `{id}`"));
    let person = PersonId::parse(&id).map_err(|_| missing())?;
    let session = caller.session.as_ref().map(engine::signin::Session::key);
    if !session.is_some_and(|session| shared.engine.is_revealed(&session, &person)) {
        let detail = "a photo is shown with the name: give a reason for seeing it first";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    let (kind, bytes) = shared.engine.state.photo(&person).await?.ok_or_else(missing)?;
    const ALONE: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, ALONE.to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}
