//! One's own session, and what one signs in with.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::access::{Action, At, Grant, Role};
use engine::signin::OperatorView;
use model::{PersonId, PlaceId, TeamId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::{COOKIE, From, Own};
use crate::problem::{Answer, Problem};
use crate::signin::CeremonyAnswer;
use crate::state::Shared;

/// A role, and how far it reaches.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleItem {
    /// `guard`, `analyst`, `engineer`, `auditor`, `administrator`.
    pub role: String,
    /// At these sites; in the whole organisation if absent or null.
    #[serde(default)]
    pub sites: Option<Vec<PlaceId>>,
}

impl RoleItem {
    pub(crate) fn of(grant: &Grant) -> Self {
        let sites = grant.sites.as_ref().map(|sites| sites.iter().cloned().collect());
        Self { role: grant.role.as_str().to_owned(), sites }
    }

    pub(crate) fn read(&self) -> Answer<Grant> {
        let role = Role::parse(&self.role).ok_or_else(|| {
            let known = Role::ALL.map(Role::as_str).join(", ");
            Problem::bad_request(format!("`{}` is no role; expected {known}", self.role))
        })?;
        let sites = self.sites.as_ref().map(|sites| sites.iter().cloned().collect());
        Ok(Grant { role, sites })
    }
}

/// A passkey.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PasskeyItem {
    /// Credential id.
    id: String,
    /// Its owner's name for it.
    name: String,
    /// When it was made.
    created_at: Timestamp,
    /// When it last signed in.
    used_at: Option<Timestamp>,
}

/// Who somebody is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OperatorItem {
    /// Id.
    id: String,
    /// How they are shown.
    name: String,
    /// What they type to sign in.
    login: String,
    /// Who of the organisation they are.
    person: Option<PersonId>,
    /// Whose incidents are theirs.
    teams: Vec<TeamId>,
}

fn item(view: &OperatorView) -> OperatorItem {
    OperatorItem {
        id: view.id.clone(),
        name: view.name.clone(),
        login: view.login.clone(),
        person: view.person.clone(),
        teams: view.teams.clone(),
    }
}

/// One operator for an answer.
pub fn operator_item(shared: &Shared, id: &str) -> Answer<OperatorItem> {
    Ok(item(&view(shared, id)?))
}

fn view(shared: &Shared, id: &str) -> Answer<OperatorView> {
    let missing = || Problem::not_found("the operator is gone");
    shared.engine.signin.operator(id).ok_or_else(missing)
}

/// Whether an action is allowed, and if not the reason.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RightItem {
    /// Whether.
    allowed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Who is signed in, and what they may do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionAnswer {
    /// Who.
    operator: OperatorItem,
    /// As what, and where.
    roles: Vec<RoleItem>,
    /// Every action, allowed or with the reason why not. What belongs to a site may still be out
    /// of reach: each answer says so of its own.
    rights: BTreeMap<&'static str, RightItem>,
    /// To be sent as `X-CSRF-Token` with every request that changes something.
    csrf: String,
    /// How they signed in: `link`, `password`, `passkey`, or `oidc:` and a provider's id.
    method: String,
    /// The identity provider that keeps what they sign in with; nothing of it can be changed here.
    provider: Option<String>,
    /// For so many seconds this sign-in is proof enough to change what one signs in with; then the
    /// answer is 401 `proof_wanted`, and signing in again is proof.
    proof_s: u64,
    /// They must set up how to sign in before anything else.
    must_enrol: bool,
    /// A password is set.
    has_password: bool,
    /// An authenticator is set up.
    has_totp: bool,
    /// Their passkeys.
    passkeys: Vec<PasskeyItem>,
    /// When the session ends at the latest, by the server's clock.
    expires_at: Timestamp,
    /// The same in seconds from now, for whoever has a clock of their own.
    expires_in_s: u64,
    /// The server's clock.
    now: Timestamp,
}

/// Who is signed in, and what they may do.
#[utoipa::path(
    get, path = "/v1/session", tag = "sign-in",
    responses((status = 200, body = SessionAnswer), (status = 401, body = Problem)),
    security(("session" = []))
)]
pub async fn session(
    State(shared): State<Shared>,
    Own(session): Own,
) -> Answer<Json<SessionAnswer>> {
    let engine = &shared.engine;
    let view = view(&shared, &session.operator.id)?;
    let rights = &engine.current.get().rights;
    let right = |action: &Action| {
        let decision = rights.decide(&session.grants, *action, At::Nowhere);
        let reason = decision.err().map(|refusal| refusal.to_string());
        (action.as_str(), RightItem { allowed: reason.is_none(), reason })
    };
    let passkey = |key: &engine::signin::PasskeyView| PasskeyItem {
        id: key.id.clone(),
        name: key.name.clone(),
        created_at: key.created_at,
        used_at: key.used_at,
    };
    let now = engine.now();
    Ok(Json(SessionAnswer {
        operator: item(&view),
        roles: view.grants.iter().map(RoleItem::of).collect(),
        rights: Action::ALL.iter().map(right).collect(),
        csrf: session.csrf.clone(),
        method: session.method.clone(),
        provider: view.provider.clone(),
        proof_s: engine.signin.proof_left(&session).as_secs(),
        must_enrol: session.is_enrolment,
        has_password: view.has_password,
        has_totp: view.has_totp,
        passkeys: view.passkeys.iter().map(passkey).collect(),
        expires_at: now.plus(session.lasts * engine.clock.speed()),
        expires_in_s: session.lasts.as_secs(),
        now,
    }))
}

