//! People, places, things; and what nobody in them answers to.

use axum::Json;
use axum::extract::{Path, Query, State};
use engine::access::Action;
use engine::knowledge::Knowledge;
use engine::veil::{is_credential, is_naming};
use model::spine::{PersonKind, PersonStatus};
use model::text::Words;
use model::{Entity, PersonId, PlaceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::reason::{REASON_CHARS_MAX, fit};
use crate::state::Shared;
use crate::veil::Eyes;

/// A person: who it is stays hidden until somebody has given a reason.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PersonItem {
    /// Id.
    id: PersonId,
    /// The name, once this session has given a reason for seeing it, or to a token that may.
    name: Option<String>,
    /// Kind.
    kind: PersonKind,
    /// Status.
    status: PersonStatus,
    /// Until when they belong, or belonged, to the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// Team.
    team: Option<String>,
    /// Site.
    site: Option<PlaceId>,
    /// Identifiers by which sources know them.
    identifiers: Vec<IdentifierItem>,
    /// Things of theirs.
    assets: Vec<String>,
}

/// One identifier.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IdentifierItem {
    /// `badge`, `account` …
    kind: String,
    /// The value. Badge and card numbers are secrets at a door: three characters of them show.
    /// Accounts and addresses are names: `…` until a reason was given.
    value: String,
    /// Which system's namespace.
    realm: Option<String>,
    /// From when on.
    valid_from: Option<model::Timestamp>,
    /// Until when.
    valid_to: Option<model::Timestamp>,
    /// A badge or account that was never ended although its person has left: it should have been,
    /// when they did.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    overdue: bool,
}

/// People of a page.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PeoplePage {
    /// The people, by id.
    people: Vec<PersonItem>,
    /// Give this as `after` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<PersonId>,
}

/// Which people.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// People of a page, at most 500.
    limit: Option<usize>,
    /// Where the page before ended.
    after: Option<PersonId>,
}

/// Lists people by id.
#[utoipa::path(
    get, path = "/v1/people", tag = "organisation", params(PeopleQuery),
    responses((status = 200, body = PeoplePage)), security(("token" = []))
)]
pub async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<PeopleQuery>,
) -> Answer<Json<PeoplePage>> {
    caller.must(Action::PersonRead)?;
    let reach = caller.reach(Action::PersonRead)?;
    let knowledge = shared.engine.current.get();
    let limit = query.limit.unwrap_or(100).clamp(1, 500);
    let after = |id: &PersonId| query.after.as_ref().is_none_or(|after| id > after);
    let is_near = |id: &&PersonId| {
        let person = knowledge.org.people.get(*id);
        reach.covers(person.and_then(|person| person.site.as_ref()))
    };
    let mut found = knowledge.org.people.keys().filter(|id| after(id)).filter(is_near);
    let ids: Vec<PersonId> = found.by_ref().take(limit).cloned().collect();
    let next = found.next().and(ids.last().cloned());
    let eyes = Eyes::of(&shared, &caller);
    let now = shared.engine.now();
    let item = |id| item((&knowledge, now), id, eyes.sees(id));
    let people = ids.iter().filter_map(item).collect();
    Ok(Json(PeoplePage { people, next }))
}

