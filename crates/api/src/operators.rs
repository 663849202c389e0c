//! Operators and roles: who is who, and what that means.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use engine::access::{Action, Role};
use engine::signin::{NewOperator, OperatorChange, OperatorView, link_address};
use engine::store::state::LinkPurpose;
use model::{PersonId, TeamId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::reason::Reason;
use crate::session::RoleItem;
use crate::state::Shared;

/// One operator.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OperatorAnswer {
    /// Id.
    id: String,
    /// What they type to sign in.
    login: String,
    /// How they are shown.
    name: String,
    /// Who of the organisation they are.
    person: Option<PersonId>,
    /// Whose incidents are theirs.
    teams: Vec<TeamId>,
    /// As what, and where.
    roles: Vec<RoleItem>,
    /// The identity provider by which they sign in; their roles follow their groups there.
    provider: Option<String>,
    /// May not sign in.
    disabled: bool,
    /// They have set up how to sign in.
    enrolled: bool,
    /// A password is set.
    has_password: bool,
    /// An authenticator is set up.
    has_totp: bool,
    /// How many passkeys they have.
    passkeys: usize,
    /// When they were made.
    created_at: Timestamp,
    /// When they were last changed.
    changed_at: Timestamp,
    /// When one of their sessions was last used, to the minute.
    seen_at: Option<Timestamp>,
    /// Counts changes.
    version: u64,
}

fn answer(view: OperatorView) -> OperatorAnswer {
    OperatorAnswer {
        roles: view.grants.iter().map(RoleItem::of).collect(),
        id: view.id,
        login: view.login,
        name: view.name,
        person: view.person,
        teams: view.teams,
        provider: view.provider,
        disabled: view.is_disabled,
        enrolled: view.is_enrolled,
        has_password: view.has_password,
        has_totp: view.has_totp,
        passkeys: view.passkeys.len(),
        created_at: view.created_at,
        changed_at: view.changed_at,
        seen_at: view.seen_at,
        version: view.version,
    }
}

fn one(shared: &Shared, id: &str) -> Answer<Json<OperatorAnswer>> {
    let missing = || Problem::not_found(format!("no operator `{id}`"));
    Ok(Json(answer(shared.engine.signin.operator(id).ok_or_else(missing)?)))
}

/// Lists operators by login.
#[utoipa::path(
    get, path = "/v1/operators", tag = "operators",
    responses((status = 200, body = Vec<OperatorAnswer>), (status = 403, body = Problem)),
    security(("token" = []), ("session" = []))
)]
pub async fn list(
    State(shared): State<Shared>,
    caller: Caller,
) -> Answer<Json<Vec<OperatorAnswer>>> {
    caller.must(Action::OperatorManage)?;
    Ok(Json(shared.engine.signin.operators().into_iter().map(answer).collect()))
}

/// A new operator.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorRequest {
    /// What they will type to sign in.
    login: String,
    /// How they are shown.
    name: String,
    /// Who of the organisation they are.
    person: Option<PersonId>,
    /// Whose incidents are theirs.
    #[serde(default)]
    teams: Vec<TeamId>,
    /// As what, and where.
    #[serde(default)]
    roles: Vec<RoleItem>,
}

/// Makes an operator, who cannot sign in before a one-time link was made for them.
#[utoipa::path(
    post, path = "/v1/operators", tag = "operators", request_body = OperatorRequest,
    responses((status = 200, body = OperatorAnswer), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem)),
    security(("token" = []), ("session" = []))
)]
pub async fn add(
    State(shared): State<Shared>,
    caller: Caller,
    Json(wanted): Json<OperatorRequest>,
) -> Answer<Json<OperatorAnswer>> {
    caller.must(Action::OperatorManage)?;
    let wanted = NewOperator {
        login: wanted.login,
        name: wanted.name,
        person: wanted.person,
        teams: wanted.teams,
        grants: wanted.roles.iter().map(RoleItem::read).collect::<Answer<_>>()?,
    };
    let id = shared.engine.signin.add(wanted, caller.by().0).await?;
    one(&shared, &id)
}

