//! Edges: taken into service by a code and a fingerprint, out of it by an act.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use engine::access::Action;
use engine::edges::{EdgeError, EdgeTold, Stage, lease_of};
use model::{PlaceId, PointId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::version::SnapshotVersion;

/// An edge.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EdgeItem {
    /// Id.
    point: PointId,
    /// Where it stands.
    site: Option<PlaceId>,
    /// `invited`, `waiting` (compare its fingerprint and approve it), `connected`, `away` or
    /// `decommissioned`.
    state: &'static str,
    /// Of its public key, in groups of four digits.
    fingerprint: Option<String>,
    /// Version of its software.
    software: Option<String>,
    /// When it last said anything.
    last_heard: Option<Timestamp>,
    /// The version of the rights that it goes by.
    snapshot: Option<SnapshotVersion>,
    /// The version that is given out.
    newest: SnapshotVersion,
    /// When the rights that it goes by were given.
    rights_at: Option<Timestamp>,
    /// Whether it trusts its clock.
    clock_trusted: Option<bool>,
    /// By how much its clock is ahead of ours.
    clock_offset_ms: Option<i64>,
    /// Records that it still has for us.
    records_waiting: Option<u64>,
    /// Records that it had to forget, of all time.
    records_lost: u64,
    /// Doors that it runs.
    doors: usize,
    /// Why it did not take what it was last given.
    not_taken: Option<String>,
}

/// Whom to invite.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EdgeRequest {
    /// Who it will be.
    point: PointId,
    /// Where it stands.
    #[serde(default)]
    site: Option<PlaceId>,
}

/// A code, shown once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvitationItem {
    /// Who it will be.
    point: PointId,
    /// To be carried to the edge: it holds a secret that is good once.
    code: String,
    /// Until when it is good.
    expires_at: Timestamp,
}

/// Somebody has compared the fingerprint.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// As the edge shows it.
    fingerprint: String,
    /// Why; kept in the audit log.
    reason: String,
}

/// Why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// Why; kept in the audit log.
    pub reason: String,
}

impl Why {
    /// The reason, fit to be kept.
    pub fn wanted(&self) -> Answer<&str> {
        crate::reason::fit("reason", &self.reason, model::text::Words::Text)?;
        let text = self.reason.trim();
        match text.is_empty() || text.chars().count() > crate::reason::REASON_CHARS_MAX {
            true => Err(Problem::bad_request("say why, in `reason`: it is kept in the audit log")),
            false => Ok(text),
        }
    }
}

/// Whose tombstones somebody answered for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Gap {
    /// Points that had not been heard.
    points: Vec<PointId>,
}

impl From<EdgeError> for Problem {
    fn from(error: EdgeError) -> Self {
        let text = error.to_string();
        match error {
            EdgeError::Unknown(_) => Self::not_found(text),
            EdgeError::NotNow(_) | EdgeError::Off => {
                Self::new(StatusCode::CONFLICT, "not_now", text)
            }
            EdgeError::Keys(_) => Self::unavailable(text),
            EdgeError::Warden(error) => error.into(),
            EdgeError::Store(error) => error.into(),
        }
    }
}

/// The item of an edge. `newest`: the version that is given out.
pub fn item(shared: &Shared, told: &EdgeTold, newest: u64) -> EdgeItem {
    let (own, alive) = (&told.registered, told.alive.as_ref());
    let is_connected = alive.is_some_and(|alive| alive.is_connected);
    EdgeItem {
        point: told.point.clone(),
        site: own.site.clone(),
        state: match own.stage {
            Stage::Invited => "invited",
            Stage::Waiting => "waiting",
            Stage::InService if is_connected => "connected",
            Stage::InService => "away",
            Stage::Decommissioned => "decommissioned",
        },
        fingerprint: own.key().map(|key| engine::edges::keys::fingerprint(&key)),
        software: own.software.clone(),
        last_heard: alive.map(|alive| alive.last_heard).or(own.last_heard),
        snapshot: alive.and_then(|alive| alive.snapshot).map(SnapshotVersion),
        newest: SnapshotVersion(newest),
        rights_at: alive.and_then(|alive| alive.rights_at),
        clock_trusted: alive.and_then(|alive| alive.clock_trusted),
        clock_offset_ms: alive.and_then(|alive| alive.clock_offset_ms),
        records_waiting: alive.and_then(|alive| alive.records_waiting),
        records_lost: told.records_lost,
        doors: shared.engine.access.doors_of(&told.point).len(),
        not_taken: alive.and_then(|alive| alive.not_taken.clone()),
    }
}

fn point_of(text: &str) -> Answer<PointId> {
    PointId::parse(text).map_err(|_| Problem::not_found(format!("no edge `{text}`")))
}

