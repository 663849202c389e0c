//! Incidents and findings.

use axum::Json;
use axum::extract::{Path, Query, State};
use engine::access::{Action, Reach};
use engine::respond::{Act, ActRefused, ActionOffer, By, HandMade, allowed, escalation_due};
use engine::store::state::{FindingFilter, IncidentFilter, PageKey};
use model::incident::Owner;
use model::{
    Entity, Finding, FindingId, Incident, IncidentId, IncidentState, Level, PlaceId, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;

/// Which incidents; every condition given must hold.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IncidentQuery {
    /// `new`, `acknowledged`, `in_progress`, `resolved`, `closed`; several with commas.
    state: Option<String>,
    /// `team:ID` or `person:ID`.
    owner: Option<String>,
    /// This level or above.
    level: Option<Level>,
    /// `person:ID`, `asset:ID` or `place:ID`.
    entity: Option<Entity>,
    /// Incidents of a page, at most 500.
    limit: Option<u32>,
    /// Where the page before ended: its `next`.
    after: Option<String>,
}

/// One page, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IncidentPage {
    /// The incidents.
    incidents: Vec<Incident>,
    /// Give this as `after` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// An incident and what the caller may do with it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IncidentView {
    /// The incident.
    incident: Incident,
    /// Every action, and for a missing one the reason.
    #[schema(value_type = Vec<Object>)]
    actions: Vec<ActionOffer>,
    /// When everybody is told, unless somebody acknowledges it until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    escalates_at: Option<Timestamp>,
}

/// Lists incidents.
#[utoipa::path(
    get, path = "/v1/incidents", tag = "incidents", params(IncidentQuery),
    responses((status = 200, body = IncidentPage), (status = 400, body = Problem)),
    security(("token" = []))
)]
pub async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<IncidentQuery>,
) -> Answer<Json<Value>> {
    caller.must(Action::IncidentRead)?;
    let filter = IncidentFilter {
        states: states(query.state.as_deref())?,
        owner: query.owner.as_deref().map(owner).transpose()?,
        level_min: query.level,
        entity: query.entity,
        sites: sites(&caller)?,
        everywhere_too: caller.works_incidents(),
        after: page_key(query.after.as_deref())?,
        limit: query.limit.unwrap_or(100),
    };
    let page = shared.engine.state.incidents(&filter).await?;
    let next = page.next.map(|next| next.to_string());
    Eyes::of(&shared, &caller).answer(&IncidentPage { incidents: page.items, next })
}

fn page_key(text: Option<&str>) -> Answer<Option<PageKey>> {
    text.map(|text| {
        PageKey::parse(text)
            .ok_or_else(|| Problem::bad_request("`after` is not what an earlier page gave"))
    })
    .transpose()
}

fn states(text: Option<&str>) -> Answer<Vec<IncidentState>> {
    let words = text.map(|t| t.split(',').collect::<Vec<_>>()).unwrap_or_default();
    let state = |word: &str| {
        serde_json::from_value(serde_json::Value::from(word.trim())).map_err(|_| {
            Problem::bad_request(format!(
                "`{word}` is not a state; expected new, acknowledged, in_progress, resolved, closed"
            ))
        })
    };
    words.into_iter().map(state).collect()
}

fn owner(text: &str) -> Answer<Owner> {
    let wrong = || Problem::bad_request(format!("`{text}`: expected team:ID or person:ID"));
    let (kind, id) = text.split_once(':').ok_or_else(wrong)?;
    match kind {
        "team" => model::TeamId::parse(id).map(Owner::Team).map_err(|_| wrong()),
        "person" => model::PersonId::parse(id).map(Owner::Person).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

fn incident_id(text: &str) -> Answer<IncidentId> {
    IncidentId::parse(text).map_err(|_| Problem::not_found(format!("no incident `{text}`")))
}

/// An incident as a caller sees it.
pub(crate) fn view(shared: &Shared, caller: &Caller, incident: Incident) -> IncidentView {
    let (id, person) = caller.by();
    let mut actions = allowed(&incident, By { id, person }, shared.engine.now());
    if let Err(message) = caller.may_of(Action::IncidentOperate, &incident) {
        let own_words = |offer: &ActionOffer| {
            offer.action == engine::respond::Action::Comment && is_own_call(caller, &incident)
        };
        for offer in actions.iter_mut().filter(|offer| !own_words(offer)) {
            offer.allowed = false;
            offer.refusal = Some(ActRefused { code: "forbidden", message: message.clone() });
        }
    }
    IncidentView { escalates_at: escalation_due(&incident), incident, actions }
}

fn shown(shared: &Shared, caller: &Caller, incident: Incident) -> Answer<Json<Value>> {
    Eyes::of(shared, caller).answer(&view(shared, caller, incident))
}

/// Whether the caller opened this incident by a silent call: they may look at it and say why,
/// whatever their role and wherever it is.
fn is_own_call(caller: &Caller, incident: &Incident) -> bool {
    let call = incident.handling.call.as_ref();
    call.is_some_and(|call| call.by == caller.by().0) && caller.may_call()
}

/// The sites whose incidents the caller sees; `None`: all.
fn sites(caller: &Caller) -> Answer<Option<Vec<PlaceId>>> {
    Ok(match caller.reach(Action::IncidentRead)? {
        Reach::Everywhere => None,
        Reach::Sites(sites) => Some(sites.into_iter().collect()),
    })
}

/// One incident, with the actions that the caller may take.
#[utoipa::path(
    get, path = "/v1/incidents/{id}", tag = "incidents",
    params(("id" = String, Path, description = "Incident id")),
    responses((status = 200, body = IncidentView), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn one(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    caller.must(Action::IncidentRead)?;
    let found = shared.engine.state.incident(&incident_id(&id)?).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("no incident `{id}`")))?;
    if !is_own_call(&caller, &found) {
        caller.must_of(Action::IncidentRead, &found)?;
    }
    shown(&shared, &caller, found)
}

/// Something done to an incident.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ActRequest {
    /// The version that was looked at; refused when another stands. Any, if absent.
    version: Option<u64>,
    /// `{"action": "acknowledge"}`, `{"action": "assign", "to": {"kind": "team", "id": "soc"}}`,
    /// `start`, `comment` (`text`), `resolve` (`disposition`, `reason`), `close`, `reopen`
    /// (`reason`), `tick_step` (`step`).
    #[serde(flatten)]
    #[schema(value_type = Object)]
    act: Act,
}

