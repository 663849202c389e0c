//! A search as a histogram, and as a file to take along.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::access::{Action, Reach};
use engine::lake::{Found, Search};
use engine::limits::Limits;
use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::events::{EventQuery, PAGE_MAX, within};
use crate::problem::{Answer, Problem};
use crate::state::Shared;
use crate::veil::Eyes;

/// Most bars of one histogram.
const BUCKETS_MAX: u32 = 500;

/// How fine.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Fineness {
    /// Bars, at most 500; 60 if absent.
    buckets: Option<u32>,
}

/// How many events when.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistogramAnswer {
    /// Beginning of the first bar.
    from: Timestamp,
    /// End of the last bar.
    to: Timestamp,
    /// Length of a bar.
    step_ms: u64,
    /// Every bar, empty ones too.
    buckets: Vec<Bucket>,
}

/// One bar.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Bucket {
    /// Its beginning.
    at: Timestamp,
    /// How many events.
    count: u64,
}

/// How many events a search finds over time; needs `from`, and goes to now without `to`.
#[utoipa::path(
    get, path = "/v1/events/histogram", tag = "events", params(EventQuery, Fineness),
    responses((status = 200, body = HistogramAnswer), (status = 400, body = Problem)),
    security(("token" = []))
)]
pub async fn histogram(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<EventQuery>,
    Query(fineness): Query<Fineness>,
) -> Answer<Json<HistogramAnswer>> {
    let reach = caller.reach(Action::EventSearch)?;
    let search = query.search()?;
    let from = search.from.ok_or_else(|| Problem::bad_request("a histogram needs `from`"))?;
    let to = search.to.unwrap_or_else(|| shared.engine.now());
    if to <= from {
        return Err(Problem::bad_request("`to` is not after `from`"));
    }
    let buckets = fineness.buckets.unwrap_or(60).clamp(1, BUCKETS_MAX);
    let mut counts = vec![0_u64; buckets as usize];
    let mut step = std::time::Duration::ZERO;
    for search in by_site(search, &reach) {
        let found = shared.engine.histogram(&search, (from, to), buckets).await?;
        step = found.0;
        for (sum, more) in counts.iter_mut().zip(found.1) {
            *sum += more;
        }
    }
    let bar = |(at, count): (u32, u64)| Bucket { at: from.plus(step * at), count };
    Ok(Json(HistogramAnswer {
        from,
        to,
        step_ms: u64::try_from(step.as_millis()).unwrap_or(u64::MAX),
        buckets: (0..).zip(counts).map(bar).collect(),
    }))
}

/// One search per site within reach; one for all where a role is for all.
fn by_site(search: Search, reach: &Reach) -> Vec<Search> {
    match reach {
        Reach::Everywhere => vec![search],
        Reach::Sites(sites) => {
            let asked = search.site.clone();
            let near = sites.iter().filter(|site| asked.as_ref().is_none_or(|a| a == *site));
            near.map(|site| Search { site: Some(site.clone()), ..search.clone() }).collect()
        }
    }
}

/// As what.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `csv` or `ndjson`.
    format: String,
}

/// A search as a file, newest first: `ndjson` is one event per line, `csv` the columns that people
/// read. At the limit `export_rows_max` the last line says so.
#[utoipa::path(
    get, path = "/v1/events/export", tag = "events", params(EventQuery, ExportQuery),
    responses((status = 200, content_type = "text/csv", body = String),
        (status = 400, body = Problem)),
    security(("token" = []))
)]
pub async fn export(
    State(shared): State<Shared>,
    caller: Caller,
    Query(query): Query<EventQuery>,
    Query(how): Query<ExportQuery>,
) -> Answer<Response> {
    caller.must(Action::Export)?;
    let reach = caller.reach(Action::EventSearch)?;
    let format = match how.format.as_str() {
        "csv" => Format::Csv,
        "ndjson" => Format::Ndjson,
        other => {
            let detail = format!("`{other}` is no format; expected csv or ndjson");
            return Err(Problem::bad_request(detail));
        }
    };
    let search = Search { limit: PAGE_MAX, ..query.search()? };
    let left = Limits::count(shared.engine.config.limits.export_rows_max);
    let eyes = Eyes::of(&shared, &caller);
    let work = Work { shared, reach, eyes, search: Some(search), format, left, has_head: false };
    let stream = futures::stream::unfold(work, |work| async move { work.next().await });
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"events.csv\""),
        Format::Ndjson => ("application/x-ndjson", "attachment; filename=\"events.ndjson\""),
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(stream)).into_response())
}

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Ndjson,
}

/// An export under way: page after page, so that its size costs no memory.
struct Work {
    shared: Shared,
    reach: Reach,
    eyes: Eyes,
    search: Option<Search>,
    format: Format,
    left: usize,
    has_head: bool,
}

type Piece = Result<Bytes, std::io::Error>;

impl Work {
    async fn next(mut self) -> Option<(Piece, Self)> {
        let search = self.search.take()?;
        let page = match within(&self.shared, search.clone(), &self.reach).await {
            Ok(page) => page,
            Err(problem) => return Some((Err(std::io::Error::other(problem.detail)), self)),
        };
        let mut text = String::new();
        if !self.has_head {
            self.has_head = true;
            text.push_str(self.format.head());
        }
        for found in page.events.iter().take(self.left) {
            self.format.line(found, &self.eyes.json(&found.ocsf), &mut text);
        }
        self.left = self.left.saturating_sub(page.events.len());
        match page.next {
            Some(_) if self.left == 0 => text.push_str(self.format.cut()),
            Some(before) => self.search = Some(Search { before: Some(before), ..search }),
            None => {}
        }
        Some((Ok(Bytes::from(text)), self))
    }
}

impl Format {
    fn head(self) -> &'static str {
        match self {
            Self::Csv => "time,record,part,source,class_uid,severity_id,person,place,message\r\n",
            Self::Ndjson => "",
        }
    }

    fn cut(self) -> &'static str {
        match self {
            Self::Csv => "cut: the limit export_rows_max is reached\r\n",
            Self::Ndjson => "{\"cut\":\"the limit export_rows_max is reached\"}\n",
        }
    }

    fn line(self, found: &Found, ocsf: &str, text: &mut String) {
        match self {
            Self::Ndjson => {
                text.push_str(ocsf);
                text.push('\n');
            }
            Self::Csv => {
                let event: serde_json::Value = serde_json::from_str(ocsf).unwrap_or_default();
                let at = |path: &str| {
                    event.pointer(path).and_then(serde_json::Value::as_str).unwrap_or_default()
                };
                let severity = found.severity_id.map(|s| s.to_string()).unwrap_or_default();
                let cells = [
                    found.key.time.to_string(),
                    found.key.seq.to_string(),
                    found.key.part.to_string(),
                    found.source.clone(),
                    found.class_uid.to_string(),
                    severity,
                    at("/castellan/person").to_owned(),
                    at("/castellan/place/id").to_owned(),
                    at("/message").to_owned(),
                ];
                let quoted: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
                text.push_str(&quoted.join(","));
                text.push_str("\r\n");
            }
        }
    }
}

/// A cell of RFC 4180. One that a spreadsheet would run as a formula is made text.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell
}
