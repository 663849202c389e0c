//! Signing in: what stands at the door, and the ways through it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use engine::signin::{Begun, ProviderView};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::{COOKIE, From, cookie_named, same_page};
use crate::problem::{Answer, Problem};
use crate::session::{OperatorItem, operator_item};
use crate::state::Shared;

/// What a page needs before anybody is signed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SigninAnswer {
    /// No administrator exists yet: the server's terminal shows a one-time link.
    setup: bool,
    /// Passkeys can be used at this address.
    passkeys: bool,
    /// Who else vouches: a link to `/v1/signin/oidc/{id}` begins it.
    providers: Vec<ProviderItem>,
    /// The organisation's name.
    organisation: String,
    /// The organisation's id.
    tenant: String,
}

/// An identity provider to sign in by.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProviderItem {
    /// Its id.
    id: String,
    /// How its button is called.
    name: String,
}

/// How one can sign in here. Needs no session.
#[utoipa::path(
    get, path = "/v1/signin", tag = "sign-in",
    responses((status = 200, body = SigninAnswer))
)]
pub async fn door(State(shared): State<Shared>) -> Json<SigninAnswer> {
    let knowledge = shared.engine.current.get();
    let item = |view: ProviderView| ProviderItem { id: view.id, name: view.name };
    Json(SigninAnswer {
        setup: shared.engine.signin.needs_setup(),
        passkeys: shared.engine.signin.has_passkeys(),
        providers: shared.engine.signin.providers().into_iter().map(item).collect(),
        organisation: knowledge.org.name.clone(),
        tenant: knowledge.org.tenant.to_string(),
    })
}

/// Somebody is signed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SignedIn {
    /// Who.
    operator: OperatorItem,
    /// They must set up how to sign in before anything else.
    must_enrol: bool,
    /// To be sent as `X-CSRF-Token` with every request that changes something.
    csrf: String,
}

/// Says who is in, and gives the cookie. The session that the browser had until now ends: nobody
/// may go on with it once it is out of its owner's hands.
async fn signed_in(shared: &Shared, begun: Begun, headers: &HeaderMap) -> Answer<Response> {
    let signin = &shared.engine.signin;
    let former = cookie_named(headers, COOKIE).map(|secret| signin.session(secret));
    if let Some(Ok(former)) = former {
        signin.end(&former).await?;
    }
    let session = &begun.session;
    let answer = SignedIn {
        operator: operator_item(shared, &session.operator.id)?,
        must_enrol: session.is_enrolment,
        csrf: session.csrf.clone(),
    };
    let mut response = Json(answer).into_response();
    keep_session(shared, &begun, response.headers_mut());
    Ok(response)
}

/// The session's secret goes into a cookie that scripts cannot read and other sites cannot send.
pub(crate) fn keep_session(shared: &Shared, begun: &Begun, headers: &mut HeaderMap) {
    let (secret, seconds) = (&begun.secret, begun.session.lasts.as_secs());
    let secure = secure(shared);
    let cookie =
        format!("{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        headers.append(header::SET_COOKIE, value);
    }
}

/// What a cookie carries beside the rest where people come by TLS.
pub(crate) fn secure(shared: &Shared) -> &'static str {
    let public = shared.engine.config.public_url.as_deref();
    let is_tls = |url: &str| url.get(..8).is_some_and(|head| head.eq_ignore_ascii_case("https://"));
    if public.is_some_and(is_tls) { "; Secure" } else { "" }
}

fn own_page(shared: &Shared, headers: &HeaderMap) -> Answer<()> {
    same_page(headers, shared.engine.config.public_url.as_deref())
}

/// A one-time link's code.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkRequest {
    /// What stands after `code=` in the link.
    code: String,
}