/// What is to be changed; what is absent stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorChanges {
    /// The version that was looked at; refused when another stands. Any, if absent.
    version: Option<u64>,
    /// How they are shown.
    name: Option<String>,
    /// Who of the organisation they are.
    person: Option<PersonId>,
    /// Whose incidents are theirs.
    teams: Option<Vec<TeamId>>,
    /// As what, and where.
    roles: Option<Vec<RoleItem>>,
    /// May not sign in; their sessions end at once.
    disabled: Option<bool>,
}

/// Changes an operator.
#[utoipa::path(
    put, path = "/v1/operators/{id}", tag = "operators", request_body = OperatorChanges,
    params(("id" = String, Path, description = "Operator id"), Reason),
    responses((status = 200, body = OperatorAnswer), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)),
    security(("token" = []), ("session" = []))
)]
pub async fn change(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Query(reason): Query<Reason>,
    Json(wanted): Json<OperatorChanges>,
) -> Answer<Json<OperatorAnswer>> {
    caller.must(Action::OperatorManage)?;
    reason.check()?;
    let read = |roles: Vec<RoleItem>| roles.iter().map(RoleItem::read).collect::<Answer<_>>();
    let wanted = OperatorChange {
        version: wanted.version,
        name: wanted.name,
        person: wanted.person.map(Some),
        teams: wanted.teams,
        grants: wanted.roles.map(read).transpose()?,
        is_disabled: wanted.disabled,
    };
    let by = caller.by().0;
    shared.engine.signin.change(&id, wanted, by).await?;
    let object = format!("operator:{id}");
    reason.note(&shared.engine, ("operator.change.reason", &object), by).await?;
    one(&shared, &id)
}

/// A one-time link, shown once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LinkMade {
    /// The code alone.
    code: String,
    /// The whole link, where the server knows its own address.
    link: Option<String>,
}

/// Makes a one-time link by which an operator signs in once and sets up how to from then on.
/// Earlier links of theirs are void.
#[utoipa::path(
    post, path = "/v1/operators/{id}/link", tag = "operators",
    params(("id" = String, Path, description = "Operator id")),
    responses((status = 200, body = LinkMade), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)),
    security(("token" = []), ("session" = []))
)]
pub async fn link(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<LinkMade>> {
    caller.must(Action::OperatorManage)?;
    let code = shared.engine.signin.link(&id, LinkPurpose::Enrol, caller.by().0).await?;
    let base = shared.engine.config.public_url.as_deref();
    Ok(Json(LinkMade { link: base.map(|base| link_address(base, &code)), code }))
}

/// Who may do what, by the policies in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RolesAnswer {
    /// The roles.
    roles: Vec<&'static str>,
    /// The actions, with their meaning.
    actions: Vec<ActionItem>,
    /// Role to action to whether it may, for a role of the whole organisation.
    matrix: BTreeMap<&'static str, BTreeMap<&'static str, bool>>,
}

/// An action.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ActionItem {
    /// Its word.
    action: &'static str,
    /// What it allows.
    meaning: &'static str,
}

/// Who may do what, by the policies in force.
#[utoipa::path(
    get, path = "/v1/roles", tag = "operators",
    responses((status = 200, body = RolesAnswer), (status = 401, body = Problem)),
    security(("token" = []), ("session" = []))
)]
pub async fn roles(State(shared): State<Shared>, caller: Caller) -> Answer<Json<RolesAnswer>> {
    caller.must(Action::SystemRead)?;
    let rights = &shared.engine.current.get().rights;
    let row = |role: Role| {
        let cell = |action: &Action| (action.as_str(), rights.has(role, *action));
        (role.as_str(), Action::ALL.iter().map(cell).collect())
    };
    let action =
        |action: &Action| ActionItem { action: action.as_str(), meaning: action.meaning() };
    Ok(Json(RolesAnswer {
        roles: Role::ALL.map(Role::as_str).to_vec(),
        actions: Action::ALL.iter().map(action).collect(),
        matrix: Role::ALL.into_iter().map(row).collect(),
    }))
}
