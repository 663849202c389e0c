//! OpenID AuthZEN Authorization API 1.0: other vendors' doors and applications ask the same engine.
//!
//! Nothing is changed by asking. What a subject, an action and a resource are here, and which
//! sentence of the specification each answer follows, stands in docs/protocols/authzen.md.
//! SOURCE: OpenID AuthZEN Authorization API 1.0 (final, January 2026).

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use engine::access::Action;
use engine::access::door::{BodyVerdict, Direction, Snapshot};
use engine::evaluate::{self, ENTER, EVALUATIONS_MAX, EXIT, Question, Said, Scoped, Subject};
use model::{CredentialId, DoorId, PersonId, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// The header by which a request is known; section 10.1.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest that is sent back.
const REQUEST_ID_BYTES_MAX: usize = 256;
/// Longest id that is looked at.
const ID_BYTES_MAX: usize = 256;

/// Sends a request's identifier back, whatever the answer is.
pub async fn identified(request: Request, next: Next) -> Response {
    let id = request.headers().get(&REQUEST_ID).cloned();
    let mut response = next.run(request).await;
    if let Some(id) = id.filter(|id| id.len() <= REQUEST_ID_BYTES_MAX) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Where everything is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Metadata {
    /// This decision point.
    policy_decision_point: String,
    /// One question.
    access_evaluation_endpoint: String,
    /// Many questions.
    access_evaluations_endpoint: String,
    /// Who may.
    search_subject_endpoint: String,
    /// Where somebody may.
    search_resource_endpoint: String,
    /// What somebody may do.
    search_action_endpoint: String,
}

/// What this decision point offers, and where.
#[utoipa::path(
    get, path = "/.well-known/authzen-configuration", tag = "authzen",
    responses((status = 200, body = Metadata))
)]
pub async fn metadata(State(shared): State<Shared>, headers: HeaderMap) -> Json<Metadata> {
    let public = shared.engine.config.public_url.as_deref().map(|url| url.trim_end_matches('/'));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let base = match public {
        Some(url) => url.to_owned(),
        None => format!("http://{}", host.unwrap_or("localhost")),
    };
    let at = |path: &str| format!("{base}/access/v1/{path}");
    Json(Metadata {
        access_evaluation_endpoint: at("evaluation"),
        access_evaluations_endpoint: at("evaluations"),
        search_subject_endpoint: at("search/subject"),
        search_resource_endpoint: at("search/resource"),
        search_action_endpoint: at("search/action"),
        policy_decision_point: base,
    })
}

/// A subject or a resource: what kind of thing, and which.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Thing {
    /// `person`, `credential` or `card`; `door`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Which; not for what is searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Of a card: `format`, `facility`, `number`, `issue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    properties: Option<Map<String, Value>>,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Deed {
    /// `enter` or `exit`.
    pub(crate) name: String,
    /// Not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) properties: Option<Map<String, Value>>,
}

/// One question, or what is the same in many.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
pub struct EvaluationBody {
    /// Who.
    pub(crate) subject: Option<Thing>,
    /// What.
    pub(crate) action: Option<Deed>,
    /// Where.
    pub(crate) resource: Option<Thing>,
    /// `body` (a reader's verdict: `match`, `no_match`) and `companion` (a subject).
    #[schema(value_type = Option<Object>)]
    pub(crate) context: Option<Map<String, Value>>,
}

impl EvaluationBody {
    /// What is missing is taken from the defaults. Section 7.1.1.
    fn or(self, defaults: &Self) -> Self {
        Self {
            subject: self.subject.or_else(|| defaults.subject.clone()),
            action: self.action.or_else(|| defaults.action.clone()),
            resource: self.resource.or_else(|| defaults.resource.clone()),
            context: self.context.or_else(|| defaults.context.clone()),
        }
    }
}

/// How many questions are to be answered.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
pub struct EvaluationOptions {
    /// `execute_all`, `deny_on_first_deny` or `permit_on_first_permit`.
    evaluations_semantic: Option<String>,
}

/// Many questions.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct EvaluationsBody {
    /// What is the same in all of them.
    #[serde(flatten)]
    defaults: EvaluationBody,
    /// Each of them; without any it is one question.
    evaluations: Option<Vec<EvaluationBody>>,
    /// How they are to be answered.
    options: Option<EvaluationOptions>,
}

/// One answer.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DecisionItem {
    /// Whether they may pass now, with nothing left to show.
    pub(crate) decision: bool,
    /// `steps` that are left; `code` and `reason` where the token is told why; `error` where the
    /// question could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
}

/// Many answers, in the order of the questions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DecisionsItem {
    /// Where one question was asked.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    one: Option<DecisionItem>,
    /// Where many were.
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluations: Option<Vec<DecisionItem>>,
}