/// Uses a one-time link. Unless the link is a demonstration's, the session may only set up how to
/// sign in until that is done.
#[utoipa::path(
    post, path = "/v1/signin/link", tag = "sign-in", request_body = LinkRequest,
    responses((status = 200, body = SignedIn), (status = 401, body = Problem),
        (status = 429, body = Problem))
)]
pub async fn link(
    State(shared): State<Shared>,
    From(origin): From,
    headers: HeaderMap,
    Json(request): Json<LinkRequest>,
) -> Answer<Response> {
    own_page(&shared, &headers)?;
    let begun = shared.engine.signin.by_link(&request.code, &origin).await?;
    signed_in(&shared, begun, &headers).await
}

/// Login, password, and the code that an authenticator shows.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// Login.
    login: String,
    /// Password.
    password: String,
    /// The authenticator's code; when it is missing and the password is right, the answer is 401
    /// `totp_wanted`.
    code: Option<String>,
}

/// Signs in by password and code.
#[utoipa::path(
    post, path = "/v1/signin/password", tag = "sign-in", request_body = PasswordRequest,
    responses((status = 200, body = SignedIn), (status = 401, body = Problem),
        (status = 429, body = Problem))
)]
pub async fn password(
    State(shared): State<Shared>,
    From(origin): From,
    headers: HeaderMap,
    Json(request): Json<PasswordRequest>,
) -> Answer<Response> {
    own_page(&shared, &headers)?;
    let (login, password, code) = (&request.login, &request.password, request.code.as_deref());
    let begun = shared.engine.signin.by_password(login, password, code, &origin).await?;
    signed_in(&shared, begun, &headers).await
}

/// Whose passkey.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyQuestion {
    /// Login; the device chooses if absent.
    login: Option<String>,
}

/// What the browser is asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CeremonyAnswer {
    /// To be sent back with the browser's answer.
    pub ceremony: String,
    /// For `navigator.credentials`, as `parseRequestOptionsFromJSON` and
    /// `parseCreationOptionsFromJSON` read it.
    #[serde(rename = "publicKey")]
    #[schema(value_type = Object)]
    pub public_key: Value,
}

impl std::convert::From<engine::signin::Ceremony> for CeremonyAnswer {
    fn from(ceremony: engine::signin::Ceremony) -> Self {
        let public_key = ceremony.options.get("publicKey").cloned().unwrap_or_default();
        Self { ceremony: ceremony.id, public_key }
    }
}

/// Begins to sign in by a passkey.
#[utoipa::path(
    post, path = "/v1/signin/passkey/begin", tag = "sign-in", request_body = PasskeyQuestion,
    responses((status = 200, body = CeremonyAnswer), (status = 429, body = Problem))
)]
pub async fn begin_passkey(
    State(shared): State<Shared>,
    From(origin): From,
    headers: HeaderMap,
    Json(request): Json<PasskeyQuestion>,
) -> Answer<Json<CeremonyAnswer>> {
    own_page(&shared, &headers)?;
    let asked = shared.engine.signin.ask_passkey(request.login.as_deref(), &origin)?;
    Ok(Json(asked.into()))
}

/// The browser's answer.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyAnswer {
    /// Which ceremony.
    ceremony: String,
    /// `PublicKeyCredential.toJSON()`.
    #[schema(value_type = Object)]
    credential: Value,
}

/// Signs in by the browser's answer.
#[utoipa::path(
    post, path = "/v1/signin/passkey/finish", tag = "sign-in", request_body = PasskeyAnswer,
    responses((status = 200, body = SignedIn), (status = 401, body = Problem),
        (status = 429, body = Problem))
)]
pub async fn finish_passkey(
    State(shared): State<Shared>,
    From(origin): From,
    headers: HeaderMap,
    Json(request): Json<PasskeyAnswer>,
) -> Answer<Response> {
    own_page(&shared, &headers)?;
    let signin = &shared.engine.signin;
    let begun = signin.by_passkey(&request.ceremony, &request.credential, &origin).await?;
    signed_in(&shared, begun, &headers).await
}