/// Signs out.
#[utoipa::path(
    delete, path = "/v1/session", tag = "sign-in",
    responses((status = 204), (status = 401, body = Problem)), security(("session" = []))
)]
pub async fn sign_out(State(shared): State<Shared>, Own(session): Own) -> Answer<Response> {
    shared.engine.signin.end(&session).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let gone = format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    if let Ok(value) = HeaderValue::from_str(&gone) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// A new password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The old one, where there is one and no link let one in.
    old: Option<String>,
    /// The new one: 12 to 256 characters.
    new: String,
}

/// Sets one's own password. All other sessions of the operator end.
#[utoipa::path(
    put, path = "/v1/me/password", tag = "sign-in", request_body = NewPassword,
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 409, body = Problem)),
    security(("session" = []))
)]
pub async fn password(
    State(shared): State<Shared>,
    Own(session): Own,
    From(origin): From,
    Json(wanted): Json<NewPassword>,
) -> Answer<StatusCode> {
    let words = (wanted.old.as_deref(), &*wanted.new);
    shared.engine.signin.set_password(&session, words, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an authenticator is set up with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TotpAnswer {
    /// `otpauth://…`, for a picture.
    uri: String,
    /// The secret, to be typed.
    secret: String,
}

/// Begins to set up an authenticator.
#[utoipa::path(
    post, path = "/v1/me/totp", tag = "sign-in",
    responses((status = 200, body = TotpAnswer), (status = 401, body = Problem),
        (status = 409, body = Problem)),
    security(("session" = []))
)]
pub async fn begin_totp(
    State(shared): State<Shared>,
    Own(session): Own,
) -> Answer<Json<TotpAnswer>> {
    let offer = shared.engine.signin.begin_totp(&session).await?;
    Ok(Json(TotpAnswer { uri: offer.uri, secret: offer.secret }))
}

/// The code that proves it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpProof {
    /// Six digits.
    code: String,
}

/// Proves the authenticator by its first code.
#[utoipa::path(
    put, path = "/v1/me/totp", tag = "sign-in", request_body = TotpProof,
    responses((status = 204), (status = 401, body = Problem), (status = 409, body = Problem)),
    security(("session" = []))
)]
pub async fn finish_totp(
    State(shared): State<Shared>,
    Own(session): Own,
    From(origin): From,
    Json(proof): Json<TotpProof>,
) -> Answer<StatusCode> {
    shared.engine.signin.finish_totp(&session, &proof.code, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins to make a passkey.
#[utoipa::path(
    post, path = "/v1/me/passkeys/begin", tag = "sign-in",
    responses((status = 200, body = CeremonyAnswer), (status = 401, body = Problem),
        (status = 409, body = Problem)),
    security(("session" = []))
)]
pub async fn begin_passkey(
    State(shared): State<Shared>,
    Own(session): Own,
) -> Answer<Json<CeremonyAnswer>> {
    Ok(Json(shared.engine.signin.begin_passkey(&session)?.into()))
}

/// The passkey that the browser made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyMade {
    /// Which ceremony.
    ceremony: String,
    /// The owner's name for it.
    #[serde(default)]
    name: String,
    /// `PublicKeyCredential.toJSON()`.
    #[schema(value_type = Object)]
    credential: Value,
}

/// A passkey's id.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PasskeyKept {
    /// Credential id.
    id: String,
}

/// Keeps the passkey that the browser made.
#[utoipa::path(
    post, path = "/v1/me/passkeys/finish", tag = "sign-in", request_body = PasskeyMade,
    responses((status = 200, body = PasskeyKept), (status = 400, body = Problem),
        (status = 409, body = Problem)),
    security(("session" = []))
)]
pub async fn finish_passkey(
    State(shared): State<Shared>,
    Own(session): Own,
    Json(made): Json<PasskeyMade>,
) -> Answer<Json<PasskeyKept>> {
    let named = (&*made.ceremony, &*made.name);
    let id = shared.engine.signin.finish_passkey(&session, named, &made.credential).await?;
    Ok(Json(PasskeyKept { id }))
}

/// Takes one of one's own passkeys away.
#[utoipa::path(
    delete, path = "/v1/me/passkeys/{id}", tag = "sign-in",
    params(("id" = String, Path, description = "Credential id")),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)),
    security(("session" = []))
)]
pub async fn remove_passkey(
    State(shared): State<Shared>,
    Own(session): Own,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    shared.engine.signin.remove_passkey(&session, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
