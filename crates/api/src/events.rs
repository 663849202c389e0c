//! Events: search, one event, SQL.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use engine::access::Action;
use engine::access::Reach;
use engine::lake::{Cursor, Found, Page, Search};
use model::{AssetId, PersonId, PlaceId, SourceId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::Caller;
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;

/// Most events of one page.
pub(crate) const PAGE_MAX: usize = 1_000;

/// What to look for; every condition given must hold.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Not earlier than this (RFC 3339).
    from: Option<Timestamp>,
    /// Earlier than this (RFC 3339).
    to: Option<Timestamp>,
    /// Who did it.
    person: Option<PersonId>,
    /// A thing at either end.
    asset: Option<AssetId>,
    /// A place, or anything in it.
    place: Option<PlaceId>,
    /// An address at either end.
    ip: Option<String>,
    /// A user name as the source wrote it.
    user: Option<String>,
    /// The credential that was presented.
    credential: Option<String>,
    /// Text anywhere in the event, in any case; needs `from`.
    text: Option<String>,
    /// OCSF class_uid.
    class: Option<u32>,
    /// A source.
    source: Option<SourceId>,
    /// A site.
    site: Option<PlaceId>,
    /// Events of a page, at most 1000.
    limit: Option<usize>,
    /// Where the page before ended: its `next`.
    before: Option<String>,
}

impl EventQuery {
    /// What the lake is asked.
    pub(crate) fn search(self) -> Answer<Search> {
        Ok(Search {
            from: self.from,
            to: self.to,
            person: self.person,
            asset: self.asset,
            place: self.place,
            ip: self.ip,
            user: self.user,
            credential: self.credential,
            text: self.text,
            class: self.class,
            source: self.source,
            site: self.site,
            limit: self.limit.unwrap_or(100).clamp(1, PAGE_MAX),
            before: self.before.map(|text| text.parse::<Cursor>()).transpose()?,
        })
    }
}

/// One event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventItem {
    /// Journal sequence of its record.
    record: u64,
    /// Which of the record's events it is.
    part: u16,
    /// When it happened.
    time: Timestamp,
    /// When its record was received.
    received_at: Timestamp,
    /// The OCSF event, with what Castellan knows of it under `castellan`.
    #[schema(value_type = Object)]
    event: Value,
}

/// One page, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventPage {
    /// The events.
    events: Vec<EventItem>,
    /// Give this as `before` to go on; absent when there is no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

fn item(found: Found, eyes: &Eyes) -> EventItem {
    let mut event = serde_json::from_str(&found.ocsf).unwrap_or(Value::String(found.ocsf));
    eyes.cover(&mut event);
    EventItem {
        record: found.key.seq,
        part: found.key.part,
        time: found.key.time,
        received_at: found.received_at,
        event,
    }
}

/// Events by time, person, thing, place, address and text: what is in the lake and what is not yet.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", params(EventQuery),
    responses((status = 200, body = EventPage), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn search(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<EventQuery>,
) -> Answer<Json<EventPage>> {
    caller.must(Action::EventSearch)?;
    let reach = caller.reach(Action::EventSearch)?;
    let search = query.search()?;
    let page = within(&shared, search, &reach).await?;
    let next = page.next.map(|next| next.to_string());
    let eyes = Eyes::of(&shared, &caller);
    let events = page.events.into_iter().map(|found| item(found, &eyes)).collect();
    Ok(Json(EventPage { events, next }))
}

/// One event by its record and part.
#[utoipa::path(
    get, path = "/v1/events/{record}/{part}", tag = "events",
    params(("record" = u64, Path, description = "Journal sequence"),
        ("part" = u16, Path, description = "Which of the record's events")),
    responses((status = 200, body = EventItem), (status = 404, body = Problem)),
    security(("token" = []))
)]
pub async fn one(
    State(shared): State<Shared>,
    caller: Caller,
    Path((record, part)): Path<(u64, u16)>,
) -> Answer<Json<EventItem>> {
    caller.must(Action::EventSearch)?;
    let found = shared.engine.lake.event(record, part).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("no event {record}/{part}")))?;
    caller.must_at(Action::EventSearch, site_of(&shared, &found).as_ref())?;
    Ok(Json(item(found, &Eyes::of(&shared, &caller))))
}

/// The site of an event is its source's.
fn site_of(shared: &Shared, found: &Found) -> Option<PlaceId> {
    site_of_source(shared, &SourceId::parse(&found.source).ok()?)
}

pub(crate) fn site_of_source(shared: &Shared, source: &SourceId) -> Option<PlaceId> {
    shared.engine.current.get().source(source).site.clone()
}

/// Searches what is within reach: site by site where a role is for some sites only.
pub(crate) async fn within(shared: &Shared, search: Search, reach: &Reach) -> Answer<Page> {
    let sites = match reach {
        Reach::Everywhere => return Ok(shared.engine.search(&search).await?),
        Reach::Sites(sites) => sites,
    };
    let mut events = Vec::new();
    let mut has_more = false;
    for site in sites.iter().filter(|site| search.site.as_ref().is_none_or(|s| s == *site)) {
        let of_site = Search { site: Some(site.clone()), ..search.clone() };
        let page = shared.engine.search(&of_site).await?;
        has_more |= page.next.is_some();
        events.extend(page.events);
    }
    events.sort_by_key(|found| std::cmp::Reverse(found.key));
    has_more |= events.len() > search.limit;
    events.truncate(search.limit);
    let next = events.last().filter(|_| has_more).map(|last| last.key);
    Ok(Page { events, next })
}

