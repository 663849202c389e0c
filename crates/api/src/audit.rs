//! Who changed what, and whether the chain of it holds.

use axum::Json;
use axum::extract::{Query, State};
use engine::access::Action;
use engine::store::{self, AuditEntry};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// Which acts.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Acts before this number, newest first: the `next` of the page before.
    before: Option<u64>,
    /// Acts of a page, at most 1000.
    limit: Option<u32>,
}

/// One act.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ActItem {
    /// Its number, from 1.
    seq: u64,
    /// Its words have been erased; the chain still holds.
    is_erased: bool,
    /// When.
    at: Option<Timestamp>,
    /// Who.
    by: Option<String>,
    /// What.
    verb: Option<String>,
    /// To what.
    object: Option<String>,
    /// More, without a person's words.
    #[schema(value_type = Object)]
    detail: Value,
}

/// A page of acts, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditPage {
    /// The acts.
    acts: Vec<ActItem>,
    /// Give this as `before` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

fn item(entry: AuditEntry) -> ActItem {
    let seq = entry.seq;
    match entry.act {
        Some(act) => ActItem {
            seq,
            is_erased: false,
            at: Some(act.at),
            by: Some(act.by),
            verb: Some(act.verb),
            object: Some(act.object),
            detail: act.detail,
        },
        None => ActItem {
            seq,
            is_erased: true,
            at: None,
            by: None,
            verb: None,
            object: None,
            detail: Value::Null,
        },
    }
}

/// The audit log, newest first.
#[utoipa::path(
    get, path = "/v1/audit", tag = "system", params(AuditQuery),
    responses((status = 200, body = AuditPage)), security(("token" = []))
)]
pub async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> Answer<Json<AuditPage>> {
    caller.must(Action::AuditRead)?;
    let limit = query.limit.unwrap_or(100).clamp(1, 1_000);
    let entries = shared.engine.state.acts(query.before, limit).await?;
    let next = entries.last().map(|last| last.seq).filter(|seq| *seq > 1);
    let next = next.filter(|_| entries.len() == limit as usize);
    Ok(Json(AuditPage { acts: entries.into_iter().map(item).collect(), next }))
}

/// Whether the chain holds.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditVerdict {
    /// It does.
    is_whole: bool,
    /// How many acts it has.
    entries: u64,
    /// Its head: note it elsewhere, and a cut-off end shows.
    head: String,
    /// The first act where it does not hold.
    broken_at: Option<u64>,
    /// What was expected and found there.
    detail: Option<String>,
}

/// Reads the whole chain and says whether it holds.
#[utoipa::path(
    get, path = "/v1/audit/verification", tag = "system",
    responses((status = 200, body = AuditVerdict)), security(("token" = []))
)]
pub async fn verify(State(shared): State<Shared>, caller: Caller) -> Answer<Json<AuditVerdict>> {
    caller.must(Action::AuditRead)?;
    let path = shared.engine.state.path().to_owned();
    let report = tokio::task::spawn_blocking(move || store::verify_audit(&path)).await;
    let report = report.map_err(|error| Problem::unavailable(error.to_string()))??;
    Ok(Json(AuditVerdict {
        is_whole: report.broken_at.is_none(),
        entries: report.entries,
        head: report.head_hex(),
        broken_at: report.broken_at.as_ref().map(|found| found.seq),
        detail: report.broken_at.map(|found| found.detail),
    }))
}
