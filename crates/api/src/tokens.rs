//! Access tokens.

use axum::Json;
use axum::extract::{Path, Query, State};
use engine::access::Action;
use engine::auth::{NewToken, Scope, is_binding};
use engine::evaluate::is_place;
use model::text::Words;
use model::{SourceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::reason::{Reason, fit};
use crate::state::Shared;

/// Longest label, in characters.
const LABEL_CHARS_MAX: usize = 200;

/// What is wanted of a new token.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// A person's id, which lets it own incidents, or words for what it is for.
    label: String,
    /// `ingest`, `evaluate`, `read`, `names`, `operate`, `admin`. With `evaluate`, the doors that
    /// it enforces: `enforces:door:ID`, `enforces:zone:ID` or `enforces:*`; and, where it may,
    /// `evaluate:search` and `evaluate:reasons`.
    scopes: Vec<String>,
    /// Only for these sources; for any if empty.
    #[serde(default)]
    sources: Vec<SourceId>,
    /// Until when.
    expires_at: Timestamp,
}

/// A token, shown once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenMade {
    /// Its id.
    id: String,
    /// Its text. It is kept nowhere.
    token: String,
}

/// One token without its text.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenItem {
    /// Its id.
    id: String,
    /// Whose it is, or what for.
    label: String,
    /// What it may do.
    scopes: Vec<String>,
    /// Only for these sources.
    sources: Vec<SourceId>,
    /// When it was made.
    created_at: Timestamp,
    /// Until when.
    expires_at: Option<Timestamp>,
    /// When it was ended.
    revoked_at: Option<Timestamp>,
}

/// Makes a token.
#[utoipa::path(
    post, path = "/v1/tokens", tag = "tokens", request_body = TokenRequest,
    responses((status = 200, body = TokenMade), (status = 400, body = Problem)),
    security(("token" = []))
)]
pub async fn create(
    State(shared): State<Shared>,
    caller: Caller,
    Json(request): Json<TokenRequest>,
) -> Answer<Json<TokenMade>> {
    caller.must(Action::TokenManage)?;
    let scope = |text: &String| {
        Scope::parse(text).ok_or_else(|| {
            Problem::bad_request(format!(
                "`{text}` is no scope; expected ingest, evaluate, read, operate or admin"
            ))
        })
    };
    let (bindings, words): (Vec<String>, Vec<String>) =
        request.scopes.into_iter().partition(|word| is_binding(word));
    let enforces = engine::auth::scoped(&bindings).places;
    let evaluates = words.iter().any(|word| word == Scope::Evaluate.as_str());
    if evaluates == enforces.is_empty() {
        let detail = "`evaluate` and `enforces:door:ID`, `enforces:zone:ID` or `enforces:*` \
                      belong together: say which doors it enforces";
        return Err(Problem::bad_request(detail));
    }
    let org = shared.engine.access.organisation();
    if let Some(place) = enforces.iter().find(|place| !is_place(&org, place)) {
        return Err(Problem::bad_request(format!("there is no place `{place}`")));
    }
    let length = request.label.trim().chars().count();
    if !(1..=LABEL_CHARS_MAX).contains(&length) {
        let detail = format!("`label` has 1 to {LABEL_CHARS_MAX} characters");
        return Err(Problem::bad_request(detail));
    }
    fit("label", &request.label, Words::Line)?;
    let wanted = NewToken {
        label: request.label,
        scopes: words.iter().map(scope).collect::<Answer<_>>()?,
        bindings,
        sources: request.sources,
        expires_at: Some(request.expires_at),
    };
    let (id, token) = shared
        .engine
        .create_token(wanted, caller.by().0)
        .await
        .map_err(|error| Problem::unavailable(error.to_string()))?;
    Ok(Json(TokenMade { id, token }))
}

/// Lists tokens.
#[utoipa::path(
    get, path = "/v1/tokens", tag = "tokens",
    responses((status = 200, body = Vec<TokenItem>)), security(("token" = []))
)]
pub async fn list(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Vec<TokenItem>>> {
    caller.must(Action::TokenManage)?;
    let tokens = shared.engine.state.tokens().await?;
    let item = |token: engine::store::state::Token| TokenItem {
        id: token.id,
        label: token.label,
        scopes: token.scopes,
        sources: token.sources,
        created_at: token.created_at,
        expires_at: token.expires_at,
        revoked_at: token.revoked_at,
    };
    Ok(Json(tokens.into_iter().map(item).collect()))
}

/// Ends a token for ever.
#[utoipa::path(
    delete, path = "/v1/tokens/{id}", tag = "tokens",
    params(("id" = String, Path, description = "Token id"), Reason),
    responses((status = 204), (status = 404, body = Problem)), security(("token" = []))
)]
pub async fn revoke(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Query(reason): Query<Reason>,
) -> Answer<axum::http::StatusCode> {
    caller.must(Action::TokenManage)?;
    reason.check()?;
    let by = caller.by().0;
    if shared.engine.revoke_token(&id, by).await? {
        let object = format!("token:{id}");
        reason.note(&shared.engine, ("token.revoke.reason", &object), by).await?;
        Ok(axum::http::StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found(format!("no token `{id}` that is still valid")))
    }
}