/// What leaves a text as it is, or says of it what is not itself: names are covered in the answer.
const UNTELLING: [&str; 44] = [
    "abs",
    "and",
    "any",
    "approx_distinct",
    "as",
    "avg",
    "between",
    "by",
    "case",
    "ceil",
    "coalesce",
    "count",
    "date_bin",
    "date_part",
    "date_trunc",
    "distinct",
    "else",
    "except",
    "exists",
    "extract",
    "filter",
    "floor",
    "from",
    "having",
    "in",
    "intersect",
    "length",
    "like",
    "lower",
    "max",
    "min",
    "not",
    "now",
    "on",
    "or",
    "over",
    "round",
    "select",
    "sum",
    "then",
    "union",
    "values",
    "when",
    "where",
];

/// The first word of a question by which a name could be read though it is covered: a function
/// that changes texts, a cast to bytes, or joining texts together. `None`: there is none.
fn telling(sql: &str) -> Option<String> {
    let mut word = String::new();
    let mut is_over = false;
    let mut before = ' ';
    for (n, piece) in sql.split('\'').enumerate() {
        if n % 2 == 1 {
            continue;
        }
        for c in piece.chars().chain([' ']) {
            if c == '|' && before == '|' {
                return Some("||".to_owned());
            }
            if !c.is_whitespace() {
                before = c;
            }
            if c.is_alphanumeric() || c == '_' {
                if std::mem::take(&mut is_over) {
                    word.clear();
                }
                word.extend(c.to_lowercase());
                continue;
            }
            is_over |= !word.is_empty();
            let is_cast = matches!(word.as_str(), "bytea" | "binary" | "varbinary" | "blob");
            let is_called = c == '(' && !word.is_empty() && !UNTELLING.contains(&word.as_str());
            if is_cast || is_called {
                return Some(word);
            }
            if !c.is_whitespace() {
                word.clear();
            }
        }
    }
    None
}

/// One SELECT statement.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryRequest {
    /// Over the table `events`.
    sql: String,
    /// Also over the table `raw`: what sources said, word by word. Needs the right `event.raw`.
    #[serde(default)]
    raw: bool,
}

/// What a query gave.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QueryAnswer {
    /// Column names, in order.
    columns: Vec<String>,
    /// Rows, each in the order of the columns.
    #[schema(value_type = Vec<Vec<Object>>)]
    rows: Vec<Vec<Value>>,
    /// Whether rows were cut off at the limit.
    truncated: bool,
}

/// SQL over the lake and what is not yet in it; read-only, bounded in rows, time and memory.
#[utoipa::path(
    post, path = "/v1/query", tag = "events", request_body = QueryRequest,
    responses((status = 200, body = QueryAnswer), (status = 400, body = Problem),
        (status = 403, body = Problem)),
    security(("token" = []))
)]
pub async fn query(
    State(shared): State<Shared>,
    caller: Caller,
    Json(request): Json<QueryRequest>,
) -> Answer<Json<QueryAnswer>> {
    caller.must(Action::QuerySql)?;
    if request.raw {
        caller.must(Action::EventRaw)?;
    }
    let eyes = Eyes::of(&shared, &caller);
    if let Some(word) = eyes.are_covered().then(|| telling(&request.sql)).flatten() {
        let detail = format!(
            "`{word}` could take a covered name apart; ask without it, or with a token of the \
             scope `names`"
        );
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    let result = shared.engine.query(&request.sql, request.raw).await?;
    let columns: Vec<String> = result.columns.iter().map(|c| c.name.clone()).collect();
    let rows = result.rows()?;
    let row = |row: serde_json::Map<String, Value>| {
        let mut row = Value::Object(row);
        eyes.cover(&mut row);
        columns.iter().map(|c| row.get_mut(c).map_or(Value::Null, Value::take)).collect()
    };
    Ok(Json(QueryAnswer {
        rows: rows.into_iter().map(row).collect(),
        truncated: result.truncated,
        columns,
    }))
}

#[cfg(test)]
mod tests {
    use super::telling;

    #[track_caller]
    fn check(sql: &str, expected: Option<&str>) {
        assert_eq!(telling(sql).as_deref(), expected, "{sql}");
    }

    #[test]
    fn a_question_that_could_take_a_name_apart_is_known_by_its_words() {
        check("SELECT count(*), max (time) FROM events WHERE a IN ('reverse(x)')", None);
        check("select * from (select user_name from events) where time > now()", None);
        check("SELECT reverse(ocsf) FROM events", Some("reverse"));
        check("SELECT Encode (ocsf, 'base64') FROM events", Some("encode"));
        check("SELECT 'x' || user_name FROM events", Some("||"));
        check("SELECT CAST(ocsf AS BYTEA) FROM events", Some("cast"));
        check("SELECT ocsf::bytea FROM events", Some("bytea"));
    }
}
