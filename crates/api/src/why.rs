//! Why a finding stands.

use axum::Json;
use axum::extract::{Path, State};
use engine::access::Action;
use engine::detect::explain::{Explanation, Literal};
use engine::detect::spine::LookUp;
use engine::veil::is_naming;
use engine::why::{EventWhy, FindingWhy};
use model::enrichment::{CredentialState, PresenceState, UnknownWhy};
use model::{Entity, Finding, IncidentId, PersonId, PlaceId, SourceId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::Caller;
use crate::incidents::finding_near;
use crate::people::shown;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;

/// A finding and why it stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WhyAnswer {
    /// The finding.
    finding: Finding,
    /// The incidents that hold it.
    incidents: Vec<IncidentId>,
    /// Until when something that may still come can change it; absent once it is final.
    #[serde(skip_serializing_if = "Option::is_none")]
    settles_at: Option<Timestamp>,
    /// Of a correlation: its window, as the rule stands today.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    rule: Option<Explanation>,
    /// Its events, in order of time.
    events: Vec<EventWhyItem>,
    /// Events beyond those.
    more: usize,
}

/// One event of a finding.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventWhyItem {
    /// Whose record.
    source: SourceId,
    /// Journal sequence of its record.
    record: u64,
    /// Which of the record's events; absent where history has it no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<u16>,
    /// When.
    time: Timestamp,
    /// OCSF class.
    class_uid: u32,
    /// Whom it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonId>,
    /// Where that person was believed to be: `in`, `out` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    presence: Option<PresenceState>,
    /// In which zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<PlaceId>,
    /// Why that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    why_unknown: Option<UnknownWhy>,
    /// By which identifiers it was resolved.
    identifiers: Vec<LookUpItem>,
    /// Which conditions held, as the rule stands today.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    explanation: Option<Explanation>,
}

/// One identifier, and what it meant at the event's own time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LookUpItem {
    /// `badge`, `account`, `ip` …
    kind: String,
    /// Its value; three characters of a credential show, and `…` stands for a name.
    value: String,
    /// Whom or what it named.
    entity: Entity,
    /// In which system's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<String>,
    /// From when on.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Timestamp>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<Timestamp>,
    /// Of a credential: `current`, `replaced`, `revoked`, `expired` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    state: Option<CredentialState>,
}

/// Why a finding stands: its events in order, the conditions that held, the identifiers that they
/// were resolved by, what was unknown, and until when it may still change.
#[utoipa::path(
    get, path = "/v1/findings/{id}/why", tag = "incidents",
    params(("id" = String, Path, description = "Finding id")),
    responses((status = 200, body = WhyAnswer), (status = 403, body = Problem),
        (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn why(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    caller.must(Action::IncidentRead)?;
    caller.must(Action::EventSearch)?;
    let finding = finding_near(&shared, &caller, &id).await?;
    let told = shared.engine.why(&finding).await?;
    let eyes = Eyes::of(&shared, &caller);
    let FindingWhy { incidents, rule, settles_at, events, more } = told;
    let answer = WhyAnswer {
        finding,
        incidents,
        settles_at,
        rule: rule.map(|told| covered(told, &eyes)),
        events: events.into_iter().map(|event| item(event, &eyes)).collect(),
        more,
    };
    eyes.answer(&answer)
}

/// Which rule, and which event.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainRequest {
    /// A rule's id.
    rule: model::RuleId,
    /// Journal sequence of the event's record.
    record: u64,
    /// Which of the record's events it is.
    #[serde(default)]
    part: u16,
}

/// Why a rule in force says what it says of one event: each condition with the value seen, what
/// decided, what was unknown, and what keeps it silent.
#[utoipa::path(
    post, path = "/v1/rules/explain", tag = "content", request_body = ExplainRequest,
    responses((status = 200, body = serde_json::Value), (status = 403, body = Problem),
        (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn explain(
    State(shared): State<Shared>,
    caller: Caller,
    Json(request): Json<ExplainRequest>,
) -> Answer<Json<Value>> {
    caller.must(Action::RuleRead)?;
    caller.must(Action::EventSearch)?;
    let (record, part) = (request.record, request.part);
    let missing = || Problem::not_found(format!("no event {record}/{part}"));
    let found = shared.engine.lake.event(record, part).await?.ok_or_else(missing)?;
    caller.must_at(Action::EventSearch, found.site.as_ref())?;
    let told = shared.engine.explain(&request.rule, (record, part)).await?;
    let told = told.ok_or_else(missing)?.map_err(Problem::not_found)?;
    let eyes = Eyes::of(&shared, &caller);
    eyes.answer(&covered(told, &eyes))
}

fn item(event: EventWhy, eyes: &Eyes) -> EventWhyItem {
    let presence = event.presence.as_ref();
    EventWhyItem {
        source: event.evidence.source,
        record: event.evidence.record,
        part: event.part,
        time: event.evidence.time,
        class_uid: event.evidence.class_uid,
        presence: presence.map(|known| known.state),
        zone: presence.and_then(|known| known.zone.clone()),
        why_unknown: presence.and_then(|known| known.why),
        person: event.person,
        identifiers: event.look_ups.into_iter().map(|one| look_up(one, eyes)).collect(),
        explanation: event.explanation.map(|told| covered(told, eyes)),
    }
}

fn look_up(one: LookUp, eyes: &Eyes) -> LookUpItem {
    let is_seen = match &one.entity {
        Entity::Person(person) => eyes.sees(person),
        Entity::Asset(_) | Entity::Place(_) => true,
    };
    LookUpItem {
        value: match is_naming(&one.kind) && !is_seen {
            true => "…".to_owned(),
            false => shown(&one.kind, &one.value),
        },
        kind: one.kind,
        entity: one.entity,
        realm: one.realm,
        valid_from: one.valid_from,
        valid_to: one.valid_to,
        state: one.state,
    }
}

/// What an event held may name somebody, whatever field it stood in.
fn covered(mut told: Explanation, eyes: &Eyes) -> Explanation {
    told.because = eyes.record(told.because);
    told.parts.iter_mut().flat_map(|part| &mut part.literals).for_each(|one| cover(one, eyes));
    if let Some(window) = &mut told.window {
        for value in window.group.values_mut() {
            *value = value.take().map(|text| eyes.record(text));
        }
        let inputs = std::mem::take(&mut window.inputs);
        window.inputs = inputs.into_iter().map(|input| covered(input, eyes)).collect();
    }
    told
}

fn cover(literal: &mut Literal, eyes: &Eyes) {
    literal.saw = literal.saw.take().map(|saw| eyes.record(saw));
    literal.members.iter_mut().for_each(|member| cover(member, eyes));
}
