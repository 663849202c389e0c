//! OpenID AuthZEN Authorization API 1.0: other vendors' doors and applications ask the same engine.
//!
//! Nothing is changed by asking. What a subject, an action and a resource are here, and which
//! sentence of the specification each answer follows, stands in docs/protocols/authzen.md.
//! SOURCE: OpenID AuthZEN Authorization API 1.0 (final, January 2026).

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use engine::access::Action;
use engine::access::door::{BodyVerdict, Direction, Snapshot};
use engine::evaluate::{
    self, ENTER, EVALUATIONS_MAX, EXIT, Question, RESULTS, RESULTS_MAX, Said, Scoped, Subject,
};
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
/// How many questions a search counts as.
const SEARCH_COSTS: u64 = 50;
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
    kind: String,
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
    name: String,
    /// Not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    properties: Option<Map<String, Value>>,
}

/// One question, or what is the same in many.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
pub struct EvaluationBody {
    /// Who.
    subject: Option<Thing>,
    /// What.
    action: Option<Deed>,
    /// Where.
    resource: Option<Thing>,
    /// `body` (a reader's verdict: `match`, `no_match`) and `companion` (a subject).
    #[schema(value_type = Option<Object>)]
    context: Option<Map<String, Value>>,
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
    decision: bool,
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
struct Unasked(StatusCode, String);

impl Unasked {
    fn bad(what: impl Into<String>) -> Self {
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
fn read<T: serde::de::DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Answer<T> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return Err(Problem::bad_request("the content type is `application/json`"));
    }
    let read = serde_json::from_slice(body);
    read.map_err(|error| Problem::bad_request(format!("the body cannot be read: {error}")))
}

/// Who asks, whether they may, and whether not too often.
fn point<'a>(shared: &Shared, caller: &'a Caller, costs: u64) -> Answer<&'a Scoped> {
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

fn searcher<'a>(shared: &Shared, caller: &'a Caller) -> Answer<&'a Scoped> {
    let scoped = point(shared, caller, SEARCH_COSTS)?;
    if !scoped.search {
        let detail = "this token may ask, and not search: it lacks `evaluate:search`";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    Ok(scoped)
}

fn subject(thing: Option<&Thing>) -> Result<Subject, Unasked> {
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

fn direction(action: Option<&Deed>) -> Result<Direction, Unasked> {
    let action = action.ok_or_else(|| Unasked::bad("`action` is missing"))?;
    match action.name.as_str() {
        ENTER => Ok(Direction::Entry),
        EXIT => Ok(Direction::Exit),
        "" => Err(Unasked::bad("`action.name` is missing")),
        _ => Err(Unasked(StatusCode::NOT_FOUND, "no such action: `enter` or `exit`".to_owned())),
    }
}

fn door(resource: Option<&Thing>) -> Result<DoorId, Unasked> {
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

fn answer(
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

/// Which part of the results.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
pub struct PageBody {
    /// `next_token` of the page before.
    token: Option<String>,
    /// At most so many results.
    limit: Option<u64>,
}

/// What is searched.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct SearchBody {
    /// Who; the kind alone where subjects are searched.
    subject: Option<Thing>,
    /// What; not where actions are searched.
    action: Option<Deed>,
    /// Where; the kind alone where resources are searched.
    resource: Option<Thing>,
    /// Which part of the results.
    page: Option<PageBody>,
}

/// Where the next page begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PageItem {
    /// Give this as `token` to go on; empty at the end.
    next_token: String,
    /// Results of this page.
    count: usize,
}

/// Results.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Results {
    /// Where the next page begins.
    page: PageItem,
    /// Subjects, resources or actions.
    #[schema(value_type = Vec<Object>)]
    results: Vec<Value>,
}

impl SearchBody {
    /// What must be the same on every page, as text.
    fn asked(&self, what: &str) -> String {
        let limit = self.page.as_ref().and_then(|page| page.limit);
        let parts = json!([what, self.subject, self.action, self.resource, limit]);
        // Written by us from our own types: the order of keys is the same each time.
        let digest = engine::auth::hash(&parts.to_string());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Where the page begins, and how many results it has.
    fn page(&self, what: &str) -> Answer<(Option<String>, usize)> {
        let page = self.page.clone().unwrap_or_default();
        let limit = match page.limit {
            Some(limit) => usize::try_from(limit).unwrap_or(RESULTS_MAX).min(RESULTS_MAX),
            None => RESULTS,
        };
        let Some(token) = page.token.filter(|token| !token.is_empty()) else {
            return Ok((None, limit));
        };
        let wrong = || Problem::bad_request("`page.token` is of another search");
        let (asked, after) = token.split_once('.').ok_or_else(wrong)?;
        if asked != self.asked(what) {
            return Err(wrong());
        }
        Ok((Some(after.to_owned()), limit))
    }

    fn results(&self, what: &str, results: Vec<Value>, next: Option<&str>) -> Json<Results> {
        let next_token =
            next.map_or_else(String::new, |last| format!("{}.{last}", self.asked(what)));
        let page = PageItem { next_token, count: results.len() };
        Json(Results { page, results })
    }
}

fn kind<'a>(thing: Option<&'a Thing>, field: &str, kinds: &[&str]) -> Result<&'a Thing, Unasked> {
    let thing = thing.ok_or_else(|| Unasked::bad(format!("`{field}` is missing")))?;
    if !kinds.contains(&thing.kind.as_str()) {
        return Err(Unasked::bad(format!("`{field}.type` is {}", kinds.join(" or "))));
    }
    Ok(thing)
}