/// Why a question cannot be asked: its status, and what is wrong.
pub(crate) struct Unasked(pub(crate) StatusCode, String);

impl Unasked {
    pub(crate) fn bad(what: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, what.into())
    }

    fn item(self) -> DecisionItem {
        let error = json!({ "error": { "status": self.0.as_u16(), "message": self.1 } });
        DecisionItem { decision: false, context: Some(error) }
    }
}

impl From<Unasked> for Problem {
    fn from(unasked: Unasked) -> Self {
        Self::new(unasked.0, "bad_request", unasked.1)
    }
}

/// Reads a body: JSON, said to be so. What we do not know in it is left alone.
pub(crate) fn read<T: serde::de::DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Answer<T> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return Err(Problem::bad_request("the content type is `application/json`"));
    }
    let read = serde_json::from_slice(body);
    read.map_err(|error| Problem::bad_request(format!("the body cannot be read: {error}")))
}

/// Who asks, whether they may, and whether not too often.
pub(crate) fn point<'a>(shared: &Shared, caller: &'a Caller, costs: u64) -> Answer<&'a Scoped> {
    caller.must(Action::AccessEvaluate)?;
    let engine = &shared.engine;
    let id = SourceId::parse(&caller.principal.id);
    let id = id.or_else(|_| SourceId::parse("token"));
    if let Ok(id) = id {
        let per_s = engine.config.limits.evaluations_per_s_max;
        let taken = engine.evaluations.take(&id, costs, per_s, engine.now());
        taken.map_err(|wait| {
            let detail = format!("more than {per_s} questions in a second; come again");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many", detail).after(wait)
        })?;
    }
    Ok(&caller.principal.scoped)
}

pub(crate) fn subject(thing: Option<&Thing>) -> Result<Subject, Unasked> {
    let thing = thing.ok_or_else(|| Unasked::bad("`subject` is missing"))?;
    let id = thing.id.as_deref().filter(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX);
    let need = || id.ok_or_else(|| Unasked::bad("`subject.id` is missing"));
    let number =
        |key: &str| thing.properties.as_ref().and_then(|own| own.get(key)).and_then(Value::as_u64);
    match thing.kind.as_str() {
        "person" => {
            let bad = |_| Unasked(StatusCode::NOT_FOUND, "no such subject".to_owned());
            PersonId::parse(need()?).map(Subject::Person).map_err(bad)
        }
        "credential" => {
            let bad = |_| Unasked(StatusCode::NOT_FOUND, "no such subject".to_owned());
            CredentialId::parse(need()?).map(Subject::Credential).map_err(bad)
        }
        "card" => {
            need()?;
            let text = thing.properties.as_ref().and_then(|own| own.get("format"));
            let format = text.and_then(Value::as_str);
            let (Some(format), Some(number_of)) = (format, number("number")) else {
                let what = "a card says `format` and `number` in `subject.properties`";
                return Err(Unasked::bad(what));
            };
            let issue = number("issue").map_or(Ok(0), u32::try_from);
            Ok(Subject::Card {
                format: format.to_owned(),
                facility: number("facility").unwrap_or(0),
                number: number_of,
                issue: issue.map_err(|_| Unasked::bad("`issue` is out of range"))?,
            })
        }
        _ => Err(Unasked::bad("`subject.type` is `person`, `credential` or `card`")),
    }
}

pub(crate) fn direction(action: Option<&Deed>) -> Result<Direction, Unasked> {
    let action = action.ok_or_else(|| Unasked::bad("`action` is missing"))?;
    match action.name.as_str() {
        ENTER => Ok(Direction::Entry),
        EXIT => Ok(Direction::Exit),
        "" => Err(Unasked::bad("`action.name` is missing")),
        _ => Err(Unasked(StatusCode::NOT_FOUND, "no such action: `enter` or `exit`".to_owned())),
    }
}

pub(crate) fn door(resource: Option<&Thing>) -> Result<DoorId, Unasked> {
    let resource = resource.ok_or_else(|| Unasked::bad("`resource` is missing"))?;
    if resource.kind != "door" {
        return Err(Unasked::bad("`resource.type` is `door`"));
    }
    let id = resource.id.as_deref().filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Unasked::bad("`resource.id` is missing"))?;
    let none = |_| Unasked(StatusCode::NOT_FOUND, "no such resource".to_owned());
    DoorId::parse(id).map_err(none)
}

