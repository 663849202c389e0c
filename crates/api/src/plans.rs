//! Floor plans with what stands where, and how doors stand.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::access::Action;
use engine::plans::PlanError;
use engine::store::state::{Mark, Plan};
use engine::watch::doors::{DoorCondition, DoorState, LastPassage};
use engine::watch::things::{LinkCondition, ThingState};
use model::spine::Passage;
use model::{AssetId, Entity, PersonId, PlaceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::reason::Reason;
use crate::state::Shared;

/// A floor plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlanItem {
    /// Of which place.
    place: PlaceId,
    /// In the image's own units.
    width: u32,
    /// In the image's own units.
    height: u32,
    /// Where its image is.
    image: String,
    /// What stands where.
    marks: Vec<MarkItem>,
    /// Its last change.
    changed_at: Timestamp,
}

/// Where something stands on a plan.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkItem {
    /// `place:ID` or `asset:ID`.
    entity: Entity,
    /// From the left edge, 0 to 1.
    x: f64,
    /// From the upper edge, 0 to 1.
    y: f64,
}

fn item(plan: Plan) -> PlanItem {
    let mark = |mark: Mark| MarkItem { entity: mark.entity, x: mark.x, y: mark.y };
    PlanItem {
        image: format!("/v1/plans/{}/image", plan.place),
        place: plan.place,
        width: plan.width,
        height: plan.height,
        marks: plan.marks.into_iter().map(mark).collect(),
        changed_at: plan.changed_at,
    }
}

fn place_of(shared: &Shared, text: &str) -> Answer<PlaceId> {
    let missing = || Problem::not_found(format!("no place `{text}`"));
    let place = PlaceId::parse(text).map_err(|_| missing())?;
    match shared.engine.current.get().org.places.contains_key(&place) {
        true => Ok(place),
        false => Err(missing()),
    }
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Picture(_) | PlanError::Mark(_) => Self::bad_request(error.to_string()),
            PlanError::TooLarge { .. } | PlanError::TooMany { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error.to_string())
            }
            PlanError::NoPlan(_) => Self::not_found(error.to_string()),
            PlanError::Store(error) => error.into(),
        }
    }
}

