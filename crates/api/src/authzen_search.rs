//! The search half of AuthZEN: who may, where, and what.
//!
//! SOURCE: OpenID AuthZEN Authorization API 1.0 (final, January 2026), section 8.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use engine::evaluate::{self, ENTER, EXIT, RESULTS, RESULTS_MAX, Scoped};
use model::{DoorId, PersonId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::auth::Caller;
use crate::authzen::{
    Deed, EvaluationBody, Thing, Unasked, answer, direction, door, point, read, subject,
};
use crate::problem::{Answer, Problem};
use crate::state::Shared;

/// How many questions a search counts as.
const SEARCH_COSTS: u64 = 50;
fn searcher<'a>(shared: &Shared, caller: &'a Caller) -> Answer<&'a Scoped> {
    let scoped = point(shared, caller, SEARCH_COSTS)?;
    if !scoped.search {
        let detail = "this token may ask, and not search: it lacks `evaluate:search`";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    Ok(scoped)
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
    done.map_err(|_| Problem::unavailable("the search ended in a panic"))
}
