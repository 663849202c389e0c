//! Versions of rights: who changed what, when, why and by whose approval; and undoing one.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use engine::access::{Action, Reach};
use model::Timestamp;
use model::rights::{Item, RightsVersion};
use serde::{Deserialize, Serialize};

use crate::access_edit::{ChangeMade, ChangedItem, by};
use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::replays::typed;
use crate::state::Shared;

/// A version of rights.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VersionItem {
    /// Counts up.
    version: u64,
    /// When.
    at: Timestamp,
    /// Who.
    by: String,
    /// Why.
    why: String,
    /// By whose approval.
    approved_by: Option<String>,
    /// `folder`, `edit`, `import` or `undo`.
    what: String,
    /// The version that it undoes.
    undoes: Option<u64>,
    /// How many things it changed.
    changes: u64,
}

impl From<RightsVersion> for VersionItem {
    fn from(one: RightsVersion) -> Self {
        Self {
            version: one.version,
            at: one.at,
            by: one.by,
            why: one.why,
            approved_by: one.approved_by,
            what: one.what,
            undoes: one.undoes,
            changes: one.changes,
        }
    }
}

/// Versions of a page.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VersionPage {
    /// Newest first.
    items: Vec<VersionItem>,
    /// Give this as `before` to go on.
    next: Option<u64>,
}

/// Which versions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VersionsQuery {
    /// Older than this one.
    before: Option<u64>,
    /// Items of a page, at most 500.
    limit: Option<u32>,
}

/// Who changed rights, when, why and by whose approval; newest first.
#[utoipa::path(
    get, path = "/v1/access/versions", tag = "access", params(VersionsQuery),
    responses((status = 200, body = VersionPage), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn versions(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<VersionsQuery>,
) -> Answer<Json<VersionPage>> {
    caller.must(Action::AccessRead)?;
    let limit = query.limit.unwrap_or(100).clamp(1, 499);
    let mut found = shared.engine.state.rights_versions(query.before, limit + 1).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().map(|last| last.version).filter(|_| has_more);
    Ok(Json(VersionPage { items: found.into_iter().map(VersionItem::from).collect(), next }))
}

/// What a version did to one thing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VersionChange {
    /// Its kind.
    kind: String,
    /// Which.
    key: String,
    /// `added`, `changed` or `removed`.
    was: &'static str,
    /// What it was; never digits or numbers.
    #[schema(value_type = Object)]
    before: Option<serde_json::Value>,
    /// What it is.
    #[schema(value_type = Object)]
    after: Option<serde_json::Value>,
}

/// A version and all that it changed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VersionDetail {
    /// The version.
    #[serde(flatten)]
    version: VersionItem,
    /// What it changed.
    list: Vec<VersionChange>,
}

/// A thing as people may see it: digits and numbers are left out.
fn shown(item: &Item) -> Option<serde_json::Value> {
    let mut value = serde_json::to_value(item).ok()?;
    match item {
        Item::Pins(..) => return None,
        Item::Credential(..) => {
            let body = value.pointer_mut("/body/1").and_then(|body| body.as_object_mut());
            if let Some(body) = body {
                for secret in ["badge", "number", "key", "facility", "duress"] {
                    body.shift_remove(secret);
                }
            }
        }
        Item::Group(..)
        | Item::Member(_)
        | Item::Right(..)
        | Item::Schedule(..)
        | Item::Zone(..)
        | Item::Door(..)
        | Item::Point(..)
        | Item::Cards(_)
        | Item::Policy(..) => {}
    }
    value.get("body").cloned()
}

/// One version and what it changed; for those who may see the whole organisation.
#[utoipa::path(
    get, path = "/v1/access/versions/{version}", tag = "access",
    params(("version" = u64, Path, description = "Version")),
    responses((status = 200, body = VersionDetail), (status = 403, body = Problem),
        (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn version(
    State(shared): State<Shared>,
    caller: Caller,
    Path(version): Path<u64>,
) -> Answer<Json<VersionDetail>> {
    if caller.reach(Action::AccessRead)? != Reach::Everywhere {
        let detail = "a version may change rights at every site: this needs the whole organisation";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    let found = shared.engine.state.rights_version(version).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("no version {version}")))?;
    let changes = shared.engine.state.rights_changes(version).await?;
    let list = changes.iter().map(|change| {
        let ChangedItem { kind, key, was } = ChangedItem::of(change);
        let before = change.before.as_ref().and_then(shown);
        VersionChange { kind, key, was, before, after: change.after.as_ref().and_then(shown) }
    });
    Ok(Json(VersionDetail { version: found.into(), list: list.collect() }))
}

/// Why something is undone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoBody {
    /// Why.
    reason: String,
}

/// Undoes a version: what it changed becomes what it was. Refused where that was changed since.
#[utoipa::path(
    post, path = "/v1/access/versions/{version}/undo", tag = "access", request_body = UndoBody,
    params(("version" = u64, Path, description = "Version")),
    responses((status = 200, body = ChangeMade), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "It was changed again since"),
        (status = 422, body = Problem, description = "It would not hold; see `problems`")),
    security(("token" = []))
)]
pub async fn undo(
    State(shared): State<Shared>,
    caller: Caller,
    Path(version): Path<u64>,
    Json(body): Json<UndoBody>,
) -> Answer<Json<ChangeMade>> {
    caller.must(Action::AccessEdit)?;
    let why = typed(&body.reason)?.to_owned();
    let made = shared.engine.undo_rights(version, &by(&caller, &why, None)).await?;
    Ok(Json(made.into()))
}