/// Does one act to one incident.
#[utoipa::path(
    post, path = "/v1/incidents/{id}/acts", tag = "incidents", request_body = ActRequest,
    params(("id" = String, Path, description = "Incident id")),
    responses((status = 200, body = IncidentView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "Not possible now; the detail says why")),
    security(("token" = []))
)]
pub async fn act(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<ActRequest>,
) -> Answer<Json<Value>> {
    let id = incident_id(&id)?;
    let found = shared.engine.state.incident(&id).await?;
    let is_comment = matches!(request.act, Act::Comment { .. });
    let own_call = found.as_ref().is_some_and(|found| is_own_call(&caller, found));
    if !(is_comment && own_call) {
        caller.must(Action::IncidentOperate)?;
        if let Some(found) = &found {
            caller.must_of(Action::IncidentOperate, found)?;
        }
    }
    if let Act::Merge { into } = &request.act {
        let target = shared.engine.state.incident(into).await?;
        let missing = || Problem::not_found(format!("no incident `{into}`"));
        caller.must_of(Action::IncidentOperate, &target.ok_or_else(missing)?)?;
    }
    let done = shared.engine.act(&id, &request.act, caller.by(), request.version).await?;
    shown(&shared, &caller, done)
}

/// Opens an incident by hand: `title`, `text`, `level`, `team`, and optionally `entities`, `site`,
/// `seen_at`, `evidence`, `sop`.
#[utoipa::path(
    post, path = "/v1/incidents", tag = "incidents", request_body = serde_json::Value,
    responses((status = 200, body = IncidentView), (status = 409, body = Problem)),
    security(("token" = []))
)]
pub async fn open(
    State(shared): State<Shared>,
    caller: Caller,
    Json(made): Json<HandMade>,
) -> Answer<Json<Value>> {
    caller.must(Action::IncidentManual)?;
    caller.must_at(Action::IncidentManual, shared.engine.site_by_hand(&made).as_ref())?;
    let text = engine::auth::new_id("i-hand").map_err(|e| Problem::unavailable(e.to_string()))?;
    let id = IncidentId::parse(&text).map_err(|e| Problem::unavailable(e.to_string()))?;
    let opened = shared.engine.open_incident(made, caller.by(), id).await?;
    shown(&shared, &caller, opened)
}

/// Which findings.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FindingQuery {
    /// Of this rule.
    rule: Option<model::RuleId>,
    /// This level or above.
    level: Option<Level>,
    /// Findings of a page, at most 1000.
    limit: Option<u32>,
    /// Where the page before ended: its `next`.
    after: Option<String>,
}

/// One page, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FindingPage {
    /// The findings.
    findings: Vec<Finding>,
    /// Give this as `after` to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists findings.
#[utoipa::path(
    get, path = "/v1/findings", tag = "incidents", params(FindingQuery),
    responses((status = 200, body = FindingPage)), security(("token" = []))
)]
pub async fn findings(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<FindingQuery>,
) -> Answer<Json<Value>> {
    caller.must(Action::IncidentRead)?;
    let filter = FindingFilter {
        rule: query.rule,
        level_min: query.level,
        after: page_key(query.after.as_deref())?,
        limit: query.limit.unwrap_or(100),
        ..FindingFilter::default()
    };
    let page = shared.engine.state.findings(&filter).await?;
    let next = page.next.map(|next| next.to_string());
    let mut findings = Vec::with_capacity(page.items.len());
    for finding in page.items {
        if is_near(&shared, &caller, &finding).await? {
            findings.push(finding);
        }
    }
    Eyes::of(&shared, &caller).answer(&FindingPage { findings, next })
}

/// A finding is where its incidents are.
async fn is_near(shared: &Shared, caller: &Caller, finding: &Finding) -> Answer<bool> {
    if caller.reach(Action::IncidentRead)? == Reach::Everywhere {
        return Ok(true);
    }
    for id in shared.engine.state.incidents_of_finding(&finding.id).await? {
        let incident = shared.engine.state.incident(&id).await?;
        if incident.is_some_and(|one| caller.may_of(Action::IncidentRead, &one).is_ok()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One finding.
#[utoipa::path(
    get, path = "/v1/findings/{id}", tag = "incidents",
    params(("id" = String, Path, description = "Finding id")),
    responses((status = 200, body = Finding), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn finding(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    caller.must(Action::IncidentRead)?;
    let found = finding_near(&shared, &caller, &id).await?;
    Eyes::of(&shared, &caller).answer(&found)
}

/// A finding that the caller may see.
pub(crate) async fn finding_near(shared: &Shared, caller: &Caller, id: &str) -> Answer<Finding> {
    let missing = || Problem::not_found(format!("no finding `{id}`"));
    let wanted = FindingId::parse(id).map_err(|_| missing())?;
    let mut found = shared.engine.state.findings_by_id(&[wanted]).await?;
    let found = found.pop().ok_or_else(missing)?;
    if is_near(shared, caller, &found).await? { Ok(found) } else { Err(missing()) }
}
