//! Who asks, and whether they may.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use engine::auth::{AuthError, Principal, Scope};
use model::PersonId;

use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// The one who asks.
pub struct Caller(pub Principal);

impl Caller {
    /// Passes only with a scope.
    pub fn must(&self, scope: Scope) -> Answer<()> {
        if self.0.may(scope) {
            return Ok(());
        }
        let detail = format!("this token lacks the scope `{}`", scope.as_str());
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
    }

    /// As the audit chain names them, and the person behind.
    pub fn by(&self) -> (&str, Option<&PersonId>) {
        (&self.0.id, self.0.person.as_ref())
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Answer<Self> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let secret = value.and_then(|v| v.strip_prefix("Bearer ")).map(str::trim);
        let found = match secret {
            Some(secret) => shared.engine.authenticate(secret),
            None => Err(AuthError::Missing),
        };
        found.map(Self).map_err(|error| {
            let code = match error {
                AuthError::Missing => "token_missing",
                AuthError::Unknown => "token_unknown",
                AuthError::Expired(_) => "token_expired",
                AuthError::Revoked(_) => "token_revoked",
            };
            Problem::new(StatusCode::UNAUTHORIZED, code, error.to_string())
        })
    }
}