/// One person.
#[utoipa::path(
    get, path = "/v1/people/{id}", tag = "organisation",
    params(("id" = String, Path, description = "Person id")),
    responses((status = 200, body = PersonItem), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn one(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<PersonItem>> {
    caller.must(Action::PersonRead)?;
    let missing = || Problem::not_found(format!("no person `{id}`"));
    let person = PersonId::parse(&id).map_err(|_| missing())?;
    let knowledge = shared.engine.current.get();
    let sees = Eyes::of(&shared, &caller).sees(&person);
    let found = item((&knowledge, shared.engine.now()), &person, sees).ok_or_else(missing)?;
    caller.must_at(Action::PersonRead, found.site.as_ref())?;
    Ok(Json(found))
}

/// Why a name is wanted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevealRequest {
    /// Kept in the audit log, with who asked.
    reason: String,
}

/// Shows a person's name, for a reason; for an operator it stays shown while the session lasts.
#[utoipa::path(
    post, path = "/v1/people/{id}/reveal", tag = "organisation", request_body = RevealRequest,
    params(("id" = String, Path, description = "Person id")),
    responses((status = 200, body = PersonItem), (status = 400, body = Problem),
        (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn reveal(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<RevealRequest>,
) -> Answer<Json<PersonItem>> {
    let missing = || Problem::not_found(format!("no person `{id}`"));
    let person = PersonId::parse(&id).map_err(|_| missing())?;
    let (knowledge, now) = (shared.engine.current.get(), shared.engine.now());
    let found = item((&knowledge, now), &person, true).ok_or_else(missing)?;
    caller.must_at(Action::PersonReveal, found.site.as_ref())?;
    let reason = request.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        let detail = format!("`reason` has 1 to {REASON_CHARS_MAX} characters");
        return Err(Problem::bad_request(detail));
    }
    fit("reason", reason, Words::Text)?;
    let session = caller.session.as_ref().map(engine::signin::Session::key);
    shared.engine.reveal(session, &person, (reason, caller.by().0)).await?;
    Ok(Json(found))
}

/// A person whose name this session has asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NameItem {
    /// Id: what they are called by otherwise.
    id: PersonId,
    /// The name.
    name: String,
}

/// Whose names this session has asked for, with a reason each, and may call by name wherever they
/// appear. For a token: nobody; one of the scope `names` is given names where they stand.
#[utoipa::path(
    get, path = "/v1/names", tag = "organisation",
    responses((status = 200, body = Vec<NameItem>), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn names(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Vec<NameItem>>> {
    caller.must(Action::PersonRead)?;
    let session = caller.session.as_ref().map(engine::signin::Session::key);
    let revealed = session.map(|session| shared.engine.revealed(&session)).unwrap_or_default();
    let knowledge = shared.engine.current.get();
    let item = |id: PersonId| {
        let name = knowledge.org.people.get(&id)?.name.clone();
        Some(NameItem { id, name })
    };
    Ok(Json(revealed.into_iter().filter_map(item).collect()))
}

fn item(
    (knowledge, now): (&Knowledge, Timestamp),
    id: &PersonId,
    is_named: bool,
) -> Option<PersonItem> {
    let org = &knowledge.org;
    let person = org.people.get(id)?;
    let status = knowledge.spine.status_at(id, now).unwrap_or(person.status);
    let has_left = status == PersonStatus::Left;
    let entity = Entity::Person(id.clone());
    let own = org.identifiers.iter().filter(|identifier| identifier.entity == entity);
    let identifiers = own.map(|identifier| IdentifierItem {
        kind: identifier.kind.clone(),
        value: match is_naming(&identifier.kind) && !is_named {
            true => "…".to_owned(),
            false => shown(&identifier.kind, &identifier.value),
        },
        realm: identifier.realm.clone(),
        valid_from: identifier.validity.from,
        valid_to: identifier.validity.to,
        overdue: has_left
            && (is_credential(&identifier.kind) || identifier.kind == "account")
            && identifier.validity.holds_at(now),
    });
    let assets = org.assets.values().filter(|asset| asset.owner.as_ref() == Some(id));
    Some(PersonItem {
        id: id.clone(),
        name: is_named.then(|| person.name.clone()),
        kind: person.kind,
        status,
        until: person.validity.to,
        team: person.team.clone(),
        site: person.site.clone(),
        identifiers: identifiers.collect(),
        assets: assets.map(|asset| asset.id.to_string()).collect(),
    })
}

/// A credential's number opens doors: all but its last three characters are hidden.
pub(crate) fn shown(kind: &str, value: &str) -> String {
    if !is_credential(kind) {
        return value.to_owned();
    }
    let count = value.chars().count();
    let hidden = count.saturating_sub(3);
    let tail: String = value.chars().skip(hidden).collect();
    format!("…{tail}")
}

/// An identifier that nobody in the organisation answers to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnresolvedItem {
    /// `badge`, `account`, `ip` …
    kind: String,
    /// The value.
    value: String,
    /// Who uses it.
    source: model::SourceId,
    /// How often.
    count: u64,
    /// First heard.
    first: model::Timestamp,
    /// Last heard.
    last: model::Timestamp,
}

/// Which unresolved identifiers.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UnresolvedQuery {
    /// Only this kind.
    kind: Option<String>,
    /// How many, at most 1000.
    limit: Option<u32>,
}

/// Identifiers that nobody in the organisation answers to, most frequent first.
#[utoipa::path(
    get, path = "/v1/unresolved", tag = "organisation", params(UnresolvedQuery),
    responses((status = 200, body = Vec<UnresolvedItem>)), security(("token" = []))
)]
pub async fn unresolved(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<UnresolvedQuery>,
) -> Answer<Json<Vec<UnresolvedItem>>> {
    caller.must(Action::PersonRead)?;
    let reach = caller.reach(Action::PersonRead)?;
    let knowledge = shared.engine.current.get();
    let limit = query.limit.unwrap_or(100).clamp(1, 1_000);
    let found = shared.engine.state.unresolved(query.kind.as_deref(), limit).await?;
    let item = |tally: engine::store::state::UnresolvedTally| UnresolvedItem {
        value: shown(&tally.kind, &tally.value),
        kind: tally.kind,
        source: tally.source,
        count: tally.count,
        first: tally.first,
        last: tally.last,
    };
    let is_near = |tally: &engine::store::state::UnresolvedTally| {
        reach.covers(knowledge.source(&tally.source).site.as_ref())
    };
    Ok(Json(found.into_iter().filter(is_near).map(item).collect()))
}