/// The floor plans, by place.
#[utoipa::path(
    get, path = "/v1/plans", tag = "places",
    responses((status = 200, body = Vec<PlanItem>)), security(("token" = []))
)]
pub async fn list(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Vec<PlanItem>>> {
    let reach = caller.reach(Action::PlaceRead)?;
    let org = &shared.engine.current.get().org;
    let mut plans = shared.engine.state.plans().await?;
    plans.retain(|plan| reach.covers(org.site_of(&plan.place)));
    Ok(Json(plans.into_iter().map(item).collect()))
}

/// A plan's image. Show it as an image only: it is sandboxed and loads nothing.
#[utoipa::path(
    get, path = "/v1/plans/{place}/image", tag = "places",
    params(("place" = String, Path, description = "Place id")),
    responses((status = 200, content_type = "image/svg+xml", body = Vec<u8>),
        (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn image(
    State(shared): State<Shared>,
    caller: Caller,
    Path(place): Path<String>,
) -> Answer<Response> {
    let place = place_of(&shared, &place)?;
    let knowledge = shared.engine.current.get();
    caller.must_at(Action::PlaceRead, knowledge.org.site_of(&place))?;
    let found = shared.engine.state.plan_image(&place).await?;
    let (kind, bytes) = found.ok_or_else(|| Problem::not_found(format!("no plan of `{place}`")))?;
    const ALONE: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, ALONE.to_owned()),
        (header::CACHE_CONTROL, "private, max-age=60".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// Uploads a plan's image: SVG without scripts and references, PNG or JPEG; marks of an earlier
/// one stay.
#[utoipa::path(
    put, path = "/v1/plans/{place}/image", tag = "places",
    params(("place" = String, Path, description = "Place id")),
    request_body(content = Vec<u8>, content_type = "image/svg+xml"),
    responses((status = 204), (status = 400, body = Problem), (status = 413, body = Problem)),
    security(("token" = []))
)]
pub async fn upload(
    State(shared): State<Shared>,
    caller: Caller,
    Path(place): Path<String>,
    body: Bytes,
) -> Answer<StatusCode> {
    let place = place_of(&shared, &place)?;
    let knowledge = shared.engine.current.get();
    caller.must_at(Action::PlanEdit, knowledge.org.site_of(&place))?;
    shared.engine.save_plan(&place, (&body, None), caller.by().0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts marks on a plan, in the place of the earlier ones.
#[utoipa::path(
    put, path = "/v1/plans/{place}/marks", tag = "places", request_body = Vec<MarkItem>,
    params(("place" = String, Path, description = "Place id")),
    responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn mark(
    State(shared): State<Shared>,
    caller: Caller,
    Path(place): Path<String>,
    Json(marks): Json<Vec<MarkItem>>,
) -> Answer<StatusCode> {
    let place = place_of(&shared, &place)?;
    let knowledge = shared.engine.current.get();
    caller.must_at(Action::PlanEdit, knowledge.org.site_of(&place))?;
    let mark = |mark: MarkItem| Mark { entity: mark.entity, x: mark.x, y: mark.y };
    let marks: Vec<Mark> = marks.into_iter().map(mark).collect();
    // What stands at another site, or at none, is put on a plan by those who may go there; what is
    // on it already may stay.
    let held = shared.engine.state.plan(&place).await?.map(|plan| plan.marks).unwrap_or_default();
    for mark in marks.iter().filter(|mark| held.iter().all(|one| one.entity != mark.entity)) {
        if shared.engine.is_thing(&mark.entity) {
            let site = shared.engine.site_of_thing(&mark.entity);
            caller.must_at(Action::PlanEdit, site.as_ref())?;
        }
    }
    shared.engine.save_marks(&place, &marks, caller.by().0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a plan.
#[utoipa::path(
    delete, path = "/v1/plans/{place}", tag = "places",
    params(("place" = String, Path, description = "Place id"), Reason),
    responses((status = 204), (status = 404, body = Problem)), security(("token" = []))
)]
pub async fn remove(
    State(shared): State<Shared>,
    caller: Caller,
    Path(place): Path<String>,
    Query(reason): Query<Reason>,
) -> Answer<StatusCode> {
    let place = place_of(&shared, &place)?;
    let knowledge = shared.engine.current.get();
    caller.must_at(Action::PlanEdit, knowledge.org.site_of(&place))?;
    reason.check()?;
    let by = caller.by().0;
    shared.engine.remove_plan(&place, by).await?;
    let object = format!("place:{place}");
    reason.note(&shared.engine, ("plan.remove.reason", &object), by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How one door stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DoorStateItem {
    /// Which.
    door: PlaceId,
    /// Of which site.
    site: Option<PlaceId>,
    /// `normal`, `forced`, `held`, `tamper`, or `unknown` until something is heard of it.
    #[schema(value_type = String)]
    state: DoorCondition,
    /// Since when.
    since: Option<Timestamp>,
    /// The last time somebody asked to pass.
    last: Option<PassageItem>,
    /// How it is known that somebody who was granted went through: `reported`, or `assumed`.
    passage: &'static str,
    /// Whether it grants and never says whether somebody went through, though it is to be
    /// reported: rules that rest on presence stay silent about it.
    is_mute: bool,
}

/// One passage.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PassageItem {
    /// When.
    at: Timestamp,
    /// Who, if the credential is somebody's.
    person: Option<PersonId>,
    /// Whether they were let through.
    granted: bool,
    /// When they went through, if the door said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    passed: Option<Timestamp>,
    /// The event's record.
    record: u64,
    /// The event's part of it.
    part: u16,
}

/// How every door stands, from what controllers and readers said since the start.
#[utoipa::path(
    get, path = "/v1/doors/states", tag = "places",
    responses((status = 200, body = Vec<DoorStateItem>)), security(("token" = []))
)]
pub async fn doors(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<DoorStateItem>>> {
    let reach = caller.reach(Action::PlaceRead)?;
    let mut all = shared.engine.doors.all();
    all.retain(|door| reach.covers(door.site.as_ref()));
    let passage = |last: LastPassage| PassageItem {
        at: last.at,
        person: last.person,
        granted: last.granted,
        passed: last.passed,
        record: last.record,
        part: last.part,
    };
    let (knowledge, judged) = (shared.engine.current.get(), shared.engine.judged.get());
    let mute: BTreeSet<&PlaceId> = judged.mute_doors(&knowledge.org).map(|(id, _)| id).collect();
    let how = |door: &PlaceId| match knowledge.org.doors.get(door).map(|door| door.passage) {
        Some(Passage::Assumed) => "assumed",
        Some(Passage::Reported) | None => "reported",
    };
    let item = |door: DoorState| DoorStateItem {
        passage: how(&door.door),
        is_mute: mute.contains(&door.door),
        door: door.door,
        site: door.site,
        state: door.state,
        since: door.since,
        last: door.last.map(passage),
    };
    Ok(Json(all.into_iter().map(item).collect()))
}

/// How the link of one thing stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ThingStateItem {
    /// Which.
    asset: AssetId,
    /// Of which site.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<PlaceId>,
    /// `up`, or `lost` until it is heard again.
    #[schema(value_type = String)]
    state: LinkCondition,
    /// Since when, as far as has been heard.
    since: Timestamp,
}

/// How the links of cameras, sensors and other things stand, from what was said of them since the
/// start; a thing that nothing was said of is not listed.
#[utoipa::path(
    get, path = "/v1/things/states", tag = "places",
    responses((status = 200, body = Vec<ThingStateItem>)), security(("token" = []))
)]
pub async fn things(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<ThingStateItem>>> {
    let reach = caller.reach(Action::PlaceRead)?;
    let item = |thing: ThingState| ThingStateItem {
        asset: thing.asset,
        site: thing.site,
        state: thing.state,
        since: thing.since,
    };
    let all = shared.engine.things.all().into_iter();
    Ok(Json(all.filter(|thing| reach.covers(thing.site.as_ref())).map(item).collect()))
}
