//! `POST /v1/ingest/{source}`.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::BytesMut;
use engine::flow::body::{BodyError, Content, Encoding};
use engine::flow::ingest::{IngestError, Request};
use engine::flow::room::Held;
use futures::StreamExt as _;
use serde::Serialize;

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::secure::Peer;
use crate::state::Shared;

/// Bytes of a body that is too large which are read and thrown away, so that its sender hears why.
const DISCARDED_BYTES_MAX: u64 = 64 << 20;

/// The answer: accepted records are on disk.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IngestReceipt {
    /// Records now durable.
    accepted: u64,
    /// Records refused.
    rejected: u64,
    /// The first refused ones, each with its place and reason.
    problems: Vec<RejectedRecord>,
    /// Refused ones not listed.
    problems_omitted: u64,
    /// This body had been taken before under the same Idempotency-Key; nothing was doubled.
    is_replay: bool,
}

/// One refused record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RejectedRecord {
    /// Its number in the body, from 0.
    record: u64,
    /// Line in the body, from 1.
    line: u64,
    /// Column in bytes, from 1.
    column: u64,
    /// `malformed`, `too_deep`, `too_large`, `empty`, `not_utf8`.
    code: String,
    /// One sentence.
    detail: String,
}

/// Takes records for a source: NDJSON, a JSON array, one JSON value, CSV, lines or XML; also gzip
/// or zstd. Answers 200 only when every accepted record is on disk. One bad record costs no other.
#[utoipa::path(
    post, path = "/v1/ingest/{source}", tag = "ingest",
    params(
        ("source" = String, Path, description = "A source of the organisation folder"),
        ("Idempotency-Key" = Option<String>, Header,
            description = "The sender's name for this body; kept for 24 h, a repeat doubles nothing"),
        ("Content-Encoding" = Option<String>, Header, description = "gzip or zstd"),
    ),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses(
        (status = 200, body = IngestReceipt),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 429, body = Problem),
        (status = 503, body = Problem),
    ),
    security(("token" = []))
)]
pub async fn ingest(
    State(shared): State<Shared>,
    Path(source): Path<String>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    caller: Caller,
    request: axum::extract::Request,
) -> Answer<Json<IngestReceipt>> {
    let (head, body) = request.into_parts();
    let headers = head.headers;
    let limits = &shared.engine.config.limits;
    let Ok(_turn) = shared.ingesting.clone().try_acquire_owned() else {
        let detail = "too many ingest requests at once; come again";
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
        return Err(problem.after(std::time::Duration::from_secs(1)));
    };
    let encoding = encoding(&headers)?;
    let content = content(&headers)?;
    let mut held = shared.engine.ingest.room.enter();
    let bytes = read(body, limits.body_bytes_max, &mut held).await?;
    let key = headers.get("idempotency-key").map(|v| v.to_str()).transpose();
    let key =
        key.map_err(|_| Problem::bad_request("the Idempotency-Key is not printable ASCII"))?;
    let request = Request {
        principal: &caller.principal,
        source: &source,
        body: &bytes,
        held,
        encoding,
        content,
        key,
        peer: Some(peer.ip().to_canonical().to_string()),
    };
    let done = shared.engine.ingest.take(request).await?;
    let listed = done.receipt.problems.into_iter().map(|problem| RejectedRecord {
        record: problem.record,
        line: problem.line,
        column: problem.column,
        code: problem.code,
        detail: problem.detail,
    });
    Ok(Json(IngestReceipt {
        accepted: done.receipt.accepted,
        rejected: done.receipt.rejected,
        problems: listed.collect(),
        problems_omitted: done.receipt.problems_omitted,
        is_replay: done.is_replay,
    }))
}

/// Reads a body within its bound. What is too much is read on and thrown away, within a bound too:
/// a sender that is cut off while it writes would see a broken connection instead of the answer.
async fn read(body: Body, max: u64, held: &mut Held) -> Answer<Bytes> {
    let mut stream = body.into_data_stream();
    let (mut kept, mut seen, mut has_room) = (BytesMut::new(), 0_u64, true);
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| Problem::bad_request("the body broke off"))?;
        seen += piece.len() as u64;
        if seen <= max {
            has_room = has_room && held.grow(piece.len() as u64);
            if has_room {
                kept.extend_from_slice(&piece);
            } else {
                kept = BytesMut::new();
            }
        } else if seen > max.saturating_add(DISCARDED_BYTES_MAX) {
            break;
        } else {
            kept.clear();
        }
    }
    if seen <= max && !has_room {
        return Err(IngestError::Body(BodyError::NoRoom).into());
    }
    if seen <= max {
        return Ok(kept.freeze());
    }
    let detail = format!("the body is larger than {max} bytes");
    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
        .after(std::time::Duration::from_secs(1)))
}

fn encoding(headers: &HeaderMap) -> Answer<Encoding> {
    let value = headers.get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap_or("?"));
    match value.map(str::to_ascii_lowercase).as_deref() {
        None | Some("identity" | "") => Ok(Encoding::Identity),
        Some("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Some("zstd") => Ok(Encoding::Zstd),
        Some(other) => {
            let detail = format!("content encoding `{other}` is not taken; send gzip or zstd");
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", detail))
        }
    }
}

fn content(headers: &HeaderMap) -> Answer<Content> {
    let value = headers.get(header::CONTENT_TYPE).map(|v| v.to_str().unwrap_or("?"));
    let kind = value.and_then(|v| v.split(';').next()).map(|v| v.trim().to_ascii_lowercase());
    match kind.as_deref() {
        None | Some("" | "application/octet-stream" | "application/x-www-form-urlencoded") => {
            Ok(Content::Json)
        }
        Some(
            "application/json"
            | "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-json-stream",
        ) => Ok(Content::Json),
        Some("text/csv" | "application/csv") => Ok(Content::Csv),
        Some("text/plain") => Ok(Content::Lines),
        Some("application/xml" | "text/xml") => Ok(Content::Xml),
        Some(other) => {
            let detail = format!(
                "content type `{other}` is not taken; send application/x-ndjson, \
                 application/json, text/csv, text/plain or application/xml"
            );
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_type", detail))
        }
    }
}