/// Which people may do this here, now?
#[utoipa::path(
    post, path = "/access/v1/search/subject", tag = "authzen", request_body = SearchBody,
    responses((status = 200, body = Results), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn subjects(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Json<Results>> {
    const WHAT: &str = "subject";
    let scoped = searcher(&shared, &caller)?.clone();
    let body: SearchBody = read(&headers, &body)?;
    kind(body.subject.as_ref(), WHAT, &["person"])?;
    let direction = direction(body.action.as_ref())?;
    let door = door(body.resource.as_ref());
    let (after, limit) = body.page(WHAT)?;
    let snapshot = shared.engine.access.snapshot();
    let known = door.ok().filter(|door| scoped.covers(&snapshot, door));
    let Some(door) = known.filter(|_| limit > 0) else {
        return Ok(body.results(WHAT, Vec::new(), None));
    };
    let after = after.and_then(|after| PersonId::parse(&after).ok());
    let now = shared.engine.now();
    let (found, has_more) = aside(move || {
        let page = (after.as_ref(), limit);
        evaluate::search_subjects(&snapshot, (&door, direction), page, now)
    })
    .await?;
    let next = found.last().filter(|_| has_more).map(PersonId::as_str);
    let results = found.iter().map(|id| json!({ "type": "person", "id": id }));
    Ok(body.results(WHAT, results.collect(), next))
}

/// Through which doors may this subject, now?
#[utoipa::path(
    post, path = "/access/v1/search/resource", tag = "authzen", request_body = SearchBody,
    responses((status = 200, body = Results), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn resources(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Json<Results>> {
    const WHAT: &str = "resource";
    let scoped = searcher(&shared, &caller)?.clone();
    let body: SearchBody = read(&headers, &body)?;
    kind(body.resource.as_ref(), WHAT, &["door"])?;
    let direction = direction(body.action.as_ref())?;
    let (after, limit) = body.page(WHAT)?;
    let subject = match subject(body.subject.as_ref()) {
        Ok(subject) if limit > 0 => subject,
        Ok(_) => return Ok(body.results(WHAT, Vec::new(), None)),
        Err(unasked) if unasked.0 == StatusCode::BAD_REQUEST => return Err(unasked.into()),
        Err(_) => return Ok(body.results(WHAT, Vec::new(), None)),
    };
    let after = after.and_then(|after| DoorId::parse(&after).ok());
    let (snapshot, now) = (shared.engine.access.snapshot(), shared.engine.now());
    let access = Arc::clone(&shared.engine.access);
    let (found, has_more) = aside(move || {
        let page = (after.as_ref(), limit);
        let asked = (&subject, direction);
        evaluate::search_doors((&access, &snapshot), &scoped, asked, page, now)
    })
    .await?;
    let next = found.last().filter(|_| has_more).map(DoorId::as_str);
    let results = found.iter().map(|id| json!({ "type": "door", "id": id }));
    Ok(body.results(WHAT, results.collect(), next))
}

/// What may this subject do here, now?
#[utoipa::path(
    post, path = "/access/v1/search/action", tag = "authzen", request_body = SearchBody,
    responses((status = 200, body = Results), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn actions(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Json<Results>> {
    const WHAT: &str = "action";
    let scoped = searcher(&shared, &caller)?;
    let body: SearchBody = read(&headers, &body)?;
    let (after, limit) = body.page(WHAT)?;
    let snapshot = shared.engine.access.snapshot();
    let mut may = Vec::new();
    for name in [ENTER, EXIT] {
        let asked = EvaluationBody {
            subject: body.subject.clone(),
            action: Some(Deed { name: name.to_owned(), properties: None }),
            resource: body.resource.clone(),
            context: None,
        };
        match answer(&shared, (&snapshot, scoped), &asked) {
            Ok(item) if item.decision => may.push(name),
            Ok(_) => {}
            Err(unasked) if unasked.0 == StatusCode::BAD_REQUEST => return Err(unasked.into()),
            Err(_) => {}
        }
    }
    may.retain(|name| after.as_deref().is_none_or(|after| *name > after));
    let has_more = may.len() > limit;
    may.truncate(limit);
    let next = may.last().copied().filter(|_| has_more);
    let results = may.iter().map(|name| json!({ "name": name }));
    Ok(body.results(WHAT, results.collect(), next))
}

/// Runs what computes for long on a thread of its own.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| {
        Problem::unavailable("the search ended in a panic").after(Duration::from_secs(1))
    })
}
