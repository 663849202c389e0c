//! Errors as RFC 9457 problem documents: what is wrong, and what to do.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::desk::DeskError;
use engine::flow::body::BodyError;
use engine::flow::ingest::IngestError;
use engine::signin::SigninError;
use serde::Serialize;

/// A problem document.
/// SOURCE: RFC 9457, section 3.1.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// A stable name for this kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The last part of that name.
    pub code: String,
    /// The kind in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// This case in words, and what to do.
    pub detail: String,
    /// Seconds to wait before trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// What is wrong with files that were sent, one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problems: Option<Box<FileProblems>>,
}

/// What is wrong with files. Apart, so that a problem stays small to hand on.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct FileProblems(pub Vec<FileProblem>);

/// One thing that is wrong with one file.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FileProblem {
    /// Which file.
    pub file: String,
    /// Its line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Its column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// `error` keeps the file out of force, `warning` does not.
    pub gravity: &'static str,
    /// A stable name, such as `unknown_key`.
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl From<model::Problem> for FileProblem {
    fn from(problem: model::Problem) -> Self {
        Self {
            file: problem.file,
            line: problem.position.map(|at| at.line),
            column: problem.position.map(|at| at.column),
            gravity: match problem.gravity {
                model::problem::Gravity::Error => "error",
                model::problem::Gravity::Warning => "warning",
            },
            code: problem.code,
            message: problem.message,
        }
    }
}

/// A handler's outcome.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A problem of a kind.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:castellan:problem:{code}"),
            code: code.to_owned(),
            title: code.replace('_', " "),
            status: status.as_u16(),
            detail: detail.into(),
            retry_after_s: None,
            problems: None,
        }
    }

    /// Something asked for is not there.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// Something sent is wrong.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// Ours or the machine's fault; the caller may come again.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .after(Duration::from_secs(1))
    }

    /// When to come again.
    pub fn after(mut self, wait: Duration) -> Self {
        self.retry_after_s = Some(u32::try_from(wait.as_secs().max(1)).unwrap_or(u32::MAX));
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if let Some(wait) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What the framework says by itself in plain text or with no words (a path that is not there, a
/// method it does not take, a body or query that cannot be read) as a problem document.
pub async fn in_our_form(response: Response) -> Response {
    let status = response.status();
    let is_ours = |kind: &HeaderValue| !kind.as_bytes().starts_with(b"text/plain");
    let kind = response.headers().get(header::CONTENT_TYPE);
    if !(status.is_client_error() || status.is_server_error()) || kind.is_some_and(is_ours) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let said = axum::body::to_bytes(body, FRAMEWORK_TEXT_BYTES_MAX).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let (code, detail) = match status {
        StatusCode::NOT_FOUND if said.is_empty() => {
            ("no_such_path", "there is nothing at this path; /openapi.json lists what there is")
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method_not_allowed", "this path does not take that method; see the `allow` header")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", &*said),
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", &*said),
        _ => ("bad_request", &*said),
    };
    let mut answer = Problem::new(status, code, detail).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}

/// Longest text of the framework's own that is taken over.
const FRAMEWORK_TEXT_BYTES_MAX: usize = 4_096;

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        let detail = error.to_string();
        match error {
            IngestError::UnknownSource { .. } => {
                Self::new(StatusCode::NOT_FOUND, "unknown_source", detail)
            }
            IngestError::Forbidden { .. } => Self::new(StatusCode::FORBIDDEN, "forbidden", detail),
            IngestError::Body(BodyError::TooLarge { .. } | BodyError::TooMany { .. }) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
            }
            IngestError::Body(BodyError::NoRoom) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "no_room", detail)
                    .after(std::time::Duration::from_secs(1))
            }
            IngestError::Body(BodyError::Encoding { .. } | BodyError::Empty) => {
                Self::bad_request(detail)
            }
            IngestError::LongKey => Self::bad_request(detail),
            IngestError::TooFast { retry_after, .. } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_fast", detail).after(retry_after)
            }
            IngestError::Unavailable { retry_after, .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "journal_unavailable", detail)
                    .after(retry_after)
            }
            IngestError::NotKept { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "not_kept", detail)
            }
        }
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Unknown(_) => Self::not_found(error.to_string()),
            DeskError::Refused(refused) => {
                Self::new(StatusCode::CONFLICT, refused.code, refused.message)
            }
            DeskError::Store(error) => error.into(),
        }
    }
}

impl From<SigninError> for Problem {
    fn from(error: SigninError) -> Self {
        let detail = error.to_string();
        let refused = |code: &str| Self::new(StatusCode::UNAUTHORIZED, code, detail.clone());
        match error {
            SigninError::Missing => refused("session_missing"),
            SigninError::Expired => refused("session_expired"),
            SigninError::Refused => refused("signin_refused"),
            SigninError::TotpWanted => refused("totp_wanted"),
            SigninError::LinkRefused => refused("link_refused"),
            SigninError::ProofWanted(_) => refused("proof_wanted"),
            SigninError::OidcRefused => refused("oidc_refused"),
            SigninError::OidcNoRole => refused("oidc_no_role"),
            SigninError::OidcExpired => refused("oidc_expired"),
            SigninError::OidcUnreachable => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "oidc_unreachable", detail)
            }
            SigninError::TooMany(wait) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", detail).after(wait)
            }
            SigninError::Invalid(_) => Self::bad_request(detail),
            SigninError::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict", detail),
            SigninError::NotFound(_) => Self::not_found(detail),
            SigninError::Store(error) => error.into(),
            SigninError::System(_) => {
                tracing::error!(reason = %detail, "sign-in not possible");
                Self::unavailable("signing in is not possible now; try again")
            }
        }
    }
}

impl From<engine::StoreError> for Problem {
    fn from(error: engine::StoreError) -> Self {
        tracing::error!(reason = %error, "state not available to a request");
        Self::unavailable("state cannot be read or written now; try again")
    }
}

impl From<engine::LakeError> for Problem {
    fn from(error: engine::LakeError) -> Self {
        if error.is_retryable() {
            return Self::unavailable(error.to_string());
        }
        Self::bad_request(error.to_string())
    }
}