fn question(body: &EvaluationBody) -> Result<Question, Unasked> {
    let context = body.context.as_ref();
    let of = |key: &str| context.and_then(|context| context.get(key));
    let verdict = match of("body").and_then(Value::as_str) {
        Some("match") => BodyVerdict::Match,
        Some("no_match") => BodyVerdict::NoMatch,
        Some(_) => return Err(Unasked::bad("`context.body` is `match` or `no_match`")),
        None => BodyVerdict::NotGiven,
    };
    let companion = match of("companion") {
        Some(value) => {
            let thing: Thing = serde_json::from_value(value.clone())
                .map_err(|_| Unasked::bad("`context.companion` is a subject"))?;
            Some(subject(Some(&thing))?)
        }
        None => None,
    };
    Ok(Question {
        subject: subject(body.subject.as_ref())?,
        direction: direction(body.action.as_ref())?,
        door: door(body.resource.as_ref())?,
        body: verdict,
        companion,
    })
}

fn said(scoped: &Scoped, said: &Said) -> DecisionItem {
    let Said::Decided(decision) = said else {
        return Unasked(StatusCode::NOT_FOUND, "no such resource".to_owned()).item();
    };
    let mut context = Map::new();
    let steps = evaluate::steps(decision);
    if !steps.is_empty() {
        context.insert("steps".to_owned(), json!(steps));
    }
    if scoped.reasons {
        let (code, reason) = evaluate::told(decision);
        context.insert("code".to_owned(), json!(code));
        context.insert("reason".to_owned(), json!(reason));
    }
    let context = (!context.is_empty()).then(|| Value::Object(context));
    DecisionItem { decision: said.is_true(), context }
}

pub(crate) fn answer(
    shared: &Shared,
    (snapshot, scoped): (&Snapshot, &Scoped),
    body: &EvaluationBody,
) -> Result<DecisionItem, Unasked> {
    let question = question(body)?;
    let asked = (&*shared.engine.access, snapshot);
    let found = evaluate::evaluate(asked, scoped, &question, shared.engine.now());
    Ok(said(scoped, &found))
}

/// May this subject do this here, now?
#[utoipa::path(
    post, path = "/access/v1/evaluation", tag = "authzen", request_body = EvaluationBody,
    params(("X-Request-ID" = Option<String>, Header, description = "Sent back as it is")),
    responses((status = 200, body = DecisionItem), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn evaluation(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Json<DecisionItem>> {
    let scoped = point(&shared, &caller, 1)?;
    let body: EvaluationBody = read(&headers, &body)?;
    one(&shared, scoped, &body).map(Json)
}

/// One question: what is missing is a bad request, what nobody knows is a refusal.
fn one(shared: &Shared, scoped: &Scoped, body: &EvaluationBody) -> Answer<DecisionItem> {
    let snapshot = shared.engine.access.snapshot();
    match answer(shared, (&snapshot, scoped), body) {
        Ok(item) => Ok(item),
        Err(unasked) if unasked.0 == StatusCode::BAD_REQUEST => Err(unasked.into()),
        Err(unasked) => Ok(unasked.item()),
    }
}

/// The same for many questions at once, by one snapshot.
#[utoipa::path(
    post, path = "/access/v1/evaluations", tag = "authzen", request_body = EvaluationsBody,
    params(("X-Request-ID" = Option<String>, Header, description = "Sent back as it is")),
    responses((status = 200, body = DecisionsItem), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn evaluations(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Json<DecisionsItem>> {
    caller.must(Action::AccessEvaluate)?;
    let body: EvaluationsBody = read(&headers, &body)?;
    let many = body.evaluations.filter(|many| !many.is_empty());
    let Some(many) = many else {
        let scoped = point(&shared, &caller, 1)?;
        let one = one(&shared, scoped, &body.defaults)?;
        return Ok(Json(DecisionsItem { one: Some(one), evaluations: None }));
    };
    if many.len() > EVALUATIONS_MAX {
        let detail = format!("{} evaluations; at most {EVALUATIONS_MAX} at once", many.len());
        return Err(Problem::bad_request(detail));
    }
    let scoped = point(&shared, &caller, many.len() as u64)?;
    let semantic = body.options.unwrap_or_default().evaluations_semantic;
    let stops_at = match semantic.as_deref() {
        None | Some("execute_all") => None,
        Some("deny_on_first_deny") => Some(false),
        Some("permit_on_first_permit") => Some(true),
        Some(_) => {
            let detail = "`evaluations_semantic` is `execute_all`, `deny_on_first_deny` or \
                          `permit_on_first_permit`";
            return Err(Problem::bad_request(detail));
        }
    };
    let snapshot = shared.engine.access.snapshot();
    let mut items = Vec::new();
    for one in many {
        let asked = one.or(&body.defaults);
        let item = answer(&shared, (&snapshot, scoped), &asked).unwrap_or_else(Unasked::item);
        let is_last = Some(item.decision) == stops_at;
        items.push(item);
        if is_last {
            break;
        }
    }
    Ok(Json(DecisionsItem { one: None, evaluations: Some(items) }))
}
