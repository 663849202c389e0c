//! Signing in by the house's own identity provider: two addresses that a browser is sent to.
//!
//! Both answer with where to go next, also when they refuse: a person stands before them, and the
//! sign-in page has the words.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::signin::{OidcAnswer, SigninError};
use serde::Deserialize;

use crate::auth::{From, cookie_named, is_this_machine};
use crate::problem::Problem;
use crate::signin::{keep_session, secure};
use crate::state::Shared;

/// Where the provider sends the browser back to.
const CALLBACK: &str = "/v1/signin/oidc/callback";
/// The path to which the cookies of waiting sign-ins are sent, and no other.
const COOKIE_PATH: &str = "/v1/signin/oidc";

/// The cookie of one question: a browser may have several open.
fn cookie_of(state: &str) -> String {
    let short: String = state.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    format!("castellan_oidc_{short}")
}

fn to(place: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let place = HeaderValue::from_str(place);
    let place = place.unwrap_or_else(|_| HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, place);
    response
}

/// To the sign-in page, which has words for the code.
fn refused(error: SigninError) -> Response {
    let problem = Problem::from(error);
    to(&format!("/signin?problem={}", problem.code))
}

/// Our own address to come back to: the public one, else the one by which the browser on this
/// machine came.
fn redirect(shared: &Shared, headers: &HeaderMap) -> Option<String> {
    if let Some(public) = &shared.engine.config.public_url {
        return Some(format!("{}{CALLBACK}", public.trim_end_matches('/')));
    }
    let host = headers.get(header::HOST)?.to_str().ok()?;
    is_this_machine(host).then(|| format!("http://{host}{CALLBACK}"))
}

/// Where to go on to.
#[derive(Deserialize, utoipa::IntoParams)]
pub struct Next {
    /// A path of the console; anything else leads to its first page.
    next: Option<String>,
}

/// Sends the browser to the provider. Not for programs: an answer is always 303.
#[utoipa::path(
    get, path = "/v1/signin/oidc/{provider}", tag = "sign-in",
    params(("provider" = String, Path, description = "Provider id"), Next),
    responses((status = 303, description = "To the provider, or back to the sign-in page with \
        `?problem=` and a code"))
)]
pub async fn begin(
    State(shared): State<Shared>,
    From(origin): From,
    Path(provider): Path<String>,
    next: Result<Query<Next>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Some(redirect) = redirect(&shared, &headers) else {
        tracing::warn!(
            provider,
            "nobody is sent to the provider: the browser came by another address than localhost; \
             set `public_url` to the address that people type"
        );
        return refused(SigninError::OidcRefused);
    };
    let next = next.ok().and_then(|Query(next)| next.next);
    let signin = &shared.engine.signin;
    let asked = signin.begin_oidc(&provider, (&redirect, next.as_deref()), &origin).await;
    let asked = match asked {
        Ok(asked) => asked,
        Err(SigninError::NotFound(_)) => return refused(SigninError::OidcRefused),
        Err(error) => return refused(error),
    };
    let mut response = to(&asked.url);
    let (name, secret) = (cookie_of(&asked.state), &asked.secret);
    let (seconds, secure) = (asked.lasts.as_secs().max(1), secure(&shared));
    // Lax, because it is another site's page that sends the browser back.
    let cookie = format!(
        "{name}={secret}; HttpOnly; SameSite=Lax; Path={COOKIE_PATH}; Max-Age={seconds}{secure}"
    );
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// What the browser brings back.
#[derive(Deserialize, utoipa::IntoParams)]
pub struct Brought {
    /// Which question.
    state: Option<String>,
    /// The provider's code for us.
    code: Option<String>,
    /// The provider's refusal.
    error: Option<String>,
    /// Who the provider says that it is.
    iss: Option<String>,
}

/// Takes the browser back from the provider, signed in. Not for programs: an answer is always 303.
#[utoipa::path(
    get, path = "/v1/signin/oidc/callback", tag = "sign-in", params(Brought),
    responses((status = 303, description = "To the console with a session's cookie, or to the \
        sign-in page with `?problem=` and a code"))
)]
pub async fn callback(
    State(shared): State<Shared>,
    From(origin): From,
    brought: Result<Query<Brought>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Ok(Query(brought)) = brought else { return refused(SigninError::OidcExpired) };
    let state = brought.state.unwrap_or_default();
    let name = cookie_of(&state);
    let answer = OidcAnswer {
        state: &state,
        code: brought.code.as_deref(),
        error: brought.error.as_deref(),
        iss: brought.iss.as_deref(),
        cookie: cookie_named(&headers, &name),
    };
    let mut response = match shared.engine.signin.by_oidc(&answer, &origin).await {
        Ok((begun, next)) => {
            let mut response = to(&next);
            keep_session(&shared, &begun, response.headers_mut());
            response
        }
        Err(error) => refused(error),
    };
    let gone = format!("{name}=; HttpOnly; SameSite=Lax; Path={COOKIE_PATH}; Max-Age=0");
    if let Ok(gone) = HeaderValue::from_str(&gone) {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}
