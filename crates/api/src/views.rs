//! What people look for again and again: saved views and searches.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use engine::access::Action;
use engine::store::state::View;
use model::Timestamp;
use model::text::Words;
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::reason::fit;
use crate::state::Shared;

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 80;
/// Longest query, in bytes.
const QUERY_BYTES_MAX: usize = 8_000;

/// Of what a view is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViewKind {
    /// Of incidents.
    Incidents,
    /// Of events.
    Events,
}

/// A saved view.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViewItem {
    /// Its name.
    name: String,
    /// `incidents` or `events`.
    kind: String,
    /// The console's own words for it.
    query: String,
    /// Whether others see it.
    shared: bool,
    /// Whose it is.
    owner: String,
    /// Whether it is the caller's own.
    is_own: bool,
    /// Its last change.
    changed_at: Timestamp,
}

/// A view to keep.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewRequest {
    /// Of what.
    kind: ViewKind,
    /// The console's own words for it.
    query: String,
    /// Whether others see it.
    #[serde(default)]
    shared: bool,
}

/// One's own views, and those that others share.
#[utoipa::path(
    get, path = "/v1/views", tag = "views",
    responses((status = 200, body = Vec<ViewItem>)), security(("token" = []))
)]
pub async fn list(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Vec<ViewItem>>> {
    caller.must(Action::IncidentRead)?;
    let owner = caller.by().0;
    let views = shared.engine.state.views(owner).await?;
    let item = |view: View| ViewItem {
        is_own: view.owner == owner,
        name: view.name,
        kind: view.kind,
        query: view.query,
        shared: view.is_shared,
        owner: view.owner,
        changed_at: view.changed_at,
    };
    Ok(Json(views.into_iter().map(item).collect()))
}

/// Keeps a view under a name, in the place of one's earlier one.
#[utoipa::path(
    put, path = "/v1/views/{name}", tag = "views", request_body = ViewRequest,
    params(("name" = String, Path, description = "Its name")),
    responses((status = 204), (status = 400, body = Problem)), security(("token" = []))
)]
pub async fn save(
    State(shared): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    Json(request): Json<ViewRequest>,
) -> Answer<StatusCode> {
    caller.must(Action::IncidentRead)?;
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        let detail = format!("a name has 1 to {NAME_CHARS_MAX} characters");
        return Err(Problem::bad_request(detail));
    }
    if request.query.len() > QUERY_BYTES_MAX {
        return Err(Problem::bad_request(format!(
            "`query` is longer than {QUERY_BYTES_MAX} bytes"
        )));
    }
    fit("name", &name, Words::Line)?;
    fit("query", &request.query, Words::Text)?;
    let kind = match request.kind {
        ViewKind::Incidents => "incidents",
        ViewKind::Events => "events",
    };
    let view = View {
        owner: caller.by().0.to_owned(),
        name,
        kind: kind.to_owned(),
        query: request.query,
        is_shared: request.shared,
        changed_at: shared.engine.now(),
    };
    shared.engine.state.save_view(&view).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets one of one's own views.
#[utoipa::path(
    delete, path = "/v1/views/{name}", tag = "views",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 204), (status = 404, body = Problem)), security(("token" = []))
)]
pub async fn remove(
    State(shared): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    caller.must(Action::IncidentRead)?;
    if shared.engine.state.remove_view(caller.by().0, &name).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found(format!("you have no view `{name}`")))
}