/// Edges, in service and out of it.
#[utoipa::path(
    get, path = "/v1/edges", tag = "access",
    responses((status = 200, body = Vec<EdgeItem>)), security(("token" = []))
)]
pub async fn list(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Vec<EdgeItem>>> {
    let reach = caller.reach(Action::SystemRead)?;
    let newest = shared.engine.warden.given().await.version;
    let near = |told: &EdgeTold| reach.covers(told.registered.site.as_ref());
    let all = shared.engine.edges.list().into_iter().filter(near);
    Ok(Json(all.map(|told| item(&shared, &told, newest)).collect()))
}

/// Makes a code by which one edge can be taken into service within 15 minutes. It holds a secret
/// and is shown once. An edge that is in service is taken out of it first.
#[utoipa::path(
    post, path = "/v1/edges", tag = "access", request_body = EdgeRequest,
    responses((status = 201, body = InvitationItem), (status = 403, body = Problem),
        (status = 409, body = Problem)),
    security(("token" = []))
)]
pub async fn invite(
    State(shared): State<Shared>,
    caller: Caller,
    Json(request): Json<EdgeRequest>,
) -> Answer<(StatusCode, Json<InvitationItem>)> {
    let engine = &shared.engine;
    let org = &engine.current.get().org;
    let site = match &request.site {
        Some(place) => {
            let known = org.site_of(place).cloned();
            let missing = || Problem::bad_request(format!("there is no place `{place}`"));
            Some(known.ok_or_else(missing)?)
        }
        None => None,
    };
    caller.must_at(Action::EdgeManage, site.as_ref())?;
    let invited = engine.invite_edge(&request.point, site, caller.by().0).await?;
    let (point, code) = (request.point, invited.code.to_string());
    let answer = InvitationItem { point, code, expires_at: invited.expires_at };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Takes an edge into service whose key has this fingerprint: compare it with what the edge itself
/// shows. From here on every revocation waits for its receipt.
#[utoipa::path(
    post, path = "/v1/edges/{point}/approve", tag = "access", request_body = Approval,
    params(("point" = String, Path, description = "Edge id")),
    responses((status = 200, body = EdgeItem), (status = 404, body = Problem),
        (status = 409, body = Problem)),
    security(("token" = []))
)]
pub async fn approve(
    State(shared): State<Shared>,
    caller: Caller,
    Path(point): Path<String>,
    Json(request): Json<Approval>,
) -> Answer<Json<EdgeItem>> {
    let point = point_of(&point)?;
    must_manage(&shared, &caller, &point)?;
    let why = Why { reason: request.reason };
    let engine = &shared.engine;
    let lease = lease_of(&engine.access.snapshot(), &engine.access.doors_of(&point));
    let how = (request.fingerprint.as_str(), lease);
    let by = (caller.by().0, why.wanted()?);
    let told = engine.edges.approve(&point, how, by, engine.now()).await?;
    Ok(Json(item(&shared, &told, engine.warden.given().await.version)))
}

/// Takes an edge out of service for good. What it holds is not taken from it: whoever does this
/// answers for the box. Its doors are closed in every revocation as decommissioned.
#[utoipa::path(
    post, path = "/v1/edges/{point}/decommission", tag = "access", request_body = Why,
    params(("point" = String, Path, description = "Edge id")),
    responses((status = 200, body = EdgeItem), (status = 404, body = Problem),
        (status = 409, body = Problem)),
    security(("token" = []))
)]
pub async fn decommission(
    State(shared): State<Shared>,
    caller: Caller,
    Path(point): Path<String>,
    Json(why): Json<Why>,
) -> Answer<Json<EdgeItem>> {
    let point = point_of(&point)?;
    must_manage(&shared, &caller, &point)?;
    let engine = &shared.engine;
    let by = (caller.by().0, why.wanted()?);
    let told = engine.edges.decommission(&point, by, engine.now()).await?;
    Ok(Json(item(&shared, &told, engine.warden.given().await.version)))
}

/// After a restore: answers for the tombstones of points that cannot be heard, so that rights are
/// given out again. Whoever was revoked since the archive and is known to those points alone may
/// pass elsewhere.
#[utoipa::path(
    post, path = "/v1/edges/restore/sign", tag = "access", request_body = Why,
    responses((status = 200, body = Gap), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn sign(
    State(shared): State<Shared>,
    caller: Caller,
    Json(why): Json<Why>,
) -> Answer<Json<Gap>> {
    // For every site at once.
    caller.must_at(Action::EdgeManage, None)?;
    let by = (caller.by().0, why.wanted()?);
    let out = shared.engine.warden.sign_for_the_gap(by, shared.engine.now()).await?;
    Ok(Json(Gap { points: out.into_iter().collect() }))
}

fn must_manage(shared: &Shared, caller: &Caller, point: &PointId) -> Answer<()> {
    caller.must(Action::EdgeManage)?;
    let told = shared.engine.edges.get(point);
    let told = told.ok_or_else(|| Problem::not_found(format!("no edge `{point}`")))?;
    caller.must_at(Action::EdgeManage, told.registered.site.as_ref())
}
